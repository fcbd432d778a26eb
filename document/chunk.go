// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"fmt"
	"strings"
)

// Defaults of ChunkOptions.
const (
	DefaultTarget = 180 // tokens: a good passage for encoders trained on passages of 50 to 250 tokens
	DefaultMax    = 254 // tokens: a model length of 256 less two special tokens
)

// maxChunkTokens bounds ChunkOptions.Max: far above any model's length, far below integer overflow.
const maxChunkTokens = 1 << 20

// Counter counts the tokens of a text, without special tokens. Counts of parts separated by white space should add up to
// the count of the whole, as they do for BERT tokenizers; where they do not, Split counts once more and stays within bounds.
type Counter interface {
	Count(text string) int
}

// Words counts words separated by white space. Split uses it when it is given no counter.
var Words Counter = words{}

type words struct{}

func (words) Count(text string) int { return len(strings.Fields(text)) }

// ChunkOptions sets the size of passages, in tokens. The zero value is ready to use.
type ChunkOptions struct {
	// Target is the size up to which neighbouring paragraphs under one heading are merged, and sentences of a long
	// paragraph are packed. 0 means DefaultTarget, or Max if that is less.
	Target int
	// Max is the largest passage including its Prefix: the model's maximum length less its special tokens. A paragraph,
	// code block or table above Target is kept whole up to Max. 0 means DefaultMax.
	Max int
	// Overlap is how much of the end of one passage is repeated at the start of the next one under the same heading, in
	// whole sentences, or words where a sentence is longer. It is less than Target. 0 means none.
	Overlap int
}

// Validate names the first option out of range.
func (o ChunkOptions) Validate() error {
	switch {
	case o.Max < 0:
		return fmt.Errorf("chunk options: max of %d tokens: must not be negative", o.Max)
	case o.Max > maxChunkTokens:
		return fmt.Errorf("chunk options: max of %d tokens: at most %d", o.Max, maxChunkTokens)
	case o.Target < 0:
		return fmt.Errorf("chunk options: target of %d tokens: must not be negative", o.Target)
	}
	d := o.withDefaults()
	switch {
	case d.Target > d.Max:
		return fmt.Errorf("chunk options: target of %d tokens is above the maximum of %d: lower the target", d.Target, d.Max)
	case o.Overlap < 0 || o.Overlap >= d.Target:
		return fmt.Errorf("chunk options: overlap of %d tokens: must be at least 0 and less than the target of %d", o.Overlap, d.Target)
	}
	return nil
}

func (o ChunkOptions) withDefaults() ChunkOptions {
	if o.Max == 0 {
		o.Max = DefaultMax
	}
	if o.Target == 0 {
		o.Target = min(DefaultTarget, o.Max)
	}
	return o
}

// clamped puts every option into range. Split has no error result, so it takes the nearest sizes that work.
func (o ChunkOptions) clamped() ChunkOptions {
	o.Max = min(max(o.Max, 0), maxChunkTokens)
	o.Target = max(o.Target, 0)
	o = o.withDefaults()
	o.Target = min(o.Target, o.Max)
	o.Overlap = min(max(o.Overlap, 0), o.Target-1)
	return o
}

// Chunk is a passage of a document.
type Chunk struct {
	Text string // the document's Text[Start:End]
	// Prefix is put before the text for the encoder: the heading path and a line break, as in "Install > Linux\n". It
	// starts with the document's title unless the first heading says the same; outer parts are left out when the path is
	// longer than a quarter of the maximum. Empty when there is neither.
	Prefix    string
	Heading   []string // heading path, outermost first; shared between chunks, not to be changed
	StartLine int      // 1-based line of the first byte
	EndLine   int      // 1-based line of the last byte
	Page      int      // 1-based page of the first byte in a document of format Pages, else 0
	Start     int      // byte range in Document.Text, half open, on rune boundaries
	End       int
	Tokens    int // tokens of Text by the counter given, without Prefix and special tokens
}

// Context is the text to give to an encoder: Prefix and Text. A passage from the middle of a page often does not name its
// subject; the headings do.
func (c Chunk) Context() string { return c.Prefix + c.Text }
