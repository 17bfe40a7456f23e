/* GOAMD64 and its like: which processor has which variable, what it may say. */
#include "conf/platform.h"

#include <ctype.h>

static const struct var {
	hm_str name, def;
	const char *archs;
} vars[] = {
	{ HM_S_INIT("GO386"), HM_S_INIT("sse2"), " 386 " },
	{ HM_S_INIT("GOAMD64"), HM_S_INIT("v1"), " amd64 " },
	{ HM_S_INIT("GOARM"), HM_S_INIT("7"), " arm " },
	{ HM_S_INIT("GOARM64"), HM_S_INIT("v8.0"), " arm64 " },
	{ HM_S_INIT("GOMIPS"), HM_S_INIT("hardfloat"), " mips mipsle " },
	{ HM_S_INIT("GOMIPS64"), HM_S_INIT("hardfloat"), " mips64 mips64le " },
	{ HM_S_INIT("GOPPC64"), HM_S_INIT("power8"), " ppc64 ppc64le " },
	{ HM_S_INIT("GORISCV64"), HM_S_INIT("rva20u64"), " riscv64 " },
	{ HM_S_INIT("GOWASM"), HM_S_INIT(""), " wasm " },
};

bool
hm_platform_arch_var(hm_str arch, hm_str *name, hm_str *def)
{
	for (size_t i = 0; i < sizeof(vars) / sizeof(*vars); i++) {
		hm_str rest = hm_str_of(vars[i].archs), w;

		while (hm_str_next_field(&rest, &w))
			if (hm_str_eq(w, arch)) {
				*name = vars[i].name;
				*def = vars[i].def;
				return true;
			}
	}
	return false;
}

/* "v8.3,lse" to 8 and 3; the options may follow in any order. */
static bool
parse_arm64(hm_str v, int *major, int *minor)
{
	while (hm_str_cut_suffix(&v, HM_S(",lse")) || hm_str_cut_suffix(&v, HM_S(",crypto")))
		;
	if (v.n != 4 || v.p[0] != 'v' || v.p[2] != '.' || !isdigit((unsigned char)v.p[3]))
		return false;
	*major = v.p[1] - '0';
	*minor = v.p[3] - '0';
	return *major == 8 || (*major == 9 && *minor <= 5);
}

/* "7,softfloat" to 7. */
static bool
parse_arm(hm_str v, int *version)
{
	hm_str_cut_suffix(&v, HM_S(",softfloat"));
	hm_str_cut_suffix(&v, HM_S(",hardfloat"));
	if (v.n != 1 || v.p[0] < '5' || v.p[0] > '7')
		return false;
	*version = v.p[0] - '0';
	return true;
}

static bool
digits(hm_str *s)
{
	size_t i = 0;

	while (i < s->n && isdigit((unsigned char)s->p[i]))
		i++;
	*s = hm_str_from(*s, i);
	return i > 0;
}

/* v1.Y.Z, v1.Y.Z-hhhhhhhh, v1.Y.Z-rcN */
static bool
is_fips_version(hm_str v)
{
	if (!hm_str_cut_prefix(&v, HM_S("v1.")) || !digits(&v) ||
	    !hm_str_cut_prefix(&v, HM_S(".")) || !digits(&v))
		return false;
	if (v.n == 0)
		return true;
	if (hm_str_cut_prefix(&v, HM_S("-rc")))
		return digits(&v) && v.n == 0;
	return hm_str_has_prefix(v, HM_S("-")) && v.n == 9;
}

static bool
one_of(hm_str v, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (hm_str_eqz(v, words[i]))
			return true;
	return false;
}

static int
check_list(hm_str name, hm_str v, const char *const *words, size_t n, struct hm_err *err)
{
	if (one_of(v, words, n))
		return 0;
	hm_err_set(err, HM_EUSAGE, "invalid " HM_F ": must be", HM_P(name));
	for (size_t i = 0; i < n; i++)
		hm_err_append(err, "%s%s", i ? ", " : " ", words[i]);
	return -1;
}

#define CHECK_LIST(...)                                                                      \
	check_list(name, v, (const char *const[]){ __VA_ARGS__ },                            \
	           sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *), err)

static int
check_wasm(hm_str v, struct hm_err *err)
{
	hm_str rest = v, f;
	struct hm_buf q = { 0 };

	while (hm_str_next(&rest, ',', &f)) {
		if (f.n == 0 || hm_str_eqz(f, "satconv") || hm_str_eqz(f, "signext"))
			continue;
		hm_buf_quote(&q, f);
		hm_err_set(err, HM_EUSAGE, "invalid GOWASM: no such feature " HM_F,
		           HM_P(hm_buf_str(&q)));
		hm_buf_free(&q);
		return -1;
	}
	return 0;
}

int
hm_platform_check_var(hm_str name, hm_str v, struct hm_err *err)
{
	int major, minor;

	if (hm_str_eqz(name, "GOAMD64"))
		return CHECK_LIST("v1", "v2", "v3", "v4");
	if (hm_str_eqz(name, "GOMIPS") || hm_str_eqz(name, "GOMIPS64"))
		return CHECK_LIST("hardfloat", "softfloat");
	if (hm_str_eqz(name, "GOPPC64"))
		return CHECK_LIST("power8", "power9", "power10");
	if (hm_str_eqz(name, "GORISCV64"))
		return CHECK_LIST("rva20u64", "rva22u64", "rva23u64");
	if (hm_str_eqz(name, "GOWASM"))
		return check_wasm(v, err);
	if (hm_str_eqz(name, "GOARM") && !parse_arm(v, &major))
		return hm_err_set(err, HM_EUSAGE,
		                  "invalid GOARM: must start with 5, 6, or 7, and may "
		                  "optionally end in either \",hardfloat\" or \",softfloat\"");
	if (hm_str_eqz(name, "GOARM64") && !parse_arm64(v, &major, &minor))
		return hm_err_set(err, HM_EUSAGE, "invalid GOARM64: must start with v8.{0-9} or "
		                  "v9.{0-5} and may optionally end in \",lse\" and/or \",crypto\"");
	if (hm_str_eqz(name, "GOFIPS140") && !is_fips_version(v) &&
	    !one_of(v, (const char *const[]){ "off", "latest", "inprocess", "certified" }, 4))
		return hm_err_set(err, HM_EUSAGE,
		                  "invalid GOFIPS140: must be off, latest, inprocess, "
		                  "certified, or v1.Y.Z");
	return 0;
}

static void
arm64_tags(struct hm_arena *a, hm_str v, struct hm_strs *out)
{
	int major = 8, minor = 0;

	if (!parse_arm64(v, &major, &minor)) {
		major = 8;
		minor = 0;
	}
	for (int i = 0; i <= minor; i++)
		HM_PUSH(a, *out, hm_arena_printf(a, "arm64.v%d.%d", major, i));
	/* v9.x has all of v8.(x+5). */
	for (int i = 0; major == 9 && i <= minor + 5 && i <= 9; i++)
		HM_PUSH(a, *out, hm_arena_printf(a, "arm64.v8.%d", i));
}

/* "prefix" + number for each step from..to. */
static void
numbered(struct hm_arena *a, hm_str arch, const char *prefix, int from, int to,
         struct hm_strs *out)
{
	for (int i = from; i <= to; i++)
		HM_PUSH(a, *out, hm_arena_printf(a, HM_F ".%s%d", HM_P(arch), prefix, i));
}

void
hm_platform_arch_tags(struct hm_arena *a, int gominor, hm_str arch, hm_str v,
                      struct hm_strs *out)
{
	struct hm_err ignored = { 0 };
	hm_str name, def;
	int arm = 7;

	if (!hm_platform_arch_var(arch, &name, &def) ||
	    (gominor < 23 && (hm_str_eqz(arch, "arm64") || hm_str_eqz(arch, "riscv64"))))
		return;
	if (hm_platform_check_var(name, v, &ignored) < 0)
		v = def;
	hm_err_free(&ignored);
	if (hm_str_eqz(arch, "amd64")) {
		numbered(a, arch, "v", 1, v.p[1] - '0', out);
	} else if (hm_str_eqz(arch, "arm")) {
		(void)parse_arm(v, &arm);
		numbered(a, arch, "", 5, arm, out);
	} else if (hm_str_eqz(arch, "arm64")) {
		arm64_tags(a, v, out);
	} else if (hm_str_has_prefix(arch, HM_S("ppc64"))) {
		numbered(a, arch, "power", 8, v.n == 7 ? 10 : v.p[5] - '0', out);
	} else if (hm_str_eqz(arch, "riscv64")) {
		for (int year = 20, top = v.p[4] - '0' + 20; year <= top;
		     year += year == 20 ? 2 : 1)
			HM_PUSH(a, *out, hm_arena_printf(a, "riscv64.rva%du64", year));
	} else if (hm_str_eqz(arch, "wasm")) {
		HM_PUSH(a, *out, HM_S("wasm.satconv"));
		HM_PUSH(a, *out, HM_S("wasm.signext"));
	} else {
		HM_PUSH(a, *out, hm_arena_printf(a, HM_F "." HM_F, HM_P(arch), HM_P(v)));
	}
}
