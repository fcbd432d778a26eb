// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vfs

import (
	"errors"
	"io/fs"
	"sync/atomic"
)

// Op is a kind of operation of a file system.
type Op string

// The operations that Fault asks about and Crash has points for. OpUpdated comes after an Update's function returned without
// an error: a failure there is a commit that took place although an error is reported, as when the last sync of a database
// fails.
const (
	OpCreate  Op = "create"
	OpWrite   Op = "write"
	OpSync    Op = "sync"
	OpClose   Op = "close"
	OpOpen    Op = "open"
	OpRead    Op = "read" // Mapping.ReadAt
	OpRemove  Op = "remove"
	OpRename  Op = "rename"
	OpList    Op = "list"
	OpMkdir   Op = "mkdir"
	OpSyncDir Op = "syncdir"
	OpUpdate  Op = "update"
	OpUpdated Op = "updated"
)

// Rule decides whether an operation fails: nil lets it pass. N counts the operations of the file system from 0. Path is that
// of the file, the source of a rename. A rule may be called from several goroutines.
type Rule func(op Op, path string, n int) error

// ShortWrite is an error for a Rule to return: of a write the first Bytes bytes are written before it fails with Err, as on a
// full disk. Other operations fail with Err.
type ShortWrite struct {
	Bytes int
	Err   error
}

func (e *ShortWrite) Error() string { return e.Err.Error() }

func (e *ShortWrite) Unwrap() error { return e.Err }

// Fault is a file system whose operations fail when a rule says so. The operation then does nothing, except that a short write
// writes, that a file is closed even if Close fails, and that OpUpdated has changed the file. Errors are *fs.PathError around
// the rule's.
type Fault struct {
	fs   FS
	rule atomic.Pointer[Rule]
	n    atomic.Int64
}

// NewFault wraps fs. A nil rule lets everything pass.
func NewFault(fs FS, rule Rule) *Fault {
	f := &Fault{fs: fs}
	f.SetRule(rule)
	return f
}

// SetRule changes the rule: the disk is full, or has space again.
func (f *Fault) SetRule(rule Rule) {
	if rule == nil {
		rule = func(Op, string, int) error { return nil }
	}
	f.rule.Store(&rule)
}

// Ops is the number of operations so far.
func (f *Fault) Ops() int { return int(f.n.Load()) }

// FailOnce is the rule that lets operation n fail, and no other.
func FailOnce(n int, err error) Rule {
	return func(_ Op, _ string, i int) error {
		if i == n {
			return err
		}
		return nil
	}
}

// FailWriting is the rule of a full or broken disk from operation n on: everything that changes files fails, removing, closing
// and reading do not.
func FailWriting(n int, err error) Rule {
	return func(op Op, _ string, i int) error {
		switch op {
		case OpCreate, OpWrite, OpSync, OpRename, OpMkdir, OpSyncDir, OpUpdate:
			if i >= n {
				return err
			}
		}
		return nil
	}
}

// ask counts the operation and asks the rule.
func (f *Fault) ask(op Op, path string) error {
	n := int(f.n.Add(1)) - 1
	if err := (*f.rule.Load())(op, path, n); err != nil {
		return &fs.PathError{Op: string(op), Path: path, Err: err}
	}
	return nil
}

// Create asks for OpCreate; the file asks for OpWrite, OpSync and OpClose.
func (f *Fault) Create(path string) (File, error) {
	if err := f.ask(OpCreate, path); err != nil {
		return nil, err
	}
	file, err := f.fs.Create(path)
	if err != nil {
		return nil, err
	}
	return &faultFile{f, file, path}, nil
}

// Open asks for OpOpen; the mapping asks for OpRead.
func (f *Fault) Open(path string) (Mapping, error) {
	if err := f.ask(OpOpen, path); err != nil {
		return nil, err
	}
	m, err := f.fs.Open(path)
	if err != nil {
		return nil, err
	}
	return &faultMapping{m, f, path}, nil
}

// Remove asks for OpRemove.
func (f *Fault) Remove(path string) error {
	if err := f.ask(OpRemove, path); err != nil {
		return err
	}
	return f.fs.Remove(path)
}

// Rename asks for OpRename.
func (f *Fault) Rename(from, to string) error {
	if err := f.ask(OpRename, from); err != nil {
		return err
	}
	return f.fs.Rename(from, to)
}

// List asks for OpList.
func (f *Fault) List(dir string) ([]string, error) {
	if err := f.ask(OpList, dir); err != nil {
		return nil, err
	}
	return f.fs.List(dir)
}

// MkdirAll asks for OpMkdir.
func (f *Fault) MkdirAll(dir string) error {
	if err := f.ask(OpMkdir, dir); err != nil {
		return err
	}
	return f.fs.MkdirAll(dir)
}

// SyncDir asks for OpSyncDir.
func (f *Fault) SyncDir(dir string) error {
	if err := f.ask(OpSyncDir, dir); err != nil {
		return err
	}
	return f.fs.SyncDir(dir)
}

// Update asks for OpUpdate, and does not run fn if that fails; it asks for OpUpdated after fn returned without an error.
func (f *Fault) Update(path string, fn func() error) error {
	if err := f.ask(OpUpdate, path); err != nil {
		return err
	}
	if err := f.fs.Update(path, fn); err != nil {
		return err
	}
	return f.ask(OpUpdated, path)
}

type faultFile struct {
	fault *Fault
	file  File
	path  string
}

func (f *faultFile) Write(p []byte) (int, error) {
	err := f.fault.ask(OpWrite, f.path)
	if err == nil {
		return f.file.Write(p)
	}
	var short *ShortWrite
	if !errors.As(err, &short) {
		return 0, err
	}
	n, writeErr := f.file.Write(p[:min(max(short.Bytes, 0), len(p))])
	if writeErr != nil {
		return n, writeErr
	}
	return n, err
}

func (f *faultFile) Sync() error {
	if err := f.fault.ask(OpSync, f.path); err != nil {
		return err
	}
	return f.file.Sync()
}

func (f *faultFile) Close() error {
	return errors.Join(f.fault.ask(OpClose, f.path), f.file.Close())
}

type faultMapping struct {
	Mapping
	fault *Fault
	path  string
}

func (m *faultMapping) ReadAt(p []byte, off int64) (int, error) {
	if err := m.fault.ask(OpRead, m.path); err != nil {
		return 0, err
	}
	return m.Mapping.ReadAt(p, off)
}

func (m *faultMapping) Release() error { return Release(m.Mapping) }
