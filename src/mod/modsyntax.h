/*
 * modsyntax.h - the syntax tree of go.mod and go.work files: lines of tokens,
 * parenthesized blocks of lines, and every comment and blank line between them
 * (golang.org/x/mod/modfile read.go, print.go).
 *
 * Printing an unchanged tree gives the file in go's standard format.  The tree
 * and all its text live in one arena; nothing points into the input.
 */
#ifndef HM_MOD_MODSYNTAX_H
#define HM_MOD_MODSYNTAX_H

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"

/* Larger files are refused, as by go (modfetch reads at most 16 MiB of go.mod). */
#define HM_MODSYNTAX_MAX ((size_t)16 << 20)

struct hm_mod_pos {
	uint32_t line; /* from 1; 0 is "nowhere" */
	uint32_t col;  /* code point in the line, from 1 */
	uint32_t byte; /* from 0 */
};

struct hm_mod_comment {
	struct hm_mod_pos start;
	hm_str token; /* with its "//", without newline; empty for a blank line */
	bool suffix;  /* behind something on the same line */
};

struct hm_mod_comment_list {
	struct hm_mod_comment *v;
	size_t n, cap;
};

struct hm_mod_comments {
	struct hm_mod_comment_list before, suffix, after;
};

struct hm_mod_line {
	struct hm_mod_comments com;
	struct hm_mod_pos start, end;
	struct hm_strs token; /* token.n == 0: removed, hm_mod_syntax_cleanup() drops it */
	bool in_block;        /* then token lacks the verb */
	bool dup;             /* says what another line says; the next sort takes it out */
};

struct hm_mod_lines {
	struct hm_mod_line **v;
	size_t n, cap;
};

struct hm_mod_paren {
	struct hm_mod_comments com;
	struct hm_mod_pos pos;
};

struct hm_mod_block {
	struct hm_mod_comments com;
	struct hm_mod_pos start;
	struct hm_mod_paren lparen, rparen;
	struct hm_strs token;
	struct hm_mod_lines line;
};

/* Comments that belong to no statement. */
struct hm_mod_comment_block {
	struct hm_mod_comments com;
	struct hm_mod_pos start;
};

enum hm_mod_stmt_kind { HM_MOD_LINE, HM_MOD_BLOCK, HM_MOD_COMMENTS };

struct hm_mod_stmt {
	enum hm_mod_stmt_kind kind;
	union {
		struct hm_mod_line *line;
		struct hm_mod_block *block;
		struct hm_mod_comment_block *comments;
	};
};

struct hm_mod_syntax {
	struct hm_arena *arena;
	hm_str name; /* of the file, for errors */
	struct hm_mod_comments com;
	struct {
		struct hm_mod_stmt *v;
		size_t n, cap;
	} stmt;
};

/*
 * Parses data into *out.  Errors are `name:line:col: text`, without the column
 * when it is 1; HM_ESYNTAX.
 */
int hm_mod_syntax_parse(struct hm_arena *a, hm_str name, hm_str data, struct hm_mod_syntax **out,
                        struct hm_err *err);
struct hm_mod_syntax *hm_mod_syntax_new(struct hm_arena *a);
/* modfile.Format */
void hm_mod_syntax_print(const struct hm_mod_syntax *x, struct hm_buf *out);

/*
 * Adds a line.  Without a hint it goes behind the last line of the same verb,
 * or to the end.  With one it goes behind the hint, into a block with it if the
 * verbs are the same.  token[0] is the verb; tokens are copied.
 */
struct hm_mod_line *hm_mod_syntax_add_line(struct hm_mod_syntax *x, const struct hm_mod_line *hint,
                                           const hm_str *token, size_t n);
/* Adds a line to the end of the file, whatever is there. */
struct hm_mod_line *hm_mod_syntax_append_line(struct hm_mod_syntax *x, const hm_str *token,
                                              size_t n);
/* Gives the line new tokens; token[0] is the verb. */
void hm_mod_syntax_set_line(struct hm_mod_syntax *x, struct hm_mod_line *line, const hm_str *token,
                            size_t n);
/* Marks the line for hm_mod_syntax_cleanup(). */
void hm_mod_line_remove(struct hm_mod_line *line);
/* Drops removed lines and empty blocks; blocks of one line become that line. */
void hm_mod_syntax_cleanup(struct hm_mod_syntax *x);

/* modfile.MustQuote, AutoQuote */
bool hm_mod_must_quote(hm_str s);
hm_str hm_mod_auto_quote(struct hm_arena *a, hm_str s);

#endif
