// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package term

import (
	"math"
	"strconv"
)

// Count writes a whole number with commas between thousands: 1,234,567.
func Count[T ~int | ~int64](n T) string {
	digits := strconv.FormatInt(int64(n), 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Plural writes a count with its noun: "1 text", "1,200 texts".
func Plural[T ~int | ~int64](n T, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// Bytes writes a size in decimal units with three digits: 14.4 MB.
func Bytes(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	v := float64(n)
	for _, unit := range []string{" kB", " MB", " GB"} {
		if v /= 1000; v < 999.5 {
			return threeDigits(v) + unit
		}
	}
	return threeDigits(v/1000) + " TB"
}

func threeDigits(v float64) string {
	decimals := 0
	switch {
	case v < 9.995:
		decimals = 2
	case v < 99.95:
		decimals = 1
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

// Score writes a score with four decimals: enough to tell neighbours apart, and aligned in a column.
func Score(v float32) string { return strconv.FormatFloat(float64(v), 'f', 4, 32) }

// Difference writes a small number with two digits: 1.2e-07, and 0 as it is.
func Difference(v float64) string {
	if v == 0 {
		return "0"
	}
	if a := math.Abs(v); a >= 0.001 && a < 1000 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	return strconv.FormatFloat(v, 'e', 1, 64)
}
