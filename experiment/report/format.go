// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// How much of a text is shown, in characters.
const (
	nameLength = 120
	textLength = 300
	pathLength = 1000
)

// line is a text on one line, without what is not text, cut to so many characters.
func line(text string, most int) string {
	// A character has at most four bytes; what is far beyond the cut is not looked at.
	long := len(text) > 8*most
	if long {
		text = text[:8*most]
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	text = strings.Join(strings.Fields(text), " ")
	if letters := []rune(text); len(letters) > most || long {
		return strings.TrimSpace(string(letters[:min(len(letters), most-1)])) + "…"
	}
	return text
}

const (
	minus  = "−"
	absent = "–" // there is no value
)

// figures is a measure's value.
func figures(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return absent
	}
	return strings.Replace(strconv.FormatFloat(v, 'f', 3, 64), "-", minus, 1)
}

// signed is a difference of values.
func signed(v float64) string {
	text := figures(v)
	switch {
	case text == "0.000" || text == minus+"0.000":
		return "±0.000"
	case v > 0 && text != absent:
		return "+" + text
	}
	return text
}

// chance is a p.
func chance(p float64) string {
	switch {
	case !(p >= 0):
		return absent
	case p < 0.001:
		return "< 0.001"
	case p < 0.0995:
		return strconv.FormatFloat(p, 'f', 3, 64)
	}
	return strconv.FormatFloat(p, 'f', 2, 64)
}

// equation is a p with its sign, for sentences.
func equation(p float64) string {
	if text := chance(p); strings.HasPrefix(text, "<") {
		return "p " + text
	}
	return "p = " + chance(p)
}

// milliseconds is a time without its unit.
func milliseconds(ms float64) string {
	switch {
	case !(ms > 0):
		return absent
	case ms < 0.01:
		return "< 0.01"
	case ms < 1:
		return strconv.FormatFloat(ms, 'f', 2, 64)
	case ms < 99.95:
		return strconv.FormatFloat(ms, 'f', 1, 64)
	case ms > math.MaxInt32:
		return strconv.FormatFloat(ms, 'g', 3, 64)
	}
	return count(int(math.Round(ms)))
}

// duration is a time with its unit.
func duration(ms float64) string {
	if ms >= 9_950 {
		return strconv.FormatFloat(ms/1000, 'f', 1, 64) + "\u00a0s"
	}
	if !(ms > 0) {
		return "no time"
	}
	return milliseconds(ms) + "\u00a0ms"
}

// count writes a whole number with commas between thousands.
func count[T ~int | ~int64](n T) string {
	digits := strconv.FormatInt(int64(n), 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(digits) - 3; i > start; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func plural[T ~int | ~int64](n T, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

// bytesText is a size in units of 1,024.
func bytesText(n int64) string {
	size, unit := float64(n), "bytes"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if size < 1024 {
			break
		}
		size, unit = size/1024, next
	}
	if unit == "bytes" {
		return plural(n, "byte", "bytes")
	}
	return strconv.FormatFloat(size, 'f', 1, 64) + " " + unit
}

// list joins words: "5, 10 and 20".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// commandLine joins arguments so that a shell takes them apart again.
func commandLine(args []string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,@=+%"
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = a
		if a == "" || strings.Trim(a, plain) != "" {
			quoted[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}
