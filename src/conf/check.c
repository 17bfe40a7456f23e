/* Settings that are wrong, and what to say about them. */
#include "base/path.h"
#include "conf/platform.h"
#include "conf/resolve.h"
#include "os/file.h"

/*
 * buildcfg.Error: of several wrong variables go reports the last it looks at.
 * GOAMD64 and GOARM are looked at before GOARM64, which forgets about them; the
 * compiler is the one to refuse those.
 */
void
hm_conf_resolve_check(struct hm_conf *c)
{
	static const char *const names[] = { "GOARM64",   "GOMIPS", "GOMIPS64",     "GOPPC64",
		                             "GORISCV64", "GOWASM", "GOEXPERIMENT", "GOFIPS140" };
	hm_str os = hm_env_or_empty(&c->env, "GOOS"), arch = hm_env_or_empty(&c->env, "GOARCH");
	struct hm_err err = { 0 };
	struct hm_experiment e;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		hm_str v = hm_env_or_empty(&c->env, names[i]);

		if (v.n == 0)
			continue;
		if (hm_str_eqz(HM_S("GOEXPERIMENT"), names[i]))
			(void)hm_experiment_parse(c->gominor, os.n ? os : c->gohostos,
			                          arch.n ? arch : c->gohostarch, v, &e, &err);
		else
			(void)hm_platform_check_var(hm_str_of(names[i]), v, &err);
	}
	if (err.code != HM_OK)
		c->check_err = hm_arena_dup(&c->arena, hm_err_str(&err));
	hm_err_free(&err);
}

int
hm_conf_check(const struct hm_conf *c, struct hm_err *err)
{
	if (c->check_err.n)
		return hm_err_set(err, HM_EUSAGE, HM_F, HM_P(c->check_err));
	if (c->experiment_err.n)
		return hm_err_set(err, HM_EINVALID, HM_F, HM_P(c->experiment_err));
	return 0;
}

int
hm_conf_check_goroot(const struct hm_conf *c, struct hm_err *err)
{
	if (c->goroot.n == 0 || hm_file_is_dir(c->goroot.p))
		return 0;
	return hm_err_set(err, HM_EUSAGE, "cannot find GOROOT directory: " HM_F, HM_P(c->goroot));
}

bool
hm_conf_gopath_is_goroot(const struct hm_conf *c)
{
	struct hm_arena a = { 0 };
	bool same = c->goroot.n && hm_str_eq(hm_path_clean(&a, c->gopath),
	                                     hm_path_clean(&a, c->goroot));

	hm_arena_free(&a);
	return same;
}

int
hm_conf_check_gopath(const struct hm_conf *c, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str rest = c->gopath, p, q;
	int rc = 0;

	if (hm_conf_gopath_is_goroot(c))
		return 0;
	while (rc == 0 && hm_str_next(&rest, ':', &p)) {
		q = hm_str_quote(&a, p);
		if (hm_str_has_prefix(p, HM_S("~")))
			rc = hm_err_set(err, HM_EUSAGE,
			                "GOPATH entry cannot start with shell metacharacter "
			                "'~': " HM_F,
			                HM_P(q));
		else if (p.n && !hm_path_is_abs(p))
			rc = hm_err_set(err, HM_EUSAGE,
			                "GOPATH entry is relative; must be absolute path: " HM_F
			                ".\nFor more details see: 'go help gopath'",
			                HM_P(q));
	}
	hm_arena_free(&a);
	return rc;
}
