// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"context"
	"errors"
	"io/fs"
	"os"
)

// keep makes a durable copy of a damaged file, if there is one, as far as it can be read: pieces that the disk does not give
// back become zeros.
func (db *DB) keep(path string) error {
	in, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	kept := path + damagedSuffix
	if err := db.fs.Remove(kept); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := db.fs.Create(kept)
	if err != nil {
		return err
	}
	buffer := make([]byte, 64<<10)
	for at := int64(0); at < info.Size() && err == nil; at += int64(len(buffer)) {
		piece := buffer[:min(int64(len(buffer)), info.Size()-at)]
		if _, bad := in.ReadAt(piece, at); bad != nil {
			clear(piece)
		}
		_, err = out.Write(piece)
	}
	return errors.Join(err, out.Sync(), out.Close(), db.fs.SyncDir(db.dir))
}

// replaceLedger writes a new index.db and puts it in the place of the old one, which is kept as a copy. A crash leaves one
// or the other.
func (db *DB) replaceLedger(l *boltLedger, m *manifest, files []FileRecord) error {
	fresh := &boltLedger{fs: db.fs, path: l.path + unready}
	if err := db.fs.Remove(fresh.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	m.Generation++
	m.stored = nil // the new file has none
	if err := fresh.commit(m, files); err != nil {
		return err
	}
	if err := db.keep(l.path); err != nil {
		return err
	}
	if err := db.fs.Rename(fresh.path, l.path); err != nil {
		return err
	}
	return db.fs.SyncDir(db.dir)
}

// LostFile is a file of which documents are missing. The id of the only document of a file is its path.
type LostFile struct {
	Path      string `json:"path"`
	Missing   int    `json:"missing_documents"`
	Documents int    `json:"documents"` // that it gave
}

// lostFiles are the files that have fewer documents in the segments of a manifest than they gave.
func (db *DB) lostFiles(ctx context.Context, m *manifest, files []FileRecord) ([]LostFile, error) {
	there := map[string]int{}
	for _, r := range m.Segments {
		p, err := openPart(db.fs, db.dir, r, &m.Settings)
		if err != nil {
			return nil, err
		}
		p.retain()
		err = p.eachLive(ctx, liveRows(r.Rows, m.tombstones[r.Name]), func(_ int, s *stored) { there[s.doc.Source.Path]++ })
		if err := errors.Join(err, p.release()); err != nil {
			return nil, err
		}
	}
	lost := []LostFile{}
	for _, f := range files {
		if missing := f.Docs - there[f.Path]; missing > 0 {
			lost = append(lost, LostFile{f.Path, missing, f.Docs})
		}
	}
	return lost, nil
}

// lookAgain changes records of files so that each is taken for changed: what is lost may still be in them.
func lookAgain(files []FileRecord) {
	for i := range files {
		files[i].Size, files[i].Hash = -1, "to be read again"
	}
}
