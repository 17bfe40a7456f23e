//go:build ignore

// Writes a module proxy with a random graph of requirements, and main modules in it:
// modgraph DIR SEED
//
//	DIR/proxy   example.com/m0 ... m19 v1.0.0 ... v1.3.0, half of them before graph pruning
//	DIR/main-K  a go.mod each; DIR/work a go.work over two of them
package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const modules, versions, mains = 20, 4, 8

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func write(name string, data []byte) {
	check(os.MkdirAll(filepath.Dir(name), 0o755))
	check(os.WriteFile(name, data, 0o644))
}

// requires picks up to n modules behind the i-th, so that there is a bottom, and now and then one in front.
func requires(r *rand.Rand, i, n int) string {
	var b strings.Builder
	seen := map[int]bool{i: true}
	for k := r.Intn(n + 1); k > 0; k-- {
		j := i + 1 + r.Intn(modules)
		if r.Intn(6) == 0 {
			j = r.Intn(modules)
		}
		if j >= modules || seen[j] {
			continue
		}
		seen[j] = true
		fmt.Fprintf(&b, "require example.com/m%d v1.%d.0\n", j, r.Intn(versions))
	}
	return b.String()
}

func main() {
	dir := os.Args[1]
	seed, err := strconv.Atoi(os.Args[2])
	check(err)
	r := rand.New(rand.NewSource(int64(seed)))
	goLine := func() string { return []string{"go 1.16\n", "go 1.21\n"}[r.Intn(2)] }
	for i := 0; i < modules; i++ {
		var list strings.Builder
		base := filepath.Join(dir, "proxy/example.com", fmt.Sprintf("m%d", i), "@v")
		for v := 0; v < versions; v++ {
			version := fmt.Sprintf("v1.%d.0", v)
			mod := fmt.Sprintf("module example.com/m%d\n\n%s\n%s", i, goLine(), requires(r, i, 4))
			var b bytes.Buffer
			z := zip.NewWriter(&b)
			w, err := z.Create(fmt.Sprintf("example.com/m%d@%s/go.mod", i, version))
			check(err)
			_, err = w.Write([]byte(mod))
			check(err)
			check(z.Close())
			write(filepath.Join(base, version+".zip"), b.Bytes())
			write(filepath.Join(base, version+".mod"), []byte(mod))
			write(filepath.Join(base, version+".info"), []byte(fmt.Sprintf(`{"Version":%q,"Time":"2026-01-01T00:00:00Z"}`, version)))
			fmt.Fprintln(&list, version)
		}
		write(filepath.Join(base, "list"), []byte(list.String()))
	}
	for k := 0; k < mains; k++ {
		text := fmt.Sprintf("module example.com/main%d\n\n%s\n%s", k, goLine(), requires(r, -1, 6))
		switch k % 4 {
		case 2:
			text += fmt.Sprintf("\nexclude example.com/m%d v1.%d.0\n", r.Intn(modules), r.Intn(versions))
		case 3:
			text += fmt.Sprintf("\nreplace example.com/m%d => example.com/m%d v1.0.0\n", 18, 19)
		}
		write(filepath.Join(dir, fmt.Sprintf("main-%d", k), "go.mod"), []byte(text))
	}
	write(filepath.Join(dir, "work/go.work"), []byte("go 1.21\n\nuse (\n\t../main-0\n\t../main-1\n)\n"))
}
