// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Command gen writes the assembly of package kernel, a file for amd64 that
// holds every kernel at each vector tier and one for arm64, and the Go
// declarations for them. go generate in package kernel runs it.
//
// The generator is a module of its own so that avo stays out of winnow's
// dependencies; the folder's underscore hides it from ./... patterns.
package main

import (
	"flag"
	"log"

	. "github.com/mmcloughlin/avo/build"
)

func main() {
	ConstraintExpr("amd64,!noasm,gc")
	for _, t := range []tier{avx2, avx512} {
		tile(t)
		gelu(t)
		softmax(t)
		layerNorm(t)
		distances(t)
		extent(t)
		toInt16(t)
		toInt8(t)
		activations8(t)
		wordTile(t, int16Plain)
		floatRows(t)
		outer(t, nil)
		geluBackward(t)
		softmaxBackward(t)
		layerNormBackward(t)
		addRows(t)
		adamW(t)
		dropout(t)
		panelRows(t)
		sift(t)
	}
	outer(avx512, &bf16)
	dotRowsI8(avx2)
	dotRowsI8VNNI(avx2, "VPDPBUSD_VEX")
	dotRowsI8VNNI(avx512, "VPDPBUSD")
	hammingWords()
	hammingVectors()
	lookupRows()
	prefetchRows()
	halves()
	transpose()
	toBF16(avx512)
	interleave()
	for _, w := range []arithmetic{bf16, int16VNNI} {
		wordTile(avx512, w)
	}
	groupTile(avx512, int8VNNI, 7)
	wordTile(avx2, int16VEX)
	wordTile(avx2, int8VEX)
	amxTile(amxBF16, "TDPBF16PS")
	amxTile(amxInt8, "TDPBUSD")
	Generate()
	if err := encodeUnknown(flag.Lookup("out").Value.String()); err != nil {
		log.Fatal(err)
	}
	neon()
}
