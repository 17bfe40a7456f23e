/*
 * The default GODEBUG of a main package (cmd/go/internal/load godebug.go).  Which
 * settings there are and what they were is read from the toolchain's own table,
 * one entry a line: {Name: "x", Package: "y", Changed: 23, Old: "1"}.
 */
#include <stdlib.h>

#include "load/modinfo.h"
#include "load/pkgload_priv.h"
#include "mod/gover.h"
#include "os/file.h"

#define TABLE_MAX ((size_t)1 << 20)

static hm_str
quoted_after(hm_str line, const char *key)
{
	ptrdiff_t i = hm_str_index(line, hm_str_of(key));
	hm_str val, rest;

	if (i < 0)
		return HM_S("");
	line = hm_str_from(line, (size_t)i + strlen(key));
	if (!hm_str_cut_prefix(&line, HM_S("\"")))
		return HM_S("");
	hm_str_cut(line, '"', &val, &rest);
	return val;
}

static unsigned
number_after(hm_str line, const char *key)
{
	ptrdiff_t i = hm_str_index(line, hm_str_of(key));
	unsigned n = 0;

	if (i < 0)
		return 0;
	for (size_t at = (size_t)i + strlen(key); at < line.n && n < 100000; at++) {
		if (line.p[at] < '0' || line.p[at] > '9')
			break;
		n = n * 10 + (unsigned)(line.p[at] - '0');
	}
	return n;
}

static void
read_settings(struct hm_loader *l)
{
	hm_str path = hm_arena_printf(l->a, HM_F "/src/internal/godebugs/table.go",
	                              HM_P(l->conf.goroot));
	struct hm_err err = { 0 };
	hm_str table = HM_S(""), line;

	l->settings_read = true;
	if (hm_file_read(l->a, path.p, TABLE_MAX, &table, &err) != 0)
		table = HM_S("");
	hm_err_free(&err);
	while (hm_str_next(&table, '\n', &line)) {
		struct hm_loader_setting s = { 0 };

		line = hm_str_trim(line);
		if (!hm_str_has_prefix(line, HM_S("{Name: ")))
			continue;
		s.name = quoted_after(line, "Name: ");
		s.old = quoted_after(line, "Old: ");
		s.changed = number_after(line, "Changed: ");
		s.removed = number_after(line, "Removed: ");
		HM_PUSH(l->a, l->settings, s);
	}
}

static bool
is_known(const struct hm_loader *l, hm_str key)
{
	for (size_t i = 0; i < l->settings.n; i++)
		if (hm_str_eq(l->settings.v[i].name, key) && !l->settings.v[i].removed)
			return true;
	return false;
}

static bool
has_any(hm_str s, const char *bytes)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] && strchr(bytes, s.p[i]))
			return true;
	return false;
}

/* "//go:debug key=value"; false for all that go would refuse. */
static bool
parse_directive(const struct hm_loader *l, hm_str text, hm_str *key, hm_str *val)
{
	hm_str go;

	if (!hm_str_cut_prefix(&text, HM_S("//go:debug")) || text.n == 0 ||
	    (text.p[0] != ' ' && text.p[0] != '\t'))
		return false;
	if (!hm_str_cut(hm_str_trim(text), '=', key, val) || has_any(*key, " \t,") ||
	    has_any(*val, " \t,"))
		return false;
	if (!hm_str_eqz(*key, "default"))
		return is_known(l, *key);
	go = *val;
	return hm_str_cut_prefix(&go, HM_S("go")) && hm_gover_valid(go) &&
	       hm_gover_cmp(go, l->conf.local_go) <= 0;
}

static void
set(struct hm_arena *a, struct hm_strmap *m, hm_str key, hm_str val)
{
	struct hm_strmap_entry e = { key, val };

	for (size_t i = 0; i < m->n; i++)
		if (hm_str_eq(m->v[i].key, key)) {
			m->v[i].val = val;
			return;
		}
	HM_PUSH(a, *m, e);
}

/* The minor release of a go version, or -1 when it is none that has defaults. */
static long
minor_of(hm_str version)
{
	hm_str minor, rest;
	long n = 0;

	if (!hm_str_cut_prefix(&version, HM_S("1.")))
		return -1;
	hm_str_cut(version, '.', &minor, &rest);
	if (minor.n == 0 || minor.n > 6)
		return -1;
	for (size_t i = 0; i < minor.n; i++) {
		if (minor.p[i] < '0' || minor.p[i] > '9')
			return -1;
		n = n * 10 + (minor.p[i] - '0');
	}
	return n;
}

static int
entry_cmp(const void *x, const void *y)
{
	return hm_str_cmp(((const struct hm_strmap_entry *)x)->key,
	                  ((const struct hm_strmap_entry *)y)->key);
}

static hm_str
join(struct hm_arena *a, struct hm_strmap *m)
{
	struct hm_buf b = { 0 };

	if (m->n > 0)
		qsort(m->v, m->n, sizeof(*m->v), entry_cmp);
	for (size_t i = 0; i < m->n; i++) {
		if (b.n > 0)
			hm_buf_addc(&b, ',');
		hm_buf_adds(&b, m->v[i].key);
		hm_buf_addc(&b, '=');
		hm_buf_adds(&b, m->v[i].val);
	}
	return hm_buf_take(&b, a);
}

/* What go.mod and the package itself ask for; "default" goes to *version. */
static void
collect(struct hm_loader *l, const struct hm_pkg *p, struct hm_strmap *own, hm_str *version)
{
	hm_str key, val, def = { 0 };

	if (l->conf.fips140)
		set(l->a, own, HM_S("fips140"), HM_S("on"));
	for (size_t i = 0; i < l->conf.n_godebugs; i++)
		set(l->a, own, l->conf.godebugs[i].key, l->conf.godebugs[i].value);
	for (size_t i = 0; i < p->build->directives.n; i++)
		if (parse_directive(l, p->build->directives.v[i].text, &key, &val))
			set(l->a, own, key, val);
	for (size_t i = 0; i < own->n; i++) {
		if (!hm_str_eqz(own->v[i].key, "default"))
			continue;
		def = own->v[i].val;
		own->v[i] = own->v[--own->n];
	}
	hm_str_cut_prefix(&def, HM_S("go"));
	if (def.n > 0 && hm_gover_valid(def))
		*version = def;
}

hm_str
hm_loader_default_godebug(struct hm_loader *l, const struct hm_pkg *p)
{
	struct hm_strmap all = { 0 }, own = { 0 };
	hm_str version = l->conf.main_go_version;
	long minor;

	if (!hm_str_eqz(p->name, "main"))
		return HM_S("");
	if (!l->settings_read)
		read_settings(l);
	if (l->conf.no_mod_root && p->module)
		version = p->module->go_version.n > 0 ? p->module->go_version : HM_S("1.20");
	collect(l, p, &own, &version);
	minor = minor_of(version);
	for (size_t i = 0; minor >= 0 && i < l->settings.n; i++)
		if (minor < (long)l->settings.v[i].changed && !l->settings.v[i].removed)
			set(l->a, &all, l->settings.v[i].name, l->settings.v[i].old);
	for (size_t i = 0; i < own.n; i++)
		set(l->a, &all, own.v[i].key, own.v[i].val);
	return join(l->a, &all);
}
