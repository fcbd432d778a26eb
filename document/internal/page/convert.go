// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package page

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/winnow-search/winnow/document/internal/mdtext"
)

// converter writes the blocks of a tree as Markdown. Inline text is collected until the block it belongs to ends.
type converter struct {
	w       mdtext.Writer
	inline  strings.Builder
	heading string // the first one
	level   int    // of the heading that is open, 0 for none
	lists   []list // the lists that are open
	item    string // marker of the item that is open; empty for none
	quotes  int
}

type list struct {
	ordered bool
	next    int
}

// flush writes the inline text collected as the block it belongs to.
func (c *converter) flush() {
	text := c.inline.String()
	c.inline.Reset()
	if strings.TrimSpace(text) == "" {
		return
	}
	switch {
	case c.level > 0:
		if c.heading == "" {
			c.heading = mdtext.Line(text)
		}
		c.w.Heading(c.level, text)
	case c.item != "":
		c.w.Item(len(c.lists)-1, c.item, text)
		c.item = strings.Repeat(" ", len(c.item)) // further paragraphs of the item go on under it
	case c.quotes > 0:
		c.w.Quote(text)
	default:
		c.w.Paragraph(text)
	}
}

var oneLine = strings.NewReplacer("\n", " ", "\r", " ")

// children writes what is below a node.
func (c *converter) children(n *html.Node) {
	for child := range n.ChildNodes() {
		switch child.Type {
		case html.TextNode:
			// A line break in the source is a space; only br ends a line.
			c.inline.WriteString(oneLine.Replace(child.Data))
		case html.ElementNode:
			if !dropped(child, true) {
				c.block(child)
			}
		}
	}
}

// block writes an element. The parser bounds the depth of the tree, and so that of this recursion.
func (c *converter) block(n *html.Node) {
	switch n.DataAtom {
	case atom.Br:
		c.inline.WriteByte('\n')
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		c.flush()
		before := c.level
		c.level = int(n.Data[1] - '0')
		c.children(n)
		c.flush()
		c.level = before
	case atom.Pre, atom.Listing, atom.Xmp:
		c.flush()
		c.w.Code(plain(n))
	case atom.Ul, atom.Ol, atom.Menu:
		c.flush()
		start, err := strconv.Atoi(attr(n, "start"))
		if err != nil {
			start = 1
		}
		item := c.item
		c.lists = append(c.lists, list{n.DataAtom == atom.Ol, start})
		c.item = ""
		c.children(n)
		c.flush()
		c.lists, c.item = c.lists[:len(c.lists)-1], item
	case atom.Li:
		c.flush()
		if len(c.lists) == 0 { // an item without a list
			c.lists = append(c.lists, list{})
			defer func() { c.lists = c.lists[:0] }()
		}
		l := &c.lists[len(c.lists)-1]
		item := c.item
		c.item = "-"
		if l.ordered {
			c.item = strconv.Itoa(l.next) + "."
			l.next++
		}
		c.children(n)
		c.flush()
		c.item = item
	case atom.Blockquote:
		c.flush()
		c.quotes++
		c.children(n)
		c.flush()
		c.quotes--
	case atom.Table:
		c.flush()
		c.table(n)
	case atom.Img:
		if alt := attr(n, "alt"); len(alt) > 0 && len(alt) <= maxAlt {
			c.inline.WriteString(" " + alt + " ")
		}
	default:
		if isInline(n) {
			c.children(n)
			return
		}
		c.flush()
		c.children(n)
		c.flush()
	}
}

// maxAlt is the longest description of a picture that is taken into the text.
const maxAlt = 500

// isInline reports whether an element goes on within the line.
func isInline(n *html.Node) bool {
	switch n.DataAtom {
	case atom.A, atom.Abbr, atom.Acronym, atom.B, atom.Bdi, atom.Bdo, atom.Big, atom.Cite, atom.Code, atom.Data, atom.Del, atom.Dfn, atom.Em, atom.Font,
		atom.I, atom.Ins, atom.Kbd, atom.Label, atom.Mark, atom.Nobr, atom.Q, atom.Rp, atom.Rt, atom.Ruby, atom.S, atom.Samp, atom.Small, atom.Span,
		atom.Strike, atom.Strong, atom.Sub, atom.Sup, atom.Time, atom.Tt, atom.U, atom.Var, atom.Wbr, atom.Output, atom.Slot:
		return true
	}
	return n.DataAtom == 0 && !strings.Contains(n.Data, "-") // unknown; elements of a page's own making tend to be blocks
}

// table writes a table of plain cells as one, and any other as the blocks in it: such a table lays out a page.
func (c *converter) table(n *html.Node) {
	if !isFlat(n) {
		c.children(n)
		c.flush()
		return
	}
	for caption := range n.ChildNodes() {
		if caption.DataAtom == atom.Caption && !dropped(caption, true) {
			c.children(caption)
			c.flush()
		}
	}
	c.w.Table(addRows(nil, n))
}

// addRows adds the rows below a node, without those that are hidden or in a part of the table that is.
func addRows(rows [][]string, n *html.Node) [][]string {
	for d := range n.ChildNodes() {
		switch {
		case d.Type != html.ElementNode || dropped(d, true):
		case d.DataAtom == atom.Td || d.DataAtom == atom.Th:
			if len(rows) == 0 {
				rows = append(rows, nil)
			}
			cell := converter{}
			cell.children(d)
			cell.flush()
			rows[len(rows)-1] = append(rows[len(rows)-1], cell.w.String())
		case d.DataAtom == atom.Tr:
			rows = addRows(append(rows, nil), d)
		default:
			rows = addRows(rows, d)
		}
	}
	return rows
}

// isFlat reports whether the cells of a table hold nothing but text. It is asked before any cell is converted, so that
// tables in tables are not converted once for each table around them.
func isFlat(table *html.Node) bool {
	for d := range table.Descendants() {
		switch d.DataAtom {
		case atom.Table, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Pre, atom.Ul, atom.Ol, atom.Dl, atom.Blockquote:
			return false
		}
	}
	return true
}
