/*
 * gomod.h - go.mod files: what they say, and every change the go command makes
 * to them (golang.org/x/mod/modfile rule.go).
 *
 * A hm_gomod holds the syntax tree and one list a directive; each entry points
 * to its line in the tree.  Edits change both.  Removed entries stay in the
 * lists, zeroed, until hm_gomod_cleanup().  Everything lives in the arena given
 * to the parser, text included; entries move when their list grows, lines do not.
 */
#ifndef HM_MOD_GOMOD_H
#define HM_MOD_GOMOD_H

#include "mod/modsyntax.h"
#include "mod/modver.h"

struct hm_gomod_godebug {
	hm_str key, value;
	struct hm_mod_line *syntax;
};

struct hm_gomod_require {
	struct hm_modver mod;
	bool indirect;
	struct hm_mod_line *syntax;
};

struct hm_gomod_exclude {
	struct hm_modver mod;
	struct hm_mod_line *syntax;
};

/* from.version may be empty (all versions); to.version is empty for a folder. */
struct hm_gomod_replace {
	struct hm_modver from, to;
	struct hm_mod_line *syntax;
};

/* Both bounds are retracted; they are equal for a single version. */
struct hm_gomod_retract {
	hm_str low, high;
	hm_str rationale;
	struct hm_mod_line *syntax;
};

/* A tool or ignore line. */
struct hm_gomod_path {
	hm_str path;
	struct hm_mod_line *syntax;
};

struct hm_gomod_godebugs {
	struct hm_gomod_godebug *v;
	size_t n, cap;
};

struct hm_gomod_requires {
	struct hm_gomod_require *v;
	size_t n, cap;
};

struct hm_gomod_excludes {
	struct hm_gomod_exclude *v;
	size_t n, cap;
};

struct hm_gomod_replaces {
	struct hm_gomod_replace *v;
	size_t n, cap;
};

struct hm_gomod_retracts {
	struct hm_gomod_retract *v;
	size_t n, cap;
};

struct hm_gomod_paths {
	struct hm_gomod_path *v;
	size_t n, cap;
};

struct hm_gomod {
	struct hm_arena *arena;
	struct hm_mod_syntax *syntax;

	struct hm_mod_line *module_line; /* NULL: no module directive */
	hm_str module;
	hm_str deprecated; /* text of its "Deprecated:" paragraph */

	struct hm_mod_line *go_line; /* NULL: no go directive */
	hm_str go;                   /* "1.23.0" */

	struct hm_mod_line *toolchain_line; /* NULL: no toolchain directive */
	hm_str toolchain;                   /* "go1.23.4" */

	struct hm_gomod_godebugs godebug;
	struct hm_gomod_requires require;
	struct hm_gomod_excludes exclude;
	struct hm_gomod_replaces replace;
	struct hm_gomod_retracts retract;
	struct hm_gomod_paths tool;
	struct hm_gomod_paths ignore;
};

/*
 * Makes canonical versions of what a file says (modfile.VersionFixer).  Without
 * one, a version that has no canonical form is an error, and others are made
 * canonical.
 *
 * fix answers 0 and *fixed (borrowed or in a), or -1.  If the error concerns
 * path@version itself (go's *module.ModuleError), it sets *about_module and
 * gives the message without the "path@version: " prefix; the parser then says
 * "require path: " in its place.
 */
struct hm_gomod_fixer {
	int (*fix)(void *ctx, struct hm_arena *a, hm_str path, hm_str version, hm_str *fixed,
	           bool *about_module, struct hm_err *err);
	void *ctx;
};

/*
 * modfile.Parse.  fixer may be NULL.  All errors of the file are reported, one
 * a line, each `name:line: ...` (`name:line:col: ...` from the scanner); HM_ESYNTAX.
 */
int hm_gomod_parse(struct hm_arena *a, hm_str name, hm_str data,
                   const struct hm_gomod_fixer *fixer, struct hm_gomod **out, struct hm_err *err);
/*
 * modfile.ParseLax, for modules other than the main one: ignores what it does not
 * know, and all directives that only count in the main module (exclude, replace,
 * toolchain, godebug, tool).
 */
int hm_gomod_parse_lax(struct hm_arena *a, hm_str name, hm_str data,
                       const struct hm_gomod_fixer *fixer, struct hm_gomod **out,
                       struct hm_err *err);
/* An empty file to add to. */
struct hm_gomod *hm_gomod_new(struct hm_arena *a);
/* The file's text in standard format. */
void hm_gomod_format(const struct hm_gomod *f, struct hm_buf *out);

/* modfile.ModulePath: the module path of a file that may be broken elsewhere, or empty. */
hm_str hm_gomod_module_path(struct hm_arena *a, hm_str data);
/* modfile.IsDirectoryPath: rooted, or starting with . or .. (also as Windows has it). */
bool hm_gomod_is_dir(hm_str path);
/* The go version that counts: the go line, or 1.16 without one (or for f == NULL). */
hm_str hm_gomod_go(const struct hm_gomod *f);

/* ---- edits: each is the method of modfile.File with the same name ---- */

void hm_gomod_add_module(struct hm_gomod *f, hm_str path);
/* A whole-line comment at the end; text with its "//". */
void hm_gomod_add_comment(struct hm_gomod *f, hm_str text);
/* `invalid language version "x"` */
int hm_gomod_add_go(struct hm_gomod *f, hm_str version, struct hm_err *err);
void hm_gomod_drop_go(struct hm_gomod *f);
/* `invalid toolchain name "x"` */
int hm_gomod_add_toolchain(struct hm_gomod *f, hm_str name, struct hm_err *err);
void hm_gomod_drop_toolchain(struct hm_gomod *f);
void hm_gomod_add_godebug(struct hm_gomod *f, hm_str key, hm_str value);
void hm_gomod_drop_godebug(struct hm_gomod *f, hm_str key);

/* Sets the first requirement of path and drops others; adds one if there was none. */
void hm_gomod_add_require(struct hm_gomod *f, hm_str path, hm_str version);
/* Adds a line, whatever there is. */
void hm_gomod_add_new_require(struct hm_gomod *f, hm_str path, hm_str version, bool indirect);
void hm_gomod_drop_require(struct hm_gomod *f, hm_str path);
/*
 * Makes the requirements exactly req (its .syntax is ignored; at most one
 * version a path).  The second one keeps direct and indirect requirements in
 * blocks of their own.  Call hm_gomod_cleanup() afterwards.
 */
void hm_gomod_set_require(struct hm_gomod *f, const struct hm_gomod_require *req, size_t n);
void hm_gomod_set_require_separate(struct hm_gomod *f, const struct hm_gomod_require *req,
                                   size_t n);
/* Require.setIndirect, setVersion of the entry f->require.v[i]. */
void hm_gomod_set_indirect(struct hm_gomod *f, struct hm_gomod_require *r, bool indirect);

/* `version "x" invalid: must be of the form v1.2.3` and so on */
int hm_gomod_add_exclude(struct hm_gomod *f, hm_str path, hm_str version, struct hm_err *err);
void hm_gomod_drop_exclude(struct hm_gomod *f, hm_str path, hm_str version);
void hm_gomod_add_replace(struct hm_gomod *f, hm_str old_path, hm_str old_version, hm_str new_path,
                          hm_str new_version);
void hm_gomod_drop_replace(struct hm_gomod *f, hm_str old_path, hm_str old_version);
/* As in go, the new line is in the tree only, not in f->retract. */
int hm_gomod_add_retract(struct hm_gomod *f, hm_str low, hm_str high, hm_str rationale,
                         struct hm_err *err);
void hm_gomod_drop_retract(struct hm_gomod *f, hm_str low, hm_str high);
void hm_gomod_add_tool(struct hm_gomod *f, hm_str path);
void hm_gomod_drop_tool(struct hm_gomod *f, hm_str path);
void hm_gomod_add_ignore(struct hm_gomod *f, hm_str path);
void hm_gomod_drop_ignore(struct hm_gomod *f, hm_str path);

/* Drops zeroed entries (but, as in go, not those of tool and ignore) and removed lines. */
void hm_gomod_cleanup(struct hm_gomod *f);
/* Sorts the lines of each block after dropping duplicates. */
void hm_gomod_sort_blocks(struct hm_gomod *f);

#endif
