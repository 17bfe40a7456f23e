/* Which tags and file names fit a target. */
#include "load/constraint.h"

#include "base/rune.h"
#include "conf/platform.h"

void
hm_build_release_tags(struct hm_arena *a, hm_str go_version, struct hm_strs *out)
{
	unsigned minor = 0;

	hm_str_cut_prefix(&go_version, HM_S("go"));
	if (!hm_str_cut_prefix(&go_version, HM_S("1.")))
		return;
	for (size_t i = 0; i < go_version.n && i < 4; i++) {
		if (go_version.p[i] < '0' || go_version.p[i] > '9')
			break;
		minor = minor * 10 + (unsigned)(go_version.p[i] - '0');
	}
	for (unsigned i = 1; i <= minor; i++)
		HM_PUSH(a, *out, hm_arena_printf(a, "go1.%u", i));
}

/* A system that answers to the name of another. */
static bool
is_also(hm_str goos, hm_str tag)
{
	if (hm_str_eqz(goos, "android"))
		return hm_str_eqz(tag, "linux");
	if (hm_str_eqz(goos, "illumos"))
		return hm_str_eqz(tag, "solaris");
	if (hm_str_eqz(goos, "ios"))
		return hm_str_eqz(tag, "darwin");
	return false;
}

static bool
is_listed(const struct hm_build_ctx *c, hm_str tag)
{
	return hm_strs_has(&c->tags, tag) || hm_strs_has(&c->tool_tags, tag) ||
	       hm_strs_has(&c->release_tags, tag);
}

static bool
is_own(const struct hm_build_ctx *c, hm_str tag)
{
	return (c->cgo && hm_str_eqz(tag, "cgo")) || hm_str_eq(tag, c->goos) ||
	       hm_str_eq(tag, c->goarch) || hm_str_eq(tag, c->compiler);
}

bool
hm_build_match_tag(const struct hm_build_ctx *c, hm_str tag)
{
	if (is_own(c, tag) || is_also(c->goos, tag))
		return true;
	if (hm_str_eqz(tag, "unix") && hm_platform_unix_os(c->goos))
		return true;
	if (hm_str_eqz(tag, "boringcrypto"))
		tag = HM_S("goexperiment.boringcrypto");
	return is_listed(c, tag);
}

static bool
build_has(void *ctx, hm_str tag)
{
	return hm_build_match_tag(ctx, tag);
}

bool
hm_build_eval(const struct hm_build_ctx *c, const struct hm_constraint *x)
{
	return hm_constraint_eval(x, build_has, (void *)(uintptr_t)c);
}

bool
hm_build_match_auto(const struct hm_build_ctx *c, hm_str text)
{
	const struct hm_constraint *x;
	struct hm_arena a = { 0 };
	struct hm_err err = { 0 };
	bool modern = false, ok;

	for (size_t i = 0; i < text.n; i++)
		if (strchr("&|()", text.p[i]) && text.p[i])
			modern = true;
	text = hm_arena_printf(&a, modern ? "//go:build " HM_F : "// +build " HM_F, HM_P(text));
	ok = hm_constraint_parse(&a, text, &x, &err) == 0 && hm_build_eval(c, x);
	hm_err_free(&err);
	hm_arena_free(&a);
	return ok;
}

/*
 * The tags that a file name asks for: x_GOOS_GOARCH, x_GOOS, x_GOARCH, each
 * with _test behind.  What stands before the first "_" never counts.
 */
static size_t
name_tags(hm_str name, hm_str tags[2])
{
	ptrdiff_t dot = hm_str_index_byte(name, '.'), u;
	hm_str last, before;

	if (dot >= 0)
		name.n = (size_t)dot;
	u = hm_str_index_byte(name, '_');
	if (u < 0)
		return 0;
	name = hm_str_from(name, (size_t)u);
	hm_str_cut_suffix(&name, HM_S("_test"));
	u = hm_str_rindex_byte(name, '_');
	if (u < 0)
		return 0;
	last = hm_str_from(name, (size_t)u + 1);
	name.n = (size_t)u;
	u = hm_str_rindex_byte(name, '_');
	before = u < 0 ? HM_S("") : hm_str_from(name, (size_t)u + 1);
	tags[0] = last;
	tags[1] = before;
	if (hm_platform_known_arch(last) && hm_platform_known_os(before))
		return 2;
	return hm_platform_known_os(last) || hm_platform_known_arch(last);
}

bool
hm_build_match_name(const struct hm_build_ctx *c, hm_str name)
{
	hm_str tags[2];
	size_t n = name_tags(name, tags);

	for (size_t i = 0; i < n; i++)
		if (!hm_build_match_tag(c, tags[i]))
			return false;
	return true;
}

const struct hm_tags *
hm_tags_any(void)
{
	static const struct hm_tags any = { NULL, true };

	return &any;
}

bool
hm_tags_has(const struct hm_tags *t, hm_str tag)
{
	return t->any || is_own(t->ctx, tag) || is_listed(t->ctx, tag);
}

/* prefer: what to answer where a tag counts as both set and not set. */
static bool
match_tag(const struct hm_tags *t, hm_str tag, bool prefer)
{
	for (size_t i = 0; i < tag.n;) {
		uint32_t r = hm_str_rune(tag, &i);

		if (!hm_rune_is_letter(r) && !hm_rune_is_digit(r) && r != '_' && r != '.')
			return false;
	}
	if (t->any)
		return tag.n > 0 && !hm_str_eqz(tag, "ignore") ? prefer : false;
	if (hm_tags_has(t, tag) || is_also(t->ctx->goos, tag))
		return true;
	return hm_str_eqz(tag, "unix") && hm_platform_unix_os(t->ctx->goos);
}

static bool
eval(const struct hm_tags *t, const struct hm_constraint *x, bool prefer)
{
	switch (x->op) {
	case HM_CONSTRAINT_TAG:
		return match_tag(t, x->tag, prefer);
	case HM_CONSTRAINT_NOT:
		return !eval(t, x->x, !prefer);
	case HM_CONSTRAINT_AND:
		return eval(t, x->x, prefer) && eval(t, x->y, prefer);
	case HM_CONSTRAINT_OR:
		return eval(t, x->x, prefer) || eval(t, x->y, prefer);
	}
	return false;
}

bool
hm_tags_eval(const struct hm_tags *t, const struct hm_constraint *x)
{
	return eval(t, x, true);
}

bool
hm_tags_match_name(const struct hm_tags *t, hm_str name)
{
	hm_str tags[2];
	size_t n;

	if (t->any)
		return true;
	n = name_tags(name, tags);
	for (size_t i = 0; i < n; i++)
		if (!match_tag(t, tags[i], true))
			return false;
	return true;
}
