#include "tlog/trust.h"

#include "tlog/cosign.h"

struct parse {
	struct hm_arena *a;
	struct hm_trust *out;
	HM_VEC(struct hm_verifier) witness;
	struct hm_strs url;
	size_t largest; /* quorum */
	bool quorum;    /* was there one */
};

/* "NAME+HASH+KEY [URL]" */
static int
parse_target(hm_str text, hm_str *key, hm_str *url, struct hm_err *err)
{
	hm_str more;

	*url = HM_S("");
	if (!hm_str_next_field(&text, key))
		return hm_err_set(err, HM_EINVALID, "NAME+HASH+KEY is missing");
	if (hm_str_next_field(&text, url) && hm_str_next_field(&text, &more))
		return hm_err_set(err, HM_EINVALID, "too many fields");
	return 0;
}

static int
add_witness(struct parse *p, hm_str text, struct hm_err *err)
{
	struct hm_verifier w;
	hm_str key, url;

	if (parse_target(text, &key, &url, err) || hm_cosigner_parse(p->a, key, &w, err))
		return hm_err_wrap(err, "witness: ");
	for (size_t i = 0; i < p->witness.n; i++)
		if (memcmp(p->witness.v[i].key, w.key, sizeof(w.key)) == 0)
			return hm_err_set(err, HM_EINVALID,
			                  "witness " HM_F " has the key of witness " HM_F,
			                  HM_P(w.name), HM_P(p->witness.v[i].name));
	HM_PUSH(p->a, p->witness, w);
	HM_PUSH(p->a, p->url, url);
	return 0;
}

static int
set_quorum(struct parse *p, hm_str text, struct hm_err *err)
{
	hm_str word, more;
	size_t n = 0;

	if (!hm_str_next_field(&text, &word) || hm_str_next_field(&text, &more) || word.n > 4)
		return hm_err_set(err, HM_EINVALID, "quorum wants one number");
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] < '0' || word.p[i] > '9')
			return hm_err_set(err, HM_EINVALID, "quorum wants one number");
		n = n * 10 + (size_t)(word.p[i] - '0');
	}
	p->out->quorum = n;
	p->quorum = true;
	if (n > p->largest)
		p->largest = n;
	return 0;
}

static int
add_db(struct parse *p, hm_str text, struct hm_err *err)
{
	struct hm_trust_db db = { .quorum = p->out->quorum };
	struct hm_trust *t = p->out;
	hm_str rest, more;

	if (!hm_str_cut(text, '=', &db.patterns, &text))
		return hm_err_set(err, HM_EINVALID,
		                  "\"" HM_F "\" is not PATTERN=NAME+HASH+KEY [URL]",
		                  HM_P(db.patterns));
	rest = db.patterns;
	if (!hm_str_next_field(&rest, &db.patterns) || hm_str_next_field(&rest, &more))
		return hm_err_set(err, HM_EINVALID, "one pattern, or more with commas, before =");
	if (parse_target(text, &db.key, &db.url, err))
		return -1;
	if (t->n_db == t->cap_db)
		t->db = hm_vec_grow(p->a, t->db, t->n_db, &t->cap_db, sizeof(*t->db));
	t->db[t->n_db++] = db;
	return 0;
}

static int
add_entry(struct parse *p, hm_str entry, struct hm_err *err)
{
	hm_str rest = entry, word;

	if (!hm_str_next_field(&rest, &word))
		return 0;
	if (p->witness.n + p->out->n_db > HM_TRUST_ENTRIES_MAX)
		return hm_err_set(err, HM_ELIMIT, "more than %d entries", HM_TRUST_ENTRIES_MAX);
	if (hm_str_eqz(word, "witness"))
		return add_witness(p, rest, err);
	if (hm_str_eqz(word, "quorum"))
		return set_quorum(p, rest, err);
	return add_db(p, entry, err);
}

static int
parse_line(struct parse *p, hm_str line, struct hm_err *err)
{
	hm_str entry;

	for (;;) {
		line = hm_str_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			return 0;
		hm_str_cut(line, ';', &entry, &line);
		if (add_entry(p, entry, err))
			return -1;
	}
}

int
hm_trust_parse(struct hm_arena *a, hm_str text, struct hm_trust *out, struct hm_err *err)
{
	struct parse p = { .a = a, .out = out };
	hm_str line;

	*out = (struct hm_trust){ .n_db = 0 };
	if (text.n > HM_TRUST_MAX)
		return hm_err_set(err, HM_ELIMIT, "longer than %zu bytes", HM_TRUST_MAX);
	text = hm_arena_dup(a, text);
	for (int n = 1; text.n; n++) {
		hm_str_cut(text, '\n', &line, &text);
		if (parse_line(&p, line, err))
			return hm_err_wrap(err, "line %d: ", n);
	}
	if (p.largest > p.witness.n)
		return hm_err_set(err, HM_EINVALID, "quorum %zu of %zu witnesses", p.largest,
		                  p.witness.n);
	if (p.witness.n && !p.quorum)
		return hm_err_set(err, HM_EINVALID, "witnesses, but no quorum");
	out->witness = p.witness.v;
	out->witness_url = p.url.v;
	out->n_witness = p.witness.n;
	return 0;
}
