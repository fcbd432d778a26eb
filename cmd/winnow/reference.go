// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/winnow-search/winnow/internal/parity"
	"github.com/winnow-search/winnow/model"
)

// findReference returns the values to compare a model with: those of a file or a stored set named by
// the user, else those stored under the model's name, else those stored for weights with the same
// SHA-256; nil if there are none.
func findReference(name, wanted string) (*parity.Reference, error) {
	stored, err := parity.All()
	if err != nil {
		return nil, err
	}
	if wanted != "" {
		r, err := parity.Read(wanted)
		if err == nil {
			return r, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("reference %w (scripts/reference/README.md describes such files)", err)
		}
		if r := parity.Find(stored, wanted); r != nil {
			return r, nil
		}
		return nil, fmt.Errorf("reference %q: there is no such file, and no values are stored under that name%s", wanted, storedNames(wanted, stored))
	}
	if r := parity.Find(stored, name); r != nil {
		return r, nil
	}
	for _, r := range stored {
		if sameWeights(name, r.WeightsSHA256) {
			return r, nil
		}
	}
	return nil, nil
}

// noReference is the error about a model that could be run but not compared, or not even run.
func noReference(name string) error {
	m, err := model.Open(name)
	if err != nil {
		return err
	}
	if err := m.Close(); err != nil {
		return err
	}
	stored, err := parity.All()
	if err != nil {
		return err
	}
	return fmt.Errorf("no reference values are stored for %q%s; give values of your own with --reference FILE (scripts/reference/README.md says how to make them)",
		name, storedNames(name, stored))
}

// storedNames ends a message with what there is.
func storedNames(name string, stored []*parity.Reference) string {
	var known []string
	for _, r := range stored {
		known = append(known, r.Model)
	}
	slices.Sort(known)
	return didYouMean(name, known, "%q") + " (stored: " + strings.Join(known, ", ") + ")"
}

// sameWeights tells whether the files in dir have the hashes given, and there are hashes.
func sameWeights(dir string, hashes map[string]string) bool {
	for _, name := range slices.Sorted(maps.Keys(hashes)) {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return false
		}
		if hash, err := hashFile(filepath.Join(dir, filepath.FromSlash(name))); err != nil || hash != hashes[name] {
			return false
		}
	}
	return len(hashes) > 0
}

func hashFile(path string) (string, error) {
	st, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !st.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := f.WriteTo(h); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
