// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/winnow-search/winnow/internal/pooling"
	"github.com/winnow-search/winnow/internal/transformer"
	"github.com/winnow-search/winnow/model"
)

// BiEncoder maps texts to vectors. It is safe for concurrent use until closed.
type BiEncoder struct {
	model   *model.Model
	encoder *transformer.Encoder
	dense   []*dense
	options options
	use     use
}

// OpenBi opens a bi-encoder by name: a directory, a Hub id in the Hugging Face
// cache, or a registered model such as builtin:retriever (see [model.Open]).
func OpenBi(name string, opts ...Option) (*BiEncoder, error) {
	o, err := collect(opts)
	if err != nil {
		return nil, err
	}
	m, err := model.Open(name)
	if err != nil {
		return nil, err
	}
	b, err := newBi(m, o)
	if err != nil {
		return nil, closing(err, m)
	}
	return b, nil
}

// closing closes a model that cannot be used and returns why it cannot.
func closing(err error, m *model.Model) error {
	if closeErr := m.Close(); closeErr != nil {
		return fmt.Errorf("%w (and closing it: %w)", err, closeErr)
	}
	return err
}

func newBi(m *model.Model, o options) (*BiEncoder, error) {
	if m.Config.Architecture == model.BertForSequenceClassification {
		return nil, fmt.Errorf("model %s is a cross-encoder (%s): it scores pairs and gives no vectors; use it for reranking", m.Name, m.Config.Architecture)
	}
	if len(m.Pooling.Modes) == 0 {
		return nil, fmt.Errorf("model %s does not say how token vectors become a text vector: modules.json with a Pooling module is missing from %s; add the one of the original sentence-transformers model", m.Name, m.Path)
	}
	if m.Pooling.Dim != m.Config.Hidden {
		return nil, fmt.Errorf("model %s: pooling expects token vectors of %d floats, the encoder gives %d", m.Name, m.Pooling.Dim, m.Config.Hidden)
	}
	if err := o.checkLimit(m, 1); err != nil {
		return nil, err
	}
	if err := pooling.Check(m.Pooling.Modes); err != nil {
		return nil, fmt.Errorf("model %s: %w", m.Name, err)
	}
	b := &BiEncoder{model: m, options: o}
	dim := m.Pooling.OutputDim()
	for i, d := range m.Dense {
		if d.In != dim {
			return nil, fmt.Errorf("model %s: dense module %d takes %d floats, but gets %d", m.Name, i, d.In, dim)
		}
		layer, err := loadDense(d.Weight, d.Bias, d.In, d.Out, d.Activation)
		if err != nil {
			return nil, fmt.Errorf("model %s: dense module %d: %w", m.Name, i, err)
		}
		b.dense = append(b.dense, layer)
		dim = d.Out
	}
	first := slices.Equal(m.Pooling.Modes, []string{model.PoolCLS})
	var err error
	if b.options.precision, err = o.settle(m); err != nil {
		return nil, err
	}
	b.encoder, err = open(m, b.options, first)
	return b, err
}

// Model is the model behind the encoder; its fields must not be changed.
func (b *BiEncoder) Model() *model.Model { return b.model }

// Dim is the number of dimensions of the vectors, unless [Dimensions] says less.
func (b *BiEncoder) Dim() int {
	if n := b.model.TruncateDim; n > 0 {
		return min(n, b.model.Dim())
	}
	return b.model.Dim()
}

// Precision is what products with weights are computed in: never [Auto], and
// not what was asked for if the processor has no instructions for that.
func (b *BiEncoder) Precision() Precision { return b.options.precision }

// MaxTokens is the longest input in tokens, special ones included.
func (b *BiEncoder) MaxTokens() int { return b.options.limit(b.model) }

// Similarity is what the model's vectors are to be compared by.
func (b *BiEncoder) Similarity() Similarity { return Similarity(b.model.Similarity) }

// Close waits for running calls and releases the model. Later calls return [ErrClosed].
func (b *BiEncoder) Close() error { return b.use.close(b.model) }

// Embeddings are the vectors of a number of texts, in order.
type Embeddings struct {
	Dim       int
	Data      []float32 // Len() rows of Dim floats
	Tokens    []int     // for each text the tokens run, special ones included
	Truncated []int     // for each text the tokens that did not fit and were left out
}

// Len is the number of vectors.
func (e *Embeddings) Len() int { return len(e.Tokens) }

// Vector is the vector of text i. It shares memory with Data.
func (e *Embeddings) Vector(i int) []float32 { return e.Data[i*e.Dim : (i+1)*e.Dim : (i+1)*e.Dim] }

// Encode returns the vectors of texts. A text longer than the model takes is
// cut at its end, which Truncated reports. Invalid UTF-8 counts as U+FFFD. It
// returns the context's error, and no vectors, if that ends first.
func (b *BiEncoder) Encode(ctx context.Context, texts []string, opts ...EncodeOption) (*Embeddings, error) {
	return b.encode(ctx, texts, opts, nil)
}

// encode is [BiEncoder.Encode]. visit, if there is one, sees the hidden states of each text's tokens, several texts at a time.
func (b *BiEncoder) encode(ctx context.Context, texts []string, opts []EncodeOption, visit func(i int, rows []float32, stride int)) (*Embeddings, error) {
	if err := b.use.begin(); err != nil {
		return nil, err
	}
	defer b.use.end()
	var o encodeOptions
	for _, set := range opts {
		set(&o)
	}
	prompt, err := b.prompt(o)
	if err != nil {
		return nil, err
	}
	dim, err := b.dimensions(o)
	if err != nil {
		return nil, err
	}
	e := &Embeddings{
		Dim: dim, Data: make([]float32, len(texts)*dim),
		Tokens: make([]int, len(texts)), Truncated: make([]int, len(texts)),
	}
	skip := promptTokens(b.model, prompt)
	err = windows(len(texts), func(i int) int { return len(prompt) + len(texts[i]) }, func(from, to int) error {
		batch, err := tokenize(ctx, from, to, b.options.threads, func(i int, s *scratch) sequence {
			s.ids = b.model.Tokenizer.AppendIDs(s.ids[:0], prompt+texts[i])
			ids, cut := b.cut(s.ids, o)
			e.Tokens[i], e.Truncated[i] = len(ids), cut
			return sequence{ids: ids}
		})
		if err != nil {
			return err
		}
		var see func(i int, rows []float32, stride int)
		if visit != nil {
			see = func(i int, rows []float32, stride int) { visit(from+i, rows, stride) }
		}
		how := func(int) (int, bool) { return skip, b.model.Normalize && !o.raw }
		return b.forward(ctx, batch, how, see, func(i int) []float32 { return e.Vector(from + i) })
	})
	if err != nil {
		return nil, fmt.Errorf("encode with %s: %w", b.model.Name, err)
	}
	for i := range texts {
		if v := e.Vector(i); !finite(Dot(v, v)) {
			return nil, fmt.Errorf("model %s gives a vector that is not finite for text %d: its weights are damaged; fetch the model again", b.model.Name, i)
		}
	}
	return e, nil
}

// dimensions is how many of a vector's are asked for.
func (b *BiEncoder) dimensions(o encodeOptions) (int, error) {
	dim := b.Dim()
	if o.dimensions < 0 || o.dimensions > dim {
		return 0, optionError("dimensions is %d; model %s has 1 to %d", o.dimensions, b.model.Name, dim)
	}
	return cmp.Or(o.dimensions, dim), nil
}

// cut puts the special tokens around the ids of a text, of which it leaves out what does not fit.
func (b *BiEncoder) cut(ids []int32, o encodeOptions) (out []int32, truncated int) {
	room := max(0, b.MaxTokens()-b.model.Tokenizer.SpecialCount(false))
	if o.end && len(ids) > room {
		truncated = len(ids) - room
		ids = ids[truncated:]
	}
	out, cut := b.model.Tokenizer.AppendSingle(nil, ids, b.MaxTokens())
	return out, truncated + cut
}

// forward runs a batch and writes the finished vector of sequence i to dst(i). how(i) is how many of its tokens
// are the prompt's, and whether the vector is scaled to length 1. visit, if there is one, sees the tokens' hidden states.
func (b *BiEncoder) forward(ctx context.Context, batch transformer.Batch, how func(i int) (skip int, normalize bool), visit func(i int, rows []float32, stride int), dst func(i int) []float32) error {
	hidden, modes := b.model.Config.Hidden, b.model.Pooling.Modes
	pooled := b.model.Pooling.OutputDim()
	return b.encoder.Forward(ctx, batch, func(i int, rows []float32, stride int) {
		if visit != nil {
			visit(i, rows, stride)
		}
		out := dst(i)
		v := out // pooled in place unless more is to be done
		if len(b.dense) > 0 || len(out) != pooled {
			v = make([]float32, pooled)
		}
		n := len(rows) / stride
		skip, normalize := how(i)
		pooling.Pool(v, rows, stride, n, min(skip, n), hidden, modes)
		for _, d := range b.dense {
			next := make([]float32, d.out)
			d.apply(next, v)
			v = next
		}
		if normalize {
			pooling.Normalize(v)
		}
		if len(v) != len(out) {
			v = v[:len(out)]
			if normalize {
				pooling.Normalize(v)
			}
		}
		copy(out, v)
	})
}

// prompt returns the text to put before each input.
func (b *BiEncoder) prompt(o encodeOptions) (string, error) {
	m := b.model
	switch {
	case o.prompt != nil:
		return *o.prompt, nil
	case o.promptName != "":
		p, ok := m.Prompts[o.promptName]
		if !ok {
			return "", fmt.Errorf("model %s has no prompt named %q; it has: %s", m.Name, o.promptName, promptNames(m.Prompts))
		}
		return p, nil
	}
	return promptOf(m, o.kind)
}

// promptOf is what a model puts before texts of a kind.
func promptOf(m *model.Model, kind Kind) (string, error) {
	var names []string
	switch kind {
	case "":
	case Query:
		names = []string{"query"}
	case Document:
		names = []string{"document", "passage", "corpus"}
	default:
		return "", fmt.Errorf("kind %q is not known; use query or document", kind)
	}
	for _, name := range append(names, m.DefaultPrompt) {
		if p, ok := m.Prompts[name]; ok {
			return p, nil
		}
	}
	return "", nil
}

// PromptOf is what a model puts before texts of a kind, and how many leading tokens of an
// input pooling leaves out because they are the prompt's: 0 for most models.
func PromptOf(m *model.Model, kind Kind) (prompt string, skip int, err error) {
	if prompt, err = promptOf(m, kind); err != nil {
		return "", 0, err
	}
	return prompt, promptTokens(m, prompt), nil
}

func promptNames(prompts map[string]string) string {
	if len(prompts) == 0 {
		return "none"
	}
	names := make([]string, 0, len(prompts))
	for name := range prompts {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// promptTokens is how many leading tokens pooling leaves out: those that a prompt
// has alone, with the opening but not the closing special token, as the reference
// counts, or none if the model's pooling takes prompts in.
func promptTokens(m *model.Model, prompt string) int {
	if prompt == "" || m.Pooling.IncludePrompt {
		return 0
	}
	ids, _ := m.Tokenizer.AppendSingle(nil, m.Tokenizer.AppendIDs(nil, prompt), 0)
	if m.Tokenizer.SpecialCount(false) > 1 {
		return len(ids) - 1
	}
	return len(ids)
}
