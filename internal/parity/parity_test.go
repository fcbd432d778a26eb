// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package parity

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/kernel"
)

// Every random checkpoint, at every tier of this machine, against what
// transformers and sentence-transformers computed.
func TestRandomCheckpoints(t *testing.T) {
	files, err := filepath.Glob("testdata/*/reference.json")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d reference files, %v", len(files), err)
	}
	for _, tier := range kernel.Available() {
		undo, err := kernel.Use(tier)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			dir := filepath.Dir(file)
			t.Run(string(tier)+"/"+filepath.Base(dir), func(t *testing.T) { checkpoint(t, dir) })
		}
		undo()
	}
}

func checkpoint(t *testing.T, dir string) {
	r, err := Read(filepath.Join(dir, "reference.json"))
	if err != nil {
		t.Fatal(err)
	}
	if r.Kind == Bi {
		b, err := encoder.OpenBi(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		report, err := r.CheckBi(t.Context(), b)
		check(t, r, report, err)
		if m := b.Model(); m.Similarity != r.Similarity || m.Normalize != r.Normalized || b.Dim() != r.Dimension {
			t.Errorf("similarity %s, normalize %v, %d dimensions; the reference has %s, %v, %d",
				m.Similarity, m.Normalize, b.Dim(), r.Similarity, r.Normalized, r.Dimension)
		}
		return
	}
	for _, limit := range r.Limits() {
		c, err := encoder.OpenCross(dir, encoder.MaxTokens(limit))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		report, err := r.CheckCross(t.Context(), c)
		check(t, r, report, err)
		m := c.Model()
		if string(m.Activation) != r.Activation || c.Labels() != r.Labels {
			t.Errorf("activation %s, %d labels; the reference has %s, %d", m.Activation, c.Labels(), r.Activation, r.Labels)
		}
	}
}

func check(t *testing.T, r *Reference, report *Report, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d cases, largest difference %.2g (%s)", report.Cases, report.MaxDifference, report.Worst)
	if !report.Pass(r.Tolerance) {
		t.Errorf("largest difference %g at %q, tolerance %g; %d token differences\n%s",
			report.MaxDifference, report.Worst, r.Tolerance, report.TokensDiffer, strings.Join(report.Problems, "\n"))
	}
}
