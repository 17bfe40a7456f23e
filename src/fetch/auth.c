#include "fetch/auth.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/path.h"
#include "codec/base64.h"
#include "codec/quoted.h"
#include "codec/url.h"
#include "os/file.h"
#include "os/spawn.h"

#define AUTH_MAX_OUTPUT ((size_t)1 << 20)

struct hm_auth {
	const struct hm_conf *conf;
	struct hm_http *http;
	const struct hm_log *log;
	pthread_mutex_t lock; /* held while the methods run, so that each runs once */
	bool ran;
	struct hm_arena arena;
	struct hm_map known; /* prefix -> struct hm_strs * of headers; NULL: none any more */
};

struct hm_auth *
hm_auth_new(const struct hm_conf *conf, struct hm_http *http, const struct hm_log *log)
{
	struct hm_auth *x = hm_mem_new(sizeof(*x));

	x->conf = conf;
	x->http = http;
	x->log = log;
	x->known.arena = &x->arena;
	pthread_mutex_init(&x->lock, NULL);
	return x;
}

void
hm_auth_free(struct hm_auth *x)
{
	if (!x)
		return;
	pthread_mutex_destroy(&x->lock);
	hm_arena_free(&x->arena);
	free(x);
}

static void
store(struct hm_auth *x, hm_str prefix, const struct hm_strs *headers)
{
	struct hm_strs *copy = NULL;

	hm_str_cut_prefix(&prefix, HM_S("https://"));
	hm_str_cut_suffix(&prefix, HM_S("/"));
	if (headers->n) {
		copy = HM_NEW(&x->arena, struct hm_strs);
		for (size_t i = 0; i < headers->n; i++)
			HM_PUSH(&x->arena, *copy, hm_arena_dup(&x->arena, headers->v[i]));
	}
	hm_map_set(&x->known, hm_arena_dup(&x->arena, prefix), copy);
}

static void
store_basic(struct hm_auth *x, hm_str prefix, hm_str user, hm_str password)
{
	hm_str plain = hm_arena_printf(&x->arena, HM_F ":" HM_F, HM_P(user), HM_P(password));
	struct hm_strs h = { 0 };

	plain = hm_base64_encode(&x->arena, HM_BASE64_STD, plain.p, plain.n);
	HM_PUSH(&x->arena, h,
	        hm_arena_printf(&x->arena, "Authorization: Basic " HM_F, HM_P(plain)));
	store(x, prefix, &h);
}

/* The headers of the longest known prefix of url, at path borders. */
static bool
load(struct hm_auth *x, struct hm_arena *a, hm_str url, struct hm_strs *out)
{
	hm_str prefix = url;

	hm_str_cut_prefix(&prefix, HM_S("https://"));
	hm_str_cut_suffix(&prefix, HM_S("/"));
	for (;;) {
		const struct hm_strs *h = hm_map_get(&x->known, prefix);
		ptrdiff_t slash = hm_str_rindex_byte(prefix, '/');

		for (size_t i = 0; h && i < h->n; i++)
			HM_PUSH(a, *out, hm_arena_dup(a, h->v[i]));
		if (h || slash < 0)
			return h != NULL;
		prefix = hm_str_sub(prefix, 0, (size_t)slash);
	}
}

static int
run_netrc(struct hm_auth *x, struct hm_err *err)
{
	struct hm_netrc n = { 0 };

	if (hm_netrc_load(&x->arena, &x->conf->env, &n, err) < 0)
		return -1;
	/* Of several lines for one machine the first counts. */
	for (size_t i = n.n; i > 0; i--)
		store_basic(x, n.v[i - 1].machine, n.v[i - 1].login, n.v[i - 1].password);
	return 0;
}

/* ---- git credential */

struct git_answer {
	struct hm_url prefix;
	hm_str user, password;
};

static void
parse_git(struct hm_arena *a, hm_str text, struct git_answer *g)
{
	struct hm_err ignored = { 0 };
	hm_str line, key, value;
	struct hm_url u;

	while (hm_str_next(&text, '\n', &line)) {
		if (!hm_str_cut(hm_str_trim(line), '=', &key, &value))
			continue;
		if (hm_str_eqz(key, "protocol"))
			g->prefix.scheme = value;
		else if (hm_str_eqz(key, "host"))
			g->prefix.host = value;
		else if (hm_str_eqz(key, "path"))
			g->prefix.path = value;
		else if (hm_str_eqz(key, "username"))
			g->user = value;
		else if (hm_str_eqz(key, "password"))
			g->password = value;
		else if (hm_str_eqz(key, "url") && hm_url_parse(a, value, &u, &ignored) == 0)
			g->prefix = u;
	}
	hm_err_free(&ignored);
}

static int
spawn(struct hm_auth *x, const char *const *argv, hm_str dir, hm_str input, bool merge,
      struct hm_spawn_result *r, struct hm_err *err)
{
	struct hm_env env = hm_conf_tool_env(x->conf, &x->arena);
	struct hm_spawn s = {
		.argv = argv,
		.env = hm_env_list(&env, &x->arena),
		.dir = dir.n ? dir.p : x->conf->cwd.p,
		.input = input,
		.merge = merge,
		.max_output = AUTH_MAX_OUTPUT,
	};

	return hm_spawn_run(&x->arena, &s, r, err);
}

/* Tells git's helper whether the credential worked. */
static void
report_git(struct hm_auth *x, hm_str dir, hm_str prefix, hm_str answer)
{
	struct hm_http_req q = { .url = prefix, .head = true };
	struct hm_spawn_result r;
	struct hm_http_resp resp;
	struct hm_err ignored = { 0 };
	const char *argv[] = { "git", "credential", "approve", NULL };

	(void)load(x, &x->arena, prefix, &q.headers);
	if (hm_http_get(x->http, &x->arena, &q, &resp, &ignored) == 0 &&
	    (resp.status == 200 || resp.status == 401)) {
		argv[2] = resp.status == 200 ? "approve" : "reject";
		(void)spawn(x, argv, dir, answer, true, &r, &ignored);
	}
	hm_err_free(&ignored);
}

static int
run_git(struct hm_auth *x, hm_str dir, hm_str url, struct hm_err *err)
{
	static const char *const argv[] = { "git", "credential", "fill", NULL };
	struct git_answer g = { 0 };
	struct hm_spawn_result r;
	hm_str prefix, input = hm_arena_printf(&x->arena, "url=" HM_F "\n", HM_P(url));
	hm_str red = hm_url_redact(&x->arena, url);

	if (spawn(x, argv, dir, input, true, &r, err) < 0)
		return hm_err_wrap(err, "'git credential fill' failed (url=" HM_F "): ", HM_P(red));
	if (r.status != 0)
		return hm_err_set(err, HM_EINVALID, "'git credential fill' failed (url=" HM_F
		                  "): exit status %d\n" HM_F, HM_P(red), r.status, HM_P(r.out));
	parse_git(&x->arena, r.out, &g);
	prefix = hm_url_string(&x->arena, &g.prefix);
	if (prefix.n == 0)
		return hm_err_set(err, HM_EINVALID, "'git credential fill' failed for url=" HM_F
		                  ", could not parse url\n", HM_P(red));
	if (!hm_str_has_prefix(url, prefix))
		return hm_err_set(err, HM_EINVALID,
		                  "requested a credential for " HM_F
		                  ", but 'git credential fill' provided one for " HM_F "\n",
		                  HM_P(red), HM_P(hm_url_redacted(&x->arena, &g.prefix)));
	store_basic(x, prefix, g.user, g.password);
	report_git(x, dir, prefix, r.out);
	return 0;
}

static int
check_git_dir(hm_str command, hm_str *dir, struct hm_err *err)
{
	hm_str rest = command, word, more;
	struct stat st;

	hm_str_next_field(&rest, &word);
	if (!hm_str_next_field(&rest, dir) || hm_str_next_field(&rest, &more))
		return hm_err_set(err, HM_EINVALID,
		                  "GOAUTH=git dir method requires an absolute path to "
		                  "the git working directory");
	if (!hm_path_is_abs(*dir))
		return hm_err_set(err, HM_EINVALID,
		                  "GOAUTH=git dir method requires an absolute path to "
		                  "the git working directory, dir is not absolute");
	if (hm_file_stat(dir->p, &st, err) < 0)
		return hm_err_wrap(err, "GOAUTH=git encountered an error; cannot stat " HM_F ": ",
		                   HM_P(*dir));
	if (!S_ISDIR(st.st_mode))
		return hm_err_set(err, HM_EINVALID,
		                  "GOAUTH=git dir method requires an absolute path to "
		                  "the git working directory, dir is not a directory");
	return 0;
}

/* ---- a command of the user's */

static bool
is_token(hm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", s.p[i]))
			return false;
	return s.n > 0;
}

static bool
is_value(hm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f)
			return false;
	return true;
}

/* One block: URLs, an empty line, headers, an empty line. */
static int
parse_block(struct hm_auth *x, hm_str *text, struct hm_err *err)
{
	struct hm_strs urls = { 0 }, headers = { 0 };
	hm_str line, name, value;
	struct hm_url u;

	for (;;) {
		if (!hm_str_cut(*text, '\n', &line, text))
			return hm_err_set(err, HM_EINVALID,
			                  "invalid format: missing empty line after URLs");
		if (line.n == 0)
			break;
		if (hm_url_parse(&x->arena, line, &u, err) < 0)
			return hm_err_wrap(err, "could not parse URL " HM_F ": ",
			                   HM_P(hm_url_redact(&x->arena, line)));
		HM_PUSH(&x->arena, urls, hm_url_string(&x->arena, &u));
	}
	for (;;) {
		if (!hm_str_cut(*text, '\n', &line, text))
			return hm_err_set(err, HM_EINVALID,
			                  "invalid format: missing empty line after headers");
		if (line.n == 0)
			break;
		if (!hm_str_cut(line, ':', &name, &value) || !hm_str_has_prefix(value, HM_S(" ")) ||
		    !is_token(name) || !is_value(hm_str_trim(value)))
			return hm_err_set(err, HM_EINVALID, "invalid format: invalid header line");
		HM_PUSH(&x->arena, headers, hm_arena_printf(&x->arena, HM_F ": " HM_F, HM_P(name),
		                                            HM_P(hm_str_trim(value))));
	}
	for (size_t i = 0; i < urls.n; i++)
		store(x, urls.v[i], &headers);
	return 0;
}

static hm_str
response_text(struct hm_arena *a, const struct hm_http_resp *r)
{
	struct hm_buf b = { 0 };

	hm_buf_printf(&b, "HTTP/1.1 " HM_F "\n", HM_P(r->status_text));
	for (size_t i = 0; i < r->headers.n; i++)
		hm_buf_printf(&b, HM_F "\n", HM_P(r->headers.v[i]));
	hm_buf_addc(&b, '\n');
	return hm_buf_take(&b, a);
}

static int
run_command(struct hm_auth *x, hm_str command, hm_str url, const struct hm_http_resp *refused,
            struct hm_err *err)
{
	struct hm_arena *a = &x->arena;
	struct hm_spawn_result r;
	struct hm_strs words = { 0 };
	const char **argv;
	hm_str text;

	if (hm_quoted_split(a, command, &words, err) < 0)
		return hm_err_wrap(err, "cannot parse GOAUTH command " HM_F ": ", HM_P(command));
	if (url.n)
		HM_PUSH(a, words, url);
	argv = HM_NEW_N(a, words.n + 1, const char *);
	for (size_t i = 0; i < words.n; i++)
		argv[i] = hm_arena_cstr(a, words.v[i]);
	if (spawn(x, argv, HM_S(""), refused ? response_text(a, refused) : HM_S(""), false, &r,
	          err) < 0)
		return hm_err_wrap(err, "could not run command " HM_F ": ", HM_P(command));
	if (r.status != 0)
		return hm_err_set(err, HM_EINVALID,
		                  "could not run command " HM_F ": exit status %d\n" HM_F,
		                  HM_P(command), r.status, HM_P(r.err));
	for (text = r.out; text.n;)
		if (parse_block(x, &text, err) < 0)
			return hm_err_wrap(err, "cannot parse output of GOAUTH command " HM_F ": ",
			                   HM_P(command));
	return 0;
}

/* ---- all methods */

/* Problems that do not end the run: shown with -x if no credential was found. */
static void
complain(struct hm_auth *x, hm_str command, struct hm_err *problem, struct hm_strs *notes)
{
	HM_PUSH(&x->arena, *notes,
	        hm_arena_printf(&x->arena, "GOAUTH=" HM_F ": " HM_F, HM_P(command),
	                        HM_P(hm_err_str(problem))));
}

static int
run_one(struct hm_auth *x, hm_str command, size_t commands, hm_str url,
        const struct hm_http_resp *refused, struct hm_strs *notes, struct hm_err *err)
{
	struct hm_err problem = { 0 };
	hm_str rest = command, word, dir;
	int rc = 0;

	if (!hm_str_next_field(&rest, &word))
		return hm_err_set(err, HM_EINVALID,
		                  "GOAUTH encountered an empty command (GOAUTH=" HM_F ")",
		                  HM_P(x->conf->goauth));
	if (hm_str_eqz(word, "off")) {
		if (commands > 1)
			return hm_err_set(err, HM_EINVALID,
			                  "GOAUTH=off cannot be combined with other "
			                  "authentication commands (GOAUTH=" HM_F ")",
			                  HM_P(x->conf->goauth));
		return 0;
	}
	if (hm_str_eqz(word, "netrc")) {
		rc = run_netrc(x, &problem);
	} else if (hm_str_eqz(word, "git")) {
		command = hm_arena_dup(&x->arena, command);
		if (check_git_dir(command, &dir, err) < 0)
			return -1;
		dir = hm_arena_dup(&x->arena, dir);
		rc = url.n ? run_git(x, dir, url, &problem) : 0;
	} else {
		rc = run_command(x, command, url, refused, &problem);
	}
	if (rc < 0)
		complain(x, command, &problem, notes);
	hm_err_free(&problem);
	return 0;
}

/* Methods run last to first, so that the first one named has the last word. */
static int
run_all(struct hm_auth *x, hm_str url, const struct hm_http_resp *refused, struct hm_err *err)
{
	struct hm_strs commands = { 0 }, notes = { 0 }, found = { 0 };
	hm_str rest = x->conf->goauth, command;

	while (hm_str_next(&rest, ';', &command))
		HM_PUSH(&x->arena, commands, hm_str_trim(command));
	for (size_t i = commands.n; i > 0; i--)
		if (run_one(x, commands.v[i - 1], commands.n, url, refused, &notes, err) < 0)
			return -1;
	if (url.n && notes.n && x->log && x->log->trace && !load(x, &x->arena, url, &found)) {
		hm_log(x->log, HM_LOG_TRACE, "GOAUTH encountered errors for " HM_F ":",
		       HM_P(hm_url_redact(&x->arena, url)));
		for (size_t i = 0; i < notes.n; i++)
			hm_log(x->log, HM_LOG_TRACE, "  " HM_F, HM_P(notes.v[i]));
	}
	return 0;
}

int
hm_auth_headers(struct hm_auth *x, struct hm_arena *a, hm_str url,
                const struct hm_http_resp *refused, struct hm_strs *headers, struct hm_err *err)
{
	int rc = 0;

	if (hm_str_eqz(x->conf->goauth, "off"))
		return 0;
	pthread_mutex_lock(&x->lock);
	if (!x->ran) {
		rc = run_all(x, HM_S(""), NULL, err);
		x->ran = true;
	}
	/* What netrc says does not depend on the URL: nothing new to be had. */
	if (rc == 0 && refused && !hm_str_eqz(x->conf->goauth, "netrc"))
		rc = run_all(x, url, refused, err);
	if (rc == 0)
		(void)load(x, a, url, headers);
	pthread_mutex_unlock(&x->lock);
	return rc;
}
