# Faults: full disk, read-only cache, killed in the middle, several at once, no
# toolchain.  Afterwards nothing is half there.
. "$(dirname "$0")/../e2e/lib.sh"

[ -n "$GO" ] || { skip "faults" "no go command to make the fixtures with"; finish; }
unset GOFLAGS GOPATH GOPROXY GOSUMDB
export GOENV=off GOTOOLCHAIN=local GOFLAGS=-modcacherw CGO_ENABLED=0 GONOSUMDB='*'
fx=$work/fx
gotool fixtures "$fx" || { t "fixtures" false; finish; }
export GOPROXY=file://$fx/good GOCACHE=$work/bc

# A module with a zip of some size: 4000 files, 40 MB.
big() {
	cat >"$work/big.go" <<'GO'
package main

import (
	"archive/zip"
	"fmt"
	"math/rand"
	"os"
)

func main() {
	dir := os.Args[1] + "/example.com/big/@v/"
	os.MkdirAll(dir, 0o755)
	os.WriteFile(dir+"list", []byte("v1.0.0\n"), 0o644)
	os.WriteFile(dir+"v1.0.0.info", []byte(`{"Version":"v1.0.0"}`), 0o644)
	os.WriteFile(dir+"v1.0.0.mod", []byte("module example.com/big\n"), 0o644)
	f, _ := os.Create(dir + "v1.0.0.zip")
	w := zip.NewWriter(f)
	r := rand.New(rand.NewSource(1))
	b := make([]byte, 10000)
	for i := 0; i < 4000; i++ {
		x, _ := w.Create(fmt.Sprintf("example.com/big@v1.0.0/d%d/f%d.txt", i%50, i))
		for j := range b {
			b[j] = byte('a' + r.Intn(16))
		}
		x.Write(b)
	}
	x, _ := w.Create("example.com/big@v1.0.0/go.mod")
	x.Write([]byte("module example.com/big\n"))
	w.Close()
	f.Close()
}
GO
	GOCACHE=$TEST_GOCACHE "$GO" run "$work/big.go" "$fx/good"
}
big || { t "big fixture" false; finish; }
GOMODCACHE=$work/ref "$GO" mod download example.com/big@v1.0.0 || { t "reference" false; finish; }

download() { GOMODCACHE=$1 "$HERMOD" mod download example.com/big@v1.0.0; }
whole() { diff -r "$work/ref/example.com" "$1/example.com" && diff -r -x lock -x '*.lock' "$work/ref/cache/download/example.com" "$1/cache/download/example.com"; }

# -- full disk
full_disk() {
	mkdir -p "$work/small"
	TMPDIR=$work/small unshare -rm bash -c "
		mount -t tmpfs -o size=20m none '$work/small' || exit 77
		GOMODCACHE=$work/small/mc '$HERMOD' mod download example.com/big@v1.0.0 2>'$work/full.err' && exit 1
		cat '$work/full.err'
		grep -q 'no space left on device' '$work/full.err' || exit 2
		mount -o remount,size=200m '$work/small'
		GOMODCACHE=$work/small/mc '$HERMOD' mod download example.com/big@v1.0.0 || exit 3
		diff -r '$work/ref/example.com' '$work/small/mc/example.com'"
}
if unshare -rm true 2>/dev/null; then
	t "full disk: named, and the next run completes the work" full_disk
	read_only() {
		mkdir -p "$work/ro"
		unshare -rm bash -c "
			mount --bind '$work/ro' '$work/ro' && mount -o remount,bind,ro '$work/ro' || exit 77
			GOMODCACHE=$work/ro/mc '$HERMOD' mod download example.com/words@v1.0.0 2>'$work/ro.err' && exit 1
			cat '$work/ro.err'
			grep -q 'read-only file system' '$work/ro.err'"
	}
	t "read-only cache: a clear error" read_only
	filled_read_only() {
		cp -r "$work/ref" "$work/rofull"
		mkdir -p "$work/m" && printf 'module example.com/m\n\ngo 1.21\n\nrequire example.com/words v1.0.0\n' >"$work/m/go.mod"
		(cd "$work/m" && GOMODCACHE=$work/rofull "$GO" mod download example.com/words@v1.0.0) || return 1
		unshare -rm bash -c "
			mount --bind '$work/rofull' '$work/rofull' && mount -o remount,bind,ro '$work/rofull' || exit 77
			cd '$work/m' && GOMODCACHE=$work/rofull '$HERMOD' list -m -mod=mod -modfile='$work/m/go.mod' all"
	}
	t "a read-only cache that has everything serves" filled_read_only
else
	skip "full disk" "no user namespaces"
	skip "read-only cache" "no user namespaces"
fi

# -- kill -9 in the middle, then run again
killed() {
	local i pid left
	for i in $(seq 1 20); do
		rm -rf "$work/kill"
		download "$work/kill" >/dev/null 2>&1 &
		pid=$!
		sleep "0.0$((i * 2 % 10))$((i % 7))"
		kill -9 "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
		# What is published by now is whole.
		if [ -d "$work/kill/example.com/big@v1.0.0" ] && [ ! -e "$work/kill/cache/download/example.com/big/@v/v1.0.0.partial" ]; then
			diff -r "$work/ref/example.com" "$work/kill/example.com" || return 1
		fi
		if [ -e "$work/kill/cache/download/example.com/big/@v/v1.0.0.zip" ]; then
			cmp "$work/ref/cache/download/example.com/big/@v/v1.0.0.zip" "$work/kill/cache/download/example.com/big/@v/v1.0.0.zip" || return 1
		fi
		if [ $((i % 2)) = 0 ]; then
			download "$work/kill" || return 1
		else
			GOMODCACHE=$work/kill "$GO" mod download example.com/big@v1.0.0 || return 1
		fi
		diff -r "$work/ref/example.com" "$work/kill/example.com" || return 1
	done
}
t "killed at 20 moments: hermod or go completes it" killed

# -- several at once on one cache
together() {
	local p=() i
	rm -rf "$work/many"
	for i in 1 2 3; do
		download "$work/many" >"$work/many.$i" 2>&1 & p+=($!)
		GOMODCACHE=$work/many "$GO" mod download example.com/big@v1.0.0 >"$work/many.g$i" 2>&1 & p+=($!)
	done
	for i in "${p[@]}"; do wait "$i" || { cat "$work"/many.*; return 1; }; done
	whole "$work/many"
}
t "three hermods and three gos on one cache" together

# -- no toolchain
no_toolchain() {
	mkdir -p "$work/empty" && cd "$work/empty" && printf 'module example.com/m\n\ngo 1.21\n' >go.mod && printf 'package main\n\nfunc main() {}\n' >main.go
	fails_with 1 "toolchain" env -i HOME="$work/home" PATH=/nonexistent GOPROXY=off GOFLAGS=-modcacherw "$HERMOD" build -o x .
}
t "no toolchain and no way to get one" no_toolchain

finish
