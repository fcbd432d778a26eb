// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/index/segment"
)

func TestPlaces(t *testing.T) {
	dir := filepath.Join(fastDir(t), "db")
	makeSpecimen(t, dir, "flat", 6)
	name := ""
	for _, n := range indexFiles(t, dir) {
		if isSegmentName(n) {
			name = n
		}
	}
	path := filepath.Join(dir, name)
	list := regions(t, path)
	end := list[len(list)-1].from
	for _, at := range []int{4096, end - 70} {
		patch(t, path, at, 0xAA)
	}
	r, err := Check(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	places, more := r.Places()
	if len(places) != 2 || more != 0 {
		t.Fatalf("%v and %d more, want 2", places, more)
	}
	if got := places[0]; got.File != name || len(got.Sections) != 1 || got.Sections[0] != sectionBlocks || *got.Offset != 4096 {
		t.Errorf("%+v", got)
	}
	if got := places[0].String(); got != name+`: section "doc.blocks" at byte 4096: checksum mismatch in the block of 4096 bytes` {
		t.Error(got)
	}
	if got := places[1]; len(got.Sections) < 5 || *got.Offset%4096 != 0 || *got.Offset <= 4096 {
		t.Errorf("%+v", got)
	}
	if got := places[1].String(); !strings.Contains(got, fmt.Sprintf(`" and %d more at byte `, len(places[1].Sections)-shownSections)) {
		t.Error(got)
	}
	for _, p := range places {
		if strings.ContainsAny(p.String(), "\n;") {
			t.Errorf("more than a line: %q", p)
		}
	}
}

func TestPlaceString(t *testing.T) {
	at := int64(7)
	for _, c := range []struct {
		place Place
		want  string
	}{
		{Place{Problem: "what"}, "what"},
		{Place{File: "f", Offset: &at, Problem: "what"}, "f: at byte 7: what"},
		{Place{Sections: []string{"a"}, Offset: &at, Problem: "what"}, `section "a" at byte 7: what`},
		{Place{File: "f", Sections: []string{"a", "b"}, Offset: &at, Problem: "what"}, `f: sections "a" and "b" at byte 7: what`},
		{Place{File: "f", Sections: []string{"a", "b", "c", "d"}, Offset: &at, Problem: "what"}, `f: sections "a", "b", "c" and "d" at byte 7: what`},
		{Place{File: "f", Sections: []string{"a", "b", "c", "d", "e", "g"}, Offset: &at, Problem: "what"}, `f: sections "a", "b", "c" and 3 more at byte 7: what`},
	} {
		if got := c.place.String(); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
	// Structures that are wrong at one place are told one by one, and what is no damage of a file as it is.
	same := func(err string) error {
		return &segment.CorruptionError{File: "f", Section: "a", Offset: 3, Err: errors.New(err)}
	}
	r := &Report{Problems: []error{same("x"), same("x"), errors.New("plain"), &segment.CorruptionList{More: 4}}}
	if places, more := r.Places(); len(places) != 3 || more != 4 || places[2].String() != "plain" {
		t.Errorf("%v and %d", places, more)
	}
}
