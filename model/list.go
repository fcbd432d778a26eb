// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import "fmt"

// Listed is a model that could be opened, or that is there in part.
type Listed struct {
	Name         string // what Open takes
	Path         string // directory, or "builtin"
	Size         int64  // bytes of weights, 0 if they cannot be read
	Architecture string // as config.json states it, "" if that cannot be read
	Problem      string // why Open would refuse it: what is missing or not supported; "" if nothing is known
}

// List returns the registered models and those of the Hugging Face cache (revision main), each
// sorted by name. It reads settings and the headers of weights, not tokenizers or the weights.
func List() []Listed {
	var out []Listed
	for _, name := range registeredNames() {
		l := Listed{Name: name, Path: builtinPath}
		if files, err := registered(name)(); err != nil {
			l.Problem = err.Error()
		} else {
			l.inspect(files)
		}
		out = append(out, l)
	}
	for _, r := range cachedRepos(CacheDir()) {
		l := Listed{Name: r.id, Path: r.path}
		dir, err := r.snapshot(defaultRevision)
		if err == nil {
			l.Path = dir
			var files *dirFiles
			if files, err = openDir(dir); err == nil {
				l.inspect(files)
			}
		}
		if err != nil {
			l.Problem = err.Error()
		}
		out = append(out, l)
	}
	return out
}

// inspect fills in what the files say, and the first problem met.
func (l *Listed) inspect(f Files) {
	err := l.tryInspect(f)
	if err != nil {
		l.Problem = err.Error()
	}
}

func (l *Listed) tryInspect(f Files) error {
	m := &Model{}
	p, err := m.openModules(f)
	if err != nil {
		return err
	}
	var raw rawConfig
	name := inDir(p.transformer, "config.json")
	if _, err := readJSON(f, name, &raw); err == nil && len(raw.Architectures) > 0 {
		l.Architecture = raw.Architectures[0]
	}
	if err := checkComplete(f, p.transformer); err != nil {
		return err
	}
	data, err := f.ReadFile(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if m.Config, _, err = parseConfig(data, p.hasPooling); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer m.Close()
	err = m.openWeights(f, p)
	if m.Weights != nil {
		l.Size = m.Weights.Size()
	}
	return err
}
