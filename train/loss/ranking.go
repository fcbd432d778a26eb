// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package loss

import (
	"math"
)

// MultipleNegativesRanking asks each anchor to find its positive among all texts of the batch that stand for
// documents: everybody's positives and negatives (Henderson et al. 2017; InfoNCE of van den Oord, Li & Vinyals 2018):
//
//	mean over anchors of -log(exp(Scale·s(a, p)) / Σ exp(Scale·s(a, c)) over candidates c)
//
// Candidates that are the anchor's own positive by another name, the same text, do not count
// against it, nor do the positives that other rows of the batch give the same anchor. Data: an anchor and a positive; negatives where
// there are some.
//
// sentence-transformers: MultipleNegativesRankingLoss; of Symmetric with directions=("query_to_doc", "doc_to_query") and
// partition_mode="per_direction". It counts a text as often as it is there, and other rows' answers to the same anchor as wrong: both are equal
// where no text comes twice. Of Mask: GISTEmbedLoss with temperature=1/Scale, contrast_anchors=False,
// contrast_positives=False and, without a teacher, the model as its own guide. It leaves out a row's own negatives, too, which ours never
// does: both are equal without negatives.
type MultipleNegativesRanking struct {
	Scale      float64    // 20 if 0
	Similarity Similarity // Cosine if empty
	// Symmetric adds the way back: each positive finds its anchor among the
	// batch's anchors. The loss is the mean of both.
	Symmetric bool
	// Mask leaves out candidates of other rows that are probably relevant, too: those more similar to the anchor than
	// its positive is, less Margin. With a teacher's vectors its cosines decide (GISTEmbed, Solatorio 2024), otherwise the model's own.
	Mask   bool
	Margin float64
}

// Needs implements [Bi].
func (MultipleNegativesRanking) Needs() Needs {
	return Needs{Positive: true, Right: true, Company: true}
}

// Loss implements [Bi].
func (l MultipleNegativesRanking) Loss(b *Embeddings, gradient []float32) float64 {
	own := make([]map[int]bool, len(b.Examples)) // texts that an anchor's row names as negatives
	var anchors, positives, candidates []int
	seen := map[int]bool{}
	add := func(text int) {
		if !seen[text] {
			seen[text] = true
			candidates = append(candidates, text)
		}
	}
	for i, e := range b.Examples {
		anchors, positives = append(anchors, e.Anchor), append(positives, e.Positive)
		add(e.Positive)
		own[i] = map[int]bool{}
		for _, n := range e.Negatives {
			own[i][n] = true
		}
	}
	for _, e := range b.Examples {
		for _, n := range e.Negatives {
			add(n)
		}
	}
	c := &contest{loss: l, similarity: l.Similarity.or(Cosine), scale: orElse(l.Scale, 20), b: b, gradient: gradient, weight: 1}
	if !l.Symmetric {
		return c.run(anchors, positives, candidates, own)
	}
	c.weight = 0.5
	return c.run(anchors, positives, candidates, own) + c.run(positives, anchors, unique(anchors), nil)
}

func unique(list []int) (out []int) {
	seen := map[int]bool{}
	for _, i := range list {
		if !seen[i] {
			seen[i] = true
			out = append(out, i)
		}
	}
	return out
}

// contest is a softmax over candidates for each of a number of texts.
type contest struct {
	loss          MultipleNegativesRanking
	similarity    Similarity
	scale, weight float64
	b             *Embeddings
	gradient      []float32
}

// run returns the weighted mean of the losses of texts whose right answers are given. named are, for each text, candidates
// that are wrong for certain.
func (c *contest) run(texts, answers, candidates []int, named []map[int]bool) float64 {
	n := float64(len(texts))
	scores := make([]float64, len(candidates))
	right := map[int]map[int]bool{} // all answers of a text, which may be that of several rows
	for i, text := range texts {
		if right[text] == nil {
			right[text] = map[int]bool{}
		}
		right[text][answers[i]] = true
	}
	var sum float64
	for i, text := range texts {
		answer := answers[i]
		own, _, _ := c.similarity.of(c.b.vector(text), c.b.vector(answer))
		guide := own
		if c.loss.Mask && c.b.Teacher != nil {
			guide, _, _ = Cosine.of(c.b.teacher(text), c.b.teacher(answer))
		}
		top := math.Inf(-1)
		for j, candidate := range candidates {
			s, _, _ := c.similarity.of(c.b.vector(text), c.b.vector(candidate))
			scores[j] = c.scale * s
			certain := i < len(named) && named[i][candidate]
			if candidate != answer && (right[text][candidate] || !certain && (candidate == text || c.loss.Mask && c.relevant(text, candidate, s, guide))) {
				scores[j] = math.Inf(-1)
			}
			top = max(top, scores[j])
		}
		var total float64
		for j, s := range scores {
			scores[j] = math.Exp(s - top)
			total += scores[j]
		}
		sum += top + math.Log(total) - c.scale*own
		for j, candidate := range candidates {
			d := scores[j] / total
			if candidate == answer {
				d--
			}
			c.similarity.backward(c.b, c.gradient, text, candidate, c.weight*c.scale*d/n)
		}
	}
	return c.weight * sum / n
}

// relevant says whether a candidate is nearer than the answer, whose similarity is guide.
func (c *contest) relevant(text, candidate int, own, guide float64) bool {
	if c.b.Teacher != nil {
		own, _, _ = Cosine.of(c.b.teacher(text), c.b.teacher(candidate))
	}
	return own > guide-c.loss.Margin
}

// Matryoshka applies a loss to leading parts of the vectors, too, so that these are of use alone (Kusupati et al. 2022):
//
//	Σ Weights[i]·Of(vectors cut to Dims[i] floats and scaled to length 1)
//
// Data: that of the loss inside. sentence-transformers: MatryoshkaLoss.
type Matryoshka struct {
	Of      Bi
	Dims    []int     // each from 1 to the vectors' dimensions
	Weights []float64 // as many; all 1 if nil
}

// Needs implements [Bi].
func (l Matryoshka) Needs() Needs { return l.Of.Needs() }

// Loss implements [Bi].
func (l Matryoshka) Loss(b *Embeddings, gradient []float32) float64 {
	var sum float64
	for i, dim := range l.Dims {
		weight := 1.0
		if l.Weights != nil {
			weight = l.Weights[i]
		}
		part := *b
		part.Dim, part.Vectors = dim, make([]float32, b.Len()*dim)
		lengths := make([]float64, b.Len())
		for t := range b.Len() {
			v := b.vector(t)[:dim]
			var squares float64
			for _, x := range v {
				squares += float64(x) * float64(x)
			}
			lengths[t] = max(math.Sqrt(squares), 1e-12)
			for k, x := range v {
				part.Vectors[t*dim+k] = float32(float64(x) / lengths[t])
			}
		}
		if part.TeacherDim == b.Dim { // a teacher of the same dimensions is cut, too
			part.Teacher, part.TeacherDim = part.cutTeacher(dim), dim
		}
		g := make([]float32, len(part.Vectors))
		sum += weight * l.Of.Loss(&part, g)
		for t := range b.Len() {
			v, d := part.vector(t), g[t*dim:][:dim]
			var along float64
			for k := range v {
				along += float64(v[k]) * float64(d[k])
			}
			out := gradient[t*b.Dim:][:dim]
			for k := range v {
				out[k] += float32(weight * (float64(d[k]) - along*float64(v[k])) / lengths[t])
			}
		}
	}
	return sum
}

// cutTeacher gives the teacher's vectors cut and scaled like the model's.
func (b *Embeddings) cutTeacher(dim int) []float32 {
	out := make([]float32, b.Len()*dim)
	for t := range b.Len() {
		v := b.teacher(t)[:dim]
		var squares float64
		for _, x := range v {
			squares += float64(x) * float64(x)
		}
		length := max(math.Sqrt(squares), 1e-12)
		for k, x := range v {
			out[t*dim+k] = float32(float64(x) / length)
		}
	}
	return out
}
