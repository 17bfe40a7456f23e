#include "unit/unit.h"

#include "base/map.h"
#include "mvs/mvs.h"

/*
 * A language of one letter a module, the rest being its version: "B1: C2" says
 * what B1 requires; the other lines are what to compute and what comes out.  The
 * scenarios and results are those of the go command's own test.
 */
static const char scenarios[] =
	"name: blog\n"
	"A: B1 C2\n"
	"B1: D3\n"
	"C1: D2\n"
	"C2: D4\n"
	"C3: D5\n"
	"C4: G1\n"
	"D2: E1\n"
	"D3: E2\n"
	"D4: E2 F1\n"
	"D5: E2\n"
	"G1: C4\n"
	"A2: B1 C4 D4\n"
	"build A: A B1 C2 D4 E2 F1\n"
	"upgrade* A: A B1 C4 D5 E2 F1 G1\n"
	"upgrade A C4: A B1 C4 D4 E2 F1 G1\n"
	"build A2: A2 B1 C4 D4 E2 F1 G1\n"
	"downgrade A2 D2: A2 C4 D2 E2 F1 G1\n"

	"name: trim\n"
	"A: B1 C2\n"
	"B1: D3\n"
	"C2: B2\n"
	"B2:\n"
	"build A: A B2 C2 D3\n"

	"name: cross1\n"
	"A: B C\n"
	"B: D1\n"
	"C: D2\n"
	"D1: E2\n"
	"D2: E1\n"
	"build A: A B C D2 E2\n"

	"name: cross1V\n"
	"A: B2 C D2 E1\n"
	"B1:\n"
	"B2: D1\n"
	"C: D2\n"
	"D1: E2\n"
	"D2: E1\n"
	"build A: A B2 C D2 E2\n"

	"name: cross1U\n"
	"A: B1 C\n"
	"B1:\n"
	"B2: D1\n"
	"C: D2\n"
	"D1: E2\n"
	"D2: E1\n"
	"build A: A B1 C D2 E1\n"
	"upgrade A B2: A B2 C D2 E2\n"

	"name: cross1R\n"
	"A: B C\n"
	"B: D2\n"
	"C: D1\n"
	"D1: E2\n"
	"D2: E1\n"
	"build A: A B C D2 E2\n"

	"name: cross1X\n"
	"A: B C\n"
	"B: D1 E2\n"
	"C: D2\n"
	"D1: E2\n"
	"D2: E1\n"
	"build A: A B C D2 E2\n"

	"name: cross2\n"
	"A: B D2\n"
	"B: D1\n"
	"D1: E2\n"
	"D2: E1\n"
	"build A: A B D2 E2\n"

	"name: cross2X\n"
	"A: B D2\n"
	"B: D1 E2\n"
	"C: D2\n"
	"D1: E2\n"
	"D2: E1\n"
	"build A: A B D2 E2\n"

	"name: cross3\n"
	"A: B D2 E1\n"
	"B: D1\n"
	"D1: E2\n"
	"D2: E1\n"
	"build A: A B D2 E2\n"

	"name: cross3X\n"
	"A: B D2 E1\n"
	"B: D1 E2\n"
	"D1: E2\n"
	"D2: E1\n"
	"build A: A B D2 E2\n"

	"name: cross4\n"
	"A1: B1 D2\n"
	"A2: B2 D2\n"
	"B1: D1\n"
	"B2: D2\n"
	"D1: E2\n"
	"D2: E1\n"
	"build A1: A1 B1 D2 E2\n"
	"build A2: A2 B2 D2 E1\n"
	"upgrade A1 B2: A1 B2 D2 E2\n"
	"upgradereq A1 B2: B2 E2\n"

	"name: cross5\n"
	"A: D1\n"
	"D1: E2\n"
	"D2: E1\n"
	"build A: A D1 E2\n"
	"upgrade* A: A D2 E2\n"
	"upgrade A D2: A D2 E2\n"
	"upgradereq A D2: D2 E2\n"

	"name: cross6\n"
	"A: D2\n"
	"D1: E2\n"
	"D2: E1\n"
	"build A: A D2 E1\n"
	"upgrade* A: A D2 E2\n"
	"upgrade A E2: A D2 E2\n"

	"name: cross7\n"
	"A: B C\n"
	"B: D1\n"
	"C: E1\n"
	"D1: E2\n"
	"E1: D2\n"
	"build A: A B C D2 E2\n"

	"name: cross8\n"
	"M: A1 B1\n"
	"A1: X1\n"
	"B1: X2\n"
	"X1: I1\n"
	"X2:\n"
	"build M: M A1 B1 I1 X2\n"

	"name: drop\n"
	"A: B1 C1\n"
	"B1: D1\n"
	"B2:\n"
	"C2:\n"
	"D2:\n"
	"build A: A B1 C1 D1\n"
	"upgrade* A: A B2 C2 D2\n"

	"name: simplify\n"
	"A: B1 C1\n"
	"B1: C2\n"
	"C1: D1\n"
	"C2:\n"
	"build A: A B1 C2 D1\n"

	"name: up1\n"
	"A: B1 C1\n"
	"B1:\n"
	"B2:\n"
	"B3:\n"
	"B4:\n"
	"B5.hidden:\n"
	"C2:\n"
	"C3:\n"
	"build A: A B1 C1\n"
	"upgrade* A: A B4 C3\n"

	"name: up2\n"
	"A: B5.hidden C1\n"
	"B1:\n"
	"B2:\n"
	"B3:\n"
	"B4:\n"
	"B5.hidden:\n"
	"C2:\n"
	"C3:\n"
	"build A: A B5.hidden C1\n"
	"upgrade* A: A B5.hidden C3\n"

	"name: down1\n"
	"A: B2\n"
	"B1: C1\n"
	"B2: C2\n"
	"build A: A B2 C2\n"
	"downgrade A C1: A B1 C1\n"

	"name: down2\n"
	"A: B2 E2\n"
	"B1:\n"
	"B2: C2 F2\n"
	"C1:\n"
	"D1:\n"
	"C2: D2 E2\n"
	"D2: B2\n"
	"E2: D2\n"
	"E1:\n"
	"F1:\n"
	"build A: A B2 C2 D2 E2 F2\n"
	"downgrade A F1: A B1 C1 D1 E1 F1\n"

	"name: downcross1\n"
	"A: B2 C1\n"
	"B1: C2\n"
	"B2: C1\n"
	"C1: D2\n"
	"C2:\n"
	"D1:\n"
	"D2:\n"
	"build A: A B2 C1 D2\n"
	"downgrade A D1: A D1\n"

	"name: downcross2\n"
	"A: B2\n"
	"B1: C1\n"
	"B2: D2\n"
	"C1:\n"
	"D1:\n"
	"D2:\n"
	"build A: A B2 D2\n"
	"downgrade A D1: A B1 C1 D1\n"

	"name: downcycle\n"
	"A: A B2\n"
	"B2: A\n"
	"B1:\n"
	"build A: A B2\n"
	"downgrade A B1: A B1\n"

	"name: downhiddenartifact\n"
	"A: B3 C2\n"
	"A1: B3\n"
	"B1: E1\n"
	"B2.hidden:\n"
	"B3: D2\n"
	"C1: B2.hidden\n"
	"C2: D2\n"
	"D1:\n"
	"D2:\n"
	"build A1: A1 B3 D2\n"
	"downgrade A1 D1: A1 B1 D1 E1\n"
	"build A: A B3 C2 D2\n"
	"downgrade A D1: A B2.hidden C1 D1\n"

	"name: downhiddencross\n"
	"A: B3 C3\n"
	"B1: C2.hidden\n"
	"B2.hidden:\n"
	"B3: D2\n"
	"C1: B2.hidden\n"
	"C2.hidden:\n"
	"C3: D2\n"
	"D1:\n"
	"D2:\n"
	"build A: A B3 C3 D2\n"
	"downgrade A D1: A B2.hidden C2.hidden D1\n"

	"name: noprev1\n"
	"A: B4 C2\n"
	"B2.hidden:\n"
	"C2:\n"
	"build A: A B4 C2\n"
	"downgrade A B2.hidden: A B2.hidden C2\n"

	"name: noprev2\n"
	"A: B4 C2\n"
	"B2.hidden:\n"
	"B1:\n"
	"C2:\n"
	"build A: A B4 C2\n"
	"downgrade A B2.hidden: A B2.hidden C2\n"

	"name: noprev3\n"
	"A: B4 C2\n"
	"B3:\n"
	"B2.hidden:\n"
	"C2:\n"
	"build A: A B4 C2\n"
	"downgrade A B2.hidden: A B2.hidden C2\n"

	"name: cycle1\n"
	"A: B1\n"
	"B1: A1\n"
	"B2: A2\n"
	"B3: A3\n"
	"build A: A B1\n"
	"upgrade A B2: A B2\n"
	"upgrade* A: A B3\n"

	"name: cycle2\n"
	"A: B1\n"
	"A1: C1\n"
	"A2: D1\n"
	"B1: A1\n"
	"B2: A2\n"
	"C1: A2\n"
	"C2:\n"
	"D2:\n"
	"build A: A B1 C1 D1\n"
	"upgrade* A: A B2 C2 D2\n"

	"name: cycle3\n"
	"M: A1 C2\n"
	"A1: B1\n"
	"B1: C1\n"
	"B2: C2\n"
	"C1:\n"
	"C2: B2\n"
	"build M: M A1 B2 C2\n"
	"req M: A1 B2\n"
	"req M A: A1 B2\n"
	"req M C: A1 C2\n"

	"name: req1\n"
	"A: B1 C1 D1 E1 F1\n"
	"B1: C1 E1 F1\n"
	"req A: B1 D1\n"
	"req A C: B1 C1 D1\n"

	"name: req2\n"
	"A: G1 H1\n"
	"G1: H1\n"
	"H1: G1\n"
	"req A: G1\n"
	"req A G: G1\n"
	"req A H: H1\n"

	"name: req3\n"
	"M: A1 B1\n"
	"A1: X1\n"
	"B1: X2\n"
	"X1: I1\n"
	"X2:\n"
	"req M: A1 B1\n"

	"name: reqnone\n"
	"M: Anone B1 D1 E1\n"
	"B1: Cnone D1\n"
	"E1: Fnone\n"
	"build M: M B1 D1 E1\n"
	"req M: B1 E1\n"

	"name: reqdup\n"
	"M: A1 B1\n"
	"A1: B1\n"
	"B1:\n"
	"req M A A: A1\n"

	"name: reqcross\n"
	"M: A1 B1 C1\n"
	"A1: B1 C1\n"
	"B1: C1\n"
	"C1:\n"
	"req M A B: A1 B1\n";

struct world {
	struct hm_arena arena;
	struct hm_map reqs; /* "B1" to struct hm_modvers */
	hm_str swapped;     /* this node requires ... */
	const struct hm_modvers *swap;
};

static struct hm_modver
modver(hm_str s)
{
	return hm_modver_of(hm_str_sub(s, 0, 1), hm_str_from(s, 1));
}

static bool
is(hm_str s, const char *z)
{
	return hm_str_eqz(s, z);
}

static hm_str
max(hm_str v1, hm_str v2)
{
	if (is(v1, "none") || v2.n == 0)
		return v2;
	if (is(v2, "none") || v1.n == 0)
		return v1;
	return hm_str_cmp(v1, v2) < 0 ? v2 : v1;
}

static int
cmp(void *ctx, hm_str path, hm_str v1, hm_str v2)
{
	(void)ctx, (void)path;
	return hm_str_eq(v1, v2) ? 0 : hm_str_eq(max(v1, v2), v1) ? 1 : -1;
}

static int
required(void *ctx, struct hm_arena *a, struct hm_modver m, struct hm_modvers *out,
         struct hm_err *err)
{
	struct world *w = ctx;
	hm_str key = hm_arena_concat(&w->arena, (hm_str[]){ m.path, m.version }, 2);
	const struct hm_modvers *list = hm_map_get(&w->reqs, key);

	if (w->swap && hm_str_eq(key, w->swapped))
		list = w->swap;
	if (!list)
		return hm_err_set(err, HM_ENOTFOUND, "missing module: " HM_F "@" HM_F,
		                  HM_P(m.path), HM_P(m.version));
	for (size_t i = 0; i < list->n; i++)
		HM_PUSH(a, *out, list->v[i]);
	return 0;
}

/* The greatest version of m that is not hidden, and less than below if that is set. */
static hm_str
best(struct world *w, struct hm_modver m, hm_str below)
{
	hm_str v = HM_S("none");

	for (size_t i = 0; i < w->reqs.n; i++) {
		struct hm_modver k = modver(w->reqs.e[i].key);

		if (!hm_str_eq(k.path, m.path) || hm_str_has_suffix(k.version, HM_S(".hidden")))
			continue;
		if (below.p && hm_str_cmp(k.version, below) >= 0)
			continue;
		if (below.p && is(k.version, ""))
			continue;
		v = max(v, k.version);
	}
	return v;
}

static int
upgrade(void *ctx, struct hm_arena *a, struct hm_modver m, hm_str *version, struct hm_err *err)
{
	(void)a;
	*version = best(ctx, m, (hm_str){ 0 });
	if (is(*version, "none"))
		return hm_err_set(err, HM_ENOTFOUND, "missing module: " HM_F, HM_P(m.path));
	return 0;
}

static int
previous(void *ctx, struct hm_arena *a, struct hm_modver m, hm_str *version, struct hm_err *err)
{
	(void)a, (void)err;
	*version = best(ctx, m, m.version);
	return 0;
}

/* Runs the command in f[0..n) and answers the list. */
static int
run(struct world *w, const hm_str *f, size_t n, struct hm_modvers *out, struct hm_err *err)
{
	struct hm_mvs_reqs reqs = { w, required, cmp, upgrade, previous };
	struct hm_modver target = modver(f[1]), m[8];
	struct hm_modvers up = { 0 };
	int r;

	for (size_t i = 2; i < n; i++)
		m[i] = modver(f[i]);
	if (is(f[0], "build"))
		return hm_mvs_build_list(&w->arena, &reqs, &target, 1, out, err);
	if (is(f[0], "upgrade*"))
		return hm_mvs_upgrade_all(&w->arena, &reqs, target, out, err);
	if (is(f[0], "upgrade"))
		return hm_mvs_upgrade(&w->arena, &reqs, target, m + 2, n - 2, out, err);
	if (is(f[0], "downgrade"))
		return hm_mvs_downgrade(&w->arena, &reqs, target, m + 2, n - 2, out, err);
	if (is(f[0], "req"))
		return hm_mvs_req(&w->arena, &reqs, target, f + 2, n - 2, out, err);
	assert_str(f[0], "upgradereq");
	if (hm_mvs_upgrade(&w->arena, &reqs, target, m + 2, n - 2, &up, err))
		return -1;
	w->swapped = f[1];
	w->swap = &up;
	r = hm_mvs_req(&w->arena, &reqs, target, NULL, 0, out, err);
	w->swap = NULL;
	return r;
}

static size_t
fields(hm_str s, hm_str *f, size_t max_n)
{
	size_t n = 0;

	while (n < max_n && hm_str_next_field(&s, &f[n]))
		n++;
	return n;
}

static void
define(struct world *w, hm_str key, hm_str val)
{
	struct hm_modvers *list = HM_NEW(&w->arena, struct hm_modvers);
	hm_str f[8];
	size_t n = fields(val, f, 8);

	for (size_t i = 0; i < n; i++) {
		if (!hm_map_has(&w->reqs, f[i]))
			hm_map_set(&w->reqs, f[i], HM_NEW(&w->arena, struct hm_modvers));
		HM_PUSH(&w->arena, *list, modver(f[i]));
	}
	hm_map_set(&w->reqs, key, list);
}

static void
check(struct world *w, hm_str name, hm_str key, hm_str val)
{
	struct hm_modvers out = { 0 };
	struct hm_err err = { 0 };
	struct hm_buf got = { 0 };
	hm_str f[8];
	size_t n = fields(key, f, 8);

	if (run(w, f, n, &out, &err))
		fail_msg(HM_F ", " HM_F ": " HM_F, HM_P(name), HM_P(key),
		         HM_P(hm_err_str(&err)));
	for (size_t i = 0; i < out.n; i++)
		hm_buf_printf(&got, "%s" HM_F HM_F, i ? " " : "", HM_P(out.v[i].path),
		              HM_P(out.v[i].version));
	if (!hm_str_eq(hm_buf_str(&got), val))
		fail_msg(HM_F ", " HM_F ": got " HM_F ", want " HM_F, HM_P(name), HM_P(key),
		         HM_P(hm_buf_str(&got)), HM_P(val));
	hm_buf_free(&got);
}

/* What the scenario at the front of text requires; questions may come before it ends. */
static void
define_all(struct world *w, hm_str text)
{
	hm_str line, key, val;

	w->reqs = (struct hm_map){ .arena = &w->arena };
	while (hm_str_next(&text, '\n', &line) && hm_str_cut(line, ':', &key, &val) &&
	       !is(key, "name"))
		if (hm_str_index_byte(key, ' ') < 0)
			define(w, key, hm_str_trim(val));
}

static void
as_go(void **state)
{
	hm_str text = hm_str_of(scenarios), line, name = HM_S(""), key, val;
	struct world w = { 0 };
	int checked = 0;

	(void)state;
	while (hm_str_next(&text, '\n', &line) && line.n) {
		assert_true(hm_str_cut(line, ':', &key, &val));
		if (is(key, "name")) {
			name = hm_str_trim(val);
			define_all(&w, text);
		} else if (hm_str_index_byte(key, ' ') >= 0) {
			check(&w, name, key, hm_str_trim(val));
			checked++;
		}
	}
	assert_int_equal(checked, 77);
	hm_arena_free(&w.arena);
}

static void
error_names_the_chain(void **state)
{
	struct world w = { 0 };
	struct hm_mvs_reqs reqs = { &w, required, cmp, upgrade, previous };
	struct hm_modver target = modver(HM_S("A"));
	struct hm_modvers out = { 0 };
	struct hm_err err = { 0 };

	(void)state;
	define_all(&w, HM_S("A: B1 C1\nB1: D1\nC1: D2\nD1: E1\nD2:\n"));
	hm_map_set(&w.reqs, HM_S("E1"), NULL);
	assert_int_equal(hm_mvs_build_list(&w.arena, &reqs, &target, 1, &out, &err), -1);
	assert_str(hm_err_str(&err), "B@1 requires\n\tD@1 requires\n\tE@1: missing module: E@1");
	assert_int_equal(err.code, HM_ENOTFOUND);
	hm_err_free(&err);
	hm_arena_free(&w.arena);
}

static bool
is_down(void *ctx, struct hm_modver from, struct hm_modver to)
{
	(void)ctx, (void)from;
	return is(to.path, "C");
}

static void
wrap(void **state)
{
	struct hm_modver path[] = { { HM_S_INIT("M"), HM_S_INIT("") },
		                    { HM_S_INIT("B"), HM_S_INIT("v1.0.0") },
		                    { HM_S_INIT("C"), HM_S_INIT("v2.0.0") } };
	struct hm_modver other = { HM_S_INIT("D"), HM_S_INIT("v3.0.0") };
	struct hm_err err = { 0 };

	(void)state;
	hm_err_set(&err, HM_EINVALID, "C@v2.0.0: bad");
	hm_mvs_wrap(&err, path, 3, is_down, NULL, NULL);
	assert_str(hm_err_str(&err), "B@v1.0.0 updating to\n\tC@v2.0.0: bad");
	hm_err_set(&err, HM_EINVALID, "version \"v9\" invalid: no");
	hm_mvs_wrap(&err, path, 3, NULL, NULL, NULL);
	assert_str(hm_err_str(&err), "B@v1.0.0 requires\n\tC@v9: invalid version: no");
	hm_err_set(&err, HM_EINVALID, "D@v3.0.0: bad");
	hm_mvs_wrap(&err, path, 3, NULL, NULL, &other);
	assert_str(hm_err_str(&err),
	           "B@v1.0.0 requires\n\tC@v2.0.0 (replaced by D@v3.0.0): bad");
	hm_err_set(&err, HM_EINVALID, "bad");
	hm_mvs_wrap(&err, path, 1, NULL, NULL, NULL);
	assert_str(hm_err_str(&err), "bad");
	hm_err_free(&err);
}

static void
note(void *ctx, struct hm_modver m)
{
	hm_buf_printf(ctx, HM_F HM_F " ", HM_P(m.path), HM_P(m.version));
}

static bool
is_e(void *ctx, struct hm_modver m)
{
	(void)ctx;
	return is(m.path, "E");
}

static void
graph(void **state)
{
	struct hm_arena a = { 0 };
	struct hm_modver roots[] = { modver(HM_S("A")), modver(HM_S("Bnone")) };
	struct hm_modver ra[] = { modver(HM_S("C1")), modver(HM_S("D2")), modver(HM_S("Fnone")) };
	struct hm_modver rc[] = { modver(HM_S("D3")), modver(HM_S("A0")) };
	struct hm_modver rd[] = { modver(HM_S("E1")) };
	struct hm_mvs_graph *g =
		hm_mvs_graph_new(&a, (struct hm_mvs_cmp){ cmp, NULL }, roots, 2);
	const struct hm_modver *reqs;
	struct hm_modvers list = { 0 };
	struct hm_buf b = { 0 };
	size_t n;

	(void)state;
	hm_mvs_require(g, roots[0], ra, 3);
	hm_mvs_require(g, ra[0], rc, 2);
	hm_mvs_require(g, ra[1], rd, 1);
	assert_str(hm_mvs_selected(g, HM_S("D")), "3");
	assert_str(hm_mvs_selected(g, HM_S("F")), "none");
	assert_str(hm_mvs_selected(g, HM_S("Z")), "none");
	assert_true(hm_mvs_required_by(g, ra[0], &reqs, &n));
	assert_int_equal(n, 2);
	assert_str(reqs[0].version, "3");
	assert_false(hm_mvs_required_by(g, rc[0], &reqs, &n));
	hm_mvs_walk(g, note, &b);
	assert_str(hm_buf_str(&b), "A C1 D2 D3 A0 E1 ");
	hm_buf_clear(&b);
	hm_mvs_graph_build_list(g, &a, &list);
	for (size_t i = 0; i < list.n; i++)
		note(&b, list.v[i]);
	assert_str(hm_buf_str(&b), "A C1 D3 E1 ");
	hm_buf_clear(&b);
	hm_mvs_find_path(g, &a, is_e, NULL, &list);
	for (size_t i = 0; i < list.n; i++)
		note(&b, list.v[i]);
	assert_str(hm_buf_str(&b), "A D2 E1 ");
	hm_buf_free(&b);
	hm_arena_free(&a);
}

/* A chain as deep as the graph is large: no recursion, no quadratic time. */
static void
deep(void **state)
{
	enum { N = 50000 };
	struct world w = { 0 };
	struct hm_mvs_reqs reqs = { &w, required, cmp, upgrade, previous };
	struct hm_modvers out = { 0 };
	struct hm_modver target = modver(HM_S("A"));
	struct hm_err err = { 0 };

	(void)state;
	w.reqs.arena = &w.arena;
	for (int i = 0; i <= N; i++) {
		hm_str key = i ? hm_arena_printf(&w.arena, "B%06d", i) : HM_S("A");
		struct hm_modvers *list = HM_NEW(&w.arena, struct hm_modvers);

		if (i < N)
			HM_PUSH(&w.arena, *list,
			        modver(hm_arena_printf(&w.arena, "B%06d", i + 1)));
		hm_map_set(&w.reqs, key, list);
	}
	assert_ok(hm_mvs_req(&w.arena, &reqs, target, NULL, 0, &out, &err), &err);
	assert_int_equal(out.n, 1);
	assert_str(out.v[0].version, "050000");
	hm_arena_free(&w.arena);
}

int
test_mvs_mvs(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_go), cmocka_unit_test(error_names_the_chain),
		cmocka_unit_test(wrap),  cmocka_unit_test(graph),
		cmocka_unit_test(deep),
	};

	return cmocka_run_group_tests_name("mvs/mvs", tests, NULL, NULL);
}
