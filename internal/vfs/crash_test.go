// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vfs_test

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/winnow-search/winnow/internal/vfs"
)

// script runs operations on a fresh Crash, and calls check with the files of every clone of every point.
func script(t *testing.T, seeds uint64, run func(c *vfs.Crash, dir string), check func(p *vfs.Point, seed uint64, files map[string]string)) *vfs.Crash {
	t.Helper()
	dir := t.TempDir()
	c, err := vfs.NewCrash(dir)
	must(t, err)
	c.OnPoint(func(p *vfs.Point) {
		for seed := range seeds {
			check(p, seed, clone(t, p, seed))
		}
	})
	run(c, dir)
	return c
}

// clone returns the files of a clone by their slash-separated paths.
func clone(t *testing.T, p *vfs.Point, seed uint64) map[string]string {
	t.Helper()
	dir := t.TempDir()
	must(t, p.Clone(dir, seed))
	files := map[string]string{}
	must(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = string(b)
		return err
	}))
	return files
}

var long = strings.Repeat("0123456789abcdef", 200) // 3200 bytes, six sectors and a quarter

func TestCrashIsAFileSystem(t *testing.T) {
	dir := t.TempDir()
	c, err := vfs.NewCrash(dir)
	must(t, err)
	conformance(t, c, dir)
	if c.Points() == 0 {
		t.Error("no points")
	}
}

func TestCrashWithoutSyncLosesContent(t *testing.T) {
	seen := map[string]int{}
	script(t, 60, func(c *vfs.Crash, dir string) {
		f := write(t, c, filepath.Join(dir, "f"), long)
		must(t, c.SyncDir(dir)) // the name, but not the content
		must(t, f.Close())
	}, func(p *vfs.Point, _ uint64, files map[string]string) {
		if p.Op != vfs.OpSyncDir {
			return
		}
		got, ok := files["f"]
		switch {
		case !ok:
			t.Error("a synced name is lost")
		case got == long:
			seen["whole"]++
		case got == "":
			seen["empty"]++
		case strings.HasPrefix(long, got):
			seen["short"]++
		default:
			seen["torn"]++
			for at := 0; at < len(got); at += 512 {
				sector, want := got[at:min(at+512, len(got))], long[at:min(at+512, len(got))]
				if sector != want && strings.Contains(sector, "0123456789abcdef") {
					t.Fatal("a sector is torn inside")
				}
			}
		}
	})
	for _, state := range []string{"whole", "empty", "short", "torn"} {
		if seen[state] == 0 {
			t.Errorf("no clone with state %q: %v", state, seen)
		}
	}
}

func TestCrashWithoutDirectorySyncLosesNames(t *testing.T) {
	with, without := 0, 0
	script(t, 20, func(c *vfs.Crash, dir string) {
		f := write(t, c, filepath.Join(dir, "f"), long)
		must(t, f.Sync())
		must(t, f.Close())
	}, func(p *vfs.Point, _ uint64, files map[string]string) {
		if p.Op != vfs.OpSync {
			return
		}
		if got, ok := files["f"]; !ok {
			without++
		} else if with++; got != long {
			t.Error("synced content is lost")
		}
	})
	if with == 0 || without == 0 {
		t.Errorf("%d clones with and %d without the name", with, without)
	}
}

func TestCrashKeepsWhatIsSynced(t *testing.T) {
	promised := map[string]string{}
	c := script(t, 12, func(c *vfs.Crash, dir string) {
		for _, name := range []string{"sub/a", "sub/b", "top"} {
			path := filepath.Join(dir, filepath.FromSlash(name))
			must(t, c.MkdirAll(filepath.Dir(path)))
			f := write(t, c, path, long)
			must(t, f.Sync())
			must(t, f.Close())
			must(t, c.SyncDir(filepath.Dir(path)))
			promised[name] = long
		}
	}, func(p *vfs.Point, seed uint64, files map[string]string) {
		for name, want := range promised {
			if files[name] != want {
				t.Errorf("%v, seed %d: %s is lost", p, seed, name)
			}
		}
	})
	if want := 2 + 3*4; c.Points() != want {
		t.Errorf("%d points, want %d", c.Points(), want)
	}
}

func TestCrashSyncedPartOfAFileStays(t *testing.T) {
	script(t, 50, func(c *vfs.Crash, dir string) {
		f := write(t, c, filepath.Join(dir, "f"), long[:700])
		must(t, f.Sync())
		must(t, c.SyncDir(dir))
		_, err := f.Write([]byte(long[700:]))
		must(t, err)
		must(t, f.Close())
	}, func(p *vfs.Point, seed uint64, files map[string]string) {
		if p.N >= 3 && !strings.HasPrefix(files["f"], long[:700]) {
			t.Errorf("%v, seed %d: the synced part is lost", p, seed)
		}
	})
}

// prepared makes a durable file "old" with content, for scripts that change it.
func prepared(t *testing.T, c *vfs.Crash, path string) {
	t.Helper()
	f := write(t, c, path, long)
	must(t, f.Sync())
	must(t, f.Close())
	must(t, c.SyncDir(filepath.Dir(path)))
}

func TestCrashRemovedFilesComeBack(t *testing.T) {
	back, gone := 0, 0
	script(t, 20, func(c *vfs.Crash, dir string) {
		prepared(t, c, filepath.Join(dir, "old"))
		must(t, c.Remove(filepath.Join(dir, "old")))
		must(t, c.SyncDir(dir))
	}, func(p *vfs.Point, seed uint64, files map[string]string) {
		_, there := files["old"]
		switch {
		case p.Op == vfs.OpRemove && there:
			back++
		case p.Op == vfs.OpRemove:
			gone++
		case p.N == 5 && there:
			t.Errorf("seed %d: the removal was synced", seed)
		}
	})
	if back == 0 || gone == 0 {
		t.Errorf("%d clones with and %d without the file", back, gone)
	}
}

func TestCrashRenamesAtomically(t *testing.T) {
	states := map[string]int{}
	script(t, 20, func(c *vfs.Crash, dir string) {
		prepared(t, c, filepath.Join(dir, "old"))
		must(t, c.Rename(filepath.Join(dir, "old"), filepath.Join(dir, "new")))
	}, func(p *vfs.Point, _ uint64, files map[string]string) {
		if p.Op == vfs.OpRename {
			states[strings.Join(slices.Sorted(maps.Keys(files)), " ")]++
		}
	})
	if len(states) != 2 || states["old"] == 0 || states["new"] == 0 {
		t.Errorf("states after an unsynced renaming: %v", states)
	}
}

func TestCrashCloneIsRepeatable(t *testing.T) {
	script(t, 8, func(c *vfs.Crash, dir string) {
		for _, name := range []string{"a", "b", "c"} {
			must(t, write(t, c, filepath.Join(dir, name), long).Close())
		}
	}, func(p *vfs.Point, seed uint64, files map[string]string) {
		if diff := cmp.Diff(files, clone(t, p, seed)); diff != "" {
			t.Errorf("%v, seed %d: two clones differ: %s", p, seed, diff)
		}
		if seed == 0 && len(files) > 0 {
			t.Errorf("%v: seed 0 keeps what is not synced", p)
		}
		if seed == 1 && p.N == 5 && (len(files) != 3 || files["c"] != long) {
			t.Errorf("%v: seed 1 loses something", p)
		}
	})
}

func TestCrashTakesWhatIsThereAsDurable(t *testing.T) {
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "sub"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "sub", "f"), []byte(long), 0o600))
	c, err := vfs.NewCrash(dir)
	must(t, err)
	c.OnPoint(func(p *vfs.Point) {
		if got := clone(t, p, 0)["sub/f"]; got != long {
			t.Errorf("lost: %q", got)
		}
	})
	must(t, write(t, c, filepath.Join(dir, "g"), "").Close())
	if c.Points() == 0 {
		t.Error("no points")
	}
}

func TestCrashRefusals(t *testing.T) {
	dir := t.TempDir()
	c, err := vfs.NewCrash(dir)
	must(t, err)
	var kept *vfs.Point
	c.OnPoint(func(p *vfs.Point) {
		kept = p
		full := t.TempDir()
		must(t, os.WriteFile(filepath.Join(full, "f"), nil, 0o600))
		if err := p.Clone(full, 0); err == nil {
			t.Error("a clone into a directory with files")
		}
	})
	must(t, write(t, c, filepath.Join(dir, "f"), "").Close())
	if err := kept.Clone(t.TempDir(), 0); err == nil {
		t.Error("a clone outside of the function")
	}
	if _, err := c.Create(filepath.Join(t.TempDir(), "elsewhere")); err == nil {
		t.Error("a file outside of the root")
	}
	if err := c.Rename(filepath.Join(dir, "f"), filepath.Join(t.TempDir(), "f")); err == nil {
		t.Error("a renaming to outside of the root")
	}
	if _, err := vfs.NewCrash(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing root: %v", err)
	}
}

func TestCrashFromSeveralGoroutines(t *testing.T) {
	dir := t.TempDir()
	c, err := vfs.NewCrash(dir)
	must(t, err)
	points := 0
	c.OnPoint(func(*vfs.Point) { points++ }) // no lock: calls come one at a time
	done := make(chan error)
	for _, name := range []string{"a", "b", "c", "d"} {
		go func() {
			f, err := c.Create(filepath.Join(dir, name))
			for range 20 {
				if err == nil {
					_, err = f.Write(bytes.Repeat([]byte(name), 100))
				}
			}
			done <- errors.Join(err, f.Sync(), f.Close(), c.SyncDir(dir))
		}()
	}
	for range 4 {
		must(t, <-done)
	}
	if points != 4*23 || c.Points() != points {
		t.Errorf("%d calls, %d points, want %d", points, c.Points(), 4*23)
	}
}
