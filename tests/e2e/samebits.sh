# The builder against go on small modules of every kind: the same bits, the same words.
. "$(dirname "$0")/lib.sh"

[ -n "$GO" ] || { skip "same bits" "no go command"; finish; }
unset GOFLAGS GOPATH GOBIN
export GOENV=off GOTOOLCHAIN=local GOPROXY=off GOFLAGS=-modcacherw CGO_ENABLED=0
export GOMODCACHE=$work/mc LC_ALL=C
mkdir -p "$work/as-go" && ln -s "$HERMOD" "$work/as-go/go"
hermod=$work/as-go/go

# with TOOL ARGS: each has a build cache of its own, so neither helps the other.
with() {
	local tool=$1
	shift
	GOCACHE=$work/cache.$(basename "$(dirname "$tool")") "$tool" "$@"
}

# Under sanitizers it begins with what a run before it has compiled, where CI keeps that.
kept=${TEST_GOCACHE%/*}/samebits
[[ $TEST_GOCACHE != "$BUILDDIR"/* ]] || kept=
[ ! -d "$kept" ] || ! sanitized || cp -r "$kept"/. "$work"

# bits ARGS: go build ARGS, twice, and the results are equal.
bits() {
	rm -rf "$work/one" "$work/two"
	with "$GO" build -o "$work/one" "$@" || { echo "go failed"; return 1; }
	with "$hermod" build -o "$work/two" "$@" || { echo "hermod failed"; return 1; }
	same "$work/one" "$work/two"
}

# Names that differ from run to run.
plain() {
	sed -E "s#[^ ='\"]*/go-build[0-9]+#WORK#g; s#$work/cache\.[a-z-]+#CACHE#g"
}

# words ARGS: status, stdout and stderr are equal; -o $work/out is made anew by each.
words() {
	local a b
	rm -rf "$work/out"
	with "$GO" "$@" >"$work/go.out" 2>"$work/go.err" </dev/null
	a=$?
	rm -rf "$work/out"
	with "$hermod" "$@" >"$work/hm.out" 2>"$work/hm.err" </dev/null
	b=$?
	[ "$a" = "$b" ] || { echo "exit status: go $a, hermod $b"; head -n 20 "$work/hm.err"; return 1; }
	for f in go.out go.err hm.out hm.err; do plain <"$work/$f" >"$work/$f.plain"; done
	diff "$work/go.out.plain" "$work/hm.out.plain" && diff "$work/go.err.plain" "$work/hm.err.plain"
}

# under "A=b C=d" COMMAND: with these variables.
under() {
	local vars=$1
	shift
	(export $vars; "$@")
}
below() { (cd bad && words "$@"); }

# --- a module with all that a package without cgo can have
mkdir -p "$work/m" && cd "$work/m"
mkdir -p asm embed/data/sub cmd/a cmd/b/v2 old dbg
printf 'module example.com/m\n\ngo 1.26\n' >go.mod
cat >asm/asm.go <<'X'
package asm

// Add is in assembly.
func Add(x, y int64) int64
X
cat >asm/add_amd64.s <<'X'
#include "textflag.h"
#include "arch_amd64.h"
#include "go_asm.h"

TEXT ·Add(SB), NOSPLIT, $0-24
	MOVQ x+0(FP), AX
	ADDQ y+8(FP), AX
	ADDQ $EXTRA, AX
	MOVQ AX, ret+16(FP)
	RET
X
for os in linux windows darwin; do echo '#define OFFSET 0' >asm/defs_${os}_amd64.h; echo '#define OFFSET 0' >asm/defs_${os}_arm64.h; done
echo '#define EXTRA 0' >asm/arch_amd64.h
echo '#define EXTRA 0' >asm/arch_arm64.h
cat >asm/add_arm64.s <<'X'
#include "textflag.h"
#include "arch_arm64.h"

TEXT ·Add(SB), NOSPLIT, $0-24
	MOVD x+0(FP), R0
	MOVD y+8(FP), R1
	ADD  R1, R0
	MOVD R0, ret+16(FP)
	RET
X
cat >embed/embed.go <<'X'
package embed

import "embed"

//go:embed data/*.txt all:data/sub
//go:embed "with space.txt"
var Files embed.FS

//go:embed data/a.txt
var A string
X
echo hello >embed/data/a.txt
echo more >embed/data/b.txt
echo hidden >embed/data/sub/.hidden
echo space >"embed/with space.txt"
cat >cmd/a/main.go <<'X'
package main

import (
	"fmt"
	"os"

	"example.com/m/asm"
	"example.com/m/embed"
)

var version = "none"

func main() {
	fmt.Println(asm.Add(40, 2), embed.A, version, os.Args[1:])
	if len(os.Args) > 1 {
		os.Exit(len(os.Args))
	}
}
X
printf 'package main\n\nfunc main() { println("b") }\n' >cmd/b/v2/main.go
printf '//go:debug panicnil=1\n//go:debug http2client=0\n\npackage main\n\nfunc main() {}\n' >dbg/main.go
printf '//go:build extra\n\npackage main\n\nfunc init() { println("extra") }\n' >cmd/b/v2/extra.go

t "executable with assembly, headers and embedded files" bits -trimpath ./cmd/a
t "without -trimpath" bits ./cmd/a
t "-ldflags=-s -w -X" bits -trimpath -ldflags="-s -w -X main.version=1.2" ./cmd/a
t "without -trimpath, with -ldflags" bits -ldflags="-X 'main.version=1 2'" ./cmd/a
t "-ldflags=-buildid=" bits -trimpath -ldflags=-buildid= ./cmd/a
t "-gcflags by pattern" bits -trimpath -gcflags="all=-N -l" ./cmd/b/v2
t "-gcflags of the named package" bits -trimpath -gcflags=-l ./cmd/a
t "-gcflags of a relative pattern" bits -trimpath -gcflags="./asm/...=-N" -gcflags=std=-l ./cmd/a
t "-asmflags" bits -trimpath -asmflags=./...=-D=UNUSED ./cmd/a
t "-asmflags empty" bits -trimpath -asmflags= ./cmd/a
t "-tags" bits -trimpath -tags=extra,other ./cmd/b/v2
t "-buildmode=pie" bits -trimpath -buildmode=pie ./cmd/a
t "-buildmode=exe" bits -trimpath -buildmode=exe ./cmd/a
t "//go:debug" bits -trimpath ./dbg
t "GOAMD64=v3" under "GOAMD64=v3" bits -trimpath ./cmd/b/v2
t "GOEXPERIMENT" under "GOEXPERIMENT=nogreenteagc" bits -trimpath ./cmd/b/v2
t "GOFIPS140=latest" under "GOFIPS140=latest" bits -trimpath ./cmd/b/v2
for target in linux/arm64 windows/amd64 darwin/arm64; do
	export GOOS=${target%/*} GOARCH=${target#*/}
	t "for $target" bits -trimpath ./cmd/a
	unset GOOS GOARCH
done

folder() {
	rm -rf "$work/d1" "$work/d2"
	with "$GO" build -trimpath -o "$work/d1/" ./... && with "$hermod" build -trimpath -o "$work/d2/" ./... || return 1
	same "$work/d1" "$work/d2" && [ "$(ls "$work/d2" | tr '\n' ' ')" = "a b dbg " ]
}
t "-o folder/ names every executable" folder

go_line() {
	for v in 1.16 1.20 1.21.5 1.25rc1; do
		printf 'module example.com/m\n\ngo %s\n' $v >old/go.mod
		printf 'package main\n\nfunc main() {}\n' >old/main.go
		(cd old && bits -trimpath .) || { echo "go $v"; return 1; }
	done
	printf 'module example.com/m\n' >old/go.mod
	(cd old && bits -trimpath -mod=mod .) || { echo "no go line"; return 1; }
	printf 'module example.com/m\n\ngo 1.24\n\ngodebug (\n\tdefault=go1.22\n\tpanicnil=1\n)\n' >old/go.mod
	(cd old && bits -trimpath .) || { echo "godebug"; return 1; }
	rm old/go.mod
}
t "go lines, and none; godebug lines" go_line

workspace() {
	mkdir -p w/x w/y || return 1
	printf 'module example.com/x\n\ngo 1.24\n' >w/x/go.mod
	printf 'module example.com/y\n\ngo 1.25\n' >w/y/go.mod
	printf 'package x\n\nfunc X() string { return "x" }\n' >w/x/x.go
	printf 'package main\n\nimport "example.com/x"\n\nfunc main() { println(x.X()) }\n' >w/y/main.go
	printf 'go 1.26\n\nuse ./x\nuse ./y\n' >w/go.work
	(cd w/y && bits -trimpath .)
}
t "workspace" workspace

files() {
	rm -rf "$work/f1" "$work/f2"
	mkdir "$work/f1" "$work/f2"
	cp cmd/b/v2/main.go "$work/f1/x.go"
	cp cmd/b/v2/main.go "$work/f2/x.go"
	(cd "$work/f1" && with "$GO" build -trimpath x.go) && (cd "$work/f2" && with "$hermod" build -trimpath x.go) || return 1
	cmp "$work/f1/x" "$work/f2/x"
}
t ".go files outside a module" files

pgo() {
	mkdir -p pgo/lib pgo/two || return 1
	cat >pgo/main.go <<'X'
package main

import "os"
import "runtime/pprof"
import "example.com/m/pgo/lib"

func main() {
	f, _ := os.Create(os.Args[1])
	pprof.StartCPUProfile(f)
	n := 0
	for i := 0; i < 400_000_000; i++ {
		n += lib.Work(i)
	}
	pprof.StopCPUProfile()
	f.Close()
	if n == 7 {
		println(n)
	}
}
X
	printf 'package lib\n\nfunc Work(i int) int { return i %% 7 }\n' >pgo/lib/lib.go
	printf 'package main\n\nimport "example.com/m/pgo/lib"\n\nfunc main() { println(lib.Work(3)) }\n' >pgo/two/main.go
	with "$GO" build -o "$work/prof" ./pgo && "$work/prof" pgo/default.pgo || return 1
	bits -trimpath ./pgo || { echo "auto"; return 1; }
	bits -trimpath -pgo=off ./pgo || { echo "off"; return 1; }
	bits -trimpath -pgo=pgo/default.pgo ./cmd/b/v2 || { echo "named"; return 1; }
	bits ./pgo || { echo "auto, no trimpath"; return 1; }
	rm -rf "$work/d1" "$work/d2"
	with "$GO" build -trimpath -o "$work/d1/" ./pgo/... && with "$hermod" build -trimpath -o "$work/d2/" ./pgo/... || return 1
	same "$work/d1" "$work/d2"
}
t "profiles: default.pgo, -pgo=off, -pgo=file, two mains" pgo
rm -rf pgo

# --- what is shown
t "-n" words build -n -trimpath -o x ./cmd/a
t "-n -a" words build -n -a ./cmd/b/v2
t "-x of a build" words build -x -p 1 -trimpath -tags=t1 -o "$work/out" ./cmd/a
t "-x with nothing but the link to do" words build -x -trimpath -tags=t1 -o "$work/out" ./cmd/a
nothing() {
	with "$GO" build -trimpath -o "$work/up" ./cmd/a && words build -x -trimpath -o "$work/up" ./cmd/a
}
t "-x with nothing to do" nothing
t "-v" words build -v -tags=t2 -p 1 -o /dev/null ./cmd/b/v2
mkdir bad bad2 bad3
printf 'package bad\n\nfunc F() { x := 1; undefined() }\n' >bad/bad.go
printf 'package bad2\n\nimport "example.com/m/bad"\n\nvar _ = bad.F\n' >bad2/bad2.go
printf 'package bad3\n\nvar X int = "s"\n' >bad3/bad3.go
t "errors of a package" words build ./bad
t "errors go on with what does not depend on them" words build -p 1 ./bad2 ./bad3
t "errors seen from below" below build ../bad3
printf '//go:debug panicnil=1\n//go:debug nosuch=1\n//go:debug panicnil=0\n\npackage main\n\nfunc main() {}\n' >bad/bad.go
t "wrong //go:debug lines" words build ./bad
t "-json" words build -json ./bad3
printf 'package bad3\n\nfunc F( {\n' >bad3/bad3.go
t "syntax error" words build ./bad3
printf '#include "no.h"\n' >asm/bad_amd64.s
t "error of the assembler" words build ./asm
rm -rf asm/bad_amd64.s bad bad2 bad3
printf 'text\n' >"$work/text"
t "a text file is not overwritten" words build -o "$work/text" ./cmd/a
t "two packages, one output" words build -o "$work/text2" ./cmd/a ./cmd/b/v2
t "no main package" words build -o "$work/dir/" ./asm
t "unknown port" under "GOOS=plan10" words build ./asm
t "wrong pattern of -gcflags" fails_with 2 'invalid value "x" for flag -gcflags: missing =<value> in <pattern>=<value>' "$hermod" build -gcflags=x ./cmd/a
t "-buildmode nonsense" words build -buildmode=nonsense ./cmd/a
t "bad flag of the linker" words build -ldflags=-nonsense -o "$work/out" ./cmd/b/v2

# --- run, install
t "run" words run ./cmd/b/v2
t "run with arguments and exit status" words run ./cmd/a one two
t "run of files" words run cmd/b/v2/main.go
t "run -n" words run -n ./cmd/b/v2
t "run of no main package" words run ./asm
t "run of nothing" words run
run_cached() {
	with "$hermod" run -x ./cmd/b/v2 2>&1 | grep -E '/(compile|link) ' && return 1
	return 0
}
t "run again takes the executable from the cache" run_cached

install() {
	rm -rf "$work/gp1" "$work/gp2"
	GOPATH=$work/gp1 with "$GO" install -trimpath ./cmd/... && GOPATH=$work/gp2 with "$hermod" install -trimpath ./cmd/... || return 1
	GOPATH=$work/gp1 GOOS=windows with "$GO" install -trimpath ./cmd/b/v2 && GOPATH=$work/gp2 GOOS=windows with "$hermod" install -trimpath ./cmd/b/v2 || return 1
	same "$work/gp1" "$work/gp2" && [ -x "$work/gp2/bin/a" ] && [ -f "$work/gp2/bin/windows_amd64/b.exe" ] || return 1
	GOBIN=$work/bin with "$hermod" install -trimpath ./cmd/a && cmp "$work/bin/a" "$work/gp1/bin/a"
}
t "install: GOPATH/bin, cross, GOBIN" install
t "install: cross with GOBIN" under "GOBIN=$work/bin GOOS=windows" words install ./cmd/a
t "install: relative GOBIN" under "GOBIN=bin" words install ./cmd/a

# --- git
if command -v git >/dev/null; then
	export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
	mkdir -p "$work/g/sub/v5" && cd "$work/g"
	printf 'module example.com/g\n\ngo 1.26\n' >go.mod
	printf 'module example.com/g/sub\n\ngo 1.26\n' >sub/go.mod
	printf 'package main\n\nfunc main() {}\n' | tee main.go >sub/main.go
	# stamped VERSION [DIR]: the bits are equal, and the main module has that version.
	stamped() {
		local got
		# go remembers versions of commits in the module cache; tags may have come since.
		chmod -R u+w "$GOMODCACHE" 2>/dev/null
		rm -rf "$GOMODCACHE"
		(cd "${2:-.}" && bits -trimpath .) || return 1
		got=$("$GO" version -m "$work/two" | awk '$1 == "mod" { print $3 }')
		case $got in $1) ;; *) echo "version $got, want $1"; return 1 ;; esac
	}
	commit() { git add -A . && git commit -q --allow-empty -m x; }
	git init -q .
	t "git: no commit" stamped '(devel)'
	commit
	t "git: a commit" stamped 'v0.0.0-20*'
	git tag v1.2.3
	t "git: a tag" stamped v1.2.3
	touch new
	t "git: an untracked file" stamped v1.2.3+dirty
	t "git: -buildvcs=false" bits -trimpath -buildvcs=false .
	rm new
	commit
	t "git: a commit behind a tag" stamped 'v1.2.4-0.20*'
	git tag sub/v0.3.0
	t "git: a module in a folder" stamped v0.3.0 sub
	git tag v2.0.0 && git tag v1.9.0-pre
	t "git: tags of another major version" stamped v1.9.0-pre
	printf 'module example.com/g/v3\n\ngo 1.26\n' >go.mod
	commit
	t "git: a major version without tag" stamped 'v3.0.0-20*'
	git tag v3.1.0+meta && git tag v3.0.9
	t "git: a tag that is not canonical" stamped v3.0.9
	commit
	git rm --cached -q go.mod && git commit -q -m x
	t "git: go.mod is not in the commit" stamped '(devel)'
	printf 'module example.com/g/sub/v5\n\ngo 1.26\n' >sub/v5/go.mod
	cp main.go sub/v5
	commit
	git tag sub/v5.0.1
	t "git: major version folder" stamped v5.0.1 sub/v5
	rm -rf .git && mkdir .hg .git
	t "git: broken repository" words build -o /dev/null .
	rm -rf .git .hg
fi

# --- signals
interrupted() {
	local p
	cd "$work/m" || return 1
	mkdir -p "$work/tmp" || return 1
	GOTMPDIR=$work/tmp GOCACHE=$work/cache.int "$hermod" build -o "$work/int" ./cmd/a &
	p=$!
	sleep 1
	kill -TERM $p
	wait $p
	[ $? = 143 ] || { echo "exit status"; return 1; }
	[ -z "$(ls "$work/tmp")" ] || { echo "left over:"; ls "$work/tmp"; return 1; }
	[ ! -e "$work/int" ] && GOTMPDIR=$work/tmp GOCACHE=$work/cache.int "$hermod" build -trimpath -o "$work/int" ./cmd/a &&
		with "$GO" build -trimpath -o "$work/one" ./cmd/a && cmp "$work/one" "$work/int"
}
t "SIGTERM leaves nothing behind, the next build is right" interrupted
[ -z "$kept" ] || sanitized || { mkdir -p "$kept" && mv "$work"/cache.bin "$work"/cache.as-go "$kept"; }
finish
