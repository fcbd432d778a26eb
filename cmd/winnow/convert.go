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
	var other string
	var part float64
	cmd := &cobra.Command{
		Use:     "convert MODEL --out DIR [--dtype f32|f16|bf16|int8] [--layers LIST] [--intermediate N] [--head] [--blend MODEL]",
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
			if other == "" && cmd.Flags().Changed("part") {
				return misuse(cmd, "--part is the part of the model that --blend names, which is missing")
			}
			if !(part > 0 && part < 1) {
				return misuse(cmd, "--part %g: want more than 0 and less than 1", part)
			}
			return a.convert(args[0], out, other, convert.Options{DType: dtypes[dtype], Layers: layers, Intermediate: inner, Head: head, Part: part})
		},
	}
	wholes(cmd.Flags(), &layers, "layers", "keep these layers, from 0, such as 0,2,4: what winnow train can distil the whole model into")
	whole(cmd.Flags(), &inner, "intermediate", "", 0, "keep `N` inner features of each feed-forward part, those of the largest weights, to the same end; 0: all")
	cmd.Flags().BoolVar(&head, "head", false, "make a cross-encoder of a bi-encoder, for winnow train cross: its scores mean nothing before")
	cmd.Flags().StringVar(&other, "blend", "", "average the weights with those of `MODEL`, which has the same shape: a model and what it was trained into, or two that were trained from it")
	cmd.Flags().Float64Var(&part, "part", 0.5, "let the weights of --blend be this `PART` of the average")
	cmd.Flags().StringVar(&out, "out", "", "write to `DIR`, which must not exist or be empty; required")
	choice(cmd.Flags(), &dtype, "dtype", "int8", []string{"f32", "f16", "bf16", "int8"}, "number type of the weights")
	return cmd
}

func (a *app) convert(name, out, other string, o convert.Options) error {
	m, err := model.Open(name)
	if err != nil {
		return err
	}
	defer m.Close()
	if other != "" {
		if o.Other, err = model.Open(other); err != nil {
			return err
		}
		defer o.Other.Close()
	}
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
