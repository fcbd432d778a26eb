// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/vfs"
)

// TestSectionVersions holds docs/format/README.md to its rule: who gives a section a new version gives the segment file one, too. Then an
// older program refuses the file. By the version of a section alone it would take the file for damaged, and repair it.
func TestSectionVersions(t *testing.T) {
	type versions struct {
		record   byte
		sections map[string]uint32
	}
	known := map[uint32]versions{
		1: {record: 1, sections: map[string]uint32{"lex.head": 1, "vec.head": 1, "vec.graph.head": 1, "col.fields": 1}},
	}
	seen := map[string]bool{}
	for _, kind := range damageKinds {
		dir := filepath.Join(fastDir(t), "db")
		makeSpecimen(t, dir, kind, 40)
		paths, err := filepath.Glob(filepath.Join(dir, "seg-*.win"))
		if err != nil || len(paths) == 0 {
			t.Fatal(paths, err)
		}
		for _, path := range paths {
			whole, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			file := binary.LittleEndian.Uint32(whole[8:]) // docs/format/segment.md
			want, ok := known[file]
			if !ok || want.record != recordVersion {
				t.Fatalf("segment files of version %d with records of version %d: list their versions here, and in docs/format/README.md", file, recordVersion)
			}
			f, err := segment.Open(vfs.OS, path)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range f.Sections() {
				if v, ok := want.sections[s.Name()]; ok {
					seen[s.Name()] = true
					if got := binary.LittleEndian.Uint32(s.Bytes()); got != v {
						t.Errorf("%s has version %d, in segment files of version %d it has %d: raise that of the file with it", s.Name(), got, file, v)
					}
				}
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if len(seen) != len(known[1].sections) {
		t.Errorf("seen are the sections %v", seen)
	}
}
