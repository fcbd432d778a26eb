// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/internal/speed"
)

// Manifest says how a run came about: whoever repeats that on the same SIMD tier gets the same run file, byte for byte, on any
// number of threads. It holds no time of day.
type Manifest struct {
	Winnow     string            `json:"winnow"` // version
	Machine    speed.Machine     `json:"machine"`
	Threads    int               `json:"threads"`
	Seed       uint64            `json:"seed"`
	Parameters map[string]string `json:"parameters,omitempty"` // as they were given, by name
	Collection string            `json:"collection"`
	Documents  int               `json:"documents"`
	Queries    int               `json:"queries"`
	Level      int               `json:"relevance_level"`
	Candidates int               `json:"candidates"`
	Inputs     []Input           `json:"inputs"`
	Index      *IndexRecord      `json:"index,omitempty"`
	Models     []ModelRecord     `json:"models,omitempty"`
	Run        *Result           `json:"run,omitempty"` // with its measures
	RunSHA256  string            `json:"run_sha256,omitempty"`
}

// Input is a file that was read.
type Input struct {
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // of the file as it is, compressed or not
}

// IndexRecord is the index that was searched.
type IndexRecord struct {
	Settings index.Settings `json:"settings"`
	Passages int            `json:"passages"`
	Dir      string         `json:"dir,omitempty"`
	// SHA256 is over its documents by id, with titles, texts and the bounds of passages: of an index whose documents no input has.
	SHA256 string `json:"sha256,omitempty"`
}

// ModelRecord is a model that was run.
type ModelRecord struct {
	Role        string            `json:"role"` // retriever or reranker
	Name        string            `json:"name"`
	Fingerprint string            `json:"fingerprint"`
	Precision   encoder.Precision `json:"precision"` // in use, never auto
	MaxTokens   int               `json:"max_tokens"`
}

// NewManifest describes the machine.
func NewManifest(version string, threads int, seed uint64) Manifest {
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	return Manifest{Winnow: version, Machine: speed.ThisMachine(), Threads: threads, Seed: seed}
}

// Describe adds what was measured.
func (m *Manifest) Describe(c *Collection) {
	m.Collection, m.Documents, m.Queries, m.Level, m.Candidates = c.Name, c.Documents, c.Queries, c.Level, c.Candidates
}

// Read adds files with their digests. Files that do not exist are left out: of the names of a part at most one does.
func (m *Manifest) Read(paths ...string) error {
	for _, path := range paths {
		in, err := digest(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		m.Inputs = append(m.Inputs, in)
	}
	return nil
}

func digest(path string) (Input, error) {
	f, err := os.Open(path)
	if err != nil {
		return Input{}, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return Input{}, err
	}
	return Input{Path: path, Bytes: n, SHA256: hex.EncodeToString(h.Sum(nil))}, nil
}

// Engine adds the index of an engine and its bi-encoder.
func (m *Manifest) Engine(e *winnow.Engine) error {
	m.Index = &IndexRecord{Settings: e.Index().Settings(), Passages: e.Len(), Dir: e.Index().Dir()}
	b := e.Retriever()
	if b == nil {
		return nil
	}
	fingerprint, err := b.Model().Fingerprint()
	if err != nil {
		return fmt.Errorf("model %s: %w", b.Model().Name, err)
	}
	m.Models = append(m.Models, ModelRecord{"retriever", b.Model().Name, fingerprint, b.Precision(), b.MaxTokens()})
	return nil
}

// Contents adds the digest of an engine's documents to its index. It does not depend on the order in which they were added.
func (m *Manifest) Contents(ctx context.Context, e *winnow.Engine) (err error) {
	snapshot, err := e.Index().Snapshot()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, snapshot.Release()) }()
	type record struct {
		id  string
		sum []byte
	}
	var records []record
	err = snapshot.Documents(ctx, func(d *document.Document, passages []index.Passage) error {
		h := sha256.New()
		part(h, d.Title)
		part(h, d.Text)
		for i := range passages {
			part(h, fmt.Sprintln(passages[i].Chunk.Start, passages[i].Chunk.End))
		}
		records = append(records, record{d.ID, h.Sum(nil)})
		return nil
	})
	if err != nil {
		return fmt.Errorf("index %s: %w", e.Index().Dir(), err)
	}
	slices.SortFunc(records, func(a, b record) int { return cmp.Or(cmp.Compare(a.id, b.id), bytes.Compare(a.sum, b.sum)) })
	all := sha256.New()
	for _, r := range records {
		part(all, r.id)
		part(all, string(r.sum))
	}
	m.Index.SHA256 = hex.EncodeToString(all.Sum(nil))
	return nil
}

// Reranker adds a cross-encoder; twice is once.
func (m *Manifest) Reranker(c *encoder.CrossEncoder) error {
	fingerprint, err := c.Model().Fingerprint()
	if err != nil {
		return fmt.Errorf("model %s: %w", c.Model().Name, err)
	}
	for _, known := range m.Models {
		if known.Role == "reranker" && known.Fingerprint == fingerprint {
			return nil
		}
	}
	m.Models = append(m.Models, ModelRecord{"reranker", c.Model().Name, fingerprint, c.Precision(), c.MaxTokens()})
	return nil
}
