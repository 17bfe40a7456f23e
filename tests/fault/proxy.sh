# hermod-proxy between rude clients and a sick upstream.  Whatever they do: no wrong byte
# is served or stored, nobody else waits, traffic and memory are bounded.
. "$(dirname "$0")/../e2e/lib.sh"

[ -n "$GO" ] || { skip "hermod-proxy under faults" "no go command"; finish; }
command -v curl >/dev/null || { skip "hermod-proxy under faults" "no curl"; finish; }
[ -x "$BUILDDIR/tests/e2e/fixture_proxy" ] || { skip "hermod-proxy under faults" "no fixture_proxy was built"; finish; }
cc -O1 -D_GNU_SOURCE -o "$work/client" "$top/tests/fault/client.c" 2>"$work/cc.err" || { skip "hermod-proxy under faults" "no C compiler"; finish; }
unset GOFLAGS GOPATH GOPROXY GOSUMDB GOPRIVATE GONOPROXY GONOSUMDB
export GOENV=off GOTOOLCHAIN=local GOFLAGS=-modcacherw CGO_ENABLED=0
fx=$work/fx
gotool fixtures "$fx" || { t "fixtures" false; finish; }
key=$(cat "$fx/log.key")
mod=example.com/words/@v

# start NAME ARGS...: a proxy with its own store; $url is where it listens.
start() {
	local name=$1
	shift
	"$BUILDDIR/hermod-proxy" serve --dir "$work/$name" --listen 127.0.0.1:0 --upstream-timeout 2 --missing-keep 1 "$@" 2>"$work/$name.log" &
	pid=$!
	pids+=("$pid")
	url=
	for _ in $(seq 200); do
		url=$(sed -n 's/^listening on //p' "$work/$name.log")
		port=${url##*:}
		[ -z "$url" ] || return 0
		sleep 0.05
	done
	cat "$work/$name.log"
	return 1
}
stop() { kill "$pid" && wait "$pid"; }
status() { curl -s -m 30 -o "$work/body" -w '%{http_code}' "$@"; }
# gives STATUS PATH: the proxy's answer.
gives() {
	local got
	got=$(status "$url/$2")
	[ "$got" = "$1" ] || { echo "$2: $got, want $1: $(head -c 500 "$work/body")"; return 1; }
}
asked() { curl -s "$up/_log" | grep -c "${1:-}"; }
forget() { curl -s "$up/_forget"; }
zips() { find "$work/$1/cache" -name '*.zip' -o -name '*.tmp' | grep .; }
rss() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status"; }
export GONOSUMDB='*'
here "an upstream" upstream "$fx/good"
good=$up

# -- upstream that lies, cuts, hangs, redirects in circles, sends too much
# sick SPEC WANT PATH TIMES: TIMES times it is sick: an error of that kind, nothing kept; and the good file once upstream is well.
n=0
sick() {
	n=$((n + 1))
	start "sick.$n" --upstream-timeout 1 --upstream "$up/_$1+times=$4" || return 1
	[[ $(status "$url/$3") =~ ^($2)$ ]] || { echo "$1: $(cat "$work/body")"; return 1; }
	! zips "sick.$n" 2>/dev/null || return 1
	for _ in $(seq 40); do
		sleep 0.3
		[ "$(status "$url/$3")" != 200 ] || { stop; cmp "$work/body" "$fx/good/$3"; return; }
	done
	echo "it does not get well"
	return 1
}
here "a zip with a flipped byte" sick flip=200+match=.zip '502|403' $mod/v1.0.0.zip 1
here "a zip that is cut" sick cut=300+match=.zip 502 $mod/v1.0.0.zip 1
here "a zip in chunks that is cut" sick chunked+cut=300+match=.zip 502 $mod/v1.0.0.zip 1
here "no answer at all" sick hang 502 $mod/v1.0.0.info 1
here "a zip that stops halfway" sick hang=300+match=.zip 502 $mod/v1.0.0.zip 1
here "connections that are reset" sick reset 502 $mod/v1.0.0.mod 2
here "redirects in circles" sick redirect=loop 502 $mod/v1.0.0.info 1
here "500" sick status=500+text=broken 502 $mod/v1.0.0.mod 1
here "503 with HTML" sick status=503+type=text%2Fhtml+text=%3Cb%3E 502 $mod/v1.0.0.mod 2
here "a zip that says it has 10 GB" sick length=10737418240+match=.zip 502 $mod/v1.0.0.zip 1
here "a .mod that does not end" sick endless+match=.mod 502 $mod/v1.0.0.mod 1
here "header fields that do not end" sick fields+match=.zip 502 $mod/v1.0.0.zip 1
ok=HTTP%2f1.1%20200%20OK%0d%0a
here "chunks of junk" sick "raw=${ok}Transfer-Encoding:%20chunked%0d%0a%0d%0azz%0d%0ajunk+match=.mod" 502 $mod/v1.0.0.mod 2
here "two lengths" sick "raw=${ok}Content-Length:%203%0d%0aContent-Length:%2010%0d%0a%0d%0amodule%20exa+match=.mod" 502 $mod/v1.0.0.mod 1
here "a part of a file" sick 'raw=HTTP%2f1.1%20206%20Part%0d%0aContent-Range:%20bytes%200-5%2f9%0d%0aContent-Length:%206%0d%0a%0d%0amodule+match=.mod' 502 $mod/v1.0.0.mod 1
here "not modified, though it was not asked" sick 'raw=HTTP%2f1.1%20304%20Not%20Modified%0d%0a%0d%0a+match=.mod' 502 $mod/v1.0.0.mod 1
here "an .info that does not end" sick endless+match=.info 502 $mod/v1.0.0.info 1
kept() { ls "$work/sick.1/evidence" | has 'words,@v,v1.0.0.zip.why' && grep -q v1.0.0 "$work"/sick.1/evidence/*.why; }
t "what was refused is kept as evidence" kept
not_json() { printf '<html>' >"$work/odd/example.com/words/@v/v1.0.0.info"; gives 502 $mod/v1.0.0.info && ! find "$work/oddstore/cache" -name '*.info' | grep .; }
cp -r "$fx/good" "$work/odd"
here "a folder upstream" start oddstore --upstream "file://$work/odd"
t "an .info that is none" not_json
other_version() { printf '{"Version":"v1.1.0"}' >"$work/odd/example.com/words/@v/v1.0.0.info"; sleep 2; gives 502 $mod/v1.0.0.info; }
t "an .info of another version" other_version
other_mod() { printf 'module example.com/words\n\ngo 1.5\n' >"$work/odd/example.com/words/@v/v1.0.0.mod"; gives 200 $mod/v1.0.0.mod && gives 502 $mod/v1.0.0.zip && ! zips oddstore; }
t "a .mod that is not the zip's" other_mod
zip_first() {
	gives 200 $mod/v1.1.0.zip && printf 'module example.com/words\n\ngo 1.5\n' >"$work/odd/example.com/words/@v/v1.1.0.mod" && gives 502 $mod/v1.1.0.mod &&
	[ ! -e "$work/oddstore/cache/download/$mod/v1.1.0.mod" ] && grep -q 'go 1.5' "$work/oddstore/evidence/example.com,words,@v,v1.1.0.mod" || return 1
	printf 'example.com/words v1.1.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n' >"$work/zip.sum"
	fails_with 1 "the .mod is not the zip's go.mod" "$BUILDDIR/hermod-proxy" prefetch --dir "$work/oddstore" --upstream "file://$work/odd" "$work/zip.sum"
}
t "the same, when the zip was here first" zip_first
stop

# -- a slow upstream holds up nobody else
here "an upstream that hangs for one module" start slow --upstream "$good/_hang+match=greet" --fills 2 --upstream-timeout 600
nobody_waits() {
	local i
	gives 200 $mod/v1.0.0.zip || return 1
	for i in 1 2 3 4; do curl -s -m 1.5 -o /dev/null "$url/example.com/greet/@v/v1.$i.0.info" & done
	sleep 0.3
	[ "$(curl -s -m 2 -o "$work/body" -w '%{http_code}' "$url/$mod/v1.0.0.zip")" = 200 ]
}
t "what is here is served meanwhile" nobody_waits
here "SIGTERM does not wait for an upstream" ends
cat >"$work/two.conf" <<CONF
[upstream "example.com/greet"]
	proxy = $good/_hang
	at-once = 2
CONF
here "two upstreams, one hangs" start two --config "$work/two.conf" --upstream "$good" --upstream-timeout 20
other_goes_on() {
	local i
	for i in 1 2 3 4 5 6; do curl -s -m 1.5 -o /dev/null "$url/example.com/greet/@v/v1.$i.0.info" & done
	sleep 0.3
	[ "$(curl -s -m 3 -o "$work/body" -w '%{http_code}' "$url/$mod/v1.0.0.zip")" = 200 ]
}
t "the other's modules come" other_goes_on

# -- one fetch for many, also when the first hangs up
forget
here "a slow upstream" start many --upstream "$good/_slow=700"
many() {
	"$work/client" "$port" get 200 "/$mod/v1.0.0.zip?%d" 1 200 >"$work/out"
	[ "$(cat "$work/out")" = "200 200" ] || { cat "$work/out"; return 1; }
	[ "$(asked zip)" = 1 ] || { echo "asked $(asked zip) times"; return 1; }
}
t "200 clients, one missing zip, one fetch" many
hangs_up() {
	local p
	forget
	curl -s -o /dev/null "$url/$mod/v1.1.0.zip" & p=$!
	sleep 0.2
	curl -s -o "$work/second" "$url/$mod/v1.1.0.zip" & second=$!
	sleep 0.1
	kill -9 "$p"
	wait "$second"
	cmp "$work/second" "$fx/good/$mod/v1.1.0.zip" && [ "$(asked zip)" = 1 ]
}
t "the first asker hangs up: the second gets it, fetched once" hangs_up
stop

# -- a storm of names that do not exist
here "a good upstream" start storm --upstream "$good"
forget
storm() {
	local before seconds=$SECONDS n
	gives 200 $mod/v1.0.0.zip
	before=$(rss)
	"$work/client" "$port" get 64 "/example.com/no%d/@v/v1.0.0.info" 1 20000 >"$work/out"
	awk '$1 != 404 && $1 != 429 { bad = 1 } { n += $2 } END { exit bad || n != 20000 }' "$work/out" || { cat "$work/out"; return 1; }
	n=$(asked /no)
	seconds=$((SECONDS - seconds + 2))
	[ "$n" -le $((2000 + 50 * seconds)) ] || { echo "upstream was asked $n times in $seconds s"; return 1; }
	[ "$n" -ge 1000 ] || { echo "upstream was asked $n times only"; return 1; }
	[ "$(nm "$BUILDDIR/hermod-proxy" 2>/dev/null | grep -c '__[at]san_init')" != 0 ] || [ $(($(rss) - before)) -lt 12288 ] || { echo "memory grew from $before to $(rss) KiB"; return 1; }
	gives 200 $mod/v1.0.0.zip
}
t "20,000 names that do not exist" storm
versions() {
	forget
	"$work/client" "$port" get 64 "/$mod/v9.%d.0+incompatible.info" 1 2000 >"$work/out"
	[ "$(asked /v9)" -le 400 ] || { echo "asked $(asked /v9) times"; cat "$work/out"; return 1; }
}
stop
here "a good upstream again" start storm2 --upstream "$good"
t "2,000 versions that do not exist" versions
stop

# -- a dead upstream is left alone, and found again
here "an upstream that is down for 17 requests" start dead --upstream "$good/_status=503+times=17"
breaker() {
	local i
	forget
	for i in $(seq 40); do status "$url/example.com/m$i/@v/list" >/dev/null; done
	[ "$(asked .)" -le 20 ] || { echo "asked $(asked .) times"; return 1; }
	grep -q 'does not answer' "$work/body" || { cat "$work/body"; return 1; }
	curl -s "$url/metrics" | has -x 'hermod_proxy_upstreams_left_alone 1'
}
t "the breaker opens" breaker
closes() {
	local i
	for i in $(seq 60); do
		[ "$(status "$url/$mod/v1.0.0.info")" != 200 ] || return 0
		sleep 1
	done
	return 1
}
t "and closes" closes
stop

# -- lists: at hand when upstream is down, also after a restart; new versions are seen
cp -r "$fx/good" "$work/moving"
here "a second upstream" upstream "$work/moving"
here "a proxy on it" start lists --upstream "$up" --list-fresh 0 --list-stale 0
lists() { gives 200 $mod/list && grep -qx v1.1.0 "$work/body" && gives 200 example.com/words/@latest && grep -q v1.1.0 "$work/body"; }
t "list and @latest" lists
for e in info mod zip; do cp "$work/moving/$mod/v1.1.0.$e" "$work/moving/$mod/v1.2.0.$e"; done
echo v1.2.0 >>"$work/moving/$mod/list"
t "a new version is seen" bash -c "sleep 1.1; curl -s $url/$mod/list | has -x v1.2.0"
stop
here "the upstream goes away" start lists --upstream http://127.0.0.1:9
gone() { gives 200 $mod/list && grep -qx v1.2.0 "$work/body" && gives 200 example.com/words/@latest && gives 502 example.com/greet/@v/list; }
t "list and @latest of before are served" gone
stop
here "fresh for a second" start lists2 --upstream "$up" --list-fresh 1 --list-stale 3600
behind() {
	gives 200 $mod/list && ! grep -qx v1.3.0 "$work/body" || return 1
	echo v1.3.0 >>"$work/moving/$mod/list"
	for _ in 1 2 3 4 5 6 7 8; do
		sleep 0.5
		curl -s "$url/$mod/list" | has -x v1.3.0 && return 0
	done
	return 1
}
t "renewed behind the clients' backs" behind
stop
pushed() {
	gives 404 $mod/v1.4.0.info || return 1
	printf '{"Version":"v1.4.0","Time":"2024-01-01T00:00:00Z"}' >"$work/moving/$mod/v1.4.0.info"
	sleep 2.2
	gives 200 $mod/v1.4.0.info
}
here "not found is remembered for a second" start lists3 --upstream "$up"
t "a version that is pushed is found soon" pushed
stop
set_back() {
	gives 404 $mod/v1.5.0.info && gives 200 $mod/list && ! grep -qx v1.5.0 "$work/body" || return 1
	touch "$work/set_back"
	printf '{"Version":"v1.5.0","Time":"2024-01-01T00:00:00Z"}' >"$work/moving/$mod/v1.5.0.info"
	echo v1.5.0 >>"$work/moving/$mod/list"
	sleep 2.2
	gives 200 $mod/v1.5.0.info && gives 200 $mod/list && grep -qx v1.5.0 "$work/body"
}
if ! sanitized && cc -shared -fPIC -O1 -D_GNU_SOURCE -o "$work/jumpclock.so" "$top/tests/fault/jumpclock.c" 2>"$work/cc.err"; then
	JUMPCLOCK=$work/set_back LD_PRELOAD=$work/jumpclock.so here "a proxy whose clock will be set back" start lists4 --upstream "$up" --list-fresh 1 --list-stale 1
	t "a clock set back by a day: all that is new is found soon" set_back
	stop
else
	skip "a clock set back by a day" "sanitizers, or no C compiler"
fi

# -- private names stay in the house
unset GONOSUMDB
cp -r "$fx/good" "$work/private"
mkdir -p "$work/private/corp.example"
cp -r "$fx/good/example.com/words" "$work/private/corp.example/secret"
forget
export GOPRIVATE='corp.example/*'
GOSUMDB="$key $up/sumdb/test.example" start private --upstream "$up" --sumdbs test.example
silent() {
	local p
	for p in @v/list @latest @v/v1.0.0.info @v/v1.0.0.mod @v/v1.0.0.zip @v/master.info @v/v1.info; do gives 404 "corp.example/secret/$p" || return 1; done
	gives 404 corp.example/secret/deep/er/@v/list && gives 404 sumdb/test.example/lookup/corp.example/secret@v1.0.0 &&
	gives 404 'sumdb/test.example/lookup/corp%2eexample/secret@v1.0.0' && gives 200 sumdb/test.example/supported || return 1
	[ "$(asked corp)" = 0 ] || { curl -s "$up/_log"; return 1; }
}
t "a private module: no upstream and no database is asked" silent
stop
cat >"$work/corp.conf" <<CONF
[upstream "corp.example/*"]
	proxy = file://$work/private
CONF
forget
GOSUMDB="$key $up/sumdb/test.example" start corp --upstream "$up" --config "$work/corp.conf"
by_section() {
	gives 200 corp.example/secret/@v/list && gives 200 corp.example/secret/@v/v1.0.0.info && [ "$(asked corp)" = 0 ]
}
t "a section of the configuration sends it to its own upstream" by_section
stop
unset GOPRIVATE
forget
here "the same by an option" start option --upstream "$up" --private 'corp.example/*' --sumdbs test.example
t "a module that --private names: nobody is asked" silent
stop
export GONOSUMDB='*'
start direct --upstream direct
t "direct: not yet, in clear words" bash -c "curl -s $url/$mod/list | has 'not supported yet'"
stop
printf '[upstream "a"]\nat-once = 3\n' >"$work/bad1.conf"
printf '[upstream "a"]\nfrob = 3\n' >"$work/bad2.conf"
t "a section without a proxy" fails_with 2 "has no proxy" timeout 5 "$BUILDDIR/hermod-proxy" serve --dir "$work/x" --listen 127.0.0.1:0 --config "$work/bad1.conf"
t "a section with a wrong key" fails_with 2 "unknown setting upstream.frob" timeout 5 "$BUILDDIR/hermod-proxy" serve --dir "$work/x" --listen 127.0.0.1:0 --config "$work/bad2.conf"

# -- rude clients
here "a proxy for rude clients" start rude --upstream "$good" --access-log text
raw() { printf "$1" | "$work/client" "$port" raw | head -n 1 | has "^HTTP/1.1 $2 "; }
rude() {
	raw 'GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello' 400 && raw 'GET / HTTP/1.1\nHost: h\n\n' 400 &&
	raw 'GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n' 400 && raw 'GET / HTTP/1.1\r\nHost : h\r\n\r\n' 400 &&
	raw 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n' 501 &&
	raw "GET /$(printf 'x%.0s' $(seq 9000)) HTTP/1.1\r\nHost: h\r\n\r\n" 414 &&
	raw "GET / HTTP/1.1\r\nHost: h\r\nX: $(printf 'x%.0s' $(seq 17000))\r\n\r\n" 431 &&
	raw "GET / HTTP/1.1\r\n$(printf 'X: y\\r\\n%.0s' $(seq 70))Host: h\r\n\r\n" 431
}
t "malformed requests are refused" rude
logged() { sleep 0.3; [ "$(grep -c ' 400 ' "$work/rude.log")" -ge 4 ]; }
t "and logged" logged
bad_paths() {
	local p
	for p in "/$mod/../../../../etc/passwd" /example.com/words/@v/%2e%2e/list /example.com%2fwords/@v/list "/$mod/v1.0.0%00.zip" \
		"/$mod/v1.0.0%0a.zip" "/$mod/v1.0.0%zz.zip" "/$mod/%76%" "//$mod/list" "/example.com/./words/@v/list" "/example.com/WORDS/@v/list" \
		"/example.com/w%c3%a9/@v/list" "/$mod/v1.0.0.exe" "/$mod/" /@v/list /@latest "/con/@v/list" "/example.com/a..b~1/@v/list" "/-x/@v/list" \
		"/sumdb/sum.golang.org/tile/8/0/../../../x" /sumdb/sum.golang.org/tile/9/0/000 /sumdb/../x "/$mod/v1.0.0+meta.zip"; do
		case $(status --path-as-is "$url$p") in 400|404) ;; *) echo "$p: $(cat "$work/body")"; return 1 ;; esac
	done
	[ "$(asked passwd)" = 0 ]
}
up=$good
t "bad paths are refused" bad_paths
gives 200 $mod/v1.0.0.zip >"$work/out"
mkfifo "$work/slowly"
"$work/client" "$port" hold 1000 'GET / HTTP/1.1\r\nHost: h\r\nX: ' <"$work/slowly" >"$work/slowly.out" &
pids+=($!)
exec {slowly}>"$work/slowly"
slow_clients() {
	for _ in $(seq 100); do grep -q ready "$work/slowly.out" && break; sleep 0.05; done
	"$work/client" "$port" get 8 "/$mod/v1.0.0.info?%d" 1 2000 >"$work/out"
	[ "$(cat "$work/out")" = "200 2000" ] && [ "$(curl -s -m 2 -o "$work/body" -w '%{http_code}' "$url/$mod/v1.0.0.zip")" = 200 ]
}
t "1,000 clients in the middle of their requests slow nobody" slow_clients
exec {slowly}>&-
stop_busy() {
	curl -s -o /dev/null "$url/_x" & true
	kill "$pid" && wait "$pid"
}
here "it ends cleanly with them" stop_busy

# -- idle connections, and no descriptor is left
# holding N TEXT: so many clients that sent it and wait; let_go ends them.
holding() {
	mkfifo "$work/fifo"
	"$work/client" "$port" hold "$1" "$2" <"$work/fifo" >"$work/held" &
	held=$!
	exec {fifo}>"$work/fifo"
	for _ in $(seq 400); do grep -q ready "$work/held" && return 0; sleep 0.05; done
	return 1
}
let_go() { exec {fifo}>&-; wait "$held"; rm "$work/fifo"; }
turned_away() { grep -c 'new connections are turned away: too many open files' "$work/few.log"; }
idle_make_room() {
	holding 100 'GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n' && gives 200 healthz
}
ticks() { awk '{ print $14 + $15 }' "/proc/$pid/stat"; }
busy_ones_do_not() {
	local before
	let_go
	holding 100 'GET / HTTP/1.1\r\nHost: h\r\nX: ' || return 1
	sleep 0.3
	before=$(ticks)
	sleep 1
	[ $(($(ticks) - before)) -lt 20 ] || { echo "$(($(ticks) - before)) ticks for nothing"; return 1; }
	[ "$(turned_away)" -ge 1 ] && [ "$(turned_away)" -le "$(nproc)" ] || { cat "$work/few.log"; return 1; }
	let_go
	gives 200 healthz
}
ten_thousand() {
	local before
	gives 200 $mod/v1.0.0.info
	before=$(rss)
	holding 10000 "GET /$mod/v1.0.0.info HTTP/1.1\r\nHost: h\r\n\r\n" || return 1
	"$work/client" "$port" get 8 "/$mod/v1.0.0.info?%d" 1 2000 >"$work/out"
	[ "$(cat "$work/out")" = "200 2000" ] || { cat "$work/out"; return 1; }
	sanitized || [ $(($(rss) - before)) -lt 8192 ] || { echo "memory grew from $before to $(rss) KiB"; return 1; }
	let_go
	grep -qx 'open 10000' "$work/held"
}
if [ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 16000 ]; then
	here "a proxy for very many" start idle --upstream "$good"
	here "10,000 idle connections: all stay, others are served" ten_thousand
	here "it ends with its idle connections" stop
else
	skip "10,000 idle connections" "ulimit -n $(ulimit -Hn)"
fi
if command -v prlimit >/dev/null; then
	here "a proxy" start few --upstream "$good"
	prlimit --pid "$pid" --nofile=$(($(ls "/proc/$pid/fd" | wc -l) + 10)):
	here "few descriptors: idle connections make room" idle_make_room
	here "  busy ones do not: it waits, and says so once" busy_ones_do_not
	here "it ends" stop
else
	skip "few descriptors" "no prlimit"
fi
finish
