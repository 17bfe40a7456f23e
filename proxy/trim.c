#include "trim.h"

#include "remove.h"

enum { BATCH = 64 };

int
trim_parse_size(hm_str s, int64_t *bytes, struct hm_err *err)
{
	static const char units[] = "KMGT";
	hm_str digits = hm_str_trim(s);
	int64_t n = 0, unit = 1;
	const char *u;

	*bytes = 0;
	if (digits.n == 0)
		return 0;
	u = strchr(units, digits.p[digits.n - 1] & ~0x20);
	if (u && *u) {
		unit = INT64_C(1) << (10 * (u - units + 1));
		digits.n--;
	}
	for (size_t i = 0; i < digits.n; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '9' || i > 12)
			n = -1;
		if (n >= 0)
			n = n * 10 + (digits.p[i] - '0');
	}
	if (digits.n == 0 || n <= 0 || n > INT64_MAX / unit)
		return hm_err_set(err, HM_EUSAGE,
		                  "\"" HM_F "\" is no size: bytes, or a number with K, M, G or T "
		                  "behind it",
		                  HM_P(s));
	*bytes = n * unit;
	return 0;
}

struct trim {
	struct proxy *p;
	struct facts *facts;
	uint64_t versions, bytes;
};

static int64_t
bytes_of(const struct fact *v)
{
	return (v->info_bytes > 0 ? v->info_bytes : 0) + (v->mod_bytes > 0 ? v->mod_bytes : 0) +
	       (v->zip_bytes > 0 ? v->zip_bytes : 0);
}

/* One version; false: someone is at work on it. */
static bool
trim_one(struct trim *t, const struct fact *v)
{
	struct hm_err err = { 0 };
	int rc = remove_version(&t->p->store, t->facts, v->path, v->version, REMOVE_TRIM, &err);
	bool gone = rc == 0 || err.code == HM_ENOTFOUND;

	if (gone) {
		forget_trimmed(t->p, v->path, v->version);
		t->versions++;
		t->bytes += (uint64_t)bytes_of(v);
	} else if (err.code != HM_ECONFLICT) {
		hm_log(&t->p->log, HM_LOG_WARN, "hermod-proxy: quota: " HM_F "@" HM_F ": " HM_F,
		       HM_P(v->path), HM_P(v->version), HM_P(hm_err_str(&err)));
	}
	hm_err_free(&err);
	return gone;
}

/* Down to `to` bytes. -1: it cannot be reached now. */
static int
trim_batch(struct trim *t, int64_t to, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct facts_list list = { 0 };
	int64_t now = facts_totals(t->facts).bytes;
	bool any = false;
	int rc = facts_least_used(t->facts, &a, BATCH, &list, err);

	for (size_t i = 0; i < list.n && now > to && !facts_stopping(t->facts); i++) {
		if (!trim_one(t, &list.v[i]))
			continue;
		any = true;
		now -= bytes_of(&list.v[i]);
	}
	hm_arena_free(&a);
	if (rc == 0 && !any && !facts_stopping(t->facts))
		rc = hm_err_set(err, HM_EOFF, "what is left is in use, or no upstream has it");
	return rc ? -1 : facts_flush(t->facts, err);
}

void
trim_tick(void *ctx, struct facts *f)
{
	struct trim t = { .p = ctx, .facts = f };
	int64_t quota = t.p->quota.bytes;
	struct hm_err err = { 0 };
	int rc = 0;

	if (quota <= 0 || facts_totals(f).bytes <= quota)
		return;
	while (rc == 0 && facts_totals(f).bytes > quota / 10 * 9 && !facts_stopping(f))
		rc = trim_batch(&t, quota / 10 * 9, &err);
	meter_add(t.p->meter, METER_TRIMMED, (int64_t)t.versions);
	if (t.versions)
		hm_log(&t.p->log, HM_LOG_INFO,
		       "hermod-proxy: quota: %llu versions removed, %llu bytes",
		       (unsigned long long)t.versions, (unsigned long long)t.bytes);
	rc = facts_totals(f).bytes > quota ? rc : 0;
	if (rc && !t.p->quota.warned)
		hm_log(&t.p->log, HM_LOG_WARN,
		       "hermod-proxy: quota: still %lld bytes above it: " HM_F,
		       (long long)(facts_totals(f).bytes - quota), HM_P(hm_err_str(&err)));
	t.p->quota.warned = rc != 0;
	hm_err_free(&err);
}
