// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval/calibration"
	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/index/vector"
	"github.com/winnow-search/winnow/internal/vfs"
	"github.com/winnow-search/winnow/model"
)

// Models names a bi-encoder and a cross-encoder: directories, Hub ids in the
// Hugging Face cache, or registered names. The engine orders by the
// cross-encoder's logit. Package model/builtin has a pair of its own.
//
// Without a retriever ("") the engine has no vectors and searches by words.
// Without a reranker [Auto] is [Off].
func Models(retriever, reranker string) model.Pair {
	return model.Pair{Retriever: retriever, Reranker: reranker}
}

// Document is a text to find. ID and Text are needed; Format says whether the
// text has Markdown's headings, tables and code, which passages then respect.
type Document = document.Document

// Meta is what is known of a document beside its text: strings, numbers,
// booleans, dates as strings, lists of those. Filters reach it by name.
type Meta = map[string]any

// Option sets how an engine works.
type Option func(*Engine)

// Threads is the number of goroutines that compute; 0, the default, means
// GOMAXPROCS. It does not change results.
func Threads(n int) Option { return func(e *Engine) { e.threads = n } }

// MaxTokens lowers the longest input of both encoders, in tokens.
func MaxTokens(n int) Option { return func(e *Engine) { e.maxTokens = n } }

// AtPrecision sets what both encoders compute in; with [encoder.Auto] each
// decides for itself. The default is [encoder.FP32], and for the bi-encoder of
// an index that is there already the precision that it was made in. All passages
// of an index are encoded in one: adding to it in another is refused. A search
// may encode its query in another, which [Result] names.
func AtPrecision(p encoder.Precision) Option { return func(e *Engine) { e.precision = p } }

// Progress calls f while documents are encoded, with the number of passages
// done and that of all, from the goroutine of the call. It starts at 0.
func Progress(f func(done, total int)) Option { return func(e *Engine) { e.progress = f } }

// ReadOnly opens an index directory for searching only: no lock is taken, and
// the directory has to be there.
func ReadOnly() Option { return func(e *Engine) { e.readOnly = true } }

// OnFS puts an index directory onto another file system, as [index.Options]
// does: tests let a disk fail by it.
func OnFS(fs vfs.FS) Option { return func(e *Engine) { e.fs = fs } }

// Vectors sets how a new index keeps its vectors, as a factory string like
// hnsw32,int8 (see vector.ParseSpec). It has no effect on an index that is
// there already. The default is auto for directories, flat in memory.
func Vectors(spec string) Option { return func(e *Engine) { e.vectors = spec } }

// Analyzer sets how a new index cuts text into terms: language, stop words,
// stemming, identifiers. It has no effect on an index that is there already.
func Analyzer(o analysis.Options) Option { return func(e *Engine) { e.analyzer = &o } }

// Passages sets how large the passages of a new index are. It has no effect on
// an index that is there already.
func Passages(s index.Sizes) Option { return func(e *Engine) { e.sizes = s } }

// MergeFailed calls f, from a goroutine of its own, when merging segments in
// the background has failed: nothing is lost, and it is tried again later,
// unless the index is damaged. Without it [Engine.Close] returns the last such
// error.
func MergeFailed(f func(error)) Option { return func(e *Engine) { e.mergeFailed = f } }

// Calibrated gives cross-encoders, named by their fingerprints, maps from
// logits to probabilities of relevance, which hits then carry in place of what
// the model's activation gives. See `winnow calibrate`.
func Calibrated(maps map[string]calibration.Map) Option {
	return func(e *Engine) { e.maps = maps }
}

// Engine holds documents, as passages with their vectors and terms, in memory
// ([New]) or in a directory ([Open]). It is safe for concurrent use.
type Engine struct {
	models    model.Pair
	threads   int
	maxTokens int
	precision encoder.Precision
	progress  func(done, total int)
	readOnly  bool
	fs        vfs.FS // nil: the operating system's
	vectors   string
	analyzer  *analysis.Options
	sizes     index.Sizes
	maps      map[string]calibration.Map
	encoders  Encoders

	mergeFailed func(error)

	retriever *encoder.BiEncoder // nil without vectors
	db        *index.DB

	rerankMu  sync.Mutex // guards what follows; opening a model takes a while
	rerankers map[string]*encoder.CrossEncoder
	closed    bool
}

// New opens the bi-encoder of a pair and returns an empty engine that keeps
// everything in memory. The cross-encoder is opened when first used.
func New(models model.Pair, opts ...Option) (*Engine, error) {
	return start("", models, opts, func(e *Engine) (err error) {
		if e.vectors == "" && e.retriever != nil {
			e.vectors = "flat"
		}
		s, err := e.settings()
		if err != nil {
			return err
		}
		e.db, err = index.Memory(s, e.threads)
		return err
	})
}

// Open opens the index in a directory, or makes one there, and the bi-encoder
// of a pair, which must be the one that the index was made with. One engine in
// one process may have a directory open for writing; any number may have it
// open with [ReadOnly].
func Open(dir string, models model.Pair, opts ...Option) (*Engine, error) {
	return start(dir, models, opts, func(e *Engine) (err error) {
		o := index.Options{Write: !e.readOnly, Threads: e.threads, FS: e.fs}
		if !index.Exists(dir) && !e.readOnly {
			s, err := e.settings()
			if err != nil {
				return err
			}
			e.db, err = index.Create(dir, s, o)
			return err
		}
		if e.db, err = index.Open(dir, o); err != nil {
			return err
		}
		return e.match()
	})
}

// start makes an engine and lets open give it its index, of the directory dir unless that is empty.
func start(dir string, models model.Pair, opts []Option, open func(*Engine) error) (*Engine, error) {
	e := &Engine{models: models, rerankers: map[string]*encoder.CrossEncoder{}}
	for _, set := range opts {
		set(e)
	}
	if e.encoders == nil {
		e.encoders = ownEncoders{e}
	}
	if models.Retriever != "" {
		p := cmp.Or(e.precision, encoder.FP32)
		if e.precision == "" && dir != "" && index.Exists(dir) {
			s, err := index.Peek(dir)
			if err != nil {
				return nil, err
			}
			if s.Dim > 0 { // else there is an error to come that says more
				p = encoder.Precision(s.VectorPrecision())
			}
		}
		var err error
		if e.retriever, err = e.encoders.OpenBi(models.Retriever, p); err != nil {
			return nil, err
		}
	}
	if err := open(e); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// settings are those of a new index.
func (e *Engine) settings() (index.Settings, error) {
	s := index.Settings{Analyzer: DefaultAnalyzer(), Sizes: e.sizes}
	if e.analyzer != nil {
		s.Analyzer = *e.analyzer
	}
	if e.retriever == nil {
		return s, nil
	}
	b := e.retriever
	s.Model, s.Dim, s.Metric, s.Vectors, s.Precision = e.models.Retriever, b.Dim(), vector.Metric(b.Similarity()), e.vectors, string(b.Precision())
	switch s.Metric {
	case vector.Cosine, vector.Dot, vector.Euclidean:
	default:
		return s, fmt.Errorf("model %s compares vectors by %s, which search does not do; it takes cosine, dot or euclidean", s.Model, s.Metric)
	}
	// A model in a directory is found again from anywhere.
	if info, err := os.Stat(s.Model); err == nil && info.IsDir() {
		if abs, err := filepath.Abs(s.Model); err == nil {
			s.Model = abs
		}
	}
	var err error
	s.Fingerprint, err = b.Model().Fingerprint()
	return s, err
}

// match refuses an index that was made with another model and, for writing, in another precision.
func (e *Engine) match() error {
	s := e.db.Settings()
	switch {
	case e.retriever == nil:
		return nil // searching by words needs no model
	case s.Dim == 0:
		return fmt.Errorf("index %s has no vectors: open it without a retriever", e.db.Dir())
	}
	fingerprint, err := e.retriever.Model().Fingerprint()
	if err != nil {
		return err
	}
	if err := e.db.Match(e.models.Retriever, fingerprint); err != nil || e.readOnly || e.precision == "" {
		return err
	}
	// The same may be asked for on a processor that has to compute in a more exact one.
	if own := s.VectorPrecision(); string(e.precision) != own && string(e.retriever.Precision()) != own {
		return &index.PrecisionError{Dir: e.db.Dir(), Precision: own, Given: string(e.retriever.Precision())}
	}
	return nil
}

// noVectors says why vectors cannot be searched, and what to do: so, or with a retriever.
func (e *Engine) noVectors(so string) error {
	if e.db.Dir() != "" && e.db.Settings().Dim == 0 {
		return fmt.Errorf("index %s was made without vectors: %s, or index the documents anew with a bi-encoder (-m MODEL) into another directory", e.db.Dir(), so)
	}
	return fmt.Errorf("the engine was opened without one: %s, or open it with a retriever", so)
}

// DefaultAnalyzer is that of a new index: English, with the parts of identifiers as terms of their own.
func DefaultAnalyzer() analysis.Options {
	o := analysis.Default()
	o.Code = true
	return o
}

// Close waits for running calls and releases models and index. A large merge
// in the background is given up, and is begun anew another time. Later calls
// return encoder.ErrClosed or index.ErrClosed.
func (e *Engine) Close() error {
	e.rerankMu.Lock()
	defer e.rerankMu.Unlock()
	e.closed = true
	var errs []error
	if e.retriever != nil {
		errs = append(errs, e.encoders.Release(e.retriever))
	}
	for _, c := range e.rerankers {
		errs = append(errs, e.encoders.Release(c))
	}
	if e.db != nil {
		errs = append(errs, e.db.Close())
	}
	return errors.Join(errs...)
}

// Models are those that the engine was opened with.
func (e *Engine) Models() model.Pair { return e.models }

// Retriever is the engine's bi-encoder; nil if it has no vectors.
func (e *Engine) Retriever() *encoder.BiEncoder { return e.retriever }

// Index is what the engine keeps its passages in.
func (e *Engine) Index() *index.DB { return e.db }

// Len is the number of passages.
func (e *Engine) Len() int {
	s, err := e.db.Snapshot()
	if err != nil {
		return 0
	}
	defer s.Release()
	return s.Rows()
}
