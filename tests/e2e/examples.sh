# Every example of the man pages works: lines that start with "$ " are run in a small
# project.
. "$(dirname "$0")/lib.sh"

[ -n "$GO" ] || { skip "examples" "no go command to make the project with"; finish; }
unset GOFLAGS GOPATH GOPROXY GOSUMDB
export GOENV=off GOTOOLCHAIN=local GOFLAGS=-modcacherw GONOSUMDB='*'
gotool fixtures "$work/fx" || { t "fixtures" false; finish; }
export GOPROXY=file://$work/fx/good GOCACHE=$work/bc GOMODCACHE=$work/mc PATH=$BUILDDIR:$PATH
mkdir "$work/project" && cd "$work/project"
printf 'module example.com/project\n\ngo 1.21\n\nrequire example.com/words v1.0.0\n' >go.mod
printf 'package main\n\nimport (\n\t"fmt"\n\n\t"example.com/words"\n)\n\nfunc main() { fmt.Println(words.Hello()) }\n' >main.go
GOFLAGS="-modcacherw -mod=mod" "$GO" mod download example.com/words@v1.0.0
GOFLAGS="-modcacherw -mod=mod" "$GO" list ./... >/dev/null 2>&1
GOFLAGS=-modcacherw "$GO" mod tidy >/dev/null 2>&1

# README.md shows the demo, which ./bootstrap demo runs as a whole.
for page in "$top"/man/*.[1-8]; do
	while IFS= read -r line; do
		case $line in
		'$ git clone'*|'$ ./bootstrap'*|'$ cd '*|'$ sudo'*) continue ;;
		esac
		t "$(basename "$page"): ${line#'$ '}" bash -c "${line#'$ '}"
	done < <(grep -h '^\$ ' "$page")
done
t "each verb has a help text" bash -c '
	hermod help | sed -n "s/^\t\([a-z][a-z ]*[a-z]\)   *.*/\1/p" | while read -r verb; do
		hermod help $verb | has "^usage: hermod $verb" || { echo "$verb"; exit 1; }
		[ "$verb" = help ] || hermod help $verb | has "^More in hermod" || { echo "no man page text for $verb"; exit 1; }
	done'
t "--help says the same as help" bash -c '[ "$(hermod build --help)" = "$(hermod help build)" ]'
finish
