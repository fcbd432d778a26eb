// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"path/filepath"
	"strings"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/index/vector"
	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/model"
)

// Index says how the documents of a collection are indexed.
type Index struct {
	Models    model.Pair // without a retriever there are no vectors
	Vectors   string     // factory string, see vector.ParseSpec; "": flat
	Split     bool       // cut documents into passages; else each is one, of which encoders read the beginning
	Precision encoder.Precision
	Threads   int
	MaxTokens int
	// Cache is a directory below which the index is kept, in one of its own for every corpus, model, precision, instruction
	// set and way of indexing, and used again; "": in memory.
	Cache    string
	Progress func(done, total int) // of encoding, as winnow.Progress; may be nil
}

// Build makes the index of a collection's documents, or opens the one that is kept. reused says which. Documents
// are added all at once: an interrupted build leaves nothing, and the same documents give the same index.
func Build(ctx context.Context, c *eval.Collection, x Index) (e *winnow.Engine, reused bool, err error) {
	if x.Vectors == "" {
		x.Vectors = "flat"
	}
	opts := []winnow.Option{
		winnow.Threads(x.Threads), winnow.MaxTokens(x.MaxTokens), winnow.AtPrecision(x.Precision), winnow.Vectors(x.Vectors),
		winnow.Passages(x.sizes()), winnow.Progress(x.Progress),
	}
	if x.Precision == "" {
		opts = append(opts, winnow.AtPrecision(encoder.FP32))
	}
	dir := ""
	if x.Cache != "" {
		if dir, err = x.directory(c); err != nil {
			return nil, false, err
		}
		if index.Exists(dir) {
			e, err := winnow.Open(dir, x.Models, append(opts, winnow.ReadOnly())...)
			if err != nil {
				return nil, false, err
			}
			if n := e.Len(); n > 0 {
				return e, true, matches(e, c)
			}
			if err := e.Close(); err != nil { // an interrupted build
				return nil, false, err
			}
		}
		e, err = winnow.Open(dir, x.Models, opts...)
	} else {
		e, err = winnow.New(x.Models, opts...)
	}
	if err != nil {
		return nil, false, err
	}
	if err := e.Add(ctx, c.Docs...); err != nil {
		return nil, false, errors.Join(err, e.Close())
	}
	return e, false, nil
}

// matches makes sure that a kept index has the documents of the collection.
func matches(e *winnow.Engine, c *eval.Collection) error {
	want := 0
	for i := range c.Docs {
		if strings.TrimSpace(c.Docs[i].Title+c.Docs[i].Text) != "" {
			want++
		}
	}
	got, err := Documents(e)
	if err == nil && got != want {
		err = fmt.Errorf("the kept index %s has %d documents, the collection %d: delete that directory to have it made anew", e.Index().Dir(), got, want)
	}
	if err != nil {
		return errors.Join(err, e.Close())
	}
	return nil
}

// Documents is the number of an engine's documents.
func Documents(e *winnow.Engine) (int, error) {
	s, err := e.Index().Snapshot()
	if err != nil {
		return 0, err
	}
	defer s.Release()
	return s.Docs()
}

// buildVersion is to be raised when documents are split otherwise, or graphs and lists are built otherwise, from the same
// settings: an index that was kept before is then not taken for one that would be made now.
const buildVersion = 1

// sizes are those of passages.
func (x *Index) sizes() index.Sizes { return index.Sizes{Whole: !x.Split} }

// directory is where an index is kept: named by the collection and all that it depends on.
func (x *Index) directory(c *eval.Collection) (string, error) {
	fingerprint := ""
	if x.Models.Retriever != "" {
		m, err := model.Open(x.Models.Retriever)
		if err != nil {
			return "", err
		}
		if fingerprint, err = m.Fingerprint(); err != nil {
			return "", errors.Join(err, m.Close())
		}
		if err := m.Close(); err != nil {
			return "", err
		}
	}
	tier, _ := kernel.Active() // a wrong WINNOW_SIMD is for the command to report
	h := sha256.New()
	part(h, Digest(c.Docs))
	spec, err := vector.ParseSpec(x.Vectors)
	if err != nil {
		return "", err
	}
	// The parts of the specification, since its text leaves out what is the default.
	part(h, fmt.Sprintln(document.DefaultTarget, document.DefaultMax))
	part(h, fmt.Sprintf("%d %s %+v %+v %s %d %s %d", buildVersion, fingerprint, spec, x.sizes(), x.Precision, x.MaxTokens, tier, analysis.Version))
	return filepath.Join(x.Cache, safe(c.Name)+"-"+hex.EncodeToString(h.Sum(nil)[:8])), nil
}

// Digest is a SHA-256 over ids, titles and texts of documents, in their order, as hexadecimal digits.
func Digest(docs []document.Document) string {
	h := sha256.New()
	for i := range docs {
		part(h, docs[i].ID)
		part(h, docs[i].Title)
		part(h, docs[i].Text)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// part adds a text after its length, so that texts cannot run into each other.
func part(h hash.Hash, text string) {
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], uint64(len(text)))
	h.Write(n[:])
	h.Write([]byte(text))
}

// safe makes a name that file systems take: other characters than letters, digits and a few signs become "-".
func safe(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("._+@,-", r):
			return r
		}
		return '-'
	}, name)
}
