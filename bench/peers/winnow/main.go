// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Command winnow is winnow's side of the comparison with peer engines. Like bench/peers/worker.py it opens one model and
// answers requests, lines of JSON on standard input, with the seconds that runs of a task took.
// Unlike the peers', its times include tokenisation.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/winnow-search/winnow/encoder"
)

// workload is the part of the workload file that winnow needs: texts, never ids.
type workload struct {
	Passages  []string `json:"passages"`
	Query     string   `json:"query"`
	Documents []string `json:"documents"`
}

// ready is the first answer: what was opened.
type ready struct {
	Name      string   `json:"name"`
	Version   string   `json:"version"`
	Precision string   `json:"precision"` // in use, which can be a better one than asked for
	Variants  []string `json:"variants"`
}

type options struct {
	workload, directory, precision string
	cross                          bool
	threads                        int
}

func main() {
	var o options
	flag.StringVar(&o.workload, "workload", "", "workload `file` written by run.py")
	flag.StringVar(&o.directory, "directory", "", "`directory` of the model")
	flag.BoolVar(&o.cross, "cross", false, "the model is a cross-encoder")
	flag.StringVar(&o.precision, "precision", string(encoder.FP32), "fp32, int16, bf16 or int8")
	flag.IntVar(&o.threads, "threads", 2, "worker threads")
	flag.Parse()
	if err := run(context.Background(), o, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench/peers/winnow:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, in io.Reader, out io.Writer) (err error) {
	precision, err := encoder.ParsePrecision(o.precision)
	if err != nil {
		return err
	}
	w, err := read(o.workload)
	if err != nil {
		return err
	}
	r := runner{work: w}
	opts := []encoder.Option{encoder.Threads(o.threads), encoder.AtPrecision(precision)}
	if o.cross {
		if r.cross, err = encoder.OpenCross(o.directory, opts...); err != nil {
			return err
		}
		precision = r.cross.Precision()
		defer func() { err = errors.Join(err, r.cross.Close()) }()
	} else {
		if r.bi, err = encoder.OpenBi(o.directory, opts...); err != nil {
			return err
		}
		precision = r.bi.Precision()
		defer func() { err = errors.Join(err, r.bi.Close()) }()
	}
	answers := json.NewEncoder(out)
	if err := answers.Encode(ready{"winnow", "", string(precision), []string{""}}); err != nil {
		return fmt.Errorf("writing an answer: %w", err)
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var q request
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return fmt.Errorf("reading the request %q: %w", lines.Text(), err)
		}
		answer, err := r.measure(ctx, q)
		if err != nil {
			return fmt.Errorf("task %s: %w", q.Task, err)
		}
		if err := answers.Encode(answer); err != nil {
			return fmt.Errorf("writing an answer: %w", err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading requests: %w", err)
	}
	return nil
}

func read(path string) (workload, error) {
	var w workload
	data, err := os.ReadFile(path)
	if err != nil {
		return w, fmt.Errorf("reading the workload: %w", err)
	}
	if err := json.Unmarshal(data, &w); err != nil {
		return w, fmt.Errorf("reading the workload %s: %w", path, err)
	}
	return w, nil
}
