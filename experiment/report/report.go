// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package report writes what package experiment measured as one HTML file that can be sent to a colleague: a verdict in
// words, tables, pictures, the queries that changed most, and all it takes to repeat the evaluation.
//
// The file needs nothing beside it, no network and no scripts; its content policy forbids both. It is readable on a
// telephone and on paper, in light and in dark. Texts of queries and documents are hostile: they appear as text only.
package report

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"

	"github.com/winnow-search/winnow/experiment"
)

// Report is what a report is made of.
type Report struct {
	Title    string   // "" names the question and the collections
	Command  []string // the command line that measured this, with the program's name; none: not shown
	Sections []Section
}

// Section is one collection of a report.
type Section struct {
	Collection *experiment.Collection // as experiment.Run made it
	Manifest   *experiment.Manifest   // of its runs; nil: how to repeat them is left out
	Pictures   []experiment.Picture   // in this order
}

var (
	//go:embed page.html
	pageText string
	//go:embed style.css
	styleText string

	pageTemplate = template.Must(template.New("page").Parse(pageText))
)

// Write writes the report. The same input gives the same bytes. The size depends on the number of runs and pictures, not on
// that of the queries. Nothing is written when there is an error: a section without a collection, a collection without
// runs, a picture that cannot be drawn.
func Write(w io.Writer, r Report) error {
	if len(r.Sections) == 0 {
		return errors.New("report: there is no collection to report on")
	}
	p := page{Style: template.CSS(styleText), Command: commandLine(r.Command)} //nolint:gosec // the style sheet of this package
	for i := range r.Sections {
		s, err := newSection(&r.Sections[i], fmt.Sprintf("c%d", i+1))
		if err != nil {
			return fmt.Errorf("report: %w", err)
		}
		p.Sections = append(p.Sections, s)
	}
	p.describe(r.Title)
	var out bytes.Buffer
	if err := pageTemplate.Execute(&out, &p); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err := w.Write(out.Bytes())
	return err
}
