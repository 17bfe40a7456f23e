/*
 * Appending object files to a package archive, as `go tool pack r` does: ar
 * members without time and owner, names cut at 16 bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/path.h"
#include "build/builder.h"
#include "os/file.h"

static int
append_member(int fd, hm_str archive, hm_str obj, struct hm_err *err)
{
	struct hm_buf head = { 0 };
	hm_str name = hm_path_base(obj), map;
	int rc;

	if (name.n > 16)
		name.n = 16;
	if (hm_file_map(obj.p, &map, err))
		return -1;
	hm_buf_printf(&head, "%-16.*s%-12d%-6d%-6d%-8o%-10zu`\n", HM_P(name), 0, 0, 0, 0644u,
	              map.n);
	rc = hm_file_write_fd(fd, archive.p, hm_buf_str(&head), err);
	if (rc == 0)
		rc = hm_file_write_fd(fd, archive.p, map, err);
	if (rc == 0 && map.n % 2)
		rc = hm_file_write_fd(fd, archive.p, hm_str_make("", 1), err);
	hm_file_unmap(map);
	hm_buf_free(&head);
	if (rc)
		return hm_err_wrap(err, "copying %s to %s: ", obj.p, archive.p);
	return 0;
}

int
hm_pack_append(struct hm_arena *a, hm_str archive, const struct hm_strs *objs, struct hm_err *err)
{
	int fd = open(archive.p, O_WRONLY | O_APPEND | O_CLOEXEC);
	int rc = 0;

	if (fd < 0)
		return hm_err_sys(err, errno, "open %s", archive.p);
	for (size_t i = 0; rc == 0 && i < objs->n; i++)
		rc = append_member(fd, archive, hm_arena_dup(a, objs->v[i]), err);
	if (close(fd) && rc == 0)
		rc = hm_err_sys(err, errno, "close %s", archive.p);
	return rc;
}
