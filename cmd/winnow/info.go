// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/internal/parity"
	"github.com/winnow-search/winnow/model"
)

func (a *app) infoCommand() *cobra.Command {
	var f infoFlags
	cmd := &cobra.Command{
		Use:     "info MODEL [--measure] [--json]",
		Short:   "show what a model is and how it is used",
		GroupID: groupModels,
		Long: "Shows a model's architecture, sizes, tokenizer, pooling, prompts, limits and activation, and where each setting comes from. " +
			"The fingerprint identifies what the model computes; an index keeps it.\n\n" +
			"Then it measures, for each --precision that this processor has instructions for, how near the results come to those of fp32 on a small sample of texts: " +
			"for a bi-encoder the cosine of the vectors, for a cross-encoder Kendall's tau of the order. auto takes the fastest that is near enough. " +
			"Small models, such as the built-in ones, are measured unless --measure=false says no; larger ones, for which it takes longer, if --measure asks for it.",
		Example: "winnow info builtin:retriever\nwinnow info ./my-model --json --measure=false",
		Args:    exactly("MODEL"),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.info(cmd, args[0], &f) },
	}
	cmd.Flags().BoolVar(&f.measure, "measure", false, "measure how near each precision comes to fp32; by default for small models")
	threadsFlag(cmd, &f.threads)
	jsonFlag(cmd, &f.json)
	return cmd
}

type infoFlags struct {
	threads       int
	measure, json bool
}

// modelInfo is the JSON output.
type modelInfo struct {
	Name         string            `json:"name"`
	Path         string            `json:"path"`
	Kind         string            `json:"kind"` // bi or cross
	Architecture string            `json:"architecture"`
	Layers       int               `json:"layers"`
	Hidden       int               `json:"hidden"`
	Heads        int               `json:"heads"`
	Intermediate int               `json:"intermediate"`
	HiddenAct    string            `json:"hidden_act"`
	Parameters   int64             `json:"parameters"`
	DTypes       map[string]int64  `json:"dtypes"` // parameters by stored type
	Size         int64             `json:"size_bytes"`
	Packed       int64             `json:"packed_bytes"`
	Tokenizer    tokenizerInfo     `json:"tokenizer"`
	MaxTokens    int               `json:"max_tokens"`
	MaxSource    string            `json:"max_tokens_source"`
	Dimensions   int               `json:"dimensions,omitempty"`
	Pooling      []string          `json:"pooling,omitempty"`
	Dense        []denseInfo       `json:"dense,omitempty"`
	Normalize    *bool             `json:"normalize,omitempty"`
	Similarity   string            `json:"similarity,omitempty"`
	Prompts      map[string]string `json:"prompts,omitempty"`
	Default      string            `json:"default_prompt,omitempty"`
	Labels       []string          `json:"labels,omitempty"`
	Activation   string            `json:"activation,omitempty"`
	ActSource    string            `json:"activation_source,omitempty"`
	ScoreKind    string            `json:"score_kind,omitempty"`
	Fingerprint  string            `json:"fingerprint"`
	Metadata     map[string]string `json:"metadata,omitempty"`
	Precisions   []precisionInfo   `json:"precisions"`
	Auto         encoder.Precision `json:"auto,omitempty"` // what --precision auto takes, if measured
	SIMD         string            `json:"simd"`
	Tiers        []kernel.Tier     `json:"simd_available"`
}

type tokenizerInfo struct {
	Kind      string `json:"kind"`
	File      string `json:"file"`
	Vocab     int    `json:"vocab_size"`
	LowerCase bool   `json:"lower_case"`
}

type denseInfo struct {
	In         int    `json:"in"`
	Out        int    `json:"out"`
	Activation string `json:"activation"`
}

func (a *app) info(cmd *cobra.Command, name string, f *infoFlags) error {
	m, err := model.Open(name)
	if err != nil {
		return err
	}
	defer m.Close()
	i, err := describe(m)
	if err != nil {
		return fmt.Errorf("model %s: %w", name, err)
	}
	wanted := f.measure || i.Packed <= smallModel && !cmd.Flags().Changed("measure")
	if !f.json { // what is known at once is shown at once
		i.facts().table.Print(a.stdout)
		if err := a.stdout.Flush(); err != nil {
			return fmt.Errorf("standard output: %w", err)
		}
	}
	if err := i.addPrecisions(cmd.Context(), m, wanted, encoder.Threads(f.threads)); err != nil {
		return err
	}
	if f.json {
		return a.printJSON(i)
	}
	a.printPrecisions(i)
	return nil
}

// describe collects what is to be said about a model.
func describe(m *model.Model) (*modelInfo, error) {
	c := m.Config
	tier, _ := kernel.Active() // a wrong WINNOW_SIMD was reported at the start
	i := &modelInfo{
		Name: m.Name, Path: m.Path, Kind: kindOf(m), Architecture: c.Architecture, Layers: c.Layers, Hidden: c.Hidden,
		Heads: c.Heads, Intermediate: c.Intermediate, HiddenAct: c.HiddenAct, Size: m.Weights.Size(), DTypes: map[string]int64{},
		Tokenizer: describeTokenizer(m), MaxTokens: m.MaxLength, MaxSource: m.MaxLengthSource, Metadata: m.Weights.Metadata(),
		SIMD: string(tier), Tiers: kernel.Available(),
	}
	if i.Kind == parity.Cross {
		i.Labels, i.Activation, i.ActSource, i.ScoreKind = c.Labels, string(m.Activation), m.ActivationSource, scoreKind(m.Activation)
	} else {
		i.Dimensions, i.Pooling, i.Normalize, i.Similarity = dimensions(m), m.Pooling.Modes, &m.Normalize, m.Similarity
		i.Prompts, i.Default = m.Prompts, m.DefaultPrompt
		for _, d := range m.Dense {
			i.Dense = append(i.Dense, denseInfo{d.In, d.Out, string(d.Activation)})
			i.count(string(d.Weight.DType()), d.Weight.Len())
			if d.Bias != nil {
				i.count(string(d.Bias.DType()), d.Bias.Len())
			}
		}
	}
	for _, n := range m.TensorNames() {
		t, err := m.Weights.Tensor(n)
		if err != nil {
			return nil, err
		}
		i.count(string(t.DType()), t.Len())
	}
	var err error
	if i.Fingerprint, err = m.Fingerprint(); err != nil {
		return nil, err
	}
	i.Packed = int64(encoder.PackedBytes(m.Config, encoder.FP32))
	return i, err
}

func (i *modelInfo) count(dtype string, n int) {
	i.DTypes[dtype] += int64(n)
	i.Parameters += int64(n)
}

func describeTokenizer(m *model.Model) tokenizerInfo {
	t := m.Tokenizer
	i := tokenizerInfo{Kind: "WordPiece", Vocab: t.VocabSize(), LowerCase: slices.Equal(t.AppendIDs(nil, "The Cat"), t.AppendIDs(nil, "the cat"))}
	for _, name := range m.Companions() {
		if base := path.Base(name); base == "tokenizer.json" || base == "vocab.txt" && i.File == "" {
			i.File = name
		}
	}
	return i
}

// facts puts the description into words.
func (i *modelInfo) facts() *facts {
	f := newFacts()
	f.addStyled("model", i.Name, term.Bold)
	if i.Path != i.Name && i.Path != "builtin" {
		f.add("found in", i.Path)
	}
	f.add("kind", map[string]string{
		parity.Bi:    "bi-encoder: texts to vectors",
		parity.Cross: "cross-encoder: pairs to scores",
	}[i.Kind])
	f.add("architecture", fmt.Sprintf("%s, %s of %d, %s, feed-forward %d (%s)", i.Architecture,
		term.Plural(i.Layers, "layer", "layers"), i.Hidden, term.Plural(i.Heads, "head", "heads"), i.Intermediate, i.HiddenAct))
	var types []string
	for _, t := range slices.SortedFunc(maps.Keys(i.DTypes), func(a, b string) int { return cmp.Compare(i.DTypes[b], i.DTypes[a]) }) {
		types = append(types, term.Count(i.DTypes[t])+" "+t)
	}
	f.add("parameters", term.Count(i.Parameters)+": "+strings.Join(types, ", "))
	f.add("size", term.Bytes(i.Size)+" stored")
	f.add("tokenizer", fmt.Sprintf("%s from %s, %s, %s", i.Tokenizer.Kind, i.Tokenizer.File, term.Plural(i.Tokenizer.Vocab, "token", "tokens"),
		map[bool]string{true: "lower case", false: "tells case apart"}[i.Tokenizer.LowerCase]))
	f.add("longest input", fmt.Sprintf("%s (%s)", term.Plural(i.MaxTokens, "token", "tokens"), i.MaxSource))
	i.vectorFacts(f)
	i.scoreFacts(f)
	f.add("fingerprint", i.Fingerprint)
	for _, k := range slices.Sorted(maps.Keys(i.Metadata)) {
		f.add(k, i.Metadata[k])
	}
	var tiers []string
	for _, t := range i.Tiers {
		tiers = append(tiers, string(t))
	}
	f.add("SIMD", i.SIMD+" (available: "+strings.Join(tiers, ", ")+")")
	return f
}

func (i *modelInfo) vectorFacts(f *facts) {
	if i.Kind != parity.Bi {
		return
	}
	if len(i.Pooling) == 0 {
		f.addStyled("pooling", "none stated: modules.json is missing, so the model gives no text vectors", term.Yellow)
		return
	}
	normalized := map[bool]string{true: "scaled to length 1", false: "not scaled"}[*i.Normalize]
	f.add("vectors", fmt.Sprintf("%s, %s pooling, %s, compared by %s", term.Plural(i.Dimensions, "dimension", "dimensions"), strings.Join(i.Pooling, " + "), normalized, i.Similarity))
	for _, d := range i.Dense {
		f.add("dense layer", fmt.Sprintf("%d to %d, %s", d.In, d.Out, d.Activation))
	}
	if len(i.Prompts) == 0 {
		f.add("prompts", "none")
	}
	for _, name := range slices.Sorted(maps.Keys(i.Prompts)) {
		text := strconv.Quote(i.Prompts[name])
		if name == i.Default {
			text += " (default)"
		}
		f.add("prompt "+name, text)
	}
}

func (i *modelInfo) scoreFacts(f *facts) {
	if i.Kind != parity.Cross {
		return
	}
	f.add("scores", fmt.Sprintf("%s: %s", term.Plural(len(i.Labels), "label", "labels"), strings.Join(i.Labels, ", ")))
	f.add("activation", fmt.Sprintf("%s (%s): score kind %s", i.Activation, i.ActSource, i.ScoreKind))
}
