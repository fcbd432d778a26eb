// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package pdf

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// glyphNames are the names of glyphs that are not made of a letter and an accent, as used in font encodings.
var glyphNames = pairs(`exclam ! quotedbl " numbersign # dollar $ percent % ampersand & quotesingle ' quoteright ’ quoteleft ‘
	parenleft ( parenright ) asterisk * plus + comma , hyphen - minus − period . slash / zero 0 one 1 two 2 three 3 four 4 five 5 six 6
	seven 7 eight 8 nine 9 colon : semicolon ; less < equal = greater > question ? at @ bracketleft [ backslash \ bracketright ]
	asciicircum ^ underscore _ grave ` + "`" + ` braceleft { bar | braceright } asciitilde ~ exclamdown ¡ cent ¢ sterling £ fraction ⁄ yen ¥
	florin ƒ section § currency ¤ quotedblleft “ quotedblright ” guillemotleft « guillemotright » guilsinglleft ‹ guilsinglright ›
	endash – emdash — dagger † daggerdbl ‡ periodcentered · paragraph ¶ bullet • quotesinglbase ‚ quotedblbase „ ellipsis …
	perthousand ‰ questiondown ¿ acute ´ circumflex ˆ tilde ˜ macron ¯ breve ˘ dotaccent ˙ dieresis ¨ ring ˚ cedilla ¸ hungarumlaut ˝
	ogonek ˛ caron ˇ AE Æ ae æ ordfeminine ª ordmasculine º Lslash Ł lslash ł Oslash Ø oslash ø OE Œ oe œ germandbls ß dotlessi ı
	Eth Ð eth ð Thorn Þ thorn þ degree ° plusminus ± multiply × divide ÷ mu µ onesuperior ¹ twosuperior ² threesuperior ³ onequarter ¼
	onehalf ½ threequarters ¾ brokenbar ¦ logicalnot ¬ registered ® copyright © trademark ™ Euro € Dcroat Đ dcroat đ Hbar Ħ hbar ħ
	fi fi fl fl ff ff ffi ffi ffl ffl Alpha Α Beta Β Gamma Γ Delta Δ Epsilon Ε Zeta Ζ Eta Η Theta Θ Iota Ι Kappa Κ Lambda Λ Mu Μ Nu Ν
	Xi Ξ Omicron Ο Pi Π Rho Ρ Sigma Σ Tau Τ Upsilon Υ Phi Φ Chi Χ Psi Ψ Omega Ω alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η
	theta θ iota ι kappa κ lambda λ nu ν xi ξ omicron ο pi π rho ρ sigma σ sigma1 ς tau τ upsilon υ phi φ chi χ psi ψ omega ω
	infinity ∞ partialdiff ∂ summation ∑ product ∏ integral ∫ radical √ approxequal ≈ notequal ≠ lessequal ≤ greaterequal ≥
	lozenge ◊ arrowleft ← arrowup ↑ arrowright → arrowdown ↓ arrowboth ↔ element ∈ universal ∀ existential ∃ sfthyphen ` + "\u00AD")

// accents are the ends of names such as eacute, as combining marks.
var accents = pairs("acute \u0301 grave \u0300 circumflex \u0302 dieresis \u0308 tilde \u0303 ring \u030A cedilla \u0327 caron \u030C macron \u0304 " +
	"breve \u0306 ogonek \u0328 dotaccent \u0307 hungarumlaut \u030B commaaccent \u0326")

// pairs reads names and values in turn.
func pairs(list string) map[string]string {
	m := map[string]string{}
	words := strings.Fields(list)
	for i := 0; i+1 < len(words); i += 2 {
		m[words[i]] = words[i+1]
	}
	return m
}

// glyphText is the text that a glyph's name stands for; empty when the name does not say.
func glyphText(n string) string {
	if s, ok := glyphNames[n]; ok {
		return s
	}
	if n == "space" || n == "nbspace" || n == "nonbreakingspace" {
		return " "
	}
	if len(n) == 1 {
		return n
	}
	if i := strings.IndexByte(n, '.'); i > 0 { // a variant, as in a.sc
		return glyphText(n[:i])
	}
	if strings.IndexByte(n, '_') > 0 && len(n) < 64 { // a ligature, as in f_f
		var b strings.Builder
		for part := range strings.SplitSeq(n, "_") {
			if !strings.Contains(part, "_") {
				b.WriteString(glyphText(part))
			}
		}
		return b.String()
	}
	for _, prefix := range []string{"uni", "u"} {
		if hex, ok := strings.CutPrefix(n, prefix); ok && len(hex) >= 4 && len(hex) <= 6 {
			if v, err := strconv.ParseUint(hex, 16, 32); err == nil && utf8.ValidRune(rune(v)) {
				return string(rune(v))
			}
		}
	}
	if code, ok := strings.CutPrefix(n, "afii"); ok {
		return cyrillic(code)
	}
	for accent, mark := range accents {
		if base, ok := strings.CutSuffix(n, accent); ok && len(base) == 1 {
			if s := norm.NFC.String(base + mark); utf8.RuneCountInString(s) == 1 {
				return s
			}
		}
	}
	return ""
}

// cyrillic is the text of a number of the Association for Font Information Interchange: the Russian alphabet in order, with
// the letter yo in seventh place.
func cyrillic(code string) string {
	n, err := strconv.Atoi(code)
	if err != nil {
		return ""
	}
	letter := func(i int, first, yo rune) string {
		switch {
		case i == 6:
			return string(yo)
		case i > 6:
			i--
		}
		return string(first + rune(i))
	}
	switch {
	case n >= 10017 && n <= 10049:
		return letter(n-10017, 'А', 'Ё')
	case n >= 10065 && n <= 10097:
		return letter(n-10065, 'а', 'ё')
	}
	return ""
}

// encodings are the named encodings of simple fonts.
var encodings = map[name]*[256]string{
	"WinAnsiEncoding":  fromCharmap(charmap.Windows1252),
	"MacRomanEncoding": fromCharmap(charmap.Macintosh),
	"StandardEncoding": standardEncoding(),
}

func fromCharmap(c *charmap.Charmap) *[256]string {
	var t [256]string
	for i := 32; i < 256; i++ {
		if r := c.DecodeByte(byte(i)); r != utf8.RuneError && r >= 32 && (r < 0x7F || r > 0x9F) {
			t[i] = string(r)
		}
	}
	return &t
}

// standardEncoding is ASCII with curved quotes, and the upper half of ISO 32000, table D.2.
func standardEncoding() *[256]string {
	var t [256]string
	for i := 32; i < 127; i++ {
		t[i] = string(rune(i))
	}
	t['\''], t['`'] = "’", "‘"
	for i, n := range strings.Fields(`exclamdown cent sterling fraction yen florin section currency quotesingle quotedblleft guillemotleft
		guilsinglleft guilsinglright fi fl - endash dagger daggerdbl periodcentered - paragraph bullet quotesinglbase quotedblbase
		quotedblright guillemotright ellipsis perthousand - questiondown - grave acute circumflex tilde macron breve dotaccent dieresis -
		ring cedilla - hungarumlaut ogonek caron emdash`) {
		t[0xA1+i] = glyphNames[n]
	}
	for code, n := range map[int]string{
		0xE1: "AE", 0xE3: "ordfeminine", 0xE8: "Lslash", 0xE9: "Oslash", 0xEA: "OE", 0xEB: "ordmasculine", 0xF1: "ae", 0xF5: "dotlessi",
		0xF8: "lslash", 0xF9: "oslash", 0xFA: "oe", 0xFB: "germandbls",
	} {
		t[code] = glyphNames[n]
	}
	return &t
}
