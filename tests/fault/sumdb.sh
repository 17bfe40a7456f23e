# A log whose disk fails: every write, sync and rename in turn, a full disk.  Never a
# checkpoint over missing data; afterwards the log is whole and goes on.
. "$(dirname "$0")/../e2e/lib.sh"

sumdb=$BUILDDIR/hermod-sumdb
export GOSUMDB=off GOENV=off GOTOOLCHAIN=local
cc -shared -fPIC -O1 -D_GNU_SOURCE -o "$work/failcall.so" "$top/tests/fault/failcall.c" 2>"$work/cc.err" ||
	{ skip "failing calls" "no C compiler"; finish; }
if nm "$sumdb" 2>/dev/null | grep __asan >/dev/null; then
	skip "failing calls" "sanitizers come before LD_PRELOAD"
	finish
fi

# lines FROM TO: a go.sum file.
lines() {
	awk -v a="$1" -v b="$2" 'BEGIN { for (i = a; i < b; i++) { h = sprintf("%043d=", i); p = "example.com/m" i
		print p " v1.0.0 h1:" h; print p " v1.0.0/go.mod h1:" h } }'
}
lines 0 250 >"$work/base.sum"
lines 250 270 >"$work/more.sum"
"$sumdb" init --dir "$work/base" --name sum.test.example >/dev/null && "$sumdb" import --dir "$work/base" "$work/base.sum" >/dev/null ||
	{ t "a log" false; finish; }

head_size() { sed -n 2p "$1/public/latest"; }

# published DIR: every tile below the published head is there, and right.
published() {
	local n hashes
	n=$(head_size "$1")
	[ "$n" -ge 250 ] || { echo "published are $n records only"; return 1; }
	if [ "$n" -lt 256 ]; then set -- "$1" "000.p/$n"; else set -- "$1" "000" $([ "$n" = 256 ] || echo "001.p/$((n - 256))"); fi
	local d=$1
	shift
	for f; do
		[ -s "$d/public/tile/8/data/$f" ] && [ -s "$d/public/tile/8/0/$f" ] || { echo "published $n, but no tile $f"; return 1; }
	done
}

# one NTH ALL: the NTH call fails; then the log must be whole.
one() {
	rm -rf "$work/log" && cp -r "$work/base" "$work/log"
	timeout 60 env LD_PRELOAD="$work/failcall.so" FAIL_NTH="$1" ${2:+FAIL_ALL=1} FAIL_COUNT="$work/calls" "$sumdb" import --dir "$work/log" "$work/more.sum" >"$work/out" 2>&1
	status=$?
	[ "$status" -lt 124 ] || { echo "call $1: status $status"; cat "$work/out"; return 1; }
	published "$work/log" || { echo "call $1"; return 1; }
	added=$(sed -n 's/^\([0-9]*\) added.*/\1/p' "$work/out")
	"$sumdb" import --dir "$work/log" "$work/more.sum" >"$work/out2" 2>&1 || { echo "call $1: it does not go on"; cat "$work/out" "$work/out2"; return 1; }
	if [ "$status" = 0 ] && ! grep -qx "0 added, 20 known, 0 without the other hash" "$work/out2"; then
		echo "call $1: it said that $added were logged, but"; cat "$work/out" "$work/out2"; return 1
	fi
	[ "$(head_size "$work/log")" = 270 ] && "$sumdb" fsck --dir "$work/log" >"$work/out3" 2>&1 || { echo "call $1"; cat "$work/out" "$work/out3"; return 1; }
}

count() { one 0 && [ "$(cat "$work/calls")" -gt 20 ]; }
t "an import, counted" count
calls=$(cat "$work/calls")
each() { local i; for i in $(seq "$calls"); do one "$i" || return 1; done; }
t "each of $calls calls fails once" each
full() { local i; for i in $(seq "$calls"); do one "$i" all || return 1; done; }
t "the disk is full from each of $calls calls on" full

# making a log: what is cut off is made by the next init
init_fails() {
	local i
	for i in $(seq 40); do
		rm -rf "$work/new"
		LD_PRELOAD=$work/failcall.so FAIL_NTH=$i FAIL_ALL=1 "$sumdb" init --dir "$work/new" --name a.example >"$work/out" 2>&1 && continue
		[ ! -s "$work/out" ] || ! grep -q '^a.example+' "$work/out" || { echo "call $i: a key was printed for a log that failed"; return 1; }
		"$sumdb" init --dir "$work/new" --name a.example >"$work/out2" 2>&1 || has "there is a log already" "$work/out2" || { echo "call $i"; cat "$work/out" "$work/out2"; return 1; }
		"$sumdb" fsck --dir "$work/new" >"$work/out3" 2>&1 || { echo "call $i"; cat "$work/out3"; return 1; }
	done
}
t "init, cut off at any call" init_fails
finish
