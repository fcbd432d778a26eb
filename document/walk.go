// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/winnow-search/winnow/document/internal/ignore"
)

// File is a file that Walk found and Read reads.
type File struct {
	Path    string // as named, or below a named folder
	Size    int64  // bytes
	ModTime time.Time
	Named   bool // the user listed it, so it is read whatever its name is, and a failure if that cannot be done
}

// WalkOptions says what a walk leaves out. The zero value is ready to use.
type WalkOptions struct {
	NoIgnore bool // do not read .gitignore and .winnowignore: nothing is left out because of them
	Hidden   bool // read names that begin with a dot, but never .git
}

// errNoPaths is what a walk over nothing gives.
var errNoPaths = errors.New("no paths given: name at least one file or folder")

// Walk calls visit for every file that is read, in the order of paths and, inside a folder, in the byte order of names, and
// problem for every path that cannot be. docs/documents.md lists what a folder is searched for.
//
// Inside folders, names that begin with a dot are left out, and what .gitignore and .winnowignore files exclude, by the rules
// of gitignore(5); the latter have the last word. Ignore files above a named folder count up to the root of the git
// repository it lies in. Named symbolic links are followed, links inside folders are not and are reported, so a loop of
// links cannot be entered. A file reached twice is visited once. A folder that vanishes while it is read is a problem.
//
// The error is for an empty list of paths, for an ended context, and the first that visit returned, as it is; each of them
// ends the walk. Memory holds the names of one folder and its parents; and every path visited, when the named paths overlap.
func Walk(ctx context.Context, paths []string, o WalkOptions, visit func(File) error, problem func(Problem)) error {
	if len(paths) == 0 {
		return errNoPaths
	}
	w := walker{disk: osDisk, o: o, visit: visit, problem: problem}
	return w.walk(ctx, paths)
}

// disk is the functions that reach the file system, so that tests can fail them whatever their user's rights.
type disk struct {
	open    func(path string) (file, error)
	readDir func(path string) ([]fs.DirEntry, error)
	lstat   func(path string) (fs.FileInfo, error)
}

var osDisk = disk{open: openFile, readDir: os.ReadDir, lstat: os.Lstat}

func openFile(path string) (file, error) { return os.Open(path) }

// walker is the state of one walk.
type walker struct {
	disk    disk
	o       WalkOptions
	visit   func(File) error
	problem func(Problem)
	enter   func(dir string) error // called for each folder before it is read; may be nil

	met  int             // files and problems met, those that were visited already included
	seen map[string]bool // resolved paths of files visited; nil when no two named paths overlap
}

func (w *walker) walk(ctx context.Context, paths []string) error {
	if overlap(paths) {
		w.seen = map[string]bool{}
	}
	for _, p := range paths {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("walk folders: %w", err)
		}
		p = filepath.Clean(p)
		info, err := os.Stat(p)
		switch {
		case err != nil:
			w.fail(p, err, true)
			continue
		case !info.IsDir():
			err = w.file(File{p, info.Size(), info.ModTime(), true}, info.Mode())
		default:
			before := w.met
			t := w.folderOf(p)
			if err = w.folder(ctx, p, t.prefix, t.rules); err == nil && w.met == before {
				w.report(p, ProblemEmpty, true, errors.New("no file to read in this folder: winnow reads "+kindsRead))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// overlap reports whether one of the paths is, or lies below, another.
func overlap(paths []string) bool {
	resolved := make([]string, 0, len(paths))
	for _, p := range paths {
		r, err := resolve(p)
		if err != nil {
			continue
		}
		for _, other := range resolved {
			if within(r, other) || within(other, r) {
				return true
			}
		}
		resolved = append(resolved, r)
	}
	return false
}

// within reports whether a clean path is dir or below it.
func within(path, dir string) bool {
	rest, ok := strings.CutPrefix(path, dir)
	return ok && (rest == "" || rest[0] == filepath.Separator || strings.HasSuffix(dir, string(filepath.Separator)))
}

func resolve(path string) (string, error) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// file visits a file unless it was visited before.
func (w *walker) file(f File, mode fs.FileMode) error {
	if !mode.IsRegular() {
		w.report(f.Path, ProblemUnsupported, true, errors.New("not a regular file: name a file or a folder"))
		return nil
	}
	if kindOf(f.Path, f.Named) == unread {
		ext, _ := extension(f.Path)
		w.report(f.Path, ProblemUnsupported, true, fmt.Errorf("files of type %q are not read: give %s", "."+ext, kindsRead))
		return nil
	}
	w.met++
	if w.seen != nil {
		resolved, err := resolve(f.Path)
		if err != nil {
			w.fail(f.Path, err, f.Named)
			return nil
		}
		if w.seen[resolved] {
			return nil
		}
		w.seen[resolved] = true
	}
	return w.visit(f)
}

// folder walks what is below dir. path is the folder as the ignore rules see it: below the top of the tree, with forward
// slashes. os.ReadDir sorts by name, which makes the order stable.
func (w *walker) folder(ctx context.Context, dir, path string, rules *ignore.Rules) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("walk folders: %w", err)
	}
	if w.enter != nil {
		if err := w.enter(dir); err != nil {
			return err
		}
	}
	entries, err := w.disk.readDir(dir)
	if err != nil {
		w.fail(dir, err, false)
		return nil
	}
	rules = w.rulesIn(dir, path, rules, dir)
	for i, e := range entries {
		entries[i] = nil // a folder may hold a million names; none is needed twice
		name := e.Name()
		if w.o.hides(name) {
			continue
		}
		full, sub := filepath.Join(dir, name), name
		if path != "" {
			sub = path + "/" + name
		}
		if rules.Ignored(sub, e.IsDir()) {
			continue
		}
		switch {
		case e.IsDir():
			if err := w.folder(ctx, full, sub, rules); err != nil {
				return err
			}
		case e.Type()&fs.ModeSymlink != 0:
			w.link(full)
		case e.Type().IsRegular() && kindOf(full, false) != unread:
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("walk folders: %w", err)
			}
			info, err := e.Info()
			if err != nil {
				w.fail(full, err, false)
				continue
			}
			if err := w.file(File{full, info.Size(), info.ModTime(), false}, info.Mode()); err != nil {
				return err
			}
		}
	}
	return nil
}

// hides reports whether a name is left out because of its dot.
func (o WalkOptions) hides(name string) bool {
	return strings.HasPrefix(name, ".") && (!o.Hidden || name == ".git")
}

// Walks reports whether a walk of a folder looks at names like those of a path below it: a file of a kind that folders are searched for,
// with no name on the way that is left out because of its dot. Ignore files are not asked, nor whether the file is there.
func Walks(folder, path string, o WalkOptions) bool {
	rest, err := filepath.Rel(folder, path)
	if err != nil || kindOf(path, false) == unread {
		return false
	}
	for name := range strings.SplitSeq(filepath.ToSlash(rest), "/") {
		if o.hides(name) {
			return false
		}
	}
	return true
}

// link reports a symbolic link that would have been read were it not a link.
func (w *walker) link(path string) {
	if info, err := os.Stat(path); kindOf(path, false) != unread || err == nil && info.IsDir() {
		w.report(path, ProblemLink, false, errors.New("symbolic links inside folders are not followed: name it to read it"))
	}
}

// fail reports an operating system error under the kind it belongs to.
func (w *walker) fail(path string, err error, isNamed bool) {
	w.met++
	w.problem(problemOf(path, err, isNamed))
}

func (w *walker) report(path string, kind ProblemKind, failure bool, err error) {
	w.met++
	w.problem(Problem{Path: path, Kind: kind, Err: err, Failure: failure})
}
