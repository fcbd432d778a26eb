// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/document"
)

// lossySpecimen is an index of two segments, of which the first is the larger.
func lossySpecimen(t *testing.T) (dir string) {
	dir = filepath.Join(fastDir(t), "db")
	db := mustCreate(t, dir)
	for _, n := range [][2]int{{0, 30}, {30, 35}} {
		var c Change
		for i := n[0]; i < n[1]; i++ {
			e := entry(fmt.Sprintf("d%02d", i), 1, uint64(i))
			c.Add = append(c.Add, e)
			c.Files = append(c.Files, FileRecord{Path: e.Document.Source.Path, Size: 1, Hash: "h", Docs: 1})
		}
		mustApply(t, db, c)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestRepairOfMissingSegment says that it is dropped, and names the files that were in it.
func TestRepairOfMissingSegment(t *testing.T) {
	dir := lossySpecimen(t)
	if err := os.Remove(filepath.Join(dir, segmentName(1))); err != nil {
		t.Fatal(err)
	}
	r, err := Repair(background, dir, RepairOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Segments) > 0 || !slices.Equal(r.Dropped, []string{segmentName(1)}) || len(r.Lost) != 1 || !strings.HasPrefix(r.Lost[0], "30 of 30 documents") {
		t.Errorf("%+v", r)
	}
	if len(r.Files) != 30 || r.Files[7] != (LostFile{"dir/d07", 1, 1}) {
		t.Errorf("%+v", r.Files)
	}
	checkWhole(t, dir, 5)
	if r, err = Repair(background, dir, RepairOptions{}); err != nil || len(r.Lost)+len(r.Files)+len(r.Dropped) > 0 {
		t.Errorf("again: %+v, %v", r, err)
	}
}

// TestProgress: a check and a repair tell how far they are, never backwards, and both to the end.
func TestProgress(t *testing.T) {
	dir := lossySpecimen(t)
	path := filepath.Join(dir, segmentName(1))
	at := Progress{}
	ends := map[string]bool{}
	o := Options{Progress: func(p Progress) {
		if p.Phase == at.Phase && (p.Done < at.Done || p.Total != at.Total) || p.Done > p.Total || p.Total == 0 {
			t.Errorf("%+v after %+v", p, at)
		}
		if at = p; p.Done == p.Total {
			ends[p.Phase] = true
		}
	}}
	if r, err := Check(background, dir, o); err != nil || len(r.Problems) > 0 || at != (Progress{"check", r.Bytes, r.Bytes}) {
		t.Errorf("%+v, %v, %+v", r, err, at)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	patch(t, path, len(content)-20, content[len(content)-20]^0x10)
	at, ends = Progress{}, map[string]bool{}
	if r, err := Repair(background, dir, RepairOptions{Options: o}); err != nil || r.Kept != 30 || !ends["rebuild"] || !ends["check"] {
		t.Errorf("%+v, %v, %v", r, err, ends)
	}
}

// TestProgressWithinASegment: a large segment is checked in small steps, and its rebuild ends when the graph is there.
func TestProgressWithinASegment(t *testing.T) {
	dir := filepath.Join(fastDir(t), "db")
	settings := testSettings()
	settings.Vectors = "hnsw8"
	db, err := Create(dir, settings, Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	const documents = 1500
	random := rand.New(rand.NewPCG(8, 0))
	c := Change{}
	for i := range documents {
		e := entry(fmt.Sprintf("doc%d", i), 1, 0)
		var noise strings.Builder // which compression leaves as large as it is
		for range 1024 {
			fmt.Fprintf(&noise, " %x", random.Uint64())
		}
		e.Document.Text += noise.String()
		c.Add = append(c.Add, e)
	}
	mustApply(t, db, c)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var told []Progress
	o := Options{Threads: 1, Progress: func(p Progress) { told = append(told, p) }}
	r, err := Check(background, dir, o)
	if err != nil || len(r.Problems) > 0 || r.Bytes < 8<<20 {
		t.Fatalf("%+v, %v", r, err)
	}
	last := int64(0)
	for _, p := range told {
		if step := p.Done - last; step < 0 || step > r.Bytes/8 {
			t.Errorf("a step from %d to %d of %d", last, p.Done, r.Bytes)
		}
		last = p.Done
	}
	if last != r.Bytes {
		t.Errorf("%d of %d bytes at the end", last, r.Bytes)
	}

	path := filepath.Join(dir, segmentName(1))
	patch(t, path, int(r.Bytes)-20, 0xEE)
	told = nil
	if r, err := Repair(background, dir, RepairOptions{Options: o}); err != nil || r.Kept != documents {
		t.Fatalf("%+v, %v", r, err)
	}
	linking := 0
	for _, p := range told {
		if p.Phase == "rebuild" && p.Done > documents/2 && p.Done < documents {
			linking++
		}
	}
	if linking < 5 || told[len(told)-1] != (Progress{"rebuild", documents, documents}) {
		t.Errorf("%d steps of linking, and %+v at the end", linking, told[len(told)-1])
	}
}

// TestProgressOfDeletion tells of every document, and a deletion that is given up leaves all of them.
func TestProgressOfDeletion(t *testing.T) {
	dir := lossySpecimen(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var told []Progress
	stop := int64(3)
	db, err := Open(dir, Options{Write: true, Progress: func(p Progress) {
		if told = append(told, p); p.Done == stop {
			cancel()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, err := db.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	err = s.Documents(background, func(d *document.Document, _ []Passage) error {
		ids = append(ids, d.ID)
		return nil
	})
	s.Release()
	if err != nil || len(ids) < 10 {
		t.Fatalf("%v, %v", ids, err)
	}
	if a, err := db.Apply(ctx, Change{Delete: ids}); !errors.Is(err, context.Canceled) || a.Deleted != 0 || len(told) != 3 {
		t.Errorf("%+v, %v, %v", a, err, told)
	}
	told, stop = nil, -1
	if a, err := db.Apply(background, Change{Delete: ids}); err != nil || a.Deleted != len(ids) {
		t.Errorf("%+v, %v", a, err)
	}
	for i, p := range told {
		if p != (Progress{"delete", int64(i + 1), int64(len(ids))}) {
			t.Errorf("%d: %+v", i, p)
		}
	}
	if len(told) != len(ids) {
		t.Errorf("told %d times of %d documents", len(told), len(ids))
	}
}

// TestRepairedAsJSON has names as JSON has them, and lists where there is nothing.
func TestRepairedAsJSON(t *testing.T) {
	r, err := Repair(background, lossySpecimen(t), RepairOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"manifest":false,"rebuilt_segments":[],"dropped_segments":[],"kept_documents":0,"embedded_passages":0,"lost":[],"lost_files":[]}`
	if string(b) != want {
		t.Errorf("%s\nwant %s", b, want)
	}
}

// TestRepairKeepsTheDamagedFile byte by byte.
func TestRepairKeepsTheDamagedFile(t *testing.T) {
	dir := lossySpecimen(t)
	path := filepath.Join(dir, segmentName(2))
	patch(t, path, 100, 0xEE)
	damaged, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := Repair(background, dir, RepairOptions{}); err != nil || !slices.Equal(r.Segments, []string{segmentName(2)}) {
		t.Fatalf("%+v, %v", r, err)
	}
	if b, err := os.ReadFile(path + damagedSuffix); err != nil || !bytes.Equal(b, damaged) {
		t.Errorf("%v", err)
	}
	checkWhole(t, dir, 35)
}

// TestRepairOfSegmentsWithoutLedger: a damaged segment is rebuilt and kept although no manifest names it.
func TestRepairOfSegmentsWithoutLedger(t *testing.T) {
	for _, where := range []string{"before " + sectionBlocks, sectionHead, "end"} {
		dir := lossySpecimen(t)
		path := filepath.Join(dir, segmentName(2))
		for _, r := range regions(t, path) {
			if r.name == where {
				patch(t, path, r.from+20, 0xEE)
			}
		}
		if err := os.Remove(filepath.Join(dir, ledgerName)); err != nil {
			t.Fatal(err)
		}
		r, err := Repair(background, dir, reembed(t))
		if err != nil || !slices.Contains(r.Segments, segmentName(2)) {
			t.Fatalf("%s: %+v, %v", where, r, err)
		}
		if _, err := os.Stat(path + damagedSuffix); err != nil {
			t.Errorf("%s: %v", where, err)
		}
		checkWhole(t, dir, 35)
	}
}

// TestNothingToRepairFrom says what to do with a directory that repair cannot help.
func TestNothingToRepairFrom(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ledgerName), []byte("ab"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Repair(background, dir, RepairOptions{}); err == nil || !strings.Contains(err.Error(), "remove the directory "+dir) {
		t.Errorf("repair: %v", err)
	}
	r, err := Check(background, dir, Options{})
	if err != nil || len(r.Problems) != 1 {
		t.Errorf("check: %v, %v", r.Problems, err)
	}
}

// TestPeekWithoutLedger says what Open says.
func TestPeekWithoutLedger(t *testing.T) {
	dir := lossySpecimen(t)
	if err := os.Remove(filepath.Join(dir, ledgerName)); err != nil {
		t.Fatal(err)
	}
	if _, err := Peek(dir); !isMissingLedger(err) {
		t.Error(err)
	}
}

// TestLostDocumentsAreNamed has a damaged block of documents, whose ids are among the columns.
func TestLostDocumentsAreNamed(t *testing.T) {
	dir := lossySpecimen(t)
	path := filepath.Join(dir, segmentName(2))
	for _, r := range regions(t, path) {
		if r.name == sectionBlocks {
			patch(t, path, (r.from+r.to)/2, 0xEE)
		}
	}
	r, err := Repair(background, dir, RepairOptions{})
	if err != nil || len(r.Lost) != 5 || len(r.Files) != 5 || !slices.Equal(r.Dropped, []string{segmentName(2)}) {
		t.Fatalf("%+v, %v", r, err)
	}
	for i, l := range r.Lost {
		if !strings.Contains(l, fmt.Sprintf(`%q`, fmt.Sprintf("d%d", 30+i))) {
			t.Errorf("%s: without the id of document %d", l, i)
		}
	}
	checkWhole(t, dir, 30)
}
