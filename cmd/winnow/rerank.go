// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/builtin"
	"github.com/winnow-search/winnow/rank"
)

type rerankFlags struct {
	modelFlags
	query, format string
	top           int
	config        string
}

func (a *app) rerankCommand() *cobra.Command {
	var f rerankFlags
	cmd := &cobra.Command{
		Use:     "rerank [-m MODEL] --query Q [-k N] [--format json|table] < lines",
		Short:   "order texts by how well they answer a query",
		GroupID: groupScores,
		Long: "Reads one text a line from standard input, or JSON objects with \"text\" and optionally \"id\" and \"title\", scores each against the query with a cross-encoder, and prints them best first.\n\n" +
			"json is an array of {\"id\", \"index\", \"rank\", \"score\", \"score_kind\", \"truncated_tokens\"}. The score is the output of the model's own activation; " +
			"score_kind is logit for a model without one and probability for a sigmoid. The order is always that of the logits, ties in the order of the input. " +
			"A text without an id has its index, counted from 0, as id.\n\n" +
			"A calibrated model (`winnow calibrate`; the built-in one is) has \"probability\" in addition, the column p: that the text is relevant.",
		Example: `winnow rerank --query "how does reranking work?" -k 5 < passages.txt
			winnow rerank --query "why rerank?" --format json < passages.jsonl | jq '.[0].id'`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.rerank(cmd, &f) },
	}
	f.add(cmd, "the cross-encoder", builtin.Reranker)
	fs := cmd.Flags()
	fs.StringVar(&f.query, "query", "", "the `QUERY`, required")
	whole(fs, &f.top, "top", "k", 0, "print the best `N`; 0: all")
	choice(fs, &f.format, "format", "", []string{"json", "table"}, "output format; by default table on a terminal, json elsewhere")
	configFlag(cmd, &f.config)
	return cmd
}

func (a *app) rerank(cmd *cobra.Command, f *rerankFlags) error {
	if err := required(cmd, "query", "the texts are ordered by how well they answer it"); err != nil {
		return err
	}
	if strings.TrimSpace(f.query) == "" {
		return misuse(cmd, "--query is empty: the texts are ordered by how well they answer it")
	}
	k, err := a.configure(cmd, f.config)
	if err != nil {
		return err
	}
	in, err := a.openInput(cmd.Context(), cmd)
	if err != nil {
		return err
	}
	defer in.stop()
	c, err := await(cmd.Context(), func() (*encoder.CrossEncoder, error) { return encoder.OpenCross(f.model, f.options()...) })
	if err != nil {
		return err
	}
	defer c.Close()
	a.checkMaxTokens(&f.modelFlags, c.Model())
	lines, err := in.all()
	if err != nil {
		return err
	}
	r, err := rerankLines(cmd.Context(), c, f.query, lines)
	if err != nil {
		return err
	}
	if err := r.calibrate(k, c); err != nil {
		return err
	}
	shown := r.ranked
	if f.top > 0 {
		shown = shown[:min(f.top, len(shown))]
	}
	format := f.format
	if format == "" {
		format = map[bool]string{true: "table", false: "json"}[a.stdout.Terminal]
	}
	if format == "json" {
		if err := printJSONArray(a, shown); err != nil {
			return err
		}
	} else {
		r.table(shown, lines).Print(a.stdout)
	}
	if err := a.stdout.Flush(); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	if !utf8.ValidString(f.query) {
		a.warn("the query is not valid UTF-8; U+FFFD stands in for each byte that is not")
	}
	if r.queryCut > 0 {
		a.warn(fmt.Sprintf("the query does not fit: %s left out", term.Plural(r.queryCut, "token was", "tokens were")))
	}
	if err := k.note(a, c); err != nil {
		return err
	}
	a.notePrecision(f.precision, c.Precision())
	in.report(a)
	r.long.report(a, in.texts, c.MaxTokens(), "pair")
	return nil
}

// rerankedText is one element of the JSON output.
type rerankedText struct {
	ID        string  `json:"id"`
	Index     int     `json:"index"` // in the input, from 0
	Rank      int     `json:"rank"`  // from 1
	Score     float32 `json:"score"`
	Kind      string  `json:"score_kind"`
	Truncated int     `json:"truncated_tokens"`
	// Probability is that of being relevant; absent without a calibration.
	Probability *float64 `json:"probability,omitempty"`

	logit float32
}

type reranked struct {
	ranked   []rerankedText
	kind     string
	long     cut
	queryCut int

	calibrated bool
}

// rerankLines scores and orders lines.
func rerankLines(ctx context.Context, c *encoder.CrossEncoder, query string, lines []document.Line) (*reranked, error) {
	if n := c.Labels(); n != 1 {
		return nil, fmt.Errorf("model %s has %d labels (%s); reranking takes a model with one", c.Model().Name, n, strings.Join(c.Model().Config.Labels, ", "))
	}
	pairs := make([]encoder.Pair, len(lines))
	for i, l := range lines {
		pairs[i] = encoder.Pair{Query: query, Document: l.Document().FullText()}
	}
	s, err := c.Predict(ctx, pairs)
	if err != nil {
		return nil, err
	}
	items := make([]rank.Item, len(lines))
	for i := range items {
		items[i] = rank.Item{ID: strconv.Itoa(i), Score: s.Logits[i], Previous: i + 1}
	}
	if err := rank.Validate(items); err != nil {
		return nil, fmt.Errorf("model %s: %w: its weights are damaged or overflow", c.Model().Name, err)
	}
	rank.Sort(items)
	r := &reranked{kind: scoreKind(c.Model().Activation)}
	for n, item := range items {
		i := item.Previous - 1
		r.ranked = append(r.ranked, rerankedText{
			ID: cmp.Or(lines[i].ID, strconv.Itoa(i)), Index: i, Rank: n + 1,
			Score: s.Score(i)[0], Kind: r.kind, Truncated: s.Truncated[i], logit: s.Logits[i],
		})
		r.long.add(s.Truncated[i])
		r.queryCut = max(r.queryCut, s.QueryTruncated[i])
	}
	return r, nil
}

// calibrate adds probabilities if the model is calibrated.
func (r *reranked) calibrate(k *configuration, c *encoder.CrossEncoder) error {
	m, _, ok, err := k.of(c)
	if err != nil || !ok {
		return err
	}
	r.calibrated = true
	for i := range r.ranked {
		p := m.Map.Probability(r.ranked[i].logit)
		r.ranked[i].Probability = &p
	}
	return nil
}

// scoreKind names what a model's activation makes of a logit. Activations that give neither a logit
// nor a probability lend their own name.
func scoreKind(a model.Activation) string {
	switch a {
	case model.Identity:
		return string(rank.Logit)
	case model.Sigmoid:
		return string(rank.Probability)
	}
	return string(a)
}

func (r *reranked) table(shown []rerankedText, lines []document.Line) *term.Table {
	t := &term.Table{Columns: []term.Column{
		{Title: "rank", Right: true, Style: term.Bold},
		{Title: r.kind, Right: true},
		{Title: "p", Right: true},
		{Title: "id", Fit: term.Cut, Style: term.Cyan},
		{Title: "text", Fit: term.Cut},
	}}
	if !r.calibrated {
		t.Columns = slices.Delete(t.Columns, 2, 3)
	}
	for _, x := range shown {
		row := []string{strconv.Itoa(x.Rank), term.Score(x.Score)}
		if x.Probability != nil {
			row = append(row, probability(*x.Probability))
		}
		t.Row(append(row, x.ID, lines[x.Index].Document().FullText())...)
	}
	return t
}
