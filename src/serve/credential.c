#include "serve/credential.h"

#include <strings.h>

#include "codec/base64.h"

/* "hmd_ID_SECRET"; neither part is checked here. */
static bool
split_token(hm_str s, struct hm_sent *out)
{
	return hm_str_cut_prefix(&s, HM_S(HM_TOKEN_PREFIX)) &&
	       hm_str_cut(s, '_', &out->token_id, &out->secret) && out->token_id.n && out->secret.n;
}

static bool
read_basic(struct hm_arena *a, hm_str value, struct hm_sent *out)
{
	hm_str text, user, password;

	if (!hm_base64_decode(a, HM_BASE64_STD, value, &text) ||
	    !hm_str_cut(text, ':', &user, &password) || memchr(text.p, '\0', text.n))
		return false;
	if (password.n == 0)
		return split_token(user, out); /* https://TOKEN@host */
	out->user = user;
	if (split_token(password, out))
		return user.n > 0;
	out->password = password;
	return user.n > 0;
}

bool
hm_credential_read(struct hm_arena *a, hm_str authorization, struct hm_sent *out)
{
	hm_str scheme, value;

	*out = (struct hm_sent){ 0 };
	if (authorization.n > HM_AUTHORIZATION_MAX ||
	    !hm_str_cut(hm_str_trim(authorization), ' ', &scheme, &value))
		return false;
	value = hm_str_trim(value);
	if (scheme.n == 6 && strncasecmp(scheme.p, "bearer", 6) == 0)
		return split_token(value, out);
	return scheme.n == 5 && strncasecmp(scheme.p, "basic", 5) == 0 && read_basic(a, value, out);
}
