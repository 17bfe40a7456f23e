/*
 * fsck_mend.c - what is damaged is set aside and comes back from where it came from.
 */
#include "fsck_priv.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/path.h"
#include "codec/json.h"
#include "codec/time.h"
#include "evidence.h"
#include "obtain.h"
#include "os/clock.h"
#include "os/file.h"

int
fsck_set_aside(struct fsck *k, hm_str file, hm_str rel, hm_str why, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str dir = hm_path_cat(&a, k->p->store.root, HM_S("evidence")), to, text;
	int rc = hm_dir_make_all(dir.p, err);
	bool gone = false;

	to = hm_path_cat(&a, dir, evidence_name(&a, rel));
	if (rc == 0 && rename(file.p, to.p)) {
		gone = errno == ENOENT;
		rc = gone ? 0 : hm_err_sys(err, errno, "rename " HM_F, HM_P(file));
	}
	if (rc == 0 && !gone) {
		text = hm_arena_printf(&a, HM_F "\nfsck: " HM_F "\n",
		                       HM_P(hm_clock_rfc3339(&a, hm_clock_unix(), 0)), HM_P(why));
		rc = hm_file_publish(hm_arena_printf(&a, HM_F ".why", HM_P(to)).p, text, 0600,
		                     false, err);
	}
	hm_arena_free(&a);
	return rc;
}

static void
did(struct mending *md, const char *what)
{
	md->text =
		hm_arena_printf(md->a, HM_F "%s%s", HM_P(md->text), md->text.n ? "; " : "", what);
}

static void
could_not(struct mending *md, const char *what, struct hm_err *err)
{
	did(md, hm_arena_printf(md->a, "%s: " HM_F, what, HM_P(hm_err_str(err))).p);
	md->lost = true;
}

static int
aside(struct mending *md, const char *suffix, struct hm_err *err)
{
	const struct hm_store *s = &md->w->k->p->store;
	hm_str file, rel;

	if (hm_store_path(s, md->a, md->m.path, md->m.version, suffix, &file, err))
		return -1;
	rel = hm_str_from(file, s->root.n + strlen("/cache/download/"));
	return fsck_set_aside(md->w->k, file, rel, hm_strs_join(md->a, &md->d->lines, HM_S("\n")),
	                      err);
}

static int
write_file(struct mending *md, const char *suffix, hm_str data, struct hm_err *err)
{
	return hm_store_write(&md->w->k->p->store, md->m.path, md->m.version, suffix, data, err);
}

static void
mend_zip(struct mending *md)
{
	const struct hm_store *s = &md->w->k->p->store;
	struct hm_err err = { 0 };
	hm_str hash;

	if (aside(md, "zip", &err) ||
	    hm_store_path(s, md->a, md->m.path, md->m.version, "ziphash", &hash, &err) ||
	    hm_file_remove(hash.p, &err)) {
		could_not(md, "the zip cannot be set aside", &err);
	} else {
		did(md, "the zip is in evidence");
		md->fetch = true;
	}
	hm_err_free(&err);
}

/* The zip is well by all its rules; is it the right one? */
static void
mend_hash(struct mending *md)
{
	struct proxy *p = md->w->k->p;
	const struct diagnosis *d = md->d;
	struct hm_err err = { 0 };
	bool ok = d->known && hm_str_eq(d->fact.zip_h1, d->h1);

	if (!ok && hm_verify_uses_sumdb(p->verify, md->m.path))
		ok = hm_verify_sum(p->verify, md->m.path, md->m.version, d->h1, &err) == 0;
	hm_err_clear(&err);
	if (!ok && !d->fact.local) {
		mend_zip(md);
	} else if (!ok) {
		did(md, "nothing vouches for the zip, and no upstream has it: it stays, and is not "
		        "served");
		md->lost = true;
	} else if (hm_store_write_ziphash(&p->store, md->m.path, md->m.version, d->h1, &err)) {
		could_not(md, ".ziphash", &err);
	} else {
		did(md, ".ziphash is written anew");
	}
	hm_err_free(&err);
}

static void
mend_mod(struct mending *md)
{
	struct proxy *p = md->w->k->p;
	const struct diagnosis *d = md->d;
	struct hm_err err = { 0 };
	hm_str zip, mod;

	if (aside(md, "mod", &err)) {
		could_not(md, "the .mod cannot be set aside", &err);
	} else if (d->has_zip && !(d->bad & (BAD_ZIP | BAD_HASH)) &&
	           hm_store_path(&p->store, md->a, md->m.path, md->m.version, "zip", &zip, &err) ==
	                   0 &&
	           admit_mod_of_zip(md->a, md->m.path, md->m.version, zip.p, &mod, &err) == 0 &&
	           admit_check_mod(&p->admit, md->m.path, md->m.version, mod, &err) == 0 &&
	           write_file(md, "mod", mod, &err) == 0) {
		did(md, "the .mod is the zip's again");
	} else {
		did(md, "the .mod is in evidence");
		md->fetch = true;
	}
	hm_err_free(&err);
}

static void
mend_info(struct mending *md)
{
	const struct fact *f = &md->d->fact;
	struct hm_err err = { 0 };
	struct hm_buf b = { 0 };
	struct hm_json_out w = { .out = &b };

	if (aside(md, "info", &err)) {
		could_not(md, "the .info cannot be set aside", &err);
	} else if (f->local && f->time) {
		struct hm_time t =
			hm_time_from_unix(f->time / 1000000, (int32_t)(f->time % 1000000) * 1000);

		hm_json_begin_object(&w);
		hm_json_member_str(&w, "Version", md->m.version);
		hm_json_member_str(&w, "Time", hm_time_rfc3339(md->a, t));
		hm_json_end_object(&w);
		if (write_file(md, "info", hm_buf_str(&b), &err))
			could_not(md, "the .info", &err);
		else
			did(md, "the .info is made from facts.db");
	} else {
		did(md, "the .info is in evidence");
		md->fetch = true;
	}
	hm_buf_free(&b);
	hm_err_free(&err);
}

void
fsck_mend_here(struct mending *md)
{
	int bad = md->d->bad;

	if (bad & BAD_ZIP)
		mend_zip(md);
	else if (bad & BAD_HASH)
		mend_hash(md);
	if (bad & BAD_MOD)
		mend_mod(md);
	if (bad & BAD_INFO)
		mend_info(md);
	if (bad & BAD_LOST) {
		did(md, "publish it again, or purge it");
		md->lost = true;
	}
	if (bad & BAD_FACTS)
		did(md, "facts.db reads the files again");
}

/* The same bytes as before, or none. */
static void
compare(struct mending *md)
{
	const struct hm_store *s = &md->w->k->p->store;
	struct hm_err err = { 0 };
	hm_str h1;

	if (md->d->want.n == 0 || !md->d->has_zip ||
	    !hm_store_ziphash(s, md->a, md->m.path, md->m.version, &h1) ||
	    hm_str_eq(h1, md->d->want)) {
		did(md, "fetched again");
		return;
	}
	did(md, hm_arena_printf(
			md->a, "what upstream has now is something else (" HM_F "): it is not kept",
			HM_P(h1))
	                .p);
	mend_zip(md);
	md->lost = true;
	hm_err_free(&err);
}

void
fsck_mend_fetch(struct mending *md)
{
	struct proxy *p = md->w->k->p;
	enum admit_outcome outcome;
	struct hm_err err = { 0 };
	hm_str mod;
	int rc = 0;

	if (!md->fetch)
		return;
	if (md->d->fact.local) {
		did(md, "no upstream can give it again");
		md->lost = true;
		return;
	}
	if (md->d->has_zip)
		rc = obtain_version(p, md->m, &outcome, &err);
	else if (md->d->bad & BAD_MOD)
		rc = obtain_mod(p, md->a, md->m, &mod, &err);
	else
		did(md, "it is fetched when it is asked for"); /* an .info alone */
	if (rc)
		did(md,
		    hm_arena_printf(md->a, "not fetched again: " HM_F, HM_P(hm_err_str(&err))).p);
	else if (md->d->has_zip || md->d->bad & BAD_MOD)
		compare(md);
	hm_err_free(&err);
}
