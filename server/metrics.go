// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/server/internal/batch"
	"github.com/winnow-search/winnow/server/internal/tracing"
)

// metrics are what Prometheus asks for. Labels have few values: routes, models, statuses, never what clients send.
type metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec   // route, code
	seconds   *prometheus.HistogramVec // route
	active    prometheus.Gauge
	refused   *prometheus.CounterVec // reason
	cancelled *prometheus.CounterVec // model: texts and pairs whose client went before they were run
	batches   *prometheus.HistogramVec
	items     *prometheus.HistogramVec
	calls     *prometheus.HistogramVec
	running   *prometheus.HistogramVec
	waited    *prometheus.HistogramVec
	tokens    *prometheus.CounterVec
	truncated prometheus.Counter
	stages    *prometheus.HistogramVec
	reloads   *prometheus.CounterVec
}

// times are buckets in seconds, from half a millisecond to about two minutes.
var times = prometheus.ExponentialBuckets(0.0005, 2, 18)

func newMetrics() *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "winnow", Name: name, Help: help}, labels)
		m.registry.MustRegister(c)
		return c
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "winnow", Name: name, Help: help, Buckets: buckets}, labels)
		m.registry.MustRegister(h)
		return h
	}
	m.requests = counter("requests_total", "Requests that were answered; code 499: the client had gone.", "route", "code")
	m.seconds = histogram("request_seconds", "Time from a request's head to the end of its answer.", times, "route")
	m.refused = counter("refused_total", "Requests refused because too much was going on: rate, queue (too long, or too long to be done in time), memory.", "reason")
	m.cancelled = counter("cancelled_items_total", "Texts and pairs that were dropped from the queue because their request had ended.", "model")
	m.batches = histogram("batch_tokens", "Tokens of a batch.", prometheus.ExponentialBuckets(8, 2, 14), "model")
	m.items = histogram("batch_items", "Texts or pairs of a batch.", prometheus.ExponentialBuckets(1, 2, 12), "model")
	m.calls = histogram("batch_requests", "Requests that a batch is of.", prometheus.ExponentialBuckets(1, 2, 8), "model")
	m.running = histogram("batch_seconds", "Time that a batch ran.", times, "model")
	m.waited = histogram("queue_seconds", "Time that a request waited until its first text or pair was run.", times, "model")
	m.tokens = counter("tokens_total", "Tokens that a model has run.", "model")
	m.stages = histogram("search_stage_seconds", "Time of a search's stages: encode, retrieve, rerank, total.", times, "stage")
	m.reloads = counter("reloads_total", "Times that an index or the keys were taken over anew: ok or failed.", "what", "outcome")
	m.active = prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "winnow", Name: "requests_active", Help: "Requests that are being answered."})
	m.truncated = prometheus.NewCounter(prometheus.CounterOpts{Namespace: "winnow", Name: "truncated_tokens_total", Help: "Tokens of texts that did not fit into a model."})
	m.registry.MustRegister(m.active, m.truncated, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// queue shows how much waits for a model.
func (m *metrics) queue(model string, waiting func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "winnow", Name: "queue_tokens", Help: "Tokens that wait for a model, as they count against the limit.", ConstLabels: prometheus.Labels{"model": model},
	}, func() float64 { return float64(waiting()) }))
}

// search adds the times of one.
func (m *metrics) search(t winnow.Timing) {
	for stage, ms := range map[string]float64{"encode": t.Encode, "retrieve": t.Retrieve, "rerank": t.Rerank, "total": t.Total} {
		m.stages.WithLabelValues(stage).Observe(ms / 1000)
	}
}

// stage is a part of a request that took some milliseconds.
type stage struct {
	name string
	took float64
}

// searchStages are those of a search.
func searchStages(t winnow.Timing) []stage {
	return []stage{{"encode", t.Encode}, {"retrieve", t.Retrieve}, {"rerank", t.Rerank}}
}

// spans adds the spans of what has just ended after total milliseconds. They come one after the other; what takes the rest of the
// time is not one.
func (c *call) spans(total float64, stages ...stage) {
	ms := func(f float64) time.Duration { return time.Duration(f * float64(time.Millisecond)) }
	begin := time.Now().Add(-ms(total))
	for _, stage := range stages {
		if stage.took > 0 {
			c.tracer.Span(c.ctx(), stage.name, "", begin, ms(stage.took))
		}
		begin = begin.Add(ms(stage.took))
	}
}

// observer tells the metrics and traces of one model's queue.
type observer struct {
	*metrics
	tracer *tracing.Tracer
	model  string
}

// Part implements batch.Observer.
func (o observer) Part(ctx context.Context, p batch.Part) {
	o.tracer.Span(ctx, "batch", o.model, p.Began, p.Took, tracing.Figure{Name: "items", Value: p.Items}, tracing.Figure{Name: "tokens", Value: p.Size},
		tracing.Figure{Name: "batch.items", Value: p.BatchItems}, tracing.Figure{Name: "batch.tokens", Value: p.BatchSize}, tracing.Figure{Name: "batch.requests", Value: p.Calls})
}

// Batch implements batch.Observer.
func (o observer) Batch(items, size, calls int, took time.Duration) {
	o.batches.WithLabelValues(o.model).Observe(float64(size))
	o.items.WithLabelValues(o.model).Observe(float64(items))
	o.calls.WithLabelValues(o.model).Observe(float64(calls))
	o.running.WithLabelValues(o.model).Observe(took.Seconds())
	o.tokens.WithLabelValues(o.model).Add(float64(size))
}

// Waited implements batch.Observer.
func (o observer) Waited(d time.Duration) { o.waited.WithLabelValues(o.model).Observe(d.Seconds()) }

// Cancelled implements batch.Observer.
func (o observer) Cancelled(items int) { o.cancelled.WithLabelValues(o.model).Add(float64(items)) }

// Refused implements batch.Observer.
func (o observer) Refused() { o.refused.WithLabelValues("queue").Inc() }
