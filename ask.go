// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/winnow-search/winnow/answer"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/rank"
)

// The defaults of an answer.
const (
	// DefaultContextTokens is how much of passages a language model is given: some ten passages.
	DefaultContextTokens = 2000
	// quoted is the most sentences of an extractive answer.
	quoted = 3
	// mostSentences bounds how many sentences of passages the cross-encoder reads for an extractive answer.
	mostSentences = 256
	// mostChecks bounds how many pairs of a sentence and a passage it reads to check an answer: without citations, every
	// sentence meets every passage.
	mostChecks = 2048
)

// The least probability with which a passage counts as support of a sentence, and a sentence as an answer to a question.
const (
	SupportFrom             = rank.MediumFrom // of a calibrated model: what `winnow validate` calls unclear begins there
	SupportFromUncalibrated = 0.5             // of others: the sign of the logit
)

// AskOption sets how one question is answered.
type AskOption func(*askOptions)

type askOptions struct {
	chat    answer.Chat
	tokens  int
	search  []SearchOption
	events  func(AskEvent) error
	checker string
}

// WithChat lets a language model write the answer. Without one, it is extractive:
// the sentences of the passages that answer best.
func WithChat(chat answer.Chat) AskOption { return func(o *askOptions) { o.chat = chat } }

// ContextTokens is how many tokens of passages the language model is given,
// [DefaultContextTokens] if not set. They are counted by the engine's own
// tokenizer; that of the language model gives some fifths more or less.
func ContextTokens(n int) AskOption { return func(o *askOptions) { o.tokens = n } }

// Searching sets how passages are found. [TopK] is the number of passages that
// are looked at, of which duplicates are dropped.
func Searching(opts ...SearchOption) AskOption {
	return func(o *askOptions) { o.search = append(o.search, opts...) }
}

// CheckedBy names the cross-encoder that says which sentences are supported;
// the default is [Auto]. An engine that has none leaves what a language model
// writes unchecked, and does not answer without one.
func CheckedBy(model string) AskOption { return func(o *askOptions) { o.checker = model } }

// OnAsk calls f, from the goroutine of the call, as an answer comes about. An error of f ends it and is returned.
func OnAsk(f func(AskEvent) error) AskOption { return func(o *askOptions) { o.events = f } }

// EventName is what an event of an answer is called, as in server-sent events.
type EventName string

// The events, in order: passages once, delta for every piece of text, done once. The deltas together are the answer, and
// the citations in them are checked.
const (
	PassagesEvent EventName = "passages"
	DeltaEvent    EventName = "delta"
	DoneEvent     EventName = "done"
)

// AskEvent is a step of an answer; its JSON is the data of a server-sent event of its name.
type AskEvent struct {
	Name     EventName    `json:"-"`
	Passages []AskPassage `json:"passages,omitempty"` // of passages: what is known before the answer
	Delta    string       `json:"delta,omitempty"`    // of delta
	Answer   *Answer      `json:"answer,omitempty"`   // of done
}

// Answer is an answer with its citations.
type Answer struct {
	Question   string `json:"question"`
	Text       string `json:"answer"`     // with citations as [1][2]
	Extractive bool   `json:"extractive"` // put together from sentences of the passages, without a language model
	// Model is the language model, Finish why it ended: "stop", "length" if it was cut, or what else it says.
	Model  string `json:"model,omitempty"`
	Finish string `json:"finish_reason,omitempty"`
	// Citations are the passages cited, by number. All of them were sent.
	Citations []Citation `json:"citations"`
	// InvalidCitations are numbers that were cited and that no passage sent has; [answer.Unknown] stands in their place.
	InvalidCitations []int         `json:"invalid_citations,omitempty"`
	Sentences        []AskSentence `json:"sentences"`
	Passages         []AskPassage  `json:"passages"` // that were sent
	Left             []answer.Left `json:"left_out"` // of what was found
	ContextTokens    int           `json:"context_tokens"`
	Checker          Checker       `json:"checker"`
	Hits             []Hit         `json:"hits"` // of the search
	Search           *Result       `json:"-"`
	Usage            *answer.Usage `json:"usage,omitempty"` // of the language model, if it says
	Timing           AskTiming     `json:"timing_ms"`
}

// Citation is a passage cited.
type Citation struct {
	Number int     `json:"number"`
	ID     string  `json:"id"`
	Title  string  `json:"title,omitempty"`
	Source *Source `json:"source,omitempty"`
}

// AskPassage is a passage that was sent, or of which an extractive answer could be made.
type AskPassage struct {
	answer.Passage
	Source *Source `json:"source,omitempty"`
}

// AskSentence is a sentence of an answer, and what the cross-encoder thinks of it.
type AskSentence struct {
	answer.Sentence
	// Support is the probability that a passage cited, or any if none is, says what the sentence says; in an extractive
	// answer, where the passage does, the probability that the sentence answers the question.
	Support   float64 `json:"support"`
	Supported bool    `json:"supported"` // Support reaches the checker's threshold
	// Unchecked is whether the cross-encoder did not read the sentence: there is none, or the answer has too much to check.
	Unchecked bool `json:"unchecked,omitempty"`
}

// Checker is who says which sentences are supported.
type Checker struct {
	Model      string  `json:"model"`
	Calibrated bool    `json:"calibrated"` // probabilities are those of a calibration, not the sigmoid
	Threshold  float64 `json:"threshold"`
	Tokens     int     `json:"tokens"` // that the model has read
}

// AskTiming is the wall-clock time of an answer's stages, in milliseconds.
type AskTiming struct {
	Encode     float64 `json:"encode"` // the question
	Retrieve   float64 `json:"retrieve"`
	Rerank     float64 `json:"rerank"`
	FirstToken float64 `json:"first_token"` // from the request to the language model's first word
	Generate   float64 `json:"generate"`    // the language model, all in all
	Check      float64 `json:"check"`       // sentences by the cross-encoder
	Total      float64 `json:"total"`
}

// ErrNoPassages is wrapped by the error about a question to which nothing was found.
var ErrNoPassages = errors.New("no passage was found")

// ErrNothingWritten is wrapped by the error about a language model that ended without an answer.
var ErrNothingWritten = errors.New("the language model wrote nothing")

// Ask answers a question from the passages that a search finds: by a language
// model with citations that are checked ([WithChat]), or else by their best
// sentences. What is retrieved is data for the language model and cannot pass
// for instructions, as far as that can be seen to; see package answer.
func (e *Engine) Ask(ctx context.Context, question string, opts ...AskOption) (*Answer, error) {
	a := &asking{engine: e, askOptions: askOptions{tokens: DefaultContextTokens, checker: Auto, events: func(AskEvent) error { return nil }}}
	for _, set := range opts {
		set(&a.askOptions)
	}
	switch {
	case strings.TrimSpace(question) == "":
		return nil, asked(errors.New("the question is empty"))
	case a.tokens < 1:
		return nil, asked(fmt.Errorf("the budget is %d tokens of passages; it must be at least 1", a.tokens))
	}
	var err error
	switch {
	case a.checker != Auto || e.models.Reranker != "":
		if a.reader, err = e.Reranker(a.checker); err != nil { // before the clock starts, as for a search
			return nil, err
		}
	case a.chat == nil:
		return nil, asked(errors.New("there is no cross-encoder, which chooses the sentences of an answer: use one, or a language model"))
	}
	a.start = time.Now()
	a.answer = &Answer{Question: question, Extractive: a.chat == nil, Citations: []Citation{}, Sentences: []AskSentence{}}
	if err := a.run(ctx); err != nil {
		return nil, err
	}
	return a.answer, nil
}

// asking is an answer on its way.
type asking struct {
	askOptions
	engine *Engine
	reader *encoder.CrossEncoder // nil without one
	answer *Answer
	start  time.Time
}

func (a *asking) run(ctx context.Context) error {
	r := a.answer
	found, err := a.engine.Search(ctx, r.Question, a.search...)
	if err != nil {
		return err
	}
	if len(found.Hits) == 0 {
		return fmt.Errorf("%w for %q: index what would answer it, or search otherwise", ErrNoPassages, r.Question)
	}
	r.Search, r.Hits = found, found.Hits
	r.Timing.Encode, r.Timing.Retrieve, r.Timing.Rerank = found.Timing.Encode, found.Timing.Retrieve, found.Timing.Rerank
	if err := a.pack(ctx); err != nil {
		return err
	}
	if err := a.events(AskEvent{Name: PassagesEvent, Passages: r.Passages}); err != nil {
		return err
	}
	if a.chat == nil {
		err = a.extract(ctx)
	} else {
		err = a.generate(ctx)
	}
	if err != nil {
		return err
	}
	a.cite()
	r.Timing.Total = milliseconds(a.start)
	return a.events(AskEvent{Name: DoneEvent, Answer: r})
}

// pack chooses what is sent.
func (a *asking) pack(ctx context.Context) error {
	r := a.answer
	candidates := make([]answer.Passage, len(r.Hits))
	for i, h := range r.Hits {
		candidates[i] = answer.Passage{ID: h.ID, Document: h.Document, Title: h.Title, Text: h.Text, Start: h.Span[0], End: h.Span[1]}
	}
	packed, left, err := answer.Pack(ctx, candidates, a.tokens, a.counter())
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil: // the budget is too small
		return asked(err)
	}
	r.Passages, r.Left = make([]AskPassage, len(packed)), append([]answer.Left{}, left...)
	for i, p := range packed {
		r.Passages[i] = AskPassage{Passage: p, Source: a.source(p)}
		r.ContextTokens += p.Tokens
	}
	return nil
}

// counter counts tokens, as the cross-encoder has them, or else the bi-encoder; as words if there is neither.
func (a *asking) counter() func(string) int {
	switch {
	case a.reader != nil:
		return a.reader.Model().Tokenizer.Count
	case a.engine.retriever != nil:
		return a.engine.retriever.Model().Tokenizer.Count
	}
	return document.Words.Count
}

// source is where all of a passage stands, the joined parts together.
func (a *asking) source(p answer.Passage) *Source {
	var whole *Source
	for _, from := range p.From {
		s := a.answer.Hits[from].Source
		switch {
		case s == nil:
		case whole == nil:
			copied := *s
			whole = &copied
		default:
			whole.StartLine, whole.EndLine, whole.Page = min(whole.StartLine, s.StartLine), max(whole.EndLine, s.EndLine), min(whole.Page, s.Page)
		}
	}
	return whole
}

// packed are the passages without their sources.
func (a *asking) packed() []answer.Passage {
	out := make([]answer.Passage, len(a.answer.Passages))
	for i := range out {
		out[i] = a.answer.Passages[i].Passage
	}
	return out
}

// generate lets the language model write, and checks what it writes.
func (a *asking) generate(ctx context.Context) error {
	r, begin := a.answer, time.Now()
	messages, err := answer.Prompt(r.Question, a.packed())
	if err != nil {
		return err
	}
	reader := answer.NewReader(len(r.Passages))
	emit := func(text string) error {
		if text == "" {
			return nil
		}
		return a.events(AskEvent{Name: DeltaEvent, Delta: text})
	}
	done, err := a.chat.Complete(ctx, messages, func(piece string) error {
		if r.Timing.FirstToken == 0 {
			r.Timing.FirstToken = milliseconds(begin)
		}
		return emit(reader.Write(piece))
	})
	if err != nil {
		return err
	}
	if err := emit(reader.Close()); err != nil {
		return err
	}
	r.Timing.Generate = milliseconds(begin)
	r.Text, r.Model, r.Finish = reader.Text(), done.Model, done.Finish
	if done.Usage != (answer.Usage{}) {
		r.Usage = &done.Usage
	}
	if strings.TrimSpace(r.Text) == "" {
		return fmt.Errorf("%w: %s ended with %q; ask again, or use another one", ErrNothingWritten, done.Model, done.Finish)
	}
	for _, s := range reader.Sentences() {
		r.Sentences = append(r.Sentences, AskSentence{Sentence: s})
	}
	return a.check(ctx)
}

// check lets the cross-encoder compare every sentence with the passages that it cites, with all if it cites none. A sentence
// that would make it more than mostChecks pairs is left out, and is said to be.
func (a *asking) check(ctx context.Context) error {
	begin := time.Now()
	var pairs []encoder.Pair
	var of []int
	for i := range a.answer.Sentences {
		s := &a.answer.Sentences[i]
		if n := cmp.Or(len(s.Citations), len(a.answer.Passages)); a.reader == nil || len(pairs)+n > mostChecks {
			s.Unchecked = true
			continue
		}
		for _, p := range a.answer.Passages {
			if len(s.Citations) == 0 || slices.Contains(s.Citations, p.Number) {
				pairs, of = append(pairs, encoder.Pair{Query: s.Text, Document: strings.TrimSpace(p.Title + "\n" + p.Text)}), append(of, i)
			}
		}
	}
	if a.reader == nil {
		return nil
	}
	probabilities, err := a.probabilities(ctx, pairs)
	if err != nil {
		return err
	}
	for n, p := range probabilities {
		s := &a.answer.Sentences[of[n]]
		s.Support = max(s.Support, p)
		s.Supported = s.Support >= a.answer.Checker.Threshold
	}
	a.answer.Timing.Check = milliseconds(begin)
	return nil
}

// probabilities are what the checker thinks of pairs.
func (a *asking) probabilities(ctx context.Context, pairs []encoder.Pair) ([]float64, error) {
	m, calibrated, err := a.engine.Calibration(a.reader)
	if err != nil {
		return nil, err
	}
	a.answer.Checker = Checker{Model: a.reader.Model().Name, Calibrated: calibrated, Threshold: SupportFromUncalibrated}
	if calibrated {
		a.answer.Checker.Threshold = SupportFrom
	}
	scores, err := a.engine.encoders.Predict(ctx, a.reader, pairs)
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(pairs))
	for i, logit := range scores.Logits {
		out[i] = m.Probability(logit)
		a.answer.Checker.Tokens += scores.Tokens[i]
	}
	return out, nil
}

// extract makes an answer of the sentences that answer the question best: those that reach the threshold, or else the best one,
// which is then not supported. They are read below the titles of their passages, which say what they are about.
func (a *asking) extract(ctx context.Context) error {
	r, begin := a.answer, time.Now()
	quotes := answer.Extract(a.packed())
	quotes = quotes[:min(len(quotes), mostSentences)]
	pairs := make([]encoder.Pair, len(quotes))
	for i, q := range quotes {
		title := r.Passages[q.Number-1].Title
		pairs[i] = encoder.Pair{Query: r.Question, Document: strings.TrimSpace(title + "\n" + q.Text)}
	}
	probabilities, err := a.probabilities(ctx, pairs)
	if err != nil {
		return err
	}
	order := make([]int, len(quotes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(probabilities[j], probabilities[i]) })
	chosen := order[:min(len(order), quoted)]
	for n, i := range chosen {
		if n > 0 && (probabilities[i] < r.Checker.Threshold || probabilities[i] < probabilities[order[0]]/2) {
			chosen = chosen[:n]
			break
		}
	}
	var text strings.Builder
	for n, i := range inPassageOrder(quotes, chosen) {
		if n > 0 {
			text.WriteByte(' ')
		}
		fmt.Fprintf(&text, "%s [%d]", quotes[i].Text, quotes[i].Number)
		r.Sentences = append(r.Sentences, AskSentence{
			Sentence: answer.Sentence{Text: quotes[i].Text, Citations: []int{quotes[i].Number}},
			Support:  probabilities[i], Supported: probabilities[i] >= r.Checker.Threshold,
		})
	}
	r.Text, r.Timing.Check = text.String(), milliseconds(begin)
	if r.Text == "" {
		return fmt.Errorf("%w with a sentence in it for %q", ErrNoPassages, r.Question)
	}
	return a.events(AskEvent{Name: DeltaEvent, Delta: r.Text})
}

// inPassageOrder puts sentences together that are of one passage, in its order; the passage of the best sentence comes first.
func inPassageOrder(quotes []answer.Quote, best []int) []int {
	place := map[int]int{} // of a passage, by its best sentence
	for n, i := range best {
		if _, ok := place[quotes[i].Number]; !ok {
			place[quotes[i].Number] = n
		}
	}
	out := slices.Clone(best)
	slices.SortFunc(out, func(a, b int) int {
		return cmp.Or(cmp.Compare(place[quotes[a].Number], place[quotes[b].Number]), cmp.Compare(a, b))
	})
	return out
}

// cite lists what the sentences cite.
func (a *asking) cite() {
	r := a.answer
	for _, p := range r.Passages {
		if slices.ContainsFunc(r.Sentences, func(s AskSentence) bool { return slices.Contains(s.Citations, p.Number) }) {
			r.Citations = append(r.Citations, Citation{p.Number, p.ID, p.Title, p.Source})
		}
	}
	for _, s := range r.Sentences {
		for _, n := range s.Invalid {
			if !slices.Contains(r.InvalidCitations, n) {
				r.InvalidCitations = append(r.InvalidCitations, n)
			}
		}
	}
	slices.Sort(r.InvalidCitations)
}

// Unsupported are the sentences that the cross-encoder has read and does not find in the passages.
func (r *Answer) Unsupported() []AskSentence {
	return slices.DeleteFunc(slices.Clone(r.Sentences), func(s AskSentence) bool { return s.Supported || s.Unchecked })
}

// Unchecked is the number of sentences that the cross-encoder has not read.
func (r *Answer) Unchecked() (n int) {
	for _, s := range r.Sentences {
		if s.Unchecked {
			n++
		}
	}
	return n
}
