# hermod-proxy's memory: at most 16 MiB and the table of small answers, which is full, while
# large zips come in, several at a time, and are checked.
. "$(dirname "$0")/../e2e/lib.sh"

[ -n "$GO" ] || { skip "memory" "no go command"; finish; }
command -v curl >/dev/null || { skip "memory" "no curl"; finish; }
[ -x "$BUILDDIR/tests/e2e/fixture_proxy" ] || { skip "memory" "no fixture_proxy was built"; finish; }
! sanitized || { skip "memory" "sanitizers take more"; finish; }
cc -O1 -D_GNU_SOURCE -o "$work/client" "$top/tests/fault/client.c" 2>"$work/cc.err" || { skip "memory" "no C compiler"; finish; }
unset GOFLAGS GOPATH GOPROXY GOSUMDB GOPRIVATE GONOPROXY
export GOENV=off GOTOOLCHAIN=local GONOSUMDB='*'
table=16 # MiB
fx=$work/fx/small.example/pkg/@v

# One entry of 12 MB in each zip; 1,600 .mod files of 12 KB.
files() {
	gotool storefill "$work/fx" 4 1 12000000 && mkdir -p "$fx" &&
		head -c $((1600 * 12288)) < <(yes '// a line of a go.mod file that says nothing, in many copies') |
		split -b 12288 --numeric-suffixes=1000 -a 4 --additional-suffix=.0.mod - "$fx/v1."
}
t "files" files
mkfifo "$work/hold"
here "an upstream" upstream "$work/fx"
here "a proxy" launch "$work/log" "$BUILDDIR/hermod-proxy" serve --dir "$work/store" --listen 127.0.0.1:0 --memory $table --upstream "$up"

kib() { sed -n "s/^$1:[^0-9]*\([0-9]*\) kB/\1/p" "/proc/$pid/status"; }
in_table() { curl -s "$url/metrics" | sed -n 's/^hermod_proxy_memory_bytes //p'; }
full() {
	"$work/client" "${url##*:}" get 16 "/small.example/pkg/@v/v1.%d.0.mod" 1000 2599 >"$work/out"
	[ "$(cat "$work/out")" = "200 1600" ] || { cat "$work/out"; return 1; }
	[ "$(in_table)" -gt $((table * 15 << 16)) ] || { echo "the table has $(in_table) bytes"; return 1; }
}
t "its table is full" full
burst() {
	local m p asking=()
	for m in 0 1 2 3; do
		curl -s -f -o "$work/zip.$m" "$url/m$m.example/pkg/@v/v1.0.0.zip" & asking+=($!)
	done
	for p in "${asking[@]}"; do wait "$p" || return 1; done
	for m in 0 1 2 3; do same "$work/zip.$m" "$work/fx/m$m.example/pkg/@v/v1.0.0.zip" || return 1; done
	[ "$(kib VmHWM)" -le $(((table + 16) << 10)) ] || { echo "its peak was $(kib VmHWM) KiB; now $(kib VmRSS)"; return 1; }
}
t "a burst of zips with large entries" burst
finish
