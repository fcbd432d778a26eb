// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/internal/parity"
	"github.com/winnow-search/winnow/model"
)

func (a *app) modelsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "models [--json]",
		Short:   "list built-in models and those in the Hugging Face cache",
		GroupID: groupModels,
		Long: "Lists the models that a name leads to: the built-in ones, and those in the Hugging Face cache of this machine (HF_HUB_CACHE, HF_HOME). " +
			"A model in any other directory is named by its path. What keeps a model from being used is said in its line.",
		Args: exactly(),
		RunE: func(*cobra.Command, []string) error { return a.models(asJSON) },
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

// listedModel is one element of the JSON output.
type listedModel struct {
	Name         string `json:"name"`
	Kind         string `json:"kind,omitempty"` // bi or cross
	Architecture string `json:"architecture,omitempty"`
	Dimensions   int    `json:"dimensions,omitempty"`
	MaxTokens    int    `json:"max_tokens,omitempty"`
	Size         int64  `json:"size_bytes"`
	Path         string `json:"path"`
	Complete     bool   `json:"complete"`
	Problem      string `json:"problem,omitempty"`
}

func (a *app) models(asJSON bool) error {
	var list []listedModel
	for _, l := range model.List() {
		list = append(list, examine(l))
	}
	if asJSON {
		return printJSONArray(a, list)
	}
	t := &term.Table{Columns: []term.Column{
		{Title: "model", Fit: term.Cut, Style: term.Bold},
		{Title: "kind"},
		{Title: "dims", Right: true},
		{Title: "tokens", Right: true},
		{Title: "weights", Right: true},
		{Title: "state", Fit: term.Fold},
	}}
	for _, m := range list {
		state := term.Cell{Text: "ready", Style: term.Green}
		if !m.Complete {
			state = term.Cell{Text: m.Problem, Style: term.Yellow}
		}
		size := ""
		if m.Size > 0 {
			size = term.Bytes(m.Size)
		}
		t.Add(term.Text(m.Name), term.Text(m.Kind), number(m.Dimensions), number(m.MaxTokens), term.Text(size), state)
	}
	t.Print(a.stdout)
	if err := a.stdout.Flush(); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	if dir := model.CacheDir(); dir != "" {
		a.note("the Hugging Face cache is " + dir)
	}
	return nil
}

func number(n int) term.Cell {
	if n == 0 {
		return term.Text("")
	}
	return term.Text(strconv.Itoa(n))
}

// examine opens a listed model, which finds what a look at its files cannot: a damaged tokenizer,
// settings that contradict each other.
func examine(l model.Listed) listedModel {
	out := listedModel{Name: l.Name, Architecture: l.Architecture, Size: l.Size, Path: l.Path, Problem: l.Problem}
	if l.Problem != "" {
		return out
	}
	m, err := model.Open(l.Name)
	if err != nil {
		out.Problem = err.Error()
		return out
	}
	defer m.Close()
	out.Kind, out.Dimensions, out.MaxTokens, out.Complete = kindOf(m), dimensions(m), m.MaxLength, true
	if out.Kind == parity.Bi && out.Dimensions == 0 {
		out.Complete, out.Problem = false, "no pooling: modules.json is missing, so nothing says how token vectors become a text vector"
	}
	return out
}

// kindOf is bi for models that give vectors and cross for models that score pairs.
func kindOf(m *model.Model) string {
	if m.Config.Architecture == model.BertForSequenceClassification {
		return parity.Cross
	}
	return parity.Bi
}

// dimensions is the length of the model's vectors, 0 for a cross-encoder.
func dimensions(m *model.Model) int {
	if m.TruncateDim > 0 {
		return min(m.TruncateDim, m.Dim())
	}
	return m.Dim()
}
