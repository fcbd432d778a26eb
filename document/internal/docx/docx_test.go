// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package docx

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

const limit = 8 << 20

func pack(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range parts {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const open = `<w:document xmlns:w="w"><w:body>`

func para(style, text string) string {
	return `<w:p><w:pPr><w:pStyle w:val="` + style + `"/></w:pPr><w:r><w:t xml:space="preserve">` + text + `</w:t></w:r></w:p>`
}

func document() map[string]string {
	return map[string]string{
		"word/document.xml": open + para("Title", "The book") + para("H1", "Part") + para("", "Plain &amp; simple.") +
			`<w:p><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="3"/></w:numPr></w:pPr><w:r><w:t>item</w:t></w:r></w:p>` +
			`<w:p><w:r><w:t>one</w:t><w:tab/><w:t>two</w:t><w:br/><w:t>three</w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>` +
			para("Mine", "Sub") +
			`<w:tbl><w:tr><w:tc>` + para("", "a") + `</w:tc><w:tc>` + para("", "b") + `</w:tc></w:tr><w:tr><w:tc>` + para("", "c") + para("", "c2") + `</w:tc><w:tc/></w:tr></w:tbl>` +
			para("", "# end") + `</w:body></w:document>`,
		"word/styles.xml": `<w:styles xmlns:w="w"><w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/></w:style>
			<w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/></w:style>
			<w:style w:type="paragraph" w:styleId="H2"><w:name w:val="Some"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>
			<w:style w:type="paragraph" w:styleId="Mine"><w:name w:val="Mine"/><w:basedOn w:val="H2"/></w:style></w:styles>`,
		"docProps/core.xml":  `<c xmlns:dc="dc"><dc:title></dc:title><dc:language>en-US</dc:language></c>`,
		"word/footnotes.xml": `<w:footnotes xmlns:w="w"><w:footnote>` + para("", "A note.") + `</w:footnote></w:footnotes>`,
	}
}

func TestRead(t *testing.T) {
	d, err := Read(t.Context(), pack(t, document()), limit)
	if err != nil {
		t.Fatal(err)
	}
	want := "# Part\n\nPlain & simple.\n\n  - item\n\none two\nthree\n\n## Sub\n\n| a | b |\n| --- | --- |\n| c c2 |  |\n\n\\# end\n\nA note."
	if diff := cmp.Diff(want, d.Text); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
	if d.Title != "The book" || d.Lang != "en-US" {
		t.Errorf("title %q, language %q", d.Title, d.Lang)
	}
}

func TestHostileFiles(t *testing.T) {
	with := func(body string) []byte { return pack(t, map[string]string{"word/document.xml": body}) }
	for what, tt := range map[string]struct {
		data []byte
		err  error // nil for any
	}{
		"no cells":   {with(noise() + table("<w:tr/>", limit/20)), ErrTooLarge},
		"no text":    {with(noise() + table("<w:tr>"+strings.Repeat("<w:tc/>", 10)+"</w:tr>", limit/100)), ErrTooLarge},
		"wide table": {with(noise() + table("<w:tr>"+strings.Repeat("<w:tc/>", 60)+"</w:tr>"+strings.Repeat("<w:tr/>", limit/30), 1)), ErrTooLarge},
		"thin lines": {with(noise() + `<w:p><w:ilvl w:val="8"/><w:numId w:val="1"/><w:t>` + strings.Repeat("x\n", limit/10) + `</w:t></w:p></w:body></w:document>`), ErrTooLarge},
		"open end":   {with(noise() + `<w:p><w:ilvl w:val="8"/><w:numId w:val="1"/><w:t>` + strings.Repeat("x\n", limit/20)), nil},
		"bomb":       {with(open + strings.Repeat("<w:p/>", 2<<20)), ErrTooLarge},
		"blanks":     {with(open + strings.Repeat(" ", 16<<20)), ErrTooLarge},
		"long tag":   {pack(t, map[string]string{"word/document.xml": open + "<w:p " + strings.Repeat("a='' ", 2<<20)}), ErrTooLarge},
		"ole":        {[]byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and more"), ErrEncrypted},
		"no zip":     {[]byte("PK\x03\x04 cut"), nil},
		"no body":    {pack(t, map[string]string{"mimetype": "x"}), nil},
		"cut xml":    {with(open + "<w:p>"), nil},
		"deep":       {with(open + strings.Repeat("<w:p>", 100_000)), nil},
		"entities":   {with(`<!DOCTYPE a [<!ENTITY x "xxxxxxxx"><!ENTITY y "&x;&x;">]>` + open + "<w:p><w:t>&y;</w:t></w:p>"), nil},
		"charset":    {with(`<?xml version="1.0" encoding="UTF-16"?>` + open), nil},
		"bad styles": {pack(t, map[string]string{"word/document.xml": open + "</w:body></w:document>", "word/styles.xml": "<a>"}), nil},
	} {
		_, err := Read(t.Context(), tt.data, limit)
		if err == nil || tt.err != nil && !errors.Is(err, tt.err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Read(ctx, pack(t, document()), limit); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
}

// noise opens a document that packs badly, so that the ratio of packed to unpacked does not give it away.
func noise() string {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 200_000)
	for i := range b {
		b[i] = byte('A' + r.IntN(26))
	}
	return open + "<!--" + string(b) + "-->"
}

func table(row string, n int) string {
	return "<w:tbl>" + strings.Repeat(row, n) + "</w:tbl></w:body></w:document>"
}

// TestTableMemory: what empty cells take counts as well, though there is no text in them.
func TestTableMemory(t *testing.T) {
	data := pack(t, map[string]string{"word/document.xml": noise() + table("<w:tr>"+strings.Repeat("<w:tc/>", 60)+"</w:tr>"+strings.Repeat("<w:tr/>", (limit-300_000)/7), 1)})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Read(t.Context(), data, limit)
	runtime.ReadMemStats(&after)
	// The decoder's own garbage is a hundred bytes a tag, until the reading is given up.
	if all := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, ErrTooLarge) || all > 24*limit {
		t.Errorf("%v; %d MiB were allocated", err, all>>20)
	}
}

func FuzzBody(f *testing.F) {
	f.Add(document()["word/document.xml"], document()["word/styles.xml"])
	f.Add(open+"<w:tbl><w:tr><w:tc><w:tbl><w:tc></w:tbl><w:p><w:p>", "<w:style><w:basedOn/>")
	f.Fuzz(func(t *testing.T, body, styles string) {
		d, err := Read(t.Context(), pack(t, map[string]string{"word/document.xml": body, "word/styles.xml": styles}), 1<<16)
		if err == nil && (!utf8.ValidString(d.Text) || len(d.Text) > 1<<16) {
			t.Fatalf("text of %d bytes", len(d.Text))
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add(pack(f, document()))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Read(t.Context(), data, 1<<16)
		if err == nil && !utf8.ValidString(d.Text) {
			t.Fatal("invalid text")
		}
	})
}

func BenchmarkRead(b *testing.B) {
	data := pack(b, map[string]string{"word/document.xml": open + strings.Repeat(para("", "A paragraph of ordinary text, of an ordinary length, in an ordinary document."), 5000) + "</w:body></w:document>"})
	size := 0
	for b.Loop() {
		d, err := Read(b.Context(), data, limit)
		if err != nil {
			b.Fatal(err)
		}
		size = len(d.Text)
	}
	b.SetBytes(int64(size))
}
