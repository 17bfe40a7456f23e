/*
 * downgrade.c - a build list in which some modules are older.
 */
#include "mvs/graph.h"

static const hm_str none = HM_S_INIT("none");

/* A version that was looked at. */
struct seen {
	struct hm_modver mod;
	bool added;
	bool excluded; /* it needs something newer than allowed */
	HM_VEC(struct seen *) needed_by;
};

struct downgrade {
	struct hm_arena *arena;
	const struct hm_mvs_reqs *reqs;
	struct hm_modver target;
	struct hm_map max;  /* path to the greatest version allowed (hm_str *) */
	struct hm_map seen; /* "path@version" to struct seen */
	struct hm_modvers list;
};

struct frame {
	struct seen *s;
	struct hm_modvers required;
	size_t next;
};

static struct seen *
look_up(struct downgrade *d, struct hm_modver m)
{
	hm_str key = hm_arena_concat(d->arena, (hm_str[]){ m.path, HM_S("@"), m.version }, 3);
	struct hm_map_entry *e = hm_map_put(&d->seen, key, NULL);
	struct seen *s = e->val;

	if (!s) {
		s = e->val = HM_NEW(d->arena, struct seen);
		s->mod = m;
	}
	return s;
}

/* The greater of two versions; v1 when they are equal. */
static hm_str
max_of(const struct downgrade *d, hm_str path, hm_str v1, hm_str v2)
{
	return d->reqs->cmp(d->reqs->ctx, path, v1, v2) < 0 ? v2 : v1;
}

static void
allow(struct downgrade *d, hm_str path, hm_str version)
{
	hm_str *v = HM_NEW(d->arena, hm_str);

	*v = version;
	hm_map_set(&d->max, path, v);
}

/* s is out, and so is all that needs it. */
static void
exclude(struct downgrade *d, struct seen *s)
{
	HM_VEC(struct seen *) todo = { 0 };

	HM_PUSH(d->arena, todo, s);
	while (todo.n) {
		s = todo.v[--todo.n];
		if (s->excluded)
			continue;
		s->excluded = true;
		for (size_t i = 0; i < s->needed_by.n; i++)
			HM_PUSH(d->arena, todo, s->needed_by.v[i]);
	}
}

/* Begins with s: true when its requirements, now in *f, are to be looked at. */
static bool
begin(struct downgrade *d, struct seen *s, struct frame *f)
{
	const hm_str *max = hm_map_get(&d->max, s->mod.path);
	struct hm_err err = { 0 };
	int r;

	s->added = true;
	*f = (struct frame){ .s = s };
	if (max && !hm_str_eq(max_of(d, s->mod.path, s->mod.version, *max), *max)) {
		exclude(d, s);
		return false;
	}
	/* a version whose go.mod cannot be read is no candidate; older ones may be */
	r = d->reqs->required(d->reqs->ctx, d->arena, s->mod, &f->required, &err);
	if (r)
		exclude(d, s);
	hm_err_free(&err);
	return r == 0;
}

static void
add(struct downgrade *d, struct hm_modver m)
{
	HM_VEC(struct frame) stack = { 0 };
	struct seen *s = look_up(d, m);
	struct frame f;

	if (!s->added && begin(d, s, &f))
		HM_PUSH(d->arena, stack, f);
	while (stack.n) {
		struct frame *top = &stack.v[stack.n - 1];

		if (top->next == top->required.n) {
			stack.n--;
			continue;
		}
		s = look_up(d, top->required.v[top->next]);
		if (!s->added) {
			if (begin(d, s, &f))
				HM_PUSH(d->arena, stack, f);
			continue;
		}
		if (s->excluded) {
			exclude(d, top->s);
			stack.n--;
			continue;
		}
		HM_PUSH(d->arena, s->needed_by, top->s);
		top->next++;
	}
}

/* The greatest version of m that is not excluded, or "none". */
static int
settle(struct downgrade *d, struct hm_modver *m, struct hm_err *err)
{
	const hm_str *max = hm_map_get(&d->max, m->path);

	add(d, *m);
	while (look_up(d, *m)->excluded) {
		struct hm_modver p = *m;

		if (d->reqs->previous(d->reqs->ctx, d->arena, *m, &p.version, err))
			return -1;
		/* a pseudo-version asked for may lie between m and its predecessor */
		if (max && !hm_str_eq(max_of(d, m->path, *max, m->version), *max) &&
		    !hm_str_eq(max_of(d, m->path, p.version, *max), p.version))
			p.version = *max;
		*m = p;
		if (hm_str_eq(p.version, none))
			return 0;
		add(d, p);
	}
	return 0;
}

static int
required(void *ctx, struct hm_arena *a, struct hm_modver m, struct hm_modvers *out,
         struct hm_err *err)
{
	const struct downgrade *d = ctx;

	if (!hm_modver_eq(m, d->target))
		return d->reqs->required(d->reqs->ctx, a, m, out, err);
	for (size_t i = 0; i < d->list.n; i++)
		HM_PUSH(a, *out, d->list.v[i]);
	return 0;
}

static int
cmp(void *ctx, hm_str path, hm_str v1, hm_str v2)
{
	const struct downgrade *d = ctx;

	return d->reqs->cmp(d->reqs->ctx, path, v1, v2);
}

/* The build list of the target if it required d->list. */
static int
build(struct downgrade *d, struct hm_modvers *out, struct hm_err *err)
{
	struct hm_mvs_reqs over = { .ctx = d, .required = required, .cmp = cmp };

	return hm_mvs_build_list(d->arena, &over, &d->target, 1, out, err);
}

static void
set_limits(struct downgrade *d, const struct hm_modvers *list, const struct hm_modver *down,
           size_t n)
{
	for (size_t i = 0; i < list->n; i++)
		allow(d, list->v[i].path, list->v[i].version);
	for (size_t i = 0; i < n; i++) {
		const hm_str *v = hm_map_get(&d->max, down[i].path);

		if (!v || !hm_str_eq(max_of(d, down[i].path, *v, down[i].version),
		                     down[i].version))
			allow(d, down[i].path, down[i].version);
	}
}

int
hm_mvs_downgrade(struct hm_arena *a, const struct hm_mvs_reqs *reqs, struct hm_modver target,
                 const struct hm_modver *downgrade, size_t n, struct hm_modvers *out,
                 struct hm_err *err)
{
	struct downgrade d = { .arena = a,
		               .reqs = reqs,
		               .target = target,
		               .max = { .arena = a },
		               .seen = { .arena = a } };
	struct hm_modvers list = { 0 }, actual = { 0 };
	struct hm_map version = { .arena = a };

	if (hm_mvs_build_list(a, reqs, &target, 1, &list, err))
		return -1;
	list.v++;
	list.n--;
	set_limits(&d, &list, downgrade, n);
	HM_PUSH(a, d.list, target);
	for (size_t i = 0; i < list.n; i++) {
		struct hm_modver m = list.v[i];

		if (settle(&d, &m, err))
			return -1;
		if (!hm_str_eq(m.version, none))
			HM_PUSH(a, d.list, m);
	}
	/*
	 * previous() does not know pseudo-versions and retracted ones, which others may
	 * require all the same.  So look what is selected, and let only that count.
	 */
	if (build(&d, &actual, err))
		return -1;
	for (size_t i = 0; i < actual.n; i++)
		hm_map_set(&version, actual.v[i].path, &actual.v[i].version);
	d.list = (struct hm_modvers){ 0 };
	for (size_t i = 0; i < list.n; i++) {
		const hm_str *v = hm_map_get(&version, list.v[i].path);

		if (v)
			HM_PUSH(a, d.list, hm_modver_of(list.v[i].path, *v));
	}
	return build(&d, out, err);
}
