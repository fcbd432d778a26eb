// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/convert"
	"github.com/winnow-search/winnow/model/safetensors"
)

// dtypes are the names of number types on the command line.
var dtypes = map[string]safetensors.DType{
	"f32": safetensors.F32, "f16": safetensors.F16, "bf16": safetensors.BF16, "int8": safetensors.I8,
}

func (a *app) convertCommand() *cobra.Command {
	var out, dtype string
	var layers []int
	var inner int
	var head bool
	cmd := &cobra.Command{
		Use:     "convert MODEL --out DIR [--dtype f32|f16|bf16|int8] [--layers LIST] [--intermediate N] [--head]",
		Short:   "write a model in another number type",
		GroupID: groupModels,
		Long: "Writes a model into a new directory with its weights in another number type. int8 keeps one factor a row (output channel, or token) and is a quarter of float32. " +
			"The directory appears complete or not at all, and equal input gives equal bytes. winnow verify DIR --reference NAME tells what the conversion changed.",
		Example: "winnow convert sentence-transformers/all-MiniLM-L6-v2 --out minilm-int8\nwinnow verify minilm-int8 --reference sentence-transformers/all-MiniLM-L6-v2",
		Args:    exactly("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := required(cmd, "out", "the directory to write"); err != nil {
				return err
			}
			if out == "" {
				return misuse(cmd, "--out is empty: it is the directory to write")
			}
			return a.convert(args[0], out, convert.Options{DType: dtypes[dtype], Layers: layers, Intermediate: inner, Head: head})
		},
	}
	wholes(cmd.Flags(), &layers, "layers", "keep these layers, from 0, such as 0,2,4: what winnow train can distil the whole model into")
	whole(cmd.Flags(), &inner, "intermediate", "", 0, "keep `N` inner features of each feed-forward part, those of the largest weights, to the same end; 0: all")
	cmd.Flags().BoolVar(&head, "head", false, "make a cross-encoder of a bi-encoder, for winnow train cross: its scores mean nothing before")
	cmd.Flags().StringVar(&out, "out", "", "write to `DIR`, which must not exist or be empty; required")
	choice(cmd.Flags(), &dtype, "dtype", "int8", []string{"f32", "f16", "bf16", "int8"}, "number type of the weights")
	return cmd
}

func (a *app) convert(name, out string, o convert.Options) error {
	m, err := model.Open(name)
	if err != nil {
		return err
	}
	defer m.Close()
	report, err := convert.Convert(m, out, o)
	if err != nil {
		return err
	}
	t := &term.Table{Columns: []term.Column{{Title: "file", Fit: term.Cut}, {Title: "size", Right: true}}}
	for _, f := range report.Files {
		t.Row(f.Name, term.Bytes(f.Size))
	}
	t.Print(a.stdout)
	if err := a.stdout.Flush(); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	before, after := m.Weights.Size(), report.Weights()
	a.note(fmt.Sprintf("%s holds the model; its weights take %s, those of %s %s", out, term.Bytes(after), name, term.Bytes(before)))
	return nil
}
