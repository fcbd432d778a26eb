// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/tokenizer"
)

// Add cuts documents into passages of a size that suits the model, encodes
// them, and makes them findable, all at once: in a directory they survive a
// crash when Add returns. With an error nothing is added, unless it wraps
// index.ErrNotDurable or index.ErrInDoubt. A document whose id is there
// already takes its place. A passage's id is its document's, with "#2" and so
// on where there are several. A document without text has nothing to find: it
// is left out, and one with its id goes.
func (e *Engine) Add(ctx context.Context, documents ...Document) error {
	_, err := e.Apply(ctx, Change{Add: documents})
	return err
}

// Delete removes documents by their ids and returns how many there were.
func (e *Engine) Delete(ctx context.Context, ids ...string) (int, error) {
	a, err := e.Apply(ctx, Change{Delete: ids})
	return a.Deleted, err
}

// Change is what one commit does: all of it or nothing.
type Change struct {
	Add     []Document
	Entries []index.Entry      // documents to add that are cut into passages and encoded already
	Delete  []string           // ids of documents
	Files   []index.FileRecord // what is to be known of files; see index.Change
}

// Apply makes a change, as [Engine.Add] does. Segments of the index are merged
// in the background as they become many.
func (e *Engine) Apply(ctx context.Context, c Change) (index.Applied, error) {
	x, fresh, err := e.cut(c)
	if err != nil {
		return index.Applied{}, err
	}
	if err := e.db.Allows(x); err != nil { // before the work of encoding, which takes a while
		return index.Applied{}, err
	}
	if _, err := e.encode(ctx, x.Add[:fresh], false); err != nil { // what the index has is used again
		return index.Applied{}, err
	}
	a, err := e.db.Apply(ctx, x)
	if err == nil {
		e.db.MergeBehind(e.mergeFailed)
	}
	return a, err
}

// cut makes entries of the documents to add. The first ones, fresh of them, have no vectors yet.
func (e *Engine) cut(c Change) (x index.Change, fresh int, err error) {
	x = index.Change{Add: make([]index.Entry, 0, len(c.Add)+len(c.Entries)), Delete: slices.Clip(c.Delete), Files: c.Files}
	for i := range c.Add {
		d := c.Add[i]
		if d.ID == "" {
			return x, 0, fmt.Errorf("document %d has no id", i+1)
		}
		entry, err := e.entry(d)
		if err != nil {
			return x, 0, err
		}
		if len(entry.Chunks) == 0 {
			x.Delete = append(x.Delete, d.ID)
			continue
		}
		x.Add = append(x.Add, entry)
	}
	fresh = len(x.Add)
	x.Add = append(x.Add, c.Entries...)
	return x, fresh, nil
}

// entry cuts a document into passages, which have no vectors yet. There are none if there is nothing to find.
func (e *Engine) entry(d Document) (index.Entry, error) {
	if !d.Format.Known() {
		return index.Entry{}, fmt.Errorf("document %q: format %q is not known; use %q, %q, %q or %q", d.ID, d.Format, document.Plain, document.Markdown, document.Code, document.Pages)
	}
	d.Text, _ = tokenizer.ReplaceInvalid(d.Text)
	d.Title, _ = tokenizer.ReplaceInvalid(d.Title)
	return index.Entry{Document: d, Chunks: e.split(d)}, nil
}

// split cuts a document into passages that fit into the bi-encoder's input.
func (e *Engine) split(d Document) []document.Chunk {
	sizes := e.db.Settings().Sizes
	if sizes.Whole {
		return whole(d)
	}
	o := document.ChunkOptions{Target: sizes.Target, Max: sizes.Max, Overlap: sizes.Overlap}
	if e.retriever == nil {
		return document.Split(d, document.Words, o)
	}
	t := e.retriever.Model().Tokenizer
	longest := max(1, e.retriever.MaxTokens()-t.SpecialCount(false))
	if o.Max == 0 || o.Max > longest {
		o.Max = longest
	}
	return document.Split(d, t, o)
}

// whole is a document as one passage; none if it has no text.
func whole(d Document) []document.Chunk {
	if strings.TrimSpace(d.Title+d.Text) == "" {
		return nil
	}
	prefix := d.Title
	if prefix != "" {
		prefix += " " // as [Document.FullText] joins them
	}
	return []document.Chunk{{Text: d.Text, Prefix: prefix, End: len(d.Text), StartLine: 1, EndLine: 1 + strings.Count(d.Text, "\n")}}
}

// encoded is what was encoded and not known.
type encoded struct {
	passages map[string]int // of each document, by id
	bytes    int            // of text
}

// encode gives entries their vectors. What the index has of the same passages of a document with the same id, as after a change of its
// metadata or of one paragraph, is taken from there, unless all is wanted again, or the index has rounded vectors alone.
// Without progress to report it is a single call.
func (e *Engine) encode(ctx context.Context, entries []index.Entry, again bool) (encoded, error) {
	out := encoded{passages: map[string]int{}}
	if e.retriever == nil {
		return out, ctx.Err()
	}
	settings := e.db.Settings()
	again = again || settings.Rounded()
	snapshot, err := e.db.Snapshot()
	if err != nil {
		return out, closedError(err)
	}
	defer snapshot.Release()
	dim := e.retriever.Dim()
	type place struct {
		entry *index.Entry
		chunk int
	}
	var texts []string
	var places []place
	for i := range entries {
		x := &entries[i]
		var known map[string][]float32
		if !again {
			known = vectorsIn(snapshot, x.Document.ID, dim)
		}
		x.Vectors, x.Truncated = make([]float32, len(x.Chunks)*dim), make([]int, len(x.Chunks))
		for j, c := range x.Chunks {
			text := c.Context()
			if v, ok := known[text]; ok {
				copy(x.Vectors[j*dim:], v)
				continue
			}
			texts, places = append(texts, text), append(places, place{x, j})
			out.passages[x.Document.ID]++
			out.bytes += len(text)
		}
	}
	step := max(1, len(texts))
	report := func(int) {}
	if e.progress != nil {
		step = 32 * runtime.GOMAXPROCS(0) // enough to keep every processor busy
		report = func(done int) { e.progress(done, len(texts)) }
	}
	report(0)
	done := 0
	for part := range slices.Chunk(texts, step) {
		v, err := e.encoders.Encode(ctx, e.retriever, part, encoder.Document)
		if err != nil {
			return out, err
		}
		for i := range part {
			p := places[done+i]
			copy(p.entry.Vectors[p.chunk*dim:], v.Data[i*dim:][:dim])
			p.entry.Truncated[p.chunk] = v.Truncated[i]
		}
		done += len(part)
		report(done)
	}
	return out, ctx.Err()
}

// vectorsIn are those that the index has of a document's passages, by their texts. What cannot be read, or did not fit into the model
// and may under another limit, is encoded anew.
func vectorsIn(s *index.Snapshot, id string, dim int) map[string][]float32 {
	known, err := s.Entry(id)
	if err != nil || known == nil || len(known.Vectors) != len(known.Chunks)*dim {
		return nil
	}
	list := make(map[string][]float32, len(known.Chunks))
	for i, c := range known.Chunks {
		if len(known.Truncated) == 0 || known.Truncated[i] == 0 {
			list[c.Context()] = known.Vectors[i*dim:][:dim]
		}
	}
	return list
}
