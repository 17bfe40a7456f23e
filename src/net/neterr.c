/* curl's failures in the words of Go's net, crypto/tls and net/http. */
#include "net/transfer.h"

/* "dial tcp 127.0.0.1:80: connect: connection refused" */
static void
dial_error(struct hm_transfer *t, const char *what)
{
	long sys = 0;

	t->curl->easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &sys);
	hm_err_set(&t->err, HM_ENET, "dial tcp%s%s: ", *t->peer ? " " : "", t->peer);
	if (what)
		hm_err_append(&t->err, "%s", what);
	else if (sys)
		hm_err_append(&t->err, "connect: %s", hm_errno_text((int)sys));
	else
		hm_err_append(&t->err, "%s", t->reason);
}

/* "read tcp 127.0.0.1:5->127.0.0.1:80: read: connection reset by peer" */
static void
socket_error(struct hm_transfer *t, const char *op, int sys)
{
	char *ip = NULL;
	long port = 0;

	t->curl->easy_getinfo(t->easy, CURLINFO_LOCAL_IP, &ip);
	t->curl->easy_getinfo(t->easy, CURLINFO_LOCAL_PORT, &port);
	hm_err_set(&t->err, HM_ENET, "%s tcp", op);
	if (ip && *ip && *t->peer)
		hm_err_append(&t->err, strchr(ip, ':') ? " [%s]:%ld->%s" : " %s:%ld->%s", ip, port,
		              t->peer);
	hm_err_append(&t->err, ": %s: %s", op, hm_errno_text(sys));
}

/* OpenSSL's X509_V_ERR_* numbers, which curl passes on. */
static void
certificate_error(struct hm_transfer *t)
{
	long verify = 0;
	const char *text = t->reason;

	t->curl->easy_getinfo(t->easy, CURLINFO_SSL_VERIFYRESULT, &verify);
	switch (verify) {
	case 9:
	case 10:
		text = "certificate has expired or is not yet valid";
		break;
	case 2:
	case 18:
	case 19:
	case 20:
	case 21:
		text = "certificate signed by unknown authority";
		break;
	}
	hm_err_set(&t->err, HM_ENET, "tls: failed to verify certificate: x509: %s", text);
}

int
hm_net_error(struct hm_transfer *t, CURLcode code)
{
	long sys = 0;

	t->curl->easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &sys);
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		hm_err_set(&t->err, HM_ENET, "dial tcp: lookup " HM_F ": no such host",
		           HM_P(hm_url_hostname(&t->at)));
		break;
	case CURLE_COULDNT_RESOLVE_PROXY:
		hm_err_set(&t->err, HM_ENET, "proxyconnect tcp: dial tcp: no such host");
		break;
	case CURLE_COULDNT_CONNECT:
		dial_error(t, NULL);
		break;
	case CURLE_OPERATION_TIMEDOUT:
		if (t->active_ms == 0)
			dial_error(t, "i/o timeout");
		else
			hm_err_set(&t->err, HM_ENET,
			           "context deadline exceeded (Client.Timeout exceeded%s)",
			           t->in_body ? " or context cancellation while reading body" :
			           t->answered ? "" : " while awaiting headers");
		break;
	case CURLE_PEER_FAILED_VERIFICATION:
		certificate_error(t);
		break;
	case CURLE_GOT_NOTHING:
		hm_err_set(&t->err, HM_ENET, "EOF");
		break;
	case CURLE_PARTIAL_FILE:
		hm_err_set(&t->err, HM_ENET, "unexpected EOF");
		break;
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		if (sys)
			socket_error(t, code == CURLE_RECV_ERROR ? "read" : "write", (int)sys);
		else
			hm_err_set(&t->err, HM_ENET, "unexpected EOF");
		break;
	default:
		hm_err_set(&t->err, HM_ENET, "%s",
		           *t->reason ? t->reason : t->curl->easy_strerror(code));
		break;
	}
	return hm_net_error_wrap(t);
}

int
hm_net_error_wrap(struct hm_transfer *t)
{
	/* The body is read by go itself, which names the URL that it asked for. */
	hm_str url = t->in_body ? hm_url_redacted(&t->arena, &t->first) : t->shown;
	hm_str quoted = hm_str_quote(&t->arena, url);
	const char *op = t->in_body ? "read" : t->req->head ? "Head" : "Get";

	if (!t->in_body && t->req->method.n)
		return hm_err_wrap(&t->err, HM_F " " HM_F ": ", HM_P(t->req->method), HM_P(quoted));
	return hm_err_wrap(&t->err, "%s " HM_F ": ", op, HM_P(quoted));
}
