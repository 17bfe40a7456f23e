/*
 * golex.h - tokens of Go source, as go/scanner finds them.  Internal to
 * goheader; keywords and operators are told apart by their text only.
 */
#ifndef HM_LOAD_GOLEX_H
#define HM_LOAD_GOLEX_H

#include "load/scan.h"

enum hm_gotok {
	HM_GOTOK_EOF,
	HM_GOTOK_ILLEGAL,
	HM_GOTOK_COMMENT,
	HM_GOTOK_IDENT,
	HM_GOTOK_NUMBER,
	HM_GOTOK_CHAR,
	HM_GOTOK_STRING,
	HM_GOTOK_SEMICOLON, /* text is ";" or, for one that a line end stands for, "\n" */
	HM_GOTOK_OTHER,     /* keyword or operator: text */
};

/* Where a //line comment says that the text from offset on comes from. */
struct hm_golex_line {
	size_t offset;
	hm_str file;
	uint32_t line, col, at; /* at: physical line of offset */
};

struct hm_golex {
	struct hm_arena *a;
	hm_str path, src;
	struct hm_scan_items *errors; /* NULL: not wanted */
	size_t i;                     /* next byte */
	size_t checked;               /* characters before this one have been complained about */
	size_t line_start;
	uint32_t line;
	bool insert_semi;
	bool pending_semi;            /* after a comment with a newline in it */
	size_t pending_at;
	HM_VEC(struct hm_golex_line) lines;
	/* The token read last. */
	enum hm_gotok tok;
	hm_str text;                  /* comments: carriage returns removed */
	size_t offset;
	uint32_t tok_line, tok_col;   /* physical */
};

void hm_golex_init(struct hm_golex *l, struct hm_arena *a, hm_str path, hm_str src,
                   struct hm_scan_items *errors);
void hm_golex_next(struct hm_golex *l);
/* The place of an offset at or before the last token, //line comments applied. */
struct hm_pos hm_golex_pos(const struct hm_golex *l, size_t offset);
/* Records an error unless there are too many. */
void hm_golex_error(struct hm_golex *l, size_t offset, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
