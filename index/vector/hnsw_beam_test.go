// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestBeamKeys(t *testing.T) {
	nan := float32(math.NaN())
	inf := float32(math.Inf(1))
	scores := []float32{nan, -inf, -math.MaxFloat32, -1, -math.SmallestNonzeroFloat32, 0, math.SmallestNonzeroFloat32, 1, math.MaxFloat32, inf}
	for i, s := range scores {
		for _, node := range []uint32{0, 1, 77, maxNodes - 1} {
			key := beamKey(s, node)
			if got := keyScore(key); keyNode(key) != node || got != s && (got == got || s == s) {
				t.Errorf("%v of node %d becomes %v of %d", s, node, got, keyNode(key))
			}
			if i > 0 && key <= beamKey(scores[i-1], 0) {
				t.Errorf("%v is not above %v", s, scores[i-1])
			}
			if node > 0 && key >= beamKey(s, node-1) {
				t.Errorf("node %d is not below %d", node, node-1)
			}
		}
	}
	negative := math.Float32frombits(1 << 31)
	if beamKey(negative, 5) != beamKey(0, 5) {
		t.Error("zeros differ by sign")
	}
}

func TestBeamKeepsTheBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b beam
		limit := rapid.IntRange(1, 12).Draw(t, "limit")
		b.reset(limit)
		var all []uint64
		visited := map[uint32]bool{}
		for node := range uint32(rapid.IntRange(0, 60).Draw(t, "nodes")) {
			key := beamKey(float32(rapid.IntRange(-3, 3).Draw(t, "score")), node)
			all = append(all, key)
			b.add(key)
			if rapid.Bool().Draw(t, "visit") {
				got, ok := b.next()
				// The best kept one not visited before.
				slices.SortFunc(all, func(x, y uint64) int { return compareKeys(y, x) })
				want, wantOK := uint32(0), false
				for _, k := range all[:min(limit, len(all))] {
					if !visited[keyNode(k)] {
						want, wantOK = keyNode(k), true
						break
					}
				}
				if got != want || ok != wantOK {
					t.Fatalf("next is %d (%v), want %d (%v)", got, ok, want, wantOK)
				}
				if ok {
					visited[got] = true
				}
			}
		}
		slices.SortFunc(all, func(x, y uint64) int { return compareKeys(y, x) })
		for i, key := range b.keys {
			if key|1 != all[i] {
				t.Fatalf("key %d is %x, want %x", i, key, all[i])
			}
		}
		if len(b.keys) != min(limit, len(all)) {
			t.Fatalf("%d kept", len(b.keys))
		}
	})
}

func compareKeys(x, y uint64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

func TestFrontierIsAHeap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var f frontier
		var all []uint64
		for _, push := range rapid.SliceOf(rapid.Bool()).Draw(t, "push") {
			if push {
				key := rapid.Uint64Range(0, 20).Draw(t, "key")
				f.push(key)
				all = append(all, key)
			} else if len(f) > 0 {
				i := slices.Index(all, slices.Max(all))
				if got := f.pop(); got != all[i] {
					t.Fatalf("%d comes before %d", got, all[i])
				}
				all = slices.Delete(all, i, i+1)
			}
		}
		if len(f) != len(all) {
			t.Fatalf("%d left of %d", len(f), len(all))
		}
	})
}
