// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/index/vector"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/tokenizer"
)

// Models names a bi-encoder and a cross-encoder: directories, Hub ids in the
// Hugging Face cache, or registered names. The engine orders by the
// cross-encoder's logit. Package model/builtin has a pair of its own.
func Models(retriever, reranker string) model.Pair {
	return model.Pair{Retriever: retriever, Reranker: reranker}
}

// Document is a text to find. ID and Text are needed; Format says whether the
// text has Markdown's headings, tables and code, which passages then respect.
type Document = document.Document

// Meta is what is known of a document beside its text.
type Meta = map[string]any

// Option sets how an engine works.
type Option func(*Engine)

// Threads is the number of goroutines that compute; 0, the default, means
// GOMAXPROCS. It does not change results.
func Threads(n int) Option { return func(e *Engine) { e.threads = n } }

// MaxTokens lowers the longest input of both encoders, in tokens.
func MaxTokens(n int) Option { return func(e *Engine) { e.maxTokens = n } }

// AtPrecision sets what both encoders compute in; the default is
// [encoder.FP32]. With [encoder.Auto] each decides for itself.
func AtPrecision(p encoder.Precision) Option { return func(e *Engine) { e.precision = p } }

// Progress calls f while [Engine.Add] encodes, with the number of passages
// done and that of all, from the goroutine of the call. It starts at 0.
func Progress(f func(done, total int)) Option { return func(e *Engine) { e.progress = f } }

// Engine holds documents, as passages with their vectors, in memory. It is
// safe for concurrent use.
type Engine struct {
	models    model.Pair
	threads   int
	maxTokens int
	precision encoder.Precision
	progress  func(done, total int)
	retriever *encoder.BiEncoder

	mu       sync.RWMutex // guards the passages
	passages []passage
	vectors  *vector.Flat
	ids      map[string]bool // of documents and passages

	rerankMu  sync.Mutex // guards what follows; opening a model takes a while
	rerankers map[string]*encoder.CrossEncoder
	closed    bool
}

// passage is a part of a document: what is found.
type passage struct {
	id        string
	title     string
	text      string
	context   string // what the encoders read: headings and text
	truncated int    // tokens that the bi-encoder left out
	source    *Source
}

// New opens the bi-encoder of a pair and returns an empty engine. The
// cross-encoder is opened when first used.
func New(models model.Pair, opts ...Option) (*Engine, error) {
	e := &Engine{models: models, precision: encoder.FP32, ids: map[string]bool{}, rerankers: map[string]*encoder.CrossEncoder{}}
	for _, set := range opts {
		set(e)
	}
	var err error
	if e.retriever, err = encoder.OpenBi(models.Retriever, e.encoderOptions()...); err != nil {
		return nil, err
	}
	if e.vectors, err = vector.NewFlat(e.retriever.Dim(), vector.Metric(e.retriever.Similarity())); err != nil {
		err = fmt.Errorf("model %s compares vectors by %s, which search does not do; it takes cosine, dot or euclidean: %w",
			models.Retriever, e.retriever.Similarity(), err)
		return nil, errors.Join(err, e.retriever.Close())
	}
	e.vectors.SetThreads(e.threads)
	return e, nil
}

// encoderOptions are what both encoders are opened with.
func (e *Engine) encoderOptions() []encoder.Option {
	return []encoder.Option{encoder.Threads(e.threads), encoder.MaxTokens(e.maxTokens), encoder.AtPrecision(e.precision)}
}

// Close waits for running calls and releases the models. Later calls return
// encoder.ErrClosed.
func (e *Engine) Close() error {
	e.rerankMu.Lock()
	defer e.rerankMu.Unlock()
	e.closed = true
	errs := []error{e.retriever.Close()}
	for _, c := range e.rerankers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// Retriever is the engine's bi-encoder.
func (e *Engine) Retriever() *encoder.BiEncoder { return e.retriever }

// Len is the number of passages.
func (e *Engine) Len() int {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return len(e.passages)
}

// Add cuts documents into passages of a size that suits the model and encodes
// them. A passage's id is its document's, with "#2" and so on where there are
// several. A document without text has nothing to find: it is left out, and its
// id stays free. With an error nothing is added.
func (e *Engine) Add(ctx context.Context, documents ...Document) error {
	var list []passage
	ids := map[string]bool{}
	for i, d := range documents {
		if d.ID == "" {
			return fmt.Errorf("document %d has no id", i+1)
		}
		if d.Format != "" && d.Format != document.Plain && d.Format != document.Markdown {
			return fmt.Errorf("document %q: format %q is not known; use %q or %q", d.ID, d.Format, document.Plain, document.Markdown)
		}
		passages := e.split(d)
		if len(passages) == 0 {
			continue
		}
		names := []string{d.ID}
		for _, p := range passages[1:] {
			names = append(names, p.id)
		}
		for _, id := range names {
			if ids[id] {
				return fmt.Errorf("two documents or passages have the id %q", id)
			}
			ids[id] = true
		}
		list = append(list, passages...)
	}
	taken := func() error {
		for id := range ids {
			if e.ids[id] {
				return fmt.Errorf("a document or passage with the id %q is there already", id)
			}
		}
		return nil
	}
	// Before the work of encoding, and again after it: somebody else may add.
	e.mu.RLock()
	err := taken()
	e.mu.RUnlock()
	if err != nil {
		return err
	}
	vectors, err := e.encode(ctx, list)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := taken(); err != nil {
		return err
	}
	if err := e.vectors.Add(vectors); err != nil {
		return err
	}
	e.passages = append(e.passages, list...)
	maps.Copy(e.ids, ids)
	return nil
}

// encode returns the passages' vectors, one after the other, and notes in each
// passage what was cut. Without progress to report it is a single call.
func (e *Engine) encode(ctx context.Context, list []passage) ([]float32, error) {
	step := max(1, len(list))
	report := func(int) {}
	if e.progress != nil {
		step = 32 * runtime.GOMAXPROCS(0) // enough to keep every processor busy
		report = func(done int) { e.progress(done, len(list)) }
	}
	report(0)
	data := make([]float32, 0, len(list)*e.retriever.Dim())
	for part := range slices.Chunk(list, step) {
		texts := make([]string, len(part))
		for i := range part {
			texts[i] = part[i].context
		}
		vectors, err := e.retriever.Encode(ctx, texts, encoder.As(encoder.Document))
		if err != nil {
			return nil, err
		}
		for i := range part {
			part[i].truncated = vectors.Truncated[i]
		}
		data = append(data, vectors.Data...)
		report(len(data) / e.retriever.Dim())
	}
	return data, nil
}

// split cuts a document into passages that fit into the bi-encoder's input.
func (e *Engine) split(d Document) []passage {
	d.Text, _ = tokenizer.ReplaceInvalid(d.Text)
	t := e.retriever.Model().Tokenizer
	longest := max(1, e.retriever.MaxTokens()-t.SpecialCount(false))
	chunks := document.Split(d, t, document.ChunkOptions{Max: longest})
	passages := make([]passage, len(chunks))
	for i, c := range chunks {
		p := passage{id: d.ID, title: d.Title, text: c.Text, context: c.Context()}
		if i > 0 {
			p.id += "#" + strconv.Itoa(i+1)
		}
		if len(c.Heading) > 0 {
			p.title = c.Heading[len(c.Heading)-1]
		}
		if d.Source.Path != "" {
			p.source = &Source{Path: d.Source.Path, StartLine: c.StartLine, EndLine: c.EndLine}
		}
		passages[i] = p
	}
	return passages
}
