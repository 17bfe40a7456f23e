#include "conf/goroot.h"

#include <unistd.h>

#include "base/path.h"
#include "os/file.h"

static hm_str
join(struct hm_arena *a, hm_str dir, const char *rest)
{
	return hm_path_join(a, dir, hm_str_of(rest));
}

bool
hm_conf_is_goroot(const char *path)
{
	struct hm_arena a = { 0 };
	hm_str dir = hm_str_of(path);
	bool ok = hm_file_is_dir(join(&a, dir, "pkg/tool").p) &&
	          hm_file_is_dir(join(&a, dir, "src").p) &&
	          hm_file_is_regular(join(&a, dir, "VERSION").p);

	hm_arena_free(&a);
	return ok;
}

/* GOROOT for a go command at exe: bin/go or bin/os_arch/go below it. */
static hm_str
above(struct hm_arena *a, hm_str exe)
{
	hm_str dir = join(a, exe, "../..");

	if (hm_conf_is_goroot(dir.p))
		return dir;
	dir = join(a, exe, "../../..");
	return hm_conf_is_goroot(dir.p) ? dir : HM_S("");
}

static hm_str
above_resolved(struct hm_arena *a, hm_str exe)
{
	struct hm_err ignored = { 0 };
	hm_str dir = above(a, exe), real;

	if (dir.n == 0 && hm_file_real_path(a, exe.p, &real, &ignored) == 0)
		dir = above(a, real);
	hm_err_free(&ignored);
	return dir;
}

static bool
is_self(const char *path)
{
	struct stat self, other;

	return stat("/proc/self/exe", &self) == 0 && stat(path, &other) == 0 &&
	       self.st_dev == other.st_dev && self.st_ino == other.st_ino;
}

hm_str
hm_goroot_find(struct hm_arena *a, hm_str path_list)
{
	struct hm_err ignored = { 0 };
	hm_str exe, dir = HM_S(""), rest = path_list, elem;

	if (hm_file_real_path(a, "/proc/self/exe", &exe, &ignored) == 0)
		dir = above(a, exe);
	hm_err_free(&ignored);
	while (dir.n == 0 && hm_str_next(&rest, ':', &elem)) {
		if (!hm_path_is_abs(elem))
			continue;
		exe = join(a, elem, "go");
		if (access(exe.p, X_OK) == 0 && !is_self(exe.p))
			dir = above_resolved(a, exe);
	}
	return dir;
}

hm_str
hm_goroot_version(struct hm_arena *a, hm_str goroot)
{
	struct hm_err ignored = { 0 };
	hm_str text, line, rest;

	if (hm_file_read(a, join(a, goroot, "VERSION").p, 4096, &text, &ignored) < 0) {
		hm_err_free(&ignored);
		return HM_S("");
	}
	hm_str_cut(text, '\n', &line, &rest);
	return hm_arena_dup(a, hm_str_trim(line));
}

/* Lines of the form: const DefaultGOARM = `7` */
void
hm_goroot_defaults(struct hm_map *map, hm_str goroot)
{
	struct hm_arena *a = map->arena;
	struct hm_err ignored = { 0 };
	hm_str rest, line, name, value;
	hm_str path = join(a, goroot, "src/internal/buildcfg/zbootstrap.go");

	if (hm_file_read(a, path.p, HM_CONF_MAX_FILE, &rest, &ignored) < 0) {
		hm_err_free(&ignored);
		return;
	}
	while (hm_str_next(&rest, '\n', &line)) {
		if (!hm_str_cut_prefix(&line, HM_S("const ")) ||
		    !hm_str_cut(line, '=', &name, &value))
			continue;
		value = hm_str_trim(value);
		if (value.n < 2 || value.p[0] != value.p[value.n - 1] ||
		    (value.p[0] != '`' && value.p[0] != '"'))
			continue;
		name = hm_str_trim(name);
		if (hm_str_cut_prefix(&name, HM_S("Default")) ||
		    hm_str_cut_prefix(&name, HM_S("default")))
			hm_map_set(map, name, hm_arena_cstr(a, hm_str_sub(value, 1, value.n - 1)));
	}
}
