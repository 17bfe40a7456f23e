# lib.sh - what every end-to-end test sources first.
#
#	. "$(dirname "$0")/lib.sh"
#	t "what is shown" command args...      ok when the command succeeds
#	here "what is shown" command args...   the same in this shell: for what starts a server
#	skip "what is shown" "why"
#	finish                                 last line of the script
#
# The tests compare hermod with the real go command.  $HERMOD and $GO are the
# two programs, $work a fresh folder that goes away, $PROXY the module proxy
# that `go env GOPROXY` names (empty: none reachable, such tests are skipped).
set -uo pipefail
top=${TOP:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
BUILDDIR=${BUILDDIR:-$top/build}
HERMOD=$BUILDDIR/hermod
export BUILDDIR
work=$(mktemp -d "${TMPDIR:-/tmp}/hermod-e2e.XXXXXX")
pids=()
tests=0

cleanup() {
	local p
	for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done
	wait 2>/dev/null
	chmod -R u+w "$work" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT

# said STATUS NAME OUTPUT: the line of one test; the command's output when it failed.
said() {
	tests=$((tests + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tests - $2"
	else
		echo "not ok $tests - $2"
		printf '%s\n' "$3" | head -n 40 | sed 's/^/    /'
	fi
}

# t NAME COMMAND...: one test, in a subshell.
t() {
	local name=$1 out
	shift
	out=$("$@" 2>&1)
	said $? "$name" "$out"
}

# here NAME COMMAND...: one test in this shell: what it starts may live on, and be waited for.
here() {
	local name=$1 status
	shift
	"$@" >"$work/.said" 2>&1
	status=$?
	said $status "$name" "$(cat "$work/.said")"
}

# launch LOG COMMAND...: starts a server that writes to LOG; $url is where it listens, $pid it.
launch() {
	local log=$1
	shift
	url=
	: >"$log" # of a server before this one
	"$@" 2>"$log" &
	pid=$!
	pids+=("$pid")
	for _ in $(seq 200); do
		url=$(sed -n 's/^listening on //p' "$log" | head -n 1)
		[ -z "$url" ] || return 0
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	cat "$log"
	return 1
}
# ends [SECONDS]: the server $pid does so soon (20) after SIGTERM; its status.
ends() {
	kill "$pid" || return 1
	for _ in $(seq $((${1:-20} * 10))); do
		kill -0 "$pid" 2>/dev/null || { wait "$pid"; return; }
		sleep 0.1
	done
	echo "it waits for somebody"
	kill -9 "$pid"
	return 1
}
# upstream DIR: an HTTP server of its files, that can misbehave and says at /_log what it was
# asked for (fixture_proxy.c); $up is its URL.
ups=0
upstream() {
	ups=$((ups + 1))
	mkfifo "$work/hold.$ups" # it ends when its standard input does
	"$BUILDDIR/tests/e2e/fixture_proxy" "$1" >"$work/upstream.$ups" 2>&1 <"$work/hold.$ups" &
	pids+=($!)
	exec {hold}>"$work/hold.$ups"
	up=
	for _ in $(seq 200); do
		up=$(grep -o 'http://[0-9.:]*' "$work/upstream.$ups" | head -n 1)
		[ -z "$up" ] || return 0
		sleep 0.05
	done
	return 1
}

skip() {
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

finish() {
	echo "1..$tests"
	exit 0
}

# same A B: two files or folders are equal.
same() {
	diff -r --no-dereference "$1" "$2"
}

# has ARGS: grep -q for the end of a pipe: reads all of it, so that no writer dies of SIGPIPE.
has() {
	grep "$@" >/dev/null
}
export -f has

# sanitized: the programs are built with a sanitizer, which takes time and memory.
sanitized() {
	nm "$HERMOD" 2>/dev/null | has '__[at]san_init'
}

# hashes LOG: the inputs and results of build and link actions, of what GODEBUG=gocachehash=1 printed.
hashes() {
	sed -n 's/^HASH\[\(build\|link\) \([^]]*\)\]: /\1 \2 /p' "$1" |
		grep -E '"|^[a-z]+ [^ ]+ [0-9a-f]{64}$' | sort -u
}

# gotool NAME ARGS...: runs tests/e2e/NAME.go, which is compiled once for all suites.
gotool() {
	local exe=$BUILDDIR/tests/gotools/$1 src=$top/tests/e2e/$1.go
	shift
	if [ ! -x "$exe" ] || [ "$src" -nt "$exe" ]; then
		mkdir -p "${exe%/*}"
		(cd "$work" && GOCACHE=$TEST_GOCACHE GOFLAGS='' GOENV=off GOTOOLCHAIN=local CGO_ENABLED=0 \
			"$GO" build -o "$exe.$$" "$src" && mv "$exe.$$" "$exe") || return 1
	fi
	(cd "$work" && "$exe" "$@")
}

# fails_with STATUS TEXT COMMAND...: exit status and a part of its output.
fails_with() {
	local want=$1 text=$2 out status
	shift 2
	out=$("$@" 2>&1)
	status=$?
	if [ "$status" != "$want" ]; then
		echo "exit status $status, want $want; output:"
		echo "$out"
		return 1
	fi
	case $out in
	*"$text"*) return 0 ;;
	esac
	echo "output lacks: $text"
	echo "$out"
	return 1
}

# The go command that serves as the oracle: the host's, else the toolchain that hermod
# pins, which then is the host's for the tests: they give hermod other module caches.
if ! GO=$(command -v go); then
	GO=$("$HERMOD" env GOROOT)/bin/go
	export PATH=${GO%/*}:$PATH
fi
[ -x "$GO" ] || GO=
# Everything below starts from a clean, known environment.
export TEST_GOCACHE=${TEST_GOCACHE:-$BUILDDIR/tests/gocache} # for programs that are built only to be run
PROXY=$([ -n "$GO" ] && "$GO" env GOPROXY | tr "|" "," | cut -d, -f1)
case $PROXY in http*|file*) ;; *) PROXY= ;; esac
export HOME=$work/home XDG_CACHE_HOME= XDG_CONFIG_HOME=
mkdir -p "$HOME"
