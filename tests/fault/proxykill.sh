# hermod-proxy is killed at random during a cold fill, and its disk fills up: afterwards
# each byte that it has and serves is upstream's, and nobody has to repair anything.
. "$(dirname "$0")/../e2e/lib.sh"

[ -n "$GO" ] || { skip "kill -9" "no go command"; finish; }
command -v curl >/dev/null || { skip "kill -9" "no curl"; finish; }
[ -x "$BUILDDIR/tests/e2e/fixture_proxy" ] || { skip "kill -9" "no fixture_proxy was built"; finish; }
unset GOFLAGS GOPATH GOPROXY GOSUMDB GOPRIVATE GONOPROXY
export GOENV=off GOTOOLCHAIN=local CGO_ENABLED=0 GONOSUMDB='*'
modules=6
kills=50
! sanitized || kills=10 # all is slower there
kills=${KILLS:-$kills}
(cd "$work" && GOCACHE=$TEST_GOCACHE "$GO" run "$top/tests/fault/bigmods.go" "$work/up" $modules 700000) || { t "modules" false; finish; }

here "an upstream" upstream "$work/up"

# start DIR ARGS...: $url is where it listens, $pid the server.
start() {
	local dir=$1
	shift
	: >"$work/log"
	"$BUILDDIR/hermod-proxy" serve --dir "$dir" --listen 127.0.0.1:0 --upstream "$up" --missing-keep 0 "$@" 2>"$work/log" &
	pid=$!
	url=
	for _ in $(seq 400); do
		url=$(sed -n 's/^listening on //p' "$work/log")
		[ -z "$url" ] || return 0
		sleep 0.02
	done
	cat "$work/log"
	return 1
}
files=
for i in $(seq 0 $((modules - 1))); do for e in info mod zip; do files+=" example.com/big$i/@v/v1.0.0.$e"; done; done
rm -f "$work/all"
for f in $files; do printf 'url = "@URL@/%s"\noutput = "%s/got/%s"\n' "$f" "$work" "${f//\//,}" >>"$work/all"; done

# fetch: all files at once, into $work/got; curl ends when the proxy does.
fetch() {
	rm -rf "$work/got" && mkdir "$work/got"
	sed "s|@URL@|$url|" "$work/all" | curl -s -Z --parallel-max 24 --create-dirs -K - >/dev/null 2>&1
}
(cd "$work/up" && find example.com -type f | xargs sha256sum | sort) >"$work/sums"
mkdir "$work/want"
for f in $files; do cp "$work/up/$f" "$work/want/${f//\//,}"; done
# whole DIR: what has a name in the store is whole and upstream's.
whole() {
	[ ! -d "$1/cache/download" ] ||
	! (cd "$1/cache/download" && find example.com -type f ! -name '*.lock' ! -name '*.ziphash' ! -name list ! -name '*.tmp*' ! -name '.*' | xargs -r sha256sum) | grep -vxFf "$work/sums"
}
kill_once() {
	local ms=$((RANDOM % 400)) p
	rm -rf "$work/store"
	start "$work/store" || return 1
	fetch & p=$!
	sleep "$(printf '0.%03d' $ms)"
	kill -9 "$pid"
	wait "$pid" "$p" 2>/dev/null
	whole "$work/store" || { echo "after $ms ms"; return 1; }
	start "$work/store" || return 1
	fetch
	diff -r "$work/want" "$work/got" || { echo "after $ms ms: $(cat "$work/log")"; kill -9 "$pid"; return 1; }
	kill "$pid" && wait "$pid" || { echo "after $ms ms: it ends with $?"; return 1; }
	# What dead runs began is gone when the version is whole.
	! find "$work/store/cache/download" -name 'v1.0.0.zip*.tmp*' | grep . || { echo "after $ms ms"; return 1; }
}
many_kills() {
	local i
	for i in $(seq "$kills"); do kill_once || return 1; done
}
here "kill -9 during a cold fill, $kills times" many_kills
rm -rf "$work/store"

# -- a full disk
full() {
	start "$work/small" || return 1
	pids+=("$pid")
	dd if=/dev/zero of="$work/small/filler" bs=1M count="$1" 2>/dev/null
	got=$(curl -s -o "$work/body" -w '%{http_code}' "$url/example.com/big0/@v/v1.0.0.zip")
	[ "$got" = 507 ] && grep -aq 'no space left' "$work/body" || { echo "$got: $(head -c 300 "$work/body" | tr -cd '[:print:]')"; return 1; }
	! grep -a "$work" "$work/body" || return 1 # where the store lies is nobody's business
	! find "$work/small/cache" -name '*.zip' -o -name '*.tmp*' | grep . || return 1
	[ "$(curl -s -o "$work/body" -w '%{http_code}' "$url/healthz")" = 200 ]
}
stop() { kill "$pid" && wait "$pid"; }
recovers() {
	local i
	rm "$work/small/filler"
	for i in $(seq 20); do
		[ "$(curl -s -o "$work/body" -w '%{http_code}' "$url/example.com/big0/@v/v1.0.0.zip")" = 200 ] && break
		sleep 0.3
	done
	cmp "$work/body" "$work/up/example.com/big0/@v/v1.0.0.zip"
}
crowded() {
	dd if=/dev/zero of="$work/small/filler" bs=1M count=20 2>/dev/null
	[ "$(curl -s -o "$work/body" -w '%{http_code}' "$url/example.com/big0/@v/v1.0.0.zip")" = 200 ] && cmp "$work/body" "$work/up/example.com/big0/@v/v1.0.0.zip" &&
	case $(curl -s -o "$work/body" -w '%{http_code}' "$url/example.com/big1/@v/v1.0.0.mod") in 200) cmp "$work/body" "$work/up/example.com/big1/@v/v1.0.0.mod" ;; 5*) ;; *) return 1 ;; esac
}
mkdir "$work/small"
if mount -t tmpfs -o size=3600k none "$work/small" 2>"$work/mount.err"; then
	trap 'for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done; umount -l "$work/small"; cleanup' EXIT
	here "a disk with a little room: 507, nothing half-stored, it lives" full 3
	t "space returns: it goes on" recovers
	here "it ends" stop
	rm -rf "$work/small/cache"
	here "a disk without any room" full 20
	t "space returns: it goes on as before" recovers
	t "full again: what is there is served" crowded
else
	skip "a full disk" "no permission to mount a tmpfs"
fi
finish
