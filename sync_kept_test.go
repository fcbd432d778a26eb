// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/index/filter"
)

func readPDF(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("document/internal/pdf/testdata/pages.pdf") // of six pages, the content of which comes last
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A PDF file that is half saved keeps its document, as long as that is, wherever it is cut.
func TestSyncKeepsHalfWrittenPDF(t *testing.T) {
	f := newFolder(t)
	whole := readPDF(t)
	f.write("a.pdf", whole)
	f.sync()
	text := f.text("in/a.pdf")
	if !strings.Contains(text, "Here page number 6 ends.") {
		t.Fatalf("%q", text)
	}
	for tenths := range 10 {
		f.write("a.pdf", whole[:len(whole)*tenths/10])
		r, problems := f.sync()
		if r.Removed != 0 || f.text("in/a.pdf") != text {
			t.Errorf("%d tenths: %+v, text of %d bytes\n%s", tenths, r, len(f.text("in/a.pdf")), problems)
		}
		// At the last one all of the text is there, and only the title is not: it is read.
		if tenths < 9 && (r.Failures != 1 || r.Updated != 0 || !strings.HasPrefix(problems, "in/a.pdf: skipped: damaged file: ")) {
			t.Errorf("%d tenths: not named: %+v\n%s", tenths, r, problems)
		}
	}
	f.write("a.pdf", whole)
	if r, problems := f.sync(); r.Failures != 0 || r.Removed != 0 || f.text("in/a.pdf") != text {
		t.Errorf("whole again: %+v\n%s", r, problems)
	}
}

// A file of a kind that is seldom empty, and had text, is named and keeps it until its document is deleted. One that never had is noted.
func TestSyncKeepsTextOfEmptiedFiles(t *testing.T) {
	f := newFolder(t)
	const empty = "<html><body><script>late()</script></body></html>"
	f.write("a.html", "<p>A page with words.</p>")
	f.write("b.html", empty)
	f.write("c.md", "a note")
	blank := `{"id":"blank","text":"","ext":"pdf"}` + "\n" // a row is no file
	f.write("d.jsonl", rows("full", "a row")+blank)
	if r, problems := f.sync(); r.Added != 3 || r.Skipped != 1 || r.Failures != 0 {
		t.Fatalf("%+v\n%s", r, problems)
	}
	f.write("a.html", empty)
	f.write("c.md", "") // whoever empties a note means it
	f.write("d.jsonl", blank+rows("full", "a row"))
	for i := range 2 {
		r, problems := f.sync()
		if r.Failures != 1 || r.Removed != 1-i || !strings.Contains(problems, "in/a.html: skipped: no text in it any more") || !strings.Contains(problems, "winnow delete in/a.html") {
			t.Errorf("%+v\n%s", r, problems)
		}
		f.want(map[string]string{"in/a.html": "A page with words.", "in/c.md": ""})
	}
	if _, err := f.engine.Delete(t.Context(), "in/a.html"); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if r, problems := f.sync(); r.Failures != 0 || r.Skipped != 1-i {
			t.Errorf("%+v\n%s", r, problems)
		}
	}
}

// What was indexed because it was named stays when the folder around it is indexed, as long as it is there.
func TestSyncKeepsWhatOnlyNamesReach(t *testing.T) {
	f := newFolder(t)
	names := []string{"LICENSE", "settings.json", ".notes/a.md", "sub/.draft.md"}
	f.write("plain.md", "plain")
	var paths []string
	want := map[string]string{"in/plain.md": "plain"}
	for _, name := range names {
		f.write(name, "text of "+name)
		paths = append(paths, f.at(name))
		want["in/"+name] = "text of " + name
	}
	if err := os.Symlink(f.at("plain.md"), f.at("LINK")); err != nil && runtime.GOOS != "windows" {
		t.Fatal(err)
	} else if err == nil {
		paths = append(paths, f.at("LINK"))
		want["in/LINK"] = "plain"
	}
	if r, problems, err := f.syncPart(t.Context(), SyncOptions{}, paths...); err != nil || r.Added != len(paths) {
		t.Fatalf("%+v, %v\n%s", r, err, problems)
	}
	for _, in := range []string{"", "sub", ""} {
		if r, problems, _ := f.syncPart(t.Context(), SyncOptions{}, f.at(in)); r.Removed != 0 {
			t.Errorf("%q: %+v\n%s", in, r, problems)
		}
	}
	f.want(want)
	if r, problems, err := f.syncPart(t.Context(), SyncOptions{}, f.at(""), f.at(".notes")); err != nil || r.Removed != 0 || r.Unchanged != 2 {
		t.Errorf("%+v, %v\n%s", r, err, problems)
	}
	for _, name := range names {
		if err := os.Remove(f.at(name)); err != nil {
			t.Fatal(err)
		}
	}
	if r, problems := f.sync(); r.Removed != len(names) {
		t.Errorf("gone: %+v\n%s", r, problems)
	}
}

// What lies below a folder that cannot be read, or vanishes while it is looked at, stays: it was not seen that it is gone.
func TestSyncKeepsWhatItCouldNotSee(t *testing.T) {
	vanishes := func(sub string) error { return os.Rename(sub, sub+".away") }
	unreadable := func(sub string) error { return errors.Join(os.Rename(sub, sub+".away"), os.WriteFile(sub, nil, 0o600)) } // whatever rights the user has
	for name, spoil := range map[string]func(sub string) error{
		"vanishes": vanishes, "unreadable": unreadable, "vanishes, below a folder above the index": vanishes, "unreadable, below a folder above the index": unreadable,
	} {
		t.Run(name, func(t *testing.T) {
			f := newFolder(t)
			root := f.at("")
			if strings.HasSuffix(name, "above the index") {
				root = filepath.Dir(f.root)
			}
			f.write("a.md", "above")
			f.write("sub/b.md", "below")
			f.write("sub/more/c.md", "far below")
			f.write("z.md", "after")
			f.sync()
			// A link is reported when the folder was listed and nothing below it was.
			if err := os.Symlink(f.at("a.md"), f.at("link.md")); err != nil {
				if runtime.GOOS != "windows" { // where it takes a right of its own
					t.Fatal(err)
				}
				t.Skip("no symbolic links on this system:", err)
			}
			if err := os.Remove(f.at("z.md")); err != nil { // this one is gone
				t.Fatal(err)
			}
			var problems []string
			o := SyncOptions{Problem: func(p document.Problem) {
				problems = append(problems, p.Error())
				if p.Kind == document.ProblemLink {
					if err := spoil(f.at("sub")); err != nil {
						t.Fatal(err)
					}
				}
			}}
			r, err := f.engine.Sync(t.Context(), []string{root}, o)
			if err != nil || r.Removed != 1 || r.Failures != 1 || len(problems) != 2 {
				t.Errorf("%+v, %v\n%s", r, err, strings.Join(problems, "\n"))
			}
			f.want(map[string]string{"in/a.md": "above", "in/sub/b.md": "below", "in/sub/more/c.md": "far below", "in/z.md": ""})
			if err := os.RemoveAll(f.at("sub")); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(f.at("sub.away"), f.at("sub")); err != nil {
				t.Fatal(err)
			}
			if r, problems := f.sync(); r.Removed+r.Added+r.Updated != 0 {
				t.Errorf("back again: %+v\n%s", r, problems)
			}
		})
	}
}

// While an ignore file cannot be read, nobody knows what it takes back in: nothing is removed where it holds.
func TestSyncKeepsWhatAnIgnoreFileTakesBackIn(t *testing.T) {
	f := newFolder(t)
	const keep = "!keep.md\n"
	long := keep + strings.Repeat("# padding\n", 1<<17) // larger than is read
	f.write(".gitignore", "*.md\n")
	f.write(".winnowignore", keep)
	f.write("sub/keep.md", "taken back in")
	f.write("sub/plain.txt", "plain")
	f.write("other/.git/HEAD", "")
	f.write("other/deep/plain.txt", "beside it")
	f.sync()
	f.write(".winnowignore", long)
	f.write("other/.git/info/exclude", long)
	for _, name := range []string{"sub/plain.txt", "other/deep/plain.txt"} {
		if err := os.Remove(f.at(name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, in := range []string{"", "other", "other/deep"} {
		r, problems, err := f.syncPart(t.Context(), SyncOptions{}, f.at(in))
		if err != nil || r.Removed != 0 || r.Failures < 1 || !strings.Contains(problems, "too large") {
			t.Errorf("%q: %+v, %v\n%s", in, r, err, problems)
		}
	}
	f.want(map[string]string{"in/sub/keep.md": "taken back in", "in/sub/plain.txt": "plain", "in/other/deep/plain.txt": "beside it"})
	f.write(".winnowignore", keep)
	if r, problems := f.sync(); r.Removed != 2 || problems != "" {
		t.Errorf("%+v\n%s", r, problems)
	}
	f.want(map[string]string{"in/sub/keep.md": "taken back in"})
}

// A file that is only touched is as new as filters say, without being encoded again; its rows are not, but for times of their own.
func TestSyncFollowsTimes(t *testing.T) {
	f := newFolder(t)
	f.write("a.md", "a text")
	f.write("b.html", "<p>a page</p>")
	f.write("c.jsonl", rows("r", "a row"))
	f.write("d.md", "to be renamed")
	day := func(year int) time.Time { return time.Date(year, 5, 17, 12, 0, 0, 0, time.UTC) }
	touch := func(name string, year int) {
		t.Helper()
		if err := os.Chtimes(f.at(name), day(year), day(year)); err != nil {
			t.Fatal(err)
		}
	}
	since := func(year int, want ...string) {
		t.Helper()
		e, err := filter.Parse(fmt.Sprintf("modified >= %d", year))
		if err != nil {
			t.Fatal(err)
		}
		s, err := f.engine.Index().Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Release()
		for _, id := range []string{"in/a.md", "in/b.html", "r", "in/d.md", "in/e.md"} {
			if d, err := s.Get(id); err != nil {
				t.Fatal(err)
			} else if d != nil {
				t.Logf("%s: %v", id, d.Meta["modified"])
			}
		}
		sel, err := s.Filter(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		if sel.Docs != len(want) {
			t.Errorf("%d documents since %d, want %v", sel.Docs, year, want)
		}
	}
	for _, name := range []string{"a.md", "b.html", "c.jsonl", "d.md"} {
		touch(name, 2020)
	}
	f.sync()
	since(2020, "in/a.md", "in/b.html", "r", "in/d.md")
	f.write("b.html", "<p>a   page</p>") // other bytes, the same text
	f.rename("d.md", "e.md")
	for _, name := range []string{"a.md", "b.html", "c.jsonl", "e.md"} {
		touch(name, 2022)
	}
	r, problems := f.sync()
	if d := cmp.Diff(SyncReport{Files: 4, Unchanged: 2, Same: 1, Renamed: 1}, r); d != "" || problems != "" {
		t.Errorf("%s%s", d, problems)
	}
	since(2022, "in/a.md", "in/b.html", "in/e.md")
	if r, _ := f.sync(); r != (SyncReport{Files: 4, Unchanged: 4}) {
		t.Errorf("%+v", r)
	}
	row := func(modified string) string {
		return fmt.Sprintf("{\"id\":\"r\",\"text\":\"a row\",\"modified\":%q}\n", modified)
	}
	for i, own := range []string{"2030-01-01", "2030-01-01", "2031-01-01"} { // a row's own time is not the file's
		f.write("c.jsonl", row(own)+strings.Repeat("\n", i))
		touch("c.jsonl", 2022)
		if r, problems := f.sync(); r.Updated != (i+1)%2 || r.Same != i%2 || problems != "" {
			t.Errorf("%s: %+v\n%s", own, r, problems)
		}
		since(2030+i/2, "r")
	}
	// What was deleted does not come back because of it.
	if _, err := f.engine.Delete(t.Context(), "in/a.md"); err != nil {
		t.Fatal(err)
	}
	touch("a.md", 2023)
	if r, _ := f.sync(); r != (SyncReport{Files: 4, Unchanged: 4}) {
		t.Errorf("%+v", r)
	}
	f.want(map[string]string{"in/a.md": ""})
}

// Many tiny files take memory for their names and records, not for what is in them, and few commits. WINNOW_LONG=1 tries a million,
// which took 787 MiB of heap at most.
func TestSyncManyTinyFiles(t *testing.T) {
	n := 20_000
	switch {
	case os.Getenv("WINNOW_LONG") != "":
		n = 1_000_000
	case testing.Short():
		n = 4_000
	}
	f := newFolder(t)
	pad := strings.Repeat("filler ", 300) // bytes that would be seen if they were kept
	for i := range n {
		name := f.at(fmt.Sprintf("%04d/%06d.md", i/500, i))
		if i%500 == 0 {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(name, fmt.Appendf(nil, "note number%d %s", i, pad), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	heap := func() int {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	base, most, batches := heap(), 0, 0
	o := SyncOptions{Progress: func(p SyncProgress) {
		if p.Batches != batches {
			batches = p.Batches
			most = max(most, heap())
		}
	}}
	r, problems, err := f.syncPart(t.Context(), o, f.at(""))
	if err != nil || r.Added != n || problems != "" {
		t.Fatalf("%+v, %v\n%s", r, err, problems)
	}
	held := most - base
	t.Logf("%d files of %d bytes: %d batches, %.1f MiB of heap", n, len(pad)+17, batches, float64(held)/(1<<20))
	if held > 32<<20+900*n || batches > n/100 {
		t.Errorf("%d bytes of heap for %d files, in %d batches", held, n, batches)
	}
	if r, _ := f.sync(); r != (SyncReport{Files: n, Unchanged: n}) {
		t.Errorf("again: %+v", r)
	}
}
