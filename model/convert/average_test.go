// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package convert

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/model/safetensors"
)

func TestAverage(t *testing.T) {
	for _, name := range []string{"bi-dense", "cross-default"} {
		src := open(t, reference+name)
		changed := map[string][]float32{}
		names := src.TensorNames()
		for _, d := range src.Dense {
			names = append(names, d.Dir+"/linear.weight")
		}
		of := func(name string) []float32 {
			if d, _, ok := strings.Cut(name, "/"); ok {
				for _, dense := range src.Dense {
					if dense.Dir == d {
						v, err := read(dense.Weight)
						if err != nil {
							t.Fatal(err)
						}
						return v
					}
				}
			}
			return values(t, src, name)
		}
		for i, name := range names {
			if i%2 == 1 { // the others stay as they are
				v := slices.Clone(of(name))
				for k := range v {
					v[k] += 8
				}
				changed[name] = v
			}
		}
		otherDir, dst := filepath.Join(t.TempDir(), "other"), filepath.Join(t.TempDir(), "between")
		if _, err := Convert(src, otherDir, Options{DType: safetensors.F32, Replace: changed}); err != nil {
			t.Fatal(err)
		}
		if _, err := Convert(src, dst, Options{DType: safetensors.F32, Other: open(t, otherDir), Part: 0.25}); err != nil {
			t.Fatal(err)
		}
		got := open(t, dst)
		if sources := got.Weights.Metadata()["winnow.source"]; sources != name+" other" {
			t.Errorf("made of %q", sources)
		}
		for _, name := range got.TensorNames() {
			was, is := values(t, src, name), values(t, got, name)
			for k, v := range was {
				want := v
				if other, ok := changed[name]; ok {
					want = v + 0.25*(other[k]-v)
				}
				if is[k] != want {
					t.Fatalf("%s[%d] is %g, of %g and %g", name, k, is[k], v, changed[name])
				}
			}
		}
		for i, d := range got.Dense {
			is, err := read(d.Weight)
			if err != nil {
				t.Fatal(err)
			}
			was, err := read(src.Dense[i].Weight)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := changed[d.Dir+"/linear.weight"]; ok == slices.Equal(is, was) {
				t.Errorf("%s changed: %v", d.Dir, ok)
			}
		}
	}
}

func TestAveragesThatAreRefused(t *testing.T) {
	src := open(t, reference+"bi-dense")
	for want, o := range map[string]Options{
		"above 0 and below 1":              {Other: src, Part: 1},
		"cannot be averaged":               {Other: src, Part: 0.5, Replace: map[string][]float32{}},
		"differ in their architecture":     {Other: open(t, reference+"cross-default"), Part: 0.5},
		"only models of one shape can be ": {Other: open(t, reference+"bi-wide"), Part: 0.5},
	} {
		o.DType = safetensors.F32
		if _, err := Convert(src, filepath.Join(t.TempDir(), "x"), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}
