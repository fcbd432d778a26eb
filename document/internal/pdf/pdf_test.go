// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package pdf

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

const limit = 4 << 20

// build writes a PDF file of objects, numbered from 1, the first of which is the catalog.
func build(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R/Info<</Title(A short one)>>>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return b.Bytes()
}

func streamOf(head, data string) string {
	return fmt.Sprintf("<<%s/Length %d>>stream\n%s\nendstream", head, len(data), data)
}

func deflated(head, data string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(data)) // into memory
	_ = w.Close()
	return streamOf(head+"/Filter/FlateDecode", b.String())
}

const tree = "<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/Resources<</Font<</F1 7 0 R>>/XObject<</X 8 0 R>>>>>>"

// simple is a file of two pages; the second shows a form.
func simple() []byte {
	return build(
		"<</Type/Catalog/Pages 2 0 R/Lang(en-GB)>>", tree, "<</Type/Page/Parent 2 0 R/Contents[5 0 R]>>", "<</Type/Page/Parent 2 0 R/Contents 6 0 R>>",
		deflated("", "BT /F1 12 Tf 1 0 0 1 50 700 Tm (Hel) Tj [(lo)-400(wor\\154d)] TJ 0 -14 Td (of inter-) Tj 0 -14 Td (esting caf\\351s.) Tj 0 -40 Td (Apart.) Tj ET"),
		streamOf("", "q /X Do Q BT /F1 9 Tf 50 20 Td (after) Tj ET"),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</BaseEncoding/WinAnsiEncoding/Differences[90/eacute]>>>>",
		streamOf("/Type/XObject/Subtype/Form/Matrix[1 0 0 1 0 500]", "BT /F1 10 Tf 5 5 Td (in a form Z) Tj ET"),
	)
}

func TestRead(t *testing.T) {
	d, err := Read(t.Context(), simple(), limit)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Hello world\nof interesting cafés.\n\nApart.", "in a form é\n\nafter"}
	if fmt.Sprint(d.Pages) != fmt.Sprint(want) || d.Title != "A short one" || d.Lang != "en-GB" {
		t.Errorf("%q, title %q, language %q", d.Pages, d.Title, d.Lang)
	}
}

// TestRepair: the table of objects is found again whatever happened to it.
func TestRepair(t *testing.T) {
	whole := simple()
	at := bytes.LastIndex(whole, []byte("xref\n0 9"))
	for what, data := range map[string][]byte{
		"no table":      whole[:at],
		"moved offsets": append([]byte("%PDF-1.7\n% a line more that moves everything\n"), whole[9:]...),
		"junk before":   append([]byte("junk\n"), whole...),
		"wrong start":   bytes.Replace(whole, []byte("startxref\n"), []byte("startxref\n9"), 1),
	} {
		d, err := Read(t.Context(), data, limit)
		if err != nil || len(d.Pages) != 2 || !strings.HasPrefix(d.Pages[0], "Hello world") {
			t.Errorf("%s: %v, %q", what, err, d.Pages)
		}
	}
}

// TestRepairTakesTheLastCatalog: a version saved later is appended. A file has one text, however often it is read.
func TestRepairTakesTheLastCatalog(t *testing.T) {
	const pages, font = "<</Type/Pages/Kids[%d 0 R]/Count 1/Resources<</Font<</F1 7 0 R>>>>>>", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
	text := func(s string) string { return streamOf("", "BT /F1 12 Tf 1 0 0 1 50 700 Tm ("+s+") Tj ET") }
	objects := []string{
		"<</Type/Catalog/Pages 2 0 R>>", fmt.Sprintf(pages, 3), "<</Type/Page/Parent 2 0 R/Contents 8 0 R>>",
		"<</Type/Catalog/Pages 5 0 R>>", fmt.Sprintf(pages, 6), "<</Type/Page/Parent 5 0 R/Contents 9 0 R>>",
		font, text("old version"), text("new version"),
	}
	for want, all := range map[string][]string{
		"new version": objects,
		"old version": append(slices.Clone(objects), "<</Type/Catalog/Pages 99 0 R>>", "<</Type/Catalog"), // the last ones lead nowhere
	} {
		if want == "old version" {
			all[3] = "<</Type/Catalog/Pages 98 0 R>>"
		}
		data := build(all...)
		data = data[:bytes.LastIndex(data, []byte("xref\n0 "))] // cut short
		for range 20 {
			d, err := Read(t.Context(), data, limit)
			if err != nil || len(d.Pages) != 1 || d.Pages[0] != want {
				t.Fatalf("%q, %v; want %q", d.Pages, err, want)
			}
		}
	}
}

// TestCut: a file that is half written is damaged, or all of its text is there; it never has less. What programs write last differs:
// reportlab the content of the pages, others the fonts, the catalog or the objects of the first page.
func TestCut(t *testing.T) {
	files := map[string][]byte{"simple": simple()}
	for _, name := range []string{"pages.pdf", "pages-packed.pdf", "pages-linear.pdf", "packed.pdf", "rc4-128-open.pdf", "aes-256-open.pdf", "aes-256-packed-open.pdf"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	for name, data := range files {
		whole, err := Read(t.Context(), data, limit)
		if err != nil || strings.HasPrefix(name, "pages") && (len(whole.Pages) != 6 || !strings.HasPrefix(whole.Pages[5], "Page number 6 is about a harbour.\n")) {
			t.Fatalf("%s: %v, %q", name, err, whole.Pages)
		}
		read := 0
		for i := range 120 { // every tenth is among them
			n := len(data) * i / 120
			d, err := Read(t.Context(), data[:n], limit)
			if err != nil {
				continue
			}
			read++
			if !slices.Equal(d.Pages, whole.Pages) {
				t.Fatalf("%s: %d of %d bytes give less without an error: %q", name, n, len(data), d.Pages)
			}
		}
		t.Logf("%s: %d beginnings have all of its text", name, read)
		// Without its table it is whole.
		if lost := bytes.ReplaceAll(data, []byte("startxref"), []byte("nowhere--")); !strings.Contains(name, "open") {
			if d, err := Read(t.Context(), lost, limit); err != nil || !slices.Equal(d.Pages, whole.Pages) {
				t.Errorf("%s without its table: %v, %q", name, err, d.Pages)
			}
		}
	}
}

// TestDamagedStreams: a byte of a packed stream that is another or gone is mostly noticed, though the table of objects is whole. What
// is not has other letters: PDF has no checksums that can be trusted.
func TestDamagedStreams(t *testing.T) {
	for _, name := range []string{"pages.pdf", "pages-packed.pdf", "pages-linear.pdf", "packed.pdf", "rc4-128-open.pdf", "aes-256-open.pdf", "aes-256-packed-open.pdf"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		whole, err := Read(t.Context(), data, limit)
		if err != nil {
			t.Fatal(err)
		}
		refused, same, other := 0, 0, 0
		check := func(damaged []byte) {
			d, err := Read(t.Context(), damaged, limit)
			switch {
			case err != nil:
				refused++
			case slices.Equal(d.Pages, whole.Pages):
				same++
			default:
				other++
			}
		}
		for at := 0; ; {
			start := bytes.Index(data[at:], []byte("stream\n"))
			if start < 0 {
				break
			}
			start += at + len("stream\n")
			end := start + bytes.Index(data[start:], []byte("endstream"))
			at = end + len("endstream")
			if head := data[max(0, start-200):start]; !bytes.Contains(head[max(0, bytes.LastIndex(head, []byte(" obj"))):], []byte("FlateDecode")) {
				continue
			}
			for i := start; i < end-1; i += 1 + (end-start)/64 { // without the end of the line
				for _, mask := range []byte{1, 0x80} {
					data[i] ^= mask
					check(data)
					data[i] ^= mask
				}
				check(slices.Delete(slices.Clone(data), i, i+1))
			}
		}
		t.Logf("%s: %d refused, %d read whole, %d read otherwise", name, refused, same, other)
		most := refused + same + other
		if strings.HasPrefix(name, "pages") { // of several contents, one with a wrong checksum is seen
			most /= 50
		} else {
			most /= 8
		}
		if other > most || refused == 0 {
			t.Errorf("%s: %d of %d damaged files are read with other text", name, other, refused+same+other)
		}
	}
}

// TestSloppyStreams: what programs write that differ from the standard is read, and what is wrong with a page is named.
func TestSloppyStreams(t *testing.T) {
	const font = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
	flate := func(data string) string { return streamOf("/Filter/FlateDecode", data) }
	packed := func(content string) (unfinished, finished string) {
		var b bytes.Buffer
		z := zlib.NewWriter(&b)
		_, _ = z.Write([]byte(content)) // into memory
		_ = z.Flush()
		unfinished = b.String()
		_ = z.Close()
		return unfinished, b.String()
	}
	wrong := func(data string) string { return data[:len(data)-4] + "abcd" }
	const page = "BT /F1 12 Tf 50 700 Td (readable) Tj ET"
	unfinished, finished := packed(page)
	_, garbled := packed("BT /F1 12 Tf 50 700 Td (read) Tj (able) Tjj ET")
	_, emptied := packed("q Q")
	_, ended := packed(page + "\nEM")
	_, cut := packed("BT /F1 12 Tf 50 700 Td (readable) Tj 0 -14")
	for what, test := range map[string]struct{ content, text, want string }{
		"whole":                   {flate(finished), "readable", ""},
		"never finished":          {flate(unfinished), "readable", ""},
		"never finished, a line":  {flate(unfinished + "\n"), "readable", ""},
		"not flushed":             {flate(unfinished[:len(unfinished)-5]), "readable", ""},
		"no checksum":             {flate(finished[:len(finished)-4]), "readable", ""},
		"half a checksum":         {flate(finished[:len(finished)-2]), "readable", ""},
		"wrong checksum":          {flate(wrong(finished)), "readable", ""},
		"own operators":           {flate(garbled), "read", ""},
		"flushed nothing":         {flate("x\x9c\x00\x00\x00\xff\xff"), "", ""},
		"last operator cut":       {flate(ended[:len(ended)-4] + "abcd"), "readable", ""},
		"nothing":                 {flate(""), "", ""},
		"a line of nothing":       {flate("\r\n"), "", ""},
		"a frame of nothing":      {flate("x\xda"), "", ""},
		"no filter":               {streamOf("/Filter[null]", page), "readable", ""},
		"space after stream":      {strings.Replace(flate(finished), "stream\n", "stream \r\n", 1), "readable", ""},
		"wrong checksum, garbled": {flate(wrong(garbled)), "", `page 2: its content is garbled: its checksum or its end is wrong, and "Tjj" is no operator`},
		"wrong checksum, cut":     {flate(wrong(cut)), "", "page 2: its content ends in the middle of a text"},
		"cut":                     {flate(finished[:len(finished)-20]), "", "page 2: its content ends in the middle of a text"},
		"noise":                   {flate("x\x9c\xff\xff\xff\xff"), "", "page 2: its content cannot be unpacked (flate: corrupt input"},
		"unknown filter":          {streamOf("/Filter/FlateDecoce", finished), "", `page 2: its content cannot be unpacked (a filter that text is not kept in: "FlateDecoce")`},
		"an LZW code for nothing": {streamOf("/Filter/LZWDecode", "\x80\x4b\x00"), "", "page 2: its content cannot be unpacked (a code"},
	} {
		d, err := Read(t.Context(), build("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/Resources<</Font<</F1 7 0 R>>>>>>",
			"<</Type/Page/Contents 5 0 R>>", "<</Type/Page/Contents 6 0 R>>", flate(finished), test.content, font), limit)
		switch {
		case test.want == "" && (err != nil || !slices.Equal(d.Pages, []string{"readable", test.text})):
			t.Errorf("%s: %v, %q", what, err, d.Pages)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %v, %q", what, err, d.Pages)
		}
	}
	// One wrong checksum of several is damage, two are a habit, and 0 is none.
	for what, test := range map[string]struct {
		last [2]string
		want string
	}{
		"one":  {[2]string{finished, wrong(finished)}, "page 5: the checksum of its content is wrong"},
		"two":  {[2]string{wrong(finished), wrong(finished)}, ""},
		"zero": {[2]string{finished, finished[:len(finished)-4] + "\x00\x00\x00\x00"}, ""},
	} {
		objects := []string{"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[4 0 R 5 0 R 6 0 R 7 0 R 8 0 R]/Count 5/Resources<</Font<</F1 3 0 R>>>>>>", font}
		for i := range 5 {
			objects = append(objects, fmt.Sprintf("<</Type/Page/Contents %d 0 R>>", 9+i))
		}
		objects = append(objects, flate(finished), flate(finished), flate(finished), flate(test.last[0]), flate(test.last[1]))
		d, err := Read(t.Context(), build(objects...), limit)
		if test.want == "" && (err != nil || len(d.Pages) != 5 || d.Pages[4] != "readable") || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, %q", what, err, d.Pages)
		}
	}
	// Where the table is lost, what was flushed and never finished is whole, too.
	data := build("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1/Resources<</Font<</F1 5 0 R>>>>>>", "<</Type/Page/Contents 4 0 R>>", flate(unfinished), font)
	if d, err := Read(t.Context(), data[:bytes.LastIndex(data, []byte("xref\n0 "))], limit); err != nil || !slices.Equal(d.Pages, []string{"readable"}) {
		t.Errorf("without table: %v, %q", err, d.Pages)
	}
	// A form that is suspect, within a text; and one that is shown thrice, which makes it no three.
	_, thrice := packed("/X Do /X Do /X Do " + page)
	for what, test := range map[string]struct{ content, form string }{
		"form in a text":    {streamOf("", "BT /F1 12 Tf 50 700 Td (readable) Tj /X Do ET"), finished[:len(finished)-4] + "\x00\x00\x00\x00"},
		"form shown thrice": {flate(wrong(thrice)), emptied},
	} {
		d, err := Read(t.Context(), build("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1/Resources<</Font<</F1 5 0 R>>/XObject<</X 6 0 R>>>>>>",
			"<</Type/Page/Contents 4 0 R>>", test.content, font, streamOf("/Type/XObject/Subtype/Form/Filter/FlateDecode", test.form)), limit)
		if err != nil || len(d.Pages) != 1 || !strings.Contains(d.Pages[0], "readable") {
			t.Errorf("%s: %v, %q", what, err, d.Pages)
		}
	}
	// A page that is not there, by a tree that counts it.
	if _, err := Read(t.Context(), build("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R 9 0 R]/Count 2>>", "<</Type/Page>>"), limit); err == nil || !strings.Contains(err.Error(), "1 of 2 pages") {
		t.Error(err)
	}
}

// TestRepairTakesTheLastObjectStream: of an object that two object streams have, or a stream and the file, the later one counts.
func TestRepairTakesTheLastObjectStream(t *testing.T) {
	pack := func(num int, object string) string {
		head := fmt.Sprintf("%d 0 ", num)
		return streamOf(fmt.Sprintf("/Type/ObjStm/N 1/First %d", len(head)), head+object)
	}
	text := func(s string) string { return streamOf("", "BT /F1 12 Tf 1 0 0 1 50 700 Tm ("+s+") Tj ET") }
	for what, first := range map[string]string{"another stream": pack(3, "<</Type/Page/Contents 6 0 R>>"), "the file": "null"} {
		data := build("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1/Resources<</Font<</F1 5 0 R>>>>>>",
			map[bool]string{true: "<</Type/Page/Contents 6 0 R>>", false: "null"}[first == "null"], first, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>", text("old version"), text("new version"), pack(3, "<</Type/Page/Contents 7 0 R>>"))
		data = data[:bytes.LastIndex(data, []byte("xref\n0 "))]
		if d, err := Read(t.Context(), data, limit); err != nil || len(d.Pages) != 1 || d.Pages[0] != "new version" {
			t.Errorf("%s: %q, %v", what, d.Pages, err)
		}
	}
}

func TestHostileFiles(t *testing.T) {
	catalog := "<</Type/Catalog/Pages 2 0 R>>"
	one := "<</Type/Pages/Kids[3 0 R]/Count 1>>"
	leaf := "<</Type/Page/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>/Font<</F 6 0 R>>>>>>"
	bomb := strings.Repeat("\x00", limit+1)
	for what, data := range map[string][]byte{
		"cut short":    simple()[:300],
		"not a PDF":    []byte("hello"),
		"empty":        nil,
		"only a head":  []byte("%PDF-1.7\n"),
		"large xref":   []byte("%PDF-1.7\nxref\n5000000000 1\n0000000000 65535 n \ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF"),
		"xref loop":    []byte("%PDF-1.7\nxref\n0 0\ntrailer<</Root 1 0 R/Prev 9>>\nstartxref\n9\n%%EOF"),
		"deep arrays":  build(catalog, one, leaf, streamOf("", strings.Repeat("[", 1<<20))),
		"deep dicts":   build(catalog, strings.Repeat("<</A", 1<<20)),
		"parent loop":  build(catalog, "<</Type/Pages/Kids[2 0 R 3 0 R]/Parent 2 0 R>>", "<</Type/Page/Parent 3 0 R/Contents 3 0 R>>"),
		"stream bomb":  build(catalog, one, leaf, deflated("", bomb)),
		"form loop":    build(catalog, one, leaf, streamOf("", "/X Do"), streamOf("/Subtype/Form", strings.Repeat("/X Do ", 1000))),
		"length loop":  build(catalog, one, leaf, "<</Length 4 0 R>>stream\nBT ET\nendstream"),
		"type 0 loop":  build(catalog, one, leaf, streamOf("", "/F 1 Tf (ab) Tj"), "null", "<</Subtype/Type0/DescendantFonts[6 0 R]/Encoding/Identity-H/W[0 2000000000 5]>>"),
		"object loop":  build("1 0 R"),
		"huge numbers": build(catalog, one, leaf, streamOf("", "1e9 99999999999999999999999999 Td /F 99999999999999 Tf -9999999999 Tz (a) Tj")),
	} {
		start := time.Now()
		d, err := Read(t.Context(), data, limit)
		if err == nil {
			for _, p := range d.Pages {
				if !utf8.ValidString(p) {
					t.Errorf("%s: invalid text", what)
				}
			}
		}
		t.Logf("%s: %v in %v", what, err, time.Since(start))
		if what == "stream bomb" && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestEncrypted reads the same page under every method of encryption; testdata/make.sh wrote the files.
func TestEncrypted(t *testing.T) {
	for _, method := range []string{"rc4-40", "rc4-128", "aes-128", "aes-256"} {
		data, err := os.ReadFile(filepath.Join("testdata", method+"-open.pdf"))
		if err != nil {
			t.Fatal(err)
		}
		d, err := Read(t.Context(), data, limit)
		if err != nil || len(d.Pages) != 2 || !strings.HasPrefix(d.Pages[0], "Hello world") || d.Title != "A short one" {
			t.Errorf("%s: %v, %q, title %q", method, err, d.Pages, d.Title)
		}
		data, err = os.ReadFile(filepath.Join("testdata", method+"-closed.pdf"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Read(t.Context(), data, limit); !errors.Is(err, ErrEncrypted) {
			t.Errorf("%s with a password: %v", method, err)
		}
	}
}

func TestObjectStreams(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "packed.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{data, data[:bytes.LastIndex(data, []byte("startxref"))]} {
		d, err := Read(t.Context(), data, limit)
		if err != nil || len(d.Pages) != 2 || !strings.HasPrefix(d.Pages[0], "Hello world") {
			t.Errorf("%v, %q", err, d.Pages)
		}
	}
}

func TestContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Read(ctx, simple(), limit); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestGlyphText(t *testing.T) {
	for n, want := range map[string]string{
		"A": "A", "eacute": "é", "Zcaron": "Ž", "fi": "fi", "f_f": "ff", "a.sc": "a", "uni00E9": "é", "u1F600": "😀", "space": " ", "afii10017": "А", "afii10071": "ё", "g123": "", "": "",
	} {
		if got := glyphText(n); got != want {
			t.Errorf("%q: %q, want %q", n, got, want)
		}
	}
}

func TestFilters(t *testing.T) {
	f := &file{ctx: t.Context(), limit: limit, budget: 1 << 30}
	for filter, data := range map[string]string{
		"ASCIIHexDecode": "68 65 6C6c 6f>", "ASCII85Decode": "BOu!rDZ~>", "RunLengthDecode": "\x01he\xffl\x00o\x80", "LZWDecode": "\x80\x1a\x0c\xa6\xc3\x61\xbe\x02",
	} {
		got, err := f.decode(&stream{dict: dict{"Filter": name(filter)}, raw: []byte(data)})
		if err != nil || string(got) != "hello" {
			t.Errorf("%s: %q, %v", filter, got, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(simple())
	files, err := filepath.Glob(filepath.Join("testdata", "*.pdf"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Read(t.Context(), data, 1<<16)
		if err != nil {
			if strings.Contains(err.Error(), "confuses") {
				t.Fatal(err)
			}
			return
		}
		for _, p := range d.Pages {
			if !utf8.ValidString(p) || strings.Contains(p, "\f") || len(p) > 1<<18 {
				t.Fatalf("page of %d bytes", len(p))
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	data := simple()
	b.SetBytes(int64(len(data)))
	pages := 0
	for b.Loop() {
		d, err := Read(b.Context(), data, limit)
		if err != nil {
			b.Fatal(err)
		}
		pages += len(d.Pages)
	}
	if pages == 0 {
		b.Fatal("no page")
	}
}
