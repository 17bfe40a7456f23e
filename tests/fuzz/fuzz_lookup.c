/*
 * fuzz_lookup.c - libFuzzer target: what a checksum database is asked, and what it may
 * answer: paths of lookups and tiles, records, data tiles, checkpoints.
 */
#include <stdlib.h>

#include "logserve/priv.h"
#include "mod/modpath.h"
#include "tilelog/checkpoint.h"
#include "tilelog/tail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
need(bool ok)
{
	if (!ok)
		abort();
}

/* A module has one spelling. */
static void
try_lookup(struct hm_arena *a, hm_str in, struct hm_err *err)
{
	struct hm_modver m;
	hm_str path, version;

	if (hm_modver_unescape(a, in, &m, err) == 0) {
		need(hm_modpath_escape(a, m.path, &path, err) == 0 &&
		     hm_modpath_escape_version(a, m.version, &version, err) == 0);
		need(hm_str_eq(in, hm_arena_printf(a, HM_F "@" HM_F, HM_P(path), HM_P(version))));
		need(!hm_str_contains(m.path, HM_S("/.")) && !hm_str_contains(m.path, HM_S(" ")));
	}
	hm_err_clear(err);
}

/* So has a tile, in each of the two. */
static void
try_tile(struct hm_arena *a, hm_str in, struct hm_err *err)
{
	hm_str path = hm_arena_printf(a, "tile/" HM_F, HM_P(in)), go;
	struct hm_tile t;
	bool bundle;

	if (hm_logserve_parse_tile(a, path, &t, &bundle, err) == 0) {
		go = hm_tile_path(a, &t);
		if (!hm_str_eq(go, path)) {
			need(t.h == 8 && hm_str_cut_prefix(&go, HM_S("tile/8/")));
			need(hm_str_cut_prefix(&go, HM_S("data/")) == bundle);
			need(hm_str_eq(path, hm_arena_printf(a, "tile/%s" HM_F,
			                                     bundle ? "entries/" : "", HM_P(go))));
		}
	}
	hm_err_clear(err);
}

static void
try_answer(struct hm_arena *a, hm_str in, struct hm_err *err)
{
	hm_str text, rest, again, origin;
	struct hm_tree tree;
	int64_t id;

	if (hm_tlog_parse_record(in, &id, &text, &rest, err) == 0) {
		need(hm_tlog_format_record(a, id, text, &again, err) == 0);
		/* go, too, takes other spellings of the number */
		hm_str_cut(again, '\n', &(hm_str){ 0 }, &again);
		need(hm_str_has_suffix(in, hm_arena_concat(a, (hm_str[]){ again, rest }, 2)));
		need(hm_tilelog_key(text).n < text.n);
	}
	hm_err_clear(err);
	if (hm_str_index_byte(in, 0) < 0 && /* as in every note */
	    hm_checkpoint_parse(in, &origin, &tree, err) == 0)
		need(origin.n > 0 &&
		     hm_str_has_prefix(in, hm_arena_printf(a, HM_F "\n%lld\n", HM_P(origin),
		                                           (long long)tree.n)));
	hm_err_clear(err);
}

/* Records and the empty lines between them are all there is. */
static void
try_data(hm_str in)
{
	size_t all = in.n, records = 0;
	hm_str text;

	while (hm_tile_next_record(&in, &text))
		records += text.n + 1;
	need(records + in.n == all);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	hm_str in = hm_arena_dup(&a, hm_str_make((const char *)data, size));

	try_lookup(&a, in, &err);
	try_tile(&a, in, &err);
	try_answer(&a, in, &err);
	try_data(in);
	hm_err_free(&err);
	hm_arena_free(&a);
	return 0;
}
