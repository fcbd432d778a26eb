// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/winnow-search/winnow/document/internal/docx"
	"github.com/winnow-search/winnow/document/internal/page"
	"github.com/winnow-search/winnow/document/internal/pdf"
)

// extracted is the text of a file that is one document.
type extracted struct {
	title   string
	text    string
	lang    string // language tag as the file states it; empty when it does not
	format  Format
	invalid int // bytes that were not UTF-8
}

// extract turns the bytes of a file into text. Text taken out of a packed format is at most o.MaxFileSize long.
func extract(ctx context.Context, k kind, data []byte, o LoadOptions) (extracted, error) {
	limit := int(min(o.MaxFileSize, 1<<30))
	switch k {
	case htmlFile:
		if err := sniffText(data); err != nil && !errors.Is(err, errUTF16) { // which the page's own reading decodes
			return extracted{}, err
		}
		p := page.Read(data)
		x := extracted{title: p.Title, lang: p.Lang, format: Markdown}
		x.text, x.invalid = cleanText([]byte(p.Text))
		return x, nil
	case docxFile:
		d, err := docx.Read(ctx, data, limit)
		switch {
		case errors.Is(err, docx.ErrEncrypted):
			return extracted{}, fmt.Errorf("%w (or in the format of Word before 2007: save it as DOCX)", ErrEncrypted)
		case errors.Is(err, docx.ErrTooLarge):
			return extracted{}, fmt.Errorf("%w: %w", ErrTooLarge, err)
		case err != nil:
			return extracted{}, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		return extracted{title: d.Title, text: d.Text, lang: d.Lang, format: Markdown}, nil
	case pdfFile:
		d, err := pdf.Read(ctx, data, limit)
		switch {
		case errors.Is(err, pdf.ErrEncrypted):
			return extracted{}, ErrEncrypted
		case errors.Is(err, pdf.ErrTooLarge):
			return extracted{}, fmt.Errorf("%w: %w", ErrTooLarge, err)
		case err != nil:
			return extracted{}, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		return extracted{title: d.Title, text: strings.Join(d.Pages, "\n\f\n"), lang: d.Lang, format: Pages}, nil
	}
	if err := sniffText(data); err != nil {
		return extracted{}, err
	}
	x := extracted{format: Plain}
	x.text, x.invalid = cleanText(data)
	switch k {
	case markdownFile:
		x.format, x.title = Markdown, markdownTitle(x.text)
	case codeFile:
		x.format = Code
	}
	return x, nil
}
