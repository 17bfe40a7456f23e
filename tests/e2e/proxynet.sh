# hermod-proxy in front of the public proxy: real modules, the public checksum database and
# toolchains, by the real go command of today and by the oldest that is a module.
. "$(dirname "$0")/lib.sh"

[ -n "$GO" ] || { skip "hermod-proxy, the public proxy" "no go command"; finish; }
[ -n "$PROXY" ] || { skip "hermod-proxy, the public proxy" "no module proxy is reachable"; finish; }
command -v curl >/dev/null || { skip "hermod-proxy, the public proxy" "no curl"; finish; }
unset GOFLAGS GOPATH GOPROXY GOSUMDB GOPRIVATE GONOPROXY GONOSUMDB
export GOENV=off GOTOOLCHAIN=local GOFLAGS=-modcacherw CGO_ENABLED=0 GOCACHE=$TEST_GOCACHE
old=go1.21.0 # there are no modules of older toolchains

# start NAME ARGS...: $url is where it listens.
start() {
	local name=$1
	shift
	launch "$work/$name.log" "$BUILDDIR/hermod-proxy" serve --dir "$work/$name" --listen 127.0.0.1:0 "$@"
}
stop() { kill "$pid" && wait "$pid"; }
status() { curl -s -m 60 -o "$work/body" -w '%{http_code}' "$@"; }
# through CACHE COMMAND...: with nothing but this proxy, and a module cache of that name.
through() {
	local cache=$1
	shift
	mkdir -p "$work/m" && cd "$work/m" && { [ -e go.mod ] || printf 'module example.com/m\n\ngo 1.21\n' >go.mod; }
	GOPROXY=$url GOMODCACHE=$work/mc.$cache GOPATH=$work/gopath.$cache "$@"
}

# if_offered PATH NAME COMMAND...: a test of what upstream gives, here and now.
if_offered() {
	local path=$1 name=$2
	shift 2
	if [ "$(curl -s -m 30 -o /dev/null -w '%{http_code}' "$PROXY/$path")" = 200 ]; then t "$name" "$@"; else skip "$name" "upstream refuses $path"; fi
}

here "it starts" start store --upstream "$PROXY"
t "go gets a verified module" through a "$GO" mod download rsc.io/quote@v1.5.2
record() { [ "$(status "$url/sumdb/sum.golang.org/lookup/rsc.io/quote@v1.5.2")" = 200 ] && grep -q '^rsc.io/quote v1.5.2 h1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y=$' "$work/body"; }
t "the record that vouched for it" record
stored() { [ -n "$(find "$work/store/cache/download/sumdb/sum.golang.org/tile" -type f | head -n 1)" ] && [ -n "$(find "$work/store/cache/download/sumdb/sum.golang.org/lookup" -type f | head -n 1)" ]; }
t "tiles and records are in the store" stored
versions() { through a "$GO" list -m -versions github.com/coredns/coredns | has ' v1.15.0' && through a "$GO" list -m github.com/coredns/coredns@latest | has ' v1'; }
if_offered github.com/coredns/coredns/@v/list "list and latest" versions
revision() { [ "$(status "$url/github.com/coredns/coredns/@v/master.info")" = 200 ] && grep -q '"Version"' "$work/body" && ! curl -sI "$url/github.com/coredns/coredns/@v/master.info" | has -i immutable; }
if_offered github.com/coredns/coredns/@v/master.info "a branch" revision
fields() {
	local h
	h=$(curl -sI "$url/rsc.io/quote/@v/v1.5.2.zip" | tr -d '\r')
	grep -qi '^Content-Type: application/zip$' <<<"$h" && grep -qi '^Cache-Control: .*immutable' <<<"$h" && grep -qi '^ETag: "' <<<"$h" || { echo "$h"; return 1; }
	h=$(curl -sI "$url/rsc.io/quote/@v/v1.5.2.info" | tr -d '\r')
	grep -qi '^Content-Type: application/json' <<<"$h" && grep -qi '^Cache-Control: .*immutable' <<<"$h" || { echo "$h"; return 1; }
	[ "$(status "$url/github.com/coredns/coredns/@v/list")" = 200 ] || return 0
	h=$(curl -sI "$url/github.com/coredns/coredns/@v/list" | tr -d '\r')
	grep -qi '^Content-Type: text/plain' <<<"$h" && grep -Eqi '^Cache-Control: .*max-age=[0-9]{1,3}$' <<<"$h" || { echo "$h"; return 1; }
}
t "types, ETag, what may be kept and how long" fields
upper() { [ "$(status "$url/github.com/!burnt!sushi/toml/@v/v0.3.1.mod")" = 200 ] && [ "$(status "$url/github.com/BurntSushi/toml/@v/v0.3.1.mod")" = 400 ] && through a "$GO" mod download github.com/BurntSushi/toml@v0.3.1; }
t "upper case is escaped" upper
missing() { (through a "$GO" mod download example.com/nosuch@v1.0.0 2>&1; true) | has 'example.com/nosuch@v1.0.0: reading .*: [45][0-9][0-9] '; }
t "go says what is not there" missing
tidy() {
	mkdir -p "$work/t" && cd "$work/t" && printf 'module example.com/t\n\ngo 1.21\n\nrequire rsc.io/quote v1.5.2\n' >go.mod && printf 'package main\n\nimport "rsc.io/quote"\n\nfunc main() { println(quote.Hello()) }\n' >main.go
	GOPROXY=$url GOMODCACHE=$work/mc.t "$GO" mod tidy && GOPROXY=$url GOMODCACHE=$work/mc.t "$GO" run . 2>&1 | has 'world'
}
t "mod tidy and run" tidy

# -- go 1.19 knows neither toolchains nor GOSUMDB's newer tricks; Debian packages it
go119=${GO119:-/usr/lib/go-1.19/bin/go}
nineteen() {
	mkdir -p "$work/n" && cd "$work/n" && printf 'module example.com/n\n\ngo 1.19\n\nrequire rsc.io/quote v1.5.2\n' >go.mod &&
		printf 'package main\n\nimport "rsc.io/quote"\n\nfunc main() { println(quote.Hello()) }\n' >main.go
	export GOPROXY=$url GOMODCACHE=$work/mc.119 GOROOT=
	"$go119" version | has go1.19 && "$go119" mod tidy && "$go119" mod verify && "$go119" list -m -versions rsc.io/quote | has ' v1.5.2' &&
		grep -q '^rsc.io/quote v1.5.2 h1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y=$' go.sum
}
if [ -x "$go119" ]; then t "go 1.19: tidy, verify, list" nineteen; else skip "go 1.19: tidy, verify, list" "no $go119 (Debian package golang-1.19-go)"; fi

# -- toolchains: the oldest comes as a module through the proxy, verified, and uses it
os=$("$GO" env GOOS) arch=$("$GO" env GOARCH)
toolchain() { through old env GOTOOLCHAIN=$old "$GO" version | has "$old"; }
t "go fetches toolchain $old" toolchain
oldgo=$work/mc.old/golang.org/toolchain@v0.0.1-$old.$os-$arch/bin/go
if [ -x "$oldgo" ]; then
	t "$old gets a verified module" through old2 "$oldgo" mod download rsc.io/quote@v1.5.2
	t "$old builds with it" bash -c "cd '$work/t' && GOPROXY=$url GOMODCACHE='$work/mc.old3' '$oldgo' run . 2>&1 | has world"
	same_zip() { cmp "$work/mc.old2/cache/download/rsc.io/quote/@v/v1.5.2.zip" "$work/mc.a/cache/download/rsc.io/quote/@v/v1.5.2.zip"; }
	t "the same bytes" same_zip
	t "list -m -json all" bash -c "cd '$work/t' && GOPROXY=$url GOMODCACHE='$work/mc.old3' '$oldgo' list -m -json all | has rsc.io/sampler"
else
	t "$old is there" test -x "$oldgo"
fi
stop

# -- upstream is away: what was fetched is served, verified by go with the stored records
here "upstream is away" start store --upstream http://127.0.0.1:9
t "/supported all the same" bash -c "[ \$(curl -s -o /dev/null -w '%{http_code}' $url/sumdb/sum.golang.org/supported) = 200 ]"
away() {
	[ "$(status "$url/rsc.io/quote/@v/list")" = 200 ] && grep -qx v1.5.2 "$work/body" && [ "$(status "$url/rsc.io/quote/@v/v1.5.2.zip")" = 200 ] &&
	[ "$(status "$url/sumdb/sum.golang.org/lookup/rsc.io/quote@v1.5.2")" = 200 ] && through away "$GO" mod download rsc.io/quote@v1.5.2
}
t "a new client gets and verifies what was asked for before" away
t "the toolchain, too" through away2 env GOTOOLCHAIN=$old "$GO" version
finish
