// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build weights

package winnow

import (
	"math"
	"slices"
	"testing"

	"github.com/winnow-search/winnow/internal/notebook"
	"github.com/winnow-search/winnow/internal/parity"
	"github.com/winnow-search/winnow/model/builtin"
)

// original is an engine with the bi-encoder's own weights. A missing model is
// a failure: who sets the tag wants to know.
func original(t *testing.T) *Engine {
	t.Helper()
	e, err := New(Models(notebook.BiEncoder, builtin.Reranker))
	if err != nil {
		t.Fatalf("%v\nscripts/fetch-models.py fetches it; HF_HUB_CACHE names the cache", err)
	}
	t.Cleanup(func() { _ = e.Close() })
	if err := e.Add(t.Context(), corpus(t)...); err != nil {
		t.Fatal(err)
	}
	return e
}

// checkFirstStage compares the bi-encoder's lists and measures with what the
// notebook prints.
func checkFirstStage(t *testing.T, e *Engine, tolerance float64) {
	t.Helper()
	v := values(t)
	first := func(query string) *Result { return search(t, e, query, Rerank(Off), TopK(notebook.Candidates)) }
	var ids []string
	for i, h := range first(v.Smoke.Text).Hits {
		ids = append(ids, v.Printed.Top[i].ID)
		if difference := math.Abs(float64(h.Score) - v.Printed.Top[i].Score); !(difference <= tolerance) {
			t.Errorf("%s: %v, the notebook prints %v", h.ID, h.Score, v.Printed.Top[i].Score)
		}
	}
	if got := first(v.Smoke.Text).Order(); !slices.Equal(got, ids) {
		t.Errorf("first five %v, the notebook prints %v", got, ids)
	}
	if got := first(v.Shift.Text).Order(); !slices.Equal(got, v.Printed.ShiftTop) {
		t.Errorf("before the shift %v, the notebook prints %v", got, v.Printed.ShiftTop)
	}
	p, mrr := measure(t, e, Rerank(Off))
	if p != v.Printed.PAt3.Bi || mrr != v.Printed.MRR.Bi {
		t.Errorf("P@3 %v, MRR %v; the notebook prints %v, %v", p, mrr, v.Printed.PAt3.Bi, v.Printed.MRR.Bi)
	}
}

func TestOriginalWeightsOnTheNotebooks(t *testing.T) {
	e := original(t)
	checkCosines(t, e.Retriever(), 1e-5)
	checkFirstStage(t, e, 1e-5)
}

func TestOriginalWeightsEqualTheStoredReference(t *testing.T) {
	stored, err := parity.All()
	if err != nil {
		t.Fatal(err)
	}
	r := parity.Find(stored, notebook.BiEncoder)
	if r == nil {
		t.Fatalf("no reference of %s among %d", notebook.BiEncoder, len(stored))
	}
	report, err := r.CheckBi(t.Context(), original(t).Retriever())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d cases, largest difference %.2g (%s)", report.Cases, report.MaxDifference, report.Worst)
	if !report.Pass(r.Tolerance) || report.RankAgreement != 1 {
		t.Errorf("%+v", report)
	}
}
