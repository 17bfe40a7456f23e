/*
 * check.c - hermod-vendor check and repair: findings for people and programs.
 */
#include "codec/json.h"
#include "tool.h"

static void
put_finding(struct tool *t, const struct hm_vendor_check *c, const struct hm_vendor_finding *f)
{
	if (f->name.n) {
		hm_buf_adds(&t->out, tool_shown(t, c, f->name));
		if (f->line)
			hm_buf_printf(&t->out, ":%u", f->line);
		hm_buf_addz(&t->out, ": ");
	}
	hm_buf_adds(&t->out, f->text);
	hm_buf_addc(&t->out, '\n');
}

static void
put_summary(struct tool *t, const struct hm_vendor_check *c)
{
	hm_str dir = tool_shown(t, c, HM_S(""));
	size_t local = 0;

	for (size_t i = 0; i < c->sources.n; i++)
		local += c->sources.v[i].proof == HM_PROOF_LOCAL;
	hm_buf_printf(&t->out, HM_F ": %zu file%s of %zu module%s verified", HM_P(dir), c->layout.n,
	              c->layout.n == 1 ? "" : "s", c->sources.n - local,
	              c->sources.n - local == 1 ? "" : "s");
	if (local)
		hm_buf_printf(&t->out, ", %zu module%s compared with the folder that replaces %s",
		              local, local == 1 ? "" : "s", local == 1 ? "it" : "them");
	hm_buf_addc(&t->out, '\n');
}

static void
put_json(struct tool *t, const struct hm_vendor_check *c)
{
	struct hm_json_out w = { .out = &t->out, .indent = "\t" };

	hm_json_begin_object(&w);
	hm_json_member_str(&w, "Vendor", tool_shown(t, c, HM_S("")));
	hm_json_member_int(&w, "Modules", (int64_t)c->sources.n);
	hm_json_member_int(&w, "Files", (int64_t)c->layout.n);
	hm_json_key(&w, "Findings");
	hm_json_begin_array(&w);
	for (size_t i = 0; i < c->findings.n; i++) {
		const struct hm_vendor_finding *f = &c->findings.v[i];

		hm_json_begin_object(&w);
		if (f->name.n)
			hm_json_member_str(&w, "File", tool_shown(t, c, f->name));
		hm_json_member_opt_int(&w, "Line", f->line);
		hm_json_member_str(&w, "Fault", hm_str_of(hm_vendor_fault_name(f->fault)));
		hm_json_member_opt_str(&w, "Module", f->mod.path);
		hm_json_member_opt_str(&w, "Version", f->mod.version);
		hm_json_member_str(&w, "Text", f->text);
		hm_json_end_object(&w);
	}
	hm_json_end_array(&w);
	hm_json_end_object(&w);
	hm_buf_addc(&t->out, '\n');
}

int
cmd_check(struct tool *t, int argc, char **argv, struct hm_err *err)
{
	struct hm_vendor_plan plan;
	struct hm_vendor_check c;
	struct hm_modules *mods;

	(void)argc, (void)argv;
	if (tool_check(t, &mods, &plan, &c, err))
		return -1;
	if (c.findings.n)
		t->status = 1;
	if (t->opts.json) {
		put_json(t, &c);
		return 0;
	}
	for (size_t i = 0; i < c.findings.n; i++)
		put_finding(t, &c, &c.findings.v[i]);
	if (c.findings.n == 0)
		put_summary(t, &c);
	return 0;
}

/* Nothing vouches for its module: left alone. */
static bool
is_left(const struct hm_vendor_check *c, const struct hm_vendor_finding *f)
{
	const struct hm_vendor_source *s = hm_map_get(&c->sources.by_path, f->mod.path);

	return f->fault == HM_FAULT_UNVERIFIED || (f->file && s && s->proof == HM_PROOF_NONE);
}

int
cmd_repair(struct tool *t, int argc, char **argv, struct hm_err *err)
{
	struct hm_vendor_plan plan;
	struct hm_vendor_check c;
	struct hm_modules *mods;
	size_t done;

	(void)argc, (void)argv;
	if (tool_check(t, &mods, &plan, &c, err) || hm_vendor_repair(&c, &done, err))
		return -1;
	for (size_t i = 0; i < c.findings.n; i++) {
		const struct hm_vendor_finding *f = &c.findings.v[i];

		if (is_left(&c, f))
			t->status = 1;
		else
			hm_buf_addz(&t->out,
			            f->fault == HM_FAULT_EXTRA ? "removed: " : "restored: ");
		put_finding(t, &c, f);
	}
	if (c.findings.n == 0)
		put_summary(t, &c);
	return 0;
}
