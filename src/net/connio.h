/*
 * connio.h - bytes in and out of a connection, plain or TLS.
 */
#ifndef HM_NET_CONNIO_H
#define HM_NET_CONNIO_H

#include "net/server_priv.h"

/* > 0: bytes; 0: not now; -1: the end, or broken. Sets c->drained. */
ssize_t connio_read(struct conn *c, char *p, size_t n);
/* Two pieces in one go; more: bytes of a file follow. Answers as above. */
ssize_t connio_write(struct conn *c, hm_str first, hm_str second, bool more);
/* At most n bytes of fd from *offset on, which moves. */
ssize_t connio_send_file(struct conn *c, int fd, off_t *offset, size_t n);

#endif
