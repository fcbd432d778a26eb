// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vfs

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Crash is a file system for tests that knows what a power cut would leave. Files are real ones below a root directory, so that
// a database which opens its file by itself works; beside them Crash remembers which content and which directory entries were
// synced. Nothing is really synced, which makes it fast.
//
// After every operation that changes something there is a numbered point, at which the function given to OnPoint is called.
// It may clone the state after a power cut at this moment into another directory, open that and look at it:
//
//	c, err := vfs.NewCrash(dir)
//	acknowledged := 0 // what the calls that returned without an error have promised
//	c.OnPoint(func(p *vfs.Point) {
//		for seed := range uint64(5) {
//			clone := t.TempDir()
//			if err := p.Clone(clone, seed); err != nil {
//				t.Fatal(err)
//			}
//			check(t, clone, acknowledged) // opens it with vfs.OS
//		}
//	})
//	run a script of operations with c as the file system, raising acknowledged after each
//
// What may survive in a clone, decided by the seed:
//   - Content that was synced survives. Of the rest of a file, each sector of 512 bytes is there, or zeros, or garbage,
//     independently of the others, and the file may end anywhere after the synced part.
//   - Entries of a directory that was synced survive. Each later creation, removal and renaming is done or not, independently
//     of the others; a renaming is done as a whole.
//   - An Update of a bbolt file is in one of the states that bbolt's order of writing allows: see Point.
//
// Seed 0 is the clone in which nothing survives that was not synced, seed 1 the one in which everything does, which is also
// what a killed process leaves. Other seeds are random but repeatable.
//
// Files that the code under test makes without the file system, such as lock files, do not appear in clones.
type Crash struct {
	mu       sync.Mutex
	root     string
	top      *node
	points   int
	onPoint  func(*Point)
	updating map[string]bool
}

// node is a file or directory.
type node struct {
	// A directory: its entries now, those that are durable, and what turns these into those.
	entries, durable map[string]*node
	pending          []change

	// A file: its content, the length of the durable part, and while it is in the middle of an Update its possible states.
	data   []byte
	synced int
	states func(*chance) []byte
}

// change is a change of a directory: the name removed goes, the name set comes. A renaming has both.
type change struct {
	removed, set string
	node         *node
}

func (n *node) isDir() bool { return n.entries != nil }

func newDir() *node { return &node{entries: map[string]*node{}, durable: map[string]*node{}} }

func (n *node) apply(c change) {
	n.pending = append(n.pending, c)
	c.apply(n.entries)
}

func (c change) apply(entries map[string]*node) {
	if c.removed != "" {
		delete(entries, c.removed)
	}
	if c.set != "" {
		entries[c.set] = c.node
	}
}

// NewCrash returns the file system below root, an existing directory. What is in it counts as durable.
func NewCrash(root string) (*Crash, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	top, err := readTree(abs)
	if err != nil {
		return nil, err
	}
	return &Crash{root: abs, top: top, updating: map[string]bool{}}, nil
}

// readTree makes nodes of what is on disk.
func readTree(dir string) (*node, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	n := newDir()
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		var child *node
		if e.IsDir() {
			child, err = readTree(path)
		} else {
			child = &node{}
			child.data, err = os.ReadFile(path)
			child.synced = len(child.data)
		}
		if err != nil {
			return nil, err
		}
		n.entries[e.Name()] = child
	}
	n.durable = maps.Clone(n.entries)
	return n, nil
}

// OnPoint sets the function that is called at every point; nil for none. It is called while the file system is locked: it
// must not use it, and other goroutines wait meanwhile.
func (c *Crash) OnPoint(f func(*Point)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.onPoint = f
}

// Points is the number of points so far.
func (c *Crash) Points() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.points
}

// point is called with the lock held, after every change.
func (c *Crash) point(op Op, step, path string) {
	p := &Point{N: c.points, Op: op, Step: step, Path: path, top: c.top}
	c.points++
	if c.onPoint != nil {
		c.onPoint(p)
	}
	p.top = nil // too late to clone
}

// find returns the directory node that holds path, and the base name.
func (c *Crash) find(op Op, path string) (*node, string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, "", err
	}
	rel, err := filepath.Rel(c.root, abs)
	if err != nil || rel == "." || strings.HasPrefix(rel, "..") {
		return nil, "", pathError(op, path, fmt.Errorf("outside of %s", c.root))
	}
	parts := strings.Split(rel, string(filepath.Separator))
	dir := c.top
	for _, name := range parts[:len(parts)-1] {
		dir = dir.entries[name]
		if dir == nil || !dir.isDir() {
			return nil, "", pathError(op, path, fs.ErrNotExist)
		}
	}
	return dir, parts[len(parts)-1], nil
}

// findDir returns the node of a directory.
func (c *Crash) findDir(op Op, path string) (*node, error) {
	if abs, err := filepath.Abs(path); err == nil && abs == c.root {
		return c.top, nil
	}
	dir, name, err := c.find(op, path)
	if err != nil {
		return nil, err
	}
	if n := dir.entries[name]; n != nil && n.isDir() {
		return n, nil
	}
	return nil, pathError(op, path, fs.ErrNotExist)
}

func pathError(op Op, path string, err error) error {
	return &fs.PathError{Op: string(op), Path: path, Err: err}
}

// Create has one point.
func (c *Crash) Create(path string) (File, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	dir, name, err := c.find(OpCreate, path)
	if err != nil {
		return nil, err
	}
	f, err := OS.Create(path)
	if err != nil {
		return nil, err
	}
	n := &node{}
	dir.apply(change{set: name, node: n})
	c.point(OpCreate, "", path)
	return &crashFile{c, f, n, path}, nil
}

// Open has no point.
func (c *Crash) Open(path string) (Mapping, error) { return OS.Open(path) }

// List has no point.
func (c *Crash) List(dir string) ([]string, error) { return OS.List(dir) }

// Remove has one point.
func (c *Crash) Remove(path string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	dir, name, err := c.find(OpRemove, path)
	if err != nil {
		return err
	}
	if err := OS.Remove(path); err != nil {
		return err
	}
	if dir.entries[name] != nil {
		dir.apply(change{removed: name})
		c.point(OpRemove, "", path)
	}
	return nil
}

// Rename has one point.
func (c *Crash) Rename(from, to string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	dir, name, err := c.find(OpRename, from)
	if err != nil {
		return err
	}
	toDir, toName, err := c.find(OpRename, to)
	if err != nil {
		return err
	}
	if dir != toDir {
		return pathError(OpRename, from, fmt.Errorf("%s is in another directory", to))
	}
	if err := OS.Rename(from, to); err != nil {
		return err
	}
	n := dir.entries[name]
	if n == nil {
		return pathError(OpRename, from, errors.New("the file was not made through this file system"))
	}
	if name != toName {
		dir.apply(change{removed: name, set: toName, node: n})
		c.point(OpRename, "", from)
	}
	return nil
}

// MkdirAll has two points for every directory it makes: made, and synced into its parent.
func (c *Crash) MkdirAll(path string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	made, err := missingDirs(path)
	if err != nil {
		return err
	}
	for _, d := range made {
		dir, name, err := c.find(OpMkdir, d)
		if err != nil {
			return err
		}
		if err := os.Mkdir(d, 0o755); err != nil {
			return err
		}
		dir.apply(change{set: name, node: newDir()})
		c.point(OpMkdir, "", d)
		c.syncDir(dir, filepath.Dir(d))
	}
	return nil
}

// SyncDir has one point.
func (c *Crash) SyncDir(path string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	dir, err := c.findDir(OpSyncDir, path)
	if err != nil {
		return err
	}
	c.syncDir(dir, path)
	return nil
}

func (c *Crash) syncDir(dir *node, path string) {
	dir.durable, dir.pending = maps.Clone(dir.entries), nil
	c.point(OpSyncDir, "", path)
}

// crashFile is a file being written.
type crashFile struct {
	crash *Crash
	file  File
	node  *node
	path  string
}

// Write has one point.
func (f *crashFile) Write(p []byte) (int, error) {
	f.crash.mu.Lock()
	defer f.crash.mu.Unlock()
	n, err := f.file.Write(p)
	f.node.data = append(f.node.data, p[:n]...)
	f.crash.point(OpWrite, "", f.path)
	return n, err
}

// Sync has one point.
func (f *crashFile) Sync() error {
	f.crash.mu.Lock()
	defer f.crash.mu.Unlock()
	f.node.synced = len(f.node.data)
	f.crash.point(OpSync, "", f.path)
	return nil
}

// Close has no point: it makes nothing durable.
func (f *crashFile) Close() error { return f.file.Close() }
