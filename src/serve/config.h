/*
 * config.h - configuration files in the style of git's, for both servers.
 *
 *	# a comment
 *	[serve]
 *		listen = 127.0.0.1:8080
 *	[upstream "example.com"]
 *		proxy = "https://proxy.example.com"
 *
 * Section and key names are letters, digits and '-', in any case; a value is the rest
 * of the line, without the space around it and without a comment; quotes keep
 * spaces and # ;, backslash escapes \" \\ \n \t; a backslash at the end of a line goes on
 * in the next; a key without "=" is "true".
 */
#ifndef HM_SERVE_CONFIG_H
#define HM_SERVE_CONFIG_H

#include "base/err.h"
#include "base/vec.h"

#define HM_CONFIG_MAX ((size_t)1 << 20)

struct hm_config_entry {
	hm_str section, sub; /* lower case; sub as written */
	hm_str key, value;   /* key in lower case */
	int line;
};

struct hm_config {
	hm_str name; /* of the file, for messages */
	struct hm_config_entry *v;
	size_t n, cap;
};

/* HM_ESYNTAX with "name:line: what is wrong". Everything lives in the arena. */
int hm_config_parse(struct hm_arena *a, hm_str name, hm_str text, struct hm_config *out,
                    struct hm_err *err);
int hm_config_read(struct hm_arena *a, const char *path, struct hm_config *out,
                   struct hm_err *err);

/* What a program knows: where each value goes. */
struct hm_setting {
	const char *section, *key; /* also --key on the command line */
	const char *env;           /* or NULL */
	enum { HM_SET_STR, HM_SET_INT, HM_SET_BOOL, HM_SET_CHECKED, HM_SET_SECTION } kind;
	void *target;              /* hm_str *, int *, bool *, hm_checked *, NULL */
	int min, max;              /* of an INT */
};

/* A string that cannot be any: what is wrong is said with the place where it stands. */
struct hm_checked {
	hm_str *target;
	int (*check)(hm_str value, struct hm_err *err); /* HM_EUSAGE; the value is not empty */
};

/*
 * Fills the targets: first from config (may be NULL), then from the environment, then
 * from --key=value or --key value words, so that each overrides what came before.
 * *argc and *argv keep the words that are no options, which may stand anywhere among
 * them; all behind "--" are words.  One dash is as good as two.  HM_EUSAGE names what is
 * unknown or malformed, with file and line or the variable.  Of sections with a name in
 * quotes those that a HM_SET_SECTION names are left to whoever knows them.
 */
int hm_settings_apply(struct hm_arena *a, const struct hm_setting *known, size_t n,
                      const struct hm_config *config, int *argc, char ***argv,
                      struct hm_err *err);

#endif
