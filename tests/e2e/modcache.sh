# One module cache for both: the same files with the same modes, each takes what the other
# has downloaded, both at once, and either killed in the middle.
. "$(dirname "$0")/lib.sh"

[ -n "$GO" ] || { skip "shared module cache" "no go command"; finish; }
[ -n "$PROXY" ] || { skip "shared module cache" "no module proxy"; finish; }
unset GOFLAGS GOPATH GOPROXY
export GOENV=off GOTOOLCHAIN=local GOPATH=$work/gp
mods="golang.org/x/text@v0.14.0 golang.org/x/mod@v0.17.0"
mkdir -p "$work/as-go" "$work/m" && ln -s "$HERMOD" "$work/as-go/go"
hermod=$work/as-go/go
cd "$work/m"
warm() {
	printf 'module example.com/m\n\ngo 1.21\n' >go.mod
	GOPROXY=$PROXY GOMODCACHE=$work/warm GOFLAGS=-modcacherw "$GO" mod download $mods
}
warm 2>"$work/warm.log" || { skip "shared module cache" "modules cannot be downloaded"; finish; }
export GOPROXY=file://$work/warm/cache/download GOSUMDB=off

# tree CACHE: every name with its type, mode and size (folders: no size).
tree() {
	(cd "$1" && find . -printf '%p %y %m %s\n' | sed -E 's/ d ([0-7]+) .*/ d \1/' | sort)
}

fresh() {
	chmod -R u+w "$1" 2>/dev/null
	rm -rf "$1"
}

equal() {
	diff <(tree "$1") <(tree "$2") && same "$1" "$2"
}

download_as_go() {
	GOMODCACHE=$work/c1 "$GO" mod download ${1:-} $mods >"$work/o1" 2>"$work/e1" || return 1
	GOMODCACHE=$work/c2 "$hermod" mod download ${1:-} $mods >"$work/o2" 2>"$work/e2" || return 1
	equal "$work/c1" "$work/c2" && diff <(sed s/c1/c2/ "$work/o1") "$work/o2" && diff "$work/e1" "$work/e2"
	local rc=$?
	fresh "$work/c1"
	fresh "$work/c2"
	return $rc
}
t "mod download fills the cache as go does" download_as_go
t "mod download -json says what go says" download_as_go -json
t "with -modcacherw, too" download_as_go -modcacherw

GOMODCACHE=$work/ref "$GO" mod download $mods

# What the first downloaded, the second needs no source for.
takes() {
	GOMODCACHE=$work/c "$1" mod download $mods || return 1
	GOMODCACHE=$work/c GOPROXY=off "$2" mod download $mods || return 1
	equal "$work/ref" "$work/c"
	local rc=$?
	fresh "$work/c"
	return $rc
}
t "go takes what hermod downloaded" takes "$hermod" "$GO"
t "hermod takes what go downloaded" takes "$GO" "$hermod"

together() {
	local p=() i
	for i in 1 2; do
		GOMODCACHE=$work/c "$GO" mod download $mods & p+=($!)
		GOMODCACHE=$work/c "$hermod" mod download $mods & p+=($!)
	done
	for i in "${p[@]}"; do wait "$i" || return 1; done
	equal "$work/ref" "$work/c"
	local rc=$?
	fresh "$work/c"
	return $rc
}
t "go and hermod download at once into one cache" together

# killed VICTIM NEXT: wherever VICTIM is killed, NEXT finds nothing in its way.  A go
# command that is killed leaves temporary .info and .mod files that nobody sweeps up, and
# a list that the killed one did not come to go leaves as it is: hermod's next run mends it.
killed() {
	local ms rc=0
	for ms in 010 030 060 100 200 300; do
		GOMODCACHE=$work/c "$1" mod download $mods >/dev/null 2>&1 &
		sleep 0.$ms
		kill -9 $! 2>/dev/null
		wait $! 2>/dev/null
		[ "$1" != "$GO" ] || find "$work/c" -regex '.*\.\(info\|mod\)[0-9]+\.tmp' -delete 2>/dev/null
		GOMODCACHE=$work/c "$2" mod download $mods || rc=1
		[ "$2" != "$GO" ] || GOMODCACHE=$work/c "$hermod" mod download $mods || rc=1
		equal "$work/ref" "$work/c" || rc=1
		fresh "$work/c"
		[ $rc = 0 ] || return 1
	done
}
t "hermod killed, hermod again" killed "$hermod" "$hermod"
t "hermod killed, go after it" killed "$hermod" "$GO"
t "go killed, hermod after it" killed "$GO" "$hermod"

# verify_as_go SCRIPT: after SCRIPT changed the cache both complain in the same words.
verify_as_go() {
	cp -r "$work/ref" "$work/c"
	chmod -R u+w "$work/c"
	(cd "$work/c" && eval "$1") || return 1
	printf 'module example.com/m\n\ngo 1.21\n\nrequire (\n%s\n)\n' "$(printf '\t%s\n' $mods | tr @ ' ')" >go.mod
	GOMODCACHE=$work/c GOFLAGS=-mod=mod "$GO" mod verify >"$work/o1" 2>&1
	local s1=$?
	GOMODCACHE=$work/c GOFLAGS=-mod=mod "$hermod" mod verify >"$work/o2" 2>&1
	local s2=$?
	rm -rf "$work/c"
	diff "$work/o1" "$work/o2" && [ $s1 = $s2 ]
}
d=cache/download/golang.org/x/text/@v/v0.14.0
t "mod verify: all is well" verify_as_go true
t "mod verify: a file was changed" verify_as_go 'echo x >>golang.org/x/text@v0.14.0/doc.go'
t "mod verify: a file was added" verify_as_go 'echo x >golang.org/x/text@v0.14.0/new.go'
t "mod verify: a file is gone" verify_as_go 'rm golang.org/x/text@v0.14.0/doc.go'
t "mod verify: the zip was changed" verify_as_go "cp cache/download/golang.org/x/mod/@v/v0.17.0.zip $d.zip"
t "mod verify: the zip is cut off" verify_as_go "truncate -s -100 $d.zip"
t "mod verify: no ziphash" verify_as_go "rm $d.ziphash"
t "mod verify: no zip" verify_as_go "rm $d.zip"

clean() {
	cp -r "$work/ref" "$work/c"
	GOMODCACHE=$work/c "$hermod" clean -modcache && [ ! -e "$work/c" ]
}
t "clean -modcache removes read-only folders" clean
finish
