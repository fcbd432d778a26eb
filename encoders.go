// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"context"
	"io"

	"github.com/winnow-search/winnow/encoder"
)

// Encoders opens encoders for engines and runs them. A server has one for all
// its engines: it shares models between them and joins the work of several
// searches. Results must be the same bits as those of the encoders themselves.
type Encoders interface {
	OpenBi(name string, p encoder.Precision) (*encoder.BiEncoder, error)
	OpenCross(name string, p encoder.Precision) (*encoder.CrossEncoder, error)
	Encode(ctx context.Context, b *encoder.BiEncoder, texts []string, kind encoder.Kind) (*encoder.Embeddings, error)
	Predict(ctx context.Context, c *encoder.CrossEncoder, pairs []encoder.Pair) (*encoder.Scores, error)
	// Release gives back an encoder that an engine has opened.
	Release(opened io.Closer) error
}

// Through makes an engine open and run its encoders by way of others, in place
// of [Threads] and [MaxTokens].
func Through(x Encoders) Option { return func(e *Engine) { e.encoders = x } }

// ownEncoders are those of one engine alone.
type ownEncoders struct{ engine *Engine }

func (o ownEncoders) options(p encoder.Precision) []encoder.Option {
	return []encoder.Option{encoder.Threads(o.engine.threads), encoder.MaxTokens(o.engine.maxTokens), encoder.AtPrecision(p)}
}

// OpenBi implements [Encoders].
func (o ownEncoders) OpenBi(name string, p encoder.Precision) (*encoder.BiEncoder, error) {
	return encoder.OpenBi(name, o.options(p)...)
}

// OpenCross implements [Encoders].
func (o ownEncoders) OpenCross(name string, p encoder.Precision) (*encoder.CrossEncoder, error) {
	return encoder.OpenCross(name, o.options(p)...)
}

// Encode implements [Encoders].
func (ownEncoders) Encode(ctx context.Context, b *encoder.BiEncoder, texts []string, kind encoder.Kind) (*encoder.Embeddings, error) {
	return b.Encode(ctx, texts, encoder.As(kind))
}

// Predict implements [Encoders].
func (ownEncoders) Predict(ctx context.Context, c *encoder.CrossEncoder, pairs []encoder.Pair) (*encoder.Scores, error) {
	return c.Predict(ctx, pairs)
}

// Release implements [Encoders].
func (ownEncoders) Release(opened io.Closer) error { return opened.Close() }
