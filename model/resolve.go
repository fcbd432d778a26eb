// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/winnow-search/winnow/internal/nearest"
)

// ErrNotFound is wrapped by the error of Open for a model that is nowhere.
var ErrNotFound = errors.New("model not found")

// NotFoundError tells where a model was looked for.
type NotFoundError struct {
	Name    string
	Looked  []string // each place and why it was not there
	Nearest string   // the nearest known name, or ""
}

// Error implements error.
func (e *NotFoundError) Error() string {
	hint := ""
	if e.Nearest != "" {
		hint = fmt.Sprintf("; nearest known name: %q", e.Nearest)
	}
	return fmt.Sprintf("model %s not found; looked at: %s%s; winnow does not download models here: "+
		"pass a directory that holds config.json, tokenizer.json and model.safetensors, or put the model into the Hugging Face cache with the Hub's own tools",
		quoteShort(e.Name), strings.Join(e.Looked, "; "), hint)
}

// Unwrap returns ErrNotFound.
func (e *NotFoundError) Unwrap() error { return ErrNotFound }

// location is where the files of a model are.
type location struct {
	path  string // directory, or "builtin" for registered models
	files Files
}

// builtinPath is the Path of models that are not in a directory.
const builtinPath = "builtin"

// resolve finds a model by name: a registered name, else an existing directory, else a Hub id,
// with @revision or without, in the cache.
func resolve(name string) (location, error) {
	missing := &NotFoundError{Name: name}
	looked := func(format string, args ...any) {
		missing.Looked = append(missing.Looked, fmt.Sprintf(format, args...))
	}
	if open := registered(name); open != nil {
		files, err := open()
		if err != nil {
			return location{}, fmt.Errorf("model %q: %w", name, err)
		}
		return location{builtinPath, files}, nil
	}
	if names := registeredNames(); len(names) > 0 {
		looked("registered names (%s)", strings.Join(names, ", "))
	} else {
		looked("registered names (none: the program does not import model/builtin)")
	}
	st, err := os.Stat(name)
	switch {
	case err == nil && st.IsDir():
		files, err := openDir(name)
		if err != nil {
			return location{}, fmt.Errorf("model %q: %w", name, err)
		}
		return location{filepath.Clean(name), files}, nil
	case err == nil:
		return location{}, fmt.Errorf("model %q is a file: pass the directory that holds config.json, tokenizer.json and model.safetensors", name)
	case errors.Is(err, os.ErrNotExist):
		looked("directory %s (does not exist)", quoteShort(name))
	default:
		if pe := (*os.PathError)(nil); errors.As(err, &pe) {
			err = pe.Err // without the path, which is there already
		}
		looked("directory %s (%v)", quoteShort(name), err)
	}
	id, revision, _ := strings.Cut(name, "@")
	if revision == "" {
		revision = defaultRevision
	}
	cache := CacheDir()
	switch {
	case !isHubID(id):
		looked("Hugging Face cache (%s is not a Hub id such as owner/name)", quoteShort(id))
	case cache == "":
		looked("Hugging Face cache (HF_HUB_CACHE and HF_HOME are not set and there is no home directory)")
	default:
		dir, err := repoInCache(cache, id).snapshot(revision)
		if err == nil {
			files, err := openDir(dir)
			if err != nil {
				return location{}, fmt.Errorf("model %q: %w", name, err)
			}
			return location{dir, files}, nil
		}
		looked("Hugging Face cache %s (%v)", cache, err)
	}
	known := registeredNames()
	for _, r := range cachedRepos(cache) {
		known = append(known, r.id)
	}
	missing.Nearest = nearest.Name(name, known)
	return location{}, missing
}
