#include "codec/time.h"

#include "base/buf.h"

static bool
number(hm_str s, size_t at, size_t digits, int *out)
{
	int v = 0;

	if (at + digits > s.n)
		return false;
	for (size_t i = at; i < at + digits; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (s.p[i] - '0');
	}
	*out = v;
	return true;
}

static bool
is_leap(int y)
{
	return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

static int
days_in(int y, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(y));
}

/*
 * Days from 0001-01-01 to y-m-d in the Gregorian calendar, y >= 0.  Years are
 * counted from March, so that the leap day is the last of its year.
 */
static int64_t
days_before(int y, int month, int day)
{
	int64_t year = (int64_t)y - (month <= 2) + 400; /* keeps year 0 positive */
	int64_t since_march = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return year * 365 + year / 4 - year / 100 + year / 400 + since_march - 306 - 146097;
}

struct civil {
	int year, month, day, hour, min, sec;
};

static bool
civil_seconds(const struct civil *c, int64_t *out)
{
	if (c->month < 1 || c->month > 12 || c->day < 1 || c->day > days_in(c->year, c->month) ||
	    c->hour > 23 || c->min > 59 || c->sec > 59)
		return false;
	*out = days_before(c->year, c->month, c->day) * 86400 + c->hour * 3600 + c->min * 60 +
	       c->sec;
	return true;
}

/* ".123" or ",123" at *at; digits past the ninth are dropped, as Go does. */
static bool
fraction(hm_str s, size_t *at, int32_t *nsec)
{
	size_t i = *at;
	int32_t unit = 100000000;

	*nsec = 0;
	if (i >= s.n || (s.p[i] != '.' && s.p[i] != ','))
		return true;
	for (i++; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
		*nsec += unit * (s.p[i] - '0');
		unit /= 10;
	}
	if (i == *at + 1)
		return false;
	*at = i;
	return true;
}

static bool
zone(hm_str s, size_t at, int32_t *offset)
{
	int hour, min;

	*offset = 0;
	if (at + 1 == s.n && s.p[at] == 'Z')
		return true;
	if (at + 6 != s.n || (s.p[at] != '+' && s.p[at] != '-') || s.p[at + 3] != ':' ||
	    !number(s, at + 1, 2, &hour) || !number(s, at + 4, 2, &min) || hour > 24 || min > 60)
		return false;
	*offset = (hour * 60 + min) * 60;
	if (s.p[at] == '-')
		*offset = -*offset;
	return true;
}

bool
hm_time_parse_rfc3339(hm_str s, struct hm_time *t)
{
	struct civil c;
	/* Go takes an hour of one digit, too. */
	size_t hour = s.n > 12 && s.p[12] == ':' ? 1 : 2, at = 17 + hour;

	*t = (struct hm_time){ 0 };
	if (s.n <= at || !number(s, 0, 4, &c.year) || s.p[4] != '-' ||
	    !number(s, 5, 2, &c.month) || s.p[7] != '-' || !number(s, 8, 2, &c.day) ||
	    s.p[10] != 'T' || !number(s, 11, hour, &c.hour) || s.p[at - 6] != ':' ||
	    !number(s, at - 5, 2, &c.min) || s.p[at - 3] != ':' || !number(s, at - 2, 2, &c.sec))
		return false;
	if (!fraction(s, &at, &t->nsec) || !zone(s, at, &t->offset) || !civil_seconds(&c, &t->sec))
		return false;
	t->sec -= t->offset;
	return true;
}

bool
hm_time_parse_stamp(hm_str s, struct hm_time *t)
{
	struct civil c;

	*t = (struct hm_time){ 0 };
	return s.n == 14 && number(s, 0, 4, &c.year) && number(s, 4, 2, &c.month) &&
	       number(s, 6, 2, &c.day) && number(s, 8, 2, &c.hour) && number(s, 10, 2, &c.min) &&
	       number(s, 12, 2, &c.sec) && civil_seconds(&c, &t->sec);
}

/* The inverse of days_before(). */
static void
civil_from_days(int64_t days, struct civil *c)
{
	int64_t d = days + 306 + 146097;
	int64_t cycle = d / 146097, in_cycle = d % 146097;
	int64_t year = (in_cycle - in_cycle / 1460 + in_cycle / 36524 - in_cycle / 146096) / 365;
	int64_t in_year = in_cycle - (365 * year + year / 4 - year / 100);
	int64_t march = (5 * in_year + 2) / 153;

	c->day = (int)(in_year - (153 * march + 2) / 5 + 1);
	c->month = (int)(march + (march < 10 ? 3 : -9));
	c->year = (int)(year + cycle * 400 - 400 + (c->month <= 2));
}

hm_str
hm_time_rfc3339(struct hm_arena *a, struct hm_time t)
{
	struct hm_buf b = { 0 };
	struct civil c;
	int offset = t.offset < 0 ? -t.offset : t.offset;
	int64_t sec = t.sec + t.offset, days = sec / 86400, left = sec % 86400;

	if (left < 0) {
		left += 86400;
		days--;
	}
	civil_from_days(days, &c);
	hm_buf_printf(&b, "%04d-%02d-%02dT%02d:%02d:%02d", c.year, c.month, c.day,
	              (int)(left / 3600), (int)(left / 60 % 60), (int)(left % 60));
	if (t.nsec) {
		hm_buf_printf(&b, ".%09d", (int)t.nsec);
		while (b.p[b.n - 1] == '0')
			b.n--;
	}
	if (t.offset == 0)
		hm_buf_addc(&b, 'Z');
	else
		hm_buf_printf(&b, "%c%02d:%02d", t.offset < 0 ? '-' : '+',
		              offset / 3600, offset / 60 % 60);
	return hm_buf_take(&b, a);
}

struct hm_time
hm_time_from_unix(int64_t sec, int32_t nsec)
{
	return (struct hm_time){ .sec = sec + HM_TIME_UNIX_EPOCH, .nsec = nsec };
}

int
hm_time_cmp(struct hm_time x, struct hm_time y)
{
	if (x.sec != y.sec)
		return x.sec < y.sec ? -1 : 1;
	return (x.nsec > y.nsec) - (x.nsec < y.nsec);
}
