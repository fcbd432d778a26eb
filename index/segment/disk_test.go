// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package segment_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/vfs"
)

// TestPowerCuts writes segments, each named in a manifest once it is finished, and cuts the power at every step: what a
// manifest names is complete.
func TestPowerCuts(t *testing.T) {
	dir := t.TempDir()
	manifest := filepath.Join(dir, "manifest")
	must(t, os.WriteFile(manifest, nil, 0o600))
	c, err := vfs.NewCrash(dir)
	must(t, err)
	acknowledged, unnamed, broken := 0, 0, 0
	c.OnPoint(func(p *vfs.Point) {
		for seed := range uint64(8) {
			clone := t.TempDir()
			must(t, p.Clone(clone, seed))
			lines, err := os.ReadFile(filepath.Join(clone, "manifest"))
			must(t, err)
			named := map[string]bool{}
			for line := range strings.Lines(string(lines)) {
				var name string
				var info segment.Info
				if _, err := fmt.Sscan(line, &name, &info.Size, &info.Checksum); err != nil {
					t.Fatalf("%v: %q: %v", p, line, err)
				}
				named[name] = true
				f, err := segment.OpenExpected(vfs.OS, filepath.Join(clone, name), info)
				if err != nil {
					t.Fatalf("%v, seed %d: %s is named but does not open: %v", p, seed, name, err)
				}
				if err := f.VerifyAll(context.Background(), nil); err != nil {
					t.Fatalf("%v, seed %d: %s is named but damaged: %v", p, seed, name, err)
				}
				must(t, f.Close())
			}
			if len(named) < acknowledged {
				t.Fatalf("%v, seed %d: %d segments, %d were acknowledged", p, seed, len(named), acknowledged)
			}
			// What is not named may be anything; it is found broken or whole, and never more than that.
			names, err := vfs.OS.List(clone)
			must(t, err)
			for _, name := range names {
				if name == "manifest" || named[name] {
					continue
				}
				unnamed++
				f, err := segment.Open(vfs.OS, filepath.Join(clone, name))
				if err == nil {
					err = errors.Join(f.VerifyAll(context.Background(), nil), f.Close())
				}
				if err != nil {
					broken++
				}
			}
		}
	})
	text := ""
	for n := range 4 {
		name := fmt.Sprintf("seg-%d.win", n)
		info := write(t, c, filepath.Join(dir, name), []part{{"a", noise(n * 3000)}, {"b", noise(200_000 * n)}})
		text += fmt.Sprintln(name, info.Size, info.Checksum)
		must(t, c.Update(manifest, func() error { return os.WriteFile(manifest, []byte(text), 0o600) }))
		acknowledged++
	}
	if unnamed == 0 || broken == 0 {
		t.Errorf("%d unnamed and %d broken files in all clones: the test sees too little", unnamed, broken)
	}
}

// TestFullAndBrokenDisk lets each operation of writing a segment fail in turn. The error comes out, no file stays, and the
// next attempt succeeds.
func TestFullAndBrokenDisk(t *testing.T) {
	parts := []part{{"a", noise(100_000)}, {"b", noise(600_000)}}
	attempt := func(fsys vfs.FS, path string) (info segment.Info, err error) {
		w, err := segment.Create(fsys, path)
		if err != nil {
			return info, err
		}
		if err := fill(w, parts); err != nil {
			return info, errors.Join(err, w.Abort())
		}
		return w.Finish()
	}
	count := vfs.NewFault(vfs.OS, nil)
	_, err := attempt(count, filepath.Join(t.TempDir(), "seg.win"))
	must(t, err)
	if count.Ops() < 7 { // create, three writes of data, tables, sync, close, directory
		t.Fatalf("only %d operations", count.Ops())
	}
	for n := range count.Ops() {
		for _, failure := range []error{syscall.EIO, &vfs.ShortWrite{Bytes: 1000, Err: syscall.ENOSPC}} {
			dir := t.TempDir()
			path := filepath.Join(dir, "seg.win")
			fsys := vfs.NewFault(vfs.OS, vfs.FailOnce(n, failure))
			_, err := attempt(fsys, path)
			if !errors.Is(err, failure) || !strings.Contains(err.Error(), path) && !strings.Contains(err.Error(), dir) {
				t.Fatalf("operation %d: got %v", n, err)
			}
			if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("operation %d: a broken file stays: %v", n, err)
			}
			info, err := attempt(fsys, path)
			must(t, err)
			f, err := segment.OpenExpected(fsys, path, info)
			must(t, err)
			same(t, f, parts)
			must(t, f.Close())
		}
	}
}

// TestWriteErrorSticks writes on after the disk is full.
func TestWriteErrorSticks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seg.win")
	w, err := segment.Create(vfs.NewFault(vfs.OS, vfs.FailOnce(1, syscall.ENOSPC)), path)
	must(t, err)
	s, err := w.Section("a")
	must(t, err)
	if _, err := s.Write(noise(300 << 10)); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("the failing write: %v", err)
	}
	if n, err := s.Write([]byte("more")); n != 0 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("the next write: %d, %v", n, err)
	}
	if _, err := w.Section("b"); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("the next section: %v", err)
	}
	if _, err := w.Finish(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Finish: %v", err)
	}
}

// TestVerifyAllMemory checks a file much larger than what VerifyAll may allocate.
func TestVerifyAllMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seg.win")
	parts := []part{{"a", bytes.Repeat(noise(1<<16), 24<<4)}} // 24 MiB
	write(t, vfs.OS, path, parts)
	f, err := segment.Open(vfs.OS, path)
	must(t, err)
	defer func() { must(t, f.Close()) }()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	must(t, f.VerifyAll(context.Background(), nil))
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 2<<20 {
		t.Errorf("%d bytes allocated to verify 24 MiB", got)
	}
	must(t, f.Release())
	same(t, f, parts)
}
