/*
 * experiment.h - GOEXPERIMENT, by Go release (internal/buildcfg/exp.go and
 * internal/goexperiment/flags.go of 1.21 to 1.27).
 */
#ifndef HM_CONF_EXPERIMENT_H
#define HM_CONF_EXPERIMENT_H

#include "base/err.h"
#include "base/vec.h"

/* Sets of experiments as bits, numbered in the order in which the release lists them. */
struct hm_experiment {
	int gominor;
	uint64_t on, baseline;
};

/* buildcfg.ParseGOEXPERIMENT; `unknown GOEXPERIMENT x` and the regabi rule as errors. */
int hm_experiment_parse(int gominor, hm_str goos, hm_str goarch, hm_str text,
                        struct hm_experiment *out, struct hm_err *err);
/* The canonical setting: differences from the baseline, "noregabi,dwarf5". */
hm_str hm_experiment_string(struct hm_arena *a, const struct hm_experiment *e);
/* Names of what is on, in order. */
void hm_experiment_enabled(struct hm_arena *a, const struct hm_experiment *e,
                           struct hm_strs *out);

#endif
