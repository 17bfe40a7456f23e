/*
 * ahead.h - which client is in the middle of `go mod download`, so that the zips it is
 * about to ask for are fetched meanwhile: --fetch-ahead=learn.
 *
 * What the go command (1.19 to 1.26, hermod alike) asks for on a machine that has nothing:
 *
 *	go mod download   .mod of the module graph; then .info of each requirement of go.mod,
 *	                  one at a time, in the order of that file; then the zips of all of
 *	                  these, ten at a time (cmd/go/internal/modcmd/download.go)
 *	go list -m all    .mod of the graph; .info of the whole of it, sorted by path, several
 *	                  at a time and .mod among them; no zip.  With -u also @v/list
 *	go build, go get  .zip, then .mod, of one module and the next; .info of all at the end
 *
 * The blocks of a go.mod file are sorted one by one, so that its order begins anew with
 * each: of these, nobody else goes back in the alphabet.  Hence a client that asks for .info alone,
 * after .mod, each when the one before was answered, and after WALK_MIN of them is
 * BEHIND_MIN in a row behind where it was already, goes through such a file, and each
 * .info from there on says that its .zip will be asked for.
 *
 * Who did not come for more than OWED_MAX of the zips that were fetched ahead for it has
 * no more fetched until it asked for as many: "go list -m" with many modules named in the
 * order of go.mod looks the same, and a crawler may.  For nobody more than OWED_LIMIT are
 * fetched ahead.  Clients behind one address disturb one another's order: nothing is fetched
 * ahead for them, as for everybody in doubt.
 *
 * A client is an address and an account.  The table has room for 256; the one not seen
 * for the longest time gives way.  Any thread.
 */
#ifndef PROXY_AHEAD_H
#define PROXY_AHEAD_H

#include "route.h"

/* What is fetched ahead of those who ask for .info: --fetch-ahead. */
enum ahead_mode {
	AHEAD_LEARN,  /* the .zip, where ahead_asks() says so */
	AHEAD_ALWAYS, /* .mod and .zip */
	AHEAD_NEVER,
};
/* From its name; HM_EUSAGE. */
int ahead_mode_of(hm_str name, enum ahead_mode *out, struct hm_err *err);

struct ahead;

/* One request: who asks (account empty: nobody known), and the path as it was sent. */
struct ahead_request {
	hm_str peer, account, path;
};

struct ahead *ahead_new(void);
void ahead_free(struct ahead *a);
/*
 * Of each request about a module, in the order in which they come.  True: r is a .info whose
 * .zip will be asked for, too, and so will those of *earlier: request paths of .info that
 * were found, each with a newline behind it.
 */
bool ahead_asks(struct ahead *a, const struct ahead_request *q, const struct route *r,
                struct hm_arena *arena, hm_str *earlier);
/* A .info has been sent, or an error in its place. */
void ahead_answered(struct ahead *a, const struct ahead_request *q, bool found);

#endif
