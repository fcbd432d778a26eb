// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/winnow-search/winnow/document"
)

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const runText = "\uFEFFq2 Q0 b 1 0.5 first\r\n" +
	"q1\tQ0\ta\t1\t1e0\tsecond\n" +
	"\n" +
	"q2 Q0 c 2 0.5000000001 first\n" +
	"q1 0 \u00a0é 9 -3.4e38 x\n" +
	"q1 0 z 0 3.4028235e38 x"

func TestReadRun(t *testing.T) {
	want := &Run{Tag: "first", Lists: map[string][]Scored{
		"q1": {{"z", math.MaxFloat32}, {"a", 1}, {"\u00a0é", float64(float32(-3.4e38))}},
		"q2": {{"c", 0.5}, {"b", 0.5}},
	}}
	for _, text := range []string{runText, zipped(t, runText)} {
		path := filepath.Join(t.TempDir(), "run") // no name tells that it is compressed
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := LoadRun(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("run (-want +got):\n%s", diff)
		}
	}
	if got := want.Queries(); !cmp.Equal(got, []string{"q1", "q2"}) {
		t.Errorf("queries %v", got)
	}
}

func TestReadRunErrors(t *testing.T) {
	for _, tt := range []struct {
		text, want string
		is         error
	}{
		{"", "r: the run has no lines", document.ErrEmpty},
		{" \n\n", "the run has no lines", document.ErrEmpty},
		{"q Q0 a 1 1 t\nq Q0 b 2 t\n", "r: line 2: want 6 columns (query Q0 document rank score tag), got 5", nil},
		{"q Q0 a 1 1 t extra", "line 1: want 6 columns (query Q0 document rank score tag), got 7", nil},
		{"q Q0 a 1 nan t", `line 1: score "nan" has no place in an order`, nil},
		{"q Q0 a 1 1 t\nq Q0 b 2 -inf t", `line 2: score "-inf" is not finite`, nil},
		{"q Q0 a 1 1e39 t", `line 1: score "1e39" is not finite: scores are compared as numbers of 32 bits, up to 3.4e+38`, nil},
		{"q Q0 a 1 1e999 t", `line 1: score "1e999" is not finite`, nil},
		{"q Q0 a 1 high t", `line 1: score "high" is not a number`, nil},
		{"q Q0 a x 1 t", `line 1: rank "x" is not a number`, nil},
		{"q Q0 a 1 3 t\np Q0 a 1 2 t\nq Q0 a 9 2 t\np Q0 a 1 2 t\n", `line 3: query "q" has document "a" on line 1 already`, nil},
		{"q Q0 a 1 1 t\nq Q0 \x00 1 1 t", "line 2: binary data", document.ErrBinary},
		{"q Q0 a 1 1 t\n" + strings.Repeat("x", 1<<17), "line 2: line too long: more than 65536 bytes", document.ErrLineTooLong},
		{zipped(t, runText)[:40], "gzip cannot be unpacked", document.ErrDamaged},
		{"\x1f\x8b nothing", "gzip cannot be unpacked", document.ErrDamaged},
	} {
		run, err := ReadRun(strings.NewReader(tt.text), "r")
		if err == nil || run != nil || !strings.Contains(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%.40q: error %v, want %q", tt.text, err, tt.want)
		}
	}
	if _, err := LoadRun(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a run that is not there: %v", err)
	}
	n := 0
	err := eachLineUpTo(strings.NewReader("a\nb\nc\n"), "r", 2, func(int, string) error { n++; return nil })
	if err == nil || n != 2 || !strings.Contains(err.Error(), "line 3: more than 2 lines") {
		t.Errorf("%d lines, %v", n, err)
	}
}

func TestWriteRun(t *testing.T) {
	run := &Run{}
	for _, err := range []error{
		run.Add("q2", []Scored{{"a", 0.1}, {"b", 1}, {"c", 1 + 1e-12}}),
		run.Add("q10", nil),
		run.Add("q1", []Scored{{"x", math.MaxFloat32}}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var b strings.Builder
	if err := run.Write(&b); err != nil {
		t.Fatal(err)
	}
	if want := "q1 Q0 x 1 3.4028235e+38 winnow\nq2 Q0 c 1 1 winnow\nq2 Q0 b 2 1 winnow\nq2 Q0 a 3 0.1 winnow\n"; b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
	for want, r := range map[string]*Run{
		`query "a b" holds white space`:      {Lists: map[string][]Scored{"a b": {{"x", 1}}}},
		`document "a\tb" holds white space`:  {Lists: map[string][]Scored{"q": {{"a\tb", 1}}}},
		"document is empty":                  {Lists: map[string][]Scored{"q": {{"", 1}}}},
		`the tag "my run" holds white space`: {Tag: "my run"},
		"score is NaN":                       {Lists: map[string][]Scored{"q": {{"x", math.NaN()}}}},
		"is not a finite number of 32 bits":  {Lists: map[string][]Scored{"q": {{"x", 1e39}}}},
		"is at positions 1 and 2":            {Lists: map[string][]Scored{"q": {{"x", 1}, {"x", 2}}}},
		"has 20000 bytes":                    {Lists: map[string][]Scored{"q": {{strings.Repeat("x", 20000), 1}}}},
	} {
		if err := r.Write(io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	for want, add := range map[string][]Scored{"score is NaN": {{"x", math.NaN()}}, "ids must differ": {{"x", 1}, {"x", 2}}, `query "new": document "x": score -Inf is not a finite`: {{"y", 1}, {"x", math.Inf(-1)}}} {
		if err := run.Add("new", add); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if err := run.Add("q1", nil); err == nil || !strings.Contains(err.Error(), "already added") {
		t.Errorf("a query twice: %v", err)
	}
	full := errors.New("disk is full")
	if err := run.Write(writerFunc(func([]byte) (int, error) { return 0, full })); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
	if err := WriteQrels(writerFunc(func([]byte) (int, error) { return 0, full }), map[string]Judgments{"q": {"a": 1}}); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestScoresSurvive: every float32 is read as it was written.
func TestScoresSurvive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := math.Float32frombits(rapid.Uint32().Draw(t, "bits"))
		if want != want || math.IsInf(float64(want), 0) {
			return
		}
		got, err := runScore("1", scoreText(float64(want)))
		if err != nil || float32(got) != want {
			t.Fatalf("%v came back as %v, %v", want, got, err)
		}
	})
}

func FuzzReadRun(f *testing.F) {
	f.Add([]byte(runText))
	f.Add([]byte("q Q0 a 1 0x1p-3 t\nq Q0 b 2 1e-400 t\n"))
	f.Add([]byte("q Q0 a 1 1 t\nq Q0 a 2 2 t\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		run, err := ReadRun(bytes.NewReader(data), "r")
		if err != nil {
			if run != nil {
				t.Fatal("a run beside an error")
			}
			return
		}
		var first, second bytes.Buffer
		if err := run.Write(&first); err != nil {
			if strings.Contains(err.Error(), "at most") {
				return // an id that is longer than Write allows
			}
			t.Fatalf("cannot be written: %v", err)
		}
		again, err := ReadRun(bytes.NewReader(first.Bytes()), "again")
		if err != nil {
			t.Fatal(err)
		}
		if err := again.Write(&second); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Fatalf("%q was written as %q and then as %q, %v", data, first.String(), second.String(), err)
		}
		if fmt.Sprint(run) != fmt.Sprint(again) {
			t.Fatalf("%v came back as %v", run, again)
		}
	})
}
