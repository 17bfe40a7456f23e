# hermod-proxy's store: /index, the facts behind it, quota, purge.
. "$(dirname "$0")/lib.sh"
. "$top/tests/e2e/proxy.inc"
words=example.com/words/@v

# ---- index
here "a server" start store --upstream "file://$fx/good"
fetch_some() {
	gets 200 "$url/$words/v1.0.0.info" && gets 200 "$url/$words/v1.0.0.mod" && gets 200 "$url/$words/v1.0.0.zip" &&
	gets 200 "$url/$words/v1.1.0.mod" && gets 200 "$url/example.com/greet/@v/v1.0.0.zip"
}
t "some modules" fetch_some
line='^{"Path":"example.com/[a-z]*","Version":"v1\.[01]\.0","Timestamp":"20[0-9-]*T[0-9:.]*Z"}$'
index_lines() {
	curl -s "$url/index" >"$work/index"
	! grep -v "$line" "$work/index" && [ "$(wc -l <"$work/index")" = 2 ] && head -n 1 "$work/index" | has '"example.com/words","Version":"v1.0.0"'
}
t "/index has what has a zip, oldest first" index_lines
index_all() { [ "$(curl -s "$url/index?include=all" | grep -c .)" = 3 ] && curl -s "$url/index?include=all" | has '"v1.1.0"'; }
t "include=all: go.mod files alone, too" index_all
index_pages() {
	local since
	[ "$(curl -s "$url/index?limit=1" | grep -c greet)" = 0 ] || return 1
	since=$(sed -n '2s/.*"Timestamp":"\(.*\)".*/\1/p' "$work/index")
	curl -s "$url/index?since=$since" >"$work/page"
	[ "$(wc -l <"$work/page")" = 1 ] && grep -q greet "$work/page" && [ -z "$(curl -s "$url/index?since=2999-01-01T00:00:00Z")" ]
}
t "since is inclusive, limit holds" index_pages
index_bad() { gets 400 "$url/index?since=yesterday" && gets 400 "$url/index?limit=many" && gets 400 "$url/index?limit=0" && gets 400 "$url/index?include=none" && gets 404 "$url/index/x"; }
t "what is malformed is refused" index_bad

# ---- purge
"$proxy" serve --dir "$work/store" --listen 127.0.0.1:0 --offline 2>"$work/second.log" &
second=$!
pids+=("$second")
url2=
for _ in $(seq 100); do url2=$(sed -n 's/^listening on //p' "$work/second.log"); [ -n "$url2" ] && break; sleep 0.05; done
served() { gets 200 "$1/$words/v1.0.0.info" && gets 200 "$1/$words/v1.0.0.mod" && gets 200 "$1/$words/v1.0.0.zip"; }
t "a second server of the same store" served "$url2"
# v1.1.0 is here as a go.mod alone
whole() {
	local d=$work/store/cache/download/$words v=v1.1.1-0.20240102030405-abcdefabcdef
	cp "$fx/good/$words/v1.1.0.mod" "$d/$v.mod" && cp "$fx/good/$words/v1.1.0.zip" "$d/$v.zip" && echo "{\"Version\":\"$v\"}" >"$d/$v.info" && echo "$v" >>"$d/list" &&
	[ "$(curl -s "$url2/$words/list")" = v1.0.0 ] && curl -s "$url2/example.com/words/@latest" | has '"v1.0.0"' &&
	[ "$(cd "$work" && GOPROXY=$url2 GOMODCACHE=$work/mc.offline "$GO" list -m example.com/words@latest)" = "example.com/words v1.0.0" ]
}
t "offline the list has what can be had, and go takes the latest of it" whole
commit() {
	curl -s "$url2/$words/abcdefabcdef.info" | has v1.1.1-0.2024 && curl -s "$url2/$words/abcdefabcdef0123456789abcdef0123456789ab.info" | has v1.1.1-0.2024 &&
	gets 404 "$url2/$words/abcdefabcde.info" && gets 404 "$url2/$words/abcdefabcdef-x.info" && gets 404 "$url2/$words/master.info" && rm "$work/store/cache/download/$words/v1.1.1-0.20240102030405-abcdefabcdef."*
}
t "and a commit is the pseudo-version that it has for it" commit
not_served() { gets 404 "$1/$words/v1.0.0.info" && gets 404 "$1/$words/v1.0.0.mod" && gets 404 "$1/$words/v1.0.0.zip"; }
purge() {
	"$proxy" purge --dir "$work/store" --reason "bad <news>" example.com/words@v1.0.0 | has -x "purged example.com/words@v1.0.0" &&
	! ls "$work/store/cache/download/$words/"v1.0.0.{zip,ziphash,info,mod} 2>/dev/null | grep .
}
t "purge removes the files" purge
t "the offline server knows nothing of it any more" not_served "$url2"
purged_list() { ! grep -q 'v1\.0\.0' "$work/store/cache/download/$words/list" && grep -q 'v1\.1\.0' "$work/store/cache/download/$words/list" && ! curl -s "$url2/$words/list" | has 'v1\.0\.0'; }
t "nor does the list" purged_list
purge_feed() { curl -s "$url/index/purged" | has '^{"Path":"example.com/words","Version":"v1.0.0","Timestamp":"[^"]*","Reason":"bad \\u003cnews\\u003e"}$' && ! curl -s "$url/index" | has words; }
t "it is in /index/purged, and no longer in /index" purge_feed
in_audit() { "$proxy" audit --dir "$work/store" | has 'purge.*example.com/words@v1.0.0'; }
t "the audit log has it" in_audit
t "a server that may ask upstream fetches it again" served "$url"
delete() {
	local token
	"$proxy" account add --dir "$work/store" ops && "$proxy" account grant --dir "$work/store" ops read 'example.com/*' || return 1
	token=$("$proxy" account token add --dir "$work/store" ops | grep -o 'hmd_[^ ]*' | head -n 1)
	[ "$(status -X DELETE "$url/$words/v1.0.0.zip")" = 401 ] && [ "$(status -X DELETE -H "Authorization: Bearer $token" "$url/$words/v1.0.0.zip")" = 403 ] || return 1
	[ -e "$work/store/cache/download/$words/v1.0.0.zip" ] && "$proxy" account grant --dir "$work/store" ops admin 'example.com/*' || return 1
	until_true [ "$(status -X DELETE -H "Authorization: Bearer $token" -H "Purge-Reason: it was wrong" "$url/$words/v1.0.0.zip")" = 200 ] || { cat "$work/body"; return 1; }
	[ ! -e "$work/store/cache/download/$words/v1.0.0.zip" ] && curl -s "$url/index/purged" | has '"Reason":"it was wrong"' &&
	[ "$(status -X DELETE -H "Authorization: Bearer $token" "$url/example.com/none/@v/v1.0.0.zip")" = 404 ] && not_served "$url2" &&
	"$proxy" audit --dir "$work/store" | has 'ops.*purge.*example.com/words@v1.0.0'
}
t "DELETE purges for who has the right" delete
t "and it comes back when it is asked for" served "$url"
kill "$second" && wait "$second"
t "what is not there cannot be purged" fails_with 1 "not in the store" "$proxy" purge --dir "$work/store" example.com/none@v1.0.0
t "nor what is no version" fails_with 2 "is not PATH@VERSION" "$proxy" purge --dir "$work/store" example.com/words
t "nor a folder that is none" fails_with 1 "no such folder" "$proxy" purge --dir "$work/nowhere" example.com/words@v1.0.0
here "SIGTERM" stop
t "purge without a server" bash -c "'$proxy' purge --dir '$work/store' example.com/words@v1.0.0 && [ ! -e '$work/store/cache/download/$words/v1.0.0.zip' ]"
killed_server() {
	start store --upstream "file://$fx/good" && gets 200 "$url/$words/v1.0.0.zip" || return 1
	sleep 0.1
	kill -9 "$pid"
	wait "$pid"
	"$proxy" purge --dir "$work/store" example.com/words@v1.0.0 && [ -z "$(ls "$work/store/control")" ]
}
here "purge after a server was killed" killed_server

linked() {
	mkdir "$work/real" && ln -s real "$work/link" && start link --upstream "file://$fx/good" && gets 200 "$url/$words/v1.0.0.zip" &&
	"$proxy" purge --dir "$work/link/" example.com/words@v1.0.0 && "$proxy" fsck --offline --dir "$work/link" && [ -e "$work/real/facts.db" ]
}
here "a store behind a symbolic link" linked
here "stop" stop

others() { chown 65534 "$work/real" && "$proxy" audit --dir "$work/link" 2>&1 | has 'belongs to user 65534, who cannot change what root makes' && chown 0 "$work/real" && ! "$proxy" audit --dir "$work/link" 2>&1 | has 'belongs to'; }
if [ "$(id -u)" = 0 ]; then t "root is warned of a store that is another user's" others; else skip "root is warned" "not root"; fi

# ---- the facts
again() { start store --upstream "file://$fx/good" && gets 200 "$url/$words/v1.0.0.zip" && stop; }
here "a server that is stopped" again
clean() { start store --offline && ! grep "new or behind" "$work/store.log"; }
here "compares nothing when it starts again" clean
here "stop" stop
lost() {
	rm "$work/store/facts.db"
	start store --offline && grep -q "new or behind" "$work/store.log" && until_true grep -q "versions differed" "$work/store.log" &&
	curl -s "$url/index" | has words
}
here "a lost facts.db is made again" lost
here "stop" stop
garbage() {
	head -c 5000 /dev/urandom >"$work/store/facts.db"
	start store --offline && until_true grep -q "versions differed" "$work/store.log" && curl -s "$url/index" | has words && ls "$work/store/" | has 'facts.db.damaged-'
}
here "so is one that is no database, which is kept" garbage
here "stop" stop

# ---- a go command whose module cache this store is, and whose proxy: it asks while it holds the lock
own_cache() {
	start own --upstream "file://$fx/good" &&
	(cd "$work" && GOSUMDB=off GOMODCACHE=$work/own GOPROXY=$url timeout 20 "$GO" mod download example.com/words@v1.0.0) &&
	cmp "$work/own/cache/download/$words/v1.0.0.zip" "$fx/good/$words/v1.0.0.zip" && ! find "$work/own" -name '*.tmp' | grep .
}
here "a go command may have the store for its module cache and the server for its proxy" own_cache
here "stop" stop

# ---- quota
bytes() { find "$work/small/cache/download" -name '*.zip' -o -name '*.info' -o -name '*.mod' | xargs stat -c %s | awk '{ n += $1 } END { print n + 0 }'; }
here "a server with a quota" start small --upstream "file://$up" --quota 500K
fill_up() {
	local m v
	for m in $(seq 0 19); do
		for v in v1.0.0 v1.1.0; do
			for kind in info mod zip; do gets 200 "$url/m$m.example/pkg/@v/$v.$kind" || return 1; done
			gets 200 "$url/m0.example/pkg/@v/v1.0.0.zip" || return 1
		done
	done
}
t "more is fetched than it allows" fill_up
within() { [ "$(bytes)" -le 512000 ] && [ "$(bytes)" -ge 300000 ]; }
t "the store keeps within it" until_true within
lru() { ls "$work/small/cache/download/m0.example/pkg/@v/v1.0.0.zip" "$work/small/cache/download/m19.example/pkg/@v/v1.1.0.zip" && ! ls "$work/small/cache/download/m1.example/pkg/@v/"v1.0.0.{zip,info,mod,ziphash} 2>/dev/null; }
t "what was used stays, what was not has gone" lru
whole() {
	local f n=0
	for f in $(find "$work/small/cache/download" -name '*.zip'); do
		[ -e "${f%.zip}.ziphash" ] && [ -e "${f%.zip}.info" ] && [ -e "${f%.zip}.mod" ] || return 1
		n=$((n + 1))
	done
	[ $n -gt 5 ] && [ "$(find "$work/small/cache/download" -name '*.mod' | wc -l)" = $n ]
}
t "each version is whole or absent" until_true whole
t "what has gone is fetched again" gets 200 "$url/m1.example/pkg/@v/v1.0.0.info"
same_bytes() { curl -s "$url/m1.example/pkg/@v/v1.0.0.zip" | cmp - "$up/m1.example/pkg/@v/v1.0.0.zip"; }
t "the same bytes" same_bytes
reading() {
	local i p=()
	curl -s --limit-rate 20000 "$url/m2.example/pkg/@v/v1.0.0.zip" >"$work/slow" & p+=($!)
	sleep 0.5
	for i in 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do gets 200 "$url/m$i.example/pkg/@v/v1.0.0.zip" || return 1; done
	until_true [ ! -e "$work/small/cache/download/m2.example/pkg/@v/v1.0.0.zip" ]
	wait "${p[@]}"
	cmp "$work/slow" "$up/m2.example/pkg/@v/v1.0.0.zip"
}
t "who reads what is removed gets it whole" reading
local_stays() {
	local d=$work/small/cache/download/m0.example/pkg/@v v
	stop
	mkdir -p "$d"
	for v in v1.0.0 v1.1.0; do
		cp "$up/m0.example/pkg/@v/$v."* "$d/"
		touch "$d/$v.local"
		cp "$(find "$work/small" -name '*.ziphash' | head -n 1)" "$d/$v.ziphash"
	done
	rm "$work/small/facts.db"
	start small --upstream "file://$up" --quota 150K && until_true grep -q "versions removed" "$work/small.log" &&
	until_true bash -c "[ \$(find '$work/small/cache/download' -name '*.zip' | wc -l) = 2 ]" && [ -e "$d/v1.0.0.zip" ] && [ -e "$d/v1.1.0.zip" ]
}
here "what came from here is never removed, though the facts were lost" local_stays
here "stop" stop
t "a quota that is none" fails_with 2 "is no size" "$proxy" serve --dir "$work/x" --quota lots
t "a quota without an upstream" fails_with 2 "exclude each other" "$proxy" serve --dir "$work/x" --quota 1G --offline

# ---- many versions (tests/bench/proxy-size has 500,000)
gotool storefill -store -link "$work/many" 100 100 100
many() { start many --offline && until_true grep -q "10000 versions differed" "$work/many.log" && [ "$(curl -s "$url/index?limit=2000" | wc -l)" = 2000 ]; }
here "10,000 versions that nobody told of" many
walk_index() {
	local since=1970-01-01T00:00:00Z n=0 last=
	while :; do
		curl -s "$url/index?since=$since" >"$work/page"
		n=$((n + $(wc -l <"$work/page") - (n > 0)))
		since=$(tail -n 1 "$work/page" | sed 's/.*"Timestamp":"\(.*\)".*/\1/')
		[ "$since" != "$last" ] || break
		last=$since
	done
	[ $n = 10000 ] || { echo "$n versions"; return 1; }
}
t "who follows the index sees each of them once" walk_index
lists() { [ "$(curl -s "$url/m57.example/pkg/@v/list" | wc -l)" = 100 ] && curl -s "$url/m57.example/pkg/@latest" | has Version; }
t "their lists" lists
here "stop" stop
clean_many() { start many --offline && ! grep "new or behind" "$work/many.log" && [ "$(curl -s "$url/index?limit=10" | wc -l)" = 10 ]; }
here "the next start looks at none" clean_many
killed_many() { kill -9 "$pid"; wait "$pid"; start many --offline && grep -q "new or behind" "$work/many.log" && until_true grep -q " 0 versions differed" "$work/many.log"; }
here "after kill -9 they are compared, and none differs" killed_many
here "stop" stop

finish
