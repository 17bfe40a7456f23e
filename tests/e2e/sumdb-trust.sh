# Trust beyond one server: witnesses, quorums, monitors, several databases in hermod; a log
# that forks, or goes back, is caught by everybody who looks.
. "$(dirname "$0")/lib.sh"

[ -n "$GO" ] || { skip "trust" "no go command"; finish; }
command -v curl >/dev/null || { skip "trust" "no curl"; finish; }
unset GOFLAGS GOPATH GOPROXY GOSUMDB GOPRIVATE GONOSUMDB GONOPROXY HERMOD_SUMDBS
export GOENV=off GOTOOLCHAIN=local GOFLAGS=-modcacherw CGO_ENABLED=0
fx=$work/fx
gotool fixtures "$fx" || { t "fixtures" false; finish; }
sumdb=$BUILDDIR/hermod-sumdb

# up NAME COMMAND...: starts a server, waits until it listens; $url, ${pid_of[NAME]}, ${url_of[NAME]}.
declare -A pid_of url_of
up() {
	local name=$1
	shift
	: >"$work/$name.log"
	"$@" 2>"$work/$name.log" &
	pid_of[$name]=$!
	pids+=($!)
	for _ in $(seq 200); do
		url=$(sed -n 's/^listening on //p' "$work/$name.log")
		[ -n "$url" ] && { url_of[$name]=$url; return 0; }
		sleep 0.05
	done
	cat "$work/$name.log"
	return 1
}
# down NAME [SIGNAL]: in this shell, since only the parent may wait.
down() {
	kill "-${2:-TERM}" "${pid_of[$1]}" && wait "${pid_of[$1]}" 2>/dev/null
}
# A witness comes back where it was.
witness() {
	local at=${url_of[$1]:-http://127.0.0.1:0}
	up "$1" "$sumdb" witness serve --dir "$work/$1" --listen "${at#http://}" --every 0
}
log() {
	local name=$1
	shift
	GOSUMDB=off up "$name" "$sumdb" serve --dir "$work/$name" --listen 127.0.0.1:0 "$@"
}
# until_true SECONDS COMMAND...
until_true() {
	local n=$(($1 * 10))
	shift
	while ! "$@"; do
		n=$((n - 1))
		[ $n -gt 0 ] || return 1
		sleep 0.1
	done
}
status() { curl -s -o "$work/body" -w '%{http_code}' "$@"; }
hash_of() { printf %s "$1" | sha256sum | cut -c1-64; }

# -- a witness: requests
w1=$("$sumdb" witness init --dir "$work/w1" --name w1.test.example/a)
w2=$("$sumdb" witness init --dir "$work/w2" --name w2.test.example/b)
w3=$("$sumdb" witness init --dir "$work/w3" --name w3.test.example/c)
made() { [[ $w1 == w1.test.example/a+* ]] && [ "$(stat -c %a "$work/w1/key")" = 600 ] && [ "$("$sumdb" witness key --dir "$work/w1")" = "$w1" ]; }
t "witness init makes a key" made
t "a second time is refused" fails_with 1 "there is a key already" "$sumdb" witness init --dir "$work/w1" --name x
t "a folder without witness" fails_with 1 "there is no witness" "$sumdb" witness serve --dir "$work/nosuch"
key=$("$sumdb" init --dir "$work/log" --name sum.test.example)
for w in w1 w2 w3; do "$sumdb" witness log --dir "$work/$w" add "$key"; done
t "it knows the log" bash -c "'$sumdb' witness log --dir '$work/w1' | has -x 'sum.test.example 0 never -'"
here "witness serve" witness w1
add() { status --data-binary "@$1" "${url_of[w1]}/add-checkpoint"; }
empty=$work/log/public/checkpoint
"$sumdb" key --dir "$work/log" >"$work/out" # opened once, it is published
statuses() {
	{ echo "old 0"; echo; cat "$empty"; } >"$work/req"
	[ "$(add "$work/req")" = 200 ] && grep -q '^— w1.test.example/a ' "$work/body" || { echo 200; return 1; }
	{ echo "old 0"; echo "$(sed -n 3p "$empty")"; echo; cat "$empty"; } >"$work/req"
	[ "$(add "$work/req")" = 422 ] || { echo 422; return 1; }
	{ echo "old 1"; echo; cat "$empty"; } >"$work/req"
	[ "$(add "$work/req")" = 400 ] || { echo 400; return 1; }
	{ echo "old 0"; echo; sed '1s/test/other/' "$empty"; } >"$work/req"
	[ "$(add "$work/req")" = 404 ] || { echo 404; return 1; }
	{ echo "old 0"; echo; sed '2s/0/1/' "$empty"; } >"$work/req"
	[ "$(add "$work/req")" = 403 ] || { echo 403; return 1; }
	for bad in "" "old" "old 0" $'old 0\n' $'old 00\n\n' $'old 0\n\nx\n' $'old 0\n\nsum.test.example\n0\n'; do
		printf %s "$bad" >"$work/req"
		[ "$(add "$work/req")" = 400 ] || { echo "malformed: $(cat "$work/body")"; return 1; }
	done
	head -c 300000 /dev/zero | tr '\0' 'a' >"$work/req"
	[ "$(add "$work/req")" = 413 ] && [ "$(status "${url_of[w1]}/add-checkpoint")" = 405 ]
}
t "add-checkpoint: 200, 400, 403, 404, 405, 413, 422" statuses
published() { [ "$(status "${url_of[w1]}/$(hash_of sum.test.example)/checkpoint")" = 200 ] && grep -q '^— w1' "$work/body" && cmp "$work/body" "$work/w1/public/$(hash_of sum.test.example)/checkpoint" && [ "$(status "${url_of[w1]}/$(hash_of other)/checkpoint")" = 404 ]; }
t "what it cosigned can be read there" published

# -- a log that shows only what two of three witnesses have cosigned
here "the second witness" witness w2
here "the third" witness w3
here "the log" log log --upstream "file://$fx/good" --witness "$w1=${url_of[w1]} $w2=${url_of[w2]}; $w3=${url_of[w3]}" --witness-quorum 2 --witness-wait 1
cosigned() { curl -s "${url_of[log]}/checkpoint" >"$work/cp" && [ "$(sed -n 2p "$work/cp")" = "$1" ] && [ "$(grep -c '^— w[123].test.example/[abc] ' "$work/cp")" -ge "${2:-2}" ]; }
t "the empty log is cosigned" until_true 10 cosigned 0 3
client=$work/client
# sums TOOL CACHE MODULES...
sums() {
	local tool=$1 cache=$2
	shift 2
	mkdir -p "$work/m" && cd "$work/m" && { [ -e go.mod ] || printf 'module example.com/m\n\ngo 1.21\n' >go.mod; }
	GOSUMDB="${db-$key ${url_of[log]}}" GOPROXY=${from:-file://$fx/good} GOPATH=$client GOMODCACHE=$work/mc.$cache "$tool" mod download "$@"
}
t "go takes the cosigned heads" sums "$GO" a example.com/words@v1.0.0
t "hermod does, too" sums "$HERMOD" b example.com/greet@v1.0.0
t "two records, three cosignatures" cosigned 2 3
go_head() { curl -s "${url_of[log]}/latest" | grep -c '^— w' | has -x 3; }
t "go's head carries them" go_head
down w3
t "with one witness down" sums "$GO" c example.com/words@v1.1.0
t "  there are two cosignatures" cosigned 3 2
cp "$work/cp" "$work/cp.before"
down w2
refused() { fails_with 1 "not published yet" sums "$GO" d example.com/words/v2@v2.0.0; }
t "with two down a new version is not shown" refused
stays() { curl -s "${url_of[log]}/checkpoint" | cmp - "$work/cp.before" && cmp "$work/log/public/checkpoint" "$work/cp.before"; }
t "  and the old head stays" stays
t "  what is known is still served" sums "$HERMOD" e example.com/words@v1.1.0
down log KILL
here "killed, and started again" log log --upstream "file://$fx/good" --witness-wait 1
t "  the old head stays" stays
here "a witness comes back" witness w2
t "  the record that waited is published" until_true 20 cosigned 4 2
t "  go gets it" sums "$GO" d example.com/words/v2@v2.0.0
t "  nothing was lost" bash -c "! grep -q SECURITY '$work/log.log'"
here "the third comes back" witness w3
down log
by_hand() {
	awk 'BEGIN { for (i = 0; i < 300; i++) { h = sprintf("%043d=", i); p = "example.com/long" i; print p " v1.0.0 h1:" h; print p " v1.0.0/go.mod h1:" h } }' >"$work/long.sum"
	GOSUMDB=off "$sumdb" import --dir "$work/log" "$work/long.sum" | has -x '300 added, 0 known, 0 without the other hash' && [ "$(sed -n 2p "$work/log/public/checkpoint")" = 4 ]
}
t "import without the server: in the log, not shown" by_hand
here "the server" log log --upstream "file://$fx/good" --witness-wait 1
t "  shows it, over a tile's border, cosigned by all" until_true 20 cosigned 304 3
t "  go follows" sums "$GO" f example.com/greet@v1.0.0
t "fsck" bash -c "cp -r '$work/log' '$work/copy' && '$sumdb' fsck --dir '$work/copy'"

offline() {
	"$sumdb" prove --dir "$work/log" --output "$work/proof" example.com/words@v1.0.0 && "$sumdb" check --key "$key" --witness "$w1 $w2 $w3" "$work/proof" &&
	fails_with 1 "too few witnesses" "$sumdb" check --key "$key" --witness "$w1 $("$sumdb" witness init --dir "$work/w5" --name x)" "$work/proof" &&
	sed '/^— w1/s/AA/AB/' "$work/proof" >"$work/forged" && fails_with 1 "invalid cosignature" "$sumdb" check --key "$key" --witness "$w1 $w2 $w3" --witness-quorum 2 "$work/forged"
}
t "an offline proof, with what the witnesses say" offline

# -- hermod: several databases, private modules verified, a quorum
key2=$("$sumdb" init --dir "$work/log2" --name sum2.test.example)
here "a second private log" log log2 --upstream "file://$fx/good"
db=$(cat "$fx/log.key")" file://$fx/log/sumdb/test.example"
several() { HERMOD_SUMDBS="${dbs-example.com/words=$key ${url_of[log]}; example.com/greet=$key2 ${url_of[log2]}}" GOPRIVATE='example.com/*' GONOPROXY=none sums "$HERMOD" "$@"; }
t "two private logs" several s1 example.com/words@v1.0.0 example.com/greet@v1.0.0
kept() { local d; for d in "$client/pkg/sumdb/sum.test.example/latest" "$client/pkg/sumdb/sum2.test.example/latest" "$work/mc.s1/cache/download/sumdb/sum2.test.example/lookup/example.com/greet@v1.0.0"; do [ -s "$d" ] || { echo "$d"; return 1; }; done; }
t "  each with its own state, where go keeps such" kept
evil() { from=file://$fx/evil-othermod fails_with 1 "SECURITY ERROR" several s2 example.com/words@v1.0.0 && ! ls "$work/mc.s2/cache/download/example.com/words/@v/"*.zip 2>/dev/null; }
t "a tampered private module is caught" evil
skipped() { from=file://$fx/evil-othermod dbs= several s3 example.com/words@v1.0.0; }
t "  which nobody would without (control)" skipped
default() { HERMOD_SUMDBS="example.com/greet=$key2 ${url_of[log2]}" sums "$HERMOD" s4 example.com/words@v1.0.0 example.com/greet@v1.0.0 && [ -s "$work/mc.s4/cache/download/sumdb/$(cut -d+ -f1 "$fx/log.key")/lookup/example.com/words@v1.0.0" ]; }
t "what no pattern matches goes to GOSUMDB" default
in_file() {
	printf '# ours\nquorum 2\nwitness %s\nwitness %s\nwitness %s\nexample.com=%s %s\n' "$w1" "$w2" "$w3" "$key" "${url_of[log]}" >"$work/dbs"
	dbs=@$work/dbs several s5 example.com/words@v1.0.0
}
t "a file, and two of three witnesses" in_file
too_few() { dbs="quorum 3; witness $w1; witness $w2; witness $("$sumdb" witness init --dir "$work/w4" --name w4.test.example/d); example.com=$key ${url_of[log]}" fails_with 1 "too few witnesses" several s6 example.com/words@v1.0.0; }
t "too few of the witnesses: refused" too_few
none() { dbs="quorum 1; witness $w1; example.com=$key2 ${url_of[log2]}" fails_with 1 "too few witnesses" several s7 example.com/greet@v1.0.0; }
t "a log without cosignatures: refused" none
# The second log is followed instead, and the witness asked.
followed() {
	"$sumdb" witness follow --dir "$work/w1" --once --log "$key2=${url_of[log2]}" && grep -q '^— w1' "$work/w1/public/$(hash_of sum2.test.example)/checkpoint" &&
	dbs="quorum 1; witness $w1 ${url_of[w1]}; example.com=$key2 ${url_of[log2]}" several s8 example.com/greet@v1.0.0
}
t "  until a witness that follows it is asked" followed
looks_by_itself() {
	local p
	up w6 "$sumdb" witness serve --dir "$work/w4" --listen 127.0.0.1:0 --every 1 --log "$key2=${url_of[log2]}" && p=${pid_of[w6]} || return 1
	until_true 10 grep -q '^— w4' "$work/w4/public/$(hash_of sum2.test.example)/checkpoint"
	set -- $?
	kill "$p" && wait "$p" && return "$1"
}
t "a witness that serves looks, too" looks_by_itself
wrong() {
	local v
	for v in "example.com" "example.com=nokey" "@$work/nosuch" "quorum 1; example.com=$key" "witness $w1; example.com=$key" "a=$key; b=${key%????}AAAA"; do
		dbs=$v fails_with 1 "invalid HERMOD_SUMDBS" several s9 example.com/words@v1.0.0 || { echo "$v"; return 1; }
	done
}
t "a wrong HERMOD_SUMDBS: nothing is downloaded" wrong
# In the file of go env -w, which go reads, and writes, all the same.
written() {
	local file=$work/conf/go/env dbs="example.com/words=$key ${url_of[log]}; example.com/greet=$key2 ${url_of[log2]}"
	export GOENV=$file GONOPROXY=none
	unset HERMOD_SUMDBS GOPRIVATE
	"$HERMOD" env -w "HERMOD_SUMDBS=$dbs" 'GOPRIVATE=example.com/*' && [ "$("$HERMOD" env HERMOD_SUMDBS)" = "$dbs" ] && [ "$("$GO" env GOPRIVATE)" = 'example.com/*' ] || return 1
	"$GO" env -w GOINSECURE=none.example && [ "$("$HERMOD" env HERMOD_SUMDBS)" = "$dbs" ] || return 1
	sums "$HERMOD" s11 example.com/words@v1.0.0 example.com/greet@v1.0.0 && from=file://$fx/evil-othermod fails_with 1 "SECURITY ERROR" sums "$HERMOD" s12 example.com/words@v1.0.0 || return 1
	cp "$file" "$work/was"
	fails_with 1 "invalid HERMOD_SUMDBS: line 1" "$HERMOD" env -w HERMOD_SUMDBS=example.com && fails_with 1 "HERMOD_SUMDBS entry is relative" "$HERMOD" env -w HERMOD_SUMDBS=@dbs &&
	fails_with 1 "unknown go command variable HERMOD_NONE" "$HERMOD" env -w HERMOD_NONE=1 && cmp "$file" "$work/was" || return 1
	HERMOD_SUMDBS="example.com=$key http://127.0.0.1:9" fails_with 1 "verifying" sums "$HERMOD" s13 example.com/words@v1.0.0 || return 1
	"$HERMOD" env -u HERMOD_SUMDBS && [ -z "$("$HERMOD" env HERMOD_SUMDBS)" ] && [ "$("$GO" env GOPRIVATE)" = 'example.com/*' ] && fails_with 1 "" grep HERMOD "$file" && from=file://$fx/evil-othermod sums "$HERMOD" s14 example.com/words@v1.0.0
}
t "hermod env -w HERMOD_SUMDBS, and -u" written
gone() { dbs="example.com=$key http://127.0.0.1:9" fails_with 1 "verifying" several s10 example.com/words@v1.0.0; }
t "a database that is away: nothing is downloaded" gone

# -- a log with two histories
unset db
cat >"$work/hook" <<'EOF'
#!/bin/sh
cat >>"$HOOK_OUT"
EOF
chmod +x "$work/hook"
monitor() { local at=$1; shift; HOOK_OUT=$work/hook.$at.out "$sumdb" monitor --url "${url_of[$at]}" --key "$key" --state "$work/mon" --hook "$work/hook" "$@"; }
t "the monitor sees one history" monitor log --from-start --for example.com/words --witness "$w1 $w2 $w3" --witness-quorum 2
lone() { HOOK_OUT=$work/hook.lone.out fails_with 1 "too few witnesses" "$sumdb" monitor --url "${url_of[log2]}" --key "$key2" --state "$work/mon.lone" --witness "$w1" --hook "$work/hook" && grep -q '"Event":"invalid","Log":"sum2.test.example","Message":"too few' "$work/hook.lone.out"; }
t "the monitor wants cosignatures" lone
hook_told() { [ "$(wc -l <"$work/hook.log.out")" = 3 ] && head -n 1 "$work/hook.log.out" | python3 -c 'import json,sys; e=json.load(sys.stdin); assert e["Event"]=="version" and e["Path"]=="example.com/words" and e["Record"]==0, e'; }
if command -v python3 >/dev/null; then t "  and its hook is told" hook_told; else skip "  and its hook is told" "no python3"; fi
down log
fork() {
	rm -rf "$work/copy" && cp -r "$work/log" "$work/fork" && rm "$work/fork/witnesses" && echo "quorum 0" >"$work/fork/witnesses" &&
	head -n 2 "$work/long.sum" | sed 's/long0/only-in-log/' >"$work/one.sum" && head -n 6 "$work/long.sum" | sed 's/long/only-in-fork/' >"$work/two.sum" &&
	GOSUMDB=off "$sumdb" import --dir "$work/log" "$work/one.sum" && GOSUMDB=off "$sumdb" import --dir "$work/fork" "$work/two.sum"
}
t "the log forks" fork
here "one side" log log --offline --witness-wait 1
t "  is cosigned" until_true 20 cosigned 305 3
t "  go sees it" sums "$GO" g example.com/words@v1.0.0
t "  the monitor sees it" monitor log
t "  a witness that looks sees it" "$sumdb" witness follow --dir "$work/w1" --once --log "$key=${url_of[log]}"
here "the other side" log fork --offline
caught() { db="$key ${url_of[fork]}" fails_with 1 "SECURITY ERROR" sums "$1" "$2" example.com/greet@v1.0.0; }
t "go catches it" caught "$GO" g
t "hermod catches it" caught "$HERMOD" g
by_table() { dbs="example.com=$key ${url_of[fork]}" fails_with 1 "SECURITY ERROR" several g example.com/words/v2@v2.0.0; }
t "hermod with HERMOD_SUMDBS catches it" by_table
t "the monitor catches it" fails_with 3 "SECURITY ERROR: the log has forked" monitor fork
told() { grep -q '"Event":"fork","Log":"sum.test.example"' "$work/hook.fork.out" && grep -q '^now:' "$work/mon.evidence"; }
t "  its hook is told, and both heads are kept" told
looks() { export HOOK_OUT=$work/hook.w.out; fails_with 3 "the log has forked" "$sumdb" witness follow --dir "$work/w1" --once --hook "$work/hook" --log "$key=${url_of[fork]}" && grep -q '"Event":"fork"' "$work/hook.w.out" && grep -l '^now:' "$work/w1/evidence/"* && "$sumdb" witness log --dir "$work/w1" | grep '^sum.test.example 305 '; }
t "the witness that looks catches it" looks
asked() {
	{ echo "old 305"; echo; curl -s "${url_of[fork]}/checkpoint"; } >"$work/req"
	[ "$(add "$work/req")" = 422 ] && [ "$(curl -s "${url_of[w1]}/$(hash_of sum.test.example)/checkpoint" | sed -n 2p)" = 305 ]
}
t "the witness that is asked refuses it" asked
counted() { curl -s "${url_of[w1]}/metrics" >"$work/body"; cat "$work/body"; grep -qx 'hermod_witness_add_checkpoint_total{status="422"} 2' "$work/body" && grep -qx 'hermod_witness_alarms_total 0' "$work/body" && grep -qx 'hermod_witness_logs 2' "$work/body"; }
t "metrics" counted
down fork
# The fork's owner asks for cosignatures himself.
here "the other side with witnesses" log fork --offline --witness "$w1=${url_of[w1]} $w2=${url_of[w2]}" --witness-quorum 2 --witness-wait 0
t "the witnesses do not cosign it, and that is an alarm" until_true 10 grep -q 'does not find this log consistent' "$work/fork/alarms"
down fork

# -- a log that is set back
small=$work/log.old
set_back() {
	cp -r "$work/log" "$small" && head -n 2 "$work/long.sum" | sed 's/long0/newer/' >"$work/one.sum"
}
down log
t "a copy of the log is made" set_back
GOSUMDB=off "$sumdb" import --dir "$work/log" "$work/one.sum" >"$work/out"
here "the log goes on" log log --offline --witness-wait 1
t "  cosigned" until_true 20 cosigned 306 3
t "  the monitor follows" monitor log
down log
here "the copy in its place" log log.old --offline --witness-wait 0
t "the witnesses have seen more: an alarm" until_true 10 grep -q 'has seen 306 records of this log, which has 305' "$small/alarms"
t "the monitor sees the rollback" fails_with 4 "SECURITY ERROR: the log was rolled back" monitor log.old
older() { "$sumdb" witness log --dir "$work/w1" add "$key=${url_of[log.old]}" && fails_with 4 "the log was rolled back" "$sumdb" witness follow --dir "$work/w1" --once && "$sumdb" witness log --dir "$work/w1" | grep '^sum.test.example 306 '; }
t "the witness that looks sees it, too" older
removed() { "$sumdb" witness log --dir "$work/w1" remove sum.test.example && [ "$(add "$work/req")" = 404 ] && "$sumdb" witness log --dir "$work/w1" add "$key" && "$sumdb" witness log --dir "$work/w1" | grep '^sum.test.example 306 '; }
t "a witness that is told to forget the log remembers its head" removed
down log.old

# -- stale, unreachable
cp "$work/log/public/latest" "$work/mon.stale" && touch -d '3 days ago' "$work/mon.stale"
stale() { HOOK_OUT=$work/hook.stale.out fails_with 5 "stale: the head of 306 records" "$sumdb" monitor --url "file://$work/log/public" --key "$key" --state "$work/mon.stale" --stale 2d --hook "$work/hook" && grep -q '"Event":"stale".*"Size":306,"Age":259' "$work/hook.stale.out"; }
t "monitor: a stale head" stale
t "monitor: not stale yet" "$sumdb" monitor --url "file://$work/log/public" --key "$key" --state "$work/mon.stale" --stale 4d
t "monitor: what is no duration" fails_with 2 "is not like 90s" "$sumdb" monitor --url x --key "$key" --state "$work/mon.stale" --stale 4x
away() { HOOK_OUT=$work/hook.away.out fails_with 6 "" "$sumdb" monitor --url http://127.0.0.1:9 --key "$key" --state "$work/mon.stale" --hook "$work/hook" --json && grep -q '"Event":"unreachable","Log":"sum.test.example"' "$work/hook.away.out"; }
t "monitor: a log that is away" away
no_hook() {
	rm -f "$work/mon.again"
	fails_with 1 "hook: exit status 7" "$sumdb" monitor --url "file://$work/log/public" --key "$key" --state "$work/mon.again" --from-start --for example.com/words --hook 'exit 7' && [ ! -e "$work/mon.again" ] &&
	"$sumdb" monitor --url "file://$work/log/public" --key "$key" --state "$work/mon.again" --from-start --for example.com/words | grep -c . | has -x 3
}
# A log by C2SP's paths alone: what a static server of another program has.
other_paths() {
	local f d=$work/c2sp n
	here_url=$(sed -n 's/^listening on //p' "$work/c2sp.log")
	n=$(curl -s "$here_url/checkpoint" | sed -n 2p)
	for f in checkpoint tile/0/000 "tile/0/001.p/$((n - 256))" tile/1/000.p/1 tile/entries/000 "tile/entries/001.p/$((n - 256))"; do curl -sf --create-dirs -o "$d/$f" "$here_url/$f" || { echo "$f"; return 1; }; done
	"$sumdb" monitor --url "file://$d" --key "$key" --state "$work/mon.c2sp" --from-start --for example.com/words >"$work/out" && [ "$(wc -l <"$work/out")" = 3 ] || { cat "$work/out"; return 1; }
	printf X | dd of="$d/tile/entries/000" bs=1 seek=20 conv=notrunc 2>/dev/null && fails_with 1 "SECURITY ERROR: record 0 is not the one in the tree" "$sumdb" monitor --url "file://$d" --key "$key" --state "$work/mon.c2sp2" --from-start
}
here "a log" up c2sp "$sumdb" serve --dir "$work/log" --listen 127.0.0.1:0 --offline --witness-wait 0
t "monitor: a log by C2SP's paths" other_paths
down c2sp
t "monitor: what the hook did not take is told again" no_hook
# A monitor that stays: it is told of what comes, of a log that goes and comes back, and ends with a fork.
tailing() {
	local hook=$work/hook.tail.out p i
	rm -f "$work/mon.tail" && cp -r "$work/log/public" "$work/tailed" || return 1
	HOOK_OUT=$hook "$sumdb" monitor --url "file://$work/tailed" --key "$key" --state "$work/mon.tail" --for example.com/none --every 1 --hook "$work/hook" 2>"$work/tail.err" &
	p=$!
	until_true 10 test -s "$work/mon.tail" && mv "$work/tailed" "$work/tailed.away" && until_true 10 grep -q '"Event":"unreachable"' "$hook" &&
	sleep 2.5 && [ "$(grep -c unreachable "$hook")" = 1 ] && kill -0 $p && cp -r "$work/fork/public" "$work/tailed" || { cat "$work/tail.err"; kill $p; return 1; }
	wait $p
	[ $? = 3 ] || { cat "$work/tail.err"; return 1; }
	grep -q '"Event":"fork"' "$hook"
}
t "monitor: one that stays" tailing
lies() { HOOK_OUT=$work/hook.lies.out fails_with 1 "no verifiable signatures" "$sumdb" witness follow --dir "$work/w2" --once --log "$key2=file://$work/log/public" --hook "$work/hook" && grep -q '"Event":"invalid","Log":"sum2.test.example"' "$work/hook.lies.out"; }
t "witness: a log that is another" lies
"$sumdb" witness log --dir "$work/w2" remove sum2.test.example
t "witness: a log that is away" fails_with 6 "" "$sumdb" witness follow --dir "$work/w2" --once --log "$key=http://127.0.0.1:9"

# -- the cosignatures are what others take for such
reference() {
	mkdir -p "$work/ref" && cd "$work/ref" || return 1
	cat >main.go <<'EOF'
package main

import (
	"fmt"
	"os"

	cosig "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

func main() {
	log, err := note.NewVerifier(os.Args[1])
	if err != nil {
		panic(err)
	}
	known := []note.Verifier{log}
	for _, key := range os.Args[3:] {
		v, err := cosig.NewVerifierForCosignatureV1(key)
		if err != nil {
			panic(err)
		}
		known = append(known, v)
	}
	text, _ := os.ReadFile(os.Args[2])
	n, err := note.Open(text, note.VerifierList(known...))
	if err != nil {
		panic(err)
	}
	fmt.Println(len(n.Sigs), len(n.UnverifiedSigs))
}
EOF
	printf 'module ref\n\ngo 1.24\n\nrequire github.com/transparency-dev/formats v0.1.0\n' >go.mod
	export GOPROXY=$PROXY GOFLAGS="-mod=mod -modcacherw" GOPATH=$work/refpath GOCACHE=$TEST_GOCACHE
	"$GO" mod tidy 2>/dev/null && "$GO" build -o ref . && [ "$(./ref "$key" "$work/log/public/checkpoint" "$w1" "$w2" "$w3")" = "4 0" ] && ! ./ref "$key" <(sed '2s/6/7/' "$work/log/public/checkpoint") "$w1" 2>/dev/null
}
if [ -n "$PROXY" ] && [ "$(status "$PROXY/github.com/transparency-dev/formats/@v/v0.1.0.info")" = 200 ]; then
	t "the reference library verifies the cosignatures" reference
else
	skip "the reference library verifies the cosignatures" "no proxy that has it"
fi

# -- the log's key changes, and the witnesses are told
client=$work/client2
here "the server" log log --offline --witness-wait 1
t "a client of the old key" sums "$GO" k0 example.com/words@v1.0.0
down log
rotate() { newkey=$("$sumdb" rotate --dir "$work/log") && [ "$newkey" != "$key" ] && head -n 2 "$work/long.sum" | sed 's/long0/grown/' >"$work/one.sum" && GOSUMDB=off "$sumdb" import --dir "$work/log" "$work/one.sum"; }
here "a second key, and a record" rotate
here "the server" log log --offline --witness-wait 1
both() { cosigned 307 3 && [ "$(grep -c '^— sum.test.example ' "$work/cp")" = 2 ]; }
t "  signed by both, cosigned by all" until_true 20 both
t "  go with the old key" sums "$GO" k1 example.com/words@v1.0.0
other() { db="$newkey ${url_of[log]}" sums "$GO" "$1" example.com/words@v1.0.0 && dbs="quorum 2; witness $w1; witness $w2; witness $w3; example.com=$newkey ${url_of[log]}" several "$1" example.com/greet@v1.0.0; }
t "  go, and hermod with witnesses, with the new key" other k2
for w in w1 w2 w3; do "$sumdb" witness log --dir "$work/$w" add "$newkey"; done
down log
"$sumdb" rotate --dir "$work/log" --retire >"$work/out"
here "the new key alone" log log --offline --witness-wait 1
alone() { cosigned 307 3 && [ "$(grep -c '^— sum.test.example ' "$work/cp")" = 1 ]; }
t "  cosigned by all" until_true 20 alone
t "  go and hermod go on" other k3
down log

# -- Go's public log, the way go finds it
if [ -n "$PROXY" ] && [ "$(status "$PROXY/sumdb/sum.golang.org/supported")" = 200 ]; then
	public() { GOPROXY=$PROXY "$sumdb" monitor --key sum.golang.org --state "$work/mon.public" --for nosuch.example && head -n 1 "$work/mon.public" | has -x 'go.sum database tree'; }
	t "monitor: Go's public log" public
	public_witness() { GOPROXY=$PROXY "$sumdb" witness follow --dir "$work/w3" --once --log sum.golang.org=goproxy && grep -q '^— w3' "$work/w3/public/$(hash_of 'go.sum database tree')/checkpoint"; }
	t "witness: Go's public log" public_witness
	public_quorum() {
		mkdir -p "$work/pm" && cd "$work/pm" && printf 'module example.com/m\n\ngo 1.21\n' >go.mod
		HERMOD_SUMDBS="quorum 1; witness $w3 ${url_of[w3]}; *=sum.golang.org $PROXY/sumdb/sum.golang.org" GOPROXY=$PROXY GOPATH=$work/pc GOMODCACHE=$work/mc.public "$HERMOD" mod download rsc.io/quote@v1.5.2
	}
	t "hermod: a public module that a witness vouches for" public_quorum
else
	skip "Go's public log" "no proxy that passes it through"
fi
for w in w1 w2 w3; do down $w; done
finish
