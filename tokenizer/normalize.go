// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import "slices"

// step is one operation of a normaliser. Each looks at single code points, except that stepNFD also
// brings neighbouring combining marks into canonical order.
type step uint8

const (
	stepClean   step = iota // drop control characters, white space becomes ' '
	stepChinese             // spaces around CJK ideographs
	stepNFD                 // canonical decomposition
	stepStripMn             // drop category Mn
	stepStripM              // drop category M
	stepLower               // lower case
)

// buffer is text under normalisation: code points with the byte range of the source each came from.
type buffer struct {
	runes      []rune
	start, end []int32
}

func (b *buffer) reset() {
	b.runes, b.start, b.end = b.runes[:0], b.start[:0], b.end[:0]
}

func (b *buffer) push(r rune, start, end int32) {
	b.runes, b.start, b.end = append(b.runes, r), append(b.start, start), append(b.end, end)
}

// load fills b with text, whose first byte is at offset base of the source.
func (b *buffer) load(text string, base int) {
	b.reset()
	for i := 0; i < len(text); {
		r, w := decodeRune(text[i:])
		b.push(r, int32(base+i), int32(base+i+w))
		i += w
	}
}

// normalizer runs steps over a buffer. It is the general, plain way: the fast path uses it only to
// learn what happens to each code point.
type normalizer struct {
	src, dst buffer
	marks    []decomposed
	one      []rune
}

// decomposed is a code point of a decomposition. extra marks all but the first of one source character.
type decomposed struct {
	r     rune
	class uint8
	extra bool
}

// run applies steps to n.src in place.
func (n *normalizer) run(steps []step) {
	u := tables()
	for _, s := range steps {
		n.dst.reset()
		if s == stepNFD {
			n.decompose(u)
		} else {
			n.each(u, s)
		}
		n.src, n.dst = n.dst, n.src
	}
}

func (n *normalizer) each(u *unicodeTables, s step) {
	for i, r := range n.src.runes {
		start, end := n.src.start[i], n.src.end[i]
		switch s {
		case stepClean:
			if u.dropped.has(r) {
				continue
			}
			if u.space.has(r) {
				r = ' '
			}
			n.dst.push(r, start, end)
		case stepChinese:
			if isChinese(r) {
				n.dst.push(' ', start, end)
				n.dst.push(r, start, end)
				r = ' '
			}
			n.dst.push(r, start, end)
		case stepStripMn:
			if !u.nonspace.has(r) {
				n.dst.push(r, start, end)
			}
		case stepStripM:
			if !u.mark.has(r) {
				n.dst.push(r, start, end)
			}
		case stepLower:
			n.one = u.appendLower(n.one[:0], r)
			for _, l := range n.one {
				n.dst.push(l, start, end)
			}
		}
	}
}

// decompose is NFD. Alignment follows the reference, which does not move offsets along with reordered
// marks: the k-th character that begins a decomposition gets the k-th source range, in the order after
// sorting, and the rest of a decomposition gets the range before it.
func (n *normalizer) decompose(u *unicodeTables) {
	next := 0
	emit := func(d decomposed) {
		at := next
		if d.extra {
			at = max(next-1, 0)
		} else {
			next++
		}
		n.dst.push(d.r, n.src.start[at], n.src.end[at])
	}
	flush := func() {
		slices.SortStableFunc(n.marks, func(a, b decomposed) int { return int(a.class) - int(b.class) })
		for _, d := range n.marks {
			emit(d)
		}
		n.marks = n.marks[:0]
	}
	for _, r := range n.src.runes {
		n.one = u.appendDecomposed(n.one[:0], r)
		for k, c := range n.one {
			d := decomposed{r: c, class: u.class(c), extra: k > 0}
			if d.class != 0 {
				n.marks = append(n.marks, d)
				continue
			}
			flush()
			emit(d)
		}
	}
	flush()
}
