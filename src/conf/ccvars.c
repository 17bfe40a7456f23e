/*
 * What go env says about C: CGO_*FLAGS, PKG_CONFIG, GOGCCFLAGS
 * (cmd/go/internal/work, CFlags, GccCmd and gccSupportsFlag).
 */
#include <string.h>

#include "base/path.h"
#include "codec/quoted.h"
#include "conf/conf.h"
#include "os/pool.h"
#include "os/spawn.h"

static const char default_flags[] = "-O2 -g";

/* A variable's words, or the default's. */
static int
words_of(const struct hm_conf *c, struct hm_arena *a, const char *name, const char *def,
         struct hm_strs *out, struct hm_err *err)
{
	hm_str v = hm_conf_get_or(c, name, def);

	if (hm_quoted_split(a, v, out, err) == 0)
		return 0;
	return hm_err_wrap(err, "could not parse environment variable %s with value " HM_F ": ",
	                   name, HM_P(hm_str_quote(a, v)));
}

/* Compilers must be found without a relative path, as they run in several folders. */
static int
check_compilers(const struct hm_conf *c, struct hm_arena *a, struct hm_err *err)
{
	static const char *const names[] = { "CC", "CXX", "FC" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct hm_strs w = { 0 };

		if (hm_quoted_split(a, hm_conf_get(c, names[i]), &w, err) < 0)
			return hm_err_wrap(
				err, "%s environment variable could not be parsed: ", names[i]);
		if (w.n && !hm_path_is_abs(w.v[0]) && !hm_str_eq(w.v[0], hm_path_base(w.v[0])))
			return hm_err_set(err, HM_EINVALID,
			                  "%s environment variable is relative; must be "
			                  "absolute path: " HM_F "\n",
			                  names[i], HM_P(w.v[0]));
	}
	return 0;
}

/* Flags that go passes to a C compiler which understands them. */
enum { NO_CARET, QUNUSED, NO_GC_SECTIONS, DEBUG_MAP, FILE_MAP, NO_SWITCHES, N_PROBES };

static const char *const probe_flags[N_PROBES] = {
	[NO_CARET] = "-fno-caret-diagnostics",
	[QUNUSED] = "-Qunused-arguments",
	[NO_GC_SECTIONS] = "-Wl,--no-gc-sections",
	[DEBUG_MAP] = "-fdebug-prefix-map=a=b",
	[FILE_MAP] = "-ffile-prefix-map=a=b",
	[NO_SWITCHES] = "-gno-record-gcc-switches",
};

struct probe {
	const struct hm_strs *cc, *cflags, *ldflags;
	const char *const *env;
	const char *dir;
	bool ok[N_PROBES];
};

static void
push(struct hm_arena *a, struct hm_strs *to, const struct hm_strs *words)
{
	for (size_t i = 0; i < words->n; i++)
		HM_PUSH(a, *to, words->v[i]);
}

static const char *const *
to_argv(struct hm_arena *a, const struct hm_strs *words)
{
	const char **argv = HM_NEW_N(a, words->n + 1, const char *);

	for (size_t i = 0; i < words->n; i++)
		argv[i] = hm_arena_cstr(a, words->v[i]);
	return argv;
}

static bool
sounds_unsupported(hm_str out)
{
	static const char *const words[] = { "unrecognized",     "unknown",        "unrecognised",
		                             "is not supported", "not recognized", "unsupported" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (hm_str_contains(out, hm_str_of(words[i])))
			return true;
	return false;
}

/* A compiler that cannot be run supports everything, in go too. */
static void
probe_one(void *ctx, size_t i)
{
	struct probe *p = ctx;
	struct hm_arena a = { 0 };
	struct hm_err ignored = { 0 };
	struct hm_spawn_result r = { 0 };
	struct hm_strs args = { 0 };
	struct hm_spawn s = { .env = p->env, .dir = p->dir, .merge = true };
	static const char *const tail[] = { "-x", "c", "-", "-o", "/dev/null" };

	push(&a, &args, p->cc);
	HM_PUSH(&a, args, hm_str_of(probe_flags[i]));
	if (i == NO_GC_SECTIONS) {
		push(&a, &args, p->ldflags);
	} else {
		push(&a, &args, p->cflags);
		HM_PUSH(&a, args, HM_S("-c"));
	}
	for (size_t k = 0; k < sizeof(tail) / sizeof(*tail); k++)
		HM_PUSH(&a, args, hm_str_of(tail[k]));
	s.argv = to_argv(&a, &args);
	(void)hm_spawn_run(&a, &s, &r, &ignored);
	p->ok[i] = !sounds_unsupported(r.out);
	hm_err_free(&ignored);
	hm_arena_free(&a);
}

static const char *
arch_flags(const struct hm_conf *c)
{
	bool darwin = hm_str_eqz(c->goos, "darwin");
	const struct {
		const char *arch, *flags;
	} t[] = {
		{ "386", "-m32" },
		{ "amd64", darwin ? "-arch x86_64 -m64" : "-m64" },
		{ "arm64", darwin ? "-arch arm64" : "" },
		{ "arm", "-marm" },
		{ "s390x", "-m64 -march=z13" },
		{ "loong64", "-mabi=lp64d" },
		{ "ppc64", hm_str_eqz(c->goos, "aix") ? "-maix64" : "" },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		if (hm_str_eqz(c->goarch, t[i].arch))
			return t[i].flags;
	if (hm_str_has_prefix(c->goarch, HM_S("mips64")))
		return hm_str_eqz(c->gomips64, "hardfloat") ? "-mabi=64 -mhard-float" :
		       hm_str_eqz(c->gomips64, "softfloat") ? "-mabi=64 -msoft-float" : "";
	if (hm_str_has_prefix(c->goarch, HM_S("mips")))
		return hm_str_eqz(c->gomips, "hardfloat")
		               ? "-mabi=32 -march=mips32 -mhard-float -mfp32 -mno-odd-spreg"
		       : hm_str_eqz(c->gomips, "softfloat") ? "-mabi=32 -march=mips32 -msoft-float"
		                                            : "";
	return "";
}

static void
push_words(struct hm_arena *a, struct hm_strs *to, const char *words)
{
	hm_str rest = hm_str_of(words), w;

	while (hm_str_next_field(&rest, &w))
		HM_PUSH(a, *to, w);
}

/* The command line of the C compiler, without its name and -I as go counts them. */
static void
gcc_flags(const struct hm_conf *c, struct hm_arena *a, const struct probe *p, hm_str workdir,
          struct hm_strs *out)
{
	struct hm_strs w = { 0 };
	bool windows = hm_str_eqz(c->goos, "windows");

	push(a, &w, p->cc);
	push_words(a, &w, windows ? "-I ." : "-I . -fPIC");
	push_words(a, &w, arch_flags(c));
	if (c->cgo_enabled)
		push_words(a, &w, windows ? "-mthreads" : "-pthread");
	if (hm_str_eqz(c->goos, "aix"))
		push_words(a, &w, "-mcmodel=large");
	for (size_t i = NO_CARET; i <= NO_GC_SECTIONS; i++)
		if (p->ok[i])
			HM_PUSH(a, w, hm_str_of(probe_flags[i]));
	push_words(a, &w, "-fmessage-length=0");
	hm_str_cut_suffix(&workdir, HM_S("/"));
	if (p->ok[DEBUG_MAP])
		HM_PUSH(a, w, hm_arena_printf(a, "-f%s-prefix-map=" HM_F "=/tmp/go-build",
		                              p->ok[FILE_MAP] ? "file" : "debug", HM_P(workdir)));
	if (p->ok[NO_SWITCHES])
		HM_PUSH(a, w, hm_str_of(probe_flags[NO_SWITCHES]));
	if (hm_str_eqz(c->goos, "darwin") || hm_str_eqz(c->goos, "ios"))
		push_words(a, &w, "-fno-common");
	/* A CC of several words shifts what is left out: go counts to three. */
	for (size_t i = 3; i < w.n; i++)
		HM_PUSH(a, *out, w.v[i]);
}

static void
add(struct hm_arena *a, struct hm_conf_vars *out, const char *name, const struct hm_strs *words,
    const char *def)
{
	struct hm_conf_var v = { .name = hm_str_of(name) };
	struct hm_err ignored = { 0 };

	if (hm_quoted_join(a, words, &v.value, &ignored) < 0)
		v.value = hm_strs_join(a, words, HM_S(" "));
	hm_err_free(&ignored);
	v.changed = def && !hm_str_eqz(v.value, def);
	HM_PUSH(a, *out, v);
}

int
hm_conf_cgo_vars(const struct hm_conf *c, struct hm_arena *a, hm_str workdir,
                 struct hm_conf_vars *out, struct hm_err *err)
{
	struct hm_strs cc = { 0 }, cppflags = { 0 }, cflags = { 0 }, cxxflags = { 0 };
	struct hm_strs fflags = { 0 }, ldflags = { 0 }, pkg = { 0 }, gcc = { 0 };
	struct probe p = { .cc = &cc, .cflags = &cflags, .ldflags = &ldflags };
	struct hm_env env = hm_conf_tool_env(c, a);

	if (check_compilers(c, a, err) < 0 ||
	    words_of(c, a, "CC", c->cc.p, &cc, err) < 0 ||
	    words_of(c, a, "CGO_CPPFLAGS", "", &cppflags, err) < 0 ||
	    words_of(c, a, "CGO_CFLAGS", default_flags, &cflags, err) < 0 ||
	    words_of(c, a, "CGO_CXXFLAGS", default_flags, &cxxflags, err) < 0 ||
	    words_of(c, a, "CGO_FFLAGS", default_flags, &fflags, err) < 0 ||
	    words_of(c, a, "CGO_LDFLAGS", default_flags, &ldflags, err) < 0 ||
	    words_of(c, a, "PKG_CONFIG", "pkg-config", &pkg, err) < 0)
		return -1;
	if (pkg.n > 1)
		pkg.n = 1;
	hm_env_set(&env, "LC_ALL", HM_S("C"));
	p.env = hm_env_list(&env, a);
	p.dir = hm_arena_cstr(a, workdir);
	hm_pool_each(0, N_PROBES, probe_one, &p);
	gcc_flags(c, a, &p, workdir, &gcc);

	add(a, out, "CGO_CFLAGS", &cflags, default_flags);
	add(a, out, "CGO_CPPFLAGS", &cppflags, "");
	add(a, out, "CGO_CXXFLAGS", &cxxflags, default_flags);
	add(a, out, "CGO_FFLAGS", &fflags, default_flags);
	add(a, out, "CGO_LDFLAGS", &ldflags, default_flags);
	add(a, out, "PKG_CONFIG", &pkg, "pkg-config");
	add(a, out, "GOGCCFLAGS", &gcc, NULL);
	return 0;
}
