// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/winnow-search/winnow/experiment"
)

func TestEvalLine(t *testing.T) {
	got := evalLine("dense+auto@20", 0, 50, 200, "query", "queries", 10*time.Second)
	if want := "dense+auto@20 █████░░░░░░░░░░░░░░░ · 50 of 200 queries · 5.0/s · 30s left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := evalLine("x", 0, 0, 1, "query", "queries", 0), "x ░░░░░░░░░░░░░░░░░░░░ · 0 of 1 query"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// An interrupt says where it stopped, what is lost and what is not.
func TestEvalSaysWhatIsLost(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a, printed := testApp(t)
	stopped := &experiment.StoppedError{Collection: "nq", System: "dense+auto", Done: 7, Total: 1200, Err: context.Canceled}
	a.sayLost(ctx, &evalFlags{}, []string{"nq/"}, &evaluation{}, stopped)
	if got := printed(); got != "" {
		t.Errorf("without an interrupt: %q", got)
	}
	cancel()
	for _, x := range []struct {
		flags evalFlags
		files []string
		err   error
		want  string
	}{
		{evalFlags{}, nil, stopped, "stopped in dense+auto after 7 of 1,200 queries: the figures of nq/, web/ are lost"},
		{evalFlags{}, []string{"a.trec"}, stopped, "are lost; what was written before is whole: a.trec"},
		{evalFlags{json: true}, nil, errors.New("encoding"), "stopped before a query was run: the figures of nq/, web/ are lost"},
	} {
		a, printed := testApp(t)
		a.sayLost(ctx, &x.flags, []string{"nq/", "web/"}, &evaluation{files: x.files}, x.err)
		if got := printed(); !strings.Contains(got, x.want) {
			t.Errorf("%q lacks %q", got, x.want)
		}
	}
}
