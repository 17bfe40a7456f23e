//go:build ignore

// Writes a module proxy from a list on standard input: go run modules.go DIR <LIST
//
//	mod PATH VERSION   begins a module
//	go.mod TEXT        adds a line to its go.mod
//	pkg DIR IMPORT...  adds a package that imports these (DIR . is the root)
//	test DIR IMPORT... adds a test to the package
//	file NAME FILE     adds a file with that file's content
//	time RFC3339       when the version was published
package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

type module struct {
	path, version string
	gomod         strings.Builder
	time          string
	names, texts  []string
}

func (m *module) add(dir, name string, imports []string) {
	pkg := path.Base(path.Join(m.path, dir))
	if i := strings.IndexAny(pkg, ".-"); i >= 0 || pkg[0] == 'v' {
		pkg = "p"
	}
	text := "package " + pkg + "\n"
	for _, p := range imports {
		text += fmt.Sprintf("\nimport _ %q\n", p)
	}
	m.names = append(m.names, path.Join(dir, name))
	m.texts = append(m.texts, text)
}

func (m *module) write(root string) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	put := func(name, text string) {
		f, err := w.Create(m.path + "@" + m.version + "/" + name)
		check(err)
		_, err = f.Write([]byte(text))
		check(err)
	}
	put("go.mod", m.gomod.String())
	for i, name := range m.names {
		put(name, m.texts[i])
	}
	check(w.Close())
	dir := filepath.Join(root, m.path, "@v")
	check(os.MkdirAll(dir, 0o755))
	list, _ := os.ReadFile(filepath.Join(dir, "list"))
	save := func(name string, data []byte) { check(os.WriteFile(filepath.Join(dir, name), data, 0o644)) }
	save("list", append(list, (m.version+"\n")...))
	save(m.version+".info", []byte(fmt.Sprintf(`{"Version":%q,"Time":%q}`, m.version, m.time)))
	save(m.version+".mod", []byte(m.gomod.String()))
	save(m.version+".zip", b.Bytes())
}

func main() {
	var m *module
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		line := strings.TrimSpace(in.Text())
		f := strings.Fields(line)
		switch {
		case len(f) == 0:
		case f[0] == "mod":
			if m != nil {
				m.write(os.Args[1])
			}
			m = &module{path: f[1], version: f[2], time: "2026-01-01T00:00:00Z"}
			fmt.Fprintf(&m.gomod, "module %s\n", m.path)
		case f[0] == "go.mod":
			fmt.Fprintf(&m.gomod, "%s\n", strings.TrimPrefix(line, "go.mod "))
		case f[0] == "pkg":
			m.add(f[1], "p.go", f[2:])
		case f[0] == "test":
			m.add(f[1], "p_test.go", f[2:])
		case f[0] == "file":
			data, err := os.ReadFile(f[2])
			check(err)
			m.names = append(m.names, f[1])
			m.texts = append(m.texts, string(data))
		case f[0] == "time":
			m.time = f[1]
		default:
			panic(line)
		}
	}
	m.write(os.Args[1])
}
