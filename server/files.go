// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/server/api"
)

// files stores files, each for itself, and answers with a line for each. A file that cannot be read does not touch the others, nor what
// is there under its name.
func (c *call) files() (any, error) {
	in, err := c.collections.find(c.collection())
	if err != nil {
		return nil, err
	}
	files, err := c.uploads()
	if err != nil {
		return nil, err
	}
	var results []api.FileResult
	err = in.write(c.ctx(), func(e *winnow.Engine) error {
		for i := range files {
			r, err := storeFile(c.ctx(), e, &files[i], c.options.MaxBody)
			files[i].data = nil // not needed any more
			if err == nil || r.Documents > 0 {
				results = append(results, r)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil { // what was committed before is told, and then the error
		if len(results) == 0 {
			return nil, err
		}
		told := c.told(err)
		if last := &results[len(results)-1]; last.Status == "" {
			last.Status, last.Error = api.LineError, "not all of it is stored: "+told
		}
		for _, f := range files[len(results):] {
			results = append(results, api.FileResult{File: f.name, Status: api.LineError, Error: "not known to be stored: " + told})
		}
	}
	return sendLines(c, results)
}

// mostProblems is how many rows of a file are told of one by one.
const mostProblems = 100

// storing is a file on its way into an index.
type storing struct {
	engine *winnow.Engine
	before *index.Snapshot // the index without the file: nobody else is writing
	name   string
	result api.FileResult
	placed map[string]bool // ids that the file has given
	change winnow.Change
	size   int // of the texts of the change, in bytes
	untold int // problems beyond mostProblems
}

// storeFile puts the documents of a file in the place of those that a file of its name had given before. limit bounds the text that is
// taken out of it, in bytes. What is wrong with the file is in the result; an error concerns all files, and leaves the status open.
func storeFile(ctx context.Context, e *winnow.Engine, f *upload, limit int64) (api.FileResult, error) {
	s := storing{engine: e, name: f.name, result: api.FileResult{File: f.name}, placed: map[string]bool{}}
	// With the first document that is stored, what is known of a file on disk by this name does not hold any more: the next run of
	// winnow index reads it again.
	s.change.Files = []index.FileRecord{{Path: s.name}}
	if wrong := f.err; wrong != nil {
		return s.failed(wrong), nil
	}
	before, err := e.Index().Snapshot()
	if err != nil {
		return s.result, err
	}
	defer before.Release()
	s.before = before
	problems, err := document.ReadData(ctx, f.name, f.data, document.LoadOptions{MaxFileSize: limit}, func(d document.Document) error { return s.add(ctx, &d) })
	if err != nil {
		return s.result, err
	}
	var broken error // the file was not read to its end
	for _, p := range problems {
		switch {
		case p.Line > 0:
			s.refuse(p.Line, p.Err)
		case p.Kind == document.ProblemRow: // how many more there are
			s.result.Problems = append(s.result.Problems, p.Err.Error())
		case p.Kind == document.ProblemTooLarge:
			broken = fmt.Errorf("the file has more than %d bytes, or more is in it: split it, or start the server with a larger --max-body", limit)
		default:
			broken = p.Err
		}
	}
	switch {
	case len(s.placed) > 0:
	case broken != nil:
		return s.failed(broken), nil
	case len(s.result.Problems) > 0:
		return s.failed(errors.New("no row of it can be stored")), nil
	default:
		return s.failed(errors.New("there is no text in it")), nil
	}
	if broken == nil {
		if err := s.deleteFormer(ctx); err != nil {
			return s.result, err
		}
	}
	if err := s.flush(ctx); err != nil {
		return s.told(), err
	}
	if broken != nil {
		return s.failed(fmt.Errorf("not all of it is stored: %w", broken)), nil
	}
	switch {
	case s.result.Documents > 0:
		s.result.Status = api.LineStored
		return s.told(), nil
	case len(s.result.Problems) > 0:
		return s.failed(errors.New("no row of it can be stored")), nil
	default:
		return s.failed(errors.New("there is nothing to find in it")), nil
	}
}

func (s *storing) failed(err error) api.FileResult {
	s.result.Status, s.result.Error = api.LineError, err.Error()
	return s.told()
}

// told is the result, with how many problems are not in it.
func (s *storing) told() api.FileResult {
	if s.untold > 0 {
		s.result.Problems = append(s.result.Problems, fmt.Sprintf("%d further rows are not stored either", s.untold))
		s.untold = 0
	}
	return s.result
}

// refuse notes a row that is not stored; line is 0 if the file is one document.
func (s *storing) refuse(line int, err error) {
	if len(s.result.Problems) == mostProblems {
		s.untold++
		return
	}
	if line > 0 {
		err = fmt.Errorf("line %d: %w", line, err)
	}
	s.result.Problems = append(s.result.Problems, err.Error())
}

// add takes a document of the file, unless its id is another's.
func (s *storing) add(ctx context.Context, d *document.Document) error {
	if strings.TrimSpace(d.Text) == "" {
		return nil // nothing to find
	}
	if len(d.ID) > mostID {
		s.refuse(d.Source.Line, idTooLong(d.ID))
		return nil
	}
	if s.placed[d.ID] {
		s.refuse(d.Source.Line, fmt.Errorf("the id %.80q is taken by another document of the file: the first is kept", d.ID))
		return nil
	}
	owner, err := s.owner(d.ID)
	if err != nil {
		return err
	}
	if owner != "" && owner != s.name {
		s.refuse(d.Source.Line, fmt.Errorf("the id %.80q is taken by a document of the file %.80q: delete that one first", d.ID, owner))
		return nil
	}
	s.placed[d.ID] = true
	s.change.Add = append(s.change.Add, *d)
	if s.size += len(d.Text); s.size < bulkBytes && len(s.change.Add) < bulkLines {
		return nil
	}
	return s.flush(ctx)
}

// owner is the file that gave the document with an id; "" if there is none.
func (s *storing) owner(id string) (string, error) {
	d, err := s.before.Get(id)
	if err != nil || d == nil {
		return "", err
	}
	return d.Source.Path, nil
}

// deleteFormer adds the deletion of what a file of this name had given before, and this one does not.
func (s *storing) deleteFormer(ctx context.Context) error {
	sel, err := s.before.FromFile(ctx, s.name)
	if err != nil || sel.Count == 0 {
		return err
	}
	return s.before.Entries(ctx, sel, func(e index.Entry) error {
		if !s.placed[e.Document.ID] {
			s.change.Delete = append(s.change.Delete, e.Document.ID)
		}
		return nil
	})
}

// flush commits what there is. A document that is refused is left out, and what has its id stays; if all are, so does all that the
// file had given before.
func (s *storing) flush(ctx context.Context) error {
	for len(s.change.Add) > 0 || s.result.Documents > 0 && len(s.change.Delete)+len(s.change.Files) > 0 {
		a, err := s.engine.Apply(ctx, s.change)
		if refused, ok := errors.AsType[*index.EntryError](err); ok && s.leaveOut(refused) {
			continue
		}
		if err != nil {
			return err
		}
		r := &s.result
		r.Documents, r.Replaced = r.Documents+a.Added+a.Replaced, r.Replaced+a.Replaced
		r.Deleted, r.Passages = r.Deleted+a.Deleted, r.Passages+a.Rows
		s.change = winnow.Change{}
	}
	s.size = 0
	return nil
}

func (s *storing) leaveOut(refused *index.EntryError) bool {
	for i := range s.change.Add {
		if d := &s.change.Add[i]; d.ID == refused.ID {
			s.refuse(d.Source.Line, refused)
			s.change.Add = append(s.change.Add[:i:i], s.change.Add[i+1:]...)
			return true
		}
	}
	return false
}
