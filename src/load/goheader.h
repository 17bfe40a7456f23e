/*
 * goheader.h - the head of a Go source file: constraints, package clause,
 * imports, directives.  Internal to scan.c; follows go/build read.go, and of
 * go/scanner and go/parser what ImportsOnly needs.
 */
#ifndef HM_LOAD_GOHEADER_H
#define HM_LOAD_GOHEADER_H

#include "load/scan.h"

/* Errors kept of one file; go shows the first only. */
#define HM_GOHEADER_MAX_ERRORS 100

/*
 * Fills f from the content of the Go file at path.  Errors land in f.  All
 * strings of f are copies in the arena.  whole: content is the whole file;
 * otherwise the answer may be false: more of it is needed, f is as it was.
 */
bool hm_goheader_scan(struct hm_arena *a, hm_str path, hm_str content, bool whole,
                      struct hm_scan_file *f);
/* The same for assembly, C and so on: constraints only. */
bool hm_goheader_scan_other(struct hm_arena *a, hm_str path, hm_str content, bool whole,
                            struct hm_scan_file *f);

/* --- goheader_read.c --- */
/*
 * The part up to the first byte behind the imports, without byte order mark; on
 * anything unusual the whole file, so that the parser meets it.  false: a NUL
 * byte came first.  loose (may be NULL) gets the import paths met, quoted.
 */
bool hm_goheader_extent(hm_str content, hm_str *header, struct hm_arena *a,
                        struct hm_strs *loose);
/* The leading comments and blanks; false as above. */
bool hm_goheader_comments(hm_str content, hm_str *header);
/* Fills the constraint members of f; a repeated //go:build sets f->error. */
void hm_goheader_constraints(struct hm_arena *a, hm_str header, struct hm_scan_file *f);

/* --- goheader_parse.c --- */
/* Fills package name, imports, directives, cgo lines, synopsis, errors. */
void hm_goheader_parse(struct hm_arena *a, hm_str path, hm_str header, struct hm_scan_file *f);
/* Finds //go:embed comments in a whole file. */
void hm_goheader_embeds(struct hm_arena *a, hm_str path, hm_str content, struct hm_scan_file *f);

/* --- goheader_doc.c --- */
/* ast.CommentGroup.Text: comments without their markers. */
hm_str hm_goheader_comment_text(struct hm_arena *a, const hm_str *comments, size_t n);
/* go/doc.Synopsis */
hm_str hm_goheader_synopsis(struct hm_arena *a, hm_str text);
/*
 * Takes one Go string literal (either quote) off the front of *s; false when
 * there is none.  Also serves ParseArgs of directives.
 */
bool hm_goheader_unquote(struct hm_arena *a, hm_str *s, hm_str *out);

#endif
