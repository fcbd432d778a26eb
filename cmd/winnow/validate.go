// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/model/builtin"
	"github.com/winnow-search/winnow/rank"
)

type validateFlags struct {
	modelFlags
	questions, config string
	failBelow         float64
	json              bool
}

func (a *app) validateCommand() *cobra.Command {
	var f validateFlags
	cmd := &cobra.Command{
		Use:     "validate QUESTION [ANSWER...] [-m MODEL] [--fail-below P] < answers",
		Short:   "say whether texts answer a question",
		GroupID: groupScores,
		Long: "Reads every candidate answer beside the question with a cross-encoder and gives a verdict with its probability: \"answers\" from 2/3 on, \"unclear\" from 1/3 on, else \"does not answer\". " +
			"It says whether a text is about what was asked and answers it, not whether what it says is true.\n\n" +
			"Answers are arguments, or standard input: one a line, or JSON objects with \"text\" and optionally \"id\". --questions reads a file with an object a line instead, {\"question\", \"answers\": […]}.\n\n" +
			"Probabilities come from the model's calibration (`winnow calibrate`; the built-in model has one from public data). Without one they are the sigmoid of the logit, and the output says that they are not calibrated.\n\n" +
			"The exit code is 0 whatever the verdicts are. With --fail-below P it is 1 if a question has no answer with probability P or more.",
		Example: `winnow validate "Who wrote Faust?" "It was Goethe who wrote Faust, published in 1808." "Faust is a tragic play."
			winnow validate "how do I reset my password?" --fail-below 0.5 < answers.txt
			winnow validate --questions generated.jsonl --json | jq '.[].answers[].verdict'`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case cmd.Flags().Changed("questions") && len(args) > 0:
				return misuse(cmd, "both QUESTION and --questions are given: take one of them")
			case cmd.Flags().Changed("questions"):
			case len(args) == 0:
				return misuse(cmd, "QUESTION is missing: %s QUESTION [ANSWER...]", cmd.CommandPath())
			case strings.TrimSpace(args[0]) == "":
				return misuse(cmd, "the question is empty")
			case slices.ContainsFunc(args[1:], func(s string) bool { return strings.TrimSpace(s) == "" }):
				return misuse(cmd, "an ANSWER is empty: give texts, or none to read standard input")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.validate(cmd, &f, args) },
	}
	f.add(cmd, "the cross-encoder", builtin.Reranker)
	fs := cmd.Flags()
	fs.StringVar(&f.questions, "questions", "", "read questions with their answers from `FILE`, a JSON object a line")
	fs.Float64Var(&f.failBelow, "fail-below", 0, "end with exit code 1 if no answer of a question has probability `P`")
	jsonFlag(cmd, &f.json)
	configFlag(cmd, &f.config)
	return cmd
}

// The verdicts.
const (
	answers       = "answers"
	unclear       = "unclear"
	doesNotAnswer = "does not answer"
)

// verdictOf names a probability.
func verdictOf(p float64) string {
	switch {
	case p >= rank.HighFrom:
		return answers
	case p >= rank.MediumFrom:
		return unclear
	}
	return doesNotAnswer
}

// validated is a question with verdicts on its answers.
type validated struct {
	Question       string            `json:"question"`
	Model          string            `json:"model"`
	Precision      encoder.Precision `json:"precision"`
	Calibrated     bool              `json:"calibrated"`
	Calibration    string            `json:"calibration"` // where probabilities are from
	Answers        []judgedAnswer    `json:"answers"`     // as given
	Best           int               `json:"best"`        // index of the most probable answer, from 0
	Passes         *bool             `json:"passes,omitempty"`
	QueryTruncated int               `json:"query_truncated_tokens,omitempty"`
}

// judgedAnswer is an answer with its verdict.
type judgedAnswer struct {
	ID          string  `json:"id"`
	Text        string  `json:"text"`
	Verdict     string  `json:"verdict"`
	Probability float64 `json:"probability"`
	Logit       float32 `json:"logit"`
	Truncated   int     `json:"truncated_tokens"`
}

// asked is a question with its answers.
type asked struct {
	question string
	answers  []labelled
}

func (a *app) validate(cmd *cobra.Command, f *validateFlags, args []string) error {
	if !(f.failBelow >= 0 && f.failBelow <= 1) {
		return misuse(cmd, "--fail-below is %v: a probability, from 0 to 1", f.failBelow)
	}
	k, err := a.configure(cmd, f.config)
	if err != nil {
		return err
	}
	list, err := a.readAsked(cmd, f, args)
	if err != nil {
		return err
	}
	c, err := await(cmd.Context(), func() (*encoder.CrossEncoder, error) { return encoder.OpenCross(f.model, f.options()...) })
	if err != nil {
		return err
	}
	defer c.Close()
	if n := c.Labels(); n != 1 {
		return fmt.Errorf("model %s has %d labels; validating takes a reranker, which has one", f.model, n)
	}
	a.checkMaxTokens(&f.modelFlags, c.Model())
	var out []*validated
	var long cut
	total := 0
	for _, q := range list {
		v, err := validateOne(cmd.Context(), k, c, q)
		if err != nil {
			return err
		}
		if cmd.Flags().Changed("fail-below") {
			passes := v.Answers[v.Best].Probability >= f.failBelow
			v.Passes = &passes
		}
		for _, x := range v.Answers {
			long.add(x.Truncated)
		}
		total += len(v.Answers)
		out = append(out, v)
	}
	if err := a.printValidated(f, out); err != nil {
		return err
	}
	if err := a.stdout.Flush(); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	for _, v := range out {
		a.warnQuery(v.Question, v.QueryTruncated)
	}
	if !out[0].Calibrated {
		a.warn("probabilities of " + out[0].Model + " are not calibrated: verdicts say less than they seem to; `winnow calibrate BEIR_DIR -m " + f.model + " --write winnow.json` makes them mean something")
	}
	if err := k.note(a, c); err != nil {
		return err
	}
	a.notePrecision(f.precision, c.Precision())
	long.report(a, total, c.MaxTokens(), "pair")
	return failBelow(f, out)
}

// failBelow is the error of --fail-below.
func failBelow(f *validateFlags, out []*validated) error {
	failed, example := 0, ""
	for _, v := range out {
		if v.Passes != nil && !*v.Passes {
			failed++
			example = cmp.Or(example, fmt.Sprintf("the best answer to %q has %s", v.Question, probability(v.Answers[v.Best].Probability)))
		}
	}
	switch {
	case failed == 0:
		return nil
	case len(out) == 1:
		return fmt.Errorf("no answer has probability %v: %s", f.failBelow, example)
	}
	return fmt.Errorf("%s of %s have no answer with probability %v: %s", term.Count(failed), term.Plural(len(out), "question", "questions"), f.failBelow, example)
}

// readAsked reads what is to be validated.
func (a *app) readAsked(cmd *cobra.Command, f *validateFlags, args []string) ([]asked, error) {
	switch {
	case f.questions != "":
		file, err := os.Open(f.questions)
		if err != nil {
			return nil, fileError(f.questions, err)
		}
		defer file.Close()
		return readQuestions(file, f.questions)
	case len(args) > 1:
		return []asked{{args[0], numbered(args[1:])}}, nil
	}
	lines, err := a.readLines(cmd.Context(), cmd, "-")
	if err != nil {
		return nil, err
	}
	q := asked{question: args[0]}
	seen := map[string]int{}
	for _, l := range lines {
		if first, twice := seen[l.ID]; twice {
			return nil, &document.LineError{Name: "standard input", Number: l.Number, Err: fmt.Errorf("id %q was already used in line %d: ids must differ", l.ID, first)}
		}
		seen[l.ID] = l.Number
		q.answers = append(q.answers, labelled{l.ID, l.Document().FullText()})
	}
	return []asked{q}, nil
}

// validateOne scores the answers to a question.
func validateOne(ctx context.Context, k *configuration, c *encoder.CrossEncoder, q asked) (*validated, error) {
	m, _, calibrated, err := k.of(c)
	if err != nil {
		return nil, err
	}
	v := &validated{Question: q.question, Model: c.Model().Name, Precision: c.Precision(), Calibrated: calibrated}
	if v.Calibration, err = k.origin(c); err != nil {
		return nil, err
	}
	pairs := make([]encoder.Pair, len(q.answers))
	for i, x := range q.answers {
		pairs[i] = encoder.Pair{Query: q.question, Document: x.Text}
	}
	s, err := c.Predict(ctx, pairs)
	if err != nil {
		return nil, err
	}
	for i, x := range q.answers {
		if s.Logits[i]-s.Logits[i] != 0 {
			return nil, fmt.Errorf("model %s gives %v for answer %s: its weights are damaged or overflow", v.Model, s.Logits[i], x.ID)
		}
		p := m.Map.Probability(s.Logits[i])
		v.Answers = append(v.Answers, judgedAnswer{x.ID, x.Text, verdictOf(p), p, s.Logits[i], s.Truncated[i]})
		v.QueryTruncated = max(v.QueryTruncated, s.QueryTruncated[i])
		if s.Logits[i] > v.Answers[v.Best].Logit {
			v.Best = i
		}
	}
	return v, nil
}

func (a *app) printValidated(f *validateFlags, out []*validated) error {
	if f.json {
		if f.questions == "" {
			return a.printJSON(out[0])
		}
		return a.printJSON(out)
	}
	o := a.stdout
	for _, v := range out {
		o.Println(o.Paint(term.Bold, o.Line(v.Question)))
		t := &term.Table{Columns: []term.Column{
			{Title: "verdict"}, {Title: "p", Right: true}, {Title: "logit", Right: true}, {Title: "id", Style: term.Cyan, Fit: term.Cut}, {Title: "answer", Fit: term.Cut},
		}}
		for _, x := range v.Answers {
			t.Add(term.Cell{Text: x.Verdict, Style: verdictStyle(x.Verdict)}, term.Text(probability(x.Probability)), term.Text(term.Score(x.Logit)), term.Text(x.ID), term.Text(x.Text))
		}
		t.Print(o)
		o.Println("")
	}
	if len(out) == 0 {
		return errors.New("there is nothing to validate")
	}
	faint(o, out[0].Model+" · p: "+out[0].Calibration)
	return nil
}

func verdictStyle(verdict string) term.Style {
	switch verdict {
	case answers:
		return term.Green
	case unclear:
		return term.Yellow
	}
	return term.Red
}
