#include "cli/listing.h"

#include "load/listjson.h"
#include "load/modinfo.h"
#include "load/pkg.h"

bool
hm_listing_wants(const struct hm_listing *l, const char *names)
{
	hm_str rest = hm_str_of(names), name;

	if (l->fields.n == 0)
		return true;
	while (hm_str_next(&rest, ',', &name))
		if (hm_strs_has(&l->fields, name))
			return true;
	return false;
}

int
hm_listing_fatal(struct hm_listing *l, struct hm_err *err, const char *fmt, ...)
{
	struct hm_buf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	hm_buf_vprintf(&b, fmt, ap);
	va_end(ap);
	hm_cli_errorf(l->cli, HM_F, HM_P(hm_buf_str(&b)));
	hm_buf_free(&b);
	hm_cli_set_status(l->cli, 1);
	return hm_err_set(err, HM_EREPORTED, "reported");
}

static int
context_func(void *ctx, hm_str arg, const void **out, struct hm_err *err)
{
	const struct hm_listing *l = ctx;

	(void)arg, (void)err;
	*out = l->ctx;
	return 0;
}

static int
module_func(void *ctx, hm_str arg, const void **out, struct hm_err *err)
{
	struct hm_listing *l = ctx;

	*out = hm_modinfo_named(l->ml, &l->cli->arena, hm_arena_dup(&l->cli->arena, arg), err);
	return *out || err->msg.n == 0 ? 0 : -1;
}

static const struct hm_template_func funcs[] = {
	{ "context", false, &hm_build_ctx_type, context_func },
	{ "module", true, &hm_modinfo_type, module_func },
};

int
hm_listing_start(struct hm_listing *l, const char *default_format, struct hm_err *err)
{
	struct hm_err why = { 0 };
	int rc;

	l->last = '\n';
	if (l->json)
		return 0;
	if (l->format.n == 0)
		l->format = hm_str_of(default_format);
	rc = hm_template_parse(&l->cli->arena, "main", l->format, funcs,
	                       sizeof(funcs) / sizeof(funcs[0]), &l->tmpl, &why);
	if (rc)
		hm_listing_fatal(l, err, HM_F, HM_P(hm_err_str(&why)));
	hm_err_free(&why);
	return rc;
}

int
hm_listing_put(struct hm_listing *l, const struct hm_type *type, const void *obj,
               struct hm_err *err)
{
	struct hm_buf b = { 0 };
	struct hm_err why = { 0 };
	int rc = 0;

	if (l->json)
		hm_listjson_write(&b, type, obj, l->fields.n ? &l->fields : NULL);
	else
		rc = hm_template_exec(l->tmpl, type, obj, l, &b, &why);
	if (b.n > 0)
		l->last = b.p[b.n - 1];
	if (rc == 0 && l->last != '\n') {
		hm_buf_addc(&b, '\n');
		l->last = '\n';
	}
	if (b.n > 0)
		hm_cli_out(l->cli, hm_buf_str(&b));
	hm_buf_free(&b);
	if (rc)
		hm_listing_fatal(l, err, HM_F, HM_P(hm_err_str(&why)));
	hm_err_free(&why);
	return rc;
}
