// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package mine finds hard negatives: texts that a retriever takes for answers and that are none, as far as
// is known. It flags those that a cross-encoder takes for answers, too: many of them are.
package mine

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/experiment"
	"github.com/winnow-search/winnow/train/dataset"
)

// Options say which candidates become negatives. Their names and meanings are those of
// sentence_transformers.util.mine_hard_negatives.
type Options struct {
	Negatives int // for each row
	// From and To are the ranks, from 0, between which negatives are taken, To not included. Known
	// positives are left out before ranks are counted.
	From, To int
	// AbsoluteMargin asks that a negative's score be below its positive's by at least so much;
	// NaN for any.
	AbsoluteMargin float64
	// RelativeMargin asks that it be at most (1 - RelativeMargin) times the positive's; NaN for any. 0.05 is what
	// NV-Retriever (de Souza P. Moreira et al. 2024) found best.
	RelativeMargin float64
	// Random draws negatives from the ranks at random; the default takes the first.
	Random bool
	Seed   uint64
	// Cross, if it is there, judges candidates and positives by its probabilities in place of the retriever's scores.
	Cross *encoder.CrossEncoder
	// Batch is the number of queries whose candidates are judged at once; 16 if 0.
	Batch int
}

// Defaults are the options where nothing else is said.
func Defaults() Options {
	return Options{Negatives: 5, From: 0, To: 50, AbsoluteMargin: math.NaN(), RelativeMargin: 0.05, Seed: 1}
}

// Check says what is out of range.
func (o *Options) Check() error {
	switch {
	case o.Negatives < 1:
		return fmt.Errorf("negatives is %d; it must be at least 1", o.Negatives)
	case o.From < 0 || o.To <= o.From:
		return fmt.Errorf("ranks from %d to %d; the first must be at least 0, and the last above it", o.From, o.To)
	case o.To-o.From < o.Negatives:
		return fmt.Errorf("ranks from %d to %d hold %d candidates, fewer than %d negatives", o.From, o.To, o.To-o.From, o.Negatives)
	case math.IsInf(o.AbsoluteMargin, 0) || o.RelativeMargin >= 1 || o.RelativeMargin < 0:
		return fmt.Errorf("margins of %v and %v; the relative one must be from 0 to below 1", o.AbsoluteMargin, o.RelativeMargin)
	}
	return nil
}

// Negative is a mined text.
type Negative struct {
	Text  string  `json:"text"`
	Rank  int     `json:"rank"`  // among the candidates that are no known positives, from 0
	Score float64 `json:"score"` // by which it was judged
}

// Mined is a row with its negatives.
type Mined struct {
	dataset.Row              // Negatives are the mined texts
	Found         []Negative // as many as Row.Negatives
	Suspected     []Negative // candidates left out because they score as high as the positive: probably answers, too
	PositiveScore float64    // by which they were judged
}

// Stats counts what became of candidates.
type Stats struct {
	Rows       int     `json:"rows"`
	Short      int     `json:"short"`      // rows with fewer negatives than asked for
	Found      int     `json:"found"`      // negatives
	Candidates int     `json:"candidates"` // looked at
	Suspected  int     `json:"suspected"`  // left out by a margin
	MeanGap    float64 `json:"mean_gap"`   // of the positives' scores above the negatives', on average
}

// Miner finds negatives for rows.
type Miner struct {
	options   Options
	retriever experiment.Retriever
	positives map[string]map[string]bool // by anchor: texts that answer it
	texts     map[string]string          // by id
	random    *rand.Rand

	Stats Stats
}

// Collection makes the documents to search of the rows' texts, each once, and of others. Its ids are numbers.
func Collection(rows []dataset.Row, more []string) *eval.Collection {
	c := &eval.Collection{Name: "rows"}
	seen := map[string]bool{}
	add := func(text string) {
		if text != "" && !seen[text] {
			seen[text] = true
			c.Docs = append(c.Docs, document.Document{ID: strconv.Itoa(len(c.Docs) + 1), Text: text})
		}
	}
	for _, r := range rows {
		add(r.Positive)
		for _, n := range r.Negatives {
			add(n)
		}
	}
	for _, text := range more {
		add(text)
	}
	return c
}

// New makes a miner over a collection that the retriever searches.
func New(r experiment.Retriever, c *eval.Collection, rows []dataset.Row, o Options) (*Miner, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if o.Batch == 0 {
		o.Batch = 16
	}
	m := &Miner{
		options: o, retriever: r, positives: map[string]map[string]bool{}, texts: make(map[string]string, len(c.Docs)),
		random: rand.New(rand.NewPCG(o.Seed, 0x3176)),
	}
	for _, d := range c.Docs {
		m.texts[d.ID] = d.Text
	}
	for _, row := range rows {
		if m.positives[row.Anchor] == nil {
			m.positives[row.Anchor] = map[string]bool{}
		}
		m.positives[row.Anchor][row.Positive] = true
	}
	return m, nil
}

// Mine finds negatives for rows, in their order. done, which may be nil, is told how many have been served.
func (m *Miner) Mine(ctx context.Context, rows []dataset.Row, done func(n int)) ([]Mined, error) {
	var out []Mined
	for from := 0; from < len(rows); from += m.options.Batch {
		part := rows[from:min(from+m.options.Batch, len(rows))]
		lists, scores := make([][]Negative, len(part)), make([]float64, len(part))
		for i, row := range part {
			var err error
			if lists[i], scores[i], err = m.candidates(ctx, row); err != nil {
				return out, err
			}
		}
		if m.options.Cross != nil {
			if err := m.judge(ctx, part, lists, scores); err != nil {
				return out, err
			}
		}
		for i, row := range part {
			out = append(out, m.choose(row, lists[i], scores[i]))
		}
		if done != nil {
			done(len(out))
		}
	}
	return out, nil
}

// candidates are those of the ranks asked for, and the score of the positive: NaN if it was not found.
func (m *Miner) candidates(ctx context.Context, row dataset.Row) ([]Negative, float64, error) {
	known := m.positives[row.Anchor]
	found, err := m.retriever.Retrieve(ctx, eval.Query{ID: row.Place.String(), Text: row.Anchor}, m.options.To+len(known))
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", row.Place, err)
	}
	positive, rank := math.NaN(), 0
	var list []Negative
	for _, c := range found.Candidates {
		text := m.texts[c.ID]
		if text == row.Positive {
			positive = float64(c.Score)
		}
		if known[text] || text == row.Anchor {
			continue
		}
		if rank >= m.options.From && rank < m.options.To {
			list = append(list, Negative{Text: text, Rank: rank, Score: float64(c.Score)})
		}
		rank++
	}
	if math.IsNaN(positive) && len(found.Candidates) > 0 {
		// It is below all that was found; the last score is the closest that is known.
		positive = float64(found.Candidates[len(found.Candidates)-1].Score)
	}
	m.Stats.Candidates += len(list)
	return list, positive, nil
}

// judge replaces scores by the cross-encoder's.
func (m *Miner) judge(ctx context.Context, rows []dataset.Row, lists [][]Negative, scores []float64) error {
	var pairs []encoder.Pair
	for i, row := range rows {
		pairs = append(pairs, encoder.Pair{Query: row.Anchor, Document: row.Positive})
		for _, c := range lists[i] {
			pairs = append(pairs, encoder.Pair{Query: row.Anchor, Document: c.Text})
		}
	}
	s, err := m.options.Cross.Predict(ctx, pairs)
	if err != nil {
		return err
	}
	at := 0
	next := func() float64 {
		at++
		return s.Probability(at - 1)[s.Labels-1]
	}
	for i := range rows {
		scores[i] = next()
		for j := range lists[i] {
			lists[i][j].Score = next()
		}
	}
	return nil
}

// choose picks a row's negatives.
func (m *Miner) choose(row dataset.Row, list []Negative, positive float64) Mined {
	o := &m.options
	out := Mined{Row: row, PositiveScore: positive}
	out.Negatives, out.Scores = nil, nil
	var fit []Negative
	for _, c := range list {
		high := !math.IsNaN(o.AbsoluteMargin) && c.Score > positive-o.AbsoluteMargin ||
			!math.IsNaN(o.RelativeMargin) && c.Score > positive-o.RelativeMargin*math.Abs(positive)
		if high {
			out.Suspected = append(out.Suspected, c)
			continue
		}
		fit = append(fit, c)
	}
	if o.Random {
		m.random.Shuffle(len(fit), func(i, j int) { fit[i], fit[j] = fit[j], fit[i] })
	}
	out.Found = fit[:min(len(fit), o.Negatives)]
	for _, n := range out.Found {
		out.Negatives = append(out.Negatives, n.Text)
		m.Stats.MeanGap += (positive - n.Score - m.Stats.MeanGap) / float64(m.Stats.Found+1)
		m.Stats.Found++
	}
	m.Stats.Rows++
	m.Stats.Suspected += len(out.Suspected)
	if len(out.Found) < o.Negatives {
		m.Stats.Short++
	}
	return out
}
