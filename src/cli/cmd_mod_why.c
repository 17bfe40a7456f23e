/*
 * hermod mod why: a shortest chain of imports from the main module to a package
 * or to any package of a module.
 */
#include "cli/cmds.h"
#include "load/modinfo.h"
#include "load/modload.h"
#include "load/modules.h"

struct why {
	struct hm_cli *cli;
	struct hm_modload *ml;
	bool m, vendor;
	struct hm_modules *all; /* "all", from the main module */
	bool second;            /* something was printed: a blank line comes between */
};

static int
load(struct why *w, const struct hm_strs *patterns, struct hm_modules **out, struct hm_err *err)
{
	const struct hm_load_opts opts = {
		.any_tags = true,
		.vendor_in_goroot_src = true,
		.load_tests = !w->vendor,
		.silence_package_errors = true,
		.use_vendor_all = w->vendor,
	};

	return hm_modules_load(w->ml, &opts, patterns, out, err);
}

static int
load_all(struct why *w, struct hm_err *err)
{
	struct hm_strs all = { 0 };

	HM_PUSH(&w->cli->arena, all, HM_S("all"));
	return load(w, &all, &w->all, err);
}

static void
put(struct why *w, const char *what, hm_str name, hm_str package)
{
	hm_str text = package.n ? hm_modules_why(w->all, &w->cli->arena, package) : HM_S("");

	hm_cli_printf(w->cli, "%s# " HM_F "\n", w->second ? "\n" : "", HM_P(name));
	if (text.n)
		hm_cli_out(w->cli, text);
	else
		hm_cli_printf(w->cli, "(main module does not need%s %s " HM_F ")\n",
		              w->vendor ? " to vendor" : "", what, HM_P(name));
	w->second = true;
}

/* The package of a module that the fewest imports lead to; empty when there is none. */
static hm_str
nearest(const struct why *w, hm_str module)
{
	hm_str best = HM_S("");
	int depth = 0;

	for (size_t i = 0; i < w->all->loaded.n; i++) {
		hm_str path = w->all->loaded.v[i];
		int d;

		if (!hm_str_eq(hm_modules_provider(w->all, path).path, module))
			continue;
		d = hm_modules_why_depth(w->all, path);
		if (d > 0 && (depth == 0 || d < depth)) {
			best = path;
			depth = d;
		}
	}
	return best;
}

static int
why_modules(struct why *w, const struct hm_strs *args, struct hm_err *err)
{
	struct hm_modinfos mods;

	for (size_t i = 0; i < args->n; i++)
		if (hm_str_index_byte(args->v[i], '@') >= 0)
			return hm_err_set(err, HM_EINVALID, HM_F ": 'go mod why' requires a "
			                  "module path, not a version query", HM_P(args->v[i]));
	if (hm_modinfo_list(w->ml, &w->cli->arena, args, 0, HM_S(""), &mods, err) ||
	    load_all(w, err))
		return -1;
	for (size_t i = 0; i < mods.n; i++)
		put(w, "module", mods.v[i]->path, nearest(w, mods.v[i]->path));
	return 0;
}

static int
why_packages(struct why *w, const struct hm_strs *args, struct hm_err *err)
{
	struct hm_modules *named;

	/* What is named is found by its own load: chains start at the main module. */
	if (load(w, args, &named, err) || load_all(w, err))
		return -1;
	for (size_t i = 0; i < named->n_matches; i++)
		for (size_t k = 0; k < named->matches[i].pkgs.n; k++)
			put(w, "package", named->matches[i].pkgs.v[k],
			    named->matches[i].pkgs.v[k]);
	return 0;
}

static int
run(struct hm_cli *cli, int argc, char **argv, struct hm_err *err)
{
	struct why w = { .cli = cli };
	const struct hm_flag own[] = {
		{ .name = "m", .kind = HM_FLAG_BOOL, .target = &w.m },
		{ .name = "vendor", .kind = HM_FLAG_BOOL, .target = &w.vendor },
	};
	struct hm_build_flags bf = { 0 };
	struct hm_strs args = { 0 };

	if (hm_cli_flags(cli, own, 2, HM_FLAGS_MOD_COMMON, &bf, &argc, &argv, err))
		return -1;
	for (int i = 0; i < argc; i++)
		HM_PUSH(&cli->arena, args, hm_str_of(argv[i]));
	if (hm_cli_modload(cli, &bf, &w.ml, err) || hm_modload_init_work(w.ml, err))
		return -1;
	w.ml->force_use_modules = true;
	w.ml->root_mode = HM_ROOT_NEED;
	w.ml->explicit_write = true;
	if (w.m ? why_modules(&w, &args, err) : why_packages(&w, &args, err))
		return -1;
	if (w.ml->failed)
		hm_cli_set_status(cli, 1);
	return 0;
}

const struct hm_cmd hm_cmd_mod_why = {
	.name = "mod why",
	.usage = "mod why [-m] [-vendor] packages...",
	.brief = "Explain why packages or modules are needed",
	.run = run,
};
