/*
 * create.h - a module zip from a folder (golang.org/x/mod/zip, CreateFromDir).
 *
 * The names and contents are those that go puts into the zip; the archive is
 * deterministic, its packed bytes are not go's.
 */
#ifndef HM_MODZIP_CREATE_H
#define HM_MODZIP_CREATE_H

#include "base/err.h"
#include "base/vec.h"

struct hm_modzip_file {
	hm_str path; /* from the module root, slashes */
	hm_str why;  /* empty for a valid file; else the reason in zip.CheckFiles's words */
	uint64_t size;
};
struct hm_modzip_files {
	struct hm_modzip_file *v;
	size_t n, cap;
};

/* zip.CheckedFiles */
struct hm_modzip_listing {
	struct hm_modzip_files valid, omitted, invalid;
	bool too_large;
};

/* zip.CheckDir without the error: what of dir belongs into a module zip. */
int hm_modzip_list_dir(struct hm_arena *a, const char *dir, struct hm_modzip_listing *out,
                       struct hm_err *err);
/* zip.CreateFromDir: writes the zip of path@version to fd; `name` is for error texts. */
int hm_modzip_create(int fd, const char *name, hm_str path, hm_str version, const char *dir,
                     struct hm_err *err);
/* isVendoredPackage; go_version is the go line of the module ("1.24"), or empty. */
bool hm_modzip_is_vendored(hm_str name, hm_str go_version);

#endif
