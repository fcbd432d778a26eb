// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/winnow-search/winnow/internal/nearest"
)

// prefix begins the name of every environment variable that winnow reads for itself.
const prefix = "WINNOW_"

// simdVariable is read by package kernel and belongs to no flag.
const simdVariable = prefix + "SIMD"

// keyVariable holds the API key of a language model. It has no flag: command lines are seen by others.
const keyVariable = prefix + "LLM_KEY"

// variable is the environment's twin of a flag.
func variable(flag string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// hasTwin tells whether a flag can be set in the environment: all but those that ask for a text.
func hasTwin(f *pflag.Flag) bool { return f.Name != "help" && f.Name != "version" }

// typed reports whether the command line has a flag. What the environment sets does not count: its values go past the flag set.
func typed(cmd *cobra.Command, flag string) (found bool) {
	cmd.Flags().Visit(func(f *pflag.Flag) { found = found || f.Name == flag })
	return found
}

// fromEnvironment sets the flags that the command line leaves out. An empty variable counts as unset.
func fromEnvironment(cmd *cobra.Command, lookup func(string) (string, bool)) error {
	var err error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if err != nil || f.Changed || !hasTwin(f) {
			return
		}
		name := variable(f.Name)
		value, ok := lookup(name)
		if !ok || value == "" {
			return
		}
		if setErr := f.Value.Set(value); setErr != nil {
			err = misuse(cmd, "%s=%q: %v (the variable stands for --%s)", name, value, plainCause(f, setErr), f.Name)
			return
		}
		f.Changed = true
	})
	return err
}

// strayVariables returns warnings about variables whose names are nearly, but not quite, those of a
// flag of any command. Other variables may be another program's.
func strayVariables(root *cobra.Command, environ []string) []string {
	known := []string{simdVariable, keyVariable}
	for _, c := range append(root.Commands(), root) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if hasTwin(f) {
				known = append(known, variable(f.Name))
			}
		})
	}
	flags := make([]string, len(known)) // without the prefix, which is never mistyped here
	for i, k := range known {
		flags[i] = strings.TrimPrefix(k, prefix)
	}
	var warnings []string
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		bare, ours := strings.CutPrefix(name, prefix)
		// Kubernetes gives containers the variables NAME_PORT… and NAME_SERVICE_… of each service.
		if !ours || value == "" || slices.Contains(known, name) || strings.HasPrefix(bare, "PORT") || strings.HasPrefix(bare, "SERVICE_") {
			continue
		}
		if k := nearest.Name(bare, flags); k != "" {
			warnings = append(warnings, fmt.Sprintf("the environment variable %s is not read; did you mean %s?", name, prefix+k))
		}
	}
	return warnings
}
