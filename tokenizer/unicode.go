// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package tokenizer

import (
	_ "embed" // for unicode.bin
	"sort"
	"sync"
)

// unicodeData is written by scripts/reference/tokenizer_tables.py; the format is described there.
//
//go:embed unicode.bin
var unicodeData string

const unicodeMagic = "wnuc1\n"

// ReferenceVersion is the version of the Python library tokenizers whose behaviour this package
// reproduces and its tables were measured from.
const ReferenceVersion = "0.23.3"

// runeRange is the half-open range [lo, hi) of code points, with a value for value sets.
type runeRange struct {
	lo, hi rune
	value  uint8
}

type rangeSet []runeRange

// find returns the range holding r, or nil.
func (s rangeSet) find(r rune) *runeRange {
	i := sort.Search(len(s), func(i int) bool { return s[i].hi > r })
	if i == len(s) || s[i].lo > r {
		return nil
	}
	return &s[i]
}

func (s rangeSet) has(r rune) bool { return s.find(r) != nil }

// runeMap maps some code points to sequences of code points.
type runeMap struct {
	keys    []rune
	starts  []int32 // len(keys)+1 offsets into targets
	targets []rune
}

func (m *runeMap) find(r rune) []rune {
	i := sort.Search(len(m.keys), func(i int) bool { return m.keys[i] >= r })
	if i == len(m.keys) || m.keys[i] != r {
		return nil
	}
	return m.targets[m.starts[i]:m.starts[i+1]]
}

// unicodeTables holds what the reference does with single code points.
type unicodeTables struct {
	version   string
	dropped   rangeSet // removed by clean_text
	space     rangeSet // white space: splits words
	punct     rangeSet // isolated by BertPreTokenizer
	nonspace  rangeSet // removed by strip_accents (category Mn)
	mark      rangeSet // removed by the StripAccents normaliser (category M)
	word      rangeSet // keep a single_word added token from matching beside them
	combining rangeSet // canonical combining class, where not 0
	decompose runeMap  // full canonical decomposition, without Hangul syllables
	lower     runeMap
}

// tables decodes unicode.bin on first use: text that is all ASCII never needs it.
var tables = sync.OnceValue(func() *unicodeTables {
	d := tableDecoder{data: unicodeData[len(unicodeMagic):]}
	n := int(d.data[0])
	u := &unicodeTables{version: d.data[1 : 1+n]}
	d.data = d.data[1+n:]
	for _, s := range []*rangeSet{&u.dropped, &u.space, &u.punct, &u.nonspace, &u.mark, &u.word} {
		*s = d.ranges(false)
	}
	u.combining = d.ranges(true)
	u.decompose = d.mapping()
	u.lower = d.mapping()
	return u
})

// tableDecoder reads the varints of unicode.bin. The file is part of the program and checked by a
// test, so it needs no error path.
type tableDecoder struct{ data string }

func (d *tableDecoder) uint() rune {
	var v rune
	for i := 0; ; i++ {
		b := d.data[i]
		v |= rune(b&0x7f) << (7 * i)
		if b < 0x80 {
			d.data = d.data[i+1:]
			return v
		}
	}
}

func (d *tableDecoder) ranges(values bool) rangeSet {
	s := make(rangeSet, d.uint())
	var end rune
	for i := range s {
		s[i].lo = end + d.uint()
		s[i].hi = s[i].lo + d.uint()
		if values {
			s[i].value = uint8(d.uint())
		}
		end = s[i].hi
	}
	return s
}

func (d *tableDecoder) mapping() runeMap {
	n := int(d.uint())
	m := runeMap{keys: make([]rune, n), starts: make([]int32, n+1), targets: make([]rune, 0, 2*n)}
	var key rune
	for i := range m.keys {
		key += d.uint()
		m.keys[i] = key
		for range d.uint() {
			z := d.uint()
			m.targets = append(m.targets, key+(z>>1^-(z&1)))
		}
		m.starts[i+1] = int32(len(m.targets))
	}
	return m
}

// Hangul syllables decompose by arithmetic (Unicode standard, section 3.12).
const (
	hangulBase, hangulEnd        = 0xAC00, 0xD7A4
	jamoL, jamoV, jamoT          = 0x1100, 0x1161, 0x11A7
	jamoTCount, jamoVTCount rune = 28, 28 * 21
)

// appendDecomposed appends the full canonical decomposition of r.
func (u *unicodeTables) appendDecomposed(dst []rune, r rune) []rune {
	if r < 0xC0 {
		return append(dst, r)
	}
	if r >= hangulBase && r < hangulEnd {
		s := r - hangulBase
		dst = append(dst, jamoL+s/jamoVTCount, jamoV+s%jamoVTCount/jamoTCount)
		if t := s % jamoTCount; t != 0 {
			dst = append(dst, jamoT+t)
		}
		return dst
	}
	if d := u.decompose.find(r); d != nil {
		return append(dst, d...)
	}
	return append(dst, r)
}

// appendLower appends the lower case of r, one code point at a time as Rust's char::to_lowercase:
// no rule looks at the neighbours (a final sigma stays a plain one).
func (u *unicodeTables) appendLower(dst []rune, r rune) []rune {
	if r < 0x80 {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return append(dst, r)
	}
	if d := u.lower.find(r); d != nil {
		return append(dst, d...)
	}
	return append(dst, r)
}

// class returns the canonical combining class of r.
func (u *unicodeTables) class(r rune) uint8 {
	if r < 0x300 {
		return 0
	}
	if f := u.combining.find(r); f != nil {
		return f.value
	}
	return 0
}

// isChinese reports whether handle_chinese_chars puts spaces around r. The ranges are those of the
// original BERT code with one gap the reference has (U+2B820 to U+2B91F).
func isChinese(r rune) bool {
	switch {
	case r < 0x3400:
		return false
	case r <= 0x4DBF, r >= 0x4E00 && r <= 0x9FFF, r >= 0xF900 && r <= 0xFAFF,
		r >= 0x20000 && r <= 0x2A6DF, r >= 0x2A700 && r <= 0x2B73F, r >= 0x2B740 && r <= 0x2B81F,
		r >= 0x2B920 && r <= 0x2CEAF, r >= 0x2F800 && r <= 0x2FA1F:
		return true
	}
	return false
}
