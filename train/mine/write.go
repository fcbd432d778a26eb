// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package mine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
)

// Format is the shape of mined rows as JSON Lines. sentence-transformers reads [Tuple] and [Triplet] as they are; this
// module's training reads all.
type Format string

// The formats.
const (
	Tuple   Format = "tuple"   // {"anchor", "positive", "negative_1", …}; rows with fewer negatives than asked for are left out
	Triplet Format = "triplet" // {"anchor", "positive", "negative"}: a line for each negative
	List    Format = "list"    // {"query", "positive", "negatives": […], "suspected": […]}
)

// Write writes a row, and returns the number of lines that it took. With scores, rows of [Tuple] and [List] have a field scores:
// those of the positive and of each negative, by which they were judged.
func (m *Mined) Write(w io.Writer, f Format, negatives int, scores bool) (lines int, err error) {
	put := func(fields ...any) {
		if err != nil {
			return
		}
		var b bytes.Buffer
		b.WriteByte('{')
		for i := 0; i < len(fields); i += 2 {
			if i > 0 {
				b.WriteByte(',')
			}
			var value []byte
			if value, err = encode(fields[i+1]); err != nil {
				return
			}
			fmt.Fprintf(&b, "%q:%s", fields[i], value)
		}
		b.WriteString("}\n")
		_, err = w.Write(b.Bytes())
		lines++
	}
	var judged []any
	if scores && !math.IsNaN(m.PositiveScore) { // of a row for which nothing was found there are none
		list := []float64{m.PositiveScore}
		for _, n := range m.Found {
			list = append(list, n.Score)
		}
		judged = []any{"scores", list}
	}
	switch f {
	case Triplet:
		for _, n := range m.Found {
			put("anchor", m.Anchor, "positive", m.Positive, "negative", n.Text)
		}
	case List:
		fields := []any{"query", m.Anchor, "positive", m.Positive, "negatives", append([]string{}, m.Negatives...)}
		if len(m.Suspected) > 0 {
			fields = append(fields, "suspected", m.Suspected)
		}
		put(append(fields, judged...)...)
	case Tuple:
		if len(m.Found) < negatives {
			return 0, nil
		}
		fields := []any{"anchor", m.Anchor, "positive", m.Positive}
		for i, n := range m.Found {
			fields = append(fields, fmt.Sprintf("negative_%d", i+1), n.Text)
		}
		put(append(fields, judged...)...)
	default:
		return 0, fmt.Errorf("format %q; known: tuple, triplet, list", f)
	}
	return lines, err
}

// encode gives JSON without escaping what HTML would need.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
