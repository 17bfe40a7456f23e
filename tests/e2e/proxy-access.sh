# Accounts, rights, uploads and the life of hermod-proxy, over TLS, with the real go command.
. "$(dirname "$0")/lib.sh"

[ -n "$GO" ] || { skip "accounts of hermod-proxy" "no go command"; finish; }
for need in curl openssl; do
	command -v $need >/dev/null || { skip "accounts of hermod-proxy" "no $need"; finish; }
done
unset GOFLAGS GOPATH GOPROXY GOSUMDB GOPRIVATE GONOPROXY GONOSUMDB HERMOD_PROXY_DIR HERMOD_PROXY_TOKEN
export GOENV=off GOTOOLCHAIN=local GOFLAGS="-modcacherw -mod=mod" CGO_ENABLED=0 GOSUMDB=off GOVCS='*:off'
export GOCACHE=$work/gocache
P=$BUILDDIR/hermod-proxy
cd "$work" || exit 1

# -- what a team has: a CA, a certificate, a module
cert() { # NAME SUBJECT
	openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -subj "/CN=$2" -out "$1.csr" 2>/dev/null &&
	openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out "$1.crt" \
		-extfile <(echo "subjectAltName=IP:127.0.0.1,DNS:localhost") 2>/dev/null
}
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj "/CN=hermod test CA" 2>/dev/null
cert one one && cert two two || { t "certificates" false; finish; }
export SSL_CERT_FILE=$work/ca.crt CURL_CA_BUNDLE=$work/ca.crt
module() { # DIR PATH TEXT
	mkdir -p "$1/sub/deep" "$1/vendor/x" "$1/nested"
	printf 'module %s\n\ngo 1.21\n' "$2" >"$1/go.mod"
	printf 'package a\n\n// %s\nconst Text = "%s"\n' "$3" "$3" >"$1/a.go"
	printf 'package deep\n' >"$1/sub/deep/d.go"
	printf 'package x\n' >"$1/vendor/x/x.go"
	printf 'module %s/nested\n' "$2" >"$1/nested/go.mod"
	ln -sf a.go "$1/link.go"
}
module a corp.example.com/team/a one
module b corp.example.com/other/B two
module pub example.com/words three

# start NAME ARGS...: a proxy with its own store; $url is where it listens, $at its host and port.
start() {
	local name=$1
	shift
	rm -f "$name.log"
	"$P" serve --dir "$work/$name" --listen 127.0.0.1:0 --upstream off "$@" 2>"$name.log" &
	pid=$!
	pids+=("$pid")
	for _ in $(seq 200); do
		url=$(sed -n 's/^listening on //p' "$name.log" 2>/dev/null | head -n 1)
		at=${url#*://}
		[ -n "$url" ] && return 0
		sleep 0.05
	done
	cat "$name.log"
	return 1
}
stop() { kill "$pid" && wait "$pid"; }
status() { curl -s -o body -w '%{http_code}' "$@"; }
is() { # STATUS CURL-ARGS...
	local want=$1 got
	shift
	got=$(status "$@")
	[ "$got" = "$want" ] || { echo "status $got, want $want: $(cat body)"; return 1; }
}
account() { "$P" account "$@" --dir "$work/store"; }
gowith() { # GOPROXY ARGS...: in a module of its own, with an empty module cache
	local proxy=$1
	shift
	rm -rf gm && mkdir gm && printf 'module test.example/m\n\ngo 1.21\n' >gm/go.mod &&
	(cd gm && GOPROXY=$proxy GOMODCACHE=$work/gm/cache "$GO" "$@")
}

# -- before there is any account
config=$work/proxy.conf
printf '[serve]\n\tprivate = corp.example.com\n\ttls-cert = %s/cert.crt\n\ttls-key = %s/cert.key\n\tupload-max = 1\n\taccess-log = text\n' "$work" "$work" >"$config"
cp one.crt cert.crt; cp one.key cert.key
here "it starts with TLS" start store --config "$config"
[ -n "${url:-}" ] || finish
old_tls() { ! curl -s --tlsv1.0 --tls-max 1.1 "$url/healthz" && [ "$(curl -s --tlsv1.2 --tls-max 1.2 "$url/healthz")" = ok ]; }
t "TLS 1.2 and no older" old_tls
t "everyone may read" is 404 "$url/corp.example.com/team/a/@v/list"
t "nobody may upload" is 401 -T a/a.go "$url/corp.example.com/team/a/@v/v1.0.0.zip"
t "other methods are refused" is 405 -X POST "$url/corp.example.com/team/a/@v/v1.0.0.zip"

# -- accounts, while it runs
setup() {
	account add ci && account grant ci upload,read corp.example.com/team && account token add ci --label "build machine" >ci.token &&
	account add dev && account grant dev read,fetch corp.example.com/team && account token add dev >dev.token &&
	account add lone && account grant lone read corp.example.com/other && account token add lone >lone.token &&
	account add boss && account grant boss admin '*' && account token add boss >boss.token &&
	account revoke anonymous read,fetch && account grant anonymous read,fetch '*,!corp.example.com'
}
t "accounts, rights and tokens" setup
ci=$(cat ci.token) dev=$(cat dev.token) lone=$(cat lone.token) boss=$(cat boss.token)
t "list shows them, and no token" bash -c "'$P' account list --dir store | has 'may read,upload corp.example.com/team' && ! '$P' account list --json --dir store | has '${ci#hmd_*_}'"
t "list makes nothing" bash -c "! '$P' account list --dir nowhere 2>/dev/null && [ ! -e nowhere ]"
t "a name that cannot be" fails_with 2 "is no name" account add "a:b"
t "an account that is not there" fails_with 1 "there is no account" account grant nobody read '*'
t "a pattern that takes nothing away, though it looks so" fails_with 2 'pattern "corp.example.com/..." has "..."' account grant anonymous read '*,!corp.example.com/...'
t "  nor keeps anything private" fails_with 2 'private: pattern "corp.example.com/..." has "..."' "$P" serve --dir other --listen 127.0.0.1:0 --upstream off --private 'corp.example.com/...'
vain() { GOPRIVATE=corp.example.com/... launch vain.log "$P" serve --dir vain --listen 127.0.0.1:0 --upstream off && kill "$pid" && wait "$pid" && grep -q 'GOPRIVATE: pattern "corp.example.com/..." has "..."' vain.log; }
t "  of GOPRIVATE, where go says nothing, it is said" vain
t "a right that is none" fails_with 2 "is no right" account grant ci write '*'

# -- publish, and what go sees
publish() { HERMOD_PROXY_TOKEN=$1 "$P" publish --url "$url" "${@:2}"; }
t "publish" publish "$ci" a corp.example.com/team/a@v1.0.0
sums() {
	publish "$ci" a v1.0.0 >sums 2>/dev/null && gowith "https://dev:$dev@$at" get corp.example.com/team/a@v1.0.0 && diff sums gm/go.sum
}
t "publish again: the same; its lines are go's go.sum" sums
content() {
	(cd gm/cache/corp.example.com/team/a@v1.0.0 && find . -type f | sort) >files && printf './a.go\n./go.mod\n./sub/deep/d.go\n' | diff - files
}
t "no vendor folder, nested module or symbolic link" content
t "list and @latest have it at once" bash -c "curl -s -u 'dev:$dev' '$url/corp.example.com/team/a/@v/list' | has -x v1.0.0 && curl -s -H 'Authorization: Bearer $dev' '$url/corp.example.com/team/a/@latest' | has v1.0.0"
t "/index has it at once, for who may read all" bash -c "curl -s -u 'boss:$boss' '$url/index' | has corp.example.com/team/a"
t "/index is not for who may not" is 401 "$url/index"
t "nothing of a private module is public in caches" bash -c "curl -sI -u 'dev:$dev' '$url/corp.example.com/team/a/@v/v1.0.0.mod' | has -i 'cache-control: private'"
netrc() {
	printf 'machine %s login dev password %s\n' "$at" "$dev" >"$HOME/.netrc" && gowith "$url" get corp.example.com/team/a@latest &&
	(cd gm && GOPROXY=off GOMODCACHE=$work/gm/cache "$GO" list -m corp.example.com/team/a) | has v1.0.0
}
t "go with ~/.netrc" netrc
hermod_netrc() { rm -rf gm/cache && (cd gm && GOPROXY=$url GOMODCACHE=$work/gm/cache "$HERMOD" mod download corp.example.com/team/a@v1.0.0); }
t "hermod with ~/.netrc" hermod_netrc
rm -f "$HOME/.netrc"
t "a package's module is found through its prefixes" gowith "https://dev:$dev@$at" get corp.example.com/team/a/sub/deep
t "the token alone, in the URL" gowith "https://$dev@$at" get corp.example.com/team/a@v1.0.0
t "go without credentials is told what is missing" fails_with 1 "no credentials: this server lets nobody" gowith "$url" get corp.example.com/team/a@v1.0.0
t "go with wrong ones, too" fails_with 1 "wrong credentials" gowith "https://dev:${dev}x@$at" get corp.example.com/team/a@v1.0.0
t "rights are by pattern: 404 for another's module" fails_with 1 "account lone may not read" gowith "https://lone:$lone@$at" get corp.example.com/team/a@v1.0.0
t "go goes on to the next proxy then" fails_with 1 "module lookup disabled by GOPROXY=off" gowith "https://lone:$lone@$at,off" get corp.example.com/team/a@v1.0.0
t "a module that anonymous may read is asked for" is 404 "$url/example.com/words/@v/list"
t "a lookup in the checksum database needs the right" is 401 "$url/sumdb/sum.golang.org/lookup/corp.example.com/team/a@v1.0.0"
passwd() {
	echo "correct horse" | account passwd dev && is 200 -u "dev:correct horse" "$url/corp.example.com/team/a/@v/v1.0.0.info" &&
	is 401 -u "dev:correct hors" "$url/corp.example.com/team/a/@v/v1.0.0.info" && is 401 -u "nobody:correct horse" "$url/corp.example.com/team/a/@v/v1.0.0.info"
}
t "passwords" passwd
t "two Authorization fields" is 400 -H "Authorization: Bearer $dev" -H "Authorization: Bearer $ci" "$url/corp.example.com/team/a/@v/list"

t "publish sends no token over plain http beyond loopback" fails_with 1 "credentials are not sent over plain http to 192.0.2.1" env HERMOD_PROXY_TOKEN=x "$P" publish --url http://192.0.2.1/ a v1.0.0
t "  nor to a name that begins like loopback" fails_with 1 "credentials are not sent over plain http to 127.0.0.1.invalid" env HERMOD_PROXY_TOKEN=x "$P" publish --url http://127.0.0.1.invalid/ a v1.0.0
quiet() {
	"$P" publish --url "https://ci:$ci@127.0.0.1:9/" a v1.0.0 >said 2>&1
	[ $? = 1 ] && grep -q 'connection refused' said && ! grep -qF -e "${ci#hmd_*_}" said || { cat said; return 1; }
}
t "publish says no password of a URL" quiet
publish_netrc() { printf 'machine 127.0.0.1 login ci password %s\n' "$ci" >"$HOME/.netrc" && "$P" publish --url "$url/" a v1.0.0 >/dev/null 2>&1; local s=$?; rm -f "$HOME/.netrc"; return $s; }
t "publish with ~/.netrc" publish_netrc

# -- uploads that are refused
"$P" publish --output a1.zip a v1.0.0 >/dev/null 2>&1
"$P" publish --output b1.zip b v1.0.0 >/dev/null 2>&1
"$P" publish --output pub.zip pub v1.0.0 >/dev/null 2>&1
v=$url/corp.example.com/team/a/@v
printf 'more\n' >>a/a.go
t "another content for a version is refused" fails_with 1 "409 Conflict" publish "$ci" a v1.0.0
t "no right to upload" fails_with 1 "account dev may not upload" publish "$dev" a v1.0.1
t "not for modules of others" is 403 -H "Authorization: Bearer $ci" -T b1.zip "$url/corp.example.com/other/!b/@v/v1.0.0.zip"
t "nor for public modules, whatever the right" is 403 -H "Authorization: Bearer $boss" -T pub.zip "$url/example.com/words/@v/v1.0.0.zip"
t "a zip of another version" is 400 -H "Authorization: Bearer $ci" -T a1.zip "$v/v1.0.1.zip"
t "a zip that is none" is 400 -H "Authorization: Bearer $ci" -T a/a.go "$v/v1.0.1.zip"
t "a version that is none" is 404 -H "Authorization: Bearer $ci" -T a1.zip "$v/one.zip"
t "not a .mod" is 400 -H "Authorization: Bearer $ci" -T a/go.mod "$v/v1.0.1.mod"
head -c 1100000 /dev/urandom >big.zip
t "too large" is 413 -H "Authorization: Bearer $ci" -T big.zip "$v/v1.0.1.zip"
t "too large, in chunks" is 413 -H "Authorization: Bearer $ci" -H "Transfer-Encoding: chunked" -T big.zip "$v/v1.0.1.zip"
t "no length" is 411 -X PUT -H "Authorization: Bearer $ci" -H "Content-Length:" "$v/v1.0.1.zip"
t "a time that is none" is 400 -H "Authorization: Bearer $ci" -H "Module-Time: today" -T a1.zip "$v/v1.0.1.zip"
t "a wrong module line" fails_with 2 "is of module corp.example.com/team/a, not corp.example.com/x" publish "$ci" a corp.example.com/x@v1.0.0
nothing() { ! find store/staging -type f | grep . && ! find store/cache -name 'v1.0.1*' ! -name '*.lock' | grep .; }
t "they leave nothing" nothing
chunked() { is 200 -H "Authorization: Bearer $ci" -H "Transfer-Encoding: chunked" -H "Expect: 100-continue" -T a1.zip "$v/v1.0.0.zip"; }
t "chunks and Expect: 100-continue" chunked
time_of() { is 201 -H "Authorization: Bearer $boss" -H "Module-Time: 2024-05-06T07:08:09Z" -T b1.zip "$url/corp.example.com/other/!b/@v/v1.0.0.zip" && curl -s -u "lone:$lone" "$url/corp.example.com/other/!b/@v/v1.0.0.info" | has 2024-05-06T07:08:09Z; }
t "a time of its own; capitals in the path" time_of
half() { # a client that goes away in the middle
	(printf 'PUT /corp.example.com/team/a/@v/v1.0.2.zip HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 100000\r\n\r\nhalf' "$ci"; sleep 0.5) |
		timeout 5 openssl s_client -quiet -connect "$at" -CAfile ca.crt >/dev/null 2>&1
	for _ in $(seq 50); do
		find store/staging -type f | has . || return 0
		sleep 0.1
	done
	find store/staging
	return 1
}
t "a client that goes away leaves nothing" half

# -- the end of a token
revoke() {
	is 200 -u "dev:$dev" "$v/v1.0.0.info" && account token revoke "$dev" && is 401 -u "dev:$dev" "$v/v1.0.0.info" &&
	is 200 -u "dev:correct horse" "$v/v1.0.0.info" && account revoke dev read && is 404 -u "dev:correct horse" "$v/v1.0.0.info" &&
	account remove dev && is 401 -u "dev:correct horse" "$v/v1.0.0.info"
}
t "what is revoked is refused at once" revoke
guess() { # all at once: the tries that wait for their turn are not free
	curl -s -Z --parallel-immediate --parallel-max 30 -o /dev/null -w '%{http_code}\n' -u boss:guess "$v/list?[1-30]" >guessed
	[ "$(wc -l <guessed)" = 30 ] && [ "$(grep -c 401 guessed)" -le 12 ] && [ "$(grep -vc '401\|429' guessed)" = 0 ] && curl -sI -u "boss:again" "$v/list" | has -i '^retry-after' || { sort guessed | uniq -c; return 1; }
}
t "guessing is slowed down" guess
t "that locks nobody out whose credentials are known" is 200 -u "boss:$boss" "$v/v1.0.0.info"

# -- what is written down
audit() {
	"$P" audit --dir store >audit && grep -q ' ci 127.0.0.1 upload corp.example.com/team/a@v1.0.0 h1:' audit && grep -q ' grant ci read,upload corp.example.com/team' audit &&
	grep -q ' upload.refused corp.example.com/team/a@v1.0.0 ' audit && grep -q ' token.revoke ' audit && "$P" audit --dir store --check &&
	"$P" audit --dir store --json --since 2020-01-01 >audit.json && head -n 1 audit.json | has '"Action":"account.add","Object":"ci"' && ! "$P" audit --dir store --since 2999-01-01 | grep .
}
t "the audit log" audit
secrets() { ! grep -rlF -e "${ci#hmd_*_}" -e "${dev#hmd_*_}" -e "correct horse" store store.log; }
t "no secret in a file or log" secrets
t "the access log names the account" grep -q '127.0.0.1 ci PUT /corp.example.com/team/a/@v/v1.0.0.zip 201' store.log

# -- reload
subject() { openssl s_client -connect "$at" -CAfile ca.crt </dev/null 2>/dev/null | openssl x509 -noout -subject; }
hup() { # TEXT: reloads, and waits until the log says it
	local n=$(grep -c "$1" store.log)
	kill -HUP "$pid"
	for _ in $(seq 100); do
		[ "$(grep -c "$1" store.log)" -gt "$n" ] && return 0
		sleep 0.05
	done
	tail -n 3 store.log
	return 1
}
new_cert() { subject | has one && cp two.crt cert.crt && cp two.key cert.key && hup ": reloaded" && subject | has two; }
t "SIGHUP: a new certificate" new_cert
bad_cert() { echo broken >cert.crt && hup "the settings stay as they were" && subject | has two; local s=$?; cp two.crt cert.crt; return $s; }
t "a broken one changes nothing" bad_cert
rate() {
	printf '\trate = 1\n\trate-burst = 3\n' >>"$config" && hup ": reloaded" && [[ $(for i in 1 2 3 4 5; do status -u "ci:$ci" "$v/list"; done) == *429* ]] &&
	curl -sI -u "ci:$ci" "$v/list" | has -i '^retry-after: 1' && is 200 -u "boss:$boss" "$v/v1.0.0.info" && for i in 1 2 3 4 5 6; do is 200 "$url/healthz" || return 1; done
}
t "SIGHUP: a rate limit, of each account its own" rate
bad_config() { echo "wrong = 1" >>"$config" && hup "unknown setting serve.wrong; the settings stay" && is 200 -u "boss:$boss" "$v/v1.0.0.info"; local s=$?; sed -i '/wrong/d;/rate/d' "$config"; return $s; }
t "a wrong configuration changes nothing, and is named" bad_config
private() { sed -i 's/private = .*/private = corp.example.com,example.com/' "$config" && hup ": reloaded" && is 201 -u "boss:$boss" -T pub.zip "$url/example.com/words/@v/v1.0.0.zip"; }
t "SIGHUP: another list of private modules" private
here "SIGTERM ends it with status 0" stop
drain() {
	local client
	start slow --private corp.example.com --upload-max 40 && "$P" account add --dir slow ci && "$P" account grant --dir slow ci all corp.example.com || return 1
	local token
	token=$("$P" account token add --dir slow ci)
	mkdir -p large && printf 'module corp.example.com/large\n' >large/go.mod && head -c 30000000 /dev/urandom >large/data &&
	"$P" publish --output large.zip large v1.0.0 >/dev/null 2>&1 && is 201 -H "Authorization: Bearer $token" -T large.zip "$url/corp.example.com/large/@v/v1.0.0.zip" || return 1
	curl -s -m 60 --limit-rate 15M -o large.got -u "ci:$token" "$url/corp.example.com/large/@v/v1.0.0.zip" &
	client=$!
	sleep 0.5
	kill "$pid"
	sleep 0.2
	! curl -s -m 5 "$url/healthz" || { echo "a new request is answered"; return 1; }
	wait "$pid" || { echo "it ends with status $?"; return 1; }
	wait "$client" && cmp large.zip large.got
}
here "SIGTERM lets those at work finish, and nobody else in" drain
again() { start store --config "$config" && v=$url/corp.example.com/team/a/@v && is 200 -u "boss:$boss" "$v/v1.0.0.zip" && cmp body a1.zip && is 401 -u "dev:correct horse" "$v/v1.0.0.info"; }
here "a restart knows all of it" again
reader() {
	is 200 -u "ci:$ci" "$v/list" && has -x v1.0.0 <body && is 200 -u "ci:$ci" "$url/corp.example.com/team/a/@latest" && has '"v1.0.0"' <body &&
	is 200 -H 'Disable-Module-Fetch: true' -u "boss:$boss" "$v/list" && has -x v1.0.0 <body && is 404 -u "lone:$lone" "$url/corp.example.com/other/none/@v/list" && has "may not have it fetched" <body
}
t "the right to read is enough for lists and @latest of the store, in memory or not" reader
stop

# -- where it listens
t "no plain http beyond loopback" fails_with 2 "which others reach, too" "$P" serve --dir other --listen 0.0.0.0:0 --upstream off
plain() { # --insecure-http, then --behind-tls: what an address that others reach may send
	local flag=$1 want=$2 port
	start plain --listen 0.0.0.0:0 "$flag" || return 1
	port=${url##*:}
	is 404 "http://$other:$port/example.com/x/@v/list" && is "$want" -u "ci:$token" "http://$other:$port/example.com/x/@v/list" &&
	is 404 -u "ci:$token" "http://127.0.0.1:$port/example.com/x/@v/list" && stop
}
other=$(hostname -I 2>/dev/null | tr ' ' '\n' | grep -m 1 '^[0-9.]*$')
if [ -n "$other" ]; then
	"$P" account add --dir plain ci && token=$("$P" account token add --dir plain ci)
	here "plain http: credentials from another address are refused" plain --insecure-http 403
	here "plain http behind something that speaks TLS: they are taken" plain --behind-tls 404
else
	skip "credentials over plain http" "no address but loopback"
fi
t "a wrong option of a verb" fails_with 2 "unknown option --frob" "$P" account list --frob
activated() {
	perl -MSocket -MPOSIX -e '
		$^F = 20;
		my ($dir, $program) = @ARGV;
		my @s;
		for my $i (0, 1) {
			socket($s[$i], $i ? AF_UNIX : AF_INET, SOCK_STREAM, 0) or die;
			bind($s[$i], $i ? pack_sockaddr_un("$dir/sock") : pack_sockaddr_in(0, inet_aton("127.0.0.1"))) or die;
			listen($s[$i], 8) or die;
		}
		my ($port) = unpack_sockaddr_in(getsockname($s[0]));
		socket(my $n, AF_UNIX, SOCK_DGRAM, 0) or die;
		bind($n, pack_sockaddr_un("$dir/notify")) or die;
		my $pid = fork();
		if (!$pid) {
			POSIX::dup2(fileno($s[$_]), 12 + $_) for 0, 1;
			POSIX::dup2(12 + $_, 3 + $_) for 0, 1;
			$ENV{LISTEN_FDS} = 2; $ENV{LISTEN_PID} = $$; $ENV{NOTIFY_SOCKET} = "$dir/notify";
			exec($program, "serve", "--dir", "$dir/activated", "--upstream", "off");
			die;
		}
		alarm(20);
		recv($n, my $m, 1000, 0); $m =~ /^READY=1/ or die "not ready: $m";
		`curl -s http://127.0.0.1:$port/healthz` eq "ok\n" or die "no answer on the first socket";
		`curl -s --unix-socket $dir/sock http://x/healthz` eq "ok\n" or die "no answer on the second socket";
		kill("HUP", $pid); recv($n, $m, 1000, 0); $m =~ /^RELOADING=1\nMONOTONIC_USEC=\d+/ or die "not reloading: $m";
		recv($n, $m, 1000, 0); $m =~ /^READY=1/ or die "not ready again: $m";
		kill("TERM", $pid); recv($n, $m, 1000, 0); $m =~ /^STOPPING=1/ or die "not stopping: $m";
		waitpid($pid, 0); exit($? >> 8);
	' "$work" "$P" 2>activated.log || { cat activated.log; return 1; }
}
# -- behind a reverse proxy
behind() { launch front.log "$P" serve --dir front --listen 127.0.0.1:0 --upstream off --rate 1 --rate-burst 2 --access-log text "$@"; }
# answers ADDRESS: the statuses of four requests that a client there sends
answers() { for _ in 1 2 3 4; do curl -s -o /dev/null -w '%{http_code} ' -H "X-Forwarded-For: 198.51.100.9, $1" "$url/x.example/a/@v/list"; done; }
clients() { [[ $(answers 203.0.113.7) == *429* ]] && [[ $(answers 203.0.113.8 | cut -c1-7) != *429* ]] && kill "$pid" && wait "$pid" && grep -q '^203\.0\.113\.7 \|[ "]203\.0\.113\.7[ "]' front.log && ! grep 198.51.100 front.log || { cat front.log; return 1; }; }
here "a server behind another" behind --trusted-proxies 127.0.0.1,10.0.0.0/8
here "  limits each client and logs its address" clients
here "without that" behind
strangers() { answers 203.0.113.7 >/dev/null; [[ $(answers 203.0.113.8 | cut -c1-7) == *429* ]] && kill "$pid" && wait "$pid" && ! grep 203.0.113 front.log; }
here "  what anybody can send counts for nothing" strangers
t "a network that is none" fails_with 2 "trusted-proxies: 10.0.0.0/99: not a network" "$P" serve --dir front --listen 127.0.0.1:0 --upstream off --trusted-proxies 10.0.0.0/99
if command -v perl >/dev/null; then
	t "sockets from systemd, and what it is told" activated
else
	skip "sockets from systemd, and what it is told" "no perl"
fi
units() {
	mkdir -p units && sed "s,@bindir@/hermod-proxy,$P,;s,@sysconfdir@,/etc," "$top/proxy/hermod-proxy.service.in" >units/hermod-proxy.service && cp "$top/proxy/hermod-proxy.socket" units/ || return 1
	local said
	said=$(systemd-analyze verify --man=no units/hermod-proxy.service units/hermod-proxy.socket 2>&1 | grep 'units/hermod-proxy')
	[ -z "$said" ] || { echo "$said"; return 1; }
}
if systemd-analyze --version >/dev/null 2>&1; then
	t "systemd takes the unit files" units
else
	skip "systemd takes the unit files" "no systemd-analyze"
fi
finish
