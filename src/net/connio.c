#include "net/connio.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "crypto/tls.h"

enum { TLS_PIECE = 65536 };

ssize_t
connio_read(struct conn *c, char *p, size_t n)
{
	ssize_t k;

	if (c->tls) {
		k = hm_tls_read(c->tls, p, n);
		c->drained = k == 0; /* a short read may leave a record behind */
		return k;
	}
	do
		k = recv(c->fd, p, n, 0);
	while (k < 0 && errno == EINTR);
	c->drained = k < (ssize_t)n;
	if (k > 0)
		return k;
	return k < 0 && errno == EAGAIN ? 0 : -1;
}

ssize_t
connio_write(struct conn *c, hm_str first, hm_str second, bool more)
{
	struct iovec v[2] = {
		{ (void *)(uintptr_t)first.p, first.n },
		{ (void *)(uintptr_t)second.p, second.n },
	};
	struct msghdr m = { .msg_iov = v, .msg_iovlen = second.n ? 2 : 1 };
	ssize_t k;

	if (c->tls)
		return first.n ? hm_tls_write(c->tls, first.p, first.n) :
		                 hm_tls_write(c->tls, second.p, second.n);
	do
		k = sendmsg(c->fd, &m, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
	while (k < 0 && errno == EINTR);
	return k < 0 ? (errno == EAGAIN ? 0 : -1) : k;
}

static ssize_t
tls_send_file(struct conn *c, int fd, off_t *offset, size_t n)
{
	char t[TLS_PIECE];
	ssize_t k = pread(fd, t, n < sizeof(t) ? n : sizeof(t), *offset);

	if (k <= 0)
		return -1;
	k = hm_tls_write(c->tls, t, (size_t)k);
	if (k > 0)
		*offset += k;
	return k;
}

ssize_t
connio_send_file(struct conn *c, int fd, off_t *offset, size_t n)
{
	ssize_t k;

	if (c->tls)
		return tls_send_file(c, fd, offset, n);
	do
		k = sendfile(c->fd, fd, offset, n);
	while (k < 0 && errno == EINTR);
	if (k < 0)
		return errno == EAGAIN ? 0 : -1;
	return k ? k : -1; /* the file is shorter than promised */
}
