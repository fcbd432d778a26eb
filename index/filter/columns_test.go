// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package filter

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/bitset"
)

var fieldNames = []string{"lang", "year", "tag", "a.b", "odd name", "when"}

// values draws values of documents; their neighbours meet in literals.
func values() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.SampledFrom([]any{
			"en", "de", "", "EN", "é", "a\nb", "2020", "2020-05", "2020-05-17", "2020-05-17T10:00:00Z", "2021-01-01", "1999-12-31",
			true, false, 0, 1, -1, 2020, 2021, 2.5, math.Copysign(0, -1), 2020.5, int64(math.MaxInt64), int64(math.MinInt64), float64(1 << 63), -float64(1 << 63), 1e300,
			int64(1<<53 + 1), float64(1 << 53), uint8(7), nil,
		}),
		rapid.Map(rapid.IntRange(2018, 2023), func(i int) any { return i }),
		rapid.Map(rapid.StringMatching(`[a-c]{0,3}`), func(s string) any { return s }),
	)
}

func metas() *rapid.Generator[map[string]any] {
	return rapid.Custom(func(t *rapid.T) map[string]any {
		meta := map[string]any{}
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(fieldNames), 0, 5).Draw(t, "fields") {
			var v any = values().Draw(t, "value")
			if rapid.Bool().Draw(t, "list") {
				v = rapid.SliceOfN(values(), 0, 3).Draw(t, "values")
			}
			if outer, inner, ok := strings.Cut(name, "."); ok {
				meta[outer] = map[string]any{inner: v}
			} else {
				meta[name] = v
			}
		}
		return meta
	})
}

// exprs draws expressions as text.
func exprs(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		field := quoteField(rapid.SampledFrom(append(fieldNames, "missing")).Draw(t, "field"))
		lit := func() string {
			switch v := values().Draw(t, "literal").(type) {
			case nil:
				return rapid.SampledFrom([]string{"2020-05", "2020-05-17", "2020-05-17T10:00:00Z", "1999-12-31T23:59", "2020", "2.5", "9223372036854775808", "1e3"}).Draw(t, "date")
			case string:
				return quote(v)
			default:
				return strings.TrimSuffix(strings.ReplaceAll(fmt.Sprint(v), "+", ""), ".0")
			}
		}
		kinds := 4
		if depth > 0 {
			kinds = 7
		}
		sub := func() string { return exprs(depth-1).Draw(t, "part") }
		switch rapid.IntRange(0, kinds).Draw(t, "kind") {
		case 0:
			return "exists " + field
		case 1:
			list := []string{lit()}
			for range rapid.IntRange(0, 2).Draw(t, "more") {
				list = append(list, lit())
			}
			return field + rapid.SampledFrom([]string{" in (", " not in ("}).Draw(t, "in") + strings.Join(list, ",") + ")"
		case 2:
			return field + " like " + quote(rapid.StringMatching(`[a-c2*?\\e-]{0,4}`).Draw(t, "pattern"))
		case 3, 4:
			l := lit()
			ops := operators[:]
			if l == "true" || l == "false" {
				ops = ops[:2]
			}
			return field + rapid.SampledFrom(ops).Draw(t, "operator") + l
		case 5:
			return "not (" + sub() + ")"
		case 6:
			return "(" + sub() + " and " + sub() + ")"
		}
		return "(" + sub() + ") or " + sub()
	})
}

func build(t interface{ Fatal(...any) }, docs []map[string]any) *segment.Memory {
	var b Builder
	for _, meta := range docs {
		if err := b.Add(meta); err != nil {
			t.Fatal(err)
		}
	}
	m := segment.NewMemory()
	if err := b.Write(m); err != nil {
		t.Fatal(err)
	}
	return m
}

func open(t interface{ Fatal(...any) }, m *segment.Memory, docs int) *Columns {
	c, err := Open(m.Reader(), docs)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParseOfStringIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := parse(t, exprs(4).Draw(t, "expression"))
		again := parse(t, e.String())
		if !reflect.DeepEqual(e, again) || e.String() != again.String() {
			t.Fatalf("%s became %s", e, again)
		}
	})
}

func TestEvalIsMatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		docs := rapid.SliceOfN(metas(), 0, 70).Draw(t, "documents")
		c := open(t, build(t, docs), len(docs))
		if err := c.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, s := range rapid.SliceOfN(exprs(3), 1, 5).Draw(t, "expressions") {
			e := parse(t, s)
			set, err := c.Eval(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			if set.Len() != len(docs) {
				t.Fatalf("set of length %d for %d documents", set.Len(), len(docs))
			}
			for i, meta := range docs {
				want, err := e.Match(meta)
				if err != nil || set.Contains(i) != want {
					t.Fatalf("%s of %v: eval %v, match %v, %v", e, meta, set.Contains(i), want, err)
				}
			}
			// Of one comparison all warnings but that of text beside dates say that it finds nothing.
			warned := slices.DeleteFunc(e.Warnings(c.Fields()), func(w string) bool { return strings.Contains(w, "compared as text") })
			if len(warned) > 0 && !strings.ContainsAny(s, "n(") && set.Count() > 0 {
				t.Fatalf("%s finds %d documents but warns %v", e, set.Count(), warned)
			}
		}
	})
}

func TestMergeIsBuildingAnew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var parts []Part
		var left []map[string]any
		for range rapid.IntRange(0, 4).Draw(t, "parts") {
			docs := rapid.SliceOfN(metas(), 0, 12).Draw(t, "documents")
			p := Part{Columns: open(t, build(t, docs), len(docs))}
			if rapid.Bool().Draw(t, "deletes") {
				p.Keep = bitset.New(len(docs))
			}
			for i, d := range docs {
				if p.Keep == nil {
					left = append(left, d)
				} else if rapid.Bool().Draw(t, "keep") {
					p.Keep.Add(i)
					left = append(left, d)
				}
			}
			parts = append(parts, p)
		}
		merged := segment.NewMemory()
		if err := Merge(t.Context(), merged, parts); err != nil {
			t.Fatal(err)
		}
		anew := build(t, left).Reader()
		for _, name := range []string{sectionFields, sectionData} {
			a, errA := anew.Section(name)
			b, errB := merged.Reader().Section(name)
			if err := errors.Join(errA, errB); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(a.Bytes(), b.Bytes()); diff != "" {
				t.Fatalf("%s (-anew +merged):\n%s", name, diff)
			}
		}
	})
}

func TestMergeRefusesASetOfAnotherLength(t *testing.T) {
	c := open(t, build(t, []map[string]any{{"a": 1}}), 1)
	if err := Merge(t.Context(), segment.NewMemory(), []Part{{c, bitset.New(2)}}); err == nil || !strings.Contains(err.Error(), "length 2") {
		t.Errorf("error %v", err)
	}
}

func TestFields(t *testing.T) {
	c := open(t, build(t, []map[string]any{
		{"lang": "en", "n": []any{1, 2.5, 1}}, nil, {"lang": []string{"en", "de", "en"}, "b": true, "when": "2020-01"},
	}), 3)
	want := []Field{{Name: "b", Bools: 1}, {Name: "lang", Strings: 3, Distinct: 2}, {Name: "n", Numbers: 2}, {Name: "when", Strings: 1, Distinct: 1, Dates: true}}
	if diff := cmp.Diff(want, c.Fields()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if c.Len() != 3 {
		t.Errorf("%d documents", c.Len())
	}
}

func TestTooManyFields(t *testing.T) {
	var b Builder
	meta := map[string]any{}
	for i := range maxFields {
		meta[fmt.Sprint("f", i)] = i
	}
	if err := b.Add(meta); err != nil {
		t.Fatal(err)
	}
	if err := b.Add(map[string]any{"f1": 2, "one more": 1}); err == nil || !strings.Contains(err.Error(), `field "one more"`) {
		t.Errorf("error %v", err)
	}
	if err := b.Add(map[string]any{"f1": 2}); err != nil || b.Len() != 2 {
		t.Errorf("error %v, %d documents", err, b.Len())
	}
	m := segment.NewMemory()
	if err := b.Write(m); err != nil {
		t.Fatal(err)
	}
	set, err := open(t, m, 2).Eval(t.Context(), parse(t, "f1 = 2"))
	if err != nil || set.Count() != 1 || !set.Contains(1) {
		t.Errorf("%v, %v", set, err)
	}
}

func TestOpenRefusesAnotherNumberOfDocuments(t *testing.T) {
	var corrupt *segment.CorruptionError
	if _, err := Open(build(t, []map[string]any{{"a": 1}}).Reader(), 2); !errors.As(err, &corrupt) {
		t.Errorf("error %v", err)
	}
	if _, err := Open(segment.NewMemory().Reader(), 0); !errors.As(err, &corrupt) {
		t.Errorf("error %v", err)
	}
}

// sample is columns with every kind of array, and expressions that read all of them.
func sample(t interface{ Fatal(...any) }) (*segment.Memory, int, []string) {
	docs := []map[string]any{
		{"s": "en", "n": 1, "b": true, "when": "2020-05-01"}, {"s": []any{"de", "fr"}, "n": 2.5}, {"s": "x", "n": 3, "b": false, "when": "2021"}, {"n": []int{7, 8}},
	}
	return build(t, docs), len(docs), []string{
		`s = "en"`, `s > "a"`, `s like "*"`, `n >= 2`, `n != 3`, `b = true`, `b != true`, `when > 2020-06`, `exists s and exists n and not exists when`,
	}
}

// mutated opens the sample with other bytes and asks everything: errors are welcome, panics are not.
func mutated(t *testing.T, fields, data []byte, docs int, questions []string) (clean bool) {
	t.Helper()
	m := segment.NewMemory()
	for name, b := range map[string][]byte{sectionFields: fields, sectionData: data} {
		w, err := m.Section(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Open(m.Reader(), docs)
	if err != nil {
		return false
	}
	var corrupt *segment.CorruptionError
	clean = true
	note := func(err error) {
		if err != nil && !errors.As(err, &corrupt) {
			t.Fatalf("error %v", err)
		}
		clean = clean && err == nil
	}
	note(c.Check(t.Context()))
	for _, q := range questions {
		_, err := c.Eval(t.Context(), parse(t, q))
		note(err)
	}
	note(Merge(t.Context(), segment.NewMemory(), []Part{{c, nil}}))
	for _, name := range fieldNames {
		_, err := c.Strings(name)
		note(err)
	}
	return clean
}

func sectionsOf(t testing.TB, m *segment.Memory) (fields, data []byte) {
	for _, s := range []struct {
		name string
		to   *[]byte
	}{{sectionFields, &fields}, {sectionData, &data}} {
		section, err := m.Reader().Section(s.name)
		if err != nil {
			t.Fatal(err)
		}
		*s.to = append([]byte(nil), section.Bytes()...)
	}
	return fields, data
}

func TestHostileBytes(t *testing.T) {
	m, docs, questions := sample(t)
	fields, data := sectionsOf(t, m)
	if !mutated(t, fields, data, docs, questions) {
		t.Fatal("the sample itself is not clean")
	}
	for _, x := range []byte{0, 1, 0x7f, 0x80, 0xff} {
		for i := range fields {
			old := fields[i]
			fields[i] = x
			mutated(t, fields, data, docs, questions)
			fields[i] = old
		}
		for i := range data {
			old := data[i]
			data[i] = x
			mutated(t, fields, data, docs, questions)
			data[i] = old
		}
	}
	for i := range fields {
		mutated(t, fields[:i], data, docs, questions)
	}
	for i := range data {
		if mutated(t, fields, data[:i], docs, questions) {
			t.Fatalf("data cut to %d bytes is clean", i)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`lang = "en" and year >= 2020 and not tag in ("draft")`, `(a like 'x*' or exists "b c") and d < 2020-05-01T10:00:00Z`, `a not in (true, -1.5e3, "\u00e9")`, `((((`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := Parse(s)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(s) || err.Error() == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		again, err := Parse(e.String())
		if err != nil && len(e.String()) > MaxLength {
			return // canonical form can be a little longer
		}
		if err != nil || !reflect.DeepEqual(e, again) {
			t.Fatalf("%q became %q: %v", s, e, err)
		}
		if _, err := e.Match(map[string]any{"a": 1, "lang": "en"}); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzOpen(f *testing.F) {
	m, docs, questions := sample(f)
	fields, data := sectionsOf(f, m)
	f.Add(fields, data)
	f.Fuzz(func(t *testing.T, fields, data []byte) { mutated(t, fields, data, docs, questions) })
}

var sinkSet *bitset.Set

func BenchmarkEval(b *testing.B) {
	const docs = 1_000_000
	r := rand.New(rand.NewPCG(1, 2))
	var builder Builder
	langs := []string{"en", "de", "fr", "es"}
	for i := range docs {
		if err := builder.Add(map[string]any{
			"lang": langs[r.IntN(len(langs))], "year": 1990 + r.IntN(36), "score": r.Float64(), "path": fmt.Sprintf("docs/%d/%d.md", i%100, i), "draft": r.IntN(20) == 0,
		}); err != nil {
			b.Fatal(err)
		}
	}
	m := segment.NewMemory()
	if err := builder.Write(m); err != nil {
		b.Fatal(err)
	}
	c := open(b, m, docs)
	for _, s := range []string{`lang = "en"`, `year = 2020`, `year >= 2020`, `score < 0.001`, `score < 0.9`, `not draft = true`, `path like "docs/7/*"`, `path like "*77.md"`, `lang = "en" and year >= 2020 and draft = false`} {
		e := parse(b, s)
		b.Run(strings.ReplaceAll(s, " ", ""), func(b *testing.B) {
			for b.Loop() {
				var err error
				if sinkSet, err = c.Eval(b.Context(), e); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(sinkSet.Count()), "documents")
		})
	}
}

func TestMergeStops(t *testing.T) {
	c := open(t, build(t, []map[string]any{{"a": "x"}}), 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Merge(ctx, segment.NewMemory(), []Part{{c, nil}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestEvalStops(t *testing.T) {
	c := open(t, build(t, []map[string]any{{"a": "2020-01-01"}}), 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, q := range []string{"a = 1", `a like "x*"`, "a >= 2019", "a in (1, 2)", "not a = 1"} {
		if _, err := c.Eval(ctx, parse(t, q)); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", q, err)
		}
	}
}

// A float32 is the number that it is written as: filters see what hits show.
func TestFloat32(t *testing.T) {
	c := open(t, build(t, []map[string]any{{"a": float32(0.1)}}), 1)
	if set, err := c.Eval(t.Context(), parse(t, "a = 0.1")); err != nil || set.Count() != 1 {
		t.Errorf("%v, %v", set, err)
	}
}

func TestStrings(t *testing.T) {
	c := open(t, build(t, []map[string]any{{"a": "x"}, {"b": "y"}, {"a": 7}, {"a": "z"}, {"a": "x"}}), 5)
	for name, want := range map[string][]string{"a": {"x", "", "", "z", "x"}, "b": {"", "y", "", "", ""}, "c": make([]string, 5)} {
		got, err := c.Strings(name)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}
