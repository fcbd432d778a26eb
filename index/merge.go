// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/winnow-search/winnow/index/filter"
	"github.com/winnow-search/winnow/index/lexical"
	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/index/vector"
	"github.com/winnow-search/winnow/internal/bitset"
)

// The merge policy: mergeWidth or more neighbours become one, unless one of them is larger than the others together. So
// each merge at least doubles the segment that a passage is in: it is written again at most log2 of the number of passages times,
// however small the changes are, and a graph is not built anew for a few rows (the tiers of the log-structured merge of O'Neil et
// al. 1996). With n passages about 7 + log2 n segments stay. Only neighbours are merged: the order of adding, which breaks ties, stays.
const (
	mergeWidth = 8
	// mergeDeleted is the share of deleted rows from which a segment is rewritten: a graph walks through them all the time.
	mergeDeleted = 0.25
)

// choose returns the range of segments to merge next, from their live rows and their rows; from == to when there is
// nothing to do. What costs least for each segment that goes comes first. fits says whether one segment can hold a range.
func choose(live, rows []int, fits func(from, to int) bool) (from, to int) {
	best := math.Inf(1)
	for i := range live {
		total, largest := 0, 0
		for j := i; j < len(live) && total+live[j] <= maxRows; j++ {
			total, largest = total+live[j], max(largest, live[j])
			if merged := j + 1 - i; merged >= mergeWidth && 2*largest <= total && float64(total)/float64(merged-1) < best && fits(i, j+1) {
				from, to, best = i, j+1, float64(total)/float64(merged-1)
			}
		}
	}
	if from < to {
		return from, to
	}
	for i := range live {
		if float64(rows[i]-live[i]) > mergeDeleted*float64(rows[i]) {
			return i, i + 1
		}
	}
	return 0, 0
}

// MergeOptions set what a merge does.
type MergeOptions struct {
	All      bool                     // one segment in the end, without deleted rows
	Progress func(done, total int)    // vectors linked, while a segment is built; may be nil
	Started  func(segments, rows int) // called when a merge begins; may be nil

	behind bool // beside searches and changes, see [DB.MergeBehind]
}

// Merge merges segments until the policy has nothing left to do. Searching goes on meanwhile, and so do changes. When it
// is stopped, what it has finished stays.
//
// Building a graph takes memory for all rows of the new segment: 16·M + 30 bytes a row for hnswM, and the codes that are
// compared, which for int8, pq and binary are the dimension, rounded up to a multiple of 64, and 8 bytes. That is live memory,
// about half of what the process may grow by with GOGC=100.
func (db *DB) Merge(ctx context.Context, o MergeOptions) error {
	if !db.write {
		return ErrReadOnly
	}
	db.merges.Lock()
	defer db.merges.Unlock()
	for {
		done, err := db.mergeOnce(ctx, o)
		if err != nil {
			return fmt.Errorf("merge index %s: %w", db.dir, err)
		}
		if done || o.All { // what was added meanwhile would go on for ever
			return nil
		}
	}
}

// mergeOnce merges one range of segments. done means that there was nothing to do.
func (db *DB) mergeOnce(ctx context.Context, o MergeOptions) (done bool, err error) {
	snapshot, err := db.Snapshot()
	if err != nil {
		return false, err
	}
	defer snapshot.Release()
	from, to := 0, len(snapshot.parts)
	if o.All {
		if to == 0 || to == 1 && snapshot.live[0] == nil {
			return true, nil
		}
	} else {
		if from, to = snapshot.choose(); from == to {
			return true, nil
		}
	}
	return false, db.mergeRange(ctx, snapshot, from, to, o)
}

// choose returns the range of segments to merge next.
func (s *state) choose() (from, to int) {
	rows := make([]int, len(s.parts))
	for i, p := range s.parts {
		rows[i] = p.record.Rows
	}
	return choose(s.liveRows, rows, func(from, to int) bool {
		columns := make([]*filter.Columns, 0, to-from)
		for _, p := range s.parts[from:to] {
			columns = append(columns, p.columns)
		}
		return filter.Fit(columns)
	})
}

// mergeRange writes the live rows of a range of segments into one, and puts that in their place.
func (db *DB) mergeRange(ctx context.Context, s *Snapshot, from, to int, o MergeOptions) error {
	var in []mergePart
	total := 0
	for i := from; i < to; i++ {
		m, err := s.mergePart(i)
		if err != nil {
			return err
		}
		in = append(in, m)
		total += s.liveRows[i]
	}
	if total > maxRows {
		return fmt.Errorf("%d passages in one segment; at most %d", total, int64(maxRows))
	}
	if o.behind && total <= smallMerge {
		ctx = context.WithoutCancel(ctx)
	}
	if err := canceled(ctx, "merge"); err != nil {
		return err
	}
	if o.Started != nil {
		o.Started(to-from, total)
	}
	var p *part
	if total > 0 {
		// Writing needs a number of its own, which changes that come in between must not take.
		db.writing.Lock()
		if err := db.settle(); err != nil {
			db.writing.Unlock()
			return err
		}
		own := db.manifest.clone()
		db.manifest.Next++
		db.writing.Unlock()
		docs := 0
		for _, m := range in {
			docs += m.keptDocs
		}
		b := builder{settings: &db.settings, analyzer: db.analyzer, threads: db.threads}
		if o.behind {
			b.threads = max(1, b.threads/2)
		}
		var err error
		if p, err = db.newSegment(own, docs, func(w segment.SectionWriter) (int, error) { return total, b.merge(ctx, w, in, docs, total, o.Progress) }); err != nil {
			return err
		}
	}
	return db.replace(s, from, to, p)
}

// replace commits a merged segment in the place of those it was made from. Rows that were deleted while it was made are
// deleted in it, too.
func (db *DB) replace(s *Snapshot, from, to int, p *part) error {
	db.writing.Lock()
	defer db.writing.Unlock()
	if err := db.settle(); err != nil {
		db.discard(p)
		return err
	}
	m := db.manifest.clone()
	if p != nil {
		m.Next = max(m.Next, segmentNumber(p.record.Name)+1)
	}
	deleted, base := roaring.New(), 0
	gone := map[string]bool{}
	for i := from; i < to; i++ {
		name := s.parts[i].record.Name
		gone[name] = true
		now := liveRows(s.parts[i].record.Rows, m.tombstones[name])
		if !containsSegment(m.Segments, name) {
			now = bitset.New(s.parts[i].record.Rows) // all its rows were deleted, and it is not named any more
		}
		row := base
		for old := range s.parts[i].record.Rows {
			if s.live[i] != nil && !s.live[i].Contains(old) {
				continue
			}
			if now != nil && !now.Contains(old) {
				deleted.Add(uint32(row))
			}
			row++
		}
		base = row
		delete(m.tombstones, name)
	}
	// A segment whose rows have all been deleted meanwhile is not in the manifest any more.
	var segments []segmentRecord
	placed := p == nil
	for _, r := range m.Segments {
		if !gone[r.Name] {
			if !placed && segmentAfter(s, to, r.Name) {
				segments, placed = append(segments, p.record), true
			}
			segments = append(segments, r)
			continue
		}
		if !placed {
			segments, placed = append(segments, p.record), true
		}
	}
	if !placed {
		segments = append(segments, p.record)
	}
	m.Segments = segments
	if p != nil && !deleted.IsEmpty() {
		m.tombstones[p.record.Name] = deleted
	}
	drop(m)
	if p != nil && !containsSegment(m.Segments, p.record.Name) { // everything in it is deleted already
		db.discard(p)
		p = nil
	}
	return db.publish(m, nil, p)
}

// segmentAfter reports whether a segment came after the merged range: behind it in the snapshot, or added since.
func segmentAfter(s *Snapshot, to int, name string) bool {
	for i, p := range s.parts {
		if p.record.Name == name {
			return i >= to
		}
	}
	return true
}

func containsSegment(list []segmentRecord, name string) bool {
	for _, r := range list {
		if r.Name == name {
			return true
		}
	}
	return false
}

// mergePart is a segment to be merged, and what of it stays.
type mergePart struct {
	*part
	rows, docs *bitset.Set // nil: all
	keptDocs   int
}

func (s *Snapshot) mergePart(i int) (mergePart, error) {
	p := s.parts[i]
	m := mergePart{part: p, rows: s.live[i], keptDocs: p.record.Docs}
	if m.rows == nil {
		return m, nil
	}
	m.docs = bitset.New(p.record.Docs)
	for doc := range p.record.Docs {
		first, err := p.docs.firstRow(doc)
		if err != nil {
			return m, err
		}
		if m.rows.Contains(first) {
			m.docs.Add(doc)
		}
	}
	m.keptDocs = m.docs.Count()
	return m, nil
}

// merge writes all sections of a merged segment: documents, columns and postings are taken over, the vector index is
// built anew, so that deletions do not wear its recall down.
func (b *builder) merge(ctx context.Context, w segment.SectionWriter, in []mergePart, docs, rows int, progress func(done, total int)) error {
	h := head{Settings: *b.settings, Docs: docs, Rows: rows}
	for _, m := range in {
		h.Replaces = append(h.Replaces, m.record.Name)
		h.Newest = max(h.Newest, m.newest)
	}
	if err := writeHead(w, h); err != nil {
		return err
	}
	out, err := newDocWriter(w)
	if err != nil {
		return err
	}
	var columns []filter.Part
	var words []lexical.MergePart
	for _, m := range in {
		if err := m.copyDocs(ctx, out); err != nil {
			return err
		}
		columns = append(columns, filter.Part{Columns: m.columns, Keep: m.docs})
		words = append(words, lexical.MergePart{Index: m.lexical, Keep: m.rows})
	}
	if err := out.finish(w); err != nil {
		return err
	}
	if err := filter.Merge(ctx, w, columns); err != nil {
		return err
	}
	if err := lexical.Merge(ctx, w, words); err != nil {
		return err
	}
	if b.settings.Dim == 0 {
		return nil
	}
	source := newJoined(in, rows)
	err = b.writeVectors(ctx, w, source, progress)
	if i := source.damaged.Load(); i > 0 {
		// Says where, unlike what a build says of a vector that it is not given.
		return in[source.source[i-1]].vectorDamage(int(source.row[i-1]))
	}
	return err
}

// copyDocs writes the documents that stay.
func (m *mergePart) copyDocs(ctx context.Context, out *docWriter) error {
	r := m.part.docs.reader() // searches keep theirs
	for doc := range m.record.Docs {
		if err := canceled(ctx, "merge"); err != nil {
			return err
		}
		if m.docs != nil && !m.docs.Contains(doc) {
			continue
		}
		record, err := r.record(doc)
		if err != nil {
			return err
		}
		s, err := parseRecord(record)
		if err != nil {
			return m.part.docs.blocks.Corrupt(0, fmt.Errorf("document %d: %w", doc, err))
		}
		if err := out.add(s.doc.ID, record, len(s.chunks)); err != nil {
			return err
		}
	}
	return nil
}

// joined is the vectors that stay, one segment after the other.
type joined struct {
	sources []vector.Source
	source  []uint32     // of each row
	row     []uint32     // in its source
	damaged atomic.Int64 // one that could not be read, counted from 1
}

func newJoined(in []mergePart, rows int) *joined {
	j := &joined{source: make([]uint32, 0, rows), row: make([]uint32, 0, rows)}
	for i, m := range in {
		j.sources = append(j.sources, m.vectors.Source())
		for row := range m.record.Rows {
			if m.rows == nil || m.rows.Contains(row) {
				j.source, j.row = append(j.source, uint32(i)), append(j.row, uint32(row))
			}
		}
	}
	return j
}

func (j *joined) Len() int { return len(j.row) }

func (j *joined) Row(i int) []float32 {
	v := j.sources[j.source[i]].Row(int(j.row[i]))
	if v == nil {
		j.damaged.Store(int64(i) + 1)
	}
	return v
}
