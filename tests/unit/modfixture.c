#include "unit/unit.h"

#include "unit/modfixture.h"

#include "acquire/acquire.h"
#include "base/path.h"
#include "conf/conf.h"
#include "mod/modpath.h"
#include "mod/modver.h"
#include "os/file.h"

static void
say(void *ctx, enum hm_log_level level, hm_str line)
{
	struct modfixture *f = ctx;

	(void)level;
	hm_buf_adds(&f->said, line);
	hm_buf_addc(&f->said, '\n');
}

static void
write_file(struct modfixture *f, hm_str name, hm_str text)
{
	struct hm_modver m;
	hm_str path = hm_path_join(&f->arena, f->dir, name), escaped;

	if (hm_modver_cut(name, &m)) {
		assert_ok(hm_modpath_escape(&f->arena, m.path, &escaped, &f->err), &f->err);
		path = hm_arena_printf(&f->arena, HM_F "/../cache/cache/download/" HM_F "/@v/"
		                       HM_F ".mod", HM_P(f->dir), HM_P(escaped), HM_P(m.version));
		path = hm_path_clean(&f->arena, path);
	}
	assert_ok(hm_dir_make_all(hm_arena_cstr(&f->arena, hm_path_dir(&f->arena, path)), &f->err),
	          &f->err);
	assert_ok(hm_file_write(hm_arena_cstr(&f->arena, path), text, 0644, &f->err), &f->err);
}

static void
write_files(struct modfixture *f, hm_str text)
{
	hm_str line, name = { 0 };
	const char *start = text.p;

	while (hm_str_next(&text, '\n', &line)) {
		hm_str head = line;

		if (!hm_str_cut_prefix(&head, HM_S("-- ")) ||
		    !hm_str_cut_suffix(&head, HM_S(" --")))
			continue;
		if (name.p)
			write_file(f, name, hm_str_make(start, (size_t)(line.p - start)));
		name = head;
		start = text.p;
	}
	if (name.p)
		write_file(f, name, hm_str_of(start ? start : ""));
}

void
modfixture_open(struct modfixture *f, const char *files, const char *sub)
{
	struct hm_env env = { .vars.arena = &f->arena };
	struct hm_acquire_opts opts = { 0 };
	hm_str top;

	memset(f, 0, sizeof(*f));
	env.vars.arena = &f->arena;
	assert_ok(hm_dir_make_temp(&f->arena, "/tmp", "hermod-unit-", &top, &f->err), &f->err);
	f->dir = hm_path_join(&f->arena, top, HM_S("w"));
	write_files(f, hm_str_of(files));
	hm_env_set(&env, "HOME", top);
	hm_env_set(&env, "GOENV", HM_S("off"));
	hm_env_set(&env, "GOFLAGS", HM_S(""));
	hm_env_set(&env, "GOSUMDB", HM_S("off"));
	hm_env_set(&env, "GOPROXY", HM_S("off"));
	hm_env_set(&env, "GOMODCACHE", hm_path_join(&f->arena, top, HM_S("cache")));
	f->conf = hm_conf_new(HM_CONF_GO, &env,
	                      hm_path_join(&f->arena, f->dir, hm_str_of(sub)), &f->err);
	assert_non_null(f->conf);
	f->log = (struct hm_log){ .write = say, .ctx = f };
	opts.conf = f->conf;
	opts.log = &f->log;
	f->acquire = hm_acquire_new(&opts);
	assert_non_null(f->acquire);
	f->ml = (struct hm_modload){ .arena = &f->arena, .conf = f->conf, .acquire = f->acquire,
		                     .log = &f->log, .cmd = HM_S("mod graph"),
		                     .local_go = HM_S("1.26.8") };
}

void
modfixture_close(struct modfixture *f)
{
	hm_modload_free(&f->ml);
	hm_acquire_free(f->acquire);
	hm_conf_free(f->conf);
	hm_dir_remove_all(hm_arena_cstr(&f->arena, hm_path_dir(&f->arena, f->dir)), true, &f->err);
	hm_buf_free(&f->said);
	hm_err_free(&f->err);
	hm_arena_free(&f->arena);
}

hm_str
modfixture_read(struct modfixture *f, const char *name)
{
	hm_str out;

	assert_ok(hm_file_read(&f->arena, hm_path_join(&f->arena, f->dir, hm_str_of(name)).p,
	                       1 << 20, &out, &f->err), &f->err);
	return out;
}

hm_str
modfixture_error(struct modfixture *f, int rc)
{
	struct hm_buf b = { 0 };
	hm_str text = rc ? hm_err_str(&f->err) : HM_S("");
	ptrdiff_t i;

	while ((i = hm_str_index(text, f->dir)) >= 0) {
		hm_buf_add(&b, text.p, (size_t)i);
		hm_buf_addc(&b, 'W');
		text = hm_str_from(text, (size_t)i + f->dir.n);
	}
	hm_buf_adds(&b, text);
	return hm_buf_take(&b, &f->arena);
}
