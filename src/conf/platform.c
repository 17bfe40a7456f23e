#include "conf/platform.h"

#include <ctype.h>

static bool
in_words(hm_str s, const char *words)
{
	hm_str rest = hm_str_of(words), w;

	while (hm_str_next_field(&rest, &w))
		if (hm_str_eq(w, s))
			return true;
	return false;
}

/* As in_words(), for what is asked of every file name and every constraint. */
static bool
in_table(hm_str s, const hm_str *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (hm_str_eq(v[i], s))
			return true;
	return false;
}

bool
hm_platform_known_os(hm_str os)
{
#define W(word) HM_S_INIT(word)
	static const hm_str known[] = {
		W("aix"), W("android"), W("darwin"), W("dragonfly"), W("freebsd"), W("hurd"),
		W("illumos"), W("ios"), W("js"), W("linux"), W("nacl"), W("netbsd"), W("openbsd"),
		W("plan9"), W("solaris"), W("wasip1"), W("windows"), W("zos"),
	};

	return in_table(os, known, sizeof(known) / sizeof(*known));
}

bool
hm_platform_unix_os(hm_str os)
{
	return in_words(os, "aix android darwin dragonfly freebsd hurd illumos ios linux netbsd "
	                    "openbsd solaris");
}

bool
hm_platform_known_arch(hm_str arch)
{
	static const hm_str known[] = {
		W("386"), W("amd64"), W("amd64p32"), W("arm"), W("armbe"), W("arm64"), W("arm64be"),
		W("loong64"), W("mips"), W("mipsle"), W("mips64"), W("mips64le"), W("mips64p32"),
		W("mips64p32le"), W("ppc"), W("ppc64"), W("ppc64le"), W("riscv"), W("riscv64"),
		W("s390"), W("s390x"), W("sparc"), W("sparc64"), W("wasm"),
	};
#undef W

	return in_table(arch, known, sizeof(known) / sizeof(*known));
}

enum { CGO = 1, FIRST = 2, BROKEN = 4 };

static const struct port {
	hm_str os, arch;
	unsigned flags;
} ports[] = {
#define PORT(os, arch, flags) { HM_S_INIT(os), HM_S_INIT(arch), flags }
	PORT("aix", "ppc64", CGO),
	PORT("android", "386", CGO),
	PORT("android", "amd64", CGO),
	PORT("android", "arm", CGO),
	PORT("android", "arm64", CGO),
	PORT("darwin", "amd64", CGO | FIRST),
	PORT("darwin", "arm64", CGO | FIRST),
	PORT("dragonfly", "amd64", CGO),
	PORT("freebsd", "386", CGO),
	PORT("freebsd", "amd64", CGO),
	PORT("freebsd", "arm", CGO),
	PORT("freebsd", "arm64", CGO),
	PORT("freebsd", "riscv64", CGO | BROKEN),
	PORT("illumos", "amd64", CGO),
	PORT("ios", "amd64", CGO),
	PORT("ios", "arm64", CGO),
	PORT("js", "wasm", 0),
	PORT("linux", "386", CGO | FIRST),
	PORT("linux", "amd64", CGO | FIRST),
	PORT("linux", "arm", CGO | FIRST),
	PORT("linux", "arm64", CGO | FIRST),
	PORT("linux", "loong64", CGO),
	PORT("linux", "mips", CGO),
	PORT("linux", "mips64", CGO),
	PORT("linux", "mips64le", CGO),
	PORT("linux", "mipsle", CGO),
	PORT("linux", "ppc64", 0),
	PORT("linux", "ppc64le", CGO),
	PORT("linux", "riscv64", CGO),
	PORT("linux", "s390x", CGO),
	PORT("linux", "sparc64", CGO | BROKEN),
	PORT("netbsd", "386", CGO),
	PORT("netbsd", "amd64", CGO),
	PORT("netbsd", "arm", CGO),
	PORT("netbsd", "arm64", CGO),
	PORT("openbsd", "386", CGO),
	PORT("openbsd", "amd64", CGO),
	PORT("openbsd", "arm", CGO),
	PORT("openbsd", "arm64", CGO),
	PORT("openbsd", "mips64", CGO | BROKEN),
	PORT("openbsd", "ppc64", 0),
	PORT("openbsd", "riscv64", CGO),
	PORT("plan9", "386", 0),
	PORT("plan9", "amd64", 0),
	PORT("plan9", "arm", 0),
	PORT("solaris", "amd64", CGO),
	PORT("wasip1", "wasm", 0),
	PORT("windows", "386", CGO | FIRST),
	PORT("windows", "amd64", CGO | FIRST),
	PORT("windows", "arm64", CGO),
#undef PORT
};

static const struct port *
find(hm_str os, hm_str arch)
{
	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++)
		if (hm_str_eq(ports[i].os, os) && hm_str_eq(ports[i].arch, arch))
			return &ports[i];
	return NULL;
}

static bool
has(hm_str os, hm_str arch, unsigned flag)
{
	const struct port *p = find(os, arch);

	return p && (p->flags & flag);
}

bool
hm_platform_exists(hm_str os, hm_str arch)
{
	return find(os, arch) != NULL;
}

bool
hm_platform_broken(hm_str os, hm_str arch)
{
	return has(os, arch, BROKEN);
}

bool
hm_platform_cgo_supported(hm_str os, hm_str arch)
{
	return has(os, arch, CGO);
}

bool
hm_platform_first_class(hm_str os, hm_str arch)
{
	return has(os, arch, FIRST);
}

bool
hm_platform_at(size_t i, hm_str *os, hm_str *arch)
{
	if (i >= sizeof(ports) / sizeof(*ports))
		return false;
	*os = ports[i].os;
	*arch = ports[i].arch;
	return true;
}

int
hm_platform_check_pair(hm_str os, hm_str arch, struct hm_err *err)
{
	if (hm_platform_exists(os, arch))
		return 0;
	return hm_err_set(err, HM_EINVALID, "unsupported GOOS/GOARCH pair " HM_F "/" HM_F, HM_P(os),
	                  HM_P(arch));
}

bool
hm_platform_race_supported(hm_str os, hm_str arch)
{
	if (hm_str_eqz(os, "linux"))
		return in_words(arch, "amd64 arm64 loong64 ppc64le riscv64 s390x");
	if (hm_str_eqz(os, "darwin"))
		return in_words(arch, "amd64 arm64");
	return in_words(os, "freebsd netbsd windows") && hm_str_eqz(arch, "amd64");
}

bool
hm_platform_msan_supported(hm_str os, hm_str arch)
{
	if (hm_str_eqz(os, "linux"))
		return in_words(arch, "amd64 arm64 loong64");
	return hm_str_eqz(os, "freebsd") && hm_str_eqz(arch, "amd64");
}

bool
hm_platform_asan_supported(hm_str os, hm_str arch)
{
	return hm_str_eqz(os, "linux") && in_words(arch, "arm64 amd64 loong64 riscv64 ppc64le");
}

bool
hm_platform_fuzz_instrumented(hm_str os, hm_str arch)
{
	return in_words(arch, "amd64 arm64 loong64") &&
	       in_words(os, "darwin freebsd linux openbsd windows");
}

bool
hm_platform_must_link_external(hm_str os, hm_str arch, bool with_cgo)
{
	if (with_cgo && (in_words(arch, "mips mipsle mips64 mips64le") ||
	                 (hm_str_eqz(arch, "ppc64") && in_words(os, "aix linux")) ||
	                 in_words(os, "android dragonfly")))
		return true;
	if (hm_str_eqz(os, "android"))
		return !hm_str_eqz(arch, "arm64");
	return hm_str_eqz(os, "ios") && hm_str_eqz(arch, "arm64");
}

/* Is "os/arch" among the words? */
static bool
pair_in(hm_str os, hm_str arch, const char *words)
{
	hm_str rest = hm_str_of(words), w, o, a;

	while (hm_str_next_field(&rest, &w))
		if (hm_str_cut(w, '/', &o, &a) && hm_str_eq(o, os) && hm_str_eq(a, arch))
			return true;
	return false;
}

bool
hm_platform_buildmode_supported(const char *mode, hm_str os, hm_str arch)
{
	hm_str m = hm_str_of(mode);

	if (!hm_platform_exists(os, arch))
		return false;
	if (in_words(m, "archive default exe"))
		return true;
	if (hm_str_eqz(m, "c-archive"))
		return in_words(os, "aix darwin ios windows") ||
		       (hm_str_eqz(os, "linux") &&
		        in_words(arch, "386 amd64 arm armbe arm64 arm64be "
		                       "loong64 ppc64le riscv64 s390x")) ||
		       pair_in(os, arch, "freebsd/amd64");
	if (hm_str_eqz(m, "c-shared"))
		return pair_in(os, arch,
		               "linux/amd64 linux/arm linux/arm64 linux/loong64 linux/386 "
		               "linux/ppc64le linux/riscv64 linux/s390x android/amd64 android/arm "
		               "android/arm64 android/386 freebsd/amd64 darwin/amd64 darwin/arm64 "
		               "windows/amd64 windows/386 windows/arm64 wasip1/wasm");
	if (hm_str_eqz(m, "pie"))
		return pair_in(os, arch,
		               "linux/386 linux/amd64 linux/arm linux/arm64 linux/loong64 "
		               "linux/ppc64le linux/riscv64 linux/s390x android/amd64 android/arm "
		               "android/arm64 android/386 freebsd/amd64 darwin/amd64 darwin/arm64 "
		               "ios/amd64 ios/arm64 aix/ppc64 openbsd/arm64 windows/386 "
		               "windows/amd64 windows/arm64");
	if (hm_str_eqz(m, "shared"))
		return pair_in(os, arch,
		               "linux/386 linux/amd64 linux/arm linux/arm64 linux/ppc64le "
		               "linux/s390x");
	if (hm_str_eqz(m, "plugin"))
		return pair_in(os, arch,
		               "linux/amd64 linux/arm linux/arm64 linux/386 linux/loong64 "
		               "linux/riscv64 linux/s390x linux/ppc64le android/amd64 android/386 "
		               "darwin/amd64 darwin/arm64 freebsd/amd64");
	return false;
}

bool
hm_platform_internal_link_pie(hm_str os, hm_str arch)
{
	return pair_in(os, arch, "android/arm64 darwin/amd64 darwin/arm64 linux/amd64 linux/arm64 "
	               "linux/loong64 linux/ppc64le windows/386 windows/amd64 windows/arm64");
}

bool
hm_platform_default_pie(hm_str os, hm_str arch, bool race)
{
	(void)arch;
	if (hm_str_eqz(os, "windows"))
		return !race;
	return in_words(os, "android ios darwin");
}

bool
hm_platform_has_dwarf(hm_str os, hm_str arch)
{
	(void)arch;
	return !in_words(os, "plan9 ios");
}

hm_str
hm_platform_default_cc(hm_str os)
{
	return in_words(os, "darwin ios freebsd openbsd") ? HM_S("clang") : HM_S("gcc");
}

hm_str
hm_platform_default_cxx(hm_str os)
{
	return in_words(os, "darwin ios freebsd openbsd") ? HM_S("clang++") : HM_S("g++");
}

hm_str
hm_platform_host_os(void)
{
#if defined(__ANDROID__)
	return HM_S("android");
#elif defined(__linux__)
	return HM_S("linux");
#elif defined(__APPLE__)
	return HM_S("darwin");
#elif defined(__FreeBSD__)
	return HM_S("freebsd");
#else
#error "which GOOS is this?"
#endif
}

hm_str
hm_platform_host_arch(void)
{
#if defined(__x86_64__)
	return HM_S("amd64");
#elif defined(__aarch64__)
	return HM_S("arm64");
#elif defined(__i386__)
	return HM_S("386");
#elif defined(__arm__)
	return HM_S("arm");
#elif defined(__riscv) && __riscv_xlen == 64
	return HM_S("riscv64");
#elif defined(__s390x__)
	return HM_S("s390x");
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return HM_S("ppc64le");
#elif defined(__loongarch64)
	return HM_S("loong64");
#else
#error "which GOARCH is this?"
#endif
}
