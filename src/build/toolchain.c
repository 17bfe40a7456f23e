#include "build/toolchain.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/path.h"
#include "os/file.h"
#include "os/spawn.h"

enum { VERSION_MAX = 4096 };

struct hm_tool_ids {
	pthread_mutex_t lock;
	struct hm_arena arena;
	struct hm_map ids; /* tool name -> hm_str * */
};

/* "go1.26.8", "go1.27rc1", with or without " X:..."; false for anything else. */
static bool
parse_version(hm_str v, hm_str *local, int *minor)
{
	size_t i = 2 + 2;
	int n = 0;

	if (!hm_str_has_prefix(v, HM_S("go1.")))
		return false;
	for (; i < v.n && v.p[i] >= '0' && v.p[i] <= '9' && n < 10000; i++)
		n = n * 10 + (v.p[i] - '0');
	if (i == 4)
		return false;
	*minor = n;
	*local = hm_str_from(v, 2);
	return true;
}

/* A version without the experiments that the go command was built with. */
static hm_str
strip_experiment(hm_str v)
{
	ptrdiff_t i = hm_str_index(v, HM_S(" X:"));

	if (i < 0)
		i = hm_str_index(v, HM_S("-X:"));
	return i < 0 ? v : hm_str_sub(v, 0, (size_t)i);
}

int
hm_toolchain_open(struct hm_arena *a, hm_str goroot, hm_str host, const struct hm_env *env,
                  struct hm_memo *memo, struct hm_toolchain **out, struct hm_err *err)
{
	struct hm_toolchain *t = HM_NEW(a, struct hm_toolchain);
	hm_str text, line, rest;

	t->goroot = hm_path_clean(a, goroot);
	t->tooldir = hm_path_cat(a, hm_path_cat(a, t->goroot, HM_S("pkg/tool")), host);
	if (hm_file_read(a, hm_path_cat(a, t->goroot, HM_S("VERSION")).p, VERSION_MAX, &text,
	                 err)) {
		err->code = HM_ETOOLCHAIN;
		return hm_err_wrap(err, "no usable Go toolchain in %s: ", t->goroot.p);
	}
	hm_str_cut(text, '\n', &line, &rest);
	t->version = hm_arena_dup(a, hm_str_trim(line));
	t->salt = hm_arena_dup(a, strip_experiment(t->version));
	if (!parse_version(t->salt, &t->local, &t->minor))
		return hm_err_set(err, HM_ETOOLCHAIN, "%s/VERSION: unknown version \"" HM_F "\"",
		                  t->goroot.p, HM_P(t->version));
	if (!hm_file_is_dir(t->tooldir.p))
		return hm_err_set(err, HM_ETOOLCHAIN, "no Go tools in %s", t->tooldir.p);
	t->env = hm_env_list(env, a);
	t->about =
		hm_arena_printf(a, "V\n%s\n%s\n%s", hm_env_or_empty(env, "GOEXPERIMENT").p,
	                        hm_env_or_empty(env, "GOOS").p, hm_env_or_empty(env, "GOARCH").p);
	t->memo = memo;
	t->ids = hm_mem_new(sizeof(*t->ids));
	pthread_mutex_init(&t->ids->lock, NULL);
	t->ids->ids.arena = &t->ids->arena;
	*out = t;
	return 0;
}

void
hm_toolchain_close(struct hm_toolchain *t)
{
	if (!t)
		return;
	pthread_mutex_destroy(&t->ids->lock);
	hm_arena_free(&t->ids->arena);
	free(t->ids);
	t->ids = NULL;
}

hm_str
hm_toolchain_tool(const struct hm_toolchain *t, struct hm_arena *a, const char *name)
{
	return hm_path_cat(a, t->tooldir, hm_str_of(name));
}

/* What of the -V=full line identifies the tool: all of a release's, the content ID of others. */
static int
parse_id(const char *name, hm_str line, hm_str *id, struct hm_err *err)
{
	hm_str rest = line, f, word[3] = { 0 }, last = { 0 };
	size_t n = 0;
	bool devel;

	for (; hm_str_next_field(&rest, &f); n++) {
		if (n < 3)
			word[n] = f;
		last = f;
	}
	devel = n >= 3 && hm_str_contains(word[2], HM_S("devel"));
	if (n < 3 || !hm_str_eqz(word[0], name) || !hm_str_eqz(word[1], "version") ||
	    (devel && !hm_str_has_prefix(last, HM_S("buildID="))))
		return hm_err_set(
			err, HM_ETOOLCHAIN,
			"parsing buildID from go tool %s -V=full: unexpected output:\n\t" HM_F,
			name, HM_P(line));
	*id = hm_str_trim(line);
	if (devel)
		*id = hm_str_from(last, (size_t)(hm_str_rindex_byte(last, '/') + 1));
	return 0;
}

static int
ask_tool(struct hm_toolchain *t, const char *name, hm_str tool, hm_str *id, struct hm_err *err)
{
	const char **argv = HM_NEW_N(&t->ids->arena, t->toolexec.n + 3, const char *);
	struct hm_spawn s = { .argv = argv, .env = t->env, .max_output = 1 << 16 };
	struct hm_spawn_result r;

	for (size_t i = 0; i < t->toolexec.n; i++)
		argv[i] = hm_arena_cstr(&t->ids->arena, t->toolexec.v[i]);
	argv[t->toolexec.n] = tool.p;
	argv[t->toolexec.n + 1] = "-V=full";
	if (hm_spawn_run(&t->ids->arena, &s, &r, err))
		return hm_err_wrap(err, "error obtaining buildID for go tool %s: ", name);
	if (r.status)
		return hm_err_set(err, HM_ETOOLCHAIN,
		                  HM_F "error obtaining buildID for go tool %s: exit status %d",
		                  HM_P(r.err), name, r.status);
	return parse_id(name, r.out, id, err);
}

int
hm_toolchain_tool_id(struct hm_toolchain *t, const char *name, hm_str *out, struct hm_err *err)
{
	struct hm_tool_ids *ids = t->ids;
	hm_str tool, *known;
	int rc = 0;

	pthread_mutex_lock(&ids->lock);
	known = hm_map_get(&ids->ids, hm_str_of(name));
	if (!known) {
		known = HM_NEW(&ids->arena, hm_str);
		tool = hm_toolchain_tool(t, &ids->arena, name);
		if (t->toolexec.n || !hm_memo_get(t->memo, tool.p, t->about, &ids->arena, known)) {
			rc = ask_tool(t, name, tool, known, err);
			if (rc == 0 && !t->toolexec.n)
				hm_memo_put(t->memo, tool.p, t->about, *known);
		}
		if (rc == 0)
			hm_map_set(&ids->ids, hm_arena_dup(&ids->arena, hm_str_of(name)), known);
	}
	if (rc == 0)
		*out = *known;
	pthread_mutex_unlock(&ids->lock);
	return rc;
}
