# hermod-proxy as its user meets it: the command line, settings and their mistakes, signals.
. "$(dirname "$0")/lib.sh"

command -v curl >/dev/null || { skip "hermod-proxy's command line" "no curl"; finish; }
for v in $(env | sed -n 's/^\(HERMOD_[A-Z_]*\)=.*/\1/p'); do unset "$v"; done
unset GOPROXY GOPRIVATE GONOPROXY GONOSUMDB
export GOENV=off
P=$BUILDDIR/hermod-proxy
P10="timeout 10 $P" # for what must not run on
cd "$work" || exit 1

start() { launch log "$P" serve --dir store --listen 127.0.0.1:0 --upstream off "$@"; }
stop() { ends 10; }

# -- the command line
t "--version" bash -c "'$P' --version | has -x 'hermod-proxy [0-9a-z.]*' && '$P' version | has '^hermod-proxy '"
helps() {
	local v
	for v in $("$P" help | sed -n 's/^[a-z: ]*hermod-proxy \([a-z]*\) .*--dir.*/\1/p'); do
		"$P" "$v" --help >one && "$P" help "$v" >two && "$P" "$v" x -h >three && head -n 1 one | has "^usage: hermod-proxy $v " &&
		cmp one two && cmp one three || { echo "$v"; return 1; }
	done
}
t "each command says how it is used, wherever --help stands" helps
t "a command that does not exist" fails_with 2 'unknown command "prefecth"; prefetch?' "$P" prefecth
t "one that is like none" fails_with 2 "see hermod-proxy help" "$P" frobnicate
t "an option that does not exist" fails_with 2 "unknown option --list-fersh; --list-fresh?" "$P" serve --list-fersh 3
t "an option without its value" fails_with 2 "--dir needs a value" "$P" serve --dir
t "a value that is none" fails_with 2 '--memory: "x" is no number from 8 to 65536' "$P" serve --memory x
t "no --dir" fails_with 2 "--dir is missing" "$P" serve
t "a word too many" fails_with 2 'unexpected word "x"' $P10 serve --dir other x
t "one dash, as in go" fails_with 2 'listen address "x"' $P10 serve -dir other -listen x -upstream off
lonely() { fails_with 2 "need each other" $P10 serve --dir other --upstream off --tls-cert x && fails_with 1 "nofile: no such file" $P10 serve --dir other --upstream off --tls-cert nofile --tls-key x; }
t "a certificate needs its key, and both are named when they are not there" lonely
full() { "$P" account add --dir accounts a && fails_with 1 "standard output: no space left on device" sh -c "'$P' audit --dir accounts >/dev/full"; }
t "what cannot be printed is an error" full
inside() { # stays out of the store
	"$P" account add --dir accounts b && fails_with 2 "is in the store itself" "$P" backup --dir accounts accounts/sub/x &&
	fails_with 2 "is in the store itself" "$P" backup --dir ./accounts "$work/other/../accounts/x" && [ ! -e accounts/sub ] && [ ! -e accounts/x ]
}
t "a backup into the store itself" inside
unwritable() {
	local as=
	[ "$(id -u)" != 0 ] || as="setpriv --reuid=65534 --regid=65534 --clear-groups"
	mkdir -p ro && chmod 555 ro && chmod 711 "$work" && cp "$P" prog &&
	fails_with 1 "/ro: permission denied" $as "$work/prog" fsck --dir "$work/ro" --upstream off
}
if [ "$(id -u)" != 0 ] || command -v setpriv >/dev/null; then
	t "fsck of a store that cannot be written is no finding" unwritable
else
	skip "fsck of a store that cannot be written is no finding" "no setpriv"
fi
no_version() {
	mkdir -p pub && printf 'module a.test/m\n' >pub/go.mod || return 1
	for v in latest 1.2.0 v; do fails_with 2 "\"$v\" is no version" "$P" publish pub "a.test/m@$v" || return 1; done
	fails_with 1 'not canonical (should be "v1.2.0")' "$P" publish pub v1.2
}
t "publish of what is no version" no_version
nothing_made() {
	local v
	for v in "backup x" "export --to x" "fsck" "audit" "account list" "account foo" "purge a.test/a@v1.0.0"; do
		"$P" $v --dir nowhere >out 2>&1
		[ ! -e nowhere ] && [ ! -e x ] || { echo "$v made it"; return 1; }
		! "$P" $v --dir nowhere 2>/dev/null || { echo "$v succeeded"; return 1; }
	done
}
t "a mistyped DIR is not made, nor taken for an empty store" nothing_made

# -- settings: config file, environment, command line
wrong() { # TEXT CONFIG: the file's second line is wrong
	printf "$2" >wrong.conf
	fails_with 2 "wrong.conf:2: $1" $P10 serve --dir none --upstream off --listen 127.0.0.1:0 --config wrong.conf
}
t "a setting that does not exist" wrong "unknown setting serve.nope" '[serve]\n\tnope = 1\n'
t "one that nearly does" wrong "unknown setting serve.privat; serve.private?" '[serve]\nprivat = a.test\n'
t "a section that does not exist" wrong 'unknown section [upstraem "a.test"]' '[upstraem "a.test"]\nproxy = file:///x\n'
t "a section that takes no name" wrong 'unknown section' '[serve "x"]\nmemory = 8\n'
t "a section that needs one" wrong "section [upstream] needs a name" '[upstream]\nproxy = file:///x\n'
t "a line that is none" wrong "want = behind the key" '[serve]\nmemory 3\n'
t "a number out of range" wrong 'memory: "7" is no number from 8' '[serve]\nmemory = 7\n'
t "a size that is none" wrong 'quota: "5Q" is no size' '[serve]\nquota = 5Q\n'
t "a word that is none of those" wrong 'access-log: "xml" is none of text, json, off' '[serve]\naccess-log = xml\n'
t "a pattern that cannot match" wrong 'private: pattern " b.test" has a space in it' '[serve]\nprivate = "a.test, b.test"\n'
t "and of a section" wrong 'upstream: pattern "a[b" is malformed' '[upstream "a[b"]\nproxy = file:///x\n'
t "an address that is none" wrong "trusted-proxies: x: not an address" '[serve]\ntrusted-proxies = x\n'
t "a field that nobody sets" wrong "client-header: x: neither" '[serve]\nclient-header = x\n'
t "a variable with a wrong value" fails_with 2 '$HERMOD_PROXY_QUOTA: quota: "x" is no size' env HERMOD_PROXY_QUOTA=x $P10 serve --dir none
t "a variable that nearly exists" fails_with 2 '$HERMOD_PROXY_PRIVATES is no setting; $HERMOD_PROXY_PRIVATE?' env HERMOD_PROXY_PRIVATES=a.test $P10 serve --dir none
t "none of these made the store" test ! -e none

itself() {
	local up
	for up in http://localhost:1 http://127.0.0.1:1/ http://user:secret@127.0.0.1:1 https://a.test,http://[::1]:1; do
		fails_with 2 "is this server itself" env GOPROXY="$up" $P10 serve --dir itself --listen 127.0.0.1:1 >out || { cat out; return 1; }
		fails_with 2 "is this server itself" $P10 serve --dir itself --listen :1 --insecure-http --upstream "$up" >out || { cat out; return 1; }
	done
	! env GOPROXY=http://u:secret@127.0.0.1:1 $P10 serve --dir itself --listen 127.0.0.1:1 2>&1 | has secret
}
t "a server whose upstream is itself says so" itself

# -- where it listens
here "port 0 takes a free one" start
t "a port that is taken" fails_with 1 "${url#http://}: listen: address already in use" $P10 serve --dir other --listen "${url#http://}" --upstream off
for l in 127.0.0.1:99999 127.0.0.1:http 127.0.0.1: 8080 unix:socket ::1:80; do
	t "no address: $l" fails_with 2 "listen address \"$l\": want host:port" $P10 serve --dir other --listen "$l" --upstream off
done

# -- SIGHUP: what it cannot change is said, what is wrong changes nothing
hup() { # TEXT: within ten seconds the log has it
	kill -HUP "$pid"
	for _ in $(seq 200); do
		grep -qF -e "$1" log && return 0
		sleep 0.05
	done
	cat log
	return 1
}
fixed="dir listen sumdb memory quota replica-of replica-interval policy access-log access-log-file trusted-proxies client-header insecure-http behind-tls tls-cert tls-key"
needs_restart() {
	local k
	stop && printf '[serve]\n' >re.conf && HERMOD_PROXY_DIR=store HERMOD_PROXY_LISTEN=127.0.0.1:0 launch log "$P" serve --upstream off --config re.conf || return 1
	unset HERMOD_PROXY_DIR HERMOD_PROXY_LISTEN
	printf '\tmemory = 9\n\tquota = 1G\n\treplica-of = http://127.0.0.1:1\n\treplica-interval = 3\n\tpolicy = x\n\tsumdb = x\n\taccess-log = text\n' >>re.conf
	printf '\taccess-log-file = x\n\ttrusted-proxies = 10.0.0.1\n\tclient-header = forwarded\n\tinsecure-http\n\tbehind-tls = Yes\n\ttls-cert = x\n\ttls-key = x\n' >>re.conf
	hup reloaded || return 1
	for k in $fixed; do
		case $k in dir | listen) continue ;; esac
		grep -qF "another \"$k\" needs a restart" log || { echo "$k"; return 1; }
	done
}
here "settings that need a restart are named" needs_restart
t "the man page has them, too" bash -c "sed -n '/^\.Sh SIGNALS/,/^\.Sh E/p' '$top/man/hermod-proxy.1' | tr '\n' ' ' >said; for k in $fixed; do grep -qE \"\.Cm \$k( |$)\" said || { echo \"\$k\"; exit 1; }; done"
excluded() { printf '\toffline\n' >>re.conf && hup "exclude each other" && grep -q 'the settings stay as they were' log; }
t "settings that exclude each other change nothing" excluded

# -- signals
survives_usr2() { kill -USR2 "$pid" && sleep 0.1 && [ "$(curl -s "$url/healthz")" = ok ] && kill -HUP "$pid"; }
here "a stray SIGUSR2 does nothing" survives_usr2
reloaded() { for _ in $(seq 100); do grep -q reloaded log && return 0; sleep 0.05; done; cat log; return 1; }
t "SIGHUP still reloads" reloaded
here "SIGTERM still ends it, with status 0" stop
finish
