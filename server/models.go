// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval/calibration"
	"github.com/winnow-search/winnow/internal/nearest"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/server/internal/batch"
	"github.com/winnow-search/winnow/server/internal/tracing"
)

// biModel is a bi-encoder with its queues.
type biModel struct {
	*encoder.BiEncoder
	name    string
	vectors *batch.Queue[encoder.Sequence, []float32]
	states  *batch.Queue[encoder.Sequence, [][]float32] // of every token
}

// crossModel is a cross-encoder with its queue.
type crossModel struct {
	*encoder.CrossEncoder
	name        string
	logits      *batch.Queue[encoder.Sequence, []float32]
	calibration calibration.Map // from logits to probabilities
	calibrated  bool            // by judgments; else the calibration is the sigmoid
}

// models are the encoders of the server: each is opened once, whoever uses it, and runs by way of its queue. They implement
// [winnow.Encoders].
type models struct {
	options *Options
	metrics *metrics
	tracer  *tracing.Tracer
	compute chan struct{} // holds a token while a batch runs: each takes all threads

	mu    sync.Mutex
	bis   map[opened]*biModel
	cross map[opened]*crossModel
	ours  []string // names that requests may use
}

// opened says what was asked for. Two precisions of a model are two encoders, unless they are the same on this processor.
type opened struct {
	name      string
	precision encoder.Precision
}

// asOpened is the key of a model. An index names a directory by its full path, flags as they like.
func asOpened(name string, p encoder.Precision) opened {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		if full, err := filepath.Abs(name); err == nil {
			name = full
		}
	}
	return opened{name, p}
}

var _ winnow.Encoders = (*models)(nil)

// openModels opens what the options say is served.
func openModels(o *Options, m *metrics, t *tracing.Tracer) (*models, error) {
	ms := &models{options: o, metrics: m, tracer: t, compute: make(chan struct{}, 1), bis: map[opened]*biModel{}, cross: map[opened]*crossModel{}}
	err := func() error {
		if name := o.Models.Retriever; name != "" {
			if _, err := ms.bi(name, o.Precision); err != nil {
				return err
			}
			ms.ours = append(ms.ours, name)
		}
		if name := o.Models.Reranker; name != "" {
			if _, err := ms.crossOf(name, o.Precision); err != nil {
				return err
			}
			ms.ours = append(ms.ours, name)
		}
		for _, name := range o.Also {
			if err := ms.openEither(name); err != nil {
				return err
			}
			ms.ours = append(ms.ours, name)
		}
		for alias, name := range o.Aliases {
			if !slices.Contains(ms.ours, name) {
				return fmt.Errorf("the alias %s stands for %s, which is not served; served are %s", alias, name, strings.Join(ms.ours, ", "))
			}
		}
		return nil
	}()
	if err != nil {
		return nil, errors.Join(err, ms.close())
	}
	return ms, nil
}

// openEither opens a model of either kind.
func (ms *models) openEither(name string) error {
	m, err := model.Open(name)
	if err != nil {
		return err
	}
	kind := m.Config.Architecture
	if err := m.Close(); err != nil {
		return err
	}
	if kind == model.BertForSequenceClassification {
		_, err = ms.crossOf(name, ms.options.Precision)
		return err
	}
	_, err = ms.bi(name, ms.options.Precision)
	return err
}

func (ms *models) encoderOptions(p encoder.Precision) []encoder.Option {
	return []encoder.Option{encoder.Threads(ms.options.Threads), encoder.MaxTokens(ms.options.MaxTokens), encoder.AtPrecision(p)}
}

// bi opens a bi-encoder, or gives the one that is open.
func (ms *models) bi(name string, p encoder.Precision) (*biModel, error) {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	if b := ms.bis[asOpened(name, p)]; b != nil {
		return b, nil
	}
	e, err := encoder.OpenBi(name, ms.encoderOptions(p)...)
	if err != nil {
		return nil, err
	}
	own := asOpened(name, e.Precision()) // of what was asked for: auto, or more than the processor has instructions for
	if b := ms.bis[own]; b != nil {
		ms.bis[asOpened(name, p)] = b
		return b, e.Close()
	}
	b := &biModel{BiEncoder: e, name: name}
	b.vectors = queue(ms, label(name, e.Precision()), e.Run)
	b.states = queue(ms, label(name, e.Precision())+" tokens", e.RunTokens)
	ms.bis[own] = b
	ms.bis[asOpened(name, p)] = b
	return b, nil
}

// crossOf opens a cross-encoder, or gives the one that is open.
func (ms *models) crossOf(name string, p encoder.Precision) (*crossModel, error) {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	if c := ms.cross[asOpened(name, p)]; c != nil {
		return c, nil
	}
	e, err := encoder.OpenCross(name, ms.encoderOptions(p)...)
	if err != nil {
		return nil, err
	}
	own := asOpened(name, e.Precision())
	if c := ms.cross[own]; c != nil {
		ms.cross[asOpened(name, p)] = c
		return c, e.Close()
	}
	c := &crossModel{CrossEncoder: e, name: name, calibration: calibration.Sigmoid()}
	if len(ms.options.Calibrations) > 0 {
		fingerprint, err := e.Model().Fingerprint()
		if err != nil {
			return nil, errors.Join(err, e.Close())
		}
		if m, ok := ms.options.Calibrations[fingerprint]; ok {
			c.calibration, c.calibrated = m, true
		}
	}
	c.logits = queue(ms, label(name, e.Precision()), e.Run)
	ms.cross[own] = c
	ms.cross[asOpened(name, p)] = c
	return c, nil
}

// label is what metrics call a model.
func label(name string, p encoder.Precision) string { return name + " " + string(p) }

// queue makes a queue whose batches take turns with those of all other models.
func queue[O any](ms *models, label string, run func(context.Context, []encoder.Sequence) ([]O, error)) *batch.Queue[encoder.Sequence, O] {
	q := batch.New(batch.Options[encoder.Sequence, O]{
		Run: func(ctx context.Context, list []encoder.Sequence) ([]O, error) {
			select {
			case ms.compute <- struct{}{}:
				defer func() { <-ms.compute }()
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			return run(ctx, list)
		},
		Size: func(s encoder.Sequence) int { return max(1, s.Len()) }, Most: ms.options.BatchTokens, Limit: ms.options.QueueTokens, Company: company,
		Observer: observer{ms.metrics, ms.tracer, label},
	})
	ms.metrics.queue(label, q.Waiting)
	return q
}

// close ends queues and closes models.
func (ms *models) close() error {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	var errs []error
	for _, b := range ms.bis {
		b.vectors.Close()
		b.states.Close()
		errs = append(errs, b.Close())
	}
	for _, c := range ms.cross {
		c.logits.Close()
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// OpenBi implements [winnow.Encoders].
func (ms *models) OpenBi(name string, p encoder.Precision) (*encoder.BiEncoder, error) {
	b, err := ms.bi(name, p)
	if err != nil {
		return nil, err
	}
	return b.BiEncoder, nil
}

// OpenCross implements [winnow.Encoders]. Which model it is may be a request's choice: only those that are served are opened, by name or
// alias, in the server's precision, since no index depends on it.
func (ms *models) OpenCross(name string, _ encoder.Precision) (*encoder.CrossEncoder, error) {
	own, ok := ms.served(name)
	if !ok {
		return nil, &winnow.RequestError{Err: ms.unknown(name)}
	}
	ms.mu.Lock()
	bi := ms.bis[asOpened(own, ms.options.Precision)]
	ms.mu.Unlock()
	if bi != nil {
		return nil, &winnow.RequestError{Err: noPairs(own)}
	}
	c, err := ms.crossOf(own, ms.options.Precision)
	if err != nil {
		return nil, err
	}
	return c.CrossEncoder, nil
}

// Release implements [winnow.Encoders]: models stay open as long as the server.
func (ms *models) Release(io.Closer) error { return nil }

// Encode implements [winnow.Encoders].
func (ms *models) Encode(ctx context.Context, b *encoder.BiEncoder, texts []string, kind encoder.Kind) (*encoder.Embeddings, error) {
	q := find(ms, ms.bis, func(m *biModel) bool { return m.BiEncoder == b })
	if q == nil {
		return nil, errNotOurs
	}
	list := make([]encoder.Sequence, len(texts))
	e := &encoder.Embeddings{Dim: b.Dim()}
	for i, text := range texts {
		var err error
		if list[i], err = b.Sequence(text, encoder.As(kind)); err != nil {
			return nil, err
		}
		e.Tokens, e.Truncated = append(e.Tokens, list[i].Len()), append(e.Truncated, list[i].Truncated)
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
	}
	vectors, err := q.vectors.Do(ctx, list)
	if err != nil {
		return nil, err
	}
	e.Data = slices.Concat(vectors...)
	return e, nil
}

// Predict implements [winnow.Encoders].
func (ms *models) Predict(ctx context.Context, c *encoder.CrossEncoder, pairs []encoder.Pair) (*encoder.Scores, error) {
	q := find(ms, ms.cross, func(m *crossModel) bool { return m.CrossEncoder == c })
	if q == nil {
		return nil, errNotOurs
	}
	list := make([]encoder.Sequence, 0, len(pairs))
	for len(pairs) > 0 { // those with the same query, usually all
		n := 1
		for n < len(pairs) && pairs[n].Query == pairs[0].Query {
			n++
		}
		documents := make([]string, n)
		for i := range documents {
			documents[i] = pairs[i].Document
		}
		list = append(list, c.Sequences(pairs[0].Query, documents)...)
		pairs = pairs[n:]
	}
	logits, err := q.logits.Do(ctx, list)
	if err != nil {
		return nil, err
	}
	return c.NewScores(list, logits), nil
}

// errNotOurs cannot be: engines have no other encoders.
var errNotOurs = errors.New("the encoder is not the server's own")

// find is the model of an encoder that the models have opened.
func find[M any](ms *models, all map[opened]*M, is func(*M) bool) *M {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	for _, m := range all {
		if is(m) {
			return m
		}
	}
	return nil
}

// served is the model that is served by a name of its own, or by an alias.
func (ms *models) served(name string) (string, bool) {
	if slices.Contains(ms.ours, name) {
		return name, true
	}
	own, ok := ms.options.Aliases[name]
	return own, ok
}

// noPairs refuses a bi-encoder where a cross-encoder is wanted.
func noPairs(name string) error {
	return fmt.Errorf("the model %s is a bi-encoder: it gives vectors and scores no pairs", name)
}

// resolve is the served model that a request means by a name; "" is the default.
func (ms *models) resolve(name, byDefault string) (string, error) {
	name = cmp.Or(name, byDefault)
	if own, ok := ms.served(name); ok {
		return own, nil
	}
	if byDefault != "" && ms.options.AnyModel {
		return byDefault, nil
	}
	return "", &problem{status: http.StatusNotFound, param: "model", err: ms.unknown(name)}
}

func (ms *models) unknown(name string) error {
	known := append(slices.Clone(ms.ours), sortedKeys(ms.options.Aliases)...)
	if len(known) == 0 {
		return fmt.Errorf("the model %.80q is not served: the server was started without models", name)
	}
	hint := ""
	if n := nearest.Name(name, known); n != "" {
		hint = fmt.Sprintf("did you mean %q? ", n)
	}
	return fmt.Errorf("the model %.80q is not served: %sserved are %s; --alias gives a model another name", name, hint, strings.Join(known, ", "))
}

// requestedBi is the bi-encoder that a request means.
func (ms *models) requestedBi(name string) (*biModel, error) {
	if ms.options.Models.Retriever == "" && name == "" {
		return nil, notFound("model", "no bi-encoder is served")
	}
	name, err := ms.resolve(name, ms.options.Models.Retriever)
	if err != nil {
		return nil, err
	}
	ms.mu.Lock()
	b := ms.bis[asOpened(name, ms.options.Precision)]
	ms.mu.Unlock()
	if b == nil {
		return nil, bad("model", "the model %s is a cross-encoder: it scores pairs and gives no vectors", name)
	}
	return b, nil
}

// requestedCross is the cross-encoder that a request means.
func (ms *models) requestedCross(name string) (*crossModel, error) {
	if ms.options.Models.Reranker == "" && name == "" {
		return nil, notFound("model", "no cross-encoder is served")
	}
	name, err := ms.resolve(name, ms.options.Models.Reranker)
	if err != nil {
		return nil, err
	}
	ms.mu.Lock()
	c := ms.cross[asOpened(name, ms.options.Precision)]
	ms.mu.Unlock()
	if c == nil {
		return nil, bad("model", "%w", noPairs(name))
	}
	return c, nil
}
