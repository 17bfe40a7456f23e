# hermod-proxy with a checksum database of one's own: one process serves both.
. "$(dirname "$0")/lib.sh"

[ -n "$GO" ] || { skip "hermod-proxy --sumdb" "no go command"; finish; }
command -v curl >/dev/null || { skip "hermod-proxy --sumdb" "no curl"; finish; }
unset GOFLAGS GOPATH GOPROXY GOSUMDB GOPRIVATE GONOSUMDB GONOPROXY
export GOENV=off GOTOOLCHAIN=local GOFLAGS=-modcacherw CGO_ENABLED=0
fx=$work/fx
gotool fixtures "$fx" || { t "fixtures" false; finish; }
proxy=$BUILDDIR/hermod-proxy
sumdb=$BUILDDIR/hermod-sumdb

# start UPSTREAM ARGS...: $url, $pid.
start() {
	local up=$1
	shift
	rm -f "$work/serve.log"
	GOSUMDB=${own_gosumdb:-off} "$proxy" serve --dir "$work/store" --listen 127.0.0.1:0 --upstream "$up" --sumdb "$work/log" "$@" 2>"$work/serve.log" &
	pid=$!
	pids+=("$pid")
	for _ in $(seq 200); do
		url=$(sed -n 's/^listening on //p' "$work/serve.log" 2>/dev/null)
		[ -n "$url" ] && return 0
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	cat "$work/serve.log"
	return 1
}
stop() { kill "$pid" && wait "$pid"; ended=$?; }
get() { GOPROXY=$url GOSUMDB=$key GOPATH=$work/client GOMODCACHE=$work/mc.$1 "${tool:-$GO}" mod download "${@:2}"; }
mkdir -p "$work/m" && cd "$work/m" && printf 'module example.com/m\n\ngo 1.21\n' >go.mod
size() { curl -s "$url/sumdb/sum.test.example/latest" | sed -n 2p; }
# logged MODULE@VERSION: within ten seconds, without anybody asking the log for it.
logged() {
	local i n
	for i in $(seq 100); do
		n=$(curl -s "$url/sumdb/sum.test.example/tile/8/data/000.p/$(size)" | grep -c "^${1%@*} ${1#*@} h1:")
		[ "$n" = 1 ] && return 0
		sleep 0.1
	done
	echo "$1 is not in the log of $(size) records"
	return 1
}

key=$("$sumdb" init --dir "$work/log" --name sum.test.example) || { t "init" false; finish; }
here "start" start "file://$fx/good" --private example.com/own
t "GOSUMDB=NAME+KEY and GOPROXY are all that go needs" get a example.com/words@v1.0.0
tool=$HERMOD t "  and hermod" get b example.com/greet@v1.0.0
t "/supported" bash -c "[ \$(curl -s -o /dev/null -w '%{http_code}' '$url/sumdb/sum.test.example/supported') = 200 ]"
t "another database is still another's" bash -c "[ \$(curl -s -o /dev/null -w '%{http_code}' '$url/sumdb/other.example/supported') = 404 ]"
unknown() {
	[ "$(curl -s -o "$work/body" -w '%{http_code}' "$url/sumdb/sum.test.example/lookup/example.com/words/v2@v2.0.0")" = 200 ] && grep -q '^example.com/words/v2 v2.0.0 h1:' "$work/body" &&
	ls "$work/store/cache/download/example.com/words/v2/@v/v2.0.0.zip"
}
t "a lookup of what the store lacks brings it there" unknown
t "what does not exist is 404" bash -c "[ \$(curl -s -o /dev/null -w '%{http_code}' '$url/sumdb/sum.test.example/lookup/example.com/nosuch@v1.0.0') = 404 ]"
t "C2SP paths, too" bash -c "[ \"\$(curl -s '$url/sumdb/sum.test.example/checkpoint' | head -n 1)\" = sum.test.example ]"
plain() { GOSUMDB=off GOPROXY=$url GOPATH=$work/client GOMODCACHE=$work/mc.c "$GO" mod download example.com/words@v1.1.0 && logged example.com/words@v1.1.0; }
t "what is downloaded is appended" plain

# -- uploads
account() { "$proxy" account "$@" --dir "$work/store"; }
upload() {
	account add publisher && account grant publisher read,fetch,upload '*' && token=$(account token add publisher) || return 1
	mkdir -p "$work/own" && printf 'module example.com/own\n\ngo 1.21\n' >"$work/own/go.mod" && printf 'package own\n' >"$work/own/own.go"
	HERMOD_PROXY_TOKEN=$token "$proxy" publish --url "$url" "$work/own" example.com/own@v1.0.0 && logged example.com/own@v1.0.0 && get d example.com/own@v1.0.0
}
t "an upload is appended, and go verifies it" upload
rights() {
	local s=$url/sumdb/sum.test.example
	account revoke anonymous read '*' && sleep 0.1 && [ "$(curl -s -o /dev/null -w '%{http_code}' "$s/lookup/example.com/words@v1.0.0")" = 401 ] && [ "$(curl -s -o /dev/null -w '%{http_code}' "$s/tile/8/data/000.p/1")" = 401 ] &&
	account add reader && account grant reader read 'example.com/words' && token=$(account token add reader) && reader=(curl -s -o "$work/body" -w '%{http_code}' -u "reader:$token") &&
	[ "$("${reader[@]}" "$s/lookup/example.com/words@v1.0.0")" = 200 ] && [ "$("${reader[@]}" "$s/lookup/example.com/own@v1.0.0")" = 404 ] && [ "$("${reader[@]}" "$s/tile/8/0/000.p/1")" = 200 ] &&
	case $("${reader[@]}" "$s/tile/8/data/000.p/1") in 403|404) ;; *) return 1 ;; esac
}
t "rights: a lookup takes the right to read the module, data tiles that to read all" rights
account grant anonymous read '*' >/dev/null

# -- what the log has under other hashes does not come in again
stop
t "it ends with status 0" [ "$ended" = 0 ]
t "fsck" "$sumdb" fsck --dir "$work/log"
rm -rf "$work/store/cache/download/example.com/words"
cp -r "$fx/good" "$fx/changed" && echo "// changed" >>"$fx/changed/example.com/words/@v/v1.0.0.mod"
here "start with an upstream that has changed a version" start "file://$fx/changed"
changed() {
	curl -s "$url/example.com/words/@v/v1.0.0.mod" -o "$work/body"
	[ ! -e "$work/store/cache/download/example.com/words/@v/v1.0.0.mod" ] && grep -q 'example.com/words@v1.0.0: the log of this proxy has other hashes' "$work/log/alarms" || { cat "$work/serve.log"; ls "$work/store/cache/download/example.com/words/@v"; cat "$work/log/alarms"; return 1; }
}
t "  it is not stored, and an alarm" changed
t "  go sees an error" fails_with 1 "the log of this proxy has other hashes" get e example.com/words@v1.0.0
stop
own() { own_gosumdb=$key start "file://$fx/good" && return 1; grep -q 'the log that it serves' "$work/serve.log"; }
here "GOSUMDB of the server must not be its own log" own
second() { fails_with 1 "in use by another process" timeout 20 "$sumdb" fsck --dir "$work/log"; }
here "start again" start "file://$fx/good"
t "a second process on the log is refused" second
stop
finish
