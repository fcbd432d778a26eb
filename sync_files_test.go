// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/index"
)

// files are the keys of the files that the index has a record of.
func (f *folder) files() map[string]int {
	f.Helper()
	docs := map[string]int{}
	if err := f.engine.Index().Files(func(r index.FileRecord) error {
		docs[r.Path] = r.Docs
		return nil
	}); err != nil {
		f.Fatal(err)
	}
	return docs
}

// Files that cannot be read are named in every run, in a folder and alone, and are no files of the index.
func TestSyncNamesWhatCannotBeRead(t *testing.T) {
	f := newFolder(t)
	bad := []string{"binary.md", "damaged.docx", "large.txt"}
	f.write("binary.md", "a\x00b")
	f.write("damaged.docx", "no zip")
	f.write("large.txt", "")
	if err := os.Truncate(f.at("large.txt"), 3<<30); err != nil { // were it read or hashed, this test would take long
		t.Fatal(err)
	}
	f.write("fine.md", "fine")
	for range 2 {
		r, problems := f.sync()
		if r.Failures != 3 || r.Skipped != 0 || strings.Count(problems, "\n") != 2 {
			t.Errorf("%+v\n%s", r, problems)
		}
		for _, name := range bad {
			if !strings.Contains(problems, "in/"+name+": skipped: ") {
				t.Errorf("%s is not named:\n%s", name, problems)
			}
			r, problems, err := f.syncPart(t.Context(), SyncOptions{}, f.at(name))
			if err != nil || r.Failures != 1 || r.Unchanged != 0 || !strings.HasPrefix(problems, "in/"+name+": skipped: ") {
				t.Errorf("%s alone: %+v, %v\n%s", name, r, err, problems)
			}
		}
		if d := cmp.Diff(map[string]int{"in/fine.md": 1}, f.files()); d != "" {
			t.Error(d)
		}
	}
	f.write("binary.md", "a text now")
	f.sync()
	f.want(map[string]string{"in/binary.md": "a text now"})
}

// Documents of a folder that is left without a file go; those of a folder that is not there stay.
func TestSyncForgetsTheLastFile(t *testing.T) {
	f := newFolder(t)
	f.write("sub/a.md", "last")
	f.sync()
	away := f.at("sub") + ".away"
	if err := os.Rename(f.at("sub"), away); err != nil {
		t.Fatal(err)
	}
	if r, _, err := f.syncPart(t.Context(), SyncOptions{}, f.at("sub")); err != nil || r.Failures != 1 || r.Removed != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if err := os.Rename(away, f.at("sub")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(f.at("sub/a.md")); err != nil {
		t.Fatal(err)
	}
	r, problems, err := f.syncPart(t.Context(), SyncOptions{}, f.at("sub"))
	if err != nil || r.Removed != 1 || r.Failures != 1 || !strings.Contains(problems, "no file to read in this folder") || len(f.files()) != 0 {
		t.Errorf("%+v, %v, %v\n%s", r, err, f.files(), problems)
	}
}

// A deleted document stays away until its file changes, even if the file is read again because of what is wrong in it.
func TestSyncLeavesDeletedDocumentsAlone(t *testing.T) {
	f := newFolder(t)
	lines := rows("a", "one", "a", "taken", "b", "two") + "{\"id\":\"c\",\"text\":\n" + rows("d", "four")
	f.write("rows.jsonl", lines)
	if r, problems := f.sync(); r.Added != 3 || r.Failures != 2 {
		t.Fatalf("%+v\n%s", r, problems)
	}
	if _, err := f.engine.Delete(t.Context(), "a", "d"); err != nil {
		t.Fatal(err)
	}
	for i := range 3 { // the second a was refused because of the first, and has its place now
		r, problems := f.sync()
		if r.Failures != 1 || r.Added != map[int]int{0: 1}[i] || !strings.Contains(problems, "line 4") {
			t.Errorf("%+v\n%s", r, problems)
		}
		f.want(map[string]string{"a": "taken", "b": "two", "d": ""})
	}
	if r, problems, err := f.syncPart(t.Context(), SyncOptions{Again: true}, f.at("")); err != nil || r.Added != 1 {
		t.Errorf("all again: %+v, %v\n%s", r, err, problems)
	}
	f.want(map[string]string{"a": "one", "d": "four"})
	if _, err := f.engine.Delete(t.Context(), "d"); err != nil {
		t.Fatal(err)
	}
	f.write("rows.jsonl", lines+rows("e", "five"))
	f.sync()
	f.want(map[string]string{"d": "four", "e": "five"})
}

// A file with more bad rows than are named one by one is read to its end all the same: what was deleted stays away.
func TestSyncLeavesDeletedDocumentsOfManyBadRowsAlone(t *testing.T) {
	f := newFolder(t)
	f.write("rows.jsonl", rows("a", "one", "b", "two")+strings.Repeat("bad\n", 150))
	if r, problems := f.sync(); r.Added != 2 || r.Failures != 150 || !strings.Contains(problems, "50 further rows") {
		t.Fatalf("%+v\n%s", r, problems)
	}
	if _, err := f.engine.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if r, problems := f.sync(); r.Added != 0 || r.Same != 1 || r.Failures != 150 {
		t.Errorf("%+v\n%s", r, problems)
	}
	f.want(map[string]string{"a": "", "b": "two"})
}

// A row that the index cannot take is named by its line and not counted as added.
func TestSyncCountsRefusedRows(t *testing.T) {
	f := newFolder(t)
	f.write("rows.jsonl", rows("a", "one")+`{"id":"b","text":"two","metadata":{"list":[["in a list"]]}}`+"\n")
	for i := range 2 {
		r, problems := f.sync()
		if r.Added != 1-i || r.Same != i || r.Passages != 1-i || r.Failures != 1 || !strings.HasPrefix(problems, "in/rows.jsonl: line 2: skipped: ") || strings.Contains(problems, "interface") {
			t.Errorf("%+v\n%s", r, problems)
		}
	}
}

// Rows of a title alone are found by it. What has nothing to find is no document: it is not counted, and a document that it was goes.
func TestSyncCountsWhatCanBeFound(t *testing.T) {
	f := newFolder(t)
	const matter = "---\ntitle: nothing below\n---\n"
	f.write("a.md", matter)
	f.write("b.md", matter+"a text")
	f.write("rows.jsonl", `{"id":"t","title":"Zebras","text":""}`+"\n"+`{"id":"n","title":"","text":""}`+"\n")
	if r, problems := f.sync(); r.Added != 2 || r.Passages != 2 || problems != "" {
		t.Errorf("%+v\n%s", r, problems)
	}
	if r, err := f.engine.Search(t.Context(), "zebras"); err != nil || len(r.Hits) != 1 || r.Hits[0].ID != "t" || r.Hits[0].Text != "Zebras" {
		t.Errorf("%+v, %v", r, err)
	}
	f.write("b.md", matter)
	if r, problems := f.sync(); r.Removed != 1 || r.Updated != 0 || problems != "" {
		t.Errorf("%+v\n%s", r, problems)
	}
	if d := cmp.Diff(map[string]int{"in/a.md": 0, "in/b.md": 0, "in/rows.jsonl": 1}, f.files()); d != "" {
		t.Error(d)
	}
}

// Names that differ only in bytes that are no text are different ids.
func TestSyncNamesThatAreNoText(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("names are text on this system")
	}
	f := newFolder(t)
	for name, text := range map[string]string{"a\xff.md": "ff", "a\xfe.md": "fe", `a\xff.md`: "spelt out", "t\xff.csv": "text\nrow\n"} {
		f.write(name, text)
	}
	want := map[string]string{`in/a\xff.md`: "ff", `in/a\xfe.md`: "fe", `in/a\\xff.md`: "spelt out", `in/t\xff.csv#2`: "row"}
	if r, problems := f.sync(); r.Added != 4 || problems != "" {
		t.Errorf("%+v\n%s", r, problems)
	}
	f.want(want)
	if r, problems := f.sync(); r.Unchanged != 4 || problems != "" {
		t.Errorf("again: %+v\n%s", r, problems)
	}
	f.write("more/rows.jsonl", rows(`in/a\xff.md`, "a row"))
	if r, problems, err := f.syncPart(t.Context(), SyncOptions{}, f.at("more")); err != nil || r.Failures != 1 || !strings.Contains(problems, `is kept`) {
		t.Errorf("the file is found by its id: %+v, %v\n%s", r, err, problems)
	}
}

// Bytes that were replaced are told, of each file that was read.
func TestSyncTellsInvalidBytes(t *testing.T) {
	f := newFolder(t)
	f.write("a.txt", "caf\xe9")
	f.write("b.jsonl", "{\"text\":\"\xff\"}\n{\"text\":\"\xfe\xfe\"}\n")
	f.write("c.txt", "fine")
	for i := range 2 {
		told := map[string]int{}
		o := SyncOptions{Invalid: func(path string, n int) { told[strings.TrimPrefix(path, f.root)] += n }}
		if _, problems, err := f.syncPart(t.Context(), o, f.at("")); err != nil || problems != "" {
			t.Errorf("%v\n%s", err, problems)
		}
		want := []map[string]int{{"/in/a.txt": 1, "/in/b.jsonl": 3}, {}}[i]
		if d := cmp.Diff(want, told); d != "" && runtime.GOOS != "windows" {
			t.Error(d)
		}
	}
}

func TestNextSize(t *testing.T) {
	for _, c := range []struct {
		size, text, encoded int
		took                time.Duration
		want                int
	}{
		{minText, minText, minText, 10 * time.Millisecond, maxText},
		{minText, minText, minText, time.Second, 5 * minText},
		{maxText, maxText, maxText, time.Minute, 21845},
		{maxText, maxText, maxText, time.Hour, minText},
		{maxText, 100, 100, time.Second, maxText}, // too little to tell
		{minText, minText, minText, 0, maxText},
		{minText, 0, 0, 0, minText},
		{minText, minText, 100, time.Millisecond, 2 * minText}, // nearly all was there
		{maxText, maxText, 0, time.Millisecond, maxText},
	} {
		if got := nextSize(c.size, c.text, c.encoded, c.took); got != c.want {
			t.Errorf("after %d of %d bytes in %v: %d, want %d", c.text, c.size, c.took, got, c.want)
		}
	}
}

// What is remembered of a file that is in the index in part is bounded, and counts for its content only.
func TestHashInPart(t *testing.T) {
	hash := strings.Repeat("0a", 32)
	d := &document.Document{ID: "a", Source: document.Source{Line: 3}}
	part := hashInPart(hash, []string{trace(d)})
	if !inPart(part) || inPart(hash) || deleted(d, tracesOf(part, hash)) || tracesOf(part, "other") != nil || tracesOf(incomplete, "") != nil || tracesOf(hash, hash) != nil {
		t.Errorf("%q", part)
	}
	d.Source.Line = 4
	if !deleted(d, tracesOf(part, hash)) || deleted(d, nil) {
		t.Error("a document that was not refused is not there: it was deleted")
	}
	if got := hashInPart(hash, make([]string, maxTraces+1)); got != incomplete {
		t.Errorf("%q", got)
	}
}
