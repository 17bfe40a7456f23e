# mod edit and mod init: what they print, their status and the file they leave are go's.
. "$(dirname "$0")/lib.sh"

[ -n "$GO" ] || { skip "mod edit" "no go command to compare with"; finish; }
unset GOFLAGS
export GOENV=off GOTOOLCHAIN=local GOPROXY=off GOSUMDB=off
mkdir -p "$work/as-go" && ln -s "$HERMOD" "$work/as-go/go"

base() {
	cat >go.mod <<-'EOF'
		module a.b/m

		go 1.21

		require (
			x.y/z v1.0.0 // indirect
			c.d/e v1.2.3
		)

		exclude x.y/z v1.1.0

		replace x.y/z => ../z

		retract v1.0.0 // oops

		tool a.b/t

		ignore ./n

		godebug x=y
	EOF
	chmod 640 go.mod
}
empty() { :; }
with_source() { echo 'package x' >x.go; }
with_import_comment() { echo 'package x // import "q.r/s"' >x.go; }
with_gomod() { echo 'module x' >go.mod; }
broken() { printf 'module x\nrequire (\n\ta v1 // c\n\tb\n)\nfoo\n' >go.mod; }

# agree SETUP VERB ARGS...
agree() {
	local setup=$1 n tool
	shift
	for n in g h; do
		tool=$GO
		[ $n = g ] || tool=$work/as-go/go
		rm -rf "$work/d"
		mkdir "$work/d" && cd "$work/d" || return 1
		"$setup"
		"$tool" mod "$@" >"$work/$n.out" 2>"$work/$n.err"
		echo "status $?" >>"$work/$n.out"
		for f in *; do echo "-- $f $(stat -c %a "$f")"; cat "$f"; done >>"$work/$n.out"
		cd "$work" || return 1
	done
	diff g.err h.err && diff g.out h.out
}

# Each line: the words behind `mod edit`.
while IFS= read -r line; do
	eval "args=($line)"
	t "mod edit $line" agree base edit "${args[@]}"
done <<'EOF'
-json
-print
-fmt
-module x.y/new
-module go
-module 'bad path'
-module foo
-go 1.22
-go none
-go 1.x
-go=
-go 1.99.0
-toolchain go1.22.1
-toolchain none
-toolchain x1
-toolchain default
-require a.b/c@v1.0.0 -require c.d/e@v1.3.0
-require a.b/c
-require a.b/c@
-require 'a.b/c@v1 2'
-require 'a.b/c@-x'
-require ' a.b/c @ master '
-require /x@v1
-droprequire x.y/z
-droprequire x.y/z@v1
-exclude x.y/z@v1.2.0 -exclude x.y/z@v1.10.0 -exclude x.y/z@v1.9.0
-exclude x.y/z@v2.0.0
-exclude x.y/z@master
-dropexclude x.y/z@v1.1.0
-replace x.y/z@v1.0.0=a.b/c@v1.0.0
-replace x.y/z=../other
-replace x.y/z=a.b/c
-replace 'x.y/z=>a.b/c@v1'
-replace x.y/z
-replace 'x.y/q=./with space'
-replace 'x.y/q@v1=/abs'
-replace 'a b=/abs'
-dropreplace x.y/z
-dropreplace x.y/z@v1.0.0
-retract v1.1.0
-retract '[v1.1.0,v1.2.0]'
-retract '[v1.1.0, v1.2.0]' -json
-retract 'v1 x'
-retract '[v1.1.0'
-retract '[v1.1.0]'
-retract v1
-dropretract v1.0.0
-tool x/y -tool a
-tool x/y@v1
-droptool a.b/t
-droptool a.b/t -json
-droptool a.b/t -tool q -json
-ignore ./z -ignore ./a
-dropignore ./n -json
-godebug k=v -godebug x=z
-godebug k
-godebug 'k=v,w'
-dropgodebug x
-json -print
-fmt a b
-fmt nosuch.mod
-nope
-require
-json=foo
-x -n -fmt
''
-modcacherw -print

-C=nosuch -json
-droprequire x.y/z -droprequire c.d/e -dropexclude x.y/z@v1.1.0 -dropreplace x.y/z -dropretract v1.0.0 -droptool a.b/t -dropignore ./n -dropgodebug x -go=none
EOF
t "mod edit of a broken file" agree broken edit -fmt
t "mod edit without a module" agree empty edit -json

while IFS= read -r line; do
	eval "args=($line)"
	t "mod init $line" agree empty init "${args[@]}"
done <<'EOF'
a.b/c
foo
''

'a b'
./x
..
go
a.b/c/v1
gopkg.in/x
a.b/v1.2.3
x y
-modfile=x.mod a.b
EOF
t "mod init beside Go files" agree with_source init a.b/c
t "mod init from an import comment" agree with_import_comment init
t "mod init over a go.mod" agree with_gomod init a.b/c
finish
