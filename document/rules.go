// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package document

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/winnow-search/winnow/document/internal/ignore"
)

// ignoreFiles are the names of ignore files, the last of which has the last word.
var ignoreFiles = []string{".gitignore", ".winnowignore"}

// maxIgnoreFile is the largest ignore file read: 1 MiB is some ten thousand patterns.
const maxIgnoreFile = 1 << 20

// namedFolder is a named folder with the ignore rules that reach it from above.
type namedFolder struct {
	prefix string // the folder below the root of its git repository, with forward slashes; empty without one
	rules  *ignore.Rules
}

// folderOf collects the rules from the root of the repository that dir lies in down to the folder above dir. Without a
// repository there are none.
func (w *walker) folderOf(dir string) *namedFolder {
	t := &namedFolder{}
	if w.o.NoIgnore {
		return t
	}
	full, err := resolve(dir)
	if err != nil {
		return t // reading the folder will say why
	}
	root := full
	for {
		if _, err := os.Lstat(filepath.Join(root, ".git")); err == nil {
			break
		}
		up := filepath.Dir(root)
		if up == root {
			return t
		}
		root = up
	}
	t.rules = w.add(t.rules, "", filepath.Join(root, ".git", "info", "exclude"), dir)
	rel, err := filepath.Rel(root, full)
	if err != nil || rel == "." {
		return t
	}
	t.prefix = filepath.ToSlash(rel)
	t.rules = w.rulesDown(t.rules, root, t.prefix, "", dir)
	return t
}

// rulesDown adds the rules of the folders from top, whose own path is base, down to the one above path. folder is the one they are for.
func (w *walker) rulesDown(rules *ignore.Rules, top, path, base, folder string) *ignore.Rules {
	for part := range strings.SplitSeq(path, "/") {
		rules = w.rulesIn(top, base, rules, folder)
		top = filepath.Join(top, part)
		if base != "" {
			base += "/"
		}
		base += part
	}
	return rules
}

// rulesIn adds the rules of dir itself, for folder and what is below it.
func (w *walker) rulesIn(dir, path string, rules *ignore.Rules, folder string) *ignore.Rules {
	if w.o.NoIgnore {
		return rules
	}
	for _, name := range ignoreFiles {
		rules = w.add(rules, path, filepath.Join(dir, name), folder)
	}
	return rules
}

// add reads an ignore file if there is one. Links are not followed, as in git.
func (w *walker) add(rules *ignore.Rules, base, path, folder string) *ignore.Rules {
	info, err := w.disk.lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR): // .git may be a file
		return rules
	case err == nil && !info.Mode().IsRegular():
		return rules
	}
	var text string
	if err == nil {
		text, err = w.readIgnore(path)
	}
	if err != nil {
		p := problemOf(path, err, false)
		p.Folder = folder // without its rules, files are read that should not be, or are not that should
		w.problem(p)
		return rules
	}
	return rules.Add(base, ignore.Parse(text))
}

func (w *walker) readIgnore(path string) (string, error) {
	f, err := w.disk.open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(f, maxIgnoreFile+1))
	if err != nil {
		return "", err
	}
	if len(data) > maxIgnoreFile {
		return "", fmt.Errorf("%w: an ignore file of more than %d bytes", ErrTooLarge, maxIgnoreFile)
	}
	return string(data), nil
}
