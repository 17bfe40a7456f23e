# hermod-proxy: content in and out: import, export, backup, restore, prefetch, replica.
. "$(dirname "$0")/lib.sh"

[ -n "$GO" ] || { skip "hermod-proxy import" "no go command"; finish; }
command -v curl >/dev/null || { skip "hermod-proxy import" "no curl"; finish; }
unset GOFLAGS GOPATH GOPROXY GOSUMDB GOPRIVATE GONOSUMDB GONOPROXY
export GOENV=off GOTOOLCHAIN=local GOFLAGS=-modcacherw CGO_ENABLED=0
proxy=$BUILDDIR/hermod-proxy
fx=$work/fx
(cd "$work" && GOCACHE=$work/gocache "$GO" run "$top/tests/e2e/fixtures.go" "$fx") || { t "fixtures" false; finish; }
key=$(cat "$fx/log.key")
sums="$key file://$fx/log/sumdb/test.example"
good=$fx/good/example.com

# start NAME ARGS...: a proxy with its own store; $url is where it listens.
start() {
	local name=$1
	shift
	"$proxy" serve --dir "$work/$name" --listen 127.0.0.1:0 "$@" 2>"$work/$name.log" &
	pid=$!
	pids+=("$pid")
	for _ in $(seq 100); do
		url=$(sed -n 's/^listening on //p' "$work/$name.log")
		[ -n "$url" ] && return 0
		sleep 0.05
	done
	cat "$work/$name.log"
	return 1
}
stop() { kill "$pid" && wait "$pid"; }
status() { curl -s -o "$work/body" -w '%{http_code}' "$@"; }
# said TEXT COMMAND...: succeeds and prints this line.
prints() {
	local want=$1 out
	shift
	out=$("$@" 2>&1) || { echo "status $?"; echo "$out"; return 1; }
	grep -qxF "$want" <<<"$out" || { echo "output lacks: $want"; echo "$out"; return 1; }
}
# has STORE MODULE@VERSION...: zip, hash, .mod are there, and the bytes of the fixture.
has() {
	local store=$1 m f
	shift
	for m; do
		f=example.com/${m%@*}/@v/${m#*@}
		cmp "$work/$store/cache/download/$f.zip" "$fx/good/$f.zip" && cmp "$work/$store/cache/download/$f.mod" "$fx/good/$f.mod" &&
		grep -q '^h1:' "$work/$store/cache/download/$f.ziphash" || return 1
	done
}
none() { ! find "$work/$1" -name '*.zip' -o -name '*.tmp' | grep .; }
all="words@v1.0.0 words@v1.1.0 words/v2@v2.0.0 greet@v1.0.0"

# -- import: a module cache, as go makes it
cache() {
	(cd "$work" && GOPROXY=file://$fx/good GOSUMDB=off GOMODCACHE=$work/modcache "$GO" mod download example.com/words@v1.0.0 example.com/words@v1.1.0 example.com/words/v2@v2.0.0 example.com/greet@v1.0.0)
}
t "go fills a module cache" cache
export GOSUMDB=$sums
t "import a module cache" prints "4 imported, 0 of go.mod alone, 0 known, 0 failed" "$proxy" import --dir "$work/i1" --from modcache "$work/modcache"
t "all of it is there" has i1 $all
linked() { [ "$(stat -c %h "$work/i1/cache/download/example.com/greet/@v/v1.0.0.zip")" = 2 ] || cp --reflink=always "$work/modcache/cache/download/example.com/greet/@v/v1.0.0.zip" "$work/reflink" 2>/dev/null; }
t "without a second copy" linked
t "again: nothing to do" prints "0 imported, 0 of go.mod alone, 4 known, 0 failed" "$proxy" import --dir "$work/i1" "$work/modcache"
listed() { [ "$(sort "$work/i1/cache/download/example.com/words/@v/list" | tr '\n' ' ')" = "v1.0.0 v1.1.0 " ]; }
t "the list names what came" listed
t "no folder" fails_with 1 "no such file" "$proxy" import --dir "$work/ix" "$work/nowhere"
mkdir -p "$work/empty"
t "an empty folder" fails_with 1 "no modules of any form known" "$proxy" import --dir "$work/ix" "$work/empty"
t "a wrong form" fails_with 2 "--from tarball" "$proxy" import --dir "$work/ix" --from tarball "$work/empty"
t "no source" fails_with 2 "takes one" "$proxy" import --dir "$work/ix"

# -- import: a GOPROXY tree (file:// proxies, goproxy's folder), go.mod files alone, revisions
mkdir -p "$work/tree/example.com/lone/@v" "$work/tree/sumdb/other.example/tile"
cp -r "$fx/good/example.com" "$work/tree/"
printf 'module example.com/lone\n' >"$work/tree/example.com/lone/@v/v0.1.0.mod"
echo '{"Version":"v1.1.0"}' >"$work/tree/example.com/words/@v/master.info"
t "import a GOPROXY tree" prints "4 imported, 1 of go.mod alone, 0 known, 0 failed" env GOSUMDB=off "$proxy" import --dir "$work/i2" --from goproxy "$work/tree"
t "all of it is there, too" has i2 $all

# -- import: Athens
for m in $all; do
	d=$work/athens/example.com/${m%@*}/${m#*@} f=$good/${m%@*}/@v/${m#*@}
	mkdir -p "$d" && cp "$f.mod" "$d/go.mod" && cp "$f.zip" "$d/source.zip" && cp "$f.info" "$d/${m#*@}.info"
done
t "import Athens' store" prints "4 imported, 0 of go.mod alone, 0 known, 0 failed" "$proxy" import --dir "$work/i3" --from athens "$work/athens"
t "all of it is there, again" has i3 $all
t "auto sees what it is" prints "0 imported, 0 of go.mod alone, 4 known, 0 failed" "$proxy" import --dir "$work/i3" "$work/athens"

# -- import: what is wrong is named and left out, the rest comes
bad() {
	rm -rf "$work/badtree" "$work/b.$1"
	cp -r "$fx/good" "$work/badtree"
	[ "$1" = info ] || [ "$1" = mod ] || [ "$1" = nomod ] || cp "$fx/evil-$1/example.com/words/@v/v1.0.0.zip" "$work/badtree/example.com/words/@v/v1.0.0.zip"
	case $1 in
	info) echo '{"Version":"v1.0.1"}' >"$work/badtree/example.com/words/@v/v1.0.0.info" ;;
	mod) printf 'module example.com/words\n\ngo 1.20\n' >"$work/badtree/example.com/words/@v/v1.0.0.mod" ;;
	nomod) rm "$work/badtree/example.com/words/@v/v1.0.0.mod" ;;
	esac
	fails_with 1 "hermod-proxy: example.com/words@v1.0.0: " env GOSUMDB="${2-$GOSUMDB}" "$proxy" import --dir "$work/b.$1" "$work/badtree" &&
	has "b.$1" words@v1.1.0 words/v2@v2.0.0 greet@v1.0.0 && [ ! -e "$work/b.$1/cache/download/example.com/words/@v/v1.0.0.zip" ] && ! find "$work/b.$1" -name '*.tmp' | grep .
}
for b in dotdot case truncated notazip badcrc empty huge outside othermod info mod nomod; do t "a bad module ($b): named, left out" bad "$b"; done
for b in othermod info mod; do t "the same without a database ($b)" bad "$b" off; done
lied() { fails_with 1 "hermod-proxy: example.com/words@v1.0.0: " env GOSUMDB="$key file://$fx/log-$1/sumdb/test.example" "$proxy" import --dir "$work/l.$1" "$fx/good" && none "l.$1"; }
for lie in record tile fork signature; do t "a database that lies ($lie): nothing comes" lied "$lie"; done
t "no database can be reached: nothing comes" fails_with 1 "4 failed" env GOSUMDB="$key http://127.0.0.1:9" "$proxy" import --dir "$work/i4" "$fx/good"
t "unless that was asked for by name" prints "4 imported, 0 of go.mod alone, 0 known, 0 failed" env GOSUMDB="$key http://127.0.0.1:9" "$proxy" import --dir "$work/i4" --no-sumdb "$fx/good"
other() {
	cp -r "$fx/good" "$work/othertree" && cp "$work/othertree/example.com/words/@v/v1.1.0.mod" "$work/x.mod" &&
	(cd "$work" && mkdir -p z/example.com/words@v1.0.0 && printf 'module example.com/words\n\ngo 1.21\n' >z/example.com/words@v1.0.0/go.mod && cd z && rm -f ../other.zip &&
		python3 -c 'import zipfile; z = zipfile.ZipFile("../other.zip", "w"); z.write("example.com/words@v1.0.0/go.mod")') &&
	cp "$work/other.zip" "$work/othertree/example.com/words/@v/v1.0.0.zip" &&
	fails_with 1 "the store has another zip" "$proxy" import --no-sumdb --dir "$work/i1" "$work/othertree" && has i1 $all
}
if command -v python3 >/dev/null; then t "what is published never changes" other; else skip "what is published never changes" "no python3"; fi

# -- import beside a server that runs
beside() {
	start live --offline && [ "$(status "$url/example.com/words/@v/v1.0.0.zip")" = 404 ] &&
	"$proxy" import --dir "$work/live" "$fx/good" && sleep 1.2 && [ "$(status "$url/example.com/words/@v/v1.1.0.zip")" = 200 ] && cmp "$work/body" "$good/words/@v/v1.1.0.zip"
}
here "a running server has it at once" beside
stop
# -- prefetch
mods() {
	mkdir -p "$work/app" "$work/ws/a" "$work/ws/b" "$work/local" && cd "$work/app" &&
	printf 'module example.com/app\n\ngo 1.21\n\nrequire example.com/greet v1.0.0\n\nrequire example.com/words v1.0.0 // indirect\n' >go.mod &&
	printf 'module example.com/old\n\ngo 1.16\n\nrequire example.com/greet v1.0.0\n' >old.mod &&
	printf 'module example.com/rep\n\ngo 1.21\n\nrequire (\n\texample.com/words v1.0.0\n\texample.com/words/v2 v2.0.0\n\texample.com/greet v0.9.0\n\texample.com/gone v1.0.0\n)\n\nexclude example.com/gone v1.0.0\n\nreplace (\n\texample.com/words v1.0.0 => example.com/words v1.1.0\n\texample.com/words/v2 => ../local\n\texample.com/greet => example.com/greet v1.0.0\n)\n' >replace.mod &&
	printf 'module example.com/words/v2\n' >../local/go.mod &&
	(export GOFLAGS=-mod=mod GOPROXY=file://$fx/good GOSUMDB=off GOMODCACHE=$work/modcache && "$GO" mod download all) &&
	printf 'module example.com/a\n\ngo 1.21\n\nrequire example.com/greet v1.0.0\n\nrequire example.com/words v1.0.0 // indirect\n' >../ws/a/go.mod &&
	printf 'module example.com/b\n\ngo 1.21\n\nrequire (\n\texample.com/a v1.0.0\n\texample.com/words v1.1.0\n)\n\nreplace example.com/a v1.0.0 => ../a\n' >../ws/b/go.mod &&
	printf 'go 1.21\n\nuse (\n\t./a\n\t./b\n)\n' >../ws/go.work
}
t "go.mod, go.sum, go.work" mods
pre() {
	local name=$1 want=$2
	shift 2
	prints "$want" "$proxy" prefetch --dir "$work/$name" --upstream "file://$fx/good" "$@"
}
t "prefetch go.mod" pre p1 "2 modules, 0 go.mod files of others, 0 failed" "$work/app/go.mod"
t "go builds from that alone" bash -c "cd '$work/app' && GOFLAGS= GOPROXY=file://$work/p1/cache/download GOSUMDB=off GOMODCACHE='$work/mc.p1' '$GO' mod download all"
t "prefetch go.mod before go 1.17: through to the end" pre p2 "2 modules, 0 go.mod files of others, 0 failed" "$work/app/old.mod"
t "prefetch with replace and exclude" pre p3 "2 modules, 0 go.mod files of others, 0 failed" "$work/app/replace.mod"
t "prefetch with replace: what was replaced does not come" [ ! -e "$work/p3/cache/download/example.com/words/v2/@v/v2.0.0.mod" ]
t "prefetch go.sum" pre p4 "2 modules, 0 go.mod files of others, 0 failed" "$work/app/go.sum"
t "prefetch go.work" pre p5 "2 modules, 1 go.mod files of others, 0 failed" "$work/ws/go.work"
t "go lists the workspace's modules from that" bash -c "cd '$work/ws' && GOFLAGS= GOPROXY=file://$work/p5/cache/download GOSUMDB=off GOMODCACHE='$work/mc.p5' '$GO' list -m all"
t "all of it is checked" fails_with 1 "cannot authenticate record data" env GOSUMDB="$key file://$fx/log-record/sumdb/test.example" "$proxy" prefetch --dir "$work/p6" --upstream "file://$fx/good" "$work/app/go.sum"
none_of() { ! find "$work/p6" -name '*.zip' | grep .; }
t "and nothing of it kept" none_of
printf 'example.com/words v9.9.9 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nexample.com/words v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n' >"$work/part.sum"
t "what fails is named" fails_with 1 "hermod-proxy: example.com/words@v9.9.9: " "$proxy" prefetch --dir "$work/p7" --upstream "file://$fx/good" "$work/part.sum"
t "the rest comes" has p7 words@v1.0.0
t "offline: nobody is asked" fails_with 1 "asks nobody" "$proxy" prefetch --dir "$work/p8" --offline --upstream "file://$fx/good" "$work/app/go.sum"
t "a private name: nobody is asked" fails_with 1 "nobody is asked" env GOPRIVATE=example.com "$proxy" prefetch --dir "$work/p8" --upstream "file://$fx/good" "$work/app/go.sum"
through() {
	start pxy --upstream "file://$fx/good" && prints "2 modules, 0 go.mod files of others, 0 failed" "$proxy" prefetch --url "$url" "$work/app/go.mod" && has pxy greet@v1.0.0 words@v1.0.0 &&
	fails_with 1 "hermod-proxy: example.com/words@v9.9.9: " "$proxy" prefetch --url "$url" "$work/part.sum"
}
here "prefetch through a running proxy" through
stop
finish
