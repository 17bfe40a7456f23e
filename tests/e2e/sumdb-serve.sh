# hermod-sumdb as a service: who may see what, what is counted and logged, what is
# remembered as missing, signals.
. "$(dirname "$0")/lib.sh"

[ -n "$GO" ] || { skip "hermod-sumdb serve" "no go command"; finish; }
command -v curl >/dev/null || { skip "hermod-sumdb serve" "no curl"; finish; }
unset GOFLAGS GOPATH GOPROXY GOSUMDB GOPRIVATE GONOSUMDB GONOPROXY
export GOENV=off GOTOOLCHAIN=local GOFLAGS=-modcacherw CGO_ENABLED=0
fx=$work/fx
gotool fixtures "$fx" || { t "fixtures" false; finish; }
sumdb=$BUILDDIR/hermod-sumdb
export GOSUMDB=off

# start NAME ARGS...: serves the log $work/NAME; $url, $pid.
start() {
	local name=$1
	shift
	launch "$work/$name.log" "$sumdb" serve --dir "$work/$name" --listen 127.0.0.1:0 "$@"
}
stop() { kill "$pid" && wait "$pid"; }
status() { curl -s -o "$work/body" -w '%{http_code}' "$@"; }
account() { "$BUILDDIR/hermod-proxy" account "$@" --dir "$work/${log:-private}"; }
metric() { curl -s "$url/metrics" | sed -n "s/^hermod_sumdb_$1 //p"; }
asked() { curl -s "$up/_log" | grep -c "$1"; }
here "an upstream that counts" upstream "$fx/good"

# -- what does not exist is asked for once
"$sumdb" init --dir "$work/private" --name sum.test.example >"$work/key"
key=$(cat "$work/key")
here "start" start private --upstream "$up" --access-log json --access-log-file "$work/access.json" --missing-keep 3600
missing() {
	local p=() i
	for i in $(seq 40); do curl -s -o /dev/null -w '%{http_code}\n' "$url/lookup/example.com/words@v9.9.9" >>"$work/missed" & p+=($!); done
	for i in $(seq 40); do curl -s -o /dev/null "$url/lookup/example.com/words@v1.0.0" & p+=($!); done
	for i in "${p[@]}"; do wait "$i"; done
	[ "$(status "$url/lookup/example.com/words@v9.9.9")" = 400 ] || [ "$(status "$url/lookup/example.com/nosuch@v1.0.0")" = 404 ] || return 1
	for i in 1 2 3 4 5; do [ "$(status "$url/lookup/example.com/nosuch@v1.0.0")" = 404 ] || return 1; done
	[ "$(asked 'nosuch/@v/v1.0.0')" = 1 ] && [ "$(asked 'words/@v/v1.0.0.zip')" = 1 ]
}
t "many ask for what is not there: upstream is asked once" missing
counted() {
	[ "$(metric records)" = 1 ] && [ "$(metric fetched_total)" = 1 ] && [ "$(metric missing_remembered_total)" -ge 4 ] && [ "$(metric appended_total)" = 1 ] && [ "$(metric 'requests_total{status="4xx"}')" -ge 6 ] &&
	curl -s "$url/metrics" | has '^hermod_sumdb_request_seconds_bucket{le="+Inf"}' && curl -s "$url/metrics" | has '^# TYPE hermod_sumdb_lookups_total counter'
}
t "metrics" counted
logged() { sleep 0.3; grep -q '"path":"/lookup/example.com/nosuch@v1.0.0","status":404' "$work/access.json"; }
t "access log" logged

# -- rights by module pattern; the list of names is for who may read all
account add ann >"$work/out" && account grant ann read 'example.com/words' >"$work/out" && ann=$(account token add ann)
account add bob >"$work/out" && account grant bob read,fetch '*' >"$work/out" && bob=$(account token add bob)
account revoke anonymous read,fetch '*' >"$work/out"
sleep 0.1
as() { status -u "$1:$2" "$url$3"; }
rights() {
	[ "$(status "$url/lookup/example.com/words@v1.0.0")" = 401 ] && [ "$(status "$url/latest")" = 401 ] && [ "$(status "$url/tile/8/data/000.p/1")" = 401 ] && [ "$(status "$url/metrics")" = 401 ] && [ "$(status "$url/healthz")" = 200 ] &&
	[ "$(as ann "$ann" /lookup/example.com/words@v1.0.0)" = 200 ] && [ "$(as ann "$ann" /latest)" = 200 ] && [ "$(as ann "$ann" /tile/8/0/000.p/1)" = 200 ] &&
	[ "$(as ann "$ann" /lookup/example.com/greet@v1.0.0)" = 404 ] && [ "$(as ann "$ann" /tile/8/data/000.p/1)" != 200 ] && [ "$(as ann "$ann" /tile/entries/000.p/1)" != 200 ] && ! grep -q words "$work/body" &&
	[ "$(as ann "$ann" /lookup/example.com/words@v1.1.0)" = 404 ] && [ "$(as bob wrong /latest)" = 401 ] &&
	[ "$(as bob "$bob" /tile/8/data/000.p/1)" = 200 ] && [ "$(as bob "$bob" /lookup/example.com/words@v1.1.0)" = 200 ] && [ "$(as ann "$ann" /lookup/example.com/words@v1.1.0)" = 200 ]
}
t "rights: read for a lookup, fetch for what is not logged, read on all for data tiles" rights
private_cache() { curl -s -D - -o /dev/null -u "bob:$bob" "$url/lookup/example.com/words@v1.0.0" | has -i '^cache-control: private' && curl -s -D - -o /dev/null -u "bob:$bob" "$url/tile/8/0/000.p/1" | has -i '^cache-control: public'; }
t "what names modules is not for shared caches" private_cache
gone() { account token revoke "$bob" >/dev/null && sleep 0.1 && [ "$(as bob "$bob" /latest)" = 401 ]; }
t "a revoked token is refused at once" gone

# -- SIGHUP opens the access log anew
rotated() {
	mv "$work/access.json" "$work/access.1" && kill -HUP "$pid"
	for _ in $(seq 100); do status "$url/healthz" >/dev/null; [ -s "$work/access.json" ] && return 0; sleep 0.1; done
	return 1
}
t "SIGHUP: the access log is opened anew" rotated
stop
t "SIGTERM ends it" [ $? = 0 ]

# -- a log that was declared public
"$sumdb" init --dir "$work/open" --name open.test.example --public >"$work/out" && "$sumdb" add --dir "$work/open" example.com/words@v1.0.0 >"$work/out" 2>&1 || GOPROXY=file://$fx/good "$sumdb" add --dir "$work/open" example.com/words@v1.0.0 >"$work/out"
log=open account revoke anonymous read,fetch '*' >"$work/out"
here "start a public log" start open --offline
public() { [ "$(status "$url/tile/8/data/000.p/1")" = 200 ] && [ "$(status "$url/tile/entries/000.p/1")" = 200 ]; }
t "its data tiles are for everybody" public
stop
# What was declared outlives the database, and the file; in doubt nobody guesses.
served() { start "$1" --offline && "${@:2}" && stop; }
closed() { [ "$(status "$url/tile/8/data/000.p/1")" = 401 ]; }
repaired() { local dir=$1; shift; "$sumdb" fsck --dir "$dir" --repair "$@"; }
lose() { rm -rf "$work/lost" && cp -r "$work/${2:-open}" "$work/lost" && (cd "$work/lost" && eval "$1"); }
here "its database is lost: it stays public" eval 'lose "rm index.db*" && repaired "$work/lost" && served lost public'
here "so does a private one" eval 'lose "rm index.db*" private && repaired "$work/lost" && [ "$(cat "$work/lost/declared")" = private ] && served lost closed'
here "the file is lost: made again from the database" eval 'lose "rm declared" && fails_with 1 "declared: missing" "$sumdb" fsck --dir "$work/lost" && served lost public && [ "$(cat "$work/lost/declared")" = public ]'
here "both are lost: that must be said" eval 'lose "rm index.db* declared" && fails_with 1 "That is not known: --public or --private" repaired "$work/lost" && repaired "$work/lost" --private && served lost closed'
here "they contradict each other: it is not served" eval 'lose "echo private >declared" && fails_with 1 "declared says private, index.db public" timeout 20 "$sumdb" serve --dir "$work/lost" --listen 127.0.0.1:0 && fails_with 1 "declared: it says private, index.db public" "$sumdb" fsck --dir "$work/lost" && fails_with 1 "That is not known" repaired "$work/lost" && repaired "$work/lost" --public && served lost public && "$sumdb" fsck --dir "$work/lost" | has " 0 wrong"'
here "another text there" eval 'lose "echo no >declared" && fails_with 1 "neither public nor private" timeout 20 "$sumdb" serve --dir "$work/lost" --listen 127.0.0.1:0 && fails_with 1 "That is not known" repaired "$work/lost" && repaired "$work/lost" --public'
here "and what was declared can be changed" eval 'repaired "$work/lost" --private && served lost closed'
t "only with --repair" fails_with 2 "go with --repair" "$sumdb" fsck --dir "$work/lost" --private
t "--public and --private" fails_with 2 "contradict" "$sumdb" init --dir "$work/both" --name x.example --public --private
t "plain http beyond loopback is refused" fails_with 2 "--insecure-http" timeout 20 "$sumdb" serve --dir "$work/open" --listen 0.0.0.0:0

# -- limits
log=private account grant anonymous read '*' >"$work/out"
here "start with a limit" start private --offline --rate 1 --rate-burst 3
limited() { local i s=; for i in $(seq 8); do s+="$(status "$url/latest") "; done; case $s in *429*) ;; *) echo "$s"; return 1 ;; esac; }
t "too many requests are 429" limited
stop

# -- socket activation
if command -v systemd-socket-activate >/dev/null; then
	activated() {
		local port p i
		for i in $(seq 10); do # until a port is free
			port=$((20000 + RANDOM % 12000))
			systemd-socket-activate -l "127.0.0.1:$port" "$sumdb" serve --dir "$work/open" --offline 2>"$work/act.log" &
			p=$!
			sleep 0.3
			kill -0 "$p" 2>/dev/null && break
		done
		for i in $(seq 100); do [ "$(status "http://127.0.0.1:$port/healthz")" = 200 ] && break; sleep 0.1; done
		i=$(status "http://127.0.0.1:$port/latest")
		kill "$p"
		wait "$p"
		[ "$i" = 200 ] || [ "$i" = 401 ] || { cat "$work/act.log"; return 1; }
	}
	t "a socket from systemd" activated
else
	skip "a socket from systemd" "no systemd-socket-activate"
fi
finish
