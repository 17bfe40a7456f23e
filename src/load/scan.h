/*
 * scan.h - what the files of one package folder say before a target is known.
 *
 * Each Go file is read up to the end of its imports (all of it only when it
 * imports "embed"), each other source file up to the end of its leading
 * comments.  The result does not depend on tags, GOOS or GOARCH, so one scan of
 * a folder serves import resolution, package loading and vendoring.  Follows
 * cmd/go/internal/modindex (scan.go, build_read.go) and go/build (read.go).
 */
#ifndef HM_LOAD_SCAN_H
#define HM_LOAD_SCAN_H

#include "base/err.h"
#include "base/vec.h"
#include "load/constraint.h"

/* A larger source file is an error of that file. */
#define HM_SCAN_MAX_FILE ((size_t)1 << 30)
/* Errors of one file after which the parser gives up, as go/parser does. */
#define HM_SCAN_MAX_ERRORS 10

/* go/token.Position; line 0: no position. */
struct hm_pos {
	hm_str file; /* full path, or what a //line comment says */
	uint32_t offset, line, col;
};
struct hm_poss {
	struct hm_pos *v;
	size_t n, cap;
};
/* "file:line:col" (or "file:line", "-"), as token.Position.String. */
hm_str hm_pos_text(struct hm_arena *a, const struct hm_pos *pos);

/* An import, an embed pattern, or a //go: directive with its place. */
struct hm_scan_item {
	hm_str text;
	struct hm_pos pos;
};
struct hm_scan_items {
	struct hm_scan_item *v;
	size_t n, cap;
};

struct hm_scan_file {
	hm_str name;                     /* without folder */
	bool is_go;
	bool is_test;                    /* *_test.go */
	bool binary_only;                /* //go:binary-only-package */
	hm_str error;                    /* could not be read, or its constraints not; go's text */
	hm_str parse_error;              /* a syntax error that go does not keep as a list */
	struct hm_scan_items parse_errors; /* syntax errors in order, texts without place */
	hm_str pkg_name;                 /* package clause; empty when there is none */
	hm_str synopsis;                 /* go/doc.Synopsis of the package comment */
	hm_str go_build;                 /* the //go:build line, or empty */
	const struct hm_constraint *go_build_expr; /* NULL when absent or malformed */
	hm_str go_build_error;           /* why it is malformed */
	struct hm_strs plus_build;       /* // +build lines; only when there is no //go:build */
	const struct hm_constraint **plus_build_expr; /* one a line, NULL: malformed */
	struct hm_scan_items imports;    /* in order, duplicates kept; none with parse errors */
	struct hm_strs loose_imports;    /* what imports.ReadImports finds there instead */
	struct hm_scan_items embeds;     /* patterns of //go:embed */
	struct hm_scan_items directives; /* //go: lines above the package clause */
	hm_str cgo;                      /* #cgo lines of import "C", joined by newlines */
};

struct hm_scan_dir {
	hm_str dir;              /* absolute */
	bool indexed;            /* go would use its module index here: all files regular, none of
	                            them changed within the last two seconds (or in GOMODCACHE) */
	bool has_go;             /* a *.go file that is no folder is there (fsys.IsGoDir) */
	struct hm_scan_file *v;  /* sorted by name; only extensions that go knows, names that
	                            start with _ or . left out */
	size_t n, cap;
};

/*
 * Scans of folders, one entry a folder, shared by threads: the first who asks
 * scans, the others wait for him.  A failed scan is kept too.
 */
struct hm_scan_cache;

/* modcache: GOMODCACHE or empty. */
struct hm_scan_cache *hm_scan_cache_new(hm_str modcache);
void hm_scan_cache_free(struct hm_scan_cache *c);

/*
 * The scan of a folder (absolute, clean path), borrowed from the cache.
 * HM_ENOTFOUND when there is no such folder; text as os.ReadDir.
 */
int hm_scan_dir(struct hm_scan_cache *c, hm_str dir, const struct hm_scan_dir **out,
                struct hm_err *err);
/* Is there a *.go file (fsys.IsGoDir)? A missing folder is no error. */
bool hm_scan_is_go_dir(struct hm_scan_cache *c, hm_str dir);
/* Scans named files of one folder, in the order given, not cached; for *.go arguments. */
int hm_scan_files(struct hm_arena *a, hm_str dir, const struct hm_strs *names,
                  struct hm_scan_dir *out, struct hm_err *err);

/*
 * imports.ScanDir: sorted import paths of the files that fit, without and in
 * tests.  HM_ENOTFOUND with "no Go source files" and *no_go (may be NULL) set
 * when no file fits.  Strings are borrowed from the cache, lists are in the arena.
 */
int hm_scan_imports(struct hm_scan_cache *c, struct hm_arena *a, hm_str dir,
                    const struct hm_tags *tags, struct hm_strs *imports,
                    struct hm_strs *test_imports, bool *no_go, struct hm_err *err);
/* imports.ScanFiles: the same for named files (full paths), constraints not looked at. */
int hm_scan_file_imports(struct hm_arena *a, const struct hm_strs *files,
                         const struct hm_tags *tags, struct hm_strs *imports,
                         struct hm_strs *test_imports, bool *no_go, struct hm_err *err);
/* imports.ShouldBuild of a scanned file. */
bool hm_scan_should_build(const struct hm_scan_file *f, const struct hm_tags *tags);

#endif
