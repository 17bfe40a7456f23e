#include "crypto/tls.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"

struct hm_tls_server {
	struct hm_arena arena;
	hm_str cert, key;
	pthread_mutex_t mutex; /* guards ctx */
	SSL_CTX *ctx;
};

/* struct hm_tls is an SSL under another name: there is nothing to add to it. */
static SSL *
ssl_of(struct hm_tls *t)
{
	return (SSL *)(void *)t;
}

static int
fail(struct hm_err *err, hm_str file)
{
	unsigned long e = ERR_get_error();
	const char *part = ERR_lib_error_string(e), *why = ERR_reason_error_string(e);

	ERR_clear_error();
	if (ERR_SYSTEM_ERROR(e))
		return hm_err_sys(err, ERR_GET_REASON(e), HM_F, HM_P(file));
	return hm_err_set(err, HM_EINVALID, HM_F ": %s: %s", HM_P(file), part ? part : "TLS",
	                  why ? why : "not usable");
}

/* Only HTTP/1.1 is spoken: a client that offers nothing else but h2 is told so by ALPN. */
static int
choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *n, const unsigned char *in,
                unsigned int in_n, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *picked;

	(void)ssl, (void)arg;
	if (SSL_select_next_proto(&picked, n, ours, sizeof(ours) - 1, in, in_n) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = picked;
	return SSL_TLSEXT_ERR_OK;
}

static int
load(const struct hm_tls_server *s, SSL_CTX **out, struct hm_err *err)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	int rc = 0;

	if (!ctx)
		hm_mem_oom();
	ERR_clear_error();
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
	                         SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	                      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
	if (SSL_CTX_use_certificate_chain_file(ctx, s->cert.p) != 1)
		rc = fail(err, s->cert);
	else if (SSL_CTX_use_PrivateKey_file(ctx, s->key.p, SSL_FILETYPE_PEM) != 1 ||
	         SSL_CTX_check_private_key(ctx) != 1)
		rc = fail(err, s->key);
	if (rc)
		SSL_CTX_free(ctx);
	else
		*out = ctx;
	return rc;
}

int
hm_tls_server_new(const char *cert, const char *key, struct hm_tls_server **out,
                  struct hm_err *err)
{
	struct hm_tls_server *s = hm_mem_new(sizeof(*s));

	pthread_mutex_init(&s->mutex, NULL);
	s->cert = hm_arena_dup(&s->arena, hm_str_of(cert));
	s->key = hm_arena_dup(&s->arena, hm_str_of(key));
	if (load(s, &s->ctx, err)) {
		hm_tls_server_free(s);
		return -1;
	}
	*out = s;
	return 0;
}

int
hm_tls_server_reload(struct hm_tls_server *s, struct hm_err *err)
{
	SSL_CTX *fresh, *old;

	if (load(s, &fresh, err))
		return -1;
	pthread_mutex_lock(&s->mutex);
	old = s->ctx;
	s->ctx = fresh;
	pthread_mutex_unlock(&s->mutex);
	SSL_CTX_free(old);
	return 0;
}

void
hm_tls_server_free(struct hm_tls_server *s)
{
	if (!s)
		return;
	SSL_CTX_free(s->ctx);
	pthread_mutex_destroy(&s->mutex);
	hm_arena_free(&s->arena);
	free(s);
}

struct hm_tls *
hm_tls_accept(struct hm_tls_server *s, int fd)
{
	SSL *ssl;

	pthread_mutex_lock(&s->mutex);
	ssl = SSL_new(s->ctx);
	pthread_mutex_unlock(&s->mutex);
	if (!ssl || SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		ERR_clear_error();
		return NULL;
	}
	SSL_set_accept_state(ssl);
	return (struct hm_tls *)(void *)ssl;
}

static ssize_t
outcome(SSL *ssl, int rc)
{
	int e;

	if (rc > 0)
		return rc;
	e = SSL_get_error(ssl, rc);
	ERR_clear_error();
	return e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

ssize_t
hm_tls_read(struct hm_tls *t, void *p, size_t n)
{
	ERR_clear_error();
	return outcome(ssl_of(t), SSL_read(ssl_of(t), p, n < INT_MAX ? (int)n : INT_MAX));
}

ssize_t
hm_tls_write(struct hm_tls *t, const void *p, size_t n)
{
	ERR_clear_error();
	return outcome(ssl_of(t), SSL_write(ssl_of(t), p, n < INT_MAX ? (int)n : INT_MAX));
}

void
hm_tls_shutdown(struct hm_tls *t)
{
	if (SSL_is_init_finished(ssl_of(t)))
		SSL_shutdown(ssl_of(t));
	ERR_clear_error();
}

void
hm_tls_free(struct hm_tls *t)
{
	SSL_free(ssl_of(t));
}
