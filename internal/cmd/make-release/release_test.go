// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

// file is what an archive says of a file.
type file struct {
	name, data string
	mode       os.FileMode
	time       time.Time
	owner      int
}

func readTar(t *testing.T, data []byte) (files []file) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file{h.Name, string(data), h.FileInfo().Mode(), h.ModTime.UTC(), h.Uid + h.Gid + len(h.Uname) + len(h.Gname)})
	}
}

func readZip(t *testing.T, data []byte) (files []file) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file{f.Name, string(data), f.Mode(), f.Modified.UTC(), 0})
	}
	return files
}

func TestArchiveIsTheSameWhereverItIsMade(t *testing.T) {
	at := time.Date(2026, 5, 4, 3, 2, 2, 0, time.UTC)
	want := []file{
		{"winnow_1/LICENSE", "terms", 0o644, at, 0},
		{"winnow_1/man/man1/winnow.1", "page", 0o644, at, 0},
		{"winnow_1/winnow", "program", 0o755, at, 0},
	}
	pack := func(name string, mode os.FileMode, changed time.Time, backwards bool) []byte {
		dir := t.TempDir()
		write := func(name, data string) string {
			path := filepath.Join(dir, name)
			if err := errors.Join(os.WriteFile(path, []byte(data), mode), os.Chtimes(path, changed, changed)); err != nil {
				t.Fatal(err)
			}
			return path
		}
		entries := []entry{
			{name: "winnow", path: write("winnow", "program"), executable: true},
			{name: "LICENSE", path: write("LICENSE", "terms")},
			{name: "man/man1/winnow.1", data: []byte("page")},
		}
		if backwards {
			slices.Reverse(entries)
		}
		path := filepath.Join(dir, name)
		if err := writeArchive(path, "winnow_1", entries, at); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for name, read := range map[string]func(*testing.T, []byte) []file{"a.tar.gz": readTar, "a.zip": readZip} {
		first := pack(name, 0o600, time.Now(), false)
		second := pack(name, 0o755, at.Add(-time.Hour), true)
		if !bytes.Equal(first, second) {
			t.Errorf("%s depends on the order, modes and times of files", name)
		}
		if got := read(t, first); !slices.Equal(got, want) {
			t.Errorf("%s holds\n%+v, want\n%+v", name, got, want)
		}
	}
}

func TestArchiveRefusesTwoFilesOfOneName(t *testing.T) {
	err := writeArchive(filepath.Join(t.TempDir(), "a.zip"), "a", []entry{{name: "x"}, {name: "y"}, {name: "x"}}, time.Now())
	if err == nil || !strings.Contains(err.Error(), "x is in the archive twice") {
		t.Errorf("got %v", err)
	}
}

func TestSums(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"b": "", "a": "abc"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeSums(dir); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, sumsName))
	// FIPS 180-2, appendix B.1, and the sum of nothing.
	want := "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n" +
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b\n"
	if err != nil || string(got) != want {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestTargets(t *testing.T) {
	got, err := parseTargets("linux/arm64,windows/amd64,linux/arm64")
	if err != nil || !slices.Equal(got, []target{{"linux", "arm64"}, {"windows", "amd64"}}) {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := parseTargets(targets); err != nil || len(got) != 6 {
		t.Errorf("got %v, %v", got, err)
	}
	for list, want := range map[string]string{"": "no releases", "linux": "no releases", "linux/amd46": "did you mean linux/amd64?", "plan9/386": "targets are"} {
		if _, err := parseTargets(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", list, err, want)
		}
	}
}

// info is what Go notes in a program.
func info(deps ...*debug.Module) *debug.BuildInfo {
	return &debug.BuildInfo{
		GoVersion: "go1.26.0", Path: "example.org/p", Main: debug.Module{Path: "example.org/p", Version: "v1.2.3"}, Deps: deps,
		Settings: []debug.BuildSetting{{Key: "GOOS", Value: "linux"}, {Key: "vcs.time", Value: "2026-05-04T03:02:01Z"}},
	}
}

func TestTimeOf(t *testing.T) {
	for epoch, want := range map[string]string{"": "2026-05-04T03:02:01Z", "1700000000": "2023-11-14T22:13:20Z"} {
		if got, err := timeOf(info(), epoch); err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%q: got %v, %v", epoch, got, err)
		}
	}
	for _, epoch := range []string{"x", "0", "-1", "99999999999", "1.5"} {
		if got, err := timeOf(info(), epoch); err == nil {
			t.Errorf("%q is taken as %v", epoch, got)
		}
	}
	if _, err := timeOf(&debug.BuildInfo{}, ""); err == nil {
		t.Error("a program without a commit has a time")
	}
}

func TestBillOfMaterials(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p")
	if err := os.WriteFile(path, []byte("abc"), 0o644); err != nil {
		t.Fatal(err)
	}
	const sum = "h1:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=" // the SHA-256 of abc
	p := &program{path: path, time: time.Unix(1e9, 0).UTC(), info: info(
		&debug.Module{Path: "example.org/a", Version: "v1.0.0+incompatible", Sum: sum},
		&debug.Module{Path: "example.org/b", Version: "v1.0.0", Replace: &debug.Module{Path: "example.org/c", Version: "v2.0.0", Sum: sum}},
	)}
	text, err := billOfMaterials(p)
	if err != nil {
		t.Fatal(err)
	}
	again, err := billOfMaterials(p)
	if err != nil || !bytes.Equal(text, again) {
		t.Errorf("the second time: %v, the same bytes: %v", err, bytes.Equal(text, again))
	}
	var b bom
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	abc := []hash{{"SHA-256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}}
	if m := b.Metadata; m.Timestamp != "2001-09-09T01:46:40Z" || m.Component.PURL != "pkg:golang/example.org/p@v1.2.3" || !slices.Equal(m.Component.Hashes, abc) || !slices.Contains(m.Properties, property{"go:GOOS", "linux"}) {
		t.Errorf("metadata: %+v", m)
	}
	var refs []string
	for _, c := range b.Components {
		refs = append(refs, c.PURL)
	}
	if want := []string{"pkg:golang/std@1.26.0", "pkg:golang/example.org/a@v1.0.0%2Bincompatible", "pkg:golang/example.org/c@v2.0.0"}; !slices.Equal(refs, want) {
		t.Errorf("components %q, want %q", refs, want)
	}
	if len(b.Dependencies) != 1 || b.Dependencies[0].Ref != b.Metadata.Component.Ref || !slices.Equal(b.Dependencies[0].On, refs) {
		t.Errorf("dependencies: %+v", b.Dependencies)
	}
	if c := b.Components[2]; !slices.Equal(c.Hashes, abc) {
		t.Errorf("hashes of %s: %v", c.Name, c.Hashes)
	}
	p.info = info(&debug.Module{Path: "example.org/a", Version: "v1.0.0"})
	if _, err := billOfMaterials(p); err == nil || !strings.Contains(err.Error(), "example.org/a") {
		t.Errorf("a module without a sum: %v", err)
	}
}

func TestTerms(t *testing.T) {
	dir := t.TempDir()
	terms := []string{"LICENSE.md", "notice", "COPYING", "zstd/internal/xxhash/LICENSE.txt", "THIRD_PARTY_LICENSES/Cephes-LICENSE"}
	others := []string{"main.go", "LICENSEE", "testdata/LICENSE", "a/testdata/b/COPYING", "src/cmd/vendor/LICENSE", "Cephes-LICENSE"}
	for _, name := range slices.Concat(terms, others) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("text of "+name+"\n\n"), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := addTerms(&out, "example.org/a v1.0.0", dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range terms {
		if !strings.Contains(out.String(), "\nexample.org/a v1.0.0: "+name+"\n") || !strings.Contains(out.String(), "\n\ntext of "+name+"\n") {
			t.Errorf("no %s in %q", name, out.String())
		}
	}
	for _, name := range others {
		if strings.Contains(out.String(), "\n\ntext of "+name+"\n") {
			t.Errorf("%s in %q", name, out.String())
		}
	}
	if err := addTerms(&out, "example.org/b v1.0.0", t.TempDir()); err == nil || !strings.Contains(err.Error(), "example.org/b v1.0.0 has no file with its terms") {
		t.Errorf("a module without terms: %v", err)
	}
}

// A release of a small program in a clone of its own: what is written for the first target does not make the second one's sources changed
// ones, and settings of `go env -w` stay out.
func TestReleaseOfAClone(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"go.mod":             "module example.org/p\n\ngo 1.26\n",
		"cmd/winnow/main.go": "package main\n\nimport \"os\"\n\nfunc main() {\n\tif os.Args[1] == \"man\" {\n\t\t_ = os.Mkdir(os.Args[2], 0o755)\n\t}\n}\n",
		"LICENSE":            "terms", "NOTICE": "", "README.md": "", "CHANGELOG.md": "", "packaging/winnow.service": "",
		"index/lexical/analysis/stop/LICENSE": "terms", "model/builtin/LICENSE": "terms",
	} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"init", "--quiet"},
		{"add", "."},
		{"-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false", "commit", "--quiet", "--message=a"},
	} {
		if _, err := output(exec.CommandContext(t.Context(), "git", args...)); err != nil {
			t.Fatal(err)
		}
	}
	settings := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(settings, []byte("GOFLAGS=-tags=netgo\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOENV", settings)
	if err := run(t.Context(), "out", "linux/amd64,linux/arm64"); err != nil {
		t.Fatal(err)
	}
	bills, err := filepath.Glob("out/*.cdx.json")
	if err != nil || len(bills) != 2 {
		t.Fatalf("bills of materials: %q, %v", bills, err)
	}
	for _, name := range bills {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var b bom
		if err := json.Unmarshal(text, &b); err != nil {
			t.Fatal(err)
		}
		tagged := slices.ContainsFunc(b.Metadata.Properties, func(p property) bool { return p.Name == "go:-tags" })
		if tagged || !slices.Contains(b.Metadata.Properties, property{"go:vcs.modified", "false"}) {
			t.Errorf("%s: %+v", name, b.Metadata)
		}
	}
}
