#include "witness.h"

#include "base/path.h"
#include "codec/hex.h"
#include "crypto/ed25519.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "os/clock.h"
#include "os/file.h"
#include "tilelog/checkpoint.h"
#include "tilelog/files.h"
#include "tlog/cosign.h"

/* known = 0: not asked about any more, but never forgotten. */
static const char *const schema[] = {
	"CREATE TABLE log (origin TEXT PRIMARY KEY, name TEXT NOT NULL, url TEXT NOT NULL,"
	" known INTEGER NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL,"
	" time INTEGER NOT NULL) STRICT;"
	"CREATE TABLE key (origin TEXT NOT NULL, vkey TEXT NOT NULL, PRIMARY KEY (origin, vkey))"
	" STRICT;"
	"CREATE TRIGGER forward BEFORE UPDATE OF size ON log WHEN NEW.size < OLD.size"
	" BEGIN SELECT RAISE(ABORT, 'a head must not go back'); END;"
	"CREATE TRIGGER kept BEFORE DELETE ON log"
	" BEGIN SELECT RAISE(ABORT, 'a head must not be forgotten'); END;",
};

#define LOG_COLUMNS "SELECT origin, name, url, size, root, note, time FROM log WHERE known "

/* ---- opening */

int
witness_create(struct hm_arena *a, hm_str dir, hm_str name, hm_str *vkey, struct hm_err *err)
{
	hm_str file = hm_tilelog_file(a, dir, "key"), skey, text;
	uint8_t pub[HM_ED25519_PUBLIC];
	struct hm_signer s;
	int rc;

	if (hm_file_exists(file.p))
		return hm_err_set(err, HM_ECONFLICT, HM_F ": there is a key already", HM_P(dir));
	if (hm_dir_make_all(hm_arena_cstr(a, dir), err) ||
	    hm_note_keygen(a, name, &skey, vkey, err) || hm_signer_parse(a, skey, &s, err) ||
	    hm_ed25519_public(s.seed, pub, err))
		return -1;
	*vkey = hm_cosigner_vkey(a, name, pub);
	text = hm_arena_printf(a, HM_F "\n", HM_P(skey));
	rc = hm_file_publish(file.p, text, 0600, true, err);
	hm_secret_wipe(s.seed, sizeof(s.seed));
	hm_secret_wipe((void *)(uintptr_t)skey.p, skey.n);
	hm_secret_wipe((void *)(uintptr_t)text.p, text.n);
	return rc;
}

static int
read_key(struct witness *w, struct hm_err *err)
{
	struct hm_signers signers = { 0 };
	uint8_t pub[HM_ED25519_PUBLIC];
	struct hm_strs vkeys = { 0 };

	if (hm_tilelog_read_keys(&w->arena, w->dir, &signers, &vkeys, err))
		return -1;
	w->signer = signers.v[0];
	for (size_t i = 0; i < signers.n; i++)
		hm_secret_wipe(signers.v[i].seed, sizeof(signers.v[i].seed));
	if (hm_ed25519_public(w->signer.seed, pub, err))
		return -1;
	w->vkey = hm_cosigner_vkey(&w->arena, w->signer.name, pub);
	return 0;
}

int
witness_open(struct witness *w, hm_str dir, const struct hm_log *log, struct hm_err *err)
{
	struct hm_db_opts opts = { .durable = true };
	hm_str file;

	*w = (struct witness){ .log = log };
	pthread_mutex_init(&w->mutex, NULL);
	w->dir = hm_arena_dup(&w->arena, dir);
	file = hm_tilelog_file(&w->arena, dir, "key");
	if (!hm_file_exists(file.p))
		return hm_err_set(err, HM_ENOTFOUND, HM_F ": there is no witness (init makes one)",
		                  HM_P(dir));
	file = hm_tilelog_file(&w->arena, dir, "witness.db");
	if (read_key(w, err) || hm_db_open(file.p, &opts, &w->db, err))
		return -1;
	return hm_db_migrate(w->db, schema, sizeof(schema) / sizeof(*schema), err);
}

void
witness_close(struct witness *w)
{
	hm_db_free(w->db);
	hm_secret_wipe(w->signer.seed, sizeof(w->signer.seed));
	hm_arena_free(&w->arena);
	pthread_mutex_destroy(&w->mutex);
}

/* ---- the logs that are known */

/* One statement with two texts. */
static int
run(struct witness *w, const char *sql, hm_str one, hm_str two, struct hm_err *err)
{
	struct hm_stmt *s;
	int rc;

	if (hm_stmt_new(w->db, sql, &s, err))
		return -1;
	hm_stmt_bind_str(s, 1, one);
	if (two.p)
		hm_stmt_bind_str(s, 2, two);
	rc = hm_stmt_run(s, err);
	hm_stmt_free(s);
	return rc;
}

static int
add_log(struct witness *w, hm_str name, hm_str vkey, hm_str url, struct hm_err *err)
{
	hm_str origin = hm_checkpoint_origin(name);

	if (run(w,
	        "INSERT INTO log VALUES (?1, ?2, '', 1, 0, x'', '', 0)"
	        " ON CONFLICT (origin) DO UPDATE SET known = 1",
	        origin, name, err) ||
	    run(w, "INSERT OR IGNORE INTO key VALUES (?1, ?2)", origin, vkey, err))
		return -1;
	if (url.n && run(w, "UPDATE log SET url = ?2 WHERE origin = ?1", origin, url, err))
		return -1;
	return 0;
}

int
witness_add_log(struct witness *w, hm_str vkey, hm_str url, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_verifier v;
	int rc = hm_verifier_parse(&a, vkey, &v, err);

	pthread_mutex_lock(&w->mutex);
	if (rc == 0)
		rc = hm_db_begin(w->db, err);
	if (rc == 0) {
		rc = add_log(w, v.name, vkey, url, err);
		if (rc == 0)
			rc = hm_db_commit(w->db, err);
		if (rc)
			hm_db_rollback(w->db);
	}
	pthread_mutex_unlock(&w->mutex);
	hm_arena_free(&a);
	return rc;
}

int
witness_drop_log(struct witness *w, hm_str name, struct hm_err *err)
{
	hm_str origin = hm_checkpoint_origin(name), none = { NULL, 0 };
	int rc;

	pthread_mutex_lock(&w->mutex);
	rc = run(w, "UPDATE log SET known = 0 WHERE known AND origin = ?1", origin, none, err);
	if (rc == 0 && hm_db_changes(w->db) == 0)
		rc = hm_err_set(err, HM_ENOTFOUND, HM_F ": not a log that is known", HM_P(name));
	if (rc == 0)
		rc = run(w, "DELETE FROM key WHERE origin = ?1", origin, none, err);
	pthread_mutex_unlock(&w->mutex);
	return rc;
}

static int
read_log(struct hm_stmt *s, struct hm_arena *a, struct known *k, struct hm_err *err)
{
	hm_str root = hm_stmt_str(s, 4);

	*k = (struct known){
		.origin = hm_arena_dup(a, hm_stmt_str(s, 0)),
		.name = hm_arena_dup(a, hm_stmt_str(s, 1)),
		.url = hm_arena_dup(a, hm_stmt_str(s, 2)),
		.tree.n = hm_stmt_int(s, 3),
		.note = hm_arena_dup(a, hm_stmt_str(s, 5)),
		.time = hm_stmt_int(s, 6),
	};
	if (k->note.n == 0)
		return 0;
	if (root.n != sizeof(k->tree.hash.b))
		return hm_err_set(err, HM_EINVALID, "witness.db: damaged root of " HM_F,
		                  HM_P(k->origin));
	memcpy(k->tree.hash.b, root.p, root.n);
	return 0;
}

static int
read_log_keys(struct witness *w, struct hm_arena *a, struct known *k, struct hm_err *err)
{
	HM_VEC(struct hm_verifier) keys = { 0 };
	struct hm_stmt *s;
	bool row = true;
	int rc;

	if (hm_stmt_new(w->db, "SELECT vkey FROM key WHERE origin = ?1 ORDER BY vkey", &s, err))
		return -1;
	hm_stmt_bind_str(s, 1, k->origin);
	while ((rc = hm_stmt_step(s, &row, err)) == 0 && row) {
		struct hm_verifier v;

		rc = hm_verifier_parse(a, hm_stmt_str(s, 0), &v, err);
		if (rc)
			break;
		HM_PUSH(a, keys, v);
	}
	hm_stmt_free(s);
	k->keys = keys.v;
	k->n_keys = keys.n;
	return rc;
}

/* The logs, or the one of this origin; with the mutex held. */
static int
read_logs(struct witness *w, struct hm_arena *a, hm_str origin, struct knowns *out,
          struct hm_err *err)
{
	struct hm_stmt *s;
	bool row = true;
	int rc;

	if (hm_stmt_new(w->db,
	                origin.p ? LOG_COLUMNS "AND origin = ?1" : LOG_COLUMNS "ORDER BY origin",
	                &s, err))
		return -1;
	if (origin.p)
		hm_stmt_bind_str(s, 1, origin);
	while ((rc = hm_stmt_step(s, &row, err)) == 0 && row) {
		struct known k;

		rc = read_log(s, a, &k, err);
		if (rc)
			break;
		HM_PUSH(a, *out, k);
	}
	hm_stmt_free(s);
	for (size_t i = 0; rc == 0 && i < out->n; i++)
		rc = read_log_keys(w, a, &out->v[i], err);
	return rc;
}

int
witness_logs(struct witness *w, struct hm_arena *a, struct knowns *out, struct hm_err *err)
{
	int rc;

	*out = (struct knowns){ 0 };
	pthread_mutex_lock(&w->mutex);
	rc = read_logs(w, a, (hm_str){ NULL, 0 }, out, err);
	pthread_mutex_unlock(&w->mutex);
	return rc;
}

static int
find_locked(struct witness *w, struct hm_arena *a, hm_str origin, struct known *out,
            struct hm_err *err)
{
	struct knowns logs = { 0 };

	if (read_logs(w, a, origin, &logs, err))
		return -1;
	if (logs.n == 0)
		return hm_err_set(err, HM_ENOTFOUND, "unknown log");
	*out = logs.v[0];
	return 0;
}

int
witness_find(struct witness *w, struct hm_arena *a, hm_str origin, struct known *out,
             struct hm_err *err)
{
	int rc;

	pthread_mutex_lock(&w->mutex);
	rc = find_locked(w, a, origin, out, err);
	pthread_mutex_unlock(&w->mutex);
	return rc;
}

/* ---- cosigning */

/* The head with the signatures of the log that were checked, and ours. */
static int
cosigned_note(struct hm_arena *a, const struct hm_note *note, hm_str line, hm_str *out,
              struct hm_err *err)
{
	struct hm_note checked = { .text = note->text, .sigs = note->sigs };

	if (hm_note_sign(a, &checked, NULL, 0, out, err))
		return -1;
	*out = hm_arena_concat(a, (hm_str[]){ *out, line }, 2);
	return 0;
}

/* Only where the head is still the one that was judged. */
static int
swap(struct witness *w, const struct known *was, const struct known *now, struct hm_err *err)
{
	hm_str root = hm_str_make((const char *)now->tree.hash.b, sizeof(now->tree.hash.b));
	struct hm_stmt *s;
	int rc;

	if (hm_stmt_new(w->db,
	                "UPDATE log SET size = ?1, root = ?2, note = ?3, time = ?4"
	                " WHERE origin = ?5 AND size = ?6 AND note = ?7",
	                &s, err))
		return -1;
	hm_stmt_bind_int(s, 1, now->tree.n);
	hm_stmt_bind_blob(s, 2, root);
	hm_stmt_bind_str(s, 3, now->note);
	hm_stmt_bind_int(s, 4, now->time);
	hm_stmt_bind_str(s, 5, was->origin);
	hm_stmt_bind_int(s, 6, was->tree.n);
	hm_stmt_bind_str(s, 7, was->note);
	rc = hm_stmt_run(s, err);
	hm_stmt_free(s);
	if (rc == 0 && hm_db_changes(w->db) != 1)
		rc = hm_err_set(err, HM_EINTERNAL, "the state changed under a transaction");
	return rc;
}

/* In a transaction that holds the writer's lock: judged and stored as one. */
static int
advance(struct witness *w, struct hm_arena *a, struct known *k, const struct hm_note *note,
        const struct hm_tree *tree, const struct hm_add_checkpoint *req, hm_str *line,
        struct hm_err *err)
{
	struct known now;
	hm_str text = hm_checkpoint_cosigned(a, k->name, note->text, tree);

	if (find_locked(w, a, k->origin, k, err) || hm_witness_judge(&k->tree, req, tree, err))
		return -1;
	now = *k;
	now.tree = *tree;
	now.time = hm_clock_unix();
	if (now.time < k->time)
		now.time = k->time; /* a clock that was set back */
	if (hm_cosign(a, &w->signer, text, now.time, line, err) ||
	    cosigned_note(a, note, *line, &now.note, err) || swap(w, k, &now, err) ||
	    hm_db_commit(w->db, err))
		return -1;
	*k = now;
	return 0;
}

static hm_str
hash_of(struct hm_arena *a, hm_str text)
{
	uint8_t sum[HM_SHA256_SIZE];

	hm_sha256_of(text, sum);
	return hm_hex_encode(a, sum, sizeof(sum));
}

/* A copy for static servers; that of the database is the one that counts. */
static void
publish(struct witness *w, struct hm_arena *a, const struct known *k)
{
	hm_str dir = hm_arena_printf(a, HM_F "/public/" HM_F, HM_P(w->dir),
	                             HM_P(hash_of(a, k->origin)));
	struct hm_err err = { 0 };

	if (hm_dir_make_all(dir.p, &err) ||
	    hm_file_publish(hm_path_cat(a, dir, HM_S("checkpoint")).p, k->note, 0644, true, &err))
		hm_log(w->log, HM_LOG_WARN, "publishing: " HM_F, HM_P(hm_err_str(&err)));
	hm_err_free(&err);
}

int
witness_cosign(struct witness *w, struct hm_arena *a, struct known *k,
               const struct hm_note *note, const struct hm_tree *tree,
               const struct hm_add_checkpoint *req, hm_str *line, struct hm_err *err)
{
	int rc;

	pthread_mutex_lock(&w->mutex);
	rc = hm_db_begin(w->db, err);
	if (rc == 0) {
		rc = advance(w, a, k, note, tree, req, line, err);
		if (rc)
			hm_db_rollback(w->db);
		else
			publish(w, a, k);
	}
	pthread_mutex_unlock(&w->mutex);
	if (rc && err->code == HM_ESECURITY && k->note.n && k->tree.n == tree->n &&
	    !hm_hash_eq(&k->tree.hash, &tree->hash))
		witness_alarm(w, EVENT_FORK, k, req->note, err);
	return rc;
}

/* ---- alarms */

void
witness_alarm(struct witness *w, enum event_kind kind, const struct known *k, hm_str now,
              struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_err bad = { 0 };
	hm_str dir = hm_path_cat(&a, w->dir, HM_S("evidence"));
	hm_str message = hm_arena_dup(&a, hm_err_str(err));
	hm_str text = hm_arena_printf(&a,
	                              HM_F ": " HM_F "\n\ncosigned before:\n" HM_F "\nnow:\n" HM_F,
	                              HM_P(k->name), HM_P(message), HM_P(k->note), HM_P(now));
	hm_str file = hm_arena_printf(&a, HM_F "/" HM_F, HM_P(dir),
	                              HM_P(hm_str_sub(hash_of(&a, text), 0, 16)));
	struct event e = { .kind = kind, .log = k->name, .message = message, .before = k->note,
		           .now = now, .evidence = file };
	bool again = hm_file_exists(file.p);

	if (hm_dir_make_all(dir.p, &bad) || hm_file_publish(file.p, text, 0644, true, &bad))
		hm_log(w->log, HM_LOG_WARN, HM_F, HM_P(hm_err_str(&bad)));
	hm_err_clear(&bad);
	/* The same contradiction, told a thousand times, is one alarm. */
	if (!again) {
		atomic_fetch_add(&w->alarms, 1);
		hm_log(w->log, HM_LOG_WARN, "SECURITY ERROR: " HM_F ": " HM_F "; both heads are in "
		       HM_F, HM_P(k->name), HM_P(message), HM_P(file));
		if (event_hook(w->hook, &e, w->log, &bad))
			hm_log(w->log, HM_LOG_WARN, HM_F, HM_P(hm_err_str(&bad)));
	}
	hm_err_free(&bad);
	hm_arena_free(&a);
}
