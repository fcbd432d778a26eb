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

// Apply makes a change, as [Engine.Add] does.
func (e *Engine) Apply(ctx context.Context, c Change) (index.Applied, error) {
	x, fresh, err := e.cut(c)
	if err != nil {
		return index.Applied{}, err
	}
	if err := e.db.Allows(x); err != nil { // before the work of encoding, which takes a while
		return index.Applied{}, err
	}
	if err := e.reuse(x.Add[:fresh]); err != nil {
		return index.Applied{}, err
	}
	if err := e.encode(ctx, x.Add[:fresh]); err != nil {
		return index.Applied{}, err
	}
	return e.db.Apply(ctx, x)
}

// reuse gives entries the vectors that the index has of the same passages: a document that comes again, perhaps with other
// metadata, is not encoded anew. What cannot be read is.
func (e *Engine) reuse(entries []index.Entry) error {
	if e.retriever == nil {
		return nil
	}
	snapshot, err := e.db.Snapshot()
	if err != nil {
		return closedError(err)
	}
	defer snapshot.Release()
	for i := range entries {
		x := &entries[i]
		known, err := snapshot.Entry(x.Document.ID)
		same := func(a, b document.Chunk) bool { return a.Context() == b.Context() }
		if err == nil && known != nil && slices.EqualFunc(known.Chunks, x.Chunks, same) {
			x.Vectors, x.Truncated = known.Vectors, known.Truncated
		}
	}
	return nil
}

// cut makes entries of the documents to add. The first ones, fresh of them, have no vectors yet.
func (e *Engine) cut(c Change) (x index.Change, fresh int, err error) {
	x = index.Change{Add: make([]index.Entry, 0, len(c.Add)+len(c.Entries)), Delete: slices.Clip(c.Delete), Files: c.Files}
	for i := range c.Add {
		d := c.Add[i]
		if d.ID == "" {
			return x, 0, fmt.Errorf("document %d has no id", i+1)
		}
		if !d.Format.Known() {
			return x, 0, fmt.Errorf("document %q: format %q is not known; use %q, %q, %q or %q", d.ID, d.Format, document.Plain, document.Markdown, document.Code, document.Pages)
		}
		d.Text, _ = tokenizer.ReplaceInvalid(d.Text)
		d.Title, _ = tokenizer.ReplaceInvalid(d.Title)
		chunks := e.split(d)
		if len(chunks) == 0 {
			x.Delete = append(x.Delete, d.ID)
			continue
		}
		x.Add = append(x.Add, index.Entry{Document: d, Chunks: chunks})
	}
	fresh = len(x.Add)
	x.Add = append(x.Add, c.Entries...)
	return x, fresh, nil
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

// encode gives every entry that has none its vectors. Without progress to report it is a
// single call.
func (e *Engine) encode(ctx context.Context, entries []index.Entry) error {
	if e.retriever == nil {
		return ctx.Err()
	}
	var texts []string
	for i := range entries {
		if entries[i].Vectors != nil {
			continue
		}
		for _, c := range entries[i].Chunks {
			texts = append(texts, c.Context())
		}
	}
	step := max(1, len(texts))
	report := func(int) {}
	if e.progress != nil {
		step = 32 * runtime.GOMAXPROCS(0) // enough to keep every processor busy
		report = func(done int) { e.progress(done, len(texts)) }
	}
	report(0)
	dim := e.retriever.Dim()
	data, truncated := make([]float32, 0, len(texts)*dim), make([]int, 0, len(texts))
	for part := range slices.Chunk(texts, step) {
		v, err := e.encoders.Encode(ctx, e.retriever, part, encoder.Document)
		if err != nil {
			return err
		}
		data, truncated = append(data, v.Data...), append(truncated, v.Truncated...)
		report(len(truncated))
	}
	for i := range entries {
		if entries[i].Vectors != nil {
			continue
		}
		n := len(entries[i].Chunks)
		entries[i].Vectors, data = data[:n*dim:n*dim], data[n*dim:]
		entries[i].Truncated, truncated = truncated[:n:n], truncated[n:]
	}
	return ctx.Err()
}
