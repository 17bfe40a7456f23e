# The pages, metrics and access log of hermod-proxy; hostile modules; Chromium looks.
. "$(dirname "$0")/lib.sh"

command -v curl >/dev/null || { skip "pages of hermod-proxy" "no curl"; finish; }
unset GOFLAGS GOPATH GOPROXY GOSUMDB GOPRIVATE GONOPROXY HERMOD_PROXY_DIR
export GOENV=off GOTOOLCHAIN=local GONOSUMDB='*'
P=$BUILDDIR/hermod-proxy
cd "$work" || exit 1

# start NAME ARGS...: a proxy with its own store; $url is where it listens.
start() {
	local name=$1
	shift
	launch "$name.log" "$P" serve --dir "$work/$name" --listen 127.0.0.1:0 "$@"
}
stop() { kill "$pid" && wait "$pid"; }

# -- modules, as an upstream has them
# version PATH VERSION TIME: the folder "src" becomes that version
version() {
	local v=up/$1/@v
	mkdir -p "$v" && "$P" publish --output "$v/$2.zip" src "$1@$2" >/dev/null 2>&1 && cp src/go.mod "$v/$2.mod" &&
	printf '{"Version":"%s","Time":"%s"}' "$2" "$3" >"$v/$2.info" && echo "$2" >>"$v/list" && rm -rf src
}
evil() {
	mkdir src && printf 'package evil\n' >src/evil.go
	cat >src/README.md <<-'END'
		# <script>alert("readme")</script> Title

		<img src=x onerror="alert(1)"> [click](javascript:alert(2)) [data](data:text/html,<script>alert(3)</script>)
		[ok](https://example.com/"onmouseover="alert(4)) ![pic](https://evil.example/track.gif)
		<a href="javascript:alert(5)">six</a> <iframe src="https://evil.example/"></iframe> <style>*{display:none}</style>

		```html
		</code></pre><script>alert(6)</script>
		```

		| a | b |
		|---|---|
		| `</td><script>` | **<svg onload=alert(7)>** |

		A_very_long_word_without_any_place_to_break_it_that_goes_on_and_on_and_on_beyond_the_width_of_a_phone_0123456789
	END
	printf 'Text that turns around: \342\200\256edoc live\n\033]0;title\007 end\n' >>src/README.md
	printf 'MIT License </pre><script>alert("licence")</script>\n' >src/LICENSE
}
# user VERSION: requires example.com/dep
user() {
	mkdir src && printf 'package user\n' >src/user.go && printf 'module example.com/user\n\ngo 1.20\n\nrequire example.com/dep v1.2.3\n' >src/go.mod && version example.com/user "$1" 2025-02-02T03:04:05Z
}
fixtures() {
	user v1.9.0 && user v1.10.0 &&
	evil && printf 'module example.com/evil // <script>alert("go.mod")</script>\n\ngo 1.21\n' >src/go.mod && version example.com/evil v1.0.0 2024-01-02T03:04:05Z &&
	evil && printf '// Deprecated: use </p><script>alert("deprecated")</script> instead\nmodule example.com/evil\n\ngo 1.21\n\n// "><script>alert("retracted")</script>\nretract v1.0.0\n' >src/go.mod && version example.com/evil v1.1.0 2024-02-02T03:04:05Z &&
	mkdir src && printf 'package dep\n' >src/dep.go && printf 'module example.com/dep\n\ngo 1.20\n' >src/go.mod && printf 'MIT License\n' >src/LICENCE && printf 'Plain <b>text</b>\n' >src/README && version example.com/dep v1.2.3 2023-01-02T03:04:05Z &&
	mkdir src && printf 'package app\n' >src/app.go && printf '# App\n\nIt *works*.\n' >src/README.md &&
	printf 'module example.com/App/v2\n\ngo 1.22\n\nrequire (\n\texample.com/dep v1.2.3\n\texample.com/evil v1.0.0\n\texample.com/absent v0.1.0\n)\n\nrequire example.com/far v0.0.0-20200102030405-0123456789ab // indirect\n' >src/go.mod &&
	mkdir -p "up/example.com/!app" && version example.com/App/v2 v2.0.0 2025-01-02T03:04:05Z && cp -r up/example.com/App/v2 "up/example.com/!app/v2"
}
here "fixtures" fixtures
here "it starts" start store --upstream "file://$work/up" --access-log json --access-log-file "$work/access.log"
fill() {
	local f
	for f in evil/@v/v1.0.0 evil/@v/v1.1.0 dep/@v/v1.2.3 user/@v/v1.9.0 user/@v/v1.10.0 '!app/v2/@v/v2.0.0'; do
		curl -sf -o /dev/null "$url/example.com/$f.info" && curl -sf -o /dev/null "$url/example.com/$f.mod" && curl -sf -o /dev/null "$url/example.com/$f.zip" || { echo "$f"; return 1; }
	done
	echo v1.2.0 >>up/example.com/evil/@v/list && curl -sf "$url/example.com/evil/@v/list" | has v1.2.0 || return 1
	# The facts are written behind the answers' back.
	for f in $(seq 100); do
		curl -s "$url/mod/example.com/App/v2@v2.0.0" | has 'Zip hash</dt><dd class="full">' && curl -s "$url/mod/example.com/dep@v1.2.3" | has 'h1:' && curl -s "$url/" | has example.com/App/v2 && return 0
		sleep 0.1
	done
	return 1
}
t "modules come in" fill

# -- what the pages say
page() { curl -s "$url$1"; }
page_has() { # PATH TEXT...
	local path=$1 text
	shift
	page "$path" >page.html
	for text; do grep -qF -- "$text" page.html || { echo "$path lacks: $text"; cat page.html; return 1; }; done
}
t "the front page: search, what came last, how to use it" page_has / '<form action="/search"' example.com/evil 'go env -w GOPROXY=http://127.0.0.1:'
t "search" page_has '/search?q=EVIL' 'href="/mod/example.com/evil"'
t "all modules" page_has /search 'All modules' example.com/dep example.com/App/v2
t "search goes on" page_has '/search?q=e&from=50' 'q=e&amp;from=0">Back'
t "search finds nothing" page_has '/search?q=zzz' 'No module in this store'
t "a module's versions, dates, retraction, deprecation" page_has /mod/example.com/evil 'v1.0.0' 'v1.1.0' '2024-02-02' retracted 'Deprecated: '
t "what upstream has besides" page_has /mod/example.com/evil 'Upstream has more' '<li class="version">v1.2.0</li>'
t "who requires it" page_has /mod/example.com/evil 'href="/mod/example.com/App/v2"'
t "a version: hashes, size, times, source" page_has /mod/example.com/App/v2@v2.0.0 "$(cut -c1-40 "$work/store/cache/download/example.com/!app/v2/@v/v2.0.0.ziphash")" 'Zip hash' 'First use' '<span class="wrap">a folder</span>'
t "its README is rendered" page_has /mod/example.com/App/v2@v2.0.0 '<h3 id="readme-app">App</h3>' '<em>works</em>'
t "its requirements, as lists" page_has /mod/example.com/App/v2@v2.0.0 'Requires 3' '1 indirect' 'href="/mod/example.com/dep@v1.2.3"' example.com/absent
t "its requirements, as a picture" page_has /mod/example.com/App/v2@v2.0.0 '<svg class="graph"' '<title>example.com/dep@v1.2.3</title>' '<title>example.com/absent@v0.1.0 (not in this store)</title>'
newest() { page_has /mod/example.com/dep@v1.2.3 'Required by 2' '<title>example.com/App/v2@v2.0.0</title>' 'href="/mod/example.com/user@v1.10.0"' && ! grep -q user@v1.9.0 page.html; }
t "who requires a version: of each module the newest that does" newest
t "a plain README stays as it is" page_has /mod/example.com/dep@v1.2.3 'Plain &lt;b&gt;text&lt;/b&gt;'
t "the licence" page_has /mod/example.com/dep@v1.2.3 'LICENCE' 'MIT License'
t "the dashboard" page_has /dashboard 'Last hour' 'hit rate' 'Answers since the start' 'Upstreams' 'Last errors'
status() { curl -s -o body -w '%{http_code}' "$@"; }
missing() {
	local p
	for p in /mod/example.com/nosuch /mod/example.com/evil@v9.9.9 /mod/ /mod/x /mod/example.com/evil@ /mod/../etc/passwd /mod/example.com/e%22vil /nothing /-/nothing; do
		case $(status --path-as-is "$url$p") in 404|400) ;; *) echo "$p: $(status --path-as-is "$url$p")"; return 1 ;; esac
	done
}
t "404 for what is not there" missing
# lost PATH TEXT...: what a browser gets where there is no page
lost() {
	local path=$1 text
	shift
	[ "$(status -H 'Accept: text/html,*/*;q=0.8' "$url$path")" = 404 ] || return 1
	for text in '</html>' '<h1>' 'action="/search"' "$@"; do grep -qF -- "$text" body || { echo "$path lacks: $text"; cat body; return 1; }; done
}
t "what a module's page says that has no such version" lost /mod/example.com/dep@v1.9.9 'not in the store' 'go mod download example.com/dep@v1.9.9' 'href="/mod/example.com/dep"'
t "a version that cannot be" lost /mod/example.com/dep@v9.0.0 'should be v0 or v1, not v9' 'href="/mod/example.com/dep"'
t "a module's path alone leads to its page" lost /example.com/dep@v1.2.3 'href="/mod/example.com/dep@v1.2.3"'
t "an address of nothing" lost /nothing 'nothing at this address'
t "who asks for a package is led to its module" page_has '/search?q=https%3A%2F%2Fexample.com%2Fdep%2Fsub%40v1.2.3' 'There is this module: <a href="/mod/example.com/dep">'

# -- nothing that a module says is obeyed
policy="default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
all="/ /search?q=e /dashboard /mod/example.com/evil /mod/example.com/evil@v1.0.0 /mod/example.com/evil@v1.1.0 /mod/example.com/App/v2@v2.0.0 /mod/example.com/nosuch"
fields() {
	local p
	for p in $all; do
		curl -s -D head -o body "$url$p"
		tr -d '\r' <head >head.txt
		grep -qxF "Content-Security-Policy: $policy" head.txt && grep -qx 'X-Content-Type-Options: nosniff' head.txt && grep -qx 'Referrer-Policy: no-referrer' head.txt &&
		grep -qx 'Content-Type: text/html; charset=utf-8' head.txt || { echo "$p"; cat head.txt; return 1; }
	done
}
t "each page has its policy" fields
inert() {
	local p
	for p in $all '/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E' '/search?q=%E2%80%AE%00%ff'; do
		page "$p" >page.html
		if grep -iqE '<(script|iframe|style|img|object|embed)|<[a-z]+ [^>]*[ "]on[a-z]+=|(href|src|action)="?(javascript|data|vbscript):' page.html || has "$(printf '\342\200\256\|\033\|\007')" page.html; then
			echo "$p"; grep -inE '<script|<iframe|<img|javascript:' page.html; return 1
		fi
	done
	page /mod/example.com/evil@v1.0.0 >page.html
	grep -qF '[U+202E]' page.html && grep -qF '&lt;script&gt;alert(&#34;licence&#34;)' page.html && grep -qF '&lt;script&gt;alert(&#34;go.mod&#34;)' page.html
}
t "hostile README, licence, go.mod, search text: all of it is text" inert

# -- metrics
metrics() { curl -s -D head "$url/metrics" >metrics && grep -q 'Content-Type: text/plain; version=0.0.4' head && awk -f "$top/tests/e2e/promtext.awk" metrics; }
t "metrics are Prometheus text" metrics
if command -v promtool >/dev/null; then
	t "promtool likes them" bash -c "promtool check metrics <'$work/metrics'"
else
	skip "promtool likes them" "no promtool"
fi
counted() {
	value() { sed -n "s/^hermod_proxy_$1 //p" "$2"; }
	local hits zips
	for _ in 1 2 3; do curl -s -o /dev/null "$url/example.com/evil/@v/v1.0.0.mod"; done
	curl -s -o /dev/null "$url/example.com/evil/@v/v1.0.0.zip"
	curl -s -o /dev/null "$url/example.com/none/@v/list"
	curl -s "$url/metrics" >after
	hits=$(($(value 'hits_total{from="memory"}' after) - $(value 'hits_total{from="memory"}' metrics)))
	zips=$(($(value 'requests_total{kind="zip",class="2xx"}' after) - $(value 'requests_total{kind="zip",class="2xx"}' metrics)))
	[ "$hits" = 3 ] && [ "$zips" = 1 ] && [ "$(value 'requests_total{kind="list",class="4xx"}' after)" = 1 ] && [ "$(value store_versions after)" = 6 ] &&
	[ "$(value missing_total after)" = 1 ] && [ "$(value in_flight after)" = 1 ] && [ "$(value 'request_duration_seconds_count{kind="mod"}' after)" -ge 7 ] && [ "$(value sent_bytes_total after)" -gt 1000 ] ||
	{ echo "hits $hits zips $zips"; grep -v bucket after; return 1; }
}
t "they count requests, hits, misses, the store" counted
manual() {
	local m
	for m in $(sed -n 's/^# TYPE hermod_proxy_\([a-z0-9_]*\) .*/\1/p' metrics | sort -u); do
		grep -q "^\.It Li .*$m" "$top/man/hermod-proxy.1" || { echo "hermod-proxy(1) lacks $m"; return 1; }
	done
}
t "the manual lists each of them" manual

# -- access log
logged() {
	curl -s -o /dev/null -u 'user:hush-password' -H 'Cookie: hush-cookie' "$url/healthz?token=hush-query"
	curl -s -o /dev/null --path-as-is "$url/%0a%1b%22evil"
	for _ in $(seq 300); do grep -q %22evil access.log && grep -q healthz access.log && break; sleep 0.1; done
	grep -q '"path":"/healthz"' access.log && grep -q '"path":"/%0a%1b%22evil"' access.log && ! grep -q hush access.log &&
	! grep -vE '^\{"time":"[0-9TZ:.-]+","peer":"127\.0\.0\.1","account":"[^"]*","method":"[A-Z-]+","path":"([^"\\]|\\.)*","status":[0-9]{3},"sent":[0-9]+,"received":[0-9]+,"us":[0-9]+,"cut":(true|false)\}$' access.log || { tail -n 5 access.log; return 1; }
}
t "the access log: a line a request, no query, no secrets" logged
rotate() {
	mv access.log access.old && kill -HUP "$pid" || return 1
	for _ in $(seq 50); do
		curl -s -o /dev/null "$url/readyz"
		grep -qs readyz access.log && return 0
		sleep 0.1
	done
	return 1
}
t "SIGHUP opens it anew" rotate

# -- who may read
rights() {
	"$P" account revoke anonymous read,fetch --dir store && "$P" account add lone --dir store && "$P" account grant lone read example.com/dep --dir store &&
	lone=$("$P" account token add lone --dir store) && sleep 0.1 &&
	[ "$(status "$url/")" = 401 ] && [ "$(status "$url/mod/example.com/dep")" = 401 ] &&
	[ "$(status -u "lone:$lone" "$url/mod/example.com/dep@v1.2.3")" = 200 ] && ! grep -q example.com/App body &&
	[ "$(status -u "lone:$lone" "$url/")" = 200 ] && grep -q example.com/dep body && ! grep -q 'example.com/\(evil\|App\)' body &&
	[ "$(status -u "lone:$lone" "$url/search?q=e")" = 200 ] && ! grep -q 'example.com/\(evil\|App\)' body &&
	[ "$(status -u "lone:$lone" "$url/mod/example.com/evil")" = 404 ] && [ "$(status -u "lone:$lone" "$url/mod/example.com/evil@v1.0.0")" = 404 ] && ! grep -q h1: body &&
	[ "$(status -u "lone:$lone" "$url/dashboard")" = 403 ] && [ "$(status -u "lone:$lone" "$url/metrics")" = 200 ] &&
	"$P" account grant anonymous read,fetch '*' --dir store || { cat body; return 1; }
}
t "pages show what who asks may read, and nothing else" rights

# -- in a browser
CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)}
export CHROMIUM
browser() {
	local n
	sleep 0.1
	TMPDIR=$work node "$top/tests/e2e/pages.mjs" "$url" "${HERMOD_SHOTS:--}" home=/ search='/search?q=e' dashboard=/dashboard module=/mod/example.com/evil evil=/mod/example.com/evil@v1.0.0 \
		version=/mod/example.com/App/v2@v2.0.0 missing=/nothing >looks || { cat looks; return 1; }
	n=$(grep -c '"fits":true.*"styled":1,"headings":1,"scripts":0,"handlers":0,"strange":0,"links":0,"unnamed":0,"skipped":0,"twice":0,"faint":\[\],"problems":\[\]}$' looks)
	[ "$n" = 21 ] || { cat looks; return 1; }
	! grep '"title":""' looks && [ "$(grep -o '"background":"[^"]*"' looks | sort -u | wc -l)" = 2 ]
}
if [ -n "$CHROMIUM" ] && command -v node >/dev/null; then
	t "Chromium: no script, no error, nothing loaded from elsewhere, light, dark, 320 pixels wide, headings in order, contrast" browser
else
	skip "Chromium looks at the pages" "no chromium or no node"
fi
here "SIGTERM ends it with status 0" stop

# -- policy
printf 'deny example.com/evil // not here\n' >hermod.policy
judged() { start store --upstream off --policy "$work/hermod.policy" && page_has /mod/example.com/evil@v1.0.0 'refused, ' 'not here' && page_has /mod/example.com/dep@v1.2.3 permitted; }
here "the policy's verdict" judged
stop

# -- many versions
for n in $(seq 0 129); do
	mkdir -p many/cache/download/example.com/many/@v
	printf 'module example.com/many\n' >"many/cache/download/example.com/many/@v/v1.$n.0.mod"
done
mkdir -p many/cache/download/example.com/info/@v
printf '{"Version":"v1.0.0"}' >many/cache/download/example.com/info/@v/v1.0.0.info
printf 'module example.com/info\n' >many/cache/download/example.com/info/@v/v0.0.0-20240102030405-0123456789ab.mod
many() {
	start many --upstream off || return 1
	for _ in $(seq 50); do page /mod/example.com/many | has 'v1\.129\.0' && break; sleep 0.1; done
	page_has /mod/example.com/many '<tr><td class="version"><a href="/mod/example.com/many@v1.30.0">' '<summary>30 older</summary>' \
		'<li class="version"><a href="/mod/example.com/many@v1.0.0">' && [ "$(grep -o 'href="/mod/example.com/many@' page.html | wc -l)" = 130 ]
}
here "no version is out of reach" many
unreadable() {
	mkdir "many/cache/download/example.com/many/@v/v1.7.0.zip" && page_has /mod/example.com/many@v1.7.0 'The zip of this version cannot be read.' && ! grep -F "$work" page.html &&
	page_has /dashboard 'example.com/many/@v/v1.7.0.zip'
}
t "why a zip cannot be read is for the dashboard: it may name the server's folders" unreadable
t "what is not here yet is not said to be absent: the zip" page_has /mod/example.com/many@v1.0.0 'It is in the zip, which nobody has asked for yet.' 'Nothing but the standard library.'
t "a pseudo-version has its date in its name" page_has /mod/example.com/info 'datetime="2024-01-02T03:04:05Z"'
t "and go.mod" page_has /mod/example.com/info@v1.0.0 'Not known: its go.mod is not in the store yet.'
stop

# -- limits
limited() {
	local n=0
	start limited --upstream off --rate 2 --rate-burst 2 || return 1
	for _ in $(seq 8); do [ "$(status "$url/example.com/dep/@v/list")" != 429 ] || n=$((n + 1)); done
	[ "$n" -gt 0 ] || return 1
	for _ in $(seq 30); do
		[ "$(status "$url/metrics")" = 200 ] && [ "$(sed -n 's/^hermod_proxy_refused_total{by="limit"} //p' body)" -ge "$n" ] && return 0
		sleep 0.3
	done
	cat body
	return 1
}
here "what is above the limit is counted" limited
stop

# -- an upstream that fails
if [ -x "$BUILDDIR/tests/e2e/fixture_proxy" ]; then
	here "an upstream" upstream "$work/up"
	failing() {
		start failing --upstream "$up/_status=500+match=app" || return 1
		[ "$(status "$url/example.com/dep/@v/v1.2.3.mod")" = 200 ] && [ "$(status "$url/example.com/!app/v2/@v/v2.0.0.info")" != 200 ] || { cat body failing.log; return 1; }
		curl -s "$url/metrics" >failing.metrics && awk -f "$top/tests/e2e/promtext.awk" failing.metrics &&
		grep -q "^hermod_proxy_upstream_duration_seconds_count{upstream=\"$up\"} 2$" failing.metrics && grep -q "^hermod_proxy_upstream_failures_total{upstream=\"$up\"} 1$" failing.metrics && grep -qx 'hermod_proxy_failed_total 1' failing.metrics &&
		page_has /dashboard "<td class=\"path\">$up</td>" '<code>/example.com/!app/v2/@v/v2.0.0.info</code>' || { cat failing.metrics; return 1; }
	}
	here "an upstream's time and failures, in metrics and on the dashboard" failing
	stop
else
	skip "an upstream's time and failures" "no fixture_proxy"
fi

# -- the checksum database's record
if [ -n "$GO" ]; then
	record() {
		gotool fixtures "$work/fx" || return 1
		GONOSUMDB= GOSUMDB="$(cat fx/log.key) file://$work/fx/log/sumdb/test.example" start sums --upstream "file://$work/fx/good" --sumdbs test.example || return 1
		[ "$(status "$url/example.com/words/@v/v1.0.0.mod")" = 200 ] && [ "$(status "$url/example.com/words/@v/v1.0.0.zip")" = 200 ] || return 1
		for _ in $(seq 50); do page /mod/example.com/words@v1.0.0 | has 'test.example, record' && break; sleep 0.2; done
		page_has /mod/example.com/words@v1.0.0 'test.example, record' 'href="/sumdb/test.example/lookup/example.com/words@v1.0.0"' 'example.com/words v1.0.0/go.mod h1:'
	}
	here "hashes with their record in the checksum database" record
	stop
else
	skip "hashes with their record in the checksum database" "no go command"
fi
finish
