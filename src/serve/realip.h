/*
 * realip.h - who asks, where a trusted server stands in between: what nginx calls
 * set_real_ip_from, real_ip_header and real_ip_recursive on.
 *
 * Only the field that is configured counts, and only in requests of a trusted neighbour:
 * everybody can send such fields.  The list is read from its end, where the neighbour wrote;
 * the first address that is not trusted is the client's.  What is no address ends the way
 * there: then the trusted server that said so is who asks.
 */
#ifndef HM_SERVE_REALIP_H
#define HM_SERVE_REALIP_H

#include "base/err.h"
#include "net/http1.h"

enum { HM_REALIP_NETS_MAX = 64, HM_REALIP_TEXT_MAX = 46 };

struct hm_realip {
	struct hm_realip_net {
		uint8_t addr[16]; /* IPv4 as ::ffff:a.b.c.d */
		unsigned bits;
	} net[HM_REALIP_NETS_MAX];
	size_t n;
	bool unix_socket;         /* neighbours on a Unix socket are trusted */
	bool forwarded;           /* RFC 7239's field instead of X-Forwarded-For */
};

/*
 * list: addresses and networks ("10.0.0.0/8", "fd00::/8", "unix"), separated by commas or
 * spaces; header: "x-forwarded-for" or "forwarded", in any case.
 */
int hm_realip_parse(hm_str list, hm_str header, struct hm_realip *out, struct hm_err *err);
/*
 * Who sent the request that came from peer; an address as inet_ntop() writes it, in room, or
 * peer itself.
 */
hm_str hm_realip_client(const struct hm_realip *r, hm_str peer, const struct hm_http1_request *req,
                        char room[static HM_REALIP_TEXT_MAX]);

#endif
