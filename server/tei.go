// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval/calibration"
	"github.com/winnow-search/winnow/internal/pooling"
	"github.com/winnow-search/winnow/tokenizer"
)

// Truncation is how texts that do not fit are treated. Of text-embeddings-inference's fields.
type Truncation struct {
	Truncate            *bool  `json:"truncate,omitempty" jsonschema:"false refuses texts that do not fit; true if not set"`
	TruncationDirection string `json:"truncation_direction,omitempty" jsonschema:"left or right, the end at which texts are cut; right if not set"`
}

// left reports whether texts are cut at their beginning.
func (t *Truncation) left() (bool, error) {
	switch strings.ToLower(t.TruncationDirection) {
	case "", "right":
		return false, nil
	case "left":
		return true, nil
	}
	return false, bad("truncation_direction", "the truncation_direction %.80q is not left or right", t.TruncationDirection)
}

// fits refuses what was cut, if that is not wanted.
func (t *Truncation) fits(list []encoder.Sequence, limit int) error {
	if t.Truncate == nil || *t.Truncate {
		return nil
	}
	for i, s := range list {
		if cut := s.Truncated + s.QueryTruncated; cut > 0 {
			return &problem{status: http.StatusRequestEntityTooLarge, param: "inputs", err: fmt.Errorf("input %d has %d tokens; the model takes %d: shorten it, or leave out truncate", i, s.Len()+cut, limit)}
		}
	}
	return nil
}

// EmbedRequest is a request for vectors.
type EmbedRequest struct {
	Inputs Inputs `json:"inputs"`
	Truncation
	Normalize  *bool  `json:"normalize,omitempty" jsonschema:"scale vectors to length 1; true if not set"`
	PromptName string `json:"prompt_name,omitempty" jsonschema:"a prompt of the model's to put before each text"`
	Dimensions int    `json:"dimensions,omitempty" jsonschema:"keep so many of the vector's first dimensions"`
}

func (r *EmbedRequest) normalize() bool { return r.Normalize == nil || *r.Normalize }

// sequencesOf makes sequences of a request's inputs.
func (c *call) sequencesOf(b *biModel, r *EmbedRequest) ([]encoder.Sequence, error) {
	opts := []encoder.EncodeOption{encoder.Dimensions(r.Dimensions)}
	if r.PromptName != "" {
		if _, ok := b.Model().Prompts[r.PromptName]; !ok {
			return nil, bad("prompt_name", "the model has no prompt %.80q; it has: %s", r.PromptName, strings.Join(sortedKeys(b.Model().Prompts), ", "))
		}
		opts = append(opts, encoder.PromptName(r.PromptName))
	}
	left, err := r.left()
	if err != nil {
		return nil, err
	}
	if left {
		opts = append(opts, encoder.KeepEnd())
	}
	if !r.normalize() {
		opts = append(opts, encoder.Unnormalized())
	}
	list, err := c.sequences(b, &r.Inputs, opts...)
	if err != nil {
		return nil, err
	}
	return list, r.fits(list, b.MaxTokens())
}

func (c *call) embed(r *EmbedRequest) (*[][]float32, error) {
	b, err := c.models.requestedBi("")
	if err != nil {
		return nil, err
	}
	list, err := c.sequencesOf(b, r)
	if err != nil {
		return nil, err
	}
	vectors, err := b.vectors.Do(c.ctx(), list)
	if err != nil {
		return nil, err
	}
	if r.normalize() && !b.Model().Normalize {
		for _, v := range vectors {
			pooling.Normalize(v)
		}
	}
	return &vectors, nil
}

// mostStates bounds the tokens of a request for all their vectors, which are some kilobytes of JSON each.
const mostStates = 1 << 14

func (c *call) embedAll(r *EmbedRequest) (*[][][]float32, error) {
	b, err := c.models.requestedBi("")
	if err != nil {
		return nil, err
	}
	if r.Dimensions != 0 {
		return nil, bad("dimensions", "vectors of tokens have all their dimensions: leave out dimensions")
	}
	list, err := c.sequencesOf(b, r)
	if err != nil {
		return nil, err
	}
	if c.tokens > mostStates {
		return nil, &problem{status: http.StatusRequestEntityTooLarge, param: "inputs", err: fmt.Errorf("the inputs have %d tokens together; an answer has vectors of %d at most: send them in parts", c.tokens, mostStates)}
	}
	states, err := b.states.Do(c.ctx(), list)
	if err != nil {
		return nil, err
	}
	return &states, nil
}

// PredictRequest is a request to classify texts or pairs.
type PredictRequest struct {
	Inputs Classified `json:"inputs"`
	Truncation
	RawScores bool `json:"raw_scores,omitempty" jsonschema:"logits in place of probabilities"`
}

// Classified are texts or pairs: in JSON a string, a pair of strings, or a list of lists of one or two strings.
type Classified struct {
	list  [][]string
	batch bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (in *Classified) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	if err := noNull("inputs", data); err != nil {
		return err
	}
	var text string
	var one []string
	switch {
	case len(data) > 0 && data[0] == '"':
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		in.list = [][]string{{text}}
	case json.Unmarshal(data, &one) == nil && len(one) > 0:
		in.list = [][]string{one}
	default:
		in.batch = true
		if json.Unmarshal(data, &in.list) != nil {
			return bad("inputs", "the inputs must be a string, a pair of strings, or a list of lists of one or two strings")
		}
	}
	for i, texts := range in.list {
		if len(texts) != 1 && len(texts) != 2 {
			return bad("inputs", "input %d has %d texts; want one, or a pair", i, len(texts))
		}
	}
	if len(in.list) == 0 || len(in.list) > mostInputs {
		return bad("inputs", "there are %d inputs; want 1 to %d", len(in.list), mostInputs)
	}
	return nil
}

// Prediction is a label with its score.
type Prediction struct {
	Score float64 `json:"score"`
	Label string  `json:"label"`
}

// predict gives for each input all labels, the likeliest first: a list of them, or of lists for a list of inputs.
func (c *call) predict(r *PredictRequest) (*any, error) {
	x, err := c.models.requestedCross("")
	if err != nil {
		return nil, err
	}
	if r.Inputs.list == nil {
		return nil, bad("inputs", "the inputs are missing")
	}
	left, err := r.left()
	if err != nil {
		return nil, err
	}
	var opts []encoder.PairOption
	if left {
		opts = append(opts, encoder.KeepDocumentEnd())
	}
	list := make([]encoder.Sequence, len(r.Inputs.list))
	for i, texts := range r.Inputs.list {
		if c.ctx().Err() != nil {
			return nil, context.Cause(c.ctx())
		}
		if len(texts) == 2 {
			list[i] = x.Sequences(texts[0], texts[1:], opts...)[0]
		} else {
			list[i] = x.SequenceOf(texts[0], opts...)
		}
		c.count(list[i])
	}
	if err := r.fits(list, x.MaxTokens()); err != nil {
		return nil, err
	}
	logits, err := x.logits.Do(c.ctx(), list)
	if err != nil {
		return nil, err
	}
	scores := x.NewScores(list, logits)
	out := make([][]Prediction, len(list))
	for i := range out {
		probabilities := scores.Probability(i)
		for j, label := range x.Model().Config.Labels {
			p := Prediction{probabilities[j], label}
			if r.RawScores {
				p.Score = float64(logits[i][j])
			}
			out[i] = append(out[i], p)
		}
		slices.SortStableFunc(out[i], func(a, b Prediction) int { return cmp.Compare(b.Score, a.Score) })
	}
	var value any = out
	if !r.Inputs.batch {
		value = out[0]
	}
	return &value, nil
}

// Ranked is a text's place, in text-embeddings-inference's shape.
type Ranked struct {
	Index int     `json:"index"`
	Text  *string `json:"text,omitempty"`
	Score float64 `json:"score"`
}

func (c *call) rerankTEI(r *RerankRequest) (*[]Ranked, error) {
	x, err := c.models.requestedCross(r.Model)
	if err != nil {
		return nil, err
	}
	if len(r.Texts) == 0 || len(r.Texts) > mostInputs {
		return nil, bad("texts", "there are %d texts; want 1 to %d", len(r.Texts), mostInputs)
	}
	if i := slices.Index(r.Texts, ""); r.Query == "" && i >= 0 { // a query without text is taken there, with a text
		return nil, bad("texts", "the query and text %d are both empty", i)
	}
	t := Truncation{r.Truncate, r.TruncationDirection}
	left, err := t.left()
	if err != nil {
		return nil, err
	}
	var opts []encoder.PairOption
	if left {
		opts = append(opts, encoder.KeepDocumentEnd())
	}
	if r.Truncate != nil && !*r.Truncate {
		list, err := c.pairs(x, r.Query, r.Texts, opts...)
		if err == nil {
			err = t.fits(list, x.MaxTokens())
		}
		if err != nil {
			return nil, err
		}
		c.tokens = 0 // they are counted again
	}
	ranked, err := c.rank(x, r.Query, r.Texts, opts...)
	if err != nil {
		return nil, err
	}
	out := make([]Ranked, len(ranked))
	for i, one := range ranked {
		out[i] = Ranked{Index: one.Index, Score: calibration.Sigmoid().Probability(one.Logit)} // as /predict has it
		if r.RawScores {
			out[i].Score = float64(one.Logit)
		}
		if r.ReturnText {
			out[i].Text = &r.Texts[one.Index]
		}
	}
	return &out, nil
}

// SimilarityRequest asks how alike sentences are to one.
type SimilarityRequest struct {
	Inputs     SimilarityInputs      `json:"inputs"`
	Parameters *SimilarityParameters `json:"parameters,omitempty"`
}

// SimilarityInputs are the sentences.
type SimilarityInputs struct {
	Source    string `json:"source_sentence"`
	Sentences Texts  `json:"sentences"`
}

// SimilarityParameters are as those of an [EmbedRequest].
type SimilarityParameters struct {
	Truncation
	PromptName string `json:"prompt_name,omitempty"`
}

func (c *call) similarity(r *SimilarityRequest) (*[]float32, error) {
	if len(r.Inputs.Sentences) == 0 {
		return nil, bad("inputs", "the field sentences is missing or empty: want a list of strings")
	}
	e := &EmbedRequest{Inputs: Inputs{list: []Input{{text: r.Inputs.Source}}}}
	for _, s := range r.Inputs.Sentences {
		e.Inputs.list = append(e.Inputs.list, Input{text: s})
	}
	if err := e.Inputs.check(); err != nil {
		return nil, err
	}
	if p := r.Parameters; p != nil {
		e.Truncation, e.PromptName = p.Truncation, p.PromptName
	}
	vectors, err := c.embed(e)
	if err != nil {
		return nil, err
	}
	out := make([]float32, len(r.Inputs.Sentences))
	for i := range out {
		out[i] = encoder.Cosine((*vectors)[0], (*vectors)[i+1])
	}
	return &out, nil
}

// The bounds of a request for tokens: each is some hundred bytes of JSON, and a text may be all tokens.
const (
	mostTokenized      = 1 << 17
	mostTokenizedBytes = 1 << 20
)

// TokenizeRequest asks for tokens.
type TokenizeRequest struct {
	Inputs           Inputs `json:"inputs"`
	AddSpecialTokens *bool  `json:"add_special_tokens,omitempty" jsonschema:"true if not set"`
	Model            string `json:"model,omitempty" jsonschema:"a served model; the bi-encoder if not set"`
}

// Token is one of a text. Start and stop count characters; special tokens have none.
type Token struct {
	ID      int32  `json:"id"`
	Text    string `json:"text"`
	Special bool   `json:"special"`
	Start   *int   `json:"start"`
	Stop    *int   `json:"stop"`
}

func (c *call) tokenize(r *TokenizeRequest) (*[][]Token, error) {
	t, err := c.tokenizer(r.Model)
	if err != nil {
		return nil, err
	}
	if len(r.Inputs.list) == 0 {
		return nil, bad("inputs", "the inputs are missing")
	}
	size := 0
	for i, in := range r.Inputs.list {
		if in.ids != nil {
			return nil, bad("inputs", "input %d is a list of token ids; want a text", i)
		}
		size += len(in.text)
	}
	large := func(n int, what string, most int) error {
		return &problem{status: http.StatusRequestEntityTooLarge, param: "inputs", err: fmt.Errorf("the inputs have %d %s together; at most %d: send them in parts", n, what, most)}
	}
	if size > mostTokenizedBytes {
		return nil, large(size, "bytes", mostTokenizedBytes)
	}
	out := make([][]Token, len(r.Inputs.list))
	for i, in := range r.Inputs.list {
		if c.ctx().Err() != nil {
			return nil, context.Cause(c.ctx())
		}
		e := t.Encode(in.text)
		if c.tokens += len(e.IDs); c.tokens > mostTokenized {
			return nil, large(c.tokens, "tokens or more", mostTokenized)
		}
		out[i] = make([]Token, 0, len(e.IDs))
		at, characters := 0, 0 // the character at a byte; tokens come in the order of the text
		for j, id := range e.IDs {
			special := e.SpecialMask[j] == 1
			name, _ := t.Token(id)
			token := Token{ID: id, Text: name, Special: special}
			if special && r.AddSpecialTokens != nil && !*r.AddSpecialTokens {
				continue
			}
			if !special {
				from, to := int(e.Offsets[j][0]), int(e.Offsets[j][1])
				if from < at {
					at, characters = 0, 0
				}
				characters += utf8.RuneCountInString(in.text[at:from])
				at = from
				start, stop := characters, characters+utf8.RuneCountInString(in.text[from:to])
				token.Text, token.Start, token.Stop = in.text[from:to], &start, &stop
			}
			out[i] = append(out[i], token)
		}
	}
	return &out, nil
}

// tokenizer is that of a served model, or of the first one there is.
func (c *call) tokenizer(name string) (*tokenizer.Tokenizer, error) {
	b, err := c.models.requestedBi(name)
	if err == nil {
		return b.Model().Tokenizer, nil
	}
	if x, crossErr := c.models.requestedCross(name); crossErr == nil {
		return x.Model().Tokenizer, nil
	}
	return nil, err
}

// Info is what text-embeddings-inference says of itself, for the first model that is served.
type Info struct {
	ModelID               string         `json:"model_id"`
	ModelSHA              *string        `json:"model_sha"`
	ModelDtype            string         `json:"model_dtype"`
	ModelType             map[string]any `json:"model_type"`
	MaxConcurrentRequests int            `json:"max_concurrent_requests"`
	MaxInputLength        int            `json:"max_input_length"`
	MaxBatchTokens        int            `json:"max_batch_tokens"`
	MaxBatchRequests      *int           `json:"max_batch_requests"`
	MaxClientBatchSize    int            `json:"max_client_batch_size"`
	AutoTruncate          bool           `json:"auto_truncate"`
	TokenizationWorkers   int            `json:"tokenization_workers"`
	Version               string         `json:"version"`
	SHA                   *string        `json:"sha"`
	DockerLabel           *string        `json:"docker_label"`
}

func (c *call) info() (*Info, error) {
	out := &Info{
		MaxConcurrentRequests: mostInputs, MaxBatchTokens: c.options.BatchTokens, MaxClientBatchSize: mostInputs, AutoTruncate: true,
		TokenizationWorkers: max(1, c.options.Threads), Version: c.options.Version,
	}
	if b, err := c.models.requestedBi(""); err == nil {
		out.ModelID, out.ModelDtype, out.MaxInputLength = b.name, string(b.Precision()), b.MaxTokens()
		out.ModelType = map[string]any{"embedding": map[string]any{"pooling": strings.Join(b.Model().Pooling.Modes, "+")}}
		return out, nil
	}
	x, err := c.models.requestedCross("")
	if err != nil {
		return nil, err
	}
	out.ModelID, out.ModelDtype, out.MaxInputLength = x.name, string(x.Precision()), x.MaxTokens()
	id, label := map[int]string{}, map[string]int{}
	for i, name := range x.Model().Config.Labels {
		id[i], label[name] = name, i
	}
	kind := "reranker"
	if len(label) > 1 {
		kind = "classifier"
	}
	out.ModelType = map[string]any{kind: map[string]any{"id2label": id, "label2id": label}}
	return out, nil
}

// anything answers what clients of Hugging Face post to the server's own address: a query with texts is to be reranked, an object of
// sentences compared, and else inputs are embedded.
func (c *call) anything(data []byte) (any, error) {
	var shape struct {
		Texts  json.RawMessage `json:"texts"`
		Inputs json.RawMessage `json:"inputs"`
	}
	if err := decode(data, &shape); err != nil {
		return nil, err
	}
	switch inputs := bytes.TrimSpace(shape.Inputs); {
	case shape.Texts != nil:
		return c.rerank(data)
	case len(inputs) > 0 && inputs[0] == '{':
		var r SimilarityRequest
		if err := decode(data, &r); err != nil {
			return nil, err
		}
		return answered(c.similarity(&r))
	}
	var r EmbedRequest
	if err := decode(data, &r); err != nil {
		return nil, err
	}
	return answered(c.embed(&r))
}
