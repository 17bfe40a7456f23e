# mod vendor: the tree, modules.txt, messages and status are go's; nothing is lost when it fails.
. "$(dirname "$0")/lib.sh"

[ -n "$GO" ] || { skip "mod vendor" "no go command to compare with"; finish; }
unset GOFLAGS
export GOENV=off GOTOOLCHAIN=local GOPROXY=off GOSUMDB=off CGO_ENABLED=0
mkdir -p "$work/as-go" && ln -s "$HERMOD" "$work/as-go/go"

file() { mkdir -p "$(dirname "$1")" && cat >"$1"; }

# A main module and three others in folders beside it.
world() {
	file m/go.mod <<-EOF
		module example.com/m

		go ${1:-1.24}

		require (
			example.com/a v1.0.0
			example.com/b/v2 v2.1.0 // indirect
		)

		replace (
			example.com/a => ../a
			example.com/b/v2 v2.1.0 => ../b
			example.com/b/v2/sub => ../sub
			example.com/unused v1.2.3 => example.com/other v1.0.0
			example.com/wild => ../wild
		)
	EOF
	printf 'package main\n\nimport _ "example.com/a/x/y"\n\nfunc main() {}\n' | file m/main.go
	printf 'package main\n\nimport _ "example.com/a/intest"\n' | file m/main_test.go
	printf 'module example.com/a\n\ngo 1.20\n\nrequire example.com/b/v2 v2.1.0\n' | file a/go.mod
	printf 'x\n' | file a/LICENSE
	printf 'x\n' | file a/README
	printf 'x\n' | file a/x/NOTICE.txt
	printf 'x\n' | file a/x/y/PATENTS
	printf 'x\n' | file a/x/y/data.txt
	printf 'x\n' | file a/x/y/sub/deep/file
	printf 'x\n' | file a/x/y/.hidden
	printf 'x\n' | file a/x/y/go.sum
	cat <<-'EOF' | file a/x/y/y.go
		package y

		import (
			"embed"

			_ "example.com/b/v2"
		)

		//go:embed data.txt sub
		var FS embed.FS
	EOF
	printf '//go:build windows && someday\n\npackage y\n\nimport _ "example.com/a/win"\n' | file a/x/y/w.go
	printf '//go:build ignore\n\npackage main\n' | file a/x/y/gen.go
	printf '//go:build ignore\n\npackage main\n' | file a/x/y/_gen.go
	printf '//go:build x\n//go:build y\n\npackage y\n' | file a/x/y/_two.go
	printf 'package y\n' | file a/x/y/_under.go
	printf 'package y\n\nimport _ "embed"\n\n//go:embed sub/deep/file\nvar s string\n' | file a/x/y/y_test.go
	printf 'TEXT nothing\n' | file a/x/y/y_arm64.s
	ln -s y.go a/x/y/link.go
	printf 'package win\n' | file a/win/w_windows.go
	printf 'package intest\n' | file a/intest/i.go
	printf 'package b // import "example.com/b/v2"\n' | file b/b.go
	printf 'module example.com/b/v2\n\ngo 1.16\n' | file b/go.mod
	printf 'x\n' | file b/COPYING
	mkdir -p wild sub
	printf 'module example.com/b/v2/sub\n' | file sub/go.mod
	printf 'module example.com/wild\n' | file wild/go.mod
}
world_1_13() { world 1.13; }
world_1_16() { world 1.16; }
world_1_20() { world 1.20; }
world_1_21() { world 1.21; }
no_deps() { printf 'module example.com/m\n\ngo 1.24\n' | file m/go.mod; printf 'package m\n' | file m/m.go; }
no_deps_but_vendor() { no_deps; echo old | file m/vendor/x/y; }
no_go_line() { world; sed -i '/^go /d' m/go.mod; }
old_vendor() { world; echo old | file m/vendor/example.com/gone/gone.go; chmod 755 m/vendor; }
vendor_link() { world; mkdir other; echo keep >other/keep; ln -s ../other m/vendor; }
missing() { world; printf 'package main\n\nimport _ "example.com/a/nosuch"\n' | file m/more.go; }
missing_embed() { world; rm a/x/y/data.txt; }
bad_embed_dir() { world; mkdir a/x/y/only; printf 'package y\n\nimport _ "embed"\n\n//go:embed only\nvar O embed.FS\n' | file a/x/y/o.go; }
two_names() { world; printf 'package other\n' | file a/x/y/o.go; }
syntax_error() { world; printf 'package b\n\nfunc (\n' | file b/c.go; }
bad_import() { world; printf 'package b\n\nimport "a' | file b/c.go; }
inside_vendor() { world; sed -i 's#=> ../a#=> ./vendor/a#' m/go.mod; mkdir -p m/vendor; mv a m/vendor/a; }
workspace() { world; printf 'go 1.24\n\nuse ./m\n' | file m/go.work; }
two_modules() {
	world
	printf 'go 1.24\n\nuse (\n\t.\n\t./n\n)\n\nreplace example.com/work => ../wild\n' | file m/go.work
	printf 'module example.com/n\n\ngo 1.24\n\nrequire example.com/b/v2 v2.1.0\n\nreplace example.com/b/v2 => ../../b\n' | file m/n/go.mod
	sed -i 's#example.com/b/v2 v2.1.0 => ../b#example.com/b/v2 => ../b#' m/go.mod
	printf 'package n\n\nimport _ "example.com/b/v2"\n' | file m/n/n.go
}
excluded_tags() { world; printf '//go:build !linux && !windows\n\npackage y\n\nimport _ "example.com/a/win"\n' | file a/x/y/z.go; }

# agree SETUP ARGS...: both leave the same files, modes and messages.
agree() {
	local setup=$1 n tool
	shift
	for n in g h; do
		tool=$GO
		[ $n = g ] || tool=$work/as-go/go
		rm -rf "$work/d"
		mkdir "$work/d" && cd "$work/d" || return 1
		"$setup"
		cd m || return 1
		GOFLAGS=-mod=mod GOPATH=$work/gp "$tool" "${verb:-mod}" "$@" >"$work/$n.out" 2>"$work/$n.err"
		echo "status $?" >>"$work/$n.out"
		cd "$work" || return 1
		(cd d && find . -printf '%p %m %y %l\n' | sort) >>"$work/$n.out"
		rm -rf "$work/$n" && mv d "$work/$n"
	done
	diff g.err h.err && diff g.out h.out && diff -r --no-dereference g h
}

for setup in world world_1_13 world_1_16 world_1_20 world_1_21 no_deps no_deps_but_vendor no_go_line syntax_error \
	old_vendor vendor_link missing_embed bad_embed_dir two_names excluded_tags workspace; do
	t "mod vendor: $setup" agree $setup vendor
done
for setup in missing_embed missing syntax_error; do
	t "mod vendor -e: $setup" agree $setup vendor -e
done
verb=work t "work vendor" agree two_modules vendor
verb=work t "work vendor -v" agree two_modules vendor -v
verb=work t "work vendor without a workspace" agree world vendor
t "mod vendor -v" agree world vendor -v
t "mod vendor -o relative" agree world vendor -o ../else/where
t "mod vendor -o absolute" agree world vendor -o "$work/d/out"
t "mod vendor with an argument" agree world vendor x
t "mod vendor -nope" agree world vendor -nope

# Where go leaves half a tree or none, hermod keeps the old one: only message and status are compared.
refuses_alike() {
	agree "$@" >/dev/null
	diff "$work/g.err" "$work/h.err" && diff <(head -n 1 "$work/g.out") <(head -n 1 "$work/h.out")
}
for setup in missing bad_import inside_vendor; do
	t "mod vendor fails as go's: $setup" refuses_alike $setup vendor
done
t "mod vendor -e fails as go's: bad_import" refuses_alike bad_import vendor -e

keeps_old() {
	rm -rf "$work/k" && mkdir "$work/k" && cd "$work/k" || return 1
	old_vendor
	cd m || return 1
	printf 'package b\n\nimport "a' | file ../b/c.go
	cp -r vendor ../before
	! "$work/as-go/go" mod vendor || return 1
	[ -z "$(find . -name '.vendor*')" ] && same vendor ../before
}
t "a run that fails leaves the old vendor folder" keeps_old

cleans_up() {
	rm -rf "$work/k" && mkdir "$work/k" && cd "$work/k" || return 1
	world
	cd m || return 1
	echo x | file .vendor.new/example.com/z/z.go
	echo x | file .vendor.old/example.com/z/z.go
	"$work/as-go/go" mod vendor || return 1
	[ -z "$(find . -name '.vendor*')" ] && [ ! -e vendor/example.com/z ] && "$GO" list -mod=vendor ./... >/dev/null
}
t "leftovers of a killed run go away" cleans_up
finish
