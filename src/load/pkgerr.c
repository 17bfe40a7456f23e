/* Errors of packages: texts, import stacks, places. */
#include <sys/stat.h>

#include "base/path.h"
#include "load/pkgload_priv.h"

hm_str
hm_load_short_path(struct hm_arena *a, hm_str cwd, hm_str path)
{
	hm_str rel;

	if (path.n == 0 || !hm_path_is_abs(path) || !hm_path_rel(a, cwd, path, &rel))
		return path;
	return rel.n < path.n ? rel : path;
}

/* Paths of a stack, in a cycle with the file of each import. */
static void
add_stack(struct hm_buf *b, const struct hm_pkg_error *e)
{
	for (size_t i = 0; i < e->stack.n; i++) {
		const struct hm_import_step *s = &e->stack.v[i];

		if (i > 0)
			hm_buf_addz(b, "\n\timports ");
		hm_buf_adds(b, s->pkg);
		if (e->import_cycle && s->pos) {
			hm_buf_addz(b, " from ");
			hm_buf_adds(b, hm_path_base(s->pos->file));
		}
	}
}

hm_str
hm_pkg_error_text(struct hm_arena *a, const struct hm_pkg_error *e)
{
	struct hm_buf b = { 0 };

	if (e->pos.n > 0 && (e->stack.n == 0 || !e->always_print_stack))
		return hm_arena_printf(a, HM_F ": " HM_F, HM_P(e->pos), HM_P(e->err));
	if (e->stack.n == 0)
		return e->err;
	hm_buf_addz(&b, "package ");
	add_stack(&b, e);
	if (e->pos.n > 0) {
		hm_buf_addz(&b, "\n\t");
		hm_buf_adds(&b, e->pos);
	}
	hm_buf_addz(&b, ": ");
	hm_buf_adds(&b, e->err);
	return hm_buf_take(&b, a);
}

void
hm_loader_push(struct hm_loader *l, hm_str path, const struct hm_poss *pos)
{
	struct hm_import_step s = { path, pos && pos->n > 0 ? &pos->v[0] : NULL };

	HM_PUSH(l->a, l->stack, s);
}

void
hm_loader_pop(struct hm_loader *l)
{
	l->stack.n--;
}

void
hm_loader_copy_stack(struct hm_loader *l, struct hm_pkg_error *e)
{
	memset(&e->stack, 0, sizeof(e->stack));
	memset(&e->stack_pkgs, 0, sizeof(e->stack_pkgs));
	for (size_t i = 0; i < l->stack.n; i++) {
		HM_PUSH(l->a, e->stack, l->stack.v[i]);
		HM_PUSH(l->a, e->stack_pkgs, l->stack.v[i].pkg);
	}
}

struct hm_pkg_error *
hm_loader_error(struct hm_loader *l, hm_str text, hm_str import_path)
{
	struct hm_pkg_error *e = HM_NEW(l->a, struct hm_pkg_error);

	e->err = text;
	e->import_path = import_path;
	hm_loader_copy_stack(l, e);
	return e;
}

static hm_str
short_pos(struct hm_loader *l, struct hm_pos pos)
{
	pos.file = hm_load_short_path(l->a, l->conf.cwd, pos.file);
	return hm_pos_text(l->a, &pos);
}

void
hm_loader_error_pos(struct hm_loader *l, struct hm_pkg_error *e, const struct hm_poss *pos)
{
	if (pos && pos->n > 0)
		e->pos = short_pos(l, pos->v[0]);
}

bool
hm_loader_stack_shorter(const struct hm_loader *l, const struct hm_import_stack *than)
{
	if (l->stack.n != than->n)
		return l->stack.n < than->n;
	for (size_t i = 0; i < than->n; i++) {
		int r = hm_str_cmp(l->stack.v[i].pkg, than->v[i].pkg);

		if (r)
			return r < 0;
	}
	return false;
}

/* Why there is nothing to build; go says it better than go/build does. */
static hm_str
no_go_text(struct hm_loader *l, const struct hm_pkg *p)
{
	const char *why = "no Go files in ";

	if (p->ignored_go_files.n > 0)
		why = "build constraints exclude all Go files in ";
	else if (p->test_go_files.n + p->xtest_go_files.n > 0)
		why = "no non-test Go files in ";
	return hm_arena_printf(l->a, "%s" HM_F, why, HM_P(p->dir));
}

void
hm_loader_data_error(struct hm_loader *l, struct hm_pkg *p, const struct hm_load_err *err,
                     hm_str path, const struct hm_poss *pos)
{
	bool own = err->kind == HM_LE_NO_GO || err->kind == HM_LE_SCAN;
	hm_str text = err->kind == HM_LE_NO_GO ? no_go_text(l, p) : err->text;

	if (own)
		hm_loader_push(l, path, pos);
	p->error = hm_loader_error(l, text, HM_S(""));
	if (err->kind == HM_LE_SCAN)
		p->error->pos = short_pos(l, err->pos);
	p->incomplete = true;
	if (l->stack.n > 0 && !hm_str_eq(path, l->stack.v[l->stack.n - 1].pkg))
		hm_loader_error_pos(l, p->error, pos);
	if (own)
		hm_loader_pop(l);
}
