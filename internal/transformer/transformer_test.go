// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package transformer

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/winnow-search/winnow/internal/kernel"
)

// made is a tensor of random values that depend on its name alone.
type made struct {
	name  string
	shape []int
}

func (m made) Shape() []int { return m.shape }

func (m made) Float32(dst []float32, offset int) error {
	h := fnv.New64a()
	h.Write([]byte(m.name))
	for i := range dst {
		// SplitMix64 (Steele, Lea & Flood 2014) of name and place: each value
		// can be had alone.
		z := h.Sum64() + uint64(offset+i)*0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		dst[i] = float32(z>>40)/(1<<24)*0.7 - 0.35
		if strings.HasSuffix(m.name, "LayerNorm.weight") {
			dst[i]++
		}
	}
	return nil
}

// weights makes whatever tensor a configuration has; those in missing it lacks.
type weights struct {
	Config
	missing string
	broken  error // of reading word embeddings
}

func (w weights) Tensor(name string) (Tensor, error) {
	if name == w.missing {
		return nil, fmt.Errorf("no tensor %s", name)
	}
	h, i := w.Hidden, w.Intermediate
	shapes := []struct {
		part  string
		shape []int
	}{
		{"word_embeddings", []int{w.Vocab, h}},
		{"position_embeddings", []int{w.Positions, h}},
		{"token_type_embeddings", []int{w.Types, h}},
		{"LayerNorm", []int{h}},
		{"intermediate.dense.weight", []int{i, h}},
		{"intermediate.dense.bias", []int{i}},
		{"attention.output.dense.weight", []int{h, h}},
		{"output.dense.weight", []int{h, i}},
		{"self.query.weight", []int{h, h}},
		{"self.key.weight", []int{h, h}},
		{"self.value.weight", []int{h, h}},
		{"bias", []int{h}},
	}
	for _, s := range shapes {
		if strings.Contains(name, s.part) {
			t := made{name, s.shape}
			if w.broken != nil && s.part == "word_embeddings" {
				return failing{t, w.broken}, nil
			}
			return t, nil
		}
	}
	return nil, fmt.Errorf("no tensor %s", name)
}

type failing struct {
	made
	err error
}

func (f failing) Float32([]float32, int) error { return f.err }

var small = Config{
	Vocab: 50, Positions: 128, Types: 2, Hidden: 40, Layers: 2, Heads: 4, Intermediate: 70,
	Epsilon: 1e-12, Activation: "gelu",
}

func batchOf(r *rand.Rand, c Config, lengths ...int) Batch {
	b := Batch{Starts: []int32{0}}
	for _, n := range lengths {
		for range n {
			b.IDs = append(b.IDs, int32(r.IntN(c.Vocab)))
			b.Types = append(b.Types, uint8(r.IntN(c.Types)))
		}
		b.Starts = append(b.Starts, int32(len(b.IDs)))
	}
	return b
}

// collect runs a batch and returns each sequence's rows without padding.
func collect(t *testing.T, e *Encoder, b Batch) [][]float32 {
	t.Helper()
	var mu sync.Mutex
	out := make([][]float32, b.Len())
	err := e.Forward(t.Context(), b, func(seq int, rows []float32, stride int) {
		mu.Lock()
		defer mu.Unlock()
		if out[seq] != nil {
			t.Errorf("sequence %d visited twice", seq)
		}
		for i := 0; i < len(rows); i += stride {
			out[seq] = append(out[seq], rows[i:i+e.Config().Hidden]...)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range out {
		if out[i] == nil {
			t.Errorf("sequence %d not visited", i)
		}
	}
	return out
}

// First computes the same bits for first tokens as a full last layer does.
func TestFirstEqualsFull(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	b := batchOf(r, small, 1, 2, 17, 128, 5, 64, 33)
	for _, threads := range []int{1, 2, 5} {
		eachFormat(t, func(t *testing.T, f kernel.Format) {
			full, err := New(small, weights{Config: small}, "", Options{Threads: threads, Format: f})
			if err != nil {
				t.Fatal(err)
			}
			first, err := New(small, weights{Config: small}, "", Options{Threads: threads, First: true, Format: f})
			if err != nil {
				t.Fatal(err)
			}
			want, got := collect(t, full, b), collect(t, first, b)
			for i := range want {
				if len(want[i]) != b.length(i)*small.Hidden || !slices.Equal(got[i], want[i][:small.Hidden]) {
					t.Fatalf("%d threads: sequence %d of %d tokens differs", threads, i, b.length(i))
				}
			}
		})
	}
}

// wide is a model whose features and intermediate features are of more than
// one group, the last of them not whole.
var wide = Config{
	Vocab: 50, Positions: 128, Types: 2, Hidden: 400, Layers: 1, Heads: 4, Intermediate: 1000,
	Epsilon: 1e-12, Activation: "gelu",
}

// Other formats are near float32, by what each promises, at every tier.
func TestFormatsAreClose(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	for name, c := range map[string]Config{"small": small, "wide": wide} {
		b := batchOf(r, c, 1, 9, 40)
		var want [][]float32
		eachFormat(t, func(t *testing.T, f kernel.Format) {
			e, err := New(c, weights{Config: c}, "", Options{Threads: 1, Format: f})
			if err != nil {
				t.Fatal(err)
			}
			got := collect(t, e, b)
			if f == kernel.Float32 {
				want = got
			}
			limit := map[kernel.Format]float64{kernel.Float32: 1e-7, kernel.Int16: 1e-6, kernel.BFloat16: 1e-3, kernel.Int8: 1e-2}[f]
			for i := range want {
				var dot, x, y float64
				for j, v := range got[i] {
					dot += float64(v) * float64(want[i][j])
					x += float64(v) * float64(v)
					y += float64(want[i][j]) * float64(want[i][j])
				}
				if d := 1 - dot/math.Sqrt(x*y); !(d <= limit) {
					t.Errorf("%s: sequence %d: 1-cosine to float32 is %.1e, more than %.0e", name, i, d, limit)
				}
			}
		})
	}
}

// eachFormat runs f for each format of each tier. Beside vector tiers, plain Go
// runs float32 alone: its other formats are slow, and equal to the tiers'
// in package kernel's tests. The build tag noasm leaves it all of them.
func eachFormat(t *testing.T, f func(t *testing.T, format kernel.Format)) {
	for _, tier := range kernel.Available() {
		undo, err := kernel.Use(tier)
		if err != nil {
			t.Fatal(err)
		}
		formats := []kernel.Format{kernel.Float32, kernel.BFloat16, kernel.Int16, kernel.Int8}
		if tier == kernel.Scalar && len(kernel.Available()) > 1 {
			formats = formats[:1]
		}
		for _, format := range formats {
			if format == kernel.BFloat16 && !kernel.Supported(format) && len(kernel.Available()) > 1 {
				continue // plain Go again
			}
			t.Run(fmt.Sprintf("%s/%s", tier, format), func(t *testing.T) { f(t, format) })
		}
		undo()
	}
}

// Every shape of a chunk fits its arena, that of the last layer of
// Options.First too. A fresh arena each time: a used one may be large enough.
func TestArenaFitsEveryShape(t *testing.T) {
	for _, intermediate := range []int{70, 1536, 3072, 4096} {
		c := Config{Vocab: 4, Positions: 600, Types: 1, Hidden: 4, Layers: 1, Heads: 1, Intermediate: intermediate, Epsilon: 1e-12, Activation: "relu"}
		e, err := New(c, zeros{c}, "", Options{Threads: 1, First: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, length := range []int{1, 2, 3, 5, 8, 11, 30, 200, 600} {
			for sequences := 1; sequences*length <= 600; sequences++ {
				b := batchOf(rand.New(rand.NewPCG(1, 1)), c, slices.Repeat([]int{length}, sequences)...)
				var a arena
				a.fit(e, b, chunk{0, sequences})
				for _, rows := range []int{sequences * length, sequences} {
					if need := rows * innerBlock(rows, e.layers[0].up.N); len(a.inner) < need {
						t.Fatalf("intermediate %d, %d sequences of %d: %d floats for %d rows that need %d", intermediate, sequences, length, len(a.inner), rows, need)
					}
				}
			}
		}
	}
}

// The shapes that once did not fit, run for real.
func TestShortSequencesOfWideModels(t *testing.T) {
	c := Config{Vocab: 4, Positions: 64, Types: 1, Hidden: 4, Layers: 1, Heads: 1, Intermediate: 4096, Epsilon: 1e-12, Activation: "relu"}
	for n := 1; n <= 60; n++ {
		e, err := New(c, zeros{c}, "", Options{Threads: 1, First: true})
		if err != nil {
			t.Fatal(err)
		}
		collect(t, e, batchOf(rand.New(rand.NewPCG(1, 1)), c, slices.Repeat([]int{5}, n)...))
	}
}

// zeros is a source of tensors that are all zero: quick, for shapes alone.
type zeros struct{ Config }

func (z zeros) Tensor(name string) (Tensor, error) {
	t, err := weights{Config: z.Config}.Tensor(name)
	if err != nil {
		return nil, err
	}
	return zero{t.Shape()}, nil
}

type zero struct{ shape []int }

func (z zero) Shape() []int { return z.shape }

func (z zero) Float32(dst []float32, _ int) error {
	clear(dst)
	return nil
}

// Many chunks on many teams, and few chunks on large teams, agree.
func TestTeamsAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, lengths := range [][]int{{3}, {128}, {100, 100}, {20, 120, 7}, slices.Repeat([]int{90, 3, 40}, 10)} {
		b := batchOf(r, small, lengths...)
		eachFormat(t, func(t *testing.T, f kernel.Format) {
			var want [][]float32
			for _, threads := range []int{1, 2, 3, 8} {
				e, err := New(small, weights{Config: small}, "", Options{Threads: threads, Format: f})
				if err != nil {
					t.Fatal(err)
				}
				for range 2 { // arenas are used again
					got := collect(t, e, b)
					if want == nil {
						want = got
					}
					if fmt.Sprint(got) != fmt.Sprint(want) {
						t.Fatalf("lengths %v: %d threads differ from 1", lengths, threads)
					}
				}
			}
		})
	}
}

func TestForwardIsConcurrent(t *testing.T) {
	e, err := New(small, weights{Config: small}, "", Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	b := batchOf(rand.New(rand.NewPCG(5, 6)), small, 30, 60, 90)
	want := fmt.Sprint(collect(t, e, b))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got := fmt.Sprint(collect(t, e, b)); got != want {
				t.Error("concurrent calls disturb each other")
			}
		})
	}
	wg.Wait()
}

func TestForwardRefusesBadBatches(t *testing.T) {
	e, err := New(small, weights{Config: small}, "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	good := func() Batch { return batchOf(rand.New(rand.NewPCG(7, 8)), small, 3, 4) }
	for want, change := range map[string]func(*Batch){
		"starts run from 1":      func(b *Batch) { b.Starts[0] = 1 },
		"to 5; want 0 to 7":      func(b *Batch) { b.Starts[2] = 5 },
		"6 types for 7":          func(b *Batch) { b.Types = b.Types[:6] },
		"sequence 1 has 0":       func(b *Batch) { b.Starts[1] = 7 },
		"token 2 has id 50":      func(b *Batch) { b.IDs[2] = 50 },
		"token 3 has id -1":      func(b *Batch) { b.IDs[3] = -1 },
		"token 4 has segment 2":  func(b *Batch) { b.Types[4] = 2 },
		"has 129 tokens; the mo": func(b *Batch) { *b = batchOf(rand.New(rand.NewPCG(7, 8)), small, 129) },
	} {
		b := good()
		change(&b)
		err := e.Forward(t.Context(), b, func(int, []float32, int) { t.Error("visited") })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %q in it", err, want)
		}
	}
	if err := e.Forward(t.Context(), Batch{}, nil); err != nil {
		t.Errorf("empty batch: %v", err)
	}
}

func TestForwardStops(t *testing.T) {
	for _, threads := range []int{1, 2, 4} {
		e, err := New(small, weights{Config: small}, "", Options{Threads: threads})
		if err != nil {
			t.Fatal(err)
		}
		b := batchOf(rand.New(rand.NewPCG(9, 10)), small, slices.Repeat([]int{100}, 50)...)
		ctx, cancel := context.WithCancel(t.Context())
		var once sync.Once
		visits := 0
		var mu sync.Mutex
		err = e.Forward(ctx, b, func(int, []float32, int) {
			once.Do(cancel)
			mu.Lock()
			visits++
			mu.Unlock()
		})
		if !errors.Is(err, context.Canceled) || visits >= 50 {
			t.Errorf("%d threads: %v after %d visits", threads, err, visits)
		}

		broken := errors.New("disk gone")
		e, err = New(small, weights{Config: small, broken: broken}, "", Options{Threads: threads})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Forward(t.Context(), b, func(int, []float32, int) {}); !errors.Is(err, broken) {
			t.Errorf("%d threads: %v; want the tensor's error", threads, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"hidden_size 40 is not a multiple of num_attention_heads 3": func(c *Config) { c.Heads = 3 },
		`activation "swish" is not supported`:                       func(c *Config) { c.Activation = "swish" },
		"layer_norm_eps is 0":                                       func(c *Config) { c.Epsilon = 0 },
		"layer_norm_eps is NaN":                                     func(c *Config) { c.Epsilon = float32(math.NaN()) },
		"num_hidden_layers is 0":                                    func(c *Config) { c.Layers = 0 },
	} {
		c := small
		change(&c)
		if _, err := New(c, weights{Config: small}, "", Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %q in it", err, want)
		}
	}
	changed := small
	changed.Intermediate = 71
	if _, err := New(changed, weights{Config: small}, "", Options{}); err == nil || !strings.Contains(err.Error(), "intermediate.dense.weight has shape [70 40]") {
		t.Errorf("wrong shape: %v", err)
	}
	name := "bert.encoder.layer.1.output.dense.bias"
	if _, err := New(small, weights{Config: small, missing: name}, "bert.", Options{}); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("missing tensor: %v", err)
	}
}

// Every sequence is in one chunk, in order, and chunks are even.
func TestPlan(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for range 200 {
		lengths := make([]int, 1+r.IntN(60))
		for i := range lengths {
			lengths[i] = 1 + r.IntN(128)
		}
		b := batchOf(r, small, lengths...)
		threads := 1 + r.IntN(8)
		n := chunksFor(len(b.IDs), threads)
		chunks := plan(b, n)
		if len(chunks) > n {
			t.Fatalf("%d chunks, asked for %d", len(chunks), n)
		}
		at := 0
		for _, c := range chunks {
			if c.from != at || c.to <= c.from {
				t.Fatalf("chunks %v", chunks)
			}
			at = c.to
			if tokens := int(b.Starts[c.to] - b.Starts[c.from]); tokens > len(b.IDs)/n+2*128 {
				t.Fatalf("a chunk of %d tokens; %d in %d chunks", tokens, len(b.IDs), n)
			}
		}
		if at != b.Len() {
			t.Fatalf("chunks %v end before %d", chunks, b.Len())
		}
	}
}
