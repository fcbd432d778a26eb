// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package pdf

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// font turns the codes of a shown string into text and widths.
type font struct {
	wide    bool              // codes of two bytes, unless the map says otherwise
	utf16   bool              // codes are UTF-16
	charset encoding.Encoding // codes are text of this charset; nil for none
	table   [256]string       // simple fonts: text of a code
	unicode *cmap             // ToUnicode
	widths  map[int]float64
	missing float64 // width of codes without one, in thousandths of the size
	scale   float64 // of widths: 1/1000, or what a Type 3 font says
}

const maxWidths = 1 << 16

// font reads a font dictionary.
func (f *file) font(d dict) *font {
	ft := &font{widths: map[int]float64{}, missing: 500, scale: 0.001}
	if s, ok := f.resolve(d["ToUnicode"]).(*stream); ok {
		data, err := f.decode(s)
		if err == nil {
			ft.unicode = f.readCMap(data)
		} else if f.resolve(d["Subtype"]) == name("Type0") { // the codes of others mean something without it
			f.damage("what the codes of a font mean cannot be unpacked (%w)", err)
		}
	}
	if f.resolve(d["Subtype"]) == name("Type0") {
		f.composite(ft, d)
		return ft
	}
	if m, ok := f.resolve(d["FontMatrix"]).(array); ok && len(m) > 0 {
		if v := toFloat(f.resolve(m[0])); v > 0 && v < 1 {
			ft.scale = v
		}
	}
	base := "StandardEncoding"
	if f.resolve(d["Subtype"]) == name("TrueType") {
		base = "WinAnsiEncoding"
	}
	ft.table = *encodings[name(base)]
	switch e := f.resolve(d["Encoding"]).(type) {
	case name:
		if t, ok := encodings[e]; ok {
			ft.table = *t
		}
	case dict:
		if b, ok := f.resolve(e["BaseEncoding"]).(name); ok && encodings[b] != nil {
			ft.table = *encodings[b]
		}
		code := 0
		differences, _ := f.resolve(e["Differences"]).(array)
		for _, o := range differences {
			switch o := f.resolve(o).(type) {
			case int:
				code = o
			case name:
				if code >= 0 && code < 256 {
					ft.table[code] = glyphText(string(o[:min(len(o), 64)]))
				}
				code++
			}
		}
	}
	first, _ := f.resolve(d["FirstChar"]).(int)
	widths, _ := f.resolve(d["Widths"]).(array)
	for i, w := range widths[:min(len(widths), 256)] {
		ft.widths[first+i] = toFloat(f.resolve(w))
	}
	if descriptor, ok := f.resolve(d["FontDescriptor"]).(dict); ok {
		if w := toFloat(f.resolve(descriptor["MissingWidth"])); w > 0 {
			ft.missing = w
		}
	}
	return ft
}

// composite reads a font of many glyphs: its codes by the name of its encoding, its widths by glyph.
func (f *file) composite(ft *font, d dict) {
	ft.wide, ft.missing = true, 1000
	if e, ok := f.resolve(d["Encoding"]).(name); ok {
		switch s := string(e); {
		case strings.Contains(s, "UCS2"), strings.Contains(s, "UTF16"):
			ft.utf16 = true
		case strings.HasPrefix(s, "GB"):
			ft.charset = simplifiedchinese.GBK
		case strings.Contains(s, "RKSJ"):
			ft.charset = japanese.ShiftJIS
		case strings.Contains(s, "B5"), strings.HasPrefix(s, "HK"):
			ft.charset = traditionalchinese.Big5
		case strings.HasPrefix(s, "KSC"):
			ft.charset = korean.EUCKR
		}
	}
	children, _ := f.resolve(d["DescendantFonts"]).(array)
	if len(children) == 0 {
		return
	}
	child, _ := f.resolve(children[0]).(dict)
	if w := toFloat(f.resolve(child["DW"])); w > 0 {
		ft.missing = w
	}
	list, _ := f.resolve(child["W"]).(array)
	for i := 0; i+1 < len(list) && len(ft.widths) < maxWidths; {
		first, ok := f.resolve(list[i]).(int)
		if !ok {
			return
		}
		switch next := f.resolve(list[i+1]).(type) {
		case array:
			for j, w := range next[:min(len(next), maxWidths)] {
				ft.widths[first+j] = toFloat(f.resolve(w))
			}
			i += 2
		case int:
			if i+2 >= len(list) {
				return
			}
			w := toFloat(f.resolve(list[i+2]))
			for code := first; code <= next && len(ft.widths) < maxWidths; code++ {
				ft.widths[code] = w
			}
			i += 3
		default:
			return
		}
	}
}

func toFloat(o any) float64 {
	switch o := o.(type) {
	case int:
		return float64(o)
	case float64:
		return o
	}
	return 0
}

// next takes one code off a shown string and returns its text, its width in text space at size 1, and the rest.
func (ft *font) next(s text) (out string, width float64, space bool, rest text) {
	n := 1
	if ft.wide && ft.charset == nil || ft.charset != nil && s[0] >= 0x80 {
		n = 2
	}
	if ft.unicode != nil && ft.unicode.length > 0 && ft.wide {
		n = ft.unicode.lengthOf(s)
	}
	n = min(n, len(s))
	code := 0
	for i := range n {
		code = code<<8 | int(s[i])
	}
	raw := s[:n]
	rest = s[n:]
	w, ok := ft.widths[code]
	if !ok {
		w = ft.missing
	}
	width = w * ft.scale
	space = n == 1 && code == ' '
	if ft.unicode != nil {
		if t := ft.unicode.lookup(n, uint32(code)); t != "" {
			return t, width, space, rest
		}
	}
	switch {
	case ft.utf16:
		return string(utf16.Decode([]uint16{uint16(code)})), width, space, rest
	case ft.charset != nil:
		if b, err := ft.charset.NewDecoder().Bytes([]byte(raw)); err == nil {
			out = string(b)
		}
		return out, width, space, rest
	case ft.wide:
		return "", width, space, rest // glyph numbers without a map to text
	}
	return ft.table[code&255], width, space, rest
}

// cmap is a ToUnicode map.
type cmap struct {
	text   map[cmapKey]string
	ranges []codeRange
	spans  []span // long ranges with consecutive texts, sorted
	length int    // of the longest code
}

// span is codes whose texts follow each other.
type span struct {
	codeRange
	first text
}

const (
	maxSpans  = 4096
	shortSpan = 64 // codes up to which a range is written out
)

// lookup is the text of a code; empty when the map has none.
func (m *cmap) lookup(length int, code uint32) string {
	if t, ok := m.text[cmapKey{length, code}]; ok {
		return t
	}
	i := sort.Search(len(m.spans), func(i int) bool { return m.spans[i].low > code }) - 1
	for ; i >= 0 && i > len(m.spans)-maxSpans && code <= m.spans[i].high; i-- {
		if m.spans[i].length == length {
			return unicodeText(m.spans[i].first, code-m.spans[i].low)
		}
	}
	return ""
}

type cmapKey struct {
	length int
	code   uint32
}

type codeRange struct {
	length    int
	low, high uint32
}

const maxCMap = 1 << 17 // codes

// lengthOf is the length of the code that a string begins with.
func (m *cmap) lengthOf(s text) int {
	code := uint32(0)
	for n := 1; n <= 4 && n <= len(s); n++ {
		code = code<<8 | uint32(s[n-1])
		for _, r := range m.ranges {
			if r.length == n && code >= r.low && code <= r.high {
				return n
			}
		}
	}
	return m.length
}

// readCMap reads the sections of a ToUnicode map.
func (f *file) readCMap(data []byte) *cmap {
	m := &cmap{text: map[cmapKey]string{}}
	l := lexer{data: data}
	var operands []any
	for len(m.text) < maxCMap && len(operands) < 4*maxCMap {
		o, ok := l.object(0)
		if !ok {
			break
		}
		k, isWord := o.(keyword)
		if !isWord {
			operands = append(operands, o)
			continue
		}
		switch k {
		case "endcodespacerange":
			for i := 0; i+1 < len(operands) && len(m.ranges) < 100; i += 2 {
				low, n, ok1 := codeOf(operands[i])
				high, _, ok2 := codeOf(operands[i+1])
				if ok1 && ok2 {
					m.ranges = append(m.ranges, codeRange{n, low, high})
					m.length = max(m.length, n)
				}
			}
		case "endbfchar":
			for i := 0; i+1 < len(operands); i += 2 {
				if code, n, ok := codeOf(operands[i]); ok {
					m.add(n, code, operands[i+1], 0)
				}
			}
		case "endbfrange":
			for i := 0; i+2 < len(operands); i += 3 {
				low, n, ok1 := codeOf(operands[i])
				high, _, ok2 := codeOf(operands[i+1])
				if !ok1 || !ok2 || high < low {
					continue
				}
				list, isList := operands[i+2].(array)
				if first, isText := operands[i+2].(text); isText && high-low > shortSpan {
					if len(m.spans) < maxSpans {
						m.spans = append(m.spans, span{codeRange{n, low, high}, first})
					}
					continue
				}
				for j := uint32(0); j <= high-low && len(m.text) < maxCMap && (!isList || int(j) < len(list)); j++ {
					if isList {
						m.add(n, low+j, list[j], 0)
					} else {
						m.add(n, low+j, operands[i+2], j)
					}
				}
			}
		}
		operands = operands[:0]
	}
	f.charge(len(m.text) * 16)
	slices.SortFunc(m.spans, func(a, b span) int { return cmp.Compare(a.low, b.low) })
	return m
}

func codeOf(o any) (code uint32, length int, ok bool) {
	s, isText := o.(text)
	if !isText || len(s) == 0 || len(s) > 4 {
		return 0, 0, false
	}
	for i := range len(s) {
		code = code<<8 | uint32(s[i])
	}
	return code, len(s), true
}

// add notes the text of a code.
func (m *cmap) add(length int, code uint32, o any, step uint32) {
	if s, ok := o.(text); ok {
		m.text[cmapKey{length, code}] = unicodeText(s, step)
	}
}

// unicodeText is UTF-16 whose last unit is raised by step.
func unicodeText(s text, step uint32) string {
	switch {
	case len(s) == 0 || len(s) > 64:
		return ""
	case len(s) == 1:
		return string(rune(uint32(s[0]) + step))
	}
	units := make([]uint16, len(s)/2)
	for i := range units {
		units[i] = uint16(s[2*i])<<8 | uint16(s[2*i+1])
	}
	units[len(units)-1] += uint16(step)
	return string(utf16.Decode(units))
}
