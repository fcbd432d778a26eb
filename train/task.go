// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"context"
	"errors"
	"fmt"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/backprop"
	"github.com/winnow-search/winnow/internal/pooling"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/train/dataset"
	"github.com/winnow-search/winnow/train/loss"
)

// Task is a model with its loss, ready for [Run]. It is not safe for concurrent use.
type Task struct {
	options *Options
	network *network
	bi      loss.Bi
	cross   loss.Cross
	teacher *encoder.BiEncoder
	limit   int // tokens of a sequence
	widest  int // texts of a row, as far as rows were counted

	query, document prompt // of a bi-encoder
}

// Model is the model in training, as it was before.
func (t *Task) Model() *model.Model { return t.network.model }

// Precision is what products are computed in: not what the options say if the processor has no
// instructions for that.
func (t *Task) Precision() encoder.Precision { return t.options.precision() }

// Bi prepares a bi-encoder. teacher may be nil unless the loss asks for its vectors.
func Bi(m *model.Model, l loss.Bi, teacher *encoder.BiEncoder, o *Options) (*Task, error) {
	if len(m.Pooling.Modes) == 0 {
		return nil, fmt.Errorf("model %s does not say how token vectors become a text vector: it needs a modules.json with a Pooling module", m.Name)
	}
	if err := pooling.Check(m.Pooling.Modes); err != nil {
		return nil, fmt.Errorf("model %s: %w", m.Name, err)
	}
	if l.Needs().Teacher {
		if teacher == nil {
			return nil, errors.New("the loss copies a teacher's vectors: name a teacher")
		}
		if teacher.Dim() != m.Dim() {
			return nil, fmt.Errorf("the teacher's vectors have %d dimensions and those of model %s have %d: they must have as many to be copied", teacher.Dim(), m.Name, m.Dim())
		}
		if have, want := m.Config.Hidden, teacher.Model().Config.Hidden; l.Needs().Tokens && have != want {
			return nil, fmt.Errorf("the teacher's token vectors have %d dimensions and those of model %s have %d: they must have as many to be copied", want, m.Name, have)
		}
	}
	t := &Task{options: o, bi: l, teacher: teacher}
	if err := t.open(m, 1); err != nil {
		return nil, err
	}
	if l.Needs().Tokens && t.network.first {
		return nil, fmt.Errorf("model %s makes a text's vector of its first token: those of the others cannot be trained", m.Name)
	}
	return t, nil
}

// Cross prepares a cross-encoder.
func Cross(m *model.Model, l loss.Cross, o *Options) (*Task, error) {
	if m.Config.Architecture != model.BertForSequenceClassification {
		return nil, fmt.Errorf("model %s is a %s; a cross-encoder is a %s", m.Name, m.Config.Architecture, model.BertForSequenceClassification)
	}
	if l.Needs().Classes != (len(m.Config.Labels) > 1) {
		return nil, fmt.Errorf("model %s has %d labels, which does not suit the loss: classes need several, all else one", m.Name, len(m.Config.Labels))
	}
	t := &Task{options: o, cross: l}
	if err := t.open(m, 2); err != nil {
		return nil, err
	}
	return t, nil
}

func (t *Task) open(m *model.Model, texts int) (err error) {
	if err := t.options.Check(); err != nil {
		return err
	}
	t.limit = m.MaxLength
	if n := t.options.MaxTokens; n > 0 {
		t.limit = min(n, t.limit)
	}
	if least := m.Tokenizer.SpecialCount(texts == 2) + texts; t.limit < least {
		return fmt.Errorf("max tokens is %d; with the special tokens of model %s an input has at least %d", t.limit, m.Name, least)
	}
	if t.query, err = t.prompt(m, encoder.Query); err != nil {
		return err
	}
	if t.document, err = t.prompt(m, encoder.Document); err != nil {
		return err
	}
	t.network, err = open(m, t.options, texts == 2)
	return err
}

// prompt is what the model, and the teacher if there is one, put before texts of a kind.
func (t *Task) prompt(m *model.Model, kind encoder.Kind) (p prompt, err error) {
	p.kind = kind
	if p.text, p.skip, err = encoder.PromptOf(m, kind); err == nil && t.teacher != nil {
		p.teacher, _, err = encoder.PromptOf(t.teacher.Model(), kind)
	}
	return p, err
}

// check says whether a row has what the loss wants.
func (t *Task) check(r dataset.Row) error {
	var needs loss.Needs
	if t.bi != nil {
		needs = t.bi.Needs()
	} else {
		c := t.cross.Needs()
		needs = loss.Needs{Positive: true, Negatives: c.Negatives, Scores: c.Scores, Label: c.Classes, Low: c.Low, High: c.High}
	}
	missing := func(field, what string) error { return &dataset.Error{Place: r.Place, Field: field, Reason: what} }
	switch {
	case needs.Positive && r.Positive == "":
		return missing("positive", "the loss needs a second text, and there is none")
	case needs.Negatives && len(r.Negatives) == 0:
		return missing("negatives", "the loss needs at least one, and there is none; `winnow mine` finds some")
	case needs.Label && !r.HasLabel:
		return missing("label", "the loss needs a label, and there is none")
	case needs.Right && r.HasLabel && r.Label <= 0:
		return missing("label", fmt.Sprintf("it is %v, and the loss takes every second text as right: leave the row out, or take a loss that reads labels, such as cosent", r.Label))
	case needs.Binary && r.Label != 0 && r.Label != 1:
		return missing("label", fmt.Sprintf("it is %v; the loss needs 0 or 1", r.Label))
	case needs.Low < needs.High && r.HasLabel && (r.Label < needs.Low || r.Label > needs.High):
		return missing("label", fmt.Sprintf("it is %v; the loss needs one from %v to %v", r.Label, needs.Low, needs.High))
	case needs.Scores && r.Scores == nil:
		return missing("scores", "the loss needs a teacher's scores, and there are none")
	case needs.Label && t.cross != nil && len(r.Negatives) > 0:
		return missing("negatives", "the loss needs the number of each pair's class, and negatives have none: give each a row with its label")
	case t.cross != nil && t.cross.Needs().Classes && (r.Label != float64(int(r.Label)) || r.Label < 0 || int(r.Label) >= t.network.width()):
		return missing("label", fmt.Sprintf("it is %v; the model has classes 0 to %d", r.Label, t.network.width()-1))
	}
	return nil
}

// batch is a number of rows made ready for the network.
type batch struct {
	rows    []dataset.Row
	input   input
	vectors loss.Embeddings
	logits  loss.Logits
	states  [][]float32 // a teacher's, of the tokens of each text, if the loss copies them
	scale   float64     // one by the sum of their squares
}

// prepare makes a batch of rows.
func (t *Task) prepare(ctx context.Context, rows []dataset.Row) (*batch, error) {
	b := &batch{rows: rows}
	s := t.sequences()
	if t.cross != nil {
		for _, r := range rows {
			list := loss.List{Relevance: []float64{1}, Scores: r.Scores}
			if r.HasLabel {
				list.Relevance[0] = r.Label
			}
			s.pair(r.Anchor, r.Positive)
			for _, text := range r.Negatives {
				s.pair(r.Anchor, text)
				list.Relevance = append(list.Relevance, 0)
			}
			b.logits.Lists = append(b.logits.Lists, list)
		}
		b.input, b.logits.Labels = s.batch, t.network.width()
		return b, nil
	}
	query, document := t.query, t.document
	for _, r := range rows {
		e := loss.Example{Anchor: s.text(query, r.Anchor), Positive: -1, Label: r.Label, Scores: r.Scores}
		if r.Positive != "" {
			e.Positive = s.text(document, r.Positive)
		}
		for _, text := range r.Negatives {
			e.Negatives = append(e.Negatives, s.text(document, text))
		}
		b.vectors.Examples = append(b.vectors.Examples, e)
	}
	b.input, b.vectors.Dim = s.batch, t.network.width()
	if t.teacher != nil {
		return b, t.ask(ctx, b, s)
	}
	return b, nil
}

// ask has the teacher encode the batch's texts, each with the teacher's own prompt for its kind.
func (t *Task) ask(ctx context.Context, b *batch, s *sequences) error {
	dim := t.teacher.Dim()
	b.vectors.Teacher, b.vectors.TeacherDim = make([]float32, len(s.texts)*dim), dim
	if t.bi.Needs().Tokens {
		b.states = make([][]float32, len(s.texts))
	}
	for _, kind := range []encoder.Kind{encoder.Query, encoder.Document} {
		var places []int
		var texts []string
		for i, text := range s.texts {
			if s.kinds[i] == kind {
				places, texts = append(places, i), append(texts, text)
			}
		}
		if err := t.askKind(ctx, b, kind, places, texts); err != nil {
			return err
		}
	}
	if b.states == nil {
		return nil
	}
	var sum float64
	for _, states := range b.states {
		for _, x := range states {
			sum += float64(x) * float64(x)
		}
	}
	b.scale = 1 / max(sum, 1e-30)
	return nil
}

// askKind has the teacher encode texts of a kind; places are their numbers in the batch.
func (t *Task) askKind(ctx context.Context, b *batch, kind encoder.Kind, places []int, texts []string) error {
	if len(texts) == 0 {
		return nil
	}
	v := &encoder.TokenEmbeddings{}
	if b.states == nil {
		vectors, err := t.teacher.Encode(ctx, texts, encoder.As(kind))
		if err != nil {
			return err
		}
		v.Embeddings = *vectors
	} else {
		var err error
		if v, err = t.teacher.EncodeTokens(ctx, texts, encoder.As(kind)); err != nil {
			return err
		}
	}
	for k, i := range places {
		copy(b.vectors.Teacher[i*v.Dim:], v.Vector(k))
		if b.states == nil {
			continue
		}
		if n := int(b.input.Starts[i+1] - b.input.Starts[i]); n != v.Tokens[k] {
			return fmt.Errorf("a text has %d tokens and %d of the teacher's: token vectors are copied between models with one tokenizer, one limit of tokens, and the same prompts", n, v.Tokens[k])
		}
		b.states[i] = v.States[k]
	}
	return nil
}

// gradients adds the gradients of a batch's loss, times weight, to the parameters' and returns the loss. Activations of
// one part of the batch are held at a time: if there are several, all outputs are computed first, then their gradients,
// then each part again with what the backward pass needs.
func (t *Task) gradients(b *batch, seed uint64, weight float64) (float64, error) {
	width := t.network.width()
	outputs := make([]float32, b.input.Len()*width)
	list := b.input.parts(t.options.ChunkTokens)
	pass := func(i int) backprop.Pass {
		return backprop.Pass{Dropout: t.options.Dropout > 0, Seed: seed + uint64(i)*0x9e3779b97f4a7c15}
	}
	for i, p := range list {
		if err := t.network.forward(outputs[p[0]*width:p[1]*width], b.input.slice(p[0], p[1]), pass(i)); err != nil {
			return 0, err
		}
	}
	d := make([]float32, len(outputs))
	value := t.loss(b, outputs, d)
	for i := range d {
		d[i] *= float32(weight)
	}
	for i, p := range list {
		part := b.input.slice(p[0], p[1])
		if len(list) > 1 {
			if err := t.network.forward(outputs[p[0]*width:p[1]*width], part, pass(i)); err != nil {
				return 0, err
			}
		}
		var tokens func(states, gradient []float32, stride int)
		if b.states != nil {
			tokens = func(states, gradient []float32, stride int) {
				value += b.distil(p[0], p[1], states, gradient, stride, weight)
			}
		}
		t.network.backward(part, d[p[0]*width:p[1]*width], tokens)
	}
	return value, nil
}

// distil adds the gradients, times weight, of the tokens of texts [from, to), and returns their part of the loss.
func (b *batch) distil(from, to int, states, gradient []float32, stride int, weight float64) (value float64) {
	for i, teacher := range b.states[from:to] {
		at := int(b.input.Starts[from+i]-b.input.Starts[from]) * stride
		n := len(teacher) / int(b.input.Starts[from+i+1]-b.input.Starts[from+i])
		value += loss.TokenDistillation(states[at:], gradient[at:], stride, teacher, n, b.scale, weight)
	}
	return value
}

func (t *Task) loss(b *batch, outputs, gradient []float32) float64 {
	if t.cross != nil {
		b.logits.Values = outputs
		return t.cross.Loss(&b.logits, gradient)
	}
	b.vectors.Vectors = outputs
	return t.bi.Loss(&b.vectors, gradient)
}
