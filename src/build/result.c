/*
 * Finding an action's result without running it, and keeping one that was just
 * made (cmd/go/internal/work/buildid.go: useCache, updateBuildID).
 *
 * A build ID is "<action>/<content>"; that of an executable is
 * "<link>/<main's action>/<main's content>/<content>", so that an executable
 * alone tells whether both the compile of its main package and the link would
 * give the same again.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "binfo/buildid.h"
#include "build/builder.h"
#include "build/shell.h"
#include "os/file.h"

enum { HEAD = 1024 };

static const char *const stdout_key = "stdout", *const link_stdout_key = "link-stdout";
/* What is "built" of a main package whose executable is up to date; nobody may read it. */
static const char *const pseudo_built = "DO NOT USE - main build pseudo-cache built";

/* SHA-256 of nothing: the output of nearly every compile. */
static const uint8_t empty_sum[HM_HASH_SIZE] = {
	0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
	0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
	0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
};

/* Shows again what the tool said when `of` was made; best effort. */
static void
show_output(struct hm_builder *b, struct hm_action *a, const struct hm_action *of, const char *key)
{
	struct hm_cache_entry e;
	uint8_t id[HM_HASH_SIZE];
	hm_str text;

	hm_key_subkey(&b->keys, of->id, key, id);
	if (!hm_cache_get(b->cache, id, &e) || memcmp(e.out, empty_sum, HM_HASH_SIZE) == 0 ||
	    !hm_cache_get_bytes(b->cache, &a->arena, id, &text, &e) || !text.n)
		return;
	if (b->o.x || b->o.n) {
		hm_str word[] = { HM_S("cat"), hm_cache_output(b->cache, &a->arena, e.out) };
		struct hm_strs words = { word, 2, 2 };

		hm_shell_show(a, HM_S(""), HM_F "  # internal",
		              HM_P(hm_shell_join(&a->arena, &words)));
	}
	if (!b->o.n)
		hm_shell_print(a, text);
}

/* The ID of a package archive stands in its first lines; one short read is enough. */
static bool
read_archive_id(struct hm_arena *a, hm_str file, hm_str *id)
{
	char head[HEAD];
	struct hm_err err = { 0 };
	int fd = open(file.p, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, head, sizeof(head), 0);
	bool ok;

	if (fd >= 0)
		close(fd);
	if (n < 8 || memcmp(head, "!<arch>\n", 8) != 0)
		return false;
	ok = hm_buildid_read(a, hm_str_make(head, (size_t)n), file.p, id, &err) == 0 && id->n;
	hm_err_free(&err);
	return ok;
}

static hm_str
read_build_id(struct hm_arena *a, hm_str file)
{
	struct hm_err err = { 0 };
	hm_str id = { 0 };

	if (read_archive_id(a, file, &id))
		return id;
	if (hm_buildid_read_file(a, file.p, &id, &err))
		id = (hm_str){ 0 };
	hm_err_free(&err);
	return id;
}

/*
 * A main package whose only use is to be linked need not be compiled when the
 * executable at target was linked from it and the link would be the same.
 */
static bool
linked_already(struct hm_builder *b, struct hm_action *a, hm_str action, hm_str target_id)
{
	hm_str part[4], rest = target_id, own = a->build_id;
	struct hm_action *link;
	uint8_t link_id[HM_HASH_SIZE];
	char text[HM_BUILDID_HASH_LEN + 1];
	struct hm_err err = { 0 };
	size_t n = 0;
	bool same;

	if (a->kind != HM_ACT_COMPILE || a->triggers.n != 1 ||
	    a->triggers.v[0]->kind != HM_ACT_LINK)
		return false;
	for (; n < 4 && hm_str_next(&rest, '/', &part[n]); n++)
		;
	if (n != 4 || rest.p || !hm_str_eq(part[1], action))
		return false;
	link = a->triggers.v[0];
	a->build_id = hm_arena_printf(&a->arena, HM_F "/" HM_F, HM_P(part[1]), HM_P(part[2]));
	same = hm_key_of_action(b, link, link_id, &err) == 0;
	hm_err_free(&err);
	if (same) {
		hm_buildid_hash_text(link_id, text);
		same = hm_str_eqz(part[0], text);
	}
	if (!same)
		a->build_id = own;
	return same;
}

/* Is the text of the action shown when its result is found? */
static bool
shows_output(const struct hm_builder *b, const struct hm_action *a)
{
	return !b->o.list || (b->o.export && a->kind == HM_ACT_COMPILE);
}

static bool
from_target(struct hm_builder *b, struct hm_action *a, hm_str action, hm_str target)
{
	hm_str id = read_build_id(&a->arena, target);

	if (id.n > action.n && hm_str_has_prefix(id, action) && id.p[action.n] == '/') {
		a->build_id = id;
		a->built = target;
		return true;
	}
	if (b->o.export || !linked_already(b, a, action, id))
		return false;
	if (shows_output(b, a)) {
		show_output(b, a, a, stdout_key);
		show_output(b, a, a, link_stdout_key);
	}
	a->built = hm_str_of(pseudo_built);
	return true;
}

static bool
from_cache(struct hm_builder *b, struct hm_action *a)
{
	struct hm_cache_entry e;
	hm_str file, id;

	if (!hm_cache_get_file(b->cache, &a->arena, a->id, &file, &e))
		return false;
	if (a->kind == HM_ACT_PROFILE) {
		a->built = file;
		return true;
	}
	id = read_build_id(&a->arena, file);
	if (!id.p)
		return false;
	if (shows_output(b, a)) {
		for (size_t i = 0; a->kind == HM_ACT_LINK && i < a->deps.n; i++)
			show_output(b, a, a->deps.v[i], link_stdout_key);
		if (a->kind != HM_ACT_LINK)
			show_output(b, a, a, stdout_key);
	}
	a->built = file;
	a->build_id = id;
	return true;
}

/* Why there is no result: where a dependency is to blame, the lowest of them. */
static hm_str
mismatch(struct hm_action *a)
{
	hm_str prefix = HM_S("stale dependency: "), reason = HM_S("build ID mismatch");
	const struct hm_pkgs *imports = &a->pkg->import_pkgs;

	for (size_t i = 0; i < imports->n; i++) {
		const struct hm_pkg *p = imports->v[i];

		if (!p->stale || p->stale_reason.n == 0)
			continue;
		if (hm_str_has_prefix(p->stale_reason, prefix))
			return p->stale_reason;
		if (!hm_str_has_prefix(reason, prefix))
			reason = hm_arena_printf(&a->arena, HM_F HM_F, HM_P(prefix),
			                         HM_P(p->import_path));
	}
	return reason;
}

/* For go list: is the package up to date, and if not, why? */
static void
judge(struct hm_builder *b, struct hm_action *a, hm_str target, bool found)
{
	struct hm_pkg *p = a->pkg;
	bool elsewhere = found && target.n && !hm_str_eq(a->built, target) &&
	                 !hm_str_eqz(a->built, pseudo_built);

	if (!b->o.list || !p || (found && !elsewhere) || (!elsewhere && p->stale))
		return;
	p->stale = true;
	p->stale_reason = elsewhere ? HM_S("not installed but available in build cache") :
	                  b->o.a    ? HM_S("build -a flag in use") :
	                              mismatch(a);
}

int
hm_result_find(struct hm_builder *b, struct hm_action *a, hm_str target, bool *found,
               struct hm_err *err)
{
	char text[HM_BUILDID_HASH_LEN + 1];
	hm_str action;

	*found = false;
	if (hm_key_of_action(b, a, a->id, err))
		return -1;
	hm_buildid_hash_text(a->id, text);
	action = hm_arena_dup(&a->arena, hm_str_make(text, HM_BUILDID_HASH_LEN));
	/* The action ID stands in for the content until that is known. */
	if (a->kind == HM_ACT_LINK)
		a->build_id = hm_arena_printf(&a->arena, "%s/" HM_F "/%s", text,
		                              HM_P(a->deps.v[0]->build_id), text);
	else
		a->build_id = hm_arena_printf(&a->arena, "%s/%s", text, text);
	if (!b->o.a)
		*found = (target.n && from_target(b, a, action, target)) || from_cache(b, a);
	a->cached = *found;
	judge(b, a, target, *found);
	if (*found && b->o.export && a->kind == HM_ACT_COMPILE)
		a->export = a->built;
	return 0;
}

/* Puts the new content ID into the open file; *at stays empty when the ID is not in it. */
static int
stamp_content(struct hm_action *a, int fd, hm_str target, struct hm_buildid_at *at,
              struct hm_err *err)
{
	char text[HM_BUILDID_HASH_LEN + 1];
	uint8_t hash[HM_HASH_SIZE];
	hm_str map, head = a->build_id;
	int rc;

	if (hm_file_map(target.p, &map, err))
		return -1;
	rc = hm_buildid_find_and_hash(&a->arena, map, a->build_id, at, hash, err);
	hm_file_unmap(map);
	if (rc)
		return -1;
	hm_buildid_hash_text(hash, text);
	head.n = (size_t)(hm_str_rindex_byte(head, '/') + 1);
	a->build_id = hm_arena_printf(&a->arena, HM_F "%s", HM_P(head), text);
	/* No occurrence: the user has chosen an ID with -buildid. */
	return at->n ? hm_buildid_rewrite(fd, target.p, at, a->build_id, err) : 0;
}

static void
show_copy(struct hm_action *a, hm_str target, hm_str copy)
{
	hm_str word[] = { HM_S("cp"), target, copy };
	struct hm_strs words = { word, 3, 3 };

	if (a->builder->o.x)
		hm_shell_show(a, HM_S(""), HM_F " # internal",
		              HM_P(hm_shell_join(&a->arena, &words)));
}

/* A failure only means that the next build does the work again. */
static void
keep(struct hm_builder *b, struct hm_action *a, hm_str target)
{
	uint8_t out[HM_HASH_SIZE];
	struct hm_err err = { 0 };
	hm_str map, name;
	int rc;

	if (hm_file_map(target.p, &map, &err)) {
		hm_err_free(&err);
		return;
	}
	if (a->kind == HM_ACT_LINK) {
		name = hm_unit_of(a->pkg)->exe_name;
		name = hm_arena_printf(&a->arena, HM_F HM_F,
		                       HM_P(name.n ? name : hm_pkg_exec_name(a->pkg)),
		                       HM_P(b->exe_suffix));
		rc = hm_cache_put_exe(b->cache, a->id, name, map, out, &err);
		if (rc == 0)
			a->cached_exe = hm_cache_output(b->cache, &a->arena, out);
	} else {
		rc = hm_cache_put(b->cache, a->id, map, out, &err);
	}
	hm_file_unmap(map);
	if (rc == 0) {
		hm_str copy = hm_cache_output(b->cache, &a->arena, out);

		show_copy(a, target, copy);
		if (a->kind == HM_ACT_COMPILE)
			a->export = copy;
	}
	hm_err_free(&err);
}

/* The text of a link is kept with the main package's compile: that ID is always at hand. */
static void
keep_output(struct hm_builder *b, struct hm_action *a)
{
	const struct hm_action *of = a;
	uint8_t id[HM_HASH_SIZE];
	struct hm_err err = { 0 };

	if (a->kind == HM_ACT_LINK)
		of = a->deps.v[0];
	hm_key_subkey(&b->keys, of->id, a->kind == HM_ACT_LINK ? link_stdout_key : stdout_key, id);
	if (hm_cache_put_bytes(b->cache, id, hm_buf_str(&a->output), &err))
		hm_err_free(&err);
}

int
hm_result_store(struct hm_builder *b, struct hm_action *a, hm_str target, struct hm_err *err)
{
	struct hm_buildid_at at = { 0 };
	int fd, rc;

	if (b->o.x || b->o.n) {
		hm_str word[] = { HM_S("go"), HM_S("tool"), HM_S("buildid"), HM_S("-w"), target };
		struct hm_strs words = { word, 5, 5 };

		hm_shell_show(a, HM_S(""), HM_F " # internal",
		              HM_P(hm_shell_join(&a->arena, &words)));
		if (b->o.n)
			return 0;
	}
	keep_output(b, a);
	fd = open(target.p, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return hm_err_sys(err, errno, "open %s", target.p);
	rc = stamp_content(a, fd, target, &at, err);
	if (close(fd) && rc == 0)
		rc = hm_err_sys(err, errno, "close %s", target.p);
	if (rc == 0 && at.n && (a->kind == HM_ACT_COMPILE || a->cache_exe))
		keep(b, a, target);
	return rc;
}
