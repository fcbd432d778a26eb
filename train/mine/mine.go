// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package mine finds hard negatives: texts that a retriever takes for answers and that are none, as far as
// is known. It flags those that a cross-encoder takes for answers, too: many of them are.
package mine

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

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
	// Cross, if it is there, judges candidates and positives by its probabilities in place of the retriever's scores: as many
	// candidates, in their order, as it takes to find the negatives, which are those that judging all would give. What is
	// suspected is known of those judged only.
	Cross *encoder.CrossEncoder
	// All has Cross judge every candidate, so that all that are suspected are known.
	All bool
	// Similarity, if it is there, is the retriever's score of a positive that is not among what was found. Without it, such a positive
	// is taken to score as the last that was found does.
	Similarity func(ctx context.Context, query, text string) (float64, error)
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
	ID    string  `json:"-"` // in the collection
	Text  string  `json:"text"`
	Rank  int     `json:"rank"`  // among the candidates that are no known positives, from 0
	Score float64 `json:"score"` // by which it was judged
}

// Mined is a row with its negatives.
type Mined struct {
	dataset.Row              // Negatives are the mined texts
	Found         []Negative // as many as Row.Negatives
	Suspected     []Negative // candidates left out because they score as high as the positive: probably answers, too
	PositiveScore float64    // by which they were judged; NaN if nothing was found
	Candidates    int        // in the ranks asked for
	Judged        int        // of them, those whose scores were looked at
}

// Stats counts what became of candidates.
type Stats struct {
	Rows       int     `json:"rows"`
	Short      int     `json:"short"`      // rows with fewer negatives than asked for
	Found      int     `json:"found"`      // negatives
	Candidates int     `json:"candidates"` // in the ranks asked for
	Judged     int     `json:"judged"`     // of them, those whose scores were looked at
	Suspected  int     `json:"suspected"`  // of those, left out by a margin
	MeanGap    float64 `json:"mean_gap"`   // of the positives' scores above the negatives', on average
}

// Add counts a row; negatives is how many were asked for.
func (s *Stats) Add(m *Mined, negatives int) {
	for _, n := range m.Found {
		s.Found++
		s.MeanGap += (m.PositiveScore - n.Score - s.MeanGap) / float64(s.Found)
	}
	s.Rows++
	s.Candidates += m.Candidates
	s.Judged += m.Judged
	s.Suspected += len(m.Suspected)
	if len(m.Found) < negatives {
		s.Short++
	}
}

// Miner finds negatives for rows.
type Miner struct {
	options   Options
	retriever experiment.Retriever
	positives map[string]map[string]bool // by anchor: plain texts that answer it
	texts     map[string]string          // by id
}

// Collection makes the documents to search of the rows' texts, each once, and of others, with their titles. Those that rows have,
// with the title or without, are no others.
func Collection(rows []dataset.Row, more []document.Document) *eval.Collection {
	c := dataset.NewCollector("rows")
	have := map[string]bool{}
	add := func(text string) {
		c.Text(text)
		have[plain(text)] = true
	}
	for _, r := range rows {
		add(r.Positive)
		for _, text := range r.Negatives {
			add(text)
		}
	}
	for i := range more {
		if text := more[i].FullText(); text != "" && !have[plain(text)] && !have[plain(more[i].Text)] {
			c.Text(text)
		}
	}
	return c.Collection
}

// plain is a text as it is compared with others: how it is broken into lines does not make it another.
func plain(text string) string { return strings.Join(strings.Fields(text), " ") }

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
	}
	for _, d := range c.Docs {
		m.texts[d.ID] = d.Text
	}
	for _, row := range rows {
		if m.positives[row.Anchor] == nil {
			m.positives[row.Anchor] = map[string]bool{}
		}
		m.positives[row.Anchor][plain(row.Positive)] = true
	}
	return m, nil
}

// search is a row whose negatives are looked for.
type search struct {
	Mined
	list []Negative // candidates, in the order in which they are looked at
}

// Mine finds negatives for rows, in their order, and gives them to each, some rows at a time. An error of each ends it.
func (m *Miner) Mine(ctx context.Context, rows []dataset.Row, each func([]Mined) error) error {
	for part := range slices.Chunk(rows, m.options.Batch) {
		searches := make([]*search, len(part))
		for i, row := range part {
			var err error
			if searches[i], err = m.candidates(ctx, row); err != nil {
				return err
			}
		}
		if m.options.Cross != nil {
			if err := m.judge(ctx, searches); err != nil {
				return err
			}
		}
		out := make([]Mined, len(part))
		for i, s := range searches {
			if m.options.Cross == nil {
				m.look(s, len(s.list))
			}
			out[i] = m.done(s)
		}
		if err := each(out); err != nil {
			return err
		}
	}
	return nil
}

// candidates are those of the ranks asked for, with the retriever's scores.
func (m *Miner) candidates(ctx context.Context, row dataset.Row) (*search, error) {
	known := m.positives[row.Anchor]
	found, err := m.retriever.Retrieve(ctx, eval.Query{ID: row.Place.String(), Text: row.Anchor}, m.options.To+len(known))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", row.Place, err)
	}
	s := &search{Mined: Mined{Row: row, PositiveScore: math.NaN()}}
	s.Negatives, s.Scores = nil, nil
	rank := 0
	for _, c := range found.Candidates {
		text := m.texts[c.ID]
		if text == row.Positive {
			s.PositiveScore = float64(c.Score)
		}
		if known[plain(text)] || text == row.Anchor {
			continue
		}
		if rank >= m.options.From && rank < m.options.To {
			s.list = append(s.list, Negative{ID: c.ID, Text: text, Rank: rank, Score: float64(c.Score)})
		}
		rank++
	}
	if math.IsNaN(s.PositiveScore) && len(found.Candidates) > 0 {
		// It is below all that was found; the last score is the closest that is known.
		s.PositiveScore = float64(found.Candidates[len(found.Candidates)-1].Score)
		if m.options.Similarity != nil {
			if s.PositiveScore, err = m.options.Similarity(ctx, row.Anchor, row.Positive); err != nil {
				return nil, fmt.Errorf("%s: %w", row.Place, err)
			}
		}
	}
	s.Candidates = len(s.list)
	if m.options.Random { // by the row alone, wherever it stands and whatever came before it
		h := fnv.New64a()
		row.Digest(h)
		rand.New(rand.NewPCG(m.options.Seed, h.Sum64())).Shuffle(len(s.list), func(i, j int) { s.list[i], s.list[j] = s.list[j], s.list[i] })
	}
	return s, nil
}

// wanted is how many candidates are to be judged next.
func (m *Miner) wanted(s *search) int {
	left := len(s.list) - s.Judged
	if m.options.All {
		return left
	}
	return min(m.options.Negatives-len(s.Found), left)
}

// judge has the cross-encoder judge the positives and, in rounds for all rows together, as many candidates as are still
// wanted: none that would not have been looked at one by one.
func (m *Miner) judge(ctx context.Context, searches []*search) error {
	for round := 0; ; round++ {
		var pairs []encoder.Pair
		for _, s := range searches {
			if round == 0 {
				pairs = append(pairs, encoder.Pair{Query: s.Anchor, Document: s.Positive})
			}
			for _, c := range s.list[s.Judged:][:m.wanted(s)] {
				pairs = append(pairs, encoder.Pair{Query: s.Anchor, Document: c.Text})
			}
		}
		if len(pairs) == 0 {
			return nil
		}
		scores, err := m.options.Cross.Predict(ctx, pairs)
		if err != nil {
			return err
		}
		at := 0
		next := func() float64 {
			at++
			return scores.Probability(at - 1)[scores.Labels-1]
		}
		for _, s := range searches {
			if round == 0 {
				s.PositiveScore = next()
			}
			n := m.wanted(s)
			for i := range n {
				s.list[s.Judged+i].Score = next()
			}
			m.look(s, n)
		}
	}
}

// look takes the next n candidates, whose scores are known, for negatives or leaves them out.
func (m *Miner) look(s *search, n int) {
	o := &m.options
	for _, c := range s.list[s.Judged:][:n] {
		high := !math.IsNaN(o.AbsoluteMargin) && c.Score > s.PositiveScore-o.AbsoluteMargin ||
			!math.IsNaN(o.RelativeMargin) && c.Score > s.PositiveScore-o.RelativeMargin*math.Abs(s.PositiveScore)
		switch {
		case high:
			s.Suspected = append(s.Suspected, c)
		case len(s.Found) < o.Negatives:
			s.Found = append(s.Found, c)
		}
	}
	s.Judged += n
}

// done is a row whose negatives have been looked for.
func (m *Miner) done(s *search) Mined {
	for _, n := range s.Found {
		s.Negatives = append(s.Negatives, n.Text)
	}
	slices.SortFunc(s.Suspected, func(a, b Negative) int { return cmp.Compare(a.Rank, b.Rank) })
	return s.Mined
}
