// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package docx

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/winnow-search/winnow/document/internal/mdtext"
)

// body is the state of the reading of one part. It sees a flat stream of tags, so depth costs nothing.
type body struct {
	r    *reader
	text strings.Builder // of the open paragraph
	on   bool            // inside an element whose characters are text

	style  string
	level  int // outline level that the paragraph states itself, from 1
	listed bool
	depth  int // of the list item

	tables int        // tables that are open
	rows   [][]string // of the outermost
	held   int        // bytes that they take
	inCell bool
}

// What a row and a cell take even when they are empty: a slice and a string. In the file they may take seven bytes.
const rowSize, cellSize = 24, 16

// skipped are elements that hold nothing of the text: deleted and moved text, codes of fields, and the second version of
// what an older program would show.
var skipped = map[string]bool{
	"del": true, "moveFrom": true, "instrText": true, "delText": true, "delInstrText": true, "Fallback": true, "rPrChange": true, "pPrChange": true,
	"annotationRef": true, "sectPr": true, "object": true,
}

// body reads the main part, or the notes, as blocks.
func (r *reader) body(tokens *tokens) error {
	b := body{r: r}
	for {
		t, err := tokens.next()
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return err
		}
		switch t := t.(type) {
		case nil:
			b.endTable()
		case xml.StartElement:
			if skipped[t.Name.Local] {
				if err := skip(tokens); err != nil {
					return err
				}
				continue
			}
			b.start(t)
		case xml.EndElement:
			b.end(t.Name.Local)
		case xml.CharData:
			if b.on {
				b.text.Write(t)
			}
		}
		if r.w.Full() || r.w.Len()+b.text.Len()+b.held > r.limit {
			return fmt.Errorf("%w: more than %d bytes of text", ErrTooLarge, r.limit)
		}
		if end {
			return nil
		}
	}
}

// skip reads to the end of the element that has begun.
func skip(tokens *tokens) error {
	for depth := 1; depth > 0; {
		t, err := tokens.next()
		if err != nil {
			return err
		}
		switch t.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
	}
	return nil
}

func (b *body) start(e xml.StartElement) {
	switch e.Name.Local {
	case "p":
		if b.text.Len() > 0 && b.tables == 0 {
			b.endParagraph() // a text box inside a paragraph
		}
		b.style, b.level, b.listed, b.depth = "", 0, false, 0
	case "pStyle":
		b.style = attr(e, "val")
	case "outlineLvl":
		if n, err := strconv.Atoi(attr(e, "val")); err == nil && n >= 0 && n < 9 {
			b.level = n + 1
		}
	case "ilvl":
		if n, err := strconv.Atoi(attr(e, "val")); err == nil && n >= 0 && n < 9 {
			b.depth = n
		}
	case "numId":
		b.listed = attr(e, "val") != "0"
	case "t":
		b.on = true
	case "tab", "ptab":
		b.text.WriteByte('\t')
	case "br", "cr":
		b.text.WriteByte('\n')
	case "noBreakHyphen":
		b.text.WriteByte('-')
	case "tbl":
		b.tables++
	case "tr":
		if b.tables == 1 {
			b.rows = append(b.rows, nil)
			b.held += rowSize
		}
	case "tc":
		if b.tables == 1 && len(b.rows) > 0 {
			b.inCell = true
			b.text.Reset()
		}
	}
}

func (b *body) end(name string) {
	switch name {
	case "t":
		b.on = false
	case "p":
		if b.tables > 0 {
			b.text.WriteByte('\n')
			return
		}
		b.endParagraph()
	case "tc":
		if b.tables == 1 && b.inCell {
			last := len(b.rows) - 1
			cell := mdtext.Line(b.text.String())
			b.rows[last] = append(b.rows[last], cell)
			b.held += cellSize + len(cell)
			b.inCell = false
			b.text.Reset()
		}
	case "tbl":
		if b.tables > 0 {
			b.tables--
		}
		if b.tables == 0 {
			b.endTable()
		}
	}
}

func (b *body) endTable() {
	b.r.w.Table(b.rows)
	b.rows, b.held, b.tables, b.inCell = nil, 0, 0, false
	b.endParagraph()
}

// endParagraph writes the open paragraph by its style.
func (b *body) endParagraph() {
	text := b.text.String()
	b.text.Reset()
	if strings.TrimSpace(text) == "" {
		return
	}
	level := b.level
	if level == 0 {
		level = b.r.levels[b.style]
	}
	switch {
	case b.r.titles[b.style]:
		if line := mdtext.Line(text); b.r.title == "" || b.r.title == line {
			b.r.title = line // every passage names it
			return
		}
		b.r.w.Heading(1, text)
	case level > 0:
		b.r.w.Heading(level, text)
	case b.listed:
		b.r.w.Item(b.depth, "-", text)
	default:
		b.r.w.Paragraph(text)
	}
}
