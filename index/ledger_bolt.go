// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/vfs"
)

// ledgerName is the file that commits go to.
const ledgerName = "index.db"

// The buckets of index.db (docs/format/index-db.md).
var (
	bucketManifest   = []byte("manifest")   // one value under keyManifest
	bucketTombstones = []byte("tombstones") // segment name: roaring bitmap of deleted rows
	bucketFiles      = []byte("files")      // path: JSON of a FileRecord
	keyManifest      = []byte("manifest")
)

// ledgerTimeout is how long a commit waits for another program that has the file open, as tools for bbolt files may.
const ledgerTimeout = 10 * time.Second

// boltLedger keeps the ledger in a bbolt file. bbolt has it open only during a commit; it is read without bbolt (readTree).
type boltLedger struct {
	fs       vfs.FS
	path     string
	unsealed bool // the checksums of pages were removed
}

func newBoltLedger(fs vfs.FS, dir string) *boltLedger {
	return &boltLedger{fs: fs, path: filepath.Join(dir, ledgerName)}
}

var sealTable = crc32.MakeTable(crc32.Castagnoli)

// seal appends a checksum of bucket, key and value to a value: bbolt has none of its own.
func seal(bucket, key, value []byte) []byte {
	return binary.LittleEndian.AppendUint32(value, sealOf(bucket, key, value))
}

func sealOf(bucket, key, value []byte) uint32 {
	sum := crc32.Update(0, sealTable, bucket)
	sum = crc32.Update(sum, sealTable, []byte{0})
	sum = crc32.Update(sum, sealTable, key)
	sum = crc32.Update(sum, sealTable, []byte{0})
	return crc32.Update(sum, sealTable, value)
}

// unseal checks and removes the checksum.
func (l *boltLedger) unseal(bucket []byte, e treeEntry) ([]byte, error) {
	if len(e.value) < 4 || e.bucket {
		return nil, l.corrupt(e.at, fmt.Errorf("value of %q in %s is too short", e.key, bucket))
	}
	body := e.value[: len(e.value)-4 : len(e.value)-4]
	if binary.LittleEndian.Uint32(e.value[len(body):]) != sealOf(bucket, e.key, body) {
		return nil, l.corrupt(e.at, fmt.Errorf("value of %q in %s: checksum mismatch", e.key, bucket))
	}
	return body, nil
}

func (l *boltLedger) corrupt(offset int64, err error) *segment.CorruptionError {
	return &segment.CorruptionError{File: l.path, Offset: offset, Err: err}
}

// guarded runs f and turns what bbolt does to a damaged file, panics and reads outside of its mapping, into errors. What
// f has open it must close itself.
func (l *boltLedger) guarded(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = l.corrupt(0, fmt.Errorf("damaged: %v", r))
		}
	}()
	return f()
}

// open opens the file for a commit. Its pages have been checked when the index was opened. file is what bbolt holds its lock
// by, also when it panics later.
func (l *boltLedger) open(file **os.File) (*bbolt.DB, error) {
	if _, err := os.Stat(l.path); err == nil {
		file, err := os.Open(l.path)
		if err != nil {
			return nil, err
		}
		_, err = l.readMeta(file)
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, err
		}
	}
	o := &bbolt.Options{Timeout: ledgerTimeout, FreelistType: bbolt.FreelistMapType}
	o.OpenFile = func(name string, flag int, mode os.FileMode) (f *os.File, err error) {
		f, err = os.OpenFile(name, flag, mode)
		*file = f
		return f, err
	}
	db, err := bbolt.Open(l.path, 0o644, o) // as segments are: who may read them may search
	if err != nil {
		return nil, l.explain(err)
	}
	return db, nil
}

// explain words what bbolt says on opening.
func (l *boltLedger) explain(err error) error {
	switch {
	case errors.Is(err, bbolterrors.ErrInvalid), errors.Is(err, bbolterrors.ErrChecksum), errors.Is(err, bbolterrors.ErrVersionMismatch):
		return l.corrupt(0, err)
	case errors.Is(err, bbolterrors.ErrTimeout):
		return fmt.Errorf("%s: another process has kept it locked for %s: is something stopped in the middle of a commit?", l.path, ledgerTimeout)
	}
	return fmt.Errorf("%s: %w", l.path, err)
}

func (l *boltLedger) load() (m *manifest, err error) {
	err = l.readTree(func(t *tree) (err error) {
		if m, err = l.loadManifest(t); err != nil {
			return err
		}
		return t.bucket(bucketTombstones, func(e treeEntry) error {
			bitmap, err := l.bitmap(e)
			if err == nil {
				m.tombstones[string(e.key)] = bitmap
			}
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	if err := m.check(); err != nil {
		if _, ok := errors.AsType[*VersionError](err); ok {
			return nil, err
		}
		return nil, l.corrupt(0, err)
	}
	if len(m.tombstones) != m.Tombstones {
		return nil, l.corrupt(0, fmt.Errorf("%d lists of deleted rows, expected %d", len(m.tombstones), m.Tombstones))
	}
	return m, nil
}

// loadManifest reads the manifest's value, without tombstones and unchecked.
func (l *boltLedger) loadManifest(t *tree) (*manifest, error) {
	m := &manifest{tombstones: map[string]*roaring.Bitmap{}}
	found := false
	err := t.bucket(bucketManifest, func(e treeEntry) (err error) {
		if !bytes.Equal(e.key, keyManifest) {
			return nil
		}
		found = true
		if m.stored, err = l.unseal(bucketManifest, e); err != nil {
			return err
		}
		return decodeManifest(m.stored, m)
	})
	if errors.Is(err, errNoBucket) || err == nil && !found {
		return nil, l.corrupt(int64(t.meta.root)*int64(t.meta.pageSize), errors.New("no manifest: not an index of winnow"))
	}
	if err != nil {
		if _, ok := errors.AsType[*VersionError](err); !ok && !isCorruption(err) {
			err = l.corrupt(0, fmt.Errorf("manifest: %w", err))
		}
		return nil, err
	}
	return m, nil
}

// decodeManifest looks at the version first: a newer format may have other fields.
func decodeManifest(data []byte, m *manifest) error {
	var version struct{ Format int }
	if err := json.Unmarshal(data, &version); err == nil && version.Format > formatVersion {
		return &VersionError{version.Format}
	}
	return json.Unmarshal(data, m)
}

func isCorruption(err error) bool {
	_, ok := errors.AsType[*segment.CorruptionError](err)
	return ok
}

// bitmap is a list of deleted rows.
func (l *boltLedger) bitmap(e treeEntry) (*roaring.Bitmap, error) {
	data, err := l.unseal(bucketTombstones, e)
	if err != nil {
		return nil, err
	}
	bitmap := roaring.New()
	if err := bitmap.UnmarshalBinary(data); err != nil {
		return nil, l.corrupt(e.at, fmt.Errorf("deleted rows of %q: %w", e.key, err))
	}
	return bitmap, nil
}

func (l *boltLedger) commit(m *manifest, files []FileRecord) error {
	if err := m.check(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if _, err := os.Stat(l.path); m.stored != nil && errors.Is(err, fs.ErrNotExist) { // bbolt would make a new one
		return fmt.Errorf("%w: %s is gone: open the index again", errMadeAnew, l.path)
	}
	if err := l.dropPageSums(); err != nil {
		return err
	}
	m.Tombstones = len(m.tombstones)
	return l.fs.Update(l.path, func() error {
		return l.guarded(func() error {
			var file *os.File
			returned := false
			// When bbolt panics, the next commit would wait for its lock on the file. It cannot be asked to close then, as it
			// may hold locks of its own.
			defer func() {
				if !returned && file != nil {
					abandon(file)
				}
			}()
			db, err := l.open(&file)
			if err != nil {
				returned = true
				return err
			}
			err = db.Update(func(tx *bbolt.Tx) error { return put(tx, m, files) })
			bad := db.Close()
			returned = true
			if err != nil { // else the change is durable, and what fails now is not about it
				return errors.Join(err, bad)
			}
			return nil
		})
	})
}

// again writes the meta page of the last commit once more and syncs it: bbolt had synced all other pages before. A commit of its own
// would write over pages of the commit before, the one that a power cut leaves when the last has not reached the disk.
func (l *boltLedger) again() error {
	return l.fs.Update(l.path, func() error {
		file, err := os.OpenFile(l.path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		return errors.Join(l.rewriteMeta(file), file.Close())
	})
}

func (l *boltLedger) rewriteMeta(file *os.File) error {
	meta, err := l.readMeta(file)
	if err != nil {
		return err
	}
	page, at := make([]byte, meta.pageSize), int64(meta.txid%2)*int64(meta.pageSize)
	if _, err := file.ReadAt(page, at); err != nil {
		return err
	}
	if _, err := file.WriteAt(page, at); err != nil {
		return err
	}
	return file.Sync()
}

// put writes all values of a commit.
func put(tx *bbolt.Tx, m *manifest, files []FileRecord) error {
	before, err := storedManifest(tx)
	if err != nil {
		return err
	}
	if !bytes.Equal(before, m.stored) {
		return fmt.Errorf("%w: open it again", errMadeAnew)
	}
	count := 0
	if before != nil {
		var former manifest
		if err := json.Unmarshal(before, &former); err != nil {
			return err
		}
		count = former.Files
	}
	b, err := tx.CreateBucketIfNotExists(bucketFiles)
	if err != nil {
		return err
	}
	for i := range files {
		key := []byte(files[i].Path)
		if b.Get(key) != nil {
			count--
		}
		if files[i].Hash == "" {
			if err := b.Delete(key); err != nil {
				return err
			}
			continue
		}
		count++
		record := files[i]
		if y := record.ModTime.Year(); y < 0 || y > 9999 { // which JSON has no word for; the file is looked at each time then
			record.ModTime = time.Time{}
		}
		value, err := json.Marshal(&record)
		if err != nil {
			return fmt.Errorf("file record of %q: %w", files[i].Path, err)
		}
		if err := b.Put(key, seal(bucketFiles, key, value)); err != nil {
			return fmt.Errorf("file record of %q: %w", files[i].Path, err)
		}
	}
	m.Files = count
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if b, err = tx.CreateBucketIfNotExists(bucketManifest); err != nil {
		return err
	}
	m.stored = data
	if err := b.Put(keyManifest, seal(bucketManifest, keyManifest, bytes.Clone(data))); err != nil {
		return err
	}
	return putTombstones(tx, m.tombstones)
}

// storedManifest is the manifest's value before a commit; nil if there is none yet.
func storedManifest(tx *bbolt.Tx) ([]byte, error) {
	b := tx.Bucket(bucketManifest)
	if b == nil {
		return nil, nil
	}
	value := b.Get(keyManifest)
	if len(value) < 4 {
		return nil, errors.New("the manifest is missing")
	}
	return value[:len(value)-4], nil
}

// putTombstones writes the lists of deleted rows and removes those of segments that have none.
func putTombstones(tx *bbolt.Tx, tombstones map[string]*roaring.Bitmap) error {
	b, err := tx.CreateBucketIfNotExists(bucketTombstones)
	if err != nil {
		return err
	}
	var gone [][]byte
	err = b.ForEach(func(key, _ []byte) error {
		if tombstones[string(key)] == nil {
			gone = append(gone, append([]byte(nil), key...))
		}
		return nil
	})
	for _, key := range gone {
		err = errors.Join(err, b.Delete(key))
	}
	if err != nil {
		return err
	}
	for name, bitmap := range tombstones {
		key := []byte(name)
		value, err := bitmap.ToBytes()
		if err != nil {
			return err
		}
		if err := b.Put(key, seal(bucketTombstones, key, value)); err != nil {
			return err
		}
	}
	return nil
}

// files reads all records before it calls f with them: f may take its time, and may commit.
func (l *boltLedger) files(f func(FileRecord) error) error {
	var list []FileRecord
	err := l.readTree(func(t *tree) error {
		m, err := l.loadManifest(t)
		if err != nil {
			return err
		}
		list = list[:0]
		if err := t.bucket(bucketFiles, func(e treeEntry) error {
			r, err := l.fileRecord(e)
			list = append(list, r)
			return err
		}); err != nil {
			return err
		}
		if len(list) != m.Files {
			return l.corrupt(0, fmt.Errorf("%d records of files, expected %d", len(list), m.Files))
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, r := range list {
		if err := f(r); err != nil {
			return err
		}
	}
	return nil
}

func (l *boltLedger) fileRecord(e treeEntry) (FileRecord, error) {
	r := FileRecord{Path: string(e.key)}
	data, err := l.unseal(bucketFiles, e)
	if err == nil {
		if err = json.Unmarshal(data, &r); err != nil {
			err = l.corrupt(e.at, fmt.Errorf("file record of %q: %w", e.key, err))
		}
	}
	return r, err
}
