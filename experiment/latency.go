// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"

	"github.com/winnow-search/winnow/internal/speed"
)

// Latency is the distribution of a time over queries, in milliseconds. Percentiles are times that were measured: the least
// one that so many percent of the queries do not exceed.
type Latency struct {
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P95  float64 `json:"p95"`
	P99  float64 `json:"p99"`
}

// Latencies are those of the stages of a search. Of a run file only reranking is timed: the others are nil.
type Latencies struct {
	Encode   *Latency `json:"encode,omitempty"` // the query
	Retrieve *Latency `json:"retrieve,omitempty"`
	Rerank   Latency  `json:"rerank"`
	Total    *Latency `json:"total,omitempty"`
}

func newLatency(times []time.Duration) Latency {
	ms := make([]float64, len(times))
	for i, t := range times {
		ms[i] = speed.Milliseconds(t)
	}
	if len(ms) == 0 {
		return Latency{}
	}
	slices.Sort(ms)
	at := func(p float64) float64 { return stat.Quantile(p, stat.Empirical, ms, nil) }
	return Latency{Mean: stat.Mean(ms, nil), P50: at(0.50), P95: at(0.95), P99: at(0.99)}
}

// newLatencies are those of costs; external ones have reranking alone.
func newLatencies(costs []Cost, external bool) *Latencies {
	of := func(part func(*Cost) time.Duration) Latency {
		times := make([]time.Duration, len(costs))
		for i := range costs {
			times[i] = part(&costs[i])
		}
		return newLatency(times)
	}
	out := &Latencies{Rerank: of(func(c *Cost) time.Duration { return c.Rerank })}
	if !external {
		encode, retrieve, total := of(func(c *Cost) time.Duration { return c.Encode }), of(func(c *Cost) time.Duration { return c.Retrieve }), of(func(c *Cost) time.Duration { return c.Total })
		out.Encode, out.Retrieve, out.Total = &encode, &retrieve, &total
	}
	return out
}
