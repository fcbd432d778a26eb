// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Command load measures what a server does under load: it starts the real `winnow serve` on loopback with an index of real passages, sends it
// real queries, and prints docs/reliability.md's table.
//
// Each workload goes through four phases: one request at a time; as many clients as --clients, each sending its next request when it has the
// answer to the last (a closed loop, which gives the capacity); the same clients, each at an even pace, at 70 % of that capacity together; and requests
// that come at random moments at that rate, whoever waits (an open loop with Poisson arrivals). Latencies of the last two count from the
// moment a request was due, so that one that was sent late is not taken for a fast one. Answers are compared with those of the first phase: under
// load they must be the same.
//
// The generator runs on the same machine as the server and takes some of its processors, the same for all phases: it sends bodies made before,
// and of answers decodes only ids and scores.
//
//	go run ./bench/load --winnow bin/winnow --data ../shared/data/eval/trec-dl-2019-2020 --duration 5m
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// settings are what the flags say.
type settings struct {
	winnow, data, cache, json, serve string
	workloads                        []string
	passages, documents, clients     int
	duration                         time.Duration
	share                            float64
	seed                             uint64
}

func main() {
	var s settings
	var names string
	flag.StringVar(&s.winnow, "winnow", "bin/winnow", "the `program` to measure")
	flag.StringVar(&s.data, "data", "../shared/data/eval/trec-dl-2019-2020", "`directory` of a collection in the layout of BEIR")
	flag.StringVar(&s.cache, "cache", ".cache/load", "`directory` where the index is made, once")
	flag.StringVar(&s.json, "json", "", "write the figures to this `file`, too")
	flag.StringVar(&s.serve, "serve", "", "further `flags` of winnow serve, with spaces between")
	flag.StringVar(&names, "workloads", strings.Join(workloadNames(), ","), "which to run, with commas between")
	flag.IntVar(&s.passages, "passages", 5000, "passages in the index")
	flag.IntVar(&s.documents, "documents", 20, "documents of a request to rerank")
	flag.IntVar(&s.clients, "clients", 64, "clients of the closed loop")
	flag.DurationVar(&s.duration, "duration", 5*time.Minute, "of a loop; one request at a time runs for a fifth of it")
	flag.Float64Var(&s.share, "share", 0.7, "of the capacity that is asked for after the closed loop")
	flag.Uint64Var(&s.seed, "seed", 1, "of the moments of requests")
	flag.Parse()
	s.workloads = strings.Split(names, ",")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ok, err := run(ctx, &s, os.Stdout)
	stop()
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	case !ok:
		fmt.Fprintln(os.Stderr, "load: there were errors, or answers that differ from those of a server without load: see the table")
		os.Exit(1)
	}
}

// check refuses settings that mean nothing.
func (s *settings) check() error {
	for _, name := range s.workloads {
		if !slices.Contains(workloadNames(), name) {
			return fmt.Errorf("the workload %q is not known: there are %s", name, strings.Join(workloadNames(), ", "))
		}
	}
	switch {
	case flag.NArg() > 0:
		return fmt.Errorf("the argument %q has no meaning", flag.Arg(0))
	case s.passages < 1 || s.documents < 1 || s.clients < 1:
		return errors.New("passages, documents and clients must be at least 1")
	case s.share <= 0 || s.share > 1:
		return fmt.Errorf("the share of the capacity is %v; it must be above 0 and at most 1", s.share)
	case s.duration < time.Second:
		return fmt.Errorf("the duration is %s; at least 1s", s.duration)
	}
	return nil
}

// run measures and prints. It is false if a request failed otherwise than with 429, or was answered otherwise than without load.
func run(ctx context.Context, s *settings, out io.Writer) (ok bool, err error) {
	if err := s.check(); err != nil {
		return false, err
	}
	c, err := readCollection(s.data, s.passages)
	if err != nil {
		return false, err
	}
	dir, err := makeIndex(ctx, s, c)
	if err != nil {
		return false, err
	}
	p, err := startServer(ctx, s, dir)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	r := newReport(s)
	ok = true
	for _, name := range s.workloads {
		w, err := newWorkload(name, c, s)
		if err != nil {
			return false, err
		}
		f, err := p.measure(ctx, s, w)
		if err != nil {
			return false, fmt.Errorf("%s: %w", name, err)
		}
		r.Workloads = append(r.Workloads, f)
		ok = ok && f.Errors == 0 && f.Differ == 0
		f.print(out)
	}
	r.print(out)
	if s.json == "" {
		return ok, nil
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return false, err
	}
	return ok, os.WriteFile(s.json, append(data, '\n'), 0o644)
}
