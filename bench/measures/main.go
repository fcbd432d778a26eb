// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Command measures prints the values of every query of a TREC run, as package
// eval computes them, in columns separated by tabs. The first line names them.
//
//	go run ./bench/measures -measures "nDCG@10 P(rel=2)@5" BEIR_DIR RUN
//
// scripts/reference/ir_measures_golden.py compares them with other programs.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"

	"github.com/winnow-search/winnow/eval"
)

func main() {
	names := flag.String("measures", "nDCG@10", "measures, with spaces or commas between them")
	split := flag.String("split", eval.DefaultSplit, "whose judgments to take")
	tieAware := flag.Bool("tie-aware", false, "expectations over the orders of equal scores")
	flag.Parse()
	if err := run(*names, *split, *tieAware, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "measures:", err)
		os.Exit(1)
	}
}

func run(names, split string, tieAware bool, args []string) error {
	if len(args) != 2 {
		return errors.New("give a folder in the layout of BEIR and a run")
	}
	measures, err := eval.ParseMeasures(names)
	if err != nil {
		return err
	}
	c, err := eval.LoadBEIRSplit(args[0], split)
	if err != nil {
		return err
	}
	found, err := c.LoadRun(args[1])
	if err != nil {
		return err
	}
	report, err := eval.Evaluate(found, c.Qrels, eval.Options{Measures: measures})
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	fmt.Fprint(out, "query")
	for _, m := range measures {
		fmt.Fprint(out, "\t", m)
	}
	fmt.Fprintln(out)
	for i, query := range report.Queries {
		fmt.Fprint(out, query)
		for _, m := range measures {
			value := report.Values[m][i]
			if tieAware {
				value = m.TieAware(found.Lists[query], c.Qrels[query])
			}
			fmt.Fprint(out, "\t", strconv.FormatFloat(value, 'g', -1, 64))
		}
		fmt.Fprintln(out)
	}
	return out.Flush()
}
