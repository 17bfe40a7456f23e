# mod tidy, mod why, get, work init, use, edit, sync: output, messages, status and files are go's.
. "$(dirname "$0")/lib.sh"

[ -n "$GO" ] || { skip "mod tidy" "no go command to compare with"; finish; }
unset GOFLAGS GOPATH GOWORK
export GOENV=off GOTOOLCHAIN=local GOSUMDB=off GOFLAGS=-modcacherw CGO_ENABLED=0
export GOPROXY=file://$work/proxy
mkdir -p "$work/as-go" && ln -s "$HERMOD" "$work/as-go/go"

# a needs b; later versions need more, move packages, or go back.
cat >"$work/list" <<-'EOF'
	mod example.com/a v1.0.0
	go.mod go 1.20
	go.mod require example.com/b v1.0.0
	pkg . example.com/b
	pkg only
	mod example.com/a v1.1.0
	go.mod go 1.20
	go.mod require example.com/b v1.1.0
	pkg . example.com/b example.com/b/sub
	test . example.com/t
	mod example.com/a v1.2.0
	go.mod go 1.20
	go.mod require example.com/b v1.2.0
	go.mod require example.com/c v1.0.0
	pkg . example.com/b example.com/c
	mod example.com/a v1.3.0-pre
	go.mod go 1.20
	pkg .
	mod example.com/a/v2 v2.0.0
	go.mod go 1.20
	pkg .
	mod example.com/b v1.0.0
	go.mod go 1.16
	go.mod require example.com/deep v1.0.0
	pkg .
	mod example.com/b v1.0.1
	go.mod go 1.16
	pkg .
	mod example.com/b v1.1.0
	go.mod go 1.16
	go.mod require example.com/deep v1.1.0
	pkg .
	pkg sub example.com/deep
	mod example.com/b v1.2.0
	go.mod go 1.20
	go.mod require example.com/a v1.1.0
	pkg .
	mod example.com/c v1.0.0
	go.mod go 1.20
	go.mod // Deprecated: use d
	pkg .
	pkg cmd/tool
	mod example.com/deep v1.0.0
	pkg .
	mod example.com/deep v1.1.0
	pkg .
	mod example.com/deep v1.2.0
	go.mod retract v1.1.0 // it is wrong
	pkg .
	mod example.com/t v1.0.0
	pkg .
	mod example.com/split v1.0.0
	pkg .
	pkg sub
	mod example.com/split/sub v1.0.0
	pkg .
	mod example.com/newgo v1.0.0
	go.mod go 1.99
	pkg .
	mod example.com/broken v1.0.0
	go.mod require example.com/nosuch v1.0.0
	pkg .
EOF
gotool modules "$work/proxy" <"$work/list" ||
	{ t "fixtures" false; finish; }

file() { mkdir -p "$(dirname "$1")" && cat >"$1"; }
gomod() { printf 'module example.com/m\n\ngo %s\n' "$1" | file go.mod; }
# imports FILE PATH...: a file of a package that imports these.
imports() {
	local f=$1 p
	shift
	{ echo "package p"; for p; do echo "import _ \"$p\""; done; } | file "$f"
}
tidied() { "$GO" mod tidy 2>/dev/null; return 0; }

empty() { gomod 1.24; imports m.go; }
uses_a() { gomod "${1:-1.24}"; imports m.go example.com/a; }
uses_a_1_16() { uses_a 1.16; }
uses_a_1_20() { uses_a 1.20; }
old_a() { uses_a "${1:-1.24}"; printf '\nrequire example.com/a v1.0.0\n' >>go.mod; tidied; }
old_a_1_16() { old_a 1.16; }
extra() {
	old_a
	printf '\nrequire (\n\texample.com/c v1.0.0 // indirect\n\texample.com/t v1.0.0\n)\n' >>go.mod
	echo 'example.com/x v1.0.0 h1:x=' >>go.sum
}
with_test() { old_a; imports m_test.go example.com/t; }
newer() { uses_a; printf '\nrequire example.com/a v1.2.0\n' >>go.mod; tidied; }
both() { gomod 1.24; imports m.go example.com/a example.com/b example.com/deep; tidied; }
replaced() {
	old_a
	printf 'replace example.com/b => ./b\n' >>go.mod
	printf 'module example.com/b\n' | file b/go.mod
	imports b/b.go
}
excluded() { uses_a; printf 'exclude example.com/a v1.2.0\n' >>go.mod; }
missing() { gomod 1.24; imports m.go example.com/nosuch example.com/a/nosuch fmt/nosuch; }
split() { gomod 1.24; imports m.go example.com/split example.com/split/sub; }
newgo() { gomod 1.24; imports m.go example.com/newgo; }
broken() { gomod 1.24; imports m.go example.com/broken; }
tools() { old_a; printf 'tool example.com/c/cmd/tool\n' >>go.mod; }
no_module() { imports m.go; }
bad_file() { printf 'module example.com/m\n\nrequire x\n' | file go.mod; }

# modules x and y, which need other versions of the same modules.
two() {
	printf 'module example.com/x\n\ngo 1.20\n\nrequire example.com/a v1.0.0\n' | file x/go.mod
	imports x/x.go example.com/a
	printf 'module example.com/y\n\ngo 1.24\n\nrequire example.com/b v1.2.0\n' | file y/go.mod
	imports y/y.go example.com/b
	(cd x && tidied)
	(cd y && tidied)
}
work_both() { two; printf 'go 1.24\n\nuse (\n\t./x\n\t./y\n)\n' | file go.work; }
work_one() { two; printf 'go 1.18\n\n// ours\nuse ./x // x\n' | file go.work; }
work_gone() { work_both; rm -r y; }
work_twice() { two; printf 'go 1.24\n\nuse ./x\nuse ./x/../x\n' | file go.work; }
work_bad() { printf 'go 1.24\n\nuse (\n' | file go.work; }
in_work() { work_both; cd x || return 1; }
nested() {
	local d
	two
	printf 'go 1.24\n\nuse ./x/gone\n' | file go.work
	for d in x/deep/z x/vendor/v; do printf 'module example.com/%s\n' "${d##*/}" | file $d/go.mod; done
	ln -s ../y x/link
}

# agree SETUP ARGS...: in a fresh folder made by SETUP, both say and leave the same.
agree() {
	local setup=$1 n tool
	shift
	for n in g h; do
		tool=$GO
		[ $n = g ] || tool=$work/as-go/go
		rm -rf "$work/d"
		mkdir "$work/d" && cd "$work/d" || return 1
		export GOPATH=$work/path-$n GOCACHE=$TEST_GOCACHE
		"$setup" || return 1
		"$tool" "$@" >"$work/$n.out" 2>"$work/$n.err"
		echo "status $?" >>"$work/$n.out"
		# What is asked side by side may be said in any order.
		grep -E '^go: (downloading|finding|found) ' "$work/$n.err" | sort >"$work/$n.side"
		sed -i -E "/^go: (downloading|finding|found) /d; s#path-$n#path#" "$work/$n.err"
		cd "$work" || return 1
		rm -rf "${work:?}/$n" && mv d "$n"
	done
	unset GOPATH GOCACHE
	diff g.side h.side && diff g.err h.err && diff g.out h.out && diff -r --no-dereference g h
}

for setup in empty uses_a uses_a_1_16 uses_a_1_20 old_a old_a_1_16 extra with_test newer both replaced excluded \
	missing split newgo broken tools no_module bad_file in_work; do
	t "mod tidy: $setup" agree $setup mod tidy
done
for setup in empty uses_a extra old_a tools missing; do
	t "mod tidy -diff: $setup" agree $setup mod tidy -diff
done
for setup in missing broken newgo; do
	t "mod tidy -e: $setup" agree $setup mod tidy -e
done
t "mod tidy -v" agree extra mod tidy -v
t "mod tidy -go" agree extra mod tidy -go=1.16
t "mod tidy -go of a module that prunes" agree old_a_1_16 mod tidy -go=1.24
t "mod tidy -go too new" agree extra mod tidy -go=1.99
t "mod tidy -go bad" agree extra mod tidy -go=go1.20
t "mod tidy -compat" agree old_a_1_16 mod tidy -compat=1.17
t "mod tidy with an argument" agree extra mod tidy x

for args in "example.com/b" "example.com/b example.com/deep" "." "-m example.com/b" "-m example.com/b example.com/t" \
	"-vendor example.com/t" "-m -vendor example.com/deep" "-m all" "example.com/nosuch" "-m example.com/nosuch" \
	"-m example.com/b@v1.0.0" "./..." "std" ""; do
	t "mod why $args" agree both mod why $args
done
t "mod why without a module" agree no_module mod why fmt

for args in "" "./..." example.com/a example.com/a@latest example.com/a@v1.1.0 example.com/a@v1 example.com/a@v1.1 \
	"example.com/a@<v1.2.0" "example.com/a@>v1.2.0" example.com/a@none example.com/a@patch example.com/b@none \
	example.com/b@v1.0.1 example.com/deep@none example.com/deep@v1.1.0 example.com/deep \
	"example.com/a@v1.2.0 example.com/b@v1.0.0" "example.com/a@v1.1.0 example.com/a@v1.2.0" \
	"example.com/..." "example.com/...@latest" "example.com/...@none" "example.com/nosuch/..." "example.com/a/..." \
	example.com/a/v2 example.com/a/nosuch example.com/nosuch example.com/c/cmd/tool example.com/split/sub \
	example.com/split/sub@v1.0.0 example.com/newgo example.com/broken all "all@v1.0.0" all@none \
	"-u" "-u ./..." "-u=patch" "-u=patch example.com/a" "-u example.com/b" "-u all" "-t ." "-u -t ." "-u=x" \
	"-v -u ." "-v example.com/a@v1.2.0 example.com/b@v1.1.0" go@1.25 go@none go@1.16 toolchain@none \
	toolchain@local fmt fmt@v1.0.0 example.com/m example.com/m@v1.0.0 ./nosuch ./m.go m.go ../d ../.. \
	"-tool example.com/c/cmd/tool" "-tool example.com/c/cmd/tool@none" "-tool all" example.com/a@ example.com/a@v1@v2 \
	example.com/a@nosuch -d -d=false -f -fix -m -insecure tool work "-tool=true" -x=nope -nope; do
	t "get $args" agree old_a get $args
done
for setup in old_a_1_16 newer both extra with_test replaced excluded; do
	for args in example.com/b@v1.0.1 example.com/a@v1.1.0 "-u ." example.com/b@none "-u -t ./..." go@1.20; do
		t "get $args: $setup" agree $setup get $args
	done
done
t "get tool" agree tools get tool
t "get -u tool" agree tools get -u tool
t "get without a module" agree no_module get example.com/a
t "get with a bad go.mod" agree bad_file get example.com/a
t "get in a workspace" agree in_work get example.com/a@v1.1.0
t "get in a workspace raises its go line" agree in_work get go@1.25
t "get of a module of the workspace" agree in_work get example.com/y

t "work init" agree two work init
t "work init with modules" agree two work init ./x y
t "work init twice" agree work_both work init
t "work init with a missing folder" agree two work init ./z
t "work init with a file" agree two work init ./x/go.mod
for args in "" ./y y "x y" -r "-r ." "-r x" "-r ./x ./y" ./nosuch ./x/x.go . "./y ../d/y"; do
	t "work use $args" agree work_one work use $args
done
for setup in work_gone work_twice work_bad two nested work_both; do
	t "work use: $setup" agree $setup work use ./x
	t "work use -r: $setup" agree $setup work use -r .
done
for setup in work_both work_one two work_gone; do
	t "work sync: $setup" agree $setup work sync
done
for args in "" "-fmt" "-print" "-json" "-json -print" "-go=1.20" "-go=none" "-go=x" "-toolchain=go1.25.0" "-toolchain=x" \
	"-use=./y" "-use=y" "-use=z -dropuse=./x" "-dropuse=x" "-godebug=a=b" "-godebug=a" "-dropgodebug=a" \
	"-replace=example.com/a=../a" "-replace=example.com/a@v1.0.0=example.com/b@v1.0.0" "-replace=example.com/a" \
	"-replace=example.com/a=>b" "-replace=example.com/a=b" "-replace=example.com/a@v1.0.0=./a@v1" "-dropreplace=example.com/a" \
	"-dropreplace=./x" "-replace=x y=z" "-json go.work" "-json nosuch.work" "-print a b" "-nope" \
	"-json -use=./y -replace=example.com/a=../a"; do
	t "work edit $args" agree work_one work edit $args
done
t "work edit without a workspace" agree two work edit -fmt
t "work edit of a bad file" agree work_bad work edit -fmt
finish
