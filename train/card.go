// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"fmt"
	"strings"
)

// Card is what a model card says of a training run.
type Card struct {
	Start   string // the model that training began with
	Kind    string // bi or cross
	Loss    string
	Data    []Data
	Options Options
	Result  *Result
	Seconds float64
	Version string // of winnow
	Tier    string // of kernels
}

// Data is one source of rows.
type Data struct {
	Path    string
	Rows    int
	Licence string // as its owner states it; "" if nothing was said
}

// Markdown is the card as a README with the metadata that the Hub reads.
func (c *Card) Markdown() []byte {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	pipeline, what := "sentence-similarity", "A bi-encoder: texts become vectors that are near each other where the texts belong together."
	if c.Kind == "cross" {
		pipeline, what = "text-ranking", "A cross-encoder: a query and a document, read together, become a score."
	}
	line("---\nlibrary_name: sentence-transformers\npipeline_tag: %s\n---\n", pipeline)
	line("# Trained with winnow\n\n%s Training began with `%s`.\n", what, c.Start)
	line("## Data\n\n| source | rows | licence as stated |\n| --- | ---: | --- |")
	for _, d := range c.Data {
		licence := d.Licence
		if licence == "" {
			licence = "not stated: clear it before the model is passed on"
		}
		line("| %s | %d | %s |", d.Path, d.Rows, licence)
	}
	o := &c.Options
	line("\n## Settings\n\n| setting | value |\n| --- | --- |")
	for _, s := range []struct {
		name  string
		value any
	}{
		{"loss", c.Loss},
		{"steps", c.Result.Steps},
		{"rows of a batch", o.BatchSize},
		{"batches of a step", o.Accumulate},
		{"learning rate", o.Rate},
		{"schedule", fmt.Sprintf("%s, warm-up over %.3g of the steps", o.Schedule, o.WarmUp)},
		{"weight decay", o.WeightDecay},
		{"dropout", o.Dropout},
		{"longest gradient", o.Clip},
		{"average of weights", o.Average},
		{"tokens of an input, at most", o.MaxTokens},
		{"precision", o.Precision},
		{"frozen", strings.Join(o.Freeze, ", ")},
		{"seed", o.Seed},
		{"winnow", c.Version + ", " + c.Tier + " kernels"},
		{"time", fmt.Sprintf("%.0f s", c.Seconds)},
	} {
		line("| %s | %v |", s.name, s.value)
	}
	if len(c.Result.Judgements) > 0 {
		line("\n## Validation\n\nThe best of these was kept.\n\n| step | value |\n| ---: | ---: |")
		for _, j := range c.Result.Judgements {
			line("| %d | %.4f |", j.Step, j.Value)
		}
	}
	return []byte(b.String())
}
