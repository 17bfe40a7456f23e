/*
 * licence.c - texts are compared as words: lower case, everything but letters and
 * digits is one space.
 */
#include "policy/licence.h"

#include <strings.h>

#include "os/file.h"
#include "zip/zip.h"

enum {
	PHRASES_MAX = 3,
	WORDS_FREE = 120,    /* names, years and titles around a licence */
	EXPRESSION_MAX = 200,
};

struct licence {
	const char *id;
	unsigned words;                  /* no longer than this */
	const char *phrase[PHRASES_MAX]; /* all must be there */
	const char *without;             /* and this must not; or NULL */
};

#define MIT_GRANT                                                                            \
	"permission is hereby granted free of charge to any person obtaining a copy of "     \
	"this software and associated documentation files the software to deal in the "      \
	"software without restriction"
#define MIT_NOTICE "permission notice shall be included in all copies or substantial portions"
#define ISC_GRANT                                                                            \
	"this software for any purpose with or without fee is hereby granted"
#define BSD_GRANT                                                                            \
	"redistribution and use in source and binary forms with or without modification "    \
	"are permitted"
#define BSD_BINARY "redistributions in binary form must reproduce the above copyright notice"
#define BSD_ENDORSE "endorse or promote products derived from this software without"
#define BSD_ADVERT "all advertising materials mentioning features or use of this software"

static const struct licence known[] = {
	{ "JSON", 220, { MIT_GRANT, MIT_NOTICE, "shall be used for good not evil" }, NULL },
	{ "MIT", 220, { MIT_GRANT, MIT_NOTICE, "the software is provided as is" },
	  "shall be used for good not evil" },
	{ "MIT-0", 200, { MIT_GRANT, "the software is provided as is" },
	  "permission notice shall be included" },
	{ "ISC", 180, { ISC_GRANT " provided that the above copyright notice",
	                "permission notice appear in all copies" }, NULL },
	{ "0BSD", 150, { ISC_GRANT " the software is provided" }, NULL },
	{ "BSD-4-Clause", 400, { BSD_GRANT, BSD_BINARY, BSD_ADVERT }, NULL },
	{ "BSD-3-Clause", 320, { BSD_GRANT, BSD_BINARY, BSD_ENDORSE }, BSD_ADVERT },
	{ "BSD-2-Clause", 260, { BSD_GRANT, BSD_BINARY }, BSD_ENDORSE },
	{ "Apache-2.0", 2000, { "apache license version 2 0 january 2004",
	                        "grant of patent license", "limitation of liability" }, NULL },
	{ "Apache-2.0", 200, { "licensed under the apache license version 2 0 the license you "
	                       "may not use this file except in compliance with the license" },
	  "grant of patent license" },
	{ "MPL-2.0", 2800, { "mozilla public license version 2 0",
	                     "1 1 contributor means each individual or legal entity" }, NULL },
	{ "MPL-2.0", 200, { "this source code form is subject to the terms of the mozilla public "
	                    "license v 2 0" }, "1 1 contributor means" },
	{ "MPL-1.1", 4500, { "mozilla public license version 1 1 1 definitions" }, NULL },
	{ "GPL-3.0", 6300, { "gnu general public license version 3 29 june 2007",
	                     "terms and conditions 0 definitions" }, NULL },
	{ "GPL-2.0", 3500, { "gnu general public license version 2 june 1991",
	                     "terms and conditions for copying distribution and modification" },
	  NULL },
	{ "LGPL-3.0", 1500, { "gnu lesser general public license version 3 29 june 2007",
	                      "0 additional definitions" }, NULL },
	{ "LGPL-2.1", 5000, { "gnu lesser general public license version 2 1 february 1999" },
	  NULL },
	{ "LGPL-2.0", 4800, { "gnu library general public license version 2 june 1991" }, NULL },
	{ "AGPL-3.0", 6300, { "gnu affero general public license version 3 19 november 2007" },
	  NULL },
	{ "Unlicense", 280, { "this is free and unencumbered software released into the public "
	                      "domain", "anyone is free to copy modify publish use" }, NULL },
	{ "CC0-1.0", 1300, { "cc0 1 0 universal", "statement of purpose" }, NULL },
	{ "CC-BY-4.0", 3600, { "creative commons attribution 4 0 international public license" },
	  NULL },
	{ "CC-BY-SA-4.0", 3900,
	  { "creative commons attribution sharealike 4 0 international public license" }, NULL },
	{ "BSL-1.0", 270, { "any person or organization obtaining a copy of the software and "
	                    "accompanying documentation covered by this license",
	                    "the copyright notices in the software and this entire statement" },
	  NULL },
	{ "BUSL-1.1", 1000, { "business source license 1 1", "change date", "licensor" }, NULL },
	{ "SSPL-1.0", 6300, { "server side public license version 1 october 16 2018" }, NULL },
	{ "Elastic-2.0", 800, { "elastic license 2 0",
	                        "the licensor grants you a non exclusive royalty free" }, NULL },
	{ "EPL-2.0", 2700, { "eclipse public license v 2 0",
	                     "the accompanying program is provided under the terms" }, NULL },
	{ "EPL-1.0", 2100, { "eclipse public license v 1 0",
	                     "the accompanying program is provided under the terms" }, NULL },
	{ "EUPL-1.2", 3100, { "european union public licence v 1 2" }, NULL },
	{ "Zlib", 190, { "the origin of this software must not be misrepresented",
	                 "altered source versions must be plainly marked as such" }, NULL },
	{ "WTFPL", 120, { "do what the fuck you want to public license" }, NULL },
	{ "UPL-1.0", 350, { "the universal permissive license upl version 1 0" }, NULL },
	{ "BlueOak-1.0.0", 350, { "blue oak model license", "version 1 0 0" }, NULL },
	{ "OFL-1.1", 800, { "sil open font license version 1 1", "permission conditions" }, NULL },
	{ "Artistic-2.0", 1700, { "the artistic license 2 0" }, NULL },
};

/* Terms that take away what the licence beside them gives. */
static const char *const spoilers[] = {
	"commons clause license condition",
	"the grant of rights under the license will not include",
	"non commercial purposes only",
};

/* ---- words */

static bool
is_word_byte(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); /* curly quotes are none */
}

/* Lines "Copyright (c) 2009 ..." may be any number and say nothing about the terms. */
static bool
is_copyright_line(hm_str line)
{
	line = hm_str_trim_any(line, " \t\r*#/;-");
	return line.n < 300 && line.n >= 9 && strncasecmp(line.p, "copyright", 9) == 0;
}

/* All words with one space between, before the first and behind the last; *n counts them. */
static hm_str
words_of(struct hm_arena *a, hm_str text, size_t *n)
{
	struct hm_buf b = { 0 };
	hm_str line;

	*n = 0;
	hm_buf_addc(&b, ' ');
	while (hm_str_next(&text, '\n', &line)) {
		bool counts = !is_copyright_line(line), in_word = false;

		for (size_t i = 0; i < line.n; i++) {
			unsigned char c = (unsigned char)line.p[i];

			if (c >= 'A' && c <= 'Z')
				c = (unsigned char)(c + 32);
			if (is_word_byte(c)) {
				*n += counts && !in_word;
				hm_buf_addc(&b, (char)c);
			} else if (in_word) {
				hm_buf_addc(&b, ' ');
			}
			in_word = is_word_byte(c);
		}
		if (in_word)
			hm_buf_addc(&b, ' ');
	}
	return hm_buf_take(&b, a);
}

/* How often the licence is in the text: its first phrase, if the others are there too. */
static unsigned
times_here(const struct licence *l, hm_str words)
{
	hm_str first = hm_str_of(l->phrase[0]);
	unsigned n = 0;
	ptrdiff_t at;

	if (l->without && hm_str_contains(words, hm_str_of(l->without)))
		return 0;
	for (size_t i = 1; i < PHRASES_MAX && l->phrase[i]; i++)
		if (!hm_str_contains(words, hm_str_of(l->phrase[i])))
			return 0;
	for (; (at = hm_str_index(words, first)) >= 0; n++)
		words = hm_str_from(words, (size_t)at + first.n);
	return n;
}

/* ---- one text */

/* What stands behind "SPDX-License-Identifier:"; empty when there is none that is sound. */
static hm_str
spdx_line(struct hm_arena *a, hm_str text)
{
	static const hm_str tag = HM_S_INIT("SPDX-License-Identifier:");
	ptrdiff_t at = hm_str_index(text, tag);
	hm_str line;

	if (at < 0)
		return HM_S("");
	hm_str_cut(hm_str_from(text, (size_t)at + tag.n), '\n', &line, &text);
	line = hm_str_trim_any(line, " \t\r*/#-><!");
	if (line.n > EXPRESSION_MAX)
		return HM_S("");
	for (size_t i = 0; i < line.n; i++) {
		char c = line.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      (c && strchr(" .+-():", c))))
			return HM_S("");
	}
	return hm_arena_dup(a, line);
}

/* Each part once, sorted, with AND between; what has an OR stands in parentheses. */
static hm_str
conjunction(struct hm_arena *a, const struct hm_strs *parts)
{
	static const hm_str and = HM_S_INIT(" AND ");
	struct hm_strs all = { 0 };

	for (size_t i = 0; i < parts->n; i++) {
		hm_str p = parts->v[i];
		ptrdiff_t at;

		if (hm_str_contains(p, HM_S(" OR ")) || hm_str_contains(p, HM_S("("))) {
			HM_PUSH(a, all, parts->n == 1 ? p : hm_arena_printf(a, "(" HM_F ")",
			                                                    HM_P(p)));
			continue;
		}
		for (; (at = hm_str_index(p, and)) >= 0; p = hm_str_from(p, (size_t)at + and.n))
			HM_PUSH(a, all, hm_str_sub(p, 0, (size_t)at));
		HM_PUSH(a, all, p);
	}
	hm_strs_sort_unique(&all);
	return hm_strs_join(a, &all, and);
}

hm_str
hm_licence_classify(struct hm_arena *a, hm_str text)
{
	struct hm_strs found = { 0 };
	size_t n, covered = WORDS_FREE;
	hm_str words, line;

	if (text.n > HM_LICENCE_MAX)
		return HM_S(HM_LICENCE_UNKNOWN);
	words = words_of(a, text, &n);
	for (size_t i = 0; i < sizeof(spoilers) / sizeof(*spoilers); i++)
		if (hm_str_contains(words, hm_str_of(spoilers[i])))
			return HM_S(HM_LICENCE_UNKNOWN);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		unsigned times = times_here(&known[i], words);

		if (times)
			HM_PUSH(a, found, hm_str_of(known[i].id));
		covered += (size_t)known[i].words * times;
	}
	if (found.n == 0) {
		line = spdx_line(a, text);
		if (line.n == 0 || n > WORDS_FREE)
			return HM_S(HM_LICENCE_UNKNOWN);
		return line;
	}
	if (n > covered) /* there is more to it than the licence */
		HM_PUSH(a, found, HM_S(HM_LICENCE_UNKNOWN));
	return conjunction(a, &found);
}

/* ---- a module */

static bool
has_any(const char *upper, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strstr(upper, words[i]))
			return true;
	return false;
}

bool
hm_licence_is_file(hm_str name)
{
	static const char *const about[] = { "LICENSE", "LICENCE", "COPYING" };
	/* of the things beside it, and programs */
	static const char *const other[] = { "THIRD", "3RD", "NOTICE", ".GO", ".PY", ".SH", ".JS",
	                                     ".TS", ".YML", ".YAML", ".TOML", ".TMPL", ".TPL",
	                                     ".PNG", ".SVG", "HEADER", "CHECK" };
	char upper[64];

	if (name.n == 0 || name.n >= sizeof(upper))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		upper[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
	}
	upper[name.n] = '\0';
	return has_any(upper, about, sizeof(about) / sizeof(*about)) &&
	       !has_any(upper, other, sizeof(other) / sizeof(*other));
}

/* A licence file that holds too much counts as unknown. */
static int
add_text(struct hm_arena *a, struct hm_strs *parts, int rc, hm_str text, struct hm_err *err)
{
	hm_str id = HM_S(HM_LICENCE_UNKNOWN);

	if (rc == 0)
		id = hm_licence_classify(a, text);
	else if (!hm_err_is(err, HM_ELIMIT))
		return -1;
	hm_err_clear(err);
	HM_PUSH(a, *parts, id);
	return 0;
}

static hm_str
module_licence(struct hm_arena *a, const struct hm_strs *parts)
{
	return parts->n ? conjunction(a, parts) : HM_S(HM_LICENCE_NONE);
}

/* The rest of a name below PATH@VERSION/, when it is in the module's root; else empty. */
static hm_str
root_name(hm_str name)
{
	ptrdiff_t at = hm_str_index_byte(name, '@'), slash;

	if (at < 0)
		return HM_S("");
	name = hm_str_from(name, (size_t)at);
	slash = hm_str_index_byte(name, '/');
	if (slash < 0)
		return HM_S("");
	name = hm_str_from(name, (size_t)slash + 1);
	return hm_str_index_byte(name, '/') < 0 ? name : HM_S("");
}

static int
read_entries(struct hm_arena *a, const struct hm_zip *z, struct hm_strs *parts,
             struct hm_err *err)
{
	struct hm_inflater *inf = hm_inflater_new();
	size_t files = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < z->n; i++) {
		hm_str text = { 0 };

		if (!hm_licence_is_file(root_name(z->f[i].name)))
			continue;
		if (files++ < HM_LICENCE_FILES_MAX)
			rc = hm_zip_read(inf, z, &z->f[i], HM_LICENCE_MAX, &text, err);
		else
			rc = hm_err_set(err, HM_ELIMIT, "too many licence files");
		rc = add_text(a, parts, rc, text, err);
	}
	hm_inflater_free(inf);
	return rc;
}

int
hm_licence_of_zip(struct hm_arena *a, const char *zip, hm_str *out, struct hm_err *err)
{
	struct hm_arena scratch = { 0 };
	struct hm_strs parts = { 0 };
	struct hm_zip z;
	hm_str data;
	int rc;

	if (hm_file_map(zip, &data, err))
		return -1;
	rc = hm_zip_open(&scratch, data, &z, err);
	if (rc == 0)
		rc = read_entries(&scratch, &z, &parts, err);
	if (rc == 0)
		*out = hm_arena_dup(a, module_licence(&scratch, &parts));
	hm_file_unmap(data);
	hm_arena_free(&scratch);
	return rc;
}

int
hm_licence_of_dir(struct hm_arena *a, const char *dir, hm_str *out, struct hm_err *err)
{
	struct hm_arena scratch = { 0 };
	struct hm_strs parts = { 0 };
	struct hm_dirents list = { 0 };
	size_t files = 0;
	int rc = hm_dir_read(&scratch, dir, &list, err);

	for (size_t i = 0; rc == 0 && i < list.n && files < HM_LICENCE_FILES_MAX; i++) {
		hm_str path = hm_arena_printf(&scratch, "%s/" HM_F, dir, HM_P(list.v[i].name));
		hm_str text = { 0 };

		if (!hm_licence_is_file(list.v[i].name) || !hm_file_is_regular(path.p))
			continue;
		if (files++ < HM_LICENCE_FILES_MAX)
			rc = hm_file_read(&scratch, path.p, HM_LICENCE_MAX, &text, err);
		else
			rc = hm_err_set(err, HM_ELIMIT, "too many licence files");
		rc = add_text(&scratch, &parts, rc, text, err);
	}
	if (rc == 0)
		*out = hm_arena_dup(a, module_licence(&scratch, &parts));
	hm_arena_free(&scratch);
	return rc;
}
