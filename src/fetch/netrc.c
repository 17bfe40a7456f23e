#include "fetch/auth.h"

#include "base/path.h"
#include "os/file.h"

#define NETRC_MAX ((size_t)4 << 20)

/* Takes "name value" tokens of one line into the entry under construction. */
static bool
parse_line(struct hm_arena *a, hm_str line, struct hm_netrc_line *l, struct hm_netrc *out,
           bool *in_macro)
{
	hm_str name, value;

	while (hm_str_next_field(&line, &name)) {
		if (!hm_str_next_field(&line, &value))
			return !hm_str_eqz(name, "default");
		if (hm_str_eqz(name, "machine"))
			*l = (struct hm_netrc_line){ .machine = value };
		else if (hm_str_eqz(name, "login"))
			l->login = value;
		else if (hm_str_eqz(name, "password"))
			l->password = value;
		else if (hm_str_eqz(name, "macdef"))
			*in_macro = true;
		if (l->machine.n && l->login.n && l->password.n) {
			HM_PUSH(a, *out, *l);
			*l = (struct hm_netrc_line){ 0 };
		}
	}
	return true;
}

void
hm_netrc_parse(struct hm_arena *a, hm_str text, struct hm_netrc *out)
{
	struct hm_netrc_line l = { 0 };
	bool in_macro = false;
	hm_str line;

	while (hm_str_next(&text, '\n', &line)) {
		if (in_macro)
			in_macro = line.n > 0;
		else if (!parse_line(a, line, &l, out, &in_macro))
			return;
	}
}

int
hm_netrc_load(struct hm_arena *a, const struct hm_env *env, struct hm_netrc *out,
              struct hm_err *err)
{
	hm_str path = hm_env_or_empty(env, "NETRC"), home = hm_env_or_empty(env, "HOME"), text;

	if (path.n == 0) {
		if (home.n == 0)
			return hm_err_set(err, HM_EINVALID, "$HOME is not defined");
		path = hm_path_join(a, home, HM_S(".netrc"));
	}
	if (hm_file_read(a, path.p, NETRC_MAX, &text, err) < 0) {
		if (!hm_err_is(err, HM_ENOTFOUND))
			return -1;
		hm_err_clear(err);
		return 0;
	}
	hm_netrc_parse(a, text, out);
	return 0;
}
