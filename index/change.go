// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/winnow-search/winnow/index/segment"
)

// Change is what one commit does: all of it, or nothing.
type Change struct {
	Add    []Entry      // documents; one with an id that is there already takes its place
	Delete []string     // ids of documents; unknown ones are counted and else ignored
	Files  []FileRecord // records to set; one without a hash removes the path's
}

// Applied says what a change did.
type Applied struct {
	Added    int // documents that were not there before
	Replaced int // documents that took the place of one with the same id
	Deleted  int
	Unknown  []string // ids to delete that no document has
	Rows     int      // passages added
}

// Errors about a commit that failed at its very end. After any other error the index is as it was before.
var (
	// ErrNotDurable: the change is made, searches see it, but the disk refused to sync it: a power cut may undo it.
	ErrNotDurable = errors.New("the change is made, but may not outlast a power cut")
	// ErrInDoubt: whether the change is made is not known, as index.db could not be read either. The next change, or opening
	// the index again, finds out.
	ErrInDoubt = errors.New("whether the change is made is not known")
)

// Apply makes a change durable. When it returns without error, the change survives a crash. With an error the index is as
// it was before, unless the error wraps [ErrNotDurable] or [ErrInDoubt].
func (db *DB) Apply(ctx context.Context, c Change) (Applied, error) {
	a, err := db.apply(ctx, c)
	if err != nil && db.dir != "" {
		err = fmt.Errorf("index %s: %w", db.dir, err)
	}
	return a, err
}

func (db *DB) apply(ctx context.Context, c Change) (a Applied, err error) {
	if !db.write {
		return a, ErrReadOnly
	}
	for i := range c.Add {
		if err := checkEntry(&c.Add[i], db.settings.Dim); err != nil {
			return a, err
		}
	}
	db.writing.Lock()
	defer db.writing.Unlock()
	if err := db.settle(); err != nil {
		return a, err
	}
	snapshot, err := db.Snapshot()
	if err != nil {
		return a, err
	}
	defer snapshot.Release()
	if err := db.allows(snapshot, &c); err != nil {
		return a, err
	}
	m := db.manifest.clone() // only changes and merges set it, and they hold db.writing
	deleted := tombs{}
	seen := make(map[string]bool, len(c.Delete))
	for i, id := range c.Delete {
		if err := canceled(ctx, "delete"); err != nil {
			return Applied{}, err
		}
		if db.progress != nil {
			db.progress(Progress{"delete", int64(i + 1), int64(len(c.Delete))})
		}
		if seen[id] {
			continue
		}
		seen[id] = true
		found, err := deleted.bury(snapshot, id)
		switch {
		case err != nil:
			return a, err
		case found:
			a.Deleted++
		default:
			a.Unknown = append(a.Unknown, id)
		}
	}
	for i := range c.Add {
		found, err := deleted.bury(snapshot, c.Add[i].Document.ID)
		switch {
		case err != nil:
			return a, err
		case found:
			a.Replaced++
		default:
			a.Added++
		}
	}
	deleted.into(m)
	drop(m)
	var p *part
	if len(c.Add) > 0 {
		b := builder{settings: &db.settings, analyzer: db.analyzer, threads: db.threads}
		if p, err = db.newSegment(m, len(c.Add), func(w segment.SectionWriter) (int, error) { return b.write(ctx, w, c.Add) }); err != nil {
			return Applied{}, err
		}
		a.Rows = p.record.Rows
		m.Segments = append(m.Segments, p.record)
	} else if a.Deleted == 0 && len(c.Files) == 0 {
		return a, nil
	}
	return a, db.publish(m, c.Files, p)
}

// tombs are rows to delete, by the place of their segment in a snapshot.
type tombs map[string]*roaring.Bitmap

// bury marks the rows of the document with an id and reports whether there is one.
func (t tombs) bury(s *Snapshot, id string) (bool, error) {
	ref, ok, err := s.lookup(id)
	if err != nil || !ok {
		return false, err
	}
	p := s.parts[ref.segment]
	if t[p.record.Name] == nil {
		t[p.record.Name] = roaring.New()
	}
	t[p.record.Name].AddRange(uint64(ref.first), uint64(ref.end))
	return true, nil
}

// into adds the rows to what a manifest has.
func (t tombs) into(m *manifest) {
	for name, rows := range t {
		if old := m.tombstones[name]; old != nil {
			rows = roaring.Or(old, rows)
		}
		m.tombstones[name] = rows
	}
}

// drop takes segments without any live row out of a manifest.
func drop(m *manifest) {
	kept := m.Segments[:0]
	for _, s := range m.Segments {
		if b := m.tombstones[s.Name]; b != nil && b.GetCardinality() == uint64(s.Rows) {
			delete(m.tombstones, s.Name)
			continue
		}
		kept = append(kept, s)
	}
	m.Segments = kept
}

// newSegment writes the next segment, durable but not yet named by a manifest, and opens it.
func (db *DB) newSegment(m *manifest, docs int, write func(segment.SectionWriter) (rows int, err error)) (*part, error) {
	r := segmentRecord{Name: segmentName(m.Next), Docs: docs}
	m.Next++
	if db.dir == "" {
		memory := segment.NewMemory()
		rows, err := write(memory)
		if err != nil {
			return nil, err
		}
		r.Rows = rows
		return newPart(memory.Reader(), r, &db.settings)
	}
	path := filepath.Join(db.dir, r.Name)
	w, err := segment.Create(db.fs, path)
	for errors.Is(err, fs.ErrExist) && m.Next < maxSegments {
		// Left by a change that failed, and not removed: the disk may have refused that as well.
		r.Name = segmentName(m.Next)
		m.Next++
		path = filepath.Join(db.dir, r.Name)
		w, err = segment.Create(db.fs, path)
	}
	if err != nil {
		return nil, err
	}
	if r.Rows, err = write(w); err != nil {
		return nil, errors.Join(err, w.Abort())
	}
	info, err := w.Finish() // syncs file and directory
	var p *part
	if err == nil {
		r.Size, r.Checksum = info.Size, info.Checksum
		p, err = openPart(db.fs, db.dir, r, &db.settings)
	}
	if err != nil {
		_ = db.fs.Remove(path) // or the next sweep
		return nil, err
	}
	return p, nil
}

// publish commits a manifest and makes it what new snapshots show. p is the segment that is new in it, nil for none; it is
// removed if the commit fails. The caller holds db.writing.
func (db *DB) publish(m *manifest, files []FileRecord, p *part) error {
	m.Generation++
	if err := db.ledger.commit(m, files); err != nil {
		err = fmt.Errorf("commit: %w", err)
		now, bad := db.ledger.load()
		switch {
		case bad != nil:
			// Nobody knows. The segment must stay, as the commit may name it.
			db.doubt = &doubt{m, p}
			return fmt.Errorf("%w: %w; and what is there now cannot be read: %w", ErrInDoubt, err, bad)
		case !now.same(m):
			db.discard(p)
			return err
		}
		// It came through, but the last sync failed: a power cut may undo it.
		if again := db.ledger.again(); again != nil {
			db.undurable = true
			db.adopt(m, p, false)
			return fmt.Errorf("%w: %w", ErrNotDurable, err)
		}
	}
	db.adopt(m, p, true)
	return nil
}

// doubt is a commit that failed at a moment when index.db could not be read either.
type doubt struct {
	m *manifest
	p *part
}

// settle finds out what became of a commit in doubt, and makes the last one durable if it may not be: another one may write over pages
// of the one before it, which a power cut would leave. The caller holds db.writing.
func (db *DB) settle() error {
	if err := db.resolve(); err != nil || !db.undurable {
		return err
	}
	if err := db.ledger.again(); err != nil {
		return fmt.Errorf("the commit before may not outlast a power cut, and still cannot be synced: %w", err)
	}
	db.undurable = false
	return nil
}

// resolve finds out what became of a commit in doubt.
func (db *DB) resolve() error {
	d := db.doubt
	if d == nil {
		return nil
	}
	now, err := db.ledger.load()
	if err != nil {
		return fmt.Errorf("the commit before: %w: %w", ErrInDoubt, err)
	}
	db.doubt = nil
	if now.same(d.m) {
		db.undurable = true
		db.adopt(d.m, d.p, false)
		return nil
	}
	db.discard(d.p)
	return nil
}

// discard removes a segment that no commit names.
func (db *DB) discard(p *part) {
	if p != nil {
		p.obsolete = db.remover(p)
		p.retain()
		_ = p.release() // unmapping what was only read
	}
}

// adopt makes a committed manifest what new snapshots show. p is the segment that is new in it, nil for none. The files of segments that
// it does not name any more are removed once nobody reads them; not if it may not be durable: after a power cut the manifest before may name them.
func (db *DB) adopt(m *manifest, p *part, durable bool) {
	db.mu.Lock()
	defer db.mu.Unlock()
	old := db.current
	db.current = newState(m, append(append([]*part(nil), old.parts...), p))
	db.manifest = m
	for _, q := range old.parts {
		if durable && !db.current.has(q) {
			q.obsolete = db.remover(q)
		}
	}
	_ = old.release() // the change is made; what unmapping says is not about it
}

// remover removes the file of a segment that no manifest names any more.
func (db *DB) remover(p *part) func() {
	if db.dir == "" {
		return nil
	}
	path := filepath.Join(db.dir, p.record.Name)
	return func() { _ = db.fs.Remove(path) } // what stays is swept away when the index is opened for writing
}
