// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/internal/parity"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/safetensors"
)

// The notes name every kind of processor that has instructions for a precision.
func TestInstructionsNameTheTiers(t *testing.T) {
	words := map[kernel.Tier][]string{ // any of these
		kernel.NEON: {"NEON"}, kernel.AVX2: {"AVX2", "AVX-VNNI"}, kernel.AVX512: {"AVX-512", "AVX512"}, kernel.AMX: {"AVX-512", "AVX512", "AMX"},
	}
	for _, tier := range kernel.Available() {
		undo, err := kernel.Use(tier)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range encoder.Supported() {
			named := func(word string) bool { return strings.Contains(instructions[p], word) }
			if p != encoder.FP32 && !slices.ContainsFunc(words[tier], named) {
				t.Errorf("%s has instructions for %s, but the note says: %s needs %s", tier, p, p, instructions[p])
			}
		}
		undo()
	}
	for _, p := range encoder.Precisions() {
		if p != encoder.FP32 && p != encoder.Auto && instructions[p] == "" {
			t.Errorf("nothing says what %s needs", p)
		}
	}
}

func TestNotePrecision(t *testing.T) {
	for _, c := range []struct {
		asked string
		inUse []encoder.Precision
		want  string
	}{
		{"fp32", []encoder.Precision{"fp32"}, ""},
		{"int8", []encoder.Precision{"int8", "int8"}, ""},
		{"bf16", []encoder.Precision{"fp32"}, "winnow: note: bf16 needs " + instructions[encoder.BF16] + "; fp32 is used\n"},
		{"int8", []encoder.Precision{"int16", "int16"}, "winnow: note: int8 needs " + instructions[encoder.Int8] + "; int16 is used\n"},
		{"auto", []encoder.Precision{"int8", "int8"}, "winnow: note: --precision auto: int8\n"},
		{"auto", []encoder.Precision{"int8", "int16"}, "winnow: note: --precision auto: int8 for the bi-encoder, int16 for the cross-encoder\n"},
	} {
		a, printed := testApp(t)
		a.notePrecision(c.asked, c.inUse...)
		if got := printed(); got != c.want {
			t.Errorf("%s, in use %v: %q, want %q", c.asked, c.inUse, got, c.want)
		}
	}
}

// Opening is given up when the command is interrupted.
func TestAwait(t *testing.T) {
	if v, err := await(t.Context(), func() (int, error) { return 7, nil }); v != 7 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	release := make(chan struct{})
	defer close(release)
	_, err := await(ctx, func() (int, error) {
		cancel(cause)
		<-release
		return 0, nil
	})
	if !errors.Is(err, cause) {
		t.Errorf("%v", err)
	}
}

// Measuring fidelity ends with the command, too.
func TestInfoCanBeInterrupted(t *testing.T) {
	m, err := model.Open("../../internal/parity/testdata/bi-mean")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	i, err := describe(m)
	if err != nil {
		t.Fatal(err)
	}
	if len(encoder.Supported()) == 1 {
		t.Log("fp32 alone: there is nothing to measure")
		return
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := i.addPrecisions(ctx, m, true); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// What precisions and stored weights cost adds up; fp32 costs nothing.
func TestBoundsOfPrecisions(t *testing.T) {
	stored := bounds{dtype: safetensors.I8, kind: parity.Bi, maxDifference: 0.1, meanCosine: 0.999, worstCosine: 0.995, rankAgreement: 0.95, reason: "r"}
	if got := stored.with(encoder.FP32); got != stored {
		t.Errorf("fp32: %+v", got)
	}
	got := stored.with(encoder.Int8)
	if math.Abs(got.meanCosine-0.998) > 1e-9 || math.Abs(got.worstCosine-0.99) > 1e-9 || got.maxDifference != 0 || got.rankAgreement != 0 {
		t.Errorf("int8: %+v", got)
	}
	if !strings.Contains(got.reason, "int8") {
		t.Errorf("reason %q", got.reason)
	}
	cross := bounds{kind: parity.Cross, maxDifference: 1e-4}.with(encoder.BF16)
	if cross.rankAgreement != 0.98 || cross.maxDifference != 0 || cross.meanCosine != 0 {
		t.Errorf("bf16: %+v", cross)
	}
}
