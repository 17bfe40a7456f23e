# A witness, and the log that needs it, are killed at any moment: what the log has shown is
# cosigned, the witness never remembers less than that, and nobody finds a contradiction.
#
# WITNESS_KILLS (default 25): how often.
. "$(dirname "$0")/../e2e/lib.sh"

command -v curl >/dev/null || { skip "witness" "no curl"; finish; }
sumdb=$BUILDDIR/hermod-sumdb
kills=${WITNESS_KILLS:-25}
export GOSUMDB=off GOENV=off
key=$("$sumdb" init --dir "$work/log" --name sum.test.example) || { t "a log" false; finish; }
wkey=$("$sumdb" witness init --dir "$work/w" --name w.test.example) || { t "a witness" false; finish; }
"$sumdb" witness log --dir "$work/w" add "$key"

# start NAME COMMAND...: $pid and $url
start() {
	local name=$1
	shift
	: >"$work/$name.err"
	"$@" 2>"$work/$name.err" &
	pid=$!
	pids+=("$pid")
	for _ in $(seq 200); do
		url=$(sed -n 's/^listening on //p' "$work/$name.err")
		[ -n "$url" ] && return 0
		sleep 0.02
	done
	cat "$work/$name.err"
	return 1
}
witness_at=127.0.0.1:0
witness_up() { start w "$sumdb" witness serve --dir "$work/w" --listen "$witness_at" --every 0 && witness=$pid witness_at=${url#http://}; }
log_up() { start log "$sumdb" serve --dir "$work/log" --listen 127.0.0.1:0 --offline --witness-wait 0 "$@" && log=$pid log_at=$url; }
records() { awk -v n="$1" -v p="$2" 'BEGIN { for (i = 0; i < n; i++) { h = sprintf("%043d=", i); m = "example.com/" p "x" i; print m " v1.0.0 h1:" h; print m " v1.0.0/go.mod h1:" h } }'; }
remembered() { "$sumdb" witness log --dir "$work/w" | cut -d' ' -f2; }
# What the log shows; the answer is its size, or -1 when the witness has not signed it.
shown() {
	curl -s "$log_at/checkpoint" >"$work/cp" || return 1
	if grep -q '^— w.test.example ' "$work/cp"; then sed -n 2p "$work/cp"; else echo -1; fi
}

# one N: both at work on new records, the witness killed, or the log.
one() {
	local n=$1 total=0 have
	records $((RANDOM % 40 + 1)) "$n" >"$work/new.sum"
	"$sumdb" import --dir "$work/log" "$work/new.sum" >/dev/null || return 1
	total=$("$sumdb" fsck --dir "$work/log" | sed -n 's/ records.*//p')
	log_up || return 1
	sleep "0.0$(printf %02d $((RANDOM % 60)))"
	if [ $((n % 3)) = 0 ]; then
		kill -9 "$log" && wait "$log" 2>/dev/null
		log_up || return 1
	else
		kill -9 "$witness" && wait "$witness" 2>/dev/null
		have=$(shown)
		[ "$(remembered)" -ge "$have" ] || { echo "the witness remembers $(remembered) of $have"; return 1; }
		witness_up || return 1
	fi
	for _ in $(seq 100); do
		have=$(shown)
		[ "$have" = "$total" ] && break
		sleep 0.1
	done
	[ "$have" = "$total" ] && [ "$(remembered)" = "$total" ] || { echo "shown $have, remembered $(remembered), of $total"; cat "$work/log.err"; return 1; }
	kill "$log" && wait "$log" 2>/dev/null
	return 0
}
killed() { local i; for i in $(seq "$kills"); do one "$i" || { echo "round $i"; return 1; }; done; }

here "the witness" witness_up
here "the log" log_up --witness "$wkey=http://$witness_at" --witness-quorum 1
kill "$log" && wait "$log" 2>/dev/null
here "killed $kills times: shown only what is cosigned, and remembered" killed
t "nobody found a contradiction" bash -c "[ ! -e '$work/log/alarms' ] && [ ! -e '$work/w/evidence' ]"
t "fsck finds nothing wrong" bash -c "'$sumdb' fsck --dir '$work/log' | has ' 0 wrong'"
kill "$witness" && wait "$witness" 2>/dev/null
t "a monitor follows all of it" "$sumdb" monitor --url "file://$work/log/public" --key "$key" --state "$work/mon" --from-start --for nothing

# -- a log that does not answer
hangs() { sleep 0.5 && ends; } # it looks at once
if [ -x "$BUILDDIR/tests/e2e/fixture_proxy" ]; then
	here "an upstream" upstream "$work"
	here "a witness that looks at one that hangs" start hung "$sumdb" witness serve --dir "$work/w" --listen 127.0.0.1:0 --every 1 --log "$key=$up/_hang"
	here "SIGTERM does not wait for it, nor is that an event" hangs
	t "  nothing is said of it" bash -c "! grep -v ^listening '$work/hung.err'"
else
	skip "a log that hangs" "no fixture_proxy was built"
fi

# -- each call that writes fails in turn, and all from there on
if nm "$sumdb" 2>/dev/null | grep __asan >/dev/null; then
	skip "failing calls" "sanitizers come before LD_PRELOAD"
	finish
fi
cc -shared -fPIC -O1 -D_GNU_SOURCE -o "$work/failcall.so" "$top/tests/fault/failcall.c" 2>"$work/cc.err" || { skip "failing calls" "no C compiler"; finish; }
hash=$(printf sum.test.example | sha256sum | cut -c1-64)
size() { sed -n 2p "$1/public/$hash/checkpoint" 2>/dev/null || echo 0; }
state() { "$sumdb" witness log --dir "$1" | cut -d' ' -f2; }
cp -r "$work/log" "$work/free" && echo "quorum 0" >"$work/free/witnesses" && records 20 more >"$work/new.sum" && "$sumdb" import --dir "$work/free" "$work/new.sum" >/dev/null
"$sumdb" serve --dir "$work/free" --listen 127.0.0.1:0 --offline 2>"$work/free.err" & # shows what was imported
p=$!
pids+=("$p")
before=$(state "$work/w")
for _ in $(seq 100); do [ "$(sed -n 2p "$work/free/public/checkpoint")" = $((before + 20)) ] && break; sleep 0.1; done
kill "$p" && wait "$p" 2>/dev/null
follow() { "$sumdb" witness follow --dir "$1" --once --log "$key=file://$work/free/public"; }
# fails NTH ALL
fails() {
	rm -rf "$work/x" && cp -r "$work/w" "$work/x"
	timeout 60 env LD_PRELOAD="$work/failcall.so" FAIL_NTH="$1" ${2:+FAIL_ALL=1} FAIL_COUNT="$work/calls" "$sumdb" witness follow --dir "$work/x" --once --log "$key=file://$work/free/public" >"$work/out" 2>&1
	[ $? -lt 124 ] || { echo "call $1"; cat "$work/out"; return 1; }
	local now
	now=$(state "$work/x")
	[ "$now" = "$before" ] || [ "$now" = $((before + 20)) ] || { echo "call $1: $now records"; cat "$work/out"; return 1; }
	[ "$(size "$work/x")" -le "$now" ] || { echo "call $1: published $(size "$work/x"), remembered $now"; return 1; }
	follow "$work/x" >"$work/out2" 2>&1 && [ "$(state "$work/x")" = $((before + 20)) ] && [ "$(size "$work/x")" = $((before + 20)) ] || { echo "call $1: it does not go on"; cat "$work/out" "$work/out2"; return 1; }
}
count() { fails 0 && [ "$(cat "$work/calls")" -gt 3 ]; }
t "a look at a log, counted" count
calls=$(cat "$work/calls")
each() { local i; for i in $(seq "$calls"); do fails "$i" && fails "$i" all || return 1; done; }
t "each of $calls calls fails, once and for ever" each
finish
