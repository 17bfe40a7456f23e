# What moves content between stores is killed, and its disk fails: what has a name is whole
# and right, and the next run completes the work.
. "$(dirname "$0")/../e2e/lib.sh"

[ -n "$GO" ] || { skip "import, export, backup, replica under faults" "no go command"; finish; }
command -v curl >/dev/null || { skip "import, export, backup, replica under faults" "no curl"; finish; }
cc -shared -fPIC -O1 -D_GNU_SOURCE -o "$work/failcall.so" "$top/tests/fault/failcall.c" 2>"$work/cc.err" ||
	{ skip "import, export, backup, replica under faults" "no C compiler"; finish; }
unset GOFLAGS GOPATH GOPROXY GOSUMDB GOPRIVATE GONOPROXY GONOSUMDB
export GOENV=off GOTOOLCHAIN=local CGO_ENABLED=0
proxy=$BUILDDIR/hermod-proxy
fx=$work/fx
gotool fixtures "$fx" || { t "fixtures" false; finish; }
export GOSUMDB="$(cat "$fx/log.key") file://$fx/log/sumdb/test.example"
asan=$(ldd "$proxy" | sed -n 's/.*=> \(.*lib[at]san[^ ]*\).*/\1/p' | head -n 1)

# right STORE: each file that has its name is the fixture's.
right() {
	local f
	[ -d "$1/cache/download/example.com" ] || return 0
	while read -r f; do cmp "$1/cache/download/$f" "$fx/good/$f" || return 1; done < <(cd "$1/cache/download" && find example.com -name 'v*.info' -o -name 'v*.mod' -o -name 'v*.zip')
}
# complete STORE: all of it, nothing besides, and fsck agrees.
complete() {
	right "$1" && [ "$(find "$1/cache/download/example.com" -name '*.zip' | wc -l)" = 4 ] && ! find "$1/cache/download/example.com" -name "*.tmp*" | grep . && "$proxy" fsck --offline --dir "$1" >"$work/fsck" || { cat "$work/fsck"; return 1; }
}
# faulty N ALL COMMAND...: with the N-th call that writes failing, and all behind it when ALL is 1.
faulty() {
	local nth=$1 all=$2
	shift 2
	timeout 60 env LD_PRELOAD="${asan:+$asan:}$work/failcall.so" FAIL_NTH="$nth" ${all:+FAIL_ALL=1} FAIL_COUNT="$work/calls" "$@" >"$work/out" 2>&1
	[ $? -lt 124 ] || { echo "call $nth: it crashed or hung: $(cat "$work/out")"; return 1; }
}
# each FN COMMAND...: FN N ALL for about 12 calls, all over the run, of both kinds.
each() {
	local fn=$1 n i all
	shift
	faulty 0 '' "$@" || return 1
	n=$(cat "$work/calls")
	[ "$n" -gt 5 ] || { echo "only $n calls"; return 1; }
	for all in '' 1; do
		for ((i = 1; i <= n; i +=1 + n / 12)); do "$fn" "$i" "$all" || { echo "call $i of $n${all:+ and all behind it}"; cat "$work/out"; return 1; }; done
	done
}

one_import() {
	rm -rf "$work/i"
	faulty "$1" "$2" "$proxy" import --dir "$work/i" "$fx/good" && right "$work/i" &&
	"$proxy" import --dir "$work/i" "$fx/good" >"$work/out" 2>&1 && complete "$work/i"
}
t "a failing disk during an import" each one_import "$proxy" import --dir "$work/i0" "$fx/good"
"$proxy" export --offline --dir "$work/i0" --to "$work/want.tar" >/dev/null
one_export() {
	rm -f "$work/e.tar"
	faulty "$1" "$2" "$proxy" export --offline --dir "$work/i0" --to "$work/e.tar" && { [ ! -e "$work/e.tar" ] || cmp "$work/e.tar" "$work/want.tar"; } &&
	"$proxy" export --offline --dir "$work/i0" --to "$work/e.tar" >"$work/out" 2>&1 && cmp "$work/e.tar" "$work/want.tar"
}
t "a failing disk during an export" each one_export "$proxy" export --offline --dir "$work/i0" --to "$work/e0.tar"
one_bundle() {
	rm -rf "$work/b"
	faulty "$1" "$2" "$proxy" import --dir "$work/b" "$work/want.tar" && right "$work/b" &&
	"$proxy" import --dir "$work/b" "$work/want.tar" >"$work/out" 2>&1 && complete "$work/b"
}
t "a failing disk during the import of a bundle" each one_bundle "$proxy" import --dir "$work/b0" "$work/want.tar"
one_backup() {
	rm -rf "$work/k" "$work/kr"
	faulty "$1" "$2" "$proxy" backup --copy --dir "$work/i0" "$work/k"
	[ ! -e "$work/k/SHA256SUMS" ] || { "$proxy" restore --dir "$work/kr" "$work/k" >"$work/out" 2>&1 && complete "$work/kr"; }
}
t "a failing disk during a backup: whole or none" each one_backup "$proxy" backup --copy --dir "$work/i0" "$work/k0"
one_restore() {
	rm -rf "$work/r" "$work"/r.restoring-*
	faulty "$1" "$2" "$proxy" restore --dir "$work/r" "$work/k0"
	[ ! -e "$work/r" ] || { right "$work/r" && "$proxy" fsck --repair --offline --dir "$work/r" >/dev/null; complete "$work/r"; }
}
t "a failing disk during a restore: whole or none" each one_restore "$proxy" restore --dir "$work/r0" "$work/k0"

# -- kill -9
killed() {
	local i p
	for i in $(seq 15); do
		rm -rf "$work/ki"
		"$proxy" import --dir "$work/ki" "$fx/good" >/dev/null 2>&1 & p=$!
		sleep "$(printf '0.%03d' $((RANDOM % 120)))"
		kill -9 "$p" 2>/dev/null
		wait "$p" 2>/dev/null
		right "$work/ki" && "$proxy" import --dir "$work/ki" "$fx/good" >"$work/out" 2>&1 && complete "$work/ki" || { cat "$work/out"; return 1; }
	done
}
here "kill -9 during an import, 15 times" killed
follow() {
	local i p
	"$proxy" serve --dir "$work/i0" --listen 127.0.0.1:0 --offline 2>"$work/prim.log" &
	pids+=($!)
	for i in $(seq 100); do url=$(sed -n 's/^listening on //p' "$work/prim.log"); [ -z "$url" ] || break; sleep 0.05; done
	for i in $(seq 10); do
		"$proxy" serve --dir "$work/rp" --listen 127.0.0.1:0 --replica-of "$url" --replica-interval 1 2>"$work/rp.log" & p=$!
		sleep "$(printf '0.%03d' $((RANDOM % 200)))"
		kill -9 "$p"
		wait "$p" 2>/dev/null
		right "$work/rp" || return 1
	done
	"$proxy" serve --dir "$work/rp" --listen 127.0.0.1:0 --replica-of "$url" --replica-interval 1 2>"$work/rp.log" & p=$!
	pids+=("$p")
	for i in $(seq 100); do [ "$(find "$work/rp/cache" -name '*.zip' | wc -l)" = 4 ] && grep -q Since "$work/rp/replica.json" && break; sleep 0.1; done
	kill "$p" && wait "$p"
	complete "$work/rp"
}
here "kill -9 of a replica, 10 times" follow
finish
