// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/experiment"
	"github.com/winnow-search/winnow/internal/atomicfile"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/builtin"
	"github.com/winnow-search/winnow/train/dataset"
	"github.com/winnow-search/winnow/train/mine"
)

type mineFlags struct {
	modelFlags
	out, mode, rerank, format, corpus, split, cache string
	negatives, from, to, seed                       int
	absolute, relative                              float64
	random, scores, json                            bool
}

func (a *app) mineCommand() *cobra.Command {
	var f mineFlags
	d := mine.Defaults()
	cmd := &cobra.Command{
		Use:     "mine DATA... --out FILE [--mode dense|lexical|hybrid] [--rerank MODEL]",
		Short:   "find hard negatives to train with",
		GroupID: groupModels,
		Long: "For each row of DATA, a question with a text that answers it, this command searches all texts of the rows, and of BEIR folders all documents, and takes those as negatives that look like answers to a retriever and are none, as far as is known.\n\n" +
			"Some do answer: --relative-margin and --absolute-margin leave out candidates that score about as high as the positive does, by the retriever or, with --rerank, by a cross-encoder's probability, which tells better. How many there were is reported; --format list names them in the field suspected. " +
			"The cross-encoder judges as many candidates as it takes to find the negatives, and all of them for --format list.\n\n" +
			"Rows that are mined are kept in OUT.partial until all are: after Ctrl-C, or a kill, the same command goes on from there.\n\n" +
			"DATA is as winnow train reads it. sentence-transformers reads the formats tuple and triplet as they are.",
		Example: `winnow mine questions.jsonl.gz --out mined.jsonl
			winnow mine questions.jsonl --mode hybrid --rerank builtin:reranker --from 3 --to 100 --out mined.jsonl
			winnow mine scifact --split train --format triplet --out triplets.jsonl`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return misuse(cmd, "DATA is missing: %s DATA --out FILE", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.mine(cmd, &f, args) },
	}
	f.add(cmd, "the bi-encoder", builtin.Retriever)
	fs := cmd.Flags()
	fs.StringVar(&f.out, "out", "", "write to `FILE`; required")
	choice(fs, &f.mode, "mode", string(winnow.Dense), []string{string(winnow.Dense), string(winnow.Lexical), string(winnow.Hybrid)}, "find candidates by vectors, by words or by both")
	fs.StringVar(&f.rerank, "rerank", "", "judge candidates and positives by the cross-encoder `MODEL`")
	choice(fs, &f.format, "format", string(mine.Tuple), []string{string(mine.Tuple), string(mine.Triplet), string(mine.List)}, "write a row with negative_1, negative_2 …, a row for each negative, or a row with a list")
	fs.BoolVar(&f.scores, "scores", false, "write the scores of positive and negatives, too, by which they were judged: what margin-mse and softmax distil, and what --prior of winnow train adds to logits")
	fs.StringVar(&f.corpus, "corpus", "", "search the texts of `PATH`, too: a BEIR folder or its corpus.jsonl, with titles, other texts, or rows")
	whole(fs, &f.negatives, "negatives", "", d.Negatives, "find `N` negatives for each row")
	whole(fs, &f.from, "from", "", d.From, "take them from rank `N` on, from 0: the first ranks hold most of the unknown answers")
	whole(fs, &f.to, "to", "", d.To, "take them from before rank `N`")
	fs.Float64Var(&f.absolute, "absolute-margin", math.NaN(), "leave out candidates whose score is above the positive's less `N`; NaN: any score will do")
	fs.Float64Var(&f.relative, "relative-margin", d.RelativeMargin, "leave out candidates whose score is above the positive's less this `PART` of it; NaN: any score will do")
	fs.BoolVar(&f.random, "random", false, "draw negatives from the ranks at random instead of taking the first")
	whole(fs, &f.seed, "seed", "", int(d.Seed), "draw with the random `NUMBER`")
	fs.StringVar(&f.split, "split", "train", "of BEIR folders take qrels/`SPLIT`.tsv")
	fs.StringVar(&f.cache, "cache", "", "keep the index below `DIR` for the next time")
	jsonFlag(cmd, &f.json)
	return cmd
}

// minedReport is what --json prints.
type minedReport struct {
	mine.Stats
	Out       string  `json:"out"`
	Lines     int     `json:"lines"`
	Left      int     `json:"left_out"` // rows that the format leaves out
	Documents int     `json:"documents"`
	Retriever string  `json:"retriever"`
	Seconds   float64 `json:"seconds"`
}

func (f *mineFlags) options() mine.Options {
	return mine.Options{
		Negatives: f.negatives, From: f.from, To: f.to, AbsoluteMargin: f.absolute, RelativeMargin: f.relative, Random: f.random, Seed: uint64(f.seed),
		All: f.format == string(mine.List),
	}
}

// readAll reads the rows of paths.
func readAll(paths []string, split string) (rows []dataset.Row, err error) {
	for r, err := range dataset.Rows(paths, dataset.Options{Split: split}) {
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// search adds what is to be searched beside the rows' texts: of BEIR folders every document, judged or not, and --corpus.
func (f *mineFlags) search(paths []string, docs []document.Document) ([]document.Document, error) {
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			continue
		}
		var err error
		if docs, err = addDocuments(docs, path); err != nil {
			return nil, err
		}
	}
	if f.corpus == "" {
		return docs, nil
	}
	return addDocuments(docs, f.corpus)
}

func addDocuments(docs []document.Document, path string) ([]document.Document, error) {
	for d, err := range dataset.Documents(path) {
		if err != nil {
			return nil, err
		}
		docs = append(docs, d)
	}
	return docs, nil
}

func (a *app) mine(cmd *cobra.Command, f *mineFlags, paths []string) error {
	if err := required(cmd, "out", "the file to write"); err != nil {
		return err
	}
	if err := checkOutput(cmd, "out", f.out); err != nil {
		return err
	}
	if f.scores && f.format == string(mine.Triplet) {
		return misuse(cmd, "--scores has no effect on --format triplet: a row of one negative has no list of scores")
	}
	read := slices.Clone(paths)
	if f.corpus != "" {
		read = append(read, f.corpus)
	}
	var inputs fileSet
	if err := inputs.inputs(read); err != nil {
		return err
	}
	switch out, err := claimFile("--out", f.out); {
	case err != nil:
		return err
	case inputs.find(out) >= 0:
		return misuse(cmd, "--out %s is what is read: name another file", f.out)
	}
	o := f.options()
	if err := o.Check(); err != nil {
		return misuse(cmd, "%v", err)
	}
	if err := creatable(f.out); err != nil {
		return fmt.Errorf("--out %s cannot be written: %w", f.out, err)
	}
	rows, err := readAll(paths, f.split)
	if err != nil {
		return err
	}
	var more []document.Document
	rows = slices.DeleteFunc(rows, func(r dataset.Row) bool {
		if !r.HasLabel || r.Label > 0 {
			return false
		}
		for _, text := range append([]string{r.Positive}, r.Negatives...) { // no answer, but a text to be found
			more = append(more, document.Document{Text: text})
		}
		return true
	})
	for _, r := range rows {
		if r.Positive == "" {
			return &dataset.Error{Place: r.Place, Field: "positive", Reason: "there is none: a negative is a text that answers less than one that does"}
		}
	}
	if len(rows) == 0 {
		return errors.New("the data have no rows with an answer")
	}
	if more, err = f.search(paths, more); err != nil {
		return err
	}
	start := time.Now()
	bar := &evalBar{progress: progress{out: a.stderr, start: start}}
	c := mine.Collection(rows, more)
	e, err := f.open(cmd.Context(), c, bar)
	if err != nil {
		return err
	}
	defer e.Close()
	retriever, err := experiment.Engine(e, winnow.Settings{Mode: winnow.Mode(f.mode)}, false)
	if err != nil {
		return err
	}
	if f.rerank != "" {
		if o.Cross, err = encoder.OpenCross(f.rerank, f.modelFlags.options()...); err != nil {
			return err
		}
		defer o.Cross.Close()
	}
	if f.mode == string(winnow.Dense) {
		o.Similarity = similarity(e.Retriever())
	}
	m, err := mine.New(retriever, c, rows, o)
	if err != nil {
		return err
	}
	tools, err := f.tools(e.Retriever(), o.Cross)
	if err != nil {
		return err
	}
	kept, mined, err := m.Resume(f.partial(), tools, c, rows)
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	first := len(mined)
	bar.begin("mining")
	err = m.Mine(cmd.Context(), rows[first:], func(part []mine.Mined) error {
		if err := kept.Append(part); err != nil {
			return err
		}
		mined = append(mined, part...)
		bar.draw("mining", len(mined)-first, len(rows)-first, "row", "rows")
		return nil
	})
	bar.clear()
	if err != nil {
		return a.stoppedMining(f, kept, len(mined), len(rows), err)
	}
	report := &minedReport{Out: f.out, Documents: len(c.Docs), Retriever: f.mode, Seconds: time.Since(start).Seconds()}
	if err := f.write(report, mined); err != nil {
		return a.stoppedMining(f, kept, len(mined), len(rows), err)
	}
	if err := kept.Remove(); err != nil {
		return err
	}
	if f.json {
		return a.printJSON(report)
	}
	a.printMined(f, report)
	return nil
}

// keepsMore is what to do about rows with too few negatives.
const keepsMore = "a wider range of ranks, a smaller margin or --format list keeps them"

// similarity is the score that a bi-encoder gives a text, as a search by vectors does.
func similarity(b *encoder.BiEncoder) func(ctx context.Context, query, text string) (float64, error) {
	return func(ctx context.Context, query, text string) (float64, error) {
		q, err := b.Encode(ctx, []string{query}, encoder.As(encoder.Query))
		if err != nil {
			return 0, err
		}
		d, err := b.Encode(ctx, []string{text}, encoder.As(encoder.Document))
		if err != nil {
			return 0, err
		}
		return float64(b.Similarity().Compare(q.Vector(0), d.Vector(0))), nil
	}
}

// partial is where rows are kept until all are mined.
func (f *mineFlags) partial() string { return f.out + ".partial" }

// tools are the models as the file of kept rows names them.
func (f *mineFlags) tools(retriever *encoder.BiEncoder, cross *encoder.CrossEncoder) (t mine.Tools, err error) {
	t.Retriever = f.mode
	name := func(into *string, m *model.Model, name string, precision encoder.Precision, tokens int) error {
		print, err := m.Fingerprint()
		*into += fmt.Sprintf(" %s %.23s at %s of %s", name, print, precision, term.Plural(tokens, "token", "tokens"))
		return err
	}
	if retriever != nil {
		err = name(&t.Retriever, retriever.Model(), plainName(f.model), retriever.Precision(), retriever.MaxTokens())
	}
	if cross != nil && err == nil {
		err = name(&t.Judge, cross.Model(), plainName(f.rerank), cross.Precision(), cross.MaxTokens())
	}
	t.Judge = strings.TrimSpace(t.Judge)
	return t, err
}

// stoppedMining says what is kept of a run that failed.
func (a *app) stoppedMining(f *mineFlags, kept *mine.Partial, done, rows int, err error) error {
	if done == 0 {
		return errors.Join(err, kept.Remove())
	}
	a.note(fmt.Sprintf("%s of %s are kept in %s: the same command goes on from there", term.Count(done), term.Plural(rows, "row", "rows"), f.partial()))
	return errors.Join(err, kept.Close())
}

// open indexes the texts.
func (f *mineFlags) open(ctx context.Context, c *eval.Collection, bar *evalBar) (*winnow.Engine, error) {
	bar.begin(term.Plural(len(c.Docs), "text", "texts"))
	x := experiment.Index{
		Models: model.Pair{Retriever: f.model}, Cache: f.cache, Precision: encoder.Precision(f.precision), Threads: f.threads, MaxTokens: f.maxTokens,
		Progress: bar.encoding,
	}
	if f.mode == string(winnow.Lexical) {
		x.Models.Retriever = ""
	}
	e, _, err := experiment.Build(ctx, c, x)
	bar.clear()
	return e, err
}

// write puts the rows into the file.
func (f *mineFlags) write(r *minedReport, mined []mine.Mined) error {
	var b bytes.Buffer
	for i := range mined {
		r.Add(&mined[i], f.negatives)
		n, err := mined[i].Write(&b, mine.Format(f.format), f.negatives, f.scores)
		if err != nil {
			return err
		}
		if r.Lines += n; n == 0 {
			r.Left++
		}
	}
	if r.Lines == 0 {
		return fmt.Errorf("none of %s has %d negatives, and nothing is written: %s", term.Plural(len(mined), "row", "rows"), f.negatives, keepsMore)
	}
	return atomicfile.Write(f.out, b.Bytes())
}

// printMined says what was found.
func (a *app) printMined(f *mineFlags, r *minedReport) {
	o := a.stdout
	row := func(name, format string, args ...any) {
		o.Printf("%s %s\n", o.Paint(term.Faint, fmt.Sprintf("%-10s", name)), fmt.Sprintf(format, args...))
	}
	row("negatives", "%s for %s, %.1f each; %s short", term.Count(r.Found), term.Plural(r.Rows, "row", "rows"), float64(r.Found)/float64(max(r.Rows, 1)), term.Plural(r.Short, "row is", "rows are"))
	row("candidates", "%s of %s, by %s", term.Count(r.Candidates), term.Plural(r.Documents, "text", "texts"), r.Retriever)
	judge := "the retriever"
	if f.rerank != "" {
		judge = f.rerank
	}
	if r.Judged < r.Candidates {
		row("judged", "%s of them: no more were needed", term.Count(r.Judged))
	}
	row("suspected", "%s (%.1f %%) score as high as the positive by %s, and are left out: they may be answers", term.Count(r.Suspected), 100*float64(r.Suspected)/float64(max(r.Judged, 1)), o.Line(judge))
	row("gap", "%.3f from positive to negative, on average", r.MeanGap)
	row("written", "%s to %s", term.Plural(r.Lines, "line", "lines"), o.Line(f.out))
	if r.Left > 0 {
		a.note(fmt.Sprintf("%s with fewer than %d negatives left out: %s", term.Plural(r.Left, "row", "rows"), f.negatives, keepsMore))
	}
}
