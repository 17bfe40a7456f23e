#include "cli/flags.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

static const struct hm_flag *
find(const struct hm_flag *flags, size_t n, hm_str name)
{
	for (size_t i = 0; i < n; i++)
		if (hm_str_eqz(name, flags[i].name))
			return &flags[i];
	return NULL;
}

static bool
is_bool(const struct hm_flag *f)
{
	return f->kind == HM_FLAG_BOOL || f->kind == HM_FLAG_BOOL_FUNC;
}

/* The spellings of strconv.ParseBool. */
static int
parse_bool(hm_str v, bool *out)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
		if (hm_str_eqz(v, yes[i]) || hm_str_eqz(v, no[i])) {
			*out = hm_str_eqz(v, yes[i]);
			return 0;
		}
	}
	return -1;
}

static int
parse_int(hm_str v, int *out, const char **why)
{
	char t[32], *end;
	long x;

	*why = "parse error";
	if (v.n == 0 || v.n >= sizeof(t))
		return -1;
	memcpy(t, v.p, v.n);
	t[v.n] = '\0';
	errno = 0;
	x = strtol(t, &end, 0);
	if (*end || end == t)
		return -1;
	*why = "value out of range";
	if (errno || x > INT_MAX || x < INT_MIN)
		return -1;
	*out = (int)x;
	return 0;
}

int
hm_flags_split_quoted(struct hm_arena *a, hm_str s, struct hm_strs *out, struct hm_err *err)
{
	*out = (struct hm_strs){ 0 };
	for (;;) {
		size_t i = 0;
		char c;

		while (s.n && strchr(" \t\n\r", s.p[0]))
			s = hm_str_from(s, 1);
		if (s.n == 0)
			return 0;
		c = s.p[0];
		if (c == '"' || c == '\'') {
			ptrdiff_t k;

			s = hm_str_from(s, 1);
			k = hm_str_index_byte(s, c);
			if (k < 0)
				return hm_err_set(err, HM_EUSAGE, "unterminated %c string", c);
			HM_PUSH(a, *out, hm_arena_dup(a, hm_str_sub(s, 0, (size_t)k)));
			s = hm_str_from(s, (size_t)k + 1);
			continue;
		}
		while (i < s.n && !strchr(" \t\n\r", s.p[i]))
			i++;
		HM_PUSH(a, *out, hm_arena_dup(a, hm_str_sub(s, 0, i)));
		s = hm_str_from(s, i);
	}
}

static int
invalid(struct hm_arena *a, const struct hm_flag *f, hm_str v, const char *why, struct hm_err *err)
{
	hm_str q = hm_str_quote(a, v);

	if (is_bool(f))
		return hm_err_set(err, HM_EUSAGE, "invalid boolean value " HM_F " for -%s: %s",
				  HM_P(q), f->name, why);
	return hm_err_set(err, HM_EUSAGE, "invalid value " HM_F " for flag -%s: %s", HM_P(q),
			  f->name, why);
}

static int
set(struct hm_arena *a, const struct hm_flag *f, hm_str value, struct hm_err *err)
{
	hm_str v = hm_arena_dup(a, value);
	const char *why = "parse error";
	int rc = 0;

	if (f->seen)
		*f->seen = true;
	switch (f->kind) {
	case HM_FLAG_BOOL:
		rc = parse_bool(v, f->target);
		break;
	case HM_FLAG_INT:
		rc = parse_int(v, f->target, &why);
		break;
	case HM_FLAG_STR:
		*(hm_str *)f->target = v;
		return 0;
	case HM_FLAG_STRS:
		HM_PUSH(a, *(struct hm_strs *)f->target, v);
		return 0;
	case HM_FLAG_FIELDS:
		rc = hm_flags_split_quoted(a, v, f->target, err);
		why = hm_err_str(err).p;
		break;
	case HM_FLAG_FUNC:
	case HM_FLAG_BOOL_FUNC:
		rc = f->set(a, f->target, v, err);
		why = hm_err_str(err).p;
		break;
	}
	return rc ? invalid(a, f, v, why, err) : 0;
}

int
hm_flags_parse(struct hm_arena *a, const struct hm_flag *flags, size_t n, int argc,
               char *const *argv, int *rest, struct hm_err *err)
{
	int i;

	for (i = 0; i < argc; i++) {
		hm_str w = hm_str_of(argv[i]), name, value;
		const struct hm_flag *f;
		bool has_value;

		if (w.n < 2 || w.p[0] != '-')
			break;
		w = hm_str_from(w, w.p[1] == '-' ? 2 : 1);
		if (w.n == 0) { /* "--" */
			i++;
			break;
		}
		if (w.p[0] == '-' || w.p[0] == '=')
			return hm_err_set(err, HM_EUSAGE, "bad flag syntax: %s", argv[i]);
		has_value = hm_str_cut(w, '=', &name, &value);
		f = find(flags, n, name);
		if (!f && (hm_str_eqz(name, "h") || hm_str_eqz(name, "help")))
			return hm_err_set(err, HM_EUSAGE, "%s", "");
		if (!f)
			return hm_err_set(err, HM_EUSAGE, "flag provided but not defined: -" HM_F,
			                  HM_P(name));
		if (!has_value && is_bool(f)) {
			value = HM_S("true");
		} else if (!has_value) {
			if (++i >= argc)
				return hm_err_set(err, HM_EUSAGE, "flag needs an argument: -%s",
						  f->name);
			value = hm_str_of(argv[i]);
		}
		if (set(a, f, value, err))
			return -1;
	}
	*rest = i;
	return 0;
}

int
hm_flags_from_goflags(struct hm_arena *a, const struct hm_flag *flags, size_t n,
                      const struct hm_strs *goflags, struct hm_err *err)
{
	for (size_t i = 0; i < goflags->n; i++) {
		hm_str w = goflags->v[i], name, value;
		const struct hm_flag *f;
		bool has_value;

		while (hm_str_cut_prefix(&w, HM_S("-")))
			;
		has_value = hm_str_cut(w, '=', &name, &value);
		f = find(flags, n, name);
		if (!f)
			continue;
		if (!has_value && !is_bool(f))
			return hm_err_set(err, HM_EUSAGE,
					  "flag needs an argument: -%s (from $GOFLAGS)", f->name);
		if (set(a, f, has_value ? value : HM_S("true"), err)) {
			hm_err_append(err, " (from $GOFLAGS)");
			return -1;
		}
	}
	return 0;
}
