#include "unit/unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "modzip/create.h"
#include "modzip/hash.h"
#include "unit/folder.h"

static void
put(hm_str root, const char *rel, const char *text)
{
	hm_str file = hm_path_cat(&arena, root, hm_str_of(rel));

	assert_ok(hm_dir_make_all(hm_path_dir(&arena, file).p, &err), &err);
	assert_ok(hm_file_write(file.p, hm_str_of(text), 0644, &err), &err);
}

static hm_str
make_tree(const char *go)
{
	hm_str root = hm_path_cat(&arena, dir, hm_str_of(go));

	put(root, "go.mod", hm_arena_printf(&arena, "module example.com/m\ngo %s\n", go).p);
	put(root, "vendor/modules.txt", "a\n");
	put(root, "vendor/a/b/b.go", "b\n");
	put(root, "sub/vendor/x/x.go", "c\n");
	put(root, "sub/vendor/v.go", "v\n");
	put(root, "sub/vendor/y/z/z.go", "z\n");
	put(root, "mod2/go.mod", "module x\n");
	put(root, "mod2/pkg/p.go", "p\n");
	put(root, ".git/config", "g\n");
	put(root, "x/.hg/f", "h\n");
	put(root, "x/t.txt", "t\n");
	put(root, ".hg_archival.txt", "hg\n");
	put(root, "case/GO.MOD", "m\n");
	put(root, "case/n.go", "n\n");
	put(root, "pkg/vendor/vendor.go", "w\n");
	put(root, "pkg/vendor/foo/foo.go", "w2\n");
	assert_int_equal(symlink("../go.mod", hm_path_cat(&arena, root, HM_S("x/link")).p), 0);
	return root;
}

/* Zips the folder; the h1 of the zip, or the error's text. */
static hm_str
zip_hash(hm_str root, hm_str version)
{
	hm_str file = hm_path_cat(&arena, dir, HM_S("out.zip")), h1;
	int fd = open(file.p, O_RDWR | O_CREAT | O_TRUNC, 0600), rc;

	hm_err_clear(&err);
	rc = hm_modzip_create(fd, file.p, HM_S("example.com/m"), version, root.p, &err);
	close(fd);
	if (rc)
		return hm_err_str(&err);
	assert_ok(hm_h1_zip_file(&arena, file.p, 1, &h1, &err), &err);
	return h1;
}

/* Hashes of what golang.org/x/mod/zip.CreateFromDir makes of the same folders. */
static void
test_same_as_go(void **state)
{
	static const char *const cases[][2] = {
		{ "1.16", "h1:1A6M88a1xd9jbNjmKHZ/rcDi4hLvVlwyVrSNv+sr944=" },
		{ "1.23", "h1:b2gbZt6nRb5HANJBae6Nd0snQ2p59YnrkJgCZrKB8kE=" },
		{ "1.24", "h1:fNi7fkesIMVuKEkZQ+kovxN2W3NZiDo2+Z8IBUIKcKE=" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_str(zip_hash(make_tree(cases[i][0]), HM_S("v1.0.0")), cases[i][1]);
}

static void
test_refused(void **state)
{
	hm_str root = hm_path_cat(&arena, dir, HM_S("bad")), text;

	(void)state;
	put(root, "a:b", "x");
	put(root, "con", "y");
	text = zip_hash(root, HM_S("v1.0.0"));
	assert_true(hm_str_has_prefix(text, HM_S("create zip /")));
	assert_true(hm_str_has_suffix(
		text, HM_S("/bad: a:b: malformed file path \"a:b\": invalid char ':'\n"
	                   "con: malformed file path \"con\": \"con\" disallowed as path element "
	                   "component on Windows")));
	text = zip_hash(root, HM_S("v1.0"));
	assert_true(hm_str_has_suffix(
		text, HM_S("/bad: version \"v1.0\" is not canonical (should be \"v1.0.0\")")));
}

static void
test_listing(void **state)
{
	struct hm_modzip_listing l;
	hm_str root = make_tree("1.25");

	(void)state;
	assert_ok(hm_modzip_list_dir(&arena, root.p, &l, &err), &err);
	assert_int_equal(l.invalid.n, 0);
	for (size_t i = 0; i < l.omitted.n; i++)
		if (hm_str_eqz(l.omitted.v[i].path, "mod2"))
			assert_str(l.omitted.v[i].why, "directory is in another module");
	assert_true(hm_modzip_is_vendored(HM_S("vendor/modules.txt"), HM_S("1.24")));
	assert_false(hm_modzip_is_vendored(HM_S("vendor/modules.txt"), HM_S("1.23.9")));
	assert_false(hm_modzip_is_vendored(HM_S("vendor/modules.txt"), HM_S("")));
	/* the old rule's mistake (golang.org/issue/37397) and its end */
	assert_true(hm_modzip_is_vendored(HM_S("long/enough/vendor/v.go"), HM_S("1.23")));
	assert_false(hm_modzip_is_vendored(HM_S("long/enough/vendor/v.go"), HM_S("1.24")));
}

int
test_modzip_create(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_as_go),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_listing),
	};

	return cmocka_run_group_tests_name("modzip/create", tests, set_up, tear_down);
}
