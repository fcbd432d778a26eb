// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"log"
	"os"
)

var (
	neonOut   = flag.String("neon", "", "file for the arm64 assembly; none is written without it")
	neonStubs = flag.String("neon-stubs", "", "file for the Go declarations of the arm64 assembly")
)

// neon writes the kernels for arm64. avo knows x86 only, so an emitter of our
// own does this part: assembler for the text, encodings for the instructions
// that Go's assembler has no name for, and a file for each group of kernels.
//
// Registers are assigned by hand. Every kernel is a leaf without a frame and
// leaves alone what Go reserves: R18 (the platform), R27 (the assembler) and
// R28 (the goroutine).
func neon() {
	if *neonOut == "" {
		return
	}
	a := newAssembler("arm64 && !noasm && gc", "go generate ./internal/kernel")
	neonTile(a)
	neonGelu(a)
	neonSoftmax(a)
	neonLayerNorm(a)
	neonDistances(a)
	neonTranspose(a)
	neonInterleave(a)
	neonWordTiles(a)
	neonConversions(a)
	neonSearch(a)
	neonOuter(a, "outerNEON", "float32", fmlaLane,
		"s = fma(a[p*16+i], b[p*16+j], s)")
	neonOuter(a, "outerNEONBF16", "uint32", bfdotLane,
		"s += a[2p]·b[2p] + a[2p+1]·b[2p+1] // words p of rows i and j")
	neonGeluBackward(a)
	neonSoftmaxBackward(a)
	neonLayerNormBackward(a)
	neonAdd(a)
	neonAdamW(a)
	neonDropout(a)
	neonPanelRows(a)
	declarations, err := a.declarations()
	if err == nil {
		err = errors.Join(os.WriteFile(*neonOut, a.assembly(), 0o644), os.WriteFile(*neonStubs, declarations, 0o644))
	}
	if err != nil {
		log.Fatal(err)
	}
}
