# hermod.policy in the proxy, under the real go command, and `hermod policy`.
. "$(dirname "$0")/lib.sh"

[ -n "$GO" ] || { skip "hermod.policy" "no go command"; finish; }
command -v curl >/dev/null || { skip "hermod.policy" "no curl"; finish; }
unset GOFLAGS GOPATH GOPROXY GOSUMDB
export GOENV=off GOTOOLCHAIN=local GOFLAGS=-modcacherw CGO_ENABLED=0 GONOSUMDB='*'
licences=$top/tests/data/licences
ago() { date -u -d "$1 days ago" +%Y-%m-%dT%H:%M:%SZ; }
day() { date -u -d "$1 days" +%Y-%m-%d; }

# Versions by age: lib has an old, a middling and a fresh one, and a fresh prerelease.
cat >"$work/list" <<END
mod example.com/lib v1.0.0
pkg .
time $(ago 100)
mod example.com/lib v1.1.0
pkg .
time $(ago 30)
mod example.com/lib v1.2.0
pkg .
time $(ago 1)
mod example.com/lib v1.3.0-rc.1
pkg .
time $(ago 50)
mod example.com/lib/v2 v2.0.0
pkg .
time $(ago 20)
mod example.com/evil v1.0.0
pkg .
mod example.com/evil/good v1.0.0
pkg .
mod example.com/young v0.1.0
pkg .
time $(ago 2)
mod example.com/late v0.0.0-20260101000000-abcdefabcdef
pkg .
time 2026-01-01T00:00:00Z
mod example.com/late v0.1.0
pkg .
time $(ago 1)
mod example.com/mit v1.0.0
pkg .
file LICENSE $licences/MIT
mod example.com/gpl v1.0.0
pkg .
file COPYING $licences/GPL-3.0
mod example.com/bare v1.0.0
pkg .
mod example.com/holes v1.0.0
pkg .
mod example.com/holes v1.0.1
pkg .
mod example.com/app v1.0.0
go.mod require example.com/lib v1.0.0
go.mod require example.com/holes v1.0.0
pkg . example.com/lib example.com/holes
mod example.com/mixed v1.0.0
go.mod require example.com/app v1.0.0
go.mod require example.com/holes v1.0.1
pkg . example.com/app example.com/holes
END
gotool modules "$work/up" <"$work/list" ||
	{ t "fixtures" false; finish; }
sed -i /0000/d "$work/up/example.com/late/@v/list" # no list has pseudo-versions
mkdir "$work/osv"
cat >"$work/osv/GO-2026-0001.json" <<'END'
{"id":"GO-2026-0001","aliases":["CVE-2026-1"],"summary":"Anyone may do anything","affected":[{"package":{"ecosystem":"Go","name":"example.com/holes"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.0.1"}]}]}]}
END

n=0
# start POLICY ARGS...: a proxy with a store of its own and this text as hermod.policy.
start() {
	n=$((n + 1))
	printf '%s\n' "$1" >"$work/hermod.policy"
	shift
	rm -rf "$work/store.$n" # a log may be there
	"$BUILDDIR/hermod-proxy" serve --dir "$work/store.$n" --listen 127.0.0.1:0 --upstream "file://$work/up" \
		--policy "$work/hermod.policy" "$@" 2>"$work/log.$n" &
	pid=$!
	pids+=("$pid")
	for _ in $(seq 200); do
		url=$(sed -n 's/^listening on //p' "$work/log.$n")
		[ -n "$url" ] && return 0
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	url=http://127.0.0.1:9
	cat "$work/log.$n"
	return 1
}
stop() { kill "$pid" && wait "$pid"; }
# g ARGS...: go against the proxy, with a module cache of its own each time.
g() { rm -rf "$work/mc"; (cd "$work/m" && GOPROXY=$url GOMODCACHE=$work/mc "$GO" "$@" 2>&1); }
new() { rm -rf "$work/m" && mkdir "$work/m" && printf 'module m\n\ngo 1.21\n' >"$work/m/go.mod"; }
says() { local want=$1; shift; "$@" >"$work/said"; grep -qxF -e "$want" "$work/said" || { echo "want: $want"; cat "$work/said"; return 1; }; }
said_has() { local want=$1; shift; "$@" >"$work/said"; grep -qF -e "$want" "$work/said" || { echo "want: $want"; cat "$work/said"; return 1; }; }
status() { curl -s -o "$work/body" -w '%{http_code}' "$@"; }
is() { local want=$1 got; shift; got=$("$@"); [ "$got" = "$want" ] || { echo "got $got, want $want"; cat "$work/body"; return 1; }; }
new

# -- deny
here "deny" start 'default allow // all else
deny example.com/evil/... "typosquat"
allow example.com/evil/good // checked
freeze example.com/lib v1 at v1.0.0 // security fixes only
retire example.com/lib/v2 by 2026-01-01 use example.com/lib/v3'
t "go shows line and reason" said_has "example.com/evil@v1.0.0: refused by policy, hermod.policy:2: deny example.com/evil/...: typosquat" g mod download example.com/evil@v1.0.0
t "the more specific rule decides" g mod download example.com/evil/good@v1.0.0
t "it is 403, so that go goes nowhere else" is 403 status "$url/example.com/evil/@v/v1.0.0.zip"
t "so for the list of what is denied" is 403 status "$url/example.com/evil/@v/list"
t "what does not exist is not found, denied or not" is 404 status "$url/example.com/evil/none/@v/list"
t "also as a version" is 404 status "$url/example.com/evil/none/@v/v1.0.0.info"
fallback() { rm -rf "$work/mc"; (cd "$work/m" && GOPROXY=$url,file://$work/up GOMODCACHE=$work/mc "$GO" mod download example.com/evil@latest 2>&1); }
t "no other proxy is asked" said_has "refused by policy" fallback
t "freeze: the list has what may be used" says "example.com/lib v1.0.0" g list -m -versions example.com/lib
t "freeze: latest is that" said_has "example.com/lib v1.0.0" g list -m example.com/lib@latest
t "freeze: the others are refused" said_has 'hermod.policy:4: not among the versions of "freeze example.com/lib v1 at v1.0.0": security fixes only' g mod download example.com/lib@v1.1.0
t "retire" said_has "hermod.policy:5: retired on 2026-01-01, use example.com/lib/v3" g mod download example.com/lib/v2@v2.0.0
counted() { curl -s "$url/metrics" | grep -E 'refused_total\{by="policy"\} [1-9]'; }
t "refusals are counted" counted
stored() { [ "$(status "$url/example.com/lib/@v/v1.0.0.zip")" = 200 ] && [ "$(status "$url/example.com/lib/@v/v1.0.0.zip")" = 200 ]; }
t "what is permitted is served, from upstream and from the store" stored
here "stop" stop

# -- default deny
here "default deny" start 'default deny "ask security@example.com"
allow example.com/lib'
t "only what is allowed" g mod download example.com/lib@v1.1.0
t "nothing else" said_has "example.com/mit@v1.0.0: refused by policy, hermod.policy:1: no rule allows it: ask security@example.com" g mod download example.com/mit@v1.0.0
cat >"$work/m/m.go" <<'END'
package m

import _ "example.com/lib"
END
sub() { g get example.com/lib@v1.1.0 && g list -m all | has -x 'example.com/lib v1.1.0'; }
t "a package's module is found among the prefixes of its path" sub
here "stop" stop
new

# -- cooldown
here "cooldown" start 'cooldown 7d ... "let others find it"
except cooldown example.com/young v0.2.0 forever "ours"'
t "the list has what is old enough" says "example.com/lib v1.0.0 v1.1.0 v1.3.0-rc.1" g list -m -versions example.com/lib
t "latest is an older one" says "example.com/lib v1.1.0" g list -m example.com/lib@latest
resolved() { g get example.com/lib@latest && grep -q 'example.com/lib v1.1.0' "$work/m/go.mod"; }
t "go get @latest takes it" resolved
t "@latest of the protocol, too" said_has '"Version":"v1.1.0"' curl -s "$url/example.com/lib/@latest"
t "the fresh one is refused" said_has "example.com/lib@v1.2.0: refused by policy, hermod.policy:1: published 24 hours ago, the cooldown is 7 days, until " g mod download example.com/lib@v1.2.0
first_tag() {
	new && printf 'require (\n\texample.com/late v0.0.0-20260101000000-abcdefabcdef\n\texample.com/lib v1.0.0\n)\n' >>"$work/m/go.mod" && printf 'package m\n\nimport (\n\t_ "example.com/late"\n\t_ "example.com/lib"\n)\n' >"$work/m/m.go" &&
	g mod tidy && g list -m -u all && g get -u ./... && has 'example.com/late v0.0.0-2026' <"$work/m/go.mod" && has 'example.com/lib v1.1.0' <"$work/m/go.mod"
}
t "the first tag of a module in use is no obstacle to others' updates" first_tag
new
t "where nothing is old enough go says why" said_has "published 2 days ago, the cooldown is 7 days" g list -m example.com/young@latest
here "stop" stop

# -- a version that its author has dated back
cp -r "$work/up" "$work/honest"
here "cooldown from when a version was first seen" start 'cooldown 7d ...' --cooldown-seen --list-fresh 0 --missing-keep 0
t "  of what the first list has, the author's time counts" says "example.com/lib v1.0.0 v1.1.0 v1.3.0-rc.1" g list -m -versions example.com/lib
back_dated() {
	local v=$work/up/example.com/lib/@v w
	for w in v1.8.0 v1.9.0; do
		for k in mod zip; do cp "$v/v1.1.0.$k" "$v/$w.$k"; done
		sed "s/v1.1.0/$w/" "$v/v1.1.0.info" >"$v/$w.info"
	done
	echo v1.9.0 >>"$v/list"
}
t "  two releases dated back" back_dated
t "  what a later list has besides is new, whatever it says" says "example.com/lib v1.0.0 v1.1.0 v1.3.0-rc.1" g list -m -versions example.com/lib
by_name() { local s; for v in v1.8.0 v1.9.0 v1.8.0; do s=$(curl -s -o "$work/said" -w '%{http_code}' "$url/example.com/lib/@v/$v.info"); [ "$s" = 403 ] && grep -q 'published 0 seconds ago\|published .* ago, the cooldown is 7 days' "$work/said" || { echo "$v: $s"; cat "$work/said"; return 1; }; done; }
t "  so is what is asked for by name, in a list or not" by_name
latest() { curl -s "$url/example.com/lib/@latest" | has '"Version":"v1.1.0"'; }
t "  latest is an older one" latest
here "stop" stop
rm -rf "$work/up" && mv "$work/honest" "$work/up"

# -- vulnerable
new
here "vulnerable" start 'refuse-vulnerable osv
except vulnerable CVE-2026-1 example.com/holes v0.9.0 forever "not used"'
t "a vulnerable version is refused" said_has "hermod.policy:1: GO-2026-0001 (CVE-2026-1): Anyone may do anything; fixed in v1.0.1" g mod download example.com/holes@v1.0.0
t "it is not listed" says "example.com/holes v1.0.1" g list -m -versions example.com/holes
t "the fixed one is served" g mod download example.com/holes@v1.0.1
graph() { new && g get example.com/mixed && g list -m all | has -x 'example.com/holes v1.0.1' && g mod graph | has 'app@v1.0.0 example.com/holes@v1.0.0' && g mod download; }
t "a graph that mentions the vulnerable one, where nobody uses it, is no obstacle" graph
# reload
reload() {
	printf 'deny example.com/holes "no more"\n' >"$work/hermod.policy"
	kill -HUP "$pid"
	for _ in $(seq 100); do
		[ "$(status "$url/example.com/holes/@v/v1.0.1.zip")" = 403 ] && return 0
		sleep 0.1
	done
	return 1
}
t "SIGHUP reads the policy again" reload
bad_reload() {
	printf 'deny\n' >"$work/hermod.policy"
	kill -HUP "$pid"
	for _ in $(seq 100); do
		grep -q 'hermod.policy:1: the module path or pattern is missing' "$work/log.$n" && break
		sleep 0.1
	done
	grep -q 'hermod.policy:1: the module path or pattern is missing' "$work/log.$n" && [ "$(status "$url/example.com/holes/@v/v1.0.1.zip")" = 403 ]
}
t "a broken policy does not replace a sound one" bad_reload
here "stop" stop

# -- licences
here "licences" start 'licences (
	MIT
	BSD-3-Clause
)
except licence GPL-3.0 example.com/gpl v0.9.0 until 2030-01-01 "legal-7"'
t "a licence on the list" g mod download example.com/mit@v1.0.0
t "one that is not" said_has "example.com/gpl@v1.0.0: refused by policy, hermod.policy:2: licence GPL-3.0 is not on the list" g mod download example.com/gpl@v1.0.0
t "none at all" said_has "it has no licence file" g mod download example.com/bare@v1.0.0
again() { [ "$(status "$url/example.com/gpl/@v/v1.0.0.zip")" = 403 ] && [ "$(status "$url/example.com/mit/@v/v1.0.0.zip")" = 200 ]; }
t "the same from the store" again
here "stop" stop

# -- require-sumdb: nothing here is in one
here "sumdb" start 'require-sumdb ...
except sumdb example.com/mit forever // ours'
t "what no database vouches for is refused" said_has "no checksum database vouches for it" g mod download example.com/lib@v1.0.0
t "but for an exception" g mod download example.com/mit@v1.0.0
here "stop" stop

# -- uploads, and the audit log
here "uploads" start 'deny example.com/evil/... "typosquat"
licences MIT' --private example.com/own,example.com/evil/own
account() { "$BUILDDIR/hermod-proxy" account "$@" --dir "$work/store.$n" 2>&1; }
make_account() { account add ci && account grant ci upload,read 'example.com' && account token add ci >"$work/token"; }
t "an account that may upload" make_account
module() { mkdir -p "$work/src" && rm -rf "$work/src/"* && printf 'module %s\n' "$1" >"$work/src/go.mod" && cp "$licences/$2" "$work/src/LICENSE"; }
publish() { HERMOD_PROXY_TOKEN=$(cat "$work/token") "$BUILDDIR/hermod-proxy" publish --url "$url" "$work/src" "$1" 2>&1; }
module example.com/evil/own MIT
t "what is denied is not taken" said_has "example.com/evil/own@v1.0.0: refused by policy, hermod.policy:1: deny example.com/evil/...: typosquat" publish example.com/evil/own@v1.0.0
module example.com/own GPL-3.0
t "nor another licence" said_has "hermod.policy:2: licence GPL-3.0 is not on the list" publish example.com/own@v1.0.0
module example.com/own MIT
t "what is permitted is" publish example.com/own@v1.0.0
t "and served" g mod download example.com/own@v1.0.0
t "a refusal of go's" said_has "refused by policy" g mod download example.com/evil@v1.0.0
audited() {
	stop && "$BUILDDIR/hermod-proxy" audit --dir "$work/store.$n" >"$work/audit" &&
	grep -q 'upload.refused example.com/own@v1.0.0 .*hermod.policy:2' "$work/audit" &&
	grep -q ' refused example.com/evil@v1.0.0 .*hermod.policy:1' "$work/audit"
}
here "the audit log has both" audited

# -- hermod policy: the same file over a build list
new
cat >"$work/m/m.go" <<'END'
package m

import _ "example.com/app"
END
export GOPROXY=file://$work/up GOMODCACHE=$work/mc.cli
(cd "$work/m" && "$GO" get example.com/app@v1.0.0 && "$GO" mod tidy) >"$work/said" 2>&1
p() { printf '%s\n' "$1" >"$work/m/hermod.policy"; }
h() { (cd "$work/m" && "$HERMOD" "$@" 2>&1); }
# exits STATUS COMMAND...: its status; what it said goes on.
exits() { local want=$1 got; shift; "$@"; got=$?; [ "$got" = "$want" ] || { echo "exit status $got, want $want"; return 1; }; }
p "default allow
deny example.com/holes \"CVE-2026-1\"
freeze example.com/lib v1 at v1.0.0 v1.0.1
retire example.com/app by $(day +10) use example.com/app/v2
retire example.com/lib by $(day +100)"
refusals() {
	exits 1 h policy check >"$work/said"
	cat >"$work/want" <<END
hermod.policy:4: example.com/app@v1.0.0: warning: to be gone by $(day +10), use example.com/app/v2
	m -> example.com/app@v1.0.0
hermod.policy:2: example.com/holes@v1.0.0: refused: deny example.com/holes: CVE-2026-1
	m -> example.com/app@v1.0.0 -> example.com/holes@v1.0.0
3 modules: 1 refused, 1 warnings, 0 undecided
END
	diff "$work/want" "$work/said"
}
t "policy check says what, why and who requires it" refusals
t "-warn says how far to look" said_has "3 modules: 1 refused, 2 warnings" h policy check -warn 200
t "-date looks at another day" said_has "example.com/app@v1.0.0: refused: retired on $(day +10), use example.com/app/v2" h policy check -date "$(day +20)"
json() { h policy check -json >"$work/said"; tr -d '\t\n' <"$work/said" | has '"Path": "example.com/holes","Version": "v1.0.0","Verdict": "refused","Check": "deny","Line": 2,"Rule": "deny example.com/holes","Reason": "deny example.com/holes: CVE-2026-1","Chain": \["m","example.com/app@v1.0.0","example.com/holes@v1.0.0"\]'; }
t "-json" json
t "a build is refused" said_has "example.com/holes@v1.0.0: refused by policy, hermod.policy:2: deny example.com/holes: CVE-2026-1" h build ./...
t "a download is refused" said_has "example.com/holes@v1.0.0: refused by policy" h mod download example.com/holes@v1.0.0
off() { (cd "$work/m" && HERMOD_POLICY=off "$HERMOD" mod download example.com/holes@v1.0.0); }
t "HERMOD_POLICY=off" off
query() { (cd "$work/m" && "$HERMOD" list -m "$@" 2>&1); }
p 'cooldown 7d ...'
t "latest is old enough without a proxy that sees to it" says "example.com/lib v1.1.0" query example.com/lib@latest
t "list -versions, too" says "example.com/lib v1.0.0 v1.1.0 v1.3.0-rc.1" query -versions example.com/lib
other() { printf 'default deny\n' >"$work/other.policy"; (cd "$work/m" && HERMOD_POLICY=$work/other.policy "$HERMOD" mod download example.com/lib@v1.0.0 2>&1); }
t "HERMOD_POLICY=FILE" said_has "example.com/lib@v1.0.0: refused by policy, other.policy:1: no rule allows it" other
p "deny"
t "a broken policy stops every download" said_has "hermod.policy:1: the module path or pattern is missing" h mod download example.com/lib@v1.0.0
p 'refuse-vulnerable ../osv at-least high
licences MIT BSD-3-Clause
except licence none example.com/... forever "ours"
cooldown 7d ...'
t "vulnerabilities" said_has "example.com/holes@v1.0.0: refused: GO-2026-0001 (CVE-2026-1): Anyone may do anything; fixed in v1.0.1" h policy check
t "explain" said_has "example.com/gpl@v1.0.0: refused" h policy explain example.com/gpl@v1.0.0
t "explain has the facts" grep -q 'licence: GPL-3.0' "$work/said"
t "explain of latest" said_has "example.com/lib@v1.2.0: refused" h policy explain example.com/lib@latest
t "explain permits" exits 0 h policy explain example.com/mit@v1.0.0
# what is vendored is judged without a network
p 'default allow
deny example.com/holes "CVE-2026-1"
licences MIT
except licence none example.com/... forever "ours"'
vendored() { (cd "$work/m" && HERMOD_POLICY=off "$HERMOD" mod vendor && GOPROXY=off GOMODCACHE=$work/mc.none "$HERMOD" policy check 2>&1); }
t "a vendor folder, offline" said_has "3 modules: 1 refused, 0 warnings, 0 undecided" vendored
rm -rf "$work/m/vendor"
rm "$work/m/hermod.policy"
t "no policy is an error" said_has "no policy: there is no hermod.policy beside go.mod" h policy check
p "deny example.com/holes"
from() { (cd / && "$HERMOD" policy check "$1"); }
t "a go.mod as argument" said_has "3 modules: 1 refused" from "$work/m/go.mod"
t "a folder as argument" said_has "3 modules: 1 refused" from "$work/m"
workspace() { mkdir -p "$work/ws" && printf 'go 1.21\n\nuse ../m\n' >"$work/ws/go.work" && cp "$work/m/hermod.policy" "$work/ws/" && from "$work/ws/go.work"; }
t "a go.work as argument" said_has "3 modules: 1 refused" workspace
# The examples of the manual are policies.
examples() {
	local n=0 f
	rm -rf "$work/ex" && mkdir -p "$work/ex" && cp -r "$work/osv" "$work/ex/"
	awk -v d="$work/ex" '/^\.Bd/ { n++; on = 1; next } /^\.Ed/ { on = 0 } on { print >(d "/" n) }' "$top/man/hermod-policy.5"
	for f in "$work"/ex/[0-9]*; do
		grep -q '^default' "$f" || continue
		n=$((n + 1))
		(cd "$work/m" && "$HERMOD" policy explain -policy "$f" example.com/mit@v1.0.0) >"$work/said" 2>&1
		grep -q '^example.com/mit@v1.0.0: ' "$work/said" || { cat "$work/said"; return 1; }
	done
	[ "$n" = 2 ]
}
t "the manual's examples" examples
gopolicy() { mkdir -p "$work/as"; ln -sf "$HERMOD" "$work/as/go"; (cd "$work/m" && "$work/as/go" mod download example.com/holes@v1.0.0); }
t "under the name go nothing changes unless asked for" gopolicy
unset GOPROXY GOMODCACHE

broken() { ! start 'deny github.com/evil' && grep -q 'hermod.policy:1: no module has the path github.com/evil' "$work/log.$n"; }
here "a server does not start with a broken policy" broken
unpacked() { mkdir -p "$work/unpacked" && ! start 'refuse-vulnerable unpacked' && grep -q 'hermod.policy:1: .*/unpacked: no OSV entry about Go in it' "$work/log.$n"; }
here "nor without the entries that it names" unpacked
linked() { ln -sfn ../osv "$work/unpacked/now" && start 'refuse-vulnerable unpacked' && [ "$(status "$url/example.com/holes/@v/v1.0.0.zip")" = 403 ] && stop; }
here "which may be behind a symbolic link" linked

finish
