# A log that is killed at any moment: of its appends, and of its answers to clients that
# look for versions which it has to fetch.  What was acknowledged or shown is there
# afterwards, under the same number, in a log that continues it.
#
# KILLS (default 200, with sanitizers 40): how often while it appends; a sixth as often
# while it serves.
. "$(dirname "$0")/../e2e/lib.sh"

sumdb=$BUILDDIR/hermod-sumdb
logkill=$BUILDDIR/tests/fault/logkill
[ -x "$logkill" ] || { t "$logkill is built" false; finish; }
few=
if nm "$sumdb" 2>/dev/null | grep -E '__(asan|tsan)_init' >/dev/null; then few=' (fewer under sanitizers)'; fi
kills=${KILLS:-$([ -n "$few" ] && echo 40 || echo 200)}

# fresh DIR: a log there, $dir, and its key, $key; nothing of it was seen yet.
fresh() { dir=$1 && key=$("$sumdb" init --dir "$1" --name sum.test.example) && : >"$work/seen" && : >"$work/verified" && rm -f "$work/mon"; }
monitor() { "$sumdb" monitor --url "file://$dir/public" --key "$key" --state "$work/mon" --from-start >/dev/null; }
clean() { "$sumdb" fsck --dir "$dir" | has ' 0 wrong'; }
# whole N: what holds after kill N.
whole() {
	# What is published stands alone, before anybody repairs it.
	[ $(($1 % 10)) != 0 ] || monitor || { echo "the public files after kill $1"; return 1; }
	"$logkill" verify "$dir" "$work/seen" >>"$work/verified" || { echo "kill $1"; return 1; }
	[ $(($1 % 40)) != 0 ] || clean || { echo "fsck after kill $1"; return 1; }
	[ $(($1 % 20)) != 0 ] || tail -n 100 "$work/seen" >"$work/recent" # later heads cover the old ones
	[ $(($1 % 20)) != 0 ] || cp "$work/recent" "$work/seen"
}
told() { tail -n 1 "$work/verified" | sed 's/^/# /' && sed -n 's/.*opened in/# slowest restart:/p' "$work/verified" | sort -n -k 4 | tail -n 1; }

# Ten kills each time, in one process; a kill comes some tens of milliseconds after the start.
killed() {
	local i
	for i in $(seq 10 10 "$kills"); do
		"$logkill" kill "$dir" "$work/seen" "$i" 10 >>"$work/verified" && whole "$i" || return 1
	done
}
fresh "$work/log" || { t "a log" false; finish; }
t "killed $kills times as it appends: nothing lost, rolled back or forked$few" killed
told
t "the monitor followed all of it" monitor
t "fsck finds nothing wrong" clean
grown() { [ "$(sed -n 2p "$dir/public/latest")" -gt $((kills * 5)) ]; }
t "and it grew all the time" grown

# -- a server under load: sixteen clients look for versions that it has not, and want tiles
# and heads meanwhile
if ! command -v curl >/dev/null || [ -z "$GO" ]; then
	skip "killed as it serves" "no curl, or no go command to make modules with"
	finish
fi
export GOSUMDB=off GOENV=off GOTOOLCHAIN=local
served=$((kills / 6))
each=60 # versions are asked for between two kills, so many more are there than the log has
gotool storefill "$work/up" 20 $((served * each / 20 + 1)) 60 || { t "modules" false; finish; }
awk -v n=$((served * each / 20 + 1)) 'BEGIN { for (m = 0; m < 20; m++) for (v = 0; v < n; v++) print "m" m ".example/pkg@v1." v ".0" }' >"$work/all"

# questions FROM: a configuration of curl; the answers go to $work/body.
questions() {
	tail -n "+$1" "$work/all" | head -n "$each" | awk -v url="$url" -v to="$work/body" 'function ask(path, kind) { print "url = " url path "\noutput = " to "/" kind NR }
		{ ask("/lookup/" $0, "lookup") }
		NR % 6 == 0 { ask("/latest", "head"); ask("/tile/8/0/000", "hashes"); ask("/tile/8/data/000", "data") }'
}
# answers: what clients got whole, as logkill wants it.
answers() {
	awk 'FNR == 1 { id = $0; at = 0 }
		FNR == 2 { name = $1 " " $2 }
		$0 == "go.sum database tree" { at = FNR }
		at && FNR == at + 1 { size = $0 }
		at && FNR == at + 2 { root = $0 }
		at && /^— / { if (id ~ /^[0-9]+$/) print "record " id " " name; print "head " size " " root; at = 0 }' /dev/null "$work"/body/[lh]*[0-9] 2>/dev/null
}
# as_published KIND TILE: what came of a full tile is how that tile begins.
as_published() {
	local f
	for f in "$work/body/$1"*; do
		[ ! -s "$f" ] || cmp -n "$(stat -c %s "$f")" "$f" "$dir/public/tile/8/$2" || return 1
	done
}
serve() {
	local client
	rm -rf "$work/body" && mkdir "$work/body"
	launch "$work/serve.log" "$sumdb" serve --dir "$dir" --upstream "file://$work/up" --listen 127.0.0.1:0 || return 1
	questions "$(($(tail -n 1 "$work/verified" | sed -n 's/.*hold; \([0-9]*\) records.*/\1/p') + 1))" >"$work/curlrc"
	curl -q -s -f -Z --parallel-max 16 -K "$work/curlrc" 2>/dev/null & client=$!
	sleep "0.$(printf %03d $((20 + RANDOM % 130)))"
	kill -9 "$pid" || { cat "$work/serve.log"; return 1; }
	wait "$pid" "$client" 2>/dev/null
	answers | tee -a "$work/seen" | wc -l >>"$work/got"
	whole "$1" && as_published hashes 0/000 && as_published data data/000
}
: >"$work/got"
fresh "$work/served" && "$logkill" verify "$dir" "$work/seen" >"$work/verified" || { t "a log" false; finish; }
killed() { local i; for i in $(seq "$served"); do serve "$i" || return 1; done; }
t "killed $served times as it serves: nothing lost, rolled back or forked$few" killed
told
answered() { awk '{ n += $1 } END { print "# lines of answers that were held against the log: " n; exit n < 5 * NR }' "$work/got"; }
t "clients had answers each time" answered
answered
t "fsck finds nothing wrong" clean
finish
