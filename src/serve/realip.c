#include "serve/realip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const uint8_t v4_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

/* *v4: it was written as an IPv4 address. */
static bool
parse_address(hm_str s, uint8_t out[16], bool *v4)
{
	char text[HM_REALIP_TEXT_MAX];

	if (s.n == 0 || s.n >= sizeof(text) || memchr(s.p, '\0', s.n))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	memcpy(out, v4_prefix, sizeof(v4_prefix));
	*v4 = inet_pton(AF_INET, text, out + sizeof(v4_prefix)) == 1;
	return *v4 || inet_pton(AF_INET6, text, out) == 1;
}

static bool
parse_bits(hm_str s, unsigned max, unsigned *out)
{
	*out = 0;
	if (s.n == 0 || s.n > 3)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*out = *out * 10 + (unsigned)(s.p[i] - '0');
	}
	return *out <= max;
}

static int
add_net(struct hm_realip *r, hm_str text, struct hm_err *err)
{
	struct hm_realip_net *net = &r->net[r->n];
	hm_str addr, bits;
	bool cut = hm_str_cut(text, '/', &addr, &bits), v4;

	if (r->n == HM_REALIP_NETS_MAX)
		return hm_err_set(err, HM_ELIMIT, "more than %d trusted networks",
		                  HM_REALIP_NETS_MAX);
	if (!parse_address(addr, net->addr, &v4))
		return hm_err_set(err, HM_EUSAGE, HM_F ": not an address", HM_P(text));
	net->bits = v4 ? 32 : 128;
	if (cut && !parse_bits(bits, net->bits, &net->bits))
		return hm_err_set(err, HM_EUSAGE, HM_F ": not a network", HM_P(text));
	if (v4)
		net->bits += 96;
	r->n++;
	return 0;
}

static bool
is_word(hm_str s, const char *word)
{
	return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

int
hm_realip_parse(hm_str list, hm_str header, struct hm_realip *out, struct hm_err *err)
{
	hm_str item, word;

	*out = (struct hm_realip){ .forwarded = is_word(header, "forwarded") };
	if (!out->forwarded && !is_word(header, "x-forwarded-for"))
		return hm_err_set(err, HM_EUSAGE,
		                  HM_F ": neither x-forwarded-for nor forwarded", HM_P(header));
	while (hm_str_next(&list, ',', &item))
		while (hm_str_next_field(&item, &word)) {
			if (hm_str_eqz(word, "unix"))
				out->unix_socket = true;
			else if (add_net(out, word, err))
				return -1;
		}
	return 0;
}

static bool
in_net(const struct hm_realip_net *net, const uint8_t addr[16])
{
	unsigned bytes = net->bits / 8, rest = net->bits % 8;

	return memcmp(net->addr, addr, bytes) == 0 &&
	       (rest == 0 || ((net->addr[bytes] ^ addr[bytes]) >> (8 - rest)) == 0);
}

static bool
is_trusted(const struct hm_realip *r, const uint8_t addr[16])
{
	for (size_t i = 0; i < r->n; i++)
		if (in_net(&r->net[i], addr))
			return true;
	return false;
}

/* ---- the fields */

/*
 * Takes the last element off a list.  At every comma, quoted or not: a client that leaves a
 * quote open must not hide what the neighbour has added, and addresses have no commas.
 */
static hm_str
take_last(hm_str *list)
{
	ptrdiff_t comma = hm_str_rindex_byte(*list, ',');
	hm_str last = hm_str_trim(hm_str_from(*list, (size_t)(comma + 1)));

	*list = hm_str_sub(*list, 0, comma < 0 ? 0 : (size_t)comma);
	return last;
}

/* "203.0.113.7", "203.0.113.7:4711", "2001:db8::1", "[2001:db8::1]:4711" */
static bool
parse_node(hm_str s, uint8_t out[16])
{
	hm_str host, port;
	bool v4;

	if (hm_str_cut_prefix(&s, HM_S("["))) {
		return hm_str_cut(s, ']', &host, &port) &&
		       (port.n == 0 || port.p[0] == ':') && parse_address(host, out, &v4) && !v4;
	}
	if (parse_address(s, out, &v4))
		return true;
	return hm_str_cut(s, ':', &host, &port) && parse_address(host, out, &v4) && v4;
}

/* An element of Forwarded: for=NODE among pairs with ';' between them (RFC 7239, section 4). */
static bool
parse_forwarded(hm_str element, uint8_t out[16])
{
	hm_str pair, name, value;

	while (hm_str_next(&element, ';', &pair)) {
		if (!hm_str_cut(hm_str_trim(pair), '=', &name, &value) || !is_word(name, "for"))
			continue;
		if (hm_str_cut_prefix(&value, HM_S("\"")) &&
		    !hm_str_cut_suffix(&value, HM_S("\"")))
			return false;
		return parse_node(value, out);
	}
	return false;
}

/* The text of addr, in room. */
static hm_str
text_of(const uint8_t addr[16], char room[static HM_REALIP_TEXT_MAX])
{
	bool v4 = memcmp(addr, v4_prefix, sizeof(v4_prefix)) == 0;

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? addr + sizeof(v4_prefix) : addr, room,
	          HM_REALIP_TEXT_MAX);
	return hm_str_of(room);
}

hm_str
hm_realip_client(const struct hm_realip *r, hm_str peer, const struct hm_http1_request *req,
                 char room[static HM_REALIP_TEXT_MAX])
{
	const char *wanted = r->forwarded ? "forwarded" : "x-forwarded-for";
	uint8_t addr[16], next[16];
	bool v4, named = false;

	if (hm_str_eqz(peer, "unix") ? !r->unix_socket :
	                               !parse_address(peer, addr, &v4) || !is_trusted(r, addr))
		return peer;
	for (size_t i = req->n_fields; i-- > 0;) {
		hm_str list = req->field[i].value;

		if (!is_word(req->field[i].name, wanted))
			continue;
		while (list.n) {
			hm_str element = take_last(&list);

			if (!(r->forwarded ? parse_forwarded(element, next) :
			                     parse_node(element, next)))
				return named ? text_of(addr, room) : peer;
			memcpy(addr, next, sizeof(addr));
			named = true;
			if (!is_trusted(r, addr))
				return text_of(addr, room);
		}
	}
	return named ? text_of(addr, room) : peer;
}
