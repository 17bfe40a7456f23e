# A log that is killed at any moment of its appends: what was acknowledged or shown is
# there afterwards, under the same number, in a log that continues it.
#
# KILLS (default 40): how often.
. "$(dirname "$0")/../e2e/lib.sh"

sumdb=$BUILDDIR/hermod-sumdb
logkill=$BUILDDIR/tests/fault/logkill
[ -x "$logkill" ] || { t "$logkill is built" false; finish; }
kills=${KILLS:-40}
key=$("$sumdb" init --dir "$work/log" --name sum.test.example) || { t "a log" false; finish; }

monitor() { "$sumdb" monitor --url "file://$work/log/public" --key "$key" --state "$work/mon" --from-start >/dev/null; }

# one N: killed somewhere between its start and some hundred milliseconds later.
one() {
	local pid
	"$logkill" append "$work/log" "$1" >>"$work/seen" 2>"$work/append.err" &
	pid=$!
	sleep "0.$(printf %03d $((RANDOM % ($1 % 4 == 0 ? 30 : 300))))"
	kill -9 "$pid" || { cat "$work/append.err"; return 1; }
	wait "$pid" 2>/dev/null
	# The last line may be cut off.
	[ -z "$(tail -c 1 "$work/seen")" ] || sed -i '$d' "$work/seen"
	# What is published stands alone, before anybody repairs it.
	if [ $(($1 % 5)) = 0 ]; then monitor || { echo "the public files after kill $1"; return 1; }; fi
	"$logkill" verify "$work/log" "$work/seen" >"$work/verified" || { echo "kill $1"; return 1; }
	sed -n 's/.*opened in \([0-9]*\) ms/\1/p' "$work/verified" >>"$work/opened"
	if [ $(($1 % 8)) = 0 ]; then "$sumdb" fsck --dir "$work/log" || { echo "fsck after kill $1"; return 1; }; fi
	tail -n 200 "$work/seen" >"$work/recent" # the old ones are covered by later heads
	[ $(($1 % 10)) = 0 ] || cp "$work/recent" "$work/seen"
}
killed() { local i; : >"$work/seen"; for i in $(seq "$kills"); do one "$i" || return 1; done; cat "$work/verified"; }
t "killed $kills times: nothing lost, rolled back or forked" killed
sed 's/^/# /' "$work/verified"
echo "# slowest restart: $(sort -n "$work/opened" | tail -n 1) ms"
t "the monitor followed all of it" monitor
t "fsck finds nothing wrong" bash -c "'$sumdb' fsck --dir '$work/log' | grep ' 0 wrong'"
grown() { [ "$(sed -n 2p "$work/log/public/latest")" -gt $((kills * 10)) ]; }
t "and it grew all the time" grown
finish
