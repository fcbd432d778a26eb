// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"errors"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/winnow-search/winnow/document/internal/mdtext"
)

// maxTag is the longest tag read, attributes included. What follows a longer one is lost.
const maxTag = 32 << 20

// fromTags reads a page without building a tree: in memory that does not depend on its structure.
func fromTags(data []byte) Page {
	var (
		p       Page
		w       mdtext.Writer
		inline  strings.Builder
		title   strings.Builder
		inTitle bool
		level   int
		skip    atom.Atom // the element whose content is left out
		depth   int       // of elements of that name inside it
		first   string
	)
	flush := func() {
		text := inline.String()
		inline.Reset()
		if level > 0 {
			if first == "" {
				first = mdtext.Line(text)
			}
			w.Heading(level, text)
			return
		}
		w.Paragraph(text)
	}
	z := html.NewTokenizer(bytes.NewReader(data))
	z.SetMaxBuf(maxTag)
	for {
		switch z.Next() {
		case html.ErrorToken:
			flush()
			if errors.Is(z.Err(), html.ErrBufferExceeded) {
				w.Paragraph("[the rest of this page is one tag of more than 32 MiB]")
			}
			p.Title, p.Text = mdtext.Line(title.String()), w.String()
			if p.Title == "" {
				p.Title = first
			}
			return p
		case html.TextToken:
			switch {
			case inTitle:
				title.Write(z.Text())
			case skip == 0:
				inline.WriteString(strings.ReplaceAll(string(z.Text()), "\n", " "))
			}
		case html.StartTagToken:
			name, more := z.TagName()
			a := atom.Lookup(name)
			if skip != 0 {
				if a == skip {
					depth++
				}
				continue
			}
			n := &html.Node{Type: html.ElementNode, DataAtom: a, Data: string(name)}
			switch {
			case a == atom.Html:
				for more {
					var key, value []byte
					if key, value, more = z.TagAttr(); string(key) == "lang" {
						p.Lang = strings.TrimSpace(string(value))
					}
				}
			case a == atom.Title:
				inTitle = title.Len() == 0
			case a == atom.Head, a == atom.Input, a == atom.Embed, a == atom.Form:
			case dropped(n, true):
				skip, depth = a, 1
			case a == atom.Br:
				inline.WriteByte('\n')
			case !isInline(n):
				flush()
				level = headingLevel(a)
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			switch {
			case a == skip && skip != 0:
				if depth--; depth == 0 {
					skip = 0
				}
			case skip != 0:
			case a == atom.Title:
				inTitle = false
			case !isInline(&html.Node{DataAtom: a, Data: string(name)}):
				flush()
				level = 0
			}
		}
	}
}

func headingLevel(a atom.Atom) int {
	switch a {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return int(a.String()[1] - '0')
	}
	return 0
}
