/* The methods of time.Time that templates use: module times are UTC. */
#include <stdio.h>

#include "codec/time.h"
#include "load/template_priv.h"

struct civil {
	int64_t year;
	int month, day, hour, min, sec, weekday, yday;
	int32_t nsec, offset;
};

static const char *const months[] = {
	"January", "February", "March",     "April",   "May",      "June",
	"July",    "August",   "September", "October", "November", "December",
};
static const char *const days[] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
};

/* Days since 0001-01-01 to a date, in years that begin in March. */
static void
split(struct hm_time t, struct civil *c)
{
	int64_t local = t.sec + t.offset, day = local / 86400, rest = local % 86400, era, y, m;
	int64_t doe, yoe, doy;

	if (rest < 0) {
		rest += 86400;
		day--;
	}
	c->hour = (int)(rest / 3600);
	c->min = (int)(rest / 60 % 60);
	c->sec = (int)(rest % 60);
	c->nsec = t.nsec;
	c->offset = t.offset;
	c->weekday = (int)((day + 1) % 7);
	day += 306;
	era = (day >= 0 ? day : day - 146096) / 146097;
	doe = day - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	y = yoe + era * 400;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	m = (5 * doy + 2) / 153;
	c->day = (int)(doy - (153 * m + 2) / 5 + 1);
	c->month = (int)(m < 10 ? m + 3 : m - 9);
	c->year = y + (c->month <= 2);
	c->yday = (int)(doy >= 306 ? doy - 305 : doy + 60);
	if (c->month > 2 && ((c->year % 4 == 0 && c->year % 100 != 0) || c->year % 400 == 0))
		c->yday++;
}

static void
put_zone(struct hm_buf *b, int32_t offset, const char *fmt, bool z)
{
	int32_t min = (offset < 0 ? -offset : offset) / 60;

	if (z && offset == 0)
		hm_buf_addc(b, 'Z');
	else
		hm_buf_printf(b, fmt[0] == ':' ? "%c%02d:%02d" : "%c%02d%02d",
		              offset < 0 ? '-' : '+', (int)(min / 60), (int)(min % 60));
}

/* ".000" keeps its digits, ".999" drops zeros at the end. */
static void
put_fraction(struct hm_buf *b, hm_str digits, int32_t nsec)
{
	char text[16];
	size_t n = digits.n < 9 ? digits.n : 9;

	snprintf(text, sizeof(text), "%09d", (int)nsec);
	if (digits.n > 0 && digits.p[0] == '9')
		while (n > 0 && text[n - 1] == '0')
			n--;
	if (n > 0 || (digits.n > 0 && digits.p[0] == '0')) {
		hm_buf_addc(b, '.');
		hm_buf_add(b, text, n);
	}
}

static bool
is_run(hm_str s, size_t *n)
{
	*n = 1;
	while (*n < s.n && s.p[*n] == s.p[1])
		++*n;
	return s.n > 1 && (s.p[1] == '0' || s.p[1] == '9') &&
	       (*n == s.n || s.p[*n] < '0' || s.p[*n] > '9');
}

/* time.Format for the elements in common use. */
static void
format(struct hm_buf *b, hm_str layout, const struct civil *c)
{
	int h12 = c->hour % 12 ? c->hour % 12 : 12;

	while (layout.n > 0) {
		size_t n;

#define IS(text) hm_str_cut_prefix(&layout, HM_S(text))
		if (IS("2006"))
			hm_buf_printf(b, "%04lld", (long long)c->year);
		else if (IS("January"))
			hm_buf_addz(b, months[c->month - 1]);
		else if (IS("Jan"))
			hm_buf_add(b, months[c->month - 1], 3);
		else if (IS("Monday"))
			hm_buf_addz(b, days[c->weekday]);
		else if (IS("Mon"))
			hm_buf_add(b, days[c->weekday], 3);
		else if (IS("MST"))
			hm_buf_addz(b, "UTC");
		else if (IS("002"))
			hm_buf_printf(b, "%03d", c->yday);
		else if (IS("01"))
			hm_buf_printf(b, "%02d", c->month);
		else if (IS("02"))
			hm_buf_printf(b, "%02d", c->day);
		else if (IS("03"))
			hm_buf_printf(b, "%02d", h12);
		else if (IS("04"))
			hm_buf_printf(b, "%02d", c->min);
		else if (IS("05"))
			hm_buf_printf(b, "%02d", c->sec);
		else if (IS("06"))
			hm_buf_printf(b, "%02d", (int)(c->year % 100));
		else if (IS("15"))
			hm_buf_printf(b, "%02d", c->hour);
		else if (IS("PM"))
			hm_buf_addz(b, c->hour < 12 ? "AM" : "PM");
		else if (IS("pm"))
			hm_buf_addz(b, c->hour < 12 ? "am" : "pm");
		else if (IS("Z07:00"))
			put_zone(b, c->offset, ":", true);
		else if (IS("Z0700"))
			put_zone(b, c->offset, "", true);
		else if (IS("-07:00"))
			put_zone(b, c->offset, ":", false);
		else if (IS("-0700"))
			put_zone(b, c->offset, "", false);
		else if (IS("_2"))
			hm_buf_printf(b, "%2d", c->day);
		else if ((layout.p[0] == '.' || layout.p[0] == ',') && is_run(layout, &n)) {
			put_fraction(b, hm_str_sub(layout, 1, n), c->nsec);
			layout = hm_str_from(layout, n);
		} else if (IS("1"))
			hm_buf_printf(b, "%d", c->month);
		else if (IS("2"))
			hm_buf_printf(b, "%d", c->day);
		else if (IS("3"))
			hm_buf_printf(b, "%d", h12);
		else if (IS("4"))
			hm_buf_printf(b, "%d", c->min);
		else if (IS("5"))
			hm_buf_printf(b, "%d", c->sec);
		else {
			hm_buf_addc(b, layout.p[0]);
			layout = hm_str_from(layout, 1);
		}
#undef IS
	}
}

void
hm_ttime_print(struct hm_buf *b, hm_str rfc3339)
{
	struct hm_time t;
	struct civil c = { 0 };

	if (!hm_time_parse_rfc3339(rfc3339, &t)) {
		hm_buf_adds(b, rfc3339);
		return;
	}
	split(t, &c);
	format(b, HM_S("2006-01-02 15:04:05.999999999 -0700 "), &c);
	if (t.offset == 0)
		hm_buf_addz(b, "UTC");
	else
		put_zone(b, t.offset, "", false);
}

static bool
int_method(hm_str name, struct hm_time t, const struct civil *c, struct hm_tval *out)
{
	const struct {
		const char *name;
		int64_t val;
	} methods[] = {
		{ "Year", c->year },     { "Day", c->day },       { "Hour", c->hour },
		{ "Minute", c->min },    { "Second", c->sec },    { "Nanosecond", c->nsec },
		{ "YearDay", c->yday },  { "Unix", t.sec - HM_TIME_UNIX_EPOCH },
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (hm_str_eqz(name, methods[i].name)) {
			*out = hm_tval_int(methods[i].val);
			return true;
		}
	return false;
}

bool
hm_ttime_method(struct hm_arena *a, hm_str rfc3339, hm_str name, const struct hm_tval *arg,
                size_t n, struct hm_tval *out)
{
	struct hm_buf b = { 0 };
	struct hm_time t = { 0 };
	struct civil c = { 0 };

	hm_time_parse_rfc3339(rfc3339, &t);
	split(t, &c);
	if (hm_str_eqz(name, "Format") && n == 1 && arg[0].kind == HM_TV_STR) {
		format(&b, arg[0].s, &c);
		*out = hm_tval_str(hm_buf_take(&b, a));
		return true;
	}
	if (n != 0)
		return false;
	if (hm_str_eqz(name, "String")) {
		hm_ttime_print(&b, rfc3339);
		*out = hm_tval_str(hm_buf_take(&b, a));
	} else if (hm_str_eqz(name, "UTC")) {
		t.offset = 0;
		*out = (struct hm_tval){ .kind = HM_TV_TIME, .s = hm_time_rfc3339(a, t) };
	} else if (hm_str_eqz(name, "Month")) {
		*out = hm_tval_str(hm_str_of(months[c.month - 1]));
	} else if (hm_str_eqz(name, "Weekday")) {
		*out = hm_tval_str(hm_str_of(days[c.weekday]));
	} else if (hm_str_eqz(name, "IsZero")) {
		*out = hm_tval_bool(hm_time_is_zero(t));
	} else {
		return int_method(name, t, &c, out);
	}
	return true;
}
