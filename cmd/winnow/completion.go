// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/model"
)

// completer proposes values for what is being typed.
type completer = cobra.CompletionFunc

// completeAll says for every command and flag what shells propose. The help knows most of it: a flag's
// type lists its choices, and the name of its value, such as DIR, says what it is.
func completeAll(root *cobra.Command) {
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			continue // has its own
		}
		if c.ValidArgsFunction == nil {
			c.ValidArgsFunction = completeArguments(c)
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if complete := completeFlag(f); complete != nil {
				// Fails if the flag is not there or has been registered, and it is visited once.
				_ = c.RegisterFlagCompletionFunc(f.Name, complete)
			}
		})
	}
}

// completeFlag proposes values of a flag. A nil function leaves it to the shell, which proposes files.
func completeFlag(f *pflag.Flag) completer {
	switch v := f.Value.(type) {
	case *choiceValue:
		return proposed(v.known...)
	case *modesValue:
		return proposed(string(winnow.Dense), string(winnow.Lexical), string(winnow.Hybrid))
	}
	switch f.Name {
	case "rerank":
		return completeModels(isCross, winnow.Auto, winnow.Off)
	case "reranker":
		return completeModels(isCross, noModel)
	}
	switch value, _ := pflag.UnquoteUsage(f); value {
	case "MODEL":
		return completeModels(anyModel)
	case "DIR":
		return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
	case "FILE":
		return nil
	}
	return proposed()
}

// completeArguments proposes arguments by their names in the usage line: models, one of a list, or files.
func completeArguments(cmd *cobra.Command) completer {
	first := ""
	if fields := strings.Fields(cmd.Use); len(fields) > 1 && !strings.HasPrefix(fields[1], "[-") {
		first = strings.Trim(fields[1], "[].")
	}
	files := []string{"DIR", "PATH", "FILE", "QUERIES", "DATA", "BEIR_DIR", "BEIR_DIR|ROWS.jsonl"}
	models := completeModels(anyModel)
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		switch {
		case first == "":
			return nil, cobra.ShellCompDirectiveNoFileComp // takes no arguments
		case len(args) > 0 || slices.Contains(files, first):
			return nil, cobra.ShellCompDirectiveDefault
		case first == "MODEL":
			return models(cmd, args, typed)
		case strings.ToLower(first) == first:
			return strings.Split(first, "|"), cobra.ShellCompDirectiveNoFileComp
		}
		return nil, cobra.ShellCompDirectiveNoFileComp // a text or an id
	}
}

// proposed gives some words, and no files.
func proposed(words ...string) completer {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeModels proposes words and the models of this machine that are of use. They are not opened, only
// listed. Where none fits, the shell proposes directories.
func completeModels(fits func(model.Listed) bool, words ...string) completer {
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		list := words
		for _, m := range model.List() {
			if m.Problem == "" && fits(m) {
				list = append(list, m.Name)
			}
		}
		list = slices.DeleteFunc(slices.Clone(list), func(name string) bool { return !strings.HasPrefix(name, typed) })
		if len(list) == 0 {
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
		return list, cobra.ShellCompDirectiveNoFileComp
	}
}

func anyModel(model.Listed) bool { return true }

// isCross reports whether a model is a cross-encoder.
func isCross(m model.Listed) bool { return m.Architecture == model.BertForSequenceClassification }
