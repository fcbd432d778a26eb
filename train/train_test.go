// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/train/dataset"
	"github.com/winnow-search/winnow/train/loss"
)

func openModel(t *testing.T, name string) *model.Model {
	t.Helper()
	m, err := model.Open(filepath.Join("..", "internal", "parity", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// rows are questions of words, each answered by the text with its words and not by others.
func rows(n int) func() iter.Seq2[dataset.Row, error] {
	words := []string{"red", "green", "fast", "slow", "train", "ship", "house", "river", "paper", "stone", "wind", "light"}
	return func() iter.Seq2[dataset.Row, error] {
		return func(yield func(dataset.Row, error) bool) {
			for i := range n {
				a, b, c := words[i%12], words[(i*5+1)%12], words[(i*7+3)%12]
				r := dataset.Row{
					Anchor: fmt.Sprintf("what is the %s %s number %d", a, b, i), Positive: fmt.Sprintf("the %s %s is number %d", a, b, i),
					Negatives: []string{fmt.Sprintf("a %s, and no %s", c, a), "nothing but " + c},
					Place:     dataset.Place{File: "made.jsonl", Line: i + 1},
				}
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

func options() *Options {
	o := Defaults()
	o.Rate, o.BatchSize, o.Steps, o.ChunkTokens, o.Average = 1e-3, 8, 30, 100, 0.9
	return &o
}

// values are copies of all parameters.
func values(t *Task) (list [][]float32) {
	for _, p := range t.network.parameters() {
		list = append(list, slices.Clone(p.Value))
	}
	return list
}

func equal(a, b [][]float32) bool {
	return slices.EqualFunc(a, b, func(x, y []float32) bool {
		return slices.EqualFunc(x, y, func(u, v float32) bool { return math.Float32bits(u) == math.Float32bits(v) })
	})
}

func TestRunsAreEqualToTheBit(t *testing.T) {
	for _, kind := range []string{"bi", "cross"} {
		t.Run(kind, func(t *testing.T) {
			start := func(o *Options) *Task { return newTask(t, kind, o) }
			var losses []float64
			whole := start(options())
			result, err := whole.Run(t.Context(), Plan{Rows: rows(50), Done: func(s Step) error {
				losses = append(losses, s.Loss)
				return nil
			}})
			if err != nil || result.Steps != 30 {
				t.Fatal(result, err)
			}
			if begin, end := losses[0]+losses[1]+losses[2], losses[27]+losses[28]+losses[29]; !(end < begin) {
				t.Errorf("the loss of three steps goes from %v to %v", begin, end)
			}

			single := options()
			single.Threads = 1
			alone := start(single)
			if _, err := alone.Run(t.Context(), Plan{Rows: rows(50)}); err != nil {
				t.Fatal(err)
			}
			if !equal(values(whole), values(alone)) {
				t.Error("one thread gives other weights")
			}

			dir := t.TempDir()
			stop := errors.New("stop")
			_, err = start(options()).Run(t.Context(), Plan{Rows: rows(50), Checkpoint: dir, CheckpointEvery: 5, Done: func(s Step) error {
				if s.Number == 8 {
					return stop
				}
				return nil
			}})
			if !errors.Is(err, stop) {
				t.Fatal(err)
			}
			resumed, first := start(options()), 0
			_, err = resumed.Run(context.Background(), Plan{Rows: rows(50), Checkpoint: dir, CheckpointEvery: 5, Done: func(s Step) error {
				if first == 0 {
					first = s.Number
				}
				return nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			if first != 6 || !equal(values(whole), values(resumed)) {
				t.Errorf("a run resumed at step %d gives other weights", first)
			}
		})
	}
}

func TestWhatCannotBeTrainedIsNamed(t *testing.T) {
	some := rows(20)
	bad := func(o *Options, l loss.Bi) error {
		task, err := Bi(openModel(t, "bi-mean"), l, nil, o)
		if err != nil {
			return err
		}
		_, err = task.Run(t.Context(), Plan{Rows: some})
		return err
	}
	for name, tt := range map[string]struct {
		change func(*Options)
		loss   loss.Bi
		want   string
	}{
		"memory":  {func(o *Options) { o.ChunkTokens, o.BatchSize = 1<<40, 1<<30 }, loss.MultipleNegativesRanking{}, "lower the chunk tokens"},
		"frozen":  {func(o *Options) { o.Freeze = []string{"embeddings", "0-2"} }, loss.MultipleNegativesRanking{}, "everything is frozen"},
		"label":   {func(*Options) {}, loss.CoSENT{}, `made.jsonl: line 1: field "label"`},
		"teacher": {func(*Options) {}, loss.Distillation{}, "name a teacher"},
		"tokens":  {func(o *Options) { o.MaxTokens = 2 }, loss.MultipleNegativesRanking{}, "an input has at least 3"},
		"numbers": {func(*Options) {}, &boom{}, "the loss of step 3 is not a finite number; its batch has rows such as made.jsonl: line "},
	} {
		o := options()
		tt.change(o)
		if err := bad(o, tt.loss); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// boom is a loss that is infinite from its third batch on.
type boom struct{ calls int }

func (*boom) Needs() loss.Needs { return loss.Needs{} }

func (l *boom) Loss(b *loss.Embeddings, gradient []float32) float64 {
	if l.calls++; l.calls > 2 {
		return math.Inf(1)
	}
	return loss.MultipleNegativesRanking{}.Loss(b, gradient)
}
