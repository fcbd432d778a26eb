// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"errors"
	"fmt"
	"strings"

	"github.com/winnow-search/winnow/index/segment"
)

// Place is one place of damage.
type Place struct {
	File     string   `json:"file,omitempty"`     // base name, empty if the problem is not one of a file
	Sections []string `json:"sections,omitempty"` // those with bytes in a damaged block, or the one whose structure is wrong
	Offset   *int64   `json:"offset,omitempty"`   // byte of the file; nil without a file
	Problem  string   `json:"problem"`
}

// shownSections bounds the names in String.
const shownSections = 3

// String is the place on one line.
func (p Place) String() string {
	if p.Offset == nil {
		return p.Problem
	}
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File + ": ")
	}
	for i, s := range p.Sections {
		switch {
		case i == 0 && len(p.Sections) == 1:
			b.WriteString("section ")
		case i == 0:
			b.WriteString("sections ")
		case i == shownSections && len(p.Sections) > shownSections+1:
			fmt.Fprintf(&b, " and %d more", len(p.Sections)-i)
		case i > shownSections:
			continue
		case i == len(p.Sections)-1:
			b.WriteString(" and ")
		default:
			b.WriteString(", ")
		}
		if i < shownSections || len(p.Sections) == shownSections+1 {
			fmt.Fprintf(&b, "%q", s)
		}
	}
	if len(p.Sections) > 0 {
		b.WriteString(" ")
	}
	fmt.Fprintf(&b, "at byte %d: %s", *p.Offset, p.Problem)
	return b.String()
}

// Places are the problems by place, in the order they were found: a damaged block is one, however many sections share it. More
// is how many there are beside these; a check remembers a bounded number of each file.
func (r *Report) Places() (places []Place, more int) {
	for _, p := range r.Problems {
		list := []*segment.CorruptionError{}
		switch e := p.(type) { //nolint:errorlint // a wrapped one says more than its place
		case *segment.CorruptionList:
			list, more = e.Errors, more+e.More
		case *segment.CorruptionError:
			list = append(list, e)
		default:
			places = append(places, Place{Problem: p.Error()})
		}
		for _, e := range list {
			if n := len(places) - 1; n >= 0 && e.Section != "" && errors.Is(e, segment.ErrChecksum) && places[n].same(e) {
				places[n].Sections = append(places[n].Sections, e.Section)
				continue
			}
			place := Place{File: e.File, Offset: &e.Offset, Problem: e.Err.Error()}
			if e.Section != "" {
				place.Sections = []string{e.Section}
			}
			places = append(places, place)
		}
	}
	return places, more
}

func (p *Place) same(e *segment.CorruptionError) bool {
	return p.Offset != nil && p.File == e.File && *p.Offset == e.Offset && p.Problem == e.Err.Error() && len(p.Sections) > 0
}
