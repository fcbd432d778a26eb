// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// outer emits the register tile of Aᵀ·B: as that of A·B, but a step of k takes
// the next row of a panel of A, whose 16 values lie side by side.
func outer(t tier, w *arithmetic) {
	name, kind, sum := "outer"+t.suffix, "float32", "s = fma(a[p*16+i], b[(j/16)*bstep+p*16+j%16], s)"
	if w != nil {
		name, kind, sum = name+w.suffix, "uint32", w.sum+" // words p of rows i and j"
	}
	TEXT(name, NOSPLIT, "func(k int, a, b *"+kind+", bstep int, c *float32, ldc int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s adds a 16×%d tile of Aᵀ·B to C, k > 0:", name, 16*t.blocks),
		"",
		"	for i := range 16 { for j := range width {",
		"		s := c[i*ldc+j]",
		"		for p := range k { "+sum+" }",
		"		c[i*ldc+j] = s",
		"	}}",
		"",
		"Strides count elements.")
	rows := []int{8, 8}
	if t.bits < 512 {
		rows = []int{6, 6, 4}
	}
	c, ldc := Load(Param("c"), GP64()).(reg.GPVirtual), loadStride("ldc")
	first := 0
	for g, n := range rows {
		label := func(s string) string { return fmt.Sprintf("%s%d", s, g) }
		cp := newRowPointers(c, ldc, n)
		acc := make([][]block, n)
		for i := range acc {
			acc[i] = make([]block, t.blocks)
			for j := range acc[i] {
				acc[i][j] = t.block()
				t.load(acc[i][j], cp.at(i, 64*j))
			}
		}
		a, b := Load(Param("a"), GP64()).(reg.GPVirtual), Load(Param("b"), GP64()).(reg.GPVirtual)
		k := Load(Param("k"), GP64()).(reg.GPVirtual)
		var second reg.GPVirtual
		if t.blocks > 1 {
			second = loadStride("bstep")
			ADDQ(b, second)
		}
		step := func(u int) {
			cols := make([]block, t.blocks)
			for j := range cols {
				cols[j] = t.block()
				at := operand.Mem{Base: b, Disp: 64 * u}
				if j == 1 {
					at.Base = second
				}
				t.load(cols[j], at)
			}
			for i := range n {
				x := t.reg()
				at := operand.Mem{Base: a, Disp: 64*u + lane*(first+i)}
				if w == nil {
					VBROADCASTSS(at, x)
				} else {
					VPBROADCASTD(at, x)
				}
				for j := range cols {
					each(func(r ...reg.VecVirtual) {
						if w == nil {
							VFMADD231PS(r[0], x, r[1])
						} else {
							w.step(t, x, r[0], r[1])
						}
					}, cols[j], acc[i][j])
				}
			}
		}
		advance := func(n int) {
			ADDQ(operand.U32(64*uint32(n)), a)
			ADDQ(operand.U32(64*uint32(n)), b)
			if t.blocks > 1 {
				ADDQ(operand.U32(64*uint32(n)), second)
			}
		}
		SUBQ(operand.Imm(unroll), k)
		JL(operand.LabelRef(label("rest")))
		Label(label("loop"))
		for u := range unroll {
			step(u)
		}
		advance(unroll)
		SUBQ(operand.Imm(unroll), k)
		JGE(operand.LabelRef(label("loop")))
		Label(label("rest"))
		ADDQ(operand.Imm(unroll), k)
		JZ(operand.LabelRef(label("store")))
		Label(label("single"))
		step(0)
		advance(1)
		DECQ(k)
		JNZ(operand.LabelRef(label("single")))
		Label(label("store"))
		for i := range acc {
			for j := range acc[i] {
				t.store(acc[i][j], cp.at(i, 64*j))
			}
		}
		first += n
		if g+1 < len(rows) {
			for range n {
				ADDQ(ldc, c)
			}
		}
	}
	VZEROUPPER()
	RET()
}

func geluBackward(t tier) {
	name := "geluBackward" + t.suffix
	TEXT(name, NOSPLIT, "func(d, x *float32, n int)")
	Doc(name+" goes back through n GELUs, n a positive multiple of 16, with the normal distribution Φ and density φ:",
		"",
		"	for i := range n { d[i] *= Φ(x[i]) + x[i]*φ(x[i]); x[i] *= Φ(x[i]) }")
	d := Load(Param("d"), GP64()).(reg.GPVirtual)
	x := Load(Param("x"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	hi, lo := constants.float("erfHi", erfLimit), constants.float("erfLo", -erfLimit)
	half := constants.float("half", 0.5)
	square := constants.float("minusHalfLog2e", -0.5*1.4426950408889634)
	density := constants.float("density", 0.3989422804014327)
	loopBlocks("loop", n, []reg.GPVirtual{d, x}, func() {
		v, z, u := t.block(), t.block(), t.block()
		t.load(v, operand.Mem{Base: x})
		each(func(r ...reg.VecVirtual) {
			VMINPS(hi, r[0], r[1])
			VMAXPS(lo, r[1], r[1])
			VMULPS(r[1], r[1], r[2])
		}, v, z, u)
		p := t.horner("erfP", erfP, u)
		q := t.horner("erfQ", erfQ, u)
		each(func(r ...reg.VecVirtual) {
			VMULPS(r[0], r[1], r[1])
			VDIVPS(r[2], r[1], r[1]) // erf
			VMULPS(half, r[1], r[1])
			VADDPS(half, r[1], r[1]) // Φ
		}, z, p, q)
		e := t.block()
		each(func(r ...reg.VecVirtual) {
			VMULPS(r[0], r[0], r[1])
			VMULPS(square, r[1], r[1])
		}, v, e)
		e = t.exp2Block(e)
		each(func(r ...reg.VecVirtual) {
			VMULPS(density, r[0], r[0])
			VFMADD213PS(r[2], r[1], r[0]) // x·φ + Φ
			VMULPS(r[2], r[1], r[1])
		}, e, v, p)
		for i, r := range e {
			VMULPS(operand.Mem{Base: d}.Offset(i*t.bytes()), r, r)
		}
		t.store(e, operand.Mem{Base: d})
		t.store(v, operand.Mem{Base: x})
	})
	VZEROUPPER()
	RET()
}

func softmaxBackward(t tier) {
	name := "softmaxBackward" + t.suffix
	TEXT(name, NOSPLIT, "func(d, p *float32, n int)")
	Doc(name+" goes back through a softmax of n floats, n a positive multiple of 16:",
		"",
		"	for i := range n { d[i] = p[i] * (d[i] - sum(d*p)) }",
		"",
		"The sum runs over 16 lanes, folded last.")
	d := Load(Param("d"), GP64()).(reg.GPVirtual)
	p := Load(Param("p"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	sum, count := t.block(), GP64()
	t.zero(sum)
	MOVQ(n, count)
	loopBlocks("dot", count, []reg.GPVirtual{d, p}, func() {
		v := t.block()
		t.load(v, operand.Mem{Base: d})
		for i, r := range v {
			VFMADD231PS(operand.Mem{Base: p}.Offset(i*t.bytes()), r, sum[i])
		}
	})
	total := t.reg()
	VBROADCASTSS(t.fold(sum, func(a, b, dst operand.Op) { VADDPS(a, b, dst) }), total)
	MOVQ(Load(Param("d"), GP64()), d)
	MOVQ(Load(Param("p"), GP64()), p)
	loopBlocks("apply", n, []reg.GPVirtual{d, p}, func() {
		v := t.block()
		t.load(v, operand.Mem{Base: d})
		for i, r := range v {
			VSUBPS(total, r, r)
			VMULPS(operand.Mem{Base: p}.Offset(i*t.bytes()), r, r)
		}
		t.store(v, operand.Mem{Base: d})
	})
	VZEROUPPER()
	RET()
}

func layerNormBackward(t tier) {
	name := "layerNormBackward" + t.suffix
	TEXT(name, NOSPLIT, "func(dx, x, dy, gamma, dgamma, dbeta *float32, n int, inv, eps float32)")
	Doc(name+" goes back through the layer norm of a row x of n floats; inv is 1/n:",
		"",
		"	unit := (x - mean(x)) / sqrt(variance(x)+eps); h := dy*gamma",
		"	dgamma += dy*unit; dbeta += dy",
		"	dx = (h - mean(h) - unit*mean(h*unit)) / sqrt(variance(x)+eps)",
		"",
		"All rows are padded to a multiple of 16 with zeros and stay so; dx may be dy. Sums run over 16 lanes, folded last.")
	x := Load(Param("x"), GP64()).(reg.GPVirtual)
	count := Load(Param("n"), GP64()).(reg.GPVirtual)
	sum := t.block()
	t.zero(sum)
	loopBlocks("sum", count, []reg.GPVirtual{x}, func() {
		for i, r := range sum {
			VADDPS(operand.Mem{Base: x}.Offset(i*t.bytes()), r, r)
		}
	})
	add := func(a, b, d operand.Op) { VADDPS(a, b, d) }
	inv := Load(Param("inv"), XMM())
	m := t.fold(sum, add)
	VMULSS(inv, m, m)
	mean := t.reg()
	VBROADCASTSS(m, mean)

	MOVQ(Load(Param("x"), GP64()), x)
	MOVQ(Load(Param("n"), GP64()), count)
	t.zero(sum)
	deviations := func() block {
		v := t.block()
		t.load(v, operand.Mem{Base: x})
		each(func(r ...reg.VecVirtual) { VSUBPS(mean, r[0], r[0]) }, v)
		return v
	}
	SUBQ(operand.Imm(16), count)
	JLE(operand.LabelRef("last"))
	Label("square")
	v := deviations()
	each(func(r ...reg.VecVirtual) { VFMADD231PS(r[0], r[0], r[1]) }, v, sum)
	ADDQ(operand.Imm(64), x)
	SUBQ(operand.Imm(16), count)
	JG(operand.LabelRef("square"))
	Label("last")
	mask := GP64()
	LEAQ(constants.tailMask(), mask)
	NEGQ(count)
	v = deviations()
	for i, r := range v {
		VMULPS(operand.Mem{Base: mask, Index: count, Scale: lane}.Offset(i*t.bytes()), r, r)
	}
	each(func(r ...reg.VecVirtual) { VFMADD231PS(r[0], r[0], r[1]) }, v, sum)
	s := t.fold(sum, add)
	VMULSS(inv, s, s)
	VADDSS(Load(Param("eps"), XMM()), s, s)
	VSQRTSS(s, s, s)
	one := XMM()
	VMOVSS(constants.float("one", 1), one)
	VDIVSS(s, one, one)
	rstd := t.reg()
	VBROADCASTSS(one, rstd)

	dy := Load(Param("dy"), GP64()).(reg.GPVirtual)
	gamma := Load(Param("gamma"), GP64()).(reg.GPVirtual)
	dgamma := Load(Param("dgamma"), GP64()).(reg.GPVirtual)
	dbeta := Load(Param("dbeta"), GP64()).(reg.GPVirtual)
	MOVQ(Load(Param("x"), GP64()), x)
	MOVQ(Load(Param("n"), GP64()), count)
	total, along := t.block(), t.block()
	t.zero(total)
	t.zero(along)
	loopBlocks("sums", count, []reg.GPVirtual{x, dy, gamma, dgamma, dbeta}, func() {
		for i := range total {
			off := i * t.bytes()
			unit, y, h := t.reg(), t.reg(), t.reg()
			VMOVUPS(operand.Mem{Base: x}.Offset(off), unit)
			VSUBPS(mean, unit, unit)
			VMULPS(rstd, unit, unit)
			VMOVUPS(operand.Mem{Base: dy}.Offset(off), y)
			VMULPS(operand.Mem{Base: gamma}.Offset(off), y, h)
			VADDPS(h, total[i], total[i])
			VFMADD231PS(h, unit, along[i])
			VFMADD213PS(operand.Mem{Base: dgamma}.Offset(off), y, unit)
			VMOVUPS(unit, operand.Mem{Base: dgamma}.Offset(off))
			VADDPS(operand.Mem{Base: dbeta}.Offset(off), y, y)
			VMOVUPS(y, operand.Mem{Base: dbeta}.Offset(off))
		}
	})
	spread := func(b block) reg.VecVirtual {
		f := t.fold(b, add)
		VMULSS(inv, f, f)
		r := t.reg()
		VBROADCASTSS(f, r)
		return r
	}
	meanH, meanAlong := spread(total), spread(along)

	dx := Load(Param("dx"), GP64()).(reg.GPVirtual)
	MOVQ(Load(Param("x"), GP64()), x)
	MOVQ(Load(Param("dy"), GP64()), dy)
	MOVQ(Load(Param("gamma"), GP64()), gamma)
	MOVQ(Load(Param("n"), GP64()), count)
	result := func() block {
		b := t.block()
		for i, h := range b {
			off := i * t.bytes()
			unit := t.reg()
			VMOVUPS(operand.Mem{Base: x}.Offset(off), unit)
			VSUBPS(mean, unit, unit)
			VMULPS(rstd, unit, unit)
			VMOVUPS(operand.Mem{Base: dy}.Offset(off), h)
			VMULPS(operand.Mem{Base: gamma}.Offset(off), h, h)
			VSUBPS(meanH, h, h)
			VFNMADD231PS(unit, meanAlong, h)
			VMULPS(rstd, h, h)
		}
		return b
	}
	SUBQ(operand.Imm(16), count)
	JLE(operand.LabelRef("lastResult"))
	Label("result")
	t.store(result(), operand.Mem{Base: dx})
	for _, p := range []reg.GPVirtual{dx, x, dy, gamma} {
		ADDQ(operand.Imm(64), p)
	}
	SUBQ(operand.Imm(16), count)
	JG(operand.LabelRef("result"))
	Label("lastResult")
	NEGQ(count)
	LEAQ(constants.tailMask(), mask)
	b := result()
	for i, r := range b {
		VMULPS(operand.Mem{Base: mask, Index: count, Scale: lane}.Offset(i*t.bytes()), r, r)
	}
	t.store(b, operand.Mem{Base: dx})
	VZEROUPPER()
	RET()
}

func addRows(t tier) {
	name := "add" + t.suffix
	TEXT(name, NOSPLIT, "func(dst, x, y *float32, n int)")
	Doc(name + " sets dst to x + y, n floats, n a positive multiple of 16.")
	dst := Load(Param("dst"), GP64()).(reg.GPVirtual)
	x := Load(Param("x"), GP64()).(reg.GPVirtual)
	y := Load(Param("y"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	loopBlocks("loop", n, []reg.GPVirtual{dst, x, y}, func() {
		v := t.block()
		t.load(v, operand.Mem{Base: x})
		for i, r := range v {
			VADDPS(operand.Mem{Base: y}.Offset(i*t.bytes()), r, r)
		}
		t.store(v, operand.Mem{Base: dst})
	})
	VZEROUPPER()
	RET()
}

func adamW(t tier) {
	name := "adamW" + t.suffix
	TEXT(name, NOSPLIT, "func(value, gradient, first, second *float32, n int, s *float32)")
	Pragma("noescape")
	Doc(name+" makes a step of AdamW for n values, n a positive multiple of 16:",
		"",
		"	g := gradient*Scale",
		"	first = first*Beta1 + g*(1-Beta1); second = second*Beta2 + g*g*(1-Beta2)",
		"	value = value*Decay - Rate*first/(sqrt(second)*Root+Epsilon)",
		"",
		"s points to the fields of AdamWStep.")
	value := Load(Param("value"), GP64()).(reg.GPVirtual)
	gradient := Load(Param("gradient"), GP64()).(reg.GPVirtual)
	first := Load(Param("first"), GP64()).(reg.GPVirtual)
	second := Load(Param("second"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	s := Load(Param("s"), GP64()).(reg.GPVirtual)
	setting := func(i int) reg.VecVirtual {
		r := t.reg()
		VBROADCASTSS(operand.Mem{Base: s, Disp: i * lane}, r)
		return r
	}
	const rate, decay, beta1, beta2, root, epsilon, scale = 0, 1, 2, 3, 4, 5, 6
	one := constants.float("one", 1)
	loopBlocks("loop", n, []reg.GPVirtual{value, gradient, first, second}, func() {
		for i := range t.parts() {
			off := i * t.bytes()
			g, m, v, b, rest := t.reg(), t.reg(), t.reg(), t.reg(), t.reg()
			VMOVUPS(operand.Mem{Base: gradient}.Offset(off), g)
			VMULPS(setting(scale), g, g)
			VMOVUPS(one, rest)
			VBROADCASTSS(operand.Mem{Base: s, Disp: beta1 * lane}, b)
			VSUBPS(b, rest, rest)
			VMULPS(operand.Mem{Base: first}.Offset(off), b, m)
			VFMADD231PS(g, rest, m)
			VMOVUPS(m, operand.Mem{Base: first}.Offset(off))
			VMOVUPS(one, rest)
			VBROADCASTSS(operand.Mem{Base: s, Disp: beta2 * lane}, b)
			VSUBPS(b, rest, rest)
			VMULPS(operand.Mem{Base: second}.Offset(off), b, v)
			VMULPS(g, g, g)
			VFMADD231PS(g, rest, v)
			VMOVUPS(v, operand.Mem{Base: second}.Offset(off))
			VSQRTPS(v, v)
			VMULPS(setting(root), v, v)
			VADDPS(setting(epsilon), v, v)
			VMULPS(setting(rate), m, m)
			VDIVPS(v, m, m)
			VBROADCASTSS(operand.Mem{Base: s, Disp: decay * lane}, b)
			VMULPS(operand.Mem{Base: value}.Offset(off), b, b)
			VSUBPS(m, b, b)
			VMOVUPS(b, operand.Mem{Base: value}.Offset(off))
		}
	})
	VZEROUPPER()
	RET()
}

// mixers are the constants of dropout's hash: two rounds of xor-shift and multiplication.
var mixers = [2]uint32{0x7feb352d, 0x846ca68b}

func dropout(t tier) {
	name := "dropout" + t.suffix
	TEXT(name, NOSPLIT, "func(x *float32, n int, low, high, limit uint32, factor float32)")
	Doc(name+" leaves some of n floats out, n a positive multiple of 16, and scales the others:",
		"",
		"	for i := range n {",
		"		h := uint32(i) + low; h = (h ^ h>>16) * 0x7feb352d + high",
		"		h = (h ^ h>>15) * 0x846ca68b; h ^= h >> 16",
		"		if h >= limit { x[i] *= factor } else { x[i] = 0 }",
		"	}")
	x := Load(Param("x"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	word := func(p string) reg.VecVirtual {
		v, r := XMM(), t.reg()
		VMOVD(Load(Param(p), GP32()), v)
		VPBROADCASTD(v, r)
		return r
	}
	low, high, limit := word("low"), word("high"), word("limit")
	f := XMM()
	Load(Param("factor"), f)
	factor := t.reg()
	VBROADCASTSS(f, factor)
	counter, step := t.block(), constants.word("sixteen", 16)
	ascending := constants.ascending()
	for p, r := range counter {
		VPADDD(ascending.Offset(p*t.bytes()), low, r)
	}
	first, second := constants.word("mixer0", mixers[0]), constants.word("mixer1", mixers[1])
	loopBlocks("loop", n, []reg.GPVirtual{x}, func() {
		for p, c := range counter {
			h, s := t.reg(), t.reg()
			VPSRLD(operand.Imm(16), c, s)
			xor(t, c, s, h)
			VPMULLD(first, h, h)
			VPADDD(high, h, h)
			VPSRLD(operand.Imm(15), h, s)
			xor(t, h, s, h)
			VPMULLD(second, h, h)
			VPSRLD(operand.Imm(16), h, s)
			xor(t, h, s, h)
			at := operand.Mem{Base: x}.Offset(p * t.bytes())
			v := t.reg()
			if t.bits == 512 {
				k := K()
				VPCMPUD(operand.Imm(5), limit, h, k) // not less
				VMULPS_Z(at, factor, k, v)
			} else {
				VPMAXUD(limit, h, s)
				VPCMPEQD(s, h, s)
				VMULPS(at, factor, v)
				VANDPS(s, v, v)
			}
			VMOVUPS(v, at)
			VPADDD(step, c, c)
		}
	})
	VZEROUPPER()
	RET()
}

func xor(t tier, a, b, dst reg.VecVirtual) {
	if t.bits == 512 {
		VPXORD(a, b, dst)
	} else {
		VPXOR(a, b, dst)
	}
}

func panelRows(t tier) {
	name := "panelRows" + t.suffix
	TEXT(name, NOSPLIT, "func(panel, x *float32, ldx, k int)")
	Pragma("noescape")
	Doc(name+" copies the first 16 floats of k rows, ldx floats apart, next to each other, k > 0:",
		"",
		"	for p := range k { copy(panel[p*16:p*16+16], x[p*ldx:]) }")
	panel := Load(Param("panel"), GP64()).(reg.GPVirtual)
	x := Load(Param("x"), GP64()).(reg.GPVirtual)
	ldx := loadStride("ldx")
	k := Load(Param("k"), GP64()).(reg.GPVirtual)
	Label("loop")
	v := t.block()
	t.load(v, operand.Mem{Base: x})
	t.store(v, operand.Mem{Base: panel})
	ADDQ(ldx, x)
	ADDQ(operand.Imm(64), panel)
	DECQ(k)
	JNZ(operand.LabelRef("loop"))
	VZEROUPPER()
	RET()
}
