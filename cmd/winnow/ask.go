// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/answer/chat"
	"github.com/winnow-search/winnow/server"
)

// llmFlags say which language model writes answers.
type llmFlags struct {
	url, model string
	timeout    time.Duration
	tokens     int
}

func (f *llmFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.url, "llm", "", "let the language model at this `URL` write the answer: an endpoint that speaks OpenAI's chat completions, as in http://localhost:11434/v1")
	fs.StringVar(&f.model, "llm-model", "", "the language model's `NAME`; it can be left out where there is only one")
	fs.DurationVar(&f.timeout, "llm-timeout", chat.DefaultSilence, "wait at most this `TIME` for each word of the language model")
	whole(fs, &f.tokens, "context-tokens", "", winnow.DefaultContextTokens, "take at most `N` tokens of passages, as the cross-encoder counts them")
}

func (f *llmFlags) check(cmd *cobra.Command) error {
	switch {
	case f.url == "" && f.model != "":
		return misuse(cmd, "--llm-model is given and --llm is not: say where the language model is")
	case f.timeout <= 0:
		return misuse(cmd, "--llm-timeout is %s: it must be more than nothing", f.timeout)
	case f.tokens < 1:
		return misuse(cmd, "--context-tokens is 0: an answer needs passages")
	}
	return nil
}

// openAI is the host that the key in OPENAI_API_KEY is for. It is sent to no other.
const openAI = "api.openai.com"

// open makes a client; nil without a language model.
func (f *llmFlags) open(a *app, cmd *cobra.Command) (*chat.Client, error) {
	if f.url == "" {
		return nil, nil
	}
	key := os.Getenv(keyVariable)
	u, err := url.Parse(f.url)
	if err == nil && u.Hostname() == openAI && key == "" {
		key = os.Getenv("OPENAI_API_KEY")
	}
	c, err := chat.New(chat.Options{URL: f.url, Model: f.model, Key: key, Silence: f.timeout})
	if err != nil {
		return nil, misuse(cmd, "--llm: %v", err)
	}
	if key != "" && u.Scheme == "http" && !server.Loopback(u.Hostname()) {
		a.warn(fmt.Sprintf("the API key and the passages travel to %s unencrypted: use https", u.Host))
	}
	return c, nil
}

// explainLLM adds to what went wrong with a language model which flag or variable helps.
func explainLLM(err error) error {
	e, ok := errors.AsType[*chat.Error](err)
	if !ok {
		return err
	}
	hint := ""
	switch {
	case e.Status == http.StatusUnauthorized:
		hint = "Put the key into the environment variable " + keyVariable
	case strings.Contains(err.Error(), "name one of"), strings.Contains(err.Error(), "it has no model"):
		hint = "--llm-model names the model"
	case strings.Contains(err.Error(), "fewer tokens"):
		hint = "--context-tokens sets how many"
	case strings.Contains(err.Error(), "more time"):
		hint = "--llm-timeout sets how much"
	default:
		return err
	}
	return fmt.Errorf("%w\n%s", err, hint)
}

type askFlags struct {
	searchFlags
	llm  llmFlags
	json bool
}

func (a *app) askCommand() *cobra.Command {
	var f askFlags
	cmd := &cobra.Command{
		Use:     "ask QUESTION [PATH...] [--llm URL] [--llm-model NAME] [--db DIR]",
		Short:   "answer a question from the passages found, with citations",
		GroupID: groupSearch,
		Long: "Finds passages as `winnow search` does, leaves out what repeats another one, and lets a language model answer the question from them. Each citation like [2] is checked: it is a passage that was sent, or [?] stands in its place. " +
			"Then the cross-encoder compares every sentence with the passages it cites, and what they do not seem to say is listed. That is a check of the subject, not of the truth: a sentence that says the contrary of its passage can pass.\n\n" +
			"Without --llm the answer is extractive: the sentences of the passages that answer best, and nothing leaves this machine. With it, question and passages are sent to URL, which may be a server on this machine.\n\n" +
			"The API key is read from " + keyVariable + " alone, for " + openAI + " from OPENAI_API_KEY, too. Passages are data to the language model: they are marked off, cleaned of hidden characters, and never in the system message. An answer stays something to read with care.",
		Example: `winnow ask "how do I reset my password?"
			winnow ask "why rerank?" docs/ --llm http://localhost:11434/v1 --llm-model llama3.2
			winnow ask "what is a fusion?" --json | jq -r '.sentences[] | select(.supported | not).text'`,
		Args: queryAndPaths("the question is empty: say what to answer"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.ask(cmd, &f, args[0], args[1:]) },
	}
	f.add(cmd, "look at the best `N` passages")
	f.llm.add(cmd)
	jsonFlag(cmd, &f.json)
	return cmd
}

func (a *app) ask(cmd *cobra.Command, f *askFlags, question string, paths []string) error {
	if err := f.prepare(a, cmd); err != nil {
		return err
	}
	if err := f.llm.check(cmd); err != nil {
		return err
	}
	model, err := f.llm.open(a, cmd)
	if err != nil {
		return err
	}
	s := searched{}
	e, t, err := a.openSearch(cmd, &f.searchFlags, paths, &s)
	if err != nil {
		return err
	}
	defer e.Close()
	s.passages = e.Len()
	search, stages, err := f.options(cmd, e)
	if err != nil {
		return err
	}
	p := askPrinter{a: a, f: f, question: question}
	opts := []winnow.AskOption{winnow.Searching(search...), winnow.ContextTokens(f.llm.tokens)}
	if len(stages) > 0 {
		opts = append(opts, winnow.CheckedBy(stages[len(stages)-1].Model))
	}
	if model != nil {
		opts = append(opts, winnow.WithChat(model))
	}
	if !f.json {
		opts = append(opts, winnow.OnAsk(p.event))
	}
	answered, err := e.Ask(cmd.Context(), question, opts...)
	if err != nil {
		p.flow.end()
		return explainDB(s.db, explainLLM(err))
	}
	s.Result = answered.Search
	for i := range answered.Hits {
		s.fromHere(answered.Hits[i].Source)
	}
	for i := range answered.Passages { // citations share these
		s.fromHere(answered.Passages[i].Source)
	}
	if f.json {
		err = a.printJSON(answered)
	} else {
		err = p.print(answered, &s, e)
	}
	if err != nil {
		return err
	}
	if err := a.stdout.Flush(); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	for _, w := range answered.Search.Warnings {
		a.warn("--filter: " + w)
	}
	a.noteAnswer(answered)
	return errors.Join(a.noteSearch(&f.searchFlags, e, &s), t.failed())
}

// noteAnswer says on stderr what is to be known of an answer beside what it says.
func (a *app) noteAnswer(r *winnow.Answer) {
	if len(r.InvalidCitations) > 0 {
		var numbers []string
		for _, n := range r.InvalidCitations {
			numbers = append(numbers, fmt.Sprint(n))
		}
		a.warn(fmt.Sprintf("the answer cites %s, which was not sent: [?] stands in its place", joinNames(numbers, "and")))
	}
	if n := r.Unchecked(); n > 0 {
		a.warn(fmt.Sprintf("%d of %d sentences were not checked: there is too much to compare; --context-tokens and -k set how much is sent", n, len(r.Sentences)))
	}
	switch r.Finish {
	case "", "stop":
	case "length":
		a.warn("the answer is cut: the language model came to its limit of tokens")
	default:
		a.warn(fmt.Sprintf("the language model ended its answer for the reason %q", r.Finish))
	}
}
