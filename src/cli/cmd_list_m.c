/*
 * hermod list -m: modules instead of packages.
 */
#include "cli/listing.h"

#include "load/modinfo.h"
#include "load/modload.h"
#include "load/modules.h"

static int
check_flags(struct hm_listing *l, struct hm_err *err)
{
	const struct {
		bool set;
		const char *name;
	} not_with_m[] = {
		{ l->compiled, "compiled" }, { l->deps, "deps" }, { l->export, "export" },
		{ l->find, "find" }, { l->test, "test" },
	};

	for (size_t i = 0; i < sizeof(not_with_m) / sizeof(*not_with_m); i++)
		if (not_with_m[i].set)
			return hm_listing_fatal(l, err, "go list -%s cannot be used with -m",
			                        not_with_m[i].name);
	return 0;
}

static int
disabled(struct hm_err *err, const char *what)
{
	return hm_err_set(err, HM_EINVALID, "can't %s using the vendor directory\n"
	                  "\t(Use -mod=mod or -mod=readonly to bypass.)", what);
}

/* The vendor folder does not say enough about the module graph. */
static int
check_vendor(const struct hm_listing *l, const struct hm_strs *args, struct hm_err *err)
{
	if (l->versions)
		return disabled(err, "determine available versions");
	if (l->u)
		return disabled(err, "determine available upgrades");
	for (size_t i = 0; i < args->n; i++) {
		if (hm_str_eqz(args->v[i], "all"))
			return disabled(err, "compute 'all'");
		if (hm_str_contains(args->v[i], HM_S("...")))
			return disabled(err, "match module patterns");
	}
	return 0;
}

static unsigned
list_mode(const struct hm_listing *l)
{
	unsigned mode = 0;

	if (l->u)
		mode |= HM_LIST_U | HM_LIST_RETRACTED | HM_LIST_DEPRECATED;
	if (l->retracted)
		mode |= HM_LIST_RETRACTED;
	if (l->versions)
		mode |= HM_LIST_VERSIONS | (l->retracted ? HM_LIST_RETRACTED_VERSIONS : 0u);
	return mode;
}

/* Without -e every module's error counts. */
static int
report_errors(struct hm_cli *cli, const struct hm_modinfos *mods, int rc, struct hm_err *err)
{
	struct hm_err one = { 0 };
	bool bad = rc != 0;

	for (size_t i = 0; i < mods->n; i++) {
		if (!mods->v[i]->error.p)
			continue;
		bad = true;
		hm_err_set(&one, HM_EINVALID, HM_F, HM_P(mods->v[i]->error));
		hm_cli_error(cli, &one);
		hm_err_clear(&one);
	}
	hm_err_free(&one);
	if (rc)
		return -1;
	return bad ? hm_err_set(err, HM_EREPORTED, "%s", "") : 0;
}

static int
list(struct hm_listing *l, const struct hm_strs *args, struct hm_err *err)
{
	struct hm_cli *cli = l->cli;
	struct hm_modinfos mods;
	int rc = hm_modinfo_list(l->ml, &cli->arena, args, list_mode(l), l->reuse, &mods, err);

	if (rc && mods.fatal)
		return -1;
	if (!l->e && report_errors(cli, &mods, rc, err))
		return -1;
	hm_err_clear(err);
	for (size_t i = 0; i < mods.n; i++)
		if (hm_listing_put(l, &hm_modinfo_type, mods.v[i], err))
			return -1;
	return 0;
}

/* What must hold before any module is looked at. */
static int
start(struct hm_listing *l, const struct hm_strs *args, struct hm_err *err)
{
	struct hm_modload *ml = l->ml;
	struct hm_reqs *rs;

	if (l->retracted && ml->build_mod == HM_MOD_VENDOR)
		return hm_listing_fatal(l, err, "go list -retracted cannot be used when vendoring "
		                        "is enabled");
	if (l->retracted && !ml->enabled)
		return hm_listing_fatal(l, err, "go list -retracted can only be used in "
		                        "module-aware mode");
	if (check_flags(l, err))
		return -1;
	if (!ml->enabled)
		return hm_err_set(err, HM_EINVALID, "list -m cannot be used with GO111MODULE=off");
	if (hm_modload_file(ml, &rs, err))
		return -1;
	if (ml->build_mod == HM_MOD_VENDOR && check_vendor(l, args, err))
		return -1;
	if (l->reuse.n && args->n == 0)
		return hm_err_set(err, HM_EINVALID, "list -m -reuse only has an effect with "
		                  "module@version arguments");
	return 0;
}

int
hm_listing_modules(struct hm_listing *l, int argc, char **argv, struct hm_err *err)
{
	const char *format = l->versions ? "{{.Path}}{{range .Versions}} {{.}}{{end}}"
	                                   "{{if .Deprecated}} (deprecated){{end}}"
	                                 : "{{.String}}";
	struct hm_cli *cli = l->cli;
	struct hm_strs args = { 0 };

	for (int i = 0; i < argc; i++)
		HM_PUSH(&cli->arena, args, hm_str_of(argv[i]));
	if (hm_cli_modload(cli, &l->bf, &l->ml, err) || hm_modload_init_work(l->ml, err) ||
	    hm_modload_init(l->ml, err))
		return -1;
	if (l->reuse.n && hm_modload_has_root(l->ml))
		return hm_listing_fatal(l, err, "go list -reuse cannot be used inside a module");
	if (hm_listing_start(l, format, err) || start(l, &args, err))
		return -1;
	l->ctx = hm_modules_build_ctx(l->ml);
	if (list(l, &args, err))
		return -1;
	if (l->ml->failed)
		hm_cli_set_status(cli, 1);
	return 0;
}
