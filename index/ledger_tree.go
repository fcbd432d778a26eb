// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"time"
)

// Reading index.db without bbolt. bbolt maps the file and believes it: a flipped bit in a page sends it out of the mapping,
// into an endless recursion or past a key that is there. Here every page is read into memory and checked against the
// structure that bbolt promises. It also takes no lock, so that a reader neither waits for a commit nor holds one up.
const (
	pageBranch   = 1
	pageLeaf     = 2
	pageFreelist = 16
	pageElement  = 16 // bytes of an element of a branch or leaf
	bucketHead   = 16 // bytes of a bucket's value before its inline page
	leafBucket   = 1  // flag of a leaf element whose value is a bucket
	maxPage      = 1 << 30
)

// errNoBucket is what looking for a bucket gives that is not there.
var errNoBucket = errors.New("the bucket is missing")

// tree reads the pages of one transaction.
type tree struct {
	l    *boltLedger
	file io.ReaderAt
	meta metaPage
	seen map[uint64]bool // pages met, overflow pages among them
	// tolerate is called with damage, and the page is passed over; nil makes damage an error.
	tolerate func(error)
	buckets  []treeEntry // of the root, once they are known
}

// page is a piece of the file.
type page struct {
	data  []byte // header and all
	at    int64  // in the file
	flags uint16
	count int
}

// treeEntry is a key of a bucket.
type treeEntry struct {
	key, value []byte
	bucket     bool
	at         int64 // of the element in the file
}

// readTree calls f with a tree of the newest transaction. If another process commits meanwhile, pages may have been written
// anew under it: then it is called again, whatever it returned.
func (l *boltLedger) readTree(f func(*tree) error) error {
	const (
		damage = 3   // times that a meta page is not whole: one being written soon is
		enough = 200 // times that a commit comes in between
	)
	unreadable := 0
	for range enough {
		meta, done, err := l.readOnce(f)
		if done || meta.pageSize == 0 && errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if meta.pageSize == 0 {
			if unreadable++; unreadable == damage {
				return err
			}
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("%s: another process commits all the time: try again", l.path)
}

// readOnce reports whether f has seen one transaction from beginning to end. The meta page is zero if it was not to be had.
func (l *boltLedger) readOnce(f func(*tree) error) (meta metaPage, done bool, err error) {
	file, err := os.Open(l.path)
	if err != nil {
		return metaPage{}, false, err
	}
	defer func() { _ = file.Close() }() // only read
	if meta, err = l.readMeta(file); err != nil {
		return metaPage{}, false, err
	}
	err = f(&tree{l: l, file: file, meta: meta, seen: map[uint64]bool{}})
	now, bad := l.readMeta(file)
	return meta, bad == nil && now.txid == meta.txid, err
}

// read returns the page of a number, which must not have been met before. from is where the number stands.
func (t *tree) read(id uint64, from int64) (page, error) {
	size := int64(t.meta.pageSize)
	if id < 2 || id >= t.meta.highWater {
		return page{}, t.l.corrupt(from, fmt.Errorf("page %d of %d is referred to", id, t.meta.highWater))
	}
	at := int64(id) * size
	head := make([]byte, pageHeader)
	if _, err := t.file.ReadAt(head, at); err != nil {
		return page{}, t.l.corrupt(at, fmt.Errorf("page %d: %w", id, err))
	}
	own, overflow := binary.LittleEndian.Uint64(head), uint64(binary.LittleEndian.Uint32(head[12:]))
	if own != id || overflow >= t.meta.highWater-id || (int64(overflow)+1)*size > maxPage {
		return page{}, t.l.corrupt(at, fmt.Errorf("page %d calls itself %d, with %d more", id, own, overflow))
	}
	for i := id; i <= id+overflow; i++ {
		if t.seen[i] {
			return page{}, t.l.corrupt(at, fmt.Errorf("page %d is used twice", i))
		}
		t.seen[i] = true
	}
	p := page{data: make([]byte, (int64(overflow)+1)*size), at: at}
	if n, err := t.file.ReadAt(p.data, at); n < len(p.data) {
		return page{}, t.l.corrupt(at, fmt.Errorf("page %d: %w", id, err))
	}
	p.parse()
	return p, nil
}

func (p *page) parse() {
	p.flags, p.count = binary.LittleEndian.Uint16(p.data[8:]), int(binary.LittleEndian.Uint16(p.data[10:]))
}

// slice is n bytes of a page from off on.
func (p *page) slice(off, n int64) ([]byte, bool) {
	if off < 0 || n < 0 || off > int64(len(p.data)) || n > int64(len(p.data))-off {
		return nil, false
	}
	return p.data[off : off+n : off+n], true
}

// bad passes over damage or returns it.
func (t *tree) bad(at int64, format string, args ...any) error {
	return t.pass(t.l.corrupt(at, fmt.Errorf(format, args...)))
}

func (t *tree) pass(err error) error {
	if err != nil && t.tolerate != nil {
		t.tolerate(err)
		return nil
	}
	return err
}

// stopped is what the caller's function returned: no damage to pass over.
type stopped struct{ error }

// walk calls f with the entries of a bucket in the order of keys.
func (t *tree) walk(root uint64, from int64, f func(treeEntry) error) error {
	w := &walker{tree: t, f: f}
	p, err := t.read(root, from)
	if err == nil {
		err = w.page(p, nil, nil)
	} else {
		err = t.pass(err)
	}
	if s, ok := errors.AsType[stopped](err); ok {
		return s.error
	}
	return err
}

// inside calls f with the entries of the bucket that is another's entry.
func (t *tree) inside(e treeEntry, f func(treeEntry) error) error {
	if len(e.value) < bucketHead || !e.bucket {
		return t.bad(e.at, "%q is no bucket", e.key)
	}
	root := binary.LittleEndian.Uint64(e.value)
	if root != 0 {
		return t.walk(root, e.at, f)
	}
	// A small bucket lies in its value.
	p := page{data: e.value[bucketHead:], at: e.at}
	if len(p.data) < pageHeader {
		return t.bad(e.at, "bucket %q is cut off", e.key)
	}
	p.parse()
	if p.flags != pageLeaf {
		return t.bad(e.at, "bucket %q: page of type %d", e.key, p.flags)
	}
	err := (&walker{tree: t, f: f}).leaf(p, nil, nil)
	if s, ok := errors.AsType[stopped](err); ok {
		return s.error
	}
	return err
}

// roots returns the entries of the root: buckets.
func (t *tree) roots() ([]treeEntry, error) {
	if t.buckets == nil {
		if err := t.walk(t.meta.root, pageHeader, func(e treeEntry) error {
			t.buckets = append(t.buckets, e)
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return t.buckets, nil
}

// bucket calls f with the entries of a bucket of the root.
func (t *tree) bucket(name []byte, f func(treeEntry) error) error {
	list, err := t.roots()
	if err != nil {
		return err
	}
	for _, e := range list {
		if bytes.Equal(e.key, name) {
			return t.inside(e, f)
		}
	}
	return t.l.corrupt(int64(t.meta.root)*int64(t.meta.pageSize), fmt.Errorf("bucket %q: %w", name, errNoBucket))
}

// walker goes through one bucket.
type walker struct {
	*tree
	f    func(treeEntry) error
	last []byte // key
	any  bool
}

// page goes through a page whose keys lie from low to before high; nil is no bound.
func (w *walker) page(p page, low, high []byte) error {
	switch p.flags {
	case pageLeaf:
		return w.leaf(p, low, high)
	case pageBranch:
		return w.branch(p, low, high)
	}
	return w.bad(p.at, "page of type %d among leaves and branches", p.flags)
}

// inRange reports whether a key is where it may be, after all before it.
func (w *walker) inRange(key, low, high []byte) bool {
	return (low == nil || bytes.Compare(key, low) >= 0) && (high == nil || bytes.Compare(key, high) < 0) && (!w.any || bytes.Compare(key, w.last) > 0)
}

func (w *walker) leaf(p page, low, high []byte) error {
	for i := range p.count {
		off := int64(pageHeader + pageElement*i)
		e, ok := p.slice(off, pageElement)
		if !ok {
			return w.bad(p.at, "%d elements are more than the page holds", p.count)
		}
		flags, pos := binary.LittleEndian.Uint32(e), int64(binary.LittleEndian.Uint32(e[4:]))
		keySize, valueSize := int64(binary.LittleEndian.Uint32(e[8:])), int64(binary.LittleEndian.Uint32(e[12:]))
		body, ok := p.slice(off+pos, keySize+valueSize)
		if !ok || pos < pageElement*int64(p.count-i) || flags > leafBucket {
			if err := w.bad(p.at+off, "element %d reaches out of its page", i); err != nil {
				return err
			}
			continue
		}
		entry := treeEntry{key: body[:keySize:keySize], value: body[keySize:], bucket: flags == leafBucket, at: p.at + off}
		if !w.inRange(entry.key, low, high) {
			if err := w.bad(p.at+off, "key %.40q is out of order", entry.key); err != nil {
				return err
			}
			continue
		}
		w.last, w.any = entry.key, true
		if err := w.f(entry); err != nil {
			return stopped{err}
		}
	}
	return nil
}

func (w *walker) branch(p page, low, high []byte) error {
	keys, ids := make([][]byte, p.count), make([]uint64, p.count)
	if p.count == 0 {
		return w.bad(p.at, "a branch without leaves")
	}
	for i := range p.count {
		off := int64(pageHeader + pageElement*i)
		e, ok := p.slice(off, pageElement)
		if !ok {
			return w.bad(p.at, "%d elements are more than the page holds", p.count)
		}
		pos, size := int64(binary.LittleEndian.Uint32(e)), int64(binary.LittleEndian.Uint32(e[4:]))
		key, ok := p.slice(off+pos, size)
		if !ok || pos < pageElement*int64(p.count-i) {
			return w.bad(p.at+off, "element %d reaches out of its page", i)
		}
		if low != nil && bytes.Compare(key, low) < 0 || high != nil && bytes.Compare(key, high) >= 0 || i > 0 && bytes.Compare(key, keys[i-1]) <= 0 {
			return w.bad(p.at+off, "key %.40q is out of order", key)
		}
		keys[i], ids[i] = key, binary.LittleEndian.Uint64(e[8:])
	}
	for i, id := range ids {
		end := high
		if i+1 < len(keys) {
			end = keys[i+1]
		}
		child, err := w.read(id, p.at+int64(pageHeader+pageElement*i))
		if err == nil {
			err = w.page(child, keys[i], end)
		} else {
			err = w.pass(err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// freelist checks the list of free pages: bbolt writes to them, so none may be in use. All buckets have been walked.
func (t *tree) freelist() error {
	if t.meta.freelist == math.MaxUint64 {
		return nil // there is none
	}
	p, err := t.read(t.meta.freelist, pageHeader)
	if err != nil {
		return err
	}
	if p.flags != pageFreelist {
		return t.l.corrupt(p.at, fmt.Errorf("page of type %d in the place of the list of free pages", p.flags))
	}
	off, count := int64(pageHeader), int64(p.count)
	if count == math.MaxUint16 {
		n := binary.LittleEndian.Uint64(p.data[off:])
		if n > uint64(len(p.data)) {
			return t.l.corrupt(p.at, fmt.Errorf("%d free pages", n))
		}
		off, count = off+8, int64(n)
	}
	ids, ok := p.slice(off, 8*count)
	if !ok {
		return t.l.corrupt(p.at, fmt.Errorf("%d free pages are more than the list holds", count))
	}
	last := uint64(1)
	for i := range count {
		id := binary.LittleEndian.Uint64(ids[8*i:])
		if id <= last || id >= t.meta.highWater || t.seen[id] {
			return t.l.corrupt(p.at+off+8*i, fmt.Errorf("page %d is listed as free", id))
		}
		last = id
	}
	return nil
}

// all walks every bucket and checks the list of free pages.
func (t *tree) all() error {
	buckets, err := t.roots()
	if err != nil {
		return err
	}
	for _, b := range buckets {
		if err := t.inside(b, func(treeEntry) error { return nil }); err != nil {
			return err
		}
	}
	return t.freelist()
}
