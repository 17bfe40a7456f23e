#include "load/pkg_cgo.h"

#include "base/path.h"
#include "base/rune.h"

/* Splits at white space; quotes group, a backslash escapes. False when unclosed. */
static bool
split_quoted(struct hm_arena *a, hm_str s, struct hm_strs *out)
{
	struct hm_buf b = { 0 };
	bool escaped = false, quoted = false;
	uint32_t quote = 0;

	for (size_t i = 0; i < s.n;) {
		uint32_t r = hm_str_rune(s, &i);

		if (escaped) {
			escaped = false;
		} else if (r == '\\') {
			escaped = true;
			continue;
		} else if (quote) {
			if (r == quote) {
				quote = 0;
				continue;
			}
		} else if (r == '"' || r == '\'') {
			quoted = true;
			quote = r;
			continue;
		} else if (hm_rune_is_space(r)) {
			if (quoted || b.n > 0)
				HM_PUSH(a, *out, hm_arena_dup(a, hm_buf_str(&b)));
			quoted = false;
			hm_buf_clear(&b);
			continue;
		}
		hm_buf_add_rune(&b, r);
	}
	if (quoted || b.n > 0)
		HM_PUSH(a, *out, hm_arena_dup(a, hm_buf_str(&b)));
	hm_buf_free(&b);
	return !quote && !escaped;
}

/* Nothing that a shell could take amiss. */
static bool
is_safe(hm_str s)
{
	static const char safe[] = "+-.,/0123456789=ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				   "abcdefghijklmnopqrstuvwxyz:$@%! ~^";

	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x80 && (!s.p[i] || !strchr(safe, s.p[i])))
			return false;
	return s.n > 0;
}

/* ${SRCDIR} becomes dir; false when the result is not safe. */
static bool
expand_src_dir(struct hm_arena *a, hm_str *arg, hm_str dir)
{
	static const hm_str var = HM_S_INIT("${SRCDIR}");
	struct hm_buf b = { 0 };
	hm_str rest = *arg;
	ptrdiff_t i = hm_str_index(rest, var);

	if (i < 0)
		return is_safe(rest);
	for (; i >= 0; i = hm_str_index(rest, var)) {
		hm_str before = hm_str_sub(rest, 0, (size_t)i);

		if (before.n > 0 && !is_safe(before))
			goto unsafe;
		hm_buf_adds(&b, before);
		hm_buf_adds(&b, dir);
		rest = hm_str_from(rest, (size_t)i + var.n);
	}
	if (rest.n > 0 && !is_safe(rest))
		goto unsafe;
	hm_buf_adds(&b, rest);
	*arg = hm_buf_take(&b, a);
	return is_safe(dir) && arg->n > 0;
unsafe:
	hm_buf_free(&b);
	return false;
}

/* The folders of -I and -L become absolute. */
static void
make_absolute(struct hm_arena *a, struct hm_strs *args, hm_str dir)
{
	bool next_is_path = false;

	for (size_t i = 0; i < args->n; i++) {
		hm_str arg = args->v[i], path;

		if (next_is_path) {
			if (!hm_path_is_abs(arg))
				args->v[i] = hm_path_join(a, dir, arg);
			next_is_path = false;
		} else if (hm_str_has_prefix(arg, HM_S("-I")) ||
		           hm_str_has_prefix(arg, HM_S("-L"))) {
			path = hm_str_from(arg, 2);
			next_is_path = path.n == 0;
			if (path.n > 0 && !hm_path_is_abs(path))
				args->v[i] = hm_arena_printf(a, HM_F HM_F,
				                             HM_P(hm_str_sub(arg, 0, 2)),
				                             HM_P(hm_path_join(a, dir, path)));
		}
	}
}

static struct hm_strs *
flag_list(struct hm_bpkg *p, hm_str verb)
{
	if (hm_str_eqz(verb, "CFLAGS"))
		return &p->cgo_cflags;
	if (hm_str_eqz(verb, "CPPFLAGS"))
		return &p->cgo_cppflags;
	if (hm_str_eqz(verb, "CXXFLAGS"))
		return &p->cgo_cxxflags;
	if (hm_str_eqz(verb, "FFLAGS"))
		return &p->cgo_fflags;
	if (hm_str_eqz(verb, "LDFLAGS"))
		return &p->cgo_ldflags;
	return hm_str_eqz(verb, "pkg-config") ? &p->cgo_pkg_config : NULL;
}

static bool
any_matches(const struct hm_build_ctx *ctx, const struct hm_strs *conds)
{
	for (size_t i = 0; i < conds->n; i++)
		if (hm_build_match_auto(ctx, conds->v[i]))
			return true;
	return conds->n == 0;
}

static void
fields(struct hm_arena *a, hm_str s, struct hm_strs *out)
{
	hm_str f;

	while (hm_str_next_field(&s, &f))
		HM_PUSH(a, *out, f);
}

/* "#cgo [conditions...] VERB: args" */
static int
save_line(struct hm_arena *a, const struct hm_build_ctx *ctx, hm_str file, hm_str orig,
          struct hm_bpkg *p, struct hm_err *err)
{
	struct hm_strs words = { 0 }, args = { 0 }, *list;
	hm_str line = hm_str_trim(orig), argstr, verb;

	if (line.n < 5 || !hm_str_has_prefix(line, HM_S("#cgo")) ||
	    (line.p[4] != ' ' && line.p[4] != '\t'))
		return 0;
	fields(a, line, &words);
	if (words.n == 3 &&
	    (hm_str_eqz(words.v[1], "nocallback") || hm_str_eqz(words.v[1], "noescape")))
		return 0;
	words.n = 0;
	if (!hm_str_cut(hm_str_trim(hm_str_from(line, 4)), ':', &line, &argstr))
		goto invalid;
	fields(a, line, &words);
	if (words.n == 0)
		goto invalid;
	verb = words.v[--words.n];
	if (!any_matches(ctx, &words))
		return 0;
	if (!split_quoted(a, argstr, &args))
		goto invalid;
	for (size_t i = 0; i < args.n; i++)
		if (!expand_src_dir(a, &args.v[i], p->dir))
			return hm_err_set(err, HM_ESYNTAX,
			                  HM_F ": malformed #cgo argument: " HM_F, HM_P(file),
			                  HM_P(args.v[i]));
	list = flag_list(p, verb);
	if (!list)
		return hm_err_set(err, HM_ESYNTAX, HM_F ": invalid #cgo verb: " HM_F, HM_P(file),
		                  HM_P(orig));
	if (list != &p->cgo_pkg_config)
		make_absolute(a, &args, p->dir);
	for (size_t i = 0; i < args.n; i++)
		HM_PUSH(a, *list, args.v[i]);
	return 0;
invalid:
	return hm_err_set(err, HM_ESYNTAX, HM_F ": invalid #cgo line: " HM_F, HM_P(file),
	                  HM_P(orig));
}

int
hm_bpkg_save_cgo(struct hm_arena *a, const struct hm_build_ctx *ctx, hm_str file, hm_str text,
                 struct hm_bpkg *p, struct hm_err *err)
{
	hm_str line;

	while (hm_str_next(&text, '\n', &line))
		if (save_line(a, ctx, file, line, p, err) != 0)
			return -1;
	return 0;
}
