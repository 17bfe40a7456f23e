# hermod-proxy's facts on a disk that is full: requests go on, and nothing is forgotten.
. "$(dirname "$0")/../e2e/lib.sh"

[ -n "$GO" ] || { skip "facts on a full disk" "no go command"; finish; }
command -v curl >/dev/null || { skip "facts on a full disk" "no curl"; finish; }
mkdir -p "$work/small/store/cache"
if ! mount -t tmpfs -o size=6m none "$work/small/store" 2>/dev/null; then
	skip "facts on a full disk" "no permission to mount a tmpfs"
	finish
fi
trap 'for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done; umount -l "$work/small/store"; cleanup' EXIT
unset GOFLAGS GOPATH GOPROXY GOSUMDB GOPRIVATE GONOPROXY
export GOENV=off GOTOOLCHAIN=local GONOSUMDB='*'
proxy=$BUILDDIR/hermod-proxy
gotool storefill "$work/up" 30 1 60000 || { t "storefill" false; finish; }
# The modules lie on another disk than facts.db: that alone is full.
mkdir "$work/modules" "$work/small/store/cache"
ln -s "$work/modules" "$work/small/store/cache/download"
"$proxy" serve --dir "$work/small/store" --listen 127.0.0.1:0 --upstream "file://$work/up" 2>"$work/log" &
pid=$!
pids+=("$pid")
for _ in $(seq 200); do url=$(sed -n 's/^listening on //p' "$work/log"); [ -n "$url" ] && break; sleep 0.05; done
gets() { [ "$(curl -s -o /dev/null -w '%{http_code}' "$url/m$1.example/pkg/@v/v1.0.0.zip")" = 200 ]; }
known() { curl -s "$url/index" | grep -c '^{'; }
until_true() { for _ in $(seq 150); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done; "$@"; cat "$work/log"; return 1; }
t "a module" gets 0
knows() { [ "$(known)" = "$1" ]; }
t "the index has it" until_true knows 1
head -c 20000000 /dev/zero >"$work/small/store/ballast" 2>/dev/null
goes_on() { local i; for i in $(seq 1 29); do gets "$i" || { echo "module $i"; return 1; }; done; }
t "the disk of facts.db is full: modules are served" goes_on
t "it says so" until_true grep -q "facts cannot be written" "$work/log"
sleep 2
said_once() { [ "$(grep -c "facts cannot be written" "$work/log")" -le 2 ]; }
t "not again and again" said_once
rm "$work/small/store/ballast"
t "with space again, the index has them all" until_true knows 30
stop() { kill "$pid" && wait "$pid"; }
here "SIGTERM" stop
finish
