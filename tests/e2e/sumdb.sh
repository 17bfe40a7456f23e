# hermod-sumdb as GOSUMDB of the real go command and of hermod.
. "$(dirname "$0")/lib.sh"

[ -n "$GO" ] || { skip "hermod-sumdb" "no go command"; finish; }
command -v curl >/dev/null || { skip "hermod-sumdb" "no curl"; finish; }
unset GOFLAGS GOPATH GOPROXY GOSUMDB GOPRIVATE GONOSUMDB GONOPROXY
export GOENV=off GOTOOLCHAIN=local GOFLAGS=-modcacherw CGO_ENABLED=0
fx=$work/fx
gotool fixtures "$fx" || { t "fixtures" false; finish; }
sumdb=$BUILDDIR/hermod-sumdb

# start NAME ARGS...: serves the log $work/NAME; $url is where it listens.
start() {
	local name=$1
	shift
	launch "$work/$name.log" "$sumdb" serve --dir "$work/$name" --listen 127.0.0.1:0 "$@"
}
# In this shell, not below t: only the parent may wait.
stop() { kill "$pid" && wait "$pid"; ended=$?; }
status() { curl -s -o "$work/body" -w '%{http_code}' "$@"; }

# sums TOOL CACHE MODULES...: downloads with the log as checksum database; $client keeps what it has seen.
client=$work/client
sums() {
	local tool=$1 cache=$2
	shift 2
	mkdir -p "$work/m" && cd "$work/m" && { [ -e go.mod ] || printf 'module example.com/m\n\ngo 1.21\n' >go.mod; }
	GOSUMDB="$key $url" GOPROXY=${from:-file://$fx/good} GOPATH=$client GOMODCACHE=$work/mc.$cache "$tool" mod download "$@"
}

key=$("$sumdb" init --dir "$work/log" --name sum.test.example)
made() { [[ $key == sum.test.example+* ]] && [ "$(stat -c %a "$work/log/key")" = 600 ]; }
t "init makes a key" made
t "init a second time is refused" fails_with 1 "there is a log already" "$sumdb" init --dir "$work/log" --name sum.test.example
t "key prints the verifier key" bash -c "[ \"\$('$sumdb' key --dir '$work/log')\" = '$key' ]"
GOSUMDB=off start log --upstream "file://$fx/good"
t "an empty log" bash -c "curl -s $url/latest | head -n 2 | tail -n 1 | has -x 0"
t "go verifies a module that the log did not know" sums "$GO" a example.com/words@v1.0.0
t "another, so that the tree grows" sums "$GO" a example.com/greet@v1.0.0 example.com/words/v2@v2.0.0
t "hermod does, too" sums "$HERMOD" b example.com/words@v1.0.0 example.com/words@v1.1.0
tampered() { from=file://$fx/evil-othermod fails_with 1 "SECURITY ERROR" sums "$1" "$2" example.com/words@v1.0.0; }
t "go catches a tampered module" tampered "$GO" c
t "hermod catches a tampered module" tampered "$HERMOD" d
t "what does not exist is 404" bash -c "[ \$(curl -s -o /dev/null -w '%{http_code}' $url/lookup/example.com/nosuch@v1.0.0) = 404 ]"
bad_paths() {
	local p
	for p in /lookup/example.com/words /lookup/example.com/words@v1 /lookup/@v1.0.0 /lookup/example.com/words@v1.0.0@v1.0.0 \
		/lookup/example.com/WORDS@v1.0.0 /lookup/../words@v1.0.0 /lookup/example.com/words@v2.0.0 /lookup/example.com/words@master \
		"/lookup/$(printf 'x%.0s' $(seq 5000))@v1.0.0" /tile/8/0/0 /tile/8/0/000.p/0 /tile/8/0/000.p/256 /tile/8/0/../../../key \
		/tile/7/0/000 /tile/8/data/000.p/999 /tile/entries/0 /tile/8/-1/000 /tile/ /key /index.db /tile/8/0/x999/x999/x999/x999/999; do
		case $(status --path-as-is "$url$p") in 400|404|414) ;; *) echo "$p: $(cat "$work/body")"; return 1 ;; esac
	done
}
t "malformed paths are refused" bad_paths
c2sp() {
	curl -s "$url/checkpoint" >"$work/checkpoint"
	n=$(sed -n 2p "$work/checkpoint")
	[ "$(sed -n 1p "$work/checkpoint")" = sum.test.example ] && [ "$n" = 4 ] &&
	[ "$(curl -s "$url/latest" | sed -n 3p)" = "$(sed -n 3p "$work/checkpoint")" ] &&
	curl -s "$url/tile/0/000.p/$n" | cmp - <(curl -s "$url/tile/8/0/000.p/$n") &&
	curl -s "$url/tile/entries/000.p/1" | tail -c +3 | cmp - <(curl -s "$url/tile/8/data/000.p/1" | head -n 2)
}
t "the same tree by C2SP paths" c2sp
files() {
	local f
	sleep 1.5
	cmp "$work/log/public/checkpoint" <(curl -s "$url/checkpoint") && cmp "$work/log/public/latest" <(curl -s "$url/latest") || return 1
	for f in tile/8/0/000.p/4 tile/8/data/000.p/4 tile/0/000.p/4; do cmp "$work/log/public/$f" <(curl -s "$url/$f") || return 1; done
}
t "the public files are what is served" files
t "a second server is refused" fails_with 1 "in use by another process" "$sumdb" serve --dir "$work/log" --listen 127.0.0.1:0
stop
t "SIGTERM ends it with status 0" [ "$ended" = 0 ]
t "fsck" "$sumdb" fsck --dir "$work/log"

# -- beyond one tile: a long go.sum is imported while clients keep what they saw
long_sum() {
	awk 'BEGIN { for (i = 0; i < 700; i++) { h = sprintf("%043d=", i); p = "example.com/long" i
		print p " v1.0.0 h1:" h; print p " v1.0.0/go.mod h1:" h } print "example.com/half v1.0.0/go.mod h1:" h }' >"$work/long.sum"
	GOSUMDB=off "$sumdb" import --dir "$work/log" "$work/long.sum" >"$work/out" && grep -qx '700 added, 0 known, 1 without the other hash' "$work/out" &&
	GOSUMDB=off "$sumdb" import --dir "$work/log" "$work/long.sum" | has -x '0 added, 700 known, 1 without the other hash'
}
t "import go.sum" long_sum
other_sum() {
	sed 's/h1:0/h1:1/' "$work/long.sum" | head -n 2 >"$work/other.sum"
	fails_with 1 "the log has other hashes" env GOSUMDB=off "$sumdb" import --dir "$work/log" "$work/other.sum" && grep -q example.com/long0 "$work/log/alarms"
}
t "import of other hashes is refused and kept as evidence" other_sum
GOSUMDB=off start log --upstream "file://$fx/good"
t "go follows the log over tile borders" sums "$GO" e example.com/words@v1.0.0 example.com/greet@v1.0.0
t "hermod does, too" sums "$HERMOD" f example.com/words@v1.0.0 example.com/greet@v1.0.0
stop

# -- proofs without a server, and a monitor
prove() {
	"$sumdb" prove --dir "$work/log" --output "$work/proof" example.com/words@v1.0.0 && head -n 1 "$work/proof" | has -x c2sp.org/tlog-proof@v1 &&
	"$sumdb" check --key "$key" "$work/proof" | head -n 1 | has '^example.com/words v1.0.0 h1:'
}
t "prove, and check with nothing but the key" prove
forged() {
	local e
	for e in 's/^index 0/index 1/' 's/^extra Z/extra Y/' '4s/^./A/' 's/^sum.test.example$/sum.other.example/' '/^— /s/ [^ ]*$/ AAAA/' 's/^index 0/index 00/' '5d' '$d' '1d'; do
		sed "$e" "$work/proof" >"$work/forged"
		! cmp -s "$work/proof" "$work/forged" || { echo "$e changes nothing"; return 1; }
		"$sumdb" check --key "$key" "$work/forged" && { echo "$e: taken"; return 1; }
	done
	fails_with 1 "no verifiable signatures" "$sumdb" check --key "$(cat "$fx/log.key")" "$work/proof"
}
t "a forged proof is refused" forged
t "prove what is not logged" fails_with 1 "not in the published log" "$sumdb" prove --dir "$work/log" example.com/nosuch@v1.0.0
by_url() { "$sumdb" prove --url "file://$fx/log/sumdb/test.example" --key "$(cat "$fx/log.key")" example.com/words@v1.1.0 >"$work/proof2" && "$sumdb" check --key "$(cat "$fx/log.key")" "$work/proof2"; }
t "prove from another log" by_url
monitor() { "$sumdb" monitor --url "file://$work/log/public" --key "$key" --state "$work/mon" "$@"; }
follows() {
	[ "$(monitor --from-start --for example.com/words | tr '\n' ' ')" = '0 example.com/words@v1.0.0 2 example.com/words/v2@v2.0.0 3 example.com/words@v1.1.0 ' ] &&
	[ -z "$(monitor)" ] &&
	head -n 2 "$work/long.sum" | sed 's/long0/new/g' >"$work/new.sum" && GOSUMDB=off "$sumdb" import --dir "$work/log" "$work/new.sum" >"$work/out" &&
	monitor --for "example.com/*" --json | has "^{\"Event\":\"version\",\"Log\":\"sum.test.example\",\"Record\":704,\"Path\":\"example.com/new\",\"Version\":\"v1.0.0\",\"Lines\":"
}
t "monitor tells what is new" follows
t "monitor: a head that does not move" bash -c "sleep 2; '$sumdb' monitor --url 'file://$work/log/public' --key '$key' --state '$work/mon' --stale 1 2>&1 | has 'stale: the head of 705 records'"
lying() {
	local d=$fx/log-$1/sumdb/test.example
	rm -f "$work/mon.lie"
	"$sumdb" monitor --url "file://$d" --key "$(cat "$fx/log.key")" --state "$work/mon.lie" --from-start && return 1
	[ ! -e "$work/mon.lie" ]
}
honest() { "$sumdb" monitor --url "file://$fx/log/sumdb/test.example" --key "$(cat "$fx/log.key")" --state "$work/mon.honest" --from-start | grep -c . | has -x 4; }
t "monitor: an honest log" honest
t "monitor: a tile that lies" lying tile
t "monitor: a wrong signature" lying signature
turned() {
	local k
	k=$(cat "$fx/log.key")
	"$sumdb" monitor --url "file://$fx/log/sumdb/test.example" --key "$k" --state "$work/mon.fork" &&
	fails_with 3 "SECURITY ERROR: the log has forked" "$sumdb" monitor --url "file://$fx/log-rewritten/sumdb/test.example" --key "$k" --state "$work/mon.fork" && grep -q '^now:' "$work/mon.fork.evidence" &&
	"$sumdb" monitor --url "file://$fx/log-rewritten/sumdb/test.example" --key "$k" --state "$work/mon.back" &&
	fails_with 4 "SECURITY ERROR: the log was rolled back" "$sumdb" monitor --url "file://$fx/log/sumdb/test.example" --key "$k" --state "$work/mon.back"
}
t "monitor: forks and rollbacks" turned

# -- key rotation: a client of the old key goes on, and of the new one
GOSUMDB=off start log --offline
t "a client of the first key" sums "$GO" r1 example.com/words@v1.0.0
stop
old=$key
new=$("$sumdb" rotate --dir "$work/log")
head -n 2 "$work/long.sum" | sed 's/long0/grown/g' >"$work/new.sum" && GOSUMDB=off "$sumdb" import --dir "$work/log" "$work/new.sum" >"$work/out"
t "a second rotation is refused" fails_with 1 "retire the old one first" "$sumdb" rotate --dir "$work/log"
GOSUMDB=off start log --offline
t "it goes on during the overlap" sums "$GO" r2 example.com/words@v1.0.0
key=$new
t "with the new key, too" sums "$GO" r3 example.com/words/v2@v2.0.0
stop
"$sumdb" rotate --dir "$work/log" --retire >"$work/out"
GOSUMDB=off start log --offline
t "the new key alone" sums "$GO" r4 example.com/greet@v1.0.0
key=$old
t "the old key is not enough any more" fails_with 1 "no verifiable signatures" sums "$GO" r5 example.com/words@v1.1.0
key=$new
stop

# -- a log that forks: two histories under one key
fork() {
	cp -r "$work/log" "$work/fork" || return 1
	GOSUMDB=off GOPROXY=file://$fx/good "$sumdb" add --dir "$work/log" example.com/words@v1.1.0 >/dev/null
	head -n 2 "$work/long.sum" | sed 's/long0/only-in-log/' >"$work/one.sum"
	head -n 6 "$work/long.sum" | sed 's/long/only-in-fork/' >"$work/two.sum"
	GOSUMDB=off "$sumdb" import --dir "$work/log" "$work/one.sum" && GOSUMDB=off "$sumdb" import --dir "$work/fork" "$work/two.sum"
}
t "a fork is made" fork
GOSUMDB=off start log --offline
t "go sees one side" sums "$GO" g example.com/words@v1.0.0
stop
GOSUMDB=off start fork --offline
caught() { fails_with 1 "SECURITY ERROR" sums "$1" "$2" example.com/greet@v1.0.0; }
t "go catches the other" caught "$GO" g
t "hermod catches the other" caught "$HERMOD" g
stop

# -- the public log is asked first
compared() {
	"$sumdb" init --dir "$work/$1" --name sum.test.example >/dev/null
	GOSUMDB="$(cat "$fx/log.key") file://$fx/$2/sumdb/test.example" GOPROXY=file://$fx/good "$sumdb" add --dir "$work/$1" example.com/words@v1.0.0
}
t "the public log confirms" compared cmp log
for lie in record tile fork signature; do
	lied() { fails_with 1 "" compared "lie.$lie" "log-$lie" && [ "$(sed -n 2p "$work/lie.$lie/public/latest")" = 0 ]; }
	t "the public log does not confirm ($lie): nothing is logged" lied
done
t "  and what was fetched is kept" grep -q 'example.com/words v1.0.0 h1:' "$work/lie.record/alarms"
for bad in dotdot case truncated notazip badcrc; do
	evil() {
		"$sumdb" init --dir "$work/evil.$bad" --name sum.test.example >/dev/null
		GOSUMDB=off GOPROXY=file://$fx/evil-$bad fails_with 1 "" "$sumdb" add --dir "$work/evil.$bad" example.com/words@v1.0.0 &&
		! find "$work/evil.$bad/tmp" -type f | grep .
	}
	t "a bad zip ($bad) is not logged" evil
done

# -- one fetch for many
if [ -x "$BUILDDIR/tests/e2e/fixture_proxy" ]; then
	once() {
		local p=() i
		for i in $(seq 50); do curl -s -o "$work/many.$i" "$url/lookup/example.com/words@v1.0.0" & p+=($!); done
		for i in "${p[@]}"; do wait "$i"; done
		for i in $(seq 50); do [ "$(head -n 1 "$work/many.$i")" = 0 ] || { cat "$work/many.$i"; return 1; }; done
		[ "$(curl -s "$1/_log" | grep -c '\.zip')" = 1 ] && [ "$(curl -s "$url/latest" | sed -n 2p)" = 1 ]
	}
	here "an upstream" upstream "$fx/good"
	"$sumdb" init --dir "$work/many" --name sum.test.example >/dev/null
	GOSUMDB=off start many --upstream "$up"
	t "50 clients, one unknown version, one fetch, one record" once "$up"
fi
t "a wrong option" fails_with 2 "unknown option" "$sumdb" serve --dir "$work/x" --frob
t "no --dir" fails_with 2 "--dir is missing" "$sumdb" serve
t "no such log" fails_with 1 "there is no log" "$sumdb" fsck --dir "$work/nosuch"
finish
