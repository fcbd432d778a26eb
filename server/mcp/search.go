// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/answer"
)

const (
	defaultLimit      = 10
	defaultCandidates = 100
)

// finding are the arguments about how passages are found.
type finding struct {
	Mode       string `json:"mode,omitempty" jsonschema:"find candidates by vectors (dense), words (lexical) or both (hybrid)"`
	Filter     string `json:"filter,omitempty" jsonschema:"only documents whose metadata match, as in: lang = \"en\" and year >= 2020; index_status names the fields"`
	Candidates int    `json:"candidates,omitempty" jsonschema:"how many passages are retrieved and reranked; 100 if not given"`
	Rerank     *bool  `json:"rerank,omitempty" jsonschema:"whether the cross-encoder reads the candidates: better, and slower"`
	BudgetMS   int    `json:"budget_ms,omitempty" jsonschema:"end reranking when the search has taken so many milliseconds"`
}

// options are those of a search that finds so many passages.
func (s *service) options(f finding, top int) ([]winnow.SearchOption, error) {
	r := s.o.Base
	r.TopK = top
	r.Mode = cmp.Or(winnow.Mode(f.Mode), r.Mode)
	r.Filter = cmp.Or(f.Filter, r.Filter)
	r.Candidates = cmp.Or(f.Candidates, r.Candidates)
	r.Budget = cmp.Or(winnow.Duration(time.Duration(f.BudgetMS)*time.Millisecond), r.Budget)
	switch {
	case f.Rerank == nil:
	case !*f.Rerank:
		r.Rerank = winnow.Off
	case r.Rerank == winnow.Off:
		r.Rerank = winnow.Auto
	}
	return r.Options(winnow.Settings{})
}

type searchIn struct {
	Query string `json:"query" jsonschema:"what to look for: a question, or words"`
	Limit int    `json:"limit,omitempty" jsonschema:"passages in a page; 10 if not given"`
	finding
	Cursor string `json:"cursor,omitempty" jsonschema:"next_cursor of the page before, with all else as it was"`
}

type searchOut struct {
	Query      string   `json:"query"`
	Mode       string   `json:"mode"`
	Hits       []hit    `json:"hits"`
	Reranked   int      `json:"reranked" jsonschema:"candidates that the cross-encoder read"`
	NextCursor string   `json:"next_cursor,omitempty" jsonschema:"there are more: give this as cursor"`
	Warnings   []string `json:"warnings,omitempty"`
}

type hit struct {
	Rank        int      `json:"rank"`
	ID          string   `json:"id" jsonschema:"of the passage"`
	Document    string   `json:"document" jsonschema:"id of its document, for get and similar"`
	URI         string   `json:"uri" jsonschema:"the document as a resource"`
	Title       string   `json:"title,omitempty"`
	Text        string   `json:"text"`
	Score       float32  `json:"score" jsonschema:"what the order goes by"`
	ScoreKind   string   `json:"score_kind"`
	Probability *float64 `json:"probability,omitempty" jsonschema:"of being relevant, by the cross-encoder"`
	Source      *source  `json:"source,omitempty"`
}

type source struct {
	Path      string `json:"path"`
	StartLine int    `json:"start_line,omitempty"`
	EndLine   int    `json:"end_line,omitempty"`
	Page      int    `json:"page,omitempty"`
}

func newSource(s *winnow.Source) *source {
	if s == nil {
		return nil
	}
	return &source{answer.Clean(s.Path), s.StartLine, s.EndLine, s.Page}
}

func newHit(h *winnow.Hit) hit {
	return hit{
		Rank: h.Rank, ID: h.ID, Document: h.Document, URI: uri(h.Document), Title: answer.Clean(h.Title), Text: answer.Clean(h.Text),
		Score: h.Score, ScoreKind: string(h.ScoreKind), Probability: h.Probability, Source: newSource(h.Source),
	}
}

func (s *service) search(ctx context.Context, in searchIn) (*sdk.CallToolResult, searchOut, error) {
	if err := s.fresh(); err != nil {
		return nil, searchOut{}, err
	}
	// Pages are cut from one order: of as many candidates as the first page had.
	limit := s.limit(in.Limit)
	p, err := s.page(&in.Cursor, limit, max(cmp.Or(in.Candidates, s.o.Base.Candidates, defaultCandidates), limit), &in)
	if err != nil {
		return nil, searchOut{}, err
	}
	opts, err := s.options(in.finding, p.top())
	if err != nil {
		return nil, searchOut{}, err
	}
	r, err := s.engine.Search(ctx, in.Query, opts...)
	if err != nil {
		return nil, searchOut{}, err
	}
	return s.listed(r, p)
}

// limit is the number of results where a call does not say.
func (s *service) limit(given int) int {
	return cmp.Or(given, min(s.o.Base.TopK, maxLimit), defaultLimit)
}

// page is a part of a list.
type page struct {
	from, limit int
	most        int // of all pages together
	generation  uint64
	asked       any // all arguments but the cursor
}

// top is how many results show the page, and whether there is another one.
func (p page) top() int { return min(p.from+p.limit+1, p.most) }

// page finds out which part of a list of at most so many is asked for. asked points to the arguments, in which text is the cursor.
func (s *service) page(text *string, limit, most int, asked any) (page, error) {
	p := page{limit: limit, most: most, asked: asked}
	var err error
	if p.generation, err = s.generation(); err != nil {
		return p, err
	}
	given := *text
	*text = ""
	p.from, err = begin(given, most, p.generation, asked)
	return p, err
}

// listed is the page of a result.
func (s *service) listed(r *winnow.Result, p page) (*sdk.CallToolResult, searchOut, error) {
	out := searchOut{Query: r.Query, Mode: string(r.Mode), Hits: []hit{}, Reranked: r.Reranked, Warnings: r.Warnings}
	for i := min(p.from, len(r.Hits)); i < min(p.from+p.limit, len(r.Hits)); i++ {
		out.Hits = append(out.Hits, newHit(&r.Hits[i]))
	}
	var err error
	if p.from+p.limit < len(r.Hits) {
		if out.NextCursor, err = next(p.from+p.limit, p.generation, p.asked); err != nil {
			return nil, out, err
		}
	}
	return found(out), out, nil
}

// found words a page of hits, and links to their documents.
func found(out searchOut) *sdk.CallToolResult {
	var b strings.Builder
	if len(out.Hits) == 0 {
		b.WriteString("Nothing was found.\n\n")
	}
	var links []sdk.Content
	linked := map[string]bool{}
	for _, h := range out.Hits {
		fmt.Fprintf(&b, "%d. %s%s\n%s\n\n", h.Rank, place(h.ID, h.Source), titled(h.Title), strings.TrimSpace(h.Text))
		if !linked[h.Document] {
			linked[h.Document] = true
			links = append(links, link(h.Document, h.Title))
		}
	}
	if out.NextCursor != "" {
		b.WriteString("There are more: call again with next_cursor.\n")
	}
	for _, w := range out.Warnings {
		b.WriteString("Warning: " + w + "\n")
	}
	return result(strings.TrimSpace(b.String()), links...)
}

// place is where a text stands.
func place(id string, s *source) string {
	switch {
	case s == nil:
		return id
	case s.Page > 0:
		return fmt.Sprintf("%s, page %d", s.Path, s.Page)
	case s.StartLine > 0:
		return fmt.Sprintf("%s:%d-%d", s.Path, s.StartLine, s.EndLine)
	}
	return s.Path
}

func titled(title string) string {
	if title == "" {
		return ""
	}
	return " (" + strings.Join(strings.Fields(title), " ") + ")"
}

// result is a text for people, and what it links to.
func result(text string, links ...sdk.Content) *sdk.CallToolResult {
	return &sdk.CallToolResult{Content: append([]sdk.Content{&sdk.TextContent{Text: text}}, links...)}
}

type similarIn struct {
	ID     string `json:"id" jsonschema:"of a document or passage"`
	Limit  int    `json:"limit,omitempty" jsonschema:"documents in a page; 10 if not given"`
	Filter string `json:"filter,omitempty" jsonschema:"only documents whose metadata match"`
	Cursor string `json:"cursor,omitempty" jsonschema:"next_cursor of the page before, with all else as it was"`
}

func (s *service) similar(ctx context.Context, in similarIn) (*sdk.CallToolResult, searchOut, error) {
	if err := s.fresh(); err != nil {
		return nil, searchOut{}, err
	}
	p, err := s.page(&in.Cursor, s.limit(in.Limit), maxCandidates, &in)
	if err != nil {
		return nil, searchOut{}, err
	}
	r, err := s.engine.Similar(ctx, in.ID, winnow.TopK(p.top()), winnow.Filter(in.Filter))
	if err != nil {
		return nil, searchOut{}, err
	}
	return s.listed(r, p)
}

type rerankIn struct {
	Query string   `json:"query" jsonschema:"the question"`
	Texts []string `json:"texts" jsonschema:"what may answer it; long texts are cut"`
	Limit int      `json:"limit,omitempty" jsonschema:"how many of the best are given; all if not given"`
}

type rerankOut struct {
	Query   string   `json:"query"`
	Results []ranked `json:"results"`
}

type ranked struct {
	Rank        int     `json:"rank"`
	Index       int     `json:"index" jsonschema:"of the text as given, from 0"`
	Score       float32 `json:"score" jsonschema:"logit"`
	Probability float64 `json:"probability" jsonschema:"of being relevant"`
	Truncated   int     `json:"truncated_tokens" jsonschema:"that did not fit"`
}

func (s *service) rerank(ctx context.Context, in rerankIn) (*sdk.CallToolResult, rerankOut, error) {
	out := rerankOut{Query: in.Query, Results: []ranked{}}
	c, err := s.engine.Reranker(s.reranker())
	if err != nil {
		return nil, out, err
	}
	m, _, err := s.engine.Calibration(c)
	if err != nil {
		return nil, out, err
	}
	list, err := s.engine.Rank(ctx, c, in.Query, in.Texts)
	if err != nil {
		return nil, out, err
	}
	if in.Limit > 0 {
		list = list[:min(in.Limit, len(list))]
	}
	var b strings.Builder
	for i, r := range list {
		out.Results = append(out.Results, ranked{i + 1, r.Index, r.Logit, m.Probability(r.Logit), r.TruncatedTokens})
		fmt.Fprintf(&b, "%d. text %d: logit %.4f, probability %.2f\n", i+1, r.Index, r.Logit, out.Results[i].Probability)
	}
	return result(strings.TrimSpace(b.String())), out, nil
}

// reranker is the cross-encoder that judges: the last that searches use, or the engine's own.
func (s *service) reranker() string {
	stages, err := winnow.ParseStages(cmp.Or(s.o.Base.Rerank, winnow.Auto))
	if err != nil || len(stages) == 0 {
		return winnow.Auto
	}
	return stages[len(stages)-1].Model
}

type askIn struct {
	Question string `json:"question"`
	Limit    int    `json:"limit,omitempty" jsonschema:"passages that are looked at; 10 if not given"`
	finding
	ContextTokens int `json:"context_tokens,omitempty" jsonschema:"tokens of passages that the answer is made of; 2000 if not given"`
}

type askOut struct {
	Question   string     `json:"question"`
	Answer     string     `json:"answer" jsonschema:"with citations as [1]; [?] where a passage was cited that was not sent"`
	Extractive bool       `json:"extractive" jsonschema:"put together from sentences of the passages, without a language model"`
	Model      string     `json:"model,omitempty" jsonschema:"the language model"`
	Finish     string     `json:"finish_reason,omitempty"`
	Citations  []cited    `json:"citations"`
	Sentences  []sentence `json:"sentences"`
}

type cited struct {
	Number   int     `json:"number"`
	ID       string  `json:"id"`
	Document string  `json:"document"`
	URI      string  `json:"uri"`
	Title    string  `json:"title,omitempty"`
	Text     string  `json:"text" jsonschema:"what was sent of it"`
	Source   *source `json:"source,omitempty"`
}

type sentence struct {
	Text      string  `json:"text"`
	Citations []int   `json:"citations"`
	Support   float64 `json:"support" jsonschema:"probability, by the cross-encoder, that the passages say this"`
	Supported bool    `json:"supported"`
	Unchecked bool    `json:"unchecked,omitempty" jsonschema:"the cross-encoder has not read this: there was too much, or there is none"`
}

func (s *service) ask(ctx context.Context, in askIn) (*sdk.CallToolResult, askOut, error) {
	if err := s.fresh(); err != nil {
		return nil, askOut{}, err
	}
	search, err := s.options(in.finding, s.limit(in.Limit))
	if err != nil {
		return nil, askOut{}, err
	}
	opts := []winnow.AskOption{
		winnow.Searching(search...), winnow.CheckedBy(s.reranker()),
		winnow.ContextTokens(cmp.Or(in.ContextTokens, s.o.Tokens, winnow.DefaultContextTokens)),
	}
	if s.o.Chat != nil {
		opts = append(opts, winnow.WithChat(s.o.Chat))
	}
	a, err := s.engine.Ask(ctx, in.Question, opts...)
	if err != nil {
		return nil, askOut{}, err
	}
	out := askOut{Question: a.Question, Answer: answer.Clean(a.Text), Extractive: a.Extractive, Model: a.Model, Finish: a.Finish, Citations: []cited{}, Sentences: []sentence{}}
	var b strings.Builder
	b.WriteString(out.Answer + "\n")
	var links []sdk.Content
	for _, c := range a.Citations {
		p := a.Passages[c.Number-1]
		out.Citations = append(out.Citations, cited{c.Number, c.ID, p.Document, uri(p.Document), answer.Clean(c.Title), answer.Clean(p.Text), newSource(c.Source)})
		fmt.Fprintf(&b, "\n[%d] %s%s", c.Number, place(c.ID, newSource(c.Source)), titled(answer.Clean(c.Title)))
		links = append(links, link(p.Document, c.Title))
	}
	for _, x := range a.Sentences {
		out.Sentences = append(out.Sentences, sentence{x.Text, x.Citations, x.Support, x.Supported, x.Unchecked})
	}
	for _, x := range a.Unsupported() {
		fmt.Fprintf(&b, "\nNot seen in the passages: %s", x.Text)
	}
	if n := a.Unchecked(); n > 0 {
		fmt.Fprintf(&b, "\nNot checked: %d of %d sentences.", n, len(a.Sentences))
	}
	if a.Extractive {
		b.WriteString("\nExtractive: sentences of the passages, without a language model.")
	}
	return result(b.String(), links...), out, nil
}
