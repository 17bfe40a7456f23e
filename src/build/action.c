#include "build/action.h"

#include "base/path.h"
#include "build/builder.h"

static struct hm_action *
new_action(struct hm_builder *b, enum hm_action_kind kind, struct hm_pkg *p)
{
	struct hm_action *a = HM_NEW(&b->arena, struct hm_action);

	a->kind = kind;
	a->builder = b;
	a->pkg = p;
	a->order = -1;
	HM_PUSH(&b->arena, b->actions, a);
	return a;
}

struct hm_action *
hm_action_group(struct hm_builder *b)
{
	return new_action(b, HM_ACT_GROUP, NULL);
}

void
hm_action_depend(struct hm_builder *b, struct hm_action *a, struct hm_action *on)
{
	HM_PUSH(&b->arena, a->deps, on);
}

static bool
is_builtin(const struct hm_pkg *p)
{
	return p->standard && (hm_str_eqz(p->import_path, "unsafe") ||
	                       hm_str_eqz(p->import_path, "builtin"));
}

/* One action a profile, whoever needs it. */
static struct hm_action *
profile_action(struct hm_builder *b, hm_str file)
{
	struct hm_action *a = hm_map_get(&b->profiles, file);

	if (a)
		return a;
	a = new_action(b, HM_ACT_PROFILE, NULL);
	a->profile = file;
	a->objdir = hm_builder_objdir(b);
	a->target = hm_arena_printf(&b->arena, HM_F "pgo.preprofile", HM_P(a->objdir));
	hm_map_set(&b->profiles, file, a);
	return a;
}

/* The action of p alone; its dependencies are added by hm_action_compile(). */
static struct hm_action *
begin_compile(struct hm_builder *b, struct hm_pkg *p)
{
	struct hm_action *a = new_action(b, is_builtin(p) ? HM_ACT_BUILTIN : HM_ACT_COMPILE, p);

	a->objdir = hm_builder_objdir(b);
	hm_unit_of(p)->compile = a;
	return a;
}

/* Depth first as go walks it, which numbers the folders; with a stack of our own. */
struct hm_action *
hm_action_compile(struct hm_builder *b, struct hm_pkg *p)
{
	struct frame {
		struct hm_action *a;
		size_t next;
	} f;
	struct {
		struct frame *v;
		size_t n, cap;
	} stack = { 0 };

	if (hm_unit_of(p)->compile)
		return hm_unit_of(p)->compile;
	f = (struct frame){ begin_compile(b, p), 0 };
	HM_PUSH(&b->arena, stack, f);
	while (stack.n) {
		struct frame *top = &stack.v[stack.n - 1];
		const struct hm_pkg *q = top->a->pkg;
		struct hm_pkg *dep;

		if (top->next == q->import_pkgs.n) {
			if (q->pgo_profile.n)
				hm_action_depend(b, top->a, profile_action(b, q->pgo_profile));
			stack.n--;
			continue;
		}
		dep = q->import_pkgs.v[top->next];
		if (!hm_unit_of(dep)->compile) {
			f = (struct frame){ begin_compile(b, dep), 0 };
			HM_PUSH(&b->arena, stack, f);
			continue; /* comes back to the same import when dep is complete */
		}
		hm_action_depend(b, top->a, hm_unit_of(dep)->compile);
		top->next++;
	}
	return hm_unit_of(p)->compile;
}

/* All packages that are linked in, breadth first from the main package. */
static void
add_link_deps(struct hm_builder *b, struct hm_action *link)
{
	struct hm_map have = { .arena = &b->arena };

	hm_map_add(&have, link->pkg->import_path);
	for (size_t i = 0; i < link->deps.n; i++) {
		const struct hm_action *a = link->deps.v[i];

		for (size_t j = 0; j < a->deps.n; j++) {
			struct hm_action *d = a->deps.v[j];

			if (d->kind == HM_ACT_COMPILE && hm_map_add(&have, d->pkg->import_path))
				hm_action_depend(b, link, d);
		}
	}
}

struct hm_action *
hm_action_link(struct hm_builder *b, struct hm_pkg *p)
{
	struct hm_unit *u = hm_unit_of(p);
	struct hm_action *a, *others;
	hm_str name;

	if (u->link)
		return u->link;
	a = u->link = new_action(b, HM_ACT_LINK, p);
	hm_action_depend(b, a, hm_action_compile(b, p));
	a->objdir = u->compile->objdir;
	name = u->exe_name.n ? u->exe_name : HM_S("a.out");
	a->target = hm_arena_printf(&b->arena, HM_F "%s" HM_F, HM_P(a->objdir),
	                            hm_path_join(&b->arena, HM_S("exe"), name).p,
	                            HM_P(b->exe_suffix));
	a->built = a->target;
	add_link_deps(b, a);
	/*
	 * Main is compiled after all else that is linked, because finding out that
	 * it need not be compiled takes the key of the link.
	 */
	others = hm_action_group(b);
	for (size_t i = 1; i < a->deps.n; i++)
		hm_action_depend(b, others, a->deps.v[i]);
	hm_action_depend(b, u->compile, others);
	return a;
}

struct hm_action *
hm_action_for(struct hm_builder *b, struct hm_pkg *p, bool install)
{
	bool is_main = hm_str_eqz(p->name, "main");
	struct hm_action *made = is_main ? hm_action_link(b, p) : hm_action_compile(b, p), *a;

	if (!install || !hm_unit_of(p)->target.n || made->kind == HM_ACT_BUILTIN)
		return made;
	a = new_action(b, HM_ACT_INSTALL, p);
	a->objdir = made->objdir;
	a->target = a->built = hm_unit_of(p)->target;
	hm_action_depend(b, a, made);
	return a;
}

void
hm_action_list(struct hm_builder *b, struct hm_action *root, struct hm_actions *out)
{
	struct frame {
		struct hm_action *a;
		size_t next;
	} f = { root, 0 };
	struct {
		struct frame *v;
		size_t n, cap;
	} stack = { 0 };

	HM_PUSH(&b->arena, stack, f);
	root->order = 0;
	while (stack.n) {
		struct frame *top = &stack.v[stack.n - 1];

		if (top->next == top->a->deps.n) {
			top->a->order = (int)out->n;
			HM_PUSH(&b->arena, *out, top->a);
			stack.n--;
			continue;
		}
		f = (struct frame){ top->a->deps.v[top->next++], 0 };
		if (f.a->order < 0) {
			f.a->order = 0;
			HM_PUSH(&b->arena, stack, f);
		}
	}
}
