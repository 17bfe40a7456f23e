/*
 * client.c - many HTTP clients at once, and rude ones.
 *
 *	client PORT get CONNS FORMAT FROM TO
 *		GETs FORMAT (with one %d) for FROM..TO over CONNS keep-alive connections at a
 *		time; prints "STATUS COUNT" for each status, 0 for connections that broke
 *	client PORT hold N TEXT
 *		opens N connections, sends TEXT (with \r \n) on each, prints "ready", and waits
 *		for the end of its standard input; prints how many are still open
 *	client PORT raw
 *		sends its standard input, prints all that comes back until the end or 2 s of silence
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX = 20000, HEAD = 8192 };

static struct sockaddr_in where = { .sin_family = AF_INET };
static long counts[1000];

struct one {
	int number;      /* of the request that is out */
	char in[HEAD];
	size_t n;
	long body;       /* still to come; -1: the head is not whole */
};

static int
dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&where, sizeof(where))) {
		perror("connect");
		exit(1);
	}
	return fd;
}

static void
ask(int fd, struct one *o, const char *format, int number)
{
	char path[4096], text[5000];
	int n;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(path, sizeof(path), format, number);
#pragma GCC diagnostic pop
	n = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path);
	o->number = number;
	o->n = 0;
	o->body = -1;
	if (send(fd, text, (size_t)n, MSG_NOSIGNAL) != n)
		o->number = -1;
}

/* 1: the answer is whole; 0: more comes; -1: broken. */
static int
take(int fd, struct one *o)
{
	char t[65536];
	ssize_t k = recv(fd, o->body < 0 ? o->in + o->n : t,
	                 o->body < 0 ? HEAD - 1 - o->n : sizeof(t), 0);
	char *end, *length;

	if (k <= 0)
		return -1;
	if (o->body < 0) {
		o->n += (size_t)k;
		o->in[o->n] = '\0';
		end = strstr(o->in, "\r\n\r\n");
		if (!end)
			return o->n == HEAD - 1 ? -1 : 0;
		length = strcasestr(o->in, "\r\nContent-Length:");
		o->body = length ? strtol(length + 17, NULL, 10) : 0;
		k = (ssize_t)(o->n - (size_t)(end + 4 - o->in));
	}
	o->body -= k;
	return o->body <= 0;
}

static int
get(int conns, const char *format, int from, int to)
{
	struct one *o = calloc((size_t)conns, sizeof(*o));
	struct pollfd *p = calloc((size_t)conns, sizeof(*p));
	int open = 0;

	for (int i = 0; i < conns && from <= to; i++) {
		p[i] = (struct pollfd){ .fd = dial(), .events = POLLIN };
		ask(p[i].fd, &o[i], format, from++);
		open++;
	}
	for (int i = open; i < conns; i++)
		p[i].fd = -1;
	while (open && poll(p, (nfds_t)conns, 60000) > 0)
		for (int i = 0; i < conns; i++) {
			int rc = p[i].fd >= 0 && p[i].revents ? take(p[i].fd, &o[i]) : 0;

			if (rc == 0)
				continue;
			counts[rc > 0 ? strtol(o[i].in + 9, NULL, 10) % 1000 : 0]++;
			if (from <= to && rc > 0) {
				ask(p[i].fd, &o[i], format, from++);
				continue;
			}
			close(p[i].fd);
			p[i].fd = from <= to ? dial() : -1;
			if (p[i].fd >= 0)
				ask(p[i].fd, &o[i], format, from++);
			else
				open--;
		}
	for (int i = 0; i < 1000; i++)
		if (counts[i])
			printf("%d %ld\n", i, counts[i]);
	if (open)
		printf("hanging %d\n", open);
	return open != 0;
}

/* "\\r" and "\\n" become what they mean; answers the length. */
static size_t
unescape(char *s)
{
	char *to = s, *begin = s;

	for (; *s; s++) {
		if (s[0] == '\\' && (s[1] == 'r' || s[1] == 'n')) {
			*to++ = s[1] == 'r' ? '\r' : '\n';
			s++;
		} else {
			*to++ = *s;
		}
	}
	return (size_t)(to - begin);
}

static int
hold(int n, char *text)
{
	static int fd[MAX];
	size_t size = unescape(text);
	int left = 0;
	char c;

	for (int i = 0; i < n && i < MAX; i++) {
		fd[i] = dial();
		(void)!send(fd[i], text, size, MSG_NOSIGNAL);
	}
	printf("ready\n");
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	for (int i = 0; i < n && i < MAX; i++) {
		char t[4096];
		ssize_t k;

		while ((k = recv(fd[i], t, sizeof(t), MSG_DONTWAIT)) > 0)
			;
		left += k < 0 && errno == EAGAIN;
	}
	printf("open %d\n", left);
	return 0;
}

static int
raw(void)
{
	char t[65536];
	ssize_t k;
	int fd = dial();
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while ((k = read(0, t, sizeof(t))) > 0)
		if (send(fd, t, (size_t)k, MSG_NOSIGNAL) < 0)
			break;
	while (poll(&p, 1, 2000) > 0 && (k = recv(fd, t, sizeof(t), 0)) > 0)
		fwrite(t, 1, (size_t)k, stdout);
	return 0;
}

int
main(int argc, char **argv)
{
	struct rlimit files;

	signal(SIGPIPE, SIG_IGN);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (argc > 2)
		where.sin_port = htons((uint16_t)atoi(argv[1]));
	if (argc == 7 && strcmp(argv[2], "get") == 0)
		return get(atoi(argv[3]), argv[4], atoi(argv[5]), atoi(argv[6]));
	if (argc == 5 && strcmp(argv[2], "hold") == 0)
		return hold(atoi(argv[3]), argv[4]);
	if (argc == 3 && strcmp(argv[2], "raw") == 0)
		return raw();
	fprintf(stderr, "usage: client PORT get CONNS FORMAT FROM TO | hold N TEXT | raw\n");
	return 2;
}
