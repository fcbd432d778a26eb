// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"errors"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/vfs"
)

// sections is a SectionReader over bytes that tests have changed.
type sections map[string][]byte

func (s sections) Has(name string) bool { return s[name] != nil }

func (s sections) Section(name string) (*segment.Section, error) {
	if b := s[name]; b != nil {
		return segment.FromBytes(name, b), nil
	}
	return nil, &segment.CorruptionError{Section: name, Err: errors.New("missing")}
}

// written is the sections of an index.
func written(t testing.TB, x *Index) sections {
	t.Helper()
	memory := segment.NewMemory()
	if err := x.Write(memory); err != nil {
		t.Fatal(err)
	}
	s, r := sections{}, memory.Reader()
	for _, name := range sectionNames(r) {
		section, err := r.Section(name)
		if err != nil {
			t.Fatal(err)
		}
		s[name] = slices.Clone(section.Bytes())
		if s[name] == nil {
			s[name] = []byte{}
		}
	}
	return s
}

// use does with an index what a program does: whatever its bytes are, the outcome is hits or an error about them.
func use(t testing.TB, x *Index) {
	t.Helper()
	q := make([]float32, x.Dim())
	for i := range q {
		q[i] = float32(i%3) - 1
	}
	for _, p := range []Params{{Threads: 1}, {Threads: 1, Exact: true}} {
		hits, _, err := x.Search(t.Context(), q, 3, p)
		checkCorruption(t, err)
		for _, h := range hits {
			if h.Row < 0 || h.Row >= x.Len() {
				t.Fatalf("%s: row %d of %d", x.Spec(), h.Row, x.Len())
			}
		}
		if _, err := x.SearchBatch(t.Context(), slices.Repeat(q, 20), 3, p); err != nil {
			checkCorruption(t, err)
		}
	}
	if x.Len() > 0 {
		x.Source().Row(x.Len() - 1)
	}
	checkCorruption(t, x.Check(t.Context(), nil))
}

func checkCorruption(t testing.TB, err error) {
	t.Helper()
	var corruption *segment.CorruptionError
	if err != nil && !errors.As(err, &corruption) {
		t.Fatalf("error %v is not a *segment.CorruptionError", err)
	}
}

// TestDamagedSections changes, cuts and drops what a checksum did not protect: nothing panics, and errors name the place.
func TestDamagedSections(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	const n, dim = 60, 5
	for _, m := range []Metric{Cosine, Euclidean} {
		for _, text := range allSpecs {
			good := written(t, mustIndex(t, clustered(r, n, dim), dim, m, text))
			for name, b := range good {
				for range 60 {
					bad := sections{}
					for other, c := range good {
						bad[other] = slices.Clone(c)
					}
					switch r.IntN(8) {
					case 0:
						bad[name] = b[:r.IntN(len(b)+1)]
					case 1:
						bad[name] = append(slices.Clone(b), 0, 0, 0, 0)
					case 2:
						delete(bad, name)
					default:
						for range 1 + r.IntN(3) {
							bad[name][r.IntN(len(b))] = []byte{0, 1, 0x7f, 0xff, byte(r.Uint32())}[r.IntN(5)]
						}
					}
					x, err := Open(bad)
					if err != nil {
						checkCorruption(t, err)
						continue
					}
					use(t, x)
				}
			}
		}
	}
}

// TestCheckFinds: values and structures that a search may not notice.
func TestCheckFinds(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	const n, dim = 60, 5
	nan := raw([]float32{float32(math.NaN())})
	for _, c := range []struct {
		spec, section string
		at            int
		bytes         []byte
	}{
		{"flat", sectionCoarse, 64 * 7, nan},
		{"flat,fp16", sectionCoarse, 64*3 + 2, []byte{0, 0x7e}},
		{"ivf8,int8,none", sectionCoarse + ".side", 4, nan},
		{"flat,int8", sectionCoarse + ".side", 8*59 + 4, nan},
		{"flat,int8", sectionCoarse + ".side", 8*60 + 4, nan},
		{"flat,int8", sectionFine, 64 * 59, raw([]float32{float32(math.Inf(1))})},
		{"flat,pq4", sectionCoarse + ".side", 8, nan},
		{"flat,binary", sectionCoarse + ".side", 8, nan},
		{"ivf8", sectionIDs, 0, []byte{3, 0, 0, 1}},
		{"ivf8", sectionPlaces, 4, raw([]uint32{59})},
		{"ivf8", sectionCentroids, 4, nan},
	} {
		s := written(t, mustIndex(t, clustered(r, n, dim), dim, Euclidean, c.spec))
		copy(s[c.section][c.at:], c.bytes)
		x, err := Open(s)
		if err == nil {
			err = x.Check(t.Context(), nil)
		}
		var corruption *segment.CorruptionError
		if !errors.As(err, &corruption) || corruption.Section != c.section {
			t.Errorf("%s, %s: error %v", c.spec, c.section, err)
		}
	}
}

func TestNewerVersionIsRefused(t *testing.T) {
	s := written(t, mustIndex(t, []float32{1, 2}, 2, Dot, "flat"))
	s[sectionHead][0] = headVersion + 1
	_, err := Open(s)
	var version *VersionError
	if !errors.As(err, &version) || version.Version != headVersion+1 {
		t.Errorf("error %v", err)
	}
}

// TestFlippedBytesInFiles: a flipped byte of a segment file gives an error or the same hits, and Check or opening finds it.
func TestFlippedBytesInFiles(t *testing.T) {
	r := rand.New(rand.NewPCG(19, 20))
	const n, dim = 300, 32
	for _, text := range []string{"flat", "hnsw8,int8", "ivf8,pq4", "flat,binary,fp16", "ivf8,int8,none"} {
		path := filepath.Join(t.TempDir(), "seg-1.win")
		w, err := segment.Create(vfs.OS, path)
		if err != nil {
			t.Fatal(err)
		}
		rows := clustered(r, n, dim)
		if err := mustIndex(t, rows, dim, Cosine, text).Write(w); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Finish(); err != nil {
			t.Fatal(err)
		}
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, detected := searchFile(t, path, rows[:dim])
		if detected != nil || len(want) != 5 {
			t.Fatalf("%s: hits %v, %v", text, want, detected)
		}
		for range 60 {
			bad := slices.Clone(good)
			at := r.IntN(len(bad))
			bad[at] ^= byte(1 + r.IntN(255))
			path := filepath.Join(t.TempDir(), "seg-2.win")
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			hits, err := searchFile(t, path, rows[:dim])
			if err == nil {
				t.Errorf("%s: byte %d of %d: not noticed", text, at, len(bad))
			}
			if hits != nil && !slices.Equal(hits, want) {
				t.Errorf("%s: byte %d of %d: hits %v, want %v", text, at, len(bad), hits, want)
			}
		}
	}
}

// searchFile searches a segment file. The hits are nil if the search failed; the error is the first of opening, searching and
// checking.
func searchFile(t *testing.T, path string, query []float32) ([]Hit, error) {
	t.Helper()
	f, err := segment.Open(vfs.OS, path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	x, err := Open(f)
	if err != nil {
		return nil, err
	}
	hits, _, err := x.Search(t.Context(), query, 5, Params{Threads: 1})
	if err != nil {
		hits = nil
	}
	checkCorruption(t, err)
	if err == nil {
		err = x.Check(t.Context(), nil)
	}
	if err == nil {
		err = f.VerifyAll(t.Context(), nil)
	}
	return hits, err
}

// FuzzOpen opens sections whose bytes are the fuzzer's, the others being good.
func FuzzOpen(f *testing.F) {
	r := rand.New(rand.NewPCG(21, 22))
	rows := clustered(r, 40, 4)
	var goods []sections
	for i, text := range allSpecs {
		goods = append(goods, written(f, mustIndex(f, rows, 4, metrics[i%3], text)))
	}
	for i, s := range goods {
		names := sectionNames(s)
		for j, name := range names {
			f.Add(uint8(i), uint8(j), s[name])
		}
	}
	f.Fuzz(func(t *testing.T, which, section uint8, b []byte) {
		good := goods[int(which)%len(goods)]
		names := sectionNames(good)
		bad := maps.Clone(good)
		bad[names[int(section)%len(names)]] = b
		x, err := Open(bad)
		if err != nil {
			checkCorruption(t, err)
			return
		}
		use(t, x)
	})
}

// failingWriter fails after some bytes.
type failingWriter struct{ left int }

var errFull = errors.New("no space left")

func (w *failingWriter) Section(string) (io.Writer, error) { return w, nil }

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriteErrors(t *testing.T) {
	r := rand.New(rand.NewPCG(23, 24))
	rows := clustered(r, 40, 4)
	for _, text := range allSpecs {
		x := mustIndex(t, rows, 4, Cosine, text)
		for left := 0; left < int(x.Bytes().Total()); left += 97 {
			if err := x.Write(&failingWriter{left}); !errors.Is(err, errFull) {
				t.Fatalf("%s, room for %d bytes: error %v", text, left, err)
			}
		}
	}
}
