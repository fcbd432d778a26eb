// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/winnow-search/winnow/train/loss"
)

// Card is what a model card says of a training run.
type Card struct {
	Name        string // of the model
	Start       string // the model that training began with
	Fingerprint string // its weights and settings, as model.Model.Fingerprint gives them
	Kind        string // bi or cross
	Loss        string
	Settings    loss.Settings
	Matryoshka  []int  // the leading dimensions that were trained, too
	Teacher     string // "" if there was none
	Data        []Data
	HeldOut     int    // rows that were measured on and not trained on
	Measure     string // what Result.Judgements are, and of what; "" without validation
	Options     Options
	Result      *Result
	Version     string // of winnow, with the tier of its kernels
}

// Data is one source of rows.
type Data struct {
	Name    string
	Rows    int
	Licence string // as its owner states it; "" if nothing was said
}

// Markdown is the card as a README with the metadata that the Hub reads.
func (c *Card) Markdown() []byte {
	w := &cardWriter{}
	pipeline, class, what := "sentence-similarity", "SentenceTransformer", "A bi-encoder: texts become vectors that are near each other where the texts belong together."
	use, call := "winnow search QUERY PATH -m "+c.Name, "vectors = model.encode([\"a text\", \"another\"])"
	if c.Kind == "cross" {
		pipeline, class, what = "text-ranking", "CrossEncoder", "A cross-encoder: a query and a document, read together, become a score."
		use, call = "winnow search QUERY PATH --rerank "+c.Name, "scores = model.predict([(\"a query\", \"a document\")])"
	}
	w.line("---\nlibrary_name: sentence-transformers\npipeline_tag: %s", pipeline)
	if strings.Count(c.Start, "/") == 1 && !strings.ContainsAny(c.Start, "\\: ") {
		w.line("base_model: %s", c.Start)
	}
	w.line("tags:\n- winnow\n---\n\n# %s\n\n%s Trained from `%s` with winnow's loss `%s`.\n", c.Name, what, c.Start, c.Loss)
	w.line("```sh\n%s\n```\n\n```python\nfrom sentence_transformers import %s\n\nmodel = %s(\"%s\")\n%s\n```\n", use, class, class, c.Name, call)
	c.results(w)
	w.line("## Data\n\n| source | rows | licence as stated |\n| --- | ---: | --- |")
	for _, d := range c.Data {
		w.row(d.Name, d.Rows, cmp.Or(d.Licence, "not stated"))
	}
	w.line("")
	if c.HeldOut > 0 {
		w.line("Of these, %d rows were held out and %d trained on.", c.HeldOut, c.Result.Rows)
	}
	w.line("The licences of the data and of `%s` may limit what this model can be used for; one that is not stated has to be found out before the model is passed on.\n", c.Start)
	c.settings(w)
	return []byte(w.String())
}

// results writes what training came to.
func (c *Card) results(w *cardWriter) {
	first, last := c.Result.Losses()
	w.line("## Results\n\n| | before | after |\n| --- | ---: | ---: |")
	if n := len(c.Result.Judgements); n > 0 {
		w.line("| %s | %.4f | %.4f |", clean(c.Measure), c.Result.Judgements[0].Value, c.Result.Best)
	}
	w.line("| loss, mean of the first and the last tenth of steps | %.4f | %.4f |\n", first, last)
	if len(c.Result.Judgements) == 0 {
		w.line("The model was not measured on anything but its training data.\n")
		return
	}
	w.line("The model of step %d was kept, the best of these:\n\n| step | value |\n| ---: | ---: |", c.Result.BestStep)
	for _, j := range c.Result.Judgements[1:] {
		w.line("| %d | %.4f |", j.Step, j.Value)
	}
	w.line("")
}

// settings writes what it takes to train the model again.
func (c *Card) settings(w *cardWriter) {
	o := &c.Options
	w.line("## Settings\n\n| setting | value |\n| --- | --- |")
	w.row("loss", c.Loss)
	for _, s := range []struct {
		name  string
		value float64
	}{{"scale", c.Settings.Scale}, {"margin", c.Settings.Margin}, {"temperature", c.Settings.Temperature}, {"prior", c.Settings.Prior}} {
		if s.value != 0 {
			w.row(s.name, s.value)
		}
	}
	if c.Settings.Mask {
		w.row("mask", "other rows' texts that are nearer than the positive")
	}
	if len(c.Matryoshka) > 0 {
		w.row("matryoshka", strings.Trim(fmt.Sprint(c.Matryoshka), "[]"))
	}
	if c.Teacher != "" {
		w.row("teacher", c.Teacher)
	}
	steps := fmt.Sprintf("%d of %d rows", c.Result.Steps, o.BatchSize*o.Accumulate)
	if o.Accumulate > 1 {
		steps += fmt.Sprintf(" in %d batches", o.Accumulate)
	}
	if c.Result.Stopped {
		steps += ", stopped early"
	}
	w.row("steps", steps)
	w.row("learning rate", fmt.Sprintf("%g, %s, warm-up over %g of the steps", o.Rate, o.Schedule, o.WarmUp))
	w.row("AdamW", fmt.Sprintf("β₁ %g, β₂ %g, ε %g, weight decay %g", beta1, beta2, epsilon, o.WeightDecay))
	if o.Clip > 0 {
		w.row("gradients cut to length", o.Clip)
	}
	w.row("dropout", o.Dropout)
	if o.Average > 0 {
		w.row("average of weights", o.Average)
	}
	if o.MaxTokens > 0 {
		w.row("tokens of an input, at most", o.MaxTokens)
	}
	if len(o.Freeze) > 0 {
		w.row("frozen", strings.Join(o.Freeze, ", "))
	}
	w.row("precision", o.Precision)
	shuffled := fmt.Sprint(o.Buffer)
	if o.InOrder {
		shuffled = "none"
	}
	w.row("tokens held at once, rows shuffled", fmt.Sprintf("%d, %s", o.ChunkTokens, shuffled))
	w.row("seed", o.Seed)
	w.row("digest of the rows", c.Result.Digest)
	w.row("fingerprint of the start", c.Fingerprint)
	w.row("winnow", c.Version)
	w.row("time of all steps", fmt.Sprintf("%.0f s, %d tokens", c.Result.Seconds, c.Result.Tokens))
}

// cardWriter puts a card together.
type cardWriter struct{ strings.Builder }

func (w *cardWriter) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

// row is a row of a table.
func (w *cardWriter) row(cells ...any) {
	for _, c := range cells {
		fmt.Fprintf(w, "| %s ", clean(fmt.Sprint(c)))
	}
	w.WriteString("|\n")
}

// clean keeps text from ending a table's cell.
func clean(text string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "\r", " ").Replace(text)
}
