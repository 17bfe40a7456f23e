#include "verify/databases.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "mod/match.h"
#include "os/file.h"
#include "tlog/trust.h"

/* Lookups that a server does with one client, which remembers all tiles and all failures. */
enum { LINK_USES = 500 };

/* refs: lookups under way, and one while it is its slot's. */
struct hm_database {
	struct hm_sumdb_link *link;
	struct slot *slot;
	unsigned refs, uses;
};

struct slot {
	struct hm_sumdb_choice choice;
	struct hm_database *now; /* NULL: not dialed */
	struct hm_err err;       /* why it could not be */
};

struct hm_databases {
	const struct hm_verify_conf *conf;
	pthread_mutex_t mutex; /* guards all below */
	struct hm_arena arena;
	bool loaded;
	struct hm_err err; /* of HERMOD_SUMDBS */
	struct hm_trust trust;
	struct hm_verify_conf public; /* conf with GOSUMDB=sum.golang.org */
	struct slot gosumdb;
	struct slot go;    /* sum.golang.org, where GOSUMDB says something else */
	struct slot *slot; /* as many as trust.n_db; one key's entries use the first */
};

struct hm_databases *
hm_databases_new(const struct hm_verify_conf *conf)
{
	struct hm_databases *d = hm_mem_new(sizeof(*d));

	d->conf = conf;
	d->public = *conf;
	d->public.gosumdb = HM_S("sum.golang.org");
	pthread_mutex_init(&d->mutex, NULL);
	return d;
}

static void
drop(struct hm_database *b)
{
	if (!b || --b->refs)
		return;
	hm_sumdb_hang_up(b->link);
	free(b);
}

static void
free_slot(struct slot *s)
{
	drop(s->now);
	hm_err_free(&s->err);
}

void
hm_databases_free(struct hm_databases *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->trust.n_db; i++)
		free_slot(&d->slot[i]);
	free_slot(&d->gosumdb);
	free_slot(&d->go);
	hm_err_free(&d->err);
	hm_arena_free(&d->arena);
	pthread_mutex_destroy(&d->mutex);
	free(d);
}

/* ---- HERMOD_SUMDBS */

static hm_str
name_of(hm_str key)
{
	hm_str name, rest;

	hm_str_cut(key, '+', &name, &rest);
	return name;
}

static int
read_trust(struct hm_databases *d, struct hm_err *err)
{
	hm_str text = d->conf->sumdbs;

	if (hm_str_cut_prefix(&text, HM_S("@")) &&
	    hm_file_read(&d->arena, hm_arena_cstr(&d->arena, text), HM_TRUST_MAX, &text, err)) {
		err->code = HM_EINVALID; /* a missing file is no missing module */
		return -1;
	}
	return hm_trust_parse(&d->arena, text, &d->trust, err);
}

/* Entries of one name share what is known of its log, so that they must be one log. */
static int
make_slots(struct hm_databases *d, struct hm_err *err)
{
	d->slot = HM_NEW_N(&d->arena, d->trust.n_db, struct slot);
	for (size_t i = 0; i < d->trust.n_db; i++) {
		const struct hm_trust_db *db = &d->trust.db[i];

		d->slot[i].choice = (struct hm_sumdb_choice){ db->key, db->url, db->quorum,
			                                      &d->trust };
		for (size_t j = 0; j < i; j++)
			if (hm_str_eq(name_of(db->key), name_of(d->trust.db[j].key)) &&
			    !hm_str_eq(db->key, d->trust.db[j].key))
				return hm_err_set(err, HM_EINVALID, "two keys of " HM_F,
				                  HM_P(name_of(db->key)));
		if (hm_sumdb_check_choice(&d->slot[i].choice, err))
			return hm_err_wrap(err, HM_F ": ", HM_P(db->patterns));
	}
	return 0;
}

static void
load(struct hm_databases *d)
{
	if (d->loaded)
		return;
	d->loaded = true;
	if (d->conf->sumdbs.n == 0)
		return;
	if (read_trust(d, &d->err) == 0 && make_slots(d, &d->err) == 0)
		return;
	hm_err_wrap(&d->err, "invalid HERMOD_SUMDBS: ");
	d->trust.n_db = 0;
}

/* The first entry of the table for path, or NULL. */
static struct slot *
listed(struct hm_databases *d, hm_str path)
{
	load(d);
	for (size_t i = 0; i < d->trust.n_db; i++)
		if (hm_match_prefix_patterns(d->trust.db[i].patterns, path))
			return &d->slot[i];
	return NULL;
}

bool
hm_databases_lists(struct hm_databases *d, hm_str path)
{
	bool yes;

	pthread_mutex_lock(&d->mutex);
	yes = listed(d, path) || d->err.code != HM_OK;
	pthread_mutex_unlock(&d->mutex);
	return yes;
}

hm_str
hm_databases_name(struct hm_databases *d, hm_str path)
{
	hm_str text = d->conf->gosumdb, key = HM_S("");
	struct slot *s;

	pthread_mutex_lock(&d->mutex);
	s = listed(d, path);
	if (s)
		text = s->choice.key;
	pthread_mutex_unlock(&d->mutex);
	hm_str_next_field(&text, &key);
	return name_of(key);
}

/* ---- clients */

/* The slot to ask for path, with the mutex held. */
static int
choose(struct hm_databases *d, hm_str path, struct slot **out, struct hm_err *err)
{
	struct slot *s = listed(d, path);

	if (d->err.code != HM_OK)
		return hm_err_set(err, d->err.code, HM_F, HM_P(hm_err_str(&d->err)));
	/* The same log with the same demands: one client. */
	for (size_t i = 0; s && i < (size_t)(s - d->slot); i++)
		if (hm_str_eq(d->slot[i].choice.key, s->choice.key) &&
		    hm_str_eq(d->slot[i].choice.url, s->choice.url) &&
		    d->slot[i].choice.quorum == s->choice.quorum)
			s = &d->slot[i];
	*out = s ? s : &d->gosumdb;
	return 0;
}

static void
dial(struct hm_databases *d, struct slot *s)
{
	s->now = hm_mem_new(sizeof(*s->now));
	s->now->refs = 1;
	s->now->slot = s;
	hm_err_clear(&s->err);
	hm_sumdb_dial(s == &d->go ? &d->public : d->conf,
	              s == &d->gosumdb || s == &d->go ? NULL : &s->choice, &s->now->link,
	              &s->err);
}

/* The slot's client for one more, with the mutex held. */
static int
take(struct hm_databases *d, struct slot *s, struct hm_database **out, struct hm_err *err)
{
	if (!s->now)
		dial(d, s);
	if (!s->now->link)
		return hm_err_set(err, s->err.code, HM_F, HM_P(hm_err_str(&s->err)));
	*out = s->now;
	s->now->refs++;
	return 0;
}

int
hm_databases_take(struct hm_databases *d, hm_str path, struct hm_database **out,
                  struct hm_err *err)
{
	struct slot *s = NULL;
	int rc;

	pthread_mutex_lock(&d->mutex);
	rc = choose(d, path, &s, err);
	if (rc == 0)
		rc = take(d, s, out, err);
	pthread_mutex_unlock(&d->mutex);
	return rc;
}

/* GOSUMDB's, then HERMOD_SUMDBS', then the one that Go defines; with the mutex held. */
static struct slot *
named(struct hm_databases *d, hm_str name)
{
	hm_str text = d->conf->gosumdb, key = HM_S("");

	load(d);
	hm_str_next_field(&text, &key);
	if (hm_str_eq(name_of(hm_sumdb_key_of(key)), name))
		return &d->gosumdb;
	for (size_t i = 0; i < d->trust.n_db; i++)
		if (hm_str_eq(name_of(d->slot[i].choice.key), name))
			return &d->slot[i];
	return hm_str_eq(d->public.gosumdb, name) ? &d->go : NULL;
}

int
hm_databases_take_named(struct hm_databases *d, hm_str name, struct hm_database **out,
                        struct hm_err *err)
{
	struct slot *s;
	int rc;

	pthread_mutex_lock(&d->mutex);
	s = named(d, name);
	rc = s ? take(d, s, out, err) :
	         hm_err_set(err, HM_ENOTYET, "no key of " HM_F " is known", HM_P(name));
	pthread_mutex_unlock(&d->mutex);
	return rc;
}

struct hm_sumdb_link *
hm_database_link(struct hm_database *b)
{
	return b->link;
}

void
hm_databases_give(struct hm_databases *d, struct hm_database *b, bool failed)
{
	pthread_mutex_lock(&d->mutex);
	b->uses++;
	if (d->conf->long_lived && b->slot->now == b && (failed || b->uses >= LINK_USES)) {
		b->slot->now = NULL;
		b->refs--; /* never the last: the caller's is left */
	}
	drop(b);
	pthread_mutex_unlock(&d->mutex);
}
