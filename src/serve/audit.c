#include "serve/audit.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "codec/hex.h"
#include "crypto/sha256.h"
#include "db/db.h"
#include "os/clock.h"
#include "serve/accountdb.h"

enum {
	NOTES_WAIT = 64,   /* in memory, until the thread writes them */
	NOTES_KNOWN = 512, /* fingerprints of what was noted in the last hour */
	NOTE_HOUR = 3600,
};

struct note {
	struct note *next;
	struct hm_arena arena;
	struct hm_audit_event e;
};

/* db_mutex guards db; mutex the rest. */
struct hm_audit {
	pthread_mutex_t db_mutex, mutex;
	pthread_cond_t wake;
	pthread_t thread;
	struct hm_db *db;
	const struct hm_log *log;
	struct note *first, *last;
	size_t waiting;
	bool stop;
	struct {
		uint64_t key;
		int64_t until;
	} known[NOTES_KNOWN];
	int64_t minute, day;
	unsigned in_minute, in_day;
	uint64_t left_out;
};

/* ---- one line */

/* Text for one line of one field: valid UTF-8 without control characters, cut to the limit. */
static hm_str
clean(struct hm_arena *a, hm_str s)
{
	struct hm_buf b = { 0 };

	for (size_t i = 0; i < s.n && b.n < HM_AUDIT_TEXT_MAX - 4;) {
		uint32_t r = hm_str_rune(s, &i);

		hm_buf_add_rune(&b, r < 0x20 || (r >= 0x7f && r < 0xa0) ? ' ' : r);
	}
	return hm_buf_take(&b, a);
}

static void
add_number(struct hm_sha256 *h, uint64_t v)
{
	uint8_t b[8];

	for (int i = 0; i < 8; i++)
		b[i] = (uint8_t)(v >> (56 - 8 * i));
	hm_sha256_add(h, b, sizeof(b));
}

/* SHA-256 of the hash before, number, time, and each field behind its length. */
static void
chain(hm_str before, int64_t id, int64_t when, const struct hm_audit_event *e,
      uint8_t out[HM_SHA256_SIZE])
{
	const hm_str fields[] = { e->who, e->peer, e->action, e->object, e->detail };
	struct hm_sha256 h;

	hm_sha256_init(&h);
	hm_sha256_adds(&h, before);
	add_number(&h, (uint64_t)id);
	add_number(&h, (uint64_t)when);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		add_number(&h, fields[i].n);
		hm_sha256_adds(&h, fields[i]);
	}
	hm_sha256_final(&h, out);
}

static int
last_line(struct hm_db *db, struct hm_arena *a, int64_t *id, hm_str *hash, struct hm_err *err)
{
	struct hm_stmt *s;
	bool row;
	int rc;

	if (hm_stmt_new(db, "SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1", &s, err))
		return -1;
	rc = hm_stmt_step(s, &row, err);
	*id = rc == 0 && row ? hm_stmt_int(s, 0) : 0;
	*hash = rc == 0 && row ? hm_arena_dup(a, hm_stmt_str(s, 1)) : HM_S("");
	hm_stmt_free(s);
	return rc;
}

static int
insert(struct hm_db *db, struct hm_arena *a, const struct hm_audit_event *e, struct hm_err *err)
{
	struct hm_audit_event c = { clean(a, e->who), clean(a, e->peer), clean(a, e->action),
		                    clean(a, e->object), clean(a, e->detail) };
	const hm_str fields[] = { c.who, c.peer, c.action, c.object, c.detail };
	int64_t id, now = hm_clock_unix();
	uint8_t hash[HM_SHA256_SIZE];
	struct hm_stmt *s;
	hm_str before;
	int rc;

	if (last_line(db, a, &id, &before, err) ||
	    hm_stmt_new(db, "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)", &s, err))
		return -1;
	chain(before, ++id, now, &c, hash);
	hm_stmt_bind_int(s, 1, id);
	hm_stmt_bind_int(s, 2, now);
	for (int i = 0; i < 5; i++)
		hm_stmt_bind_str(s, 3 + i, fields[i]);
	hm_stmt_bind_blob(s, 8, hm_str_make((char *)hash, sizeof(hash)));
	rc = hm_stmt_run(s, err);
	hm_stmt_free(s);
	return rc;
}

int
hm_audit_insert(struct hm_db *db, const struct hm_audit_event *e, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	int rc = insert(db, &a, e, err);

	hm_arena_free(&a);
	return rc;
}

int
hm_audit_add(struct hm_audit *a, const struct hm_audit_event *e, struct hm_err *err)
{
	int rc;

	pthread_mutex_lock(&a->db_mutex);
	rc = hm_db_begin(a->db, err);
	if (rc == 0)
		rc = hm_audit_insert(a->db, e, err);
	if (rc == 0)
		rc = hm_db_commit(a->db, err);
	if (rc)
		hm_db_rollback(a->db);
	pthread_mutex_unlock(&a->db_mutex);
	return rc;
}

/* ---- notes: refusals, which must neither hold a request up nor fill the disk */

/* Was the same noted within the hour? Remembers it. */
static bool
is_known(struct hm_audit *a, const struct hm_audit_event *e, int64_t now)
{
	uint64_t key = hm_str_hash(e->who) ^ hm_str_hash(e->peer) * 3 ^ hm_str_hash(e->action) * 5 ^
	               hm_str_hash(e->object) * 7;
	size_t i = key % NOTES_KNOWN;
	bool known = a->known[i].key == key && now < a->known[i].until;

	if (!known) {
		a->known[i].key = key;
		a->known[i].until = now + NOTE_HOUR;
	}
	return known;
}

static bool
has_room(struct hm_audit *a, int64_t now)
{
	if (now / 60 != a->minute) {
		a->minute = now / 60;
		a->in_minute = 0;
	}
	if (now / 86400 != a->day) {
		a->day = now / 86400;
		a->in_day = 0;
	}
	return a->in_minute < HM_AUDIT_NOTES_MINUTE && a->in_day < HM_AUDIT_NOTES_DAY &&
	       a->waiting < NOTES_WAIT;
}

static struct note *
note_new(const struct hm_audit_event *e)
{
	struct note *n = hm_mem_new(sizeof(*n));

	n->e = (struct hm_audit_event){ clean(&n->arena, e->who), clean(&n->arena, e->peer),
		                        clean(&n->arena, e->action), clean(&n->arena, e->object),
		                        clean(&n->arena, e->detail) };
	return n;
}

static void
append(struct hm_audit *a, struct note *n)
{
	*(a->last ? &a->last->next : &a->first) = n;
	a->last = n;
	a->waiting++;
	a->in_minute++;
	a->in_day++;
	pthread_cond_signal(&a->wake);
}

void
hm_audit_note(struct hm_audit *a, const struct hm_audit_event *e)
{
	int64_t now = hm_clock_unix();

	pthread_mutex_lock(&a->mutex);
	if (!has_room(a, now))
		a->left_out++;
	else if (!is_known(a, e, now))
		append(a, note_new(e));
	pthread_mutex_unlock(&a->mutex);
}

static void
write_note(struct hm_audit *a, const struct hm_audit_event *e)
{
	struct hm_err err = { 0 };

	if (hm_audit_add(a, e, &err))
		hm_log(a->log, HM_LOG_WARN, "audit log: " HM_F, HM_P(hm_err_str(&err)));
	hm_err_free(&err);
}

static void
write_left_out(struct hm_audit *a, uint64_t n)
{
	struct hm_arena arena = { 0 };
	struct hm_audit_event e = {
		.action = HM_S("refused"),
		.detail = hm_arena_printf(&arena, "%llu more, not written one by one",
		                          (unsigned long long)n),
	};

	write_note(a, &e);
	hm_arena_free(&arena);
}

/* The count of what was left out is written with the first note after it. */
static void *
write_notes(void *arg)
{
	struct hm_audit *a = arg;
	struct note *n;
	uint64_t left_out;

	pthread_mutex_lock(&a->mutex);
	for (;;) {
		while (!a->first && !a->stop)
			pthread_cond_wait(&a->wake, &a->mutex);
		n = a->first;
		left_out = a->left_out;
		a->left_out = 0;
		if (n) {
			a->first = n->next;
			a->last = a->first ? a->last : NULL;
			a->waiting--;
		}
		pthread_mutex_unlock(&a->mutex);
		if (left_out)
			write_left_out(a, left_out);
		if (n) {
			write_note(a, &n->e);
			hm_arena_free(&n->arena);
			free(n);
		}
		pthread_mutex_lock(&a->mutex);
		if (a->stop && !a->first)
			break;
	}
	pthread_mutex_unlock(&a->mutex);
	return NULL;
}

/* ---- life */

int
hm_audit_open(const char *path, const struct hm_log *log, struct hm_audit **out, struct hm_err *err)
{
	struct hm_audit *a = hm_mem_new(sizeof(*a));
	int rc;

	if (hm_accountdb_open(path, &a->db, err)) {
		free(a);
		return -1;
	}
	a->log = log;
	pthread_mutex_init(&a->db_mutex, NULL);
	pthread_mutex_init(&a->mutex, NULL);
	pthread_cond_init(&a->wake, NULL);
	rc = pthread_create(&a->thread, NULL, write_notes, a);
	if (rc) {
		hm_db_free(a->db);
		free(a);
		return hm_err_sys(err, rc, "thread");
	}
	*out = a;
	return 0;
}

void
hm_audit_free(struct hm_audit *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->mutex);
	a->stop = true;
	pthread_cond_signal(&a->wake);
	pthread_mutex_unlock(&a->mutex);
	pthread_join(a->thread, NULL);
	pthread_cond_destroy(&a->wake);
	pthread_mutex_destroy(&a->mutex);
	pthread_mutex_destroy(&a->db_mutex);
	hm_db_free(a->db);
	free(a);
}

/* ---- reading */

static void
take_line(struct hm_arena *a, struct hm_stmt *s, struct hm_audit_line *l)
{
	*l = (struct hm_audit_line){
		.id = hm_stmt_int(s, 0),
		.time = hm_stmt_int(s, 1),
		.e = { .who = hm_arena_dup(a, hm_stmt_str(s, 2)),
		       .peer = hm_arena_dup(a, hm_stmt_str(s, 3)),
		       .action = hm_arena_dup(a, hm_stmt_str(s, 4)),
		       .object = hm_arena_dup(a, hm_stmt_str(s, 5)),
		       .detail = hm_arena_dup(a, hm_stmt_str(s, 6)) },
	};
	l->hash = hm_hex_encode(a, hm_stmt_str(s, 7).p, hm_stmt_str(s, 7).n);
}

int
hm_audit_each(struct hm_db *db, int64_t since,
              int (*each)(void *ctx, const struct hm_audit_line *l, struct hm_err *err), void *ctx,
              struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_audit_line l;
	struct hm_stmt *s;
	bool row;
	int rc;

	if (hm_stmt_new(db,
	                "SELECT id, time, who, peer, action, object, detail, hash FROM audit"
	                " WHERE time >= ? ORDER BY id",
	                &s, err))
		return -1;
	hm_stmt_bind_int(s, 1, since);
	while ((rc = hm_stmt_step(s, &row, err)) == 0 && row) {
		take_line(&a, s, &l);
		rc = each(ctx, &l, err);
		hm_arena_free(&a);
		if (rc)
			break;
	}
	hm_stmt_free(s);
	return rc;
}

struct check {
	int64_t id;
	uint8_t hash[HM_SHA256_SIZE];
	size_t n;
};

static int
check_line(void *ctx, const struct hm_audit_line *l, struct hm_err *err)
{
	struct check *c = ctx;
	uint8_t want[HM_SHA256_SIZE];
	struct hm_arena a = { 0 };
	bool same;

	chain(hm_str_make((char *)c->hash, c->n), l->id, l->time, &l->e, want);
	same = l->id == c->id + 1 && hm_str_eq(hm_hex_encode(&a, want, sizeof(want)), l->hash);
	hm_arena_free(&a);
	if (!same)
		return hm_err_set(err, HM_ESECURITY,
		                  "audit log: line %lld is not as it was written",
		                  (long long)(c->id + 1));
	c->id = l->id;
	c->n = sizeof(c->hash);
	memcpy(c->hash, want, sizeof(want));
	return 0;
}

int
hm_audit_check(struct hm_db *db, struct hm_err *err)
{
	struct check c = { 0 };

	return hm_audit_each(db, INT64_MIN, check_line, &c, err);
}
