#include "meter.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "base/vec.h"
#include "facts.h"
#include "os/clock.h"
#include "proxy.h"
#include "upstream.h"

/* What a request asked for, by its path. */
enum kind { LIST, LATEST, INFO, MOD, ZIP, SUMDB, UPLOAD, OTHER, N_KINDS };
enum { N_CLASSES = 4, HOST_MAX = 256, WHAT_MAX = 200, WHY_MAX = 400 };

static const char *const kind_names[N_KINDS] = { "list",  "latest", "info",   "mod",
	                                         "zip",   "sumdb",  "upload", "other" };
static const char *const class_names[N_CLASSES] = { "2xx", "3xx", "4xx", "5xx" };

static const struct {
	const char *name, *help, *label, *value;
} counts[METER_COUNTS] = {
	[METER_HIT_MEMORY] = { "hits_total", "Answers by where they came from.", "from", "memory" },
	[METER_HIT_STORE] = { "hits_total", "Answers by where they came from.", "from", "store" },
	[METER_FILLED] = { "fills_total", "Objects fetched.", NULL, NULL },
	[METER_STALE] = { "stale_total", "Old answers, because upstream failed.", NULL, NULL },
	[METER_MISSING] = { "missing_total", "Objects that no source has.", NULL, NULL },
	[METER_FAILED] = { "failed_total", "Fetches that failed.", NULL, NULL },
	[METER_FILES_REJECTED] = { "rejected_files_total", "Files of modules refused by a check.",
	                           NULL, NULL },
	[METER_SUMDB_REJECTED] = { "rejected_sumdb_total",
	                           "Answers of checksum databases refused by a check.", NULL,
	                           NULL },
	[METER_REFUSED_POLICY] = { "refused_total", "Requests refused, by why.", "by", "policy" },
	[METER_REFUSED_RIGHTS] = { "refused_total", "Requests refused, by why.", "by", "rights" },
	[METER_REFUSED_LIMIT] = { "refused_total", "Requests refused, by why.", "by", "limit" },
	[METER_REFUSED_PRIVATE] = { "refused_total", "Requests refused, by why.", "by",
	                            "private" },
	[METER_UPLOADS] = { "uploads_total", "Versions that were uploaded.", NULL, NULL },
	[METER_TRIMMED] = { "trimmed_total", "Versions removed by the quota.", NULL, NULL },
	[METER_PURGED] = { "purged_total", "Versions removed by an administrator.", NULL, NULL },
};

struct host {
	char name[HOST_MAX];
	unsigned took, failed; /* ids */
};

struct fault {
	int64_t when;
	char what[WHAT_MAX], why[WHY_MAX];
};

/* mutex guards hosts, faults and the minutes. */
struct meter {
	struct hm_metrics *metrics;
	unsigned id[METER_COUNTS];
	unsigned requests[N_KINDS][N_CLASSES], took[N_KINDS];
	unsigned sent, received, in_flight;

	pthread_mutex_t mutex;
	struct host host[METER_HOSTS];
	size_t n_hosts;
	struct fault fault[METER_ERRORS];
	size_t n_faults; /* ever */

	struct meter_minute minute[METER_MINUTES], before; /* before: totals at the last tick */
	size_t n_minutes; /* ever */
	pthread_t ticker;
	pthread_cond_t wake;
	bool ticking, ending;
};

/* ---- making one */

static void
register_requests(struct meter *m)
{
	for (int k = 0; k < N_KINDS; k++)
		for (int c = 0; c < N_CLASSES; c++)
			m->requests[k][c] = hm_metrics_counter(
				m->metrics, "requests_total", "Requests by kind and status.",
				HM_LABEL2("kind", hm_str_of(kind_names[k]), "class",
			                  hm_str_of(class_names[c])));
	for (int k = 0; k < N_KINDS; k++)
		m->took[k] = hm_metrics_histogram(
			m->metrics, "request_duration_seconds", "From the head to the last byte.",
			HM_LABEL("kind", hm_str_of(kind_names[k])));
}

struct meter *
meter_new(void)
{
	struct meter *m = hm_mem_new(sizeof(*m));
	pthread_condattr_t attr;

	m->metrics = hm_metrics_new("hermod_proxy_");
	register_requests(m);
	for (int i = 0; i < METER_COUNTS; i++)
		m->id[i] = hm_metrics_counter(
			m->metrics, counts[i].name, counts[i].help,
			counts[i].label ? HM_LABEL(counts[i].label, hm_str_of(counts[i].value)) :
					  NULL);
	m->sent = hm_metrics_counter(m->metrics, "sent_bytes_total", "Bytes of answers.", NULL);
	m->received = hm_metrics_counter(m->metrics, "received_bytes_total", "Bytes of uploads.",
	                                 NULL);
	m->in_flight = hm_metrics_gauge(m->metrics, "in_flight", "Requests at work.", NULL);
	pthread_mutex_init(&m->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->wake, &attr);
	pthread_condattr_destroy(&attr);
	return m;
}

void
meter_free(struct meter *m)
{
	if (!m)
		return;
	pthread_mutex_lock(&m->mutex);
	m->ending = true;
	pthread_cond_signal(&m->wake);
	pthread_mutex_unlock(&m->mutex);
	if (m->ticking)
		pthread_join(m->ticker, NULL);
	pthread_cond_destroy(&m->wake);
	pthread_mutex_destroy(&m->mutex);
	hm_metrics_free(m->metrics);
	free(m);
}

struct hm_metrics *
meter_registry(struct meter *m)
{
	return m->metrics;
}

/* ---- counting */

void
meter_add(struct meter *m, enum meter_count what, int64_t n)
{
	if (m && n)
		hm_metrics_add(m->metrics, m->id[what], n);
}

void
meter_began(struct meter *m)
{
	if (m)
		hm_metrics_add(m->metrics, m->in_flight, 1);
}

static enum kind
kind_of(const struct hm_http1_request *req)
{
	hm_str p = req->path;

	if (req->method != HM_HTTP1_GET && req->method != HM_HTTP1_HEAD)
		return req->method == HM_HTTP1_PUT ? UPLOAD : OTHER;
	if (hm_str_has_prefix(p, HM_S("/sumdb/")))
		return SUMDB;
	if (hm_str_has_suffix(p, HM_S(".info")))
		return INFO;
	if (hm_str_has_suffix(p, HM_S(".mod")))
		return MOD;
	if (hm_str_has_suffix(p, HM_S(".zip")))
		return ZIP;
	if (hm_str_has_suffix(p, HM_S("/@v/list")))
		return LIST;
	return hm_str_has_suffix(p, HM_S("/@latest")) ? LATEST : OTHER;
}

void
meter_served(struct meter *m, const struct hm_served *s)
{
	enum kind kind = s->req ? kind_of(s->req) : OTHER;
	int class = s->status / 100 - 2;

	if (!m)
		return;
	if (class < 0 || class >= N_CLASSES)
		class = N_CLASSES - 1;
	hm_metrics_add(m->metrics, m->requests[kind][class], 1);
	hm_metrics_observe(m->metrics, m->took[kind], s->nanoseconds);
	hm_metrics_add(m->metrics, m->sent, (int64_t)s->sent);
	if (s->received)
		hm_metrics_add(m->metrics, m->received, (int64_t)s->received);
	if (s->req)
		hm_metrics_add(m->metrics, m->in_flight, -1);
}

/* With the mutex. Hosts beyond the table share its last place. */
static struct host *
host_of(struct meter *m, hm_str name)
{
	struct host *h;

	for (size_t i = 0; i < m->n_hosts; i++)
		if (hm_str_eqz(name, m->host[i].name))
			return &m->host[i];
	if (m->n_hosts == METER_HOSTS)
		return &m->host[METER_HOSTS - 1];
	if (m->n_hosts == METER_HOSTS - 1 || name.n >= HOST_MAX)
		name = HM_S("other");
	h = &m->host[m->n_hosts++];
	memcpy(h->name, name.p, name.n);
	h->took = hm_metrics_histogram(m->metrics, "upstream_duration_seconds",
	                               "Fetches from an upstream.", HM_LABEL("upstream", name));
	h->failed = hm_metrics_counter(m->metrics, "upstream_failures_total",
	                               "Fetches that an upstream did not answer as it should.",
	                               HM_LABEL("upstream", name));
	return h;
}

void
meter_upstream(struct meter *m, hm_str host, int64_t nanoseconds, bool well)
{
	struct host h;

	if (!m)
		return;
	pthread_mutex_lock(&m->mutex);
	h = *host_of(m, host);
	pthread_mutex_unlock(&m->mutex);
	hm_metrics_observe(m->metrics, h.took, nanoseconds);
	if (!well)
		hm_metrics_add(m->metrics, h.failed, 1);
}

static void
cut_into(char *out, size_t size, hm_str s)
{
	size_t n = s.n < size ? s.n : size - 1;

	if (n)
		memcpy(out, s.p, n);
	out[n] = '\0';
}

void
meter_error(struct meter *m, hm_str what, hm_str why)
{
	struct fault *f;

	if (!m)
		return;
	pthread_mutex_lock(&m->mutex);
	f = &m->fault[m->n_faults++ % METER_ERRORS];
	f->when = hm_clock_unix();
	cut_into(f->what, sizeof(f->what), what);
	cut_into(f->why, sizeof(f->why), why);
	pthread_mutex_unlock(&m->mutex);
}

/* ---- minutes */

static int64_t
count_of(struct meter *m, enum meter_count what)
{
	return hm_metrics_value(m->metrics, m->id[what]);
}

static int64_t
requests_of(struct meter *m)
{
	int64_t n = 0;

	for (int k = 0; k < N_KINDS; k++)
		for (int c = 0; c < N_CLASSES; c++)
			n += hm_metrics_value(m->metrics, m->requests[k][c]);
	return n;
}

static struct meter_minute
so_far(struct meter *m)
{
	struct meter_minute t = {
		.requests = requests_of(m),
		.hits = count_of(m, METER_HIT_MEMORY) + count_of(m, METER_HIT_STORE),
		.fills = count_of(m, METER_FILLED),
		.errors = count_of(m, METER_FAILED),
		.sent = hm_metrics_value(m->metrics, m->sent),
	};

	return t;
}

static struct meter_minute
minus(struct meter_minute a, struct meter_minute b)
{
	return (struct meter_minute){ a.requests - b.requests, a.hits - b.hits, a.fills - b.fills,
		                      a.errors - b.errors, a.sent - b.sent };
}

static void *
tick(void *arg)
{
	struct meter *m = arg;
	struct meter_minute now;
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	next.tv_sec += 60;
	pthread_mutex_lock(&m->mutex);
	while (!m->ending) {
		if (pthread_cond_timedwait(&m->wake, &m->mutex, &next) != ETIMEDOUT)
			continue;
		now = so_far(m);
		m->minute[m->n_minutes++ % METER_MINUTES] = minus(now, m->before);
		m->before = now;
		next.tv_sec += 60;
	}
	pthread_mutex_unlock(&m->mutex);
	return NULL;
}

void
meter_minutes(struct meter *m, struct meter_minute *out, size_t n)
{
	pthread_mutex_lock(&m->mutex);
	for (size_t i = 0; i < n; i++) {
		size_t back = n - 1 - i; /* 0: the minute that runs, so far */

		if (back == 0)
			out[i] = minus(so_far(m), m->before);
		else if (back <= m->n_minutes && back <= METER_MINUTES)
			out[i] = m->minute[(m->n_minutes - back) % METER_MINUTES];
		else
			out[i] = (struct meter_minute){ 0 };
	}
	pthread_mutex_unlock(&m->mutex);
}

/* ---- what other parts know */

static double
read_fills(void *ctx)
{
	return (double)fills_under_way(proxy_now(ctx)->fills);
}

static double
read_connections(void *ctx)
{
	return (double)hm_server_open(((struct proxy *)ctx)->server);
}

static double
read_hot_bytes(void *ctx)
{
	return (double)hot_stats(((struct proxy *)ctx)->hot).bytes;
}

static double
read_hot_entries(void *ctx)
{
	return (double)hot_stats(((struct proxy *)ctx)->hot).entries;
}

static double
read_upstream_requests(void *ctx)
{
	return (double)hm_http_stats(proxy_now(ctx)->http).requests;
}

static double
read_upstream_bytes(void *ctx)
{
	return (double)hm_http_stats(proxy_now(ctx)->http).bytes;
}

static double
read_left_alone(void *ctx)
{
	struct upstream_state s[METER_HOSTS];
	size_t n = upstream_states(proxy_now(ctx)->upstreams, s, METER_HOSTS);
	unsigned open = 0;

	for (size_t i = 0; i < n && i < METER_HOSTS; i++)
		open += s[i].breaker != BREAKER_CLOSED;
	return open;
}

static double
read_started(void *ctx)
{
	return (double)((struct proxy *)ctx)->started;
}

static double
read_modules(void *ctx)
{
	return (double)facts_totals(((struct proxy *)ctx)->facts).modules;
}

static double
read_versions(void *ctx)
{
	return (double)facts_totals(((struct proxy *)ctx)->facts).versions;
}

static double
read_zips(void *ctx)
{
	return (double)facts_totals(((struct proxy *)ctx)->facts).zips;
}

static double
read_store_bytes(void *ctx)
{
	return (double)facts_totals(((struct proxy *)ctx)->facts).bytes;
}

static double
read_log_dropped(void *ctx)
{
	return (double)hm_accesslog_dropped(((struct proxy *)ctx)->access_log);
}

void
meter_watch(struct meter *m, struct proxy *p)
{
	static const struct {
		const char *name, *help;
		bool counter;
		double (*read)(void *ctx);
	} readers[] = {
		{ "upstream_requests_total", "Requests sent upstream.", true,
		  read_upstream_requests },
		{ "upstream_bytes_total", "Bytes received from upstream.", true,
		  read_upstream_bytes },
		{ "upstreams_left_alone", "Hosts that are not asked, because they failed.", false,
		  read_left_alone },
		{ "access_log_dropped_total", "Lines that found no room.", true, read_log_dropped },
		{ "memory_bytes", "Bytes of answers kept in memory.", false, read_hot_bytes },
		{ "memory_entries", "Answers kept in memory.", false, read_hot_entries },
		{ "fills", "Fetches under way.", false, read_fills },
		{ "store_modules", "Modules in the store.", false, read_modules },
		{ "store_versions", "Versions in the store.", false, read_versions },
		{ "store_zips", "Versions in the store with their zip.", false, read_zips },
		{ "store_bytes", "Bytes of the store's files.", false, read_store_bytes },
		{ "connections", "Open connections.", false, read_connections },
		{ "start_time_seconds", "When the process started.", false, read_started },
	};

	for (size_t i = 0; i < sizeof(readers) / sizeof(*readers); i++)
		hm_metrics_reader(m->metrics, readers[i].name, readers[i].help, NULL,
		                  readers[i].counter, readers[i].read, p);
	m->ticking = pthread_create(&m->ticker, NULL, tick, m) == 0;
}

/* ---- for the dashboard */

struct meter_totals
meter_totals(struct meter *m)
{
	struct meter_totals t = {
		.requests = requests_of(m),
		.sent = hm_metrics_value(m->metrics, m->sent),
		.in_flight = hm_metrics_value(m->metrics, m->in_flight),
	};

	for (int i = 0; i < METER_COUNTS; i++)
		t.count[i] = count_of(m, (enum meter_count)i);
	return t;
}

void
meter_kinds(struct meter *m, struct meter_kind out[METER_KINDS])
{
	_Static_assert((int)METER_KINDS == (int)N_KINDS, "one for each kind");
	for (int k = 0; k < N_KINDS; k++) {
		int64_t n = hm_metrics_value(m->metrics, m->took[k]);

		out[k] = (struct meter_kind){
			.name = kind_names[k],
			.requests = n,
			.errors = hm_metrics_value(m->metrics, m->requests[k][N_CLASSES - 1]),
			.mean = n ? hm_metrics_sum(m->metrics, m->took[k]) / n : 0,
			.p99 = hm_metrics_quantile(m->metrics, m->took[k], 0.99),
		};
	}
}

static int
slower(const void *x, const void *y)
{
	const struct meter_host *a = x, *b = y;

	return (a->mean < b->mean) - (a->mean > b->mean);
}

size_t
meter_hosts(struct meter *m, struct hm_arena *a, struct meter_host out[METER_HOSTS])
{
	struct host host[METER_HOSTS];
	size_t n;

	pthread_mutex_lock(&m->mutex);
	n = m->n_hosts;
	memcpy(host, m->host, n * sizeof(*host));
	pthread_mutex_unlock(&m->mutex);
	for (size_t i = 0; i < n; i++) {
		struct meter_host *h = &out[i];

		h->host = hm_arena_dup(a, hm_str_of(host[i].name));
		h->asked = hm_metrics_value(m->metrics, host[i].took);
		h->failed = hm_metrics_value(m->metrics, host[i].failed);
		h->mean = h->asked ? hm_metrics_sum(m->metrics, host[i].took) / h->asked : 0;
		h->p99 = hm_metrics_quantile(m->metrics, host[i].took, 0.99);
	}
	qsort(out, n, sizeof(*out), slower);
	return n;
}

size_t
meter_faults(struct meter *m, struct hm_arena *a, struct meter_fault out[METER_ERRORS])
{
	size_t n;

	pthread_mutex_lock(&m->mutex);
	n = m->n_faults < METER_ERRORS ? m->n_faults : METER_ERRORS;
	for (size_t i = 0; i < n; i++) {
		const struct fault *f = &m->fault[(m->n_faults - 1 - i) % METER_ERRORS];

		out[i] = (struct meter_fault){ f->when, hm_arena_dup(a, hm_str_of(f->what)),
			                       hm_arena_dup(a, hm_str_of(f->why)) };
	}
	pthread_mutex_unlock(&m->mutex);
	return n;
}
