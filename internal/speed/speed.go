// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package speed measures how fast this machine runs a model, in which
// precision, and how much of what its products can reach that is.
//
// Precisions take turns, several times around, so that a disturbance of the
// machine does not fall on one alone; times are medians. Texts are made from
// real words, to exact numbers of tokens.
package speed

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/model"
)

// formats are the kernels' names of precisions.
var formats = map[encoder.Precision]kernel.Format{
	encoder.FP32: kernel.Float32, encoder.Int16: kernel.Int16, encoder.BF16: kernel.BFloat16, encoder.Int8: kernel.Int8,
}

// Plan says what to measure.
type Plan struct {
	Model      string
	Precisions []encoder.Precision // of Precisions
	Threads    int                 // 0: GOMAXPROCS
	// Each figure is measured for about this long; at least once for each.
	Each time.Duration
	// Progress, if not nil, is called before each step.
	Progress func(done, total int, step string)
}

// Run is what was measured of a model.
type Run struct {
	Model        string     `json:"model"`
	Kind         string     `json:"kind"` // bi or cross
	Layers       int        `json:"layers"`
	Hidden       int        `json:"hidden"`
	Intermediate int        `json:"intermediate"`
	Weights      int64      `json:"product_weights"` // that each token is multiplied with
	MaxTokens    int        `json:"max_tokens"`
	Threads      int        `json:"threads"`
	Measured     []Measured `json:"precisions"`
}

// Measured are the figures of a precision. Ratios say how many times as fast
// as fp32 it is; they are absent where fp32 was not measured.
type Measured struct {
	Precision encoder.Precision `json:"precision"`
	// Packed is the memory of the packed weights in bytes, Resident the most that
	// the process had resident, from opening the model until all was measured;
	// files that stay mapped, such as the program itself, count in. 0 if not known.
	Packed   int64 `json:"packed_bytes"`
	Resident int64 `json:"peak_resident_bytes,omitempty"`
	// Peak is the best that the product kernel reached on all threads together, in
	// operations a second: see kernel.Peak.
	Peak    float64      `json:"peak_operations_per_second"`
	Lengths []Throughput `json:"lengths"`
	Query   *Latency     `json:"query,omitempty"`  // of a bi-encoder: a query alone
	Rerank  *Rerank      `json:"rerank,omitempty"` // of a cross-encoder: a list of documents
}

// Throughput is the speed on many texts or pairs of a length.
type Throughput struct {
	Tokens          int     `json:"tokens"` // of each, special ones included
	Inputs          int     `json:"inputs"` // in one call
	Calls           int     `json:"calls"`
	TokensPerSecond float64 `json:"tokens_per_second"`
	TextsPerSecond  float64 `json:"texts_per_second,omitempty"` // of a bi-encoder
	PairMS          float64 `json:"ms_per_pair,omitempty"`      // of a cross-encoder
	Ratio           float64 `json:"ratio_to_fp32,omitempty"`
	PercentOfPeak   float64 `json:"percent_of_peak"`
}

// Latency is the time of calls with one query, in milliseconds.
type Latency struct {
	Tokens int     `json:"tokens"` // special ones not included
	Calls  int     `json:"calls"`
	Median float64 `json:"median_ms"`
	P99    float64 `json:"p99_ms"`
	Ratio  float64 `json:"ratio_to_fp32,omitempty"`
}

// Rerank is the time of scoring a list of pairs in one call.
type Rerank struct {
	Pairs          int     `json:"pairs"`
	QueryTokens    int     `json:"query_tokens"`    // special ones not included
	DocumentTokens int     `json:"document_tokens"` // likewise
	Calls          int     `json:"calls"`
	MS             float64 `json:"ms"`
	Ratio          float64 `json:"ratio_to_fp32,omitempty"`
	PercentOfPeak  float64 `json:"percent_of_peak"`
}

// Resolve is the precision that a model computes in where p is asked for: that
// of [encoder.Auto], or the one that stands in for p on this processor.
func Resolve(name string, p encoder.Precision) (encoder.Precision, error) {
	s, err := openSubject(name, encoder.AtPrecision(p))
	if err != nil {
		return "", err
	}
	return s.precision, s.close()
}

// rounds is how often precisions take turns.
const rounds = 3

// Measure opens the model in each precision in turn and measures it.
func Measure(ctx context.Context, p Plan) (*Run, error) {
	s, err := openSubject(p.Model, encoder.Threads(p.Threads)) // before anything is made for so many threads
	if err != nil {
		return nil, err
	}
	if err := s.close(); err != nil {
		return nil, err
	}
	if p.Threads == 0 {
		p.Threads = runtime.GOMAXPROCS(0)
	}
	m, err := model.Open(p.Model)
	if err != nil {
		return nil, err
	}
	loads, err := workloads(m, p.Threads)
	work, c := workOf(m), m.Config
	r := &Run{
		Model: m.Name, Kind: kindOf(m), Layers: c.Layers, Hidden: c.Hidden, Intermediate: c.Intermediate,
		Weights: int64(work.weights()), MaxTokens: m.MaxLength, Threads: p.Threads,
	}
	if closeErr := m.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", p.Model, err)
	}
	list := make([]*series, len(p.Precisions))
	for i, precision := range p.Precisions {
		list[i] = &series{precision: precision, packed: int64(encoder.PackedBytes(c, precision)), times: make([]sample, len(loads))}
	}
	for round := range rounds {
		for i, s := range list {
			step := func(name string) {
				if p.Progress != nil {
					p.Progress(round*len(list)+i, rounds*len(list), fmt.Sprintf("%s, %s, %s", p.Model, s.precision, name))
				}
			}
			if err := s.measure(ctx, &p, loads, round, step); err != nil {
				return nil, err
			}
		}
	}
	for _, s := range list {
		r.Measured = append(r.Measured, s.figures(loads, work))
	}
	r.compare()
	return r, nil
}

// series is what a precision's turns gave.
type series struct {
	precision encoder.Precision
	packed    int64
	resident  int64
	peak      float64
	times     []sample // of each workload
}

// sample is the times of a workload's calls.
type sample struct {
	calls []time.Duration
	spent time.Duration
}

// measure takes a turn.
func (s *series) measure(ctx context.Context, p *Plan, loads []workload, round int, step func(string)) (err error) {
	step("peak of products")
	if err := s.measurePeak(ctx, p); err != nil {
		return err
	}
	step("opening")
	runtime.GC() // what the turn before has left: a pool lets go of its memory at the second collection
	debug.FreeOSMemory()
	forgetPeak()
	subject, err := openSubject(p.Model, encoder.AtPrecision(s.precision), encoder.Threads(p.Threads))
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := subject.close(); err == nil {
			err = closeErr
		}
	}()
	if subject.precision != s.precision {
		return fmt.Errorf("model %s computes in %s, not in %s: this processor has no instructions for it", p.Model, subject.precision, s.precision)
	}
	for i := range loads { // the first call of each kind allocates memory
		if err := subject.run(ctx, loads[i].few(p.Threads)); err != nil {
			return err
		}
	}
	for i := range loads {
		step(loads[i].name())
		if err := s.times[i].take(ctx, subject, &loads[i], p.Each, round); err != nil {
			return err
		}
	}
	s.resident = max(s.resident, peakMemory())
	step("peak of products")
	return s.measurePeak(ctx, p)
}

// measurePeak runs the product kernel, twice in a turn. The peak is the best of
// many short runs: what the machine reaches when nothing disturbs it.
func (s *series) measurePeak(ctx context.Context, p *Plan) error {
	const run = 10 * time.Millisecond
	share := p.Each / rounds / 2
	for start := time.Now(); ; {
		peak, err := kernel.Peak(ctx, formats[s.precision], p.Threads, min(run, share))
		if err != nil {
			return err
		}
		s.peak = max(s.peak, peak)
		if time.Since(start) >= share {
			return nil
		}
	}
}

// take runs a workload until its share of the time, over all turns so far, is
// used up: a long call may have used that of later turns, too.
func (s *sample) take(ctx context.Context, subject *subject, w *workload, each time.Duration, round int) error {
	share := each * time.Duration(round+1) / rounds
	for s.spent < share || len(s.calls) < w.least*(round+1)/rounds && s.spent < 4*share {
		start := time.Now()
		if err := subject.run(ctx, w); err != nil {
			return err
		}
		d := max(time.Since(start), 1)
		s.calls = append(s.calls, d)
		s.spent += d
	}
	return nil
}

// figures makes the figures of the times.
func (s *series) figures(loads []workload, work work) Measured {
	m := Measured{Precision: s.precision, Packed: s.packed, Resident: s.resident, Peak: s.peak}
	for i := range loads {
		w, times := &loads[i], s.times[i].calls
		slices.Sort(times)
		median := quantile(times, 0.5)
		percent := 100 * work.operations(w.tokens) * float64(w.len()) / median.Seconds() / m.Peak
		milliseconds := func(d time.Duration) float64 { return 1e3 * d.Seconds() }
		switch w.kind {
		case query:
			m.Query = &Latency{Tokens: queryTokens, Calls: len(times), Median: milliseconds(median), P99: milliseconds(quantile(times, 0.99))}
		case rerank:
			m.Rerank = &Rerank{Pairs: w.len(), QueryTokens: queryTokens, DocumentTokens: documentTokens, Calls: len(times), MS: milliseconds(median), PercentOfPeak: percent}
		default:
			t := Throughput{Tokens: w.tokens, Inputs: w.len(), Calls: len(times), PercentOfPeak: percent}
			t.TokensPerSecond = float64(w.len()*w.tokens) / median.Seconds()
			if w.pairs != nil {
				t.PairMS = milliseconds(median) / float64(w.len())
			} else {
				t.TextsPerSecond = float64(w.len()) / median.Seconds()
			}
			m.Lengths = append(m.Lengths, t)
		}
	}
	return m
}

// quantile is the nearest-rank quantile of sorted times.
func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

// compare sets the ratios.
func (r *Run) compare() {
	i := slices.IndexFunc(r.Measured, func(m Measured) bool { return m.Precision == encoder.FP32 })
	if i < 0 {
		return
	}
	base := r.Measured[i]
	for j := range r.Measured {
		m := &r.Measured[j]
		for k := range m.Lengths {
			m.Lengths[k].Ratio = m.Lengths[k].TokensPerSecond / base.Lengths[k].TokensPerSecond
		}
		if m.Query != nil {
			m.Query.Ratio = base.Query.Median / m.Query.Median
		}
		if m.Rerank != nil {
			m.Rerank.Ratio = base.Rerank.MS / m.Rerank.MS
		}
	}
}
