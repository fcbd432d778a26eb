// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"unicode/utf8"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/answer"
	"github.com/winnow-search/winnow/document"
)

// scheme begins the URI of a document.
const scheme = "winnow://document/"

// uri is a document as a resource. All but letters, digits and -_.~ is percent-encoded, slashes, too.
func uri(id string) string { return scheme + strings.ReplaceAll(url.QueryEscape(id), "+", "%20") }

// idOf is the inverse of uri.
func idOf(uri string) (string, bool) {
	escaped, ok := strings.CutPrefix(uri, scheme)
	id, err := url.PathUnescape(escaped)
	return id, ok && err == nil && id != ""
}

func link(id, title string) *sdk.ResourceLink {
	return &sdk.ResourceLink{URI: uri(id), Name: id, Title: strings.Join(strings.Fields(answer.Clean(title)), " ")}
}

// item is a document or a passage.
type item struct {
	id, document, title, text string
	format                    document.Format
	source                    *source
	meta                      map[string]any
}

// find reads a document, or a passage.
func (s *service) find(ctx context.Context, id string) (*item, error) {
	if err := s.fresh(); err != nil {
		return nil, err
	}
	snapshot, err := s.engine.Index().Snapshot()
	if err != nil {
		return nil, err
	}
	defer snapshot.Release()
	d, err := snapshot.Get(id)
	if err != nil {
		return nil, err
	}
	if d != nil {
		out := &item{id: id, document: id, title: d.Title, text: d.Text, format: d.Format, meta: d.Meta}
		if d.Source.Path != "" {
			out.source = newSource(&winnow.Source{Path: d.Source.Path, StartLine: d.Source.Line, EndLine: d.Source.Line})
		}
		return out, nil
	}
	refs, err := snapshot.Find(id)
	if err != nil || len(refs) == 0 {
		return nil, cmp.Or(err, fmt.Errorf("%w: %q; ids are those that search gives", winnow.ErrUnknownID, id))
	}
	passages, err := snapshot.Passages(ctx, refs[:1])
	if err != nil {
		return nil, err
	}
	p := &passages[0]
	out := &item{id: id, document: p.Document.ID, title: p.Document.Title, text: p.Chunk.Text, format: p.Document.Format, meta: p.Document.Meta}
	if n := len(p.Chunk.Heading); n > 0 {
		out.title = p.Chunk.Heading[n-1]
	}
	if path := p.Document.Source.Path; path != "" {
		out.source = newSource(&winnow.Source{Path: path, StartLine: p.Chunk.StartLine, EndLine: p.Chunk.EndLine, Page: p.Chunk.Page})
	}
	return out, nil
}

// The bounds of a page of text, in characters.
const (
	defaultPage = 20_000
	maxPage     = 200_000
)

type getIn struct {
	ID       string `json:"id" jsonschema:"of a document, or of a passage"`
	MaxChars int    `json:"max_chars,omitempty" jsonschema:"characters in a page; 20000 if not given"`
	Cursor   string `json:"cursor,omitempty" jsonschema:"next_cursor of the page before, with all else as it was"`
}

type getOut struct {
	ID         string         `json:"id"`
	Document   string         `json:"document" jsonschema:"id of the document, if a passage was asked for"`
	URI        string         `json:"uri"`
	Title      string         `json:"title,omitempty"`
	Text       string         `json:"text"`
	Format     string         `json:"format,omitempty"`
	Source     *source        `json:"source,omitempty"`
	Meta       map[string]any `json:"meta,omitempty"`
	Length     int            `json:"length" jsonschema:"characters of the whole text"`
	NextCursor string         `json:"next_cursor,omitempty" jsonschema:"there is more: give this as cursor"`
}

func (s *service) get(ctx context.Context, in getIn) (*sdk.CallToolResult, getOut, error) {
	d, err := s.find(ctx, in.ID)
	if err != nil {
		return nil, getOut{}, err
	}
	whole := answer.Clean(d.text)
	length := utf8.RuneCountInString(whole)
	p, err := s.page(&in.Cursor, cmp.Or(in.MaxChars, defaultPage), length, &in)
	if err != nil {
		return nil, getOut{}, err
	}
	out := getOut{
		ID: in.ID, Document: d.document, URI: uri(in.ID), Title: answer.Clean(d.title), Format: string(d.format), Source: d.source, Meta: cleanFields(d.meta),
		Length: length,
	}
	start := characters(whole, p.from)
	end := start + characters(whole[start:], p.limit)
	out.Text = whole[start:end]
	more := ""
	if end < len(whole) {
		if out.NextCursor, err = next(p.from+p.limit, p.generation, p.asked); err != nil {
			return nil, out, err
		}
		more = fmt.Sprintf("\n\nThis is up to character %d of %d: call again with next_cursor.", p.from+p.limit, out.Length)
	}
	return result(place(d.id, d.source)+titled(out.Title)+"\n\n"+out.Text+more, link(in.ID, d.title)), out, nil
}

// cleanFields is metadata with its texts cleaned. Names stay as they are: filters take them.
func cleanFields(meta map[string]any) map[string]any {
	out := maps.Clone(meta)
	for name, value := range out {
		out[name] = clean(value)
	}
	return out
}

func clean(value any) any {
	switch v := value.(type) {
	case string:
		return answer.Clean(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = clean(v[i])
		}
		return out
	case map[string]any:
		return cleanFields(v)
	}
	return value
}

// characters is the length in bytes of the first n characters of a text.
func characters(text string, n int) int {
	for i := range text {
		if n == 0 {
			return i
		}
		n--
	}
	return len(text)
}

// mimes are the media types of formats. Others are plain text.
var mimes = map[document.Format]string{document.Markdown: "text/markdown"}

// read is a document as a resource.
func (s *service) read(ctx context.Context, req *sdk.ReadResourceRequest) (*sdk.ReadResourceResult, error) {
	id, ok := idOf(req.Params.URI)
	if !ok {
		return nil, sdk.ResourceNotFoundError(req.Params.URI)
	}
	d, err := s.find(ctx, id)
	switch {
	case errors.Is(err, winnow.ErrUnknownID):
		return nil, sdk.ResourceNotFoundError(req.Params.URI)
	case err != nil:
		return nil, err
	}
	return &sdk.ReadResourceResult{Contents: []*sdk.ResourceContents{{
		URI: req.Params.URI, MIMEType: cmp.Or(mimes[d.format], "text/plain"), Text: d.text,
	}}}, nil
}
