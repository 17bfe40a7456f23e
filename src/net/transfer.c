#include "net/transfer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "codec/base64.h"
#include "os/clock.h"

int64_t
hm_net_now_ms(void)
{
	return hm_clock_monotonic_ns() / 1000000;
}

/* How Go's http.Client names an URL in its errors. */
static hm_str
shown(struct hm_arena *a, const struct hm_url *u)
{
	hm_str s = hm_url_redacted(a, u);
	ptrdiff_t at = u->has_password ? hm_str_index(s, HM_S(":xxxxx@")) : -1;

	if (at < 0)
		return s;
	return hm_arena_printf(a, HM_F ":***" HM_F, HM_P(hm_str_sub(s, 0, (size_t)at)),
	                       HM_P(hm_str_from(s, (size_t)at + 6)));
}

int
hm_transfer_init(struct hm_transfer *t, const struct hm_net_settings *set,
                 const struct hm_http_req *req, struct hm_err *err)
{
	*t = (struct hm_transfer){ .set = set, .req = req };
	pthread_cond_init(&t->cond, NULL);
	if (hm_url_parse(&t->arena, req->url, &t->first, err) < 0)
		return -1;
	t->at = t->first;
	t->shown = shown(&t->arena, &t->first);
	if (hm_str_eqz(t->at.scheme, "http")) {
		hm_str red = hm_url_redacted(&t->arena, &t->at);

		if (req->security == HM_HTTP_SECURE_ONLY)
			return hm_err_set(err, HM_EINVALID, "insecure URL: " HM_F, HM_P(red));
		if (t->at.has_user && req->security != HM_HTTP_INSECURE)
			return hm_err_set(err, HM_EINVALID,
			                  "refusing to pass credentials to insecure URL: " HM_F,
			                  HM_P(red));
	} else if (!hm_str_eqz(t->at.scheme, "https")) {
		return hm_err_set(err, HM_EINVALID, "unsupported scheme: " HM_F,
		                  HM_P(hm_url_redacted(&t->arena, &t->at)));
	}
	if (t->at.host.n == 0)
		return hm_err_set(err, HM_EINVALID, "Get " HM_F ": http: no Host in request URL",
		                  HM_P(hm_str_quote(&t->arena, t->shown)));
	return 0;
}

int
hm_transfer_open(struct hm_transfer *t, const struct hm_curl *curl,
                 struct hm_net_sockets *sockets, struct hm_err *err)
{
	t->curl = curl;
	t->sockets = sockets;
	t->easy = curl->easy_init();
	if (!t->easy)
		return hm_err_set(err, HM_ENET, "curl_easy_init failed");
	return 0;
}

void
hm_transfer_free(struct hm_transfer *t)
{
	pthread_cond_destroy(&t->cond);
	if (t->curl) {
		t->curl->easy_cleanup(t->easy);
		t->curl->slist_free_all(t->headers);
	}
	hm_buf_free(&t->status_text);
	hm_buf_free(&t->head);
	hm_buf_free(&t->body);
	hm_err_free(&t->err);
	hm_arena_free(&t->arena);
}

/* "HTTP/1.1 404 Not Found": HTTP/2 has no words, Go puts its own there. */
static void
begin_head(struct hm_transfer *t, hm_str line)
{
	hm_str proto, rest;

	hm_str_cut(line, ' ', &proto, &rest);
	rest = hm_str_trim(rest);
	t->status = (int)strtol(rest.n ? rest.p : "0", NULL, 10);
	hm_buf_clear(&t->head);
	hm_buf_clear(&t->status_text);
	hm_buf_adds(&t->status_text, rest);
	if (rest.n == 3 && hm_str_has_prefix(proto, HM_S("HTTP/2")))
		hm_buf_printf(&t->status_text, " %s", hm_net_status_text(t->status));
	t->answered = true;
}

static uint64_t
body_limit(const struct hm_transfer *t)
{
	return t->req->max_body ? t->req->max_body : HM_HTTP_MAX_BODY;
}

static int
too_large(struct hm_transfer *t)
{
	return hm_err_set(&t->err, HM_ELIMIT, "reading " HM_F ": answer larger than %llu bytes",
	                  HM_P(hm_url_redacted(&t->arena, &t->first)),
	                  (unsigned long long)body_limit(t));
}

/* Which of two would be the body's end?  curl takes the last, others the first. */
static bool
is_second_length(struct hm_transfer *t, hm_str line)
{
	hm_str name, value, first = hm_transfer_header(t, "Content-Length");

	return first.n && hm_str_cut(line, ':', &name, &value) && name.n == 14 &&
	       strncasecmp(name.p, "Content-Length", 14) == 0 &&
	       !hm_str_eq(hm_str_trim(value), first);
}

/*
 * Many servers write status line, fields and body apart, and by Nagle's rule the rest
 * waits for the acknowledgement of the first part, which this kernel delays by 40 ms
 * where questions and answers alternate.  This sends it now.
 */
static void
acknowledge(const struct hm_transfer *t)
{
	int one = 1;

	if (t->fd >= 0)
		setsockopt(t->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
}

static size_t
on_header(char *p, size_t size, size_t n, void *ctx)
{
	struct hm_transfer *t = ctx;
	hm_str line = hm_str_trim(hm_str_make(p, n));

	t->active_ms = hm_net_now_ms();
	t->head_bytes += n;
	if (t->head_bytes > HM_NET_MAX_HEAD) {
		hm_err_set(&t->err, HM_ENET,
		           "net/http: server response headers exceeded %zu bytes; aborted",
		           HM_NET_MAX_HEAD);
		hm_net_error_wrap(t);
		return 0;
	}
	if (t->in_body)
		return size * n; /* trailers */
	if (hm_str_has_prefix(line, HM_S("HTTP/"))) {
		begin_head(t, line);
		if (hm_str_has_prefix(line, HM_S("HTTP/1")))
			acknowledge(t);
	} else if (is_second_length(t, line)) {
		hm_err_set(&t->err, HM_ENET,
		           "http: message cannot contain multiple Content-Length headers");
		hm_net_error_wrap(t);
		return 0;
	} else if (line.n) {
		hm_buf_adds(&t->head, line);
		hm_buf_addc(&t->head, '\n');
	} else if (t->status == 200 && !t->req->head) {
		hm_str length = hm_transfer_header(t, "Content-Length");

		if (length.n && strtoull(length.p, NULL, 10) > body_limit(t)) {
			too_large(t);
			return 0;
		}
	}
	return size * n;
}

/* The body of an answer other than 200. */
static size_t
on_error_body(struct hm_transfer *t, hm_str bytes)
{
	if (t->bytes == 0)
		t->plain = hm_net_is_plain_text(hm_transfer_header(t, "Content-Type"));
	t->bytes += bytes.n;
	if ((t->plain || t->req->keep_body) && t->body.n < HM_NET_MAX_DETAIL) {
		size_t room = HM_NET_MAX_DETAIL - t->body.n;

		hm_buf_add(&t->body, bytes.p, bytes.n < room ? bytes.n : room);
	}
	t->drained = t->bytes > HM_NET_MAX_DRAIN;
	return t->drained ? CURL_WRITEFUNC_ERROR : bytes.n;
}

static size_t
on_body(char *p, size_t size, size_t n, void *ctx)
{
	struct hm_transfer *t = ctx;
	const struct hm_http_sink *sink = &t->req->sink;
	hm_str bytes = hm_str_make(p, size * n);

	t->active_ms = hm_net_now_ms();
	t->in_body = true;
	if (t->status != 200)
		return on_error_body(t, bytes);
	t->bytes += bytes.n;
	if (t->bytes > body_limit(t)) {
		too_large(t);
		return CURL_WRITEFUNC_ERROR;
	}
	if (!sink->write) {
		hm_buf_adds(&t->body, bytes);
		return bytes.n;
	}
	t->sunk = true;
	return sink->write(sink->ctx, bytes, &t->err) == 0 ? bytes.n : CURL_WRITEFUNC_ERROR;
}

static void
forget_socket(struct hm_net_sockets *all, int fd)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].fd == fd) {
			all->v[i] = all->v[--all->n];
			return;
		}
}

/* Opens what curl would open; remembers the address for the error text. */
static curl_socket_t
on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct hm_transfer *t = ctx;
	char ip[INET6_ADDRSTRLEN] = "";
	const struct sockaddr_in *v4 = (const void *)&to->addr;
	const struct sockaddr_in6 *v6 = (const void *)&to->addr;
	int fd;

	(void)purpose;
	if (to->family == AF_INET && inet_ntop(AF_INET, &v4->sin_addr, ip, sizeof(ip)))
		snprintf(t->peer, sizeof(t->peer), "%s:%d", ip, ntohs(v4->sin_port));
	else if (to->family == AF_INET6 && inet_ntop(AF_INET6, &v6->sin6_addr, ip, sizeof(ip)))
		snprintf(t->peer, sizeof(t->peer), "[%s]:%d", ip, ntohs(v6->sin6_port));
	fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
	if (fd < 0)
		return CURL_SOCKET_BAD;
	forget_socket(t->sockets, fd); /* should curl have closed one by itself */
	HM_PUSH(&t->sockets->arena, *t->sockets, ((struct hm_net_socket){ .fd = fd }));
	return fd;
}

static int
on_close(void *ctx, curl_socket_t fd)
{
	forget_socket(ctx, fd);
	return close(fd);
}

static int
local_port(int fd)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t n = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &n))
		return 0;
	return ntohs(sa.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&sa)->sin6_port :
	                                        ((struct sockaddr_in *)&sa)->sin_port);
}

/* The socket that has that port, -1 when it is not known; curl does not tell. */
static int
socket_of(const struct hm_net_sockets *all, int port)
{
	for (size_t i = 0; i < all->n; i++) {
		struct hm_net_socket *s = &all->v[i];

		if (s->port == 0)
			s->port = local_port(s->fd);
		if (s->port == port)
			return s->fd;
	}
	return -1;
}

/* The connection stands and the request goes out: the clock for headers starts. */
static int
on_send(void *ctx, char *ip, char *local_ip, int port, int at_port)
{
	struct hm_transfer *t = ctx;

	(void)ip;
	(void)local_ip;
	(void)port;
	t->fd = socket_of(t->sockets, at_port);
	t->active_ms = hm_net_now_ms();
	return CURL_PREREQFUNC_OK;
}

static void
add_header(struct hm_transfer *t, const char *line)
{
	struct curl_slist *more = t->curl->slist_append(t->headers, line);

	if (more)
		t->headers = more;
}

/* Does host belong to the first host's domain, so that credentials may go there, too? */
static bool
same_site(const struct hm_transfer *t)
{
	hm_str from = hm_url_hostname(&t->first), to = hm_url_hostname(&t->at);

	if (from.n == to.n)
		return strncasecmp(from.p, to.p, to.n) == 0;
	return to.n > from.n && to.p[to.n - from.n - 1] == '.' && from.n &&
	       strncasecmp(to.p + to.n - from.n, from.p, from.n) == 0;
}

static void
set_headers(struct hm_transfer *t)
{
	bool trusted = same_site(t), authorized = false;
	hm_str plain;

	t->curl->slist_free_all(t->headers);
	t->headers = NULL;
	for (size_t i = 0; trusted && i < t->req->headers.n; i++) {
		add_header(t, hm_arena_cstr(&t->arena, t->req->headers.v[i]));
		authorized |= t->req->headers.v[i].n > 14 &&
		              strncasecmp(t->req->headers.v[i].p, "authorization:", 14) == 0;
	}
	if (t->at.has_user && !authorized) {
		plain = hm_arena_printf(&t->arena, HM_F ":" HM_F, HM_P(t->at.user),
		                        HM_P(t->at.password));
		plain = hm_base64_encode(&t->arena, HM_BASE64_STD, plain.p, plain.n);
		add_header(t, hm_arena_printf(&t->arena, "Authorization: Basic " HM_F,
		                              HM_P(plain)).p);
	}
	t->curl->easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
}

static void
set_method(struct hm_transfer *t)
{
	const struct hm_curl *c = t->curl;
	const struct hm_http_req *req = t->req;

	c->easy_setopt(t->easy, CURLOPT_NOBODY, req->head ? 1L : 0L);
	if (req->method.n == 0)
		return;
	c->easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body.n);
	c->easy_setopt(t->easy, CURLOPT_POSTFIELDS, req->body.n ? req->body.p : "");
	c->easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, hm_arena_cstr(&t->arena, req->method));
}

static void
set_tls(struct hm_transfer *t)
{
	const struct hm_net_settings *s = t->set;
	const struct hm_curl *c = t->curl;
	long verify = t->req->security != HM_HTTP_INSECURE;

	c->easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, verify);
	c->easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
	if (s->ca_file.n) {
		c->easy_setopt(t->easy, CURLOPT_CAINFO, s->ca_file.p);
		c->easy_setopt(t->easy, CURLOPT_PROXY_CAINFO, s->ca_file.p);
	}
	if (s->ca_dir.n) {
		c->easy_setopt(t->easy, CURLOPT_CAPATH, s->ca_dir.p);
		c->easy_setopt(t->easy, CURLOPT_PROXY_CAPATH, s->ca_dir.p);
	}
}

static void
forget_answer(struct hm_transfer *t)
{
	t->status = 0;
	t->bytes = 0;
	t->head_bytes = 0;
	t->active_ms = 0;
	t->fd = -1;
	t->answered = t->in_body = t->drained = t->plain = false;
	t->reason[0] = t->peer[0] = '\0';
	hm_buf_clear(&t->head);
	hm_buf_clear(&t->body);
	hm_err_clear(&t->err);
}

int
hm_transfer_prepare(struct hm_transfer *t)
{
	const struct hm_net_settings *s = t->set;
	const struct hm_curl *c = t->curl;
	struct hm_url bare = t->at;
	hm_str proxy;

	forget_answer(t);
	if (hm_net_proxy_for(&s->proxies, &t->arena, &t->at, &proxy, &t->err) < 0)
		return hm_net_error_wrap(t);
	bare.has_user = bare.has_password = false;
	bare.fragment = HM_S("");
	c->easy_reset(t->easy);
	c->easy_setopt(t->easy, CURLOPT_URL, hm_url_string(&t->arena, &bare).p);
	c->easy_setopt(t->easy, CURLOPT_PATH_AS_IS, 1L);
	c->easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	c->easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	/* Without TLS only an answer says which protocol it is: one that hangs would hold all. */
	c->easy_setopt(t->easy, CURLOPT_PIPEWAIT, hm_str_eqz(t->at.scheme, "https") ? 1L : 0L);
	c->easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
	set_method(t);
	c->easy_setopt(t->easy, CURLOPT_USERAGENT, "hermod");
	c->easy_setopt(t->easy, CURLOPT_PROXY, proxy.p);
	c->easy_setopt(t->easy, CURLOPT_BUFFERSIZE, (long)s->buffer);
	c->easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)s->connect_ms);
	c->easy_setopt(t->easy, CURLOPT_TIMEOUT_MS,
	               (long)(t->req->total_ms ? t->req->total_ms : s->total_ms));
	c->easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->reason);
	c->easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
	c->easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	c->easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
	c->easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	c->easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	c->easy_setopt(t->easy, CURLOPT_OPENSOCKETDATA, t);
	c->easy_setopt(t->easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	c->easy_setopt(t->easy, CURLOPT_CLOSESOCKETDATA, t->sockets);
	c->easy_setopt(t->easy, CURLOPT_PREREQFUNCTION, on_send);
	c->easy_setopt(t->easy, CURLOPT_PREREQDATA, t);
	c->easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	set_tls(t);
	set_headers(t);
	return 0;
}

hm_str
hm_transfer_header(struct hm_transfer *t, const char *name)
{
	hm_str rest = hm_buf_str(&t->head), line, key, value;

	while (hm_str_next(&rest, '\n', &line))
		if (hm_str_cut(line, ':', &key, &value) && key.n == strlen(name) &&
		    strncasecmp(key.p, name, key.n) == 0)
			return hm_str_trim(value);
	return HM_S("");
}

static enum hm_transfer_next
fail(struct hm_transfer *t)
{
	t->rc = -1;
	return HM_TRANSFER_DONE;
}

/* To the place that a redirect names, if it may. */
static enum hm_transfer_next
redirect(struct hm_transfer *t, hm_str location)
{
	hm_str from = shown(&t->arena, &t->at), loc = hm_arena_dup(&t->arena, location);
	struct hm_url ref, to;

	t->in_body = false;
	if (hm_url_parse(&t->arena, loc, &ref, &t->err) < 0) {
		hm_err_wrap(&t->err, "failed to parse Location header " HM_F ": ",
		            HM_P(hm_str_quote(&t->arena, hm_url_redact(&t->arena, loc))));
		hm_net_error_wrap(t);
		return fail(t);
	}
	to = hm_url_resolve(&t->arena, &t->at, &ref);
	t->shown = shown(&t->arena, &ref);
	if (hm_str_eqz(t->first.scheme, "https") && !hm_str_eqz(to.scheme, "https"))
		hm_err_set(&t->err, HM_ENET,
		           "redirected from secure URL " HM_F " to insecure URL " HM_F, HM_P(from),
		           HM_P(shown(&t->arena, &to)));
	else if (t->redirects >= HM_HTTP_MAX_REDIRECTS)
		hm_err_set(&t->err, HM_ENET, "stopped after %d redirects", HM_HTTP_MAX_REDIRECTS);
	else if (!hm_str_eqz(to.scheme, "http") && !hm_str_eqz(to.scheme, "https"))
		hm_err_set(&t->err, HM_ENET, "unsupported protocol scheme " HM_F,
		           HM_P(hm_str_quote(&t->arena, to.scheme)));
	if (t->err.code != HM_OK) {
		hm_net_error_wrap(t);
		return fail(t);
	}
	t->redirects++;
	t->shown = from;
	t->at = to;
	t->not_before_ms = 0;
	return HM_TRANSFER_AGAIN;
}

static bool
is_redirect(const struct hm_transfer *t)
{
	int status = t->status;

	if (t->req->method.n)
		return status == 307 || status == 308;
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool
worth_retrying(const struct hm_transfer *t, CURLcode code)
{
	if (t->sunk || t->req->method.n || t->attempts >= t->set->retries)
		return false;
	switch (code) {
	case CURLE_OK:
		return t->status == 429 || (t->status >= 502 && t->status <= 504);
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return true;
	default:
		return false;
	}
}

static enum hm_transfer_next
retry(struct hm_transfer *t, CURLcode code)
{
	hm_str after = hm_transfer_header(t, "Retry-After");
	unsigned long pause = (unsigned long)t->set->backoff_ms
	                      << (t->attempts < 16 ? t->attempts : 16);

	if (after.n && after.p[0] >= '0' && after.p[0] <= '9')
		pause = strtoul(after.p, NULL, 10) * 1000;
	if (pause > HM_NET_MAX_BACKOFF_MS)
		pause = HM_NET_MAX_BACKOFF_MS;
	if (t->set->log && t->set->log->trace)
		hm_log(t->set->log, HM_LOG_TRACE, "# get " HM_F ": " HM_F ", again in %lums",
		       HM_P(hm_url_redacted(&t->arena, &t->at)),
		       HM_P(code == CURLE_OK ? hm_buf_str(&t->status_text) :
		                               hm_str_of(t->curl->easy_strerror(code))), pause);
	t->attempts++;
	t->not_before_ms = hm_net_now_ms() + (int64_t)pause;
	return HM_TRANSFER_AGAIN;
}

enum hm_transfer_next
hm_transfer_step(struct hm_transfer *t, CURLcode code)
{
	hm_str location;

	if (t->err.code != HM_OK)
		return fail(t);
	if (t->drained)
		code = CURLE_OK;
	if (worth_retrying(t, code))
		return retry(t, code);
	if (code != CURLE_OK) {
		hm_net_error(t, code);
		return fail(t);
	}
	location = hm_transfer_header(t, "Location");
	if (is_redirect(t) && location.n)
		return redirect(t, location);
	t->rc = 0;
	return HM_TRANSFER_DONE;
}

bool
hm_transfer_timed_out(struct hm_transfer *t, int64_t now_ms)
{
	unsigned limit = t->answered ? t->set->stall_ms : t->set->header_ms;

	if (t->active_ms == 0 || now_ms - t->active_ms < (int64_t)limit)
		return false;
	hm_err_set(&t->err, HM_ENET, "%s", t->answered ? "i/o timeout" :
	           "net/http: timeout awaiting response headers");
	hm_net_error_wrap(t);
	return true;
}
