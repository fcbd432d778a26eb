// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/winnow-search/winnow/index/vector"
)

// Stats is what an index holds and how it is kept.
type Stats struct {
	Dir        string         `json:"dir"`
	Settings   Settings       `json:"settings"`
	Generation uint64         `json:"generation"`
	Documents  int            `json:"documents"`
	Passages   int            `json:"passages"`
	Deleted    int            `json:"deleted_passages"` // still in segments, gone with the next merge
	Files      int            `json:"files"`            // that documents came from
	Bytes      int64          `json:"bytes"`            // of all files of the index
	Segments   []SegmentStats `json:"segments"`
	Recall     *Recall        `json:"recall,omitempty"`
}

// SegmentStats is what one segment holds.
type SegmentStats struct {
	Name      string `json:"name"`
	Documents int    `json:"documents"` // deleted ones included
	Passages  int    `json:"passages"`  // deleted ones included
	Deleted   int    `json:"deleted_passages"`
	Bytes     int64  `json:"bytes"`
	Vectors   string `json:"vectors,omitempty"` // the factory string
}

// Recall compares the index's own way of searching with exact search, on stored vectors as queries.
type Recall struct {
	Queries int     `json:"queries"`
	K       int     `json:"k"`
	Recall  float64 `json:"recall"` // mean share of the exact top k that is found, 0 to 1
	Worst   float64 `json:"worst"`  // of one query
}

// Stats describes the index as the snapshot shows it.
func (db *DB) Stats() (*Stats, error) {
	s, err := db.Snapshot()
	if err != nil {
		return nil, err
	}
	defer s.Release()
	out := &Stats{Dir: db.dir, Settings: db.settings, Generation: s.generation, Passages: s.Rows()}
	if out.Documents, err = s.Docs(); err != nil {
		return nil, err
	}
	for i, p := range s.parts {
		seg := SegmentStats{Name: p.record.Name, Documents: p.record.Docs, Passages: p.record.Rows, Deleted: p.record.Rows - s.liveRows[i], Bytes: p.record.Size}
		if p.vectors != nil {
			seg.Vectors = p.vectors.Spec().String()
		}
		out.Deleted += seg.Deleted
		out.Segments = append(out.Segments, seg)
	}
	if err := db.Files(func(f FileRecord) error {
		if f.Docs > 0 {
			out.Files++
		}
		return nil
	}); err != nil {
		return nil, err
	}
	if db.dir == "" {
		return out, nil
	}
	names, err := db.fs.List(db.dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if info, err := os.Stat(filepath.Join(db.dir, name)); err == nil && info.Mode().IsRegular() {
			out.Bytes += info.Size()
		}
	}
	return out, nil
}

// MeasureRecall searches for a sample of the stored vectors in the way that searches do, and exactly. A passage does not
// count for its own vector, and of passages with equal scores each is as good as the other. The sample depends on the seed
// and the index only. It is nil for an index without vectors, or with a single passage.
func (s *Snapshot) MeasureRecall(ctx context.Context, queries, k int, seed uint64) (*Recall, error) {
	var refs []Ref
	_ = s.Refs(func(r Ref) error { // which has no errors of its own
		refs = append(refs, r)
		return nil
	})
	if len(refs) < 2 || s.parts[0].vectors == nil {
		return nil, nil //nolint:nilnil // nothing to measure is no error
	}
	random := rand.New(rand.NewPCG(seed, 0))
	random.Shuffle(len(refs), func(i, j int) { refs[i], refs[j] = refs[j], refs[i] })
	refs = refs[:min(queries, len(refs))]
	r := &Recall{Queries: len(refs), K: k, Worst: 1}
	total := 0.0
	for _, ref := range refs {
		found, err := s.others(ctx, ref, k, false)
		if err != nil {
			return nil, err
		}
		exact, err := s.others(ctx, ref, k, true)
		if err != nil {
			return nil, err
		}
		share := overlap(found, exact)
		total += share
		r.Worst = min(r.Worst, share)
	}
	r.Recall = total / float64(len(refs))
	return r, nil
}

// others are the k passages nearest to one, without itself.
func (s *Snapshot) others(ctx context.Context, r Ref, k int, exact bool) ([]Hit, error) {
	q, err := s.Vector(r)
	if err != nil {
		return nil, err
	}
	hits, _, err := s.Dense(ctx, q, k+1, DenseParams{Params: vector.Params{Exact: exact}})
	hits = slices.DeleteFunc(hits, func(h Hit) bool { return h.Ref == r })
	return hits[:min(k, len(hits))], err
}

// overlap is the share of exact hits, of which there is one at least, that were found. Hits that score as the last of them
// count as it.
func overlap(found, exact []Hit) float64 {
	in := make(map[Ref]bool, len(exact))
	for _, h := range exact {
		in[h.Ref] = true
	}
	hits := 0
	for _, h := range found {
		if in[h.Ref] || h.Score >= exact[len(exact)-1].Score {
			hits++
		}
	}
	return float64(min(hits, len(exact))) / float64(len(exact))
}
