#include "serve/accountdb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "crypto/random.h"
#include "crypto/scrypt.h"
#include "db/db.h"
#include "mod/match.h"
#include "os/clock.h"
#include "serve/audit.h"
#include "serve/credential.h"

static const struct hm_scrypt password_cost = HM_PASSWORD_COST, token_cost = HM_TOKEN_COST;

#define BUMP(table, what)                                                                    \
	"CREATE TRIGGER " table "_" what " AFTER " what " ON " table                         \
	" BEGIN UPDATE generation SET n = n + 1; END;"
static const char *const schema[] = {
	"CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
	" created INTEGER NOT NULL) STRICT;"
	"CREATE TABLE credential (id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,"
	" token_id TEXT UNIQUE," /* NULL: the password */
	" label TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL,"
	" cost_n INTEGER NOT NULL, cost_r INTEGER NOT NULL, cost_p INTEGER NOT NULL,"
	" salt BLOB NOT NULL, hash BLOB NOT NULL) STRICT;"
	"CREATE UNIQUE INDEX one_password ON credential(account) WHERE token_id IS NULL;"
	"CREATE TABLE permit (account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,"
	" globs TEXT NOT NULL, rights INTEGER NOT NULL, PRIMARY KEY (account, globs)) STRICT;"
	"CREATE TABLE audit (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, who TEXT NOT NULL,"
	" peer TEXT NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL, detail TEXT NOT NULL,"
	" hash BLOB NOT NULL) STRICT;"
	"CREATE TRIGGER audit_no_change BEFORE UPDATE ON audit"
	" BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;"
	"CREATE TRIGGER audit_no_removal BEFORE DELETE ON audit"
	" BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;"
	"CREATE TRIGGER audit_no_replacement BEFORE INSERT ON audit"
	" WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)"
	" BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;"
	"INSERT INTO account VALUES (0, 'anonymous', unixepoch());"
	"INSERT INTO permit VALUES (0, '*', 3);",
	/* A number that says whether a server's view is out of date: audit lines do not count. */
	"CREATE TABLE generation (n INTEGER NOT NULL) STRICT;"
	"INSERT INTO generation VALUES (1);" BUMP("account", "INSERT") BUMP("account", "UPDATE")
	BUMP("account", "DELETE") BUMP("credential", "INSERT") BUMP("credential", "UPDATE")
	BUMP("credential", "DELETE") BUMP("permit", "INSERT") BUMP("permit", "UPDATE")
	BUMP("permit", "DELETE"),
};
#undef BUMP

/* ---- rights */

static const struct {
	const char *name;
	unsigned rights;
} right_names[] = {
	{ "read", HM_RIGHT_READ },
	{ "fetch", HM_RIGHT_FETCH },
	{ "upload", HM_RIGHT_UPLOAD },
	{ "admin", HM_RIGHT_ADMIN },
	{ "all", HM_RIGHTS_ALL },
};

int
hm_rights_parse(hm_str s, unsigned *rights, struct hm_err *err)
{
	hm_str rest = s, word;

	*rights = 0;
	while (hm_str_next(&rest, ',', &word)) {
		size_t i = 0;

		while (i < sizeof(right_names) / sizeof(*right_names) &&
		       !hm_str_eqz(word, right_names[i].name))
			i++;
		if (i == sizeof(right_names) / sizeof(*right_names))
			return hm_err_set(err, HM_EUSAGE,
			                  "\"" HM_F "\" is no right: read, fetch, upload, admin or "
			                  "all, with commas between",
			                  HM_P(word));
		*rights |= right_names[i].rights;
	}
	return 0;
}

hm_str
hm_rights_text(struct hm_arena *a, unsigned rights)
{
	struct hm_buf b = { 0 };

	for (size_t i = 0; i < sizeof(right_names) / sizeof(*right_names) - 1; i++)
		if (rights & right_names[i].rights)
			hm_buf_printf(&b, "%s%s", b.n ? "," : "", right_names[i].name);
	return hm_buf_take(&b, a);
}

bool
hm_rights_match(hm_str globs, hm_str path)
{
	bool match = false;
	hm_str glob;

	while (hm_str_next(&globs, ',', &glob)) {
		bool taken = hm_str_cut_prefix(&glob, HM_S("!"));

		if (taken && hm_match_prefix_patterns_fold(glob, path))
			return false;
		match |= !taken && hm_match_prefix_patterns(glob, path);
	}
	return match;
}

/* ---- what may be stored */

static int
check_name(hm_str name, struct hm_err *err)
{
	bool ok = name.n > 0 && name.n <= HM_ACCOUNT_NAME_MAX && name.p[0] != '-';

	for (size_t i = 0; ok && i < name.n; i++) {
		char c = name.p[i];

		ok = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
		     c == '.' || c == '_' || c == '-' || c == '@';
	}
	if (ok)
		return 0;
	return hm_err_set(err, HM_EUSAGE,
	                  "\"" HM_F "\" is no name for an account: letters, digits and ._-@, at "
	                  "most %d",
	                  HM_P(name), HM_ACCOUNT_NAME_MAX);
}

static int
check_globs(hm_str globs, struct hm_err *err)
{
	bool some = false;
	hm_str rest = globs, glob;

	if (globs.n > HM_ACCOUNT_GLOBS_MAX)
		return hm_err_set(err, HM_EUSAGE, "more than %d bytes of patterns",
		                  HM_ACCOUNT_GLOBS_MAX);
	while (hm_str_next(&rest, ',', &glob)) {
		some |= !hm_str_cut_prefix(&glob, HM_S("!"));
		for (size_t i = 0; i < glob.n; i++)
			if ((unsigned char)glob.p[i] <= ' ' || glob.p[i] == '!')
				glob.n = 0;
		if (glob.n == 0)
			return hm_err_set(err, HM_EUSAGE,
			                  "\"" HM_F
			                  "\" is no list of module patterns, as GOPRIVATE "
			                  "has them",
			                  HM_P(globs));
		if (hm_match_check_prefix_patterns(glob, err))
			return -1;
	}
	if (some)
		return 0;
	return hm_err_set(err, HM_EUSAGE,
	                  "\"" HM_F "\" matches nothing: want a pattern without \"!\" too, such as "
	                  "\"*\"",
	                  HM_P(globs));
}

/* ---- statements */

/* types: s text, b blob, i int64_t; in the order of the parameters. */
static int
run(struct hm_db *db, struct hm_err *err, const char *sql, const char *types, ...)
{
	struct hm_stmt *s;
	va_list ap;
	int rc;

	if (hm_stmt_new(db, sql, &s, err))
		return -1;
	va_start(ap, types);
	for (int i = 0; types[i]; i++) {
		if (types[i] == 'i')
			hm_stmt_bind_int(s, i + 1, va_arg(ap, int64_t));
		else if (types[i] == 'b')
			hm_stmt_bind_blob(s, i + 1, va_arg(ap, hm_str));
		else
			hm_stmt_bind_str(s, i + 1, va_arg(ap, hm_str));
	}
	va_end(ap);
	rc = hm_stmt_run(s, err);
	hm_stmt_free(s);
	return rc;
}

/* What an edit is recorded as; then the end of its transaction, whatever came of it. */
static int
finish(struct hm_db *db, int rc, hm_str by, const char *action, hm_str object, hm_str detail,
       struct hm_err *err)
{
	struct hm_audit_event e = {
		.who = by, .action = hm_str_of(action), .object = object, .detail = detail
	};

	if (rc == 0)
		rc = hm_audit_insert(db, &e, err);
	if (rc == 0)
		rc = hm_db_commit(db, err);
	if (rc)
		hm_db_rollback(db);
	return rc;
}

/* Within a transaction. */
static int
account_id(struct hm_db *db, hm_str name, int64_t *id, struct hm_err *err)
{
	struct hm_stmt *s;
	bool row;
	int rc;

	if (hm_stmt_new(db, "SELECT id FROM account WHERE name = ?", &s, err))
		return -1;
	hm_stmt_bind_str(s, 1, name);
	rc = hm_stmt_step(s, &row, err);
	if (rc == 0 && row)
		*id = hm_stmt_int(s, 0);
	else if (rc == 0)
		rc = hm_err_set(err, HM_ENOTFOUND, "there is no account \"" HM_F "\"", HM_P(name));
	hm_stmt_free(s);
	return rc;
}

/* An account that somebody has: with credentials. */
static int
personal_id(struct hm_db *db, hm_str name, int64_t *id, struct hm_err *err)
{
	if (hm_str_eqz(name, HM_ACCOUNT_ANONYMOUS))
		return hm_err_set(err, HM_EUSAGE, "anonymous is who sends no credentials");
	return account_id(db, name, id, err);
}

/* ---- the file */

/* Private from its first moment, and the server's even when root makes it. */
static int
make_file(const char *path, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct stat st;
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return errno == EEXIST ? 0 : hm_err_sys(err, errno, "open %s", path);
	if (geteuid() == 0 && stat(hm_path_dir(&a, hm_str_of(path)).p, &st) == 0)
		(void)!fchown(fd, st.st_uid, st.st_gid);
	hm_arena_free(&a);
	close(fd);
	return 0;
}

int
hm_accountdb_open(const char *path, struct hm_db **out, struct hm_err *err)
{
	struct hm_db_opts opts = { .durable = true };

	if (make_file(path, err) || hm_db_open(path, &opts, out, err))
		return -1;
	if (hm_db_migrate(*out, schema, sizeof(schema) / sizeof(*schema), err)) {
		hm_db_free(*out);
		return -1;
	}
	return 0;
}

/* ---- edits */

int
hm_accountdb_add(struct hm_db *db, hm_str by, hm_str name, struct hm_err *err)
{
	int rc;

	if (check_name(name, err) || hm_db_begin(db, err))
		return -1;
	rc = run(db, err, "INSERT INTO account (name, created) VALUES (?, ?)", "si", name,
	         hm_clock_unix());
	if (rc && hm_err_is(err, HM_ECONFLICT))
		hm_err_set(err, HM_ECONFLICT, "there is an account \"" HM_F "\" already",
		           HM_P(name));
	return finish(db, rc, by, "account.add", name, HM_S(""), err);
}

int
hm_accountdb_remove(struct hm_db *db, hm_str by, hm_str name, struct hm_err *err)
{
	int64_t id;
	int rc;

	if (hm_db_begin(db, err))
		return -1;
	rc = personal_id(db, name, &id, err);
	if (rc == 0)
		rc = run(db, err, "DELETE FROM account WHERE id = ?", "i", id);
	return finish(db, rc, by, "account.remove", name, HM_S(""), err);
}

struct secret {
	uint8_t salt[16], hash[HM_CREDENTIAL_HASH];
};

static int
hash_secret(const struct hm_scrypt *cost, hm_str text, struct secret *s, struct hm_err *err)
{
	if (hm_random_bytes(s->salt, sizeof(s->salt), err))
		return -1;
	return hm_scrypt(cost, text, hm_str_make((char *)s->salt, sizeof(s->salt)), s->hash,
	                 sizeof(s->hash), err);
}

#define COST(c)  (int64_t)(c).n, (int64_t)(c).r, (int64_t)(c).p
#define BYTES(x) hm_str_make((const char *)(x), sizeof(x))

int
hm_accountdb_password(struct hm_db *db, hm_str by, hm_str name, hm_str password, struct hm_err *err)
{
	struct secret s;
	int64_t id;
	int rc;

	if (password.n < HM_PASSWORD_MIN || password.n > HM_PASSWORD_MAX ||
	    memchr(password.p, '\0', password.n))
		return hm_err_set(err, HM_EUSAGE, "a password has from %d to %d bytes",
		                  HM_PASSWORD_MIN, HM_PASSWORD_MAX);
	if (hm_str_has_prefix(password, HM_S(HM_TOKEN_PREFIX)))
		return hm_err_set(err, HM_EUSAGE, "a password that looks like a token is none");
	if (hash_secret(&password_cost, password, &s, err) || hm_db_begin(db, err))
		return -1;
	rc = personal_id(db, name, &id, err);
	if (rc == 0)
		rc = run(db, err, "DELETE FROM credential WHERE account = ? AND token_id IS NULL",
		         "i", id);
	if (rc == 0)
		rc = run(db, err,
		         "INSERT INTO credential (account, label, created, expires, cost_n, cost_r,"
		         " cost_p, salt, hash) VALUES (?, 'password', ?, 0, ?, ?, ?, ?, ?)",
		         "iiiiibb", id, hm_clock_unix(), COST(password_cost), BYTES(s.salt),
		         BYTES(s.hash));
	return finish(db, rc, by, "account.password", name, HM_S(""), err);
}

static bool
is_text(hm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return hm_str_is_utf8(s);
}

int
hm_accountdb_token(struct hm_db *db, struct hm_arena *a, hm_str by, hm_str name, hm_str label,
                   int64_t expires, hm_str *token, struct hm_err *err)
{
	uint8_t random[6 + 32];
	struct secret s;
	hm_str id_text, secret, detail;
	int64_t id;
	int rc;

	if (label.n > HM_ACCOUNT_LABEL_MAX || !is_text(label))
		return hm_err_set(err, HM_EUSAGE, "a label is one line of at most %d bytes",
		                  HM_ACCOUNT_LABEL_MAX);
	if (hm_random_bytes(random, sizeof(random), err))
		return -1;
	id_text = hm_hex_encode(a, random, 6);
	secret = hm_base64_encode(a, HM_BASE64_RAW_URL, random + 6, 32);
	hm_secret_wipe(random, sizeof(random));
	if (hash_secret(&token_cost, secret, &s, err) || hm_db_begin(db, err))
		return -1;
	rc = personal_id(db, name, &id, err);
	if (rc == 0)
		rc = run(db, err,
		         "INSERT INTO credential (account, token_id, label, created, expires, "
		         "cost_n,"
		         " cost_r, cost_p, salt, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		         "issiiiiibb", id, id_text, label, hm_clock_unix(), expires,
		         COST(token_cost), BYTES(s.salt), BYTES(s.hash));
	*token = hm_arena_printf(a, HM_TOKEN_PREFIX HM_F "_" HM_F, HM_P(id_text), HM_P(secret));
	detail = hm_arena_printf(a, HM_F "%s" HM_F, HM_P(id_text), label.n ? " " : "", HM_P(label));
	return finish(db, rc, by, "token.add", name, detail, err);
}

int
hm_accountdb_revoke_token(struct hm_db *db, hm_str by, hm_str id, struct hm_err *err)
{
	hm_str secret;
	int rc;

	if (hm_str_cut_prefix(&id, HM_S(HM_TOKEN_PREFIX)))
		hm_str_cut(id, '_', &id, &secret);
	if (hm_db_begin(db, err))
		return -1;
	rc = run(db, err, "DELETE FROM credential WHERE token_id = ?", "s", id);
	if (rc == 0 && hm_db_changes(db) == 0)
		rc = hm_err_set(err, HM_ENOTFOUND, "there is no token \"" HM_F "\"", HM_P(id));
	return finish(db, rc, by, "token.revoke", id, HM_S(""), err);
}

static hm_str
grant_text(struct hm_arena *a, unsigned rights, hm_str globs)
{
	return hm_arena_printf(a, HM_F " " HM_F, HM_P(hm_rights_text(a, rights)), HM_P(globs));
}

int
hm_accountdb_grant(struct hm_db *db, hm_str by, hm_str name, unsigned rights, hm_str globs,
                   struct hm_err *err)
{
	struct hm_arena a = { 0 };
	int64_t id;
	int rc;

	if (check_globs(globs, err) || hm_db_begin(db, err))
		return -1;
	rc = account_id(db, name, &id, err);
	if (rc == 0 && id == 0 && rights & (HM_RIGHT_UPLOAD | HM_RIGHT_ADMIN))
		rc = hm_err_set(err, HM_EUSAGE, "nobody uploads or rules without a name");
	if (rc == 0)
		rc = run(db, err,
		         "INSERT INTO permit (account, globs, rights) VALUES (?, ?, ?)"
		         " ON CONFLICT DO UPDATE SET rights = rights | excluded.rights",
		         "isi", id, globs, (int64_t)rights);
	rc = finish(db, rc, by, "grant", name, grant_text(&a, rights, globs), err);
	hm_arena_free(&a);
	return rc;
}

int
hm_accountdb_revoke(struct hm_db *db, hm_str by, hm_str name, unsigned rights, hm_str globs,
                    struct hm_err *err)
{
	struct hm_arena a = { 0 };
	int64_t id, changes = 0;
	int rc;

	if (hm_db_begin(db, err))
		return -1;
	rc = account_id(db, name, &id, err);
	if (rc == 0) {
		rc = run(
			db, err,
			"UPDATE permit SET rights = rights & ~?1 WHERE account = ?2 AND rights & ?1"
			" AND (?4 OR globs = ?3)",
			"iisi", (int64_t)rights, id, globs, (int64_t)(globs.p == NULL));
		changes = hm_db_changes(db);
	}
	if (rc == 0 && changes == 0)
		rc = hm_err_set(err, HM_ENOTFOUND, HM_F " has no such right on \"" HM_F "\"",
		                HM_P(name), HM_P(globs));
	if (rc == 0)
		rc = run(db, err, "DELETE FROM permit WHERE rights = 0", "");
	rc = finish(db, rc, by, "revoke", name,
	            grant_text(&a, rights, globs.p ? globs : HM_S("(everywhere)")), err);
	hm_arena_free(&a);
	return rc;
}

/* ---- all of it */

static int
by_id(const void *x, const void *y)
{
	const struct hm_account *a = x, *b = y;

	return (a->id > b->id) - (a->id < b->id);
}

/* The list is in order of id. */
static struct hm_account *
find(struct hm_account_list *l, int64_t id)
{
	struct hm_account key = { .id = id };

	return l->n ? bsearch(&key, l->v, l->n, sizeof(key), by_id) : NULL;
}

/* One table's rows, in ascending order of account: the last one found is where to look. */
static int
each_row(struct hm_db *db, struct hm_arena *a, struct hm_account_list *l, const char *sql,
         void (*take)(struct hm_arena *a, struct hm_account_list *l, struct hm_account *acc,
                      struct hm_stmt *s),
         struct hm_err *err)
{
	struct hm_account *acc = NULL;
	struct hm_stmt *s;
	bool row;
	int rc;

	if (hm_stmt_new(db, sql, &s, err))
		return -1;
	while ((rc = hm_stmt_step(s, &row, err)) == 0 && row) {
		if (!acc || acc->id != hm_stmt_int(s, 0))
			acc = find(l, hm_stmt_int(s, 0));
		take(a, l, acc, s);
	}
	hm_stmt_free(s);
	return rc;
}

static void
take_account(struct hm_arena *a, struct hm_account_list *l, struct hm_account *acc,
             struct hm_stmt *s)
{
	struct hm_account x = { .id = hm_stmt_int(s, 0),
		                .name = hm_arena_dup(a, hm_stmt_str(s, 1)),
		                .created = hm_stmt_int(s, 2) };

	(void)acc;
	HM_PUSH(a, *l, x);
}

static void
take_grant(struct hm_arena *a, struct hm_account_list *l, struct hm_account *acc, struct hm_stmt *s)
{
	struct hm_grant g = { .rights = (unsigned)hm_stmt_int(s, 1) & HM_RIGHTS_ALL,
		              .globs = hm_arena_dup(a, hm_stmt_str(s, 2)) };

	(void)l;
	if (acc)
		HM_PUSH(a, acc->grants, g);
}

static void
take_credential(struct hm_arena *a, struct hm_account_list *l, struct hm_account *acc,
                struct hm_stmt *s)
{
	struct hm_credential c = {
		.id = hm_stmt_int(s, 1),
		.is_password = hm_stmt_is_null(s, 2),
		.token_id = hm_arena_dup(a, hm_stmt_str(s, 2)),
		.label = hm_arena_dup(a, hm_stmt_str(s, 3)),
		.created = hm_stmt_int(s, 4),
		.expires = hm_stmt_int(s, 5),
		.cost_n = (uint32_t)hm_stmt_int(s, 6),
		.cost_r = (uint32_t)hm_stmt_int(s, 7),
		.cost_p = (uint32_t)hm_stmt_int(s, 8),
		.salt = hm_arena_dup(a, hm_stmt_str(s, 9)),
		.hash = hm_arena_dup(a, hm_stmt_str(s, 10)),
	};

	(void)l;
	if (acc)
		HM_PUSH(a, acc->credentials, c);
}

static int
list_all(struct hm_db *db, struct hm_arena *a, struct hm_account_list *out, struct hm_err *err)
{
	*out = (struct hm_account_list){ 0 };
	if (each_row(db, a, out, "SELECT id, name, created FROM account ORDER BY id", take_account,
	             err) ||
	    each_row(db, a, out,
	             "SELECT account, rights, globs FROM permit ORDER BY account, globs",
	             take_grant, err))
		return -1;
	return each_row(db, a, out,
	                "SELECT account, id, token_id, label, created, expires, cost_n, cost_r,"
	                " cost_p, salt, hash FROM credential ORDER BY account, id",
	                take_credential, err);
}

int
hm_accountdb_list(struct hm_db *db, struct hm_arena *a, struct hm_account_list *out,
                  struct hm_err *err)
{
	int rc;

	if (hm_db_exec(db, "BEGIN", err)) /* all three tables as of one moment */
		return -1;
	rc = list_all(db, a, out, err);
	hm_db_rollback(db);
	return rc;
}
