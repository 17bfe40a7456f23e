#include "serve/metrics.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/vec.h"
#include "os/pool.h"

enum { LINE = 64, SHARDS_MAX = 64, N_BOUNDS = 18, N_BUCKETS = N_BOUNDS + 1 };

/* Nanoseconds; the last bucket has no bound. */
static const int64_t bounds[N_BOUNDS] = {
	100000,    250000,    500000,     1000000,    2500000,    5000000,
	10000000,  25000000,  50000000,   100000000,  250000000,  500000000,
	1000000000, 2500000000, 5000000000, 10000000000, 30000000000, 60000000000,
};
static const char *const bound_names[N_BUCKETS] = {
	"0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1",
	"0.25",   "0.5",     "1",      "2.5",   "5",      "10",    "30",   "60",    "+Inf",
};

enum kind { COUNTER, GAUGE, HISTOGRAM };

/* The numbers of one processor. */
struct shard {
	_Alignas(LINE) atomic_llong cell[HM_METRICS_CELLS];
};

struct family {
	const char *name, *help;
	enum kind kind;
};

struct metric {
	size_t family;
	hm_str labels; /* name="value",... without the braces */
	unsigned cell; /* its first; the id */
	double (*read)(void *ctx);
	void *ctx;
};

/* mutex guards everything but the shards' cells. */
struct hm_metrics {
	const char *prefix;
	pthread_mutex_t mutex;
	struct hm_arena arena;
	HM_VEC(struct family) families;
	HM_VEC(struct metric) metrics;
	unsigned used; /* cells */
	unsigned n_shards;
	struct shard *shard;
	void *memory;
};

struct hm_metrics *
hm_metrics_new(const char *prefix)
{
	struct hm_metrics *m = hm_mem_new(sizeof(*m));
	unsigned cores = hm_pool_cores();
	uintptr_t at;

	m->prefix = prefix;
	m->n_shards = 1;
	while (m->n_shards < cores && m->n_shards < SHARDS_MAX)
		m->n_shards *= 2;
	m->memory = hm_mem_new(m->n_shards * sizeof(struct shard) + LINE);
	at = (uintptr_t)m->memory;
	m->shard = (struct shard *)(at + (LINE - at % LINE));
	m->used = N_BUCKETS + 1; /* the first cells take what finds no room */
	pthread_mutex_init(&m->mutex, NULL);
	return m;
}

void
hm_metrics_free(struct hm_metrics *m)
{
	if (!m)
		return;
	pthread_mutex_destroy(&m->mutex);
	hm_arena_free(&m->arena);
	free(m->memory);
	free(m);
}

/* ---- registration */

static hm_str
labels_text(struct hm_arena *a, const struct hm_label *l)
{
	struct hm_buf b = { 0 };

	for (int n = 0; l && l->name && n < HM_METRICS_LABELS_MAX; l++, n++) {
		hm_buf_printf(&b, "%s%s=\"", n ? "," : "", l->name);
		for (size_t i = 0; i < l->value.n;) {
			uint32_t r = hm_str_rune(l->value, &i);

			if (r == '\n')
				hm_buf_addz(&b, "\\n");
			else if (r == '\\' || r == '"')
				hm_buf_printf(&b, "\\%c", (char)r);
			else
				hm_buf_add_rune(&b, r);
		}
		hm_buf_addc(&b, '"');
	}
	return hm_buf_take(&b, a);
}

static size_t
family_of(struct hm_metrics *m, const char *name, const char *help, enum kind kind)
{
	for (size_t i = 0; i < m->families.n; i++)
		if (strcmp(m->families.v[i].name, name) == 0)
			return i;
	HM_PUSH(&m->arena, m->families, ((struct family){ name, help, kind }));
	return m->families.n - 1;
}

static unsigned
add_metric(struct hm_metrics *m, const struct family *f, const struct hm_label *labels,
           double (*read)(void *ctx), void *ctx)
{
	unsigned cells = read ? 0 : f->kind == HISTOGRAM ? N_BUCKETS + 1 : 1, cell = 0;
	struct metric x = { .read = read, .ctx = ctx };

	pthread_mutex_lock(&m->mutex);
	x.family = family_of(m, f->name, f->help, f->kind);
	x.labels = labels_text(&m->arena, labels);
	for (size_t i = 0; i < m->metrics.n; i++) {
		struct metric *had = &m->metrics.v[i];

		if (had->family == x.family && hm_str_eq(had->labels, x.labels)) {
			had->read = read;
			had->ctx = ctx;
			cell = had->cell;
			goto out;
		}
	}
	if (m->used + cells > HM_METRICS_CELLS)
		goto out;
	cell = x.cell = m->used;
	m->used += cells;
	HM_PUSH(&m->arena, m->metrics, x);
out:
	pthread_mutex_unlock(&m->mutex);
	return cell;
}

unsigned
hm_metrics_counter(struct hm_metrics *m, const char *name, const char *help,
                   const struct hm_label *labels)
{
	return add_metric(m, &(struct family){ name, help, COUNTER }, labels, NULL, NULL);
}

unsigned
hm_metrics_gauge(struct hm_metrics *m, const char *name, const char *help,
                 const struct hm_label *labels)
{
	return add_metric(m, &(struct family){ name, help, GAUGE }, labels, NULL, NULL);
}

unsigned
hm_metrics_histogram(struct hm_metrics *m, const char *name, const char *help,
                     const struct hm_label *labels)
{
	return add_metric(m, &(struct family){ name, help, HISTOGRAM }, labels, NULL, NULL);
}

void
hm_metrics_reader(struct hm_metrics *m, const char *name, const char *help,
                  const struct hm_label *labels, bool counter, double (*read)(void *ctx),
                  void *ctx)
{
	enum kind kind = counter ? COUNTER : GAUGE;

	add_metric(m, &(struct family){ name, help, kind }, labels, read, ctx);
}

/* ---- numbers */

static void
bump(struct hm_metrics *m, unsigned cell, int64_t n)
{
	int cpu = sched_getcpu();
	struct shard *s = &m->shard[cpu < 0 ? 0 : (unsigned)cpu & (m->n_shards - 1)];

	atomic_fetch_add_explicit(&s->cell[cell], n, memory_order_relaxed);
}

void
hm_metrics_add(struct hm_metrics *m, unsigned id, int64_t n)
{
	bump(m, id, n);
}

void
hm_metrics_observe(struct hm_metrics *m, unsigned id, int64_t nanoseconds)
{
	unsigned i = 0;

	while (i < N_BOUNDS && nanoseconds > bounds[i])
		i++;
	bump(m, id + i, 1);
	bump(m, id + N_BUCKETS, nanoseconds);
}

static int64_t
total(struct hm_metrics *m, unsigned cell)
{
	uint64_t n = 0; /* wraps where a gauge went up on one processor and down on another */

	for (unsigned i = 0; i < m->n_shards; i++)
		n += (uint64_t)atomic_load_explicit(&m->shard[i].cell[cell], memory_order_relaxed);
	return (int64_t)n;
}

static bool
is_histogram(struct hm_metrics *m, unsigned id)
{
	bool yes = false;

	pthread_mutex_lock(&m->mutex);
	for (size_t i = 0; i < m->metrics.n; i++)
		if (m->metrics.v[i].cell == id && !m->metrics.v[i].read)
			yes = m->families.v[m->metrics.v[i].family].kind == HISTOGRAM;
	pthread_mutex_unlock(&m->mutex);
	return yes;
}

int64_t
hm_metrics_value(struct hm_metrics *m, unsigned id)
{
	int64_t n = 0;

	if (!is_histogram(m, id))
		return total(m, id);
	for (unsigned i = 0; i < N_BUCKETS; i++)
		n += total(m, id + i);
	return n;
}

int64_t
hm_metrics_sum(struct hm_metrics *m, unsigned id)
{
	return total(m, id + N_BUCKETS);
}

int64_t
hm_metrics_quantile(struct hm_metrics *m, unsigned id, double q)
{
	double want = q * (double)hm_metrics_value(m, id);
	int64_t n = 0;

	if (want <= 0)
		return 0;
	for (unsigned i = 0; i < N_BOUNDS; i++) {
		n += total(m, id + i);
		if ((double)n >= want)
			return bounds[i];
	}
	return bounds[N_BOUNDS - 1];
}

/* ---- text */

static void
print_name(struct hm_buf *b, const struct hm_metrics *m, const char *name, const char *suffix,
           hm_str labels, const char *le)
{
	hm_buf_printf(b, "%s%s%s", m->prefix, name, suffix);
	if (labels.n || le)
		hm_buf_printf(b, "{" HM_F "%s", HM_P(labels), labels.n && le ? "," : "");
	if (le)
		hm_buf_printf(b, "le=\"%s\"", le);
	hm_buf_addz(b, labels.n || le ? "} " : " ");
}

static void
print_histogram(struct hm_buf *b, struct hm_metrics *m, const char *name, const struct metric *x)
{
	int64_t n = 0;

	for (unsigned i = 0; i < N_BUCKETS; i++) {
		n += total(m, x->cell + i);
		print_name(b, m, name, "_bucket", x->labels, bound_names[i]);
		hm_buf_printf(b, "%lld\n", (long long)n);
	}
	print_name(b, m, name, "_sum", x->labels, NULL);
	hm_buf_printf(b, "%.15g\n", (double)total(m, x->cell + N_BUCKETS) / 1e9);
	print_name(b, m, name, "_count", x->labels, NULL);
	hm_buf_printf(b, "%lld\n", (long long)n);
}

static void
print_metric(struct hm_buf *b, struct hm_metrics *m, const struct family *f,
             const struct metric *x)
{
	if (f->kind == HISTOGRAM) {
		print_histogram(b, m, f->name, x);
		return;
	}
	print_name(b, m, f->name, "", x->labels, NULL);
	if (x->read)
		hm_buf_printf(b, "%.15g\n", x->read(x->ctx));
	else
		hm_buf_printf(b, "%lld\n", (long long)total(m, x->cell));
}

void
hm_metrics_print(struct hm_metrics *m, struct hm_buf *out)
{
	static const char *const kinds[] = { "counter", "gauge", "histogram" };

	pthread_mutex_lock(&m->mutex);
	for (size_t i = 0; i < m->families.n; i++) {
		const struct family *f = &m->families.v[i];

		hm_buf_printf(out, "# HELP %s%s %s\n# TYPE %s%s %s\n", m->prefix, f->name, f->help,
		              m->prefix, f->name, kinds[f->kind]);
		for (size_t k = 0; k < m->metrics.n; k++)
			if (m->metrics.v[k].family == i)
				print_metric(out, m, f, &m->metrics.v[k]);
	}
	pthread_mutex_unlock(&m->mutex);
}
