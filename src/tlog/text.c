/*
 * Tree heads and records as text: golang.org/x/mod/sumdb/tlog, note.go.
 */
#include "codec/base64.h"
#include "tlog/tlog.h"

/* Go refuses longer texts of tree heads. */
#define TREE_TEXT_MAX 1000000

static const hm_str tree_head = HM_S_INIT("go.sum database tree\n");

/* strconv.ParseInt(s, 10, 64) for numbers that are not negative. */
static bool
parse_int(hm_str s, int64_t *out)
{
	int64_t n = 0;

	hm_str_cut_prefix(&s, HM_S("+"));
	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, s.p[i] - '0', &n))
			return false;
	}
	*out = n;
	return true;
}

bool
hm_tlog_parse_size(hm_str s, int64_t *out)
{
	int64_t n = 0;

	if (s.n == 0 || s.n > 18 || (s.n > 1 && s.p[0] == '0'))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		n = n * 10 + (s.p[i] - '0');
	}
	*out = n;
	return n <= HM_TLOG_SIZE_MAX;
}

hm_str
hm_tlog_format_tree(struct hm_arena *a, const struct hm_tree *t)
{
	hm_str hash = hm_hash_text(a, &t->hash);

	return hm_arena_printf(a, HM_F "%lld\n" HM_F "\n", HM_P(tree_head), (long long)t->n,
	                       HM_P(hash));
}

int
hm_tlog_parse_tree(hm_str text, struct hm_tree *t, struct hm_err *err)
{
	hm_str num, hash;
	bool canonical;

	if (text.n > TREE_TEXT_MAX || !hm_str_cut_prefix(&text, tree_head) ||
	    !hm_str_cut(text, '\n', &num, &text) || !hm_str_cut(text, '\n', &hash, &text))
		goto malformed;
	canonical = num.n == 1 || (num.n > 1 && num.p[0] >= '1' && num.p[0] <= '9');
	if (!canonical || !parse_int(num, &t->n) || t->n > HM_TLOG_SIZE_MAX ||
	    !hm_base64_decode_to(HM_BASE64_STD, hash, t->hash.b, sizeof(t->hash.b)))
		goto malformed;
	return 0;
malformed:
	return hm_err_set(err, HM_EINVALID, "malformed tree note");
}

static int
bad_record(struct hm_err *err)
{
	return hm_err_set(err, HM_EINVALID, "malformed record data");
}

/* Lines of UTF-8 without control characters, none of them empty. */
static bool
is_record_text(hm_str s)
{
	if (s.n == 0 || s.p[s.n - 1] != '\n' || !hm_str_is_utf8(s))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] < 0x20 && s.p[i] != '\n')
			return false;
		if (i > 0 && s.p[i] == '\n' && s.p[i - 1] == '\n')
			return false;
	}
	return true;
}

int
hm_tlog_format_record(struct hm_arena *a, int64_t id, hm_str text, hm_str *out,
                      struct hm_err *err)
{
	struct hm_buf b = { 0 };

	if (!is_record_text(text))
		return bad_record(err);
	hm_buf_printf(&b, "%lld\n", (long long)id);
	hm_buf_adds(&b, text);
	hm_buf_addc(&b, '\n');
	*out = hm_buf_take(&b, a);
	return 0;
}

int
hm_tlog_parse_record(hm_str msg, int64_t *id, hm_str *text, hm_str *rest, struct hm_err *err)
{
	hm_str num;
	ptrdiff_t end;

	if (!hm_str_cut(msg, '\n', &num, &msg) || !parse_int(num, id))
		return bad_record(err);
	end = hm_str_index(msg, HM_S("\n\n"));
	if (end < 0)
		return bad_record(err);
	*text = hm_str_sub(msg, 0, (size_t)end + 1);
	*rest = hm_str_from(msg, (size_t)end + 2);
	return is_record_text(*text) ? 0 : bad_record(err);
}
