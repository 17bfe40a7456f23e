#include "serve/program.h"

#include <unistd.h>

#include "base/path.h"
#include "os/file.h"

void
hm_program_log(void *ctx, enum hm_log_level level, hm_str line)
{
	struct hm_buf b = { 0 };

	(void)ctx, (void)level;
	hm_buf_adds(&b, line);
	hm_buf_addc(&b, '\n');
	(void)!write(STDERR_FILENO, b.p, b.n);
	hm_buf_free(&b);
}

int
hm_program_fail(const char *name, struct hm_err *err)
{
	struct hm_log log = { .write = hm_program_log };
	int status = hm_code_exit(err->code);

	if (!hm_err_is(err, HM_EREPORTED))
		hm_log(&log, HM_LOG_WARN, "%s: " HM_F, name, HM_P(hm_err_str(err)));
	hm_err_free(err);
	return status;
}

int
hm_program_settings(struct hm_arena *a, const struct hm_setting *known, size_t n,
                    const hm_str *file, int *argc, char ***argv, struct hm_err *err)
{
	struct hm_config config;
	int c = *argc;
	char **words = HM_NEW_N(a, (size_t)c + 1, char *);

	/* First only to learn of --config; then in the order that lets words win. */
	memcpy(words, *argv, (size_t)c * sizeof(*words));
	if (hm_settings_apply(a, known, n, NULL, &c, &words, err))
		return -1;
	if (file->n) {
		if (hm_config_read(a, file->p, &config, err)) {
			if (hm_err_is(err, HM_ESYNTAX))
				err->code = HM_EUSAGE; /* as a wrong value there is */
			return -1;
		}
		return hm_settings_apply(a, known, n, &config, argc, argv, err);
	}
	*argc = c;
	*argv = words;
	return 0;
}

int
hm_program_abs(struct hm_arena *a, hm_str *path, struct hm_err *err)
{
	hm_str cwd;

	if (path->n == 0 || hm_path_is_abs(*path))
		return 0;
	if (hm_dir_cwd(a, &cwd, err))
		return -1;
	*path = hm_path_join(a, cwd, *path);
	return 0;
}
