/* What the linker adds, where programs are installed, profiles. */
#include "base/path.h"
#include "conf/platform.h"
#include "load/pkgload_priv.h"
#include "os/file.h"

/* Why a program must be linked by the C linker, or empty. */
static hm_str
external_linking_reason(struct hm_loader *l)
{
	const struct hm_loader_conf *c = &l->conf;
	hm_str os = c->ctx.goos, arch = c->ctx.goarch;
	bool pie = hm_str_eqz(c->buildmode, "pie");

	if (hm_platform_must_link_external(os, arch, false))
		return hm_arena_printf(l->a, HM_F "/" HM_F, HM_P(os), HM_P(arch));
	if (hm_str_eqz(c->buildmode, "plugin") ||
	    (hm_str_eqz(c->buildmode, "c-shared") && !hm_str_eqz(arch, "wasm")))
		return hm_arena_printf(l->a, "-buildmode=" HM_F, HM_P(c->buildmode));
	if (c->linkshared)
		return HM_S("-linkshared");
	if (hm_str_eqz(c->buildmode, "default") && hm_platform_default_pie(os, arch, c->race))
		pie = true;
	if (pie && !hm_platform_internal_link_pie(os, arch))
		return hm_str_eqz(c->buildmode, "pie") ? HM_S("-buildmode=pie")
		                                       : HM_S("default PIE binary");
	if (hm_str_eqz(c->ldflags_linkmode, "external"))
		return HM_S("-linkmode=external");
	return HM_S("");
}

int
hm_loader_linker_deps(struct hm_loader *l, struct hm_strs *out, hm_str *why)
{
	hm_str reason = external_linking_reason(l);

	HM_PUSH(l->a, *out, HM_S("runtime"));
	if (reason.n > 0) {
		if (!l->conf.ctx.cgo) {
			*why = hm_arena_printf(l->a,
			                       HM_F " requires external (cgo) linking, but cgo is "
			                            "not enabled",
			                       HM_P(reason));
			return -1;
		}
		HM_PUSH(l->a, *out, HM_S("runtime/cgo"));
	}
	if (hm_str_eqz(l->conf.ctx.goarch, "arm"))
		HM_PUSH(l->a, *out, HM_S("math"));
	if (l->conf.race)
		HM_PUSH(l->a, *out, HM_S("runtime/race"));
	if (l->conf.msan)
		HM_PUSH(l->a, *out, HM_S("runtime/msan"));
	if (l->conf.asan)
		HM_PUSH(l->a, *out, HM_S("runtime/asan"));
	if (l->conf.cover)
		HM_PUSH(l->a, *out, HM_S("runtime/coverage"));
	return 0;
}

/* "v2" and up as the last element of a path: the major version of a module. */
static bool
is_version_element(hm_str s)
{
	if (s.n < 2 || s.p[0] != 'v' || s.p[1] == '0' || (s.p[1] == '1' && s.n == 2))
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

static hm_str
last_element(hm_str path)
{
	return hm_str_from(path, (size_t)(hm_str_rindex_byte(path, '/') + 1));
}

hm_str
hm_pkg_exec_name(const struct hm_pkg *p)
{
	hm_str elem;

	if (p->cmdline_files) {
		if (p->go_files.n + p->cgo_files.n == 0)
			return HM_S("");
		elem = last_element(p->go_files.n > 0 ? p->go_files.v[0] : p->cgo_files.v[0]);
		hm_str_cut_suffix(&elem, HM_S(".go"));
		return elem;
	}
	elem = last_element(p->import_path);
	if (elem.n != p->import_path.n && is_version_element(elem))
		elem = last_element(hm_str_sub(p->import_path, 0, p->import_path.n - elem.n - 1));
	return elem;
}

static bool
is_tool(const struct hm_pkg *p)
{
	return p->goroot && hm_str_has_prefix(p->import_path, HM_S("cmd/")) &&
	       !hm_str_eqz(p->import_path, "cmd/go") && !hm_str_eqz(p->import_path, "cmd/gofmt");
}

void
hm_loader_set_target(struct hm_loader *l, struct hm_pkg *p)
{
	const struct hm_loader_conf *c = &l->conf;
	hm_str bin = p->build->bin_dir, elem, full;
	bool cross;

	if (!hm_str_eqz(p->name, "main") ||
	    (!p->standard && (hm_str_eqz(c->buildmode, "c-archive") ||
	                      hm_str_eqz(c->buildmode, "c-shared") ||
	                      hm_str_eqz(c->buildmode, "plugin")))) {
		p->target = p->local ? HM_S("") : p->build->pkg_obj;
		return;
	}
	elem = hm_arena_printf(l->a, HM_F HM_F, HM_P(hm_pkg_exec_name(p)), HM_P(c->exe_suffix));
	full = hm_arena_printf(l->a, HM_F "_" HM_F "/" HM_F, HM_P(c->ctx.goos),
	                       HM_P(c->ctx.goarch), HM_P(elem));
	cross = !hm_str_eq(c->ctx.goos, c->host_goos) || !hm_str_eq(c->ctx.goarch, c->host_goarch);
	if (cross)
		elem = full;
	if (bin.n == 0)
		bin = c->bin_dir;
	if (bin.n > 0)
		p->target = hm_path_join(l->a, bin, elem);
	if (bin.n > 0 && !p->goroot && cross && c->gobin.n > 0) {
		p->target = HM_S("");
		p->gobin_subdir = true;
	}
	if (is_tool(p))
		p->target = hm_arena_printf(l->a, HM_F "/pkg/tool/" HM_F, HM_P(c->goroot),
		                            HM_P(full));
}

/* --- profiles --- */

struct split {
	struct hm_loader *l;
	const struct hm_pkg *main;
	bool copy;            /* several programs: each gets copies of what it imports */
	hm_str file;
	struct hm_map copies; /* import path -> copy, or the package itself */
	struct hm_pkgs todo;
};

static struct hm_pkg *
split_one(struct split *s, struct hm_pkg *p)
{
	struct hm_pkg *q = hm_map_get(&s->copies, p->import_path);

	if (q)
		return q;
	q = p;
	if (s->copy && p != s->main) {
		q = HM_NEW(s->l->a, struct hm_pkg);
		*q = *p;
		q->imports.v = HM_NEW_N(s->l->a, p->imports.n + 1, hm_str);
		q->imports.cap = p->imports.n + 1;
		if (p->imports.n > 0)
			memcpy(q->imports.v, p->imports.v, p->imports.n * sizeof(hm_str));
		q->for_main = s->main->import_path;
	}
	if (q != p || p == s->main || !s->copy) {
		struct hm_pkgs deps = { 0 };

		for (size_t i = 0; i < p->import_pkgs.n; i++)
			HM_PUSH(s->l->a, deps, p->import_pkgs.v[i]);
		q->import_pkgs = deps;
	}
	q->pgo_profile = s->file;
	hm_map_set(&s->copies, p->import_path, q);
	HM_PUSH(s->l->a, s->todo, q);
	return q;
}

static void
split_all(struct hm_loader *l, struct hm_pkg *main, hm_str file, bool copy)
{
	struct split s = { .l = l, .main = main, .copy = copy, .file = file };

	s.copies.arena = l->a;
	split_one(&s, main);
	for (size_t i = 0; i < s.todo.n; i++)
		for (size_t d = 0; d < s.todo.v[i]->import_pkgs.n; d++) {
			struct hm_pkgs *deps = &s.todo.v[i]->import_pkgs;

			deps->v[d] = split_one(&s, deps->v[d]);
		}
}

static void
set_auto_pgo(struct hm_loader *l, struct hm_pkgs *pkgs)
{
	for (size_t i = 0; i < pkgs->n; i++) {
		struct hm_pkg *p = pkgs->v[i];
		hm_str file = hm_path_join(l->a, p->dir, HM_S("default.pgo"));

		if (hm_str_eqz(p->name, "main") && hm_file_exists(file.p))
			split_all(l, p, file, pkgs->n > 1);
	}
}

void
hm_loader_set_pgo(struct hm_loader *l, struct hm_pkgs *pkgs)
{
	struct hm_pkgs all = { 0 };
	hm_str file;

	if (l->conf.pgo.n == 0 || hm_str_eqz(l->conf.pgo, "off"))
		return;
	if (hm_str_eqz(l->conf.pgo, "auto")) {
		set_auto_pgo(l, pkgs);
		return;
	}
	file = hm_path_is_abs(l->conf.pgo) ? hm_path_clean(l->a, l->conf.pgo)
	                                   : hm_path_join(l->a, l->conf.cwd, l->conf.pgo);
	hm_pkg_list(l->a, pkgs, &all);
	for (size_t i = 0; i < all.n; i++)
		all.v[i]->pgo_profile = file;
}
