#include "event.h"

#include "codec/json.h"
#include "os/spawn.h"

static const struct {
	const char *name;
	int status;
} kinds[] = {
	[EVENT_VERSION] = { "version", 0 },
	[EVENT_FORK] = { "fork", 3 },
	[EVENT_ROLLBACK] = { "rollback", 4 },
	[EVENT_STALE] = { "stale", 5 },
	[EVENT_UNREACHABLE] = { "unreachable", 6 },
	[EVENT_INVALID] = { "invalid", 1 },
};

bool
event_is_unreachable(const struct hm_err *err)
{
	return err->code == HM_ENET || err->code == HM_EHTTP || err->code == HM_EFORBIDDEN ||
	       hm_code_may_fall_back(err->code);
}

int
event_status(enum event_kind kind)
{
	return kinds[kind].status;
}

static void
put(struct hm_buf *b, const char *name, hm_str value)
{
	if (value.n == 0)
		return;
	hm_buf_printf(b, ",\"%s\":", name);
	hm_json_quote(b, value, false);
}

void
event_json(struct hm_buf *b, const struct event *e)
{
	hm_buf_printf(b, "{\"Event\":\"%s\"", kinds[e->kind].name);
	put(b, "Log", e->log);
	if (e->kind == EVENT_VERSION)
		hm_buf_printf(b, ",\"Record\":%lld", (long long)e->record);
	put(b, "Path", e->path);
	put(b, "Version", e->version);
	put(b, "Lines", e->lines);
	put(b, "Message", e->message);
	if (e->kind == EVENT_STALE)
		hm_buf_printf(b, ",\"Size\":%lld,\"Age\":%lld", (long long)e->size,
		              (long long)e->age);
	put(b, "Before", e->before);
	put(b, "Now", e->now);
	put(b, "Evidence", e->evidence);
	hm_buf_addz(b, "}\n");
}

int
event_hook(hm_str hook, const struct event *e, const struct hm_log *log, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	struct hm_buf json = { 0 };
	const char *argv[] = { "/bin/sh", "-c", hm_arena_cstr(&a, hook), NULL };
	struct hm_spawn s = { .argv = argv, .merge = true, .max_output = 64 << 10 };
	struct hm_spawn_result r;
	int rc = 0;

	if (hook.n) {
		event_json(&json, e);
		s.input = hm_buf_str(&json);
		rc = hm_spawn_run(&a, &s, &r, err);
		if (rc == 0 && r.out.n)
			hm_log(log, HM_LOG_WARN, "hook: " HM_F, HM_P(hm_str_trim(r.out)));
		if (rc == 0 && r.status != 0)
			rc = hm_err_set(err, HM_EIO, "hook: exit status %d", r.status);
	}
	hm_buf_free(&json);
	hm_arena_free(&a);
	return rc;
}
