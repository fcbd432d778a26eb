// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/winnow-search/winnow/internal/vfs"
)

// Info identifies a finished file. The index stores it where it names the file, so that a file that was exchanged for another
// good one is noticed.
type Info struct {
	Size     int64
	Checksum uint32 // of the footer, which has the checksums of the tables, which have those of the data
}

// Writer writes a segment in one pass. It is used by one goroutine. A failed write is remembered: later writes and Finish
// return the same error.
type Writer struct {
	fs      vfs.FS
	path    string
	file    vfs.File // nil once finished or aborted
	buf     []byte   // whole blocks, then perhaps a part of one
	at      int64    // of buf in the file
	sums    []byte   // uint32 a block
	entries []entry
	names   map[string]bool
	current *sectionWriter
	apart   bool // the last section has its blocks for itself
	err     error
}

const bufferSize = 256 << 10 // a multiple of blockSize

// Create starts a segment at path, which must not exist. Finish or Abort must be called; Abort after Finish does nothing, so
// it can be deferred.
func Create(fs vfs.FS, path string) (*Writer, error) {
	f, err := fs.Create(path)
	if err != nil {
		return nil, fmt.Errorf("creating a segment: %w", err)
	}
	w := &Writer{fs: fs, path: path, file: f, buf: make([]byte, 0, bufferSize), names: map[string]bool{}}
	w.buf = appendHeader(w.buf)
	return w, nil
}

// sectionWriter is the open section.
type sectionWriter struct{ w *Writer }

func (s *sectionWriter) Write(p []byte) (int, error) {
	if s.w.current != s {
		return 0, errSectionDone
	}
	return s.w.write(p)
}

// Section starts the next section. The returned writer is buffered; small writes are cheap.
func (w *Writer) Section(name string) (io.Writer, error) { return w.section(name, false) }

// Apart starts a section whose blocks hold no part of another one, if w is a file: what is damaged elsewhere is no damage to
// it. That costs up to two blocks.
func Apart(w SectionWriter, name string) (io.Writer, error) {
	if f, ok := w.(*Writer); ok {
		return f.section(name, true)
	}
	return w.Section(name)
}

func (w *Writer) section(name string, apart bool) (io.Writer, error) {
	switch err := checkName(name); {
	case w.file == nil:
		return nil, errSectionDone
	case w.err != nil:
		return nil, w.err
	case err != nil:
		return nil, err
	case w.names[name]:
		return nil, fmt.Errorf("section %q is written twice", name)
	}
	w.endSection()
	if apart || w.apart {
		w.pad(alignBlock(w.offset()))
	}
	w.apart = apart
	w.names[name] = true
	w.entries = append(w.entries, entry{name: name, off: w.offset()})
	w.current = &sectionWriter{w}
	return w.current, w.err
}

// offset is where the next byte goes.
func (w *Writer) offset() int64 { return w.at + int64(len(w.buf)) }

// endSection notes the length of the open section and pads to the next multiple of 64.
func (w *Writer) endSection() {
	if w.current == nil {
		return
	}
	w.current = nil
	e := &w.entries[len(w.entries)-1]
	e.length = w.offset() - e.off
	w.pad(alignUp(w.offset()))
}

// pad writes zeros up to an offset.
func (w *Writer) pad(to int64) {
	var zeros [blockSize]byte
	_, _ = w.write(zeros[:to-w.offset()]) // kept in w.err
}

func (w *Writer) write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 && w.err == nil {
		n := copy(w.buf[len(w.buf):cap(w.buf)], p)
		w.buf = w.buf[:len(w.buf)+n]
		p = p[n:]
		written += n
		if len(w.buf) == cap(w.buf) {
			w.flush()
		}
	}
	return written, w.err
}

// flush sums and writes the buffer. Only the last call may find a part of a block at its end.
func (w *Writer) flush() {
	for b := w.buf; len(b) > 0; b = b[min(blockSize, len(b)):] {
		w.sums = binary.LittleEndian.AppendUint32(w.sums, checksum(b[:min(blockSize, len(b))]))
	}
	w.put(w.buf)
	w.buf = w.buf[:0]
}

// put writes to the file.
func (w *Writer) put(b []byte) {
	if w.err != nil || len(b) == 0 {
		return
	}
	n, err := w.file.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err != nil {
		w.err = fmt.Errorf("writing segment %s at byte %d: %w", w.path, w.at+int64(n), err)
		return
	}
	w.at += int64(len(b))
}

// Finish ends the last section, writes tables and footer, syncs and closes the file and syncs its directory: when it returns
// without an error, the file survives a power cut and may be named in the manifest. If anything failed, the file is removed.
func (w *Writer) Finish() (Info, error) {
	if w.file == nil {
		return Info{}, errors.Join(w.err, fmt.Errorf("segment %s is already finished or aborted", w.path))
	}
	w.endSection()
	w.flush()
	ft := footer{dataLen: w.at, blocks: blocksOf(w.at), sections: int64(len(w.entries))}
	tail := w.sums
	ft.blockCRC = checksum(tail)
	for _, e := range w.entries {
		tail = e.append(tail)
	}
	ft.tableCRC = checksum(tail[len(w.sums):])
	ft.size = ft.dataLen + int64(len(tail)) + footerSize
	tail = ft.append(tail)
	w.put(tail)
	if w.err == nil {
		w.keep("syncing", w.file.Sync())
	}
	if w.err != nil {
		err := w.err
		return Info{}, errors.Join(err, w.Abort())
	}
	w.keep("closing", w.file.Close())
	w.file = nil
	if w.err == nil {
		w.keep("syncing the directory of", w.fs.SyncDir(filepath.Dir(w.path)))
	}
	if w.err != nil {
		return Info{}, errors.Join(w.err, w.fs.Remove(w.path))
	}
	return Info{ft.size, binary.LittleEndian.Uint32(tail[len(tail)-4:])}, nil
}

// keep remembers the first error.
func (w *Writer) keep(doing string, err error) {
	if w.err == nil && err != nil {
		w.err = fmt.Errorf("%s segment %s: %w", doing, w.path, err)
	}
}

// Abort closes and removes an unfinished file.
func (w *Writer) Abort() error {
	if w.file == nil {
		return nil
	}
	f := w.file
	w.file, w.current = nil, nil
	if w.err == nil {
		w.err = errors.New("the segment was aborted")
	}
	return errors.Join(f.Close(), w.fs.Remove(w.path))
}
