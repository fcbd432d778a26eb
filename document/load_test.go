// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree writes files below a new folder and returns it. A name that ends in a slash is a folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if strings.HasSuffix(name, "/") {
			must(t, os.MkdirAll(path, 0o750))
			continue
		}
		must(t, os.MkdirAll(filepath.Dir(path), 0o750))
		must(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ids gives the documents' ids below dir.
func ids(docs []Document, dir string) []string {
	var out []string
	for _, d := range docs {
		out = append(out, strings.TrimPrefix(d.ID, filepath.ToSlash(dir)+"/"))
	}
	return out
}

func kinds(problems []Problem, dir string) map[string]ProblemKind {
	out := map[string]ProblemKind{}
	for _, p := range problems {
		rel, err := filepath.Rel(dir, p.Path)
		if err != nil {
			rel = p.Path
		}
		out[filepath.ToSlash(rel)] = p.Kind
	}
	return out
}

func TestLoadWalksFoldersInStableOrder(t *testing.T) {
	dir := tree(t, map[string]string{
		"b.md": "# Bee\n", "a.txt": "a", "c/d.markdown": "x", "c/B.MD": "y", "z.go": "package z",
		".git/x.md": "no", ".hidden.md": "no", "c/.venv/y.txt": "no", "noext": "no", "settings.json": "{}", "x.png": "no",
	})
	docs, problems, err := Load(t.Context(), []string{dir}, LoadOptions{})
	must(t, err)
	if diff := cmp.Diff([]string{"a.txt", "b.md", "c/B.MD", "c/d.markdown", "z.go"}, ids(docs, dir)); diff != "" {
		t.Errorf("loaded files (-want +got):\n%s", diff)
	}
	if len(problems) != 0 {
		t.Errorf("problems: %v", problems)
	}
	if docs[1].Title != "Bee" || docs[1].Format != Markdown || docs[0].Format != Plain || docs[4].Format != Code {
		t.Errorf("title or format wrong: %+v", docs[:2])
	}
}

func TestLoadNamedFiles(t *testing.T) {
	dir := tree(t, map[string]string{"z.go": "package z", "LICENSE": "free", "p.pdf": "%PDF", "x.png": "?", ".bashrc": "alias"})
	paths := []string{"z.go", "LICENSE", "p.pdf", "x.png", ".bashrc", "gone.md"}
	for i := range paths {
		paths[i] = filepath.Join(dir, paths[i])
	}
	docs, problems, err := Load(t.Context(), paths, LoadOptions{})
	must(t, err)
	if diff := cmp.Diff([]string{"z.go", "LICENSE", ".bashrc"}, ids(docs, dir)); diff != "" {
		t.Errorf("loaded files (-want +got):\n%s", diff)
	}
	want := map[string]ProblemKind{"p.pdf": ProblemDamaged, "x.png": ProblemUnsupported, "gone.md": ProblemMissing}
	if diff := cmp.Diff(want, kinds(problems, dir)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	for _, p := range problems {
		if !p.Failure || !strings.HasPrefix(p.Error(), p.Path+": skipped: ") {
			t.Errorf("problem %q, failure %v", p.Error(), p.Failure)
		}
	}
}

func TestLoadReportsBadFilesAndGoesOn(t *testing.T) {
	dir := tree(t, map[string]string{
		"bin.txt": "a\x00b", "ctrl.md": strings.Repeat("\x01\x02a", 100), "utf16.txt": "\xff\xfea\x00",
		"large.txt": strings.Repeat("x", 101), "ok.txt": strings.Repeat("x", 100), "empty/": "",
	})
	docs, problems, err := Load(t.Context(), []string{dir, filepath.Join(dir, "empty"), filepath.Join(dir, "bin.txt")},
		LoadOptions{MaxFileSize: 100})
	must(t, err)
	if diff := cmp.Diff([]string{"ok.txt"}, ids(docs, dir)); diff != "" {
		t.Errorf("loaded files (-want +got):\n%s", diff)
	}
	want := map[string]ProblemKind{
		"bin.txt": ProblemBinary, "utf16.txt": ProblemBinary, "ctrl.md": ProblemTooLarge,
		"large.txt": ProblemTooLarge, "empty": ProblemEmpty,
	}
	if diff := cmp.Diff(want, kinds(problems, dir)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	for _, p := range problems {
		if p.Kind == ProblemBinary && !errors.Is(p, ErrBinary) {
			t.Errorf("%v does not wrap ErrBinary", p)
		}
		if !p.Failure {
			t.Errorf("%v: no failure", p)
		}
	}

	_, problems, err = Load(t.Context(), []string{filepath.Join(dir, "ctrl.md")}, LoadOptions{})
	must(t, err)
	if len(problems) != 1 || problems[0].Kind != ProblemBinary || !problems[0].Failure {
		t.Errorf("named binary file: %+v", problems)
	}
}

func TestLoadFolderTwice(t *testing.T) {
	dir := tree(t, map[string]string{"a.txt": "a"})
	docs, problems, err := Load(t.Context(), []string{filepath.Join(dir, "a.txt"), dir, dir}, LoadOptions{})
	must(t, err)
	if len(docs) != 1 || len(problems) != 0 {
		t.Errorf("%d documents, problems %v", len(docs), problems)
	}
}

// HTML states its encoding by a byte order mark, too; other kinds are UTF-8.
func TestLoadUTF16(t *testing.T) {
	little, big := "\xff\xfe", "\xfe\xff"
	for _, c := range "<p>café" {
		little, big = little+string([]byte{byte(c), 0}), big+string([]byte{0, byte(c)})
	}
	dir := tree(t, map[string]string{"a.html": little, "b.htm": big, "c.md": little})
	docs, problems, err := Load(t.Context(), []string{dir}, LoadOptions{})
	must(t, err)
	if len(docs) != 2 || docs[0].Text != "café" || docs[1].Text != "café" {
		t.Errorf("%+v", docs)
	}
	if diff := cmp.Diff(map[string]ProblemKind{"c.md": ProblemBinary}, kinds(problems, dir)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestLoadPermission(t *testing.T) {
	// The test may run as a user whom no permission bit stops, so the refusal is given at the loader's own boundary.
	dir := tree(t, map[string]string{"a.txt": "a", "secret.txt": "s", "closed/b.txt": "b"})
	l := loader{disk: osDisk, o: LoadOptions{}.withDefaults()}
	l.disk.open = func(path string) (file, error) {
		if filepath.Base(path) == "secret.txt" {
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
		}
		return openFile(path)
	}
	l.disk.readDir = func(path string) ([]fs.DirEntry, error) {
		if filepath.Base(path) == "closed" {
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
		}
		return os.ReadDir(path)
	}
	docs, problems, err := l.load(t.Context(), []string{dir})
	must(t, err)
	if diff := cmp.Diff([]string{"a.txt"}, ids(docs, dir)); diff != "" {
		t.Errorf("loaded files (-want +got):\n%s", diff)
	}
	want := map[string]ProblemKind{"closed": ProblemPermission, "secret.txt": ProblemPermission}
	if diff := cmp.Diff(want, kinds(problems, dir)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	for _, p := range problems {
		if !p.Failure || strings.Count(p.Error(), filepath.Base(p.Path)) != 1 {
			t.Errorf("problem %q, failure %v: want a failure that names the path once", p.Error(), p.Failure)
		}
	}
}

func TestLoadSymbolicLinks(t *testing.T) {
	dir := tree(t, map[string]string{"real/a.md": "a", "real/sub/b.txt": "b"})
	for name, target := range map[string]string{
		"real/sub/up": dir, "real/link.md": filepath.Join(dir, "real", "a.md"), "real/self.txt": "self.txt",
		"named": filepath.Join(dir, "real"), "real/dangling.png": "nowhere",
	} {
		must(t, os.Symlink(target, filepath.Join(dir, filepath.FromSlash(name))))
	}
	docs, problems, err := Load(t.Context(), []string{filepath.Join(dir, "named"), filepath.Join(dir, "real")}, LoadOptions{})
	must(t, err)
	if diff := cmp.Diff([]string{"named/a.md", "named/sub/b.txt"}, ids(docs, dir)); diff != "" {
		t.Errorf("each file once, by its first name (-want +got):\n%s", diff)
	}
	got := kinds(problems, dir)
	for _, path := range []string{"named/link.md", "named/self.txt", "named/sub/up"} {
		if got[path] != ProblemLink {
			t.Errorf("%s: problem %q, want %q", path, got[path], ProblemLink)
		}
	}
	if _, ok := got["named/dangling.png"]; ok {
		t.Error("a link that would not be read anyway is reported")
	}
}

func TestLoadEndsWithContext(t *testing.T) {
	dir := tree(t, map[string]string{"a.txt": "a"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	docs, _, err := Load(ctx, []string{dir}, LoadOptions{})
	if !errors.Is(err, context.Canceled) || docs != nil {
		t.Errorf("got %v documents and error %v", len(docs), err)
	}
	if _, _, err := Load(t.Context(), nil, LoadOptions{}); err == nil {
		t.Error("no paths: want an error")
	}
}

func TestLoadKeepsLineNumbers(t *testing.T) {
	dir := tree(t, map[string]string{"crlf.md": "\uFEFF---\r\ntitle: 'It''s'\r\n---\r\n\r\n# One\r\n\r\nbad \xff\xe2\x82 byte\r\n"})
	docs, _, err := Load(t.Context(), []string{dir}, LoadOptions{})
	must(t, err)
	d := docs[0]
	if d.Title != "It's" || d.InvalidBytes != 3 || strings.Contains(d.Text, "\r") || strings.HasPrefix(d.Text, bom) {
		t.Errorf("document %+v", d)
	}
	chunks := Split(d, nil, ChunkOptions{})
	if len(chunks) != 1 || chunks[0].StartLine != 7 || chunks[0].EndLine != 7 || chunks[0].Text != "bad \uFFFD\uFFFD byte" {
		t.Errorf("chunks %+v", chunks)
	}
	if !slices.Equal(chunks[0].Heading, []string{"One"}) || chunks[0].Context() != "It's > One\nbad \uFFFD\uFFFD byte" {
		t.Errorf("context %q", chunks[0].Context())
	}
}

// TestReplaceInvalid holds values printed by Python 3.11: bytes.decode("utf-8", errors="replace").
func TestReplaceInvalid(t *testing.T) {
	tests := []struct {
		in   string
		want string
		n    int
	}{
		{"ok é €", "ok é €", 0},
		{"\x80", "\uFFFD", 1},
		{"a\xffb", "a\uFFFDb", 1},
		{"\xe2\x82", "\uFFFD", 2},
		{"\xe2\x82a", "\uFFFDa", 2},
		{"\xe2a\x82", "\uFFFDa\uFFFD", 2},
		{"\xf0\x9f\x98", "\uFFFD", 3},
		{"\xf0\x9f\x98\xf0\x9f\x98\x80", "\uFFFD😀", 3},
		{"\xc0\xaf", "\uFFFD\uFFFD", 2},
		{"\xe0\x80\x80", "\uFFFD\uFFFD\uFFFD", 3},
		{"\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD", 3},
		{"\xf4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD", 4},
		{"\xf5\x80", "\uFFFD\uFFFD", 2},
		{"\xc2", "\uFFFD", 1},
		{"\xf0\x80\x80", "\uFFFD\uFFFD\uFFFD", 3},
		{"\uFFFD\xfe", "\uFFFD\uFFFD", 1},
	}
	for _, tt := range tests {
		got, n := replaceInvalid(tt.in)
		if got != tt.want || n != tt.n {
			t.Errorf("replaceInvalid(%q) = %q, %d; want %q, %d", tt.in, got, n, tt.want, tt.n)
		}
	}
}
