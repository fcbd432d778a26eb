// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/winnow-search/winnow/index/segment"
)

// salvaged is what a repair knows of an index before it looks at the segments.
type salvaged struct {
	manifest   *manifest
	fresh      bool // index.db must be made anew, with these records of files
	files      []FileRecord
	incomplete bool   // lists of deleted rows are missing: replaced documents may be there twice
	seal       string // damaged checksums of index.db's pages, to be removed
}

// salvageLedger reads index.db; what is damaged in it comes from what is whole, or from the segments.
func (db *DB) salvageLedger(ctx context.Context, l *boltLedger, r *Repaired) (*salvaged, error) {
	s := &salvaged{}
	var err error
	if s.manifest, err = l.load(); err == nil {
		var seal pageSeal
		seal, err = db.checkPageSums(ctx, l)
		if seal.damaged != nil {
			s.seal = seal.file
		}
		err = errors.Join(err, errors.Join(seal.problems...))
	}
	if err == nil {
		err = l.readTree((*tree).all)
	}
	if err == nil {
		err = l.files(func(FileRecord) error { return nil })
	}
	if _, ok := errors.AsType[*VersionError](err); ok || err == nil {
		return s, err
	}
	s.fresh = true
	found := l.salvage()
	s.manifest, s.files = found.manifest, found.files
	if s.manifest == nil {
		if s.manifest, err = db.manifestFromSegments(ctx, l); err != nil {
			return nil, err
		}
		s.incomplete = true
	}
	m := s.manifest
	m.Generation = max(m.Generation, found.txid)
	for _, seg := range m.Segments {
		if b := found.tombstones[seg.Name]; b != nil && (b.IsEmpty() || int64(b.Maximum()) < int64(seg.Rows)) {
			m.tombstones[seg.Name] = b
		}
	}
	if s.incomplete = s.incomplete || len(m.tombstones) != m.Tombstones; s.incomplete {
		r.Lost = append(r.Lost, fmt.Sprintf("lists of deleted documents, in part or all (%v): documents that were deleted since the last merge may be back", found.damage))
	}
	return s, nil
}

// wreck is what can be read of a damaged index.db.
type wreck struct {
	manifest   *manifest // nil if it is not whole, or may be of the last commit but one
	tombstones map[string]*roaring.Bitmap
	files      []FileRecord
	txid       uint64
	damage     error // the first that was met
}

func (l *boltLedger) salvage() wreck {
	w := wreck{tombstones: map[string]*roaring.Bitmap{}}
	note := func(err error) {
		if w.damage == nil {
			w.damage = err
		}
	}
	file, err := os.Open(l.path)
	if err != nil {
		note(err)
		return w
	}
	defer file.Close()
	meta, sure, err := salvageMeta(file)
	if err != nil {
		note(err)
		return w
	}
	w.txid = meta.txid
	t := &tree{l: l, file: file, meta: meta, seen: map[uint64]bool{}, tolerate: note}
	if m, err := l.loadManifest(t); err != nil {
		note(err)
	} else if bad := m.check(); bad != nil || !sure {
		note(cmp.Or(bad, errors.New("a meta page is damaged")))
	} else {
		w.manifest = m
	}
	// Lists of an older commit are parts of the newer ones: rows do not come back.
	if err := t.bucket(bucketTombstones, func(e treeEntry) error {
		b, err := l.bitmap(e)
		if err != nil {
			note(err)
			return nil
		}
		w.tombstones[string(e.key)] = b
		return nil
	}); err != nil {
		note(err)
	}
	if !sure {
		return w // an old record may speak of documents that are gone
	}
	if err := t.bucket(bucketFiles, func(e treeEntry) error {
		if r, err := l.fileRecord(e); err == nil {
			w.files = append(w.files, r)
		}
		return nil // a file without record is looked at again
	}); err != nil {
		note(err)
	}
	return w
}

// manifestFromSegments makes a manifest from what the segments say of themselves: those that no other one replaces. Of a damaged one the
// record holds no more than the name; it is rebuilt like others that are.
func (db *DB) manifestFromSegments(ctx context.Context, l *boltLedger) (*manifest, error) {
	names, err := db.fs.List(db.dir)
	if err != nil {
		return nil, err
	}
	m := &manifest{Format: formatVersion, tombstones: map[string]*roaring.Bitmap{}}
	replaced := map[string]bool{}
	newest := map[string]uint64{}
	known := false // the settings
	for _, name := range names {
		if !isSegmentName(name) {
			continue
		}
		m.Next = max(m.Next, segmentNumber(name)+1)
		h, r, err := db.describe(ctx, name)
		if _, ok := errors.AsType[*segment.VersionError](err); ok || ctx.Err() != nil {
			return nil, cmp.Or(ctx.Err(), err)
		}
		if err == nil {
			m.Settings, known = h.Settings, true
		}
		for _, n := range h.Replaces {
			replaced[n] = true
		}
		newest[name] = cmp.Or(h.Newest, segmentNumber(name))
		m.Segments = append(m.Segments, r)
	}
	if !known {
		return nil, l.corrupt(0, fmt.Errorf("the manifest is damaged, and there is no segment to make it anew from: remove the directory %s and index the documents again", db.dir))
	}
	m.Segments = slices.DeleteFunc(m.Segments, func(s segmentRecord) bool { return replaced[s.Name] })
	slices.SortStableFunc(m.Segments, func(a, b segmentRecord) int { return cmp.Compare(newest[a.Name], newest[b.Name]) })
	return m, nil
}

// describe reads what a segment says of itself. What it says that it replaces counts if all of it is whole: else it may be a merge that a crash
// has ended before a commit.
func (db *DB) describe(ctx context.Context, name string) (h head, r segmentRecord, err error) {
	r.Name = name
	file, err := segment.Open(db.fs, filepath.Join(db.dir, name))
	if err != nil {
		return head{}, r, err
	}
	defer func() { _ = file.Close() }() // only read
	if h, err = readHead(file); err == nil {
		err = h.Settings.check()
	}
	if err != nil {
		return head{}, r, err
	}
	if len(h.Replaces) > 0 && file.VerifyAll(ctx, nil) != nil {
		h.Replaces = nil
	}
	info := file.Info()
	return h, segmentRecord{name, h.Docs, h.Rows, info.Size, info.Checksum}, ctx.Err()
}

// buryTwins deletes all but the newest of documents with one id: without the lists of deleted rows, those that were replaced
// are back.
func (db *DB) buryTwins(ctx context.Context, m *manifest) error {
	seen := map[string]bool{}
	for _, r := range slices.Backward(m.Segments) {
		p, err := openPart(db.fs, db.dir, r, &m.Settings)
		if err != nil {
			return err
		}
		p.retain()
		err = p.eachLive(ctx, liveRows(p.record.Rows, m.tombstones[p.record.Name]), func(first int, s *stored) {
			if !seen[s.doc.ID] {
				seen[s.doc.ID] = true
				return
			}
			rows := roaring.New()
			rows.AddRange(uint64(first), uint64(first+len(s.chunks)))
			tombs{p.record.Name: rows}.into(m)
		})
		if err := errors.Join(err, p.release()); err != nil {
			return err
		}
	}
	drop(m)
	return nil
}
