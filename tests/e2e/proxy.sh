# hermod-proxy between the real go command and an upstream folder.
. "$(dirname "$0")/lib.sh"

[ -n "$GO" ] || { skip "hermod-proxy" "no go command"; finish; }
command -v curl >/dev/null || { skip "hermod-proxy" "no curl"; finish; }
unset GOFLAGS GOPATH GOPROXY GOSUMDB
export GOENV=off GOTOOLCHAIN=local GOFLAGS=-modcacherw CGO_ENABLED=0
fx=$work/fx
gotool fixtures "$fx" || { t "fixtures" false; finish; }
key=$(cat "$fx/log.key")

# start NAME ARGS...: a proxy with its own store; $url is where it listens.
start() {
	local name=$1
	shift
	launch "$work/$name.log" "$BUILDDIR/hermod-proxy" serve --dir "$work/$name" --listen 127.0.0.1:0 "$@"
}
status() { curl -s -o "$work/body" -w '%{http_code}' "$@"; }
metric() { curl -s "$url/metrics" | sed -n "s/^hermod_proxy_$1 //p"; }

export GONOSUMDB='*'
here "it says when it is ready" start store --upstream "file://$fx/good"
get() { (cd "$work" && GOPROXY=$url GOMODCACHE=$work/mc.$1 "$GO" mod download -json "example.com/words@$2" >"$work/out" 2>&1) || { cat "$work/out"; return 1; }; }
ref() { (cd "$work" && GOPROXY=file://$fx/good GOMODCACHE=$work/mc.ref "$GO" mod download example.com/words@v1.0.0) && diff -r "$work/mc.ref/example.com" "$work/mc.a/example.com"; }
t "go gets a module" get a v1.0.0
t "it is the one from upstream" ref
t "go gets it again from the store" get b v1.0.0
t "list -m -versions" bash -c "cd '$work' && GOPROXY=$url GOMODCACHE='$work/mc.c' '$GO' list -m -versions example.com/words | has -x 'example.com/words v1.0.0 v1.1.0'"
t "hermod gets a module, latest resolved" bash -c "cd '$work' && GOPROXY=$url GOMODCACHE='$work/mc.d' '$HERMOD' mod download -json example.com/words@latest | has v1.1.0"
no_such() { [ "$(status "$url/example.com/nosuch/@v/list")" = 404 ] && [ "$(status "$url/example.com/words/@v/v9.0.0.info")" = 404 ]; }
t "404 for what does not exist" no_such
no_trace() { [ "$(status "$url/example.com/nosuch/m/@v/v1.0.0.zip")" = 404 ] && [ "$(status "$url/example.com/words/@v/v1.9.1-x.zip")" = 404 ] && ! find "$work/store" | grep 'nosuch\|v1[.]9'; }
t "  and nothing of it on the disk" no_trace
bad_paths() {
	local p
	for p in /example.com/words/@v/../list /example.com%2fwords/@v/list /example.com/words/@v/v1.0.0%00.zip //example.com/words/@v/list /example.com/WORDS/@v/list '/example.com/words/@v/v1.0.0.exe' /../../etc/passwd; do
		case $(status --path-as-is "$url$p") in 400|404) ;; *) echo "$p: $(cat "$work/body")"; return 1 ;; esac
	done
}
t "malformed paths are refused" bad_paths
too_long() {
	local long p
	long=$(printf 'a%.0s' $(seq 250))
	for p in "example.com/words/@v/v1.0.0-$long.info" "example.com/words/@v/v1.0.0-$long.zip" "example.com/$long/@v/v1.0.0.zip" "example.com/$long/@v/list" "example.com$(printf '/a%.0s' $(seq 1200))/@v/v1.0.0.zip"; do
		[ "$(status "$url/$p")" = 404 ] && ! grep "$work" "$work/body" || { cat "$work/body"; return 1; }
	done
}
t "what no file can be called does not exist" too_long
head_range() {
	local etag
	etag=$(curl -sI "$url/example.com/words/@v/v1.0.0.zip" | tr -d '\r' | sed -n 's/^ETag: //p')
	[ -n "$etag" ] && [ "$(status -H "If-None-Match: $etag" "$url/example.com/words/@v/v1.0.0.zip")" = 304 ] &&
	[ "$(status -r 2-5 "$url/example.com/words/@v/v1.0.0.zip")" = 206 ] && [ "$(wc -c <"$work/body")" = 4 ] &&
	[ "$(status -r 99999999- "$url/example.com/words/@v/v1.0.0.zip")" = 416 ] &&
	curl -s "$url/example.com/words/@v/v1.0.0.zip" | cmp - "$fx/good/example.com/words/@v/v1.0.0.zip"
}
t "HEAD, ETag, Range" head_range
fields() {
	local h
	h=$(curl -sI "$url/example.com/words/@v/v1.0.0.zip" | tr -d '\r')
	grep -qi '^Content-Type: application/zip$' <<<"$h" && grep -qi '^Cache-Control: .*immutable' <<<"$h" && grep -qi '^Accept-Ranges: bytes$' <<<"$h" || { echo "$h"; return 1; }
	h=$(curl -sI "$url/example.com/words/@v/list" | tr -d '\r')
	grep -qi '^Content-Type: text/plain' <<<"$h" && grep -Eqi '^Cache-Control: .*max-age=[0-9]{1,3}$' <<<"$h" || { echo "$h"; return 1; }
	h=$(curl -sI "$url/example.com/nosuch/@v/list" | tr -d '\r')
	grep -qi '^Content-Type: text/plain' <<<"$h" && grep -qi '^Cache-Control: no-store$' <<<"$h" || { echo "$h"; return 1; }
	[ "$(curl -s -r -4 "$url/example.com/words/@v/v1.0.0.zip" | wc -c)" = 4 ] && [ "$(status -r 0-0,2-2 "$url/example.com/words/@v/v1.0.0.zip")" = 200 ] &&
	[ "$(status -H 'If-Range: "other"' -r 0-0 "$url/example.com/words/@v/v1.0.0.zip")" = 200 ]
}
t "types, what may be kept, ranges" fields
t "other methods are refused" bash -c "[ \$(curl -s -o /dev/null -w '%{http_code}' -X POST $url/) = 405 ]"
no_fetch() { [ "$(status -H 'Disable-Module-Fetch: true' "$url/example.com/greet/@v/v1.0.0.zip")" = 404 ] && [ "$(status "$url/example.com/greet/@v/v1.0.0.zip")" = 200 ] && [ "$(status -H 'Disable-Module-Fetch: true' "$url/example.com/greet/@v/v1.0.0.zip")" = 200 ]; }
t "Disable-Module-Fetch" no_fetch
t "health" bash -c "[ \$(curl -s -o /dev/null -w '%{http_code}' $url/healthz)\$(curl -s -o /dev/null -w '%{http_code}' $url/readyz) = 200200 ]"
layout() { GOPROXY=file://$work/store/cache/download GOMODCACHE=$work/mc.e "$GO" mod download example.com/greet@v1.0.0 2>&1 | has 'list\|info' || [ -e "$work/store/cache/download/example.com/greet/@v/v1.0.0.zip" ]; }
t "the store has the module cache's layout" layout
stop() { kill "$pid" && wait "$pid"; }
here "SIGTERM ends it with status 0" stop

# -- a folder, or a proxy, without @latest
commits() {
	local c=v1.1.1-0.20300102030405-0123456789ab w=$work/up.commits/example.com
	cp -r "$fx/good" "$work/up.commits" && echo $c >>"$w/words/@v/list" && echo $c >"$w/greet/@v/list" && echo "{\"Version\":\"$c\",\"Time\":\"2030-01-02T03:04:05Z\"}" | tee "$w/words/@v/$c.info" >"$w/greet/@v/$c.info" &&
		start commits --upstream "file://$work/up.commits" && [ "$(status "$url/example.com/words/@latest")" = 200 ] && grep -q '"v1.1.0"' "$work/body" &&
		[ "$(status "$url/example.com/greet/@latest")" = 200 ] && grep -q "\"$c\"" "$work/body" && [ "$(status "$url/example.com/nosuch/@latest")" = 404 ]
}
here "@latest where upstream has none: the highest of the list, else its latest commit" commits
revisions() { # what upstream says of a branch, the short name of a commit, half a version
	local r v=$work/up.commits/example.com/words/@v
	for r in main 0123456 v1.1; do
		cp "$v/v1.1.0.info" "$v/$r.info"
		(cd "$work" && GOPROXY=$url GOMODCACHE=$work/mc.r "$GO" list -m "example.com/words@$r") | has -x 'example.com/words v1.1.0' && ! curl -sI "$url/example.com/words/@v/$r.info" | has -i immutable || { echo "$r"; return 1; }
	done
	[ "$(status "$url/example.com/words/@v/main.mod")" = 404 ] && ! find "$work/commits" -name 'main*' | grep . &&
		fails_with 1 'example.com/words@other: invalid version: reading ' bash -c "cd '$work' && GOPROXY=$url GOMODCACHE='$work/mc.r' '$GO' list -m example.com/words@other"
}
t "a branch, a commit, half a version" revisions
here "  and it ends" stop

# -- one fetch for many
if [ -x "$BUILDDIR/tests/e2e/fixture_proxy" ]; then
	once() {
		local p=() i
		start many --upstream "$1" || return 1
		for i in $(seq 50); do curl -s -o "$work/many.$i" "$url/example.com/words/@v/v1.0.0.zip" & p+=($!); done
		for i in "${p[@]}"; do wait "$i"; done
		for i in $(seq 50); do cmp "$work/many.$i" "$fx/good/example.com/words/@v/v1.0.0.zip" || return 1; done
		[ "$(metric upstream_requests_total)" = 1 ] || { echo "asked upstream $(metric upstream_requests_total) times"; return 1; }
	}
	here "an upstream" upstream "$fx/good"
	here "50 clients, one missing zip, one upstream request" once "$up"

	# -- what go makes of an upstream's refusal
	falls() { start "falls.$1" --upstream "$up/_status=$1" && [ "$(status "$url/example.com/words/@v/list")" = "$2" ]; }
	next() { (cd "$work" && GOPROXY=$url,file://$fx/good GOMODCACHE=$work/mc.falls "$GO" mod download example.com/words@v1.1.0); }
	for refusal in 404 410; do
		here "upstream's $refusal is one" falls $refusal $refusal
		t "  and go asks its next source" next
		chmod -R u+w "$work/mc.falls" && rm -rf "$work/mc.falls"
	done
	here "what is forbidden stays so" falls 403 403
	t "  and go stops, and says why" fails_with 1 "reading $up/_status=403/example.com/words/@v/v1.1.0.info: 403 Forbidden" next
	here "what failed is 502" falls 500 502
	t "  and go stops, and says why" fails_with 1 "reading $up/_status=500/example.com/words/@v/v1.1.0.info: 500 Internal Server Error" next

	# -- ahead of the client
	w=example.com/words/@v
	quiet() { for _ in $(seq 200); do [ "$(metric fills)" != 0 ] || return 0; sleep 0.05; done; return 1; }
	forget() { curl -s "$up/_forget"; }
	# asked NAME...: upstream was asked for these, once each, when all was quiet.
	asked() { quiet; diff <(for p; do echo "GET /$p"; done | sort) <(curl -s "$up/_log" | grep -o 'GET /[^ ?]*' | sort); }
	# ask STATUS PATH...
	ask() { local want=$1 p; shift; for p; do [ "$(status "$url/$p")" = "$want" ] || { echo "$p: $(cat "$work/body")"; return 1; }; done; }
	crowd() { local p=() i; for i in $(seq 20); do curl -s -f -o /dev/null "$url/$1" & p+=($!); done; for i in "${p[@]}"; do wait "$i" || return 1; done; }
	renewed() { # behind the client, but not behind one that forbids it
		forget && start renewed --upstream "$up" --list-fresh 0 && ask 200 $w/list && quiet && forget && status -H 'Disable-Module-Fetch: true' "$url/$w/list" | has 200 && asked && ask 200 $w/list && asked $w/list
	}
	here "an old list is renewed, unless the client disables fetching" renewed
	plain() { forget && start plain --upstream "$up" --fetch-ahead=never && ask 200 $w/v1.0.0.info && quiet && ask 200 $w/v1.0.0.info && asked $w/v1.0.0.info; }
	here "--fetch-ahead=never: upstream is asked for what clients ask for" plain
	stored() { forget && start plain --upstream "$up" --fetch-ahead=always && status -H 'Disable-Module-Fetch: true' "$url/$w/v1.0.0.info" | has 200 && quiet && asked && ask 200 $w/v1.0.0.info && asked $w/v1.0.0.mod $w/v1.0.0.zip; }
	here "--fetch-ahead=always: of a stored .info, unless the client forbids it" stored
	ahead() { forget && start ahead --upstream "$up" --fetch-ahead=always && crowd $w/v1.0.0.info && asked $w/v1.0.0.info $w/v1.0.0.mod $w/v1.0.0.zip; }
	here "--fetch-ahead=always: 20 ask for .info, upstream is asked for .info, .mod and .zip once" ahead
	served() { ask 200 $w/v1.0.0.info $w/v1.0.0.mod $w/v1.0.0.zip && cmp "$work/body" "$fx/good/$w/v1.0.0.zip" && asked $w/v1.0.0.info $w/v1.0.0.mod $w/v1.0.0.zip; }
	t "  and they are served without it" served
	queries() { forget && ask 200 $w/list example.com/words/@latest && ask 404 $w/v1.9.0.info && status "$url/$w/v1.info" >/dev/null; quiet; ! curl -s "$up/_log" | grep 'v1.*\.\(mod\|zip\)'; }
	t "  nothing for lists, queries, and what does not exist" queries
	vain() { # a zip that upstream refuses: its .info is served, and it is not asked for again and again
		forget && start vain --upstream "$up/_status=404+match=.zip" --fetch-ahead=always && crowd $w/v1.1.0.info && quiet && crowd $w/v1.1.0.info && asked $w/v1.1.0.info $w/v1.1.0.mod $w/v1.1.0.zip && ask 404 $w/v1.1.0.zip
	}
	here "  nor again what was looked for in vain" vain
	refused() { # by the policy: upstream may be asked for what the verdict needs, but for no zip
		printf 'deny example.com/words // a test\n' >"$work/deny.policy" && forget &&
			start refused --upstream "$up" --fetch-ahead=always --policy "$work/deny.policy" && ask 403 $w/v1.0.0.info && quiet && ! curl -s "$up/_log" | grep 'zip$'
	}
	here "  nor what the policy refuses" refused
	private() { forget && start private --upstream "$up" --fetch-ahead=always --private example.com/words && ask 404 $w/v1.0.0.info && quiet && asked; }
	here "  nor of a private module, from a public upstream" private
	# what a team says on its machines for go to ask the proxy
	nonetheless() { forget && GONOPROXY=none start private --upstream "$up" --private example.com/words && ask 404 $w/v1.0.0.info $w/list && quiet && asked; }
	here "private is private, whatever GONOPROXY says where the proxy runs" nonetheless
	readers() { # may read, may not have fetched
		"$BUILDDIR/hermod-proxy" account --dir "$work/plain" revoke anonymous fetch && forget && start plain --upstream "$up" --fetch-ahead=always &&
			rm -f "$work/plain/cache/download/$w/v1.0.0.zip" && ask 200 $w/v1.0.0.info && ask 404 $w/v1.0.0.zip && asked
	}
	here "  nor for a client that may not have modules fetched" readers
fi

# -- upstream that lies, databases
unset GONOSUMDB
GOSUMDB="$key file://$fx/log/sumdb/test.example" start sums --upstream "file://$fx/good" --sumdbs test.example
t "a verified module" bash -c "[ \$(curl -s -o /dev/null -w '%{http_code}' $url/example.com/words/@v/v1.0.0.zip) = 200 ]"
t "/supported" bash -c "[ \$(curl -s -o /dev/null -w '%{http_code}' $url/sumdb/test.example/supported) = 200 ]"
t "an unknown database" bash -c "[ \$(curl -s -o /dev/null -w '%{http_code}' $url/sumdb/other.example/supported) = 404 ]"
# refused STORE EXT...: files of words@v1.0.0: 403 or 502, not stored, kept as evidence with the reason, counted and logged.
refused() {
	local name=$1 ext f
	shift
	for ext; do
		f=$work/$name/evidence/example.com,words,@v,v1.0.0.$ext
		case $(status "$url/example.com/words/@v/v1.0.0.$ext") in 403|502) ;; *) cat "$work/body"; return 1 ;; esac
		[ -s "$f" ] && grep -qF -- "$(tail -n 1 "$f.why")" "$work/body" && grep -qF -- "$(tail -n 1 "$f.why")" "$work/$name.log" || { cat "$f.why" "$work/body"; return 1; }
	done
	! find "$work/$name/cache" -name '*.zip' -o -name '*.mod' | grep . && curl -s "$url/metrics" | has -x "hermod_proxy_rejected_files_total $#"
}
for lie in record tile fork signature; do
	lied() { GOSUMDB="$key file://$fx/log-$lie/sumdb/test.example" start "lie.$lie" --upstream "file://$fx/good" && refused "lie.$lie" mod zip; }
	here "a database that lies ($lie): refused, nothing kept" lied
done
for bad in dotdot case truncated notazip badcrc; do
	evil() { GONOSUMDB='*' start "evil.$bad" --upstream "file://$fx/evil-$bad" && refused "evil.$bad" zip; }
	here "a bad zip ($bad): refused, nothing kept" evil
done

# -- offline, and an upstream that is down
offline() { start store --offline && [ "$(status "$url/example.com/words/@v/v1.0.0.zip")" = 200 ] && [ "$(status "$url/example.com/words/v2/@v/v2.0.0.zip")" = 404 ] && [ "$(status "$url/example.com/words/@v/list")" = 200 ] && grep -qx v1.0.0 "$work/body" && [ "$(status "$url/example.com/words/@latest")" = 200 ] && grep -q '"v1' "$work/body"; }
here "offline: what is there and nothing else" offline
down() { GONOSUMDB='*' start store --upstream http://127.0.0.1:9 && [ "$(status "$url/example.com/words/@v/v1.0.0.zip")" = 200 ]; }
here "upstream down: the store still serves" down
t "a wrong option" fails_with 2 "unknown option" "$BUILDDIR/hermod-proxy" serve --dir "$work/x" --frob
t "no --dir" fails_with 2 "--dir is missing" "$BUILDDIR/hermod-proxy" serve
finish
