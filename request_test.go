// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

// A request gives the options that it names, those of the base where it says nothing, and else the defaults.
func TestRequestOptions(t *testing.T) {
	var r Request
	if err := json.Unmarshal([]byte(`{"query":"q","top_k":3,"rerank":"auto@7","budget":"20ms","filter":"n = 1","diversity":0.25,"exact":true,"snippets":true}`), &r); err != nil {
		t.Fatal(err)
	}
	opts, err := r.Options(Settings{Mode: Hybrid, Candidates: 40, Budget: Duration(time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	got := newSearchOptions(opts)
	want := newSearchOptions([]SearchOption{
		TopK(3), Candidates(40), In(Hybrid), Cascade(Stage{Auto, 7}), Budget(20 * time.Millisecond), Filter("n = 1"), Diversity(0.75), Exact(), Snippets(),
	})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if opts, err = (Request{Query: "q"}).Options(Settings{}); err != nil || !reflect.DeepEqual(newSearchOptions(opts), newSearchOptions(nil)) {
		t.Errorf("an empty request is not the default: %+v, %v", newSearchOptions(opts), err)
	}
	for want, r := range map[string]Request{
		"field top_k":      {TopK: -1},
		"field candidates": {Settings: Settings{Candidates: -1}},
		"field diversity":  {Diversity: 2},
		"field filter":     {Filter: "n ="},
		"unknown mode":     {Settings: Settings{Mode: "x"}},
		"reranking":        {Settings: Settings{Rerank: "auto@x"}},
	} {
		_, err := r.Options(Settings{})
		if _, ok := errors.AsType[*RequestError](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
