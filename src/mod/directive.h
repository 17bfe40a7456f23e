/*
 * directive.h - the directives that go.mod and go.work have in common, read from
 * the syntax tree.  Private to this folder.
 *
 * Readers answer true when the directive is good.  Otherwise they have added its
 * error to the list: a file is read to its end and all its errors are reported.
 * Reading normalizes tokens in place (quotes, canonical versions), as go does.
 */
#ifndef HM_MOD_DIRECTIVE_H
#define HM_MOD_DIRECTIVE_H

#include "mod/gomod.h"

struct hm_directive {
	struct hm_arena *arena;
	hm_str file;
	const struct hm_gomod_fixer *fixer; /* or NULL */
	struct hm_buf errors;               /* one a line */
	enum hm_code code;                  /* of the first error */

	/* the current one */
	const struct hm_mod_block *block; /* or NULL */
	struct hm_mod_line *line;
	hm_str verb;
	hm_str *arg; /* tokens behind the verb, in the tree */
	size_t n;
};

/* Takes `verb args` from line; block is what it stands in, or NULL. */
void hm_directive_set(struct hm_directive *d, const struct hm_mod_block *block,
                      struct hm_mod_line *line);
/* Adds "file:line: text" */
void hm_directive_fail(struct hm_directive *d, struct hm_mod_pos at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Adds "file:line: verb path: message of e", without the verb if path is empty; clears e. */
void hm_directive_fail_err(struct hm_directive *d, hm_str path, struct hm_err *e);
/* Answers 0, or -1 with all errors in err; frees the list. */
int hm_directive_finish(struct hm_directive *d, struct hm_err *err);

/* A module path or folder, perhaps quoted. */
bool hm_directive_string(struct hm_directive *d, hm_str *token, hm_str *out);
/* A version of path; e gets the error, which is not in the list yet. */
int hm_directive_version(struct hm_directive *d, hm_str path, const struct hm_gomod_fixer *fixer,
                         hm_str *token, hm_str *out, struct hm_err *e);

bool hm_directive_go(struct hm_directive *d, bool lax, struct hm_mod_line **line, hm_str *version);
bool hm_directive_toolchain(struct hm_directive *d, struct hm_mod_line **line, hm_str *name);
bool hm_directive_godebug(struct hm_directive *d, struct hm_gomod_godebugs *list);
bool hm_directive_replace(struct hm_directive *d, struct hm_gomod_replaces *list);

/* The line has an "// indirect" comment, perhaps with more behind it. */
bool hm_directive_is_indirect(const struct hm_mod_line *line);

/* Edits that both kinds of files have; see gomod.h. */
/* Adds a line behind hint or, if that is NULL, at the end of the file. */
struct hm_mod_line *hm_directive_add_line(struct hm_mod_syntax *x, const struct hm_mod_line *hint,
                                          const hm_str *token, size_t n);
void hm_directive_add_godebug(struct hm_mod_syntax *x, struct hm_gomod_godebugs *list, hm_str key,
                              hm_str value);
void hm_directive_drop_godebug(struct hm_gomod_godebugs *list, hm_str key);
void hm_directive_add_replace(struct hm_mod_syntax *x, struct hm_gomod_replaces *list,
                              struct hm_modver from, struct hm_modver to);
void hm_directive_drop_replace(struct hm_gomod_replaces *list, struct hm_modver from);

/* removeDups: of lines that say the same, the first stays, of replacements the last. */
void hm_directive_dedup_replaces(struct hm_gomod_replaces *list);
void hm_directive_dedup_paths(struct hm_gomod_paths *list);
void hm_directive_dedup_excludes(struct hm_gomod_excludes *list);
/* Takes the lines that those marked out of the tree. */
void hm_directive_drop_dups(struct hm_mod_syntax *x);

/* <0, 0, >0 */
int hm_directive_cmp_lines(const struct hm_mod_line *x, const struct hm_mod_line *y);
/* Sorts the lines of b, keeping the order of equal ones. */
void hm_directive_sort(struct hm_mod_block *b,
                       int (*cmp)(const struct hm_mod_line *, const struct hm_mod_line *));

#endif
