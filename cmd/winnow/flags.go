// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/model"
)

// modelFlags are the flags of commands that run a model. They mean the same everywhere.
type modelFlags struct {
	model     string
	threads   int
	maxTokens int
	precision string
}

// add registers the flags; what names the kind of model.
func (m *modelFlags) add(cmd *cobra.Command, what, byDefault string) {
	cmd.Flags().StringVarP(&m.model, "model", "m", byDefault,
		what+" `MODEL`: a directory, a Hub id in the Hugging Face cache, or a built-in name")
	whole(cmd.Flags(), &m.maxTokens, "max-tokens", "", 0, "cut inputs to `N` tokens, special ones included; 0: as many as the model takes")
	threadsFlag(cmd, &m.threads)
	precisionFlag(cmd, &m.precision)
}

func threadsFlag(cmd *cobra.Command, p *int) {
	whole(cmd.Flags(), p, "threads", "", 0, "compute with `N` threads; 0: as many as there are processors")
}

func jsonFlag(cmd *cobra.Command, p *bool) {
	cmd.Flags().BoolVar(p, "json", false, "print JSON")
}

func (m *modelFlags) options() []encoder.Option {
	return []encoder.Option{encoder.Threads(m.threads), encoder.MaxTokens(m.maxTokens), encoder.AtPrecision(encoder.Precision(m.precision))}
}

// checkMaxTokens warns if the model takes less than --max-tokens asks for.
func (a *app) checkMaxTokens(f *modelFlags, m *model.Model) {
	if f.maxTokens > m.MaxLength {
		a.warn(fmt.Sprintf("--max-tokens is %d; model %s takes %d", f.maxTokens, f.model, m.MaxLength))
	}
}

// wholeValue is a flag's value: a number that is not negative.
type wholeValue int

// whole registers a flag for a number that is not negative.
func whole(fs *pflag.FlagSet, p *int, name, short string, byDefault int, usage string) {
	*p = byDefault
	fs.VarP((*wholeValue)(p), name, short, usage)
}

// Type implements pflag.Value.
func (w *wholeValue) Type() string { return "int" }

// String implements pflag.Value.
func (w *wholeValue) String() string { return strconv.Itoa(int(*w)) }

// Set implements pflag.Value.
func (w *wholeValue) Set(text string) error {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 0 || n > math.MaxInt32 {
		return fmt.Errorf("want a whole number, not negative and at most %d", math.MaxInt32)
	}
	*w = wholeValue(n)
	return nil
}

// choiceValue is a flag's value: one of a list.
type choiceValue struct {
	value *string
	known []string
}

// choice registers a flag whose value is one of a list; byDefault may be outside of it.
func choice(fs *pflag.FlagSet, p *string, name, byDefault string, known []string, usage string) {
	*p = byDefault
	fs.Var(&choiceValue{p, known}, name, usage)
}

// Type implements pflag.Value; the help shows it as the value's name.
func (c *choiceValue) Type() string { return strings.Join(c.known, "|") }

// String implements pflag.Value.
func (c *choiceValue) String() string {
	if c.value == nil {
		return ""
	}
	return *c.value
}

// Set implements pflag.Value.
func (c *choiceValue) Set(text string) error {
	if !slices.Contains(c.known, text) {
		return fmt.Errorf("want %s%s", orList(c.known), didYouMean(text, c.known, "%s"))
	}
	*c.value = text
	return nil
}

// orList writes names as "a, b or c".
func orList(names []string) string { return joinNames(names, "or") }

// joinNames writes names with commas, and a word before the last.
func joinNames(names []string, word string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " " + word + " " + names[last]
}
