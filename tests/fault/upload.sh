# Uploads to hermod-proxy: killed, raced, on a full disk. A version is whole or not there,
# and never changes.
. "$(dirname "$0")/../e2e/lib.sh"

command -v curl >/dev/null || { skip "uploads under faults" "no curl"; finish; }
P=$BUILDDIR/hermod-proxy
unset GOPRIVATE GONOPROXY GONOSUMDB HERMOD_PROXY_DIR HERMOD_PROXY_TOKEN
export GOENV=off GOSUMDB=off GOTOOLCHAIN=local
cd "$work" || exit 1

# start DIR: a proxy of it; $url is where it listens.
start() {
	rm -f "$work/log"
	"$P" serve --dir "$1" --listen 127.0.0.1:0 --upstream off --private corp.example.com 2>"$work/log" &
	pid=$!
	pids+=("$pid")
	for _ in $(seq 200); do
		url=$(sed -n 's/^listening on //p' "$work/log" 2>/dev/null)
		[ -n "$url" ] && return 0
		sleep 0.05
	done
	cat "$work/log"
	return 1
}
stop() { kill "$pid" && wait "$pid"; }
account() { # DIR: makes $token
	"$P" account add --dir "$1" ci && "$P" account grant --dir "$1" ci read,upload corp.example.com && token=$("$P" account token add --dir "$1" ci)
}
# put FILE VERSION: the status.
put() { curl -s -m 30 -o "body.$BASHPID" -w '%{http_code}' -H "Authorization: Bearer $token" -T "$1" "$url/corp.example.com/x/@v/$2.zip"; rm -f "body.$BASHPID"; }
get() { curl -s -m 30 -o got -w '%{http_code}' -u "ci:$token" "$url/corp.example.com/x/@v/$1"; }

mkdir m
printf 'module corp.example.com/x\n\ngo 1.21\n' >m/go.mod
head -c 3000000 /dev/urandom >m/data
for i in $(seq 12); do "$P" publish --output "z$i.zip" m "v1.0.$i" >/dev/null || { t "a module" false; finish; }; done
printf 'other\n' >m/other
"$P" publish --output other.zip m v1.0.1 >/dev/null

# -- killed
account store
killed() {
	local i status
	for i in $(seq 2 12); do
		start store || return 1
		put "z$i.zip" "v1.0.$i" >put.status &
		sleep "0.0$((RANDOM % 6))"
		kill -9 "$pid"
		wait "$pid" $! 2>/dev/null
		start store || return 1
		case $(get "v1.0.$i.zip") in
		200) cmp got "z$i.zip" || return 1 ;;
		404) [ "$(cat put.status)" != 201 ] || { echo "v1.0.$i: said to be stored, and is not"; return 1; } ;;
		*) cat got; return 1 ;;
		esac
		status=$(put "z$i.zip" "v1.0.$i")
		case $status in 200|201) ;; *) echo "again: $status"; return 1 ;; esac
		[ "$(get "v1.0.$i.zip")" = 200 ] && cmp got "z$i.zip" && [ "$(get list)" = 200 ] && grep -qx "v1.0.$i" got || { echo "v1.0.$i is not there"; return 1; }
		stop || return 1
	done
	! find store/cache -name '*.tmp' | grep . && "$P" audit --dir store --check
}
here "kill -9 during uploads: whole or not there, and the next one succeeds" killed

# -- raced
raced() {
	local p=() i
	start store || return 1
	for i in $(seq 6); do
		put z1.zip v1.0.1 >"race.$i" & p+=($!)
		put other.zip v1.0.1 >"race.other.$i" & p+=($!)
	done
	for i in "${p[@]}"; do wait "$i"; done
	[ "$(cat race.[0-9]* race.other.* | grep -c 201)" = 1 ] || { grep . race.*; return 1; }
	[ "$(get v1.0.1.zip)" = 200 ] || return 1
	if cmp -s got z1.zip; then ! grep -q '^20' race.other.*; else cmp got other.zip && ! grep -q '^20' race.[0-9]*; fi || { grep . race.*; return 1; }
	! grep -Ev '^(20[01]|409|503)$' race.* -h
}
here "two contents for one version, at once: one of them, once" raced
gone() { ! find store/staging -type f -newer race.1 | grep .; }
t "nothing is left of the others" gone
here "it ends" stop

# -- a full disk
mkdir small
full() {
	account small && start small && dd if=/dev/zero of=small/filler bs=1k count=5000 2>/dev/null
	local status
	status=$(put z1.zip v1.0.1)
	case $status in 507|500) ;; *) echo "status $status"; return 1 ;; esac
	! find small/staging -type f | grep . && [ "$(get v1.0.1.zip)" = 404 ]
}
space() {
	rm small/filler
	[ "$(put z1.zip v1.0.1)" = 201 ] && [ "$(get v1.0.1.zip)" = 200 ] && cmp got z1.zip && "$P" audit --dir small --check
}
if mount -t tmpfs -o size=7m none small 2>/dev/null; then
	trap 'for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done; umount -l "$work/small"; cleanup' EXIT
	here "a full disk: refused, nothing left" full
	t "space returns: it is taken" space
else
	skip "a full disk" "no permission to mount a tmpfs"
fi
finish
