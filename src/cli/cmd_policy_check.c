/*
 * hermod policy check: the whole build list under hermod.policy, for CI: what it refuses
 * now, what it will soon, and who requires it.
 */
#include "cli/cmds.h"

#include <stdlib.h>

#include "acquire/acquire.h"
#include "base/path.h"
#include "cli/policing.h"
#include "codec/json.h"
#include "load/mainmods.h"
#include "load/modgraph.h"
#include "load/vendorlist.h"
#include "mod/gover.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/pool.h"

enum { DAY = 86400, FLOWS = 16, WARN_DAYS = 30, CHAIN_MAX = 100 };

/* One module of the build list; made on any thread, printed in order. */
struct item {
	struct hm_modver m, judged; /* as selected; what takes its place */
	bool toolchain;
	struct hm_arena arena;
	struct hm_policy_verdict v;
	hm_str missing;
	struct hm_err err;
};

struct check {
	struct hm_cli *cli;
	struct hm_modload *ml;
	struct hm_modgraph *mg;
	struct hm_guard *guard;
	hm_str file, at;
	bool json;
	int warn_days;
	int64_t now;
	struct item *items;
	size_t n, refused, warned, undecided;
	struct hm_map parent; /* "path@version" -> who requires it, on the shortest way */
	struct hm_json_out out;
	struct hm_buf text;
};

/* ---- who requires it */

struct edge {
	struct hm_modver from;
	bool root;
};

static bool
is_indirect(const struct check *c, struct hm_modver from, struct hm_modver to)
{
	const struct hm_mainmod *main = from.version.n ? NULL
	                                               : hm_mainmods_find(c->ml->mains, from.path);
	const struct hm_modtable_row *row =
		main && main->index ? hm_modtable_find(&main->index->require, to) : NULL;

	return row && row->indirect;
}

static void
reach(struct check *c, struct hm_modvers *queue, struct hm_modver m, bool indirect)
{
	struct hm_arena *a = &c->cli->arena;
	const struct hm_modver *reqs;
	size_t n;

	if (!hm_modgraph_required_by(c->mg, m, &reqs, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		struct edge *e;
		hm_str key;

		if (!indirect && is_indirect(c, m, reqs[i]))
			continue;
		key = hm_modver_str(a, reqs[i]);
		if (hm_map_has(&c->parent, key))
			continue;
		e = HM_NEW(a, struct edge);
		e->from = m;
		hm_map_set(&c->parent, key, e);
		HM_PUSH(a, *queue, reqs[i]);
	}
}

/*
 * The shortest chains from the main modules.  A go.mod lists what others require as
 * "// indirect", too: those lines are taken only for what nothing else leads to.
 */
static void
find_chains(struct check *c)
{
	struct hm_modvers queue = { 0 };

	c->parent.arena = &c->cli->arena;
	for (size_t i = 0; i < c->ml->mains->n; i++) {
		struct hm_modver m = c->ml->mains->v[i].mod;
		struct edge *e = HM_NEW(&c->cli->arena, struct edge);

		e->root = true;
		hm_map_set(&c->parent, hm_modver_str(&c->cli->arena, m), e);
		HM_PUSH(&c->cli->arena, queue, m);
	}
	for (size_t i = 0; i < queue.n; i++)
		reach(c, &queue, queue.v[i], false);
	for (size_t i = 0; i < c->ml->mains->n; i++)
		reach(c, &queue, c->ml->mains->v[i].mod, true);
	for (size_t i = 0; i < queue.n; i++)
		reach(c, &queue, queue.v[i], true);
}

/* From the main module to m; empty when it is not in the graph. */
static struct hm_modvers
chain_of(const struct check *c, struct hm_modver m)
{
	struct hm_arena *a = &c->cli->arena;
	struct hm_modvers up = { 0 }, down = { 0 };
	const struct edge *e = hm_map_get(&c->parent, hm_modver_str(a, m));

	for (; e && up.n < CHAIN_MAX; e = hm_map_get(&c->parent, hm_modver_str(a, m))) {
		HM_PUSH(a, up, m);
		if (e->root)
			break;
		m = e->from;
	}
	while (up.n)
		HM_PUSH(a, down, up.v[--up.n]);
	return down;
}

/* ---- the verdicts */

/* Go itself came with the machine: what counts is whether it must not be used. */
static void
judge_toolchain(struct check *c, struct item *it)
{
	const struct hm_guard_facts none = { 0 };
	struct hm_policy_verdict *v = &it->v;
	size_t n = 0;

	if (hm_guard_judge(c->guard, &it->arena, it->judged, c->now, &none, false, v, &it->err))
		return;
	for (size_t i = 0; i < v->finding.n; i++)
		if (v->finding.v[i].check != HM_POLICY_ADMIT ||
		    v->finding.v[i].line != c->guard->policy->default_line)
			v->finding.v[n++] = v->finding.v[i];
	v->finding.n = n;
	v->needs = 0;
	v->answer = hm_policy_refusal(v) ? HM_POLICY_REFUSED : HM_POLICY_PERMITTED;
}

/* The licence of what is vendored lies in the vendor folder. */
static hm_str
vendored(const struct check *c, struct hm_arena *a, struct hm_modver m)
{
	hm_str dir;

	if (c->ml->build_mod != HM_MOD_VENDOR)
		return HM_S("");
	dir = hm_path_cat(a, hm_modload_vendor_dir(c->ml), m.path);
	return hm_file_is_dir(dir.p) ? dir : HM_S("");
}

static void
judge(void *ctx, size_t i)
{
	struct check *c = ctx;
	struct item *it = &c->items[i];
	struct hm_policing_facts f = { .acquire = c->cli->acquire };
	struct hm_guard_facts from = hm_policing_facts(&f), rest = from;

	if (it->toolchain) {
		judge_toolchain(c, it);
		return;
	}
	f.dir = vendored(c, &it->arena, it->m);
	from.licence = NULL; /* what is refused is not fetched to read its licence */
	if (hm_guard_judge(c->guard, &it->arena, it->judged, c->now, &from, true, &it->v,
	                   &it->err) == 0 &&
	    it->v.answer == HM_POLICY_UNDECIDED)
		hm_guard_judge(c->guard, &it->arena, it->judged, c->now, &rest, true, &it->v,
		               &it->err);
	it->missing = f.missing;
}

static void
add_toolchain(struct check *c)
{
	struct hm_arena *a = &c->cli->arena;
	struct item *it = &c->items[c->n++];

	it->toolchain = true;
	it->m.path = HM_S(HM_TOOLCHAIN_MODULE);
	it->m.version = hm_arena_printf(a, "v0.0.1-" HM_F "." HM_F "-" HM_F,
	                                HM_P(c->cli->conf->goversion),
	                                HM_P(c->cli->conf->gohostos),
	                                HM_P(c->cli->conf->gohostarch));
	it->judged = it->m;
}

/* The build list without what lies in a folder of its own. */
static void
collect(struct check *c)
{
	const struct hm_modver *list;
	size_t n;

	list = hm_modgraph_build_list(c->mg, &n);
	c->items = HM_NEW_N(&c->cli->arena, n + 1, struct item);
	add_toolchain(c);
	for (size_t i = 0; i < n; i++) {
		struct hm_modver to = hm_modload_resolve(c->ml, list[i]);

		if (hm_gover_is_toolchain(list[i].path) ||
		    hm_mainmods_has(c->ml->mains, list[i].path) || to.version.n == 0)
			continue;
		c->items[c->n].m = list[i];
		c->items[c->n++].judged = to;
	}
}

/* ---- the report */

static const char *
verdict_word(const struct hm_policy_finding *f)
{
	return f->refused ? "refused" : "warning";
}

/* What is not refused is said when its date comes near. */
static bool
is_told(const struct check *c, const struct hm_policy_finding *f)
{
	return f->refused || (f->date && f->date - c->now < (int64_t)c->warn_days * DAY);
}

static hm_str
name_of(struct check *c, const struct item *it)
{
	struct hm_arena *a = &c->cli->arena;
	hm_str name = hm_modver_str(a, it->m);

	if (hm_modver_eq(it->m, it->judged))
		return name;
	return hm_arena_printf(a, HM_F " => " HM_F, HM_P(name), HM_P(hm_modver_str(a, it->judged)));
}

static void
put_chain(struct check *c, const struct item *it)
{
	struct hm_modvers chain = chain_of(c, it->m);

	for (size_t i = 0; i < chain.n; i++)
		hm_cli_printf(c->cli, "%s" HM_F, i ? " -> " : "\t",
		              HM_P(hm_modver_str(&c->cli->arena, chain.v[i])));
	if (chain.n)
		hm_cli_out(c->cli, HM_S("\n"));
}

static hm_str
day_of(struct check *c, int64_t date)
{
	hm_str t = hm_clock_rfc3339(&c->cli->arena, date, 0);

	return hm_str_sub(t, 0, t.n < 10 ? t.n : 10);
}

static void
put_finding(struct check *c, const struct item *it, const struct hm_policy_finding *f)
{
	hm_cli_printf(c->cli, HM_F ":%u: " HM_F ": %s: " HM_F, HM_P(c->guard->policy->name),
	              f->line, HM_P(name_of(c, it)), verdict_word(f), HM_P(f->reason));
	if (!f->refused && f->check != HM_POLICY_RETIRE)
		hm_cli_printf(c->cli, " (until " HM_F ")", HM_P(day_of(c, f->date)));
	hm_cli_out(c->cli, HM_S("\n"));
	put_chain(c, it);
}

static void
json_finding(struct check *c, const struct item *it, const struct hm_policy_finding *f)
{
	struct hm_json_out *w = &c->out;
	struct hm_modvers chain = chain_of(c, it->m);

	hm_json_begin_object(w);
	hm_json_member_str(w, "Path", it->m.path);
	hm_json_member_str(w, "Version", it->m.version);
	if (!hm_modver_eq(it->m, it->judged))
		hm_json_member_str(w, "Replace", hm_modver_str(&c->cli->arena, it->judged));
	hm_json_member_str(w, "Verdict", hm_str_of(verdict_word(f)));
	hm_json_member_str(w, "Check", hm_str_of(hm_policy_check_name(f->check)));
	hm_json_member_int(w, "Line", f->line);
	hm_json_member_str(w, "Rule", f->rule);
	hm_json_member_str(w, "Reason", f->reason);
	if (f->date)
		hm_json_member_str(w, "Date", day_of(c, f->date));
	if (chain.n) {
		hm_json_key(w, "Chain");
		hm_json_begin_array(w);
		for (size_t i = 0; i < chain.n; i++)
			hm_json_put_str(w, hm_modver_str(&c->cli->arena, chain.v[i]));
		hm_json_end_array(w);
	}
	hm_json_end_object(w);
}

/* A verdict that could not be reached. */
static void
put_undecided(struct check *c, const struct item *it, hm_str why)
{
	struct hm_json_out *w = &c->out;

	c->undecided++;
	if (!c->json) {
		hm_cli_printf(c->cli, HM_F ": " HM_F ": undecided: " HM_F "\n",
		              HM_P(c->guard->policy->name), HM_P(name_of(c, it)), HM_P(why));
		return;
	}
	hm_json_begin_object(w);
	hm_json_member_str(w, "Path", it->m.path);
	hm_json_member_str(w, "Version", it->m.version);
	hm_json_member_str(w, "Verdict", HM_S("undecided"));
	hm_json_member_str(w, "Reason", why);
	hm_json_end_object(w);
}

static void
report_item(struct check *c, struct item *it)
{
	for (size_t i = 0; i < it->v.finding.n; i++) {
		const struct hm_policy_finding *f = &it->v.finding.v[i];

		if (!is_told(c, f))
			continue;
		c->warned += !f->refused;
		if (c->json)
			json_finding(c, it, f);
		else
			put_finding(c, it, f);
	}
	c->refused += it->v.answer == HM_POLICY_REFUSED;
	if (it->err.code) {
		put_undecided(c, it, hm_err_str(&it->err));
		hm_cli_set_status(c->cli, 1);
	} else if (it->v.answer == HM_POLICY_UNDECIDED) {
		put_undecided(c, it, it->missing);
	}
}

static void
report(struct check *c)
{
	struct hm_json_out *w = &c->out;

	if (c->json) {
		*w = (struct hm_json_out){ .out = &c->text, .indent = "\t" };
		hm_json_begin_object(w);
		hm_json_member_str(w, "Policy", c->guard->file);
		hm_json_key(w, "Findings");
		hm_json_begin_array(w);
	}
	for (size_t i = 0; i < c->n; i++)
		report_item(c, &c->items[i]);
	if (!c->json) {
		hm_cli_printf(c->cli, "%zu modules: %zu refused, %zu warnings, %zu undecided\n",
		              c->n - 1, c->refused, c->warned, c->undecided);
		return;
	}
	hm_json_end_array(w);
	hm_json_member_int(w, "Modules", (int64_t)c->n - 1); /* without Go itself */
	hm_json_member_int(w, "Refused", (int64_t)c->refused);
	hm_json_member_int(w, "Warnings", (int64_t)c->warned);
	hm_json_member_int(w, "Undecided", (int64_t)c->undecided);
	hm_json_end_object(w);
	hm_buf_addc(&c->text, '\n');
	hm_cli_out(c->cli, hm_buf_str(&c->text));
	hm_buf_free(&c->text);
}

/* ---- the verb */

/* A go.mod, a go.work, or the folder that has one. */
static int
enter(struct check *c, const char *arg, struct hm_err *err)
{
	struct hm_arena *a = &c->cli->arena;
	hm_str dir = hm_str_of(arg), base = hm_path_base(dir);

	if (hm_str_eqz(base, "go.mod") || hm_str_eqz(base, "go.work"))
		dir = hm_path_dir(a, dir);
	if (!hm_path_is_abs(dir))
		dir = hm_path_join(a, c->cli->conf->cwd, dir);
	dir = hm_path_clean(a, dir);
	if (!hm_file_is_regular(hm_path_cat(a, dir, HM_S("go.mod")).p) &&
	    !hm_file_is_regular(hm_path_cat(a, dir, HM_S("go.work")).p))
		return hm_err_set(err, HM_ENOTFOUND, HM_F " has no go.mod", HM_P(dir));
	c->ml->cwd = dir;
	return 0;
}

static int
set_date(struct check *c, struct hm_err *err)
{
	hm_str full = hm_arena_printf(&c->cli->arena, HM_F "T00:00:00Z", HM_P(c->at));
	struct hm_time t;

	c->now = hm_clock_unix();
	if (c->at.n == 0)
		return 0;
	if (c->at.n != 10 || !hm_time_parse_rfc3339(full, &t))
		return hm_err_set(err, HM_EUSAGE, "-date " HM_F ": write yyyy-mm-dd", HM_P(c->at));
	c->now = t.sec - HM_TIME_UNIX_EPOCH;
	return 0;
}

static int
load(struct check *c, struct hm_err *err)
{
	struct hm_modload *ml = c->ml;
	struct hm_reqs *rs;

	ml->force_use_modules = true;
	ml->root_mode = HM_ROOT_NEED;
	if (hm_modload_init_work(ml, err) || hm_modload_init(ml, err) ||
	    hm_modload_file(ml, &rs, err) ||
	    (ml->build_mod == HM_MOD_VENDOR && hm_modload_check_vendor(ml, err)))
		return -1;
	if (hm_policing_load(c->cli, c->file, ml->cwd, &c->guard, err))
		return -1;
	if (!c->guard)
		return hm_err_set(err, HM_ENOTFOUND,
		                  "no policy: there is no hermod.policy beside go.mod, and neither "
		                  "-policy nor HERMOD_POLICY names one");
	return hm_modload_graph(ml, HM_S(""), &c->mg, err);
}

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct check c = { .cli = cli, .warn_days = WARN_DAYS };
	const struct hm_flag own[] = {
		{ .name = "policy", .kind = HM_FLAG_STR, .target = &c.file },
		{ .name = "json", .kind = HM_FLAG_BOOL, .target = &c.json },
		{ .name = "warn", .kind = HM_FLAG_INT, .target = &c.warn_days },
		{ .name = "date", .kind = HM_FLAG_STR, .target = &c.at },
	};
	struct hm_build_flags bf = { 0 };

	cli->policing_off = true;
	if (hm_cli_flags(cli, own, 4, HM_FLAGS_MOD_COMMON | HM_FLAGS_MOD | HM_FLAGS_X, &bf, &argc,
	                 &argv, err) ||
	    set_date(&c, err) || hm_cli_modload(cli, &bf, &c.ml, err))
		return -1;
	if (argc > 1)
		return hm_err_set(err, HM_EUSAGE, "'policy check' takes one go.mod or folder");
	if ((argc == 1 && enter(&c, argv[0], err)) || load(&c, err))
		return -1;
	collect(&c);
	find_chains(&c);
	hm_pool_each(FLOWS, c.n, judge, &c);
	report(&c);
	for (size_t i = 0; i < c.n; i++) {
		hm_err_free(&c.items[i].err);
		hm_arena_free(&c.items[i].arena);
	}
	if (c.refused || c.ml->failed)
		hm_cli_set_status(cli, 1);
	return 0;
}

const struct hm_cmd hm_cmd_policy_check = {
	.name = "policy check",
	.usage = "policy check [-policy file] [-json] [-warn days] [-date yyyy-mm-dd] [-mod mode] "
		 "[go.mod | go.work | dir]",
	.brief = "Report what hermod.policy refuses of a module's build list",
	.run = run,
};
