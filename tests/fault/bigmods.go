// bigmods makes a folder of modules for a proxy: bigmods DIR N BYTES.  The contents of
// their zips do not compress, and are the same each time.
package main

import (
	"archive/zip"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func add(w *zip.Writer, name string, data []byte) {
	f, err := w.Create(name)
	check(err)
	_, err = f.Write(data)
	check(err)
}

func main() {
	n, err := strconv.Atoi(os.Args[2])
	check(err)
	size, err := strconv.Atoi(os.Args[3])
	check(err)
	r := rand.New(rand.NewSource(1))
	for i := 0; i < n; i++ {
		path := fmt.Sprintf("example.com/big%d", i)
		dir := filepath.Join(os.Args[1], path, "@v")
		gomod := []byte("module " + path + "\n\ngo 1.21\n")
		data := make([]byte, size)
		r.Read(data)
		check(os.MkdirAll(dir, 0777))
		f, err := os.Create(filepath.Join(dir, "v1.0.0.zip"))
		check(err)
		w := zip.NewWriter(f)
		add(w, path+"@v1.0.0/go.mod", gomod)
		add(w, path+"@v1.0.0/a.go", []byte("package big\n"))
		add(w, path+"@v1.0.0/data.bin", data)
		check(w.Close())
		check(f.Close())
		check(os.WriteFile(filepath.Join(dir, "v1.0.0.mod"), gomod, 0666))
		check(os.WriteFile(filepath.Join(dir, "v1.0.0.info"), []byte(`{"Version":"v1.0.0","Time":"2024-01-01T00:00:00Z"}`), 0666))
		check(os.WriteFile(filepath.Join(dir, "list"), []byte("v1.0.0\n"), 0666))
	}
}
