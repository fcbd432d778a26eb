// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/encoder"
)

// precisionNames lists what --precision takes.
func precisionNames() []string {
	var names []string
	for _, p := range encoder.Precisions() {
		names = append(names, string(p))
	}
	return names
}

func precisionFlag(cmd *cobra.Command, p *string) {
	choice(cmd.Flags(), p, "precision", string(encoder.FP32), precisionNames(),
		"compute products with weights in `P`: fp32, int16, bf16, int8, or auto, the fastest that is near enough to fp32 for the model, which takes a moment to find out")
}

// instructions names what a processor needs for a precision.
var instructions = map[encoder.Precision]string{
	encoder.Int16: "AVX2 or AVX-512",
	encoder.BF16:  "AVX512-BF16, AMX or NEON with BF16",
	encoder.Int8:  "AVX-VNNI, AVX-512 VNNI, AMX or NEON with dot products",
}

// notePrecision says what is computed in where that is not what was asked for word by word. inUse
// has an entry for each encoder, the bi-encoder first. Nothing is said when nothing was asked for.
func (a *app) notePrecision(asked string, inUse ...encoder.Precision) {
	p := encoder.Precision(asked)
	if p == "" {
		return
	}
	if p != encoder.Auto {
		if i := slices.IndexFunc(inUse, func(got encoder.Precision) bool { return got != p }); i >= 0 {
			a.note(fmt.Sprintf("%s needs %s; %s is used", p, instructions[p], inUse[i]))
		}
		return
	}
	if len(inUse) == 2 && inUse[0] != inUse[1] {
		a.note(fmt.Sprintf("--precision auto: %s for the bi-encoder, %s for the cross-encoder", inUse[0], inUse[1]))
		return
	}
	a.note(fmt.Sprintf("--precision auto: %s", inUse[0]))
}

// notePrecisions does so for a search.
func (a *app) notePrecisions(asked string, inUse winnow.Precisions) {
	var list []encoder.Precision
	for _, p := range []encoder.Precision{inUse.Retriever, inUse.Reranker} {
		if p != "" {
			list = append(list, p)
		}
	}
	if len(list) > 0 { // words alone need no encoder
		a.notePrecision(asked, list...)
	}
}

// await opens an encoder and gives up when the context ends. Opening cannot be interrupted; what is
// abandoned ends with the program.
func await[T any](ctx context.Context, open func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		v, err := open()
		done <- outcome{v, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
