// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/builtin"
	"github.com/winnow-search/winnow/rank"
)

type matrixFlags struct {
	modelFlags
	format, plot  string
	score, config string
}

func (a *app) matrixCommand() *cobra.Command {
	var f matrixFlags
	cmd := &cobra.Command{
		Use:     "matrix QUERIES DOCS [-m MODEL] [--plot out.png]",
		Short:   "score every query against every document",
		GroupID: groupSearch,
		Long: "QUERIES and DOCS are files with a text a line, or with a JSON object a line ({\"id\", \"text\"}); one of them may be - for standard input. " +
			"Every query is scored against every document: with a cross-encoder the scores are logits, with a bi-encoder they are its similarities (mostly cosines).\n\n" +
			"--score probability shows what a cross-encoder's calibration makes of the logits: how likely each document is relevant. Without a calibration that is the sigmoid of the logit, and is said to be.\n\n" +
			"--plot draws the scores as a heat map, into a .png or .svg file.",
		Example: `winnow matrix queries.txt passages.txt --plot relevance.png
			winnow matrix queries.txt passages.txt -m builtin:retriever --format csv`,
		Args: exactly("QUERIES", "DOCS"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.matrix(cmd, &f, args[0], args[1]) },
	}
	f.add(cmd, "a cross-encoder or a bi-encoder", builtin.Reranker)
	fs := cmd.Flags()
	choice(fs, &f.format, "format", "table", []string{"table", "csv", "json"}, "output format")
	choice(fs, &f.score, "score", scoreRaw, []string{scoreRaw, string(rank.Probability)}, "show scores as the model gives them, or probabilities of relevance")
	configFlag(cmd, &f.config)
	fs.StringVar(&f.plot, "plot", "", "draw a heat map into `FILE`, a .png or .svg")
	return cmd
}

// scoreRaw as --score shows logits and similarities.
const scoreRaw = "raw"

func (a *app) matrix(cmd *cobra.Command, f *matrixFlags, queries, docs string) error {
	ctx := cmd.Context()
	if queries == "-" && docs == "-" {
		return misuse(cmd, "QUERIES and DOCS are both standard input: name a file for one of them")
	}
	draw, err := drawerFor(f.plot)
	if err != nil {
		return misuse(cmd, "%v", err)
	}
	k, err := a.configure(cmd, f.config)
	if err != nil {
		return err
	}
	s, err := await(ctx, func() (*scorer, error) { return openScorer(f.model, f.options()...) })
	if err != nil {
		return err
	}
	defer s.close()
	a.checkMaxTokens(&f.modelFlags, s.model)
	if f.score == string(rank.Probability) && s.cross == nil {
		return misuse(cmd, "--score probability: %s is a bi-encoder, whose %s has no probability: take a cross-encoder", s.model.Name, s.kind)
	}
	r := &relevance{Model: f.model, Precision: s.precision, Kind: s.kind}
	for _, side := range []struct {
		name string
		into *[]labelled
	}{{queries, &r.Queries}, {docs, &r.Documents}} {
		lines, err := a.readLines(ctx, cmd, side.name)
		if err != nil {
			return err
		}
		for _, l := range lines {
			*side.into = append(*side.into, labelled{l.ID, l.Document().FullText()})
		}
	}
	const most = 4 << 20
	if n := len(r.Queries) * len(r.Documents); n > most {
		return fmt.Errorf("%s and %s make %s scores, more than %s: score them in parts",
			term.Plural(len(r.Queries), "query", "queries"), term.Plural(len(r.Documents), "document", "documents"), term.Count(n), term.Count(most))
	}
	if draw != nil && max(len(r.Queries), len(r.Documents)) > mostCells {
		return fmt.Errorf("a picture of %d by %d cells cannot be read; at most %d by %d are drawn: use --format csv", len(r.Queries), len(r.Documents), mostCells, mostCells)
	}
	if err := s.score(ctx, r); err != nil {
		return err
	}
	if f.score == string(rank.Probability) {
		if err := a.probabilities(k, s, r); err != nil {
			return err
		}
	}
	if draw != nil { // first, so that what is printed has been drawn
		if err := writePicture(f.plot, func() ([]byte, error) { return draw(r) }); err != nil {
			return err
		}
	}
	switch f.format {
	case "json":
		err = a.printJSON(r)
	case "csv":
		err = r.writeCSV(a.stdout)
	default:
		r.print(a.stdout)
	}
	if err != nil {
		return err
	}
	if err := a.stdout.Flush(); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	if draw != nil {
		a.note("heat map in " + f.plot)
	}
	a.notePrecision(f.precision, s.precision)
	r.long.report(a, r.inputs, s.limit, s.input)
	return nil
}

// probabilities puts probabilities in the place of logits, and says where they are from.
func (a *app) probabilities(k *configuration, s *scorer, r *relevance) error {
	m, _, _, err := k.of(s.cross)
	if err != nil {
		return err
	}
	for _, row := range r.Scores {
		for j, v := range row {
			row[j] = float32(m.Map.Probability(v))
		}
	}
	r.Kind = string(rank.Probability)
	origin, err := k.origin(s.cross)
	if err != nil {
		return err
	}
	a.note("probabilities: " + origin)
	return k.warnLength(a, s.cross)
}

// writePicture makes a picture and writes it in one go.
func writePicture(path string, draw func() ([]byte, error)) error {
	data, err := draw()
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return fileError(path, err)
	}
	return nil
}

// drawerFor returns the function that draws in the format of a file's extension; nil for no file.
func drawerFor(path string) (func(*relevance) ([]byte, error), error) {
	switch ext := strings.ToLower(filepath.Ext(path)); {
	case path == "":
		return nil, nil
	case ext == ".png":
		return drawPNG, nil
	case ext == ".svg":
		return drawSVG, nil
	case ext == "":
		return nil, fmt.Errorf("--plot %q has no extension: end it in .png or .svg", path)
	default:
		return nil, fmt.Errorf("--plot %q: no %s pictures are drawn; end the name in .png or .svg", path, ext)
	}
}

// labelled is a text with its id.
type labelled struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// relevance is a score for every query and document.
type relevance struct {
	Model     string            `json:"model"`
	Precision encoder.Precision `json:"precision"`
	Kind      string            `json:"score_kind"`
	Queries   []labelled        `json:"queries"`
	Documents []labelled        `json:"documents"`
	Scores    [][]float32       `json:"scores"` // a row for each query

	long   cut
	inputs int // of the model
}

// scorer is a model that scores a query and a document.
type scorer struct {
	cross     *encoder.CrossEncoder // nil for a bi-encoder
	model     *model.Model
	precision encoder.Precision
	kind      string
	input     string // what an input is: a text or a pair
	limit     int    // of an input, in tokens
	close     func() // a model is only read: nothing can be lost
	score     func(context.Context, *relevance) error
}

// openScorer opens a cross-encoder or a bi-encoder, whichever the model is.
func openScorer(name string, opts ...encoder.Option) (*scorer, error) {
	m, err := model.Open(name)
	if err != nil {
		return nil, err
	}
	cross := m.Config.Architecture == model.BertForSequenceClassification
	if err := m.Close(); err != nil {
		return nil, err
	}
	if cross {
		c, err := encoder.OpenCross(name, opts...)
		if err != nil {
			return nil, err
		}
		if n := c.Labels(); n != 1 {
			_ = c.Close()
			return nil, fmt.Errorf("model %s has %d labels; a matrix takes a model with one", name, n)
		}
		return &scorer{c, c.Model(), c.Precision(), string(rank.Logit), "pair", c.MaxTokens(), func() { _ = c.Close() }, func(ctx context.Context, r *relevance) error { return r.byPairs(ctx, c) }}, nil
	}
	b, err := encoder.OpenBi(name, opts...)
	if err != nil {
		return nil, err
	}
	return &scorer{nil, b.Model(), b.Precision(), string(b.Similarity()), "text", b.MaxTokens(), func() { _ = b.Close() }, func(ctx context.Context, r *relevance) error { return r.byVectors(ctx, b) }}, nil
}

// byPairs reads every query beside every document, a query at a time.
func (r *relevance) byPairs(ctx context.Context, c *encoder.CrossEncoder) error {
	for _, q := range r.Queries {
		pairs := make([]encoder.Pair, len(r.Documents))
		for i, d := range r.Documents {
			pairs[i] = encoder.Pair{Query: q.Text, Document: d.Text}
		}
		s, err := c.Predict(ctx, pairs)
		if err != nil {
			return err
		}
		for i := range pairs {
			r.long.add(s.Truncated[i] + s.QueryTruncated[i])
		}
		if err := r.add(s.Logits); err != nil {
			return err
		}
	}
	r.inputs = len(r.Queries) * len(r.Documents)
	return nil
}

// byVectors encodes every text once.
func (r *relevance) byVectors(ctx context.Context, b *encoder.BiEncoder) error {
	encode := func(list []labelled, kind encoder.Kind) (*encoder.Embeddings, error) {
		texts := make([]string, len(list))
		for i, l := range list {
			texts[i] = l.Text
		}
		e, err := b.Encode(ctx, texts, encoder.As(kind))
		if err == nil {
			for _, n := range e.Truncated {
				r.long.add(n)
			}
			r.inputs += len(list)
		}
		return e, err
	}
	queries, err := encode(r.Queries, encoder.Query)
	if err != nil {
		return err
	}
	documents, err := encode(r.Documents, encoder.Document)
	if err != nil {
		return err
	}
	for i := range queries.Len() {
		row := make([]float32, documents.Len())
		for j := range row {
			row[j] = b.Similarity().Compare(queries.Vector(i), documents.Vector(j))
		}
		if err := r.add(row); err != nil {
			return err
		}
	}
	return nil
}

// add adds a row of finite scores.
func (r *relevance) add(row []float32) error {
	for _, v := range row {
		if v-v != 0 {
			return fmt.Errorf("model %s gives %v for query %d: its weights are damaged or overflow", r.Model, v, len(r.Scores)+1)
		}
	}
	r.Scores = append(r.Scores, row)
	return nil
}

// numbered gives texts their numbers as ids.
func numbered(texts []string) []labelled {
	list := make([]labelled, len(texts))
	for i, t := range texts {
		list[i] = labelled{fmt.Sprint(i + 1), t}
	}
	return list
}

// print prints the scores, the best of each query set off, and below them what the columns are. On a
// terminal that is too narrow for all documents the rest follows in further tables.
func (r *relevance) print(o *term.Output) {
	const cell = 8
	label := 0
	for _, q := range r.Queries {
		label = max(label, term.Width(o.Line(q.Text)))
	}
	at := len(r.Documents)
	if o.Width > 0 {
		label = min(label, max(o.Width/3, 16))
		at = max(1, (o.Width-label)/(cell+2))
	}
	o.Println(o.Paint(term.Faint, o.Line(r.Kind+" of "+r.Model)))
	for from := 0; from < len(r.Documents); from += at {
		to := min(from+at, len(r.Documents))
		t := &term.Table{Columns: []term.Column{{Title: "query"}}}
		for _, d := range r.Documents[from:to] {
			t.Columns = append(t.Columns, term.Column{Title: term.Truncate("["+o.Line(d.ID), cell-1) + "]", Right: true})
		}
		for i, q := range r.Queries {
			row := []term.Cell{term.Text(o.Line(q.Text))}
			if o.Width > 0 {
				row[0].Text = term.Truncate(row[0].Text, label)
			}
			best := r.best(i)
			for j := from; j < to; j++ {
				c := term.Text(term.Score(r.Scores[i][j]))
				if j == best {
					c.Style = term.Green
				}
				row = append(row, c)
			}
			t.Add(row...)
		}
		t.Print(o)
		o.Println("")
	}
	legend := &term.Table{Columns: []term.Column{{Style: term.Bold}, {Fit: term.Cut}}}
	for _, d := range r.Documents {
		legend.Row("["+d.ID+"]", d.Text)
	}
	legend.Print(o)
}

// best is the first of a query's highest scores.
func (r *relevance) best(query int) int {
	best := 0
	for j, v := range r.Scores[query] {
		if v > r.Scores[query][best] {
			best = j
		}
	}
	return best
}

// writeCSV writes a row a query, after one of documents.
func (r *relevance) writeCSV(o *term.Output) error {
	head := []string{r.Kind}
	for _, d := range r.Documents {
		head = append(head, d.Text)
	}
	rows := [][]string{head}
	for i, q := range r.Queries {
		row := []string{q.Text}
		for _, v := range r.Scores[i] {
			row = append(row, exact(v))
		}
		rows = append(rows, row)
	}
	return writeCSV(o, rows)
}
