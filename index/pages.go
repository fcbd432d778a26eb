// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/winnow-search/winnow/index/segment"
)

// Checksums of index.db's pages. bbolt checks its meta pages alone, and a value's seal tells nothing of pages that are not
// read, or of where a damaged byte is. When a writer closes, it leaves the checksum of every page in a file of its own,
// named by the transaction they belong to. After a crash the file is missing or of an older transaction; it then says nothing.
const (
	pagesName    = "pages-%016x.win"
	pagesUnready = "pages.tmp" // while it is written
	sectionPages = "pages"     // CRC32C of each 4 KiB, little-endian uint32
	pageBytes    = 4096
)

// sealPages writes the checksums of index.db as it is, and removes older ones. Only a writer calls it. The error is for
// damage alone: a disk without room for the checksums is no reason to call a good commit failed.
func (db *DB) sealPages() error {
	l, ok := db.ledger.(*boltLedger)
	if !ok {
		return nil
	}
	var meta metaPage
	if err := l.readTree(func(t *tree) error { meta = t.meta; return t.all() }); err != nil {
		return err
	}
	name := fmt.Sprintf(pagesName, meta.txid)
	names, err := db.fs.List(db.dir)
	if err != nil || slices.Contains(names, name) {
		return nil //nolint:nilerr // as said above
	}
	for _, n := range names {
		if isPagesName(n) || n == pagesUnready {
			_ = db.fs.Remove(filepath.Join(db.dir, n)) // one that stays says nothing of this transaction
		}
	}
	unready := filepath.Join(db.dir, pagesUnready)
	if err := db.writePageSums(l.path, unready); err != nil {
		return nil //nolint:nilerr // as said above
	}
	// Renamed when it is whole, so that half of one is never taken for damage.
	if err := db.fs.Rename(unready, filepath.Join(db.dir, name)); err == nil {
		_ = db.fs.SyncDir(db.dir)
	}
	return nil
}

// writePageSums writes the checksums of a file's pages.
func (db *DB) writePageSums(of, to string) error {
	sums, _, err := pageSums(context.Background(), of)
	if err != nil {
		return err
	}
	w, err := segment.Create(db.fs, to)
	if err != nil {
		return err
	}
	data := make([]byte, 0, 4*len(sums))
	for _, s := range sums {
		data = binary.LittleEndian.AppendUint32(data, s)
	}
	if err := writeSection(w, sectionPages, data); err != nil {
		return errors.Join(err, w.Abort())
	}
	_, err = w.Finish()
	return err
}

// dropPageSums removes the checksums before anything is written: a crash in the middle of a commit leaves the transaction as
// it was, with other bytes in its free pages.
func (l *boltLedger) dropPageSums() error {
	if l.unsealed {
		return nil
	}
	dir := filepath.Dir(l.path)
	names, err := l.fs.List(dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		if isPagesName(n) {
			if err := l.fs.Remove(filepath.Join(dir, n)); err != nil {
				return err
			}
		}
	}
	if err := l.fs.SyncDir(dir); err != nil { // also of a removal before, whose sync failed
		return err
	}
	l.unsealed = true
	return nil
}

func isPagesName(name string) bool {
	var txid uint64
	_, err := fmt.Sscanf(name, pagesName, &txid)
	return err == nil && name == fmt.Sprintf(pagesName, txid)
}

// pageSums reads a file of so many bytes.
func pageSums(ctx context.Context, path string) (sums []uint32, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	buffer := make([]byte, pageBytes)
	for {
		if err := canceled(ctx, "check"); err != nil {
			return nil, 0, err
		}
		n, err := io.ReadFull(f, buffer)
		if n > 0 {
			sums = append(sums, crc32.Checksum(buffer[:n], sealTable))
			size += int64(n)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return sums, size, nil
		}
		if err != nil {
			return nil, 0, err
		}
	}
}

// pageSeal is what the checksums of index.db's pages say.
type pageSeal struct {
	found    bool    // there are some for the transaction that the file is at
	problems []error // pages that differ
	damaged  error   // the checksums themselves are damaged; they are written anew by a repair
	file     string  // that holds them
}

// checkPageSums compares index.db with the checksums that were left when it was closed.
func (db *DB) checkPageSums(ctx context.Context, l *boltLedger) (seal pageSeal, err error) {
	err = l.readTree(func(t *tree) error {
		seal = pageSeal{file: filepath.Join(db.dir, fmt.Sprintf(pagesName, t.meta.txid))}
		return db.comparePages(ctx, l, &seal)
	})
	if _, gone := os.Stat(seal.file); len(seal.problems) > 0 && errors.Is(gone, os.ErrNotExist) {
		seal.found, seal.problems = false, nil // a writer has removed it meanwhile, before it wrote anything
	}
	return seal, err
}

func (db *DB) comparePages(ctx context.Context, l *boltLedger, seal *pageSeal) error {
	file, err := segment.Open(db.fs, seal.file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		seal.damaged = err
		return nil
	}
	defer file.Close()
	if seal.damaged = file.VerifyAll(ctx, nil); seal.damaged != nil {
		return ctx.Err()
	}
	section, err := file.Section(sectionPages)
	if err != nil {
		seal.damaged = err
		return nil
	}
	sums, size, err := pageSums(ctx, l.path)
	if err != nil {
		return err
	}
	seal.found = true
	if want := int64(section.Len()/4) * pageBytes; size != want {
		seal.problems = append(seal.problems, l.corrupt(min(size, want), fmt.Errorf("the file has %d bytes, want %d", size, want)))
	}
	for i, s := range sums[:min(len(sums), section.Len()/4)] { // of a file that has lost bytes, the first that differs is the place
		if s != binary.LittleEndian.Uint32(section.Bytes()[4*i:]) {
			seal.problems = append(seal.problems, l.corrupt(int64(i)*pageBytes, errors.New("page checksum mismatch")))
		}
	}
	return nil
}
