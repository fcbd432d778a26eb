// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"errors"
	"fmt"
	"io/fs"
)

// ProblemKind names what was wrong with a path.
type ProblemKind string

// The kinds of problem.
const (
	ProblemMissing     ProblemKind = "missing"     // the named path does not exist, or vanished while it was read
	ProblemPermission  ProblemKind = "permission"  // no right to read it
	ProblemBinary      ProblemKind = "binary"      // not text
	ProblemTooLarge    ProblemKind = "too large"   // above a bound of LoadOptions, before or after it is unpacked
	ProblemUnsupported ProblemKind = "unsupported" // a named file of a kind that is not read, or not a regular file
	ProblemLink        ProblemKind = "link"        // a symbolic link inside a folder, not followed
	ProblemEmpty       ProblemKind = "empty"       // a named folder without any file to read
	ProblemDamaged     ProblemKind = "damaged"     // a PDF, DOCX or compressed file that cannot be read as what it says it is
	ProblemEncrypted   ProblemKind = "encrypted"   // a file that needs a password
	ProblemRow         ProblemKind = "row"         // a row of a CSV or JSON lines file; the others were read
	ProblemDuplicate   ProblemKind = "duplicate"   // a document whose id another one has; only from Load
	ProblemRead        ProblemKind = "read"        // any other input/output error
)

// Problem is a path that was skipped, and why. It is an error whose text names the path and the remedy.
type Problem struct {
	Path string
	Line int // 1-based line of the row that was skipped; 0 when it is the whole file
	Rows int // how many rows it stands for if they are more than one; else 0
	Kind ProblemKind
	Err  error
	// Folder is, for an ignore file, the folder in which nobody can tell what it leaves out and takes back in; else empty.
	Folder string
	// Failure is true when a caller should end with a failing exit code: something should have been read and was not. A link
	// met inside a folder is reported but is no failure, and neither is a file without text.
	Failure bool
}

// Error names the path and what to do.
func (p Problem) Error() string {
	if p.Line > 0 {
		return fmt.Sprintf("%s: line %d: skipped: %v", p.Path, p.Line, p.Err)
	}
	return p.Path + ": skipped: " + p.Err.Error()
}

// Unwrap gives the cause, for errors.Is.
func (p Problem) Unwrap() error { return p.Err }

// Errors that problems wrap.
var (
	// ErrDamaged is wrapped by problems with files that cannot be read as what they say they are.
	ErrDamaged = errors.New("damaged file")
	// ErrEncrypted is wrapped by problems with files that need a password.
	ErrEncrypted = errors.New("encrypted: it needs a password; save a copy without one")
	// ErrTooLarge is wrapped by problems with files above a bound.
	ErrTooLarge = errors.New("too large")
)

// Problem is what an error of reading the file comes to.
func (f File) Problem(err error) Problem { return problemOf(f.Path, err, f.Named) }

// problemOf puts an error under the kind it belongs to. isNamed is true for a path that the user listed.
func problemOf(path string, err error, isNamed bool) Problem {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err // the problem names the path already
	}
	p := Problem{Path: path, Kind: ProblemRead, Err: err, Failure: true}
	switch {
	case errors.Is(err, ErrTooLarge):
		p.Kind = ProblemTooLarge
	case errors.Is(err, ErrBinary):
		p.Kind = ProblemBinary
	case errors.Is(err, ErrEncrypted):
		p.Kind = ProblemEncrypted
	case errors.Is(err, ErrDamaged):
		p.Kind = ProblemDamaged
	case errors.Is(err, fs.ErrNotExist):
		p.Kind, p.Err = ProblemMissing, fmt.Errorf("%w: check the spelling", err)
		if !isNamed {
			p.Err = fmt.Errorf("%w: it vanished while it was read", err)
		}
	case errors.Is(err, fs.ErrPermission):
		p.Kind, p.Err = ProblemPermission, fmt.Errorf("%w: give this user the right to read it", err)
	}
	return p
}
