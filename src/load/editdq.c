#include "load/editdq.h"

/* by[] is indexed with HM_PRUNED or HM_UNPRUNED. */
struct hm_dq_mod {
	struct hm_modver m;
	struct hm_dq_reason by[2];
	bool is_root;
	enum hm_pruning pruning;     /* of a root */
	struct hm_modvers requiring; /* who is out when this is; emptied when all were told */
};

/* Versions that were told, and the next of those that require them. */
struct step {
	const struct hm_modver *v;
	size_t n, next;
	struct hm_modver dep;
	enum hm_pruning from;
};

void
hm_dq_init(struct hm_dq *t, struct hm_arena *a)
{
	*t = (struct hm_dq){ .a = a, .mods.arena = a };
}

static struct hm_dq_mod *
mod_of(struct hm_dq *t, struct hm_modver m)
{
	struct hm_vermap_entry *e = hm_vermap_put(&t->mods, m, NULL);

	if (!e->val) {
		struct hm_dq_mod *d = HM_NEW(t->a, struct hm_dq_mod);

		d->m = m;
		e->val = d;
	}
	return e->val;
}

void
hm_dq_add_root(struct hm_dq *t, struct hm_modver m, enum hm_pruning pruning)
{
	struct hm_dq_mod *d = mod_of(t, m);

	d->is_root = true;
	d->pruning = pruning;
}

/* Notes the reason.  false: there was one already; else *next: whom to tell. */
static bool
set_reason(struct hm_dq_mod *d, enum hm_pruning from, struct hm_dq_reason why, struct step *next)
{
	bool all = d->is_root && (from == HM_PRUNED || d->pruning == HM_UNPRUNED);

	if (d->by[from].set)
		return false;
	why.set = true;
	d->by[from] = why;
	/* The pruned graph is a part of the unpruned one. */
	if (!d->by[HM_UNPRUNED].set)
		d->by[HM_UNPRUNED] = why;
	/* What such a root requires is always there. */
	if (d->is_root && d->pruning == HM_UNPRUNED)
		d->by[HM_PRUNED] = why;
	*next = (struct step){ d->requiring.v, d->requiring.n, 0, d->m,
		               all ? HM_PRUNED : HM_UNPRUNED };
	if (all || !d->is_root)
		d->requiring = (struct hm_modvers){ 0 };
	return true;
}

/* Depth first: the first reason found is the one that is told. */
static void
disqualify(struct hm_dq *t, struct hm_modver m, enum hm_pruning from, struct hm_dq_reason why)
{
	HM_VEC(struct step) stack = { 0 };
	struct step s;

	if (!set_reason(mod_of(t, m), from, why, &s))
		return;
	HM_PUSH(t->a, stack, s);
	while (stack.n) {
		struct step *top = &stack.v[stack.n - 1];
		struct hm_dq_reason dep = { .dep = top->dep };

		if (top->next == top->n)
			stack.n--;
		else if (set_reason(mod_of(t, top->v[top->next++]), top->from, dep, &s))
			HM_PUSH(t->a, stack, s);
	}
}

void
hm_dq_mark(struct hm_dq *t, struct hm_modver m, struct hm_dq_reason why)
{
	disqualify(t, m, HM_PRUNED, why);
}

bool
hm_dq_require(struct hm_dq *t, struct hm_modver m, struct hm_modver r)
{
	struct hm_dq_mod *need = mod_of(t, r);
	const struct hm_dq_reason why = { .dep = r };

	if (need->is_root && need->by[need->pruning].set) {
		disqualify(t, m, HM_PRUNED, why);
		return false;
	}
	if (need->by[HM_UNPRUNED].set) {
		disqualify(t, m, HM_UNPRUNED, why);
		if (!mod_of(t, m)->is_root)
			return false; /* its requirements are in unpruned parts only */
	}
	HM_PUSH(t->a, need->requiring, m);
	return true;
}

bool
hm_dq_is_out(const struct hm_dq *t, struct hm_modver m, enum hm_pruning pruning)
{
	const struct hm_dq_mod *d = hm_vermap_get(&t->mods, m);

	return d && d->by[pruning].set;
}

bool
hm_dq_root_pruning(const struct hm_dq *t, struct hm_modver m, enum hm_pruning *pruning)
{
	const struct hm_dq_mod *d = hm_vermap_get(&t->mods, m);

	if (!d || !d->is_root)
		return false;
	*pruning = d->pruning;
	return true;
}

struct hm_err *
hm_dq_path(const struct hm_dq *t, struct hm_modver m, enum hm_pruning pruning,
           struct hm_modvers *path)
{
	for (;;) {
		const struct hm_dq_mod *d = hm_vermap_get(&t->mods, m);
		const struct hm_dq_reason *why;

		if (d && d->is_root && d->pruning == HM_UNPRUNED)
			pruning = HM_UNPRUNED;
		if (!d || !d->by[pruning].set)
			return NULL;
		why = &d->by[pruning];
		HM_PUSH(t->a, *path, m);
		if (why->err || hm_modver_eq(why->dep, m))
			return why->err;
		m = why->dep;
	}
}
