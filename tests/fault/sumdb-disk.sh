# A log on a full disk, under a clock that jumps, with two servers, with damaged files:
# each is named, nothing is served that does not verify, nothing is signed over it.
. "$(dirname "$0")/../e2e/lib.sh"

sumdb=$BUILDDIR/hermod-sumdb
export GOSUMDB=off GOENV=off GOTOOLCHAIN=local
command -v curl >/dev/null || { skip "a damaged log" "no curl"; finish; }

# lines FROM TO: a go.sum file.
lines() {
	awk -v a="$1" -v b="$2" 'BEGIN { for (i = a; i < b; i++) { h = sprintf("%043d=", i); p = sprintf("example.com/m%04d", i)
		print p " v1.0.0 h1:" h; print p " v1.0.0/go.mod h1:" h } }'
}
lines 0 600 >"$work/base.sum"
lines 600 620 >"$work/more.sum"
lines 1000 30000 >"$work/long.sum"
"$sumdb" init --dir "$work/base" --name sum.test.example >"$work/key" && "$sumdb" import --dir "$work/base" "$work/base.sum" >/dev/null ||
	{ t "a log" false; finish; }
key=$(cat "$work/key")

# start DIR ENV...: $url, $pid.
start() {
	local dir=$1
	shift
	launch "$work/serve.log" env "$@" "$sumdb" serve --dir "$dir" --listen 127.0.0.1:0 --offline
}
stop() { kill "$pid" && wait "$pid"; }
status() { curl -s -o "$work/body" -w '%{http_code}' "$@"; }
fresh() { rm -rf "$work/log" && cp -r "$work/base" "$work/log"; }
# flip FILE OFFSET: another byte there.
flip() {
	local b
	b=$(od -An -tu1 -j"$2" -N1 "$1")
	# shellcheck disable=SC2059
	printf "\\$(printf %03o $((b ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# -- damaged while nobody looks: named at the first use, not handed out; the rest is
lookup() { status "$url/lookup/example.com/m$(printf %04d "$1")@v1.0.0"; }
named() { grep -q "$1" "$work/body" && grep -q "$1" "$work/serve.log"; }
fresh && flip "$work/log/public/tile/8/data/000" 5040
here "start with a damaged data tile" start "$work/log"
damaged_data() {
	local i bad=
	for i in $(seq 20 50); do [ "$(lookup "$i")" = 200 ] || { bad+=" $i"; named 'tile/8/data/000: damaged tile: a record is not' || return 1; }; done
	[ "$(wc -w <<<"$bad")" = 1 ] && [ "$(status "$url/tile/8/data/000")" = 500 ] && [ "$(status "$url/tile/entries/000")" = 500 ] &&
	[ "$(status "$url/tile/8/0/000")" = 200 ] && [ "$(lookup 300)" = 200 ] && [ "$(status "$url/latest")" = 200 ]
}
t "  its records are not served, the others are" damaged_data
stop
t "  fsck names the record" fails_with 1 "tile/8/data: record " "$sumdb" fsck --dir "$work/log"
t "  and cannot repair it" fails_with 1 "is not the one that was logged" "$sumdb" fsck --repair --dir "$work/log"
fresh && flip "$work/log/public/tile/8/0/001" 77
here "start with a damaged hash tile" start "$work/log"
damaged_hash() { [ "$(status "$url/tile/8/0/001")" = 500 ] && named 'tile/8/0/001: damaged' && [ "$(status "$url/tile/8/0/000")" = 200 ] && [ "$(lookup 258)" = 500 ] && [ "$(lookup 259)" = 500 ] && [ "$(lookup 10)" = 200 ]; }
t "  it is not served, nor is a record that it should prove" damaged_hash
stop
mended() {
	"$sumdb" fsck --repair --dir "$work/log" >"$work/fsck" && grep -q 'tile/8/0/001: written again' "$work/fsck" && cmp "$work/log/public/tile/8/0/001" "$work/base/public/tile/8/0/001"
}
t "  fsck makes it again" mended
fresh && truncate -s 100 "$work/log/public/tile/8/data/001" && rm "$work/log/public/tile/8/0/000"
here "start with a truncated and a missing tile" start "$work/log"
short() { [ "$(status "$url/tile/8/data/001")" = 500 ] && named 'tile/8/data/001: damaged tile: too few records' && [ "$(status "$url/tile/8/0/000")" = 500 ] && named 'tile/8/0/000: damaged tile: it is not there' && [ "$(lookup 590)" = 200 ] || { cat "$work/body" "$work/serve.log"; return 1; }; }
t "  both are named" short
stop

# -- damaged while it is served: what the server has in memory stays right, and what it
# reads again it proves again, though it did so before
fresh
here "start with whole tiles" start "$work/log"
gets() { [ "$(status "$url/$1")" = 200 ] && cmp "$work/body" "$work/base/public/$1"; }
all_get() { for _ in 1 2 3; do gets tile/8/0/001 && gets tile/8/data/001 || return 1; done; }
t "  they are served" all_get
flip "$work/log/public/tile/8/0/001" 77
flip "$work/log/public/tile/8/data/001" 5040
t "  damaged now, they are served as they were proven" all_get
stop
fresh
sleep 3 # a file's times are believed when they are some seconds old
here "start without memory for tiles" start "$work/log" HERMOD_SUMDB_MEMORY=0
t "  they are served" all_get
t "  and records" bash -c "for i in 258 300 500; do curl -sf '$url/lookup/example.com/m0'\$i@v1.0.0 >/dev/null || exit 1; done"
was=$work/log/public/tile/8
touch -r "$was/data/001" "$work/time"
flip "$was/data/001" 5040
touch -r "$work/time" "$was/data/001"
t "  a data tile that is damaged now is not" bash -c "[ \$(curl -s -o '$work/body' -w '%{http_code}' '$url/tile/8/data/001') = 500 ] && grep -q 'tile/8/data/001: damaged tile: a record is not' '$work/body'"
t "  the others are" gets tile/8/0/001
flip "$was/0/001" 77
t "  nor is a hash tile, nor what it should prove" eval '[ "$(status "$url/tile/8/0/001")" = 500 ] && named "tile/8/0/001: damaged" && [ "$(lookup 301)" = 500 ] && gets tile/8/0/000'
flip "$was/0/001" 77
flip "$was/data/001" 5040
t "  put right, they are served again" all_get
stop

# -- refused at the start
refused() {
	fails_with 1 "$1" timeout 20 "$sumdb" serve --dir "$work/log" --listen 127.0.0.1:0 --offline && fails_with 1 "$1" timeout 20 "$sumdb" import --dir "$work/log" "$work/more.sum" &&
	cmp "$work/log/public/latest" "${2:-$work/base/public/latest}"
}
fresh && flip "$work/log/public/tile/8/0/002.p/88" 40
t "the newest hash tile is damaged" refused "tile/8/data/002.p/88: a record is not the one that was logged"
fresh && flip "$work/log/public/tile/8/data/002.p/88" 40
t "the newest data tile is damaged" refused "is not the one that was logged"
fresh && truncate -s 9000 "$work/log/index.db"
t "a truncated database" refused "index.db"
t "  is made again by fsck" bash -c "'$sumdb' fsck --repair --dir '$work/log' && '$sumdb' fsck --dir '$work/log' && '$sumdb' import --dir '$work/log' '$work/more.sum' | has -x '20 added, 0 known, 0 without the other hash'"
fresh && head -c 4096 /dev/urandom >"$work/log/index.db"
t "a database that is none" refused "index.db"
fresh && rm "$work/log/index.db"
t "no database" refused "index.db: it is not there"
fresh && "$sumdb" import --dir "$work/log" "$work/more.sum" >/dev/null && cp "$work/base/index.db" "$work/log/index.db" && cp "$work/log/public/latest" "$work/newer"
t "a database that was set back" refused "it was set back" "$work/newer"
"$sumdb" init --dir "$work/other" --name sum.test.example >/dev/null && "$sumdb" import --dir "$work/other" "$work/more.sum" >/dev/null
fresh && cp "$work/other/key" "$work/log/key"
t "another key of the same name" refused "no verifiable signatures"
fresh && chmod 644 "$work/log/key"
t "a key that others may read" refused "others may read it"
fresh && echo nonsense >"$work/log/key"
t "a key that is none" refused "key: malformed"
fresh && cp "$work/other/public/checkpoint" "$work/log/public/checkpoint"
t "a published checkpoint of another log" refused "no verifiable signatures"
fresh && rm -rf "$work/fork" && cp -r "$work/base" "$work/fork" &&
	lines 700 710 >"$work/fork.sum" && "$sumdb" import --dir "$work/fork" "$work/fork.sum" >/dev/null && lines 800 830 >"$work/other.sum" && "$sumdb" import --dir "$work/log" "$work/other.sum" >/dev/null &&
	cp "$work/fork/public/latest" "$work/log/public/latest"
t "a published head of a fork of this log" refused "it was published, but is not of this log" "$work/fork/public/latest"

# -- two at once
fresh
here "one server" start "$work/log"
second() {
	local c
	for c in "serve --listen 127.0.0.1:0" fsck rotate "import $work/more.sum" key; do
		# shellcheck disable=SC2086
		fails_with 1 "in use by another process" "$sumdb" ${c%% *} --dir "$work/log" $([ "$c" = "${c#* }" ] || echo "${c#* }") || { echo "$c"; return 1; }
	done
	[ "$(lookup 3)" = 200 ]
}
t "a second process on the folder is refused" second
stop

# -- a clock that jumps
if cc -shared -fPIC -O1 -D_GNU_SOURCE -o "$work/jumpclock.so" "$top/tests/fault/jumpclock.c" 2>"$work/cc.err" && ! nm "$sumdb" 2>/dev/null | grep __asan >/dev/null; then
	fresh
	here "start under a clock that jumps by years" start "$work/log" LD_PRELOAD="$work/jumpclock.so"
	jumps() { for i in $(seq 1 20 590); do [ "$(lookup "$i")" = 200 ] || return 1; done; [ "$(status "$url/latest")" = 200 ] && cmp "$work/body" "$work/base/public/latest"; }
	t "  it serves what it has" jumps
	stop
	# The year is only in what is for people: heads and tiles have no time.
	appended() {
		LD_PRELOAD="$work/jumpclock.so" "$sumdb" import --dir "$work/log" "$work/more.sum" && "$sumdb" fsck --dir "$work/log" &&
		rm -rf "$work/straight" && cp -r "$work/base" "$work/straight" && "$sumdb" import --dir "$work/straight" "$work/more.sum" && diff -r --no-dereference "$work/log/public" "$work/straight/public"
	}
	t "  and appends the same bits as under a good one" appended
else
	skip "a clock that jumps" "no C compiler, or sanitizers come before LD_PRELOAD"
fi

# -- a full disk
if unshare -rm true 2>/dev/null; then
	full() {
		mkdir -p "$work/small"
		unshare -rm bash -c "
			mount -t tmpfs -o size=12m none '$work/small' || exit 77
			cp -r '$work/base' '$work/small/log'
			dd if=/dev/zero of='$work/small/filler' bs=4k 2>/dev/null
			for i in 1 2 3; do
				'$sumdb' import --dir '$work/small/log' '$work/more.sum' >'$work/full.out' 2>&1 && exit 2
				grep -qi 'no space left\|disk is full\|full' '$work/full.out' || { cat '$work/full.out'; exit 3; }
				cmp '$work/small/log/public/latest' '$work/base/public/latest' || exit 4
			done
			truncate -s -64k '$work/small/filler'
			'$sumdb' import --dir '$work/small/log' '$work/long.sum' >'$work/full.out' 2>&1 && exit 5
			rm '$work/small/filler'
			'$sumdb' fsck --dir '$work/small/log' || exit 6
			'$sumdb' monitor --url 'file://$work/small/log/public' --key '$key' --state '$work/full.state' --from-start >/dev/null || exit 7
			'$sumdb' import --dir '$work/small/log' '$work/more.sum' || exit 8
			'$sumdb' fsck --dir '$work/small/log'"
	}
	t "a full disk: named, nothing lost, and the log goes on when there is room" full
else
	skip "a full disk" "no user namespaces"
fi
finish
