#include "base/err.h"

#include <errno.h>

static const struct {
	const char *text;
	int exit, http;
	bool fall;
} codes[] = {
#define ROW(code, text, exit, http, fall) [code] = { text, exit, http, fall },
	HM_ERR_CODES(ROW)
#undef ROW
};

int
hm_err_set(struct hm_err *err, enum hm_code code, const char *fmt, ...)
{
	struct hm_buf b = { 0 }; /* the arguments may be borrowed from err */
	va_list ap;

	va_start(ap, fmt);
	hm_buf_vprintf(&b, fmt, ap);
	va_end(ap);
	hm_buf_free(&err->msg);
	err->msg = b;
	err->code = code;
	err->sys = 0;
	err->final = false;
	return -1;
}

int
hm_err_sys(struct hm_err *err, int sys, const char *fmt, ...)
{
	struct hm_buf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	hm_buf_vprintf(&b, fmt, ap);
	va_end(ap);
	hm_buf_printf(&b, ": %s", hm_errno_text(sys));
	hm_buf_free(&err->msg);
	err->msg = b;
	err->code = sys == ENOENT ? HM_ENOTFOUND : HM_EIO;
	err->sys = sys;
	err->final = false;
	return -1;
}

int
hm_err_finish(struct hm_err *err)
{
	err->final = true;
	return -1;
}

int
hm_err_wrap(struct hm_err *err, const char *fmt, ...)
{
	struct hm_buf b = { 0 };
	va_list ap;

	if (err->final)
		return -1;
	va_start(ap, fmt);
	hm_buf_vprintf(&b, fmt, ap);
	va_end(ap);
	hm_buf_prepend(&err->msg, hm_buf_str(&b));
	hm_buf_free(&b);
	return -1;
}

int
hm_err_append(struct hm_err *err, const char *fmt, ...)
{
	struct hm_buf b = { 0 };
	va_list ap;

	if (err->final)
		return -1;
	va_start(ap, fmt);
	hm_buf_vprintf(&b, fmt, ap);
	va_end(ap);
	hm_buf_adds(&err->msg, hm_buf_str(&b));
	hm_buf_free(&b);
	return -1;
}

hm_str
hm_err_str(struct hm_err *err)
{
	return hm_buf_str(&err->msg);
}

bool
hm_err_is(const struct hm_err *err, enum hm_code code)
{
	return err->code == code;
}

void
hm_err_clear(struct hm_err *err)
{
	hm_err_free(err); /* so that an error that was put aside leaves no memory behind */
}

void
hm_err_move(struct hm_err *dst, struct hm_err *src)
{
	if (dst == src)
		return;
	hm_err_free(dst);
	*dst = *src;
	*src = (struct hm_err){ 0 };
}

void
hm_err_free(struct hm_err *err)
{
	hm_buf_free(&err->msg);
	err->code = HM_OK;
	err->sys = 0;
	err->final = false;
}

const char *
hm_code_text(enum hm_code code)
{
	return codes[code].text;
}

int
hm_code_exit(enum hm_code code)
{
	return codes[code].exit;
}

int
hm_code_http(enum hm_code code)
{
	return codes[code].http;
}

bool
hm_code_may_fall_back(enum hm_code code)
{
	return codes[code].fall;
}
