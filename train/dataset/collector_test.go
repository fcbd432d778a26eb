// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"reflect"
	"testing"

	"github.com/winnow-search/winnow/eval"
)

// A text is there once, and a pair has the highest of its grades.
func TestCollector(t *testing.T) {
	c := NewCollector("rows")
	c.Judge("a?", "yes a", 1)
	c.Judge("a?", "also a", 0)
	c.Judge("b?", "yes a", 0)
	c.Judge("a?", "also a", 2)
	c.Judge("a?", "yes a", 0)
	c.Text("nobody's")
	if id := c.Text("also a"); id != "2" || c.Pairs != 3 {
		t.Errorf("id %s, %d pairs", id, c.Pairs)
	}
	var texts []string
	for _, d := range c.Collection.Docs {
		texts = append(texts, d.ID+" "+d.Text)
	}
	if want := []string{"1 yes a", "2 also a", "3 nobody's"}; !reflect.DeepEqual(texts, want) {
		t.Errorf("%q", texts)
	}
	if want := []eval.Query{{ID: "q1", Text: "a?"}, {ID: "q2", Text: "b?"}}; !reflect.DeepEqual(c.Collection.Queries, want) {
		t.Errorf("%+v", c.Collection.Queries)
	}
	if want := map[string]eval.Judgments{"q1": {"1": 1, "2": 2}, "q2": {"1": 0}}; !reflect.DeepEqual(c.Collection.Qrels, want) {
		t.Errorf("%+v", c.Collection.Qrels)
	}
	if want := map[string][]string{"q1": {"1", "2"}, "q2": {"1"}}; !reflect.DeepEqual(c.Judged, want) {
		t.Errorf("%+v", c.Judged)
	}
}
