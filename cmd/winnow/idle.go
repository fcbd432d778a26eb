// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/index/vector"
)

// refuseIdle refuses flags of the command line that would change nothing; why says what makes it so. A variable of the environment
// may be meant for other calls and is left alone.
func refuseIdle(cmd *cobra.Command, why string, names ...string) error {
	var err error
	cmd.Flags().Visit(func(f *pflag.Flag) { // what was typed: the environment sets values past the flag set
		if err == nil && slices.Contains(names, f.Name) {
			err = misuse(cmd, "--%s has no effect %s", f.Name, why)
		}
	})
	return err
}

// checkIdle refuses what has no effect on what is measured.
func (f *evalFlags) checkIdle(cmd *cobra.Command, dirs []string) error {
	reranks := slices.ContainsFunc(f.reranks, func(r string) bool { return r != winnow.Off })
	switch searched := len(dirs) > 0 || f.db != ""; {
	case !searched:
		if err := refuseIdle(cmd, "on run files alone: nothing is searched without BEIR_DIR or --db", "mode", "split"); err != nil {
			return err
		}
		fallthrough
	case len(f.modes) == 0:
		idle := []string{"model", "vectors", "passages", "fusion", "cache"}
		if !reranks {
			idle = append(idle, "candidates", "max-tokens", "precision")
		}
		return refuseIdle(cmd, "on run files: they are read as they are", idle...)
	}
	return f.checkIdleSearch(cmd)
}

// checkIdleSearch refuses what has no effect on the searches of the modes.
func (f *evalFlags) checkIdleSearch(cmd *cobra.Command) error {
	if f.db != "" {
		if err := refuseIdle(cmd, "with --db: the index is measured as it was made", "vectors", "passages", "cache"); err != nil {
			return err
		}
	}
	if f.qrels != "" {
		if err := refuseIdle(cmd, "with --qrels, which has the judgments", "split"); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(f.modes, func(m string) bool { return m != string(winnow.Lexical) }) {
		if err := refuseIdle(cmd, "in the mode lexical: words are searched without vectors", "model", "vectors"); err != nil {
			return err
		}
	}
	if !slices.Contains(f.modes, string(winnow.Hybrid)) {
		return refuseIdle(cmd, "without the mode hybrid, which alone joins lists: add --mode hybrid", "fusion")
	}
	return nil
}

// checkIdle refuses what has no effect on the settings that are tried.
func (f *tuneFlags) checkIdle(cmd *cobra.Command, kind vector.Kind) error {
	if err := f.checkIdleSearch(cmd); err != nil {
		return err
	}
	if len(f.reranks) == 0 {
		if err := refuseIdle(cmd, "with --rerank off", "depths"); err != nil {
			return err
		}
	}
	if f.db != "" { // what kind its index is shows when it is opened
		return nil
	}
	return f.checkIdleWidths(cmd, kind)
}

// checkIdleWidths refuses widths of searching that an index of a kind does not have.
func (f *tuneFlags) checkIdleWidths(cmd *cobra.Command, kind vector.Kind) error {
	if !slices.ContainsFunc(f.modes, func(m string) bool { return m != string(winnow.Lexical) }) {
		return refuseIdle(cmd, "in the mode lexical: words are searched without vectors", "ef", "probes")
	}
	if kind == vector.KindFlat || kind == vector.KindIVF {
		if err := refuseIdle(cmd, "on vectors of the kind "+string(kind)+": it is the width of searching a graph, as of --vectors hnsw32", "ef"); err != nil {
			return err
		}
	}
	if kind == vector.KindFlat || kind == vector.KindHNSW {
		return refuseIdle(cmd, "on vectors of the kind "+string(kind)+": it is the number of lists searched, as of --vectors ivf64", "probes")
	}
	return nil
}
