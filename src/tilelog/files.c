#include "tilelog/files.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/map.h"
#include "base/path.h"
#include "crypto/ed25519.h"
#include "crypto/random.h"
#include "os/file.h"
#include "tilelog/tail.h"
#include "tilelog/tilelog.h"

enum { KEY_FILE_MAX = 64 << 10, DECLARED_MAX = 64 };

hm_str
hm_tilelog_file(struct hm_arena *a, hm_str dir, const char *name)
{
	return hm_path_cat(a, dir, hm_str_of(name));
}

hm_str
hm_tilelog_tile_file(struct hm_arena *a, hm_str dir, const struct hm_tile *t)
{
	char path[HM_TILE_PATH_MAX];
	size_t n = hm_tile_path_put(t, path);

	return hm_arena_printf(a, HM_F "/public/" HM_F, HM_P(dir), HM_P(hm_str_make(path, n)));
}

static int
take_key(struct hm_arena *a, hm_str line, struct hm_signers *signers, struct hm_strs *vkeys,
         struct hm_err *err)
{
	struct hm_signer s;
	uint8_t pub[32];

	if (hm_signer_parse(a, line, &s, err) || hm_ed25519_public(s.seed, pub, err))
		return -1;
	if (signers->n && !hm_str_eq(s.name, signers->v[0].name))
		return hm_err_set(err, HM_EINVALID, "keys of two names");
	HM_PUSH(a, *signers, s);
	HM_PUSH(a, *vkeys, hm_note_vkey(a, s.name, pub));
	hm_secret_wipe(s.seed, sizeof(s.seed));
	return 0;
}

int
hm_tilelog_read_keys(struct hm_arena *a, hm_str dir, struct hm_signers *signers,
                     struct hm_strs *vkeys, struct hm_err *err)
{
	hm_str file = hm_tilelog_file(a, dir, "key"), text, rest, line;
	struct stat st;
	int rc = 0;

	if (hm_file_stat(file.p, &st, err))
		return -1;
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return hm_err_set(err, HM_ESECURITY,
				  HM_F ": others may read it (mode %03o); it must be 600",
				  HM_P(file), st.st_mode & 0777);
	if (hm_file_read(a, file.p, KEY_FILE_MAX, &text, err))
		return -1;
	rest = text;
	while (rc == 0 && rest.n && hm_str_next(&rest, '\n', &line))
		if (line.n)
			rc = take_key(a, line, signers, vkeys, err);
	hm_secret_wipe((void *)(uintptr_t)text.p, text.n);
	if (rc == 0 && signers->n == 0)
		rc = hm_err_set(err, HM_EINVALID, "no key");
	return rc ? hm_err_wrap(err, HM_F ": ", HM_P(file)) : 0;
}

int
hm_tilelog_change_keys(struct hm_arena *a, hm_str dir, bool retire, struct hm_err *err)
{
	hm_str file = hm_tilelog_file(a, dir, "key"), old, fresh = HM_S(""), text, vkey;
	struct hm_signers signers = { 0 };
	struct hm_strs vkeys = { 0 };
	ptrdiff_t end;
	int rc = 0;

	if (hm_tilelog_read_keys(a, dir, &signers, &vkeys, err) ||
	    hm_file_read(a, file.p, KEY_FILE_MAX, &old, err))
		return -1;
	if (retire != (signers.n > 1))
		return hm_err_set(err, HM_ECONFLICT, HM_F ": %s", HM_P(file),
		                  retire ? "there is no older key to retire" :
		                           "there are two keys already: retire the old one first");
	old = hm_str_trim_any(old, "\n");
	end = hm_str_rindex_byte(old, '\n');
	if (!retire)
		rc = hm_note_keygen(a, signers.v[0].name, &fresh, &vkey, err);
	text = retire ? hm_arena_printf(a, HM_F "\n", HM_P(hm_str_from(old, (size_t)(end + 1)))) :
	                hm_arena_printf(a, HM_F "\n" HM_F "\n", HM_P(old), HM_P(fresh));
	if (rc == 0)
		rc = hm_file_publish(file.p, text, 0600, true, err);
	hm_secret_wipe((void *)(uintptr_t)old.p, old.n);
	hm_secret_wipe((void *)(uintptr_t)fresh.p, fresh.n);
	hm_secret_wipe((void *)(uintptr_t)text.p, text.n);
	for (size_t i = 0; i < signers.n; i++)
		hm_secret_wipe(signers.v[i].seed, sizeof(signers.v[i].seed));
	return rc;
}

int
hm_tilelog_read_declared(hm_str dir, enum hm_declared *out, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str file = hm_tilelog_file(&a, dir, "declared"), text;
	int rc = hm_file_read(&a, file.p, DECLARED_MAX, &text, err);

	*out = HM_UNDECLARED;
	if (rc && err->code == HM_ENOTFOUND) {
		hm_err_clear(err);
		rc = 0;
	} else if (rc == 0 && hm_str_eqz(text, "public\n")) {
		*out = HM_DECLARED_PUBLIC;
	} else if (rc == 0 && hm_str_eqz(text, "private\n")) {
		*out = HM_DECLARED_PRIVATE;
	} else if (rc == 0) {
		rc = hm_err_set(err, HM_EINVALID, HM_F ": it says neither public nor private",
		                HM_P(file));
	}
	hm_arena_free(&a);
	return rc;
}

int
hm_tilelog_write_declared(hm_str dir, bool open, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	int rc = hm_file_publish(hm_tilelog_file(&a, dir, "declared").p,
	                         open ? HM_S("public\n") : HM_S("private\n"), 0644, true, err);

	hm_arena_free(&a);
	return rc;
}

int
hm_tilelog_make_dirs(hm_str dir, struct hm_err *err)
{
	struct hm_arena a = { 0 };
	hm_str tiles = hm_tilelog_file(&a, dir, "public/tile/8");
	int rc = hm_dir_make_all(tiles.p, err);

	/* C2SP paths lack the height: the same files by other names. */
	for (int i = 0; rc == 0 && i < HM_TAIL_LEVELS; i++) {
		hm_str link = hm_arena_printf(&a, HM_F "/public/tile/%d", HM_P(dir), i);

		if (symlink(hm_arena_printf(&a, "8/%d", i).p, link.p) && errno != EEXIST)
			rc = hm_err_sys(err, errno, "symlink " HM_F, HM_P(link));
	}
	hm_arena_free(&a);
	return rc;
}

/* ---- reading */

/* The first w records. */
static bool
cut_records(hm_str *data, int w)
{
	hm_str rest = *data, text;

	for (int i = 0; i < w; i++)
		if (!hm_tile_next_record(&rest, &text))
			return false;
	data->n -= rest.n;
	return true;
}

static int
cut_tile(const struct hm_tile *t, bool exact, const char *file, hm_str *data, struct hm_err *err)
{
	size_t had = data->n, want = (size_t)t->w * sizeof(struct hm_hash);

	if (t->l < 0 ? !cut_records(data, t->w) : data->n < want)
		return hm_err_set(err, HM_EINVALID, "%s: damaged tile: too short", file);
	if (t->l >= 0)
		data->n = want;
	if (exact && data->n != had)
		return hm_err_set(err, HM_EINVALID, "%s: damaged tile: too long", file);
	return 0;
}

int
hm_tilelog_read_tile(struct hm_arena *a, hm_str dir, const struct hm_tile *t, hm_str *out,
                     struct hm_err *err)
{
	struct hm_tile full = { t->h, t->l, t->n, HM_TILE_WIDTH };
	hm_str file = hm_tilelog_tile_file(a, dir, t);

	if (hm_file_read(a, file.p, HM_TILELOG_TILE_MAX, out, err) == 0)
		return cut_tile(t, true, file.p, out, err);
	if (t->w == full.w || err->code != HM_ENOTFOUND)
		return -1;
	hm_err_clear(err);
	file = hm_tilelog_tile_file(a, dir, &full);
	if (hm_file_read(a, file.p, HM_TILELOG_TILE_MAX, out, err))
		return -1;
	return cut_tile(t, false, file.p, out, err);
}

/* ---- writing */

/* All under temporary names first, so that the disk may write them side by side. */
struct staged {
	int fd;
	hm_str tmp, file;
};

static int
stage(struct hm_arena *a, struct staged *s, hm_str bytes, struct hm_err *err)
{
	if (hm_file_temp(a, s->file.p, &s->tmp, &s->fd, err))
		return -1;
	return hm_file_write_fd(s->fd, s->tmp.p, bytes, err);
}

static int
name_staged(struct staged *s, struct hm_err *err)
{
	int fd = s->fd;

	s->fd = -1;
	if (hm_file_commit(fd, s->tmp.p, s->file.p, 0644, false, err))
		return -1;
	s->tmp = HM_S("");
	return 0;
}

static int
sync_dir(hm_str dir, struct hm_err *err)
{
	int fd = open(dir.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd < 0)
		return hm_err_sys(err, errno, "open " HM_F, HM_P(dir));
	rc = fsync(fd);
	if (rc)
		hm_err_sys(err, errno, "fsync " HM_F, HM_P(dir));
	close(fd);
	return rc;
}

/* The folder of a tile and those above it that are new, up to `top`. */
static int
make_dir(struct hm_arena *a, struct hm_map *dirs, hm_str dir, hm_str top, struct hm_err *err)
{
	hm_str made = dir;

	if (!hm_map_add(dirs, dir))
		return 0;
	while (made.n > top.n && !hm_file_is_dir(made.p)) {
		made = hm_path_dir(a, made);
		hm_map_add(dirs, made);
	}
	return hm_dir_make_all(dir.p, err);
}

int
hm_tilelog_write_tiles(struct hm_arena *a, hm_str dir, const struct hm_tile_write *v, size_t n,
                       struct hm_err *err)
{
	struct staged *s = HM_NEW_N(a, n ? n : 1, struct staged);
	struct hm_map dirs = { .arena = a };
	size_t made = 0;
	int rc = 0;

	for (; rc == 0 && made < n; made++) {
		s[made].fd = -1;
		s[made].file = hm_tilelog_tile_file(a, dir, &v[made].tile);
		rc = make_dir(a, &dirs, hm_path_dir(a, s[made].file), dir, err);
		if (rc == 0)
			rc = stage(a, &s[made], v[made].bytes, err);
	}
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (fsync(s[i].fd))
			rc = hm_err_sys(err, errno, "fsync " HM_F, HM_P(s[i].tmp));
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = name_staged(&s[i], err);
	for (size_t i = 0; rc == 0 && i < dirs.n; i++)
		rc = sync_dir(dirs.e[i].key, err);
	for (size_t i = 0; i < made; i++) { /* what was left unnamed by an error */
		if (s[i].fd >= 0)
			close(s[i].fd);
		if (s[i].tmp.n)
			unlink(s[i].tmp.p);
	}
	return rc;
}

void
hm_tilelog_remove_partial(struct hm_arena *a, hm_str dir, const struct hm_tile *t)
{
	struct hm_tile one = { t->h, t->l, t->n, 1 };
	struct hm_err err = { 0 };
	hm_str file = hm_tilelog_tile_file(a, dir, &one);

	hm_dir_remove_all(hm_path_dir(a, file).p, false, &err);
	hm_err_free(&err);
}
