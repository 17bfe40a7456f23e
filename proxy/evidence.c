#include "evidence.h"

#include <stdio.h>

#include "base/path.h"
#include "os/clock.h"
#include "os/file.h"

bool
evidence_of(const struct hm_err *why)
{
	return hm_err_is(why, HM_ESECURITY) || hm_err_is(why, HM_EINVALID) ||
	       hm_err_is(why, HM_ESYNTAX);
}

hm_str
evidence_name(struct hm_arena *a, hm_str rel)
{
	hm_str name = hm_arena_dup(a, rel);

	for (char *c = (char *)(uintptr_t)name.p; *c; c++)
		if (*c == '/')
			*c = ',';
	return name;
}

/* Empty: no room for more. */
static hm_str
name_of(const struct proxy *p, struct hm_arena *a, hm_str url)
{
	hm_str dir = hm_path_cat(a, p->opts.dir, HM_S("evidence"));
	struct hm_dirents there = { 0 };
	struct hm_err err = { 0 };

	if (hm_dir_make_all(dir.p, &err) || hm_dir_read(a, dir.p, &there, &err) ||
	    there.n >= 2 * EVIDENCE_MAX) {
		hm_err_free(&err);
		return HM_S("");
	}
	return hm_path_cat(a, dir, evidence_name(a, hm_str_from(url, 1)));
}

static void
say_why(struct proxy *p, struct hm_arena *a, hm_str name, struct hm_err *why)
{
	struct hm_err err = { 0 };
	hm_str text = hm_arena_printf(a, HM_F "\n" HM_F "\n",
	                              HM_P(hm_clock_rfc3339(a, hm_clock_unix(), 0)),
	                              HM_P(hm_err_str(why)));

	hm_file_publish(name.p, text, 0600, false, &err);
	hm_log(&p->log, HM_LOG_WARN, "hermod-proxy: evidence kept: " HM_F, HM_P(name));
	hm_err_free(&err);
}

void
evidence_file(struct proxy *p, struct hm_arena *a, hm_str url, const char *file,
              struct hm_err *why)
{
	hm_str name = name_of(p, a, url);

	if (name.n == 0 || rename(file, name.p))
		return;
	say_why(p, a, hm_arena_printf(a, HM_F ".why", HM_P(name)), why);
}

void
evidence_text(struct proxy *p, struct hm_arena *a, hm_str url, hm_str bytes,
              struct hm_err *why)
{
	hm_str name = name_of(p, a, url);
	struct hm_err err = { 0 };
	int rc = name.n ? hm_file_publish(name.p, bytes, 0600, false, &err) : -1;

	hm_err_free(&err);
	if (rc == 0)
		say_why(p, a, hm_arena_printf(a, HM_F ".why", HM_P(name)), why);
}
