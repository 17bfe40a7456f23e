/* Packages and the graph they form. */
#include "load/pkg.h"

#include <stdlib.h>

bool
hm_pkg_uses_cgo(const struct hm_pkg *p)
{
	return p->cgo_files.n > 0;
}

bool
hm_pkg_uses_swig(const struct hm_pkg *p)
{
	return p->swig_files.n > 0 || p->swigcxx_files.n > 0;
}

hm_str
hm_pkg_desc(struct hm_arena *a, const struct hm_pkg *p)
{
	if (p->for_test.n > 0)
		return hm_arena_printf(a, HM_F " [" HM_F ".test]", HM_P(p->import_path),
		                       HM_P(p->for_test));
	if (p->for_main.n > 0)
		return hm_arena_printf(a, HM_F " [" HM_F "]", HM_P(p->import_path),
		                       HM_P(p->for_main));
	return p->import_path;
}

/* One package on the way down, and which import comes next. */
struct step {
	struct hm_pkg *p;
	size_t next;
};

static bool
visit(struct hm_arena *tmp, struct hm_map *seen, struct hm_pkg *p)
{
	hm_str key = hm_str_make((const char *)&p, sizeof(p));

	if (hm_map_has(seen, key))
		return false;
	hm_map_add(seen, hm_arena_dup(tmp, key));
	return true;
}

void
hm_pkg_list(struct hm_arena *a, const struct hm_pkgs *roots, struct hm_pkgs *out)
{
	struct hm_arena tmp = { 0 };
	struct hm_map seen = { .arena = &tmp };
	HM_VEC(struct step) way = { 0 };

	for (size_t i = 0; i < roots->n; i++) {
		if (visit(&tmp, &seen, roots->v[i]))
			HM_PUSH(&tmp, way, ((struct step){ roots->v[i], 0 }));
		while (way.n > 0) {
			struct step *s = &way.v[way.n - 1];

			if (s->next < s->p->import_pkgs.n) {
				struct hm_pkg *q = s->p->import_pkgs.v[s->next++];

				if (visit(&tmp, &seen, q))
					HM_PUSH(&tmp, way, ((struct step){ q, 0 }));
			} else {
				HM_PUSH(a, *out, s->p);
				way.n--;
			}
		}
	}
	hm_arena_free(&tmp);
}

size_t
hm_pkg_each_error(struct hm_arena *a, const struct hm_pkgs *roots,
                  void (*report)(void *ctx, const struct hm_pkg *p, hm_str text), void *ctx)
{
	struct hm_pkgs all = { 0 };
	bool any = false;
	size_t n = 0;

	for (size_t i = 0; i < roots->n; i++)
		any |= roots->v[i]->incomplete;
	if (!any)
		return 0;
	hm_pkg_list(a, roots, &all);
	for (size_t i = 0; i < all.n; i++)
		if (all.v[i]->error) {
			report(ctx, all.v[i], hm_pkg_error_text(a, all.v[i]->error));
			n++;
		}
	return n;
}

/* Sets of import paths as bits, numbered in order of the paths. */
struct dep_sets {
	struct hm_strs paths; /* sorted, unique */
	struct hm_map index;  /* package pointer -> struct dep_set * */
	size_t words;
};
struct dep_set {
	size_t number; /* of the package's own path */
	uint64_t *bits; /* NULL until computed */
};

static hm_str
pointer_key(const struct hm_pkg *const *p)
{
	return hm_str_make((const char *)p, sizeof(*p));
}

static size_t
path_number(const struct hm_strs *paths, hm_str path)
{
	size_t lo = 0, hi = paths->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (hm_str_cmp(paths->v[mid], path) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void
init_sets(struct hm_arena *tmp, const struct hm_pkgs *all, struct dep_sets *s)
{
	s->index.arena = tmp;
	for (size_t i = 0; i < all->n; i++)
		HM_PUSH(tmp, s->paths, all->v[i]->import_path);
	hm_strs_sort_unique(&s->paths);
	s->words = s->paths.n / 64 + 1;
	for (size_t i = 0; i < all->n; i++) {
		struct dep_set *d = HM_NEW(tmp, struct dep_set);
		const struct hm_pkg *p = all->v[i];

		d->number = path_number(&s->paths, p->import_path);
		hm_map_set(&s->index, hm_arena_dup(tmp, pointer_key(&p)), d);
	}
}

static void
collect_paths(struct hm_arena *a, struct hm_arena *tmp, struct dep_sets *s, struct hm_pkg *p)
{
	const struct hm_pkg *key = p;
	struct dep_set *own = hm_map_get(&s->index, pointer_key(&key));

	own->bits = HM_NEW_N(tmp, s->words, uint64_t);
	for (size_t i = 0; i < p->import_pkgs.n; i++) {
		struct dep_set *d;

		key = p->import_pkgs.v[i];
		d = hm_map_get(&s->index, pointer_key(&key));
		if (!d)
			continue;
		own->bits[d->number / 64] |= (uint64_t)1 << d->number % 64;
		for (size_t w = 0; d->bits && w < s->words; w++)
			own->bits[w] |= d->bits[w];
	}
	p->deps = (struct hm_strs){ 0 };
	for (size_t n = 0; n < s->paths.n; n++)
		if (own->bits[n / 64] >> n % 64 & 1)
			HM_PUSH(a, p->deps, s->paths.v[n]);
}

static bool
has_error(const struct hm_pkg_errors *list, const struct hm_pkg_error *e)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i] == e)
			return true;
	return false;
}

static void
add_error(struct hm_arena *a, struct hm_pkg_errors *list, struct hm_pkg_error *e)
{
	if (!has_error(list, e))
		HM_PUSH(a, *list, e);
}

/* By the package an error is about; those without a stack first, by text. */
static int
error_cmp(const void *x, const void *y)
{
	const struct hm_pkg_error *a = *(struct hm_pkg_error *const *)x;
	const struct hm_pkg_error *b = *(struct hm_pkg_error *const *)y;

	if (a->stack.n == 0 || b->stack.n == 0) {
		if (a->stack.n == b->stack.n)
			return hm_str_cmp(a->err, b->err);
		return a->stack.n == 0 ? -1 : 1;
	}
	return hm_str_cmp(a->stack.v[a->stack.n - 1].pkg, b->stack.v[b->stack.n - 1].pkg);
}

static void
collect_errors(struct hm_arena *a, struct hm_pkg *p)
{
	struct hm_pkg_errors *list = &p->deps_errors;

	*list = (struct hm_pkg_errors){ 0 };
	for (size_t i = 0; i < p->import_pkgs.n; i++) {
		struct hm_pkg *q = p->import_pkgs.v[i];

		if (q->error)
			add_error(a, list, q->error);
		for (size_t k = 0; q != p && k < q->deps_errors.n; k++)
			add_error(a, list, q->deps_errors.v[k]);
	}
	if (list->n > 1)
		qsort(list->v, list->n, sizeof(*list->v), error_cmp);
}

void
hm_pkg_collect_deps(struct hm_arena *a, const struct hm_pkgs *all, bool deps, bool errors)
{
	struct hm_arena tmp = { 0 };
	struct dep_sets sets = { 0 };

	if (deps)
		init_sets(&tmp, all, &sets);
	for (size_t i = 0; i < all->n; i++) {
		if (deps)
			collect_paths(a, &tmp, &sets, all->v[i]);
		if (errors)
			collect_errors(a, all->v[i]);
	}
	hm_arena_free(&tmp);
}

static int
entry_cmp(const void *x, const void *y)
{
	return hm_str_cmp(((const struct hm_strmap_entry *)x)->key,
	                  ((const struct hm_strmap_entry *)y)->key);
}

static bool
has_entry(const struct hm_strmap *m, hm_str key)
{
	for (size_t i = 0; i < m->n; i++)
		if (hm_str_eq(m->v[i].key, key))
			return true;
	return false;
}

void
hm_pkg_fill_import_map(struct hm_arena *a, struct hm_pkg *p)
{
	size_t n_raw = p->raw_imports.n;

	p->import_map = (struct hm_strmap){ 0 };
	for (size_t i = 0; i < p->imports.n && i < n_raw + p->compiled_imports.n; i++) {
		struct hm_strmap_entry e = {
			i < n_raw ? p->raw_imports.v[i] : p->compiled_imports.v[i - n_raw],
			p->imports.v[i],
		};

		if (!hm_str_eq(e.key, e.val) && !has_entry(&p->import_map, e.key))
			HM_PUSH(a, p->import_map, e);
	}
	if (p->import_map.n > 1)
		qsort(p->import_map.v, p->import_map.n, sizeof(*p->import_map.v), entry_cmp);
}

void
hm_pkg_rename_variants(struct hm_arena *a, const struct hm_pkgs *all)
{
	struct hm_map old = { .arena = a }; /* new path -> path before */

	for (size_t i = 0; i < all->n; i++) {
		struct hm_pkg *p = all->v[i];
		hm_str shown;

		if (p->for_test.n == 0 && p->for_main.n == 0)
			continue;
		shown = hm_pkg_desc(a, p);
		hm_map_set(&old, shown, hm_arena_cstr(a, p->import_path));
		p->import_path = shown;
		p->dep_only = !p->mark;
	}
	for (size_t i = 0; i < all->n; i++) {
		struct hm_pkg *p = all->v[i];

		for (size_t d = 0; d < p->import_pkgs.n; d++) {
			const struct hm_pkg *q = p->import_pkgs.v[d];
			hm_str was = hm_str_of(hm_map_get(&old, q->import_path));

			for (size_t k = 0; was.p && k < p->imports.n; k++)
				if (hm_str_eq(p->imports.v[k], was))
					p->imports.v[k] = q->import_path;
		}
	}
}
