// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/internal/strictjson"
	"github.com/winnow-search/winnow/server/api"
)

// mostDocuments bounds those of a request.
const mostDocuments = 10_000

// mostID bounds an id, in bytes: percent-encoded in a path, it must fit into the head of a request.
const mostID = 4096

func idTooLong(id string) error {
	return fmt.Errorf("the id has %d bytes; at most %d", len(id), mostID)
}

// checkDocument refuses what the engine would.
func checkDocument(d *api.Document) error {
	switch {
	case d.ID == "":
		return errors.New("the id is missing or empty")
	case len(d.ID) > mostID:
		return idTooLong(d.ID)
	case !d.Format.Known():
		return fmt.Errorf("the format %.80q is not known; use %q, %q, %q or %q", d.Format, document.Plain, document.Markdown, document.Code, document.Pages)
	}
	return nil
}

// change makes a change to a collection.
func (c *call) change(name string, x winnow.Change) (*api.Applied, error) {
	in, err := c.collections.find(name)
	if err != nil {
		return nil, err
	}
	var a index.Applied
	if err := in.write(c.ctx(), func(e *winnow.Engine) (err error) {
		a, err = e.Apply(c.ctx(), x)
		return err
	}); err != nil {
		return nil, err
	}
	return &api.Applied{Added: a.Added, Replaced: a.Replaced, Deleted: a.Deleted, Unknown: a.Unknown, Passages: a.Rows}, nil
}

func (c *call) addDocuments(r *api.Documents) (*api.Applied, error) {
	if len(r.Documents) == 0 || len(r.Documents) > mostDocuments {
		return nil, bad("documents", "there are %d documents; want 1 to %d", len(r.Documents), mostDocuments)
	}
	seen := make(map[string]bool, len(r.Documents))
	var x winnow.Change
	for i := range r.Documents {
		d := &r.Documents[i]
		err := checkDocument(d)
		if err == nil && seen[d.ID] {
			err = errors.New("a document before has the same id")
		}
		if err != nil {
			return nil, bad("documents", "document %d (%.80q): %w", i, d.ID, err)
		}
		seen[d.ID] = true
		x.Add = append(x.Add, d.Document())
	}
	return c.change(r.Collection, x)
}

// id is the document that the path names.
func (c *call) id() string { return c.r.PathValue("id") }

// collection is the one that the query of the URL names.
func (c *call) collection() string { return c.r.URL.Query().Get("collection") }

func (c *call) putDocument(d *api.Document) (*api.Applied, error) {
	if d.ID == "" {
		d.ID = c.id()
	}
	if d.ID != c.id() {
		return nil, bad("id", "the id is %.80q in the body and %.80q in the path", d.ID, c.id())
	}
	if err := checkDocument(d); err != nil {
		return nil, bad("", "%w", err)
	}
	return c.change(c.collection(), winnow.Change{Add: []winnow.Document{d.Document()}})
}

// patchDocument changes some of what is known of a document. It is read and written under the writer's lock.
func (c *call) patchDocument(x *api.Change) (*api.Applied, error) {
	in, err := c.collections.find(c.collection())
	if err != nil {
		return nil, err
	}
	if x.Format != nil && !x.Format.Known() {
		return nil, bad("format", "the format %.80q is not known", *x.Format)
	}
	var a index.Applied
	err = in.write(c.ctx(), func(e *winnow.Engine) error {
		d, _, err := stored(e, c.id())
		if err != nil {
			return err
		}
		changed := *d
		if x.Title != nil {
			changed.Title = *x.Title
		}
		if x.Text != nil {
			changed.Text = *x.Text
		}
		if x.Format != nil {
			changed.Format = *x.Format
		}
		if x.Metadata != nil {
			changed.Meta = *x.Metadata
		}
		a, err = e.Apply(c.ctx(), winnow.Change{Add: []winnow.Document{changed}})
		return err
	})
	if err != nil {
		return nil, err
	}
	return &api.Applied{Added: a.Added, Replaced: a.Replaced, Passages: a.Rows}, nil
}

// stored is a document of an engine, and the number of its passages.
func stored(e *winnow.Engine, id string) (*winnow.Document, int, error) {
	s, err := e.Index().Snapshot()
	if err != nil {
		return nil, 0, err
	}
	defer s.Release()
	d, err := s.Get(id)
	if err != nil {
		return nil, 0, err
	}
	if d == nil {
		return nil, 0, notFound("id", "there is no document %.80q", id)
	}
	refs, err := s.Find(id)
	return d, len(refs), err
}

func (c *call) getDocument() (*api.Stored, error) {
	in, err := c.collections.find(c.collection())
	if err != nil {
		return nil, err
	}
	out := &api.Stored{}
	err = in.read(func(e *winnow.Engine) error {
		d, passages, err := stored(e, c.id())
		if err != nil {
			return err
		}
		out.Document = api.Document{ID: d.ID, Title: d.Title, Text: d.Text, Format: d.Format, Metadata: d.Meta}
		out.Passages = passages
		if d.Source.Path != "" {
			out.Source = &winnow.Source{Path: d.Source.Path, StartLine: d.Source.Line, EndLine: d.Source.Line}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// number is a parameter in the query of the URL.
func (c *call) number(name string, byDefault, most int) (int, error) {
	text := c.r.URL.Query().Get(name)
	if text == "" {
		return byDefault, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, bad(name, "%s is %.20q; want a number from 0 to %d", name, text, most)
	}
	return n, nil
}

// errEnough ends a walk.
var errEnough = errors.New("enough")

func (c *call) listDocuments() (*api.DocumentList, error) {
	in, err := c.collections.find(c.collection())
	if err != nil {
		return nil, err
	}
	limit, err := c.number("limit", 100, 1000)
	if err != nil {
		return nil, err
	}
	offset, err := c.number("offset", 0, 1<<31-1)
	if err != nil {
		return nil, err
	}
	out := &api.DocumentList{Documents: []api.Listed{}}
	err = in.read(func(e *winnow.Engine) error {
		s, err := e.Index().Snapshot()
		if err != nil {
			return err
		}
		defer s.Release()
		if out.Total, err = s.Docs(); err != nil {
			return err
		}
		n := 0
		err = s.Documents(c.ctx(), func(d *document.Document, passages []index.Passage) error {
			if n++; n <= offset {
				return nil
			}
			if len(out.Documents) == limit {
				return errEnough
			}
			out.Documents = append(out.Documents, api.Listed{ID: d.ID, Title: d.Title, Path: d.Source.Path, Passages: len(passages), Bytes: len(d.Text), Metadata: d.Meta})
			return nil
		})
		if errors.Is(err, errEnough) {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (c *call) deleteDocument() (*api.Applied, error) {
	a, err := c.change(c.collection(), winnow.Change{Delete: []string{c.id()}})
	if err == nil && a.Deleted == 0 {
		return nil, notFound("id", "there is no document %.80q", c.id())
	}
	return a, err
}

func (c *call) deleteDocuments(r *api.Delete) (*api.Applied, error) {
	if len(r.IDs) == 0 || len(r.IDs) > mostDocuments {
		return nil, bad("ids", "there are %d ids; want 1 to %d", len(r.IDs), mostDocuments)
	}
	return c.change(r.Collection, winnow.Change{Delete: r.IDs})
}

// A bulk request is committed in parts, each of at most so many lines and bytes.
const (
	bulkLines = 256
	bulkBytes = 4 << 20
)

// bulk applies lines in order, some at a time, and answers with a line for each. A line that is wrong does not touch the others. After a
// commit that fails nothing more is done; if it is the first and has changed nothing, the request fails.
func (c *call) bulk() (any, error) {
	in, err := c.collections.find(c.collection())
	if err != nil {
		return nil, err
	}
	data, err := c.body()
	if err != nil {
		return nil, err
	}
	var results []api.LineResult
	err = in.write(c.ctx(), func(e *winnow.Engine) error {
		number, told := 0, ""
		var failed error // a commit
		for len(data) > 0 {
			b := bulkPart{ids: map[string]bool{}}
			for size := 0; len(data) > 0 && len(b.results) < bulkLines && size < bulkBytes; {
				line, rest, _ := bytes.Cut(data, []byte("\n"))
				if !b.add(line, number+1) {
					break // it is about a document that the part has already: the next one begins with it
				}
				number++
				size += len(line)
				data = rest
			}
			if failed != nil {
				b.fail("not", "nothing was done after a failure: "+told)
			} else if failed = b.apply(c, e); failed != nil {
				word := "not"
				switch {
				case errors.Is(failed, index.ErrNotDurable), errors.Is(failed, index.ErrInDoubt):
					word = "may be"
				case len(results) == 0:
					return failed
				}
				told = c.told(failed)
				b.fail(word, told)
			}
			results = append(results, b.results...)
		}
		return nil
	})
	if err != nil {
		if len(results) == 0 {
			return nil, err
		}
		c.told(err) // what is committed is, but the reader does not see it
	}
	return sendLines(c, slices.DeleteFunc(results, func(r api.LineResult) bool { return r.Status == "" })) // without empty lines
}

// sendLines answers with a line for each result.
func sendLines[T any](c *call, results []T) (any, error) {
	c.w.Header().Set("Content-Type", "application/x-ndjson")
	c.w.WriteHeader(http.StatusOK)
	for _, r := range results {
		line, err := marshal(r)
		if err != nil {
			return nil, err
		}
		_, _ = c.w.Write(line) // a client that has gone is counted by its context
	}
	return written{}, nil
}

// bulkPart is what one commit does.
type bulkPart struct {
	change  winnow.Change
	ids     map[string]bool // documents that are in it
	results []api.LineResult
}

// add adds a line; false if that is not possible because another line is about the same document.
func (b *bulkPart) add(line []byte, number int) bool {
	result := api.LineResult{Line: number}
	var l api.BulkLine
	if len(bytes.TrimSpace(line)) > 0 {
		err := strictjson.Unmarshal(line, &l)
		switch {
		case err != nil:
			if at, ok := errors.AsType[*strictjson.Error](err); ok {
				err = at.Err // the line is the one that is named
			}
		case l.Delete != "" && (l.ID != "" || l.Text != "" || l.Title != "" || l.Format != "" || l.Metadata != nil):
			err = errors.New("a line with delete has no other fields")
		case l.Delete == "":
			err = checkDocument(&l.Document)
		}
		id := l.ID + l.Delete
		if err == nil && b.ids[id] {
			return false
		}
		result.ID = id
		switch {
		case err != nil:
			result.Status, result.Error = api.LineError, err.Error()
		case l.Delete != "":
			b.ids[id], result.Status = true, api.LineDeleted
			b.change.Delete = append(b.change.Delete, id)
		default:
			b.ids[id], result.Status = true, api.LineStored
			b.change.Add = append(b.change.Add, l.Document.Document())
		}
	}
	b.results = append(b.results, result)
	return true
}

// apply commits the part. A document that is refused is left out, and the others are committed without it.
func (b *bulkPart) apply(c *call, e *winnow.Engine) error {
	for len(b.change.Add)+len(b.change.Delete) > 0 {
		a, err := e.Apply(c.ctx(), b.change)
		refused, ok := errors.AsType[*index.EntryError](err)
		switch {
		case err == nil:
			for i := range b.results {
				if r := &b.results[i]; r.Status == api.LineDeleted && slices.Contains(a.Unknown, r.ID) {
					r.Status = api.LineUnknown
				}
			}
			return nil
		case !ok || !b.drop(refused):
			return err
		}
	}
	return nil
}

// fail says of what the part was to do that it is not done, or may be.
func (b *bulkPart) fail(word, told string) {
	for i := range b.results {
		if r := &b.results[i]; r.Status == api.LineStored || r.Status == api.LineDeleted {
			r.Status, r.Error = api.LineError, fmt.Sprintf("%s %s: %s", word, r.Status, told)
		}
	}
}

// drop leaves a refused document out.
func (b *bulkPart) drop(refused *index.EntryError) bool {
	for i := range b.change.Add {
		if b.change.Add[i].ID != refused.ID {
			continue
		}
		b.change.Add = append(b.change.Add[:i:i], b.change.Add[i+1:]...)
		for j := range b.results {
			if r := &b.results[j]; r.ID == refused.ID && r.Status == api.LineStored {
				r.Status, r.Error = api.LineError, refused.Error()
			}
		}
		return true
	}
	return false
}
