// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

import (
	"cmp"
	"strings"
	"time"
)

// period is the time that a date names, from start until before end, in microseconds since 1970-01-01 UTC.
type period struct{ start, end int64 }

// compare places a moment against the period: -1 before, 0 inside, 1 after.
func (p period) compare(moment int64) int {
	if moment >= p.end {
		return 1
	}
	return min(0, cmp.Compare(moment, p.start))
}

// longestDate is the longest form that parsePeriod reads: nanoseconds and a numeric zone.
const longestDate = len("2006-01-02T15:04:05.000000000+00:00")

// parsePeriod reads YYYY, YYYY-MM, YYYY-MM-DD, and a day with a time behind T or a space: hours and minutes, seconds and a
// fraction if wanted, and Z or ±hh:mm or nothing (UTC).
func parsePeriod(s string) (p period, ok bool) {
	// Most strings of documents are no dates; these two looks at them cost little.
	if len(s) < 4 || len(s) > longestDate || s[0] < '0' || s[0] > '9' || s[3] < '0' || s[3] > '9' {
		return period{}, false
	}
	switch len(s) {
	case 4:
		return parseAs("2006", s, func(t time.Time) time.Time { return t.AddDate(1, 0, 0) })
	case 7:
		return parseAs("2006-01", s, func(t time.Time) time.Time { return t.AddDate(0, 1, 0) })
	case 10:
		return parseAs("2006-01-02", s, func(t time.Time) time.Time { return t.AddDate(0, 0, 1) })
	}
	if len(s) < len("2006-01-02T15:04") || s[10] != 'T' && s[10] != ' ' {
		return period{}, false
	}
	clock, zone := s[11:], ""
	if i := strings.IndexAny(clock, "Z+-"); i >= 0 {
		clock, zone = clock[:i], clock[i:]
	}
	layout := "2006-01-02" + s[10:11] + "15:04"
	var step time.Duration
	// time.Parse would also take one digit for the hour, a comma, and zones a day away.
	switch {
	case zone != "" && zone != "Z" && (!shaped(zone[1:], "00:00") || zone[1:3] > "23"):
		return period{}, false
	case shaped(clock, "00:00"):
		step = time.Minute
	case shaped(clock, "00:00:00"):
		layout, step = layout+":05", time.Second
	case len(clock) > 9 && len(clock) <= 18 && shaped(clock, "00:00:00.000000000"[:len(clock)]):
		layout, step = layout+":05", time.Microsecond // time.Parse reads the fraction by itself
	default:
		return period{}, false
	}
	if zone != "" {
		layout += "Z07:00"
	}
	return parseAs(layout, s, func(t time.Time) time.Time { return t.Add(step) })
}

// shaped reports whether s has digits where shape has 0, and otherwise its characters.
func shaped(s, shape string) bool {
	if len(s) != len(shape) {
		return false
	}
	for i := range len(s) {
		if digit := '0' <= s[i] && s[i] <= '9'; digit != (shape[i] == '0') || !digit && s[i] != shape[i] {
			return false
		}
	}
	return true
}

func parseAs(layout, s string, after func(time.Time) time.Time) (period, bool) {
	t, err := time.Parse(layout, s)
	if err != nil {
		return period{}, false
	}
	return period{t.UnixMicro(), after(t).UnixMicro()}, true
}
