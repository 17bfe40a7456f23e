/*
 * fuzz_request.c - libFuzzer target: what a client of hermod-proxy sends, and what its
 * administrator writes: request paths, Authorization fields, lists of patterns,
 * configuration files.
 *
 * A path that names a module must come out of a second reading unchanged, and must not
 * climb; what is read of credentials must be parts of what was sent.
 */
#include <stdlib.h>

#include "../../proxy/route.h"
#include "codec/base64.h"
#include "mod/modpath.h"
#include "serve/accountdb.h"
#include "serve/config.h"
#include "serve/credential.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
path(struct hm_arena *a, hm_str in)
{
	const hm_str parts[] = { HM_S("/"), in };
	struct hm_err err = { 0 };
	struct route r, again;
	hm_str rest;

	if (route_parse(a, hm_arena_concat(a, parts, 2), &r, &err) == 0) {
		rest = r.url;
		while (hm_str_next(&rest, '/', &in))
			if (hm_str_eqz(in, "..") || hm_str_eqz(in, "."))
				abort();
		if (r.path.n && hm_modpath_check_import(r.path, &err) && r.want != WANT_OTHER &&
		    hm_str_contains(r.path, HM_S("//")))
			abort();
		if (r.canonical && (hm_str_index_byte(r.version, '/') >= 0 || r.version.n == 0))
			abort();
		hm_err_clear(&err);
		if (!hm_str_contains(r.url, HM_S("%")) &&
		    (route_parse(a, r.url, &again, &err) || !hm_str_eq(again.path, r.path) ||
		     !hm_str_eq(again.version, r.version)))
			abort();
	}
	hm_err_free(&err);
}

static void
credentials(struct hm_arena *a, hm_str in)
{
	const hm_str parts[] = { HM_S("Basic "), hm_base64_encode(a, HM_BASE64_STD, in.p, in.n) };
	struct hm_sent s;

	hm_credential_read(a, in, &s);
	if (!hm_credential_read(a, hm_arena_concat(a, parts, 2), &s))
		return;
	if (s.token_id.p ? !hm_str_contains(in, s.token_id) || !hm_str_contains(in, s.secret)
	                 : !hm_str_has_suffix(in, s.password))
		abort();
	if (hm_str_index_byte(s.user, ':') >= 0 || (!s.token_id.p && s.user.n == 0))
		abort();
}

static void
patterns(struct hm_arena *a, hm_str in)
{
	const hm_str parts[] = { in, HM_S(",!example.com") };
	unsigned rights;
	struct hm_err err = { 0 };

	if (hm_rights_match(hm_arena_concat(a, parts, 2), HM_S("example.com/x")))
		abort();
	if (hm_rights_parse(in, &rights, &err) == 0 && (rights == 0 || rights > HM_RIGHTS_ALL))
		abort();
	hm_err_free(&err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hm_str in = hm_str_make((const char *)data, size);
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	struct hm_config config;

	in = hm_arena_dup(&a, in);
	path(&a, in);
	credentials(&a, in);
	patterns(&a, in);
	if (hm_config_parse(&a, HM_S("f"), in, &config, &err) == 0)
		for (size_t i = 0; i < config.n; i++)
			if (config.v[i].key.n == 0 || config.v[i].section.n == 0)
				abort();
	hm_err_free(&err);
	hm_arena_free(&a);
	return 0;
}
