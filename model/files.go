// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/winnow-search/winnow/model/safetensors"
)

// Files gives access to the files of a model by slash-separated name relative to its directory.
type Files interface {
	// ReadFile returns the content of a file, which the caller must not change. The error for a
	// file that is not there wraps fs.ErrNotExist.
	ReadFile(name string) ([]byte, error)
}

// Limits on file sizes. The first is for JSON settings, the second for tokenizers and indexes.
const (
	maxSettings = 16 << 20
	maxText     = 256 << 20
)

// weightOpener is what Files may offer besides ReadFile: opening weights without reading them.
type weightOpener interface {
	openWeights(name string) (*safetensors.File, error)
}

// openWeights opens a safetensors file of f, memory-mapped where f is a directory.
func openWeights(f Files, name string) (*safetensors.File, error) {
	if o, ok := f.(weightOpener); ok {
		return o.openWeights(name)
	}
	data, err := f.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return safetensors.Parse(data)
}

// exists tells whether f has a file of that name; an error other than absence is returned.
func exists(f Files, name string) (bool, error) {
	var err error
	if d, ok := f.(*dirFiles); ok {
		_, err = d.locate(name)
	} else {
		_, err = f.ReadFile(name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// dirFiles is a model directory. Links may lead to files within the directory and, in a Hugging
// Face cache, to the cache's blobs, as its snapshots are made of such links; nowhere else.
type dirFiles struct {
	root    string   // as asked for
	allowed []string // resolved directories that a file may be in
}

func openDir(root string) (*dirFiles, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	resolved, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return nil, err
	}
	d := &dirFiles{root: root, allowed: []string{resolved}}
	for _, p := range []string{abs, resolved} {
		snapshots := filepath.Dir(p)
		if filepath.Base(snapshots) != "snapshots" {
			continue
		}
		repo := filepath.Dir(snapshots)
		// Blobs belong to the repository; newer caches share some of them between repositories.
		for _, blobs := range []string{filepath.Join(repo, "blobs"), filepath.Join(filepath.Dir(repo), "blobs")} {
			if r, err := filepath.EvalSymlinks(blobs); err == nil {
				d.allowed = append(d.allowed, r)
			}
		}
	}
	return d, nil
}

// locate returns the path of a regular file of the directory, links resolved.
func (d *dirFiles) locate(name string) (string, error) {
	local := filepath.FromSlash(name)
	if !fs.ValidPath(name) || !filepath.IsLocal(local) || strings.ContainsAny(name, "\x00\\") {
		return "", fmt.Errorf("file name %s leads out of the model directory", quoteShort(name))
	}
	path, err := filepath.EvalSymlinks(filepath.Join(d.allowed[0], local))
	if err != nil {
		return "", err
	}
	inside := false
	for _, dir := range d.allowed {
		rel, err := filepath.Rel(dir, path)
		inside = inside || err == nil && filepath.IsLocal(rel)
	}
	if !inside {
		return "", fmt.Errorf("%s is a link to %s, outside of the model directory: replace it by a copy of the file", name, path)
	}
	st, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !st.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a regular file", name)
	}
	return path, nil
}

// ReadFile implements Files.
func (d *dirFiles) ReadFile(name string) ([]byte, error) {
	path, err := d.locate(name)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxText+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxText {
		return nil, fmt.Errorf("%s is larger than the limit of %d MB", name, maxText>>20)
	}
	return data, nil
}

func (d *dirFiles) openWeights(name string) (*safetensors.File, error) {
	path, err := d.locate(name)
	if err != nil {
		return nil, err
	}
	return safetensors.Open(path)
}
