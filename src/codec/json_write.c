#include "codec/json.h"

static void
add_ascii(struct hm_buf *b, unsigned char c, bool raw_html)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *q = c ? strchr(from, c) : NULL;

	if (q)
		hm_buf_printf(b, "\\%c", to[q - from]);
	else if (c < 0x20 || (!raw_html && (c == '<' || c == '>' || c == '&')))
		hm_buf_printf(b, "\\u%04x", c);
	else
		hm_buf_addc(b, (char)c);
}

void
hm_json_quote(struct hm_buf *b, hm_str s, bool raw_html)
{
	hm_buf_addc(b, '"');
	for (size_t i = 0; i < s.n;) {
		unsigned char c = (unsigned char)s.p[i];
		size_t at = i;
		uint32_t r = hm_str_rune(s, &i);

		if (c < 0x80)
			add_ascii(b, c, raw_html);
		else if (r == 0xfffd && i == at + 1)
			hm_buf_addz(b, "\\ufffd");
		else if (r == 0x2028 || r == 0x2029)
			hm_buf_printf(b, "\\u%04x", r);
		else
			hm_buf_add(b, s.p + at, i - at);
	}
	hm_buf_addc(b, '"');
}

static void
newline(struct hm_json_out *w)
{
	if (!w->indent)
		return;
	hm_buf_addc(w->out, '\n');
	for (unsigned i = 0; i < w->depth; i++)
		hm_buf_addz(w->out, w->indent);
}

/* What goes before a key, an element or a value. */
static void
before(struct hm_json_out *w)
{
	if (w->keyed) {
		w->keyed = false;
		return;
	}
	if (w->open)
		hm_buf_addc(w->out, ',');
	if (w->depth)
		newline(w);
	w->open = true;
}

static void
begin(struct hm_json_out *w, char c)
{
	before(w);
	hm_buf_addc(w->out, c);
	w->depth++;
	w->open = false;
}

static void
end(struct hm_json_out *w, char c)
{
	w->depth--;
	if (w->open)
		newline(w);
	hm_buf_addc(w->out, c);
	w->open = true;
}

void
hm_json_begin_object(struct hm_json_out *w)
{
	begin(w, '{');
}

void
hm_json_end_object(struct hm_json_out *w)
{
	end(w, '}');
}

void
hm_json_begin_array(struct hm_json_out *w)
{
	begin(w, '[');
}

void
hm_json_end_array(struct hm_json_out *w)
{
	end(w, ']');
}

void
hm_json_key_str(struct hm_json_out *w, hm_str key)
{
	before(w);
	hm_json_quote(w->out, key, w->raw_html);
	hm_buf_addz(w->out, w->indent ? ": " : ":");
	w->keyed = true;
}

void
hm_json_key(struct hm_json_out *w, const char *key)
{
	hm_json_key_str(w, hm_str_of(key));
}

void
hm_json_put_str(struct hm_json_out *w, hm_str s)
{
	before(w);
	hm_json_quote(w->out, s, w->raw_html);
}

void
hm_json_put_int(struct hm_json_out *w, int64_t n)
{
	before(w);
	hm_buf_printf(w->out, "%lld", (long long)n);
}

void
hm_json_put_uint(struct hm_json_out *w, uint64_t n)
{
	before(w);
	hm_buf_printf(w->out, "%llu", (unsigned long long)n);
}

void
hm_json_put_bool(struct hm_json_out *w, bool b)
{
	before(w);
	hm_buf_addz(w->out, b ? "true" : "false");
}

void
hm_json_put_null(struct hm_json_out *w)
{
	before(w);
	hm_buf_addz(w->out, "null");
}

/* Bytes of a string up to and with its closing quote. */
static size_t
skip_string(hm_str s, size_t i)
{
	for (i++; i < s.n && s.p[i] != '"'; i++)
		if (s.p[i] == '\\')
			i++;
	return i < s.n ? i + 1 : s.n;
}

void
hm_json_put_raw(struct hm_json_out *w, hm_str json)
{
	unsigned depth = w->depth;

	before(w);
	for (size_t i = 0; i < json.n;) {
		char c = json.p[i];
		bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
		size_t to = c == '"' ? skip_string(json, i) : i + 1;

		if (closes && i && json.p[i - 1] != '{' && json.p[i - 1] != '[') {
			w->depth--;
			newline(w);
			w->depth++;
		}
		if (closes)
			w->depth--;
		hm_buf_add(w->out, json.p + i, to - i);
		if (opens)
			w->depth++;
		if (c == ':' && w->indent)
			hm_buf_addc(w->out, ' ');
		if (c == ',' || (opens && to < json.n && json.p[to] != '}' && json.p[to] != ']'))
			newline(w);
		i = to;
	}
	w->depth = depth;
}

void
hm_json_member_str(struct hm_json_out *w, const char *key, hm_str s)
{
	hm_json_key(w, key);
	hm_json_put_str(w, s);
}

void
hm_json_member_opt_str(struct hm_json_out *w, const char *key, hm_str s)
{
	if (s.n)
		hm_json_member_str(w, key, s);
}

void
hm_json_member_bool(struct hm_json_out *w, const char *key, bool b)
{
	hm_json_key(w, key);
	hm_json_put_bool(w, b);
}

void
hm_json_member_opt_true(struct hm_json_out *w, const char *key, bool b)
{
	if (b)
		hm_json_member_bool(w, key, b);
}

void
hm_json_member_int(struct hm_json_out *w, const char *key, int64_t n)
{
	hm_json_key(w, key);
	hm_json_put_int(w, n);
}

void
hm_json_member_opt_int(struct hm_json_out *w, const char *key, int64_t n)
{
	if (n)
		hm_json_member_int(w, key, n);
}
