// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"errors"
	"fmt"
	"testing"
)

// The error names the document to leave out: of two the later one, and the same one every time.
func TestRefusedDocumentIsNamed(t *testing.T) {
	db, err := Memory(testSettings(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	mustApply(t, db, Change{Add: []Entry{entry("old", 3, 1), entry("small#2", 1, 1)}})
	var many []Entry
	for i := range 20 {
		many = append(many, entry(fmt.Sprintf("m%d", i), 2, 1))
	}
	for i := range 20 {
		many = append(many, entry(fmt.Sprintf("m%d#2", i), 1, 1))
	}
	nan := entry("n", 1, 1)
	nan.Vectors[3] = float32(nanValue())
	for _, c := range []struct {
		add  []Entry
		want string
	}{
		{many, "m0#2"},
		{[]Entry{entry("a", 3, 1), entry("b", 1, 1), entry("a#3", 1, 1)}, "a#3"},
		{[]Entry{entry("a#3", 1, 1), entry("b", 1, 1), entry("a", 3, 1)}, "a"},
		{[]Entry{entry("x", 1, 1), entry("old#2", 1, 1)}, "old#2"},
		{[]Entry{entry("x", 1, 1), entry("small", 2, 1)}, "small"},
		{[]Entry{entry("x", 1, 1), entry("y", 1, 1), entry("x", 1, 1)}, "x"},
		{[]Entry{entry("x", 1, 1), nan}, "n"},
	} {
		for range 5 {
			_, err := db.Apply(t.Context(), Change{Add: c.add})
			refused, ok := errors.AsType[*EntryError](err)
			if !ok || refused.ID != c.want || !errors.Is(err, ErrEntry) {
				t.Fatalf("%v, want %q refused", err, c.want)
			}
		}
	}
	mustApply(t, db, Change{Add: []Entry{entry("a#4", 1, 1), entry("a", 3, 1), entry("a#5", 1, 1), entry("old", 1, 1), entry("old#2", 1, 1)}})
}
