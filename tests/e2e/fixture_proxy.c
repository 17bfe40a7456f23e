/*
 * fixture_proxy.c - a module proxy for tests that can misbehave.
 *
 *	fixture_proxy [-tls CERT] [-log FILE] DIR
 *
 * Serves the files of DIR (GOPROXY layout or anything else) by HTTP/1.1 on a free
 * port of 127.0.0.1, prints its URL on a line of its own, and ends when its
 * standard input does.  -tls speaks TLS with a certificate made at the start,
 * which it writes to CERT (for SSL_CERT_FILE); names localhost, 127.0.0.1.
 * -log appends "METHOD PATH STATUS" for each request.
 *
 * What it does wrong is said by the first element of the path, so that one server
 * serves many tests:  GOPROXY=URL/_status=403+match=.zip
 * Parts are separated by "+"; values may be %-escaped:
 *
 *	match=TEXT      only for paths that contain TEXT; all others are served well
 *	times=N         only the first N requests that match (counted per element)
 *	after=N         not the first N of them
 *	status=N        answer with that status
 *	text=TEXT       and that body
 *	type=TYPE       of that type (default text/plain; charset=utf-8)
 *	header=N:V      one more header
 *	fields          header fields for ever
 *	raw=TEXT        that alone (%2f for /), then the end of the connection
 *	slow=MS         wait before the answer
 *	nagle           the parts of the answer (two of its head, the body) wait for the
 *	                client's acknowledgements, as without TCP_NODELAY
 *	hang            take the request, never answer;  hang=N: after N bytes of body
 *	reset           close without an answer
 *	cut=N           close after N bytes of body
 *	length=N        claim that length;  endless: send bytes for ever
 *	chunked         Transfer-Encoding: chunked (with cut, the end is missing)
 *	flip=N          invert byte N of the file (negative: from its end)
 *	redirect=N      N redirects before the file;  redirect=loop: for ever
 *	redirect=URL    one redirect to URL followed by the rest of the path
 *	auth=USER:PASS  401 unless basic authentication says so (with status=404: 404)
 *
 * URL/_log answers with the log so far, URL/_forget empties it.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_HEAD = 16 << 10, MAX_SPEC = 1024, MAX_SPECS = 256 };

static const char *dir, *log_name;
static SSL_CTX *tls;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *log_text;
static size_t log_len;
static struct {
	char spec[MAX_SPEC];
	long count;
} counters[MAX_SPECS];

struct conn {
	int fd;
	SSL *ssl;
};

struct request {
	char method[16], path[4096]; /* decoded, without the element of misbehaviour */
	char spec[MAX_SPEC];
	char auth[512];
	bool close;
	int status;
};

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static bool
send_all(struct conn *c, const void *data, size_t n)
{
	const char *p = data;

	while (n) {
		ssize_t k = c->ssl ? SSL_write(c->ssl, p, (int)(n < 1 << 20 ? n : 1 << 20)) :
			send(c->fd, p, n, MSG_NOSIGNAL);

		if (k <= 0)
			return false;
		p += k;
		n -= (size_t)k;
	}
	return true;
}

__attribute__((format(printf, 2, 3))) static bool
sendf(struct conn *c, const char *fmt, ...)
{
	char b[8192];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(b, sizeof(b), fmt, ap);
	va_end(ap);
	return n >= 0 && (size_t)n < sizeof(b) && send_all(c, b, (size_t)n);
}

static ssize_t
receive(struct conn *c, char *p, size_t n)
{
	return c->ssl ? SSL_read(c->ssl, p, (int)n) : recv(c->fd, p, n, 0);
}

static void
unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		unsigned v;

		if (*s == '%' && isxdigit((unsigned char)s[1]) && sscanf(s + 1, "%2x", &v) == 1) {
			*to++ = (char)v;
			s += 2;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/* The value of key in spec ("" when it stands alone), unescaped; NULL when it is not there. */
static char *
get(const char *spec, const char *key)
{
	static _Thread_local char value[MAX_SPEC];
	size_t k = strlen(key);

	for (const char *p = spec; p; p = strchr(p, '+') ? strchr(p, '+') + 1 : NULL)
		if (strncmp(p, key, k) == 0 && (p[k] == '=' || p[k] == '+' || !p[k])) {
			size_t n = p[k] == '=' ? strcspn(p + k + 1, "+") : 0;

			memcpy(value, p + k + 1, n);
			value[n] = '\0';
			unescape(value);
			return value;
		}
	return NULL;
}

static long
get_num(const char *spec, const char *key, long def)
{
	char *v = get(spec, key);

	return v && *v ? strtol(v, NULL, 10) : def;
}

/* Does this request get what the spec says? Counts those that match. */
static bool
applies(struct request *r)
{
	char *match = get(r->spec, "match");
	long n = 0;

	if (!r->spec[0] || (match && !strstr(r->path, match)))
		return false;
	pthread_mutex_lock(&lock);
	for (int i = 0; i < MAX_SPECS; i++)
		if (!counters[i].spec[0] || strcmp(counters[i].spec, r->spec) == 0) {
			snprintf(counters[i].spec, MAX_SPEC, "%s", r->spec);
			n = counters[i].count++;
			break;
		}
	pthread_mutex_unlock(&lock);
	return n >= get_num(r->spec, "after", 0) &&
	       n < get_num(r->spec, "after", 0) + get_num(r->spec, "times", 1L << 30);
}

static void
note(const struct request *r)
{
	char line[4200];
	int n = snprintf(line, sizeof(line), "%s %s %d\n", r->method, r->path, r->status);

	pthread_mutex_lock(&lock);
	log_text = realloc(log_text, log_len + (size_t)n + 1);
	memcpy(log_text + log_len, line, (size_t)n + 1);
	log_len += (size_t)n;
	if (log_name) {
		FILE *f = fopen(log_name, "a");

		if (f) {
			fputs(line, f);
			fclose(f);
		}
	}
	pthread_mutex_unlock(&lock);
}

static const char *
reason(int status)
{
	switch (status) {
	case 200: return "OK";
	case 302: return "Found";
	case 401: return "Unauthorized";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 410: return "Gone";
	case 429: return "Too Many Requests";
	case 500: return "Internal Server Error";
	case 502: return "Bad Gateway";
	case 503: return "Service Unavailable";
	default: return "Unknown";
	}
}

static bool
answer(struct conn *c, struct request *r, int status, const char *type, const char *body)
{
	r->status = status;
	note(r);
	return sendf(c, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s\r\n",
	             status, reason(status), type, strlen(body),
	             r->close ? "Connection: close\r\n" : "") &&
	       (strcmp(r->method, "HEAD") == 0 || send_all(c, body, strlen(body)));
}

static void
sleep_ms(long ms)
{
	usleep((useconds_t)ms * 1000);
}

static bool
send_chunk(struct conn *c, const char *p, size_t n)
{
	return sendf(c, "%zx\r\n", n) && send_all(c, p, n) && sendf(c, "\r\n");
}

static void
invert(char *p)
{
	*p = (char)~*p;
}

/* The body with the faults asked for; false when the connection must go. */
static bool
send_body(struct conn *c, const char *spec, char *data, size_t n)
{
	long flip = get_num(spec, "flip", 0), cut = get_num(spec, "cut", -1);
	long hang = get(spec, "hang") ? get_num(spec, "hang", -1) : -1;
	size_t part = cut >= 0 ? (size_t)cut : hang >= 0 ? (size_t)hang : n;
	bool chunked = get(spec, "chunked") != NULL;
	static const char filler[1 << 16];

	if (part > n)
		part = n;
	if (get(spec, "flip") && n)
		invert(&data[flip < 0 ? n - (size_t)-flip % (n + 1) : (size_t)flip % n]);
	for (size_t at = 0; at < part;) {
		size_t k = part - at < 65536 ? part - at : 65536;

		if (!(chunked ? send_chunk(c, data + at, k) : send_all(c, data + at, k)))
			return false;
		at += k;
	}
	if (hang >= 0)
		for (;;)
			pause();
	if (cut >= 0)
		return false;
	while (get(spec, "endless"))
		if (!send_all(c, filler, sizeof(filler)))
			return false;
	return !chunked || sendf(c, "0\r\n\r\n");
}

static char *
read_file(const char *path, size_t *n)
{
	char name[8192];
	struct stat st;
	char *data = NULL;
	int fd;

	if (strstr(path, "/../") || snprintf(name, sizeof(name), "%s/%s", dir, path) < 0)
		return NULL;
	fd = open(name, O_RDONLY);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (data = malloc((size_t)st.st_size + 1)) != NULL) {
		*n = 0;
		for (ssize_t k; (k = read(fd, data + *n, (size_t)st.st_size - *n)) > 0;)
			*n += (size_t)k;
	}
	if (fd >= 0)
		close(fd);
	return data;
}

static bool
serve_file(struct conn *c, struct request *r, const char *spec)
{
	size_t n = 0;
	char *data = read_file(r->path, &n), *extra;
	bool ok, chunked = get(spec, "chunked") != NULL;

	if (!data)
		return answer(c, r, 404, "text/plain; charset=utf-8", "not found\n");
	r->status = 200;
	note(r);
	ok = sendf(c, "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n");
	extra = get(spec, "header");
	if (extra)
		ok = ok && sendf(c, "%s\r\n", extra);
	if (chunked)
		ok = ok && sendf(c, "Transfer-Encoding: chunked\r\n\r\n");
	else if (get(spec, "endless"))
		ok = ok && sendf(c, "Connection: close\r\n\r\n");
	else
		ok = ok &&
		     sendf(c, "Content-Length: %ld\r\n\r\n", get_num(spec, "length", (long)n));
	if (strcmp(r->method, "HEAD") != 0)
		ok = ok && send_body(c, spec, data, n);
	free(data);
	return ok;
}

static bool
redirect(struct conn *c, struct request *r, const char *how)
{
	char where[8192];
	long left = strtol(how, NULL, 10);

	r->status = 302;
	note(r);
	if (strchr(how, '/'))
		snprintf(where, sizeof(where), "%s%s", how, r->path);
	else if (strcmp(how, "loop") == 0)
		snprintf(where, sizeof(where), "/_redirect=loop%s", r->path);
	else
		snprintf(where, sizeof(where), "/_redirect=%ld%s", left - 1, r->path);
	return sendf(c, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", where);
}

static bool
endless_fields(struct conn *c, struct request *r)
{
	r->status = 200;
	note(r);
	if (!sendf(c, "HTTP/1.1 200 OK\r\n"))
		return false;
	while (sendf(c, "X-More: %01000d\r\n", 0))
		;
	return false;
}

static bool
authorized(const struct request *r, const char *want)
{
	unsigned char code[512];

	if (strlen(want) > 300)
		return false;
	EVP_EncodeBlock(code, (const unsigned char *)want, (int)strlen(want));
	return strcmp(r->auth, (const char *)code) == 0;
}

static void
set_nodelay(struct conn *c, int on)
{
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static bool
misbehave(struct conn *c, struct request *r)
{
	char text[MAX_SPEC], type[MAX_SPEC];
	char *v;

	set_nodelay(c, !get(r->spec, "nagle"));
	sleep_ms(get_num(r->spec, "slow", 0));
	v = get(r->spec, "hang");
	while (v && !*v)
		pause();
	if (get(r->spec, "reset")) {
		struct linger now = { 1, 0 };

		r->status = 0;
		note(r);
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		return false;
	}
	v = get(r->spec, "raw");
	if (v) {
		r->status = 0;
		note(r);
		send_all(c, v, strlen(v));
		return false;
	}
	if (get(r->spec, "fields"))
		return endless_fields(c, r);
	v = get(r->spec, "auth");
	if (v && authorized(r, v))
		return serve_file(c, r, "");
	if (v)
		return answer(c, r, (int)get_num(r->spec, "status", 401), "text/plain",
		              "who are you?\n");
	v = get(r->spec, "redirect");
	if (v && strcmp(v, "0") != 0)
		return redirect(c, r, v);
	if (!get(r->spec, "status"))
		return serve_file(c, r, r->spec);
	v = get(r->spec, "type");
	snprintf(type, sizeof(type), "%s", v ? v : "text/plain; charset=utf-8");
	v = get(r->spec, "text");
	snprintf(text, sizeof(text), "%s", v ? v : "");
	return answer(c, r, (int)get_num(r->spec, "status", 500), type, text);
}

/* Takes "/_spec" off the front of the path. */
static void
split_spec(struct request *r, char *raw)
{
	char *rest;

	r->spec[0] = '\0';
	if (strncmp(raw, "/_", 2) == 0 && strcmp(raw, "/_log") && strcmp(raw, "/_forget")) {
		rest = strchr(raw + 1, '/');
		snprintf(r->spec, sizeof(r->spec), "%.*s",
		         (int)(rest ? rest - raw - 2 : (ptrdiff_t)strlen(raw + 2)), raw + 2);
		raw = rest ? rest : raw + strlen(raw);
	}
	snprintf(r->path, sizeof(r->path), "%s", raw);
	unescape(r->path);
}

static bool
parse(struct request *r, char *head)
{
	char raw[4096], *line = strtok_r(head, "\r\n", &head);

	memset(r, 0, sizeof(*r));
	if (!line || sscanf(line, "%15s %4095s", r->method, raw) != 2)
		return false;
	while ((line = strtok_r(NULL, "\r\n", &head))) {
		if (strncasecmp(line, "Authorization: Basic ", 21) == 0)
			snprintf(r->auth, sizeof(r->auth), "%s", line + 21);
		if (strcasecmp(line, "Connection: close") == 0)
			r->close = true;
	}
	split_spec(r, raw);
	return true;
}

static bool
handle(struct conn *c, struct request *r)
{
	if (strcmp(r->path, "/_forget") == 0) {
		pthread_mutex_lock(&lock);
		log_len = 0;
		memset(counters, 0, sizeof(counters));
		pthread_mutex_unlock(&lock);
		r->path[0] = '\0';
		return sendf(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	}
	if (strcmp(r->path, "/_log") == 0) {
		bool ok;

		pthread_mutex_lock(&lock);
		ok = sendf(c, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", log_len) &&
		     send_all(c, log_text, log_len);
		pthread_mutex_unlock(&lock);
		return ok;
	}
	return applies(r) ? misbehave(c, r) : serve_file(c, r, "");
}

/* Reads up to the empty line; what follows a GET is nothing. */
static bool
read_head(struct conn *c, char *head)
{
	size_t n = 0;

	for (;;) {
		ssize_t k = receive(c, head + n, MAX_HEAD - n);

		if (k <= 0)
			return false;
		n += (size_t)k;
		head[n] = '\0';
		if (strstr(head, "\r\n\r\n"))
			return true;
		if (n == MAX_HEAD)
			return false;
	}
}

static void *
talk(void *arg)
{
	struct conn c = { .fd = (int)(intptr_t)arg };
	char head[MAX_HEAD + 1];
	struct request r;
	bool ok = true;

	set_nodelay(&c, 1);
	if (tls) {
		c.ssl = SSL_new(tls);
		SSL_set_fd(c.ssl, c.fd);
		ok = SSL_accept(c.ssl) == 1;
	}
	while (ok && read_head(&c, head) && parse(&r, head))
		ok = handle(&c, &r) && !r.close;
	if (c.ssl) {
		SSL_shutdown(c.ssl);
		SSL_free(c.ssl);
	}
	close(c.fd);
	return NULL;
}

static void
make_tls(const char *cert_file)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
	                                            "DNS:localhost,IP:127.0.0.1");
	FILE *f = fopen(cert_file, "w");

	if (!f)
		die(cert_file);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
	                           (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	X509_add_ext(x, names, -1);
	X509_sign(x, key, EVP_sha256());
	PEM_write_X509(f, x);
	fclose(f);
	tls = SSL_CTX_new(TLS_server_method());
	if (!tls || SSL_CTX_use_certificate(tls, x) != 1 || SSL_CTX_use_PrivateKey(tls, key) != 1)
		die("tls");
	X509_EXTENSION_free(names);
	X509_free(x);
	EVP_PKEY_free(key);
}

static void *
end_with_stdin(void *arg)
{
	char b[64];

	(void)arg;
	while (read(0, b, sizeof(b)) > 0)
		;
	_exit(0);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pthread_t t;

	signal(SIGPIPE, SIG_IGN);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-tls") == 0 && i + 1 < argc)
			make_tls(argv[++i]);
		else if (strcmp(argv[i], "-log") == 0 && i + 1 < argc)
			log_name = argv[++i];
		else
			dir = argv[i];
	}
	if (!dir) {
		fprintf(stderr, "usage: fixture_proxy [-tls CERT] [-log FILE] DIR\n");
		return 2;
	}
	if (s < 0 || bind(s, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(s, 256) < 0 ||
	    getsockname(s, (struct sockaddr *)&sa, &len) < 0)
		die("socket");
	printf("%s://127.0.0.1:%d\n", tls ? "https" : "http", ntohs(sa.sin_port));
	fflush(stdout);
	pthread_create(&t, NULL, end_with_stdin, NULL);
	for (;;) {
		int fd = accept4(s, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0 && pthread_create(&t, NULL, talk, (void *)(intptr_t)fd) == 0)
			pthread_detach(t);
		else if (fd >= 0)
			close(fd);
	}
}
