// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"

	"github.com/winnow-search/winnow/index/segment"
)

// The beginning of a bbolt file: two meta pages, written in turn, each with a checksum. bbolt goes on silently with the older
// one when the newer is damaged, which would take back an acknowledged commit; here both must be whole. A power cut cannot
// break that: a meta page's content lies within one disk sector.
const (
	metaMagic   = 0xED0CDAED
	metaVersion = 2
	pageHeader  = 16 // bytes of a page's header
	metaBytes   = 64 // bytes of a meta's content, the checksum last
)

// metaPage is what is read of a meta page.
type metaPage struct {
	pageSize  int
	root      uint64 // page of the bucket of buckets
	freelist  uint64 // page of the list of free pages, all bits set for none
	highWater uint64 // pages in use end here
	txid      uint64
}

// parseMeta reads the meta content that starts at b.
func parseMetaPage(b []byte) (metaPage, error) {
	if binary.LittleEndian.Uint32(b) != metaMagic || binary.LittleEndian.Uint32(b[4:]) != metaVersion {
		return metaPage{}, errors.New("not a file of winnow, or its first pages are damaged: if it is yours, choose another directory; if it was an index, winnow repair")
	}
	sum := fnv.New64a()
	_, _ = sum.Write(b[:metaBytes-8])
	if sum.Sum64() != binary.LittleEndian.Uint64(b[metaBytes-8:]) {
		return metaPage{}, errors.New("meta page: checksum mismatch")
	}
	number := func(at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }
	m := metaPage{int(binary.LittleEndian.Uint32(b[8:])), number(16), number(32), number(40), number(48)}
	if m.pageSize < 1024 || m.pageSize > 1<<16 || m.pageSize&(m.pageSize-1) != 0 {
		return metaPage{}, fmt.Errorf("page size %d", m.pageSize)
	}
	return m, nil
}

// readMeta returns the newer meta page. Both must be whole, and the file as long as they say.
func (l *boltLedger) readMeta(f *os.File) (metaPage, error) {
	info, err := f.Stat()
	if err != nil {
		return metaPage{}, err
	}
	var newest metaPage
	size := int64(0) // of a page; the first meta tells
	for i := range int64(2) {
		var b [metaBytes]byte
		at := i*size + pageHeader
		if _, err := f.ReadAt(b[:], at); err != nil {
			if errors.Is(err, io.EOF) {
				at, err = min(at, info.Size()), fmt.Errorf("%d bytes: the file is cut off", info.Size())
			}
			return metaPage{}, l.corrupt(at, err)
		}
		m, err := parseMetaPage(b[:])
		if err != nil {
			return metaPage{}, l.corrupt(at, err)
		}
		if i == 0 {
			size = int64(m.pageSize)
		}
		if int64(m.pageSize) != size {
			return metaPage{}, l.corrupt(at, fmt.Errorf("page size %d", m.pageSize))
		}
		if m.txid >= newest.txid {
			newest = m
		}
	}
	if newest.highWater > uint64(info.Size()/size) {
		return metaPage{}, l.corrupt(info.Size(), fmt.Errorf("the file is cut off: %d bytes, expected %d", info.Size(), newest.highWater*uint64(size)))
	}
	return newest, nil
}

// salvageMeta returns the newest meta page that can be had. A meta page with one damaged byte is put right: no other byte
// fits the checksum. sure is false when one of the two is beyond that, and the other may be the older.
func salvageMeta(f *os.File) (m metaPage, sure bool, err error) {
	sure = true
	for _, at := range metaPlaces(f) {
		var b [metaBytes]byte
		if _, err := f.ReadAt(b[:], at+pageHeader); err != nil {
			sure = false
			continue
		}
		found, err := parseMetaPage(b[:])
		if err != nil && segment.HealByte(b[:], func() bool { found, err = parseMetaPage(b[:]); return err == nil }) < 0 {
			sure = false
			continue
		}
		if found.txid >= m.txid {
			m = found
		}
	}
	if m.pageSize == 0 {
		return m, false, errors.New("both meta pages are damaged")
	}
	return m, sure, nil
}

// metaPlaces are where the two meta pages begin, even if the first, which tells, is damaged.
func metaPlaces(f *os.File) []int64 {
	var b [metaBytes]byte
	for size := int64(1024); size <= 1<<16; size *= 2 {
		if _, err := f.ReadAt(b[:], size+pageHeader); err != nil {
			break
		}
		if m, err := parseMetaPage(b[:]); err == nil && int64(m.pageSize) == size {
			return []int64{0, size}
		}
	}
	if _, err := f.ReadAt(b[:], pageHeader); err == nil {
		if m, err := parseMetaPage(b[:]); err == nil {
			return []int64{0, int64(m.pageSize)}
		}
	}
	return []int64{0, 4096}
}
