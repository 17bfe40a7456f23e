# One build cache for both: each takes what the other has built, and compiles nothing again.
. "$(dirname "$0")/lib.sh"

[ -n "$GO" ] || { skip "shared build cache" "no go command"; finish; }
unset GOFLAGS GOPATH GOPROXY GOSUMDB
export GOENV=off GOTOOLCHAIN=local GOFLAGS="-modcacherw -buildvcs=false" CGO_ENABLED=0 GONOSUMDB='*'
gotool fixtures "$work/fx" || { t "fixtures" false; finish; }
export GOPROXY=file://$work/fx/good GOMODCACHE=$work/mc
mkdir -p "$work/as-go" "$work/m" && ln -s "$HERMOD" "$work/as-go/go"
hermod=$work/as-go/go
cd "$work/m"
printf 'module example.com/m\n\ngo 1.21\n\nrequire example.com/words v1.0.0\n' >go.mod
printf 'package main\n\nimport "example.com/words"\n\nfunc main() { println(words.Hello()) }\n' >main.go
"$GO" mod tidy 2>/dev/null

# tools LOG: how often compile, asm and link were run.
tools() {
	grep -cE '/(compile|asm|link) ' "$1"
}

# second FIRST SECOND: what FIRST built, SECOND only takes; the bits are the same.
second() {
	local first=$1 second=$2 n
	rm -rf "$work/bc"
	export GOCACHE=$work/bc
	"$first" build -trimpath -o "$work/one" . || return 1
	"$second" build -trimpath -x -o "$work/two" . >"$work/x" 2>&1 || { cat "$work/x"; return 1; }
	cmp "$work/one" "$work/two" || return 1
	n=$(grep -cE '/compile ' "$work/x")
	[ "$n" = 0 ] || { echo "$n packages were compiled again"; grep -E '/compile ' "$work/x" | head -n 3; return 1; }
	"$first" build -trimpath -x -o "$work/one" . >"$work/x" 2>&1 || return 1
	[ "$(tools "$work/x")" = 0 ] || { echo "after $second, $first ran:"; head -n 20 "$work/x"; return 1; }
}
t "hermod takes what go built" second "$GO" "$hermod"
t "go takes what hermod built" second "$hermod" "$GO"

changed() {
	export GOCACHE=$work/bc
	printf '\n// changed\nfunc unused() {}\n' >>main.go
	"$hermod" build -trimpath -x -o "$work/two" . >"$work/x" 2>&1 || { cat "$work/x"; return 1; }
	[ "$(grep -cE '/compile ' "$work/x")" = 1 ] || { echo "compiled: $(grep -cE '/compile ' "$work/x"), want 1"; return 1; }
	"$GO" build -trimpath -o "$work/one" . && cmp "$work/one" "$work/two"
}
t "after a change only the changed package is compiled" changed

# Both at once on one cache.
together() {
	local p=() i
	rm -rf "$work/bc2"
	export GOCACHE=$work/bc2
	"$GO" build -trimpath -o "$work/g" . & p+=($!)
	for i in 1 2; do
		"$hermod" build -trimpath -o "$work/h$i" . & p+=($!)
	done
	for i in "${p[@]}"; do wait "$i" || return 1; done
	cmp "$work/g" "$work/h1" && cmp "$work/g" "$work/h2"
}
t "go and hermod build at once in one cache" together

# Every action ID that go prints, hermod prints, with the same inputs.
action_ids() {
	export GOCACHE=$work/bc GODEBUG=gocachehash=1 # prints them though nothing is built again
	"$GO" build -trimpath -o "$work/one" . 2>"$work/go.hash" || return 1
	"$hermod" build -trimpath -o "$work/two" . 2>"$work/hm.hash" || { tail -n 3 "$work/hm.hash"; return 1; }
	hashes "$work/go.hash" >"$work/go.ids"
	hashes "$work/hm.hash" >"$work/hm.ids"
	[ "$(wc -l <"$work/go.ids")" -gt 100 ] || { echo "go printed too little"; return 1; }
	diff "$work/go.ids" "$work/hm.ids" | head -n 20
	cmp "$work/go.ids" "$work/hm.ids"
}
t "every action ID and its inputs as GODEBUG=gocachehash=1 prints them" action_ids

# -check
check_same() { GOCACHE=$work/bc "$hermod" build -trimpath -check -o "$work/checked" . 2>"$work/err" || { cat "$work/err"; return 1; }; grep -q 'same bits' "$work/err" || { cat "$work/err"; return 1; }; }
t "build -check: the same bits in other surroundings" check_same
check_differs() {
	fails_with 1 'first difference at offset' env GOCACHE="$work/bc" "$hermod" build -trimpath=false -check -o "$work/checked" .
}
t "build -check without -trimpath names the first difference" check_differs
finish
