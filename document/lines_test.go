// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestReadLines(t *testing.T) {
	in := "\uFEFFplain text\r\n" +
		"\n   \n" +
		`{"id":"a","text":"one"}` + "\n" +
		` {"_id": 7, "title":"T", "text":"tw\u00f6", "metadata":{"n":12345678901234567890}, "url":null, "score":0.5} ` + "\n" +
		"bad \xff byte\n" +
		`{"text":"","format":"markdown"}` + "\n" +
		`{"text":"","format":null}`
	want := []Line{
		{Number: 1, Text: "plain text"},
		{Number: 4, ID: "a", Text: "one"},
		{Number: 5, ID: "7", Title: "T", Text: "twö", Meta: map[string]any{"n": json.Number("12345678901234567890")}},
		{Number: 6, Text: "bad \uFFFD byte", InvalidBytes: 1},
		{Number: 7, Format: Markdown},
		{Number: 8},
	}
	for name, r := range map[string]io.Reader{
		"whole": strings.NewReader(in), "byte by byte": iotest.OneByteReader(strings.NewReader(in)),
		"data with EOF": iotest.DataErrReader(strings.NewReader(in)),
	} {
		got, err := ReadLines(r, LineOptions{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	got, err := ReadLines(strings.NewReader("a\n\n{b\n"), LineOptions{Format: TextLine, KeepBlank: true})
	must(t, err)
	if diff := cmp.Diff([]Line{{Number: 1, Text: "a"}, {Number: 2}, {Number: 3, Text: "{b"}}, got); diff != "" {
		t.Errorf("text lines with blanks (-want +got):\n%s", diff)
	}
}

func TestReadLinesErrors(t *testing.T) {
	tests := []struct {
		name, in string
		o        LineOptions
		want     string
		is       error
	}{
		{"empty", "", LineOptions{}, "standard input: nothing to read", ErrEmpty},
		{"blank", "\n \n", LineOptions{Name: "q.jsonl"}, "q.jsonl: nothing to read", ErrEmpty},
		{"unknown field", "x\n{\"txt\":1}", LineOptions{}, `line 2: unknown field "txt": did you mean "text"? known fields: id, _id, text,`, nil},
		{"letter case", `{"Text":""}`, LineOptions{}, `unknown field "Text": did you mean "text"?`, nil},
		{"far field", `{"passage":""}`, LineOptions{}, `unknown field "passage": known fields`, nil},
		{"duplicate", `{"text":"a","text":"b"}`, LineOptions{}, `field "text" given twice`, nil},
		{"both ids", `{"text":"a","id":"1","_id":"2"}`, LineOptions{}, `both "id" and "_id"`, nil},
		{"both metas", `{"text":"a","meta":{},"metadata":{}}`, LineOptions{}, `both "meta" and "metadata"`, nil},
		{"no text", `{"id":"1"}`, LineOptions{}, `field "text" is missing`, nil},
		{"null text", `{"text":null}`, LineOptions{}, `field "text": want a string, got null`, nil},
		{"id fraction", `{"text":"","id":1.5}`, LineOptions{}, `field "id": want a string or a whole number, got a number`, nil},
		{"meta array", `{"text":"","meta":[]}`, LineOptions{}, `field "meta": want an object, got an array`, nil},
		{"other format", `{"text":"","format":"pdf"}`, LineOptions{}, `field "format": want "text", "markdown", "code" or "pages", got "pdf"`, nil},
		{"format number", `{"text":"","format":1}`, LineOptions{}, `field "format": want "text", "markdown", "code" or "pages", got a number`, nil},
		{"open object", `{"text":"a"`, LineOptions{}, "line 1: malformed JSON: the object is not closed (a line that begins with {", nil},
		{"open string", `{"text":"a`, LineOptions{}, "malformed JSON: the object is not closed", nil},
		{"not JSON", "{a}", LineOptions{}, "malformed JSON", nil},
		{"rest", `{"text":"a"} x`, LineOptions{}, `text after the JSON object: "x"`, nil},
		{"array", "[1]", LineOptions{Format: JSONLine}, `not a JSON object: it begins with "[1]"`, nil},
		{"too long", "abc\nabcd\r\nabcde\n", LineOptions{MaxLine: 4}, "line 3: line too long: more than 4 bytes", ErrLineTooLong},
		{"too long at end", "abcde", LineOptions{MaxLine: 4}, "line 1: line too long", ErrLineTooLong},
		{"binary", "ab\x00", LineOptions{}, "line 1: binary data, not text: NUL at byte 3", ErrBinary},
		{"utf-16", "\xff\xfea\x00", LineOptions{}, "UTF-16", ErrBinary},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lines, err := ReadLines(strings.NewReader(tt.in), tt.o)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("error %v does not wrap %v", err, tt.is)
			}
			if lines != nil {
				t.Errorf("lines returned with an error: %v", lines)
			}
		})
	}
	broken := errors.New("broken pipe")
	_, err := ReadLines(io.MultiReader(strings.NewReader("a\n"), iotest.ErrReader(broken)), LineOptions{})
	var le *LineError
	if !errors.Is(err, broken) || !errors.As(err, &le) || le.Number != 2 {
		t.Errorf("reader error came back as %v", err)
	}
}

func TestLinesStopsWhenTold(t *testing.T) {
	n := 0
	for _, err := range Lines(strings.NewReader("a\nb\n{broken\n"), LineOptions{}) {
		must(t, err)
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("read %d lines, want 2", n)
	}
}

func TestLineMemoryIsBounded(t *testing.T) {
	// An endless line must end in an error after about the bound, not in a full memory.
	endless := readerFunc(func(p []byte) (int, error) {
		for i := range p {
			p[i] = 'x'
		}
		return len(p), nil
	})
	var read int
	_, err := ReadLines(io.TeeReader(endless, writerFunc(func(n int) { read += n })), LineOptions{MaxLine: 1 << 20})
	if !errors.Is(err, ErrLineTooLong) || read > 2<<20 {
		t.Errorf("read %d bytes, error %v", read, err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

type writerFunc func(int)

func (f writerFunc) Write(p []byte) (int, error) { f(len(p)); return len(p), nil }

func FuzzReadLines(f *testing.F) {
	f.Add([]byte("plain\r\n\n{\"id\":\"a\",\"text\":\"b\",\"meta\":{\"k\":[1,null]}}\n"), uint8(0))
	f.Add([]byte("{\"_id\":1,\"text\":\"\\ud800\"}"), uint8(2))
	f.Add([]byte("\xef\xbb\xbf{\"text\":\"x\",\"text\":\"y\"}\n{"), uint8(0))
	f.Add([]byte("\xff\xfe\x00"), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, format uint8) {
		o := LineOptions{Format: LineFormat(format % 3), MaxLine: 256, KeepBlank: format&4 != 0}
		lines, err := ReadLines(strings.NewReader(string(data)), o)
		if err != nil {
			if lines != nil {
				t.Fatal("lines returned with an error")
			}
			return
		}
		last := 0
		for _, l := range lines {
			if l.Number <= last || !utf8.ValidString(l.Text) || !utf8.ValidString(l.ID) || !utf8.ValidString(l.Title) {
				t.Fatalf("line %+v after line %d", l, last)
			}
			if len(l.Text) > 3*o.MaxLine {
				t.Fatalf("text of %d bytes from a line of at most %d", len(l.Text), o.MaxLine)
			}
			last = l.Number
		}
		again, err := ReadLines(iotest.OneByteReader(strings.NewReader(string(data))), o)
		if err != nil || fmt.Sprint(again) != fmt.Sprint(lines) {
			t.Fatalf("a reader in small parts gives %v, %v instead of %v", again, err, lines)
		}
	})
}

// TestLineFormats has files with a column called format that means something else.
func TestLineFormats(t *testing.T) {
	for in, want := range map[string]Document{
		`{"text":"a"}`:                 {Text: "a", Format: Plain},
		`{"text":"a","format":"code"}`: {Text: "a", Format: Code},
		`{"text":"a","format":"text","metadata":{"format":1}}`: {Text: "a", Format: Plain, Meta: map[string]any{"format": json.Number("1")}},
		`{"text":"a","format":"pdf"}`:                          {Text: "a", Format: Plain, Meta: map[string]any{"format": "pdf"}},
		`{"text":"a","format":""}`:                             {Text: "a", Format: Plain, Meta: map[string]any{"format": ""}},
		`{"text":"a","format":7}`:                              {Text: "a", Format: Plain, Meta: map[string]any{"format": json.Number("7")}},
	} {
		lines, err := ReadLines(strings.NewReader(in), LineOptions{MetaFields: true})
		must(t, err)
		if diff := cmp.Diff(want, lines[0].Document()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
	}
}
