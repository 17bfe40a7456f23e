# hermod-proxy is killed at random while it fetches, and its quota removes: no version is ever half there.
. "$(dirname "$0")/../e2e/lib.sh"
. "$top/tests/e2e/proxy.inc"

# A client that takes versions at random until it is told to stop.
ask() {
	local m v
	while [ ! -e "$work/enough" ]; do
		m=$((RANDOM % 20)) v=v1.$((RANDOM % 2)).0
		curl -s -m 5 -o /dev/null "$url/m$m.example/pkg/@v/$v.info" -o /dev/null "$url/m$m.example/pkg/@v/$v.mod" -o /dev/null "$url/m$m.example/pkg/@v/$v.zip"
	done
}
# Each zip that is there is upstream's, with its hash; each list names what is there.
sound() {
	local f
	for f in $(cd "$work/trim/cache/download" && find . -name '*.zip'); do cmp "$work/trim/cache/download/$f" "$up/$f" || return 1; done
	"$proxy" fsck --dir "$work/trim" || return 1
}
round() {
	local i clients=()
	rm -f "$work/enough"
	start trim --upstream "file://$up" --quota 600K || return 1
	for i in 1 2 3; do ask & clients+=($!); done
	sleep "1.$((RANDOM % 10))"
	kill -9 "$pid"
	wait "$pid"
	touch "$work/enough"
	wait "${clients[@]}"
	start trim --upstream "file://$up" --quota 600K && until_true grep -q "versions differed" "$work/trim.log" && stop && sound
}
for n in 1 2 3 4 5 6; do here "killed, round $n" round; done
removed() { ls "$work/trim/cache/download"/m*.example/pkg/@v/*.lock >/dev/null && [ "$(find "$work/trim" -name '*.zip' | wc -l)" -lt "$(find "$work/trim" -name '*.lock' | wc -l)" ]; }
t "some were removed meanwhile" removed
finish
