// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/index"
)

// How much is made durable at once: whichever bound is met first. A kill loses at most that much work.
const (
	minText   = 16 << 10 // bytes of text to encode: of the first batch; the following ones have as many as take about syncTime
	maxText   = 256 << 10
	syncMoved = 16 << 20 // bytes of text and vectors that were there before
	syncDocs  = 1024
	syncTime  = 5 * time.Second
)

// batch is what is to be made durable next.
type batch struct {
	fresh   []index.Entry   // to be encoded
	change  index.Change    // without them, and without deletions
	drop    map[string]bool // ids of documents to delete; true if they count as removed
	counted map[string]*int // what documents of the change were counted as, by their ids
	text    int             // bytes to encode
	moved   int             // bytes encoded before
}

func newBatch() batch { return batch{drop: map[string]bool{}, counted: map[string]*int{}} }

// put adds a document that has to be encoded.
func (b *batch) put(e index.Entry, count *int) {
	*count++
	b.counted[e.Document.ID] = count
	b.fresh = append(b.fresh, e)
	b.text += len(e.Document.Text) + len(e.Document.Title)
}

// move adds a document that is encoded already. count may be nil.
func (b *batch) move(e index.Entry, count *int) {
	if count != nil {
		*count++
		b.counted[e.Document.ID] = count
	}
	b.change.Add = append(b.change.Add, e)
	b.moved += len(e.Document.Text) + 4*len(e.Vectors)
}

// open marks a file as incomplete, unless it is done or marked: until its own record is written, it is not as the index has it.
func (s *syncing) open(key string) {
	r := s.known[key]
	if r.Hash == incomplete || s.standing[key] == done {
		return
	}
	r.Path, r.Hash, r.Docs = key, incomplete, max(r.Docs, 1) // as far as is known
	s.known[key] = r
	s.change.Files = append(s.change.Files, r)
}

func (s *syncing) full() bool {
	return s.text >= s.size || s.moved >= syncMoved || len(s.fresh)+len(s.change.Add) >= syncDocs
}

// flushPart makes the batch durable if it is full, in the middle of a file. What counts as the file's content must not be taken
// for what the index has before all of it is there.
func (s *syncing) flushPart(ctx context.Context, key string) error {
	if s.full() {
		s.open(key)
		return s.flush(ctx)
	}
	return nil
}

func (s *syncing) flushIfFull(ctx context.Context) error {
	if s.full() || len(s.change.Files)+len(s.drop) >= syncDocs || time.Since(s.began) >= syncTime {
		return s.flush(ctx)
	}
	return nil
}

// flush makes the batch durable, without the documents that the index refuses.
func (s *syncing) flush(ctx context.Context) error {
	b := s.batch
	s.batch, s.began = newBatch(), time.Now()
	x, fresh := b.change, len(b.fresh)
	x.Add, x.Delete = slices.Concat(b.fresh, x.Add), slices.Sorted(maps.Keys(b.drop))
	if len(x.Add)+len(x.Delete)+len(x.Files) == 0 {
		return ctx.Err()
	}
	// try goes on as long as single documents are refused.
	try := func(do func() error) error {
		for {
			err := do()
			refused, ok := errors.AsType[*index.EntryError](err)
			if !ok {
				return err
			}
			i := slices.IndexFunc(x.Add, func(e index.Entry) bool { return e.Document.ID == refused.ID })
			if i < 0 {
				return err
			}
			if count := b.counted[refused.ID]; count != nil {
				*count--
			}
			source := x.Add[i].Document.Source
			s.refuse(&x.Add[i].Document)
			s.fail(source.Path, document.Problem{Path: source.Path, Line: source.Line, Kind: document.ProblemUnsupported, Err: refused})
			x.Add = slices.Delete(x.Add, i, i+1)
			if i < fresh {
				fresh--
			}
		}
	}
	if err := try(func() error { return s.db.Allows(x) }); err != nil { // before the work of encoding
		return err
	}
	start := time.Now()
	encoded, err := s.encode(ctx, x.Add[:fresh], s.Again)
	if err != nil {
		return err
	}
	s.size = nextSize(s.size, b.text, encoded.bytes, time.Since(start))
	files := x.Files
	err = try(func() error {
		x.Files = slices.Clone(files)
		for i := range x.Files {
			if f := &x.Files[i]; f.Hash != "" && s.bad[f.Path] {
				f.Hash = hashInPart(f.Hash, s.refused[f.Path])
			}
		}
		_, err := s.db.Apply(ctx, x)
		return err
	})
	if err != nil {
		return err
	}
	for i := range x.Add[:fresh] {
		if x := &x.Add[i]; s.retriever == nil {
			s.report.Passages += len(x.Chunks)
		} else {
			s.report.Passages += encoded.passages[x.Document.ID]
		}
	}
	s.safe(ctx)
	return nil
}

// nextSize is how many bytes of text the next batch has, after one of so many, some of them encoded, took so long: as many as take about
// syncTime. A small batch says little; one whose vectors were there already only that more can be done at once.
func nextSize(size, text, encoded int, took time.Duration) int {
	switch {
	case 2*text < size:
		return size
	case 2*encoded < text:
		return min(2*size, maxText)
	}
	perSecond := float64(encoded) / max(took.Seconds(), 1e-6)
	return int(min(max(perSecond*syncTime.Seconds(), minText), maxText))
}

// safe tells what was made durable, and merges segments in the background now and then.
func (s *syncing) safe(ctx context.Context) {
	s.state.Passages = s.report.Passages
	s.state.Batches++
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
