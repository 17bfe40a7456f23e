#include "tlog/note.h"

#include "base/rune.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "crypto/ed25519.h"
#include "crypto/random.h"
#include "crypto/sha256.h"

/* Algorithm byte and key. */
#define KEY_SIZE (1 + 32)

static const hm_str sig_prefix = HM_S_INIT("\xe2\x80\x94 "); /* em dash, space */

static uint32_t
big_endian_32(const void *p)
{
	const uint8_t *b = p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

uint32_t
hm_note_key_hash(hm_str name, hm_str key)
{
	uint8_t sum[HM_SHA256_SIZE];
	struct hm_sha256 h;

	hm_sha256_init(&h);
	hm_sha256_adds(&h, name);
	hm_sha256_add(&h, "\n", 1);
	hm_sha256_adds(&h, key);
	hm_sha256_final(&h, sum);
	return big_endian_32(sum);
}

bool
hm_note_is_name(hm_str name)
{
	if (name.n == 0 || !hm_str_is_utf8(name))
		return false;
	for (size_t i = 0; i < name.n;) {
		uint32_t r = hm_str_rune(name, &i);

		if (r == '+' || hm_rune_is_space(r))
			return false;
	}
	return true;
}

int
hm_note_split_key(struct hm_arena *a, hm_str text, hm_str *name, uint32_t *hash, hm_str *key,
                  struct hm_err *err)
{
	hm_str hash16, key64;
	uint8_t raw[4];

	hm_str_cut(text, '+', name, &text);
	hm_str_cut(text, '+', &hash16, &key64);
	if (!hm_hex_decode(hash16, raw, sizeof(raw)) ||
	    !hm_base64_decode(a, HM_BASE64_STD, key64, key) || !hm_note_is_name(*name) ||
	    key->n == 0)
		return hm_err_set(err, HM_EINVALID, "malformed verifier id");
	*hash = big_endian_32(raw);
	*name = hm_arena_dup(a, *name);
	return 0;
}

static int
bad_hash(struct hm_err *err)
{
	return hm_err_set(err, HM_EINVALID, "invalid verifier hash");
}

static int
check_algorithm(hm_str key, struct hm_err *err)
{
	if (key.p[0] != HM_NOTE_ED25519)
		return hm_err_set(err, HM_EINVALID, "unknown verifier algorithm");
	if (key.n != KEY_SIZE)
		return hm_err_set(err, HM_EINVALID, "malformed verifier id");
	return 0;
}

int
hm_verifier_parse(struct hm_arena *a, hm_str vkey, struct hm_verifier *v, struct hm_err *err)
{
	hm_str key;

	if (hm_note_split_key(a, vkey, &v->name, &v->hash, &key, err) < 0)
		return -1;
	if (v->hash != hm_note_key_hash(v->name, key))
		return bad_hash(err);
	if (check_algorithm(key, err) < 0)
		return -1;
	memcpy(v->key, key.p + 1, sizeof(v->key));
	return 0;
}

static hm_str
encode_key(uint8_t out[KEY_SIZE], const uint8_t key[32])
{
	out[0] = HM_NOTE_ED25519;
	memcpy(out + 1, key, 32);
	return hm_str_make((const char *)out, KEY_SIZE);
}

int
hm_signer_parse(struct hm_arena *a, hm_str skey, struct hm_signer *s, struct hm_err *err)
{
	uint8_t pub[32], raw[KEY_SIZE];
	hm_str key;

	if (!hm_str_cut_prefix(&skey, HM_S("PRIVATE+KEY+")))
		return hm_err_set(err, HM_EINVALID, "malformed verifier id");
	if (hm_note_split_key(a, skey, &s->name, &s->hash, &key, err) < 0 ||
	    check_algorithm(key, err) < 0)
		return -1;
	memcpy(s->seed, key.p + 1, sizeof(s->seed));
	hm_secret_wipe((void *)(uintptr_t)key.p, key.n);
	if (hm_ed25519_public(s->seed, pub, err) < 0)
		return -1;
	if (s->hash != hm_note_key_hash(s->name, encode_key(raw, pub)))
		return bad_hash(err);
	return 0;
}

hm_str
hm_note_vkey(struct hm_arena *a, hm_str name, const uint8_t pub[32])
{
	uint8_t raw[KEY_SIZE];
	hm_str key = encode_key(raw, pub);
	hm_str b64 = hm_base64_encode(a, HM_BASE64_STD, key.p, key.n);

	return hm_arena_printf(a, HM_F "+%08x+" HM_F, HM_P(name), hm_note_key_hash(name, key),
	                       HM_P(b64));
}

int
hm_note_keygen(struct hm_arena *a, hm_str name, hm_str *skey, hm_str *vkey, struct hm_err *err)
{
	uint8_t seed[32], pub[32], raw[KEY_SIZE];
	hm_str key, b64;
	uint32_t hash;

	if (!hm_note_is_name(name))
		return hm_err_set(err, HM_EINVALID, "invalid server name");
	if (hm_ed25519_keygen(seed, pub, err) < 0)
		return -1;
	hash = hm_note_key_hash(name, encode_key(raw, pub));
	*vkey = hm_note_vkey(a, name, pub);
	key = encode_key(raw, seed);
	b64 = hm_base64_encode(a, HM_BASE64_STD, key.p, key.n);
	*skey = hm_arena_printf(a, "PRIVATE+KEY+" HM_F "+%08x+" HM_F, HM_P(name), hash, HM_P(b64));
	hm_secret_wipe(seed, sizeof(seed));
	hm_secret_wipe(raw, sizeof(raw));
	return 0;
}

static int
malformed(struct hm_err *err)
{
	return hm_err_set(err, HM_EINVALID, "malformed note");
}

/* UTF-8 without ASCII control characters but newline. */
static bool
is_note_text(hm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 && s.p[i] != '\n')
			return false;
	return hm_str_is_utf8(s);
}

/* Text and signature lines are parted by the last blank line. */
static bool
split_note(hm_str msg, hm_str *text, hm_str *sigs)
{
	for (size_t i = msg.n; i-- > 1;)
		if (msg.p[i] == '\n' && msg.p[i - 1] == '\n') {
			*text = hm_str_sub(msg, 0, i);
			*sigs = hm_str_from(msg, i + 1);
			return sigs->n > 0 && msg.p[msg.n - 1] == '\n';
		}
	return false;
}

/* One signature line; raw is the decoded hash and signature. */
static bool
parse_sig(struct hm_arena *a, hm_str line, struct hm_note_sig *sig, hm_str *raw)
{
	if (!hm_str_cut_prefix(&line, sig_prefix))
		return false;
	hm_str_cut(line, ' ', &sig->name, &sig->base64);
	if (!hm_base64_decode(a, HM_BASE64_STD, sig->base64, raw) || raw->n < 5 ||
	    !hm_note_is_name(sig->name))
		return false;
	sig->hash = big_endian_32(raw->p);
	return true;
}

static bool
same_key(const struct hm_note_sig *sig, hm_str name, uint32_t hash)
{
	return sig->hash == hash && hm_str_eq(sig->name, name);
}

/* The known key of a signature, or NULL; two keys of one name and hash are an attack. */
static int
find_key(const struct hm_verifier *known, size_t n, const struct hm_note_sig *sig,
         const struct hm_verifier **out, struct hm_err *err)
{
	*out = NULL;
	for (size_t i = 0; i < n; i++) {
		if (!same_key(sig, known[i].name, known[i].hash))
			continue;
		if (*out)
			return hm_err_set(err, HM_ESECURITY, "ambiguous key " HM_F "+%08x",
			                  HM_P(sig->name), sig->hash);
		*out = &known[i];
	}
	return 0;
}

static bool
has_key(const struct hm_note_sigs *sigs, const struct hm_note_sig *sig)
{
	for (size_t i = 0; i < sigs->n; i++)
		if (same_key(&sigs->v[i], sig->name, sig->hash))
			return true;
	return false;
}

static bool
has_line(const struct hm_note_sigs *sigs, const struct hm_note_sig *sig)
{
	for (size_t i = 0; i < sigs->n; i++)
		if (hm_str_eq(sigs->v[i].name, sig->name) &&
		    hm_str_eq(sigs->v[i].base64, sig->base64))
			return true;
	return false;
}

static int
take_sig(struct hm_arena *a, hm_str line, const struct hm_verifier *known, size_t n_known,
         struct hm_note *note, struct hm_err *err)
{
	const struct hm_verifier *key;
	struct hm_note_sig sig;
	hm_str raw;

	if (!parse_sig(a, line, &sig, &raw))
		return malformed(err);
	if (find_key(known, n_known, &sig, &key, err) < 0)
		return -1;
	if (!key) {
		if (!has_line(&note->unverified, &sig))
			HM_PUSH(a, note->unverified, sig);
		return 0;
	}
	if (has_key(&note->sigs, &sig))
		return 0;
	if (!hm_ed25519_verify(key->key, note->text, hm_str_from(raw, 4)))
		return hm_err_set(err, HM_ESECURITY, "invalid signature for key " HM_F "+%08x",
		                  HM_P(sig.name), sig.hash);
	HM_PUSH(a, note->sigs, sig);
	return 0;
}

int
hm_note_open(struct hm_arena *a, hm_str msg, const struct hm_verifier *known, size_t n_known,
             struct hm_note *note, struct hm_err *err)
{
	hm_str sigs, line;
	int lines = 0;

	*note = (struct hm_note){ .text = { NULL, 0 } };
	if (!is_note_text(msg) || !split_note(msg, &note->text, &sigs))
		return malformed(err);
	while (sigs.n > 0) {
		hm_str_cut(sigs, '\n', &line, &sigs);
		if (++lines > HM_NOTE_SIGS_MAX)
			return malformed(err);
		if (take_sig(a, line, known, n_known, note, err) < 0)
			return -1;
	}
	if (note->sigs.n == 0)
		return hm_err_set(err, HM_ESECURITY, "note has no verifiable signatures");
	return 0;
}

static void
put_sig(struct hm_buf *b, hm_str name, hm_str base64)
{
	hm_buf_adds(b, sig_prefix);
	hm_buf_adds(b, name);
	hm_buf_addc(b, ' ');
	hm_buf_adds(b, base64);
	hm_buf_addc(b, '\n');
}

/* The signatures that a note had, but those whose keys sign now. */
static int
put_old(struct hm_buf *b, struct hm_arena *a, const struct hm_note_sigs *old,
        const struct hm_signer *signers, size_t n, struct hm_err *err)
{
	for (size_t i = 0; i < old->n; i++) {
		const struct hm_note_sig *sig = &old->v[i];
		bool again = false;
		hm_str raw;

		if (!hm_note_is_name(sig->name))
			return malformed(err);
		for (size_t k = 0; k < n; k++)
			again |= same_key(sig, signers[k].name, signers[k].hash);
		if (again)
			continue;
		if (!hm_base64_decode(a, HM_BASE64_STD, sig->base64, &raw) || raw.n < 4 ||
		    big_endian_32(raw.p) != sig->hash)
			return malformed(err);
		put_sig(b, sig->name, sig->base64);
	}
	return 0;
}

static int
put_new(struct hm_buf *b, struct hm_arena *a, hm_str text, const struct hm_signer *s,
        struct hm_err *err)
{
	uint8_t raw[4 + HM_ED25519_SIG] = { (uint8_t)(s->hash >> 24), (uint8_t)(s->hash >> 16),
		                            (uint8_t)(s->hash >> 8), (uint8_t)s->hash };

	if (!hm_note_is_name(s->name))
		return hm_err_set(err, HM_EINVALID, "invalid signer");
	if (hm_ed25519_sign(s->seed, text, raw + 4, err) < 0)
		return -1;
	put_sig(b, s->name, hm_base64_encode(a, HM_BASE64_STD, raw, sizeof(raw)));
	return 0;
}

int
hm_note_sign(struct hm_arena *a, const struct hm_note *note, const struct hm_signer *signers,
             size_t n, hm_str *out, struct hm_err *err)
{
	struct hm_buf b = { 0 };
	int rc = -1;

	if (!hm_str_has_suffix(note->text, HM_S("\n")))
		return malformed(err);
	hm_buf_adds(&b, note->text);
	hm_buf_addc(&b, '\n');
	if (put_old(&b, a, &note->sigs, signers, n, err) < 0 ||
	    put_old(&b, a, &note->unverified, signers, n, err) < 0)
		goto out;
	for (size_t i = 0; i < n; i++)
		if (put_new(&b, a, note->text, &signers[i], err) < 0)
			goto out;
	*out = hm_arena_dup(a, hm_buf_str(&b));
	rc = 0;
out:
	hm_buf_free(&b);
	return rc;
}
