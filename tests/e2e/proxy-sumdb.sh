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
private() { printf '[serve]\n\tprivate = %s\n' "$1" >"$work/config"; }
private example.com/own
here "start" start "file://$fx/good" --config "$work/config"
t "GOSUMDB=NAME+KEY and GOPROXY are all that go needs" get a example.com/words@v1.0.0
tool=$HERMOD t "  and hermod" get b example.com/greet@v1.0.0
t "/supported" bash -c "[ \$(curl -s -o /dev/null -w '%{http_code}' '$url/sumdb/sum.test.example/supported') = 200 ]"
t "another database is still another's" bash -c "[ \$(curl -s -o /dev/null -w '%{http_code}' '$url/sumdb/other.example/supported') = 404 ]"
# hup PATTERNS: they are private from now on.
hup() {
	local n
	n=$(grep -c ': reloaded' "$work/serve.log")
	private "$1" && kill -HUP "$pid"
	for _ in $(seq 200); do [ "$(grep -c ': reloaded' "$work/serve.log")" = "$n" ] || return 0; sleep 0.05; done
	return 1
}
reloaded() {
	hup example.com/own,example.com/words && [ "$(curl -s -o "$work/body" -w '%{http_code}' "$url/sumdb/sum.test.example/lookup/example.com/words@v1.1.0")" = 404 ] &&
	! ls "$work/store/cache/download/example.com/words/@v/v1.1.0.info" 2>/dev/null && hup example.com/own
}
t "after a reload a lookup asks as the new settings say" reloaded
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
	account add none && token=$(account token add none) && [ "$(curl -s -o /dev/null -w '%{http_code}' -u "none:$token" "$s/supported")" = 200 ] && [ "$(curl -s -o /dev/null -w '%{http_code}' -u "none:$token" "$url/sumdb/sum.golang.org/supported")" = 200 ] &&
	[ "$(curl -s -o /dev/null -w '%{http_code}' -u "none:$token" "$url/sumdb/sum.golang.org/latest")" = 404 ] && account add reader && account grant reader read 'example.com/words' && token=$(account token add reader) && reader=(curl -s -o "$work/body" -w '%{http_code}' -u "reader:$token") &&
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

# -- somebody else's database, through an upstream that may lie
dbkey=$(cat "$fx/log.key")
kept=cache/download/sumdb/test.example
# up LIE: a fresh upstream that passes that database on.
up() { rm -rf "$work/up" && cp -r "$fx/good" "$work/up" && cp -r "$fx/log$1/sumdb" "$work/up/"; }
# through STORE ARGS...: a proxy behind it.
through() {
	local store=$1
	shift
	launch "$work/through.log" env GOSUMDB="${knows-$dbkey}" "$proxy" serve --dir "$work/$store" --listen 127.0.0.1:0 --upstream "${from:-file://$work/up}" --sumdbs test.example --missing-keep 1 "$@"
}
# verified CACHE MODULE@VERSION: go, with nothing in its cache, behind the proxy.
verified() { rm -rf "$work/client" && GOPROXY=$url GOSUMDB=$dbkey GOPATH=$work/client GOMODCACHE=$work/mc.$1 "$GO" mod download "$2"; }
# fetches PATH STATUS
fetches() { [ "$(curl -s -o "$work/body" -w '%{http_code}' "$url/sumdb/test.example/$1")" = "$2" ] || { echo "$1: not $2"; cat "$work/body" "$work/through.log"; return 1; }; }
rejected() { curl -s "$url/metrics" | has "^hermod_proxy_rejected_sumdb_total $1\$"; }

up ''
here "an honest upstream" through h
honest() { verified h example.com/words@v1.0.0 && cmp "$work/h/$kept/tile/8/0/000.p/4" "$work/up/sumdb/test.example/tile/8/0/000.p/4" && [ -s "$work/h/$kept/lookup/example.com/words@v1.0.0" ] && rejected 0; }
t "  go verifies, and what was proven is stored" honest
other_files() { fetches latest 200 && fetches tile/8/data/000.p/4 200 && cmp "$work/body" "$work/up/sumdb/test.example/tile/8/data/000.p/4" && cmp "$work/body" "$work/h/$kept/tile/8/data/000.p/4"; }
t "  records and the newest head, too" other_files
narrow() { fetches tile/8/0/000.p/2 200 && head -c 64 "$work/up/sumdb/test.example/tile/8/0/000.p/4" | cmp - "$work/body"; }
t "  a narrow tile comes of the wide one, which upstream alone has" narrow
none() { ! fetches tile/8/0/001 200 >/dev/null && [ ! -e "$work/h/$kept/tile/8/0/001" ]; }
t "  what no tree has is not there" none
stop
for lie in tile record signature fork; do
	up -$lie
	here "an upstream with a wrong $lie" through "l.$lie"
	caught() {
		fetches lookup/example.com/words@v1.0.0 403 && ! verified "l.$lie" example.com/words@v1.0.0 && [ -z "$(find "$work/l.$lie/$kept" -type f -path "*/${1:-lookup}/*" 2>/dev/null)" ] &&
		[ -s "$work/l.$lie/evidence/sumdb,test.example,lookup,example.com,words@v1.0.0.why" ] && ! rejected 0
	}
	t "  is refused, kept as evidence and counted" caught
	mended() { up ''; sleep 2.1; verified "m.$lie" example.com/words@v1.0.0; }
	disbelieved() { ! mended; }
	if [ $lie = fork ]; then t "  and the log that signed it is not believed again" disbelieved; else t "  and leaves nothing: once upstream is right, go verifies" mended; fi
	stop
done
up ''
cp "$work/up/sumdb/test.example/lookup/example.com/words@v1.1.0" "$work/up/sumdb/test.example/lookup/example.com/words@v1.0.0"
here "an upstream with the record of another version" through l.swap
t "  is refused" fetches lookup/example.com/words@v1.0.0 403
printf 'x' | dd of="$work/up/sumdb/test.example/tile/8/data/000.p/4" bs=1 seek=30 conv=notrunc 2>/dev/null
t "  as are other records in a tile" fetches tile/8/data/000.p/4 403
t "  nothing of that is stored" bash -c "! find '$work/l.swap/$kept' -type f | grep -v '/tile/8/0/'"
stop
up -tile
knows=off
here "a database whose key the proxy does not know" through u
unknown_key() { fetches tile/8/0/000.p/4 200 && fetches lookup/example.com/words@v1.0.0 200 && [ ! -e "$work/u/$kept" ]; }
t "  is passed on, and not stored" unknown_key
t "  go finds the lie" fails_with 1 "downloaded inconsistent tile" verified u example.com/words@v1.0.0
unset knows
stop
if [ -x "$BUILDDIR/tests/e2e/fixture_proxy" ]; then
	up ''
	here "an upstream" upstream "$work/up"
	from=$up
	here "an upstream that counts" through n
	once() {
		verified n1 example.com/words@v1.0.0 && verified n2 example.com/words@v1.0.0 && verified n3 example.com/greet@v1.0.0 || return 1
		curl -s "$from/_log" | grep -o '/sumdb/[^ ]*' | sort | uniq -c >"$work/counts"
		[ "$(wc -l <"$work/counts")" = 4 ] && ! grep -v '^ *1 ' "$work/counts" || { cat "$work/counts"; return 1; }
	}
	t "  is asked once for each record and tile, and that it has the database" once
	types() {
		local p
		for p in 'tile/8/0/000.p/4 application/octet-stream' 'tile/8/data/000.p/4 text/plain; charset=UTF-8' 'lookup/example.com/words@v1.0.0 text/plain; charset=UTF-8' 'latest text/plain; charset=UTF-8'; do
			curl -s -o /dev/null -w '%{http_code} %{content_type}\n' "$url/sumdb/test.example/${p%% *}" | has -x "200 ${p#* }" || { echo "$p"; return 1; }
		done
	}
	t "  hashes are bytes, records are text" types
	malformed() { # a lookup is of one module and one version: upstream hears of nothing else
		local p
		curl -s "$from/_forget"
		for p in example.com/words example.com/words@ example.com/words@master example.com/words@v1 example.com/words@v1.0.0/go.mod example.com/words@v1.0.0@v1.0.0 example.com/words@v1.0.0%3fx example.com/words@v1.0.0%20 example.com/words@v2.0.0 example.com/Words@v1.0.0 words@v1.0.0; do
			fetches "lookup/$p" 400 || return 1
		done
		for p in tile/8/0/000.p/256 tile/8/0/0 tile/08/0/000 tile/4/0/000 tile latest2 other; do
			fetches "$p" 404 || return 1
		done
		! curl -s "$from/_log" | grep .
	}
	t "  is not asked for what no database has" malformed
	storm() {
		curl -s "$from/_forget"
		curl -s -o /dev/null -w '%{http_code}\n' "$url/sumdb/test.example/lookup/example.com/no[1-3000]@v1.0.0" | sort | uniq -c >"$work/storm"
		grep -q ' 429$' "$work/storm" && ! grep -v ' 404$\| 429$' "$work/storm" && [ "$(curl -s "$from/_log" | grep -c /lookup/)" -lt 3000 ] && fetches lookup/example.com/words@v1.0.0 200 && return 0
		cat "$work/storm"
		return 1
	}
	t "  nor for 3,000 records that do not exist" storm
	stop
	unset from
else
	skip "an upstream that counts" "no fixture_proxy"
fi
# -- what was stored is read again
check() { GOSUMDB=$dbkey "$proxy" fsck --dir "$work/h" --upstream "file://$work/up" "$@" >"$work/said" 2>&1; }
fsck() {
	check && grep -q '; 0 wrong' "$work/said" || { cat "$work/said"; return 1; }
	printf 'x' | dd of="$work/h/$kept/tile/8/0/000.p/4" bs=1 seek=30 conv=notrunc 2>/dev/null
	touch -d '1 hour ago' "$work/h/$kept/tile/8/0/000.p/4.123.tmp"
	! check && grep -q 'sumdb test.example: .*do not fit the signed tree' "$work/said" && grep -q 'temporary file that was left' "$work/said" &&
	check --repair && grep -q ' 2 wrong, 2 mended' "$work/said" && [ ! -e "$work/h/$kept/tile/8/0/000.p/4" ] && [ -e "$work/h/$kept/lookup/example.com/words@v1.0.0" ] &&
	[ -z "$(find "$work/h/$kept" -name '*.tmp')" ] && check && return 0
	cat "$work/said"
	return 1
}
t "fsck finds a wrong tile, sets it aside alone, and removes temporary files" fsck
here "and a proxy over that" through h
t "  has go verify" verified again example.com/words@v1.1.0
stop
finish
