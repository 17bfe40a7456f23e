/*
 * metrics.h - counters, gauges and histograms, and the Prometheus text format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 *
 *	id = hm_metrics_counter(m, "requests_total", "Requests.", HM_LABEL("kind", "zip"));
 *	hm_metrics_add(m, id, 1);
 *
 * Registering takes a lock; adding is one relaxed atomic in the cells of the
 * processor that runs the thread, and reading sums the cells.  Any thread.
 *
 * Names and labels are the program's own or come from its configuration, never from
 * a request: each set of labels is a line for ever.
 */
#ifndef HM_SERVE_METRICS_H
#define HM_SERVE_METRICS_H

#include "base/buf.h"

enum {
	HM_METRICS_CELLS = 4096, /* numbers of one registry; a histogram takes its buckets + 2 */
	HM_METRICS_LABELS_MAX = 4,
};

struct hm_metrics;

struct hm_label {
	const char *name;
	hm_str value; /* copied */
};

/* The labels of one line, ended by a NULL name; a NULL pointer: none. */
#define HM_LABEL(name, value) ((const struct hm_label[]){ { name, value }, { 0 } })
#define HM_LABEL2(n1, v1, n2, v2) ((const struct hm_label[]){ { n1, v1 }, { n2, v2 }, { 0 } })

/* prefix, borrowed, goes before each name: "hermod_proxy_". */
struct hm_metrics *hm_metrics_new(const char *prefix);
void hm_metrics_free(struct hm_metrics *m);

/*
 * name and help are borrowed.  The same name and labels give the same id again; when
 * the cells are used up, an id whose value is printed nowhere.
 */
unsigned hm_metrics_counter(struct hm_metrics *m, const char *name, const char *help,
                            const struct hm_label *labels);
/* Goes up and down: add(1), add(-1). */
unsigned hm_metrics_gauge(struct hm_metrics *m, const char *name, const char *help,
                          const struct hm_label *labels);
/*
 * Durations, in buckets that end at 100 us, 250 us, 500 us, 1 ms, ... 10 s, 30 s, 60 s;
 * name ends in "_seconds".
 */
unsigned hm_metrics_histogram(struct hm_metrics *m, const char *name, const char *help,
                              const struct hm_label *labels);
/* A value that is asked for when it is printed: read(ctx), on the printing thread. */
void hm_metrics_reader(struct hm_metrics *m, const char *name, const char *help,
                       const struct hm_label *labels, bool counter,
                       double (*read)(void *ctx), void *ctx);

void hm_metrics_add(struct hm_metrics *m, unsigned id, int64_t n);
void hm_metrics_observe(struct hm_metrics *m, unsigned id, int64_t nanoseconds);

/* The value of a counter or gauge; of a histogram the number of observations. */
int64_t hm_metrics_value(struct hm_metrics *m, unsigned id);
/* Of a histogram: the sum of what was observed, in nanoseconds. */
int64_t hm_metrics_sum(struct hm_metrics *m, unsigned id);
/* The bound of the bucket that holds the q-th part (0..1) of them, in nanoseconds; 0: none yet. */
int64_t hm_metrics_quantile(struct hm_metrics *m, unsigned id, double q);

#define HM_METRICS_TYPE HM_S("text/plain; version=0.0.4; charset=utf-8")
/* All of it, families in order of their first registration. */
void hm_metrics_print(struct hm_metrics *m, struct hm_buf *out);

#endif
