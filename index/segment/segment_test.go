// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package segment_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/vfs"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// part is a section for a test.
type part struct {
	name string
	data []byte
}

// own begins the names of sections that have their blocks for themselves.
const own = "own."

// fill writes sections in pieces of odd sizes.
func fill(w segment.SectionWriter, parts []part) error {
	for _, p := range parts {
		start := w.Section
		if strings.HasPrefix(p.name, own) {
			start = func(name string) (io.Writer, error) { return segment.Apart(w, name) }
		}
		s, err := start(p.name)
		if err != nil {
			return err
		}
		for piece := range slices.Chunk(p.data, 1+len(p.data)/3) {
			if _, err := s.Write(piece); err != nil {
				return err
			}
		}
	}
	return nil
}

// write makes a segment file.
func write(t testing.TB, fsys vfs.FS, path string, parts []part) segment.Info {
	t.Helper()
	w, err := segment.Create(fsys, path)
	must(t, err)
	must(t, fill(w, parts))
	info, err := w.Finish()
	must(t, err)
	return info
}

// image is the bytes of a segment with these sections.
func image(t testing.TB, parts []part) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "seg-1.win")
	write(t, vfs.OS, path, parts)
	b, err := os.ReadFile(path)
	must(t, err)
	return b
}

// noise is repeatable bytes.
func noise(n int) []byte {
	b := make([]byte, n)
	rng := rand.New(rand.NewPCG(uint64(n), 1))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// small has sections that share blocks, that fill them exactly, and empty ones.
func small() []part {
	return []part{
		{"doc.ids", noise(100)},
		{"lex.none", nil},
		{"vec.rows", noise(4096*2 - 64 - 128)}, // ends with block 1
		{"vec.end", nil},
		{"col.a", noise(1)},
		{"col.b", noise(700)},
	}
}

// same compares what a reader gives with what was written.
func same(t interface {
	Helper()
	Fatalf(string, ...any)
}, r segment.SectionReader, parts []part,
) {
	t.Helper()
	for _, p := range parts {
		s, err := r.Section(p.name)
		if err != nil || !r.Has(p.name) {
			t.Fatalf("section %s: %v", p.name, err)
		}
		if s.Len() != len(p.data) || s.Name() != p.name {
			t.Fatalf("section %s: name %s, %d bytes, want %d", p.name, s.Name(), s.Len(), len(p.data))
		}
		if err := s.VerifyAll(); err != nil {
			t.Fatalf("section %s: %v", p.name, err)
		}
		if !bytes.Equal(s.Bytes(), p.data) {
			t.Fatalf("section %s: other bytes than written", p.name)
		}
		if len(p.data) > 0 && uintptr(unsafe.Pointer(&s.Bytes()[0]))%64 != 0 {
			t.Fatalf("section %s is not aligned", p.name)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`(own\.)?[a-z.]{1,28}`), 0, 8, rapid.ID).Draw(t, "names")
		parts := make([]part, len(names))
		for i, name := range names {
			// Around blocks and the writer's buffer.
			around := rapid.SampledFrom([]int{0, 64, 4096, 8192, 256 << 10}).Draw(t, "around")
			parts[i] = part{name, noise(max(0, around+rapid.IntRange(-130, 130).Draw(t, "more")))}
		}
		path := filepath.Join(dir, "seg.win")
		_ = os.Remove(path)
		w, err := segment.Create(vfs.OS, path)
		if err != nil {
			t.Fatal(err)
		}
		if err := fill(w, parts); err != nil {
			t.Fatal(err)
		}
		info, err := w.Finish()
		if err != nil {
			t.Fatal(err)
		}
		f, err := segment.OpenExpected(vfs.OS, path, info)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}()
		if stat, err := os.Stat(path); err != nil || stat.Size() != info.Size || f.Size() != info.Size || f.Info() != info {
			t.Fatalf("info %+v, file %v, size %d: %v", info, stat, f.Size(), err)
		}
		if len(f.Sections()) != len(parts) {
			t.Fatalf("%d sections, want %d", len(f.Sections()), len(parts))
		}
		same(t, f, parts)
		if err := f.VerifyAll(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		memory := segment.NewMemory()
		if err := fill(memory, parts); err != nil {
			t.Fatal(err)
		}
		same(t, memory.Reader(), parts)
	})
}

func TestSectionsByName(t *testing.T) {
	f, err := segment.OpenBytes("seg-7.win", image(t, small()))
	must(t, err)
	same(t, f, small())
	var damage *segment.CorruptionError
	if _, err := f.Section("vec.graph"); !errors.As(err, &damage) || damage.Section != "vec.graph" || damage.File != "seg-7.win" {
		t.Errorf("a missing section: %v", err)
	}
	if f.Has("vec.graph") {
		t.Error("Has of a missing section")
	}
	must(t, f.Close())
}

func TestOpenBytesAligns(t *testing.T) {
	b := image(t, small())
	shifted := append(make([]byte, 1, len(b)+1), b...)[1:]
	f, err := segment.OpenBytes("x", shifted)
	must(t, err)
	same(t, f, small())
}

func TestFromBytes(t *testing.T) {
	data := noise(1000)
	for shift := range 3 {
		s := segment.FromBytes("x", data[shift:])
		if !bytes.Equal(s.Bytes(), data[shift:]) || s.VerifyAll() != nil {
			t.Errorf("shift %d: damaged", shift)
		}
		if uintptr(unsafe.Pointer(&s.Bytes()[0]))%64 != 0 {
			t.Errorf("shift %d: not aligned", shift)
		}
	}
	if s := segment.FromBytes("x", nil); s.Len() != 0 || s.VerifyAll() != nil {
		t.Error("an empty section")
	}
}

func TestVerifyRange(t *testing.T) {
	f, err := segment.OpenBytes("seg.win", image(t, small()))
	must(t, err)
	s, err := f.Section("col.b")
	must(t, err)
	const maxInt = int(^uint(0) >> 1)
	for range 2 { // before and after everything is verified
		for _, r := range [][2]int{{-1, 1}, {0, -1}, {0, 701}, {700, 1}, {701, 0}, {maxInt, 1}, {1, maxInt}, {maxInt, maxInt}, {-maxInt - 1, maxInt}, {-1, maxInt}} {
			var damage *segment.CorruptionError
			if err := s.Verify(r[0], r[1]); !errors.As(err, &damage) || damage.Section != "col.b" {
				t.Errorf("Verify%v: %v", r, err)
			}
			if err := segment.FromBytes("m", noise(700)).Verify(r[0], r[1]); err == nil {
				t.Errorf("Verify%v in memory: no error", r)
			}
		}
		for _, r := range [][2]int{{0, 0}, {700, 0}, {699, 1}, {0, 700}} {
			if err := s.Verify(r[0], r[1]); err != nil {
				t.Errorf("Verify%v: %v", r, err)
			}
		}
	}
}

func TestWriterMisuse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seg.win")
	w, err := segment.Create(vfs.OS, path)
	must(t, err)
	first, err := w.Section("a")
	must(t, err)
	for _, name := range []string{"", "a", strings.Repeat("x", 33), "with space", "quote\"", "é", "\x00"} {
		if _, err := w.Section(name); err == nil {
			t.Errorf("section name %q was accepted", name)
		}
	}
	_, err = io.WriteString(first, "still open") // a refused name does not end the section
	must(t, err)
	second, err := w.Section("b")
	must(t, err)
	if _, err := first.Write([]byte("late")); err == nil {
		t.Error("a write to a section that is done")
	}
	info, err := w.Finish()
	must(t, err)
	if _, err := second.Write([]byte("late")); err == nil {
		t.Error("a write to a finished segment")
	}
	if _, err := w.Section("c"); err == nil {
		t.Error("a section of a finished segment")
	}
	if _, err := w.Finish(); err == nil {
		t.Error("finished twice")
	}
	must(t, w.Abort()) // does nothing
	f, err := segment.OpenExpected(vfs.OS, path, info)
	must(t, err)
	same(t, f, []part{{"a", []byte("still open")}, {"b", nil}})
	must(t, f.Close())
	if _, err := segment.Create(vfs.OS, path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("creating what exists: %v", err)
	}
}

func TestMemoryMisuse(t *testing.T) {
	m := segment.NewMemory()
	first, err := m.Section("a")
	must(t, err)
	for _, name := range []string{"", "a", "with space"} {
		if _, err := m.Section(name); err == nil {
			t.Errorf("section name %q was accepted", name)
		}
	}
	_, err = m.Section("b")
	must(t, err)
	if _, err := first.Write([]byte("late")); err == nil {
		t.Error("a write to a section that is done")
	}
	var damage *segment.CorruptionError
	if _, err := m.Reader().Section("none"); !errors.As(err, &damage) || m.Reader().Has("none") {
		t.Errorf("a missing section: %v", err)
	}
}

func TestAbortRemoves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seg.win")
	w, err := segment.Create(vfs.OS, path)
	must(t, err)
	must(t, fill(w, small()))
	must(t, w.Abort())
	must(t, w.Abort())
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
	if _, err := w.Finish(); err == nil {
		t.Error("an aborted segment was finished")
	}
}

func TestConcurrentVerify(t *testing.T) {
	parts := []part{{"a", noise(100)}, {"b", noise(300_000)}, {"c", noise(100)}}
	f, err := segment.OpenBytes("seg.win", image(t, parts))
	must(t, err)
	errs := make(chan error)
	for seed := range uint64(4) {
		go func() {
			rng := rand.New(rand.NewPCG(seed, 0))
			var err error
			for range 2000 {
				s := f.Sections()[rng.IntN(3)]
				off := rng.IntN(s.Len())
				err = errors.Join(err, s.Verify(off, rng.IntN(s.Len()-off)))
			}
			errs <- errors.Join(err, f.VerifyAll(context.Background(), nil))
		}()
	}
	for range 4 {
		must(t, <-errs)
	}
	same(t, f, parts)
}

func itoa[T int | int64](n T) string { return strconv.FormatInt(int64(n), 10) }

// TestExampleOfTheFormatPage compares with the example in docs/format/segment.md, byte by byte.
func TestExampleOfTheFormatPage(t *testing.T) {
	table := crc32.MakeTable(crc32.Castagnoli)
	le := binary.LittleEndian
	want := append([]byte("winnowsg\x01\x00\x00\x00\x00\x10\x00\x00"), make([]byte, 48)...)
	want = append(append(want, 0x78), make([]byte, 63)...)
	sums := le.AppendUint32(nil, crc32.Checksum(want, table))
	entries := append([]byte("a"), make([]byte, 31)...)
	entries = le.AppendUint64(le.AppendUint64(entries, 64), 1)
	footer := le.AppendUint64(nil, 128)
	footer = le.AppendUint32(le.AppendUint32(footer, 1), 1)
	footer = le.AppendUint32(footer, crc32.Checksum(sums, table))
	footer = le.AppendUint32(footer, crc32.Checksum(entries, table))
	footer = le.AppendUint64(footer, 244)
	footer = append(footer, "\x00\x10\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00winnowsg\x00\x00\x00\x00\x00\x00\x00\x00"...)
	footer = le.AppendUint32(footer, crc32.Checksum(footer, table))
	want = slices.Concat(want, sums, entries, footer)
	if got := image(t, []part{{"a", []byte("x")}}); !bytes.Equal(got, want) {
		t.Errorf("got\n%x, want\n%x", got, want)
	}
}

// TestApart damages every byte around a section that has its blocks for itself.
func TestApart(t *testing.T) {
	for _, parts := range [][]part{
		{{"head", noise(10)}, {"own.docs", noise(5)}, {"col.a", noise(7)}},
		{{"own.docs", noise(5000)}, {"own.more", noise(4096)}, {"col.a", noise(1)}},
		{{"head", noise(4096 - 64)}, {"own.docs", noise(4096)}, {"col.a", noise(1)}},
		{{"head", noise(4096)}, {"own.none", nil}, {"col.a", nil}, {"own.docs", noise(1)}},
	} {
		good := image(t, parts)
		f, err := segment.OpenBytes("seg.win", good)
		must(t, err)
		same(t, f, parts)
		end := int64(0)
		for _, s := range f.Sections() {
			if start := s.Offset(); start < end || int(start) != offset(t, f, s.Name()) {
				t.Fatalf("%s starts at %d, the one before ends at %d", s.Name(), start, end)
			}
			end = s.Offset() + int64(s.Len())
		}
		s, err := f.Section("own.docs")
		must(t, err)
		from, to := int(s.Offset()), (int(s.Offset())+s.Len()+4095)/4096*4096
		if from%4096 != 0 {
			t.Fatalf("the section starts at %d", from)
		}
		for at := 64; at < int(end); at++ {
			bad := bytes.Clone(good)
			bad[at] ^= 1
			f, err := segment.OpenBytes("seg.win", bad)
			must(t, err)
			s, err := f.Section("own.docs")
			must(t, err)
			if inside := from <= at && at < to; (s.VerifyAll() != nil) != inside {
				t.Fatalf("byte %d, section in blocks from %d to %d: %v", at, from, to, s.VerifyAll())
			}
		}
	}
}
