/*
 * hermod policy explain: the verdict on single module versions, and the facts behind it.
 */
#include "cli/cmds.h"

#include "acquire/acquire.h"
#include "cli/policing.h"
#include "mod/modpath.h"
#include "mod/semver.h"
#include "os/clock.h"

/* The highest release, else the highest version; empty when there is none. */
static hm_str
highest(const struct hm_acquire_list *list)
{
	for (size_t i = list->n; i > 0; i--)
		if (hm_semver_prerelease(list->v[i - 1]).n == 0)
			return list->v[i - 1];
	return list->n ? list->v[list->n - 1] : HM_S("");
}

/* A version, or what it leads to: "latest", a branch. */
static int
resolve(struct hm_acquire *ac, struct hm_modver *m, struct hm_err *err)
{
	const struct hm_acquire_info *info;
	struct hm_acquire_list list;
	int rc;

	if (hm_modpath_check(m->path, err))
		return -1;
	if (hm_modpath_is_canonical_version(m->version))
		return 0;
	if (m->version.n == 0 || hm_str_eqz(m->version, "latest")) {
		if (hm_acquire_versions(ac, m->path, HM_S(""), &list, err))
			return -1;
		m->version = highest(&list);
		if (m->version.n)
			return 0;
		rc = hm_acquire_latest(ac, m->path, &info, err);
	} else {
		rc = hm_acquire_stat(ac, m->path, m->version, &info, err);
	}
	if (rc == 0)
		m->version = info->version;
	return rc;
}

static void
put_facts(struct hm_cli *cli, const struct hm_guard *g, struct hm_modver m,
          const struct hm_policing_facts *f)
{
	struct hm_osv_hits hits;

	if (f->known & HM_POLICY_NEED_TIME)
		hm_cli_printf(cli, "\tpublished: " HM_F "\n",
		              HM_P(f->time ? hm_clock_rfc3339(&cli->arena, f->time, 0)
		                           : HM_S("not known")));
	if (f->known & HM_POLICY_NEED_VOUCHED)
		hm_cli_printf(cli, "\tchecksum database: %s\n", f->vouched ? "yes" : "no");
	if (f->known & HM_POLICY_NEED_LICENCE)
		hm_cli_printf(cli, "\tlicence: " HM_F "\n", HM_P(f->licence));
	if (f->missing.n)
		hm_cli_printf(cli, "\tmissing: " HM_F "\n", HM_P(f->missing));
	if (!g->osv)
		return;
	hm_osv_find(g->osv, &cli->arena, m, &hits);
	hm_cli_printf(cli, "\tvulnerabilities: %zu of %zu entries\n", hits.n, hm_osv_count(g->osv));
	for (size_t i = 0; i < hits.n; i++)
		hm_cli_printf(cli, "\t\t" HM_F " (%s) " HM_F "\n", HM_P(hits.v[i].id),
		              hm_policy_severity_name(hits.v[i].severity), HM_P(hits.v[i].summary));
}

static int
explain(struct hm_cli *cli, const struct hm_guard *g, hm_str word, struct hm_err *err)
{
	static const char *const words[] = { "permitted", "refused", "undecided" };
	struct hm_policing_facts f = { .acquire = cli->acquire };
	const struct hm_guard_facts from = hm_policing_facts(&f);
	struct hm_policy_verdict v;
	struct hm_modver m;

	if (!hm_modver_cut(word, &m))
		m = hm_modver_of(word, HM_S(""));
	if (resolve(cli->acquire, &m, err) ||
	    hm_guard_judge(g, &cli->arena, m, hm_clock_unix(), &from, true, &v, err))
		return -1;
	hm_cli_printf(cli, HM_F ": %s\n", HM_P(hm_modver_str(&cli->arena, m)), words[v.answer]);
	for (size_t i = 0; i < v.finding.n; i++)
		hm_cli_printf(cli, "\t" HM_F ":%u: %s: " HM_F "\n", HM_P(g->policy->name),
		              v.finding.v[i].line, v.finding.v[i].refused ? "refused" : "note",
		              HM_P(v.finding.v[i].reason));
	put_facts(cli, g, m, &f);
	if (v.answer != HM_POLICY_PERMITTED)
		hm_cli_set_status(cli, 1);
	return 0;
}

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	hm_str file = { 0 };
	const struct hm_flag own[] = {
		{ .name = "policy", .kind = HM_FLAG_STR, .target = &file },
	};
	struct hm_build_flags bf = { 0 };
	struct hm_acquire *ac;
	struct hm_guard *g;

	cli->policing_off = true;
	if (hm_cli_flags(cli, own, 1, HM_FLAGS_X, &bf, &argc, &argv, err) ||
	    hm_policing_load(cli, file, HM_S(""), &g, err) || hm_cli_acquire(cli, &bf, &ac, err))
		return -1;
	if (argc < 1)
		return hm_cli_usage(cli, err);
	if (!g)
		return hm_err_set(err, HM_ENOTFOUND,
		                  "no policy: there is no hermod.policy beside go.mod, and neither "
		                  "-policy nor HERMOD_POLICY names one");
	for (int i = 0; i < argc; i++)
		if (explain(cli, g, hm_str_of(argv[i]), err))
			return -1;
	return 0;
}

const struct hm_cmd hm_cmd_policy_explain = {
	.name = "policy explain",
	.usage = "policy explain [-policy file] [-x] module@version...",
	.brief = "Say what hermod.policy makes of module versions, and why",
	.run = run,
};
