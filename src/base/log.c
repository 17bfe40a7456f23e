#include "base/log.h"

#include "base/buf.h"

void
hm_log(const struct hm_log *log, enum hm_log_level level, const char *fmt, ...)
{
	struct hm_buf b = { 0 };
	va_list ap;

	if (!log || !log->write || (level == HM_LOG_TRACE && !log->trace))
		return;
	va_start(ap, fmt);
	hm_buf_vprintf(&b, fmt, ap);
	va_end(ap);
	log->write(log->ctx, level, hm_buf_str(&b));
	hm_buf_free(&b);
}
