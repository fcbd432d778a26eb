// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/winnow-search/winnow/index/segment"
)

// region is a range of a segment file.
type region struct {
	name     string
	from, to int
}

// regions cuts a segment file into sections, the padding between them, and what is before and after.
func regions(t *testing.T, path string) (list []region) {
	t.Helper()
	f, err := segment.Open(newDB("", Options{}).fs, path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	end := 0
	for _, s := range f.Sections() {
		start := int(s.Offset())
		list = append(list, region{"before " + s.Name(), end, start}, region{s.Name(), start, start + s.Len()})
		end = start + s.Len()
	}
	list = append(list, region{"end", end, int(f.Size())})
	return slices.DeleteFunc(list, func(r region) bool { return r.from == r.to })
}

// TestRepairOfSmallIndex damages everything but the documents of an index that has few. There are no source files, and all
// documents are there after the repair.
func TestRepairOfSmallIndex(t *testing.T) {
	for _, vectors := range damageKinds {
		t.Run(vectors, func(t *testing.T) {
			base := fastDir(t)
			whole := filepath.Join(base, "whole")
			is := makeSpecimen(t, whole, vectors, 6)
			random := rand.New(rand.NewPCG(8, 0))
			repaired, documents := 0, 0
			for _, name := range indexFiles(t, whole) {
				if !isSegmentName(name) {
					continue
				}
				content, err := os.ReadFile(filepath.Join(whole, name))
				if err != nil {
					t.Fatal(err)
				}
				for _, where := range regions(t, filepath.Join(whole, name)) {
					places := []int{where.from, where.to - 1}
					for range pick(1, 100) {
						places = append(places, where.from+random.IntN(where.to-where.from))
					}
					slices.Sort(places)
					for _, at := range slices.Compact(places) {
						what := fmt.Sprintf("%s, %s, byte %d", name, where.name, at)
						dir := filepath.Join(base, "damaged")
						copyDir(t, whole, dir)
						patch(t, filepath.Join(dir, name), at, content[at]^byte(1+random.IntN(255)))
						r, err := Repair(background, dir, reembed(t))
						if err != nil {
							t.Fatalf("%s: %v", what, err)
						}
						repaired++
						if where.name == sectionBlocks {
							documents++
							if len(r.Lost) == 0 {
								t.Errorf("%s: nothing is lost", what)
							}
							err = onlyLost(dir, is, r.Lost)
						} else {
							if len(r.Lost) > 0 || !slices.Equal(r.Segments, []string{name}) {
								t.Errorf("%s: %+v", what, r)
							}
							_, err = survey(dir, is)
						}
						if err != nil {
							t.Fatalf("%s: after the repair: %v (%+v)", what, err, r)
						}
						if err := os.RemoveAll(dir); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
			t.Logf("%d repairs, %d of them of damaged documents", repaired, documents)
		})
	}
}

// TestRestoreTable makes the table of blocks anew; of blocks that are whole, where others are not. A repair loses no others.
func TestRestoreTable(t *testing.T) {
	dir := filepath.Join(fastDir(t), "db")
	db, err := Create(dir, kindSettings("flat"), Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	c := Change{}
	for i := range 60 {
		e := versioned(fmt.Sprintf("doc%d", i), uint64(i))
		noise := make([]byte, 3000) // several blocks
		for j := range noise {
			noise[j] = 'a' + byte(rand.IntN(26))
		}
		e.Document.Text += string(noise)
		c.Add = append(c.Add, e)
	}
	mustApply(t, db, c)
	name := db.manifest.Segments[0].Name
	want := slices.Clone(db.current.parts[0].docs.table.Bytes())
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if len(want) < 3*tableEntry {
		t.Fatalf("%d bytes of table", len(want))
	}
	path := filepath.Join(dir, name)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	open := func() *docStore {
		f, err := segment.Open(db.fs, path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		d, err := openDocs(f, len(c.Add), db.manifest.Segments[0].Rows)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d := open()
	table, blocks := int(d.table.Offset()), int(d.blocks.Offset())
	patch(t, path, table+tableEntry+3, content[table+tableEntry+3]^4)
	d = open()
	d.restoreTable()
	if !slices.Equal(d.table.Bytes(), want) {
		t.Errorf("table %x, want %x", d.table.Bytes(), want)
	}
	patch(t, path, blocks+100, content[blocks+100]^4)
	d = open()
	d.restoreTable()
	if !slices.Equal(d.table.Bytes(), want[tableEntry:]) {
		t.Errorf("table %x without the first block, want %x", d.table.Bytes(), want[tableEntry:])
	}
	last, err := d.entry(d.table.Len()/tableEntry - 1)
	if err != nil {
		t.Fatal(err)
	}
	middle := blocks + last.offset + last.packed/2 // of no page that another block has a part of
	patch(t, path, middle, content[middle]^4)
	patch(t, path, blocks+100, content[blocks+100])
	d = open()
	d.restoreTable()
	if !slices.Equal(d.table.Bytes(), want[:len(want)-tableEntry]) {
		t.Errorf("table %x without the last block, want %x", d.table.Bytes(), want[:len(want)-tableEntry])
	}
	r, err := Repair(background, dir, RepairOptions{})
	if n := len(c.Add) - last.first; err != nil || len(r.Lost) != n || r.Kept != last.first {
		t.Errorf("%d documents lost and %d kept, want %d and %d: %v", len(r.Lost), r.Kept, n, last.first, err)
	}
	checkWhole(t, dir, last.first)
}

// TestRestoreTableAroundGaps: what lies between two damaged blocks is numbered by what is whole of the damaged table.
func TestRestoreTableAroundGaps(t *testing.T) {
	dir := filepath.Join(fastDir(t), "db")
	db, err := Create(dir, kindSettings("flat"), Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	c := Change{}
	for i := range 200 { // a block each, whose entries in the table take two pages
		e := versioned(fmt.Sprintf("doc%d", i), uint64(i))
		noise := make([]byte, blockBytes)
		for j := range noise {
			noise[j] = 'a' + byte(rand.IntN(26))
		}
		e.Document.Text += string(noise)
		c.Add = append(c.Add, e)
	}
	mustApply(t, db, c)
	record, docs := db.manifest.Segments[0], db.current.parts[0].docs
	path := filepath.Join(dir, record.Name)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Clone(docs.table.Bytes())
	at := []int{int(docs.table.Offset()) + 3}
	for _, n := range []int{190, 10} {
		e, err := docs.entry(n)
		if err != nil {
			t.Fatal(err)
		}
		at = append(at, int(docs.blocks.Offset())+e.offset+e.packed/2)
		want = slices.Delete(want, n*tableEntry, (n+1)*tableEntry)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, at := range at {
		patch(t, path, at, content[at]^4)
	}
	f, err := segment.Open(db.fs, path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := openDocs(f, record.Docs, record.Rows)
	if err != nil {
		t.Fatal(err)
	}
	if d.restoreTable(); !slices.Equal(d.table.Bytes(), want) {
		t.Errorf("%d entries, want %d", d.table.Len()/tableEntry, len(want)/tableEntry)
	}
	r, err := Repair(background, dir, RepairOptions{})
	if err != nil || len(r.Lost) != 2 || r.Kept != 198 {
		t.Errorf("%d documents kept, lost %q, %v", r.Kept, r.Lost, err)
	}
}

// FuzzFrameLength walks arbitrary bytes as a frame of compressed documents.
func FuzzFrameLength(f *testing.F) {
	m := segment.NewMemory()
	w, err := newDocWriter(m)
	if err != nil {
		f.Fatal(err)
	}
	if err := w.add("a", []byte("record of a document"), 1); err != nil {
		f.Fatal(err)
	}
	if err := w.finish(m); err != nil {
		f.Fatal(err)
	}
	s, err := m.Reader().Section(sectionBlocks)
	if err != nil {
		f.Fatal(err)
	}
	if n := frameLength(s.Bytes()); n != s.Len() {
		f.Fatalf("%d bytes, want %d", n, s.Len())
	}
	f.Add(s.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if n := frameLength(b); n < 0 || n > len(b) {
			t.Fatalf("%d bytes of %d", n, len(b))
		}
	})
}
