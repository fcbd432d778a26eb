// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package transformer

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/winnow-search/winnow/internal/kernel"
)

// chunkTokens is how many tokens a worker carries through the layers at once:
// enough that a weight panel read from memory serves many rows, few enough
// that the activations (about 4.6 KB a token at 384 features) stay in L2.
const chunkTokens = 192

// Options tune an encoder.
type Options struct {
	// Threads is the number of workers of one Forward; 0 means GOMAXPROCS.
	Threads int
	// First says that only the first token's hidden state of each sequence is
	// wanted. The last layer then computes no other.
	First bool
	// Format is what products with weights are computed in.
	Format kernel.Format
}

// Encoder is a loaded model. It is immutable and safe for concurrent use.
type Encoder struct {
	config     Config
	options    Options
	activate   func([]float32)
	words      Tensor
	positions  []float32 // Positions rows
	types      []float32 // Types rows
	embeddings norm
	layers     []*layer
	half       bool       // attention in bfloat16
	arenas     *sync.Pool // by reference: a pool outlives its owner by a collection
}

// New reads an encoder's weights from source, where their names begin with
// prefix ("" or "bert."), and packs them. Word embeddings are not packed: rows
// are read as they are needed. Errors name the tensor at fault.
func New(c Config, source Source, prefix string, o Options) (*Encoder, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	activate, _, err := c.ActivationFunctions()
	if err != nil {
		return nil, err
	}
	e := &Encoder{config: c, options: o, activate: activate, arenas: &sync.Pool{}}
	// Beside 8-bit products, bfloat16 costs attention nothing that shows.
	e.half = o.Format == kernel.BFloat16 || o.Format == kernel.Int8 && kernel.Supported(kernel.BFloat16)
	l := loader{source, prefix, o.Format}
	if e.words, err = l.tensor("embeddings.word_embeddings.weight", c.Vocab, c.Hidden); err != nil {
		return nil, err
	}
	if e.positions, err = l.rows("embeddings.position_embeddings.weight", c.Positions, c.Hidden); err != nil {
		return nil, err
	}
	if e.types, err = l.rows("embeddings.token_type_embeddings.weight", c.Types, c.Hidden); err != nil {
		return nil, err
	}
	if e.embeddings, err = l.norm("embeddings.LayerNorm", c.Hidden); err != nil {
		return nil, err
	}
	e.layers, err = l.layers(c)
	return e, err
}

// Config is the encoder's shape.
func (e *Encoder) Config() Config { return e.config }

// Batch is a number of sequences, concatenated.
type Batch struct {
	IDs    []int32 // token ids of all sequences
	Types  []uint8 // segment of each token; nil means all 0
	Starts []int32 // where each sequence starts in IDs, and the end: n+1 offsets
	All    bool    // every token's state is wanted, even with Options.First
}

// Len is the number of sequences.
func (b Batch) Len() int { return max(0, len(b.Starts)-1) }

// length is the number of tokens of sequence i.
func (b Batch) length(i int) int { return int(b.Starts[i+1] - b.Starts[i]) }

// Check refuses what would read outside the tables of an encoder.
func (b Batch) Check(c Config) error {
	if len(b.Starts) == 0 {
		return nil
	}
	if b.Starts[0] != 0 || int(b.Starts[b.Len()]) != len(b.IDs) {
		return fmt.Errorf("batch starts run from %d to %d; want 0 to %d tokens", b.Starts[0], b.Starts[b.Len()], len(b.IDs))
	}
	if b.Types != nil && len(b.Types) != len(b.IDs) {
		return fmt.Errorf("batch has %d types for %d tokens", len(b.Types), len(b.IDs))
	}
	for i := range b.Len() {
		if n := b.length(i); n < 1 || n > c.Positions {
			return fmt.Errorf("sequence %d has %d tokens; the model takes 1 to %d", i, n, c.Positions)
		}
	}
	for i, id := range b.IDs {
		if id < 0 || int(id) >= c.Vocab {
			return fmt.Errorf("token %d has id %d; the model's vocabulary has %d", i, id, c.Vocab)
		}
	}
	for i, t := range b.Types {
		if int(t) >= c.Types {
			return fmt.Errorf("token %d has segment %d; the model has %d", i, t, c.Types)
		}
	}
	return nil
}

// chunk is a run of whole sequences [from, to).
type chunk struct{ from, to int }

// plan cuts a batch into at most n chunks of about equal numbers of tokens: a
// sequence belongs to the chunk that its middle falls into.
func plan(b Batch, n int) []chunk {
	var list []chunk
	last := -1
	for i := range b.Len() {
		middle := (int(b.Starts[i]) + int(b.Starts[i+1])) / 2
		if k := middle * n / len(b.IDs); k != last {
			list = append(list, chunk{i, i})
			last = k
		}
		list[len(list)-1].to = i + 1
	}
	return list
}

// chunksFor is how many chunks to cut tokens into: a multiple of the number of
// threads, so that all finish together, unless that makes chunks too short to
// use the weights they read.
func chunksFor(tokens, threads int) int {
	const fewest = 16
	n := (tokens + chunkTokens - 1) / chunkTokens
	n = (n + threads - 1) / threads * threads
	return max(1, min(n, tokens/fewest))
}

// Forward runs the encoder and calls visit once for each sequence, from
// several goroutines and in no fixed order, with the last hidden state: one
// row of Hidden floats for each token, or for the first alone with
// Options.First and without Batch.All. Rows are stride floats apart and valid during the call only.
//
// It returns the context's error if that ends first, within about a layer's
// work on one chunk; visit may then have been called for some sequences.
func (e *Encoder) Forward(ctx context.Context, b Batch, visit func(seq int, rows []float32, stride int)) error {
	if err := b.Check(e.config); err != nil {
		return err
	}
	if b.Len() == 0 {
		return ctx.Err()
	}
	threads := e.options.Threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	chunks := plan(b, chunksFor(len(b.IDs), threads))
	r := run{Encoder: e, ctx: ctx, batch: b, chunks: chunks, visit: visit}
	var wg sync.WaitGroup
	arenas := make([]*arena, min(threads, len(chunks)))
	teams := len(arenas)
	for i := range arenas {
		members := threads / teams
		if i < threads%teams {
			members++
		}
		arenas[i] = e.takeArena(members)
		t := newTeam(&r, members, arenas[i])
		for m := range members {
			wg.Go(func() { t.work(m) })
		}
	}
	wg.Wait()
	for _, a := range arenas {
		e.arenas.Put(a)
	}
	if err := r.failed.Load(); err != nil {
		return *err
	}
	return ctx.Err()
}

// run is one call of Forward.
type run struct {
	*Encoder
	ctx    context.Context
	batch  Batch
	chunks []chunk
	visit  func(seq int, rows []float32, stride int)
	next   atomic.Int32          // the first chunk that nobody has taken
	failed atomic.Pointer[error] // the first error of a worker
}

// take returns the next chunk, or nil when there is none or work should stop.
func (r *run) take() *chunk {
	if r.stopped() {
		return nil
	}
	if n := int(r.next.Add(1)) - 1; n < len(r.chunks) {
		return &r.chunks[n]
	}
	return nil
}

// firstOnly says that only first tokens' states are wanted.
func (r *run) firstOnly() bool { return r.options.First && !r.batch.All }

func (r *run) stopped() bool { return r.ctx.Err() != nil || r.failed.Load() != nil }

func (r *run) fail(err error) { r.failed.CompareAndSwap(nil, &err) }
