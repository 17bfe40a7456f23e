//go:build ignore

// Writes module proxies for the end-to-end tests: go run fixtures.go DIR
//
//	DIR/good       example.com/words v1.0.0 v1.1.0, example.com/greet v1.0.0, example.com/words/v2 v2.0.0
//	DIR/evil-NAME  example.com/words v1.0.0 whose zip is bad in the way NAME says
//	DIR/log, DIR/log-NAME  a checksum database (as served under /sumdb/test.example/) over DIR/good,
//	               honest or lying in the way NAME says; DIR/log.key is its verifier key
package main

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func write(name string, data []byte) {
	check(os.MkdirAll(filepath.Dir(name), 0o755))
	check(os.WriteFile(name, data, 0o644))
}

type file struct{ name, data string }

func makeZip(prefix string, files []file) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		x, err := w.CreateHeader(&zip.FileHeader{Name: prefix + f.name, Method: zip.Deflate})
		check(err)
		_, err = x.Write([]byte(f.data))
		check(err)
	}
	check(w.Close())
	return b.Bytes()
}

func put(root, path, version, gomod string, zipData []byte) {
	base := filepath.Join(root, path, "@v")
	list, _ := os.ReadFile(filepath.Join(base, "list"))
	write(filepath.Join(base, "list"), append(list, (version+"\n")...))
	write(filepath.Join(base, version+".info"), []byte(`{"Version":"`+version+`","Time":"2026-01-01T00:00:00Z"}`))
	write(filepath.Join(base, version+".mod"), []byte(gomod))
	write(filepath.Join(base, version+".zip"), zipData)
}

const wordsMod = "module example.com/words\n\ngo 1.21\n"

func words(version string) []file {
	return []file{
		{"go.mod", wordsMod},
		{"LICENSE", "example\n"},
		{"hello.txt", "Hello"},
		{"words.go", "// Package words knows a greeting (" + version + ").\npackage words\n\nimport _ \"embed\"\n\n" +
			"//go:embed hello.txt\nvar hello string\n\n// Hello returns the greeting.\nfunc Hello() string { return hello }\n"},
	}
}

func good(root string) {
	for _, v := range []string{"v1.0.0", "v1.1.0"} {
		put(root, "example.com/words", v, wordsMod, makeZip("example.com/words@"+v+"/", words(v)))
	}
	w2 := words("v2.0.0")
	w2[0].data = "module example.com/words/v2\n\ngo 1.21\n"
	put(root, "example.com/words/v2", "v2.0.0", w2[0].data, makeZip("example.com/words/v2@v2.0.0/", w2))
	gm := "module example.com/greet\n\ngo 1.21\n\nrequire example.com/words v1.0.0\n"
	put(root, "example.com/greet", "v1.0.0", gm, makeZip("example.com/greet@v1.0.0/", []file{
		{"go.mod", gm},
		{"main.go", "package main\n\nimport (\n\t\"fmt\"\n\n\t\"example.com/words\"\n)\n\nfunc main() { fmt.Println(words.Hello()) }\n"},
	}))
}

// patch32 replaces a 4-byte field of the first central directory header.
func patch32(z []byte, at int, v uint32) []byte {
	z = bytes.Clone(z)
	i := bytes.Index(z, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(z[i+at:], v)
	return z
}

func evil(dir string) {
	p := "example.com/words@v1.0.0/"
	base := words("v1.0.0")
	honest := makeZip(p, base)
	kinds := map[string][]byte{
		"dotdot":    makeZip(p, append(words(""), file{"../../escape.go", "package x\n"})),
		"absolute":  makeZip("", append([]file{{"/etc/escape", "x"}}, base...)),
		"outside":   makeZip("example.com/other@v1.0.0/", base),
		"duplicate": makeZip(p, append(words(""), file{"hello.txt", "again"})),
		"case":      makeZip(p, append(words(""), file{"HELLO.txt", "x"})),
		"badname":   makeZip(p, append(words(""), file{"a:b?.go", "package x\n"})),
		"truncated": honest[:len(honest)/2],
		"empty":     {},
		"notazip":   []byte("this is no zip\n"),
		"huge":      patch32(honest, 24, 0xfffffff0),
		"badcrc":    patch32(honest, 16, 0x12345678),
		"othermod":  makeZip(p, append([]file{{"go.mod", "module example.com/other\n"}}, base[1:]...)),
		"gomodcase": makeZip(p, append([]file{{"GO.MOD", wordsMod}}, base[1:]...)),
		"bigmod":    makeZip(p, append([]file{{"go.mod", wordsMod + strings.Repeat("// x\n", 4<<20)}}, base[1:]...)),
	}
	for name, z := range kinds {
		put(filepath.Join(dir, "evil-"+name), "example.com/words", "v1.0.0", wordsMod, z)
	}
}

// ---- a checksum database, from the specification rather than from hermod's code

type hash [32]byte

func leaf(data []byte) hash { return sha256.Sum256(append([]byte{0}, data...)) }
func node(l, r hash) hash   { return sha256.Sum256(append(append([]byte{1}, l[:]...), r[:]...)) }
func root(leaves []hash) hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	return node(root(leaves[:k]), root(leaves[k:]))
}

func dirHash(zipData []byte) string {
	r, err := zip.NewReader(bytes.NewReader(zipData), int64(len(zipData)))
	check(err)
	var lines []string
	for _, f := range r.File {
		rc, err := f.Open()
		check(err)
		var b bytes.Buffer
		_, err = b.ReadFrom(rc)
		check(err)
		lines = append(lines, fmt.Sprintf("%x  %s\n", sha256.Sum256(b.Bytes()), f.Name))
	}
	sort.Slice(lines, func(i, j int) bool { return lines[i][66:] < lines[j][66:] })
	h := sha256.Sum256([]byte(strings.Join(lines, "")))
	return "h1:" + base64.StdEncoding.EncodeToString(h[:])
}

func modHash(mod []byte) string {
	h := sha256.Sum256([]byte(fmt.Sprintf("%x  go.mod\n", sha256.Sum256(mod))))
	return "h1:" + base64.StdEncoding.EncodeToString(h[:])
}

const name = "test.example"

type log struct {
	priv    ed25519.PrivateKey
	keyID   []byte
	records [][]byte
	ids     []string
}

func (l *log) sign(text string) []byte {
	sig := ed25519.Sign(l.priv, []byte(text))
	return []byte(text + "\n\u2014 " + name + " " + base64.StdEncoding.EncodeToString(append(bytes.Clone(l.keyID), sig...)) + "\n")
}

func (l *log) leaves() []hash {
	var h []hash
	for _, r := range l.records {
		h = append(h, leaf(r))
	}
	return h
}

// save writes the files that a client of one tree asks for. lie damages them.
func (l *log) save(dir, lie string) {
	leaves := l.leaves()
	n := len(leaves)
	top := root(leaves)
	if lie == "fork" {
		top[0] ^= 1
	}
	signer := *l
	if lie == "signature" {
		_, other, err := ed25519.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{9}, 64)))
		check(err)
		signer.priv = other
	}
	head := signer.sign(fmt.Sprintf("go.sum database tree\n%d\n%s\n", n, base64.StdEncoding.EncodeToString(top[:])))
	base := filepath.Join(dir, "sumdb", name)
	write(filepath.Join(base, "supported"), nil)
	write(filepath.Join(base, "latest"), head)
	for i, id := range l.ids {
		rec := l.records[i]
		if lie == "record" {
			rec = bytes.Replace(rec, []byte("h1:"), []byte("h1:A"), 1)
			rec = bytes.Replace(rec, []byte("="), nil, 1)
		}
		write(filepath.Join(base, "lookup", id), append([]byte(fmt.Sprintf("%d\n%s\n", i, rec)), head...))
	}
	var tile []byte
	for _, h := range leaves {
		tile = append(tile, h[:]...)
	}
	if lie == "tile" {
		tile[5] ^= 1
	}
	write(filepath.Join(base, "tile/8/0", fmt.Sprintf("000.p/%d", n)), tile)
	write(filepath.Join(base, "tile/8/data", fmt.Sprintf("000.p/%d", n)), append(bytes.Join(l.records, []byte("\n")), '\n'))
}

func logs(dir string) {
	pub, priv, err := ed25519.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{7}, 64)))
	check(err)
	key := append([]byte{1}, pub...)
	id := sha256.Sum256([]byte(name + "\n" + string(key)))
	l := &log{priv: priv, keyID: id[:4]}
	write(filepath.Join(dir, "log.key"), []byte(fmt.Sprintf("%s+%x+%s\n", name, id[:4], base64.StdEncoding.EncodeToString(key))))
	for _, m := range []string{"example.com/words@v1.0.0", "example.com/words@v1.1.0", "example.com/words/v2@v2.0.0", "example.com/greet@v1.0.0"} {
		path, version, _ := strings.Cut(m, "@")
		z, err := os.ReadFile(filepath.Join(dir, "good", path, "@v", version+".zip"))
		check(err)
		mod, err := os.ReadFile(filepath.Join(dir, "good", path, "@v", version+".mod"))
		check(err)
		l.ids = append(l.ids, m)
		l.records = append(l.records, []byte(fmt.Sprintf("%s %s %s\n%s %s/go.mod %s\n", path, version, dirHash(z), path, version, modHash(mod))))
	}
	for _, lie := range []string{"", "fork", "signature", "record", "tile"} {
		d := filepath.Join(dir, "log")
		if lie != "" {
			d += "-" + lie
		}
		l.save(d, lie)
	}
	// The same log with another history: consistent in itself, not with "log".
	other := *l
	other.records = append([][]byte{[]byte("example.com/else v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")}, l.records...)
	other.ids = append([]string{"example.com/else@v1.0.0"}, l.ids...)
	other.save(filepath.Join(dir, "log-rewritten"), "")
}

func main() {
	dir := os.Args[1]
	good(filepath.Join(dir, "good"))
	evil(dir)
	logs(dir)
}
