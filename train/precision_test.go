// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"errors"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/atomicfile"
	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/model/safetensors"
	"github.com/winnow-search/winnow/train/loss"
)

// withAndWithout runs a test at this machine's tier and, if that has instructions for bf16, at the best without: there bf16 is
// computed in fp32.
func withAndWithout(t *testing.T, do func(t *testing.T)) {
	here, _ := kernel.Active()
	tiers := []kernel.Tier{here}
	for _, tier := range slices.Backward(kernel.Available()) {
		if len(tiers) > 1 || inUse() == encoder.FP32 {
			break
		}
		undo, err := kernel.Use(tier)
		if err != nil {
			t.Fatal(err)
		}
		if inUse() == encoder.FP32 {
			tiers = append(tiers, tier)
		}
		undo()
	}
	for _, tier := range tiers {
		t.Run(string(tier), func(t *testing.T) {
			undo, err := kernel.Use(tier)
			if err != nil {
				t.Fatal(err)
			}
			defer undo()
			do(t)
		})
	}
}

// sum is a loss whose gradient is the same whatever the logits are: what is off is the network's.
type sum struct{}

func (sum) Needs() loss.CrossNeeds { return loss.CrossNeeds{} }

func (sum) Loss(b *loss.Logits, gradient []float32) (total float64) {
	for i, x := range b.Values {
		sign := float32(1 - i%2*2)
		total += float64(sign * x)
		gradient[i] += sign
	}
	return total
}

// newTask is a task of bi-mean or cross-default.
func newTask(t *testing.T, kind string, o *Options) *Task {
	t.Helper()
	var task *Task
	var err error
	if kind == "bi" {
		task, err = Bi(openModel(t, "bi-mean"), loss.MultipleNegativesRanking{}, nil, o)
	} else {
		task, err = Cross(openModel(t, "cross-default"), loss.Softmax{}, o)
	}
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// inUse is what products are computed in where bf16 is asked for.
func inUse() encoder.Precision {
	if kernel.Supported(kernel.BFloat16) {
		return encoder.BF16
	}
	return encoder.FP32
}

// bf16 has 8 bits of significand, so that an operand of a product is off by a part of 2^-8 at most, and by 2^-8/√6 in the mean square over
// all significands. What the two operands of a product and the products after each other add is independent of each other; between a gradient and its loss lie,
// there and back, about 2·(4 + 2) products a layer of these three. That makes √(2·36)·2^-8/√6 = 1.4 % of a gradient's length; twice as
// much is allowed, for norms and softmax stretch some of it.
const bf16Tolerance = 0.028

func TestGradientsOfBF16AreNearThoseOfFP32(t *testing.T) {
	for _, kind := range []string{"bi", "cross"} {
		t.Run(kind, func(t *testing.T) {
			withAndWithout(t, func(t *testing.T) {
				gradients := func(p, want encoder.Precision) (float64, [][]float32) {
					o := plain()
					o.Precision = p
					task := newTask(t, "bi", o)
					if kind == "cross" {
						var err error
						if task, err = Cross(openModel(t, "cross-identity"), sum{}, o); err != nil {
							t.Fatal(err)
						}
					}
					if task.Precision() != want {
						t.Fatalf("of %s products are computed in %s, want %s", p, task.Precision(), want)
					}
					return gradientsOf(t, task, 0, 6)
				}
				exactLoss, exact := gradients(encoder.FP32, encoder.FP32)
				value, got := gradients(encoder.BF16, inUse())
				if inUse() == encoder.FP32 {
					if value != exactLoss || !equal(got, exact) {
						t.Error("without instructions for bf16 the gradients are not those of fp32")
					}
					return
				}
				if equal(got, exact) {
					t.Error("nothing is rounded")
				}
				if math.Abs(value-exactLoss) > bf16Tolerance*max(1, math.Abs(exactLoss)) {
					t.Errorf("the loss is %v, of fp32 %v", value, exactLoss)
				}
				if off := difference(got, exact); off > bf16Tolerance {
					t.Errorf("gradients are off by %v", off)
				} else {
					t.Logf("gradients are off by %.2e, the loss by %.1e", off, math.Abs(value/exactLoss-1))
				}
				whole := lengthOf(exact)
				for i := range exact { // each parameter with a part in it
					one, want := [][]float32{got[i]}, [][]float32{exact[i]}
					if off := difference(one, want); lengthOf(want) > 0.01*whole && off > 3*bf16Tolerance {
						t.Errorf("parameter %d is off by %v", i, off)
					}
				}
			})
		})
	}
}

// gradientsOf are the loss and copies of the gradients of rows [from, to), which are cleared.
func gradientsOf(t *testing.T, task *Task, from, to int) (float64, [][]float32) {
	t.Helper()
	b, err := task.prepare(t.Context(), someRows(t, to)[from:])
	if err != nil {
		t.Fatal(err)
	}
	value, err := task.gradients(b, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	return value, taken(task)
}

// taken are the gradients, which are cleared; nil of what is frozen.
func taken(task *Task) (list [][]float32) {
	for _, p := range task.network.parameters() {
		list = append(list, append([]float32(nil), p.Gradient...))
		clear(p.Gradient)
	}
	return list
}

func lengthOf(list [][]float32) float64 {
	var sum float64
	for _, x := range list {
		for _, v := range x {
			sum += float64(v) * float64(v)
		}
	}
	return math.Sqrt(sum)
}

// difference is the length of got - want beside that of want.
func difference(got, want [][]float32) float64 {
	var sum float64
	for i, x := range want {
		if len(got[i]) != len(x) {
			return math.Inf(1)
		}
		for j, v := range x {
			d := float64(got[i][j]) - float64(v)
			sum += d * d
		}
	}
	return math.Sqrt(sum) / lengthOf(want)
}

// briefly are options of a run of few steps.
func briefly() *Options {
	o := options()
	o.BatchSize, o.Steps = 4, 4
	return o
}

// Whatever the threads, and interrupted or not, a run in bf16 ends with the same weights; where bf16 is computed in fp32, with those of fp32.
func TestRunsInBF16AreEqualToTheBit(t *testing.T) {
	for _, kind := range []string{"bi", "cross"} {
		t.Run(kind, func(t *testing.T) {
			withAndWithout(t, func(t *testing.T) {
				run := func(p encoder.Precision, threads int, plan Plan) (*Task, error) {
					o := briefly()
					o.Precision, o.Threads = p, threads
					task := newTask(t, kind, o)
					plan.Rows = rows(16)
					_, err := task.Run(t.Context(), plan)
					return task, err
				}
				whole, err := run(encoder.BF16, 1, Plan{})
				if err != nil {
					t.Fatal(err)
				}
				exact, err := run(encoder.FP32, 1, Plan{})
				if err != nil {
					t.Fatal(err)
				}
				if same := equal(values(whole), values(exact)); same != (inUse() == encoder.FP32) {
					t.Errorf("computed in %s, the weights are those of fp32: %v", inUse(), same)
				}
				several, err := run(encoder.BF16, 3, Plan{})
				if err != nil || !equal(values(whole), values(several)) {
					t.Errorf("three threads give other weights, %v", err)
				}
				dir, stop := t.TempDir(), errors.New("stop")
				_, err = run(encoder.BF16, 2, Plan{Checkpoint: dir, CheckpointEvery: 2, Done: func(s Step) error {
					if s.Number == 3 {
						return stop
					}
					return nil
				}})
				if !errors.Is(err, stop) {
					t.Fatal(err)
				}
				first := 0
				resumed, err := run(encoder.BF16, 1, Plan{Checkpoint: dir, Done: func(s Step) error {
					if first == 0 {
						first = s.Number
					}
					return nil
				}})
				if err != nil || first != 3 || !equal(values(whole), values(resumed)) {
					t.Errorf("a run that goes on at step %d gives other weights, %v", first, err)
				}
			})
		})
	}
}

// A run does not go on at another SIMD tier, or in another precision than it began in, unless it is told to.
func TestCheckpointsOfOtherArithmeticAreRefused(t *testing.T) {
	dir := t.TempDir()
	run := func(steps int, plan Plan) error {
		o := briefly()
		o.Steps, o.Precision = steps, encoder.BF16
		plan.Rows, plan.Checkpoint, plan.CheckpointEvery = rows(16), dir, 1
		_, err := newTask(t, "bi", o).Run(t.Context(), plan)
		return err
	}
	refused := func(err error, want ...string) {
		t.Helper()
		var changed *ChangedError
		if !errors.As(err, &changed) || len(changed.Differences) != len(want) {
			t.Errorf("%v", err)
			return
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%v, want %q", err, w)
			}
		}
	}
	if err := run(2, Plan{}); err != nil {
		t.Fatal(err)
	}
	here, _ := kernel.Active()
	for _, tier := range kernel.Available() {
		if tier == here {
			continue
		}
		before := inUse()
		undo, err := kernel.Use(tier)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{`SIMD tier: "` + string(here) + `", now "` + string(tier) + `"`}
		if inUse() != before {
			want = append(want, `precision in use: "`+string(before)+`", now "`+string(inUse())+`"`)
		}
		refused(run(2, Plan{}), want...)
		undo()
	}

	// Of a machine that this one cannot be, whatever it is.
	other := map[encoder.Precision]encoder.Precision{encoder.BF16: encoder.FP32, encoder.FP32: encoder.BF16}[inUse()]
	rewrite(t, filepath.Join(dir, stateFile), `"SIMD tier":"`+string(here)+`"`, `"SIMD tier":"other"`)
	rewrite(t, filepath.Join(dir, stateFile), `"precision in use":"`+string(inUse())+`"`, `"precision in use":"`+string(other)+`"`)
	refused(run(2, Plan{}), `SIMD tier: "other", now "`+string(here)+`"`, `precision in use: "`+string(other)+`", now "`+string(inUse())+`"`)
	if err := run(2, Plan{Changed: true}); err != nil {
		t.Error(err)
	}
	if err := run(3, Plan{Changed: true}); err != nil { // and is then one of this machine
		t.Error(err)
	}
	if err := run(3, Plan{}); err != nil {
		t.Error(err)
	}
}

// rewrite changes the settings in a checkpoint.
func rewrite(t *testing.T, path, before, after string) {
	t.Helper()
	f, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text := f.Metadata()[stateKey]
	if !strings.Contains(text, before) {
		t.Fatalf("no %s in %s", before, text)
	}
	var entries []safetensors.Entry
	for _, name := range f.Names() {
		tensor, err := f.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		values := make([]float32, tensor.Len())
		if err := tensor.Float32(values, 0); err != nil {
			t.Fatal(err)
		}
		entries = append(entries, safetensors.Entry{Name: name, DType: safetensors.F32, Shape: tensor.Shape(), Data: func() ([]byte, error) {
			return safetensors.AppendF32(nil, values), nil
		}})
	}
	err = atomicfile.WriteFunc(path, func(w io.Writer) error {
		return safetensors.Write(w, entries, map[string]string{stateKey: strings.Replace(text, before, after, 1)})
	})
	if err != nil {
		t.Fatal(err)
	}
}
