// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

// neonLayerNormBackward is layerNormBackward of gradient.go, step by step.
func neonLayerNormBackward(a *assembler) {
	a.text("layerNormBackwardNEON", []string{
		"dx *float32", "x *float32", "dy *float32", "gamma *float32", "dgamma *float32", "dbeta *float32", "n int", "inv float32", "eps float32",
	}, nil,
		"layerNormBackwardNEON goes back through the layer norm of a row x of n floats; inv is 1/n:",
		"",
		"	unit := (x - mean(x)) / sqrt(variance(x)+eps); h := dy*gamma",
		"	dgamma += dy*unit; dbeta += dy",
		"	dx = (h - mean(h) - unit*mean(h*unit)) / sqrt(variance(x)+eps)",
		"",
		"All rows are padded to a multiple of 16 with zeros and stay so; dx may be dy. Sums run over 16 lanes, folded last.")
	a.load("x", "R1")
	a.load("n", "R6")
	inv, mean, scale, meanH, meanAlong := vreg(31), vreg(30), vreg(29), vreg(28), vreg(27)
	a.op("FMOVS %s, %s", a.param("inv"), inv.f())
	unit, y, h, w, total, along := quadAt(0), quadAt(4), quadAt(8), quadAt(12), quadAt(16), quadAt(20)
	// average fills a register with the mean of a block of sums.
	average := func(sums quad, to vreg) {
		s := a.sum(sums)
		a.op("FMULS %s, %s, %s", inv.f(), s.f(), s.f())
		a.broadcast(s, to)
	}
	a.op("MOVD R6, R7")
	a.zero(total[:]...)
	a.loop("sum", "R7", func() {
		a.loadNext(unit, "R1")
		a.blocks(fadd, total, total, unit)
	})
	average(total, mean)

	// Deviations; the last block is masked so that padding adds nothing.
	a.load("x", "R1")
	a.op("MOVD R6, R7")
	a.zero(total[:]...)
	a.op("SUBS $16, R7")
	a.op("BLE last")
	a.loop("square", "R7", func() {
		a.loadNext(unit, "R1")
		a.blocks(fsub, unit, unit, repeat(mean))
		a.blocks(fmla, total, unit, unit)
	})
	a.label("last")
	// R7 is now r-16 for r floats in the last block, and R8 the mask for them.
	a.op("MOVD $tail<>(SB), R8")
	a.op("SUB R7<<2, R8")
	a.loadBlock(w, "R8")
	a.loadBlock(unit, "R1")
	a.blocks(fsub, unit, unit, repeat(mean))
	a.blocks(fmul, unit, unit, w)
	a.blocks(fmla, total, unit, unit)
	average(total, scale)
	eps, one := vreg(0), vreg(1)
	a.op("FMOVS %s, %s", a.param("eps"), eps.f())
	a.op("FADDS %s, %s, %s", eps.f(), scale.f(), eps.f())
	a.op("FSQRTS %s, %s", eps.f(), eps.f())
	a.op("FMOVS $1.0, %s", one.f())
	a.op("FDIVS %s, %s, %s", eps.f(), one.f(), one.f())
	a.broadcast(one, scale)

	rows := func() {
		a.load("x", "R1")
		a.load("dy", "R2")
		a.load("gamma", "R3")
	}
	// read leaves the normalised row in unit, dy in y and their product with gamma in h.
	read := func() {
		a.loadNext(unit, "R1")
		a.loadNext(y, "R2")
		a.loadNext(h, "R3")
		a.blocks(fsub, unit, unit, repeat(mean))
		a.blocks(fmul, unit, unit, repeat(scale))
		a.blocks(fmul, h, y, h)
	}
	rows()
	a.load("dgamma", "R4")
	a.load("dbeta", "R5")
	a.op("MOVD R6, R7")
	a.zero(total[:]...)
	a.zero(along[:]...)
	a.loop("sums", "R7", func() {
		read()
		a.blocks(fadd, total, total, h)
		a.blocks(fmla, along, h, unit)
		a.loadBlock(w, "R4")
		a.blocks(fmla, w, y, unit)
		a.storeNext(w, "R4")
		a.loadBlock(w, "R5")
		a.blocks(fadd, w, y, w)
		a.storeNext(w, "R5")
	})
	average(total, meanH)
	average(along, meanAlong)

	result := func() {
		read()
		a.blocks(fsub, h, h, repeat(meanH))
		a.blocks(fmls, h, unit, repeat(meanAlong))
		a.blocks(fmul, h, h, repeat(scale))
	}
	rows()
	a.load("dx", "R0")
	a.op("SUBS $16, R6")
	a.op("BLE lastResult")
	a.loop("result", "R6", func() {
		result()
		a.storeNext(h, "R0")
	})
	a.label("lastResult")
	result()
	a.loadBlock(w, "R8")
	a.blocks(fmul, h, h, w)
	a.storeNext(h, "R0")
	a.op("RET")
}
