// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func parse(t interface{ Fatalf(string, ...any) }, s string) *Expr {
	e, err := Parse(s)
	if err != nil {
		t.Fatalf("%s", err)
	}
	return e
}

func TestCanonicalForm(t *testing.T) {
	for s, want := range map[string]string{
		`lang='en' AND year>=2020 and not tag IN("draft")`: `lang = "en" and year >= 2020 and not tag in ("draft")`,
		`(a=1 and (b=2 and c=3)) or ((d=4))`:               `a = 1 and b = 2 and c = 3 or d = 4`,
		`a=1 and (b=2 or c=3)`:                             `a = 1 and (b = 2 or c = 3)`,
		`not (a=1 or b=2) and not not c=3`:                 `not (a = 1 or b = 2) and not not c = 3`,
		`x not in (1, 2.0, -0, 1e3, 2.5)`:                  `not x in (1, 2, 0, 1000, 2.5)`,
		`x not like 'a"b\'\u00e9\t*'`:                      `not x like "a\"b'é\t*"`,
		`"my field" = true or "and" != false`:              `"my field" = true or "and" != false`,
		`exists author.name`:                               `exists author.name`,
		`d >= 2020-05-01T10:00:00+02:00 and d < 2021-06`:   `d >= 2020-05-01T10:00:00+02:00 and d < 2021-06`,
		`größe = 9223372036854775807`:                      `größe = 9223372036854775807`,
		`a = 9223372036854775808`:                          `a = 9.223372036854776e+18`,
		"a\n=\t\"\\n\\u0001\"":                             `a = "\n\u0001"`,
	} {
		if got := parse(t, s).String(); got != want {
			t.Errorf("%s\n got %s\nwant %s", s, got, want)
		}
	}
}

func TestFieldsOfExpr(t *testing.T) {
	got := parse(t, `b = 1 or not (a like "x" and exists c.d and b in (2))`).Fields()
	if diff := cmp.Diff([]string{"a", "b", "c.d"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestEqualsOfExpr(t *testing.T) {
	got := parse(t, `format = "pdf" or not (format in ("text", 3) and format != "x" and ext = "y" and format like "z")`).Equals("format")
	if diff := cmp.Diff([]string{"pdf", "text"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSyntaxErrors(t *testing.T) {
	for _, tt := range []struct {
		expr   string
		offset int
		want   string
	}{
		{``, 0, `expected a field, exists, not or (, found the end`},
		{`lang`, 4, `expected =, !=, <, <=, >, >=, in, not in or like, found the end`},
		{`lang == "en"`, 5, `found "==": write =`},
		{`lang <> "en"`, 5, `found "<>": write !=`},
		{`a = 1 && b = 2`, 6, `expected and, or or the end, found "&&": write and`},
		{`a = 1 || b = 2`, 6, `write or`},
		{`!a = 1`, 0, `write not`},
		{`lang = en`, 7, `found "en": strings are written in quotes`},
		{`(a = 1 and b = 2`, 0, `this parenthesis is not closed`},
		{`(a = 1 b = 2)`, 7, `expected and, or or ), found "b"`},
		{`a = 1)`, 5, `expected and, or or the end, found ")"`},
		{`a in 1`, 5, `expected (, found "1"`},
		{`a in ()`, 6, `expected a string in quotes, a number, a date, true or false, found ")"`},
		{`a in (1 2)`, 8, `expected , or ), found "2"`},
		{`a not = 1`, 6, `expected in or like, found "="`},
		{`a = "x`, 4, `the string is not closed`},
		{`a = "\q"`, 5, `known escapes are`},
		{`a = "\ud800"`, 5, `four hexadecimal digits`},
		{`a = "\u12`, 5, `four hexadecimal digits`},
		{`a < true`, 2, `= and != only`},
		{`a = 2020-13`, 4, `neither a number nor a date`},
		{`a = 1e999`, 4, `neither a number nor a date`},
		{`a = 1.`, 4, `neither a number nor a date`},
		{`'a' = 1`, 0, `found the string 'a': the field comes first`},
		{`2020 < a`, 0, `the field comes first`},
		{`and = 1`, 0, `a field with this name is written in double quotes`},
		{`exists`, 6, `expected a field, found the end`},
		{`a like 5`, 7, `expected a pattern in quotes, found "5"`},
		{`a like "` + strings.Repeat("x", 1025) + `"`, 7, `longer than 1024 bytes`},
		{"a = \"\xff\"", 5, `not valid UTF-8`},
		{"\"�\" = \xff", 8, `not valid UTF-8`},
		{strings.Repeat("(", 102), 101, `more than 100 parentheses`},
		{strings.Repeat("not ", 102) + "a = 1", 404, `more than 100 parentheses`},
		{strings.Repeat(" ", 1<<16) + "a", 1 << 16, `longer than 65536 bytes`},
	} {
		_, err := Parse(tt.expr)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%.50q: error %v", tt.expr, err)
			continue
		}
		if syntax.Offset != tt.offset || !strings.Contains(err.Error(), tt.want) || syntax.Expr != tt.expr {
			t.Errorf("%.50q: offset %d, want %d:\n%v", tt.expr, syntax.Offset, tt.offset, err)
		}
	}
}

func TestSyntaxErrorShowsThePlace(t *testing.T) {
	_, err := Parse("größe = 1 and lang =\ten")
	want := "filter: expected a string in quotes, a number, a date, true or false, found \"en\": strings are written in quotes\n" +
		"  größe = 1 and lang = en\n" +
		"                       ^"
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err = Parse(strings.Repeat("a = 1 and ", 50) + "?" + strings.Repeat(" or a = 2", 50))
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 3 || len([]rune(lines[1])) > 130 || []rune(lines[1])[strings.Index(lines[2], "^")] != '?' {
		t.Errorf("%s", err)
	}
}

func TestMatch(t *testing.T) {
	meta := map[string]any{
		"lang": "en", "year": 2021, "rating": 4.5, "draft": false, "tag": []any{"a", "b"}, "none": nil, "empty": []string{},
		"author": map[string]any{"name": "Ann", "age": json.Number("50")}, "path": "docs/x/y.md", "when": "2020-05-17", "big": int64(1<<53 + 1),
		"at": time.Date(2020, 5, 31, 23, 30, 0, 0, time.FixedZone("", -3600)), "mixed": []any{1, "x", true}, "odd name": "1",
		"huge": uint64(1 << 63), "month": "2020-05", "published": "1999",
	}
	for expr, want := range map[string]bool{
		`lang = "en"`:                       true,
		`lang = "EN"`:                       false,
		`lang != "de"`:                      true,
		`lang > "de" and lang < "fr"`:       true,
		`lang = 5`:                          false,
		`lang != 5`:                         false,
		`not lang = 5`:                      true,
		`year >= 2020`:                      true,
		`year = 2021.0`:                     true,
		`year > 2020.9 and year < 2021.1`:   true,
		`rating > 4 and rating <= 4.5`:      true,
		`draft = false`:                     true,
		`draft != false`:                    false,
		`tag = "a"`:                         true,
		`tag = "c"`:                         false,
		`tag != "a"`:                        false,
		`tag != "c"`:                        true,
		`tag in ("c", "b")`:                 true,
		`tag not in ("c", "b")`:             false,
		`exists none or exists empty`:       false,
		`none = "x"`:                        false,
		`none != "x"`:                       false,
		`none not in ("x")`:                 true,
		`not missing = 1`:                   true,
		`author.name = "Ann"`:               true,
		`author.age >= 50`:                  true,
		`exists author`:                     false,
		`path like "docs/*"`:                true,
		`path like "docs/?/*.md"`:           true,
		`path like "*.MD"`:                  false,
		`lang like "en"`:                    true,
		`year like "*"`:                     false,
		`when = 2020`:                       true,
		`when = 2020-05`:                    true,
		`when = 2020-05-17`:                 true,
		`when > 2020-05`:                    false,
		`when >= 2020-05 and when <= 2020`:  true,
		`when < 2020-05-18`:                 true,
		`when != 2021`:                      true,
		`when = 2020-05-17T00:00:00Z`:       true,
		`when > 2020-05-16T23:59:59.999999`: true,
		`lang != 2020-01`:                   false,
		`at = 2020-06-01`:                   true,
		`at = 2020-06-01T00:30`:             true,
		`at < 2020-06`:                      false,
		`month = 2020-05 and month = 2020`:  true,
		`published < 2000`:                  true,
		`published < 20000`:                 false,
		`big = 9007199254740993`:            true,
		`big = 9007199254740992`:            false,
		`huge > 9223372036854775807`:        true,
		`mixed = 1 and mixed = "x"`:         true,
		`mixed = true and mixed != false`:   true,
		`"odd name" = "1"`:                  true,
	} {
		got, err := parse(t, expr).Match(meta)
		if err != nil || got != want {
			t.Errorf("%s is %v, %v", expr, got, err)
		}
	}
}

func TestDates(t *testing.T) {
	day := int64(24 * 3600 * 1e6)
	for s, want := range map[string]period{
		"1970":                           {0, 365 * day},
		"1970-01":                        {0, 31 * day},
		"1970-01-02":                     {day, 2 * day},
		"1970-01-01T00:01":               {60e6, 120e6},
		"1970-01-01 00:00:01":            {1e6, 2e6},
		"1970-01-01T00:00:01Z":           {1e6, 2e6},
		"1970-01-01T01:00:01+01:00":      {1e6, 2e6},
		"1969-12-31T23:00:00.5-01:00":    {5e5, 5e5 + 1},
		"1970-01-01T00:00:00.000001999Z": {1, 2},
		"9999-12-31T23:59:59.999999999Z": {253402300799999999, 253402300800000000},
		"0000-01-01T00:00:00Z":           {-62167219200000000, -62167219199000000},
		"2020-02-29":                     {1582934400e6, 1583020800e6},
	} {
		if got, ok := parsePeriod(s); !ok || got != want {
			t.Errorf("%s is %v, %v; want %v", s, got, ok, want)
		}
	}
	for _, s := range []string{
		"", "20", "x", "20x0", "2021-02-29", "2020-1-1", "2020-01-01T", "2020-01-01T1:00", "2020-01-01T10:00:00,5Z", "2020-01-01T25:00", "20200101", "2020-01-01T10:00:00Z ", "2020-01-01T10:00:00.Z",
		"2020-01-01T1:00:00Z", "2020-01-01T10:00:00+24:00", "2020-01-01T10:00:00+1:00", "2020-01-01T10:00:60", "2020-01-01T10:00:00.1234567891", "-020", "+2020",
	} {
		if got, ok := parsePeriod(s); ok {
			t.Errorf("%q is %v", s, got)
		}
	}
}

func TestGlob(t *testing.T) {
	for _, tt := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true},
		{"", "x", false},
		{"*", "", true},
		{"**", "é", true},
		{"?", "é", true},
		{"?", "", false},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "a-b-b-d", false},
		{`\*`, "*", true},
		{`\*`, "x", false},
		{`a\`, `a\`, true},
		{"*ab", "aab", true},
		{"é*", "tée", false},
		{"é*é", "été", true},
	} {
		if got := compileGlob(tt.pattern).match(tt.s); got != tt.want {
			t.Errorf("%q like %q is %v", tt.s, tt.pattern, got)
		}
	}
}

func TestGlobAgainstRecursion(t *testing.T) {
	var slow func(p, s string) bool
	slow = func(p, s string) bool {
		switch {
		case p == "":
			return s == ""
		case p[0] == '*':
			return slow(p[1:], s) || s != "" && slow(p, s[1:])
		}
		return s != "" && (p[0] == '?' || p[0] == s[0]) && slow(p[1:], s[1:])
	}
	rapid.Check(t, func(t *rapid.T) {
		p, s := rapid.StringMatching(`[ab*?]{0,8}`).Draw(t, "pattern"), rapid.StringMatching(`[ab]{0,10}`).Draw(t, "text")
		if got := compileGlob(p).match(s); got != slow(p, s) {
			t.Fatalf("%q like %q is %v", s, p, got)
		}
	})
}

func TestMetadataErrorsNameTheField(t *testing.T) {
	loop := map[string]any{}
	loop["self"] = loop
	for _, tt := range []struct {
		meta map[string]any
		want string
	}{
		{map[string]any{"a": map[string]any{"b": make(chan int)}}, `field "a.b" has a value of type chan int`},
		{map[string]any{"a": []any{1, []any{2}}}, `field "a" has a value of type list in a list: give strings, numbers, true or false, times, lists of these, or objects (element 2 of the list)`},
		{map[string]any{"a": []any{map[string]any{}}}, `field "a"`},
		{map[string]any{"a": json.Number("1e999")}, `field "a": "1e999" is not a number`},
		{map[string]any{"a": float32(0) / func() float32 { return 0 }()}, `field "a": NaN is not a finite number`},
		{map[string]any{"": 1}, `empty name`},
		{map[string]any{strings.Repeat("x", 2000): 1}, `a name of 2000 bytes`},
		{loop, `more than 32 objects deep`},
	} {
		var b Builder
		if err := b.Add(tt.meta); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %v, want %s", err, tt.want)
		}
		if b.Len() != 0 {
			t.Error("a refused document counts")
		}
	}
}

func TestWarnings(t *testing.T) {
	fields := MergeFields([]Field{{Name: "lang", Strings: 3, Distinct: 2}, {Name: "year", Numbers: 1}}, []Field{{Name: "lang", Strings: 1, Distinct: 1}, {Name: "when", Strings: 1, Dates: true}})
	if diff := cmp.Diff([]Field{{Name: "lang", Strings: 4, Distinct: 2}, {Name: "when", Strings: 1, Dates: true}, {Name: "year", Numbers: 1}}, fields); diff != "" {
		t.Error(diff)
	}
	e := parse(t, `lnag = "en" and lang = 5 and (year in (2020, "x") or year like "20*" or not lnag = "de") and when > 2020 and when < 2021-01 and year = true and year < 2020-01 and exists zzzzzz and when >= "yesterday" and when >= "2020-01" and when = "now"`)
	want := []string{
		"no document has the field lnag; did you mean lang?",
		"field lang has no numbers to compare with 5",
		`field year has no strings to compare with "x"`,
		`field year has no strings, so nothing is like "20*"`,
		"field year has no values true or false to compare with true",
		"field year has no dates to compare with 2020-01",
		"no document has the field zzzzzz",
		`field when has dates, and "yesterday" is none: they are compared as text`,
	}
	if diff := cmp.Diff(want, e.Warnings(fields)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
