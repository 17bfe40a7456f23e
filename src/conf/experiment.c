#include "conf/experiment.h"

/* On by default only where the named condition holds. */
enum where { NEVER, EVERYWHERE, REGABI, XCHG8, DWARF5 };

/* Go releases 1.<from> to 1.<to> know it; from 1.<on> (to <off>) it is a default. */
static const struct flag {
	hm_str name;
	int from, to, on, off;
	enum where where;
} flags[] = {
#define FLAG(name, from, to, on, off, where) { HM_S_INIT(name), from, to, on, off, where }
#define LAST 999
	FLAG("fieldtrack", 0, LAST, 0, 0, NEVER),
	FLAG("preemptibleloops", 0, LAST, 0, 0, NEVER),
	FLAG("staticlockranking", 0, LAST, 0, 0, NEVER),
	FLAG("boringcrypto", 0, LAST, 0, 0, NEVER),
	FLAG("regabiwrappers", 0, LAST, 0, LAST, REGABI),
	FLAG("regabiargs", 0, LAST, 0, LAST, REGABI),
	FLAG("heapminimum512kib", 0, LAST, 0, 0, NEVER),
	FLAG("coverageredesign", 0, 24, 0, 24, EVERYWHERE),
	FLAG("arenas", 0, LAST, 0, 0, NEVER),
	FLAG("pagetrace", 0, 22, 0, 0, NEVER),
	FLAG("cgocheck2", 21, LAST, 0, 0, NEVER),
	FLAG("loopvar", 21, LAST, 0, 0, NEVER),
	FLAG("cacheprog", 21, 25, 0, 0, NEVER),
	FLAG("newinliner", 22, LAST, 0, 0, NEVER),
	FLAG("rangefunc", 22, 25, 0, 0, NEVER),
	FLAG("range", 22, 22, 0, 0, NEVER),
	FLAG("aliastypeparams", 23, 25, 24, 25, EVERYWHERE),
	FLAG("allocheaders", 22, 22, 22, 22, EVERYWHERE),
	FLAG("exectracer2", 22, 22, 22, 22, EVERYWHERE),
	FLAG("swissmap", 24, 25, 24, 25, EVERYWHERE),
	FLAG("spinbitmutex", 24, 24, 24, 24, XCHG8),
	FLAG("synchashtriemap", 24, 25, 24, 25, EVERYWHERE),
	FLAG("synctest", 24, 25, 0, 0, NEVER),
	FLAG("dwarf5", 25, LAST, 25, LAST, DWARF5),
	FLAG("jsonv2", 25, LAST, 27, LAST, EVERYWHERE),
	FLAG("greenteagc", 25, LAST, 26, LAST, EVERYWHERE),
	FLAG("randomizedheapbase64", 26, LAST, 26, LAST, EVERYWHERE),
	FLAG("runtimefreegc", 26, LAST, 0, 0, NEVER),
	FLAG("sizespecializedmalloc", 26, LAST, 27, LAST, EVERYWHERE),
	FLAG("goroutineleakprofile", 26, 26, 0, 0, NEVER),
	FLAG("simd", 26, LAST, 0, 0, NEVER),
	FLAG("runtimesecret", 26, LAST, 0, 0, NEVER),
	FLAG("mapsplitgroup", 27, LAST, 0, 0, NEVER),
#undef LAST
#undef FLAG
};

#define N_FLAGS (sizeof(flags) / sizeof(*flags))

static bool
known(size_t i, int minor)
{
	return flags[i].from <= minor && minor <= flags[i].to;
}

static uint64_t
bit_of(const char *name)
{
	for (size_t i = 0; i < N_FLAGS; i++)
		if (hm_str_eqz(flags[i].name, name))
			return (uint64_t)1 << i;
	return 0;
}

struct target {
	int minor;
	bool regabi, regabi_forced, xchg8, dwarf5;
};

static struct target
target_of(int minor, hm_str os, hm_str arch)
{
	struct target t = { .minor = minor };
	bool listed = hm_str_eqz(arch, "amd64") || hm_str_eqz(arch, "arm64") ||
	              hm_str_eqz(arch, "ppc64le") || hm_str_eqz(arch, "ppc64") ||
	              hm_str_eqz(arch, "riscv64");
	bool loong = hm_str_eqz(arch, "loong64"), s390x = hm_str_eqz(arch, "s390x");

	t.regabi = listed || (loong && minor >= 22) || (s390x && minor >= 26);
	t.regabi_forced = listed || (loong && minor >= 23) || (s390x && minor >= 27);
	t.xchg8 = hm_str_eqz(arch, "386") || hm_str_eqz(arch, "amd64") || hm_str_eqz(arch, "arm") ||
	          hm_str_eqz(arch, "arm64") || hm_str_has_prefix(arch, HM_S("ppc64"));
	t.dwarf5 = !hm_str_eqz(os, "darwin") && !hm_str_eqz(os, "ios") && !hm_str_eqz(os, "aix");
	return t;
}

static bool
is_default(size_t i, const struct target *t)
{
	if (!known(i, t->minor) || t->minor < flags[i].on || t->minor > flags[i].off)
		return false;
	switch (flags[i].where) {
	case NEVER:
		return false;
	case EVERYWHERE:
		return true;
	case REGABI:
		return t->regabi;
	case XCHG8:
		return t->xchg8;
	case DWARF5:
		break;
	}
	return t->dwarf5;
}

static int
set_one(struct hm_experiment *e, hm_str word, uint64_t regabi, struct hm_err *err)
{
	bool on = !hm_str_cut_prefix(&word, HM_S("no"));
	uint64_t bits = hm_str_eqz(word, "regabi") ? regabi : 0;

	for (size_t i = 0; i < N_FLAGS; i++)
		if (known(i, e->gominor) && hm_str_eq(flags[i].name, word))
			bits = (uint64_t)1 << i;
	if (!bits)
		return hm_err_set(err, HM_EUSAGE, "unknown GOEXPERIMENT " HM_F, HM_P(word));
	e->on = on ? e->on | bits : e->on & ~bits;
	return 0;
}

int
hm_experiment_parse(int gominor, hm_str goos, hm_str goarch, hm_str text,
                    struct hm_experiment *out, struct hm_err *err)
{
	struct target t = target_of(gominor, goos, goarch);
	uint64_t wrappers = bit_of("regabiwrappers"), args = bit_of("regabiargs");
	struct hm_experiment e = { .gominor = gominor };
	hm_str rest = text, word;

	for (size_t i = 0; i < N_FLAGS; i++)
		if (is_default(i, &t))
			e.baseline |= (uint64_t)1 << i;
	e.on = e.baseline;
	*out = e;
	while (hm_str_next(&rest, ',', &word)) {
		if (hm_str_eqz(word, "none"))
			e.on = 0;
		else if (word.n && set_one(&e, word, wrappers | args, err) < 0)
			return -1;
	}
	if (t.regabi_forced)
		e.on |= wrappers | args;
	if (!t.regabi)
		e.on &= ~(wrappers | args);
	if ((e.on & args) && !(e.on & wrappers))
		return hm_err_set(err, HM_EUSAGE,
		                  "GOEXPERIMENT regabiargs requires regabiwrappers");
	*out = e;
	return 0;
}

hm_str
hm_experiment_string(struct hm_arena *a, const struct hm_experiment *e)
{
	struct hm_buf b = { 0 };
	uint64_t diff = e->on ^ e->baseline;

	for (size_t i = 0; i < N_FLAGS; i++)
		if (diff >> i & 1)
			hm_buf_printf(&b, "%s%s" HM_F, b.n ? "," : "", e->on >> i & 1 ? "" : "no",
			              HM_P(flags[i].name));
	return hm_buf_take(&b, a);
}

void
hm_experiment_enabled(struct hm_arena *a, const struct hm_experiment *e, struct hm_strs *out)
{
	for (size_t i = 0; i < N_FLAGS; i++)
		if (e->on >> i & 1)
			HM_PUSH(a, *out, flags[i].name);
}
