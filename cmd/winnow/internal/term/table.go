// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package term

import (
	"slices"
	"strings"
)

// Fit says what becomes of a column when a terminal is too narrow for the table.
type Fit int

// The ways to fit.
const (
	Keep Fit = iota // never narrower than its content
	Cut             // content is cut, with an ellipsis
	Fold            // content goes on in the next line
)

// Column describes one column of a table.
type Column struct {
	Title string
	Right bool // aligned to the right, for numbers
	Fit   Fit
	Style Style // of cells without a style of their own
}

// Cell is the text of a table's cell. It may come from anywhere: it is cleaned when printed.
type Cell struct {
	Text  string
	Style Style
}

// Text is a cell in the style of its column.
func Text(s string) Cell { return Cell{Text: s} }

// Table is printed with aligned columns. On a terminal it is made to fit; elsewhere nothing is cut.
// If no column has a title there is no line of titles.
type Table struct {
	Columns []Column
	Indent  int // spaces before each line
	rows    [][]Cell
}

// Row adds a row of plain cells.
func (t *Table) Row(cells ...string) {
	row := make([]Cell, len(cells))
	for i, c := range cells {
		row[i] = Text(c)
	}
	t.Add(row...)
}

// Add adds a row. Missing cells are empty.
func (t *Table) Add(cells ...Cell) { t.rows = append(t.rows, cells) }

// Len is the number of rows.
func (t *Table) Len() int { return len(t.rows) }

const (
	gap       = 2  // columns between columns
	narrowest = 12 // a column is not cut or folded to less
)

// Print writes the table.
func (t *Table) Print(o *Output) {
	rows := make([][]Cell, 0, len(t.rows)+1)
	if slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Title != "" }) {
		titles := make([]Cell, len(t.Columns))
		for i, c := range t.Columns {
			titles[i] = Cell{c.Title, Bold}
		}
		rows = append(rows, titles)
	}
	for _, r := range t.rows {
		row := make([]Cell, len(t.Columns))
		for i, c := range r[:min(len(r), len(row))] {
			row[i] = Cell{o.Line(c.Text), c.Style}
			if c.Style == Plain {
				row[i].Style = t.Columns[i].Style
			}
		}
		rows = append(rows, row)
	}
	widths := t.widths(rows, o.Width)
	for _, row := range rows {
		t.printRow(o, row, widths)
	}
}

// widths are the columns' widths: what the content needs, or less where it does not fit into total.
func (t *Table) widths(rows [][]Cell, total int) []int {
	widths := make([]int, len(t.Columns))
	sum := t.Indent + gap*(len(widths)-1)
	for i := range widths {
		for _, row := range rows {
			widths[i] = max(widths[i], Width(row[i].Text))
		}
		sum += widths[i]
	}
	if total == 0 {
		return widths
	}
	for ; sum > total; sum-- {
		widest := -1
		for i, c := range t.Columns {
			if c.Fit != Keep && widths[i] > narrowest && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break // the terminal will have to wrap
		}
		widths[widest]--
	}
	return widths
}

func (t *Table) printRow(o *Output, row []Cell, widths []int) {
	lines := make([][]string, len(row))
	height := 1
	for i, c := range row {
		switch {
		case Width(c.Text) <= widths[i]:
			lines[i] = []string{c.Text}
		case t.Columns[i].Fit == Fold:
			lines[i] = Wrap(c.Text, widths[i])
		default:
			lines[i] = []string{Truncate(c.Text, widths[i])}
		}
		height = max(height, len(lines[i]))
	}
	for n := range height {
		var line strings.Builder
		blank := t.Indent // spaces owed; none are written at a line's end
		for i, c := range row {
			if i > 0 {
				blank += gap
			}
			text := ""
			if n < len(lines[i]) {
				text = lines[i][n]
			}
			pad := widths[i] - Width(text)
			if t.Columns[i].Right {
				blank, pad = blank+pad, 0
			}
			if text != "" {
				line.WriteString(strings.Repeat(" ", blank))
				line.WriteString(o.Paint(c.Style, text))
				blank = 0
			}
			blank += pad
		}
		o.Println(line.String())
	}
}
