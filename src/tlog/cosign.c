#include "tlog/cosign.h"

#include <inttypes.h>

#include "codec/base64.h"
#include "crypto/ed25519.h"

enum {
	KEY_SIZE = 1 + HM_ED25519_PUBLIC,
	STAMPED = 8 + HM_ED25519_SIG, /* timestamped_signature */
	LINE = 4 + STAMPED,
};

static uint32_t
key_hash(hm_str name, const uint8_t pub[32], uint8_t type)
{
	uint8_t key[KEY_SIZE] = { type };

	memcpy(key + 1, pub, HM_ED25519_PUBLIC);
	return hm_note_key_hash(name, hm_str_make((const char *)key, sizeof(key)));
}

int
hm_cosigner_parse(struct hm_arena *a, hm_str vkey, struct hm_verifier *w, struct hm_err *err)
{
	uint32_t hash;
	hm_str key;

	if (hm_note_split_key(a, vkey, &w->name, &hash, &key, err))
		return -1;
	if (hash != hm_note_key_hash(w->name, key))
		return hm_err_set(err, HM_EINVALID, "invalid verifier hash");
	if (key.p[0] != HM_NOTE_COSIGNATURE && key.p[0] != HM_NOTE_ED25519)
		return hm_err_set(err, HM_EINVALID, "unknown verifier algorithm");
	if (key.n != KEY_SIZE)
		return hm_err_set(err, HM_EINVALID, "malformed verifier id");
	memcpy(w->key, key.p + 1, sizeof(w->key));
	w->hash = key_hash(w->name, w->key, HM_NOTE_COSIGNATURE);
	return 0;
}

hm_str
hm_cosigner_vkey(struct hm_arena *a, hm_str name, const uint8_t pub[32])
{
	uint8_t key[KEY_SIZE] = { HM_NOTE_COSIGNATURE };

	memcpy(key + 1, pub, HM_ED25519_PUBLIC);
	return hm_arena_printf(a, HM_F "+%08x+" HM_F, HM_P(name),
	                       key_hash(name, pub, HM_NOTE_COSIGNATURE),
	                       HM_P(hm_base64_encode(a, HM_BASE64_STD, key, sizeof(key))));
}

static hm_str
message(struct hm_arena *a, int64_t time, hm_str text)
{
	return hm_arena_printf(a, "cosignature/v1\ntime %" PRId64 "\n" HM_F, time, HM_P(text));
}

static void
put_big_endian(uint8_t *out, uint64_t v, int bytes)
{
	for (int i = bytes; i-- > 0; v >>= 8)
		out[i] = (uint8_t)v;
}

static uint64_t
big_endian(const uint8_t *p, int bytes)
{
	uint64_t v = 0;

	for (int i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

int
hm_cosign(struct hm_arena *a, const struct hm_signer *s, hm_str text, int64_t time,
          hm_str *line, struct hm_err *err)
{
	uint8_t pub[32], raw[LINE];

	if (time <= 0)
		return hm_err_set(err, HM_EINVALID, "the clock is not set: no cosignature");
	if (hm_ed25519_public(s->seed, pub, err) ||
	    hm_ed25519_sign(s->seed, message(a, time, text), raw + LINE - HM_ED25519_SIG, err))
		return -1;
	put_big_endian(raw, key_hash(s->name, pub, HM_NOTE_COSIGNATURE), 4);
	put_big_endian(raw + 4, (uint64_t)time, 8);
	*line = hm_arena_printf(a, "\xe2\x80\x94 " HM_F " " HM_F "\n", HM_P(s->name),
	                        HM_P(hm_base64_encode(a, HM_BASE64_STD, raw, sizeof(raw))));
	return 0;
}

bool
hm_cosign_verify(const struct hm_verifier *w, hm_str text, hm_str base64, int64_t *time)
{
	struct hm_arena a = { 0 };
	uint8_t raw[LINE];
	uint64_t t;
	bool ok;

	if (!hm_base64_decode_to(HM_BASE64_STD, base64, raw, sizeof(raw)) ||
	    big_endian(raw, 4) != w->hash)
		return false;
	t = big_endian(raw + 4, 8);
	if (t == 0 || t > INT64_MAX)
		return false;
	ok = hm_ed25519_verify(w->key, message(&a, (int64_t)t, text),
	                       hm_str_make((const char *)raw + LINE - HM_ED25519_SIG,
	                                   HM_ED25519_SIG));
	hm_arena_free(&a);
	if (ok && time)
		*time = (int64_t)t;
	return ok;
}

/* Did w sign?  -1 when one of its lines is wrong. */
static int
has_cosigned(const struct hm_note *note, hm_str text, const struct hm_verifier *w,
             struct hm_err *err)
{
	int found = 0;

	for (size_t i = 0; i < note->unverified.n; i++) {
		const struct hm_note_sig *sig = &note->unverified.v[i];

		if (sig->hash != w->hash || !hm_str_eq(sig->name, w->name))
			continue;
		if (!hm_cosign_verify(w, text, sig->base64, NULL))
			return hm_err_set(err, HM_ESECURITY,
			                  "invalid cosignature for key " HM_F "+%08x",
			                  HM_P(w->name), w->hash);
		found = 1;
	}
	return found;
}

int
hm_cosign_count(const struct hm_note *note, hm_str text, const struct hm_verifier *w,
                size_t n, bool *has, size_t *count, struct hm_err *err)
{
	*count = 0;
	for (size_t i = 0; i < n; i++) {
		int found = has_cosigned(note, text, &w[i], err);

		if (found < 0)
			return -1;
		if (has)
			has[i] = found;
		*count += (size_t)found;
	}
	return 0;
}
