#include "load/searchwalk.h"

#include <dirent.h>

#include "base/path.h"
#include "os/file.h"

/* A folder still to visit. The stack takes the place of recursion. */
struct todo {
	hm_str path, rel, name;
	unsigned depth;
	bool link;
};

struct stack {
	struct todo *v;
	size_t n, cap;
};

/* Sub-folders go on the stack in reverse, so that they come off in order. */
static void
push_children(struct hm_arena *a, struct stack *s, const struct todo *t,
              const struct hm_dirents *entries)
{
	for (size_t i = entries->n; i-- > 0;) {
		const struct hm_dirent *d = &entries->v[i];
		struct todo c = { .name = d->name, .depth = t->depth + 1 };

		if (d->type != DT_DIR && d->type != DT_LNK)
			continue;
		c.path = hm_path_cat(a, t->path, d->name);
		if (d->type == DT_LNK) {
			if (!hm_file_is_dir(c.path.p))
				continue;
			c.link = true;
		}
		c.rel = t->rel.n ? hm_path_cat(a, t->rel, d->name) : d->name;
		HM_PUSH(a, *s, c);
	}
}

static bool
show(const struct todo *t, struct hm_err *err, bool (*visit)(void *, const struct hm_walk_entry *),
     void *ctx)
{
	struct hm_walk_entry e = { t->path, t->rel, t->name, t->link, err };

	return visit(ctx, &e);
}

void
hm_search_walk(struct hm_arena *a, hm_str root,
               bool (*visit)(void *ctx, const struct hm_walk_entry *e), void *ctx)
{
	struct stack s = { 0 };
	struct hm_err err = { 0 };
	struct todo first = { .path = hm_arena_dup(a, root) };
	struct stat st;

	if (hm_file_stat(first.path.p, &st, &err)) {
		show(&first, &err, visit, ctx);
		hm_err_free(&err);
		return;
	}
	if (S_ISDIR(st.st_mode))
		HM_PUSH(a, s, first);
	while (s.n) {
		struct todo t = s.v[--s.n];
		struct hm_dirents entries = { 0 };

		if (!show(&t, NULL, visit, ctx) || t.link || t.depth >= HM_SEARCH_MAX_DEPTH)
			continue;
		if (hm_dir_read(a, t.path.p, &entries, &err)) {
			show(&t, &err, visit, ctx);
			hm_err_clear(&err);
			continue;
		}
		push_children(a, &s, &t, &entries);
	}
	hm_err_free(&err);
}
