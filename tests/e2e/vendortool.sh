# hermod-vendor: writes what go writes, finds every change, puts it back, without a Go toolchain.
. "$(dirname "$0")/lib.sh"

[ -n "$GO" ] || { skip "hermod-vendor" "no go command to compare with"; finish; }
unset GOFLAGS GOPATH GOPROXY GOSUMDB
export GOENV=off GOTOOLCHAIN=local GOFLAGS=-modcacherw GONOSUMDB='*' CGO_ENABLED=0
fx=$work/fx
gotool fixtures "$fx" || { t "fixtures" false; finish; }
export GOPROXY=file://$fx/good GOMODCACHE=$work/mc GOPATH=$work/gp
V=$BUILDDIR/hermod-vendor
file() { mkdir -p "$(dirname "$1")" && cat >"$1"; }

# No go anywhere: what is not built in must come from files and proxies.
mkdir "$work/bin"
nogo() { env PATH="$work/bin" "$V" "$@"; }

# A module that needs two modules of the proxy and one in a folder beside it.
world() {
	rm -rf "$work/d" && mkdir -p "$work/d/local/deep" "$work/d/m" && cd "$work/d/m" || return 1
	file go.mod <<-EOF
		module example.com/m

		go ${1:-1.24}

		require (
			example.com/local v1.0.0
			example.com/words v1.0.0
			example.com/words/v2 v2.0.0
		)

		replace example.com/local => ../local
	EOF
	printf 'package main\n\nimport (\n\t"fmt"\n\n\t_ "example.com/local/deep"\n\t"example.com/words"\n\t_ "example.com/words/v2"\n)\n\nfunc main() { fmt.Println(words.Hello()) }\n' | file main.go
	printf 'module example.com/local\n\ngo 1.20\n' | file ../local/go.mod
	printf 'licence\n' | file ../local/LICENSE
	printf 'package deep\n\nimport _ "net/http"\n' | file ../local/deep/deep.go
	printf 'package deep\n' | file ../local/deep/deep_test.go
	"$GO" mod tidy >/dev/null 2>&1
}
reference() { world "$@" && "$GO" mod vendor && rm -rf "$work/ref" && cp -r vendor "$work/ref"; }

writes() { reference "$1" && rm -rf vendor && "${2:-nogo}" write && same vendor "$work/ref"; }
for v in 1.13 1.16 1.20 1.24; do t "write without Go is go mod vendor (go $v)" writes $v; done
with_go() { "$V" "$@"; }
t "write beside an installed Go" writes 1.24 with_go
write_o() { reference && nogo write -o ../out && same ../out "$work/ref" && nogo write -o "$work/d/abs" && same "$work/d/abs" "$work/ref"; }
t "write -o" write_o
write_v() { reference && nogo write -v 2>"$work/v" && cmp "$work/v" vendor/modules.txt; }
t "write -v" write_v
newer_go() { world 1.24 && sed -i 's/^go .*/go 1.99.1/' go.mod && nogo write && nogo check && [ -e vendor/example.com/words/words.go ]; }
t "a go line newer than any toolchain here" newer_go
dotless() {
	reference && sed -i 's#^module .*#module m#' go.mod && printf 'package sub\n\nimport _ "example.com/words"\n' | file sub/s.go &&
	printf 'package main\n\nimport _ "m/sub"\n\nfunc main() {}\n' | file main.go && "$GO" mod tidy 2>/dev/null && "$GO" mod vendor && rm -rf "$work/ref" && mv vendor "$work/ref" &&
	nogo write && same vendor "$work/ref"
}
t "modules whose path has no dot" dotless
none() { rm -rf "$work/d" && mkdir -p "$work/d" && cd "$work/d" && printf 'module m\n\ngo 1.24\n' >go.mod && printf 'package m\n' >m.go && fails_with 0 "no dependencies to vendor" nogo write && nogo check && [ ! -e vendor ]; }
t "nothing to vendor" none
no_module() { rm -rf "$work/d" && mkdir -p "$work/d" && cd "$work/d" && fails_with 1 "go.mod file not found" nogo check; }
t "no module" no_module
missing() { world && printf 'package main\n\nimport _ "example.com/words/nosuch"\n' | file more.go && fails_with 1 "example.com/words/nosuch" nogo write && [ ! -e vendor ]; }
t "a package that no module has" missing
workspace() {
	reference && mkdir ../n && printf 'module example.com/n\n\ngo 1.24\n\nrequire example.com/words v1.1.0\n' >../n/go.mod && printf 'package n\n\nimport _ "example.com/words"\n' >../n/n.go &&
	(cd ../n && "$GO" mod tidy) && cd .. && rm -rf m/vendor && printf 'go 1.24\n\nuse (\n\t./m\n\t./n\n)\n' >go.work &&
	"$GO" work vendor && mv vendor "$work/wref" && nogo write && same vendor "$work/wref" && nogo check && sed -i 's/v1.1.0/v1.0.0/' vendor/modules.txt && ! nogo check
}
t "a workspace: write and check" workspace

clean() { reference && nogo check >"$work/out" && grep -qE '^vendor: [0-9]+ files of 2 modules verified, 1 module compared' "$work/out" && [ "$(find vendor -type f ! -name modules.txt | wc -l)" = "$(sed 's/^vendor: \([0-9]*\) .*/\1/' "$work/out")" ]; }
t "check of a good folder counts its files" clean
in_dir() { reference && cd / && nogo check -C "$work/d/m"; }
t "check -C" in_dir
cold() { reference && GOMODCACHE=$work/mc.cold nogo check; }
t "check with an empty module cache" cold

# finds DAMAGE LINE: check prints exactly that line and fails; repair makes it good again.
finds() {
	local out
	reference && eval "$1" || return 1
	out=$(nogo check)
	[ $? = 1 ] || { echo "status is not 1: $out"; return 1; }
	[ "$out" = "$2" ] || { printf 'found:\n%s\nwant:\n%s\n' "$out" "$2"; return 1; }
	nogo repair >"$work/out" 2>&1 || { cat "$work/out"; return 1; }
	same vendor "$work/ref" && nogo check >/dev/null
}
w=vendor/example.com/words
t "a changed byte" finds "printf x | dd of=$w/words.go bs=1 seek=3 conv=notrunc status=none" "$w/words.go: differs from example.com/words@v1.0.0"
t "a longer file" finds "echo >>$w/LICENSE" "$w/LICENSE: differs from example.com/words@v1.0.0"
t "a file of another version" finds "cp $w/v2/words.go $w/words.go" "$w/words.go: differs from example.com/words@v1.0.0"
t "an emptied file" finds ": >$w/words.go" "$w/words.go: differs from example.com/words@v1.0.0"
t "a missing file" finds "rm $w/hello.txt" "$w/hello.txt: missing; example.com/words@v1.0.0 has it"
t "an added file" finds "echo 'package words' >$w/added.go" "$w/added.go: is not in example.com/words@v1.0.0"
t "a file of the module that is not vendored" finds "cp ../local/deep/deep_test.go vendor/example.com/local/deep/" "vendor/example.com/local/deep/deep_test.go: is not vendored from ../local"
t "a file of no module" finds "mkdir -p vendor/evil.com/x/y; echo x >vendor/evil.com/x/y/z" "vendor/evil.com/x/y/z: is of no vendored module"
t "a changed file of a replacing folder" finds "echo >>vendor/example.com/local/deep/deep.go" "vendor/example.com/local/deep/deep.go: differs from ../local"
t "a link in the place of a file" finds "mv $w/words.go ../w.go; ln -s ../../../../w.go $w/words.go" "$w/words.go: is not vendored from example.com/words@v1.0.0
$w/words.go: missing; example.com/words@v1.0.0 has it"
t "a folder in the place of a file" finds "rm $w/words.go; mkdir -p $w/words.go/a; echo x >$w/words.go/a/b" "$w/words.go: missing; example.com/words@v1.0.0 has it
$w/words.go/a/b: is not in example.com/words@v1.0.0"
t "a file in the place of a folder" finds "rm -r $w/v2; echo x >$w/v2" "$w/v2: is not in example.com/words/v2@v2.0.0
$w/v2/LICENSE: missing; example.com/words/v2@v2.0.0 has it
$w/v2/hello.txt: missing; example.com/words/v2@v2.0.0 has it
$w/v2/words.go: missing; example.com/words/v2@v2.0.0 has it"
t "modules.txt: another version" finds "sed -i 's/^# example.com.words v1.0.0/# example.com\/words v1.1.0/' vendor/modules.txt" "vendor/modules.txt: example.com/words@v1.0.0: is explicitly required in go.mod, but not marked as explicit in vendor/modules.txt
vendor/modules.txt: example.com/words@v1.1.0: is marked as explicit in vendor/modules.txt, but not explicitly required in go.mod
vendor/modules.txt:4: unexpected line: # example.com/words v1.1.0
vendor/modules.txt: missing line: # example.com/words v1.0.0"
t "modules.txt: a package taken out" finds "sed -i '/^example.com.words.v2$/d' vendor/modules.txt" "vendor/modules.txt: missing line under \"# example.com/words/v2 v2.0.0\": example.com/words/v2"
t "modules.txt: a package put in" finds "echo example.com/words/v2/more >>vendor/modules.txt" "vendor/modules.txt:11: unexpected line: example.com/words/v2/more"
t "modules.txt: gone" finds "rm vendor/modules.txt" "vendor/modules.txt: missing; the vendor directory is of no use without it"
t "modules.txt: order" finds "tac vendor/modules.txt >../x; awk 'NR > 3 && NR < 7' vendor/modules.txt >../y; (awk 'NR <= 3 || NR >= 7' vendor/modules.txt; cat ../y) >../z; cp ../z vendor/modules.txt" "vendor/modules.txt:4: order, repetition or end of lines is not as written"
finds_all() { reference && rm -r vendor && [ "$(nogo check | grep -c missing)" = $(($(find "$work/ref" -type f | wc -l))) ] && nogo repair >/dev/null && same vendor "$work/ref"; }
t "no vendor folder: all is missing, repair makes it" finds_all
stale() { reference && "$GO" mod edit -require example.com/words@v1.1.0 && "$GO" mod tidy 2>/dev/null && fails_with 1 "$w/words.go: differs from example.com/words@v1.1.0" nogo check; }
t "go.mod went on, the folder did not" stale
json() { reference && echo >>$w/words.go && ! nogo check -json >"$work/json" && "$GO" run "$work/readjson.go" <"$work/json"; }
cat >"$work/readjson.go" <<'EOF'
package main

import (
	"encoding/json"
	"os"
)

func main() {
	var r struct {
		Vendor         string
		Modules, Files int
		Findings       []struct{ File, Fault, Module, Version, Text string }
	}
	d := json.NewDecoder(os.Stdin)
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil || r.Vendor != "vendor" || r.Modules != 3 || len(r.Findings) != 1 ||
		r.Findings[0].Fault != "changed" || r.Findings[0].Module != "example.com/words" || r.Findings[0].Version != "v1.0.0" {
		panic("wrong")
	}
}
EOF
export GOCACHE=$TEST_GOCACHE
t "check -json" json

# -- what vouches for the modules
bad_cache() {
	reference && cp -r "$GOMODCACHE" "$work/mc.bad" && echo '// more' >>"$work/mc.bad/example.com/words@v1.0.0/words.go" && cp "$work/mc.bad/example.com/words@v1.0.0/words.go" $w/words.go || return 1
	GOMODCACHE=$work/mc.bad fails_with 1 "verifying example.com/words@v1.0.0: dir has been modified" nogo check &&
	GOMODCACHE=$work/mc.bad fails_with 1 "dir has been modified" nogo repair && cmp -s $w/words.go "$work/mc.bad/example.com/words@v1.0.0/words.go"
}
t "a changed module cache vouches for nothing" bad_cache
bad_sum() { reference && sed -i '/words v1.0.0 h1/s/h1:..../h1:AAAA/' go.sum && fails_with 1 "checksum mismatch" nogo check; }
t "another hash in go.sum" bad_sum
no_sum() { reference && sed -i '/words v1.0.0 h1/d' go.sum && fails_with 1 "missing go.sum entry" nogo check; }
t "no hash in go.sum" no_sum
evil() { reference && GOMODCACHE=$work/mc.evil GOPROXY=file://$fx/evil-othermod fails_with 1 "checksum mismatch" nogo check; }
t "a proxy that lies" evil

# -- explain
explains() { reference && nogo explain "$1" >"$work/out" && cat "$work/out" && grep -qxF "$2" "$work/out"; }
line() { grep -n "^example.com/words v1.0.0 h1:" go.sum | sed 's/^\([0-9]*\):example.com.words v1.0.0 \(.*\)/  verified by go.sum:\1: \2/'; }
explains_sum() { reference && nogo explain example.com/words | has -xF "$(line)"; }
t "explain: the line of go.sum" explains_sum
t "explain: module and version" explains example.com/words "  module example.com/words v1.0.0"
t "explain: chain of imports" explains example.com/words "      example.com/words"
t "explain: a file" explains $w/hello.txt "  file of package example.com/words"
t "explain: a licence" explains vendor/example.com/local/LICENSE "  licence or notice above package example.com/local/deep"
t "explain: a replaced module" explains example.com/local/deep "  replaced by ../local"
explains_bad() { reference && echo >>$w/words.go && fails_with 1 "but it differs from example.com/words@v1.0.0" nogo explain $w/words.go; }
t "explain: a changed file" explains_bad
explains_extra() { reference && echo >$w/x.go && fails_with 1 "$w/x.go is not in example.com/words@v1.0.0" nogo explain $w/x.go; }
t "explain: an added file" explains_extra
t "explain: what is not vendored" fails_with 1 "fmt: neither a package" nogo explain -C "$work/d/m" fmt

t "help" fails_with 0 "usage:" nogo help
t "an unknown command" fails_with 2 "unknown command" nogo frob
t "an unknown flag" fails_with 2 "flag provided but not defined: -q" nogo check -q
t "a flag of another command" fails_with 2 "flag provided but not defined: -o" nogo check -o x
t "a flag without its value" fails_with 2 "flag needs an argument: -o" nogo write -o
t "an argument too many" fails_with 2 "takes no arguments" nogo check x
t "an argument too few" fails_with 2 "takes one or more arguments" nogo explain
finish
