// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"fmt"
	"runtime"

	"github.com/winnow-search/winnow/model"
)

// Option sets how a model is opened.
type Option func(*options)

// mostThreads is above any machine's processors; each thread takes some memory.
const mostThreads = 1024

type options struct {
	threads     int
	maxTokens   int
	queryTokens int
	precision   Precision
}

// Threads is the number of goroutines that compute; 0, the default, means
// GOMAXPROCS. It does not change results.
func Threads(n int) Option { return func(o *options) { o.threads = n } }

// MaxTokens lowers the number of tokens of an input, special ones included,
// below what the model takes; 0, the default, leaves it. Less is faster.
func MaxTokens(n int) Option { return func(o *options) { o.maxTokens = n } }

// QueryTokens caps the query's part of a cross-encoder's input, in tokens. By
// default a query is cut only where it would leave no room for the document.
func QueryTokens(n int) Option { return func(o *options) { o.queryTokens = n } }

// AtPrecision sets what products with the model's weights are computed in; the
// default is [FP32]. Where the processor has no instructions that make a
// precision fast, a more exact one takes its place.
func AtPrecision(p Precision) Option { return func(o *options) { o.precision = p } }

// OptionError is an error about an [Option] out of range.
type OptionError struct{ reason string }

// Error implements error.
func (e *OptionError) Error() string { return e.reason }

func optionError(format string, args ...any) error { return &OptionError{fmt.Sprintf(format, args...)} }

func collect(opts []Option) (options, error) {
	o := options{precision: FP32}
	for _, set := range opts {
		set(&o)
	}
	if o.threads < 0 || o.threads > mostThreads {
		return o, optionError("threads is %d; it must be 1 to %d, or 0 for all processors", o.threads, mostThreads)
	}
	if o.maxTokens < 0 {
		return o, optionError("max tokens is %d; it must be at least 1, or 0 for the model's own limit", o.maxTokens)
	}
	if o.queryTokens < 0 {
		return o, optionError("query tokens is %d; it must be at least 1, or 0 for no cap", o.queryTokens)
	}
	var err error
	if o.precision, err = ParsePrecision(string(o.precision)); err != nil {
		return o, err
	}
	if o.threads == 0 {
		o.threads = runtime.GOMAXPROCS(0)
	}
	return o, nil
}

// limit is the longest input in tokens.
func (o options) limit(m *model.Model) int {
	if o.maxTokens > 0 {
		return min(o.maxTokens, m.MaxLength)
	}
	return m.MaxLength
}

// checkLimit refuses a length without room for a token of each text, of which
// an input has one or two.
func (o options) checkLimit(m *model.Model, texts int) error {
	if least := m.Tokenizer.SpecialCount(texts == 2) + texts; o.limit(m) < least {
		return optionError("max tokens is %d; with the special tokens of model %s an input has at least %d", o.limit(m), m.Name, least)
	}
	return nil
}

// Kind says what a text is, for models with different prompts for the two.
type Kind string

// The kinds of text.
const (
	Query    Kind = "query"
	Document Kind = "document"
)

// EncodeOption sets how one call of [BiEncoder.Encode] works.
type EncodeOption func(*encodeOptions)

type encodeOptions struct {
	kind       Kind
	prompt     *string
	promptName string
	dimensions int
	end        bool
	raw        bool
}

// As selects the model's prompt for a kind of text: the prompt named "query",
// or the first of "document", "passage" and "corpus" that the model has. A
// model without one gets its default prompt, if any.
func As(k Kind) EncodeOption { return func(o *encodeOptions) { o.kind = k } }

// PromptName selects one of the model's prompts by its name.
func PromptName(name string) EncodeOption { return func(o *encodeOptions) { o.promptName = name } }

// Prompt puts a text of the caller's own before each text; "" puts none.
func Prompt(text string) EncodeOption { return func(o *encodeOptions) { o.prompt = &text } }

// Dimensions keeps the first n dimensions of each vector and, for models that
// normalise, scales what is left to length 1 again (Kusupati et al. 2022,
// Matryoshka representations). It suits models trained for it.
func Dimensions(n int) EncodeOption { return func(o *encodeOptions) { o.dimensions = n } }

// KeepEnd cuts a text that is too long at its beginning and not, as else, at its
// end. A prompt before it is then the first to go.
func KeepEnd() EncodeOption { return func(o *encodeOptions) { o.end = true } }

// Unnormalized leaves vectors as pooling and dense layers give them, also those
// of a model that scales its vectors to length 1.
func Unnormalized() EncodeOption { return func(o *encodeOptions) { o.raw = true } }
