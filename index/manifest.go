// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/winnow-search/winnow/internal/bitset"
)

// formatVersion is the version of the directory as a whole. docs/format/README.md lists what each one changed.
const formatVersion = 1

// manifest is what a commit makes real: which segments there are, in the order of their rows, and which rows of them are
// deleted.
type manifest struct {
	Format     int             `json:"format"`
	Settings   Settings        `json:"settings"`
	Generation uint64          `json:"generation"` // grows by one with every commit
	Next       uint64          `json:"next"`       // number of the next segment
	Segments   []segmentRecord `json:"segments"`
	Tombstones int             `json:"tombstones"` // number of segments with deleted rows: a lost list is noticed
	Files      int             `json:"files"`      // number of file records, for the same reason

	tombstones map[string]*roaring.Bitmap // deleted rows by segment name; none for segments without
	stored     []byte                     // its value in index.db as it was read or, of a copy that is changed, the former one's; nil if there is none
}

// segmentRecord is what the manifest says of a segment.
type segmentRecord struct {
	Name     string `json:"name"`
	Docs     int    `json:"docs"`
	Rows     int    `json:"rows"`
	Size     int64  `json:"size"`     // of the file, bytes
	Checksum uint32 `json:"checksum"` // of its footer, so that another segment's file in its place is noticed
}

// segmentName is the file of a number.
func segmentName(n uint64) string { return fmt.Sprintf("seg-%08d.win", n) }

// clone copies the manifest so that the copy can be changed. Bitmaps are shared and never changed in place.
func (m *manifest) clone() *manifest {
	c := *m
	c.Segments = append([]segmentRecord(nil), m.Segments...)
	c.tombstones = make(map[string]*roaring.Bitmap, len(m.tombstones))
	maps.Copy(c.tombstones, m.tombstones)
	return &c
}

// same reports whether two manifests are of one commit. The generation alone does not tell: it begins anew in a directory
// that was made anew.
func (m *manifest) same(o *manifest) bool {
	return m.Generation == o.Generation && slices.Equal(m.Segments, o.Segments) &&
		maps.EqualFunc(m.tombstones, o.tombstones, func(a, b *roaring.Bitmap) bool { return a.Equals(b) })
}

// check looks for what a commit of ours never writes.
func (m *manifest) check() error {
	if m.Format != formatVersion {
		return &VersionError{m.Format}
	}
	if err := m.Settings.check(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, s := range m.Segments {
		if s.Docs < 0 || s.Rows < s.Docs || s.Rows > maxRows || seen[s.Name] || !isSegmentName(s.Name) {
			return fmt.Errorf("segment %q with %d documents and %d rows", s.Name, s.Docs, s.Rows)
		}
		seen[s.Name] = true
	}
	for name, b := range m.tombstones {
		if !seen[name] {
			return fmt.Errorf("deleted rows of %q, which is no segment", name)
		}
		for _, s := range m.Segments {
			if s.Name == name && !b.IsEmpty() && int64(b.Maximum()) >= int64(s.Rows) {
				return fmt.Errorf("deleted row %d of segment %s, which has %d rows", b.Maximum(), name, s.Rows)
			}
		}
	}
	return nil
}

func isSegmentName(name string) bool {
	return name == segmentName(segmentNumber(name))
}

// segmentNumber is the number in a segment's name; anything for other names.
func segmentNumber(name string) uint64 {
	var n uint64
	_, _ = fmt.Sscanf(name, "seg-%d.win", &n) // callers compare with the name of n
	return n
}

// maxSegments bounds the numbers of segments: they have eight digits.
const maxSegments = 99_999_999

// maxRows bounds a segment: rows are uint32 everywhere.
const maxRows = 1<<32 - 2

// A VersionError says that an index was written by another version of winnow.
type VersionError struct{ Version int }

// Error says which and what to do.
func (e *VersionError) Error() string {
	if e.Version > formatVersion {
		return fmt.Sprintf("the index has format version %d, this winnow knows up to %d: use a newer winnow", e.Version, formatVersion)
	}
	return fmt.Sprintf("the index has format version %d, which this winnow does not know", e.Version)
}

// liveRows is the set of rows that are not deleted; nil when none is.
func liveRows(rows int, deleted *roaring.Bitmap) *bitset.Set {
	if deleted == nil || deleted.IsEmpty() {
		return nil
	}
	live := bitset.Full(rows)
	for it := deleted.Iterator(); it.HasNext(); {
		live.Remove(int(it.Next()))
	}
	return live
}

// FileRecord is what is known of a file that documents came from. Indexing again skips a file that has not changed.
type FileRecord struct {
	Path    string    `json:"-"`
	Size    int64     `json:"size"`
	ModTime time.Time `json:"mod_time"`
	Hash    string    `json:"hash"` // of the content
	Docs    int       `json:"docs"` // documents it gave
}

// ledger keeps the manifest and the file records, one commit at a time.
type ledger interface {
	load() (*manifest, error)
	// commit makes a manifest and changes of file records real, both or neither. A record without hash removes its path.
	commit(m *manifest, files []FileRecord) error
	// again makes the last commit durable if only its last sync failed.
	again() error
	// files calls f with every record, in the order of paths.
	files(f func(FileRecord) error) error
}
