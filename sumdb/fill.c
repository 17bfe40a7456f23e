/*
 * fill.c - init, key, rotate, add, import, fsck: what is done to a log from the command line.
 */
#include <stdio.h>

#include "codec/base64.h"
#include "mod/gosum.h"
#include "os/file.h"
#include "sumdb.h"
#include "tilelog/fsck.h"

#define GOSUM_MAX ((size_t)1 << 30)

int
cmd_init(struct options *o, struct hm_log *log, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str vkey;
	int rc = -1;

	(void)log;
	if (o->name.n == 0)
		hm_err_set(err, HM_EUSAGE,
			   "--name is missing: host[/path], as GOSUMDB will name it");
	else if (o->is_public && o->is_private)
		hm_err_set(err, HM_EUSAGE, "--public and --private contradict each other");
	else
		rc = hm_tilelog_create(&a, o->dir, o->name, &vkey, err);
	if (rc == 0 && o->is_public)
		rc = hm_tilelog_declare(o->dir, true, err);
	if (rc == 0)
		printf("%s\n", vkey.p);
	hm_arena_free(&a);
	return rc;
}

int
cmd_key(struct options *o, struct hm_log *log, struct hm_err *err)
{
	struct hm_tilelog *l;

	if (hm_tilelog_open(o->dir, log, &l, err))
		return -1;
	for (size_t i = 0; i < hm_tilelog_vkeys(l)->n; i++)
		printf("%s\n", hm_tilelog_vkeys(l)->v[i].p);
	hm_tilelog_free(l);
	return 0;
}

int
cmd_rotate(struct options *o, struct hm_log *log, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str vkey;
	int rc;

	(void)log;
	rc = hm_tilelog_rotate(&a, o->dir, o->retire, &vkey, err);
	if (rc == 0)
		printf("%s\n", vkey.p);
	hm_arena_free(&a);
	return rc;
}

/* ---- add */

void
keep_evidence(struct hm_tilelog *l, struct hm_err *err, hm_str fetched)
{
	struct hm_arena a = { 0 };
	hm_str text = hm_err_str(err);

	if (fetched.n)
		text = hm_arena_printf(&a, HM_F "\n\tfetched:\n" HM_F, HM_P(text), HM_P(fetched));
	hm_tilelog_alarm(l, text);
	hm_arena_free(&a);
}

static int
add_one(struct hm_tilelog *l, struct source *s, hm_str word, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_append rec = { .ctx = NULL };
	struct hm_modver m;
	int rc;

	if (!hm_modver_cut(word, &m))
		rc = hm_err_set(err, HM_EUSAGE, HM_F ": not of the form PATH@VERSION", HM_P(word));
	else
		rc = source_record(s, &a, m, &rec.text, err);
	if (rc && err->code == HM_ESECURITY)
		keep_evidence(l, err, rec.text);
	if (rc == 0)
		rc = hm_tilelog_append(l, &rec, 1, err);
	if (rc == 0)
		printf("%lld " HM_F "%s\n", (long long)rec.id, HM_P(word),
		       rec.fresh ? "" : " (known)");
	hm_arena_free(&a);
	return rc;
}

static int
open_both(struct options *o, struct hm_log *log, struct hm_tilelog **l, struct source *s,
          struct hm_err *err)
{
	if (hm_tilelog_open(o->dir, log, l, err))
		return -1;
	return source_open(s, o, hm_tilelog_name(*l), log, err);
}

int
cmd_add(struct options *o, int argc, char **argv, struct hm_log *log, struct hm_err *err)
{
	struct hm_tilelog *l = NULL;
	struct source s = { 0 };
	int rc;

	if (argc == 0)
		return hm_err_set(err, HM_EUSAGE, "add what? PATH@VERSION...");
	rc = open_both(o, log, &l, &s, err);
	for (int i = 0; rc == 0 && i < argc; i++)
		rc = add_one(l, &s, hm_str_of(argv[i]), err);
	source_close(&s);
	hm_tilelog_free(l);
	return rc;
}

/* ---- import */

enum { IMPORT_AT_ONCE = 16384 };

struct import {
	struct hm_tilelog *l;
	struct source s;
	struct hm_arena arena; /* of the records that wait */
	struct {
		struct hm_append *v;
		size_t n, cap;
	} wait;
	long long added, known, incomplete;
};

static int
flush(struct import *im, struct hm_err *err)
{
	int rc = hm_tilelog_append(im->l, im->wait.v, im->wait.n, err);

	for (size_t i = 0; i < im->wait.n; i++) {
		im->added += im->wait.v[i].fresh;
		im->known += im->wait.v[i].rc == 0 && !im->wait.v[i].fresh;
	}
	im->wait.v = NULL;
	im->wait.n = im->wait.cap = 0;
	hm_arena_free(&im->arena);
	return rc;
}

static bool
is_h1(hm_str hash)
{
	uint8_t sum[32];

	return hm_str_cut_prefix(&hash, HM_S("h1:")) &&
	       hm_base64_decode_to(HM_BASE64_STD, hash, sum, sizeof(sum));
}

/* A record needs the hash of the zip and that of go.mod: lines i and i + 1 when sorted. */
static int
take_pair(struct import *im, const struct hm_gosum_line *zip, const struct hm_gosum_line *mod,
          struct hm_err *err)
{
	struct hm_append rec = { .ctx = NULL };

	if (check_modver(zip->mod, err) ||
	    source_confirm(&im->s, zip->mod, zip->hash, mod->hash, err))
		return -1;
	rec.text = record_text(&im->arena, zip->mod, zip->hash, mod->hash);
	HM_PUSH(&im->arena, im->wait, rec);
	return im->wait.n == IMPORT_AT_ONCE ? flush(im, err) : 0;
}

static bool
is_pair(const struct hm_gosum_line *zip, const struct hm_gosum_line *mod)
{
	hm_str version = mod->mod.version;

	return hm_str_eq(zip->mod.path, mod->mod.path) &&
	       hm_str_cut_suffix(&version, HM_S("/go.mod")) && hm_str_eq(zip->mod.version, version);
}

static int
import_file(struct import *im, const char *file, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_gosum_lines lines = { 0 };
	hm_str data;
	int rc = hm_file_read(&a, file, GOSUM_MAX, &data, err);

	if (rc == 0)
		rc = hm_gosum_parse(&a, hm_str_of(file), data, false, &lines, err);
	if (rc == 0)
		hm_gosum_sort(&lines);
	for (size_t i = 0; rc == 0 && i < lines.n; i++) {
		if (!is_h1(lines.v[i].hash)) {
			rc = hm_err_set(err, HM_EINVALID,
					"%s: " HM_F "@" HM_F ": unknown hash " HM_F, file,
					HM_P(lines.v[i].mod.path), HM_P(lines.v[i].mod.version),
					HM_P(lines.v[i].hash));
		} else if (i + 1 < lines.n && is_pair(&lines.v[i], &lines.v[i + 1]) &&
		           is_h1(lines.v[i + 1].hash)) {
			rc = take_pair(im, &lines.v[i], &lines.v[i + 1], err);
			i++;
		} else {
			im->incomplete++;
		}
	}
	if (rc == 0 || im->wait.n)
		rc = flush(im, rc ? &(struct hm_err){ 0 } : err) || rc ? -1 : 0;
	hm_arena_free(&a);
	return rc;
}

int
cmd_import(struct options *o, int argc, char **argv, struct hm_log *log, struct hm_err *err)
{
	struct import im = { .l = NULL };
	int rc;

	if (argc == 0)
		return hm_err_set(err, HM_EUSAGE, "import what? go.sum files");
	rc = open_both(o, log, &im.l, &im.s, err);
	for (int i = 0; rc == 0 && i < argc; i++)
		rc = import_file(&im, argv[i], err);
	if (im.l)
		printf("%lld added, %lld known, %lld without the other hash\n", im.added, im.known,
		       im.incomplete);
	hm_arena_free(&im.arena);
	source_close(&im.s);
	hm_tilelog_free(im.l);
	return rc;
}

/* ---- fsck */

static void
say(void *ctx, hm_str line)
{
	(void)ctx;
	printf(HM_F "\n", HM_P(line));
}

int
cmd_fsck(struct options *o, struct hm_log *log, struct hm_err *err)
{
	struct hm_fsck f = { .repair = o->repair, .say = say };

	if (o->is_public && o->is_private)
		return hm_err_set(err, HM_EUSAGE, "--public and --private contradict each other");
	if ((o->is_public || o->is_private) && !o->repair)
		return hm_err_set(err, HM_EUSAGE, "--public and --private go with --repair");
	if (o->is_public || o->is_private)
		f.declare = o->is_public ? HM_DECLARED_PUBLIC : HM_DECLARED_PRIVATE;
	if (hm_tilelog_fsck(o->dir, log, &f, err))
		return -1;
	printf("%lld records, %llu wrong, %llu mended\n", (long long)f.size,
	       (unsigned long long)f.wrong, (unsigned long long)f.mended);
	return 0;
}
