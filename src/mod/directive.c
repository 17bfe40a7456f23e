#include "mod/directive.h"

#include "mod/gover.h"
#include "mod/modpath.h"
#include "mod/modtext.h"

void
hm_directive_set(struct hm_directive *d, const struct hm_mod_block *block, struct hm_mod_line *line)
{
	d->block = block;
	d->line = line;
	d->verb = block ? block->token.v[0] : line->token.v[0];
	d->arg = line->token.v + !block;
	d->n = line->token.n - !block;
}

/* "file:line:col: ", the column only if it says something. */
static void
add_position(struct hm_directive *d, struct hm_mod_pos at, enum hm_code code)
{
	if (d->errors.n)
		hm_buf_addc(&d->errors, '\n');
	else
		d->code = code;
	if (at.col > 1)
		hm_buf_printf(&d->errors, HM_F ":%u:%u: ", HM_P(d->file), at.line, at.col);
	else
		hm_buf_printf(&d->errors, HM_F ":%u: ", HM_P(d->file), at.line);
}

void
hm_directive_fail(struct hm_directive *d, struct hm_mod_pos at, const char *fmt, ...)
{
	va_list ap;

	add_position(d, at, HM_ESYNTAX);
	va_start(ap, fmt);
	hm_buf_vprintf(&d->errors, fmt, ap);
	va_end(ap);
}

void
hm_directive_fail_err(struct hm_directive *d, hm_str path, struct hm_err *e)
{
	add_position(d, d->line->start, e->code == HM_EINVALID ? HM_ESYNTAX : e->code);
	if (path.n)
		hm_buf_printf(&d->errors, HM_F " " HM_F ": ", HM_P(d->verb), HM_P(path));
	hm_buf_adds(&d->errors, hm_err_str(e));
	hm_err_free(e);
}

int
hm_directive_finish(struct hm_directive *d, struct hm_err *err)
{
	int r = 0;

	if (d->errors.n)
		r = hm_err_set(err, d->code, HM_F, HM_P(hm_buf_str(&d->errors)));
	hm_buf_free(&d->errors);
	return r;
}

/* Go's reason why token is no string, or NULL; other quotes are kept for the future. */
static const char *
read_string(struct hm_arena *a, hm_str *token, hm_str *out)
{
	*out = *token;
	if (token->n && token->p[0] == '"') {
		if (!hm_modtext_unquote(a, *token, out))
			return "invalid syntax";
	} else {
		for (size_t i = 0; i < token->n; i++)
			if (strchr("\"'`", token->p[i]) && token->p[i])
				return "unquoted string cannot contain quote";
	}
	*token = hm_mod_auto_quote(a, *out);
	return NULL;
}

bool
hm_directive_string(struct hm_directive *d, hm_str *token, hm_str *out)
{
	const char *why = read_string(d->arena, token, out);

	if (why)
		hm_directive_fail(d, d->line->start, "invalid quoted string: %s", why);
	return why == NULL;
}

/* Sets e to `verb path: version "v" invalid: why`. */
static int
bad_version(const struct hm_directive *d, hm_str path, hm_str version, const char *why,
            struct hm_err *e)
{
	struct hm_buf b = { 0 };

	hm_buf_adds(&b, d->verb);
	if (path.n) {
		hm_buf_addc(&b, ' ');
		hm_buf_adds(&b, path);
	}
	hm_buf_addz(&b, ": version ");
	hm_buf_quote(&b, version);
	hm_buf_printf(&b, " invalid: %s", why);
	hm_err_set(e, HM_EINVALID, HM_F, HM_P(hm_buf_str(&b)));
	hm_buf_free(&b);
	return -1;
}

static int
fix_version(const struct hm_directive *d, hm_str path, const struct hm_gomod_fixer *fixer,
            hm_str version, hm_str *out, struct hm_err *e)
{
	bool about_module = false;

	if (fixer->fix(fixer->ctx, d->arena, path, version, out, &about_module, e) == 0) {
		*out = hm_arena_dup(d->arena, *out);
		return 0;
	}
	if (!about_module)
		return -1;
	if (path.n == 0)
		return hm_err_wrap(e, HM_F ": ", HM_P(d->verb));
	return hm_err_wrap(e, HM_F " " HM_F ": ", HM_P(d->verb), HM_P(path));
}

int
hm_directive_version(struct hm_directive *d, hm_str path, const struct hm_gomod_fixer *fixer,
                     hm_str *token, hm_str *out, struct hm_err *e)
{
	const char *why = read_string(d->arena, token, out);

	if (why)
		return bad_version(d, path, *token, why, e);
	if (fixer) {
		if (fix_version(d, path, fixer, *out, out, e))
			return -1;
	} else {
		hm_str given = *out;

		*out = hm_modpath_canonical_version(d->arena, given);
		if (out->n == 0)
			return bad_version(d, path, given, "must be of the form v1.2.3", e);
	}
	*token = *out;
	return 0;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * The language version at the front of what later go versions may write:
 * ^v?(([1-9][0-9]*)\.(0|[1-9][0-9]*))([^0-9].*)$
 */
static bool
lax_version(hm_str x, hm_str *out)
{
	size_t i = 0, dot;

	hm_str_cut_prefix(&x, HM_S("v"));
	while (i < x.n && is_digit(x.p[i]))
		i++;
	if (i == 0 || x.p[0] == '0' || i == x.n || x.p[i] != '.')
		return false;
	dot = i++;
	while (i < x.n && is_digit(x.p[i]))
		i++;
	if (i == dot + 1 || (x.p[dot + 1] == '0' && i > dot + 2) || i == x.n ||
	    hm_str_index_byte(hm_str_from(x, i + 1), '\n') >= 0)
		return false;
	*out = hm_str_sub(x, 0, i);
	return true;
}

/* One argument, and no such directive before. */
static bool
is_single(struct hm_directive *d, const struct hm_mod_line *earlier)
{
	if (earlier)
		hm_directive_fail(d, d->line->start, "repeated " HM_F " statement", HM_P(d->verb));
	else if (d->n != 1)
		hm_directive_fail(d, d->line->start,
		                  HM_F " directive expects exactly one argument", HM_P(d->verb));
	return !earlier && d->n == 1;
}

bool
hm_directive_go(struct hm_directive *d, bool lax, struct hm_mod_line **line, hm_str *version)
{
	if (!is_single(d, *line))
		return false;
	if (!hm_gover_valid_in_gomod(d->arg[0]) && !(lax && lax_version(d->arg[0], &d->arg[0]))) {
		hm_directive_fail(d, d->line->start,
		                  "invalid go version '" HM_F "': must match format 1.23.0",
		                  HM_P(d->arg[0]));
		return false;
	}
	*line = d->line;
	*version = d->arg[0];
	return true;
}

bool
hm_directive_toolchain(struct hm_directive *d, struct hm_mod_line **line, hm_str *name)
{
	if (!is_single(d, *line))
		return false;
	if (!hm_gover_valid_toolchain_in_gomod(d->arg[0])) {
		hm_directive_fail(d, d->line->start,
		                  "invalid toolchain version '" HM_F
		                  "': must match format go1.23.0 or default",
		                  HM_P(d->arg[0]));
		return false;
	}
	*line = d->line;
	*name = d->arg[0];
	return true;
}

bool
hm_directive_godebug(struct hm_directive *d, struct hm_gomod_godebugs *list)
{
	struct hm_gomod_godebug g = { .syntax = d->line };
	bool ok = d->n == 1 && hm_str_cut(d->arg[0], '=', &g.key, &g.value);

	for (size_t i = 0; ok && i < d->arg[0].n; i++)
		ok = d->arg[0].p[i] == '\0' || !strchr("\"`',", d->arg[0].p[i]);
	if (!ok) {
		hm_directive_fail(d, d->line->start, "usage: godebug key=value");
		return false;
	}
	HM_PUSH(d->arena, *list, g);
	return true;
}

/* The new module of a replacement: a folder without version, or a path with one. */
static bool
check_target(struct hm_directive *d, hm_str path, bool has_version)
{
	bool dir = hm_gomod_is_dir(path);
	struct hm_buf b = { 0 };

	if (has_version && dir) {
		hm_buf_quote(&b, path);
		hm_directive_fail(d, d->line->start,
		                  "replacement module directory path " HM_F " cannot have version",
		                  HM_P(hm_buf_str(&b)));
		hm_buf_free(&b);
		return false;
	}
	if (has_version)
		return true;
	if (!dir && hm_str_index_byte(path, '@') >= 0) {
		hm_directive_fail(d, d->line->start, "replacement module must match format "
		                                     "'path version', not 'path@version'");
		return false;
	}
	if (!dir) {
		hm_directive_fail(d, d->line->start,
		                  "replacement module without version must be directory path "
		                  "(rooted or starting with . or ..)");
		return false;
	}
	if (hm_str_index_byte(path, '\\') >= 0) {
		hm_directive_fail(d, d->line->start, "replacement directory appears to be Windows "
		                                     "path (on a non-windows system)");
		return false;
	}
	return true;
}

/* The old module: path and, if has_version, version. */
static bool
read_source(struct hm_directive *d, bool has_version, struct hm_modver *from)
{
	struct hm_err e = { 0 };
	hm_str prefix, major;

	if (!hm_directive_string(d, &d->arg[0], &from->path))
		return false;
	if (!hm_modpath_split(from->path, &prefix, &major)) {
		hm_err_set(&e, HM_EINVALID, "invalid module path");
		hm_directive_fail_err(d, from->path, &e);
		return false;
	}
	if (!has_version)
		return true;
	if (hm_directive_version(d, from->path, d->fixer, &d->arg[1], &from->version, &e)) {
		hm_directive_fail_err(d, HM_S(""), &e);
		return false;
	}
	if (hm_modpath_check_major(from->version, major, &e)) {
		hm_directive_fail_err(d, from->path, &e);
		return false;
	}
	return true;
}

bool
hm_directive_replace(struct hm_directive *d, struct hm_gomod_replaces *list)
{
	struct hm_gomod_replace r = { .syntax = d->line };
	struct hm_err e = { 0 };
	size_t arrow = d->n >= 2 && hm_str_eqz(d->arg[1], "=>") ? 1 : 2;

	if (d->n < arrow + 2 || d->n > arrow + 3 || !hm_str_eqz(d->arg[arrow], "=>")) {
		hm_directive_fail(d, d->line->start,
		                  "usage: " HM_F " module/path [v1.2.3] => other/module v1.4\n"
		                  "\t or " HM_F " module/path [v1.2.3] => ../local/directory",
		                  HM_P(d->verb), HM_P(d->verb));
		return false;
	}
	if (!read_source(d, arrow == 2, &r.from) ||
	    !hm_directive_string(d, &d->arg[arrow + 1], &r.to.path))
		return false;
	if (d->n == arrow + 3 && hm_directive_version(d, r.to.path, d->fixer, &d->arg[arrow + 2],
	                                              &r.to.version, &e)) {
		hm_directive_fail_err(d, HM_S(""), &e);
		return false;
	}
	if (!check_target(d, r.to.path, d->n == arrow + 3))
		return false;
	HM_PUSH(d->arena, *list, r);
	return true;
}

bool
hm_directive_is_indirect(const struct hm_mod_line *line)
{
	hm_str text, first, second;

	if (line->com.suffix.n == 0)
		return false;
	text = line->com.suffix.v[0].token;
	hm_str_cut_prefix(&text, HM_S("//"));
	if (!hm_str_next_field(&text, &first))
		return false;
	return hm_str_eqz(first, hm_str_next_field(&text, &second) ? "indirect;" : "indirect");
}
