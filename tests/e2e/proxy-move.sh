# hermod-proxy: content in and out: import, export, backup, restore, prefetch, replica.
. "$(dirname "$0")/lib.sh"

[ -n "$GO" ] || { skip "hermod-proxy import" "no go command"; finish; }
command -v curl >/dev/null || { skip "hermod-proxy import" "no curl"; finish; }
unset GOFLAGS GOPATH GOPROXY GOSUMDB GOPRIVATE GONOSUMDB GONOPROXY
export GOENV=off GOTOOLCHAIN=local GOFLAGS=-modcacherw CGO_ENABLED=0
proxy=$BUILDDIR/hermod-proxy
fx=$work/fx
gotool fixtures "$fx" || { t "fixtures" false; finish; }
key=$(cat "$fx/log.key")
sums="$key file://$fx/log/sumdb/test.example"
good=$fx/good/example.com

# start NAME ARGS...: a proxy with its own store; $url is where it listens.
start() {
	local name=$1
	shift
	launch "$work/$name.log" "$proxy" serve --dir "$work/$name" --listen 127.0.0.1:0 "$@"
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
# holds STORE MODULE@VERSION...: zip, hash, .mod are there, and the bytes of the fixture.
holds() {
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
t "all of it is there" holds i1 $all
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
t "all of it is there, too" holds i2 $all

bare() {
	mkdir -p "$work/baretree/example.com" && cp -r "$fx/good/example.com/words" "$work/baretree/example.com/" && rm -r "$work/baretree/example.com/words/v2" "$work"/baretree/example.com/words/@v/{v1.0.0.mod,v1.0.0.info,v1.1.0.info} &&
	prints "2 imported, 0 of go.mod alone, 0 known, 0 failed" "$proxy" import --dir "$work/i5" "$work/baretree" && holds i5 words@v1.0.0 words@v1.1.0 &&
	"$proxy" export --offline --dir "$work/i5" --to "$work/bare5.tar"
}
t "a zip without .mod and .info, as go may leave it" bare

# -- import: Athens
for m in $all; do
	d=$work/athens/example.com/${m%@*}/${m#*@} f=$good/${m%@*}/@v/${m#*@}
	mkdir -p "$d" && cp "$f.mod" "$d/go.mod" && cp "$f.zip" "$d/source.zip" && cp "$f.info" "$d/${m#*@}.info"
done
t "import Athens' store" prints "4 imported, 0 of go.mod alone, 0 known, 0 failed" "$proxy" import --dir "$work/i3" --from athens "$work/athens"
t "all of it is there, again" holds i3 $all
t "auto sees what it is" prints "0 imported, 0 of go.mod alone, 4 known, 0 failed" "$proxy" import --dir "$work/i3" "$work/athens"

# -- import: capital letters, which the protocol escapes and Athens does not (but in versions)
capitals() {
	local t=$work/cap f
	mkdir -p "$t/src" "$t/tree/example.com/!upper/@v" "$t/athens/example.com/Upper/v1.0.0-!r!c1" "$t/athens/example.com/Upper/v1.1.0" &&
	printf 'module example.com/Upper\n' >"$t/src/go.mod" &&
	"$proxy" publish --output "$t/rc.zip" "$t/src" example.com/Upper@v1.0.0-RC1 && "$proxy" publish --output "$t/v1.zip" "$t/src" example.com/Upper@v1.1.0 || return 1
	f="$t/tree/example.com/!upper/@v/v1.0.0-!r!c1"
	cp "$t/rc.zip" "$f.zip" && cp "$t/src/go.mod" "$f.mod" && echo '{"Version":"v1.0.0-RC1"}' >"$f.info"
	f="$t/athens/example.com/Upper/v1.0.0-!r!c1"
	cp "$t/rc.zip" "$f/source.zip" && cp "$t/src/go.mod" "$f/go.mod" && echo '{"Version":"v1.0.0-RC1"}' >"$f/v1.0.0-!r!c1.info"
	f="$t/athens/example.com/Upper/v1.1.0"
	cp "$t/v1.zip" "$f/source.zip" && cp "$t/src/go.mod" "$f/go.mod" && echo '{"Version":"v1.1.0"}' >"$f/v1.1.0.info"
	prints "1 imported, 0 of go.mod alone, 0 known, 0 failed" env GOSUMDB=off "$proxy" import --dir "$work/cap1" "$t/tree" &&
	prints "2 imported, 0 of go.mod alone, 0 known, 0 failed" env GOSUMDB=off "$proxy" import --dir "$work/cap2" "$t/athens" &&
	cmp "$t/rc.zip" "$work/cap1/cache/download/example.com/!upper/@v/v1.0.0-!r!c1.zip" && cmp "$t/rc.zip" "$work/cap2/cache/download/example.com/!upper/@v/v1.0.0-!r!c1.zip" &&
	GOSUMDB=off "$proxy" export --offline --dir "$work/cap2" --to "$t/cap.tar" && prints "2 imported, 0 of go.mod alone, 0 known, 0 failed" env GOSUMDB=off "$proxy" import --dir "$work/cap3" "$t/cap.tar"
}
t "capital letters" capitals

# -- import: what is wrong is named and left out, the rest comes
bad() {
	rm -rf "$work/badtree" "$work/b.$1"
	cp -r "$fx/good" "$work/badtree"
	[ "$1" = info ] || [ "$1" = mod ] || cp "$fx/evil-$1/example.com/words/@v/v1.0.0.zip" "$work/badtree/example.com/words/@v/v1.0.0.zip"
	case $1 in
	info) echo '{"Version":"v1.0.1"}' >"$work/badtree/example.com/words/@v/v1.0.0.info" ;;
	mod) printf 'module example.com/words\n\ngo 1.20\n' >"$work/badtree/example.com/words/@v/v1.0.0.mod" ;;
	esac
	fails_with 1 "hermod-proxy: example.com/words@v1.0.0: " env GOSUMDB="${2-$GOSUMDB}" "$proxy" import --dir "$work/b.$1" "$work/badtree" &&
	holds "b.$1" words@v1.1.0 words/v2@v2.0.0 greet@v1.0.0 && [ ! -e "$work/b.$1/cache/download/example.com/words/@v/v1.0.0.zip" ] && ! find "$work/b.$1" -name '*.tmp' | grep .
}
for b in dotdot case truncated notazip badcrc empty huge outside othermod info mod; do t "a bad module ($b): named, left out" bad "$b"; done
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
	fails_with 1 "the store has another zip" "$proxy" import --no-sumdb --dir "$work/i1" "$work/othertree" && holds i1 $all
}
if command -v python3 >/dev/null; then t "what is published never changes" other; else skip "what is published never changes" "no python3"; fi

# -- import beside a server that runs
beside() {
	start live --offline && [ "$(status "$url/example.com/words/@v/v1.0.0.zip")" = 404 ] && [ "$(status "$url/example.com/words/@v/list")" = 404 ] &&
	"$proxy" import --dir "$work/live" "$fx/good" && [ "$(status "$url/example.com/words/@v/v1.0.0.zip")" = 200 ] && cmp "$work/body" "$good/words/@v/v1.0.0.zip" &&
	[ "$(status "$url/example.com/words/@v/list")" = 200 ] && sort "$work/body" | tr '\n' ' ' | has -x 'v1.0.0 v1.1.0 '
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
# go is the oracle: what it selects, and which go.mod files it reads.
graph() {
	local seed=$1 g=$work/graph.$1 k dir file
	gotool modgraph "$g" "$seed" || return 1
	export GOSUMDB=off GOPROXY=file://$g/proxy GOPATH=$g/gopath
	mkdir -p "$g"/{mc,st}.{main-{0..7},work}/cache/download
	for k in main-0 main-1 main-2 main-3 main-4 main-5 main-6 main-7 work; do
		dir=$g/$k file=go.mod
		[ "$k" = work ] && file=go.work
		cd "$dir" || return 1
		# makes the go.mod consistent, as every go.mod is that go has written
		[ "$k" = work ] || GOFLAGS='-mod=mod -modcacherw' GOMODCACHE=$g/mc.warm GOWORK=off "$GO" list -m all >/dev/null || return 1
		GOFLAGS=-modcacherw GOMODCACHE=$g/mc.$k "$GO" list -m -f '{{if and .Version (not .Replace)}}{{.Path}}@{{.Version}}{{end}}{{with .Replace}}{{.Path}}@{{.Version}}{{end}}' all >"$g/$k.all" || return 1
		"$proxy" prefetch --dir "$g/st.$k" "$dir/$file" >/dev/null || return 1
		diff <(grep . "$g/$k.all" | LC_ALL=C sort -u) <(cd "$g/st.$k/cache/download" && find . -name '*.zip' | sed 's,^\./,,; s,/@v/,@,; s,\.zip$,,' | LC_ALL=C sort) || { echo "$k: modules"; cat go.*; return 1; }
		# every go.mod that go has read is there
		[ -z "$(comm -23 <(cd "$g/mc.$k/cache/download" && find . -name '*.mod' | LC_ALL=C sort) <(cd "$g/st.$k/cache/download" && find . -name '*.mod' | LC_ALL=C sort))" ] || { echo "$k: go.mod files"; return 1; }
	done
}
for seed in 1 20; do t "prefetch of random graphs is go's build list ($seed)" graph "$seed"; done
t "all of it is checked" fails_with 1 "cannot authenticate record data" env GOSUMDB="$key file://$fx/log-record/sumdb/test.example" "$proxy" prefetch --dir "$work/p6" --upstream "file://$fx/good" "$work/app/go.sum"
none_of() { ! find "$work/p6/cache" -name '*.zip' | grep .; }
t "and nothing of it kept" none_of
evidence_of() { local d=$work/$1/evidence/example.com,words,@v; cmp "$d,v1.0.0.zip" "$good/words/@v/v1.0.0.zip" && cmp "$d,v1.0.0.mod" "$good/words/@v/v1.0.0.mod" && grep -q 'cannot authenticate record data' "$d,v1.0.0.zip.why" "$d,v1.0.0.mod.why"; }
t "but as evidence" evidence_of p6
printf 'example.com/words v9.9.9 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nexample.com/words v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n' >"$work/part.sum"
t "what fails is named" fails_with 1 "hermod-proxy: example.com/words@v9.9.9: " "$proxy" prefetch --dir "$work/p7" --upstream "file://$fx/good" "$work/part.sum"
t "the rest comes" holds p7 words@v1.0.0
t "offline: nobody is asked" fails_with 1 "asks nobody" "$proxy" prefetch --dir "$work/p8" --offline --upstream "file://$fx/good" "$work/app/go.sum"
t "a private name: nobody is asked" fails_with 1 "nobody is asked" env GOPRIVATE=example.com "$proxy" prefetch --dir "$work/p8" --upstream "file://$fx/good" "$work/app/go.sum"
through() {
	start pxy --upstream "file://$fx/good" && prints "2 modules, 0 go.mod files of others, 0 failed" "$proxy" prefetch --url "$url" "$work/app/go.mod" && holds pxy greet@v1.0.0 words@v1.0.0 &&
	fails_with 1 "hermod-proxy: example.com/words@v9.9.9: " "$proxy" prefetch --url "$url" "$work/part.sum"
}
here "prefetch through a running proxy" through
stop
# -- export, and import of what it made
exports() { grep -q "^$1, [0-9]* files, [0-9]* bytes\$" <<<"$("$proxy" export "${@:2}")"; }
t "export the whole store" exports "4 modules, 0 go.mod files of others" --offline --dir "$work/i1" --to "$work/all.tar"
twice() { "$proxy" export --offline --dir "$work/i1" --to "$work/all2.tar" && cmp "$work/all.tar" "$work/all2.tar"; }
t "the same content gives the same bytes" twice
untar() { mkdir -p "$work/untar" && tar x -C "$work/untar" -f "$work/all.tar" && cd "$work/untar" && sha256sum -c --quiet SHA256SUMS && sort example.com/words/@v/list | tr '\n' ' ' | has -x 'v1.0.0 v1.1.0 '; }
t "tar and sha256sum can read it" untar
by_file() { cd "$work/app" && GOFLAGS=-modcacherw GOSUMDB="$key" GOPROXY=file://$work/untar GOPATH=$work/gp.file GOMODCACHE=$work/mc.file "$GO" mod download all; }
t "go works from the folder, checksum database and all" by_file
take() { prints "$1" env GOSUMDB="$key" GOPROXY=off "$proxy" import --dir "$work/$2" "$work/$3"; }
t "import a bundle, verified by what it brings" take "4 imported, 0 of go.mod alone, 0 known, 0 failed" e1 all.tar
t "all of it is there: bundle" holds e1 $all
t "again: all is known" take "0 imported, 0 of go.mod alone, 4 known, 0 failed" e1 all.tar
behind() {
	GOSUMDB="$key" start e1 --offline --sumdbs test.example || return 1
	cd "$work/app" && rm -f go.sum && GOFLAGS=-modcacherw GOSUMDB="$key" GOPROXY=$url GOPATH=$work/gp.off GOMODCACHE=$work/mc.off "$GO" mod download all &&
	grep -q . "$work/gp.off/pkg/sumdb/test.example/latest"
}
here "go behind an offline proxy verifies with the database's own records" behind
stop
t "export without proofs" exports "4 modules, 0 go.mod files of others" --offline --no-sumdb --dir "$work/i1" --to "$work/bare.tar"
t "no proofs: nothing comes" fails_with 1 "is not in the bundle" env GOSUMDB="$key" "$proxy" import --dir "$work/e2" "$work/bare.tar"
t "unless that was asked for by name: bundle" prints "4 imported, 0 of go.mod alone, 0 known, 0 failed" env GOSUMDB="$key" "$proxy" import --no-sumdb --dir "$work/e2" --from bundle "$work/bare.tar"
t "the fork's key: nothing comes" fails_with 1 "4 failed" env GOSUMDB="${key%?}A" "$proxy" import --dir "$work/e3" "$work/all.tar"
t "export --for go.mod fetches what is missing" exports "2 modules, 0 go.mod files of others" --upstream "file://$fx/good" --dir "$work/x1" --to "$work/for.tar" --for "$work/app/go.mod"
t "export of a pattern" exports "3 modules, 0 go.mod files of others" --offline --dir "$work/i1" --to "$work/words.tar" example.com/words...
t "export of one version" exports "1 modules, 0 go.mod files of others" --offline --dir "$work/i1" --to "$work/one.tar" example.com/greet@v1.0.0
t "nothing matches" fails_with 1 "nothing in the store matches" "$proxy" export --offline --dir "$work/i1" --to "$work/none.tar" example.com/nothing...
t "what is not there is named" fails_with 1 "hermod-proxy: example.com/words@v9.0.0: " "$proxy" export --offline --dir "$work/i1" --to "$work/none.tar" example.com/words@v9.0.0
t "and no bundle made" [ ! -e "$work/none.tar" ]
t "no --to" fails_with 2 "--to is missing" "$proxy" export --offline --dir "$work/i1"

# A bundle that was changed: re NAME makes $work/NAME.tar of $work/t.
unpack() { rm -rf "$work/t" && mkdir "$work/t" && tar x -C "$work/t" -f "$work/all.tar"; }
re() { (cd "$work/t" && { echo SHA256SUMS; find . -type f ! -name SHA256SUMS | sed 's,^\./,,' | LC_ALL=C sort; } | tar c -b 1 --format=ustar --owner=0 --group=0 --mode=0644 --no-recursion -T - -f "$work/$1.tar"); }
sums() { (cd "$work/t" && { echo "# hermod-proxy bundle 1"; find . -type f ! -name SHA256SUMS | sed 's,^\./,,' | LC_ALL=C sort | xargs sha256sum; } >../sums.new && mv ../sums.new SHA256SUMS); }
refused() { fails_with 1 "$2" env GOSUMDB="$key" "$proxy" import --dir "$work/c.$1" "$work/$1.tar" && none "c.$1"; }
same_again() { unpack && sums && re same && take "4 imported, 0 of go.mod alone, 0 known, 0 failed" c.same same.tar; }
t "a bundle that tar made" same_again
flipped() { unpack && printf x >>"$work/t/example.com/words/@v/v1.0.0.mod" && re flipped && refused flipped "its sum is not that of SHA256SUMS"; }
t "a changed byte: refused whole" flipped
resummed() { unpack && cp "$fx/evil-othermod/example.com/words/@v/v1.0.0.zip" "$work/t/example.com/words/@v/" && sums && re resummed && fails_with 1 "example.com/words@v1.0.0: the .mod is not the zip's go.mod" env GOSUMDB="$key" "$proxy" import --dir "$work/c.resummed" "$work/resummed.tar" && [ ! -e "$work/c.resummed/cache/download/example.com/words/@v/v1.0.0.zip" ]; }
t "a changed zip with the right sum: caught by the module's rules" resummed
forged() { unpack && sed -i '$d' "$work/t/sumdb/test.example/lookup/example.com/words@v1.0.0" && sums && re forged && fails_with 1 "hermod-proxy: example.com/words@v1.0.0: " env GOSUMDB="$key" "$proxy" import --dir "$work/c.forged" "$work/forged.tar" && [ ! -e "$work/c.forged/cache/download/example.com/words/@v/v1.0.0.zip" ]; }
t "a record without its signature" forged
extra() { unpack && echo x >"$work/t/zzz" && re extra && refused extra "not what SHA256SUMS lists here"; }
t "a file too many" extra
fewer() { unpack && rm "$work/t/example.com/words/@v/list" && re fewer && refused fewer "SHA256SUMS lists"; }
t "a file too few" fewer
other_file() { unpack && echo x >"$work/t/zzz" && sums && re other_file && refused other_file "no file of a GOPROXY tree"; }
t "a file that is none of a module" other_file
cut() { head -c "$1" "$work/all.tar" >"$work/cut.tar" && rm -rf "$work/c.cut" && refused cut "$2"; }
for n in 0 100 512 5000 20480 27136; do t "cut off at $n" cut "$n" ""; done
links() { unpack && ln -s /etc/passwd "$work/t/example.com/words/@v/zzz" && (cd "$work/t" && { echo SHA256SUMS; find . ! -type d ! -name SHA256SUMS | sed 's,^\./,,' | LC_ALL=C sort; } | tar c -b 1 --format=ustar -T - -f "$work/links.tar") && refused links "an entry that is no file"; }
t "a link" links

# -- bundle after bundle, while the log grows
grows() {
	local skey
	skey=$("$BUILDDIR/hermod-sumdb" init --dir "$work/slog" --name sum.test.example) || return 1
	GOSUMDB=off "$BUILDDIR/hermod-sumdb" serve --dir "$work/slog" --listen 127.0.0.1:0 --upstream "file://$fx/good" 2>"$work/slog.log" &
	spid=$!
	pids+=("$spid")
	for _ in $(seq 100); do surl=$(sed -n 's/^listening on //p' "$work/slog.log"); [ -n "$surl" ] && break; sleep 0.05; done
	GOSUMDB="$skey $surl" "$proxy" export --upstream "file://$fx/good" --dir "$work/g" --to "$work/g1.tar" example.com/words@v1.0.0 || return 1
	kill "$spid" && wait "$spid"
	awk 'BEGIN { for (i = 0; i < 700; i++) { h = sprintf("%043d=", i); p = "example.com/long" i; print p " v1.0.0 h1:" h; print p " v1.0.0/go.mod h1:" h } }' >"$work/long.sum"
	GOSUMDB=off "$BUILDDIR/hermod-sumdb" import --dir "$work/slog" "$work/long.sum" || return 1
	GOSUMDB=off "$BUILDDIR/hermod-sumdb" serve --dir "$work/slog" --listen 127.0.0.1:0 --upstream "file://$fx/good" 2>"$work/slog.log" &
	spid=$!
	pids+=("$spid")
	surl=
	for _ in $(seq 100); do surl=$(sed -n 's/^listening on //p' "$work/slog.log"); [ -n "$surl" ] && break; sleep 0.05; done
	GOSUMDB="$skey $surl" "$proxy" export --upstream "file://$fx/good" --dir "$work/g" --to "$work/g2.tar" --after "$work/g1.tar" example.com/greet@v1.0.0 &&
	GOSUMDB="$skey $surl" "$proxy" export --upstream "file://$fx/good" --dir "$work/g" --to "$work/g3.tar" example.com/words/v2@v2.0.0 || return 1
	kill "$spid" && wait "$spid"
	export GOSUMDB=$skey
	prints "1 imported, 0 of go.mod alone, 0 known, 0 failed" "$proxy" import --dir "$work/gi" "$work/g1.tar" &&
	prints "1 imported, 0 of go.mod alone, 0 known, 0 failed" "$proxy" import --dir "$work/gi" "$work/g2.tar" &&
	"$proxy" import --dir "$work/gx" "$work/g1.tar" && fails_with 1 "export with --after THAT ONE" "$proxy" import --dir "$work/gx" "$work/g3.tar" || return 1
	start gi --offline --sumdbs sum.test.example || return 1
	cd "$work/app" && rm -f go.sum && GOFLAGS=-modcacherw GOPROXY=$url GOPATH=$work/gp.g GOMODCACHE=$work/mc.g "$GO" mod download example.com/words@v1.0.0 example.com/greet@v1.0.0
}
here "a second bundle follows the first; one that does not is refused" grows
stop
export GOSUMDB=$sums
# -- backup and restore
count() { (cd "$1" && find . -type f ! -name '*.lock' ! -name '*-wal' ! -name '*-shm' ! -name SHA256SUMS | LC_ALL=C sort); }
save() {
	start i1 --offline || return 1
	"$proxy" backup --dir "$work/i1" "$work/b1" && grep -q ' facts.db$' "$work/b1/SHA256SUMS" && (cd "$work/b1" && sha256sum -c --quiet SHA256SUMS)
}
here "backup while a server runs" save
stop
t "restore" "$proxy" restore "$work/b1" --dir "$work/r1"
t "all of it is there: restored" holds r1 $all
same_files() { diff <(count "$work/i1/cache") <(count "$work/r1/cache") && diff -r -x '*.lock' "$work/i1/cache/download" "$work/r1/cache/download"; }
t "the same files" same_files
served() { start r1 --offline && [ "$(status "$url/example.com/words/@v/v1.0.0.zip")" = 200 ] && cmp "$work/body" "$good/words/@v/v1.0.0.zip" && [ "$(curl -s "$url/index" | wc -l)" = 4 ]; }
here "a server on it" served
stop
t "databases are nobody else's" bash -c "[ \$(stat -c %a '$work/b1/facts.db') = 600 ] && [ \$(stat -c %a '$work/r1/facts.db') = 600 ]"
linked_backup() { "$proxy" backup --copy --dir "$work/r1" "$work/b2" && [ "$(stat -c %h "$work/b2/cache/download/example.com/words/@v/v1.0.0.zip")" = 1 ]; }
t "backup without links" linked_backup
t "backup into a folder that is not empty" fails_with 1 "is not empty" "$proxy" backup --dir "$work/i1" "$work/b1"
t "restore into a folder that is not empty" fails_with 1 "is not empty" "$proxy" restore --dir "$work/i1" "$work/b1"
spoiled() {
	printf x >>"$work/b2/cache/download/example.com/words/@v/v1.0.0.mod" && fails_with 1 "its sum is not that of SHA256SUMS" "$proxy" restore --dir "$work/r2" "$work/b2" &&
	[ ! -e "$work/r2" ] && ! ls -d "$work"/r2.restoring-* 2>/dev/null
}
t "a changed byte: nothing is restored" spoiled
lost() { "$proxy" backup --dir "$work/i1" "$work/b3" && rm "$work/b3/cache/download/example.com/words/@v/v1.0.0.zip" && fails_with 1 "no such file" "$proxy" restore --dir "$work/r3" "$work/b3" && [ ! -e "$work/r3" ]; }
t "a lost file: nothing is restored" lost
unfinished() { rm "$work/b3/SHA256SUMS" && fails_with 1 "not finished" "$proxy" restore --dir "$work/r3" "$work/b3"; }
t "a backup that was not finished is none" unfinished
climbs() { printf '# hermod-proxy backup 1\n%s  ../x\n' "$(printf x | sha256sum | cut -d' ' -f1)" >"$work/b3/SHA256SUMS" && fails_with 1 "malformed" "$proxy" restore --dir "$work/r3" "$work/b3"; }
t "a name that climbs out" climbs
busy() {
	local i p
	start busy --upstream "file://$fx/good" || return 1
	(for i in $(seq 40); do for m in $all; do curl -s -o /dev/null "$url/example.com/${m%@*}/@v/${m#*@}.zip" "$url/example.com/${m%@*}/@v/${m#*@}.mod" "$url/example.com/${m%@*}/@v/${m#*@}.info"; done; "$proxy" purge --dir "$work/busy" example.com/words@v1.1.0 >/dev/null 2>&1; done) &
	p=$!
	pids+=("$p")
	for i in $(seq 5); do
		"$proxy" backup --dir "$work/busy" "$work/bb.$i" && "$proxy" restore --dir "$work/rb.$i" "$work/bb.$i" && "$proxy" fsck --offline --dir "$work/rb.$i" || { kill "$p"; return 1; }
	done
	kill "$p" 2>/dev/null
	wait "$p"
	return 0
}
here "backups of a store that changes restore to sound stores" busy
stop
# -- a replica
eventually() { local i; for i in $(seq 100); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done; "$@"; }
follows() {
	mkdir -p "$work/prim" && start prim --upstream "file://$fx/good" && prim=$url ppid=$pid || return 1
	for m in words@v1.0.0 greet@v1.0.0; do for k in info mod zip; do curl -s -o /dev/null "$prim/example.com/${m%@*}/@v/${m#*@}.$k"; done; done
	start repl --replica-of "$prim" --replica-interval 1 && rurl=$url rpid=$pid && eventually holds repl words@v1.0.0 greet@v1.0.0
}
here "it brings in what is there" follows
new_one() { [ ! -e "$work/repl/cache/download/example.com/words/@v/v1.1.0.zip" ] && for k in info mod zip; do curl -s -o /dev/null "$prim/example.com/words/@v/v1.1.0.$k"; done; eventually holds repl words@v1.1.0; }
here "what comes later comes here, too" new_one
state() { eventually grep -q '"Since":"20' "$work/repl/replica.json"; }
here "it notes where it is" state
no_upload() { case $(status -T "$good/words/@v/v1.0.0.zip" "$rurl/example.com/mine/@v/v1.0.0.zip") in 401|403) [ ! -e "$work/repl/cache/download/example.com/mine" ] ;; *) return 1 ;; esac; }
here "no uploads" no_upload
gone_there() { "$proxy" purge --dir "$work/prim" --reason "a test" example.com/words@v1.0.0 && eventually [ ! -e "$work/repl/cache/download/example.com/words/@v/v1.0.0.zip" ] && holds repl words@v1.1.0 && "$proxy" audit --dir "$work/repl" | has 'replica .*purge.*example.com/words@v1.0.0.*a test'; }
here "what is purged there is purged here" gone_there
primary_down() {
	kill "$ppid" && wait "$ppid"
	[ "$(status "$rurl/example.com/greet/@v/v1.0.0.zip")" = 200 ] && [ "$(status "$rurl/example.com/words/@v/list")" = 200 ] && grep -q v1.1.0 "$work/body" && sleep 1.5 && kill -0 "$rpid"
}
here "it serves while the primary is down" primary_down
resumes() {
	"$proxy" import --dir "$work/prim" "$fx/good" || return 1
	"$proxy" serve --dir "$work/prim" --listen "${prim#http://}" --upstream "file://$fx/good" 2>"$work/prim2.log" &
	ppid=$!
	pids+=("$ppid")
	eventually holds repl words/v2@v2.0.0 || { cat "$work/repl.log" "$work/prim2.log"; return 1; }
}
here "and goes on when it is back" resumes
restarted() {
	kill "$rpid" && wait "$rpid"
	local was=$(cat "$work/repl/replica.json")
	start repl --replica-of "$prim" --replica-interval 1 && rpid=$pid && sleep 1.2 && [ "$(cat "$work/repl/replica.json")" = "$was" ]
}
here "a restart goes on from where it was" restarted
kill -9 "$rpid"; wait "$rpid" 2>/dev/null
lying() {
	start prim3 --upstream "file://$fx/good" && prim3=$url || return 1
	for m in words@v1.0.0 greet@v1.0.0; do for k in info mod zip; do curl -s -o /dev/null "$prim3/example.com/${m%@*}/@v/${m#*@}.$k"; done; done
	# behind its back
	cp "$fx/evil-othermod/example.com/words/@v/v1.0.0.zip" "$work/prim3/cache/download/example.com/words/@v/v1.0.0.zip"
	start repl3 --replica-of "$prim3" --replica-interval 1 && eventually holds repl3 greet@v1.0.0 && eventually grep -q "example.com/words@v1.0.0: .*passed over" "$work/repl3.log" &&
	[ ! -e "$work/repl3/cache/download/example.com/words/@v/v1.0.0.zip" ] && curl -s "$url/metrics" | has -x 'hermod_proxy_rejected_files_total 1' &&
	cmp "$work/repl3/evidence/example.com,words,@v,v1.0.0.zip" "$fx/evil-othermod/example.com/words/@v/v1.0.0.zip" && grep -q 'words@v1.0.0: ' "$work/repl3/evidence/example.com,words,@v,v1.0.0.zip.why"
}
here "a wrong zip is not taken but as evidence, the rest is" lying
private() {
	GOPRIVATE=example.com start prim4 --upstream "file://$fx/good" || return 1
	prim4=$url
	GOPRIVATE=example.com "$proxy" import --dir "$work/prim4" "$fx/good" >/dev/null || return 1
	GOPRIVATE=example.com start repl4 --replica-of "$prim4" --replica-interval 1 && eventually holds repl4 $all
}
here "private modules follow, too" private
t "a replica that may ask nobody" fails_with 2 "exclude each other" timeout 10 "$proxy" serve --dir "$work/repl5" --listen 127.0.0.1:0 --offline --replica-of http://127.0.0.1:9
finish
