# Four real programs, whole way: module cache, go.sum, graph, build list, packages,
# vendor tree and binaries of hermod against those of the real go command.
#
# MODULES  which ones, MODULE@VERSION=PACKAGE[=TARGET,...] (default: all; under sanitizers: the
#          first)
# TARGETS  os/arch pairs to build for (default: three; the largest program has a compiler work
#          for ten minutes, so only linux/amd64)
# COLD     programs and targets for which hermod compiles every package itself (default: the
#          first program, and linux/amd64).  For the rest hermod starts from go's build cache:
#          it must find every package there, and link the same bits.
#
# TARGETS="linux/amd64 linux/arm64 windows/amd64" COLD=. is everything; it takes half an hour.
. "$(dirname "$0")/lib.sh"

all="filippo.io/age@v1.3.2=./cmd/age
github.com/nats-io/nats-server/v2@v2.15.2=.
github.com/evanw/esbuild@v0.28.2=./cmd/esbuild
github.com/coredns/coredns@v1.15.0=.=linux/amd64"
if sanitized; then
	all=$(echo "$all" | head -n 1)
	TARGETS=${TARGETS:-linux/amd64}
fi
MODULES=${MODULES:-$all}

if [ -z "$PROXY" ]; then
	skip "real programs" "no module proxy is reachable"
	finish
fi

unset GOFLAGS GOPATH
export GOENV=off GOTOOLCHAIN=local GOFLAGS=-modcacherw
export CGO_ENABLED=0
warm=$work/warm            # what the network gave, once
gocache=$work/gocache      # go's own build cache
hmcache=$work/hmcache      # hermod's own; where COLD does not match, go's
COLD=${COLD:-age|linux/amd64}
hgo=$work/as-go/go         # hermod under the name go
mkdir -p "$work/as-go" && ln -s "$HERMOD" "$hgo"

# as TOOL ARGS: runs go or hermod (as go) with its own build cache.
as() {
	local tool=$1
	shift
	case $tool in
	go) GOCACHE=$gocache "$GO" "$@" ;;
	hermod) GOCACHE=$hmcache "$hgo" "$@" ;;
	esac
}

# both WHAT ARGS: the two outputs, exit status and stderr included, are equal.
# Both must succeed: two that fail alike show nothing.
both() {
	as go "$@" >"$work/out.go" 2>"$work/err.go"
	local a=$?
	as hermod "$@" >"$work/out.hermod" 2>"$work/err.hermod"
	local b=$?
	[ "$a" = 0 ] && [ "$b" = 0 ] || { echo "exit status: go $a, hermod $b"; cat "$work/err.hermod"; return 1; }
	cmp "$work/out.go" "$work/out.hermod" || { diff "$work/out.go" "$work/out.hermod" | head -n 20; return 1; }
	diff "$work/err.go" "$work/err.hermod"
}

# tree DIR: every file with its mode, size and contents' hash.
tree() {
	(cd "$1" && find . -type d -printf '%m %p/\n' -o -type l -printf '%p -> %l\n' | sort
	 find . -type f -printf '%m %p\n' | sort
	 find . -type f -print0 | sort -z | xargs -0 -r sha256sum)
}

same_cache() {
	(cd "$src" && GOPROXY=file://$warm/cache/download GOMODCACHE=$work/c.go as go mod download) || return 1
	cp "$src/go.sum" "$work/sum.go"
	(cd "$src" && GOPROXY=file://$warm/cache/download GOMODCACHE=$work/c.hm as hermod mod download) || return 1
	diff "$work/sum.go" "$src/go.sum" || return 1
	tree "$work/c.go" | grep -v '/cache/lock$' >"$work/tree.go"
	tree "$work/c.hm" | grep -v '/cache/lock$' >"$work/tree.hm"
	diff "$work/tree.go" "$work/tree.hm" | head -n 20
	cmp "$work/tree.go" "$work/tree.hm" && rm -rf "$work/c.go" "$work/c.hm"
}

same_vendor() {
	(cd "$src" && as go mod vendor -o "$work/v.go" && as hermod mod vendor -o "$work/v.hm") || return 1
	tree "$work/v.go" >"$work/tree.go"
	tree "$work/v.hm" >"$work/tree.hm"
	diff "$work/tree.go" "$work/tree.hm" | head -n 20
	cmp "$work/tree.go" "$work/tree.hm"
}

# same_bits OUT ARGS...
same_bits() {
	local out=$1
	shift
	(cd "$src" && as go build -trimpath -buildvcs=false -o "$out.go" "$@" &&
		as hermod build -trimpath -buildvcs=false -v -o "$out.hm" "$@" 2>"$out.built") || { cat "$out.built"; return 1; }
	cmp "$out.go" "$out.hm" || return 1
	[ "$hmcache" != "$gocache" ] || ! [ -s "$out.built" ] || { echo "not found in go's cache:"; cat "$out.built"; return 1; }
}

# After same_bits: every action ID with its inputs, though nothing is built again.
same_ids() {
	(cd "$src" && GODEBUG=gocachehash=1 as go build -trimpath -buildvcs=false -o "$work/bin.go" "$@" 2>"$work/go.hash" &&
		GODEBUG=gocachehash=1 as hermod build -trimpath -buildvcs=false -o "$work/bin.hm" "$@" 2>"$work/hm.hash") || return 1
	hashes "$work/go.hash" >"$work/go.ids"
	hashes "$work/hm.hash" >"$work/hm.ids"
	[ "$(wc -l <"$work/go.ids")" -gt 100 ] || { echo "go printed too little"; return 1; }
	diff "$work/go.ids" "$work/hm.ids" | head -n 20
	cmp "$work/go.ids" "$work/hm.ids"
}

hermetic_default() {
	(cd "$src" && env -u GOFLAGS -u CGO_ENABLED GOCACHE="$hmcache" GOMODCACHE=$warm "$HERMOD" build -buildvcs=false \
		-modcacherw -o "$work/bin.hermod" "$1") || return 1
	cmp "$work/bin.hermod" "$2"
}

for entry in $MODULES; do
	IFS='=' read -r mod pkg targets <<<"$entry"
	targets=${targets:-linux/amd64,linux/arm64,windows/amd64}
	name=$(basename "${mod%%@*}")
	case $name in v[0-9]*) name=$(basename "$(dirname "${mod%%@*}")") ;; esac
	export GOMODCACHE=$warm
	unset GOPROXY
	dir=$(cd "$work" && as go mod download -json "$mod" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
	if [ -z "$dir" ]; then
		skip "$name" "the proxy does not have $mod"
		continue
	fi
	src=$work/src/$name
	mkdir -p "$work/src" && cp -r "$dir" "$src" && chmod -R u+w "$src"
	# list -m asks for .info files of modules that nothing is built from
	(cd "$src" && as go mod download && as go list -m all >"$work/all") || { skip "$name" "its modules could not be downloaded"; continue; }
	export GOPROXY=off
	cd "$src"

	t "$name: module cache and go.sum" same_cache
	t "$name: mod verify" both mod verify
	t "$name: mod graph" both mod graph
	t "$name: list -m all" both list -m all
	t "$name: list -m -json all" both list -m -json all
	t "$name: list -deps" both list -deps "$pkg"
	t "$name: list -deps -json ./..." both list -deps -json=ImportPath,Dir,Name,Module,GoFiles,SFiles,EmbedFiles,Imports,Deps,Standard,DepOnly,Error,IgnoredGoFiles,Doc,Match ./...
	t "$name: mod vendor" same_vendor
	for target in ${TARGETS:-${targets//,/ }}; do
		export GOOS=${target%/*} GOARCH=${target#*/}
		hmcache=$gocache from=" from go's build cache"
		[[ $name/$target =~ $COLD ]] && hmcache=$work/hmcache from=
		t "$name: $target: same bits$from" same_bits "$work/bin" "$pkg"
		t "$name: $target: same action IDs of the same inputs" same_ids "$pkg"
		t "$name: $target: same bits, -ldflags='-s -w'" same_bits "$work/bin.s" -ldflags="-s -w" "$pkg"
		if [ "$target" = linux/amd64 ]; then
			t "$name: version -m" both version -m "$work/bin.go"
			t "$name: hermod's own defaults give the same bits" hermetic_default "$pkg" "$work/bin.go"
			cp -r "$work/v.go" vendor
			t "$name: $target: same bits from the vendor directory" same_bits "$work/bin.v" -mod=vendor "$pkg"
			rm -rf vendor
		fi
	done
	unset GOOS GOARCH
	cd "$work"
	chmod -R u+w "$work/v.go" "$work/v.hm" 2>/dev/null
	rm -rf "$work/v.go" "$work/v.hm"
done
finish
