/* fmt.Sprintf and its kin for template values. */
#include <stdio.h>

#include "load/template_priv.h"

/* Wider fields than this are cut, as fmt refuses them too. */
#define MAX_WIDTH 1000000

struct verb {
	bool minus, plus, sharp, zero, space, has_width, has_prec;
	size_t width, prec;
	uint32_t c;
};

static bool
is_string(const struct hm_tval *v)
{
	return v->kind == HM_TV_STR;
}

void
hm_tfmt_print(struct hm_buf *b, const struct hm_tval *arg, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && !is_string(&arg[i]) && !is_string(&arg[i - 1]))
			hm_buf_addc(b, ' ');
		hm_tval_print(b, &arg[i], false);
	}
}

void
hm_tfmt_println(struct hm_buf *b, const struct hm_tval *arg, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			hm_buf_addc(b, ' ');
		hm_tval_print(b, &arg[i], false);
	}
	hm_buf_addc(b, '\n');
}

static size_t
count_runes(hm_str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; n++)
		hm_str_rune(s, &i);
	return n;
}

static void
pad(struct hm_buf *b, const struct verb *v, hm_str s, bool zero_ok)
{
	size_t n = count_runes(s), fill = v->has_width && v->width > n ? v->width - n : 0;
	bool zero = v->zero && zero_ok && !v->minus;

	if (zero && fill > 0 && s.n > 0 && (s.p[0] == '-' || s.p[0] == '+')) {
		hm_buf_addc(b, s.p[0]);
		s = hm_str_from(s, 1);
	}
	if (v->minus)
		hm_buf_adds(b, s);
	while (fill-- > 0)
		hm_buf_addc(b, zero ? '0' : ' ');
	if (!v->minus)
		hm_buf_adds(b, s);
}

static hm_str
cut_runes(hm_str s, size_t max)
{
	size_t i = 0;

	while (i < s.n && max-- > 0)
		hm_str_rune(s, &i);
	return hm_str_sub(s, 0, i);
}

static void
put_hex(struct hm_buf *b, hm_str s, bool upper)
{
	for (size_t i = 0; i < s.n; i++)
		hm_buf_printf(b, upper ? "%02X" : "%02x", (unsigned)(unsigned char)s.p[i]);
}

static void
put_string(struct hm_buf *b, const struct verb *v, hm_str s)
{
	struct hm_buf t = { 0 };

	if (v->has_prec)
		s = cut_runes(s, v->prec);
	if (v->c == 'q')
		hm_buf_quote(&t, s);
	else if (v->c == 'x' || v->c == 'X')
		put_hex(&t, s, v->c == 'X');
	else
		hm_buf_adds(&t, s);
	pad(b, v, hm_buf_str(&t), false);
	hm_buf_free(&t);
}

/* Digits in a base, then sign and padding. */
static void
put_int(struct hm_buf *b, const struct verb *v, int64_t i)
{
	static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
	unsigned base = v->c == 'b' ? 2 : v->c == 'o' ? 8 : v->c == 'x' || v->c == 'X' ? 16 : 10;
	uint64_t u = i < 0 ? (uint64_t)0 - (uint64_t)i : (uint64_t)i;
	char text[72], *p = text + sizeof(text);
	size_t digits = 0;

	do {
		*--p = (v->c == 'X' ? upper : lower)[u % base];
		digits++;
		u /= base;
	} while (u > 0 || (v->has_prec && digits < v->prec && digits < 64));
	if (v->sharp && base == 16) {
		*--p = v->c == 'X' ? 'X' : 'x';
		*--p = '0';
	}
	if (i < 0)
		*--p = '-';
	else if (v->plus)
		*--p = '+';
	else if (v->space)
		*--p = ' ';
	pad(b, v, hm_str_make(p, (size_t)(text + sizeof(text) - p)), !v->has_prec);
}

static void
put_rune(struct hm_buf *b, const struct verb *v, int64_t i)
{
	struct hm_buf t = { 0 };
	uint32_t r = i < 0 || i > 0x10ffff ? 0xfffd : (uint32_t)i;

	if (v->c == 'U') {
		hm_buf_printf(&t, "U+%04X", (unsigned)r);
	} else {
		if (v->c == 'q')
			hm_buf_addc(&t, '\'');
		hm_buf_add_rune(&t, r);
		if (v->c == 'q')
			hm_buf_addc(&t, '\'');
	}
	pad(b, v, hm_buf_str(&t), false);
	hm_buf_free(&t);
}

static void
put_float(struct hm_buf *b, const struct verb *v, const struct hm_tval *arg)
{
	struct hm_buf t = { 0 };
	int prec = v->has_prec ? (int)(v->prec < 300 ? v->prec : 300) : 6;

	if (v->plus && arg->f >= 0)
		hm_buf_addc(&t, '+');
	if (v->c == 'f' || v->c == 'F')
		hm_buf_printf(&t, "%.*f", prec, arg->f);
	else if (v->c == 'e')
		hm_buf_printf(&t, "%.*e", prec, arg->f);
	else
		hm_tval_print(&t, arg, false);
	pad(b, v, hm_buf_str(&t), true);
	hm_buf_free(&t);
}

static void
put_bad(struct hm_buf *b, const struct verb *v, const struct hm_tval *arg)
{
	struct hm_arena tmp = { 0 };

	hm_buf_addz(b, "%!");
	hm_buf_add_rune(b, v->c);
	hm_buf_addc(b, '(');
	if (arg->kind != HM_TV_INVALID) {
		hm_buf_adds(b, hm_tval_type(&tmp, arg));
		hm_buf_addc(b, '=');
	}
	hm_tval_print(b, arg, false);
	hm_buf_addc(b, ')');
	hm_arena_free(&tmp);
}

static void
put_list(struct hm_buf *b, const struct verb *v, const struct hm_strs *list)
{
	hm_buf_addc(b, '[');
	for (size_t i = 0; i < list->n; i++) {
		if (i > 0)
			hm_buf_addc(b, ' ');
		put_string(b, v, list->v[i]);
	}
	hm_buf_addc(b, ']');
}

static bool
is_verb(const struct verb *v, const char *set)
{
	return v->c < 0x80 && v->c && strchr(set, (int)v->c);
}

/* %#v: strings quoted, slices with their type. */
static void
put_sharp(struct hm_buf *b, const struct hm_tval *arg)
{
	if (arg->kind == HM_TV_STRS) {
		hm_buf_addz(b, "[]string{");
		for (size_t i = 0; i < arg->strs.n; i++) {
			hm_buf_addz(b, i ? ", " : "");
			hm_buf_quote(b, arg->strs.v[i]);
		}
		hm_buf_addc(b, '}');
	} else {
		hm_tval_print(b, arg, true);
	}
}

static void
put_arg(struct hm_arena *a, struct hm_buf *b, const struct verb *v, const struct hm_tval *arg)
{
	struct hm_buf t = { 0 };

	if (v->c == 'T') {
		pad(b, v, hm_tval_type(a, arg), false);
	} else if (v->c == 'v' && v->sharp) {
		put_sharp(b, arg);
	} else if (arg->kind == HM_TV_STR && is_verb(v, "vsqxX")) {
		put_string(b, v, arg->s);
	} else if (arg->kind == HM_TV_STRS && is_verb(v, "vsqxX")) {
		put_list(b, v, &arg->strs);
	} else if (arg->kind == HM_TV_INT && is_verb(v, "vdboxX")) {
		put_int(b, v, arg->i);
	} else if (arg->kind == HM_TV_INT && is_verb(v, "cqU")) {
		put_rune(b, v, arg->i);
	} else if (arg->kind == HM_TV_FLOAT && is_verb(v, "veEfFgG")) {
		put_float(b, v, arg);
	} else if (v->c == 'v' || (arg->kind == HM_TV_BOOL && v->c == 't') ||
	           (is_verb(v, "sq") && arg->kind >= HM_TV_MAP)) {
		hm_tval_print(&t, arg, v->c == 'q');
		pad(b, v, hm_buf_str(&t), false);
		hm_buf_free(&t);
	} else {
		put_bad(b, v, arg);
	}
}

static size_t
number(hm_str f, size_t *i)
{
	size_t n = 0;

	while (*i < f.n && f.p[*i] >= '0' && f.p[*i] <= '9' && n <= MAX_WIDTH)
		n = n * 10 + (size_t)(f.p[(*i)++] - '0');
	return n;
}

/* "-20.3s" behind the per cent sign. */
static bool
parse_verb(hm_str f, size_t *i, struct verb *v)
{
	memset(v, 0, sizeof(*v));
	for (; *i < f.n && f.p[*i] && strchr("-+# 0", f.p[*i]); ++*i) {
		v->minus |= f.p[*i] == '-';
		v->plus |= f.p[*i] == '+';
		v->sharp |= f.p[*i] == '#';
		v->space |= f.p[*i] == ' ';
		v->zero |= f.p[*i] == '0';
	}
	v->has_width = *i < f.n && f.p[*i] >= '0' && f.p[*i] <= '9';
	v->width = number(f, i);
	if (*i < f.n && f.p[*i] == '.') {
		++*i;
		v->has_prec = true;
		v->prec = number(f, i);
	}
	if (v->width > MAX_WIDTH)
		v->has_width = false;
	if (*i >= f.n)
		return false;
	v->c = hm_str_rune(f, i);
	return true;
}

static void
put_extra(struct hm_arena *a, struct hm_buf *b, const struct hm_tval *arg, size_t n)
{
	hm_buf_addz(b, "%!(EXTRA ");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			hm_buf_addz(b, ", ");
		if (arg[i].kind != HM_TV_INVALID) {
			hm_buf_adds(b, hm_tval_type(a, &arg[i]));
			hm_buf_addc(b, '=');
		}
		hm_tval_print(b, &arg[i], false);
	}
	hm_buf_addc(b, ')');
}

void
hm_tfmt_printf(struct hm_arena *a, struct hm_buf *b, hm_str f, const struct hm_tval *arg,
               size_t n)
{
	struct verb v;
	size_t next = 0;

	for (size_t i = 0; i < f.n;) {
		if (f.p[i] != '%') {
			hm_buf_addc(b, f.p[i++]);
			continue;
		}
		i++;
		if (!parse_verb(f, &i, &v)) {
			hm_buf_addz(b, "%!(NOVERB)");
			break;
		}
		if (v.c == '%') {
			hm_buf_addc(b, '%');
		} else if (next >= n) {
			hm_buf_addz(b, "%!");
			hm_buf_add_rune(b, v.c);
			hm_buf_addz(b, "(MISSING)");
		} else {
			put_arg(a, b, &v, &arg[next++]);
		}
	}
	if (next < n)
		put_extra(a, b, arg + next, n - next);
}
