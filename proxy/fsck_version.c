/*
 * fsck_version.c - one version: its files against each other and against what is known.
 */
#include "fsck_priv.h"

#include <errno.h>
#include <sys/stat.h>

#include "mod/gomod.h"
#include "modzip/hash.h"
#include "os/file.h"

struct view {
	const struct fsck *k;
	struct hm_arena *a;
	struct hm_modver m;
	struct diagnosis *d;
	hm_str mod; /* the .mod */
	bool has_mod;
};

static void
wrong(struct view *v, int bit, const char *what, hm_str why)
{
	v->d->bad |= bit;
	HM_PUSH(v->a, v->d->lines, hm_arena_printf(v->a, "%s: " HM_F, what, HM_P(why)));
}

/* The error's text without "path@version: " in front. */
static hm_str
short_text(struct view *v, struct hm_err *err)
{
	hm_str text = hm_arena_dup(v->a, hm_err_str(err)), all = text;

	if (hm_str_cut_prefix(&text, hm_modver_str(v->a, v->m)) &&
	    hm_str_cut_prefix(&text, HM_S(": ")))
		return text;
	return all;
}

/* A file's text; false: there is none. What cannot be read is wrong. */
static bool
read_text(struct view *v, const char *suffix, int bit, size_t max, hm_str *out)
{
	struct hm_err err = { 0 };
	hm_str file;
	bool there = false;
	struct stat st;

	if (hm_store_path(&v->k->p->store, v->a, v->m.path, v->m.version, suffix, &file, &err) ==
	            0 &&
	    lstat(file.p, &st) == 0) {
		there = true;
		v->d->bytes += (uint64_t)st.st_size;
		if (!S_ISREG(st.st_mode))
			wrong(v, bit, suffix, HM_S("not a file"));
		else if (hm_file_read(v->a, file.p, max, out, &err))
			wrong(v, bit, suffix, hm_err_str(&err));
	}
	hm_err_free(&err);
	return there && !(v->d->bad & bit);
}

static int64_t
size_of(struct view *v, const char *suffix)
{
	struct hm_err err = { 0 };
	struct stat st;
	hm_str file;
	int rc = hm_store_path(&v->k->p->store, v->a, v->m.path, v->m.version, suffix, &file, &err);

	hm_err_free(&err);
	return rc == 0 && lstat(file.p, &st) == 0 ? (int64_t)st.st_size : -1;
}

/* A file that is not there: of an upload there is no other copy. */
static void
look_for_lost(struct view *v, int bit, const char *suffix)
{
	if (size_of(v, "local") >= 0 && size_of(v, suffix) < 0)
		wrong(v, bit, suffix, HM_S("it is not there, and no upstream has it"));
}

static void
look_at_info(struct view *v)
{
	struct hm_err err = { 0 };
	hm_str text;

	if (read_text(v, "info", BAD_INFO, ADMIT_INFO_MAX, &text) &&
	    admit_check_info(v->m.path, v->m.version, text, &err))
		wrong(v, BAD_INFO, "info", short_text(v, &err));
	hm_err_free(&err);
	if (v->d->known && v->d->fact.info_bytes >= 0) /* an import may have had none */
		look_for_lost(v, BAD_INFO, "info");
}

/* Where neither a zip nor the facts know it, it must at least make sense. */
static int
check_sense(struct view *v, struct hm_err *err)
{
	struct hm_gomod *f;
	hm_str file;

	if ((v->d->known && v->d->fact.mod_h1.n) ||
	    hm_store_path(&v->k->p->store, v->a, v->m.path, v->m.version, "zip", &file, err) ||
	    hm_file_exists(file.p))
		return err->code == HM_OK ? 0 : -1;
	return hm_gomod_parse_lax(v->a, HM_S("go.mod"), v->mod, NULL, &f, err);
}

static void
look_at_mod(struct view *v)
{
	const struct admit offline = { .store = &v->k->p->store };
	struct hm_err err = { 0 };
	hm_str h1;

	v->has_mod = read_text(v, "mod", BAD_MOD, ADMIT_MOD_MAX, &v->mod);
	if (!v->has_mod) {
		look_for_lost(v, BAD_MOD, "mod");
		return;
	}
	h1 = hm_h1_gomod(v->a, v->mod);
	if (admit_check_mod(&offline, v->m.path, v->m.version, v->mod, &err) ||
	    check_sense(v, &err))
		wrong(v, BAD_MOD, "mod", short_text(v, &err));
	else if (v->d->known && v->d->fact.mod_h1.n && !hm_str_eq(h1, v->d->fact.mod_h1))
		wrong(v, BAD_MOD, "mod",
		      hm_arena_printf(v->a, "its hash is " HM_F ", facts.db has " HM_F, HM_P(h1),
		                      HM_P(v->d->fact.mod_h1)));
	hm_err_free(&err);
}

/*
 * Three that must agree: the zip, .ziphash, facts.db.  Two of them outvote the third;
 * where only the .ziphash speaks, it decides.
 */
static void
compare_hashes(struct view *v, hm_str noted)
{
	struct diagnosis *d = v->d;
	hm_str fact = d->known ? d->fact.zip_h1 : HM_S("");

	d->want = fact.n ? fact : noted;
	if (noted.n == 0) {
		wrong(v, BAD_HASH, "ziphash", HM_S("none, or damaged: the zip is not served"));
		if (fact.n && !hm_str_eq(d->h1, fact))
			wrong(v, BAD_ZIP, "zip",
			      hm_arena_printf(v->a, "its hash is " HM_F ", facts.db has " HM_F,
			                      HM_P(d->h1), HM_P(fact)));
	} else if (!hm_str_eq(d->h1, noted) && hm_str_eq(d->h1, fact)) {
		wrong(v, BAD_HASH, "ziphash",
		      hm_arena_printf(v->a, "it says " HM_F ", the zip and facts.db " HM_F,
		                      HM_P(noted), HM_P(fact)));
	} else if (!hm_str_eq(d->h1, noted)) {
		d->want = noted;
		wrong(v, BAD_ZIP, "zip",
		      hm_arena_printf(v->a, "its hash is " HM_F ", .ziphash has " HM_F, HM_P(d->h1),
		                      HM_P(noted)));
	} else if (fact.n && !hm_str_eq(d->h1, fact)) {
		wrong(v, BAD_ZIP | BAD_HASH, "zip",
		      hm_arena_printf(v->a, "its hash is " HM_F ", facts.db has " HM_F, HM_P(d->h1),
		                      HM_P(fact)));
	}
}

static void
look_at_zip(struct view *v)
{
	const struct admit offline = { .store = &v->k->p->store };
	struct hm_err err = { 0 };
	hm_str file, noted;
	struct stat st;

	if (hm_store_path(&v->k->p->store, v->a, v->m.path, v->m.version, "zip", &file, &err) ||
	    lstat(file.p, &st)) {
		hm_err_free(&err);
		look_for_lost(v, BAD_LOST, "zip");
		return;
	}
	v->d->has_zip = true;
	v->d->bytes += (uint64_t)st.st_size;
	hm_store_ziphash(&v->k->p->store, v->a, v->m.path, v->m.version, &noted);
	v->d->want = v->d->known && v->d->fact.zip_h1.n ? v->d->fact.zip_h1 : noted;
	if (admit_check_zip(&offline, v->a, v->m.path, v->m.version, file.p, NULL, &v->d->h1, &err))
		wrong(v, BAD_ZIP, "zip", short_text(v, &err));
	else
		compare_hashes(v, noted);
	hm_err_free(&err);
}

/* The zip was verified as a whole: where they differ, the .mod is the wrong one. */
static void
compare_mod(struct view *v)
{
	struct hm_err err = { 0 };
	hm_str file, inside;

	if (!v->d->has_zip || !v->has_mod || v->d->bad & (BAD_ZIP | BAD_MOD))
		return;
	if (hm_store_path(&v->k->p->store, v->a, v->m.path, v->m.version, "zip", &file, &err) ==
	            0 &&
	    admit_mod_of_zip(v->a, v->m.path, v->m.version, file.p, &inside, &err) == 0 &&
	    !hm_str_eq(inside, v->mod))
		wrong(v, BAD_MOD, "mod", HM_S("it is not the zip's go.mod"));
	hm_err_free(&err);
}

/* Only where the files are well: else it is they who changed. */
static void
compare_facts(struct view *v)
{
	const struct fact *f = &v->d->fact;

	if (v->d->bad || !v->k->p->facts)
		return;
	if (!v->d->known)
		wrong(v, BAD_FACTS, "facts.db", HM_S("does not have it"));
	else if (f->info_bytes != size_of(v, "info") || f->mod_bytes != size_of(v, "mod") ||
	         f->zip_bytes != size_of(v, "zip"))
		wrong(v, BAD_FACTS, "facts.db", HM_S("has other files or sizes for it"));
}

void
fsck_look(const struct fsck *k, struct hm_arena *a, struct hm_modver m, struct diagnosis *d)
{
	struct view v = { .k = k, .a = a, .m = m, .d = d };
	struct hm_err err = { 0 };

	*d = (struct diagnosis){ 0 };
	d->known = facts_version(k->p->facts, a, m.path, m.version, &d->fact, &err) == 0;
	if (!d->known && err.code != HM_ENOTFOUND && err.code != HM_EOFF)
		wrong(&v, BAD_FACTS, "facts.db", hm_err_str(&err));
	hm_err_free(&err);
	look_at_info(&v);
	look_at_mod(&v);
	look_at_zip(&v);
	compare_mod(&v);
	compare_facts(&v);
}
