// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/model/safetensors"
	"github.com/winnow-search/winnow/train/dataset"
	"github.com/winnow-search/winnow/train/loss"
)

// A step's gradient is the mean of its batches' gradients, whatever the loss and however many parts a batch has: what AdamW's first mean,
// after steps that move nothing, is made of.
func TestAccumulatedGradientsAreMeans(t *testing.T) {
	start := func(kind string, accumulate int) *Task {
		t.Helper()
		o := options()
		o.Rate, o.WarmUp, o.Dropout, o.Average, o.Clip, o.WeightDecay = 1e-30, 0, 0, 0, 0, 0
		o.Accumulate, o.BatchSize, o.Steps, o.ChunkTokens = accumulate, 2, 2, 40
		if kind != "tokens" {
			return newTask(t, kind, o)
		}
		task, err := Bi(student(t, 0), loss.Distillation{Cosine: true, Tokens: true}, openTeacher(t, teacherPath), o)
		if err != nil {
			t.Fatal(err)
		}
		return task
	}
	for _, kind := range []string{"bi", "cross", "tokens"} {
		t.Run(kind, func(t *testing.T) {
			single := start(kind, 3)
			var batches [][][]float32 // the gradients of each
			var losses []float64
			for rows, err := range single.options.batches(rows(10)(), 0) { // five, of which two are left for the second step
				if err != nil {
					t.Fatal(err)
				}
				b, err := single.prepare(t.Context(), rows)
				if err != nil {
					t.Fatal(err)
				}
				value, err := single.gradients(b, 1, 1)
				if err != nil {
					t.Fatal(err)
				}
				losses, batches = append(losses, value), append(batches, taken(single))
			}
			mean := func(from, to int) (gradient [][]float32, value float64) {
				for i, p := range single.network.parameters() {
					g := make([]float32, len(p.Value))
					for j := range g {
						var sum float64
						for _, b := range batches[from:to] {
							sum += float64(b[i][j])
						}
						g[j] = float32(sum / float64(to-from))
					}
					gradient = append(gradient, g)
				}
				for _, v := range losses[from:to] {
					value += v / float64(to-from)
				}
				return gradient, value
			}
			one, firstLoss := mean(0, 3)
			two, secondLoss := mean(3, 5)

			dir := t.TempDir()
			task := start(kind, 3)
			var steps []Step
			_, err := task.Run(t.Context(), Plan{Rows: rows(10), Checkpoint: dir, CheckpointEvery: 2, Done: func(s Step) error {
				steps = append(steps, s)
				return nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range []struct {
				gradient [][]float32
				loss     float64
			}{{one, firstLoss}, {two, secondLoss}} {
				if s := steps[i]; math.Abs(s.Norm/lengthOf(want.gradient)-1) > 1e-4 || math.Abs(s.Loss-want.loss) > 1e-5*want.loss {
					t.Errorf("step %d: gradient of length %v and loss %v, the means are %v and %v", i+1, s.Norm, s.Loss, lengthOf(want.gradient), want.loss)
				}
			}
			for i, x := range one {
				for j := range x {
					x[j] = 0.1 * (0.9*x[j] + two[i][j]) // AdamW's first mean, after both
				}
			}
			if off := difference(firstMeans(t, task, dir), one); off > 1e-4 {
				t.Errorf("the gradients of the steps are off by %v", off)
			}
		})
	}
}

// firstMeans are AdamW's means of gradients in a checkpoint, in the order of the parameters.
func firstMeans(t *testing.T, task *Task, dir string) (list [][]float32) {
	t.Helper()
	f, err := safetensors.Open(filepath.Join(dir, stateFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range task.network.parameters() {
		tensor, err := f.Tensor("first/" + p.Name)
		if err != nil {
			t.Fatal(err)
		}
		values := make([]float32, len(p.Value))
		if err := tensor.Float32(values, 0); err != nil {
			t.Fatal(err)
		}
		list = append(list, values)
	}
	return list
}

func isWords(name string) bool { return strings.HasSuffix(name, "word_embeddings.weight") }

// What is frozen stays as it is, and the gradients of the rest are those without freezing, to the bit.
func TestFrozenPartsStayAndOthersAreAsWithout(t *testing.T) {
	for _, tt := range []struct {
		kind   string
		freeze []string
		frozen func(name string, layer int) bool
	}{
		{"bi", []string{"words"}, func(name string, _ int) bool { return isWords(name) }},
		{"bi", []string{"embeddings"}, func(_ string, layer int) bool { return layer == -1 }},
		{"bi", []string{"embeddings", "0-1"}, func(_ string, layer int) bool { return layer < 2 }},
		{"bi", []string{"1"}, func(_ string, layer int) bool { return layer == 1 }},
		{"bi", []string{"2", "words"}, func(name string, layer int) bool { return layer == 2 || isWords(name) }},
		{"cross", []string{"embeddings", "0"}, func(_ string, layer int) bool { return layer < 1 }},
	} {
		t.Run(tt.kind+" "+tt.freeze[0], func(t *testing.T) {
			o := briefly()
			o.Steps, o.WeightDecay = 2, 0.5
			free := newTask(t, tt.kind, o)
			_, want := gradientsOf(t, free, 0, 4)
			part := *o
			part.Freeze = tt.freeze
			task := newTask(t, tt.kind, &part)
			_, got := gradientsOf(t, task, 0, 4)
			before, kept := values(task), 0
			if _, err := task.Run(t.Context(), Plan{Rows: rows(8)}); err != nil {
				t.Fatal(err)
			}
			for i, p := range task.network.parameters() {
				same := equal([][]float32{p.Value}, [][]float32{before[i]})
				if tt.frozen(p.Name, p.Layer) {
					kept++
					if got[i] != nil || !same {
						t.Errorf("%s is frozen and has a gradient, or another value", p.Name)
					}
					continue
				}
				if !slices.Equal(got[i], want[i]) {
					t.Errorf("%s has another gradient than without freezing", p.Name)
				}
				if same && lengthOf(want[i:i+1]) > 0 {
					t.Errorf("%s is as it was", p.Name)
				}
			}
			if kept == 0 || kept == len(before) {
				t.Errorf("%d of %d parameters are frozen", kept, len(before))
			}
		})
	}
}

// An epoch has every row once, in batches of about equal length, in another order each time.
func TestBatchesHaveEveryRowOnceAndAlikeInLength(t *testing.T) {
	const n, size = 203, 6
	var data []dataset.Row
	for i := range n { // lengths far apart, in no order
		data = append(data, dataset.Row{Anchor: string(make([]byte, 1+i*88%n*10)), Place: dataset.Place{Line: i}})
	}
	o := options()
	o.BatchSize = size
	for _, buffer := range []int{1000, 20} {
		o.Buffer = buffer
		var orders [][]int
		for epoch := range 2 {
			var order, widths []int
			lengths := map[int]bool{}
			for b, err := range o.batches(func(yield func(dataset.Row, error) bool) {
				for _, r := range data {
					if !yield(r, nil) {
						return
					}
				}
			}, epoch) {
				if err != nil {
					t.Fatal(err)
				}
				lengths[len(b)] = true
				low, high := b[0].Size(), b[0].Size()
				for _, r := range b {
					order = append(order, r.Place.Line)
					low, high = min(low, r.Size()), max(high, r.Size())
				}
				widths = append(widths, high-low)
			}
			sorted := slices.Sorted(slices.Values(order))
			for i := range n {
				if len(sorted) != n || sorted[i] != i {
					t.Fatalf("buffer %d, epoch %d: rows %v", buffer, epoch, sorted)
				}
			}
			if len(lengths) != 2 || !lengths[size] || !lengths[n%size] || slices.IsSorted(order) {
				t.Errorf("buffer %d: batches of %v rows, order %v", buffer, lengths, order)
			}
			// Of 96 rows in order of length, six neighbours lie within a sixteenth of the range, where chance alone would spread them over 5/7 of it.
			var sum int
			for _, w := range widths {
				sum += w
			}
			if mean := float64(sum) / float64(len(widths)); mean > 2*10*n/16 {
				t.Errorf("buffer %d: lengths in a batch are %v bytes apart on average, of %d", buffer, mean, 10*n)
			}
			orders = append(orders, order)
		}
		if slices.Equal(orders[0], orders[1]) {
			t.Errorf("buffer %d: both epochs have one order", buffer)
		}
	}
}

// In order, batches are the rows as they come, each epoch.
func TestBatchesInOrder(t *testing.T) {
	o := options()
	o.BatchSize, o.InOrder = 4, true
	for epoch := range 2 {
		var order, sizes []int
		for b, err := range o.batches(rows(10)(), epoch) {
			if err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, len(b))
			for _, r := range b {
				order = append(order, r.Place.Line)
			}
		}
		if !slices.IsSorted(order) || len(order) != 10 || !slices.Equal(sizes, []int{4, 4, 2}) {
			t.Errorf("epoch %d: rows %v in batches of %v", epoch, order, sizes)
		}
	}
}
