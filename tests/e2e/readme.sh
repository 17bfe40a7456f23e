# What README.md shows of the servers: its lines are run one after the other, with
# folders, addresses, keys and tokens of this run in the place of those shown.
. "$(dirname "$0")/lib.sh"

[ -n "$GO" ] || { skip "README" "no go command"; finish; }
command -v openssl >/dev/null || { skip "README" "no openssl"; finish; }
unset GOFLAGS GOPATH GOPROXY GOSUMDB GOPRIVATE GONOPROXY GONOSUMDB HERMOD_PROXY_DIR HERMOD_PROXY_TOKEN
export GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS=-modcacherw GOENV=$work/goenv GOCACHE=$work/gocache
gotool fixtures "$work/fx" || { t "fixtures" false; finish; }
export PATH=$BUILDDIR:$PATH
up=file://$work/fx/good

# Where the lines are run: a module that is published and one that needs another.
mkdir "$work/tools" && cd "$work/tools" || exit 1
printf 'module corp.example.com/tools\n\ngo 1.21\n\nrequire example.com/words v1.0.0\n' >go.mod
printf 'package tools\n' >tools.go
printf 'deny example.com/bad // an example\n' >hermod.policy
openssl req -x509 -newkey rsa:2048 -nodes -keyout goproxy.key -out goproxy.crt -days 2 -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null
export SSL_CERT_FILE=$work/tools/goproxy.crt

plain= tls= token= key= log=
# serve LINE: runs a server of the README on a free port; $url is where.
serve() {
	local said=$work/served.$RANDOM$RANDOM
	eval "GOPROXY=$up GONOSUMDB=$no GOSUMDB=off exec_server $(sed -E 's/ --listen [^ ]*//; s/ &$//' <<<"$1")"
}
exec_server() {
	"$@" --listen 127.0.0.1:0 2>"$said" &
	pids+=($!)
	for _ in $(seq 200); do
		url=$(sed -n 's/^listening on //p' "$said" | head -n 1)
		[ -z "$url" ] || return 0
		sleep 0.05
	done
	cat "$said"
	return 1
}
# as_here LINE: what stands in the README, with the names of this run.
as_here() {
	sed -E "s#^\./bootstrap proxy#hermod-proxy serve#; s#\\\$\(go env GOMODCACHE\)#$work/mc#; s#~/modules|/srv/modules#$work/&#; s#$work/~/#$work/#; s#http://127.0.0.1:8080#$plain#
		s#http://127.0.0.1:8090#$log#; s#https://goproxy.example.com#${tls:-$up}#; s#hmd_\.\.\.#$token#
		s#sum\.corp\.example\.com\+1f0ea0d6\+AbC\.\.\.#$key#; s#^go #GOMODCACHE=$work/mc go #
		s#(GOSUMDB=\"[^\"]*\") go #\1 GOPROXY=$up GOMODCACHE=$work/mc2 go #; s# +\# .*##" <<<"$1"
}
# line LINE: in this shell, for what it exports; its answer is kept.
line() {
	local cmd
	cmd=$(as_here "$1")
	echo "+ $cmd"
	case $1 in
	*" serve "*"--tls-cert"*) serve "$cmd" && tls=$url ;;
	"./bootstrap proxy "* | "hermod-proxy serve "*) serve "$cmd" && plain=$url ;;
	"hermod-sumdb serve "*) serve "$cmd" && log=$url ;;
	"hermod-sumdb init "*) key=$(eval "$cmd") && [ -n "$key" ] ;;
	*" token add "*) token=$(eval "$cmd") && [ -n "$token" ] ;;
	*) eval "$cmd" ;;
	esac
}
no='*' # the servers' upstream is a folder that no public database knows
export GONOSUMDB=
n=0
while IFS= read -r cmd; do
	n=$((n + 1))
	case $cmd in *GOSUMDB=*) unset GONOSUMDB ;; *"go mod download") export GONOSUMDB='*' ;; esac
	here "README: $cmd" line "$cmd"
done < <(sed -n '/^## A proxy for the team/,/^## How the code/p' "$top/README.md" |
	sed -e ':a' -e '/\\$/{N;s/\\\n[ \t]*//;ba' -e '}' | sed -n 's/^\$ //p')
t "the README shows them all" test "$n" = 16
t "the bundle is there" test -s bundle.tar
t "what was published can be had" bash -c "GOPROXY='$tls' GONOSUMDB='*' GOMODCACHE='$work/mc3' go mod download corp.example.com/tools@v1.2.0"
finish
