// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/index/segment"
)

// Embedder turns passages into vectors, as the caller did when it added them: len(passages) vectors of the index's
// dimension, one after the other.
type Embedder func(ctx context.Context, passages []document.Chunk) ([]float32, error)

// RepairOptions set what a repair may use.
type RepairOptions struct {
	Options
	// Embed makes vectors anew where the stored ones are damaged. nil: such documents are lost.
	Embed func(s Settings) (Embedder, error)
}

// Repaired says what a repair did.
type Repaired struct {
	Manifest bool     `json:"manifest"`          // the manifest was made anew from the segments
	Segments []string `json:"rebuilt_segments"`  // that were rebuilt
	Dropped  []string `json:"dropped_segments"`  // that are missing, or of which nothing could be saved
	Kept     int      `json:"kept_documents"`    // documents in rebuilt segments
	Embedded int      `json:"embedded_passages"` // passages of them that were encoded anew
	// Lost says what could not be saved, one line each: documents whose own bytes are damaged, and lists of deleted rows.
	Lost []string `json:"lost"`
	// Files are those whose documents are not all there any more, if anything was lost. Documents that came from no file
	// have no such record.
	Files []LostFile `json:"lost_files"`
}

// Repair rebuilds what is damaged from what is whole. Everything but the documents themselves is derived and comes back:
// tables, metadata columns and postings from the documents, vectors from the stored ones or from the encoder, graphs from the
// vectors. The damaged files stay beside the index with the suffix .damaged.
func Repair(ctx context.Context, dir string, o RepairOptions) (*Repaired, error) {
	o.Write = true
	db := newDB(dir, o.Options)
	if !Exists(dir) {
		return nil, fmt.Errorf("%w: %s", ErrNoIndex, dir)
	}
	if err := db.acquire(); err != nil {
		return nil, err
	}
	r := &Repaired{Segments: []string{}, Dropped: []string{}, Lost: []string{}, Files: []LostFile{}}
	if err := errors.Join(db.repair(ctx, o, r), db.lock.Close()); err != nil {
		return r, fmt.Errorf("repair index %s: %w", dir, err)
	}
	return r, nil
}

// healName is a copy of a damaged segment, as far as it could be put right, while it is read.
const healName = "repair.tmp"

// damagedSuffix is what the name of a damaged file gets when another has taken its place.
const damagedSuffix = ".damaged"

func (db *DB) repair(ctx context.Context, o RepairOptions, r *Repaired) error {
	l := newBoltLedger(db.fs, db.dir)
	s, err := db.salvageLedger(ctx, l, r)
	if err != nil {
		return err
	}
	m := s.manifest
	if err := m.Settings.checkTerms(); err != nil {
		return err
	}
	db.settings = m.Settings
	var replaced []string
	var segments []segmentRecord
	before := int64(0)
	for _, old := range m.Segments {
		if err := canceled(ctx, "repair"); err != nil {
			return err
		}
		probe := &Report{seen: map[string]bool{}, progress: o.Progress, before: before, all: sizeOf(m.Segments)}
		bad, err := db.damagedSegment(ctx, old, m, probe)
		if err != nil {
			return err
		}
		before += old.Size
		if !bad {
			segments = append(segments, old)
			continue
		}
		rebuilt, sure, err := db.rebuild(ctx, old, m, o, r)
		if err != nil {
			return err
		}
		s.incomplete = s.incomplete || !sure
		if len(rebuilt) > 0 {
			r.Segments = append(r.Segments, old.Name)
		} else {
			r.Dropped = append(r.Dropped, old.Name)
		}
		replaced = append(replaced, old.Name)
		delete(m.tombstones, old.Name)
		segments = append(segments, rebuilt...)
	}
	m.Segments = segments
	if s.incomplete {
		if err := db.buryTwins(ctx, m); err != nil {
			return err
		}
	}
	if !s.fresh {
		if err := l.files(func(f FileRecord) error { s.files = append(s.files, f); return nil }); err != nil {
			return err
		}
	}
	if len(r.Lost) > 0 {
		if r.Files, err = db.lostFiles(ctx, m, s.files); err != nil {
			return err
		}
		lookAgain(s.files)
	}
	// As copies, before a commit makes the files obsolete: from then on the next writer removes them.
	for _, name := range replaced {
		if err := db.keep(filepath.Join(db.dir, name)); err != nil {
			return err
		}
	}
	switch {
	case s.fresh:
		r.Manifest = true
		if err := db.replaceLedger(l, m, s.files); err != nil {
			return err
		}
	case len(replaced) > 0:
		m.Generation++
		if err := l.commit(m, s.files); err != nil {
			return err
		}
	}
	for _, name := range replaced {
		_ = db.fs.Remove(filepath.Join(db.dir, name)) // else the next writer does: nothing names it any more
	}
	if s.seal != "" {
		if err := db.fs.Remove(s.seal); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return errors.Join(db.fs.SyncDir(db.dir), db.sealPages())
}

// damagedSegment checks a segment in full, with a report of its own.
func (db *DB) damagedSegment(ctx context.Context, s segmentRecord, m *manifest, probe *Report) (bool, error) {
	f := openSegment(db.fs, db.dir, s)
	if _, ok := errors.AsType[*segment.VersionError](f.err); ok {
		return false, f.err
	}
	probe.checkSegment(ctx, f, s, m)
	probe.at(s, 1)
	if f.file != nil {
		_ = f.file.Close() // only read
	}
	return len(probe.Problems) > 0, ctx.Err()
}

// rebuildBytes bounds what a rebuild holds in memory: beyond it the rest goes to another segment.
const rebuildBytes = 128 << 20

// rebuild writes a segment anew from the documents of a damaged one, into one new segment or, if it is large, several.
// sure is false when documents may be in it that were deleted or replaced.
func (db *DB) rebuild(ctx context.Context, old segmentRecord, m *manifest, o RepairOptions, r *Repaired) (rebuilt []segmentRecord, sure bool, err error) {
	w := &rebuilder{db: db, m: m, o: o, r: r, path: filepath.Join(db.dir, old.Name)}
	w.build = builder{settings: &m.Settings, threads: db.threads, newest: segmentNumber(old.Name)}
	if w.build.analyzer, err = analysis.New(m.Settings.Analyzer); err != nil {
		return nil, false, err
	}
	file, err := segment.OpenDamaged(db.fs, w.path, filepath.Join(db.dir, healName), segment.Info{Size: old.Size, Checksum: old.Checksum})
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = file.Close() }() // only read, and a copy that the next sweep removes
	w.vectors = func(int, int) []float32 { return nil }
	if file.File != nil {
		if h, err := readHead(file.File); err == nil {
			w.build.newest = cmp.Or(h.Newest, w.build.newest)
			if old.Rows == 0 { // it is not in a manifest
				old.Docs, old.Rows = h.Docs, h.Rows
			}
		}
	}
	live := liveRows(old.Rows, m.tombstones[old.Name])
	documents := scanDocs(file.Scan, old)
	if file.File != nil {
		if docs, err := openDocs(file.File, old.Docs, old.Rows); err == nil {
			docs.restoreTable()
			documents = docs.salvage(&r.Lost, w.path, file.File)
		}
		w.vectors = salvageVectors(file.File, &m.Settings, old.Rows)
	}
	w.docs = old.Docs
	w.build.linked = func(done, total int) { w.tell(float64(done) / float64(max(total, 1))) }
	met := 0
	sure = true
	for doc, d := range documents {
		met++
		w.met = min(met, old.Docs)
		w.tell(0)
		if live != nil && d.first >= 0 && !live.Contains(d.first) {
			continue
		}
		if live != nil && d.first < 0 {
			sure = false
			r.Lost = append(r.Lost, fmt.Sprintf("document %d of %s, %q: whether it was deleted is not known any more; it is kept", doc, w.path, d.doc.ID))
		}
		if err := w.add(ctx, doc, d); err != nil {
			return nil, false, err
		}
	}
	if old.Rows == 0 {
		r.Lost = append(r.Lost, fmt.Sprintf("how many documents %s held is not known any more; %d were found: %v", w.path, met, file.Err))
	}
	if file.File == nil && met < old.Docs {
		r.Lost = append(r.Lost, fmt.Sprintf("%d of %d documents of %s: %v", old.Docs-met, old.Docs, w.path, file.Err))
	}
	if err := w.flush(ctx); err != nil {
		return nil, false, err
	}
	w.met = old.Docs // those that are lost, too
	w.tell(0)
	return w.rebuilt, sure, nil
}

// rebuilder collects documents into new segments.
type rebuilder struct {
	db      *DB
	m       *manifest
	o       RepairOptions
	r       *Repaired
	path    string // of the damaged segment
	build   builder
	vectors func(first, n int) []float32
	embed   Embedder
	entries []Entry
	fresh   []Entry          // that follow, some without vectors
	numbers []int            // of them in the damaged segment
	waiting []document.Chunk // passages of fresh that have no vectors
	bytes   int              // about what entries take
	rebuilt []segmentRecord
	docs    int   // in the damaged segment
	met     int   // of them
	told    int64 // to Progress
}

// tell reports progress. A document that was read waits for its segment, whose graph takes longer than reading: it counts by
// half until then. linked is the share of the vectors that are in the graph.
func (w *rebuilder) tell(linked float64) {
	if w.o.Progress == nil || w.docs == 0 {
		return
	}
	waiting := float64(len(w.entries) + len(w.fresh))
	// Never back: documents may be found that the segment does not count.
	w.told = max(w.told, int64(float64(w.met)-waiting/2*(1-linked)))
	w.o.Progress(Progress{"rebuild", w.told, int64(w.docs)})
}

// embedAtOnce is how many passages wait before they are encoded together.
const embedAtOnce = 256

// add takes a document over, with its vectors, or to get new ones.
func (w *rebuilder) add(ctx context.Context, doc int, d saved) error {
	e := Entry{Document: d.doc, Chunks: d.chunks, Truncated: d.truncated}
	if w.m.Settings.Dim > 0 {
		if e.Vectors = w.vectors(d.first, len(d.chunks)); e.Vectors == nil {
			if w.embed == nil && w.o.Embed != nil {
				var err error
				if w.embed, err = w.o.Embed(w.m.Settings); err != nil {
					return err
				}
			}
			if w.embed == nil {
				w.r.Lost = append(w.r.Lost, fmt.Sprintf("document %d of %s, %q: its vectors are damaged and there is no model to make them anew", doc, w.path, d.doc.ID))
				return nil
			}
			w.waiting = append(w.waiting, d.chunks...)
		}
	}
	w.fresh, w.numbers = append(w.fresh, e), append(w.numbers, doc)
	w.bytes += len(e.Document.Text) + 4*w.m.Settings.Dim*len(d.chunks)
	switch {
	case w.bytes > rebuildBytes:
		return w.flush(ctx)
	case len(w.waiting) >= embedAtOnce:
		return w.encode(ctx)
	}
	return nil
}

// encode gives the documents that came since the last call the vectors they wait for, and tests what they are.
func (w *rebuilder) encode(ctx context.Context) error {
	dim := w.m.Settings.Dim
	var vectors []float32
	if len(w.waiting) > 0 {
		var err error
		if vectors, err = w.embed(ctx, w.waiting); err != nil {
			return err
		}
		if len(vectors) != len(w.waiting)*dim {
			return fmt.Errorf("the encoder gave %d numbers for %d passages of dimension %d", len(vectors), len(w.waiting), dim)
		}
		w.r.Embedded += len(w.waiting)
	}
	for i, e := range w.fresh {
		if dim > 0 && e.Vectors == nil {
			n := len(e.Chunks) * dim
			e.Vectors, vectors = vectors[:n:n], vectors[n:]
		}
		if err := checkEntry(&e, dim); err != nil {
			w.r.Lost = append(w.r.Lost, fmt.Sprintf("document %d of %s: %v", w.numbers[i], w.path, err))
			continue
		}
		w.entries = append(w.entries, e)
	}
	w.waiting, w.fresh, w.numbers = nil, nil, nil
	return nil
}

// flush writes what was collected.
func (w *rebuilder) flush(ctx context.Context) error {
	if err := w.encode(ctx); err != nil {
		return err
	}
	if len(w.entries) == 0 {
		return nil
	}
	p, err := w.db.newSegment(w.m, len(w.entries), func(s segment.SectionWriter) (int, error) { return w.build.write(ctx, s, w.entries) })
	if err != nil {
		return err
	}
	w.r.Kept += len(w.entries)
	w.rebuilt = append(w.rebuilt, p.record)
	w.entries, w.bytes = nil, 0
	p.retain()
	return p.release()
}
