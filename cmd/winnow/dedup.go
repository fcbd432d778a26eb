// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/csv"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/model/builtin"
)

type dedupFlags struct {
	modelFlags
	db, format string
	threshold  float64
}

func (a *app) dedupCommand() *cobra.Command {
	var f dedupFlags
	cmd := &cobra.Command{
		Use:     "dedup [FILE] [--db DIR] [--threshold 0.9]",
		Short:   "pairs of passages that say nearly the same",
		GroupID: groupSearch,
		Long: "Compares every passage with every other by their vectors and prints the pairs whose score is at least the threshold: exactly those, in the order of the passages. " +
			"FILE is a file or folder, or JSON lines, or - for standard input with a text or an object a line. Without FILE it is the index's passages, whose vectors are there already.\n\n" +
			"The work grows with the square of the passages: about a second for 30,000.",
		Example: "winnow dedup questions.jsonl --threshold 0.95\nwinnow dedup --db corpus.winnow --format json",
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return misuse(cmd, "%q is one argument too many: %s FILE", args[1], cmd.CommandPath())
			case len(args) == 1 && cmd.Flags().Changed("db"):
				return misuse(cmd, "both FILE and --db are given: name one")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.dedup(cmd, &f, args) },
	}
	f.add(cmd, "for FILE, since an index has its own, the bi-encoder", builtin.Retriever)
	dbFlag(cmd, &f.db)
	cmd.Flags().Float64Var(&f.threshold, "threshold", 0.9, "print pairs whose vectors' `SCORE` is at least this")
	choice(cmd.Flags(), &f.format, "format", "table", []string{"table", "json", "csv"}, "output format")
	return cmd
}

func (a *app) dedup(cmd *cobra.Command, f *dedupFlags, files []string) error {
	if f.threshold-f.threshold != 0 {
		return misuse(cmd, "--threshold is %v: want a number", f.threshold)
	}
	e, t, dir, err := a.openTexts(cmd, &f.modelFlags, f.db, "", files, winnow.Off)
	if err != nil {
		return err
	}
	defer e.Close()
	if b := e.Retriever(); b != nil && b.Similarity() == encoder.CosineSimilarity && math.Abs(f.threshold) > 1 {
		return misuse(cmd, "--threshold is %v: cosines are from -1 to 1", f.threshold)
	}
	p := progress{out: a.stderr}
	out := a.newPairPrinter(f.format)
	pairs := 0
	err = e.Duplicates(cmd.Context(), float32(f.threshold), p.comparing, func(d winnow.Duplicate) error {
		pairs++
		if a.stdout.Terminal {
			p.clear()
		}
		for _, h := range []*winnow.Hit{&d.A, &d.B} {
			if dir != "" && h.Source != nil {
				h.Source.Path = relativePath(dir, h.Source.Path)
			}
		}
		return out.pair(&d)
	})
	p.clear()
	if err != nil {
		return explainDB(dir, err)
	}
	if err := out.end(); err != nil {
		return err
	}
	if f.format == "table" {
		faint(a.stdout, fmt.Sprintf("%s of %s, %s at least %s", term.Plural(pairs, "pair", "pairs"), term.Plural(e.Len(), "passage", "passages"),
			e.Retriever().Similarity(), strconv.FormatFloat(f.threshold, 'g', -1, 32)))
	}
	if err := a.stdout.Flush(); err != nil {
		return err
	}
	return t.failed()
}

// pairPrinter prints pairs as they are found; end prints what comes after the last.
type pairPrinter struct {
	pair func(*winnow.Duplicate) error
	end  func() error
}

func (a *app) newPairPrinter(format string) pairPrinter {
	switch format {
	case "json":
		return a.jsonPairs()
	case "csv":
		return a.csvPairs()
	}
	o := a.stdout
	line := func(h *winnow.Hit, head string, style term.Style) {
		where := o.Line(place(h.ID, h.Source))
		text := term.Truncate(o.Line(h.Text), max(o.Columns()-10-term.Width(where), 20))
		o.Println(o.Paint(style, head) + "  " + o.Paint(term.Cyan, where) + "  " + text)
	}
	return pairPrinter{func(d *winnow.Duplicate) error {
		line(&d.A, term.Score(d.Score), term.Bold)
		line(&d.B, strings.Repeat(" ", len(term.Score(d.Score))), term.Plain)
		return nil
	}, func() error { return nil }}
}

// printedPair is a pair as JSON.
type printedPair struct {
	Score float32     `json:"score"`
	A     printedSide `json:"a"`
	B     printedSide `json:"b"`
}

type printedSide struct {
	ID     string         `json:"id"`
	Text   string         `json:"text"`
	Source *winnow.Source `json:"source,omitempty"`
}

// jsonPairs prints an array with one pair a line: JSON as a whole, and greppable.
func (a *app) jsonPairs() pairPrinter {
	n := 0
	return pairPrinter{func(d *winnow.Duplicate) error {
		data, err := marshal(printedPair{d.Score, printedSide{d.A.ID, d.A.Text, d.A.Source}, printedSide{d.B.ID, d.B.Text, d.B.Source}})
		if err != nil {
			return err
		}
		a.stdout.Printf("%s%s", map[bool]string{true: "[\n", false: ",\n"}[n == 0], data)
		n++
		return nil
	}, func() error {
		a.stdout.Println(map[bool]string{true: "[]", false: "\n]"}[n == 0])
		return nil
	}}
}

func (a *app) csvPairs() pairPrinter {
	w := csv.NewWriter(a.stdout)
	_ = w.Write([]string{"score", "a", "b", "a_path", "a_start_line", "b_path", "b_start_line"}) // its error is Error's
	at := func(h *winnow.Hit) (path, line string) {
		if h.Source == nil {
			return "", ""
		}
		return a.stdout.Exact(h.Source.Path), strconv.Itoa(h.Source.StartLine)
	}
	return pairPrinter{func(d *winnow.Duplicate) error {
		pathA, lineA := at(&d.A)
		pathB, lineB := at(&d.B)
		return w.Write([]string{exact(d.Score), a.stdout.Exact(d.A.ID), a.stdout.Exact(d.B.ID), pathA, lineA, pathB, lineB})
	}, func() error {
		w.Flush()
		return w.Error()
	}}
}

// comparing shows how many passages have been compared with all others.
func (p *progress) comparing(done, total int) {
	if p.start.IsZero() {
		p.start = time.Now()
	}
	took := time.Since(p.start)
	if !p.out.Terminal || total == 0 || took < 300*time.Millisecond {
		return
	}
	// A passage is compared with those after it: the first take longest.
	rest := 1 - float64(done)/float64(total)
	parts := append([]string{"comparing " + progressBar(1-rest*rest), fmt.Sprintf("%s of %s", term.Count(done), term.Plural(total, "passage", "passages"))}, left(took, 1-rest*rest)...)
	p.show(term.Truncate(strings.Join(parts, " · "), max(p.out.Columns()-3, 1)))
}
