/*
 * policy.h - hermod.policy: which module versions may be used; grammar and verdict, pure.
 * hermod-policy(5) is the full description.
 *
 *	default deny                          what no allow or deny rule decides (else allow)
 *	allow PATTERN [VERSIONS]              admission: the most specific rule decides,
 *	deny PATTERN [VERSIONS]                 of equally specific ones deny
 *	freeze PATTERN VERSIONS at VERSIONS   of the first, only the second
 *	retire PATTERN [VERSIONS] by DATE [use PATH]
 *	cooldown DURATION PATTERN [VERSIONS]  minimum age; the most specific rule counts
 *	require-sumdb PATTERN [VERSIONS]      a checksum database must know it
 *	refuse-vulnerable DIR [at-least LEVEL]  OSV entries
 *	licences ID...                        the only SPDX licences (also: licenses)
 *	except CHECK [ID] PATTERN [VERSIONS] (until DATE | forever)
 *	                                      CHECK: freeze retire cooldown sumdb vulnerable licence
 *
 * Every line may end in a "reason"; else the comment behind it is its reason.  An except
 * must have one.  Syntax (blocks, comments, quotes) is go.mod's, see modsyntax.h; versions
 * are in verset.h.  The order of lines means nothing.
 *
 * PATTERN is a module path: exactly that module; with "...": any text, as in package
 * patterns ("example.com/..." is that and all below, "..." every module); with * ? [: a
 * glob of GOPRIVATE, which also holds for what lies below its matches (quote one that has
 * a slash before the star).  The more specific of two patterns is the exact one, else the
 * one with the longer text before its first wildcard; of the same pattern, the one with
 * a single version, then the one with versions.
 *
 * DATE is yyyy-mm-dd in UTC: "by" from its start on, "until" to its end.
 */
#ifndef HM_MOD_POLICY_H
#define HM_MOD_POLICY_H

#include "mod/modver.h"
#include "mod/verset.h"

#define HM_POLICY_MAX_BYTES ((size_t)4 << 20)
#define HM_POLICY_MAX_RULES ((size_t)20000)
/* "Holds for ever". */
#define HM_POLICY_FOREVER INT64_MAX

/* What is checked of a version, in this order; also which check a rule belongs to. */
enum hm_policy_check {
	HM_POLICY_ADMIT,
	HM_POLICY_FREEZE,
	HM_POLICY_RETIRE,
	HM_POLICY_COOLDOWN,
	HM_POLICY_SUMDB,
	HM_POLICY_VULNERABLE,
	HM_POLICY_LICENCE,
	HM_POLICY_CHECKS
};

enum hm_policy_severity {
	HM_POLICY_UNRATED, /* counts as the highest: nobody has said that it is harmless */
	HM_POLICY_LOW,
	HM_POLICY_MODERATE,
	HM_POLICY_HIGH,
	HM_POLICY_CRITICAL,
};

struct hm_policy_rule {
	enum hm_policy_check check;
	bool deny;              /* ADMIT */
	hm_str pattern, folded; /* as written; in lower case */
	bool exact;             /* no wildcard: one module */
	uint64_t rank;          /* greater is more specific */
	struct hm_verset versions;
	struct hm_verset at;    /* FREEZE: what it takes */
	int64_t date;           /* RETIRE: from then; exceptions: until then, seconds since 1970 */
	int64_t seconds;        /* COOLDOWN */
	hm_str use;             /* RETIRE: the path that takes its place; empty: none named */
	hm_str id;              /* exceptions VULNERABLE, LICENCE: of the entry, of the licence */
	hm_str text;            /* as written, without the reason */
	hm_str reason;          /* empty: none */
	uint32_t line;
};

struct hm_policy_rules {
	struct hm_policy_rule *v;
	size_t n, cap;
};

struct hm_policy_osv {
	hm_str dir; /* as written: relative to the folder of the policy file */
	enum hm_policy_severity at_least; /* UNRATED: all */
	uint32_t line;
	hm_str text, reason;
};

/* Immutable once parsed; everything lives in its arena. */
struct hm_policy {
	hm_str name;            /* of the file, for messages */
	bool default_deny;
	uint32_t default_line;  /* 0: not written */
	hm_str default_reason;
	struct hm_policy_rules rules[HM_POLICY_CHECKS];
	struct hm_policy_rules except[HM_POLICY_CHECKS];
	struct {
		struct hm_policy_osv *v;
		size_t n, cap;
	} osv;
	struct hm_strs licences; /* sorted; n == 0: any */
	uint32_t licences_line;
	hm_str licences_reason;
};

/* HM_ESYNTAX: "name:line: text" a line, all mistakes of the file. */
int hm_policy_parse(struct hm_arena *a, hm_str name, hm_str text, struct hm_policy **out,
                    struct hm_err *err);

/* Facts that verdicts may need. */
enum {
	HM_POLICY_NEED_TIME = 1,
	HM_POLICY_NEED_VOUCHED = 2,
	HM_POLICY_NEED_VULNS = 4,
	HM_POLICY_NEED_LICENCE = 8,
};

struct hm_policy_vuln {
	hm_str id;                /* "GO-2024-2687" */
	const hm_str *alias;      /* "CVE-2023-45288", ... */
	size_t n_alias;
	hm_str summary, fixed;    /* the first version without it; either may be empty */
	enum hm_policy_severity severity;
	size_t osv;               /* of which refuse-vulnerable line */
};

struct hm_policy_facts {
	struct hm_modver m;
	int64_t now;              /* seconds since 1970 */
	unsigned known;           /* HM_POLICY_NEED_*: which of the following are known */
	int64_t time;             /* of the release; 0: nobody knows it */
	bool vouched;             /* a checksum database answers for it */
	const struct hm_policy_vuln *vuln;
	size_t n_vulns;
	hm_str licence;           /* SPDX expression; "unknown", "none" */
};

enum hm_policy_answer { HM_POLICY_PERMITTED, HM_POLICY_REFUSED, HM_POLICY_UNDECIDED };

struct hm_policy_finding {
	enum hm_policy_check check;
	bool refused;             /* else it only says what to know */
	uint32_t line;            /* of the rule; 0: none */
	hm_str rule;              /* its text */
	hm_str reason;            /* one line: what and why, the rule's own reason behind */
	int64_t date;             /* when it ends or begins, as far as dates decide it; else 0 */
};

struct hm_policy_verdict {
	enum hm_policy_answer answer;
	unsigned needs;           /* facts that would decide more: HM_POLICY_NEED_* */
	int64_t holds_until;      /* another answer is possible from then on */
	struct {
		struct hm_policy_finding *v;
		size_t n, cap;
	} finding;                /* in the order of checks; all that are known */
};

/*
 * Judges by the facts at hand: refused as soon as one check refuses, undecided when
 * none does but some lack facts.  Ask with none known first, and gather what is needed.
 * Findings live in the arena and in p.
 */
void hm_policy_judge(const struct hm_policy *p, struct hm_arena *a,
                     const struct hm_policy_facts *f, struct hm_policy_verdict *v);
/* The first refusal; NULL when there is none. */
const struct hm_policy_finding *hm_policy_refusal(const struct hm_policy_verdict *v);
/* "PATH@VERSION: refused by policy, NAME:LINE: reason" */
hm_str hm_policy_refusal_text(const struct hm_policy *p, struct hm_arena *a, struct hm_modver m,
                              const struct hm_policy_finding *f);

/* Does the pattern hold for the module path? */
bool hm_policy_match(hm_str pattern, hm_str path);
/* No version of path is admitted: a deny without versions, or the default; NULL: some may be. */
bool hm_policy_denies_path(const struct hm_policy *p, struct hm_arena *a, hm_str path,
                           struct hm_policy_finding *f);
/*
 * A text from outside for a message: one line of at most max bytes, what does not print
 * (control characters, marks that turn the direction of text) is a space.
 */
hm_str hm_policy_one_line(struct hm_arena *a, hm_str s, size_t max);
/* "freeze", "retire", ... for messages and JSON. */
const char *hm_policy_check_name(enum hm_policy_check c);
const char *hm_policy_severity_name(enum hm_policy_severity s);

#endif
