// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Command make-builtin writes the data of package model/builtin from two models in the Hugging Face
// layout that share an encoder. The output replaces the directory given with --out and is the same
// for the same input.
//
//	go run ./internal/cmd/make-builtin --retriever DIR --reranker DIR --out model/builtin/data
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/winnow-search/winnow/internal/atomicfile"
	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/convert"
	"github.com/winnow-search/winnow/model/safetensors"
)

// limit is the most that the weights may take, in bytes.
const limit = 35_000_000

func main() {
	retriever := flag.String("retriever", "", "directory or Hub id of the bi-encoder")
	reranker := flag.String("reranker", "", "directory or Hub id of the cross-encoder")
	retrieverName := flag.String("retriever-name", "winnow-retriever (distilled from sentence-transformers/all-MiniLM-L6-v2)", "how the metadata names the bi-encoder")
	rerankerName := flag.String("reranker-name", "winnow-reranker (trained from sentence-transformers/all-MiniLM-L6-v2)", "how the metadata names the cross-encoder")
	out := flag.String("out", "model/builtin/data", "directory to write; what is there is replaced")
	flag.Parse()
	if flag.NArg() > 0 || *retriever == "" || *reranker == "" {
		fmt.Fprintln(os.Stderr, "usage: make-builtin --retriever DIR --reranker DIR [--out DIR]")
		os.Exit(2)
	}
	err := run(convert.Named{Dir: "retriever", Source: *retrieverName}, *retriever,
		convert.Named{Dir: "reranker", Source: *rerankerName}, *reranker, *out)
	if err != nil {
		fmt.Fprintln(os.Stderr, "make-builtin:", err)
		os.Exit(1)
	}
}

func run(a convert.Named, pathA string, b convert.Named, pathB, out string) (err error) {
	for _, m := range []struct {
		named *convert.Named
		path  string
	}{{&a, pathA}, {&b, pathB}} {
		if m.named.Model, err = model.Open(m.path); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, a.Model.Close(), b.Model.Close()) }()
	fresh := out + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	report, err := convert.Share([]convert.Named{a, b}, fresh, convert.Options{DType: safetensors.I8})
	if err != nil {
		return err
	}
	for _, f := range report.Files {
		fmt.Printf("%10d  %s\n", f.Size, f.Name)
	}
	fmt.Printf("%10d  bytes of weights\n", report.Weights())
	if n := report.Weights(); n > limit {
		return errors.Join(fmt.Errorf("%d bytes of weights are above the limit of %d", n, limit), os.RemoveAll(fresh))
	}
	// The calibration is fitted on what is written here, and made anew afterwards; the program does not build without one.
	const calibration = "calibration.json"
	data, err := os.ReadFile(filepath.Join(out, calibration))
	if err == nil {
		err = atomicfile.Write(filepath.Join(fresh, calibration), data)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	return os.Rename(fresh, out)
}
