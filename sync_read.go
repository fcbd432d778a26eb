// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/index"
)

// fail reports a problem for which a file is to be read again in the next run, so that it is named again.
func (s *syncing) fail(key string, p document.Problem) {
	s.bad[key] = true
	p.Failure = true
	s.problem(p)
}

// read brings one file up to date.
func (s *syncing) read(ctx context.Context, f document.File) error {
	key := s.key(f.Path)
	if p, large := document.TooLarge(f, s.Load); large { // before its bytes are looked at
		s.fail(key, p)
		return s.leave(ctx, index.FileRecord{Path: key, Size: f.Size, ModTime: f.ModTime, Hash: incomplete})
	}
	hash, err := document.Hash(ctx, f.Path)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		s.standing[key] = kept
		s.fail(key, f.Problem(err))
		return nil
	}
	record := index.FileRecord{Path: key, Size: f.Size, ModTime: f.ModTime, Hash: hash}
	old, known := s.known[key]
	if known && old.Hash == hash && !s.Again && !(f.Named && old.Docs == 0) {
		if err := s.redate(key, f.ModTime); err != nil {
			return err
		}
		record.Docs = old.Docs
		s.change.Files = append(s.change.Files, record)
		s.standing[key] = kept
		s.report.Unchanged++
		return s.flushIfFull(ctx)
	}
	if !known && !s.Again {
		if from, ok := s.source(hash, key); ok {
			return s.rename(ctx, from, record)
		}
	}
	before := tracesOf(old.Hash, hash)
	if s.Again {
		before = nil
	}
	start, left, invalid := s.state.Bytes, f.Size, 0
	emptied := false // it had text
	problems, err := document.Read(ctx, f, s.Load, func(d document.Document) error {
		d.Source.Path = key
		if rest, ok := below(d.ID, document.PathID(f.Path)); ok {
			d.ID = key + rest
		}
		if strings.TrimSpace(d.Text) == "" { // nothing to find
			var err error
			emptied, err = s.noText(ctx, &d, f.Path)
			return err
		}
		left = max(0, left-int64(len(d.Text)+len(d.Title)))
		s.state.Bytes = start + f.Size - left
		invalid += d.InvalidBytes
		placed, err := s.add(ctx, d, f, before)
		if placed {
			record.Docs++
		}
		return err
	})
	whole := !emptied // the file was read to its end, but for single rows
	for _, p := range problems {
		if p.Failure {
			s.fail(key, p)
		} else {
			s.problem(p)
		}
		whole = whole && (p.Line > 0 || p.Kind == document.ProblemRow)
		switch {
		case p.Line > 0:
			s.refuse(&document.Document{Source: document.Source{Path: key, Line: p.Line}})
		case p.Kind != document.ProblemRow: // further bad rows, which are bad again while the file has this content
			record.Hash = incomplete // what it would have given is not known
		}
	}
	if err != nil {
		return err
	}
	if invalid > 0 && s.Invalid != nil {
		s.Invalid(f.Path, invalid)
	}
	if !whole {
		return s.leave(ctx, record)
	}
	s.standing[key] = done
	if known {
		if err := s.dropRows(ctx, key); err != nil {
			return err
		}
	}
	s.change.Files = append(s.change.Files, record)
	return s.flushIfFull(ctx)
}

// leave ends with a file that could not be read, or not to its end: half saved, on a failing disk, no text any more. What it had
// is worth more than nothing. It is read again in the next run.
func (s *syncing) leave(ctx context.Context, record index.FileRecord) error {
	key := record.Path
	n, err := s.has(ctx, key)
	if err != nil {
		return err
	}
	s.bad[key], s.standing[key] = true, kept
	record.Docs = max(record.Docs, n)
	_, known := s.known[key]
	switch {
	case record.Docs > 0 || len(s.refused[key]) > 0:
	case known:
		record = index.FileRecord{Path: key} // the index has nothing of it
	default:
		return nil
	}
	s.change.Files = append(s.change.Files, record)
	return s.flushIfFull(ctx)
}

// below takes the path of a file off the id of a document in it; ok is false for ids that rows gave themselves.
func below(id, path string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(id, path)
	return rest, ok && (rest == "" || rest[0] == '#')
}

// noText points out a file, not a row, of a kind that is seldom empty: a PDF file may hold pictures of pages. had is true if the index has text of
// it, which is worth more than nothing: the file may be half saved.
func (s *syncing) noText(ctx context.Context, d *document.Document, path string) (had bool, err error) {
	if ext, _ := d.Meta["ext"].(string); d.Source.Line > 0 || !slices.Contains([]string{"pdf", "docx", "html", "htm"}, ext) {
		return false, nil
	}
	n, err := s.has(ctx, d.Source.Path)
	if err != nil {
		return false, err
	}
	p := document.Problem{Path: path, Kind: document.ProblemEmpty, Err: errors.New("no text in it")}
	if n == 0 {
		s.problem(p)
		return false, nil
	}
	p.Err = fmt.Errorf("no text in it any more; its former text stays until it has some or is deleted: winnow delete %s", d.ID)
	s.fail(d.Source.Path, p)
	return true, nil
}

// add puts a document into the batch, unless it is in the index as it is. placed is false if its id is another document's, if there
// is nothing to find in it, or if it was deleted: the file was read before as it is now, which is when before is not nil, and the document was not refused then.
func (s *syncing) add(ctx context.Context, d document.Document, f document.File, before map[string]bool) (placed bool, err error) {
	snapshot, err := s.db.Snapshot()
	if err != nil {
		return false, err
	}
	defer snapshot.Release()
	old, err := snapshot.Get(d.ID)
	if err != nil {
		return false, err
	}
	missing := old == nil || old.Source.Path == d.Source.Path && old.Source.Line != d.Source.Line
	if missing && deleted(&d, before) {
		return false, nil
	}
	var fresh index.Entry
	isFresh := old == nil || s.Again || !sameDocument(old, &d, f.ModTime)
	if isFresh {
		if fresh, err = s.entry(d); err != nil || len(fresh.Chunks) == 0 { // nothing to find, as in front matter alone
			return false, err
		}
	}
	if !s.place(&d, f.Path, old) {
		return false, nil
	}
	switch {
	case old == nil:
		s.put(fresh, &s.report.Added)
	case isFresh:
		s.put(fresh, &s.report.Updated)
	case old.Source == d.Source && (d.Source.Line > 0 || old.Meta[modified] == d.Meta[modified]):
		s.report.Same++
	default: // A row that stands on another line now, or in another file, or a file of another time: what was encoded stays.
		e, err := snapshot.Entry(d.ID)
		if err != nil {
			return false, err
		}
		e.Document.Source, e.Document.Meta = d.Source, d.Meta
		s.move(*e, &s.report.Same)
	}
	return true, s.flushPart(ctx, d.Source.Path)
}

// place gives a document its id, unless another document has it, which is a problem with the path. old is what the index has
// under the id.
func (s *syncing) place(d *document.Document, path string, old *document.Document) bool {
	id, key := d.ID, d.Source.Path
	former := "" // another file that had it
	if old != nil && old.Source.Path != key {
		former = old.Source.Path
	}
	var taken error
	switch owner, twice := s.ids[id]; {
	case twice && owner == key:
		taken = fmt.Errorf("the id %q is taken by another document: the first is kept", id)
	case twice:
		taken = fmt.Errorf("the id %q is taken by a document of %s, which came first", id, owner)
	case former != "" && s.holds(former):
		taken = fmt.Errorf("the id %q is taken by a document of %s, which is kept", id, former)
	}
	if taken != nil {
		s.refuse(d)
		s.fail(key, document.Problem{Path: path, Line: d.Source.Line, Kind: document.ProblemDuplicate, Err: taken})
		return false
	}
	if _, ok := s.known[former]; ok {
		// It is read again in this run, or in the next that comes across it. Should it have the id still, that is named then.
		s.open(former)
	}
	s.ids[id] = key
	if s.drop[id] {
		s.report.Removed--
	}
	delete(s.drop, id)
	return true
}

// holds reports whether a file has the documents that the index has of it: it was found unchanged or cannot be read, or it lies
// there as it was read, and is no part of this run or read again later in it.
func (s *syncing) holds(key string) bool {
	switch s.standing[key] {
	case kept:
		return true
	case waiting:
		return s.stands(key)
	case unseen:
		s.standing[key] = elsewhere
		if s.stands(key) {
			s.standing[key] = kept
		}
	}
	return s.standing[key] == kept
}

// stands reports whether a file has the size and time that it had when it was read.
func (s *syncing) stands(key string) bool {
	info, err := os.Stat(s.path(key))
	r, known := s.known[key]
	return known && err == nil && info.Mode().IsRegular() && info.Size() == r.Size && info.ModTime().Equal(r.ModTime)
}

// modified is the metadata that says when a document's file was changed.
const modified = "modified"

// redate gives the document of a file that was only touched the file's time. Rows keep theirs, or all of them would be written anew.
func (s *syncing) redate(key string, t time.Time) error {
	snapshot, err := s.db.Snapshot()
	if err != nil {
		return err
	}
	defer snapshot.Release()
	e, err := snapshot.Entry(key)
	if err != nil || e == nil || e.Document.Source != (document.Source{Path: key}) {
		return err
	}
	if date(&e.Document, t) {
		s.move(*e, nil)
	}
	return nil
}

// date gives a document that is a whole file the file's time. changed is false if it has that already.
func date(d *document.Document, t time.Time) (changed bool) {
	if now := document.Modified(t); d.Source.Line == 0 && d.Meta[modified] != any(now) {
		d.Meta = maps.Clone(d.Meta)
		if d.Meta == nil {
			d.Meta = map[string]any{}
		}
		d.Meta[modified] = now
		return true
	}
	return false
}

// sameDocument compares what is found. The time of the file's change is left out, or every row of it would change, and so is the
// place of a row. A time that a row gives itself counts.
func sameDocument(old, d *document.Document, file time.Time) bool {
	before, now := steady(old.Meta), steady(d.Meta)
	if own := d.Meta[modified]; d.Source.Line > 0 && own != any(document.Modified(file)) {
		before[modified], now[modified] = old.Meta[modified], own
	}
	return old.Text == d.Text && old.Title == d.Title && old.Format == d.Format && reflect.DeepEqual(before, now)
}

func steady(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		if k != modified {
			out[k] = v
		}
	}
	return out
}

// dropRows deletes the documents of a file that it does not give any more, nor another one.
func (s *syncing) dropRows(ctx context.Context, key string) error {
	return s.eachOf(ctx, key, func(e index.Entry) error {
		id := e.Document.ID
		if _, placed := s.ids[id]; !placed && !s.drop[id] {
			s.drop[id] = true
			s.report.Removed++
		}
		return nil
	})
}

// has returns the number of documents in the index that came from a file.
func (s *syncing) has(ctx context.Context, key string) (int, error) {
	snapshot, err := s.db.Snapshot()
	if err != nil {
		return 0, err
	}
	defer snapshot.Release()
	sel, err := snapshot.FromFile(ctx, key)
	if err != nil {
		return 0, err
	}
	return sel.Docs, nil
}

// eachOf calls f with the documents that came from a file.
func (s *syncing) eachOf(ctx context.Context, key string, f func(index.Entry) error) error {
	snapshot, err := s.db.Snapshot()
	if err != nil {
		return err
	}
	defer snapshot.Release()
	sel, err := snapshot.FromFile(ctx, key)
	if err != nil || sel.Count == 0 {
		return err
	}
	return snapshot.Entries(ctx, sel, f)
}

// source finds a vanished file with the same content and extension, from which a new one may have been renamed, and takes it
// off the list. None of its documents may have gone elsewhere.
func (s *syncing) source(hash, key string) (string, bool) {
	for i, from := range s.gone[hash] {
		if s.known[from].Hash == hash && kindOf(from) == kindOf(key) {
			s.gone[hash] = slices.Delete(s.gone[hash], i, i+1)
			return from, true
		}
	}
	return "", false
}

// kindOf is what says how a file is read.
func kindOf(key string) string {
	inner, packed := strings.CutSuffix(strings.ToLower(key), ".gz")
	return fmt.Sprint(filepath.Ext(inner), packed)
}

// rename moves the documents of a vanished file to one with the same content. Their vectors stay.
func (s *syncing) rename(ctx context.Context, from string, record index.FileRecord) error {
	key := record.Path
	s.open(from) // a part of it may be made durable before the rest
	err := s.eachOf(ctx, from, func(e index.Entry) error {
		if rest, ok := below(e.Document.ID, from); ok {
			if _, placed := s.ids[e.Document.ID]; !placed {
				s.drop[e.Document.ID] = false
			}
			e.Document.ID = key + rest
		}
		snapshot, err := s.db.Snapshot()
		if err != nil {
			return err
		}
		defer snapshot.Release()
		old, err := snapshot.Get(e.Document.ID)
		e.Document.Source.Path = key
		date(&e.Document, record.ModTime)
		if err != nil || !s.place(&e.Document, key, old) {
			return err
		}
		record.Docs++
		s.move(e, nil)
		return s.flushPart(ctx, key)
	})
	if err != nil {
		return err
	}
	s.change.Files = append(s.change.Files, index.FileRecord{Path: from}, record)
	delete(s.known, from)
	s.standing[key] = done
	s.report.Renamed++
	return s.flushIfFull(ctx)
}
