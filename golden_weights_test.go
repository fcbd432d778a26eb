// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build weights

package winnow

import (
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
