// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/index/filter"
	"github.com/winnow-search/winnow/index/lexical"
	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/index/vector"
)

// ErrEntry is wrapped by errors about an entry that cannot be added; see [EntryError].
var ErrEntry = errors.New("document cannot be added")

// checkEntry looks for what would make a segment that cannot be read.
func checkEntry(e *Entry, dim int) error {
	fail := func(format string, args ...any) error {
		return refuse(e.Document.ID, "%q: %s", e.Document.ID, fmt.Sprintf(format, args...))
	}
	switch {
	case e.Document.ID == "":
		return fmt.Errorf("%w: it has no id", ErrEntry)
	case len(e.Chunks) == 0:
		return fail("it has no passages")
	case e.Truncated != nil && len(e.Truncated) != len(e.Chunks):
		return fail("%d counts of cut tokens for %d passages", len(e.Truncated), len(e.Chunks))
	case len(e.Vectors) != len(e.Chunks)*dim:
		return fail("%d numbers are not %d vectors of dimension %d", len(e.Vectors), len(e.Chunks), dim)
	}
	for i, c := range e.Chunks {
		if c.Start < 0 || c.End < c.Start || c.End > len(e.Document.Text) {
			return fail("passage %d is not a range of the text", i+1)
		}
		for _, n := range []int{c.StartLine, c.EndLine, c.Page, c.Tokens} {
			if n < 0 || n > maxNumber {
				return fail("passage %d has a line, page or number of tokens of %d", i+1, n)
			}
		}
	}
	for _, n := range append([]int{e.Document.Source.Line, e.Document.InvalidBytes}, e.Truncated...) {
		if n < 0 || n > maxNumber {
			return fail("its line, or a count of cut tokens or invalid bytes, is %d", n)
		}
	}
	for i, x := range e.Vectors {
		if x-x != 0 {
			return fail("vector %d, component %d: %v is not a finite number", i/dim+1, i%dim, x)
		}
	}
	return nil
}

// reserved are the names under which filters reach what every document has. Metadata of the same name stays with the
// document but cannot be filtered by.
const (
	fieldID     = "id"
	fieldTitle  = "title"
	fieldPath   = "path"
	fieldFormat = "format"
)

// filterable is a document's metadata with the reserved fields.
func filterable(d *document.Document) map[string]any {
	m := make(map[string]any, len(d.Meta)+4)
	maps.Copy(m, d.Meta)
	m[fieldID] = d.ID
	for name, v := range map[string]string{fieldTitle: d.Title, fieldPath: d.Source.Path, fieldFormat: string(d.Format)} {
		delete(m, name)
		if v != "" {
			m[name] = v
		}
	}
	return m
}

// builder writes a segment from entries.
type builder struct {
	settings *Settings
	analyzer *analysis.Analyzer
	threads  int
	newest   uint64                // see head
	linked   func(done, total int) // told how many vectors of a segment from entries are linked; may be nil
}

// write writes all sections. Entries have been checked.
func (b *builder) write(ctx context.Context, w segment.SectionWriter, entries []Entry) (count int, err error) {
	var words []lexical.Text
	var columns filter.Builder
	total := 0
	for i := range entries {
		total += len(entries[i].Vectors)
	}
	vectors := make([]float32, 0, total)
	for i := range entries {
		e := &entries[i]
		count += len(e.Chunks)
		for _, c := range e.Chunks {
			words = append(words, lexical.Text{Title: c.Prefix, Text: c.Text})
		}
		if err := columns.Add(filterable(&e.Document)); err != nil {
			return 0, refuse(e.Document.ID, "%q: %w", e.Document.ID, err)
		}
		vectors = append(vectors, e.Vectors...)
	}
	if count > maxRows {
		return 0, fmt.Errorf("%d passages at once; at most %d: add them in parts", count, int64(maxRows))
	}
	if err := writeHead(w, head{Settings: *b.settings, Docs: len(entries), Rows: count, Newest: b.newest}); err != nil {
		return 0, err
	}
	docs, err := newDocWriter(w)
	if err != nil {
		return 0, err
	}
	var record []byte
	for i := range entries {
		if record, err = appendRecord(record[:0], &entries[i]); err != nil {
			return 0, err
		}
		if err := docs.add(entries[i].Document.ID, record, len(entries[i].Chunks)); err != nil {
			return 0, err
		}
	}
	if err := docs.finish(w); err != nil {
		return 0, err
	}
	if err := columns.Write(w); err != nil {
		return 0, err
	}
	lex := lexical.NewBuilder(b.analyzer)
	if err := lex.AddBatch(ctx, words, b.threads); err != nil {
		return 0, err
	}
	if err := lex.Write(w); err != nil {
		return 0, err
	}
	if b.settings.Dim == 0 {
		return count, nil
	}
	return count, b.writeVectors(ctx, w, &rows{vectors, b.settings.Dim}, b.linked)
}

// writeVectors builds the vector index of a segment, as the factory string says or, where it leaves that open, as suits the
// segment's size.
func (b *builder) writeVectors(ctx context.Context, w segment.SectionWriter, source vector.Source, progress func(done, total int)) error {
	spec, err := b.settings.spec()
	if err != nil {
		return err
	}
	x, err := vector.Build(ctx, source, b.settings.Dim, b.settings.Metric, spec.Resolve(source.Len(), b.settings.Dim),
		vector.BuildOptions{Threads: b.threads, Seed: 1, Progress: progress})
	if err != nil {
		return err
	}
	return x.Write(w)
}

func writeHead(w segment.SectionWriter, h head) error {
	data, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return writeSection(w, sectionHead, data)
}
