#include "load/pkgload.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/path.h"
#include "load/modules.h"
#include "load/pkgload_priv.h"
#include "os/file.h"

struct hm_loader *
hm_loader_new(struct hm_arena *a, const struct hm_loader_conf *conf,
              const struct hm_loader_source *source, struct hm_scan_cache *scans)
{
	struct hm_loader *l = hm_mem_new(sizeof(*l));

	l->a = a;
	l->conf = *conf;
	l->src = *source;
	l->scans = scans;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->done, NULL);
	l->data.arena = &l->data_arena;
	l->pkgs.arena = a;
	l->fold.arena = a;
	return l;
}

void
hm_loader_free(struct hm_loader *l)
{
	if (!l)
		return;
	hm_arena_absorb(l->a, &l->data_arena);
	pthread_cond_destroy(&l->done);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

struct hm_pkg *
hm_loader_get(const struct hm_loader *l, hm_str path)
{
	struct hm_loader_pkg *lp = hm_map_get(&l->pkgs, path);

	return lp ? &lp->pkg : NULL;
}

struct hm_pkg *
hm_loader_import(struct hm_loader *l, const struct hm_loader_opts *opts, hm_str path)
{
	struct hm_pkg_error *e = NULL;

	return hm_loader_load_import(l, opts, path, NULL, NULL, 0, &e);
}

void
hm_loader_resolve(struct hm_loader *l, const struct hm_pkg *p, const struct hm_strs *imports,
                  struct hm_strs *out)
{
	for (size_t i = 0; i < imports->n; i++) {
		struct hm_loader_found found = { 0 };

		l->src.lookup(l->src.ctx, l->a, p->import_path, p->standard, imports->v[i],
		              &found);
		HM_PUSH(l->a, *out, found.path.n > 0 ? found.path : imports->v[i]);
	}
	hm_strs_sort_unique(out);
}

static void
load_match(struct hm_loader *l, const struct hm_loader_opts *opts, const struct hm_match *m,
           struct hm_pkgs *out)
{
	unsigned mode = HM_LOADER_CMDLINE;

	if (hm_match_is_literal(m))
		mode |= HM_LOADER_CMDLINE_LITERAL;
	for (size_t i = 0; i < m->pkgs.n; i++) {
		struct hm_pkg_error *e = NULL;
		struct hm_pkg *p =
			hm_loader_load_import(l, opts, m->pkgs.v[i], NULL, NULL, mode, &e);

		HM_PUSH(l->a, p->match, m->pattern);
		if (p->match.n == 1) /* the first pattern that matched it */
			HM_PUSH(l->a, *out, p);
	}
}

/* A folder without Go files: go names it more exactly, and as the package's. */
static hm_str
no_go_text(struct hm_loader *l, struct hm_pkg *p, hm_str bare)
{
	if (!hm_str_cut_prefix(&bare, HM_S("no buildable Go source files in ")))
		return bare;
	p->dir = bare;
	return hm_arena_printf(l->a, "no Go files in " HM_F, HM_P(bare));
}

/* What went wrong with a pattern itself, as a package of its name. */
static struct hm_pkg *
match_error(struct hm_loader *l, const struct hm_match *m)
{
	struct hm_loader_pkg *lp = HM_NEW(l->a, struct hm_loader_pkg);
	static const struct hm_bpkg nothing;
	struct hm_pkg *p = &lp->pkg;
	struct hm_load_err e = { .kind = HM_LE_MATCH };

	p->import_path = m->pattern;
	p->build = &nothing;
	e.text = hm_match_is_literal(m) ? m->errs.v[0].bare : m->errs.v[0].text;
	if (m->errs.v[0].kind == HM_IMPORT_NO_GO)
		e.text = no_go_text(l, p, m->errs.v[0].bare);
	hm_loader_data_error(l, p, &e, m->pattern, NULL);
	HM_PUSH(l->a, p->match, m->pattern);
	p->cmdline_pkg = true;
	p->cmdline_pkg_literal = hm_match_is_literal(m);
	return p;
}

static void
set_not_main(struct hm_loader *l, struct hm_pkg *p)
{
	if (p->error)
		return;
	p->error = HM_NEW(l->a, struct hm_pkg_error);
	p->error->err = hm_arena_printf(l->a, "package " HM_F " is not a main package",
	                                HM_P(p->import_path));
	p->error->import_path = p->import_path;
	p->incomplete = true;
}

static void
warn_no_mains(struct hm_loader *l, const struct hm_match *m, const struct hm_map *treat)
{
	if (hm_match_is_literal(m) || m->pkgs.n == 0)
		return;
	for (size_t i = 0; i < m->pkgs.n; i++)
		if (hm_map_has(treat, m->pkgs.v[i]))
			return;
	hm_log(l->conf.log, HM_LOG_WARN, "go: warning: \"" HM_F "\" matched only non-main packages",
	       HM_P(m->pattern));
}

/* load.mainPackagesOnly */
static void
keep_mains(struct hm_loader *l, const struct hm_match *matches, size_t n, struct hm_pkgs *pkgs)
{
	struct hm_map treat = { .arena = l->a };
	struct hm_pkgs mains = { 0 };

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; hm_match_is_literal(&matches[i]) && k < matches[i].pkgs.n; k++)
			hm_map_add(&treat, matches[i].pkgs.v[k]);
	for (size_t i = 0; i < pkgs->n; i++) {
		struct hm_pkg *p = pkgs->v[i];

		if (hm_str_eqz(p->name, "main") || (p->name.n == 0 && p->error)) {
			hm_map_add(&treat, p->import_path);
			HM_PUSH(l->a, mains, p);
			continue;
		}
		if (p->invalid_go_files.n > 0)
			hm_map_add(&treat, p->import_path);
		if (hm_map_has(&treat, p->import_path)) {
			set_not_main(l, p);
			HM_PUSH(l->a, mains, p);
		}
	}
	for (size_t i = 0; i < n; i++)
		warn_no_mains(l, &matches[i], &treat);
	*pkgs = mains;
}

int
hm_loader_packages(struct hm_loader *l, const struct hm_loader_opts *opts,
                   const struct hm_match *matches, size_t n, struct hm_pkgs *out,
                   struct hm_err *err)
{
	struct hm_strs paths = { 0 };

	(void)err;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < matches[i].pkgs.n; k++)
			HM_PUSH(l->a, paths, matches[i].pkgs.v[k]);
	hm_loader_data_preload(l, &paths, !opts->ignore_imports);
	for (size_t i = 0; i < n; i++) {
		load_match(l, opts, &matches[i], out);
		if (matches[i].errs.n > 0)
			HM_PUSH(l->a, *out, match_error(l, &matches[i]));
	}
	if (opts->main_only)
		keep_mains(l, matches, n, out);
	hm_loader_set_pgo(l, out);
	return 0;
}

int
hm_loader_split_files(struct hm_arena *a, hm_str cwd, const struct hm_strs *files, hm_str *dir,
                      struct hm_strs *names, struct hm_err *err)
{
	for (size_t i = 0; i < files->n; i++) {
		hm_str file = hm_arena_dup(a, files->v[i]), own = hm_path_dir(a, file), abs;
		struct stat st;

		abs = hm_path_is_abs(file) ? file : hm_path_join(a, cwd, file);
		if (hm_file_stat(abs.p, &st, err) != 0) {
			int sys = err->sys;

			hm_err_clear(err);
			return hm_err_sys(err, sys, "stat " HM_F, HM_P(file));
		}
		if (S_ISDIR(st.st_mode))
			return hm_err_set(err, HM_EINVALID,
			                  HM_F " is a directory, should be a Go file", HM_P(file));
		if (i > 0 && !hm_str_eq(*dir, own))
			return hm_err_set(err, HM_EINVALID,
			                  "named files must all be in one directory; have " HM_F
			                  " and " HM_F,
			                  HM_P(*dir), HM_P(own));
		*dir = own;
		HM_PUSH(a, *names, hm_path_base(file));
	}
	if (!hm_path_is_abs(*dir))
		*dir = hm_path_join(a, cwd, *dir);
	return 0;
}

/* "named files must be .go files: x" */
static struct hm_pkg *
not_go_file(struct hm_loader *l, hm_str file)
{
	struct hm_loader_pkg *lp = HM_NEW(l->a, struct hm_loader_pkg);
	static const struct hm_bpkg nothing;
	struct hm_pkg *p = &lp->pkg;

	p->local = p->cmdline_files = p->incomplete = true;
	p->build = &nothing;
	p->name = file;
	p->error = HM_NEW(l->a, struct hm_pkg_error);
	p->error->err = hm_arena_printf(l->a, "named files must be .go files: " HM_F, HM_P(file));
	return p;
}

static struct hm_pkg *
load_files(struct hm_loader *l, const struct hm_loader_opts *opts, const struct hm_strs *files,
           const struct hm_scan_dir *scan)
{
	struct hm_loader_pkg *lp = HM_NEW(l->a, struct hm_loader_pkg);
	struct hm_build_ctx ctx = l->conf.ctx;
	struct hm_pkg *p = &lp->pkg;
	struct hm_strs imports = { 0 };
	struct hm_bpkg *b;

	ctx.use_all_files = true;
	b = hm_bpkg_import(l->a, &ctx, scan, HM_S(""));
	p->local = p->cmdline_files = true;
	p->import_path = b->import_path;
	for (size_t i = 0; i < b->imports.n && !opts->ignore_imports; i++)
		HM_PUSH(l->a, imports, b->imports.v[i].text);
	hm_loader_data_preload(l, &imports, true);
	hm_loader_load(l, opts, lp, HM_S("command-line-arguments"), NULL, b, HM_S(""));
	p->import_path = HM_S("command-line-arguments");
	p->target = HM_S("");
	p->match = *files;
	if (hm_str_eqz(p->name, "main"))
		p->target = hm_arena_printf(l->a, HM_F "/" HM_F HM_F,
		                            HM_P(l->conf.gobin.n > 0 ? l->conf.gobin
		                                                     : l->conf.bin_dir),
		                            HM_P(hm_pkg_exec_name(p)), HM_P(l->conf.exe_suffix));
	if (opts->main_only && !hm_str_eqz(p->name, "main"))
		set_not_main(l, p);
	return p;
}

int
hm_loader_files(struct hm_loader *l, const struct hm_loader_opts *opts,
                const struct hm_strs *files, struct hm_pkg **out, struct hm_err *err)
{
	struct hm_scan_dir scan;
	struct hm_strs names = { 0 };
	struct hm_pkgs one = { 0 };
	hm_str dir = HM_S("");

	for (size_t i = 0; i < files->n; i++)
		if (!hm_str_has_suffix(files->v[i], HM_S(".go"))) {
			*out = not_go_file(l, files->v[i]);
			return 0;
		}
	if (hm_loader_split_files(l->a, l->conf.cwd, files, &dir, &names, err) != 0 ||
	    hm_scan_files(l->a, dir, &names, &scan, err) != 0)
		return -1;
	*out = load_files(l, opts, files, &scan);
	HM_PUSH(l->a, one, *out);
	hm_loader_set_pgo(l, &one);
	return 0;
}
