# What hermod-proxy asks upstream for while real clients go through it: exactly what they asked
# for, once each, though --fetch-ahead=learn (the default) fetches zips before go mod download
# comes for them.
. "$(dirname "$0")/lib.sh"

[ -n "$GO" ] || { skip "fetch ahead" "no go command"; finish; }
command -v curl >/dev/null || { skip "fetch ahead" "no curl"; finish; }
[ -x "$BUILDDIR/tests/e2e/fixture_proxy" ] || { skip "fetch ahead" "no fixture_proxy"; finish; }
unset GOFLAGS GOPATH GOPROXY GOSUMDB
export GOENV=off GOTOOLCHAIN=local GOFLAGS=-modcacherw CGO_ENABLED=0 GONOSUMDB='*' GOSUMDB=off

# -- 12 modules that import one module each; all of them have a newer version, and the first
# requires an old one, whose .mod go reads and no more.
for v in v1.0.0 v1.1.0 v1.2.0; do
	for i in $(seq 10 33); do
		printf 'mod example.com/m%d %s\ngo.mod go 1.16\n' "$i" $v
		if [ $((i % 2)) = 1 ]; then
			[ $v = v1.0.0 ] && dep=v1.0.0 || dep=v1.1.0
			printf 'go.mod require example.com/m%d %s\npkg . example.com/m%d\n' $((i - 1)) $dep $((i - 1))
		else
			echo 'pkg .'
		fi
	done
done >"$work/list"
gotool modules "$work/up" <"$work/list" || { t "modules" false; finish; }
mkdir -p "$work/main"
{
	printf 'module example.com/main\n\ngo 1.21\n'
	for i in $(seq 11 2 33); do echo "require example.com/m$i v1.1.0"; done
} >"$work/main/go.mod"
{
	echo 'package main'
	for i in $(seq 11 2 33); do echo "import _ \"example.com/m$i\""; done
	echo 'func main() {}'
} >"$work/main/main.go"
tidy() { cd "$work/main" && GOPROXY=file://$work/up GOMODCACHE=$work/mc.tidy "$GO" mod tidy && [ "$(grep -c '// indirect' go.mod)" = 12 ]; }
t "a module with two blocks of requirements" tidy

here "an upstream" upstream "$work/up"

# serve ARGS...: a proxy with nothing in its store, before an upstream that takes its time
serve() {
	rm -rf "$work/store" "$work/access.log"
	curl -s "$up/_forget"
	launch "$work/serve.log" "$BUILDDIR/hermod-proxy" serve --dir "$work/store" --listen 127.0.0.1:0 --upstream "$up/_slow=10" --access-log text --access-log-file "$work/access.log" "$@"
}
# run COMMAND...: in the module, on a machine that has nothing
run() { rm -rf "$work/mc" && (cd "$work/main" && GOPROXY=$url GOMODCACHE=$work/mc "$@" >"$work/out" 2>&1) || { cat "$work/out"; return 1; }; }
# quiet: the proxy fetches nothing any more
quiet() { for _ in $(seq 200); do [ "$(curl -s "$url/metrics" | sed -n 's/^hermod_proxy_fills //p')" != 0 ] || return 0; sleep 0.05; done; return 1; }
stop() { quiet && kill "$pid" && wait "$pid"; curl -s "$up/_log" | sed -n 's|.* \(/example.com/[^ ]*\).*|\1|p' >"$work/asked"; }
clients() { grep -o ' /example.com/[^ ]*' "$work/access.log" | tr -d ' '; }
# exactly: upstream was asked for what clients asked for, once each.
exactly() { diff <(clients | sort -u) <(sort "$work/asked"); }
# early: zips that upstream was asked for before the last .info
early() { awk '/[.]zip$/ { zips++ } /[.]info$/ { early = zips + 0 } END { print early + 0 }' "$work/asked"; }
zips() { grep -c 'zip$' "$work/asked"; }

download() { serve "${@:2}" && run "$1" mod download && stop && exactly && [ "$(zips)" = 24 ] && echo "$(early) zips before the last .info" && [ "$(early)" -gt 0 ]; }
here "go mod download: zips are fetched ahead; upstream is asked for what go asks for" download "$GO"
here "hermod mod download: the same" download "$HERMOD"
never() { HERMOD_PROXY_FETCH_AHEAD=never serve && run "$GO" mod download && stop && exactly && [ "$(zips)" = 24 ] && [ "$(early)" = 0 ]; }
here "HERMOD_PROXY_FETCH_AHEAD=never: they are not" never
wrong() { ! "$BUILDDIR/hermod-proxy" serve --dir "$work/store" --fetch-ahead=true 2>"$work/err" && has 'none of learn, always and never' <"$work/err"; }
t "another word is refused" wrong

# One proxy, one client after another from one address, each with habits of its own.
others() { # no zip follows .info
	serve && GOMAXPROCS=1 run "$GO" list -m all && run "$GO" list -m -u all && stop && exactly && [ "$(zips)" = 0 ]
}
here "go list -m all, on one core, too, and list -m -u all: not one zip" others
builds() { serve && run "$GO" list -deps . && stop && exactly && [ "$(zips)" = 24 ]; }
here "go list -deps, as go build: what go asks for" builds
changes() { serve && run "$GO" mod download && run "$GO" list -m -u all && stop && exactly && [ "$(zips)" = 24 ]; }
here "go mod download, then go list -m -u: nothing more" changes
get() {
	mkdir -p "$work/getter" && printf 'module example.com/getter\n\ngo 1.21\n' >"$work/getter/go.mod" && serve &&
		(cd "$work/getter" && GOPROXY=$url GOMODCACHE=$work/mc.get "$GO" get example.com/m33 example.com/m31@v1.0.0 >"$work/out" 2>&1) && stop && exactly
}
here "go get: what go asks for" get
crossing() { # two at once behind one address
	local a
	serve && { (cd "$work/main" && GOPROXY=$url GOMODCACHE=$work/mc.2 "$GO" list -m -u all >"$work/out2" 2>&1) & } && a=$! && run "$GO" mod download && wait "$a" && stop && exactly && [ "$(zips)" = 24 ]
}
here "two clients behind one address" crossing
mixed() { # all files of all versions in no order, from 8 readers
	serve && (cd "$work/up" && find . -name '*.zip' -o -name '*.mod' -o -name '*.info') | sed 's|^\./||' | sort -R --random-source="$work/list" >"$work/all" &&
		xargs -a "$work/all" -P 8 -n 27 sh -c 'u=$1; shift; for f; do set -- "$@" -o /dev/null "$u/$f"; shift; done; exec curl -s -f "$@"' sh "$url" && stop && exactly && [ "$(wc -l <"$work/asked")" = 216 ]
}
here "216 files in no order: each once" mixed
# walk MINOR ARGS: as go mod download begins, but nobody comes for the zips
walk() {
	{ seq -f "$url/example.com/m%g/@v/v1.$1.0.mod" 10 33; seq -f "$url/example.com/m%g/@v/v1.$1.0.info" 11 2 33; seq -f "$url/example.com/m%g/@v/v1.$1.0.info" 10 2 32; } |
		xargs curl -s -f "${@:2}" >"$work/walked"
}
once() { serve && walk 1 && quiet && walk 2 && stop && [ "$(zips)" = 24 ] && ! grep 'v1.2.0.zip' "$work/asked"; }
here "who walks through a go.mod file and does not come for the zips has them fetched once" once
disabled() {
	serve && walk 1 && quiet && kill "$pid" && wait "$pid"; rm -f "$work/store"/cache/download/example.com/*/@v/*.zip
	curl -s "$up/_forget"; launch "$work/serve.log" "$BUILDDIR/hermod-proxy" serve --dir "$work/store" --listen 127.0.0.1:0 --upstream "$up" && walk 1 -H 'Disable-Module-Fetch: true' && stop && [ ! -s "$work/asked" ]
}
here "nothing for who says Disable-Module-Fetch" disabled
finish
