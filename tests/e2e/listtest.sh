#!/usr/bin/env bash
# list -test, -export, -compiled and Stale, beside the real go command: a module
# with tests of every kind, and with every mistake that is told before a build.
. "$(dirname "$0")/lib.sh"
export GOFLAGS= GOWORK=off GOTOOLCHAIN=local CGO_ENABLED=0 HERMOD_DELEGATE=off
export GOCACHE=$work/cache GOPROXY=off GO=${GO:-go}
mkdir -p "$work/bin" "$work/m"/{lib,uses,cmd/x}
ln -s "$HERMOD" "$work/bin/go" # the name decides on defaults
cd "$work/m"
printf 'module example.com/m\n\ngo 1.22\n' >go.mod
printf 'package lib\n\nvar X = 1\n' >lib/lib.go
printf 'package uses\n\nimport "example.com/m/lib"\n\nvar Y = lib.X\n' >uses/uses.go
printf 'package main\n\nimport "example.com/m/uses"\n\nfunc main() { println(uses.Y) }\n' >cmd/x/x.go
printf 'package main\n\nimport "testing"\n\nfunc TestMain(m *testing.M) {}\n' >cmd/x/x_test.go
cat >lib/a_test.go <<-'EOF'
	package lib

	import "testing"

	func TestX(t *testing.T)      {}
	func BenchmarkX(b *testing.B) {}
	func FuzzX(f *testing.F)      {}
	func ExampleX() {
		// Unordered output: a
		// b
	}
EOF

# like ARGS...: go and hermod say the same, with the same status, about the same state.
like() {
	"$GO" "$@" >"$work/want" 2>&1
	echo "status $?" >>"$work/want"
	"$work/bin/go" "$@" >"$work/got" 2>&1
	echo "status $?" >>"$work/got"
	same "$work/want" "$work/got"
}

# The reason for a test program depends in go on which of two actions ends first.
like_export() {
	like "$@" && return 0
	sed -i -E 's/("StaleReason": )"(build ID mismatch|stale dependency: .*)"/\1"one or the other"/' "$work/want" "$work/got"
	same "$work/want" "$work/got"
}

b_test() { printf 'package lib_test\n\n%b' "$1" >lib/b_test.go; }

b_test 'import ("testing"; "example.com/m/lib"; "example.com/m/uses")\n\nfunc TestQ(*testing.T) { _, _ = lib.X, uses.Y }\n'
t "nothing is built: all is stale" like list -json -deps ./...
t "-test" like list -test ./...
t "-test -json: copies, test programs, import maps" like list -test -json -deps ./...
"$GO" list -test -export ./... >"$work/out" 2>&1
t "-export of what go has built" like_export list -test -export -compiled -json ./...
t "what is built and not installed" like list -json -deps ./...
echo 'var Z = 2' >>lib/lib.go
"$work/bin/go" list -export ./... >"$work/out" 2>&1
t "-export of what hermod has built" like_export list -export -json ./...
echo 'var Z = "" + 1' >lib/bad.go
t "-export of what does not compile" like list -export ./...
t "-export -e of what does not compile" like list -e -export -json ./...
rm lib/bad.go

for bad in 'func TestBad(i int) {}' 'func TestA[T any](t *testing.T) {}' 'x := 1' 'func f() {}}' \
	'import "example.com/m/nope"' 'import _ "embed"\n\n//go:embed nope\nvar x string'; do
	b_test "$bad\n"
	t "refused: $bad" like list -test ./...
	t "shown with -e: $bad" like list -e -test -json=ImportPath,Error,Incomplete,DepsErrors ./...
done
printf 'package lib\n\nimport "example.com/m/uses"\n\nvar _ = uses.Y\n' >lib/b_test.go
t "an import cycle through a test" like list -test ./...
t "an import cycle through a test, with -e" like list -e -test -deps -f '{{.ImportPath}} {{.Error}}' ./...
rm lib/b_test.go

if [ -d "$("$GO" env GOROOT)/src/net/http" ]; then
	cd "$("$GO" env GOROOT)/src" || exit 1
	t "-test of packages of std" like list -test \
		-json=ImportPath,GoFiles,Imports,ForTest,ImportMap,DefaultGODEBUG,Error net/http strings net crypto/tls go/parser
fi
finish
