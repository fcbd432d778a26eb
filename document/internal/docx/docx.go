// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package docx

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/winnow-search/winnow/document/internal/mdtext"
)

var (
	// ErrEncrypted is returned for the container that encrypted documents, and those of old versions of Word, are kept in.
	ErrEncrypted = errors.New("an OLE container")
	// ErrTooLarge is wrapped by errors about documents that unpack to more than is allowed.
	ErrTooLarge = errors.New("unpacked size")
)

const (
	maxParts = 20_000 // files in the package
	// maxRatio is how many times larger than packed a part may be once it is above freeSize. Text in XML packs to about a
	// tenth, repetitive tables to a fiftieth; deflate ends at a thousandth.
	maxRatio = 200
	freeSize = 4 << 20
	maxTag   = 8 << 20 // bytes of one tag or one text between tags
	maxDepth = 2000    // elements inside each other
	maxStyle = 64      // styles that one is based on, one after the other
)

// Document is the text of a Word document.
type Document struct {
	Title string // of the document's properties, else the paragraph of style Title
	Lang  string // of the document's properties; empty when not stated
	Text  string // Markdown in valid UTF-8
}

// Read reads a document from its bytes. No part may unpack to more than limit bytes, nor the text be longer.
func Read(ctx context.Context, data []byte, limit int) (Document, error) {
	if bytes.HasPrefix(data, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")) {
		return Document{}, ErrEncrypted
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return Document{}, fmt.Errorf("not a DOCX file: %w", err)
	}
	if len(z.File) > maxParts {
		return Document{}, fmt.Errorf("%w: more than %d parts", ErrTooLarge, maxParts)
	}
	p := parts{ctx: ctx, files: map[string]*zip.File{}, limit: limit}
	for _, f := range z.File {
		if _, twice := p.files[f.Name]; !twice {
			p.files[f.Name] = f
		}
	}
	main := p.mainPart()
	if p.files[main] == nil {
		return Document{}, errors.New("not a DOCX file: it has no word/document.xml")
	}
	r := reader{levels: map[string]int{}, titles: map[string]bool{}, limit: limit, w: mdtext.Writer{Limit: limit}}
	dir := path.Dir(main)
	if err := p.read(dir+"/styles.xml", r.styles); err != nil {
		return Document{}, err
	}
	if err := p.read("docProps/core.xml", r.properties); err != nil {
		return Document{}, err
	}
	if err := p.read(main, r.body); err != nil {
		return Document{}, err
	}
	for _, notes := range []string{"footnotes.xml", "endnotes.xml"} {
		if err := p.read(dir+"/"+notes, r.body); err != nil {
			return Document{}, err
		}
	}
	return Document{Title: r.title, Lang: r.lang, Text: strings.ToValidUTF8(r.w.String(), "\uFFFD")}, nil
}

// parts are the files of the package.
type parts struct {
	ctx   context.Context
	files map[string]*zip.File
	limit int
}

// mainPart finds the document by the package's relationships. Nearly all have it in the same place.
func (p *parts) mainPart() string {
	const usual = "word/document.xml"
	main := usual
	err := p.read("_rels/.rels", func(t *tokens) error {
		return each(t, func(e xml.StartElement) error {
			if e.Name.Local == "Relationship" && strings.HasSuffix(attr(e, "Type"), "/officeDocument") {
				main = strings.TrimPrefix(path.Clean(attr(e, "Target")), "/")
			}
			return nil
		})
	})
	if err != nil || p.files[main] == nil {
		return usual
	}
	return main
}

// read parses a part, if there is one, under the bounds.
func (p *parts) read(name string, parse func(*tokens) error) error {
	f := p.files[name]
	if f == nil {
		return nil
	}
	limit := min(int64(p.limit), max(freeSize, int64(min(f.CompressedSize64, 1<<40))*maxRatio))
	rc, err := f.Open()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer func() { _ = rc.Close() }() // it was only read; a bad checksum shows in reading
	d := xml.NewDecoder(&bounded{ctx: p.ctx, r: rc, left: limit, limit: limit})
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errors.New("its XML is not in UTF-8") }
	if err := parse(&tokens{d: d}); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// bounded refuses to give more than limit bytes.
type bounded struct {
	ctx         context.Context
	r           io.Reader
	left, limit int64
	since       int // bytes since the last <
}

func (b *bounded) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, b.limit)
	}
	// An attribute takes the decoder twenty times its size, and a tag may have any number of them. A tag holds no other <.
	if i := bytes.LastIndexByte(p[:n], '<'); i >= 0 {
		b.since = n - i
	} else if b.since += n; b.since > maxTag {
		return 0, fmt.Errorf("%w: a tag or text of more than %d bytes", ErrTooLarge, maxTag)
	}
	return n, err
}

// tokens reads tags and text. The decoder keeps every element that is open, so their number is bounded.
type tokens struct {
	d     *xml.Decoder
	depth int
}

func (t *tokens) next() (xml.Token, error) {
	token, err := t.d.Token()
	switch token.(type) {
	case xml.StartElement:
		t.depth++
	case xml.EndElement:
		t.depth--
	}
	if t.depth > maxDepth {
		return nil, fmt.Errorf("more than %d elements inside each other", maxDepth)
	}
	return token, err
}

// each calls f for every start of an element.
func each(t *tokens, f func(xml.StartElement) error) error {
	for {
		token, err := t.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if e, ok := token.(xml.StartElement); ok {
			if err := f(e); err != nil {
				return err
			}
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// reader collects the document.
type reader struct {
	levels map[string]int  // heading level of a paragraph style, from 1
	titles map[string]bool // styles of a title
	limit  int

	title, lang string
	w           mdtext.Writer
}

// styles notes which styles are headings: by their name, by their outline level, or because they are based on one.
func (r *reader) styles(t *tokens) error {
	type style struct {
		based string
		level int
		title bool
	}
	all := map[string]*style{}
	s := &style{}
	err := each(t, func(e xml.StartElement) error {
		switch e.Name.Local {
		case "style":
			s = &style{}
			if attr(e, "type") == "paragraph" {
				all[attr(e, "styleId")] = s
			}
		case "name":
			name := strings.ToLower(attr(e, "val"))
			if level, ok := strings.CutPrefix(name, "heading "); ok {
				s.level = digit(level)
			}
			s.title = name == "title"
		case "basedOn":
			s.based = attr(e, "val")
		case "outlineLvl":
			if n, err := strconv.Atoi(attr(e, "val")); err == nil && n >= 0 && n < 9 && s.level == 0 {
				s.level = n + 1
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for id, s := range all {
		r.titles[id] = s.title
		for range maxStyle {
			if s == nil || s.level > 0 {
				break
			}
			s = all[s.based]
		}
		if s != nil {
			r.levels[id] = s.level
		}
	}
	return nil
}

func digit(s string) int {
	if len(s) == 1 && s[0] >= '1' && s[0] <= '9' {
		return int(s[0] - '0')
	}
	return 0
}

// properties reads the title and the language.
func (r *reader) properties(tokens *tokens) error {
	const longest = 1000
	in := ""
	for {
		t, err := tokens.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			in = t.Name.Local
		case xml.EndElement:
			in = ""
		case xml.CharData:
			switch text := mdtext.Line(string(t[:min(len(t), longest)])); in {
			case "title":
				r.title = strings.ToValidUTF8(text, "")
			case "language":
				r.lang = strings.ToValidUTF8(text, "")
			}
		}
	}
}
