// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/index"
)

// folder is a folder of files beside an index of words that is kept in step with it.
type folder struct {
	*testing.T
	engine *Engine
	root   string
}

func newFolder(t *testing.T) *folder {
	t.Helper()
	root := t.TempDir()
	e, err := Open(filepath.Join(root, "db"), Models("", ""))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return &folder{t, e, root}
}

func (f *folder) at(name string) string { return filepath.Join(f.root, "in", name) }

func (f *folder) write(name, text string) {
	f.Helper()
	write(f.T, f.at(name), text)
}

func (f *folder) rename(from, to string) {
	f.Helper()
	if err := os.Rename(f.at(from), f.at(to)); err != nil {
		f.Fatal(err)
	}
}

// sync brings all files into the index and returns the problems, a line each.
func (f *folder) sync() (SyncReport, string) {
	f.Helper()
	r, problems, err := f.syncPart(f.Context(), SyncOptions{}, f.at(""))
	if err != nil {
		f.Fatal(err)
	}
	return r, problems
}

func (f *folder) syncPart(ctx context.Context, o SyncOptions, paths ...string) (SyncReport, string, error) {
	f.Helper()
	var problems []string
	o.Problem = func(p document.Problem) {
		problems = append(problems, strings.ReplaceAll(p.Error(), f.root+string(filepath.Separator), ""))
	}
	r, err := f.engine.Sync(ctx, paths, o)
	return r, strings.Join(problems, "\n"), err
}

// text is the text of a document, empty if there is none.
func (f *folder) text(id string) string {
	f.Helper()
	s, err := f.engine.Index().Snapshot()
	if err != nil {
		f.Fatal(err)
	}
	defer s.Release()
	d, err := s.Get(id)
	if err != nil {
		f.Fatal(err)
	}
	if d == nil {
		return ""
	}
	return d.Text
}

func (f *folder) want(texts map[string]string) {
	f.Helper()
	for id, text := range texts {
		if got := f.text(id); got != text {
			f.Errorf("%s: %q, want %q", id, got, text)
		}
	}
}

// rows is a JSON lines file of pairs of id and text.
func rows(pairs ...string) string {
	var b strings.Builder
	for p := range slices.Chunk(pairs, 2) {
		fmt.Fprintf(&b, "{\"id\":%q,\"text\":%q}\n", p[0], p[1])
	}
	return b.String()
}

func manyRows(n int, text string) string {
	var pairs []string
	for i := range n {
		pairs = append(pairs, fmt.Sprintf("r%04d", i), fmt.Sprintf("%s number %d", text, i))
	}
	return rows(pairs...)
}

// Files below the directory of the index are known by relative paths, a folder above it by an absolute one: what is gone is seen all the same.
func TestSyncOfAFolderAboveTheIndex(t *testing.T) {
	f := newFolder(t)
	above := filepath.Dir(f.root)
	f.write("a.md", "one")
	f.write("sub/b.md", "two")
	write(t, filepath.Join(above, "c.md"), "three")
	if r, problems, err := f.syncPart(t.Context(), SyncOptions{}, above); err != nil || r.Added != 3 {
		t.Fatalf("%+v, %v\n%s", r, err, problems)
	}
	if err := errors.Join(os.Remove(f.at("a.md")), os.Remove(filepath.Join(above, "c.md"))); err != nil {
		t.Fatal(err)
	}
	f.rename("sub/b.md", "d.md")
	r, problems, err := f.syncPart(t.Context(), SyncOptions{}, above)
	if d := cmp.Diff(SyncReport{Files: 1, Renamed: 1, Removed: 2}, r); d != "" || err != nil {
		t.Errorf("%s%v\n%s", d, err, problems)
	}
	f.want(map[string]string{"in/a.md": "", "in/sub/b.md": "", "in/d.md": "two"})
}

// A file that cannot be read, or not to its end, keeps what the index has of it until it can be.
func TestSyncKeepsWhatCannotBeRead(t *testing.T) {
	f := newFolder(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 2000 {
		fmt.Fprintf(z, `{"id":"r%04d","text":"row %x"}`+"\n", i, random.Uint64())
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	whole := map[string]string{
		"rows.jsonl.gz": packed.String(), "plain.txt": "a text", "long.txt": "short as yet",
		"page.pdf": "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj " +
			"3 0 obj<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>endobj " +
			"4 0 obj<</Length 33>>stream\nBT /F1 12 Tf 9 9 Td (in it) Tj ET \nendstream endobj 5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj",
	}
	for name, text := range whole {
		f.write(name, text)
	}
	if r, problems := f.sync(); r.Added != 2003 || problems != "" {
		t.Fatalf("%+v\n%s", r, problems)
	}
	f.write("rows.jsonl.gz", packed.String()[:packed.Len()/2])
	f.write("page.pdf", whole["page.pdf"][:20])
	f.write("plain.txt", "binary\x00")
	f.write("long.txt", strings.Repeat("long ", 1<<20))
	for range 2 { // named every time
		r, problems, err := f.syncPart(t.Context(), SyncOptions{Load: document.LoadOptions{MaxFileSize: 4 << 20}}, f.at(""))
		if err != nil || r.Removed != 0 || r.Failures != 4 || r.Skipped != 0 || f.engine.Len() != 2003 {
			t.Errorf("%d passages; %+v, %v\n%s", f.engine.Len(), r, err, problems)
		}
		for name := range whole {
			if !strings.Contains(problems, name) {
				t.Errorf("%s is not named:\n%s", name, problems)
			}
		}
	}
	for name, text := range whole {
		f.write(name, text)
	}
	want := SyncReport{Files: 4, Same: 2003}
	if r, problems := f.sync(); r != want || problems != "" || f.engine.Len() != 2003 {
		t.Errorf("%d passages; %+v\n%s", f.engine.Len(), r, problems)
	}
	f.write("rows.jsonl.gz", "")
	f.write("plain.txt", "new")
	f.write("z.jsonl", rows("r0000", "of z"))
	r, problems := f.sync()
	if r.Updated != 1 || r.Failures != 2 || f.text("in/plain.txt") != "new" || !strings.HasPrefix(f.text("r0000"), "row ") {
		t.Errorf("%+v\n%s", r, problems)
	}
}

// A row goes from one file to another within a run: whichever is read first, it stays and is not encoded again.
func TestSyncMovedRow(t *testing.T) {
	for _, names := range [][2]string{{"a.jsonl", "b.jsonl"}, {"b.jsonl", "a.jsonl"}} {
		f := newFolder(t)
		from, to := names[0], names[1]
		f.write(from, rows("x", "the row", "y", "other"))
		f.write(to, rows("z", "third"))
		f.sync()
		f.write(from, rows("y", "other"))
		f.write(to, rows("z", "third", "x", "the row"))
		if r, problems := f.sync(); r != (SyncReport{Files: 2, Same: 3}) || problems != "" {
			t.Errorf("from %s: %+v\n%s", from, r, problems)
		}
		f.want(map[string]string{"x": "the row", "y": "other", "z": "third"})
		if r, problems := f.sync(); r != (SyncReport{Files: 2, Unchanged: 2}) || problems != "" {
			t.Errorf("again, from %s: %+v\n%s", from, r, problems)
		}
		// Now that it is the other file's, the first may go.
		if err := os.Remove(f.at(from)); err != nil {
			t.Fatal(err)
		}
		f.sync()
		f.want(map[string]string{"x": "the row", "y": "", "z": "third"})
	}
}

// Two documents with one id: one is kept, the other named in every run until it is gone, whatever made the id.
func TestSyncRefusesASecondDocumentWithAnID(t *testing.T) {
	for name, c := range map[string]struct {
		before, after [2]string // name and text of a file
		want          string
		id, text      string
	}{
		"a file and a row":  {[2]string{"note.txt", "the file"}, [2]string{"rows.jsonl", rows("in/note.txt", "the row")}, "in/rows.jsonl: line 1: skipped: ", "in/note.txt", "the file"},
		"a row and a file":  {[2]string{"a.jsonl", rows("in/note.txt", "the row")}, [2]string{"note.txt", "the file"}, "in/note.txt: skipped: ", "in/note.txt", "the row"},
		"rows of two files": {[2]string{"a.jsonl", rows("x", "one")}, [2]string{"b.jsonl", rows("x", "two")}, "in/b.jsonl: line 1: skipped: ", "x", "one"},
		"rows with and without an id": {
			[2]string{"a.csv", "title,text\na,one\nb,two\n"},
			[2]string{"b.jsonl", rows("in/a.csv#3", "three")},
			"in/b.jsonl: line 1: skipped: ", "in/a.csv#3", "two",
		},
	} {
		for _, together := range []bool{true, false} {
			f := newFolder(t)
			f.write(c.before[0], c.before[1])
			if !together {
				f.sync()
			}
			f.write(c.after[0], c.after[1])
			for range 2 {
				r, problems := f.sync()
				if r.Failures != 1 || !strings.HasPrefix(problems, c.want) || !strings.Contains(problems, "in/"+c.before[0]) {
					t.Errorf("%s, together %v: %+v\n%s", name, together, r, problems)
				}
				f.want(map[string]string{c.id: c.text})
			}
			if err := os.Remove(f.at(c.before[0])); err != nil {
				t.Fatal(err)
			}
			if r, problems := f.sync(); r.Failures != 0 || f.text(c.id) == c.text || f.text(c.id) == "" {
				t.Errorf("%s: the first is gone: %+v\n%s", name, r, problems)
			}
		}
	}
}

// A file that is read first takes an id over; if the other has it still, that is told, whether the other was read or only touched.
func TestSyncTakesOverOnlyWhatWasGivenUp(t *testing.T) {
	for _, touched := range []string{rows("x", "old"), rows("x", "old", "y", "more")} {
		f := newFolder(t)
		f.write("b.jsonl", rows("x", "old"))
		f.sync()
		f.write("a.jsonl", rows("x", "new"))
		if err := os.Remove(f.at("b.jsonl")); err != nil {
			t.Fatal(err)
		}
		f.write("b.jsonl", touched) // a time of its own
		r, problems := f.sync()
		if r.Failures != 1 || !strings.Contains(problems, `in/b.jsonl: line 1: skipped: the id "x" is taken by a document of in/a.jsonl, which came first`) {
			t.Errorf("%+v\n%s", r, problems)
		}
		f.want(map[string]string{"x": "new"})
		if r, problems := f.sync(); r.Failures != 1 {
			t.Errorf("not named again: %+v\n%s", r, problems)
		}
	}
	// A file that is indexed alone takes no id from one that stands as it was read, but those of one that is gone or has changed.
	f := newFolder(t)
	f.write("one/a.jsonl", rows("x", "old", "y", "of a"))
	f.write("two/b.jsonl", rows("x", "new"))
	part := func(name string, failures int, want string) {
		t.Helper()
		r, problems, err := f.syncPart(t.Context(), SyncOptions{}, f.at(name))
		if err != nil || r.Failures != failures || problems != want {
			t.Errorf("%s: %+v, %v\n%s", name, r, err, problems)
		}
	}
	part("one", 0, "")
	for range 2 {
		part("two", 1, `in/two/b.jsonl: line 1: skipped: the id "x" is taken by a document of in/one/a.jsonl, which is kept`)
	}
	f.want(map[string]string{"x": "old", "y": "of a"})
	f.write("one/a.jsonl", rows("x", "old and changed", "y", "of a"))
	part("two", 0, "")
	f.want(map[string]string{"x": "new", "y": "of a"})
	for range 2 {
		if r, problems := f.sync(); r.Failures != 1 || problems != `in/one/a.jsonl: line 1: skipped: the id "x" is taken by a document of in/two/b.jsonl, which is kept` {
			t.Errorf("%+v\n%s", r, problems)
		}
	}
	f.want(map[string]string{"x": "new", "y": "of a"})
	if err := os.Remove(f.at("two/b.jsonl")); err != nil {
		t.Fatal(err)
	}
	part("one", 0, "")
	f.want(map[string]string{"x": "old and changed", "y": "of a"})
}

// stopWhen syncs until a document has a text, and is stopped there.
func (f *folder) stopWhen(id, text string) {
	f.Helper()
	ctx, cancel := context.WithCancel(f.Context())
	defer cancel()
	_, _, err := f.syncPart(ctx, SyncOptions{Progress: func(SyncProgress) {
		if f.text(id) == text {
			cancel()
		}
	}}, f.at(""))
	if !errors.Is(err, context.Canceled) {
		f.Fatalf("not stopped: %v", err)
	}
}

// A run stopped in the middle of a file, which then is what it was: the index must not count it as unchanged.
func TestSyncStoppedThenRestored(t *testing.T) {
	f := newFolder(t)
	f.write("rows.jsonl", manyRows(3000, "first"))
	f.sync()
	f.write("rows.jsonl", manyRows(3000, "second"))
	f.stopWhen("r0000", "second number 0")
	f.write("rows.jsonl", manyRows(3000, "first"))
	r, problems := f.sync()
	if f.text("r0000") != "first number 0" || f.text("r2999") != "first number 2999" || r.Updated == 0 || r.Updated+r.Same != 3000 {
		t.Errorf("%q; %+v\n%s", f.text("r0000"), r, problems)
	}
}

// The same for a file that another one took a row from.
func TestSyncStoppedThenTakenBack(t *testing.T) {
	f := newFolder(t)
	f.write("z.jsonl", rows("r0000", "of z"))
	f.sync()
	f.write("a.jsonl", manyRows(3000, "of a"))
	f.write("z.jsonl", rows("other", "text"))
	f.stopWhen("r0000", "of a number 0")
	f.write("z.jsonl", rows("r0000", "of z"))
	f.write("a.jsonl", rows("mine", "text"))
	for range 2 {
		f.sync()
	}
	f.want(map[string]string{"r0000": "of z", "mine": "text", "r0001": ""})
}

// A large file is renamed in parts. Stopped on the way, nothing is lost, neither going on nor going back.
func TestSyncRenamesInParts(t *testing.T) {
	var table strings.Builder
	table.WriteString("title,text\n")
	for i := range 3000 {
		fmt.Fprintf(&table, "t%d,text number %d\n", i, i)
	}
	for _, back := range []bool{true, false} {
		f := newFolder(t)
		f.write("a.csv", table.String())
		f.sync()
		f.rename("a.csv", "b.csv")
		f.stopWhen("in/b.csv#2", "text number 0")
		if f.engine.Len() != 3000 || f.text("in/a.csv#3001") == "" {
			t.Errorf("%d passages after the stop, last %q", f.engine.Len(), f.text("in/a.csv#3001"))
		}
		name := "b.csv"
		if back {
			name = "a.csv"
			f.rename("b.csv", "a.csv")
		}
		r, problems := f.sync()
		if f.engine.Len() != 3000 || problems != "" {
			t.Errorf("%s: %d passages; %+v\n%s", name, f.engine.Len(), r, problems)
		}
		f.want(map[string]string{"in/" + name + "#2": "text number 0", "in/" + name + "#3001": "text number 2999"})
		f.rename(name, "c.csv")
		if r, problems := f.sync(); r != (SyncReport{Files: 1, Renamed: 1}) || problems != "" || f.engine.Len() != 3000 {
			t.Errorf("%s: %d passages; %+v\n%s", name, f.engine.Len(), r, problems)
		}
		f.want(map[string]string{"in/" + name + "#2": "", "in/c.csv#3001": "text number 2999"})
		if r, _ := f.sync(); r != (SyncReport{Files: 1, Unchanged: 1}) {
			t.Errorf("%+v", r)
		}
		f.rename("c.csv", "c.txt") // read in another way now
		if r, _ := f.sync(); r.Renamed != 0 || r.Added != 1 || r.Removed != 3000 {
			t.Errorf("%+v", r)
		}
	}
}

// A renamed file whose new id another document has: named, and the rest goes on.
func TestSyncRenameOntoATakenID(t *testing.T) {
	f := newFolder(t)
	f.write("a.txt", "the file")
	f.write("rows.jsonl", rows("in/b.txt", "the row"))
	f.sync()
	f.rename("a.txt", "b.txt")
	f.write("z.txt", "last")
	for range 2 {
		if r, problems := f.sync(); r.Failures != 1 || !strings.Contains(problems, `in/b.txt: skipped: the id "in/b.txt" is taken by a document of in/rows.jsonl`) {
			t.Errorf("%+v\n%s", r, problems)
		}
		f.want(map[string]string{"in/b.txt": "the row", "in/a.txt": "", "in/z.txt": "last"})
	}
}

// A file takes the place of a longer one: nothing of that one stays.
func TestSyncRenameOverAnotherFile(t *testing.T) {
	f := newFolder(t)
	f.write("p.csv", "title,text\na,one\nb,two\n")
	f.write("q.csv", "title,text\nc,three\nd,four\ne,five\n")
	f.sync()
	f.rename("p.csv", "q.csv")
	if r, problems := f.sync(); r != (SyncReport{Files: 1, Updated: 2, Removed: 3, Passages: 2}) || problems != "" {
		t.Errorf("%+v\n%s", r, problems)
	}
	f.want(map[string]string{"in/q.csv#2": "one", "in/q.csv#3": "two", "in/q.csv#4": "", "in/p.csv#2": ""})
}

// A renamed file, one of whose rows another file gives now: the row is named.
func TestSyncRenameOfWhatWasTakenFrom(t *testing.T) {
	f := newFolder(t)
	f.write("p.jsonl", rows("r0000", "of p", "mine", "text"))
	f.sync()
	f.rename("p.jsonl", "z.jsonl")
	f.write("a.jsonl", manyRows(3000, "of a"))
	if r, problems := f.sync(); r.Failures != 1 || !strings.HasPrefix(problems, `in/z.jsonl: line 1: skipped: the id "r0000" is taken`) {
		t.Errorf("%+v\n%s", r, problems)
	}
	f.want(map[string]string{"r0000": "of a number 0", "mine": "text"})
}

// Of two vanished files with one content, the first by name is the source; the other serves the next.
func TestSyncEqualFilesRenamed(t *testing.T) {
	for range 8 {
		f := newFolder(t)
		f.write("m1.jsonl", rows("a", "equal"))
		f.sync()
		f.write("m2.txt", "equal")
		f.write("m3.txt", "equal")
		f.sync()
		f.rename("m3.txt", "n1.txt")
		f.rename("m2.txt", "n2.txt")
		r, problems := f.sync()
		if d := cmp.Diff(SyncReport{Files: 3, Unchanged: 1, Renamed: 2}, r); d != "" || problems != "" {
			t.Errorf("%s%s", d, problems)
		}
		f.want(map[string]string{"in/n1.txt": "equal", "in/n2.txt": "equal", "in/m2.txt": ""})
	}
}

// A document that the index refuses is named in every run, and costs no more than itself.
func TestSyncNamesRefusedDocumentsAgain(t *testing.T) {
	f := newFolder(t)
	f.write("rows.jsonl", rows("a", strings.Repeat("many words follow here. ", 2000), "a#2", "clash", "a#3", "another")+manyRows(900, "row"))
	f.write("z.txt", "last")
	for i := range 3 {
		r, problems := f.sync()
		want := SyncReport{Files: 2, Added: 902, Failures: 2, Passages: r.Passages}
		if i > 0 {
			want = SyncReport{Files: 2, Unchanged: 1, Same: 901, Failures: 2}
		}
		if d := cmp.Diff(want, r); d != "" || !strings.Contains(problems, `"a#2"`) || !strings.Contains(problems, `"a#3"`) {
			t.Errorf("%s\n%s", d, problems)
		}
	}
	s, err := f.engine.Index().Stats()
	if err != nil || len(s.Segments) != 1 {
		t.Errorf("%d segments, %v: the batch was to be one", len(s.Segments), err)
	}
	f.write("rows.jsonl", rows("a", "short now", "a#2", "no clash", "a#3", "another")+manyRows(900, "row"))
	if r, problems := f.sync(); r.Failures != 0 || r.Added != 2 || r.Updated != 1 {
		t.Errorf("%+v\n%s", r, problems)
	}
	f.want(map[string]string{"a": "short now", "a#2": "no clash", "r0899": "row number 899"})
	if r, err := index.Check(t.Context(), filepath.Join(f.root, "db"), index.Options{}); err != nil || len(r.Problems) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// What the caller gave stays the caller's.
func TestApplyLeavesTheChangeAlone(t *testing.T) {
	e, err := New(Models("", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ids := []string{"one", "two"}
	if _, err := e.Apply(t.Context(), Change{Add: []Document{{ID: "empty"}, {ID: "full", Text: "text"}}, Delete: ids[:1]}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"one", "two"}, ids); d != "" {
		t.Error(d)
	}
}
