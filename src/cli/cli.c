/*
 * cli.c - what all verbs share: flags, output, errors, exit status.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/cmd.h"

enum { FLUSH_AT = 1 << 16 };

int
hm_cli_flush(struct hm_cli *cli, struct hm_err *err)
{
	hm_str rest = hm_buf_str(&cli->out);
	int rc = 0;

	while (rest.n && rc == 0) {
		ssize_t k = write(STDOUT_FILENO, rest.p, rest.n);

		if (k >= 0)
			rest = hm_str_from(rest, (size_t)k);
		else if (errno != EINTR)
			rc = hm_err_sys(err, errno, "write /dev/stdout");
	}
	hm_buf_clear(&cli->out);
	return rc;
}

void
hm_cli_out(struct hm_cli *cli, hm_str text)
{
	hm_buf_adds(&cli->out, text);
	if (cli->out.n >= FLUSH_AT) {
		struct hm_err err = { 0 };

		if (hm_cli_flush(cli, &err))
			hm_cli_error(cli, &err);
		hm_err_free(&err);
	}
}

void
hm_cli_printf(struct hm_cli *cli, const char *fmt, ...)
{
	struct hm_buf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	hm_buf_vprintf(&b, fmt, ap);
	va_end(ap);
	hm_cli_out(cli, hm_buf_str(&b));
	hm_buf_free(&b);
}

/* Whole lines in one write, so that those of several threads do not mix. */
static void
to_stderr(struct hm_buf *b)
{
	hm_str rest;

	if (b->n == 0 || b->p[b->n - 1] != '\n')
		hm_buf_addc(b, '\n');
	rest = hm_buf_str(b);
	while (rest.n) {
		ssize_t k = write(STDERR_FILENO, rest.p, rest.n);

		if (k < 0 && errno != EINTR)
			break;
		if (k > 0)
			rest = hm_str_from(rest, (size_t)k);
	}
	hm_buf_free(b);
}

void
hm_cli_errorf(struct hm_cli *cli, const char *fmt, ...)
{
	struct hm_err ignored = { 0 };
	struct hm_buf b = { 0 };
	va_list ap;

	hm_cli_flush(cli, &ignored);
	hm_err_free(&ignored);
	va_start(ap, fmt);
	hm_buf_vprintf(&b, fmt, ap);
	va_end(ap);
	to_stderr(&b);
}

/* What go's checksum checks print when they end the command has no "go: " in front. */
static bool
stands_alone(struct hm_err *err)
{
	static const hm_str starts[] = { HM_S_INIT("verifying "), HM_S_INIT("malformed go.sum:"),
		                         HM_S_INIT("SECURITY ERROR") };

	for (size_t i = 0; err->final && i < sizeof(starts) / sizeof(*starts); i++)
		if (hm_str_has_prefix(hm_err_str(err), starts[i]))
			return true;
	return false;
}

void
hm_cli_error(struct hm_cli *cli, struct hm_err *err)
{
	if (stands_alone(err))
		hm_cli_errorf(cli, HM_F, HM_P(hm_err_str(err)));
	else
		hm_cli_errorf(cli, "%s: " HM_F, cli->self, HM_P(hm_err_str(err)));
	hm_cli_set_status(cli, 1);
}

void
hm_cli_set_status(struct hm_cli *cli, int status)
{
	if (status > cli->exit_status)
		cli->exit_status = status;
}

void
hm_cli_log(void *ctx, enum hm_log_level level, hm_str line)
{
	struct hm_cli *cli = ctx;
	struct hm_buf b = { 0 };

	(void)level;
	if (strcmp(cli->self, "go") != 0 && hm_str_cut_prefix(&line, HM_S("go: ")))
		hm_buf_printf(&b, "%s: ", cli->self);
	hm_buf_adds(&b, line);
	to_stderr(&b);
}

static int
add_flags(struct hm_arena *a, void *target, hm_str value, struct hm_err *err)
{
	struct hm_strs *s = target;

	(void)err;
	HM_PUSH(a, *s, value);
	return 0;
}

/* work.tagsFlag.Set: commas, or (with a deprecated space) fields; sorted use is the loader's. */
static int
set_tags(struct hm_arena *a, void *target, hm_str value, struct hm_err *err)
{
	struct hm_strs *tags = target;
	hm_str f;

	*tags = (struct hm_strs){ 0 };
	if (hm_str_index_byte(value, ' ') >= 0 || hm_str_index_byte(value, '\'') >= 0)
		return hm_flags_split_quoted(a, value, tags, err);
	while (hm_str_next(&value, ',', &f))
		if (f.n)
			HM_PUSH(a, *tags, f);
	return 0;
}

/* work.buildvcsFlag: a boolean or "auto". */
static int
set_buildvcs(struct hm_arena *a, void *target, hm_str value, struct hm_err *err)
{
	static const char *const known[] = { "auto", "true", "false", "1", "0", "t", "f", "T", "F",
		                             "TRUE", "FALSE", "True", "False" };

	(void)a;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (hm_str_eqz(value, known[i])) {
			*(hm_str *)target = i == 0                      ? HM_S("auto") :
			                    strchr("tT1", value.p[0]) ? HM_S("true") :
			                                                  HM_S("false");
			return 0;
		}
	}
	return hm_err_set(err, HM_EUSAGE, "value is neither 'auto' nor a valid bool");
}

static int
ignore_value(struct hm_arena *a, void *target, hm_str value, struct hm_err *err)
{
	(void)a, (void)target, (void)value, (void)err;
	return 0;
}

#define BOOL(n, f) { .name = n, .kind = HM_FLAG_BOOL, .target = &bf->f }
#define STR(n, f) { .name = n, .kind = HM_FLAG_STR, .target = &bf->f }
#define SEEN(n, k, f) { .name = n, .kind = k, .target = &bf->f, .seen = &bf->f##_set }
#define PER_PKG(n, f) { .name = n, .kind = HM_FLAG_FUNC, .target = &bf->f, .set = add_flags }

/* The shared groups of cmd/go/internal/work AddBuildFlags and base AddModFlags. */
static size_t
shared(struct hm_build_flags *bf, unsigned groups, struct hm_flag *out)
{
	const struct hm_flag common[] = {
		BOOL("modcacherw", modcacherw),
		STR("overlay", overlay),
		STR("modfile", modfile),
	};
	const struct hm_flag mod[] = { SEEN("mod", HM_FLAG_STR, mod) };
	const struct hm_flag x[] = { BOOL("x", x) };
	const struct hm_flag build[] = {
		BOOL("x", x),
		BOOL("a", a),
		BOOL("n", n),
		{ .name = "p", .kind = HM_FLAG_INT, .target = &bf->p, .seen = &bf->p_set },
		BOOL("v", v),
		PER_PKG("asmflags", asmflags),
		STR("compiler", compiler),
		STR("buildmode", buildmode),
		PER_PKG("gcflags", gcflags),
		PER_PKG("gccgoflags", gccgoflags),
		PER_PKG("ldflags", ldflags),
		STR("installsuffix", installsuffix),
		BOOL("json", json),
		BOOL("linkshared", linkshared),
		STR("pgo", pgo),
		STR("pkgdir", pkgdir),
		BOOL("race", race),
		BOOL("msan", msan),
		BOOL("asan", asan),
		{ .name = "tags", .kind = HM_FLAG_FUNC, .target = &bf->tags, .set = set_tags },
		{ .name = "toolexec", .kind = HM_FLAG_FIELDS, .target = &bf->toolexec },
		SEEN("trimpath", HM_FLAG_BOOL, trimpath),
		BOOL("work", work),
		{ .name = "buildvcs", .kind = HM_FLAG_BOOL_FUNC, .target = &bf->buildvcs,
		  .set = set_buildvcs, .seen = &bf->buildvcs_set },
		BOOL("cover", cover),
		STR("covermode", covermode),
		STR("coverpkg", coverpkg),
		STR("debug-actiongraph", debug_actiongraph),
		{ .name = "debug-runtime-trace", .kind = HM_FLAG_FUNC, .set = ignore_value },
		STR("debug-trace", debug_trace),
	};
	size_t n = 0;

#define TAKE(list) (memcpy(out + n, list, sizeof(list)), n += sizeof(list) / sizeof(*list))
	if (groups & HM_FLAGS_MOD_COMMON)
		TAKE(common);
	if (groups & HM_FLAGS_MOD)
		TAKE(mod);
	if (groups & HM_FLAGS_BUILD)
		TAKE(build);
	else if (groups & HM_FLAGS_X)
		TAKE(x);
#undef TAKE
	return n;
}

enum { SHARED_MAX = 48 };

int
hm_cli_usage(struct hm_cli *cli, struct hm_err *err)
{
	if (hm_err_str(err).n)
		hm_cli_errorf(cli, HM_F, HM_P(hm_err_str(err)));
	hm_cli_errorf(cli, "usage: %s %s\nRun '%s help %s' for details.", cli->self,
	              cli->cmd->usage, cli->self, cli->cmd->name);
	hm_cli_set_status(cli, 2);
	return hm_err_set(err, HM_EREPORTED, "usage");
}

int
hm_cli_flags(struct hm_cli *cli, const struct hm_flag *own, size_t n, unsigned groups,
             struct hm_build_flags *bf, int *argc, char ***argv, struct hm_err *err)
{
	struct hm_flag *all = HM_NEW_N(&cli->arena, n + SHARED_MAX, struct hm_flag);
	size_t total = n;
	int rest;

	if (n)
		memcpy(all, own, n * sizeof(*own));
	if (groups)
		total += shared(bf, groups, all + n);
	/* env is what people reach for when GOFLAGS is the problem. */
	if (cli->conf->goflags_err.n && strcmp(cli->cmd->name, "env") != 0)
		return hm_err_set(err, HM_EINVALID, HM_F, HM_P(cli->conf->goflags_err));
	if (hm_flags_from_goflags(&cli->arena, all, total, &cli->conf->flags, err)) {
		hm_cli_error(cli, err);
		return hm_err_set(err, HM_EREPORTED, "usage");
	}
	if (hm_flags_parse(&cli->arena, all, total, *argc, *argv, &rest, err))
		return hm_cli_usage(cli, err);
	*argc -= rest;
	*argv += rest;
	if (bf && (groups & HM_FLAGS_BUILD)) {
		if (cli->conf->name == HM_CONF_HERMOD && !bf->trimpath_set)
			bf->trimpath = true;
		if (bf->x)
			cli->log.trace = true;
		if (bf->p_set && bf->p <= 0)
			return hm_err_set(err, HM_EUSAGE, "-p must be a positive integer: %d",
			                  bf->p);
	} else if (bf && bf->x) {
		cli->log.trace = true;
	}
	/* Files that are not on disk: nothing here reads through such a list. */
	return bf && bf->overlay.n ? hm_cli_delegate(cli, "-overlay", err) : 0;
}
