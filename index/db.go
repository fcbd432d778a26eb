// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package index

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/winnow-search/winnow/index/lexical/analysis"
	"github.com/winnow-search/winnow/index/segment"
	"github.com/winnow-search/winnow/internal/vfs"
)

// lockName is the file that a writer holds a lock on.
const lockName = "writer.lock"

// unready ends the name of an index.db that is being written.
const unready = ".new"

// Errors that callers look for.
var (
	ErrNoIndex  = errors.New("no index here")
	ErrExists   = errors.New("there is an index already")
	ErrLocked   = errors.New("another process is writing to the index")
	ErrReadOnly = errors.New("the index is open for reading only")
	ErrClosed   = errors.New("the index is closed")
)

// Options say how a directory is opened. The zero value opens it for reading.
type Options struct {
	Write   bool // take the writer's lock
	Threads int  // goroutines that compute; 0 means GOMAXPROCS
	// FS is where files are; nil means the operating system's. It must keep them in the operating system's file system, at the
	// paths it is given: index.db is read past it, as bbolt, which writes index.db within FS.Update, knows no other. The same
	// goes for the writer's lock and sizes in [DB.Stats]. Segments, and all that is created, renamed or removed, go through it.
	FS vfs.FS
	// Progress is told how far [Check], [Repair] and the deletions of a [DB.Apply] are, from one goroutine at a time; may be nil.
	Progress func(Progress)
}

// DB is an open index. It is safe for concurrent use.
type DB struct {
	dir      string // empty in memory
	fs       *ownFS
	threads  int
	write    bool
	progress func(Progress) // may be nil
	ledger   ledger
	lock     *flock.Flock
	settings Settings
	analyzer *analysis.Analyzer

	writing    sync.Mutex // held by a change from beginning to end
	merges     sync.Mutex // held by a merge; taken before writing
	refreshing sync.Mutex // held by a refresh, so that none puts an older state in the place of a newer
	doubt      *doubt     // guarded by writing
	undurable  bool       // the last commit, as far as is known; guarded by writing
	behind     behind

	mu       sync.Mutex // guards what follows
	manifest *manifest  // as committed last, or as read last
	current  *state
	used     time.Time // when a snapshot was asked for last; zero if not since the index was idle
	closed   bool
}

// Exists reports whether a directory holds an index, even one that has lost its index.db: [Repair] brings that back.
func Exists(dir string) bool { return hasLedger(dir) || orphaned(vfs.OS, dir) }

func hasLedger(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, ledgerName))
	return err == nil && info.Mode().IsRegular()
}

// Create makes an index in a directory, which is created if need be and must not hold one, and opens it for writing.
func Create(dir string, s Settings, o Options) (*DB, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("index %s: %w", dir, err)
	}
	o.Write = true
	s.Terms = analysis.Version
	db := newDB(dir, o)
	if err := db.fs.MkdirAll(dir); err != nil {
		return nil, err
	}
	if err := db.acquire(); err != nil {
		return nil, err
	}
	err := db.born(&manifest{Format: formatVersion, Settings: s, Next: 1})
	if err == nil {
		err = db.start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create index %s: %w", dir, err), db.lock.Close())
	}
	return db, nil
}

// born writes the first index.db. It gets its name when it is whole, so that a crash leaves an index or none.
func (db *DB) born(m *manifest) error {
	switch {
	case orphaned(db.fs, db.dir):
		return missingLedger(db.dir)
	case Exists(db.dir):
		return ErrExists
	}
	path := filepath.Join(db.dir, ledgerName)
	fresh := &boltLedger{fs: db.fs, path: path + unready}
	if err := db.fs.Remove(fresh.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := fresh.commit(m, nil)
	if err == nil {
		err = db.fs.SyncDir(db.dir)
	}
	if err == nil {
		err = db.fs.Rename(fresh.path, path)
	}
	if err != nil {
		return err // what is left is removed by the next attempt
	}
	err = db.fs.SyncDir(db.dir)
	if err == nil { // the directory's own name: somebody may have made it just before
		if err = db.fs.SyncDir(filepath.Dir(db.dir)); errors.Is(err, fs.ErrPermission) {
			err = nil // who may not read the folder above cannot have made it
		}
	}
	if err != nil {
		_ = db.fs.Remove(path) // or the next attempt finds an empty index
	}
	return err
}

// missingLedger is the error for segments without index.db.
func missingLedger(dir string) error {
	return &segment.CorruptionError{File: filepath.Join(dir, ledgerName), Err: errors.New("the file is missing, though there are segments: winnow repair makes it anew")}
}

// orphaned reports whether a directory has segments and no index.db.
func orphaned(fs vfs.FS, dir string) bool {
	if hasLedger(dir) {
		return false
	}
	names, err := fs.List(dir)
	return err == nil && slices.ContainsFunc(names, isSegmentName)
}

// Open opens the index in a directory.
func Open(dir string, o Options) (*DB, error) {
	db := newDB(dir, o)
	if orphaned(db.fs, dir) {
		return nil, fmt.Errorf("open index %s: %w", dir, missingLedger(dir))
	}
	if !Exists(dir) {
		return nil, fmt.Errorf("%w: %s", ErrNoIndex, dir)
	}
	if o.Write {
		if err := db.acquire(); err != nil {
			return nil, err
		}
	}
	err := db.fitForWriting()
	if err == nil {
		err = db.start()
	}
	if err != nil {
		if db.lock != nil {
			err = errors.Join(err, db.lock.Close())
		}
		return nil, fmt.Errorf("open index %s: %w", dir, err)
	}
	if o.Write {
		db.sweep()
	}
	return db, nil
}

// Memory makes an index that lives as long as the program.
func Memory(s Settings, threads int) (*DB, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	s.Terms = analysis.Version
	db := newDB("", Options{Write: true, Threads: threads})
	db.ledger = &memoryLedger{manifest: &manifest{Format: formatVersion, Settings: s, Next: 1}, records: map[string]FileRecord{}}
	if err := db.start(); err != nil {
		return nil, err
	}
	return db, nil
}

func newDB(dir string, o Options) *DB {
	db := &DB{dir: dir, fs: &ownFS{FS: o.FS, lock: filepath.Join(dir, lockName)}, threads: o.Threads, write: o.Write, progress: o.Progress}
	if db.fs.FS == nil {
		db.fs.FS = vfs.OS
	}
	if db.threads <= 0 {
		db.threads = runtime.GOMAXPROCS(0)
	}
	db.ledger = newBoltLedger(db.fs, dir)
	db.behind.ctx, db.behind.cancel = context.WithCancel(context.Background())
	return db
}

// fitForWriting looks through the whole of index.db before anything is written to it: a commit that trusts a damaged list of
// free pages writes over what is whole.
func (db *DB) fitForWriting() error {
	l, ok := db.ledger.(*boltLedger)
	if !ok || !db.write {
		return nil
	}
	if _, err := l.load(); err != nil {
		return err // says more of a newer version
	}
	if err := l.readTree((*tree).all); err != nil {
		return err
	}
	seal, err := db.checkPageSums(context.Background(), l)
	return errors.Join(err, errors.Join(seal.problems...))
}

// start reads the manifest and opens its segments.
func (db *DB) start() error {
	m, s, err := db.open()
	if err != nil {
		return err
	}
	db.settings, db.manifest, db.current = m.Settings, m, s
	if err := m.Settings.checkTerms(); err != nil {
		return errors.Join(err, s.release())
	}
	if db.analyzer, err = analysis.New(m.Settings.Analyzer); err != nil {
		return errors.Join(err, s.release())
	}
	return nil
}

// open reads the manifest and opens its segments. A writer in another process may remove a segment in between, by
// merging it: then there is a newer manifest, which is read instead.
func (db *DB) open() (*manifest, *state, error) {
	for last := uint64(0); ; {
		m, err := db.ledger.load()
		if err != nil {
			return nil, nil, err
		}
		s, err := db.view(m)
		if err == nil {
			return m, s, nil
		}
		if !errors.Is(err, fs.ErrNotExist) || m.Generation <= last {
			if name, ok := errors.AsType[*fs.PathError](err); ok && errors.Is(err, fs.ErrNotExist) {
				err = &segment.CorruptionError{File: name.Path, Err: errors.New("the segment is missing; winnow repair drops it and says what was in it")}
			}
			return nil, nil, err
		}
		last = m.Generation
	}
}

// acquire takes the writer's lock.
func (db *DB) acquire() error {
	path := db.fs.lock
	db.lock = flock.New(path)
	ok, err := db.lock.TryLock()
	switch {
	case err != nil:
		return fmt.Errorf("lock index: %w", err)
	case !ok:
		holder := ""
		if data, err := os.ReadFile(path); err == nil && len(data) > 0 && len(data) < 200 {
			holder = " (" + strings.TrimSpace(string(data)) + ")"
		}
		return fmt.Errorf("%w: %s%s: wait until it has finished, or stop it; searching goes on meanwhile", ErrLocked, db.dir, holder)
	}
	if db.fs.held, err = db.lock.Stat(); err != nil {
		return errors.Join(fmt.Errorf("lock index: %w", err), db.lock.Close())
	}
	// For the message above only: what cannot be written is not missed.
	_ = os.WriteFile(path, []byte(fmt.Sprintf("process %d: %s\n", os.Getpid(), filepath.Base(os.Args[0]))), 0o600)
	return nil
}

// sweep removes segments that no manifest names, and files that were not finished: what a crash left behind, or what another
// reader still had open when it became obsolete.
func (db *DB) sweep() {
	names, err := db.fs.List(db.dir)
	if err != nil {
		return
	}
	live := map[string]bool{}
	for _, s := range db.manifest.Segments {
		live[s.Name] = true
	}
	durable := false // the commit that does not name them: the process that made it may have ended before its last sync
	for _, name := range names {
		unfinished := name == pagesUnready || name == healName || name == ledgerName+unready
		if !unfinished && (!isSegmentName(name) || live[name]) {
			continue
		}
		if durable = durable || db.ledger.again() == nil; durable {
			_ = db.fs.Remove(filepath.Join(db.dir, name)) // the next sweep tries again
		}
	}
}

// Dir is the directory, empty in memory.
func (db *DB) Dir() string { return db.dir }

// Settings are what the index was made with.
func (db *DB) Settings() Settings { return db.settings }

// Analyzer cuts texts and queries into terms as the index does.
func (db *DB) Analyzer() *analysis.Analyzer { return db.analyzer }

// Snapshot returns the index as it is now. The caller releases it.
func (db *DB) Snapshot() (*Snapshot, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return nil, ErrClosed
	}
	db.used = time.Now()
	return db.current.snapshot(), nil
}

// Refresh takes over what another process has committed since the index was opened for reading. It reports whether
// anything changed. Snapshots that are in use stay as they are.
func (db *DB) Refresh() (changed bool, err error) {
	if db.write {
		return false, nil // nobody else can have written
	}
	db.refreshing.Lock()
	defer db.refreshing.Unlock()
	m, s, err := db.open()
	if err != nil {
		return false, fmt.Errorf("index %s: %w", db.dir, err)
	}
	if m.Settings != db.settings {
		return false, errors.Join(fmt.Errorf("index %s was made anew with other settings: open it again", db.dir), s.release())
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed || m.same(db.manifest) {
		return false, s.release()
	}
	old := db.current
	db.manifest, db.current, db.used = m, s, time.Now() // opening it has touched pages: see IdleAfter
	return true, old.release()
}

// Files calls f with the record of every file that documents came from, in the order of paths.
func (db *DB) Files(f func(FileRecord) error) error {
	if err := db.ledger.files(f); err != nil {
		return fmt.Errorf("index %s: %w", db.dir, err)
	}
	return nil
}

// Close waits for a running change or merge, and lets go of the directory. A large merge in the background is given up, and leaves
// nothing behind. Snapshots that are in use stay usable.
func (db *DB) Close() error {
	missed := db.behind.stop()
	db.merges.Lock()
	defer db.merges.Unlock()
	db.writing.Lock()
	defer db.writing.Unlock()
	err := errors.Join(missed, db.resolve()) // that a commit may not be durable was said
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return missed
	}
	db.closed = true
	err = errors.Join(err, db.current.release())
	if db.lock != nil {
		err = errors.Join(err, db.sealPages(), db.lock.Close())
	}
	return err
}

// canceled wraps the context's error in what was being done.
func canceled(ctx context.Context, doing string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// Peek reads the settings of the index in a directory.
func Peek(dir string) (Settings, error) {
	if orphaned(vfs.OS, dir) {
		return Settings{}, fmt.Errorf("index %s: %w", dir, missingLedger(dir))
	}
	if !Exists(dir) {
		return Settings{}, fmt.Errorf("%w: %s", ErrNoIndex, dir)
	}
	m, err := newBoltLedger(vfs.OS, dir).load()
	if err != nil {
		return Settings{}, fmt.Errorf("index %s: %w", dir, err)
	}
	return m.Settings, nil
}
