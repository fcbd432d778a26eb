// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"context"
	"fmt"
)

// DefaultMaxFileSize is the largest file read whole when LoadOptions does not say otherwise: 64 MiB.
const DefaultMaxFileSize = 64 << 20

// LoadOptions bounds a load. The zero value is ready to use.
type LoadOptions struct {
	// MaxFileSize is the largest file read whole, in bytes, and the largest text taken out of one. Read applies it to
	// files that are one document, Load to every file, for it holds all of them. 0 means DefaultMaxFileSize.
	MaxFileSize int64
	// MaxRow is the longest row of a CSV or JSON lines file, in bytes. 0 means DefaultMaxLine.
	MaxRow int
	Walk   WalkOptions // what is left out of folders
}

func (o LoadOptions) withDefaults() LoadOptions {
	if o.MaxFileSize <= 0 {
		o.MaxFileSize = DefaultMaxFileSize
	}
	if o.MaxRow <= 0 {
		o.MaxRow = DefaultMaxLine
	}
	return o
}

// Load reads files and folders into documents, in the order of paths and, inside a folder, in the byte order of names: it is
// Walk and Read with all documents held in memory. A file of rows (CSV, JSON lines) gives a document a row.
//
// A file named in paths may be of some kinds that folders are not searched for: data and settings such as .json and .yaml,
// and files without an extension. Of two documents with one id the first is kept, the other is a Problem.
//
// What cannot be read is a Problem, not an error; the error is for an empty list of paths and for an ended context, and then
// no documents are returned.
func Load(ctx context.Context, paths []string, o LoadOptions) ([]Document, []Problem, error) {
	l := loader{disk: osDisk, o: o.withDefaults()}
	return l.load(ctx, paths)
}

// loader is the state of one Load.
type loader struct {
	disk     disk
	o        LoadOptions
	docs     []Document
	problems []Problem
}

func (l *loader) load(ctx context.Context, paths []string) ([]Document, []Problem, error) {
	if len(paths) == 0 {
		return nil, nil, errNoPaths
	}
	ids := map[string]string{} // to the path that gave the id
	w := walker{disk: l.disk, o: l.o.Walk, problem: func(p Problem) { l.problems = append(l.problems, p) }}
	w.visit = func(f File) error {
		r := reading{disk: l.disk, o: l.o, file: f, whole: true}
		problems, err := r.read(ctx, func(d Document) error {
			if first, twice := ids[d.ID]; twice {
				r.problem(Problem{Path: f.Path, Line: d.Source.Line, Kind: ProblemDuplicate, Failure: true, Err: fmt.Errorf("the id %s is taken by a document of %s", quote(d.ID), first)})
				return nil
			}
			ids[d.ID] = f.Path
			l.docs = append(l.docs, d)
			return nil
		})
		l.problems = append(l.problems, problems...)
		return err
	}
	if err := w.walk(ctx, paths); err != nil {
		return nil, nil, fmt.Errorf("load documents: %w", err)
	}
	return l.docs, l.problems, nil
}
