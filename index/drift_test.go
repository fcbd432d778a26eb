// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/index/vector"
)

// driftDim is large enough that a graph misses some neighbours.
const driftDim = 48

// driftSettings are those of an index of graphs.
func driftSettings() Settings {
	s := kindSettings("hnsw16,int8")
	s.Dim = driftDim
	return s
}

// driftVector has components of falling variance, as embeddings do.
func driftVector(r *rand.Rand) []float32 {
	v := make([]float32, driftDim)
	for i := range v {
		v[i] = float32(r.NormFloat64() / math.Sqrt(1+0.3*float64(i)))
	}
	return v
}

func driftEntry(id int, r *rand.Rand) Entry {
	return Entry{
		Document: document.Document{ID: fmt.Sprintf("d%d", id), Text: "x"},
		Chunks:   []document.Chunk{{Text: "x", End: 1}}, Vectors: driftVector(r),
	}
}

// TestDrift changes an index of graphs by random schedules, and compares its recall with that of an index made anew from the
// documents that are left.
func TestDrift(t *testing.T) {
	worst, schedules := 1.0, pick(2, 20)
	for seed := range uint64(schedules) {
		dir := filepath.Join(fastDir(t), "db")
		d := runDrift(t, dir, seed)
		worst = min(worst, d)
		if d < -0.01 {
			t.Errorf("schedule %d: recall@10 is lower by %.4f than in a fresh index", seed, -d)
		}
	}
	t.Logf("%d schedules: recall@10 less that of a fresh index is %+.4f at worst", schedules, worst)
}

// runDrift returns the recall after one schedule, less that of a fresh index.
func runDrift(t *testing.T, dir string, seed uint64) float64 {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 7))
	db, err := Create(dir, driftSettings(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	live := map[int]Entry{}
	next := 0
	add := func(c *Change, id int) {
		e := driftEntry(id, r)
		c.Add = append(c.Add, e)
		live[id] = e
	}
	var first Change
	for range 2500 {
		add(&first, next)
		next++
	}
	mustApply(t, db, first)
	for range pick(4, 10) {
		var c Change
		ids := make([]int, 0, len(live))
		for id := range live {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		deletes, updates := r.IntN(len(ids)/4), r.IntN(len(ids)/8)
		if len(ids) < 2000 {
			deletes = 0 // graphs of a few vectors are always right
		}
		for _, id := range ids[:deletes] {
			c.Delete = append(c.Delete, fmt.Sprintf("d%d", id))
			delete(live, id)
		}
		for _, id := range ids[deletes : deletes+updates] {
			add(&c, id)
		}
		for range r.IntN(900) {
			add(&c, next)
			next++
		}
		mustApply(t, db, c)
		if r.IntN(3) > 0 {
			if err := db.Merge(t.Context(), MergeOptions{All: r.IntN(4) == 0}); err != nil {
				t.Fatal(err)
			}
		}
	}
	fresh, err := Memory(driftSettings(), 0)
	if err != nil {
		t.Fatal(err)
	}
	var all Change
	for id := range next {
		if e, ok := live[id]; ok {
			all.Add = append(all.Add, e)
		}
	}
	mustApply(t, fresh, all)
	queries := make([][]float32, 600)
	for i := range queries {
		queries[i] = driftVector(r)
	}
	changed, anew := driftRecall(t, db, queries), driftRecall(t, fresh, queries)
	checkWhole(t, dir, len(live))
	// Several segments are searched more thoroughly than one. So in one, too.
	if err := db.Merge(t.Context(), MergeOptions{All: true}); err != nil {
		t.Fatal(err)
	}
	merged := driftRecall(t, db, queries)
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	checkWhole(t, dir, len(live))
	t.Logf("schedule %d: %d documents, recall@10 %.4f, merged %.4f, fresh %.4f", seed, len(live), changed, merged, anew)
	return min(changed, merged) - anew
}

// driftRecall is the mean recall@10 of searches with a narrow beam, so that there is something to lose.
func driftRecall(t *testing.T, db *DB, queries [][]float32) (sum float64) {
	t.Helper()
	s := mustSnapshot(t, db)
	graphs := 0
	for _, p := range s.parts {
		if p.vectors.Spec().Kind == vector.KindHNSW && p.record.Rows >= 400 {
			graphs++
		}
	}
	if graphs == 0 {
		t.Fatal("no segment has a graph of 400 vectors")
	}
	for _, q := range queries {
		found, _, err := s.Dense(t.Context(), q, 10, DenseParams{Params: vector.Params{Ef: 32}})
		if err != nil {
			t.Fatal(err)
		}
		best, _, err := s.Dense(t.Context(), q, 10, DenseParams{Params: vector.Params{Exact: true}})
		if err != nil {
			t.Fatal(err)
		}
		in := map[Ref]bool{}
		for _, h := range found {
			in[h.Ref] = true
		}
		hit := 0
		for _, h := range best {
			if in[h.Ref] {
				hit++
			}
		}
		sum += float64(hit) / float64(len(best)*len(queries))
	}
	return sum
}
