// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/vfs"
)

// Report is what [Check] found.
type Report struct {
	Segments  int     // checked
	Documents int     // that are not deleted
	Rows      int     // passages that are not deleted
	Bytes     int64   // of all segments
	Problems  []error // what is wrong; most are a *segment.CorruptionError with file and offset
	Notes     []string

	seen map[string]bool // ids of live documents

	progress func(Progress) // may be nil
	before   int64          // bytes of the segments that were checked
	all      int64          // bytes of all segments to check
}

// Progress is how far a check, a repair or a deletion is.
type Progress struct {
	Phase       string // check: bytes of segments are counted; rebuild: documents of one segment; delete: documents
	Done, Total int64
}

// at tells that a share of a segment is checked.
func (r *Report) at(s segmentRecord, share float64) {
	if r.progress != nil {
		r.progress(Progress{"check", r.before + int64(share*float64(s.Size)), r.all})
	}
}

func sizeOf(segments []segmentRecord) (bytes int64) {
	for _, s := range segments {
		bytes += s.Size
	}
	return bytes
}

// Check reads every byte of an index and tests every promise of its formats: checksums, ranges, orders, reachability of
// every graph node, documents against ids, rows and columns. It changes nothing and can run beside a writer. The error is
// for what kept it from checking; what it found is in the report.
func Check(ctx context.Context, dir string, o Options) (*Report, error) {
	o.Write = false
	db := newDB(dir, o)
	r := &Report{seen: map[string]bool{}, progress: o.Progress}
	if orphaned(db.fs, dir) {
		r.add(missingLedger(dir))
		return r, nil
	}
	if !Exists(dir) {
		return nil, fmt.Errorf("%w: %s", ErrNoIndex, dir)
	}
	l := newBoltLedger(db.fs, dir)
	m, files, err := db.openFiles(l)
	if err != nil {
		if _, ok := errors.AsType[*VersionError](err); ok {
			return nil, err
		}
		r.add(err)
		err = r.checkLedger(ctx, db, l) // may say more exactly where
		return r, err
	}
	defer func() {
		for _, f := range files {
			if f.file != nil {
				_ = f.file.Close() // only read
			}
		}
	}()
	if err := m.Settings.checkTerms(); err != nil {
		return nil, fmt.Errorf("index %s: %w", dir, err)
	}
	if err := r.checkLedger(ctx, db, l); err != nil {
		return r, err
	}
	r.all = sizeOf(m.Segments)
	for i, s := range m.Segments {
		if err := canceled(ctx, "check"); err != nil {
			return r, err
		}
		r.checkSegment(ctx, files[i], s, m)
		r.at(s, 1)
		r.before += s.Size
	}
	r.leftovers(db.fs, dir, m)
	return r, canceled(ctx, "check")
}

// opened is a segment's file, or what kept it from being opened.
type opened struct {
	file *segment.File
	err  error
}

// openFiles opens the files of all segments. If one is missing because a writer has merged it meanwhile, there is a newer
// manifest.
func (db *DB) openFiles(l *boltLedger) (*manifest, []opened, error) {
	for last := uint64(0); ; {
		m, err := l.load()
		if err != nil {
			return nil, nil, err
		}
		files := make([]opened, len(m.Segments))
		missing := false
		for i, s := range m.Segments {
			files[i] = openSegment(db.fs, db.dir, s)
			missing = missing || errors.Is(files[i].err, fs.ErrNotExist)
		}
		if !missing || m.Generation == last {
			return m, files, nil
		}
		for _, f := range files {
			if f.file != nil {
				_ = f.file.Close() // only opened
			}
		}
		last = m.Generation
	}
}

func openSegment(files vfs.FS, dir string, s segmentRecord) opened {
	path := filepath.Join(dir, s.Name)
	f, err := segment.OpenExpected(files, path, segment.Info{Size: s.Size, Checksum: s.Checksum})
	if errors.Is(err, fs.ErrNotExist) {
		err = &segment.CorruptionError{File: s.Name, Err: fmt.Errorf("the segment is missing: %w", err)}
	}
	return opened{f, err}
}

// checkLedger checks index.db.
func (r *Report) checkLedger(ctx context.Context, db *DB, l *boltLedger) error {
	r.add(l.readTree((*tree).all))
	r.add(l.files(func(FileRecord) error { return ctx.Err() }))
	seal, err := db.checkPageSums(ctx, l)
	if ctx.Err() != nil {
		return err
	}
	r.add(err)
	r.add(seal.damaged)
	r.Problems = append(r.Problems, seal.problems...)
	if !seal.found && err == nil && seal.damaged == nil {
		r.Notes = append(r.Notes, ledgerName+" was not closed since its last commit, so its unused pages are not checked; the next writer that closes makes up for it")
	}
	return nil
}

// add enters a problem, once: what keeps index.db from being opened keeps every check of it from beginning.
func (r *Report) add(err error) {
	if err != nil && !slices.ContainsFunc(r.Problems, func(p error) bool { return p.Error() == err.Error() }) {
		r.Problems = append(r.Problems, err)
	}
}

// leftovers notes files that no manifest names.
func (r *Report) leftovers(fs vfs.FS, dir string, m *manifest) {
	names, err := fs.List(dir)
	if err != nil {
		r.add(err)
		return
	}
	for _, name := range names {
		if isSegmentName(name) && !containsSegment(m.Segments, name) {
			r.Notes = append(r.Notes, filepath.Join(dir, name)+" belongs to no commit: being written, or left by a crash; the next writer removes it")
		}
	}
}

// checkSegment checks one segment in full.
func (r *Report) checkSegment(ctx context.Context, f opened, record segmentRecord, m *manifest) {
	r.Segments++
	r.Bytes += record.Size
	if f.err != nil {
		r.add(f.err)
		return
	}
	read := func(bytes int64) { r.at(record, float64(bytes)/float64(2*record.Size)) }
	if bad := f.file.VerifyAll(ctx, read); bad != nil {
		r.add(bad)
		return // what follows would find the same again
	}
	p, err := newPart(f.file, record, &m.Settings)
	if err != nil {
		r.add(err)
		return
	}
	steps := checkSteps{r: r, record: record, sections: f.file.Sections()}
	r.add(p.lexical.Check(ctx, steps.next("lex.")))
	columns := steps.next("col.")
	r.add(p.columns.Check(ctx))
	columns(1, 1)
	if vectors := steps.next("vec."); p.vectors != nil {
		r.add(p.vectors.Check(ctx, vectors))
	}
	live := liveRows(record.Rows, m.tombstones[record.Name])
	met, documents := 0, steps.next("doc.")
	docs, err := p.checkDocs(ctx, r.seen, func(first int) bool {
		if met++; met%256 == 0 {
			documents(met, record.Docs)
		}
		return live == nil || live.Contains(first)
	})
	r.add(err)
	r.Documents += docs
	if live == nil {
		r.Rows += record.Rows
	} else {
		r.Rows += live.Count()
	}
}

// checkSteps tell how far the second half of a segment's check is: every byte is read for its checksum, and then once more
// for what it says. Each step counts as much as its sections are large.
type checkSteps struct {
	r        *Report
	record   segmentRecord
	sections []*segment.Section
	before   int64 // bytes of the steps before
}

// next begins with the sections whose names begin with prefix.
func (s *checkSteps) next(prefix string) func(done, total int) {
	from, size := s.before, int64(0)
	for _, x := range s.sections {
		if strings.HasPrefix(x.Name(), prefix) {
			size += int64(x.Len())
		}
	}
	s.before += size
	return func(done, total int) {
		read := float64(from) + float64(size)*float64(done)/float64(max(total, 1))
		s.r.at(s.record, 0.5+read/float64(2*s.record.Size))
	}
}

// checkDocs reads every document, finds it by its id, and counts those whose first row is live. seen has the ids of live
// documents in all segments.
func (p *part) checkDocs(ctx context.Context, seen map[string]bool, live func(firstRow int) bool) (count int, err error) {
	d := p.docs.reader()
	row := 0
	for doc := range d.docs {
		if err := canceled(ctx, "check"); err != nil {
			return count, err
		}
		first, err := d.firstRow(doc)
		if err != nil {
			return count, err
		}
		if first != row {
			return count, d.rowStarts.Corrupt(4*doc, fmt.Errorf("document %d begins with row %d, expected %d", doc, first, row))
		}
		s, err := d.read(doc)
		if err != nil {
			return count, err
		}
		row += len(s.chunks)
		found, err := d.find(s.doc.ID)
		if err != nil {
			return count, err
		}
		if !slices.Contains(found, doc) {
			return count, d.ids.Corrupt(0, fmt.Errorf("document %d, %q, is not in the table of ids", doc, s.doc.ID))
		}
		if live(first) {
			if seen[s.doc.ID] {
				return count, d.ids.Corrupt(0, fmt.Errorf("two live documents have the id %q", s.doc.ID))
			}
			seen[s.doc.ID] = true
			count++
		}
	}
	if row != d.rows {
		return count, d.rowStarts.Corrupt(4*d.docs, fmt.Errorf("%d rows, expected %d", row, d.rows))
	}
	for i := 1; i < d.docs; i++ {
		ids := d.ids.Bytes()
		if binary.LittleEndian.Uint64(ids[(i-1)*idEntry:]) > binary.LittleEndian.Uint64(ids[i*idEntry:]) {
			return count, d.ids.Corrupt(i*idEntry, errors.New("hashes are not in order"))
		}
	}
	return count, nil
}
