// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package segment_test

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/vfs"
)

var sink error

const benchSize = 32 << 20

// opened is a segment of 32 MiB in one section "a", and another section of one block.
func opened(b *testing.B) *segment.File {
	b.Helper()
	path := filepath.Join(b.TempDir(), "seg.win")
	write(b, vfs.OS, path, []part{{"a", noise(benchSize)}, {"b", noise(8192)}})
	f, err := segment.Open(vfs.OS, path)
	must(b, err)
	b.Cleanup(func() { must(b, f.Close()) })
	return f
}

// BenchmarkVerify is what a reader pays for each row of 1536 bytes: in a section that is known to be good, and where only the
// blocks are.
func BenchmarkVerify(b *testing.B) {
	const row = 1536
	rng := rand.New(rand.NewPCG(1, 1))
	offs := make([]int, 4096)
	for i := range offs {
		offs[i] = rng.IntN(benchSize/row-1) * row
	}
	b.Run("section", func(b *testing.B) {
		s := opened(b).Sections()[0]
		must(b, s.VerifyAll())
		for b.Loop() {
			for _, off := range offs {
				if err := s.Verify(off, row); err != nil {
					sink = err
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(offs)), "ns/row")
	})
	b.Run("blocks", func(b *testing.B) {
		s := opened(b).Sections()[0]
		for _, off := range offs {
			must(b, s.Verify(off, row))
		}
		for b.Loop() {
			for _, off := range offs {
				if err := s.Verify(off, row); err != nil {
					sink = err
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(offs)), "ns/row")
	})
}

// BenchmarkCold verifies a section through the mapping for the first time.
func BenchmarkCold(b *testing.B) {
	path := filepath.Join(b.TempDir(), "seg.win")
	write(b, vfs.OS, path, []part{{"a", noise(benchSize)}})
	b.SetBytes(benchSize)
	for b.Loop() {
		f, err := segment.Open(vfs.OS, path)
		must(b, err)
		sink = f.Sections()[0].VerifyAll()
		must(b, sink)
		must(b, f.Close())
	}
}

func BenchmarkVerifyAll(b *testing.B) {
	f := opened(b)
	b.SetBytes(benchSize)
	for b.Loop() {
		sink = f.VerifyAll(context.Background(), nil)
		must(b, sink)
	}
}

func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "seg.win")
	write(b, vfs.OS, path, []part{{"a", noise(benchSize)}})
	for b.Loop() {
		f, err := segment.Open(vfs.OS, path)
		must(b, err)
		must(b, f.Close())
	}
}

// BenchmarkWrite leaves out what a sync costs: that is the disk's.
func BenchmarkWrite(b *testing.B) {
	dir, data := b.TempDir(), noise(benchSize)
	b.SetBytes(benchSize)
	for b.Loop() {
		w, err := segment.Create(vfs.OS, filepath.Join(dir, "seg.win"))
		must(b, err)
		must(b, fill(w, []part{{"a", data}}))
		must(b, w.Abort())
	}
}
