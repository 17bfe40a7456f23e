#include "load/vendorlist.h"

#include "base/path.h"
#include "load/modfiles.h"
#include "load/modload_priv.h"
#include "mod/gomod.h"
#include "mod/gover.h"
#include "mod/gowork.h"
#include "mod/modpath.h"
#include "mod/semver.h"
#include "os/file.h"

struct parse {
	struct hm_modload *ml;
	hm_str file;
	struct hm_vendorlist *out;
	struct hm_vendormeta *cur; /* of the last module line; NULL: it made no sense */
};

static hm_str
meta_key(struct hm_arena *a, struct hm_modver m)
{
	return hm_arena_concat(a, (hm_str[]){ m.path, HM_S(" "), m.version }, 3);
}

const struct hm_vendormeta *
hm_vendorlist_meta(const struct hm_vendorlist *v, struct hm_modver m)
{
	struct hm_arena tmp = { 0 };
	const struct hm_vendormeta *meta = hm_map_get(&v->meta, meta_key(&tmp, m));

	hm_arena_free(&tmp);
	return meta;
}

/* "# path v1.2.3", "# path v1.2.3 => to [v1.0.0]", "# path => to [v1.0.0]" */
static void
module_line(struct parse *p, hm_str line)
{
	struct hm_arena *a = p->ml->arena;
	struct hm_strs f = { 0 };
	struct hm_modver mod;
	hm_str field;
	size_t i;
	struct hm_map_entry *e;

	while (hm_str_next_field(&line, &field))
		HM_PUSH(a, f, field);
	if (f.n < 3)
		return;
	p->cur = NULL;
	if (hm_semver_valid(f.v[2])) {
		mod = hm_modver_of(f.v[1], f.v[2]);
		i = 3;
	} else if (hm_str_eqz(f.v[2], "=>")) {
		mod = hm_modver_of(f.v[1], HM_S(""));
		i = 2;
	} else {
		return;
	}
	e = hm_map_put(&p->out->meta, meta_key(a, mod), NULL);
	if (!e->val)
		e->val = HM_NEW(a, struct hm_vendormeta);
	p->cur = e->val;
	p->cur->mod = mod;
	if (f.n < i + 2 || !hm_str_eqz(f.v[i], "=>"))
		return;
	if (f.n == i + 2)
		p->cur->replacement = hm_modver_of(f.v[i + 1], HM_S(""));
	else if (f.n == i + 3 && hm_semver_valid(f.v[i + 2]))
		p->cur->replacement = hm_modver_of(f.v[i + 1], f.v[i + 2]);
	else
		return;
	p->cur->replaced = true;
	HM_PUSH(a, p->out->replaced, mod);
}

/* "## explicit; go 1.21" */
static int
note_line(struct parse *p, hm_str line, struct hm_err *err)
{
	hm_str entry;

	while (hm_str_next(&line, ';', &entry)) {
		entry = hm_str_trim(entry);
		if (hm_str_eqz(entry, "explicit"))
			p->cur->is_explicit = true;
		if (!hm_str_cut_prefix(&entry, HM_S("go ")))
			continue;
		p->cur->go = entry;
		hm_modload_set_raw_go(p->ml, p->cur->mod, entry);
		if (hm_gover_cmp(entry, p->ml->local_go) > 0) {
			hm_str what = hm_arena_printf(p->ml->arena, HM_F " in " HM_F,
			                              HM_P(p->cur->mod.path), HM_P(p->file));

			hm_modload_too_new(p->ml, what, entry, HM_S(""), err);
			return hm_err_finish(err);
		}
	}
	return 0;
}

static void
package_line(struct parse *p, hm_str line)
{
	struct hm_vendorlist *v = p->out;
	struct hm_err bad = { 0 };
	struct hm_modver *have;
	hm_str path, more;

	if (!hm_str_next_field(&line, &path) || hm_str_next_field(&line, &more))
		return;
	if (hm_modpath_check_import(path, &bad)) {
		hm_err_free(&bad);
		return;
	}
	hm_map_set(&v->pkg_module, path, &p->cur->mod);
	have = hm_map_get(&v->version, p->cur->mod.path);
	if (have && hm_gover_mod_cmp(have->path, have->version, p->cur->mod.version) >= 0)
		return;
	HM_PUSH(p->ml->arena, v->list, p->cur->mod);
	hm_map_set(&v->version, p->cur->mod.path, &p->cur->mod);
}

int
hm_vendorlist_parse(struct hm_modload *ml, hm_str text, hm_str file, struct hm_vendorlist *out,
                    struct hm_err *err)
{
	struct parse p = { .ml = ml, .file = file, .out = out };
	hm_str line;

	out->version.arena = out->pkg_module.arena = out->meta.arena = ml->arena;
	while (hm_str_next(&text, '\n', &line)) {
		if (hm_str_has_prefix(line, HM_S("# "))) {
			module_line(&p, line);
		} else if (!p.cur) {
			continue;
		} else if (hm_str_cut_prefix(&line, HM_S("## "))) {
			if (note_line(&p, line, err))
				return -1;
		} else {
			package_line(&p, line);
		}
	}
	return 0;
}

int
hm_modload_vendorlist(struct hm_modload *ml, const struct hm_vendorlist **out,
                      struct hm_err *err)
{
	struct hm_vendorlist *v;
	hm_str file, text = { 0 };

	if (!ml->vendor) {
		v = HM_NEW(ml->arena, struct hm_vendorlist);
		file = hm_path_join(ml->arena, hm_modload_vendor_dir(ml), HM_S("modules.txt"));
		if (hm_file_read(ml->arena, file.p, HM_VENDORLIST_MAX, &text, err)) {
			if (!hm_err_is(err, HM_ENOTFOUND))
				return hm_err_finish(err);
			hm_err_clear(err);
		}
		file = hm_modload_short_path(ml, ml->arena, file);
		if (hm_vendorlist_parse(ml, text, file, v, err))
			return -1;
		ml->vendor = v;
	}
	*out = ml->vendor;
	return 0;
}

/* The consistency check while it runs. */
struct check {
	struct hm_modload *ml;
	const struct hm_vendorlist *list;
	bool pre114; /* modules.txt does not say enough for strict checks */
	struct hm_buf errors;
	struct hm_vermap seen; /* replace lines that were looked at */
};

static void complain(struct check *c, struct hm_modver m, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void
complain(struct check *c, struct hm_modver m, const char *fmt, ...)
{
	va_list ap;

	hm_buf_printf(&c->errors, "\n\t" HM_F "%s" HM_F ": ", HM_P(m.path),
	              m.version.n ? "@" : "", HM_P(m.version));
	va_start(ap, fmt);
	hm_buf_vprintf(&c->errors, fmt, ap);
	va_end(ap);
}

static void
check_requires(struct check *c, const struct hm_gomod *f)
{
	for (size_t i = 0; i < f->require.n; i++) {
		struct hm_modver m = f->require.v[i].mod;
		const struct hm_vendormeta *meta = hm_vendorlist_meta(c->list, m);
		const struct hm_modver *have = hm_map_get(&c->list->version, m.path);

		if (meta && meta->is_explicit)
			continue;
		if (!c->pre114)
			complain(c, m, "is explicitly required in go.mod, but not marked as "
			         "explicit in vendor/modules.txt");
		else if (have && !hm_str_eq(have->version, m.version))
			complain(c, m, "is explicitly required in go.mod, but vendor/modules.txt "
			         "indicates " HM_F "@" HM_F, HM_P(m.path), HM_P(have->version));
	}
}

static void
check_replace(struct check *c, struct hm_modver old)
{
	struct hm_arena *a = c->ml->arena;
	const struct hm_vendormeta *meta = hm_vendorlist_meta(c->list, old);
	const struct hm_modver *have = hm_map_get(&c->list->version, old.path);
	hm_str root, source;
	struct hm_modver as_written = hm_modload_replacement_from(c->ml, old, &root, &source);
	struct hm_modver want = hm_modload_replacement(c->ml, old);

	source = hm_modload_short_path(c->ml, a, source);
	if (meta && meta->replacement.path.n) {
		if (!hm_modver_eq(meta->replacement, want))
			complain(c, old, "is replaced by " HM_F " in " HM_F ", but marked as "
			         "replaced by " HM_F " in vendor/modules.txt",
			         HM_P(hm_modver_str(a, as_written)), HM_P(source),
			         HM_P(hm_modver_str(a, meta->replacement)));
		return;
	}
	if (!want.path.n)
		return; /* a main module */
	/* Before 1.14 only replacements of modules with packages were listed. */
	if (c->pre114 && (!old.version.n || !have || !hm_str_eq(have->version, old.version)))
		return;
	complain(c, old, "is replaced in " HM_F ", but not marked as replaced in "
	         "vendor/modules.txt", HM_P(source));
}

static void
check_replaces(struct check *c, const struct hm_gomod_replaces *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (hm_vermap_add(&c->seen, list->v[i].from))
			check_replace(c, list->v[i].from);
}

static void
check_explicit(struct check *c, bool work)
{
	const struct hm_mainmods *mm = c->ml->mains;

	for (size_t i = 0; i < c->list->list.n; i++) {
		struct hm_modver m = c->list->list.v[i];
		const struct hm_vendormeta *meta = hm_vendorlist_meta(c->list, m);
		bool found = !meta || !meta->is_explicit;

		for (size_t k = 0; k < mm->n && !found; k++)
			found = mm->v[k].index && hm_modtable_find(&mm->v[k].index->require, m);
		if (!found)
			complain(c, m, "is marked as explicit in vendor/modules.txt, but not "
			         "explicitly required in %sgo.mod", work ? "a " : "");
	}
	for (size_t i = 0; i < c->list->replaced.n; i++) {
		struct hm_modver m = c->list->replaced.v[i];

		if (!hm_modload_replacement(c->ml, m).path.n)
			complain(c, m, "is marked as replaced in vendor/modules.txt, but not "
			         "replaced in %s", work ? "the workspace" : "go.mod");
	}
}

int
hm_modload_vendor_complaints(struct hm_modload *ml, hm_str *list, struct hm_err *err)
{
	const struct hm_mainmods *mm = ml->mains;
	bool work = hm_modload_in_work(ml);
	struct check c = { .ml = ml, .seen.arena = ml->arena };

	if (hm_modload_vendorlist(ml, &c.list, err))
		return -1;
	c.pre114 = !work && mm->v[0].index &&
	           hm_gover_cmp(mm->v[0].index->go, HM_S("1.14")) < 0;
	for (size_t i = 0; i < mm->n; i++)
		check_requires(&c, mm->v[i].file);
	for (size_t i = 0; i < mm->n; i++)
		check_replaces(&c, &mm->v[i].file->replace);
	if (mm->work)
		check_replaces(&c, &mm->work->replace);
	check_explicit(&c, work);
	*list = hm_buf_take(&c.errors, ml->arena);
	return 0;
}

int
hm_modload_check_vendor(struct hm_modload *ml, struct hm_err *err)
{
	hm_str list;

	if (hm_modload_vendor_complaints(ml, &list, err))
		return -1;
	if (!list.n)
		return 0;
	hm_err_set(err, HM_EINVALID, "inconsistent vendoring in " HM_F ":" HM_F
	           "\n\n\tTo ignore the vendor directory, use -mod=readonly or -mod=mod.\n"
	           "\tTo sync the vendor directory, run:\n\t\tgo %s vendor",
	           HM_P(hm_path_dir(ml->arena, hm_modload_vendor_dir(ml))), HM_P(list),
	           hm_modload_in_work(ml) ? "work" : "mod");
	return hm_err_finish(err);
}
