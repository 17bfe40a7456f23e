# Bad input: malformed files, wrong versions, hostile zips, a log that lies.
# Where go has a message, hermod's must be the same; nothing bad stays behind.
. "$(dirname "$0")/lib.sh"

[ -n "$GO" ] || { skip "bad input" "no go command to make the fixtures with"; finish; }
unset GOFLAGS GOPATH GOPROXY GOSUMDB
export GOENV=off GOTOOLCHAIN=local GOFLAGS=-modcacherw CGO_ENABLED=0
fx=$work/fx
gotool fixtures "$fx" || { t "fixtures" false; finish; }
export GOPROXY=file://$fx/good GONOSUMDB='*'
mkdir -p "$work/as-go" && ln -s "$HERMOD" "$work/as-go/go"

# Each tool has caches of its own under a name of the same length, so that texts can be compared.
as() {
	local n=$1 tool=$GO
	shift
	[ "$n" = g ] || tool=$work/as-go/go
	GOPATH=$work/$n/gp GOMODCACHE=$work/$n/mc GOCACHE=$work/$n/bc "$tool" "$@"
}

# says SETUP ARGS...: in a fresh folder made by SETUP, both say the same and leave the
# same files there.  What hermod adds on purpose is taken out first: the name of the
# module before a bare zip error, where it has kept the evidence, its own flag.
says() {
	local setup=$1 n
	shift
	for n in g h; do
		rm -rf "$work/${n:?}"
		mkdir -p "$work/$n/src"
		cd "$work/$n/src" || return 1
		"$setup"
		as $n "$@" >"$work/$n.out" 2>"$work/$n.err"
		echo "status $?" >>"$work/$n.err"
		sed -i "s#$work/$n/#W/#g; s#^go: downloading .*##; /^\$/d" "$work/$n.err" "$work/$n.out"
	done
	cd "$work" || return 1
	sed -i 's#^go: example.com/words@v1.0.0: zip: #go: zip: #; /^evidence kept in W/d; s# \[-check\]##' "$work/h.err"
	diff "$work/g.err" "$work/h.err" && diff "$work/g.out" "$work/h.out" &&
		diff -r "$work/g/src" "$work/h/src"
}

# agree SETUP ARGS...: the same, and the same files in the module cache.
agree() {
	says "$@" || return 1
	diff <(cd "$work/g" && find . -path ./mc/cache/lock -o -path ./bc -prune -o -type f -print | sort) \
			<(cd "$work/h" && find . -path ./mc/cache/lock -o -path ./bc -prune -o -type f -print | sort)
}

# fails SETUP ARGS...: agree(), and not with status 0.
fails() {
	agree "$@" || return 1
	grep -qv '^status 0' <(tail -n 1 "$work/h.err") || { echo "it succeeded"; return 1; }
}

module() { printf 'module example.com/m\n\ngo 1.21\n\n%s\n' "$1" >go.mod; }
main_go() { printf 'package main\n\nimport "example.com/words"\n\nfunc main() { println(words.Hello()) }\n' >main.go; }
good_sum() {
	(GOPATH=$work/s/gp GOMODCACHE=$work/s/mc GOCACHE=$work/gocache "$GO" mod download -json example.com/words@v1.0.0 |
		sed -n 's/^\t"Sum": "\(.*\)",$/example.com\/words v1.0.0 \1/p; s/^\t"GoModSum": "\(.*\)"$/example.com\/words v1.0.0\/go.mod \1/p')
}
good_sum >"$work/go.sum"

# -- malformed files
bad_directive() { module 'frobnicate yes'; }
bad_version() { module 'require example.com/words v1.0'; }
bad_quote() { module 'require "example.com/words v1.0.0'; }
open_block() { module 'require ('; }
bad_go() { printf 'module example.com/m\n\ngo 1.x\n' >go.mod; }
twice() { printf 'module example.com/m\nmodule example.com/n\n' >go.mod; }
no_module() { printf 'go 1.21\n' >go.mod; }
bad_replace() { module 'replace example.com/words => ../nowhere v1.0.0'; }
bad_retract() { module 'retract [v1.2.0, v1.1.0]'; }
bad_sum() { module 'require example.com/words v1.0.0'; echo 'example.com/words v1.0.0' >go.sum; main_go; }
bad_work() { module ''; printf 'go 1.21\n\nuse (\n\t.\n' >go.work; }
work_missing() { module ''; printf 'go 1.21\n\nuse ./nowhere\n' >go.work; }
for s in bad_directive bad_version bad_quote open_block bad_go twice no_module bad_replace bad_work work_missing; do
	t "malformed: $s" fails $s list -m all
done
t "a retraction whose bounds are the wrong way round" agree bad_retract list -m all
t "malformed: bad_sum" fails bad_sum mod download
t "malformed: bad_sum, build" fails bad_sum build -o x .

# -- versions and paths
unknown_version() { module 'require example.com/words v1.9.0'; main_go; }
unknown_module() { module 'require example.com/nosuch v1.0.0'; main_go; }
wrong_major() { module 'require example.com/words v2.0.0'; main_go; }
wrong_suffix() { module 'require example.com/words/v2 v1.0.0'; main_go; }
no_require() { module ''; main_go; }
no_sum() { module 'require example.com/words v1.0.0'; main_go; }
t "unknown version" fails unknown_version mod download
t "unknown module" fails unknown_module mod download
t "v2 without the suffix" fails wrong_major list -m all
t "suffix without v2" fails wrong_suffix list -m all
t "an import that no module provides" fails no_require build -o x .
t "no go.sum entry" fails no_sum build -o x .
nothing() { :; }
t "no go.mod" fails nothing mod graph
t "download of an unknown version" fails nothing mod download example.com/words@v1.9.0
t "download of a malformed path" fails nothing mod download example.com/Wo..rds@v1.0.0

# -- checksums
tampered_sum() {
	module 'require example.com/words v1.0.0'
	sed 's/h1:...../h1:AAAAA/' "$work/go.sum" >go.sum
	main_go
}
tampered_zip_sum() {
	module 'require example.com/words v1.0.0'
	sed '/go.mod/!s/h1:...../h1:AAAAA/' "$work/go.sum" >go.sum
	main_go
}
nothing_kept() { ! find "$work/h/mc" -name '*.zip' -o -name '*.ziphash' -o -path '*words@v1.0.0' | grep .; }
t "go.sum mismatch of go.mod" fails tampered_sum mod download
t "go.sum mismatch of the zip" says tampered_zip_sum mod download
t "a mismatch keeps nothing" nothing_kept
t "a mismatch names it a security error" grep -q 'SECURITY ERROR' "$work/h.err"
no_other_source() {
	GOPROXY="file://$fx/good|file://$fx/evil-empty" says tampered_zip_sum build -o x . || return 1
	! grep -q 'status 0' "$work/h.err" && nothing_kept
}
t "a mismatch tries no other source" no_other_source

# -- hostile zips
for d in "$fx"/evil-*; do
	export GOPROXY=file://$d
	n=${d##*/evil-}
	[ "$n" != othermod ] || continue
	case $n in
	huge) # go notices the size only at the end of the data and says less
		evil() { agree "$@" >/dev/null; ! grep -q 'status 0' "$work/h.err" && nothing_kept; } ;;
	*) # go keeps the zip of a module that it cannot extract; hermod keeps nothing
		evil() { says "$@" && ! grep -q 'status 0' "$work/h.err" && nothing_kept; } ;;
	esac
	t "zip: $n" evil nothing mod download example.com/words@v1.0.0
	t "zip: $n: nothing outside the cache" test ! -e "$work/h/mc/escape.go" -a ! -e "$work/h/escape.go" -a ! -e /etc/escape
done
export GOPROXY=file://$fx/good

# -- the log
unset GONOSUMDB
for l in log log-fork log-signature log-record log-tile log-rewritten; do
	export GOSUMDB="$(cat "$fx/log.key") file://$fx/$l/sumdb/test.example"
	t "$l" agree nothing mod download example.com/words@v1.0.0
done
t "a log that lied leaves no module" bash -c "
	GOSUMDB='$(cat "$fx/log.key") file://$fx/log-record/sumdb/test.example' GOPATH=$work/l/gp GOMODCACHE=$work/l/mc '$HERMOD' mod download example.com/words@v1.0.0 && exit 1
	! find $work/l/mc -name '*.zip' -o -name '*.mod' | grep ."
# Two histories: what the client has stored does not fit what the log says now.
fork_seen() {
	local n out
	for n in g h; do
		rm -rf "$work/${n:?}"
		GOSUMDB="$(cat "$fx/log.key") file://$fx/log/sumdb/test.example" as $n mod download example.com/words@v1.0.0 || return 1
		GOSUMDB="$(cat "$fx/log.key") file://$fx/log-rewritten/sumdb/test.example" as $n mod download example.com/words@v1.1.0 >"$work/$n.out" 2>&1 && return 1
		sed -i "s#$work/$n/#W/#g; /^evidence kept in W/d" "$work/$n.out"
	done
	grep -q 'SECURITY ERROR' "$work/h.out" || { cat "$work/h.out"; return 1; }
	diff "$work/g.out" "$work/h.out"
}
t "a forked log is go's security error with both tree heads" fork_seen
export GONOSUMDB='*'

# -- packages
syntax_error() { module ''; printf 'package main\n\nfunc main() {\n' >main.go; }
scan_error() { module ''; printf 'package main\n\nimport "fmt\n' >main.go; }
type_error() { module ''; printf 'package main\n\nfunc main() { var x int = "s" }\n' >main.go; }
cycle() {
	module ''
	mkdir a b c
	printf 'package a\n\nimport _ "example.com/m/b"\n' >a/a.go
	printf 'package b\n\nimport _ "example.com/m/c"\n' >b/b.go
	printf 'package c\n\nimport _ "example.com/m/a"\n' >c/c.go
	printf 'package main\n\nimport _ "example.com/m/a"\n\nfunc main() {}\n' >main.go
}
two_packages() { module ''; printf 'package a\n' >a.go; printf 'package b\n' >b.go; }
only_cgo() { module ''; printf 'package main\n\nimport "C"\n\nfunc main() {}\n' >main.go; }
bad_embed() { module ''; printf 'package main\n\nimport _ "embed"\n\n//go:embed nothing.txt\nvar s string\n\nfunc main() {}\n' >main.go; }
internal_use() { module 'require example.com/words v1.0.0'; cp "$work/go.sum" go.sum; printf 'package main\n\nimport _ "internal/abi"\n\nfunc main() {}\n' >main.go; }
import_main() { module ''; mkdir cmd; printf 'package main\n\nfunc main() {}\n' >cmd/main.go; printf 'package main\n\nimport _ "example.com/m/cmd"\n\nfunc main() {}\n' >main.go; }
empty_dir() { module ''; }
for s in syntax_error scan_error type_error cycle two_packages only_cgo bad_embed internal_use import_main empty_dir; do
	t "package: $s" fails $s build -o x .
	t "package: $s, list" agree $s list .
done
inconsistent_vendor() {
	module 'require example.com/words v1.0.0'
	cp "$work/go.sum" go.sum
	main_go
	mkdir -p vendor/example.com/words
	printf '# example.com/words v1.1.0\n## explicit; go 1.21\nexample.com/words\n' >vendor/modules.txt
	printf 'package words\n\nfunc Hello() string { return "" }\n' >vendor/example.com/words/w.go
}
t "inconsistent vendor directory" fails inconsistent_vendor build -o x .

# -- toolchains that are not there, and why the one in use is in use
too_new() { printf 'module example.com/m\n\ngo 1.99\n' >go.mod; }
kept_default() { printf 'module example.com/m\n\ngo 1.99\n\ntoolchain default\n' >go.mod; }
for s in local local+path go1.26.0+path; do
	GOTOOLCHAIN=$s t "go.mod asks for a newer go, GOTOOLCHAIN=$s" fails too_new mod graph
done
GOTOOLCHAIN=auto t "toolchain default" fails kept_default mod graph
GOTOOLCHAIN=frob t "an invalid GOTOOLCHAIN" fails too_new mod graph

# -- usage
t "unknown command" fails nothing frobnicate
t "unknown flag" fails nothing build -frobnicate
t "unknown -mod" fails empty_dir build -mod=frob .

finish
