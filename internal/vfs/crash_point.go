// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vfs

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

const sectorSize = 512 // what a disk writes as a whole

// Point is a moment at which the power may go: directly after an operation, or inside of an Update.
//
// An Update that changes a bbolt file has four points, in the order in which bbolt writes. Step "data": of the changed pages
// any subset of sectors is written, the two meta pages are the old ones, and the file may have grown or not. Step "synced": all
// of them are, with the old meta pages. Step "meta": the changed meta page may be written as well. Step "done": the Update
// is durable. A file that the Update makes has step "create" before "done": any subset of its sectors, and like any new file
// it has no durable name until its directory is synced. Other files than those of bbolt are taken to change atomically.
type Point struct {
	N    int    // counts from 0
	Op   Op     // what was done
	Step string // inside of an Update, else ""
	Path string
	top  *node // nil after the call
}

func (p *Point) String() string {
	if p.Step != "" {
		return fmt.Sprintf("point %d: %s (%s) %s", p.N, p.Op, p.Step, p.Path)
	}
	return fmt.Sprintf("point %d: %s %s", p.N, p.Op, p.Path)
}

// Clone writes what is there after a power cut at this moment into dir, which is made if it is missing and must be empty. The
// same point and seed give the same state. It can be called as often as wanted, but only until the function given to OnPoint
// returns.
func (p *Point) Clone(dir string, seed uint64) error {
	if p.top == nil {
		return errors.New("a point can only be cloned inside of the function given to OnPoint")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if entries, err := os.ReadDir(dir); err != nil {
		return err
	} else if len(entries) > 0 {
		return fmt.Errorf("clone: %s is not empty", dir)
	}
	return p.top.writeTo(dir, newChance(seed, uint64(p.N)))
}

// writeTo writes the durable entries and some of the pending changes.
func (n *node) writeTo(dir string, c *chance) error {
	entries := maps.Clone(n.durable)
	c.mood()
	for _, change := range n.pending {
		if c.survives() {
			change.apply(entries)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(entries)) { // in order, for the sake of the seed
		child, path := entries[name], filepath.Join(dir, name)
		if !child.isDir() {
			if err := os.WriteFile(path, child.content(c), 0o644); err != nil {
				return err
			}
			continue
		}
		if err := os.Mkdir(path, 0o755); err != nil {
			return err
		}
		if err := child.writeTo(path, c); err != nil {
			return err
		}
	}
	return nil
}

// content is what a file may hold after a power cut.
func (n *node) content(c *chance) []byte {
	if n.states != nil {
		return n.states(c)
	}
	if n.synced == len(n.data) {
		return n.data
	}
	c.mood()
	return c.torn(n.data[:n.synced], n.data[:c.length(n.synced, len(n.data))])
}

// torn is old with some sectors of new: the length is that of new, and where old has ended there may be zeros or garbage.
// What old and new agree on stays.
func (c *chance) torn(old, new []byte) []byte {
	out := make([]byte, len(new))
	copy(out, old)
	for at := 0; at < len(new); at += sectorSize {
		end := min(at+sectorSize, len(new))
		from := at
		for from < end && from < len(old) && old[from] == new[from] {
			from++
		}
		if from == end {
			continue
		}
		switch {
		case c.survives():
			copy(out[from:end], new[from:end])
		case from >= len(old) && c.garbage():
			for i := from; i < end; i++ {
				out[i] = byte(c.rng.Uint32())
			}
		}
	}
	return out
}

// chance decides what survives. Seed 0 lets nothing, seed 1 everything.
type chance struct {
	rng  *rand.Rand
	seed uint64
	p    float64
}

func newChance(seed, n uint64) *chance { return &chance{rand.New(rand.NewPCG(seed, n)), seed, 0.5} }

// mood draws how likely things are to survive, so that a single loss among many things is seen as well as a single survivor.
func (c *chance) mood() { c.p = []float64{0.05, 0.5, 0.95}[c.rng.IntN(3)] }

func (c *chance) survives() bool {
	switch c.seed {
	case 0:
		return false
	case 1:
		return true
	}
	return c.rng.Float64() < c.p
}

// garbage reports whether lost bytes are anything instead of zeros.
func (c *chance) garbage() bool { return c.seed > 1 && c.rng.IntN(4) == 0 }

// length draws the length of a file of which shorter bytes are durable.
func (c *chance) length(shorter, longer int) int {
	switch {
	case c.seed == 0:
		return shorter
	case c.seed == 1 || c.rng.IntN(2) == 0:
		return longer
	}
	return shorter + c.rng.IntN(longer-shorter+1)
}
