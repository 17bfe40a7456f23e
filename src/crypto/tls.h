/*
 * tls.h - the server's side of TLS 1.2 and later, over OpenSSL, for sockets that do
 * not block.
 */
#ifndef HM_CRYPTO_TLS_H
#define HM_CRYPTO_TLS_H

#include <sys/types.h>

#include "base/err.h"

struct hm_tls_server; /* certificate and key; many connections, any thread */
struct hm_tls;        /* one connection; one thread */

/* PEM files: the certificate with its chain, and its private key. */
int hm_tls_server_new(const char *cert, const char *key, struct hm_tls_server **out,
                      struct hm_err *err);
/* Reads the files again; connections at work keep the old certificate. On failure the old one
 * stays. */
int hm_tls_server_reload(struct hm_tls_server *s, struct hm_err *err);
void hm_tls_server_free(struct hm_tls_server *s);

/* The handshake happens during the first reads. NULL when memory or OpenSSL fails. */
struct hm_tls *hm_tls_accept(struct hm_tls_server *s, int fd);
/* > 0: so many bytes; 0: not now; -1: the end, or broken. */
ssize_t hm_tls_read(struct hm_tls *t, void *p, size_t n);
/* The same; a write that answered 0 must be repeated with the same bytes. */
ssize_t hm_tls_write(struct hm_tls *t, const void *p, size_t n);
/* Says goodbye to the peer, best effort. */
void hm_tls_shutdown(struct hm_tls *t);
/* Does not close the socket. */
void hm_tls_free(struct hm_tls *t);

#endif
