/*
 * vendorlist.h - vendor/modules.txt as the loader reads it, and the check
 * that it agrees with go.mod.
 *
 * Follows cmd/go/internal/modload/vendor.go.
 */
#ifndef HM_LOAD_VENDORLIST_H
#define HM_LOAD_VENDORLIST_H

#include "load/mainmods.h"
#include "load/reqs.h"

struct hm_vendormeta {
	struct hm_modver mod;
	bool is_explicit;
	bool replaced; /* listed in go's vendorReplaced */
	struct hm_modver replacement;
	hm_str go;
};

struct hm_vendorlist {
	struct hm_modvers list;     /* modules with packages, in order of appearance */
	struct hm_modvers replaced; /* all replaced modules */
	struct hm_map version;      /* path -> struct hm_modver *: the version that has packages */
	struct hm_map pkg_module;   /* import path -> struct hm_modver * */
	struct hm_map meta;         /* "path version" -> struct hm_vendormeta * */
};

/* Largest modules.txt that is read. */
#define HM_VENDORLIST_MAX ((size_t)256 << 20)

/* Parses the text of a modules.txt; only HM_ETOOLCHAIN (a module needs a newer go) can fail. */
int hm_vendorlist_parse(struct hm_modload *ml, hm_str text, hm_str file,
                        struct hm_vendorlist *out, struct hm_err *err);
/* The vendor list of the modload, read on first use (before threads start). */
int hm_modload_vendorlist(struct hm_modload *ml, const struct hm_vendorlist **out,
                          struct hm_err *err);
const struct hm_vendormeta *hm_vendorlist_meta(const struct hm_vendorlist *v, struct hm_modver m);
/* The complaints of the check below alone, each "\n\tpath@version: ..."; none: empty. */
int hm_modload_vendor_complaints(struct hm_modload *ml, hm_str *list, struct hm_err *err);
/* go's checkVendorConsistency: -1 with the whole "inconsistent vendoring in" text. */
int hm_modload_check_vendor(struct hm_modload *ml, struct hm_err *err);

#endif
