# hermod-proxy fsck: each kind of damage is named, and mended.
. "$(dirname "$0")/lib.sh"
. "$top/tests/e2e/proxy.inc"
words=example.com/words/@v

# The store of these tests: three modules of $up and two of the fixtures, through a server.
dl=$work/sick/cache/download
m0=$dl/m0.example/pkg/@v m1=$dl/m1.example/pkg/@v w=$dl/$words
make_store() {
	local v kind
	mkdir -p "$work/both" && cp -r "$up/." "$fx/good/." "$work/both/" &&
	start sick --upstream "file://$work/both" || return 1
	for v in m0.example/pkg/@v/v1.0.0 m0.example/pkg/@v/v1.1.0 m1.example/pkg/@v/v1.0.0 $words/v1.0.0 $words/v1.1.0; do
		for kind in info mod zip; do gets 200 "$url/$v.$kind" || return 1; done
	done
	gets 200 "$url/example.com/greet/@v/v1.0.0.mod" && stop && rm -rf "$work/well" && cp -a "$work/sick" "$work/well"
}
here "a store" make_store
fsck() { "$proxy" fsck --dir "$work/sick" --upstream "file://${from:-$work/both}" "$@" >"$work/said" 2>&1; }
says() { grep -qF -- "$1" "$work/said" || { echo "fsck does not say: $1"; cat "$work/said"; return 1; }; }
healthy() { fsck && says "6 versions, 5 zips," && says "; 0 wrong, 0 mended"; }
t "nothing is wrong" healthy
# ill TEXT [STATUS [TEXT]]: the check names it and exits with 1, touching nothing; the repair says what it did, and
# then (with status 0) nothing is wrong and the bytes are upstream's again.
ill() {
	cp -a "$work/sick" "$work/before"
	fsck && { echo "fsck says that all is well"; return 1; }
	says "$1" && diff -r --exclude='facts.*' --exclude='*.lock' "$work/before" "$work/sick" || return 1
	rm -rf "$work/before"
	fsck --repair
	[ $? = "${2:-0}" ] && says "${3:-fetched again}" || { cat "$work/said"; return 1; }
	[ "${2:-0}" = 0 ] || return 0
	fsck && says "; 0 wrong" || return 1
	for v in m0.example/pkg/@v/v1.0.0 m1.example/pkg/@v/v1.0.0 $words/v1.0.0 $words/v1.1.0; do
		for kind in info mod zip; do cmp "$dl/$v.$kind" "$work/both/$v.$kind" || return 1; done
		cmp "$dl/$v.ziphash" "$work/well/cache/download/$v.ziphash" || return 1
	done
}
fresh() { rm -rf "$work/sick" "$work/before" && cp -a "$work/well" "$work/sick"; }
flip() { printf '\377' | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null; }
gotool storefill "$work/other" 1 2 60
fresh; flip "$m0/v1.0.0.zip" 25000
t "a bit of a zip" ill "m0.example/pkg@v1.0.0: zip: "
t "what was wrong is kept as evidence, with the reason" bash -c "[ \$(stat -c %s '$work/sick/evidence/m0.example,pkg,@v,v1.0.0.zip') -gt 50000 ] && grep -q 'zip: ' '$work/sick/evidence/m0.example,pkg,@v,v1.0.0.zip.why'"
fresh; truncate -s 20000 "$m0/v1.0.0.zip"
t "half a zip" ill "m0.example/pkg@v1.0.0: zip: "
fresh; cp "$work/other/m0.example/pkg/@v/v1.0.0.zip" "$m0/"
t "another zip of the same version" ill "m0.example/pkg@v1.0.0: zip: its hash is h1:"
fresh; cp "$m1/v1.0.0.zip" "$m0/v1.0.0.zip"
t "the zip of another module" ill "m0.example/pkg@v1.0.0: zip: "
fresh; rm "$m0/v1.0.0.ziphash"
t "no .ziphash" ill "m0.example/pkg@v1.0.0: ziphash: none, or damaged" 0 ".ziphash is written anew"
fresh; cp "$m1/v1.0.0.ziphash" "$m0/v1.0.0.ziphash"
t "another .ziphash" ill "m0.example/pkg@v1.0.0: ziphash: it says h1:" 0 ".ziphash is written anew"
fresh; echo >>"$w/v1.0.0.mod"
t "a changed .mod" ill "example.com/words@v1.0.0: mod: its hash is h1:" 0 "the .mod is the zip's again"
fresh; echo "module x" >"$dl/example.com/greet/@v/v1.0.0.mod"
t "a changed .mod without a zip" ill "example.com/greet@v1.0.0: mod: its hash is h1:"
fresh; echo "{" >"$w/v1.1.0.info"
t "an .info that is no JSON" ill "example.com/words@v1.1.0: info: "
fresh; cp "$w/v1.1.0.info" "$w/v1.0.0.info"
t "the .info of another version" ill "example.com/words@v1.0.0: info: .info: Version is v1.1.0"
fresh; echo v1.0.0 >"$w/list"
t "a list that lacks a version" ill "$words/list: does not name" 0 "list: written anew"
fresh; rm "$w/list"
t "no list" ill "$words/list: does not name" 0 "list: written anew"
fresh; touch -d '1 hour ago' "$w/v1.0.0.zip123.tmp"; touch "$w/v1.1.0.zip7.tmp"
t "a temporary file that was left" ill "v1.0.0.zip123.tmp: a temporary file that was left" 0 "removed"
t "one that is being written is let alone" [ -e "$w/v1.1.0.zip7.tmp" ]
fresh; echo hello >"$w/hello.txt"
t "a file that does not belong there" ill "hello.txt: not a file of the store" 0 "it is in evidence"
fresh; mkdir -p "$dl/m2.example/pkg/@v"; cp "$up/m2.example/pkg/@v/v1.0.0.mod" "$dl/m2.example/pkg/@v/"; echo v1.0.0 >"$dl/m2.example/pkg/@v/list"
t "a version that facts.db does not know" ill "m2.example/pkg@v1.0.0: facts.db: does not have it" 0 "facts.db reads the files again"
fresh; rm -r "$dl/example.com/greet"
t "one that only facts.db knows" ill "example.com/greet@v1.0.0: facts.db: has it, the store has not" 0 "facts.db has forgotten it"
fresh; head -c 9000 /dev/urandom >"$work/sick/facts.db"
t "a damaged facts.db" ill "facts.db: " 0 "facts.db: made again from the store"
fresh; rm "$work/sick/facts.db"
t "no facts.db" ill "facts.db: not there" 0 "facts.db: made again from the store"
fresh; flip "$m0/v1.0.0.zip" 25000; touch "$m0/v1.0.0.local"; rm "$work/sick/facts.db"
t "a damaged upload is lost: status 1" ill "m0.example/pkg@v1.0.0: zip: " 1 "no upstream can give it again"
fresh; rm "$m0/v1.0.0.zip"; touch "$m0/v1.0.0.local"
t "an upload whose zip is gone" ill "m0.example/pkg@v1.0.0: zip: it is not there, and no upstream has it" 1 "publish it again, or purge it"
fresh; rm "$w/v1.0.0.mod"; touch "$w/v1.0.0.local"
t "an upload whose .mod is gone" ill "example.com/words@v1.0.0: mod: it is not there, and no upstream has it" 0 "the .mod is the zip's again"
lost_info() {
	rm "$work/sick/facts.db" && touch "$w/v1.0.0.local" && fsck --repair && rm "$w/v1.0.0.info" && fsck
	says "example.com/words@v1.0.0: info: it is not there, and no upstream has it" && fsck --repair && says "the .info is made from facts.db" && fsck && grep -qxF '{"Version":"v1.0.0","Time":"2026-01-01T00:00:00Z"}' "$w/v1.0.0.info"
}
fresh
t "an upload whose .info is gone" lost_info
fresh; rm "$m0/v1.0.0.zip"
no_zip() { fsck; says "m0.example/pkg@v1.0.0: facts.db: has other files" && fsck --repair && fsck && says "; 0 wrong"; }
t "any other is fetched when it is asked for" no_zip
fresh; flip "$m0/v1.0.0.zip" 25000
from=$work/other
t "upstream has something else now: not taken" ill "m0.example/pkg@v1.0.0: zip: " 1 "it is not kept"
t "and not there" [ ! -e "$m0/v1.0.0.zip" ]
fresh; flip "$m1/v1.0.0.zip" 25000
gone() { fsck --repair && says "the zip is in evidence; not fetched again: " && [ ! -e "$m1/v1.0.0.zip" ] && [ -e "$work/sick/evidence/m1.example,pkg,@v,v1.0.0.zip" ] && fsck; }
t "upstream does not have it: set aside" gone
from=
live() {
	fresh
	start sick --upstream "file://$work/both" && gets 200 "$url/$words/v1.0.0.mod" || return 1
	flip "$m0/v1.0.0.zip" 25000
	echo "module x" >"$w/v1.0.0.mod"
	fsck --repair && says "4 mended" || says "2 mended" || return 1
	curl -s "$url/m0.example/pkg/@v/v1.0.0.zip" | cmp - "$up/m0.example/pkg/@v/v1.0.0.zip" && curl -s "$url/$words/v1.0.0.mod" | cmp - "$fx/good/$words/v1.0.0.mod"
}
here "repair while a server runs" live
busy() {
	local i p=()
	for i in $(seq 2 19); do curl -s -o /dev/null "$url/m$i.example/pkg/@v/v1.0.0.zip" & p+=($!); done
	fsck || { cat "$work/said"; return 1; }
	wait "${p[@]}"
	fsck || { cat "$work/said"; return 1; }
	says "; 0 wrong"
}
t "a store that is being filled is well" busy
here "stop" stop
t "fsck of no folder" fails_with 1 "no such folder" "$proxy" fsck --dir "$work/nowhere"

finish
