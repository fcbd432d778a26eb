// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// report is what a run found.
type report struct {
	Processors int        `json:"processors"`
	Passages   int        `json:"passages"`
	Documents  int        `json:"documents"` // of a request to rerank
	Clients    int        `json:"clients"`
	Seconds    float64    `json:"seconds"` // of a loop
	Share      float64    `json:"share"`
	Serve      string     `json:"serve"`
	Workloads  []*figures `json:"workloads"`
}

// figures are those of a workload. Times are milliseconds, rates answers a second.
type figures struct {
	Name   string         `json:"name"`
	About  string         `json:"about"`
	One    phase          `json:"one"`    // request at a time
	Closed phase          `json:"closed"` // loop of all clients
	Paced  phase          `json:"paced"`  // clients at a share of the closed loop's rate
	Open   phase          `json:"open"`   // loop at the same rate
	Asked  float64        `json:"asked"`  // rate of these two
	Gain   float64        `json:"gain"`   // Closed.Rate / One.Rate
	Tail   float64        `json:"tail"`   // Paced.P99 / One.P50
	Random float64        `json:"random"` // Open.P99 / One.P50
	Memory memory         `json:"memory"` // during the closed loop, after the warm-up
	Before int            `json:"goroutines_before"`
	After  int            `json:"goroutines_after"`
	Status map[string]int `json:"statuses"`
	Errors int            `json:"errors"` // that are not 429
	Differ int            `json:"differ"` // answers that are not those without load
}

// phase is one of the four.
type phase struct {
	Answers int     `json:"answers"`
	Rate    float64 `json:"rate"`
	P50     float64 `json:"p50_ms"`
	P90     float64 `json:"p90_ms"`
	P99     float64 `json:"p99_ms"`
	Most    float64 `json:"max_ms"`
	CPU     float64 `json:"cpu_ms"`             // of the server, for each answer
	Batch   float64 `json:"requests_per_batch"` // on average
}

// memory is the server's resident memory in bytes, sampled each second.
type memory struct {
	Samples int     `json:"samples"`
	Least   float64 `json:"min"`
	Most    float64 `json:"max"`
	First   float64 `json:"first"` // mean of the first fifth
	Last    float64 `json:"last"`  // mean of the last
}

func newReport(s *settings) *report {
	return &report{
		Processors: runtime.NumCPU(), Passages: s.passages, Documents: s.documents, Clients: s.clients,
		Seconds: s.duration.Seconds(), Share: s.share, Serve: s.serve,
	}
}

// longestWarmUp bounds what comes before each phase.
const longestWarmUp = 90 * time.Second

// measure runs the phases of a workload.
func (p *process) measure(ctx context.Context, s *settings, w *workload) (*figures, error) {
	f := &figures{Name: w.name, About: w.about, Status: map[string]int{}}
	l := &load{process: p, workload: w}
	if err := l.learn(ctx); err != nil {
		return nil, err
	}
	before, err := p.settled(ctx, 0)
	if err != nil {
		return nil, err
	}
	warm := min(s.duration/3, longestWarmUp)
	if f.One, err = p.phase(ctx, f, func() (*tally, error) { return l.closed(ctx, 1, 0, s.duration/5), nil }); err != nil {
		return nil, err
	}
	watched := p.watch(ctx, warm)
	f.Closed, err = p.phase(ctx, f, func() (*tally, error) { return l.closed(ctx, s.clients, warm, s.duration), nil })
	f.Memory = watched()
	if err != nil {
		return nil, err
	}
	f.Asked = s.share * f.Closed.Rate
	if f.Paced, err = p.phase(ctx, f, func() (*tally, error) { return l.paced(ctx, s.clients, f.Asked, warm, s.duration, s.seed) }); err != nil {
		return nil, err
	}
	if f.Open, err = p.phase(ctx, f, func() (*tally, error) { return l.open(ctx, f.Asked, warm, s.duration, s.seed) }); err != nil {
		return nil, err
	}
	f.Gain, f.Tail, f.Random = f.Closed.Rate/f.One.Rate, f.Paced.P99/f.One.P50, f.Open.P99/f.One.P50
	after, err := p.settled(ctx, before.goroutines)
	f.Before, f.After = before.goroutines, after.goroutines
	return f, err
}

// phase runs one and adds it up.
func (p *process) phase(ctx context.Context, f *figures, run func() (*tally, error)) (phase, error) {
	before, err := p.look(ctx)
	if err != nil {
		return phase{}, err
	}
	t, err := run()
	if err != nil {
		return phase{}, err
	}
	after, err := p.look(ctx)
	if err != nil {
		return phase{}, err
	}
	out := f.take(t)
	if out.Answers == 0 {
		return out, fmt.Errorf("no answer within %s: give a longer --duration", t.to.Sub(t.from))
	}
	out.CPU = 1000 * (after.processor - before.processor) / float64(t.statuses["200"])
	out.Batch = (after.requests - before.requests) / max(1, after.batches-before.batches)
	return out, nil
}

// take adds up a phase.
func (f *figures) take(t *tally) phase {
	for what, n := range t.statuses {
		f.Status[what] += n
		if what != "200" && what != "429" {
			f.Errors += n
		}
	}
	f.Differ += t.differ
	slices.Sort(t.latencies)
	at := func(q float64) float64 {
		if len(t.latencies) == 0 {
			return 0
		}
		return 1000 * t.latencies[max(0, int(math.Ceil(q*float64(len(t.latencies))))-1)].Seconds()
	}
	return phase{Answers: t.done, Rate: t.rate(), P50: at(0.5), P90: at(0.9), P99: at(0.99), Most: at(1)}
}

// watch samples memory each second, after some time to warm up, until the function that it returns is called.
func (p *process) watch(ctx context.Context, warm time.Duration) func() memory {
	ctx, cancel := context.WithCancel(ctx)
	var samples []float64
	var wg sync.WaitGroup
	wg.Go(func() {
		sleep(ctx, warm)
		for ctx.Err() == nil {
			if s, err := p.look(ctx); err == nil { // a server that is gone is noticed by its requests
				samples = append(samples, s.resident)
			}
			sleep(ctx, time.Second)
		}
	})
	return func() memory {
		cancel()
		wg.Wait()
		if len(samples) == 0 {
			return memory{}
		}
		fifth := max(1, len(samples)/5)
		return memory{len(samples), slices.Min(samples), slices.Max(samples), mean(samples[:fifth]), mean(samples[len(samples)-fifth:])}
	}
}

func mean(list []float64) float64 {
	sum := 0.0
	for _, x := range list {
		sum += x
	}
	return sum / float64(len(list))
}

// print writes a workload's figures as they come.
func (f *figures) print(out io.Writer) {
	fmt.Fprintf(out, "%s: %s\n", f.Name, f.About)
	for _, p := range []struct {
		name string
		phase
	}{{"one at a time", f.One}, {"all clients", f.Closed}, {fmt.Sprintf("paced %.1f/s", f.Asked), f.Paced}, {"at random", f.Open}} {
		fmt.Fprintf(out, "  %-14s %8.2f answers/s  p50 %8.1f ms  p90 %8.1f  p99 %8.1f  max %8.1f  cpu %7.1f ms  %5.1f requests a batch\n", p.name, p.Rate, p.P50, p.P90, p.P99, p.Most, p.CPU, p.Batch)
	}
	var statuses []string
	for _, what := range slices.Sorted(maps.Keys(f.Status)) {
		statuses = append(statuses, fmt.Sprintf("%s: %d", what, f.Status[what]))
	}
	fmt.Fprintf(out, "  statuses       %s; answers that differ: %d\n", strings.Join(statuses, ", "), f.Differ)
	m := f.Memory
	fmt.Fprintf(out, "  memory         %.1f to %.1f MiB resident (%+.1f %%), first to last fifth %+.1f %%, %d samples\n", m.Least/(1<<20), m.Most/(1<<20), percent(m.Most, m.Least), percent(m.Last, m.First), m.Samples)
	fmt.Fprintf(out, "  goroutines     %d before, %d after\n\n", f.Before, f.After)
}

// percent is how much more a is than b.
func percent(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return 100 * (a/b - 1)
}

// print writes the table of docs/reliability.md.
func (r *report) print(out io.Writer) {
	fmt.Fprintf(out, "%d processors; %d passages, %d clients, %.0f s a loop; rerank: %d documents\n\n", r.Processors, r.Passages, r.Clients, r.Seconds, r.Documents)
	fmt.Fprintf(out, "| | one at a time, answers/s | p50, ms | %d clients, answers/s | gain | processor time of an answer, ms | paced to %.0f %%: p50, ms | p99 | p99 / p50 alone | at random: p50 | p99 | p99 / p50 alone | 429 | other errors | answers that differ | memory, MiB | goroutines |\n", r.Clients, 100*r.Share)
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|")
	for _, f := range r.Workloads {
		fmt.Fprintf(out, "| %s | %.2f | %.1f | %.2f | %.2f | %.1f to %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %d | %d | %d | %.0f to %.0f (%+.1f %%) | %d, %d |\n",
			f.Name, f.One.Rate, f.One.P50, f.Closed.Rate, f.Gain, f.One.CPU, f.Closed.CPU, f.Paced.P50, f.Paced.P99, f.Tail, f.Open.P50, f.Open.P99, f.Random,
			f.Status["429"], f.Errors, f.Differ, f.Memory.Least/(1<<20), f.Memory.Most/(1<<20), percent(f.Memory.Most, f.Memory.Least), f.Before, f.After)
	}
}
