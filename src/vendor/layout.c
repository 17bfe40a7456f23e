#include "vendor/layout.h"

#include <stdlib.h>

#include "base/path.h"
#include "os/pool.h"
#include "vendor/list.h"

/* One folder to look into: a package, or a parent of one for its licences. */
struct folder {
	hm_str src, name;
	size_t pkg;
	bool is_parent;
	struct hm_arena arena; /* of the thread that lists it, then of the layout */
	struct hm_vendor_names names;
	struct hm_err embed_err, err;
};

struct listing {
	const struct hm_vendor_plan *plan;
	struct hm_vendor_rules rules;
	struct hm_arena *a;
	HM_VEC(struct folder) folders; /* in the order of plan, modules first */
	struct hm_map names;           /* of files so far: the first to bring one is it */
	HM_VEC(struct hm_vendor_file) files;
};

/*
 * The package's folder, and those above it up to the root of its module, whose
 * metadata comes too; those that an earlier package has named end the walk.
 */
static void
add_folders(struct listing *l, struct hm_map *seen, size_t at)
{
	const struct hm_vendor_pkg *pkg = &l->plan->v[at];
	hm_str path = pkg->path, src = pkg->dir;

	for (bool parent = false;; parent = true) {
		hm_str key = hm_arena_concat(l->a,
		                             (hm_str[]){ pkg->mod.path, HM_S("\n"), path }, 3);
		struct folder f = { .src = src, .name = path, .pkg = at, .is_parent = parent };

		if (!hm_map_add(seen, key))
			return;
		HM_PUSH(l->a, l->folders, f);
		if (hm_str_eq(path, pkg->mod.path) || hm_str_index_byte(path, '/') < 0)
			return;
		path = hm_path_dir(l->a, path);
		src = hm_path_dir(l->a, src);
	}
}

struct place {
	const struct hm_vendor_pkg *pkg;
	size_t at;
};

static int
by_module(const void *x, const void *y)
{
	const struct place *a = x, *b = y;
	int c = hm_modver_cmp(a->pkg->mod, b->pkg->mod);

	return c ? c : (a->at > b->at) - (a->at < b->at);
}

static void
find_folders(struct listing *l)
{
	struct place *order = HM_NEW_N(l->a, l->plan->n, struct place);
	struct hm_map seen = { .arena = l->a };
	size_t n = 0;

	for (size_t i = 0; i < l->plan->n; i++)
		if (l->plan->v[i].dir.n)
			order[n++] = (struct place){ &l->plan->v[i], i };
	if (n)
		qsort(order, n, sizeof(*order), by_module);
	for (size_t i = 0; i < n; i++)
		add_folders(l, &seen, order[i].at);
}

static void
list_folder(void *ctx, size_t i)
{
	struct listing *l = ctx;
	struct folder *f = &l->folders.v[i];

	if (f->is_parent)
		hm_vendor_list_metadata(&f->arena, f->src, &f->names.files, &f->err);
	else
		hm_vendor_list_package(&l->rules, &f->arena, &l->plan->v[f->pkg], &f->names,
		                       &f->embed_err, &f->err);
}

static void
add_files(struct listing *l, const struct folder *f, const struct hm_strs *names,
          enum hm_vendor_why why)
{
	for (size_t i = 0; i < names->n; i++) {
		struct hm_vendor_file file = {
			.name = hm_path_cat(l->a, f->name, names->v[i]),
			.src = hm_path_cat(l->a, f->src, names->v[i]),
			.pkg = f->pkg,
			.why = why,
		};

		if (hm_map_add(&l->names, file.name))
			HM_PUSH(l->a, l->files, file);
	}
}

/* What go says of a package and then goes on. */
static void
report(struct hm_modload *ml, const struct hm_vendor_pkg *pkg, struct hm_err *embeds,
       bool errors_ok)
{
	hm_err_wrap(embeds, "resolving embeds in " HM_F ": ", HM_P(pkg->path));
	if (errors_ok)
		hm_log(ml->log, HM_LOG_WARN, "go: " HM_F, HM_P(hm_err_str(embeds)));
	else
		hm_modload_report(ml, HM_F, HM_P(hm_err_str(embeds)));
}

static void
report_lost(const struct hm_vendor_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		if (plan->v[i].dir.n)
			continue;
		hm_log(plan->ml->log, HM_LOG_WARN, "internal error: no pkg for " HM_F,
		       HM_P(plan->v[i].path));
		plan->ml->failed = true;
	}
}

static int
gather(struct listing *l, struct hm_vendor_layout *out, bool errors_ok, struct hm_err *err)
{
	for (size_t i = 0; i < l->folders.n; i++) {
		struct folder *f = &l->folders.v[i];

		hm_arena_absorb(l->a, &f->arena);
		if (f->err.code) {
			hm_err_move(err, &f->err);
			return -1;
		}
	}
	report_lost(l->plan);
	for (size_t i = 0; i < l->folders.n; i++) {
		struct folder *f = &l->folders.v[i];

		if (!f->is_parent)
			HM_PUSH(l->a, out->dirs, f->name);
		add_files(l, f, &f->names.files,
		          f->is_parent ? HM_VENDOR_METADATA : HM_VENDOR_FILE);
		add_files(l, f, &f->names.embeds, HM_VENDOR_EMBED);
		if (f->embed_err.code)
			report(l->plan->ml, &l->plan->v[f->pkg], &f->embed_err, errors_ok);
	}
	return 0;
}

static int
by_name(const void *x, const void *y)
{
	return hm_str_cmp(((const struct hm_vendor_file *)x)->name,
	                  ((const struct hm_vendor_file *)y)->name);
}

int
hm_vendor_layout_make(const struct hm_vendor_plan *plan, bool errors_ok, struct hm_arena *a,
                      struct hm_vendor_layout *out, struct hm_err *err)
{
	struct listing l = { .plan = plan, .a = a, .names.arena = a };
	int rc;

	*out = (struct hm_vendor_layout){ 0 };
	hm_vendor_rules_init(&l.rules, plan->ml);
	find_folders(&l);
	hm_pool_each(0, l.folders.n, list_folder, &l);
	rc = gather(&l, out, errors_ok, err);
	for (size_t i = 0; i < l.folders.n; i++) {
		hm_arena_free(&l.folders.v[i].arena);
		hm_err_free(&l.folders.v[i].err);
		hm_err_free(&l.folders.v[i].embed_err);
	}
	if (l.files.n)
		qsort(l.files.v, l.files.n, sizeof(*l.files.v), by_name);
	out->v = l.files.v;
	out->n = l.files.n;
	return rc;
}

const struct hm_vendor_file *
hm_vendor_layout_find(const struct hm_vendor_layout *l, hm_str name)
{
	struct hm_vendor_file key = { .name = name };

	return l->n ? bsearch(&key, l->v, l->n, sizeof(*l->v), by_name) : NULL;
}
