// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package pdf

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"unicode/utf16"
)

var (
	// ErrEncrypted is returned for files that need a password.
	ErrEncrypted = errors.New("encrypted")
	// ErrTooLarge is wrapped by errors about files that unpack to more, or make more work, than is allowed.
	ErrTooLarge = errors.New("unpacked size")
)

const maxPages = 50_000

// Document is the text of a file.
type Document struct {
	Title string   // of the document's properties; empty when it has none, or only the name of a file
	Lang  string   // language tag of the catalog; empty when not stated
	Pages []string // text of each page in valid UTF-8, without form feeds; empty for a page of pictures
}

// Read reads a file from its bytes. No stream may unpack to more than limit bytes, nor the text be longer, nor everything
// unpacked be more than sixteen times the limit. Errors wrap ErrEncrypted or ErrTooLarge, or say what is damaged.
func Read(ctx context.Context, data []byte, limit int) (doc Document, err error) {
	// Bounds end the reading by a panic with an error. Any other panic would be a mistake of this package: the file is
	// refused, and the rest of the files can be read.
	defer func() {
		switch r := recover().(type) {
		case nil:
		case runtime.Error:
			doc, err = Document{}, fmt.Errorf("the file confuses the reader: %w", r)
		case error:
			doc, err = Document{}, r
		default:
			panic(r)
		}
	}()
	f, err := open(ctx, data, max(limit, 1<<10))
	if err != nil {
		return Document{}, err
	}
	pages, missing := f.pages()
	if len(pages) == 0 && !f.repaired {
		f.repair()
		pages, missing = f.pages()
	}
	if len(pages) == 0 {
		return Document{}, errors.New("no pages: the file is cut short or damaged")
	}
	tree, _ := f.resolve(f.root()["Pages"]).(dict)
	if n, _ := f.resolve(tree["Count"]).(int); n > len(pages) && len(pages) < maxPages {
		f.lack("%d of %d pages", n-len(pages), n)
		if missing {
			f.damage("%d of %d pages are missing", n-len(pages), n)
		}
	}
	fonts := map[any]*font{}
	left := f.limit
	for i, pg := range pages {
		f.charge(1024)
		f.page = i + 1
		l := &layout{limit: left}
		p := painter{f: f, fonts: fonts, out: l, tm: identity, line: identity, state: state{ctm: identity, stretch: 1}}
		content, suspect := f.content(pg.dict["Contents"])
		p.run(content, suspect, pg.resources, 0)
		t := l.text()
		left -= len(t)
		doc.Pages = append(doc.Pages, t)
	}
	if f.lacks != nil {
		return Document{}, fmt.Errorf("the table of objects is missing or wrong, and so is %w: the file is cut short or damaged", f.lacks)
	}
	f.oneWrong()
	f.page = 0
	doc.Title, doc.Lang = f.properties()
	if f.damaged != nil {
		return Document{}, f.damaged
	}
	return doc, nil
}

// content is the content of a page: one stream, or several that are read as one. It says whether their checksums make it suspect.
func (f *file) content(o any) (all []byte, suspect bool) {
	for _, part := range f.list(o) {
		if s, ok := f.resolve(part).(*stream); ok {
			data, odd, err := f.decodeContent(s)
			suspect = suspect || odd
			if err != nil {
				f.damage("its content cannot be unpacked (%w)", err)
			}
			all = append(append(all, data...), '\n')
		}
		if len(all) > f.limit {
			panic(fmt.Errorf("%w: a page of more than %d bytes", ErrTooLarge, f.limit))
		}
	}
	return all, suspect
}

// page is a leaf of the tree of pages.
type page struct {
	dict      dict
	resources dict // its own or inherited
}

// pages walks the tree of pages; every node once, whatever graph it is. It says whether the tree has nodes that are not there.
func (f *file) pages() (pages []page, missing bool) {
	type node struct {
		o         any
		resources dict
	}
	todo := []node{{o: f.root()["Pages"]}}
	seen := map[ref]bool{}
	for len(todo) > 0 && len(pages) < maxPages {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if r, ok := n.o.(ref); ok {
			if seen[r] {
				continue
			}
			seen[r] = true
		}
		d, ok := f.resolve(n.o).(dict)
		if !ok {
			missing = true
			continue
		}
		f.charge(64)
		if own, ok := f.resolve(d["Resources"]).(dict); ok {
			n.resources = own
		}
		kids, isNode := f.resolve(d["Kids"]).(array)
		if !isNode {
			pages = append(pages, page{d, n.resources})
			continue
		}
		for _, k := range slices.Backward(kids) {
			todo = append(todo, node{k, n.resources})
		}
	}
	return pages, missing
}

// properties returns the title and the language.
func (f *file) properties() (title, lang string) {
	if info, ok := f.resolve(f.trailer["Info"]).(dict); ok {
		s, _ := f.resolve(info["Title"]).(text)
		title = properTitle(decodeText(s))
	}
	s, _ := f.resolve(f.root()["Lang"]).(text)
	return title, strings.TrimSpace(decodeText(s[:min(len(s), 64)]))
}

// properTitle drops what programs put for a title when the author gave none: the name of a file.
func properTitle(s string) string {
	const longest = 400
	s = strings.Join(strings.Fields(s), " ")
	lower := strings.ToLower(s)
	if len(s) > longest || lower == "untitled" || strings.HasPrefix(lower, "microsoft word - ") {
		return ""
	}
	for _, ext := range []string{".doc", ".docx", ".dvi", ".tex", ".pdf", ".indd", ".qxd", ".ppt", ".pptx", ".xls", ".xlsx", ".rtf", ".odt", ".ps", ".txt"} {
		if strings.HasSuffix(lower, ext) {
			return ""
		}
	}
	return s
}

// decodeText reads a string for people: UTF-16 or UTF-8 after a byte order mark, else as good as Latin-1.
func decodeText(s text) string {
	var out string
	switch {
	case strings.HasPrefix(string(s), "\xFE\xFF"):
		units := make([]uint16, (len(s)-2)/2)
		for i := range units {
			units[i] = uint16(s[2+2*i])<<8 | uint16(s[3+2*i])
		}
		out = string(utf16.Decode(units))
	case strings.HasPrefix(string(s), "\xEF\xBB\xBF"):
		out = string(s[3:])
	default:
		var b strings.Builder
		for i := range len(s) {
			b.WriteString(encodings["WinAnsiEncoding"][s[i]])
		}
		out = b.String()
	}
	return strings.ToValidUTF8(out, "")
}
