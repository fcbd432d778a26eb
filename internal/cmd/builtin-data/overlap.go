// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/train/dataset"
)

// plain is a text's words without what a copy may have changed: case, spaces, punctuation.
func plain(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	return strings.Join(words, " ")
}

// overlap says which texts of files to train on are queries or documents of an evaluation collection, a BEIR folder below dir.
func overlap(dir string, files []string) error {
	of, err := evaluated(dir)
	if err != nil {
		return err
	}
	rows, found := 0, 0
	for row, err := range dataset.Rows(files, dataset.Options{}) {
		if err != nil {
			return err
		}
		rows++
		for _, text := range append([]string{row.Anchor, row.Positive}, row.Negatives...) {
			if place := of[plain(text)]; place != "" {
				found++
				fmt.Printf("%s: %.80q is %s\n", row.Place, text, place)
			}
		}
	}
	fmt.Printf("%d rows, %d distinct texts of evaluation: %d are the same\n", rows, len(of), found)
	if found > 0 {
		return errors.New("a model that has read them must not be measured by them: leave them out")
	}
	return nil
}

// evaluated are the texts of all collections below a folder, and where each stands.
func evaluated(dir string) (map[string]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	of := map[string]string{}
	add := func(text, place string) {
		if text = plain(text); text != "" {
			of[text] = place
		}
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		c, err := eval.LoadBEIR(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		for _, q := range slices.Concat(c.Queries, c.Unjudged) {
			add(q.Text, fmt.Sprintf("query %s of %s", q.ID, c.Name))
		}
		for _, d := range c.Docs {
			place := fmt.Sprintf("document %s of %s", d.ID, c.Name)
			add(d.Text, place)
			add(d.FullText(), place)
		}
	}
	if len(of) == 0 {
		return nil, fmt.Errorf("%s has no collection: name the folder of BEIR folders", dir)
	}
	return of, nil
}
