// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package tracing makes spans of what a server does and sends them to a collector of OpenTelemetry by OTLP over HTTP, where the standard
// environment variables name one.
package tracing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Tracer makes spans. A nil one makes none: tracing is off.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// FromEnvironment is the tracer that the environment asks for, by the names of the OpenTelemetry specification; nil if it asks for none. Version is
// that of the program. What cannot be sent is logged once, until it can be again. The tracer is to be closed.
func FromEnvironment(ctx context.Context, version string, log *slog.Logger) (*Tracer, error) {
	c, err := fromEnvironment(log)
	if err != nil || c == nil {
		return nil, err
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "winnow"), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	exporter, err := otlptrace.New(ctx, c)
	if err != nil {
		return nil, err
	}
	p := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	return &Tracer{provider: p, tracer: p.Tracer("github.com/winnow-search/winnow/server", trace.WithInstrumentationVersion(version))}, nil
}

// closing is how long the last spans may take.
const closing = 5 * time.Second

// Close sends what is left.
func (t *Tracer) Close() error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	err := t.provider.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil // the collector does not answer, which is logged; the program ends all the same
	}
	return err
}

// Flush sends what there is now.
func (t *Tracer) Flush(ctx context.Context) error { return t.provider.ForceFlush(ctx) }

// Take reads a request's traceparent, by which the trace of a client goes on here.
func Take(ctx context.Context, h http.Header) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(h))
}

// ID is the trace that a context is in; "" if it is in none.
func ID(ctx context.Context) string {
	if s := trace.SpanContextFromContext(ctx); s.HasTraceID() {
		return s.TraceID().String()
	}
	return ""
}

// Request is the span of a request. A nil one is none.
type Request struct{ span trace.Span }

// Request begins the span of a request to a route; "" is none that is known.
func (t *Tracer) Request(ctx context.Context, method, route string) (context.Context, *Request) {
	if t == nil {
		return ctx, nil
	}
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
	default:
		method = "_OTHER" // whatever a client sends is no name of a span
	}
	name, attributes := method, []attribute.KeyValue{attribute.String("http.request.method", method)}
	if route != "" {
		name += " " + route
		attributes = append(attributes, attribute.String("http.route", route))
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attributes...))
	return ctx, &Request{span}
}

// End ends the span of a request with the status of its answer, and the tokens of its texts, of which so many did not fit.
func (r *Request) End(status, tokens, truncated int) {
	if r == nil {
		return
	}
	r.span.SetAttributes(attribute.Int("http.response.status_code", status))
	if tokens > 0 {
		r.span.SetAttributes(attribute.Int("winnow.tokens", tokens), attribute.Int("winnow.truncated_tokens", truncated))
	}
	if status >= http.StatusInternalServerError {
		r.span.SetStatus(codes.Error, "")
		r.span.SetAttributes(attribute.String("error.type", strconv.Itoa(status)))
	}
	r.span.End()
}

// Figure is a number that a span has.
type Figure struct {
	Name  string
	Value int
}

// Span adds one that is over to the request of a context.
func (t *Tracer) Span(ctx context.Context, name, model string, begin time.Time, took time.Duration, figures ...Figure) {
	if t == nil || !trace.SpanFromContext(ctx).IsRecording() {
		return
	}
	var attributes []attribute.KeyValue
	if model != "" {
		attributes = append(attributes, attribute.String("winnow.model", model))
	}
	for _, f := range figures {
		attributes = append(attributes, attribute.Int("winnow."+f.Name, f.Value))
	}
	// A request's span ends its duration, by the monotonic clock, after its beginning. If the wall clock was set meanwhile, the
	// wall time of begin is of another clock: within the request it is as long after the beginning as it was.
	if of, ok := trace.SpanFromContext(ctx).(interface{ StartTime() time.Time }); ok {
		begin = of.StartTime().Add(begin.Sub(of.StartTime()))
	}
	_, span := t.tracer.Start(ctx, name, trace.WithTimestamp(begin), trace.WithAttributes(attributes...))
	span.End(trace.WithTimestamp(begin.Add(took)))
}
