// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/model/builtin"
)

type embedFlags struct {
	modelFlags
	kind, prompt, format string
	dimensions           int
}

func (a *app) embedCommand() *cobra.Command {
	var f embedFlags
	cmd := &cobra.Command{
		Use:     "embed [-m MODEL] [--kind query|document] [--format jsonl|npy] < lines",
		Short:   "turn texts into vectors",
		GroupID: groupScores,
		Long: "Reads one text a line from standard input, or JSON objects with \"text\" and optionally \"id\" and \"title\", and prints a vector for each.\n\n" +
			"jsonl prints a line a text: {\"index\", \"embedding\", \"tokens\"}, with \"id\" if the input had one and \"truncated_tokens\" if the text did not fit. " +
			"Lines come as the work proceeds, in the order of the input; index counts texts from 0. " +
			"npy is a float32 matrix, a row a text, for numpy.load.",
		Example: `echo "why rerank?" | winnow embed --kind query
			winnow embed --format npy < texts.txt > vectors.npy`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.embed(cmd, &f) },
	}
	f.add(cmd, "the bi-encoder", builtin.Retriever)
	fs := cmd.Flags()
	choice(fs, &f.kind, "kind", "", []string{string(encoder.Query), string(encoder.Document)}, "what the texts are, for models with a prompt for each; none: the model's default prompt")
	fs.StringVar(&f.prompt, "prompt", "", "put the model's prompt `NAME` before each text (winnow info lists them)")
	whole(fs, &f.dimensions, "dimensions", "", 0, "keep the first `N` dimensions (for Matryoshka models); 0: all")
	choice(fs, &f.format, "format", "jsonl", []string{"jsonl", "npy"}, "output format")
	return cmd
}

func (f *embedFlags) encodeOptions() []encoder.EncodeOption {
	opts := []encoder.EncodeOption{encoder.As(encoder.Kind(f.kind)), encoder.Dimensions(f.dimensions)}
	if f.prompt != "" {
		opts = append(opts, encoder.PromptName(f.prompt))
	}
	return opts
}

func (a *app) embed(cmd *cobra.Command, f *embedFlags) error {
	if f.kind != "" && f.prompt != "" {
		return misuse(cmd, "--kind and --prompt both choose a prompt: give one of them")
	}
	if f.format == "npy" && a.stdout.Terminal {
		return misuse(cmd, "npy is binary and not for a terminal: send it to a file with > vectors.npy")
	}
	ctx := cmd.Context()
	in, err := a.openInput(ctx, cmd)
	if err != nil {
		return err
	}
	defer in.stop()
	b, err := await(ctx, func() (*encoder.BiEncoder, error) { return encoder.OpenBi(f.model, f.options()...) })
	if err != nil {
		return err
	}
	defer b.Close()
	a.checkMaxTokens(&f.modelFlags, b.Model())
	write, finish := a.writeLines, a.stdout.Flush
	if f.format == "npy" {
		m := &matrix{}
		write = func(_ int, _ []document.Line, e *encoder.Embeddings) error { return m.add(e) }
		finish = func() error { return m.write(a.stdout) }
	}
	var long cut
	if err := encodeAll(ctx, in, b, f, &long, write); err != nil {
		return err
	}
	if err := finish(); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	a.notePrecision(f.precision, b.Precision())
	in.report(a)
	long.report(a, in.texts, b.MaxTokens(), "text")
	return nil
}

// encodeAll encodes the input window by window.
func encodeAll(ctx context.Context, in *input, b *encoder.BiEncoder, f *embedFlags, long *cut,
	write func(first int, lines []document.Line, e *encoder.Embeddings) error,
) error {
	for {
		first := in.texts
		lines, err := in.window()
		if err == nil && len(lines) == 0 {
			return nil
		}
		var e *encoder.Embeddings
		if err == nil {
			texts := make([]string, len(lines))
			for i, l := range lines {
				texts[i] = l.Document().FullText()
			}
			e, err = b.Encode(ctx, texts, f.encodeOptions()...)
		}
		if err != nil && first > 0 && f.format == "jsonl" {
			return fmt.Errorf("%w (the vectors of the first %s were printed)", err, term.Plural(first, "text", "texts"))
		}
		if err != nil {
			return err
		}
		for _, n := range e.Truncated {
			long.add(n)
		}
		if err := write(first, lines, e); err != nil {
			return fmt.Errorf("standard output: %w", err)
		}
	}
}

// writeLines prints a window as JSON lines.
func (a *app) writeLines(first int, lines []document.Line, e *encoder.Embeddings) error {
	buf := make([]byte, 0, 16*e.Dim)
	for i, l := range lines {
		buf = append(buf[:0], `{"index":`...)
		buf = strconv.AppendInt(buf, int64(first+i), 10)
		if l.ID != "" {
			id, err := marshal(l.ID)
			if err != nil {
				return err
			}
			buf = append(append(buf, `,"id":`...), id...)
		}
		buf = append(buf, `,"embedding":[`...)
		for j, v := range e.Vector(i) {
			if j > 0 {
				buf = append(buf, ',')
			}
			buf = strconv.AppendFloat(buf, float64(v), 'g', -1, 32)
		}
		buf = append(buf, `],"tokens":`...)
		buf = strconv.AppendInt(buf, int64(e.Tokens[i]), 10)
		if n := e.Truncated[i]; n > 0 {
			buf = append(buf, `,"truncated_tokens":`...)
			buf = strconv.AppendInt(buf, int64(n), 10)
		}
		buf = append(buf, '}', '\n')
		if _, err := a.stdout.Write(buf); err != nil {
			return err
		}
	}
	return a.stdout.Flush()
}
