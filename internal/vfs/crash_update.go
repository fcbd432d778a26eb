// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vfs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
)

// Update has the points that Point describes; none if the file did not change. The file is looked at before and after f: two
// commits inside of f are an error, since the states between them are not known. At points of other goroutines meanwhile the
// file is as it was before.
func (c *Crash) Update(path string, f func() error) error {
	if err := c.beginUpdate(path); err != nil {
		return err
	}
	err := f()
	after, readErr := os.ReadFile(path)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.updating, path)
	dir, name, findErr := c.find(OpUpdate, path)
	if findErr != nil {
		return errors.Join(err, findErr)
	}
	n := dir.entries[name]
	switch {
	case readErr != nil && n == nil && errors.Is(readErr, fs.ErrNotExist):
		return err // nothing was made
	case readErr != nil:
		return errors.Join(err, readErr)
	case n == nil:
		c.made(dir, name, path, after)
		return err
	}
	return errors.Join(err, c.changed(n, path, after))
}

func (c *Crash) beginUpdate(path string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, _, err := c.find(OpUpdate, path); err != nil {
		return err
	}
	if c.updating[path] {
		return pathError(OpUpdate, path, errors.New("two updates at the same time"))
	}
	c.updating[path] = true
	return nil
}

// made plays the writing of a new file.
func (c *Crash) made(dir *node, name, path string, after []byte) {
	n := &node{data: after}
	dir.apply(change{set: name, node: n})
	c.point(OpUpdate, "create", path)
	n.synced = len(after)
	c.point(OpUpdate, "done", path)
}

// changed plays a commit that turned the content of n into after.
func (c *Crash) changed(n *node, path string, after []byte) error {
	before := n.data
	if bytes.Equal(before, after) {
		return nil
	}
	defer func() {
		n.data, n.synced, n.states = after, len(after), nil
		c.point(OpUpdate, "done", path)
	}()
	page := bboltPageSize(after)
	if page == 0 || len(before) < 2*page {
		n.states = func(ch *chance) []byte {
			if ch.survives() {
				return after
			}
			return before
		}
		c.point(OpUpdate, "meta", path)
		return nil
	}
	oldMetas := func(b []byte) []byte {
		for _, at := range []int{0, page} {
			copy(b[at:at+sectorSize], before[at:at+sectorSize])
		}
		return b
	}
	changed := 0
	for _, at := range []int{0, page} {
		if !bytes.Equal(before[at:at+sectorSize], after[at:at+sectorSize]) {
			changed++
		}
	}
	if changed > 1 {
		return pathError(OpUpdate, path, errors.New("both meta pages changed: more than one commit in one update"))
	}
	synced := oldMetas(bytes.Clone(after))
	n.states = func(ch *chance) []byte {
		ch.mood()
		// bbolt grows the file before it writes pages; without that the pages that were there may be written all the same.
		to := synced
		if len(before) < len(synced) && !ch.survives() {
			to = synced[:len(before)]
		}
		return ch.torn(before, to)
	}
	c.point(OpUpdate, "data", path)
	n.states = func(*chance) []byte { return synced }
	c.point(OpUpdate, "synced", path)
	n.states = func(ch *chance) []byte {
		if ch.survives() {
			return after
		}
		return synced
	}
	c.point(OpUpdate, "meta", path)
	return nil
}

// bboltPageSize reads the page size from the first meta page, 0 if the file is none of bbolt: a page begins with 16 bytes of
// header, and a meta page goes on with uint32 magic, version and page size.
func bboltPageSize(b []byte) int {
	const bboltMagic = 0xED0CDAED
	if len(b) < 2*sectorSize || binary.LittleEndian.Uint32(b[16:]) != bboltMagic {
		return 0
	}
	size := int(binary.LittleEndian.Uint32(b[24:]))
	if size < sectorSize || size > len(b)/2 {
		return 0
	}
	return size
}
