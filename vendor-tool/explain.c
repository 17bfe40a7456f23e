/*
 * explain.c - hermod-vendor explain: why a package or file is in the vendor folder.
 */
#include "base/path.h"
#include "codec/hex.h"
#include "load/modules.h"
#include "tool.h"

struct explaining {
	struct tool *t;
	const struct hm_modules *mods;
	const struct hm_vendor_check *c;
};

static void
put_proof(struct explaining *x, const struct hm_vendor_source *s)
{
	struct hm_buf *b = &x->t->out;

	switch (s->proof) {
	case HM_PROOF_LOCAL:
		hm_buf_printf(b, "  verified by nothing: taken from the folder " HM_F "\n",
		              HM_P(s->dir));
		return;
	case HM_PROOF_GOSUM:
		hm_buf_printf(b, "  verified by " HM_F ": " HM_F "\n", HM_P(s->proof_at),
		              HM_P(s->h1));
		return;
	case HM_PROOF_SUMDB:
		hm_buf_printf(b, "  verified by the checksum database " HM_F ": " HM_F "\n",
		              HM_P(s->proof_at), HM_P(s->h1));
		return;
	case HM_PROOF_NONE:
		hm_buf_printf(b, "  verified by nothing: go.sum has no line for " HM_F "\n",
		              HM_P(s->h1));
		return;
	}
}

static void
put_module(struct explaining *x, const struct hm_vendor_source *s)
{
	struct hm_buf *b = &x->t->out;

	hm_buf_printf(b, "  module " HM_F " " HM_F "\n", HM_P(s->mod.path), HM_P(s->mod.version));
	if (!hm_modver_eq(s->mod, s->from))
		hm_buf_printf(b, "  replaced by " HM_F "%s" HM_F "\n", HM_P(s->from.path),
		              s->from.version.n ? " " : "", HM_P(s->from.version));
	put_proof(x, s);
}

static void
put_chain(struct explaining *x, hm_str path)
{
	struct hm_buf *b = &x->t->out;
	hm_str chain = hm_modules_why(x->mods, &x->t->arena, path), line;
	unsigned depth = 0;

	hm_buf_addz(b, "  imported by\n");
	while (hm_str_next(&chain, '\n', &line)) {
		if (line.n == 0)
			continue;
		hm_buf_printf(b, "    %*s" HM_F "\n", (int)(depth < 20 ? depth : 20) * 2, "",
		              HM_P(line));
		depth++;
	}
}

static void
put_package(struct explaining *x, const struct hm_vendor_pkg *pkg)
{
	put_module(x, hm_map_get(&x->c->sources.by_path, pkg->mod.path));
	put_chain(x, pkg->path);
}

static int
put_file(struct explaining *x, const struct hm_vendor_file *f, struct hm_err *err)
{
	static const char *const why[] = {
		[HM_VENDOR_FILE] = "file of package ",
		[HM_VENDOR_EMBED] = "embedded by package ",
		[HM_VENDOR_METADATA] = "licence or notice above package ",
	};
	const struct hm_vendor_pkg *pkg = &x->c->plan->v[f->pkg];
	uint8_t sha256[HM_SHA256_SIZE];
	struct hm_buf *b = &x->t->out;

	if (hm_vendor_source_sha256(hm_map_get(&x->c->sources.by_path, pkg->mod.path), f, sha256,
	                            err))
		return -1;
	hm_buf_printf(b, HM_F "\n  %s" HM_F "\n  SHA-256 ", HM_P(tool_shown(x->t, x->c, f->name)),
	              why[f->why], HM_P(pkg->path));
	hm_hex_add(b, sha256, sizeof(sha256));
	hm_buf_addc(b, '\n');
	for (size_t i = 0; i < x->c->findings.n; i++) {
		const struct hm_vendor_finding *found = &x->c->findings.v[i];

		if (!hm_str_eq(found->name, f->name))
			continue;
		hm_buf_printf(b, "  but it %s" HM_F "\n",
		              found->fault == HM_FAULT_MISSING ? "is " : "", HM_P(found->text));
		x->t->status = 1;
	}
	put_package(x, pkg);
	return 0;
}

static const struct hm_vendor_pkg *
find_package(const struct hm_vendor_plan *plan, hm_str path)
{
	for (size_t i = 0; i < plan->n; i++)
		if (hm_str_eq(plan->v[i].path, path))
			return &plan->v[i];
	return NULL;
}

/* The name below the vendor folder when arg is a path into it, else arg itself. */
static hm_str
name_of(struct explaining *x, hm_str arg)
{
	struct hm_arena *a = &x->t->arena;
	hm_str abs = hm_path_is_abs(arg) ? hm_path_clean(a, arg)
	                                 : hm_path_join(a, x->t->ml.cwd, arg);

	if (hm_path_has_prefix(abs, x->c->dir) && abs.n > x->c->dir.n)
		return hm_str_from(abs, x->c->dir.n + 1);
	return arg;
}

static int
explain(struct explaining *x, hm_str arg, struct hm_err *err)
{
	hm_str name = name_of(x, arg);
	const struct hm_vendor_pkg *pkg = find_package(x->c->plan, name);
	const struct hm_vendor_file *file = hm_vendor_layout_find(&x->c->layout, name);

	if (pkg) {
		hm_buf_printf(&x->t->out, HM_F "\n", HM_P(pkg->path));
		put_package(x, pkg);
		return 0;
	}
	if (file)
		return put_file(x, file, err);
	for (size_t i = 0; i < x->c->findings.n; i++) {
		const struct hm_vendor_finding *f = &x->c->findings.v[i];

		if (f->fault == HM_FAULT_EXTRA && hm_str_eq(f->name, name))
			return hm_err_set(err, HM_ENOTFOUND,
			                  HM_F " " HM_F "; to remove it: hermod-vendor repair",
			                  HM_P(tool_shown(x->t, x->c, name)), HM_P(f->text));
	}
	return hm_err_set(err, HM_ENOTFOUND, HM_F ": neither a package that the main module needs "
	                  "from another module nor a file of one", HM_P(arg));
}

int
cmd_explain(struct tool *t, int argc, char **argv, struct hm_err *err)
{
	struct hm_vendor_plan plan;
	struct hm_vendor_check c;
	struct hm_modules *mods;
	struct explaining x = { .t = t, .c = &c };

	if (tool_check(t, &mods, &plan, &c, err))
		return -1;
	x.mods = mods;
	for (int i = 0; i < argc; i++)
		if (explain(&x, hm_str_of(argv[i]), err))
			return -1;
	return 0;
}
