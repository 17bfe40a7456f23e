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
ends() { # within ten seconds
	for _ in $(seq 200); do
		kill -0 "$1" 2>/dev/null || return 0
		sleep 0.05
	done
	return 1
}
stop() { kill "$pid" && { ends "$pid" || { kill -9 "$pid"; return 1; }; } && wait "$pid"; }

# -- where it listens
here "port 0 takes a free one" start
t "a port that is taken" fails_with 1 "${url#http://}: listen: address already in use" $P10 serve --dir other --listen "${url#http://}" --upstream off
for l in 127.0.0.1:99999 127.0.0.1:http 127.0.0.1: 8080 unix:socket ::1:80; do
	t "no address: $l" fails_with 2 "listen address \"$l\": want host:port" $P10 serve --dir other --listen "$l" --upstream off
done

# -- signals
survives_usr2() { kill -USR2 "$pid" && sleep 0.1 && [ "$(curl -s "$url/healthz")" = ok ] && kill -HUP "$pid"; }
here "a stray SIGUSR2 does nothing" survives_usr2
reloaded() { for _ in $(seq 100); do grep -q reloaded log && return 0; sleep 0.05; done; cat log; return 1; }
t "SIGHUP still reloads" reloaded
here "SIGTERM still ends it, with status 0" stop
finish
