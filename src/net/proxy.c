#include "net/proxy.h"

#include <arpa/inet.h>
#include <stdlib.h>

static hm_str
either_case(const struct hm_env *env, struct hm_arena *a, const char *upper, const char *lower)
{
	hm_str v = hm_env_or_empty(env, upper);

	return hm_arena_dup(a, v.n ? v : hm_env_or_empty(env, lower));
}

void
hm_net_proxies_load(struct hm_net_proxies *p, const struct hm_env *env, struct hm_arena *a)
{
	p->http = either_case(env, a, "HTTP_PROXY", "http_proxy");
	p->https = either_case(env, a, "HTTPS_PROXY", "https_proxy");
	p->none = either_case(env, a, "NO_PROXY", "no_proxy");
	p->cgi = hm_env_or_empty(env, "REQUEST_METHOD").n > 0;
}

/* Bytes of an address: 4, 16, or 0 when s is none. */
static size_t
parse_ip(hm_str s, unsigned char out[16])
{
	char text[INET6_ADDRSTRLEN + 1];

	if (s.n >= sizeof(text) || s.n == 0)
		return 0;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (inet_pton(AF_INET, text, out) == 1)
		return 4;
	return inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

static bool
same_bits(const unsigned char *x, const unsigned char *y, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return memcmp(x, y, whole) == 0 &&
	       (rest == 0 || ((x[whole] ^ y[whole]) & (0xff00u >> rest & 0xff)) == 0);
}

static bool
is_loopback(hm_str host)
{
	static const unsigned char one[16] = { [15] = 1 };
	unsigned char ip[16];
	size_t n = parse_ip(host, ip);

	return hm_str_eqz(host, "localhost") || (n == 4 && ip[0] == 127) ||
	       (n == 16 && memcmp(ip, one, 16) == 0);
}

/* "10.0.0.0/8" */
static bool
in_cidr(hm_str host, hm_str cidr)
{
	unsigned char ip[16], net[16];
	hm_str addr, bits;
	unsigned long width;
	size_t n;

	if (!hm_str_cut(cidr, '/', &addr, &bits) || bits.n == 0 || bits.n > 3)
		return false;
	width = strtoul(bits.p, NULL, 10);
	n = parse_ip(addr, net);
	return n && parse_ip(host, ip) == n && width <= 8 * n &&
	       same_bits(ip, net, (unsigned)width);
}

/* One entry of NO_PROXY, lower case and trimmed. */
static bool
entry_matches(hm_str entry, hm_str host, hm_str port)
{
	unsigned char ip[16], want[16];
	hm_str name = entry, want_port = HM_S("");
	ptrdiff_t colon = hm_str_rindex_byte(entry, ':');
	size_t n;

	if (hm_str_eqz(entry, "*") || in_cidr(host, entry))
		return true;
	if (colon >= 0 && parse_ip(entry, ip) == 0) {
		name = hm_str_sub(entry, 0, (size_t)colon);
		want_port = hm_str_from(entry, (size_t)colon + 1);
	}
	if (name.n > 1 && name.p[0] == '[' && name.p[name.n - 1] == ']')
		name = hm_str_sub(name, 1, name.n - 1);
	if (name.n == 0 || (want_port.n && !hm_str_eq(want_port, port)))
		return false;
	n = parse_ip(name, want);
	if (n)
		return parse_ip(host, ip) == n && memcmp(ip, want, n) == 0;
	hm_str_cut_prefix(&name, HM_S("*"));
	if (name.n && name.p[0] == '.')
		return hm_str_has_suffix(host, name);
	return hm_str_eq(host, name) ||
	       (hm_str_has_suffix(host, name) && host.p[host.n - name.n - 1] == '.');
}

static hm_str
lower(struct hm_arena *a, hm_str s)
{
	char *p = hm_arena_cstr(a, s);

	for (size_t i = 0; i < s.n; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] - 'A' + 'a');
	return (hm_str){ p, s.n };
}

static bool
bypassed(const struct hm_net_proxies *p, struct hm_arena *a, const struct hm_url *u)
{
	hm_str host = lower(a, hm_url_hostname(u)), port = hm_url_port(u);
	hm_str rest = lower(a, p->none), entry;

	if (is_loopback(host))
		return true;
	if (port.n == 0)
		port = hm_str_eqz(u->scheme, "https") ? HM_S("443") : HM_S("80");
	hm_str_cut_suffix(&host, HM_S("."));
	while (hm_str_next(&rest, ',', &entry))
		if (entry_matches(hm_str_trim(entry), host, port))
			return true;
	return false;
}

int
hm_net_proxy_for(const struct hm_net_proxies *p, struct hm_arena *a, const struct hm_url *u,
                 hm_str *out, struct hm_err *err)
{
	bool https = hm_str_eqz(u->scheme, "https");
	hm_str proxy = https ? p->https : p->http;

	*out = HM_S("");
	if (proxy.n == 0 || bypassed(p, a, u))
		return 0;
	if (!https && p->cgi)
		return hm_err_set(err, HM_EINVALID,
		                  "refusing to use HTTP_PROXY value in CGI environment; see "
		                  "golang.org/s/cgihttpproxy");
	if (!hm_str_contains(proxy, HM_S("://")))
		proxy = hm_arena_printf(a, "http://" HM_F, HM_P(proxy));
	/* Go lets the SOCKS server look names up; curl calls that socks5h. */
	if (hm_str_cut_prefix(&proxy, HM_S("socks5://")))
		proxy = hm_arena_printf(a, "socks5h://" HM_F, HM_P(proxy));
	*out = hm_arena_dup(a, proxy);
	return 0;
}
