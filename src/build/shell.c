#include "build/shell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "build/builder.h"
#include "build/exec.h"
#include "load/pkgload.h"
#include "os/file.h"
#include "os/spawn.h"

/* More than this much of arguments goes through a file: the kernel takes 2 MiB. */
enum { ARGS_MAX = 1 << 20 };

struct hm_shell {
	pthread_mutex_t print; /* output and dir */
	pthread_mutex_t lock;  /* made */
	struct hm_arena arena, made_arena;
	hm_str dir;            /* the folder of the shown script */
	struct hm_map made;
};

struct hm_shell *
hm_shell_new(void)
{
	struct hm_shell *s = hm_mem_new(sizeof(*s));

	pthread_mutex_init(&s->print, NULL);
	pthread_mutex_init(&s->lock, NULL);
	s->made.arena = &s->made_arena;
	return s;
}

void
hm_shell_free(struct hm_shell *s)
{
	if (!s)
		return;
	pthread_mutex_destroy(&s->print);
	pthread_mutex_destroy(&s->lock);
	hm_arena_free(&s->arena);
	hm_arena_free(&s->made_arena);
	free(s);
}

static void
print_locked(struct hm_action *a, hm_str text)
{
	const struct hm_build_ui *ui = &a->builder->o.ui;

	if (text.n)
		ui->print(ui->ctx, a->pkg, text);
}

void
hm_shell_print(struct hm_action *a, hm_str text)
{
	struct hm_shell *s = a->builder->shell;

	pthread_mutex_lock(&s->print);
	print_locked(a, text);
	pthread_mutex_unlock(&s->print);
}

void
hm_shell_error(struct hm_action *a, hm_str text)
{
	const struct hm_build_ui *ui = &a->builder->o.ui;
	struct hm_shell *s = a->builder->shell;

	pthread_mutex_lock(&s->print);
	ui->error(ui->ctx, a->pkg, text);
	pthread_mutex_unlock(&s->print);
}

void
hm_shell_flush(struct hm_action *a)
{
	if (a->output.n)
		hm_shell_print(a, hm_buf_str(&a->output));
	hm_buf_clear(&a->output);
}

/* s with every `old` replaced. */
static hm_str
replace_all(struct hm_arena *a, hm_str s, hm_str old, hm_str with)
{
	struct hm_buf b = { 0 };
	ptrdiff_t i;

	if (old.n == 0 || !hm_str_contains(s, old))
		return s;
	while ((i = hm_str_index(s, old)) >= 0) {
		hm_buf_adds(&b, hm_str_sub(s, 0, (size_t)i));
		hm_buf_adds(&b, with);
		s = hm_str_from(s, (size_t)i + old.n);
	}
	hm_buf_adds(&b, s);
	return hm_buf_take(&b, a);
}

/* The same where `old` stands at the start of a line or behind a blank. */
static hm_str
replace_prefix(struct hm_arena *a, hm_str s, hm_str old, hm_str with)
{
	static const char *const before[] = { " ", "\n", "\n\t" };

	for (size_t i = 0; i < 3; i++)
		s = replace_all(a, s, hm_arena_printf(a, "%s" HM_F, before[i], HM_P(old)),
		                hm_arena_printf(a, "%s" HM_F, before[i], HM_P(with)));
	if (hm_str_has_prefix(s, old))
		s = hm_arena_printf(a, HM_F HM_F, HM_P(with), HM_P(hm_str_from(s, old.n)));
	return s;
}

static hm_str
with_work(struct hm_action *a, hm_str cmd)
{
	if (hm_str_has_prefix(cmd, HM_S("cat ")))
		return cmd;
	return replace_all(&a->arena, cmd, a->builder->workdir, HM_S("$WORK"));
}

void
hm_shell_show(struct hm_action *a, hm_str dir, const char *fmt, ...)
{
	struct hm_shell *s = a->builder->shell;
	struct hm_arena *ar = &a->arena;
	va_list ap;
	hm_str cmd;

	va_start(ap, fmt);
	cmd = with_work(a, hm_arena_vprintf(ar, fmt, ap));
	va_end(ap);
	pthread_mutex_lock(&s->print);
	if (dir.n && !hm_str_eqz(dir, "/")) {
		if (!hm_str_eq(dir, s->dir)) {
			print_locked(a,
			             with_work(a, hm_arena_printf(ar, "cd " HM_F "\n", HM_P(dir))));
			s->dir = hm_arena_dup(&s->arena, dir);
		}
		cmd = replace_all(ar, hm_arena_printf(ar, " " HM_F, HM_P(cmd)),
		                  hm_arena_printf(ar, " " HM_F, HM_P(dir)),
		                  dir.p[dir.n - 1] == '/' ? HM_S(" ./") : HM_S(" ."));
		cmd = hm_str_from(cmd, 1);
	}
	print_locked(a, hm_arena_printf(ar, HM_F "\n", HM_P(cmd)));
	pthread_mutex_unlock(&s->print);
}

hm_str
hm_shell_join(struct hm_arena *a, const struct hm_strs *words)
{
	struct hm_buf b = { 0 };

	for (size_t i = 0; i < words->n; i++) {
		hm_str w = words->v[i], q = hm_str_quote(a, w);
		bool quote = w.n == 0 || q.n > w.n + 2;

		for (size_t j = 0; j < w.n && !quote; j++)
			quote = strchr(" ()>;", w.p[j]) && w.p[j];
		if (i)
			hm_buf_addc(&b, ' ');
		hm_buf_adds(&b, quote ? q : w);
	}
	return hm_buf_take(&b, a);
}

static void
show_command(struct hm_action *a, hm_str dir, const struct hm_strs *env,
             const struct hm_strs *argv)
{
	struct hm_buf line = { 0 };

	for (size_t i = 0; env && i < env->n; i++) {
		hm_str key, value;

		if (!hm_str_cut(env->v[i], '=', &key, &value))
			continue;
		if (hm_str_index_byte(value, '\'') >= 0)
			hm_buf_printf(&line, HM_F "=" HM_F " ", HM_P(key),
			              HM_P(hm_str_quote(&a->arena, value)));
		else
			hm_buf_printf(&line, HM_F "='" HM_F "' ", HM_P(key), HM_P(value));
	}
	hm_buf_adds(&line, hm_shell_join(&a->arena, argv));
	hm_shell_show(a, dir, HM_F, HM_P(hm_buf_str(&line)));
	hm_buf_free(&line);
}

/* The tools' environment, PWD of dir, and env behind it. */
static const char *const *
child_env(struct hm_action *a, hm_str dir, const struct hm_strs *env)
{
	struct hm_arena *ar = &a->arena;
	struct hm_env e = hm_builder_copy_env(ar, &a->builder->env);

	hm_env_set(&e, "PWD", dir);
	if (a->pkg)
		hm_env_set(&e, "TOOLEXEC_IMPORTPATH", hm_pkg_desc(ar, a->pkg));
	for (size_t i = 0; env && i < env->n; i++) {
		hm_str key, value;

		if (hm_str_cut(env->v[i], '=', &key, &value))
			hm_env_set(&e, hm_arena_dup(ar, key).p, value);
	}
	return hm_env_list(&e, ar);
}

/* One argument a line, as the tools' @file takes them. */
static int
write_args(struct hm_action *a, const struct hm_strs *argv, size_t from, hm_str *file,
           struct hm_err *err)
{
	struct hm_buf b = { 0 };
	int rc;

	for (size_t i = from; i < argv->n; i++) {
		for (size_t j = 0; j < argv->v[i].n; j++) {
			char c = argv->v[i].p[j];

			if (c == '\\')
				hm_buf_addz(&b, "\\\\");
			else if (c == '\n')
				hm_buf_addz(&b, "\\n");
			else
				hm_buf_addc(&b, c);
		}
		hm_buf_addc(&b, '\n');
	}
	*file = hm_arena_printf(&a->arena, HM_F "args", HM_P(a->objdir));
	rc = hm_file_write(file->p, hm_buf_str(&b), 0666, err);
	hm_buf_free(&b);
	return rc;
}

static int
make_argv(struct hm_action *a, const struct hm_strs *argv, const char ***out, struct hm_err *err)
{
	const char **v = HM_NEW_N(&a->arena, argv->n + 1, const char *);
	size_t total = 0, tool = a->builder->o.toolexec.n;
	hm_str file;

	for (size_t i = 0; i < argv->n; i++) {
		if (hm_str_has_prefix(argv->v[i], HM_S("@")))
			return hm_err_set(err, HM_EINVALID,
			                  "invalid command-line argument " HM_F
			                  " in command: " HM_F,
			                  HM_P(argv->v[i]), HM_P(hm_shell_join(&a->arena, argv)));
		v[i] = hm_arena_cstr(&a->arena, argv->v[i]);
		total += argv->v[i].n + 1 + sizeof(char *);
	}
	if (total > ARGS_MAX && tool == 0) {
		if (write_args(a, argv, 1, &file, err))
			return -1;
		v[1] = hm_arena_printf(&a->arena, "@%s", file.p).p;
		v[2] = NULL;
	}
	*out = v;
	return 0;
}

int
hm_shell_run(struct hm_action *a, hm_str dir, const struct hm_strs *env,
             const struct hm_strs *argv, struct hm_shell_out *out, struct hm_err *err)
{
	struct hm_builder *b = a->builder;
	hm_str where = hm_str_eqz(dir, ".") ? b->o.cwd : dir;
	struct hm_spawn s = { .merge = true, .watch = hm_exec_watch, .watch_ctx = b->exec };
	struct hm_spawn_result r;
	const char **v = NULL;

	*out = (struct hm_shell_out){ .text = HM_S("") };
	if (b->o.n || b->o.x)
		show_command(a, dir, env, argv);
	if (b->o.n)
		return 0;
	if (make_argv(a, argv, &v, err))
		return -1;
	s.argv = v;
	s.env = child_env(a, where, env);
	s.dir = hm_arena_cstr(&a->arena, where);
	if (hm_spawn_run(&a->arena, &s, &r, err))
		return -1;
	out->text = r.out;
	out->failed = r.status != 0;
	if (r.signaled)
		out->why = hm_arena_printf(&a->arena, "%s: signal: %s", v[0],
		                           strsignal(r.status - 128));
	else if (r.status)
		out->why = hm_arena_printf(&a->arena, "%s: exit status %d", v[0], r.status);
	return 0;
}

/* Folders from dir up to the root as they are shorter to read from the working folder. */
static hm_str
shorten(struct hm_action *a, hm_str text, hm_str dir)
{
	struct hm_arena *ar = &a->arena;

	text = replace_prefix(ar, text, a->builder->workdir, HM_S("$WORK"));
	for (;;) {
		hm_str rel = hm_load_short_path(ar, a->builder->o.cwd, dir), up;

		if (!hm_str_eq(rel, dir))
			text = replace_prefix(ar, text, dir, rel);
		up = hm_path_dir(ar, dir);
		if (hm_str_eq(up, dir))
			return text;
		dir = up;
	}
}

int
hm_shell_report(struct hm_action *a, hm_str desc, hm_str dir, const struct hm_shell_out *out,
                struct hm_err *err)
{
	struct hm_arena *ar = &a->arena;
	hm_str text = out->text, own = a->pkg ? hm_pkg_desc(ar, a->pkg) : HM_S("");

	if (!text.n)
		return out->failed ? hm_err_set(err, HM_EINVALID, HM_F, HM_P(out->why)) : 0;
	if (!desc.n)
		desc = own;
	if (!dir.n && a->pkg)
		dir = a->pkg->dir;
	if (!hm_str_has_suffix(text, HM_S("\n")))
		text = hm_arena_printf(ar, HM_F "\n", HM_P(text));
	text = shorten(a, text, dir);
	if (a->pkg && !hm_str_eq(desc, own))
		text = hm_arena_printf(ar, "# " HM_F "\n# [" HM_F "]\n" HM_F,
		                       HM_P(a->pkg->import_path), HM_P(desc), HM_P(text));
	else
		text = hm_arena_printf(ar, "# " HM_F "\n" HM_F, HM_P(desc), HM_P(text));
	if (out->failed)
		return hm_err_set(err, HM_EBUILD, HM_F, HM_P(text));
	hm_buf_adds(&a->output, text);
	return 0;
}

int
hm_shell_tool(struct hm_action *a, hm_str dir, hm_str desc, const struct hm_strs *env,
              const struct hm_strs *argv, struct hm_err *err)
{
	struct hm_shell_out out;

	if (hm_shell_run(a, dir, env, argv, &out, err))
		return -1;
	return hm_shell_report(a, desc, dir, &out, err);
}

bool
hm_shell_made(struct hm_action *a, hm_str dir)
{
	struct hm_shell *s = a->builder->shell;
	bool made;

	pthread_mutex_lock(&s->lock);
	made = hm_map_has(&s->made, dir);
	pthread_mutex_unlock(&s->lock);
	return made;
}

static bool
first_time(struct hm_shell *s, hm_str dir)
{
	bool fresh;

	pthread_mutex_lock(&s->lock);
	fresh = !hm_map_has(&s->made, dir);
	if (fresh)
		hm_map_add(&s->made, hm_arena_dup(&s->made_arena, dir));
	pthread_mutex_unlock(&s->lock);
	return fresh;
}

int
hm_shell_mkdir(struct hm_action *a, hm_str dir, struct hm_err *err)
{
	const struct hm_build_opts *o = &a->builder->o;

	if (!dir.n || !first_time(a->builder->shell, dir))
		return 0;
	if (o->n || o->x)
		hm_shell_show(a, HM_S(""), "mkdir -p " HM_F, HM_P(dir));
	return o->n ? 0 : hm_dir_make_all(hm_arena_cstr(&a->arena, dir), err);
}

int
hm_shell_write(struct hm_action *a, hm_str file, hm_str text, struct hm_err *err)
{
	const struct hm_build_opts *o = &a->builder->o;

	if (o->n || o->x) {
		if (!text.n)
			hm_shell_show(a, HM_S(""), "echo -n > " HM_F " # internal", HM_P(file));
		else if (hm_str_index_byte(text, '\n') == (ptrdiff_t)text.n - 1)
			hm_shell_show(a, HM_S(""), "echo '" HM_F "' > " HM_F " # internal",
			              (int)text.n - 1, text.p, HM_P(file));
		else
			hm_shell_show(a, HM_S(""), "cat >" HM_F " << 'EOF' # internal\n" HM_F "EOF",
			              HM_P(file), HM_P(text));
	}
	return o->n ? 0 : hm_file_write(hm_arena_cstr(&a->arena, file), text, 0666, err);
}
