// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package pdf

import (
	"bytes"
	"errors"
	"math"
	"strings"
)

const (
	maxForms    = 12 // forms inside each other
	maxStates   = 256
	maxOperands = 512
)

// matrix is [a b c d e f] of ISO 32000: x' = ax + cy + e, y' = bx + dy + f.
type matrix [6]float64

var identity = matrix{1, 0, 0, 1, 0, 0}

// times is m followed by n.
func (m matrix) times(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3], m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

// state is what q saves and Q restores.
type state struct {
	ctm                               matrix
	font                              *font
	size, chars, words, stretch, lead float64
	rise                              float64
}

// painter interprets the content of a page and collects the text it paints.
type painter struct {
	f      *file
	state  state
	stack  []state
	tm     matrix // text matrix
	line   matrix // of the start of the line
	fonts  map[any]*font
	hidden int // artifacts, such as running heads, that are open
	marked []bool
	open   bool // a text object
	out    *layout
}

// operators are those of ISO 32000-2, annex A.
var operators = func() map[keyword]bool {
	m := map[keyword]bool{}
	for op := range strings.FieldsSeq(`b B b* B* BDC BI BMC BT BX c cm CS cs d d0 d1 Do DP EI EMC ET EX f F f* G g gs h i ID j J K k l m M MP n
		q Q re RG rg ri s S SC sc SCN scn sh T* Tc Td TD Tf Tj TJ TL Tm Tr Ts Tw Tz v w W W* y ' "`) {
		m[keyword(op)] = true
	}
	return m
}()

// run interprets content with its resources. Suspect content is damaged if it has operators that do not exist, or ends in a text:
// a program that writes checksums wrong, or no end to what it packs, writes operators right.
func (p *painter) run(content []byte, suspect bool, resources dict, depth int) {
	end := len(bytes.TrimRight(content, "\n"))
	l := lexer{data: content}
	var operands []any
	for {
		o, ok := l.object(0)
		if !ok {
			if suspect && p.open {
				p.f.damage("its content ends in the middle of a text")
			}
			return
		}
		op, isWord := o.(keyword)
		if !isWord {
			if len(operands) < maxOperands {
				operands = append(operands, o)
			}
			continue
		}
		if suspect && !operators[op] && l.pos < end { // the last may be cut
			p.f.damage("its content is garbled: its checksum or its end is wrong, and %q is no operator", op)
			return
		}
		if op == "BI" {
			skipImage(&l)
		} else {
			p.do(op, operands, resources, depth)
		}
		p.f.charge(32)
		operands = operands[:0]
		l.elements = 0
	}
}

// skipImage moves past an inline image: to the EI that stands between white space.
func skipImage(l *lexer) {
	if i := bytes.Index(l.data[l.pos:], []byte("ID")); i >= 0 {
		l.pos += i + 2
	}
	for {
		i := bytes.Index(l.data[l.pos:], []byte("EI"))
		if i < 0 {
			l.pos = len(l.data)
			return
		}
		at := l.pos + i
		l.pos = at + 2
		if at > 0 && isSpace(l.data[at-1]) && (l.pos == len(l.data) || isSpace(l.data[l.pos])) {
			return
		}
	}
}

// do executes an operator. Those that paint no text and move none are left out.
func (p *painter) do(op keyword, operands []any, resources dict, depth int) {
	arg := func(i int) any {
		if i < len(operands) {
			return operands[i]
		}
		return nil
	}
	num := func(i int) float64 { return toFloat(arg(i)) }
	switch op {
	case "q":
		if len(p.stack) < maxStates {
			p.stack = append(p.stack, p.state)
		}
	case "Q":
		if n := len(p.stack); n > 0 {
			p.state, p.stack = p.stack[n-1], p.stack[:n-1]
		}
	case "cm":
		p.state.ctm = matrix{num(0), num(1), num(2), num(3), num(4), num(5)}.times(p.state.ctm)
	case "BT":
		p.tm, p.line, p.open = identity, identity, true
	case "ET":
		p.open = false
	case "Tf":
		n, _ := arg(0).(name)
		p.state.font, p.state.size = p.fontOf(n, resources), num(1)
	case "Tc":
		p.state.chars = num(0)
	case "Tw":
		p.state.words = num(0)
	case "Tz":
		p.state.stretch = num(0) / 100
	case "TL":
		p.state.lead = num(0)
	case "Ts":
		p.state.rise = num(0)
	case "Td":
		p.move(num(0), num(1))
	case "TD":
		p.state.lead = -num(1)
		p.move(num(0), num(1))
	case "Tm":
		p.line = matrix{num(0), num(1), num(2), num(3), num(4), num(5)}
		p.tm = p.line
	case "T*":
		p.move(0, -p.state.lead)
	case "Tj":
		s, _ := arg(0).(text)
		p.show(s)
	case "'":
		p.move(0, -p.state.lead)
		s, _ := arg(0).(text)
		p.show(s)
	case "\"":
		p.state.words, p.state.chars = num(0), num(1)
		p.move(0, -p.state.lead)
		s, _ := arg(2).(text)
		p.show(s)
	case "TJ":
		list, _ := arg(0).(array)
		for _, o := range list {
			if s, ok := o.(text); ok {
				p.show(s)
			} else {
				p.advance(-toFloat(o) / 1000 * p.state.size * p.state.stretch)
			}
		}
	case "Do":
		n, _ := arg(0).(name)
		p.form(n, resources, depth)
	case "BMC", "BDC":
		artifact := arg(0) == name("Artifact")
		if artifact {
			p.hidden++
		}
		if len(p.marked) < maxStates*4 {
			p.marked = append(p.marked, artifact)
		}
	case "EMC":
		if n := len(p.marked); n > 0 {
			if p.marked[n-1] {
				p.hidden--
			}
			p.marked = p.marked[:n-1]
		}
	}
}

func (p *painter) move(x, y float64) {
	p.line = matrix{1, 0, 0, 1, x, y}.times(p.line)
	p.tm = p.line
}

func (p *painter) advance(x float64) {
	p.tm = matrix{1, 0, 0, 1, x, 0}.times(p.tm)
}

// fontOf finds a font of the resources by its name.
func (p *painter) fontOf(n name, resources dict) *font {
	fonts, _ := p.f.resolve(resources["Font"]).(dict)
	o := fonts[n]
	r, isRef := o.(ref)
	if isRef {
		if ft, ok := p.fonts[r]; ok {
			return ft
		}
	}
	d, ok := p.f.resolve(o).(dict)
	if !ok {
		return nil
	}
	p.f.charge(4096)
	ft := p.f.font(d)
	if isRef {
		if len(p.fonts) >= 256 {
			clear(p.fonts)
		}
		p.fonts[r] = ft
	}
	return ft
}

// form paints a form: content of its own, with its own resources.
func (p *painter) form(n name, resources dict, depth int) {
	p.f.charge(1024)
	objects, _ := p.f.resolve(resources["XObject"]).(dict)
	s, ok := p.f.resolve(objects[n]).(*stream)
	if !ok || depth >= maxForms || p.f.resolve(s.dict["Subtype"]) != name("Form") {
		return
	}
	content, suspect, err := p.f.decodeContent(s)
	if err != nil {
		if !errors.Is(err, errFilter) {
			p.f.damage("a form on it cannot be unpacked (%w)", err)
		}
		return
	}
	own, ok := p.f.resolve(s.dict["Resources"]).(dict)
	if !ok {
		own = resources
	}
	saved, tm, line, stack, open := p.state, p.tm, p.line, p.stack, p.open
	if m, ok := p.f.resolve(s.dict["Matrix"]).(array); ok && len(m) == 6 {
		var by matrix
		for i := range by {
			by[i] = toFloat(p.f.resolve(m[i]))
		}
		p.state.ctm = by.times(p.state.ctm)
	}
	p.stack, p.open = nil, false
	p.run(content, suspect, own, depth+1)
	p.state, p.tm, p.line, p.stack, p.open = saved, tm, line, stack, open
}

// show paints a string: its text goes to the layout with where it begins and ends.
func (p *painter) show(s text) {
	ft := p.state.font
	if ft == nil || len(s) == 0 {
		return
	}
	p.f.charge(len(s))
	var buf [64]byte
	out := buf[:0]
	start := p.tm
	total := 0.0
	for len(s) > 0 {
		t, width, space, rest := ft.next(s)
		s = rest
		w := width*p.state.size + p.state.chars
		if space {
			w += p.state.words
		}
		total += w * p.state.stretch
		out = append(out, t...)
	}
	p.advance(total)
	m := matrix{1, 0, 0, 1, 0, p.state.rise}.times(start).times(p.state.ctm)
	end := matrix{1, 0, 0, 1, total, p.state.rise}.times(start).times(p.state.ctm)
	height := math.Hypot(m[2], m[3]) * math.Abs(p.state.size)
	angle := math.Atan2(m[1], m[0])
	if p.state.size < 0 {
		angle += math.Pi
	}
	p.out.add(glyphs{x: m[4], y: m[5], endX: end[4], endY: end[5], size: height, angle: angle, text: string(out), hidden: p.hidden > 0})
}
