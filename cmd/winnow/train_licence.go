// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// licences are what the owners of the data say of its use, in texts of --licence: FILE=TEXT for one of them, TEXT for all others.
type licences struct {
	texts  []string
	others string
	files  map[string]string // by path, as among the data
}

// Type implements pflag.Value.
func (*licences) Type() string { return "string" }

// String implements pflag.Value.
func (l *licences) String() string { return strings.Join(l.texts, ", ") }

// Set implements pflag.Value.
func (l *licences) Set(text string) error {
	if strings.TrimSpace(text) == "" {
		return errors.New("want a licence, such as CC-BY-4.0 or questions.jsonl=CC-BY-4.0")
	}
	l.texts = append(l.texts, text)
	return nil
}

// resolve finds the file that each text is about.
func (l *licences) resolve(data []string) error {
	l.others, l.files = "", map[string]string{}
	for _, text := range l.texts {
		path, licence, err := licenceOf(text, data)
		if err != nil {
			return err
		}
		if licence = strings.TrimSpace(licence); licence == "" {
			return fmt.Errorf("%q: the licence is missing after the equals sign", text)
		}
		switch before := l.files[path]; {
		case path == "" && l.others != "":
			return fmt.Errorf("%q and %q are both for all of the data: name the file of one, as in FILE=%s", l.others, licence, licence)
		case path == "":
			l.others = licence
		case before != "":
			return fmt.Errorf("%q and %q are both for %s: leave one out", before, licence, path)
		default:
			l.files[path] = licence
		}
	}
	return nil
}

// licenceOf cuts a text in two: the path among the data that is meant, "" for all, and the licence.
func licenceOf(text string, data []string) (path, licence string, err error) {
	name, licence, named := strings.Cut(text, "=")
	if !named {
		return "", text, nil
	}
	if name == "" {
		return "", licence, nil
	}
	var found, known []string
	for _, path := range slices.Compact(slices.Sorted(slices.Values(data))) {
		base := filepath.Base(filepath.Clean(path))
		known = append(known, path, base)
		for _, name := range []string{path, base} { // either may have an equals sign, too
			if rest, ok := strings.CutPrefix(text, name+"="); ok {
				found, licence = append(found, path), rest
				break
			}
		}
		if strings.HasPrefix(text, path+"=") { // the path itself, whatever else ends in its name
			return path, licence, nil
		}
	}
	switch len(found) {
	case 1:
		return found[0], licence, nil
	case 0:
		return "", "", fmt.Errorf("%q is none of the data%s; a licence of all data that has an equals sign begins with one", name, didYouMean(name, known, "%s"))
	}
	return "", "", fmt.Errorf("%q is the name of %s: give the path", name, joinNames(found, "and"))
}

// of is the licence of a path; "" if nothing was said.
func (l *licences) of(path string) string {
	if text, ok := l.files[path]; ok {
		return text
	}
	return l.others
}
