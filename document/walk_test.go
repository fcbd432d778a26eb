// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// walkNames walks a folder and returns the names below it, and the kinds of problems.
func walkNames(t *testing.T, dir string, o WalkOptions, paths ...string) ([]string, map[string]ProblemKind) {
	t.Helper()
	var names []string
	var problems []Problem
	must(t, Walk(t.Context(), paths, o, func(f File) error {
		rel, err := filepath.Rel(dir, f.Path)
		names = append(names, filepath.ToSlash(rel))
		return err
	}, func(p Problem) { problems = append(problems, p) }))
	return names, kinds(problems, dir)
}

func TestWalkHonoursIgnoreFiles(t *testing.T) {
	dir := tree(t, map[string]string{
		".git/info/exclude": "excluded.md\n", ".gitignore": "*.log.txt\n/build/\nsub/gen*\n", ".winnowignore": "!keep.log.txt\ndrafts/\n",
		"a.md": "", "x.log.txt": "", "keep.log.txt": "", "build/b.md": "", "sub/build/b.md": "", "sub/gen1.md": "", "sub/drafts/d.md": "",
		"sub/.gitignore": "!gen2.md\nown.md", "sub/gen2.md": "", "sub/own.md": "", "own.md": "", "excluded.md": "", ".hidden/h.md": "",
	})
	want := []string{"a.md", "keep.log.txt", "own.md", "sub/build/b.md", "sub/gen2.md"}
	names, problems := walkNames(t, dir, WalkOptions{}, dir)
	if diff := cmp.Diff(want, names); diff != "" || len(problems) != 0 {
		t.Errorf("problems %v, files (-want +got):\n%s", problems, diff)
	}
	// Below the root of the repository its rules hold too.
	names, _ = walkNames(t, dir, WalkOptions{}, filepath.Join(dir, "sub"))
	if diff := cmp.Diff([]string{"sub/build/b.md", "sub/gen2.md"}, names); diff != "" {
		t.Errorf("files below (-want +got):\n%s", diff)
	}
	// A file that is named is read whatever the rules say.
	names, _ = walkNames(t, dir, WalkOptions{}, filepath.Join(dir, "sub"), filepath.Join(dir, "sub", "own.md"), filepath.Join(dir, "sub", "gen2.md"))
	if diff := cmp.Diff([]string{"sub/build/b.md", "sub/gen2.md", "sub/own.md"}, names); diff != "" {
		t.Errorf("files named (-want +got):\n%s", diff)
	}
	names, _ = walkNames(t, dir, WalkOptions{NoIgnore: true, Hidden: true}, dir)
	if len(names) != 12 || names[0] != ".hidden/h.md" {
		t.Errorf("without rules: %d files %q", len(names), names)
	}
}

func TestWalkReportsAnIgnoreFileItCannotTake(t *testing.T) {
	dir := tree(t, map[string]string{".winnowignore": strings.Repeat("x\n", maxIgnoreFile), "a.md": ""})
	names, problems := walkNames(t, dir, WalkOptions{}, dir)
	if len(names) != 1 || problems[".winnowignore"] != ProblemTooLarge {
		t.Errorf("%v %v", names, problems)
	}
}

// An ignore file that cannot be looked at is a problem of the folder that it is for, one that is not there is none.
func TestWalkReportsAnIgnoreFileItCannotSee(t *testing.T) {
	dir := tree(t, map[string]string{".git": "gitdir: elsewhere", "sub/in/a.md": ""})
	for name, folder := range map[string]string{filepath.Join(".git", "info", "exclude"): "sub", ".gitignore": "sub", filepath.Join("sub", "in", ".winnowignore"): filepath.Join("sub", "in")} {
		w := walker{disk: osDisk, visit: func(File) error { return nil }}
		var problems []Problem
		w.problem = func(p Problem) { problems = append(problems, p) }
		w.disk.lstat = func(path string) (fs.FileInfo, error) {
			if path == filepath.Join(dir, name) {
				return nil, &fs.PathError{Op: "lstat", Path: path, Err: fs.ErrPermission}
			}
			return os.Lstat(path)
		}
		must(t, w.walk(t.Context(), []string{filepath.Join(dir, "sub")}))
		if len(problems) != 1 || problems[0].Kind != ProblemPermission || !problems[0].Failure || problems[0].Folder != filepath.Join(dir, folder) {
			t.Errorf("%s: %+v", name, problems)
		}
	}
}

func TestWalkGoesOnWhenAFolderVanishes(t *testing.T) {
	dir := tree(t, map[string]string{"a/1.md": "", "b/2.md": "", "c/3.md": "", "c/gone.md": ""})
	w := walker{disk: osDisk}
	var names []string
	problems := map[string]ProblemKind{}
	w.problem = func(p Problem) { problems[filepath.Base(p.Path)] = p.Kind }
	w.visit = func(f File) error { names = append(names, filepath.Base(f.Path)); return nil }
	w.disk.readDir = func(path string) ([]fs.DirEntry, error) {
		if filepath.Base(path) == "b" {
			must(t, os.RemoveAll(path))
		}
		entries, err := os.ReadDir(path)
		if filepath.Base(path) == "c" {
			must(t, os.Remove(filepath.Join(path, "gone.md")))
		}
		return entries, err
	}
	must(t, w.walk(t.Context(), []string{dir}))
	if diff := cmp.Diff([]string{"1.md", "3.md"}, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]ProblemKind{"b": ProblemMissing, "gone.md": ProblemMissing}, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestWalkEndsWithTheError(t *testing.T) {
	dir := tree(t, map[string]string{"a.md": "", "b.md": ""})
	stop := errors.New("stop")
	n := 0
	err := Walk(t.Context(), []string{dir}, WalkOptions{}, func(File) error { n++; return stop }, func(Problem) {})
	if err != stop || n != 1 { //nolint:errorlint // the very error is promised
		t.Errorf("%v after %d files", err, n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Walk(ctx, []string{dir}, WalkOptions{}, nil, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestManyTinyFiles(t *testing.T) {
	const n = 20_000
	dir := t.TempDir()
	for i := range n {
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%06d.txt", i)), nil, 0o600))
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	seen, last := 0, ""
	must(t, Walk(t.Context(), []string{dir}, WalkOptions{}, func(f File) error {
		if f.Path <= last {
			t.Fatalf("%s after %s", f.Path, last)
		}
		seen, last = seen+1, f.Path
		if seen == n {
			runtime.GC()
			runtime.ReadMemStats(&after)
		}
		return nil
	}, func(p Problem) { t.Error(p) }))
	if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); seen != n || held > 100*n {
		t.Errorf("%d files, %d bytes held for each", seen, held/n)
	}
}

// TestLargeFiles: a file of 2 GB is refused by name when it is one document, and costs no memory.
func TestLargeFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.txt", "a.pdf", "a.docx", "a.html"} {
		path := filepath.Join(dir, name)
		f, err := os.Create(path)
		must(t, err)
		must(t, errors.Join(f.Truncate(2<<30), f.Close()))
		problems, err := Read(t.Context(), File{Path: path, Named: true}, LoadOptions{}, func(Document) error { t.Error("read"); return nil })
		must(t, err)
		if len(problems) != 1 || problems[0].Kind != ProblemTooLarge || !problems[0].Failure || !errors.Is(problems[0], ErrTooLarge) {
			t.Errorf("%s: %v", name, problems)
		}
	}
	path := filepath.Join(dir, "a.jsonl")
	f, err := os.Create(path)
	must(t, err)
	must(t, errors.Join(f.Truncate(32<<20), f.Close()))
	problems, err := Read(t.Context(), File{Path: path}, LoadOptions{MaxRow: 1 << 20}, func(Document) error { t.Error("read"); return nil })
	must(t, err)
	if len(problems) != 1 || problems[0].Line != 1 || !errors.Is(problems[0], ErrLineTooLong) {
		t.Errorf("one endless line: %v", problems)
	}
}

func TestReadGivesEachFormat(t *testing.T) {
	var word, packed bytes.Buffer
	z := zip.NewWriter(&word)
	w, err := z.Create("word/document.xml")
	must(t, err)
	_, err = w.Write([]byte(`<d><p><r><t>Words</t></r></p></d>`))
	must(t, errors.Join(err, z.Close()))
	g := gzip.NewWriter(&packed)
	_, err = g.Write([]byte("{\"id\":\"r\",\"text\":\"row\"}\n"))
	must(t, errors.Join(err, g.Close()))
	pdf, err := os.ReadFile(filepath.Join("internal", "pdf", "testdata", "packed.pdf"))
	must(t, err)
	closed, err := os.ReadFile(filepath.Join("internal", "pdf", "testdata", "aes-256-closed.pdf"))
	must(t, err)
	dir := tree(t, map[string]string{
		"a.csv": "id,text,n\nx,row,1\n", "b.docx": word.String(), "c.html": "<html lang=fr><title>T</title><p>Page", "d.jsonl.gz": packed.String(),
		"e.md": "# H\n\ntext", "f.pdf": string(pdf), "g.py": "x = 1", "h.rst": "plain", "i.pdf": string(closed), "j.pdf": "%PDF-1.4 but no more", "k.docx": "PK",
		"l.jsonl.gz": packed.String()[:20],
	})
	docs, problems, err := Load(t.Context(), []string{dir}, LoadOptions{})
	must(t, err)
	type row struct {
		ID, Title string
		Format    Format
		Ext, Lang any
	}
	var got []row
	for _, d := range docs {
		got = append(got, row{strings.TrimPrefix(d.ID, filepath.ToSlash(dir)+"/"), d.Title, d.Format, d.Meta["ext"], d.Meta["lang"]})
		if d.Meta["modified"] == nil || d.Text == "" || d.Source.Path == "" || !d.Format.Known() || len(Split(d, nil, ChunkOptions{})) == 0 {
			t.Errorf("%+v", d)
		}
	}
	want := []row{
		{"x", "", Plain, "csv", nil},
		{"b.docx", "", Markdown, "docx", nil},
		{"c.html", "T", Markdown, "html", "fr"},
		{"r", "", Plain, "jsonl", nil},
		{"e.md", "H", Markdown, "md", nil},
		{"f.pdf", "A short one", Pages, "pdf", "en-GB"},
		{"g.py", "", Code, "py", nil},
		{"h.rst", "", Plain, "rst", nil},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	wantProblems := map[string]ProblemKind{"i.pdf": ProblemEncrypted, "j.pdf": ProblemDamaged, "k.docx": ProblemDamaged, "l.jsonl.gz": ProblemDamaged}
	if diff := cmp.Diff(wantProblems, kinds(problems, dir)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	for _, p := range problems {
		if !p.Failure || !errors.Is(p, ErrDamaged) && !errors.Is(p, ErrEncrypted) {
			t.Errorf("problem %+v", p)
		}
	}
}

func TestLoadRefusesASecondDocumentOfOneID(t *testing.T) {
	dir := tree(t, map[string]string{"a.csv": "id,text\nx,one\nx,two\n", "b.jsonl": `{"id":"x","text":"three"}`})
	docs, problems, err := Load(t.Context(), []string{dir}, LoadOptions{})
	must(t, err)
	if len(docs) != 1 || len(problems) != 2 || problems[0].Kind != ProblemDuplicate || problems[0].Line != 3 || !problems[1].Failure {
		t.Errorf("%d documents, problems %v", len(docs), problems)
	}
}

func TestHash(t *testing.T) {
	dir := tree(t, map[string]string{"a": "abc"})
	h, err := Hash(t.Context(), filepath.Join(dir, "a"))
	if err != nil || h != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" { // FIPS 180-4's example
		t.Errorf("%s, %v", h, err)
	}
	if _, err := Hash(t.Context(), dir); err == nil {
		t.Error("hash of a folder")
	}
	if _, err := Hash(t.Context(), filepath.Join(dir, "b")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
