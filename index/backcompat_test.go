// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// writeFixture writes the index of the present format version: go test ./index -run TestBackCompat -write-fixture.
var writeFixture = flag.Bool("write-fixture", false, "write index/testdata/backcompat anew for the present format version")

const backcompatDir = "testdata/backcompat"

// fixture is what an index of an older version must still say.
type fixture struct {
	Documents model    `json:"documents"` // version by id
	Answers   []string `json:"answers"`
}

// fixtureKinds has a segment for each way of storing vectors: together they have every kind of section but the places of lists without codes.
var fixtureKinds = []string{"hnsw8,int8,fp16", "ivf2,pq4", "flat,binary"}

// makeFixture makes an index whose segments have different factory strings, and deleted rows.
func makeFixture(dir string) (f fixture, err error) {
	db, err := Create(dir, kindSettings(fixtureKinds[0]), Options{Threads: 1})
	if err != nil {
		return f, err
	}
	f.Documents = model{}
	for n, kind := range fixtureKinds {
		db.settings.Vectors = kind // for the segments that this process writes
		c := Change{}
		for i := range 9 {
			id := fmt.Sprintf("doc%d", 6*n+i) // the last three are replaced by the next change
			c.Add = append(c.Add, versioned(id, uint64(100*n+i)))
			c.Files = append(c.Files, FileRecord{Path: "dir/" + id, Size: int64(100*n + i), Hash: "h", Docs: 1})
		}
		if n > 0 {
			gone := fmt.Sprintf("doc%d", 6*n-5)
			c.Delete, c.Files = []string{gone}, append(c.Files, FileRecord{Path: "dir/" + gone})
		}
		if _, err := db.Apply(background, c); err != nil {
			return f, err
		}
		f.Documents = f.Documents.with(c)
	}
	f.Answers = answers(db)
	if err := db.Close(); err != nil {
		return f, err
	}
	// An index.db that was written at once is half as large.
	var files []FileRecord
	l := newBoltLedger(db.fs, dir)
	m, err := l.load()
	if err == nil {
		err = l.files(func(r FileRecord) error { files = append(files, r); return nil })
	}
	if err == nil {
		err = db.replaceLedger(l, m, files)
	}
	if err == nil {
		err = db.sealPages()
	}
	return f, errors.Join(err, os.Remove(filepath.Join(dir, ledgerName+damagedSuffix)), os.Remove(filepath.Join(dir, lockName)))
}

// TestBackCompat opens an index of every format version that ever was, checks it, searches it and writes to it.
func TestBackCompat(t *testing.T) {
	if *writeFixture {
		dir := filepath.Join(backcompatDir, fmt.Sprintf("v%d", formatVersion))
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		f, err := makeFixture(filepath.Join(dir, "index"))
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.MarshalIndent(f, "", " ")
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "expected.json"), append(data, '\n'), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for version := 1; version <= formatVersion; version++ {
		dir := filepath.Join(backcompatDir, fmt.Sprintf("v%d", version))
		data, err := os.ReadFile(filepath.Join(dir, "expected.json"))
		if err != nil {
			t.Fatalf("%v: make it with -write-fixture", err)
		}
		var want fixture
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		if _, err := survey(filepath.Join(dir, "index"), want.Documents); err != nil {
			t.Errorf("version %d: %v", version, err)
		}
		got, err := ask(filepath.Join(dir, "index"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range want.Answers {
			if i >= len(got) || got[i] != want.Answers[i] {
				t.Errorf("version %d, answer %d: %s, want %s", version, i, slices.Concat(got, []string{"none"})[min(i, len(got))], want.Answers[i])
			}
		}
		kinds := map[string]bool{}
		db, err := Open(filepath.Join(dir, "index"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range db.current.parts {
			kinds[p.vectors.Spec().String()] = true
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if len(kinds) < len(fixtureKinds) {
			t.Errorf("version %d: only %v", version, slices.Sorted(maps.Keys(kinds)))
		}
		scratch := filepath.Join(fastDir(t), "db")
		copyDir(t, filepath.Join(dir, "index"), scratch)
		if err := writable(scratch, want.Documents); err != nil {
			t.Errorf("version %d: %v", version, err)
		}
	}
}
