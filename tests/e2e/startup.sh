# Starting up: libcurl and what is behind it are loaded by the first request alone, so
# that what needs no network neither pays for them nor fails where they are missing.
. "$(dirname "$0")/lib.sh"

unset GOFLAGS GOPATH GOCACHE
export GOENV=off GOTOOLCHAIN=local GOMODCACHE=$work/mc GONOSUMDB='*' GOFLAGS=-modcacherw
[ -n "$GO" ] || { skip "starting without libcurl" "no go command to start with"; finish; }
PATH=$(dirname "$GO"):$PATH

# Here the dynamic linker finds something else under libcurl's name.
mkdir -p "$work/lib" "$work/px/example.com/m/@v" "$work/src"
echo 'no library' >"$work/lib/libcurl.so.4"
without() { (cd "$work/src" && LD_LIBRARY_PATH=$work/lib "$HERMOD" "$@"); }

echo v1.0.0 >"$work/px/example.com/m/@v/list"
echo '{"Version":"v1.0.0"}' >"$work/px/example.com/m/@v/v1.0.0.info"
echo 'module example.com/m' >"$work/px/example.com/m/@v/v1.0.0.mod"

not_linked() { ! ldd "$HERMOD" | grep -E 'libcurl|libssl|libsqlite3'; }
from_files() {
	local out
	out=$(GOPROXY=file://$work/px without list -m -versions example.com/m) &&
		[ "$out" = "example.com/m v1.0.0" ] || { echo "$out"; return 1; }
}
cached() {
	local out
	out=$(GOPROXY=http://127.0.0.1:1 without list -m example.com/m@v1.0.0) &&
		[ "$out" = "example.com/m v1.0.0" ] || { echo "$out"; return 1; }
}
ask() { GOPROXY=http://127.0.0.1:1 without list -m -versions example.com/other; }

t "no network library is linked" not_linked
t "without libcurl: version" without version
t "without libcurl: a file proxy" from_files
t "without libcurl: what is in the cache" cached
t "without libcurl: a request says which package is missing" \
	fails_with 1 'the network needs libcurl (package libcurl4 or libcurl): ' ask
finish
