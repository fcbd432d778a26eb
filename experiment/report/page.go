// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"errors"
	"fmt"
	"html/template"

	"github.com/winnow-search/winnow/experiment"
)

// page is what the template shows.
type page struct {
	Title    string
	Version  string
	Style    template.CSS
	Command  string
	Overview []overviewRow // of several collections
	Sections []*section
}

// section is the part of one collection.
type section struct {
	ID, Name   string
	Level      int
	Facts      []string
	Lead       string
	Remark     string // on how much can be seen at all
	Verdicts   []verdict
	Quality    quality
	Difference *differences
	Times      *times
	Figures    []figure
	Changes    []changes
	Notes      []string
	Ties       []tie
	Measures   []definition
	Repeat     *repeat

	collection *experiment.Collection
	seed       uint64
}

// overviewRow is a line of the table over several collections.
type overviewRow struct {
	ID, Name   string
	Queries    string
	Run        string
	Measure    string
	Before     string // "" without a verdict
	After      string
	Difference string
	Cost       string
	Badge      badge
}

func newSection(in *Section, id string) (*section, error) {
	c := in.Collection
	if c == nil {
		return nil, errors.New("a section has no collection")
	}
	if len(c.Runs) == 0 {
		return nil, fmt.Errorf("%s has no runs: there is nothing to report", c.Name)
	}
	s := &section{ID: id, Name: orUnnamed(line(c.Name, nameLength)), Level: c.Level, collection: c}
	if in.Manifest != nil {
		s.seed = in.Manifest.Seed
		s.Repeat = newRepeat(in.Manifest)
	}
	s.facts(in.Manifest)
	curves := c.Curves(c.Main, s.seed)
	for _, v := range c.Verdicts {
		s.Verdicts = append(s.Verdicts, newVerdict(c, v, curves))
	}
	s.summarise()
	s.Quality = newQuality(c, s.seed)
	s.Difference = newDifferences(c)
	s.Times = newTimes(c)
	s.notes()
	s.Measures = definitions(c)
	var err error
	if s.Changes, err = newChanges(c); err != nil {
		return nil, err
	}
	s.Figures, err = newFigures(in.Pictures)
	return s, err
}

func orUnnamed(name string) string {
	if name == "" {
		return "unnamed collection"
	}
	return name
}

// facts are what the figures depend on.
func (s *section) facts(m *experiment.Manifest) {
	c := s.collection
	if c.Documents > 0 {
		s.Facts = append(s.Facts, plural(c.Documents, "document", "documents"))
	}
	if m != nil && m.Index != nil && m.Index.Passages > c.Documents {
		s.Facts = append(s.Facts, plural(m.Index.Passages, "passage", "passages"))
	}
	s.Facts = append(s.Facts, plural(c.Queries, "judged query", "judged queries"),
		fmt.Sprintf("relevant from grade %d", c.Level), plural(c.Candidates, "candidate", "candidates")+" a query")
	if c.ExcludeSameID {
		s.Facts = append(s.Facts, "the document with the query’s id left out")
	}
	if m != nil && m.Machine.CPU != "" {
		s.Facts = append(s.Facts, fmt.Sprintf("%s, %s, %s", line(m.Machine.CPU, nameLength), m.Machine.Tier, plural(m.Threads, "thread", "threads")))
	}
}

// describe fills in what stands above the sections.
func (p *page) describe(title string) {
	reranked := false
	var names []string
	for _, s := range p.Sections {
		reranked = reranked || len(s.Verdicts) > 0
		names = append(names, s.Name)
		if s.Repeat != nil && p.Version == "" {
			p.Version = s.Repeat.Version
		}
	}
	if p.Title = line(title, textLength); p.Title == "" {
		if n := len(names); n > 3 {
			names = append(names[:3], fmt.Sprintf("%d more", n-3))
		}
		p.Title = "Search quality on " + list(names)
		if reranked {
			p.Title = "Does reranking pay on " + list(names) + "?"
		}
	}
	if len(p.Sections) > 1 {
		for _, s := range p.Sections {
			p.Overview = append(p.Overview, s.overview()...)
		}
	}
}

// overview has a line for every verdict, or one for the best run.
func (s *section) overview() (rows []overviewRow) {
	c := s.collection
	row := overviewRow{ID: s.ID, Name: s.Name, Queries: count(c.Queries), Measure: c.Main.String()}
	for i, v := range c.Verdicts {
		r := row
		r.Run, r.Before, r.After, r.Difference = line(v.Run, nameLength), figures(v.Versus.MeanA), figures(v.Versus.MeanB), signed(v.Versus.Difference)
		r.Cost, r.Badge = duration(v.Cost), s.Verdicts[i].Badge
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		best := bestRun(c)
		row.Run, row.After = line(best.Name, nameLength), figures(best.Measures[c.Main])
		rows = append(rows, row)
	}
	return rows
}

// bestRun has the highest mean of the main measure; of several it is the first.
func bestRun(c *experiment.Collection) *experiment.Result {
	best := c.Runs[0]
	for _, r := range c.Runs {
		if r.Measures[c.Main] > best.Measures[c.Main] {
			best = r
		}
	}
	return best
}
