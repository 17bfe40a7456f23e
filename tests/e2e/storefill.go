// storefill makes many module versions, for tests of quota, index and size.
//
//	go run storefill.go [-store] [-link] DIR MODULES VERSIONS BYTES
//
// Modules m0.example/pkg ... with versions v1.0.0, v1.1.0, ...; each zip holds go.mod and
// a file of BYTES random bytes.  The layout is that of a GOPROXY tree; with -store that
// of a module cache, DIR/cache/download with .ziphash files.  With -link every zip, .info
// and .ziphash is one file (whose contents are wrong for all but one of them): only their
// number counts then.
package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"fmt"
	"log"
	"math/rand"
	"os"
	"path/filepath"
	"sort"
	"strconv"
)

var (
	store = flag.Bool("store", false, "layout of a module cache")
	link  = flag.Bool("link", false, "one file for all of a kind")
)

func h1(files map[string][]byte) string {
	var names []string
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	sum := sha256.New()
	for _, name := range names {
		fmt.Fprintf(sum, "%x  %s\n", sha256.Sum256(files[name]), name)
	}
	return "h1:" + base64.StdEncoding.EncodeToString(sum.Sum(nil))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func makeZip(path, version string, mod []byte, size int) ([]byte, string) {
	data := make([]byte, size)
	rand.New(rand.NewSource(int64(len(path)+len(version)) + int64(size))).Read(data)
	prefix := path + "@" + version + "/"
	files := map[string][]byte{prefix + "go.mod": mod, prefix + "data.bin": append(data, version...)}
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, name := range []string{prefix + "go.mod", prefix + "data.bin"} {
		f, err := w.Create(name)
		check(err)
		_, err = f.Write(files[name])
		check(err)
	}
	check(w.Close())
	return buf.Bytes(), h1(files)
}

func main() {
	log.SetFlags(0)
	flag.Parse()
	dir := flag.Arg(0)
	var n [3]int
	for i := range n {
		v, err := strconv.Atoi(flag.Arg(i + 1))
		check(err)
		n[i] = v
	}
	if *store {
		dir = filepath.Join(dir, "cache", "download")
	}
	first := map[string]string{}
	write := func(kind, name string, data []byte) {
		if old, ok := first[kind]; ok && *link {
			check(os.Link(old, name))
			return
		}
		check(os.WriteFile(name, data, 0o644))
		first[kind] = name
	}
	count := 0
	for m := 0; m < n[0]; m++ {
		path := fmt.Sprintf("m%d.example/pkg", m)
		folder := filepath.Join(dir, path, "@v")
		check(os.MkdirAll(folder, 0o755))
		mod := []byte("module " + path + "\n\ngo 1.21\n")
		if m > 0 {
			mod = append(mod, fmt.Sprintf("\nrequire m%d.example/pkg v1.0.0\n", m-1)...)
		}
		var list bytes.Buffer
		delete(first, "mod")
		for v := 0; v < n[1]; v++ {
			version := fmt.Sprintf("v1.%d.0", v)
			base := filepath.Join(folder, version)
			var data []byte
			sum := ""
			if _, ok := first["zip"]; !ok || !*link {
				data, sum = makeZip(path, version, mod, n[2])
			}
			if count++; *link && count%30000 == 0 { // an inode has only so many names
				delete(first, "zip")
				delete(first, "info")
				delete(first, "ziphash")
				data, sum = makeZip(path, version, mod, n[2])
			}
			write("info", base+".info", []byte(`{"Version":"`+version+`","Time":"2026-01-02T03:04:05Z"}`))
			write("mod", base+".mod", mod)
			write("zip", base+".zip", data)
			if *store {
				write("ziphash", base+".ziphash", []byte(sum))
			}
			fmt.Fprintln(&list, version)
		}
		check(os.WriteFile(filepath.Join(folder, "list"), list.Bytes(), 0o644))
	}
}
