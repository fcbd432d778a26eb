// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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
	// Invalid is told of each file that was read how many of its bytes were not UTF-8, for which U+FFFD stands in; may be nil.
	Invalid func(path string, bytes int)
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
	Batches  int    // made durable
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
	Failures  int `json:"failures"`  // files and rows that are not in the index though they should be
	Skipped   int `json:"skipped"`   // files without text, and links
}

// Sync brings files and folders into the index: new and changed files are
// read, documents of files that are gone are removed, files that were only
// renamed are not encoded again, nor of changed ones the passages that have not. What is done is durable step by step; a sync
// that was stopped goes on where it was.
//
// Paths below the directory that holds the index directory are kept relative to
// it, others absolute: they are the ids of documents, as [document.PathID] writes them. In memory they stay as given.
//
// An id stays with the file that gave it as long as that file is as it was read: a document of another file with the same id is
// refused by name. What cannot be read is named in every run until it can be, or is gone; what the index has of it stays.
// A document that was deleted comes back when its file has changed.
func (e *Engine) Sync(ctx context.Context, paths []string, o SyncOptions) (SyncReport, error) {
	s := &syncing{
		Engine: e, SyncOptions: o, known: map[string]index.FileRecord{}, standing: map[string]standing{},
		ids: map[string]string{}, bad: map[string]bool{}, refused: map[string][]string{}, gone: map[string][]string{},
		batch: newBatch(), size: minText,
	}
	if e.retriever == nil { // nothing to encode
		s.size = maxText
	}
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
	report   SyncReport
	state    SyncProgress
	known    map[string]index.FileRecord // what the index says of files
	standing map[string]standing         // of files by their keys
	ids      map[string]string           // of the documents met in this run: the key of the file that gave them
	bad      map[string]bool             // files that gave something that is not in the index: to be read and named again next time
	refused  map[string][]string         // of them: the documents that the index did not take, as traces
	todo     []document.File
	gone     map[string][]string // hash of vanished files: their keys
	lost     []string            // keys of vanished files

	batch
	size   int       // bytes of text to encode at once
	began  time.Time // of the batch
	merger sync.WaitGroup
	failed chan error // of the background merge
}

// standing is what became of a file in this run.
type standing int

const (
	unseen  standing = iota // not come across
	waiting                 // to be read, or being read
	done                    // read: it has what it gave in this run
	kept                    // unchanged, or not readable now: it has what is in the index
	vanished
	elsewhere // not part of this run, and gone or not as it was read
)

func (s *syncing) tell() {
	if s.Progress != nil {
		s.Progress(s.state)
	}
}

func (s *syncing) problem(p document.Problem) {
	if p.Failure {
		s.report.Failures += max(p.Rows, 1)
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
		return document.PathID(path)
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return document.PathID(path)
	}
	base, err := filepath.Abs(filepath.Dir(filepath.Clean(e.db.Dir())))
	if err != nil {
		return document.PathID(full)
	}
	if rel, ok := relative(base, full); ok {
		return document.PathID(rel)
	}
	return document.PathID(full)
}

// path is where the file with a key lies.
func (e *Engine) path(key string) string {
	p := filepath.FromSlash(document.IDPath(key))
	if e.db.Dir() == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(filepath.Dir(filepath.Clean(e.db.Dir())), p)
}

// absolute is where the file with a key lies, from the root of the file system: below the directory of the index or not, it can be compared
// with named paths.
func (e *Engine) absolute(key string) string { return absolute(e.path(key)) }

func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return filepath.Clean(path)
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
		s.standing[key] = waiting
		s.report.Files++
		s.state.Files, s.state.Current = s.report.Files, f.Path
		if s.report.Files%256 == 0 {
			s.tell()
		}
		r, ok := s.known[key]
		if ok && !s.Again && r.Size == f.Size && r.ModTime.Equal(f.ModTime) && !inPart(r.Hash) && !(f.Named && r.Docs == 0) {
			s.standing[key] = kept
			s.report.Unchanged++
			return nil
		}
		s.todo = append(s.todo, f)
		s.state.AllBytes += f.Size
		return nil
	}, func(p document.Problem) {
		if p.Kind != document.ProblemEmpty { // of a folder all was seen
			unsure = append(unsure, absolute(cmp.Or(p.Folder, p.Path)))
		}
		s.problem(p)
	})
	if err != nil {
		return err
	}
	var roots []string
	for _, p := range paths {
		if info, err := os.Stat(p); err == nil && info.IsDir() {
			roots = append(roots, absolute(p))
		}
	}
	for key := range s.known {
		if s.standing[key] == unseen && !inside(s.absolute(key), unsure) && s.isGone(key, roots) {
			s.lost = append(s.lost, key)
		}
	}
	slices.Sort(s.lost) // the same run does the same
	for _, key := range s.lost {
		s.standing[key] = vanished
		s.gone[s.known[key].Hash] = append(s.gone[s.known[key].Hash], key)
	}
	s.state.Total, s.state.Files = len(s.todo), 0
	return nil
}

// isGone reports whether a file that a walk of folders did not give is gone. What such a walk never gives, of a kind or with a name
// that was read because it was named, is so when it is not there any more.
func (s *syncing) isGone(key string, roots []string) bool {
	path, below := s.absolute(key), false
	for _, root := range roots {
		if !inside(path, []string{root}) {
			continue
		}
		if document.Walks(root, path, s.Load.Walk) {
			return true
		}
		below = true
	}
	if !below {
		return false
	}
	info, err := os.Stat(path)
	return err != nil && !errors.Is(err, fs.ErrPermission) || err == nil && !info.Mode().IsRegular()
}

// inside reports whether an absolute path is one of the others or below it.
func inside(path string, of []string) bool {
	return slices.ContainsFunc(of, func(o string) bool {
		_, ok := relative(o, path)
		return ok
	})
}

// relative is an absolute path as seen from a folder; ok is false if it does not lie there. Case counts where the system has it count.
func relative(folder, path string) (rel string, ok bool) {
	rel, err := filepath.Rel(folder, path)
	return rel, err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

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

// forget removes the documents of files that are gone.
func (s *syncing) forget(ctx context.Context) error {
	for _, key := range s.lost {
		if _, still := s.known[key]; !still {
			continue // renamed
		}
		if err := s.dropRows(ctx, key); err != nil {
			return err
		}
		s.change.Files = append(s.change.Files, index.FileRecord{Path: key})
		if err := s.flushIfFull(ctx); err != nil {
			return err
		}
	}
	return s.flush(ctx)
}
