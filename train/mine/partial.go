// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package mine

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"

	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/internal/atomicfile"
	"github.com/winnow-search/winnow/internal/jsondiff"
	"github.com/winnow-search/winnow/train/dataset"
)

// partialFormat is that of the file below.
const partialFormat = "winnow-mined/1"

// longestRecord bounds a line of the file, in bytes: a row has some hundred bytes for each candidate.
const longestRecord = 64 << 20

// A Partial keeps what has been mined, so that a run that ends early is gone on with: a file of JSON lines. The first is a header
// that says of what settings and data it is, each other one has the negatives of the next row, by their ids. A line
// that was being written when the run was killed is dropped.
type Partial struct {
	file *os.File
	path string
}

// Tools are what a run finds and judges candidates with, in words that are different for different models and settings of theirs.
type Tools struct {
	Retriever string `json:"retriever"`
	Judge     string `json:"judge"`
}

// header is all that results depend on. Its names stand in errors.
type header struct {
	Format string `json:"format"`
	Tools
	Negatives      int    `json:"negatives"`
	From           int    `json:"from"`
	To             int    `json:"to"`
	AbsoluteMargin string `json:"absolute margin"` // texts: they may be NaN
	RelativeMargin string `json:"relative margin"`
	Random         bool   `json:"random"`
	Seed           uint64 `json:"seed"`
	All            bool   `json:"all candidates judged"`
	Rows           int    `json:"rows"`
	Data           string `json:"data"` // a digest of rows and texts
}

// record is a row's.
type record struct {
	Found         []pick   `json:"found"`
	Suspected     []pick   `json:"suspected,omitempty"`
	PositiveScore *float64 `json:"positive_score"` // null if nothing was found
	Candidates    int      `json:"candidates"`
	Judged        int      `json:"judged"`
}

// pick is a candidate.
type pick struct {
	ID    string  `json:"id"`
	Rank  int     `json:"rank"`
	Score float64 `json:"score"`
}

// PartialError is a file of another run.
type PartialError struct {
	Path        string
	Differences []string // such as "negatives: 5, now 3"; none if it is no file of ours
}

// Error implements error.
func (e *PartialError) Error() string {
	if len(e.Differences) == 0 {
		return e.Path + " is in the way, where rows are kept until all are mined, and is no such file: move it, or write elsewhere"
	}
	return fmt.Sprintf("%s is of a run with other data or settings (%s): go on with those, or remove it to start anew", e.Path, strings.Join(e.Differences, "; "))
}

// Resume opens the file of an interrupted run, and returns the rows that it mined: the first of rows. Where there is no
// file it begins one. rows and c are those of [New].
func (m *Miner) Resume(path string, with Tools, c *eval.Collection, rows []dataset.Row) (*Partial, []Mined, error) {
	h := m.header(with, c, rows)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		text, err := json.Marshal(h)
		if err == nil {
			err = atomicfile.Write(path, append(text, '\n')) // whole, or not there
		}
		if err != nil {
			return nil, nil, err
		}
		f, err = os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return nil, nil, err
		}
	} else if err != nil {
		return nil, nil, err
	}
	done, end, err := m.read(f, path, h, rows)
	if err == nil {
		err = f.Truncate(end)
	}
	if err == nil {
		_, err = f.Seek(end, io.SeekStart)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return &Partial{file: f, path: path}, done, nil
}

// header is that of a run.
func (m *Miner) header(with Tools, c *eval.Collection, rows []dataset.Row) *header {
	digest := sha256.New()
	for _, r := range rows {
		r.Digest(digest)
	}
	for _, d := range c.Docs {
		r := dataset.Row{Anchor: d.ID, Positive: d.Text}
		r.Digest(digest)
	}
	o := &m.options
	return &header{
		Format: partialFormat, Tools: with, Negatives: o.Negatives, From: o.From, To: o.To,
		AbsoluteMargin: fmt.Sprint(o.AbsoluteMargin), RelativeMargin: fmt.Sprint(o.RelativeMargin),
		Random: o.Random, Seed: o.Seed, All: o.All, Rows: len(rows), Data: fmt.Sprintf("%x", digest.Sum(nil)[:8]),
	}
}

// read gives the rows of a file, and the byte after the last that is whole.
func (m *Miner) read(f io.Reader, path string, now *header, rows []dataset.Row) (done []Mined, end int64, err error) {
	s := bufio.NewScanner(f)
	s.Buffer(nil, longestRecord)
	s.Split(func(data []byte, atEOF bool) (int, []byte, error) { // lines with their ends: one without is not whole
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			return i + 1, data[:i+1], nil
		}
		return 0, nil, nil
	})
	var before header
	if !s.Scan() || json.Unmarshal(s.Bytes(), &before) != nil || before.Format == "" {
		return nil, 0, errors.Join(s.Err(), &PartialError{Path: path})
	}
	differences, err := jsondiff.Fields(before, now)
	if err != nil {
		return nil, 0, err
	}
	if len(differences) > 0 {
		return nil, 0, &PartialError{path, differences}
	}
	end = int64(len(s.Bytes()))
	for len(done) < len(rows) && s.Scan() {
		row, ok := m.parse(s.Bytes(), rows[len(done)])
		if !ok {
			return done, end, nil // what a power cut left is mined again
		}
		done, end = append(done, row), end+int64(len(s.Bytes()))
	}
	if err := s.Err(); err != nil && !errors.Is(err, bufio.ErrTooLong) {
		return nil, 0, fmt.Errorf("%s: %w", path, err)
	}
	return done, end, nil
}

// parse is a row from its record.
func (m *Miner) parse(line []byte, row dataset.Row) (Mined, bool) {
	var r record
	if err := json.Unmarshal(line, &r); err != nil {
		return Mined{}, false
	}
	out := Mined{Row: row, PositiveScore: math.NaN(), Candidates: r.Candidates, Judged: r.Judged}
	out.Negatives, out.Scores = nil, nil
	if r.PositiveScore != nil {
		out.PositiveScore = *r.PositiveScore
	}
	for _, l := range []struct {
		from []pick
		to   *[]Negative
	}{{r.Found, &out.Found}, {r.Suspected, &out.Suspected}} {
		for _, p := range l.from {
			text, ok := m.texts[p.ID]
			if !ok {
				return Mined{}, false
			}
			*l.to = append(*l.to, Negative{ID: p.ID, Text: text, Rank: p.Rank, Score: p.Score})
		}
	}
	for _, n := range out.Found {
		out.Negatives = append(out.Negatives, n.Text)
	}
	return out, true
}

// Append adds rows.
func (p *Partial) Append(list []Mined) error {
	picks := func(list []Negative) []pick {
		out := make([]pick, len(list))
		for i, n := range list {
			out[i] = pick{n.ID, n.Rank, n.Score}
		}
		return out
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	for i := range list {
		m := &list[i]
		r := record{Found: picks(m.Found), Suspected: picks(m.Suspected), Candidates: m.Candidates, Judged: m.Judged}
		if !math.IsNaN(m.PositiveScore) {
			r.PositiveScore = &m.PositiveScore
		}
		if err := e.Encode(r); err != nil {
			return err
		}
	}
	_, err := p.file.Write(b.Bytes())
	return err
}

// Close leaves the file for the next run.
func (p *Partial) Close() error { return p.file.Close() }

// Remove ends the file.
func (p *Partial) Remove() error { return errors.Join(p.file.Close(), os.Remove(p.path)) }
