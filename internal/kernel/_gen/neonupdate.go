// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

// neonAdamW and neonDropout are those of gradient.go, step by step.
func neonAdamW(a *assembler) {
	a.text("adamWNEON", []string{
		"value *float32", "gradient *float32", "first *float32", "second *float32", "n int", "s *float32",
	}, nil,
		"adamWNEON makes a step of AdamW for n values, n a positive multiple of 16:",
		"",
		"	g := gradient*Scale",
		"	first = first*Beta1 + g*(1-Beta1); second = second*Beta2 + g*g*(1-Beta2)",
		"	value = value*Decay - Rate*first/(sqrt(second)*Root+Epsilon)",
		"",
		"s points to the fields of AdamWStep.")
	a.load("value", "R0")
	a.load("gradient", "R1")
	a.load("first", "R2")
	a.load("second", "R3")
	a.load("n", "R4")
	a.load("s", "R5")
	// The settings are in the order of the fields, then come 1-Beta1 and 1-Beta2.
	const rate, decay, beta1, beta2, root, epsilon, scale = vreg(16), vreg(17), vreg(18), vreg(19), vreg(20), vreg(21), vreg(22)
	const rest1, rest2 = vreg(23), vreg(24)
	for r := rate; r <= scale; r++ {
		a.op("FMOVS.P 4(R5), %s", r.f())
		a.broadcast(r, r)
	}
	a.op("FMOVS $1.0, F0")
	for i, rest := range []vreg{rest1, rest2} {
		a.op("FSUBS %s, F0, %s", (beta1 + vreg(i)).f(), rest.f())
		a.broadcast(rest, rest)
	}
	g, m, v, value := quadAt(0), quadAt(4), quadAt(8), quadAt(12)
	a.loop("loop", "R4", func() {
		a.loadNext(g, "R1")
		a.blocks(fmul, g, g, repeat(scale))
		a.loadBlock(m, "R2")
		a.blocks(fmul, m, m, repeat(beta1))
		a.blocks(fmla, m, g, repeat(rest1))
		a.storeNext(m, "R2")
		a.loadBlock(v, "R3")
		a.blocks(fmul, v, v, repeat(beta2))
		a.blocks(fmul, g, g, g)
		a.blocks(fmla, v, g, repeat(rest2))
		a.storeNext(v, "R3")
		a.convert(fsqrt, v)
		a.blocks(fmul, v, v, repeat(root))
		a.blocks(fadd, v, v, repeat(epsilon))
		a.blocks(fmul, m, m, repeat(rate))
		a.blocks(fdiv, m, m, v)
		a.loadBlock(value, "R0")
		a.blocks(fmul, value, value, repeat(decay))
		a.blocks(fsub, value, value, m)
		a.storeNext(value, "R0")
	})
	a.op("RET")
}

func neonDropout(a *assembler) {
	a.text("dropoutNEON", []string{"x *float32", "n int", "low uint32", "high uint32", "limit uint32", "factor float32"}, nil,
		"dropoutNEON leaves some of n floats out, n a positive multiple of 16, and scales the others:",
		"",
		"	for i := range n {",
		"		h := uint32(i) + low; h = (h ^ h>>16) * 0x7feb352d + high",
		"		h = (h ^ h>>15) * 0x846ca68b; h ^= h >> 16",
		"		if h >= limit { x[i] *= factor } else { x[i] = 0 }",
		"	}")
	a.load("x", "R0")
	a.load("n", "R1")
	const low, high, limit, factor, step, first, second = vreg(24), vreg(25), vreg(26), vreg(27), vreg(28), vreg(29), vreg(30)
	for i, p := range []string{"low", "high", "limit"} {
		a.op("MOVWU %s, R2", a.param(p))
		a.broadcastWord("R2", low+vreg(i))
	}
	a.op("FMOVS %s, %s", a.param("factor"), factor.f())
	a.broadcast(factor, factor)
	for i, word := range []uint32{16, mixers[0], mixers[1]} {
		a.op("MOVD $%#x, R2", word)
		a.broadcastWord("R2", step+vreg(i))
	}
	counter, h, s, v := quadAt(0), quadAt(4), quadAt(8), quadAt(12)
	for i, c := range counter { // low plus 0 to 15
		for half := range 2 {
			at := uint64(4*i + 2*half)
			a.op("MOVD $%#x, R2", (at+1)<<32|at)
			a.op("VMOV R2, V%d.D[%d]", c, half)
		}
		a.vector(add, c, c, low)
	}
	// mix emits to = from ^ from>>shift.
	mix := func(to, from quad, shift int) {
		for i := range s {
			a.op("VUSHR $%d, %s, %s", shift, from[i].s4(), s[i].s4())
			a.op("VEOR %s, %s, %s", s[i].b16(), from[i].b16(), to[i].b16())
		}
	}
	a.loop("loop", "R1", func() {
		mix(h, counter, 16)
		a.blocks(mul, h, h, repeat(first))
		a.blocks(add, h, h, repeat(high))
		mix(h, h, 15)
		a.blocks(mul, h, h, repeat(second))
		mix(h, h, 16)
		a.blocks(cmhs, h, h, repeat(limit))
		a.loadBlock(v, "R0")
		a.blocks(fmul, v, v, repeat(factor))
		for i := range v {
			a.op("VAND %s, %s, %s", h[i].b16(), v[i].b16(), v[i].b16())
		}
		a.storeNext(v, "R0")
		a.blocks(add, counter, counter, repeat(step))
	})
	a.op("RET")
}
