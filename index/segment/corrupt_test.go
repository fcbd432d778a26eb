// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package segment_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/vfs"
)

// thorough opens a segment and checks all of it, in the three ways there are, which must agree.
func thorough(t *testing.T, b []byte) error {
	t.Helper()
	f, err := segment.OpenBytes("seg.win", b)
	if err != nil {
		return err
	}
	lazy := map[string]error{}
	for _, s := range f.Sections() {
		lazy[s.Name()] = s.VerifyAll()
	}
	all := f.VerifyAll(context.Background(), nil)
	damaged := false
	for _, s := range f.Sections() {
		// A bad block is reported again and again.
		if err := s.VerifyAll(); (err != nil) != (lazy[s.Name()] != nil) {
			t.Fatalf("section %s after VerifyAll: %v; before: %v", s.Name(), err, lazy[s.Name()])
		}
		damaged = damaged || lazy[s.Name()] != nil
	}
	// The header and padding are covered by blocks of which perhaps no section has bytes.
	if all == nil && damaged {
		t.Fatalf("the sections have %v, VerifyAll found nothing", lazy)
	}
	return all
}

// TestEveryFlippedByte flips bits of each byte of a file: what is wrong is found and said with file, section and place.
func TestEveryFlippedByte(t *testing.T) {
	good := image(t, small())
	must(t, thorough(t, bytes.Clone(good)))
	f, err := segment.OpenBytes("seg.win", good)
	must(t, err)
	start := map[string]int{}
	dataEnd := 0
	for _, s := range f.Sections() {
		start[s.Name()] = offset(t, f, s.Name())
		dataEnd = start[s.Name()] + s.Len()
	}
	bad := bytes.Clone(good)
	for at := range good {
		for _, mask := range []byte{1 << (at % 8), 0xff} {
			bad[at] = good[at] ^ mask
			err := thorough(t, bad)
			bad[at] = good[at]
			var version *segment.VersionError
			var damage *segment.CorruptionError
			switch {
			case errors.As(err, &version):
				t.Fatalf("byte %d: damage was taken for a newer version", at)
			case !errors.As(err, &damage):
				t.Fatalf("byte %d of %d, mask %02x: not found: %v", at, len(good), mask, err)
			case damage.File != "seg.win":
				t.Fatalf("byte %d: file %q", at, damage.File)
			case damage.Offset > int64(at) || int64(at)-damage.Offset >= 4096:
				t.Fatalf("byte %d: reported at %d: %v", at, damage.Offset, err)
			}
			if at < 64 || at >= dataEnd {
				continue
			}
			message := err.Error()
			for _, s := range f.Sections() {
				inside := at >= start[s.Name()] && at < start[s.Name()]+s.Len()
				if inside && !strings.Contains(message, "section \""+s.Name()+"\" at byte ") {
					t.Fatalf("byte %d: section %s is not named: %v", at, s.Name(), err)
				}
			}
		}
	}
}

// offset is where a section starts in the file.
func offset(t *testing.T, f *segment.File, name string) int {
	t.Helper()
	s, err := f.Section(name)
	must(t, err)
	return int(s.Corrupt(0, errors.New("here")).Offset)
}

func TestEveryTruncation(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "seg.win")
	info := write(t, vfs.OS, path, small())
	good, err := os.ReadFile(path)
	must(t, err)
	for n := range good {
		var damage *segment.CorruptionError
		if _, err := segment.OpenBytes("seg.win", good[:n]); !errors.As(err, &damage) || errors.Is(err, segment.ErrForeign) {
			t.Fatalf("cut to %d of %d bytes: %v", n, len(good), err)
		}
	}
	for _, n := range []int64{0, 7, 64, 5000, info.Size - 1} {
		must(t, os.Truncate(path, n))
		_, err := segment.OpenExpected(vfs.OS, path, info)
		if n >= 12 && (err == nil || !strings.Contains(err.Error(), "want "+itoa(info.Size)) || !strings.Contains(err.Error(), itoa(n))) {
			t.Errorf("cut to %d bytes: found and expected length are not named: %v", n, err)
		}
		var damage *segment.CorruptionError
		if !errors.As(err, &damage) || damage.Offset != n {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
		must(t, os.WriteFile(path, good, 0o600))
	}
}

func TestAppendedAndInserted(t *testing.T) {
	good := image(t, small())
	for _, extra := range [][]byte{{0}, make([]byte, 64), good, noise(4096), good[len(good)-64:]} {
		for _, at := range []int{len(good), 64, 5000} {
			bad := append(bytes.Clone(good[:at]), append(bytes.Clone(extra), good[at:]...)...)
			if err := thorough(t, bad); err == nil {
				t.Errorf("%d bytes inserted at %d of %d were not noticed", len(extra), at, len(good))
			}
		}
	}
	if err := thorough(t, append(bytes.Clone(good[:128]), good[192:]...)); err == nil {
		t.Error("missing bytes were not noticed")
	}
}

func TestExchangedFile(t *testing.T) {
	dir := t.TempDir()
	one := write(t, vfs.OS, filepath.Join(dir, "one.win"), []part{{"a", []byte("one")}})
	write(t, vfs.OS, filepath.Join(dir, "two.win"), []part{{"a", []byte("two")}})
	_, err := segment.OpenExpected(vfs.OS, filepath.Join(dir, "two.win"), one)
	var damage *segment.CorruptionError
	if !errors.As(err, &damage) || damage.File != "two.win" {
		t.Errorf("got %v", err)
	}
}

func TestForeignFiles(t *testing.T) {
	for _, content := range []string{"PK\x03\x04", "winnows", "WINNOWSG", strings.Repeat("text ", 1000), "x"} {
		_, err := segment.OpenBytes("notes.txt", []byte(content))
		if content == "winnows" { // may have been one
			if err == nil || !strings.Contains(err.Error(), "truncated") {
				t.Errorf("%.10q: %v", content, err)
			}
			continue
		}
		if !errors.Is(err, segment.ErrForeign) || !strings.Contains(err.Error(), "notes.txt") {
			t.Errorf("%.10q: %v", content, err)
		}
	}
}

func TestNewerVersion(t *testing.T) {
	newer := image(t, small())
	binary.LittleEndian.PutUint32(newer[8:], 7)
	binary.LittleEndian.PutUint32(newer[len(newer)-24:], 7)
	for _, b := range [][]byte{newer, append(bytes.Clone(newer[:200]), 1)} { // complete, and with an end that is not known
		_, err := segment.OpenBytes("seg.win", b)
		var version *segment.VersionError
		if !errors.As(err, &version) || version.Found != 7 || version.Known != 1 || !strings.Contains(err.Error(), "use a newer winnow") {
			t.Errorf("got %v", err)
		}
	}
}

// reseal corrects the checksums of tables and footer, so that tests reach the checks behind them.
func reseal(b []byte) {
	table := crc32.MakeTable(crc32.Castagnoli)
	le := binary.LittleEndian
	tail := b[len(b)-64:]
	data, blocks, sections := int(le.Uint64(tail)), int(le.Uint32(tail[8:])), int(le.Uint32(tail[12:]))
	if end := data + 4*blocks; data >= 0 && end >= data && end+48*sections+64 == len(b) {
		le.PutUint32(tail[16:], crc32.Checksum(b[data:end], table))
		le.PutUint32(tail[20:], crc32.Checksum(b[end:len(b)-64], table))
	}
	le.PutUint32(tail[60:], crc32.Checksum(tail[:60], table))
}

func TestHostileTables(t *testing.T) {
	good := image(t, small())
	le := binary.LittleEndian
	footer := len(good) - 64
	table := footer - 6*48
	for name, change := range map[string]func(b []byte){
		"data length huge":       func(b []byte) { le.PutUint64(b[footer:], 1<<63) },
		"data length near max":   func(b []byte) { le.PutUint64(b[footer:], 1<<63-64) },
		"data length odd":        func(b []byte) { le.PutUint64(b[footer:], le.Uint64(b[footer:])+1) },
		"no data":                func(b []byte) { le.PutUint64(b[footer:], 0) },
		"many blocks":            func(b []byte) { le.PutUint32(b[footer+8:], 1<<32-1) },
		"fewer blocks":           func(b []byte) { le.PutUint32(b[footer+8:], 1) },
		"many sections":          func(b []byte) { le.PutUint32(b[footer+12:], 1<<32-1) },
		"fewer sections":         func(b []byte) { le.PutUint32(b[footer+12:], 5) },
		"file length":            func(b []byte) { le.PutUint64(b[footer+24:], 5) },
		"file length negative":   func(b []byte) { le.PutUint64(b[footer+24:], 1<<63|5) },
		"block size":             func(b []byte) { le.PutUint32(b[footer+32:], 512) },
		"reserved":               func(b []byte) { b[footer+36] = 1 },
		"reserved at the end":    func(b []byte) { b[footer+59] = 1 },
		"version in the footer":  func(b []byte) { b[footer+40] = 2 },
		"name empty":             func(b []byte) { clear(b[table:][:32]) },
		"name not ASCII":         func(b []byte) { b[table] = 0xff },
		"name with zero inside":  func(b []byte) { b[table+1] = 0 },
		"name twice":             func(b []byte) { copy(b[table+48:][:32], b[table:][:32]) },
		"section starts earlier": func(b []byte) { le.PutUint64(b[table+2*48+32:], 64) },
		"section starts later":   func(b []byte) { le.PutUint64(b[table+32:], 128) },
		"section offset huge":    func(b []byte) { le.PutUint64(b[table+32:], 1<<64-64) },
		"section too long":       func(b []byte) { le.PutUint64(b[table+5*48+40:], 1<<40) },
		"section length huge":    func(b []byte) { le.PutUint64(b[table+40:], 1<<64-1) },
		"section length near":    func(b []byte) { le.PutUint64(b[table+40:], 1<<63-1) },
		"last section short":     func(b []byte) { le.PutUint64(b[table+5*48+40:], 600) },
	} {
		bad := bytes.Clone(good)
		change(bad)
		reseal(bad)
		f, err := segment.OpenBytes("seg.win", bad)
		if damage, ok := errors.AsType[*segment.CorruptionError](err); !ok || damage.Offset < 0 || damage.Offset > int64(len(bad)) {
			t.Errorf("%s: %v, %v", name, f, err)
		} else if errors.Is(err, segment.ErrChecksum) {
			t.Errorf("%s: the test does not get behind the checksums: %v", name, err)
		}
	}
}

func TestVerifyAllFindsAll(t *testing.T) {
	b := image(t, []part{{"a", noise(5000)}, {"b", noise(3 << 20)}})
	for _, at := range []int{100, 5100, 1 << 20, 1<<20 + 1, 2<<20 + 4095} {
		b[at] ^= 1
	}
	f, err := segment.OpenBytes("seg.win", b)
	must(t, err)
	var list *segment.CorruptionList
	if err := f.VerifyAll(context.Background(), nil); !errors.As(err, &list) {
		t.Fatalf("got %v", err)
	}
	var got []string
	for _, e := range list.Errors {
		got = append(got, e.Section+itoa(e.Offset))
		if !errors.Is(e, segment.ErrChecksum) {
			t.Errorf("got %v", e)
		}
	}
	if want := "a0 a4096 b4096 b1048576 b2097152"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestVerifyAllIsBounded(t *testing.T) {
	const rows = 1200
	b := image(t, []part{{"a", noise(rows * 4096)}})
	for i := range rows {
		b[100+i*4096] ^= 1
	}
	f, err := segment.OpenBytes("seg.win", b)
	must(t, err)
	var list *segment.CorruptionList
	if err := f.VerifyAll(context.Background(), nil); !errors.As(err, &list) || len(list.Errors) != 1000 || list.More != rows-1000 {
		t.Fatalf("got %v", err)
	}
	if message := list.Error(); len(message) > 1000 || !strings.HasSuffix(message, "and 1195 more") {
		t.Errorf("message %q", message)
	}
}

func TestVerifyAllEndsWithItsContext(t *testing.T) {
	f, err := segment.OpenBytes("seg.win", image(t, small()))
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := f.VerifyAll(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestVerifyAllUnreadableBlock plays a disk with one bad place: the rest is still checked.
func TestVerifyAllUnreadableBlock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seg.win")
	write(t, vfs.OS, path, []part{{"a", noise(3 << 20)}})
	reads := 0
	fsys := vfs.NewFault(vfs.OS, func(op vfs.Op, _ string, _ int) error {
		if op != vfs.OpRead {
			return nil
		}
		reads++
		if reads == 2 || reads == 2+5 { // the second piece, then of its blocks the fifth
			return syscall.EIO
		}
		return nil
	})
	f, err := segment.Open(fsys, path)
	must(t, err)
	defer func() { must(t, f.Close()) }()
	var list *segment.CorruptionList
	if err := f.VerifyAll(context.Background(), nil); !errors.As(err, &list) || len(list.Errors) != 1 || !errors.Is(err, syscall.EIO) {
		t.Fatalf("got %v", err)
	}
	if want := int64(1<<20 + 4*4096); list.Errors[0].Offset != want {
		t.Errorf("offset %d, want %d", list.Errors[0].Offset, want)
	}
}

// TestVerifyAllOfAFileCutShort reads beyond the end of a file that was truncated while it is open.
func TestVerifyAllOfAFileCutShort(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seg.win")
	write(t, vfs.OS, path, []part{{"a", noise(20_000)}})
	f, err := segment.Open(vfs.OS, path)
	must(t, err)
	defer func() { must(t, f.Close()) }()
	if err := os.Truncate(path, 9000); err != nil {
		t.Logf("this system protects mapped files: %v", err)
		return
	}
	var list *segment.CorruptionList
	if err := f.VerifyAll(context.Background(), nil); !errors.As(err, &list) || list.Errors[0].Offset != 8192 {
		t.Errorf("got %v", err)
	}
}
