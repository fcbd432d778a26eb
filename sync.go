// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/index"
)

// SyncOptions set how files are brought into an index.
type SyncOptions struct {
	Load document.LoadOptions
	// Again reads every file, even those that look unchanged.
	Again bool
	// Problem is told what was skipped and why; may be nil.
	Problem func(document.Problem)
	// Progress is told how far it is, from one goroutine; may be nil.
	Progress func(SyncProgress)
}

// SyncProgress is how far a sync is.
type SyncProgress struct {
	Phase    string // scan, index or merge
	Files    int    // looked at
	Total    int    // files to look at; 0 while it is not known
	Bytes    int64  // of the files done that had to be read, and about as many as are done of the current one
	AllBytes int64  // of all files that have to be read
	Passages int    // encoded and safe
	Current  string // the file
	// Merging are the vectors linked and all, in the phase merge.
	Merged, Merging int
}

// SyncReport says what a sync did.
type SyncReport struct {
	Files     int `json:"files"`     // looked at
	Unchanged int `json:"unchanged"` // of them, that were not read again
	Renamed   int `json:"renamed"`   // of them, known under another name
	Added     int `json:"added"`     // documents
	Updated   int `json:"updated"`   // documents
	Removed   int `json:"removed"`   // documents that were gone from their files, or their files were
	Same      int `json:"same"`      // documents of changed files that had not changed
	Passages  int `json:"passages"`  // encoded
	Failures  int `json:"failures"`  // files and rows that could not be read though they should have been
	Skipped   int `json:"skipped"`   // files that are no text, too large, or links
}

// How much is made durable at once: whichever bound is met first. A kill loses at most that much work.
const (
	syncText = 256 << 10 // bytes of text: some seconds of encoding
	syncDocs = 1024
	syncTime = 5 * time.Second
)

// Sync brings files and folders into the index: new and changed files are
// read, documents of files that are gone are removed, files that were only
// renamed are not encoded again. What is done is durable step by step; a sync
// that was stopped goes on where it was.
//
// Paths below the directory that holds the index directory are kept relative to
// it, others absolute: they are the ids of documents. In memory they stay as given.
func (e *Engine) Sync(ctx context.Context, paths []string, o SyncOptions) (SyncReport, error) {
	s := &syncing{Engine: e, SyncOptions: o, known: map[string]index.FileRecord{}, seen: map[string]bool{}, ids: map[string]bool{}}
	if err := s.scan(ctx, paths); err != nil {
		return s.report, err
	}
	if err := s.readAll(ctx); err != nil {
		return s.report, errors.Join(err, s.settle())
	}
	if err := s.forget(ctx); err != nil {
		return s.report, errors.Join(err, s.settle())
	}
	if err := s.settle(); err != nil {
		return s.report, err
	}
	if e.db.Dir() == "" {
		return s.report, nil
	}
	return s.report, e.db.Merge(ctx, index.MergeOptions{Progress: func(done, total int) {
		s.state.Phase, s.state.Merged, s.state.Merging = "merge", done, total
		s.tell()
	}})
}

// syncing is one sync on its way.
type syncing struct {
	*Engine
	SyncOptions
	report SyncReport
	state  SyncProgress
	known  map[string]index.FileRecord // what the index says of files
	seen   map[string]bool             // keys of the files that are there
	ids    map[string]bool             // ids that rows gave themselves, in this run
	todo   []document.File
	gone   map[string]string // hash of vanished files: their key
	lost   []string          // keys of vanished files

	batch  Change
	text   int // bytes in the batch
	began  time.Time
	merger sync.WaitGroup
	failed chan error // of the background merge
}

func (s *syncing) tell() {
	if s.Progress != nil {
		s.Progress(s.state)
	}
}

func (s *syncing) problem(p document.Problem) {
	if p.Failure {
		s.report.Failures++
	} else {
		s.report.Skipped++
	}
	if s.Problem != nil {
		s.Problem(p)
	}
}

// key is the name that a path has in the index.
func (e *Engine) key(path string) string {
	if e.db.Dir() == "" {
		return filepath.ToSlash(path)
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return filepath.ToSlash(path)
	}
	base, err := filepath.Abs(filepath.Dir(filepath.Clean(e.db.Dir())))
	if err != nil {
		return filepath.ToSlash(full)
	}
	if rel, err := filepath.Rel(base, full); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(full)
}

// scan walks the paths and finds out which files have to be read and which are gone.
func (s *syncing) scan(ctx context.Context, paths []string) error {
	s.state.Phase = "scan"
	err := s.db.Files(func(f index.FileRecord) error {
		s.known[f.Path] = f
		return nil
	})
	if err != nil {
		return err
	}
	var unsure []string // below these something may be there that was not seen
	err = document.Walk(ctx, paths, s.Load.Walk, func(f document.File) error {
		key := s.key(f.Path)
		s.seen[key] = true
		s.report.Files++
		s.state.Files, s.state.Current = s.report.Files, f.Path
		if s.report.Files%256 == 0 {
			s.tell()
		}
		r, ok := s.known[key]
		if ok && !s.Again && r.Size == f.Size && r.ModTime.Equal(f.ModTime) && r.Hash != incomplete {
			s.report.Unchanged++
			return nil
		}
		s.todo = append(s.todo, f)
		s.state.AllBytes += f.Size
		return nil
	}, func(p document.Problem) {
		unsure = append(unsure, s.key(p.Path))
		s.problem(p)
	})
	if err != nil {
		return err
	}
	s.gone = map[string]string{}
	var roots []string
	for _, p := range paths {
		if info, err := os.Stat(p); err == nil && info.IsDir() {
			roots = append(roots, s.key(p))
		}
	}
	for key, r := range s.known {
		if s.seen[key] || !inside(key, roots) || inside(key, unsure) {
			continue
		}
		s.lost = append(s.lost, key)
		s.gone[r.Hash] = key
	}
	s.state.Total, s.state.Files = len(s.todo), 0
	return nil
}

// inside reports whether a key is one of the others or below it.
func inside(key string, of []string) bool {
	for _, o := range of {
		if key == o || o == "." && !filepath.IsAbs(key) || strings.HasPrefix(key, strings.TrimSuffix(o, "/")+"/") {
			return true
		}
	}
	return false
}

// incomplete stands for the hash of a file that is in the index in part.
const incomplete = "incomplete"

// readAll reads the files that have changed.
func (s *syncing) readAll(ctx context.Context) error {
	s.state.Phase = "index"
	s.began = time.Now()
	var done int64
	for _, f := range s.todo {
		s.state.Current, s.state.Bytes = f.Path, done
		s.tell()
		if err := s.read(ctx, f); err != nil {
			return err
		}
		s.state.Files++
		done += f.Size
	}
	s.state.Bytes = done
	return s.flush(ctx)
}

// read brings one file up to date.
func (s *syncing) read(ctx context.Context, f document.File) error {
	key := s.key(f.Path)
	hash, err := document.Hash(ctx, f.Path)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		s.problem(document.Problem{Path: f.Path, Kind: document.ProblemRead, Err: err, Failure: true})
		return nil
	}
	record := index.FileRecord{Path: key, Size: f.Size, ModTime: f.ModTime, Hash: hash}
	old, known := s.known[key]
	if known && old.Hash == hash && !s.Again {
		record.Docs = old.Docs
		s.batch.Files = append(s.batch.Files, record)
		s.report.Unchanged++
		return nil
	}
	if from, ok := s.gone[hash]; ok && !known && from != "" {
		delete(s.gone, hash)
		return s.rename(ctx, from, record)
	}
	here := map[string]bool{} // ids that the file gives
	start, left, failures := s.state.Bytes, f.Size, s.report.Failures
	problems, err := document.Read(ctx, f, s.Load, func(d document.Document) error {
		own := d.ID != filepath.ToSlash(f.Path)
		d.Source.Path = key
		if rest, ok := strings.CutPrefix(d.ID, filepath.ToSlash(f.Path)); ok && (rest == "" || rest[0] == '#') {
			d.ID, own = key+rest, false
		}
		if strings.TrimSpace(d.Text) == "" { // nothing to find
			s.noText(&d, f.Path)
			return nil
		}
		if s.taken(d.ID, own, f.Path) {
			return nil
		}
		here[d.ID] = true
		record.Docs++
		left = max(0, left-int64(len(d.Text)+len(d.Title)))
		s.state.Bytes = start + f.Size - left
		return s.add(ctx, d, key)
	})
	for _, p := range problems {
		s.problem(p)
	}
	if err != nil {
		return err
	}
	if known {
		if err := s.dropRows(ctx, key, here); err != nil {
			return err
		}
	}
	if s.report.Failures > failures {
		record.Hash = incomplete // to be named again next time, or read, if something else was in the way
	}
	s.batch.Files = append(s.batch.Files, record)
	return s.flushIfFull(ctx)
}

// noText points out a file of a kind that is seldom empty: a PDF file may hold pictures of pages.
func (s *syncing) noText(d *document.Document, path string) {
	if ext, _ := d.Meta["ext"].(string); slices.Contains([]string{"pdf", "docx", "html", "htm"}, ext) {
		s.problem(document.Problem{Path: path, Kind: document.ProblemEmpty, Err: errors.New("no text in it")})
	}
}

// taken reports, as a problem, an id that another document of this run has.
func (s *syncing) taken(id string, own bool, path string) bool {
	if own && s.ids[id] {
		s.problem(document.Problem{Path: path, Kind: document.ProblemDuplicate, Err: fmt.Errorf("the id %q is taken by another document: the first is kept", id), Failure: true})
		return true
	}
	if own {
		s.ids[id] = true
	}
	return false
}

// add puts a document into the batch, unless it is in the index as it is.
func (s *syncing) add(ctx context.Context, d document.Document, key string) error {
	snapshot, err := s.db.Snapshot()
	if err != nil {
		return err
	}
	defer snapshot.Release()
	old, err := snapshot.Get(d.ID)
	if err != nil {
		return err
	}
	switch {
	case old == nil:
		s.report.Added++
	case old.Source.Path != key && s.seen[old.Source.Path]:
		s.problem(document.Problem{Path: key, Kind: document.ProblemDuplicate, Err: fmt.Errorf("the id %q is taken by a document of %s, which is kept", d.ID, old.Source.Path), Failure: true})
		return nil
	case sameDocument(old, &d) && !s.Again:
		s.report.Same++
		if old.Source == d.Source {
			return nil
		}
		// A row that stands on another line now: what was encoded stays.
		e, err := snapshot.Entry(d.ID)
		if err != nil {
			return err
		}
		e.Document.Source = d.Source
		s.batch.Entries = append(s.batch.Entries, *e)
		return s.flushPart(ctx, key)
	default:
		s.report.Updated++
	}
	s.batch.Add = append(s.batch.Add, d)
	s.text += len(d.Text) + len(d.Title)
	return s.flushPart(ctx, key)
}

// flushPart makes the batch durable if it is full, in the middle of a file.
func (s *syncing) flushPart(ctx context.Context, key string) error {
	if s.text >= syncText || len(s.batch.Add)+len(s.batch.Entries) >= syncDocs {
		if _, ok := s.known[key]; !ok {
			// Of a file in parts, something may have to be removed when it is read again.
			s.batch.Files = append(s.batch.Files, index.FileRecord{Path: key, Hash: incomplete})
			s.known[key] = index.FileRecord{Path: key, Hash: incomplete}
		}
		return s.flush(ctx)
	}
	return nil
}

// sameDocument compares what is found. The time of a file's change is left out, or every row of it would change, and so is the line
// of a row.
func sameDocument(a, b *document.Document) bool {
	return a.Text == b.Text && a.Title == b.Title && a.Format == b.Format && a.Source.Path == b.Source.Path && reflect.DeepEqual(steady(a.Meta), steady(b.Meta))
}

func steady(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		if k != "modified" {
			out[k] = v
		}
	}
	return out
}

// dropRows deletes the documents of a file that it does not give any more.
func (s *syncing) dropRows(ctx context.Context, key string, here map[string]bool) error {
	return s.eachOf(ctx, key, func(e index.Entry) error {
		if !here[e.Document.ID] {
			s.batch.Delete = append(s.batch.Delete, e.Document.ID)
			s.report.Removed++
		}
		return nil
	})
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

// rename moves the documents of a vanished file to one with the same content. Their vectors stay.
func (s *syncing) rename(ctx context.Context, from string, record index.FileRecord) error {
	if err := s.flush(ctx); err != nil {
		return err
	}
	c := index.Change{Files: []index.FileRecord{{Path: from}}}
	err := s.eachOf(ctx, from, func(e index.Entry) error {
		old := e.Document.ID
		if rest, ok := strings.CutPrefix(old, from); ok && (rest == "" || rest[0] == '#') {
			e.Document.ID = record.Path + rest
			c.Delete = append(c.Delete, old)
		}
		e.Document.Source.Path = record.Path
		record.Docs++
		c.Add = append(c.Add, e)
		return nil
	})
	if err != nil {
		return err
	}
	c.Files = append(c.Files, record)
	if _, err := s.db.Apply(ctx, c); err != nil {
		return err
	}
	delete(s.known, from)
	s.report.Renamed++
	return nil
}

// forget removes the documents of files that are gone.
func (s *syncing) forget(ctx context.Context) error {
	for _, key := range s.lost {
		if _, still := s.known[key]; !still {
			continue // renamed
		}
		if err := s.dropRows(ctx, key, nil); err != nil {
			return err
		}
		s.batch.Files = append(s.batch.Files, index.FileRecord{Path: key})
		if err := s.flushIfFull(ctx); err != nil {
			return err
		}
	}
	return s.flush(ctx)
}

func (s *syncing) flushIfFull(ctx context.Context) error {
	if len(s.batch.Files)+len(s.batch.Delete) >= syncDocs || time.Since(s.began) >= syncTime {
		return s.flush(ctx)
	}
	return nil
}

// flush makes the batch durable.
func (s *syncing) flush(ctx context.Context) error {
	c := s.batch
	s.batch, s.text, s.began = Change{}, 0, time.Now()
	if len(c.Add)+len(c.Entries)+len(c.Delete)+len(c.Files) == 0 {
		return ctx.Err()
	}
	applied, err := s.Apply(ctx, c)
	if errors.Is(err, index.ErrEntry) && len(c.Add) > 0 {
		return s.flushOneByOne(ctx, c)
	}
	if err != nil {
		return err
	}
	for i := range c.Entries {
		applied.Rows -= len(c.Entries[i].Chunks) // not encoded now
	}
	s.safe(ctx, applied)
	return nil
}

// flushOneByOne finds the document that a batch was refused for.
func (s *syncing) flushOneByOne(ctx context.Context, c Change) error {
	for _, d := range c.Add {
		applied, err := s.Apply(ctx, Change{Add: []Document{d}})
		switch {
		case errors.Is(err, index.ErrEntry):
			s.problem(document.Problem{Path: d.Source.Path, Kind: document.ProblemUnsupported, Err: err, Failure: true})
			continue
		case err != nil:
			return err
		}
		s.safe(ctx, applied)
	}
	applied, err := s.Apply(ctx, Change{Entries: c.Entries, Delete: c.Delete, Files: c.Files})
	if err != nil {
		return err
	}
	s.safe(ctx, applied)
	return nil
}

// safe counts what was made durable, and merges segments in the background now and then.
func (s *syncing) safe(ctx context.Context, a index.Applied) {
	s.report.Passages += a.Rows
	s.state.Passages = s.report.Passages
	s.tell()
	if s.db.Dir() == "" {
		return
	}
	if s.failed == nil {
		s.failed = make(chan error, 1)
		s.failed <- nil
	}
	select {
	case err := <-s.failed: // the last merge is over
		if err != nil {
			s.failed <- err
			return
		}
		s.merger.Go(func() { s.failed <- s.db.Merge(ctx, index.MergeOptions{}) })
	default:
	}
}

// settle waits for the background merge.
func (s *syncing) settle() error {
	s.merger.Wait()
	if s.failed == nil {
		return nil
	}
	return <-s.failed
}
