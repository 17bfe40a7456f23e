#include "unit/unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "fetch/fetch.h"
#include "os/file.h"
#include "unit/net_fixture.h"

struct world {
	struct fixture f;
	struct hm_arena a;
	struct hm_err err;
	struct hm_env env;
	struct hm_http *http;
	struct hm_conf *conf;
	struct hm_fetch *fetch;
	struct hm_buf trace;
	struct hm_log log;
};

#define M "example.com/m/@v/"

static void
put_module(struct world *w)
{
	fixture_put(&w->f, M "list",
	            HM_S("v1.10.0\nv1.2.0 2020-01-01T00:00:00Z\nbad\n\n"
	                 "v0.0.0-20200101000000-abcdefabcdef\nv1.2.0-pre extra\n"));
	fixture_put(&w->f, M "v1.2.0.info",
	            HM_S("{\"Version\":\"v1.2.0\",\"Time\":\"2020-01-02T03:04:05Z\",\"Origin\":"
	                 "{\"VCS\":\"git\"}}"));
	fixture_put(&w->f, M "v1.2.0.mod", HM_S("module example.com/m\n"));
	fixture_put(&w->f, M "v1.2.0.zip", HM_S("zip bytes"));
	fixture_put(&w->f, M "main.info", HM_S("{\"Version\":\"v1.2.0\"}"));
	fixture_put(&w->f, M "v1.3.0.info", HM_S("{\"Version\":\"v1.9.9\"}"));
	fixture_put(&w->f, M "v1.4.0.info", HM_S("<html>"));
	fixture_put(&w->f, M "v1.5.0.info", HM_S("{\"Version\":1}"));
	fixture_put(&w->f, M "v1.6.0.info", HM_S("{\"Version\":\"v1.6.0\",\"Time\":\"x\"}"));
	fixture_put(&w->f, M "v1.7.0.info", HM_S("{\"Version\":\"v1.7.0\",\"Time\":3}"));
	fixture_put(&w->f, M "v1.8.0.info", HM_S("[]"));
	fixture_put(&w->f, "example.com/only/@v/list",
	            HM_S("v0.0.0-20200101000000-abcdefabcdef\nv0.0.0-20210101000000-abcdefabcdef\n"
	                 "v0.0.0-20180101000000-abcdefabcdef 2019-01-01T00:00:00Z\n"));
	fixture_put(&w->f, "example.com/only/@v/v0.0.0-20210101000000-abcdefabcdef.info",
	            HM_S("{\"Version\":\"v0.0.0-20210101000000-abcdefabcdef\"}"));
}

static void
take_line(void *ctx, enum hm_log_level level, hm_str line)
{
	struct hm_buf *b = ctx;

	(void)level;
	hm_buf_printf(b, HM_F "\n", HM_P(line));
}

static int
start(void **state, bool tls)
{
	struct world *w = test_calloc(1, sizeof(*w));

	*state = w;
	w->env.vars = (struct hm_map){ .arena = &w->a };
	if (!fixture_start(&w->f, tls))
		return -1;
	put_module(w);
	hm_env_set(&w->env, "HOME", w->f.dir);
	hm_env_set(&w->env, "PATH", HM_S("/usr/bin:/bin"));
	hm_env_set(&w->env, "SSL_CERT_FILE", w->f.cert);
	w->log = (struct hm_log){ take_line, &w->trace, true };
	return 0;
}

static int
setup(void **state)
{
	return start(state, false);
}

static int
setup_tls(void **state)
{
	return start(state, true);
}

static void
close_fetch(struct world *w)
{
	hm_fetch_free(w->fetch);
	hm_http_free(w->http);
	hm_conf_free(w->conf);
}

static int
teardown(void **state)
{
	struct world *w = *state;

	close_fetch(w);
	fixture_stop(&w->f);
	hm_buf_free(&w->trace);
	hm_err_free(&w->err);
	hm_arena_free(&w->a);
	test_free(w);
	return 0;
}

/* A fetch for the GOPROXY list, in which URL stands for the fixture's. */
static void
use(struct world *w, const char *goproxy)
{
	struct hm_http_config c = { .env = &w->env, .header_ms = 500, .backoff_ms = 5 };
	struct hm_buf b = { 0 };
	hm_str rest = hm_str_of(goproxy);

	for (ptrdiff_t at; (at = hm_str_index(rest, HM_S("URL"))) >= 0;) {
		hm_buf_add(&b, rest.p, (size_t)at);
		hm_buf_adds(&b, w->f.url);
		rest = hm_str_from(rest, (size_t)at + 3);
	}
	hm_buf_adds(&b, rest);
	close_fetch(w);
	hm_env_set(&w->env, "GOPROXY", hm_buf_str(&b));
	hm_buf_free(&b);
	hm_err_clear(&w->err);
	w->conf = hm_conf_new(HM_CONF_GO, &w->env, w->f.dir, &w->err);
	w->http = hm_http_new(&c);
	w->fetch = hm_fetch_new(w->conf, w->http, &w->log);
}

struct question {
	struct world *w;
	const char *path, *op, *version;
	hm_str answer;
	size_t bytes;
};

static int
count_bytes(void *ctx, hm_str bytes, struct hm_err *err)
{
	struct question *q = ctx;

	if (q->op[0] == 'Z')
		return hm_err_set(err, HM_EIO, "write x: no space left on device");
	q->bytes += bytes.n;
	return 0;
}

static int
ask(void *ctx, const struct hm_fetch_source *src, struct hm_err *err)
{
	struct question *q = ctx;
	struct hm_arena *a = &q->w->a;
	struct hm_http_sink sink = { count_bytes, q };
	struct hm_fetch_info info = { 0 };
	struct hm_strs list = { 0 };
	struct hm_repo r;
	hm_str v = hm_str_of(q->version);
	int rc = -1;

	if (hm_fetch_open(q->w->fetch, a, src, hm_str_of(q->path), &r, err) < 0)
		return -1;
	switch (q->op[0]) {
	case 'l':
		rc = hm_repo_versions(&r, a, v, &list, err);
		q->answer = hm_strs_join(a, &list, HM_S(" "));
		break;
	case 'i':
		rc = hm_repo_stat(&r, a, v, &info, err);
		q->answer = info.version;
		break;
	case 'L':
		rc = hm_repo_latest(&r, a, &info, err);
		q->answer = info.version;
		break;
	case 'm':
		rc = hm_repo_gomod(&r, a, v, &q->answer, err);
		break;
	case 'z':
	case 'Z':
		rc = hm_repo_zip(&r, v, &sink, err);
		q->answer = hm_arena_printf(a, "%zu", q->bytes);
		break;
	}
	return rc;
}

/* The answer, or the error with the server's address as URL. */
static hm_str
result(struct world *w, const char *op, const char *path, const char *version)
{
	struct question q = { .w = w, .path = path, .op = op, .version = version };
	struct hm_buf b = { 0 };
	hm_str s;

	if (hm_fetch_try(w->fetch, ask, &q, &w->err) == 0)
		return q.answer;
	s = hm_err_str(&w->err);
	for (ptrdiff_t at; (at = hm_str_index(s, w->f.url)) >= 0;) {
		hm_buf_add(&b, s.p, (size_t)at);
		hm_buf_addz(&b, "URL");
		s = hm_str_from(s, (size_t)at + w->f.url.n);
	}
	hm_buf_adds(&b, s);
	return hm_buf_take(&b, &w->a);
}

static hm_str
m(struct world *w, const char *op, const char *version)
{
	return result(w, op, "example.com/m", version);
}

static void
reads_a_module(struct world *w)
{
	assert_str(m(w, "l", ""), "v1.2.0-pre v1.2.0 v1.10.0");
	assert_str(m(w, "l", "v1.1"), "v1.10.0");
	assert_str(m(w, "i", "v1.2.0"), "v1.2.0");
	assert_str(m(w, "i", "main"), "v1.2.0");
	assert_str(m(w, "m", "v1.2.0"), "module example.com/m\n");
	assert_str(m(w, "z", "v1.2.0"), "9");
	assert_str(result(w, "L", "example.com/only", ""), "v0.0.0-20210101000000-abcdefabcdef");
	fixture_put(&w->f, "example.com/m/@latest", HM_S("{\"Version\":\"v1.10.0\"}"));
	assert_str(m(w, "L", ""), "v1.10.0");
}

static void
reads_from_http(void **state)
{
	use(*state, "URL");
	reads_a_module(*state);
}

static void
reads_from_files(void **state)
{
	struct world *w = *state;
	struct hm_fetch_source src;
	struct hm_repo r;
	hm_str path;

	use(w, hm_arena_printf(&w->a, "file://" HM_F, HM_P(w->f.dir)).p);
	reads_a_module(w);
	src = (struct hm_fetch_source){ .url = w->conf->goproxy };
	assert_ok(hm_fetch_open(w->fetch, &w->a, &src, HM_S("example.com/M"), &r, &w->err),
	          &w->err);
	assert_ok(hm_repo_zip_path(&r, &w->a, HM_S("v1.2.0"), &path, &w->err), &w->err);
	assert_str(path, hm_path_join(&w->a, w->f.dir, HM_S("example.com/!m/@v/v1.2.0.zip")).p);
	assert_str(m(w, "m", "v1.9.0"),
	           hm_arena_printf(&w->a, "example.com/m@v1.9.0: reading file://" HM_F
	                           "/example.com/m/@v/v1.9.0.mod: no such file or directory",
	                           HM_P(w->f.dir)).p);
	assert_true(hm_err_is(&w->err, HM_ENOTFOUND));
}

/* As `go mod download -json` of Go 1.26.8 shows them, with the same server. */
static const struct {
	const char *goproxy, *op, *version, *want;
} errors[] = {
	{ "URL", "i", "v1.3.0",
	  "example.com/m@v1.3.0: proxy returned info for version v1.9.9 instead "
	  "of requested version" },
	{ "URL", "i", "v1.4.0",
	  "example.com/m@v1.4.0: invalid response from proxy \"URL\": "
	  "invalid character '<' looking for beginning of value" },
	{ "URL", "i", "v1.5.0",
	  "example.com/m@v1.5.0: invalid response from proxy \"URL\": json: "
	  "cannot unmarshal number into Go struct field RevInfo.Version of type string" },
	{ "URL", "i", "v1.6.0",
	  "example.com/m@v1.6.0: invalid response from proxy \"URL\": "
	  "parsing time \"x\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"x\" as \"2006\"" },
	{ "URL", "i", "v1.7.0",
	  "example.com/m@v1.7.0: invalid response from proxy \"URL\": "
	  "Time.UnmarshalJSON: input is not a JSON string" },
	{ "URL", "i", "v1.8.0",
	  "example.com/m@v1.8.0: invalid response from proxy \"URL\": json: "
	  "cannot unmarshal array into Go value of type modfetch.RevInfo" },
	{ "URL", "i", "v1.9.0",
	  "example.com/m@v1.9.0: reading URL/example.com/m/@v/v1.9.0.info: "
	  "404 Not Found\n\tserver response: not found" },
	{ "URL", "i", "nope",
	  "example.com/m@nope: invalid version: reading "
	  "URL/example.com/m/@v/nope.info: 404 Not Found\n\tserver response: not found" },
	{ "URL", "i", "a!b",
	  "example.com/m@a!b: invalid version: version \"a!b\" invalid: "
	  "disallowed version string" },
	{ "URL/_status=500+text=hi", "i", "v1.2.0",
	  "example.com/m@v1.2.0: reading "
	  "URL/_status=500+text=hi/example.com/m/@v/v1.2.0.info: 500 Internal Server Error\n"
	  "\tserver response: hi" },
	{ "URL/_cut=3+match=.zip", "z", "v1.2.0",
	  "example.com/m@v1.2.0: read "
	  "\"URL/_cut=3+match=.zip/example.com/m/@v/v1.2.0.zip\": unexpected EOF" },
	{ "URL/_redirect=loop", "i", "v1.2.0",
	  "example.com/m@v1.2.0: Get "
	  "\"/_redirect=loop/example.com/m/@v/v1.2.0.info\": stopped after 10 redirects" },
	{ "URL/_hang", "i", "v1.2.0",
	  "example.com/m@v1.2.0: Get "
	  "\"URL/_hang/example.com/m/@v/v1.2.0.info\": net/http: timeout awaiting response "
	  "headers" },
	{ "URL/_length=524288001", "z", "v1.2.0",
	  "example.com/m@v1.2.0: downloaded zip file too large" },
	{ "URL/_status=403", "l", "",
	  "module example.com/m: reading "
	  "URL/_status=403/example.com/m/@v/list: 403 Forbidden" },
	{ "URL", "Z", "v1.2.0",
	  "example.com/m@v1.2.0: read \"URL/example.com/m/@v/v1.2.0.zip\": "
	  "write x: no space left on device" },
	{ "http://127.0.0.1:1", "i", "v1.2.0",
	  "example.com/m@v1.2.0: Get "
	  "\"http://127.0.0.1:1/example.com/m/@v/v1.2.0.info\": dial tcp 127.0.0.1:1: connect: "
	  "connection refused" },
	{ "http://u:secret@127.0.0.1:1/", "i", "v1.2.0",
	  "example.com/m@v1.2.0: refusing to pass "
	  "credentials to insecure URL: http://u:xxxxx@127.0.0.1:1/example.com/m/@v/v1.2.0.info" },
	{ "off", "i", "v1.2.0", "module lookup disabled by GOPROXY=off" },
	{ ",", "i", "v1.2.0", "GOPROXY list is not the empty string, but contains no entries" },
	{ "foo", "i", "v1.2.0", "invalid proxy URL missing scheme: foo" },
	{ "ftp://x", "i", "v1.2.0",
	  "invalid proxy URL scheme (must be https, http, file): ftp://x" },
	{ "file://x/y", "i", "v1.2.0",
	  "invalid file:// proxy URL with non-path elements: file://x/y" },
	/* go shows the password here */
	{ "https://u:secret@h:bad/", "i", "v1.2.0",
	  "parse \"https://xxxxx@h:bad/\": invalid port \":bad\" after host" },
	/* lists */
	{ "URL/_status=500|URL", "i", "v1.2.0", "v1.2.0" },
	{ "URL/_status=410,URL", "i", "v1.2.0", "v1.2.0" },
	{ " URL/_status=404 , , URL , bad:/x", "i", "v1.2.0",
	  "invalid proxy URL scheme (must be "
	  "https, http, file): bad:/x" },
	{ "URL/_status=500,URL", "i", "v1.2.0",
	  "example.com/m@v1.2.0: reading "
	  "URL/_status=500/example.com/m/@v/v1.2.0.info: 500 Internal Server Error" },
	{ "URL/_status=500+text=first|URL/_status=404", "i", "v1.2.0",
	  "example.com/m@v1.2.0: reading "
	  "URL/_status=500+text=first/example.com/m/@v/v1.2.0.info: 500 Internal Server Error\n"
	  "\tserver response: first" },
	{ "URL/_status=404+text=a|URL/_status=404+text=b", "i", "v1.2.0",
	  "example.com/m@v1.2.0: "
	  "reading URL/_status=404+text=b/example.com/m/@v/v1.2.0.info: 404 Not Found\n"
	  "\tserver response: b" },
	{ "URL/_status=404,off,URL", "i", "v1.2.0", "module lookup disabled by GOPROXY=off" },
	{ "URL/_status=404+text=a,direct", "i", "v1.2.0",
	  "example.com/m@v1.2.0: reading "
	  "URL/_status=404+text=a/example.com/m/@v/v1.2.0.info: 404 Not Found\n\tserver response: "
	  "a" },
	{ "direct", "i", "v1.2.0",
	  "module example.com/m: fetching directly from version control is "
	  "not supported yet: set GOPROXY to a module proxy that has it, and GONOPROXY=none if "
	  "GOPRIVATE names it" },
};

static void
errors_read_as_in_go(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		use(w, errors[i].goproxy);
		assert_str(m(w, errors[i].op, errors[i].version), errors[i].want);
	}
}

static void
private_modules_stay_private(void **state)
{
	struct world *w = *state;

	hm_env_set(&w->env, "GOPRIVATE", HM_S("example.com/m"));
	use(w, "URL");
	assert_true(hm_str_contains(m(w, "i", "v1.2.0"), HM_S("not supported yet")));
	assert_int_equal(hm_http_stats(w->http).requests, 0);
	assert_str(result(w, "L", "example.com/only", ""), "v0.0.0-20210101000000-abcdefabcdef");
	hm_env_set(&w->env, "GONOPROXY", HM_S("none"));
	use(w, "URL");
	assert_str(m(w, "i", "v1.2.0"), "v1.2.0");
}

static void
no_lookups_with_mod_vendor(void **state)
{
	struct world *w = *state;

	use(w, "URL");
	hm_fetch_disable(w->fetch, HM_S("vendor"), HM_S("Go version in go.mod is at least 1.14"));
	assert_str(m(w, "i", "v1.2.0"), "module lookup disabled by -mod=vendor\n"
	                                "\t(Go version in go.mod is at least 1.14)");
	assert_int_equal(hm_http_stats(w->http).requests, 0);
}

static void
the_list_is_asked_for_once(void **state)
{
	struct world *w = *state;

	use(w, "URL");
	(void)result(w, "l", "example.com/only", "");
	(void)result(w, "L", "example.com/only", "");
	/* list, @latest (404), .info */
	assert_int_equal(hm_http_stats(w->http).requests, 3);
}

static int
refuse(void *ctx, const struct hm_fetch_source *src, struct hm_err *err)
{
	(*(int *)ctx)++;
	(void)src;
	return hm_err_set(err, HM_ESECURITY, "SECURITY ERROR");
}

static void
no_other_source_after_a_security_error(void **state)
{
	struct world *w = *state;
	int calls = 0;

	use(w, "URL|URL");
	assert_int_equal(hm_fetch_try(w->fetch, refuse, &calls, &w->err), -1);
	assert_int_equal(calls, 1);
	assert_true(hm_err_is(&w->err, HM_ESECURITY));
}

static void
traces_as_go_does_with_x(void **state)
{
	struct world *w = *state;
	hm_str got, want;

	use(w, "URL");
	(void)m(w, "m", "v1.2.0");
	got = hm_buf_str(&w->trace);
	want = hm_arena_printf(&w->a, "# get " HM_F "/example.com/m/@v/v1.2.0.mod\n# get " HM_F
	                       "/example.com/m/@v/v1.2.0.mod: 200 OK (0.", HM_P(w->f.url),
	                       HM_P(w->f.url));
	assert_str(hm_str_sub(got, 0, want.n < got.n ? want.n : got.n), want.p);
}

static void
other_files_of_a_source(void **state)
{
	struct world *w = *state;
	hm_str out;

	use(w, "URL");
	assert_ok(hm_fetch_get(w->fetch, &w->a, w->f.url, HM_S(M "v1.2.0.mod"), 100, &out, &w->err),
	          &w->err);
	assert_str(out, "module example.com/m\n");
	assert_int_equal(hm_fetch_get(w->fetch, &w->a, w->f.url, HM_S(M "v1.2.0.mod"), 5, &out,
	                              &w->err), -1);
	assert_true(hm_err_is(&w->err, HM_ELIMIT));
}

/* ---- credentials; over TLS, as go sends them nowhere else */

static void
put_script(struct world *w, const char *name, hm_str text)
{
	fixture_put(&w->f, name, text);
	assert_int_equal(chmod(hm_path_join(&w->a, w->f.dir, hm_str_of(name)).p, 0755), 0);
}

static void
netrc_is_used(void **state)
{
	struct world *w = *state;
	hm_str host = hm_str_from(w->f.url, 8);

	fixture_put(&w->f, ".netrc",
	            hm_arena_printf(&w->a,
	                            "machine " HM_F " login me password first\n"
	                            "machine " HM_F " login me password second\n",
	                            HM_P(host), HM_P(host)));
	use(w, "URL/_auth=me:first");
	assert_str(m(w, "i", "v1.2.0"), "v1.2.0");
	use(w, "URL/_auth=me:second");
	assert_str(m(w, "i", "v1.2.0"), "example.com/m@v1.2.0: reading "
	           "URL/_auth=me:second/example.com/m/@v/v1.2.0.info: 401 Unauthorized\n"
	           "\tserver response: who are you?");
	/* Nothing else to try: asked once. */
	assert_int_equal(hm_http_stats(w->http).requests, 1);
	hm_env_set(&w->env, "GOAUTH", HM_S("off"));
	use(w, "URL/_auth=me:first");
	assert_true(hm_err_is(&w->err, HM_OK));
	(void)m(w, "i", "v1.2.0");
	assert_true(hm_err_is(&w->err, HM_EFORBIDDEN));
}

static void
command_is_used(void **state)
{
	struct world *w = *state;
	hm_str script = hm_path_join(&w->a, w->f.dir, HM_S("login"));

	/* Knows nothing at the start; is asked again with the URL, the answer on its stdin. */
	put_script(w, "login", hm_arena_printf(&w->a,
		"#!/bin/sh\n[ $# = 1 ] || exit 0\nread -r status\n"
		"[ \"$status\" = 'HTTP/1.1 401 Unauthorized' ] || exit 1\n"
		"printf '" HM_F "\\n\\nAuthorization: Basic bWU6cHc=\\n\\n'\n", HM_P(w->f.url)));
	hm_env_set(&w->env, "GOAUTH", script);
	use(w, "URL/_auth=me:pw");
	assert_str(m(w, "i", "v1.2.0"), "v1.2.0");
	assert_int_equal(hm_http_stats(w->http).requests, 2);
	assert_str(m(w, "m", "v1.2.0"), "module example.com/m\n");
	assert_int_equal(hm_http_stats(w->http).requests, 3);
}

static void
git_is_used(void **state)
{
	struct world *w = *state;
	hm_str bin = hm_path_join(&w->a, w->f.dir, HM_S("bin"));

	put_script(w, "bin/git", hm_arena_printf(&w->a,
		"#!/bin/sh\ncat >>../git.in\n[ $2 = fill ] || { echo $2 >>../git.did; exit 0; }\n"
		"printf 'protocol=https\\nhost=" HM_F "\\nusername=me\\npassword=pw\\n'\n",
		HM_P(hm_str_from(w->f.url, 8))));
	hm_env_set(&w->env, "PATH", hm_arena_printf(&w->a, HM_F ":/usr/bin:/bin", HM_P(bin)));
	hm_env_set(&w->env, "GOAUTH", hm_arena_printf(&w->a, "git " HM_F, HM_P(bin)));
	use(w, "URL/_auth=me:pw");
	assert_str(m(w, "i", "v1.2.0"), "v1.2.0");
}

static void
wrong_goauth_is_named(void **state)
{
	static const char *const bad[][2] = {
		{ "netrc;;", "GOAUTH encountered an empty command (GOAUTH=netrc;;)" },
		{ "off;netrc", "GOAUTH=off cannot be combined with other authentication commands "
		               "(GOAUTH=off;netrc)" },
		{ "git",
		  "GOAUTH=git dir method requires an absolute path to the git working directory" },
		{ "git x",
		  "GOAUTH=git dir method requires an absolute path to the git working directory, "
		  "dir is not absolute" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		hm_env_set(&w->env, "GOAUTH", hm_str_of(bad[i][0]));
		use(w, "URL");
		assert_str(m(w, "i", "v1.2.0"),
		           hm_arena_printf(&w->a, "example.com/m@v1.2.0: %s", bad[i][1]).p);
	}
}

int
test_fetch_fetch(void)
{
	const struct CMUnitTest tests[] = {
#define W(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define S(f) cmocka_unit_test_setup_teardown(f, setup_tls, teardown)
		W(reads_from_http),
		W(reads_from_files),
		W(errors_read_as_in_go),
		W(private_modules_stay_private),
		W(no_lookups_with_mod_vendor),
		W(the_list_is_asked_for_once),
		W(no_other_source_after_a_security_error),
		W(traces_as_go_does_with_x),
		W(other_files_of_a_source),
		S(netrc_is_used),
		S(command_is_used),
		S(git_is_used),
		S(wrong_goauth_is_named),
#undef W
#undef S
	};

	return cmocka_run_group_tests_name("fetch/fetch", tests, NULL, NULL);
}
