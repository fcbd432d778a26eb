// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/winnow-search/winnow/encoder"
	"github.com/winnow-search/winnow/eval/calibration"
	"github.com/winnow-search/winnow/model/builtin"
)

// texts are of different lengths.
var texts = []string{
	"A cross-encoder reads query and document together.",
	"Cats sleep for most of the day.",
	"Bread is made of flour, water, salt and yeast, kneaded well and left to rise before it is baked in a hot oven.",
	"A bi-encoder maps each text to a vector.",
}

// alone are the vectors of texts as the encoder gives them without a server.
func alone(t *tester, list []string, opts ...encoder.EncodeOption) [][]float32 {
	t.Helper()
	b, err := encoder.OpenBi(t.options.Models.Retriever, encoder.AtPrecision(t.options.Precision))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var out [][]float32
	for _, text := range list {
		e, err := b.Encode(t.Context(), []string{text}, opts...)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e.Vector(0))
	}
	return out
}

// inUse is the precision that the processor has in place of the one asked for.
func (t *tester) inUse() string {
	b, err := t.models.requestedBi("")
	if err != nil {
		t.Fatal(err)
	}
	return string(b.Precision())
}

type embeddings struct {
	Object string
	Model  string
	Data   []struct {
		Object    string
		Index     int
		Embedding any
	}
	Usage Usage
}

// floats are an embedding of either format.
func floats(t *tester, v any) []float32 {
	t.Helper()
	switch v := v.(type) {
	case []any:
		out := make([]float32, len(v))
		for i := range v {
			f, _ := v[i].(float64)
			out[i] = float32(f)
		}
		return out
	case string:
		data, err := base64.StdEncoding.DecodeString(v)
		if err != nil || len(data)%4 != 0 {
			t.Fatalf("%d bytes, %v", len(data), err)
		}
		out := make([]float32, len(data)/4)
		for i := range out {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		return out
	}
	t.Fatalf("an embedding is a %T", v)
	return nil
}

func TestEmbeddings(t *testing.T) {
	s := start(t, func(o *Options) { o.Aliases = map[string]string{"text-embedding-3-small": builtin.Retriever} })
	want := alone(s, texts)
	for _, format := range []string{"float", "base64"} {
		var got embeddings
		s.post("/v1/embeddings", map[string]any{"model": "text-embedding-3-small", "input": texts, "encoding_format": format, "user": "tolerated"}, &got)
		s.equal("object and model", got.Object+" "+got.Model, "list builtin:retriever")
		for i, d := range got.Data {
			if d.Index != i || d.Object != "embedding" || !slices.Equal(floats(s, d.Embedding), want[i]) {
				t.Errorf("%s: embedding %d differs from the encoder's", format, i)
			}
		}
		if got.Usage.TotalTokens < 40 || got.Usage.PromptTokens != got.Usage.TotalTokens {
			t.Errorf("usage %+v", got.Usage)
		}
	}
	var got embeddings
	s.post("/v1/embeddings", map[string]any{"input": texts[0], "dimensions": 64}, &got)
	if v := floats(s, got.Data[0].Embedding); len(v) != 64 || !slices.Equal(v, alone(s, texts[:1], encoder.Dimensions(64))[0]) {
		t.Errorf("64 dimensions: %d, or other numbers", len(v))
	}
	// Token ids give what their text gives, with special tokens or without, alone or in a list.
	b := s.models.bis[opened{builtin.Retriever, encoder.Int8}]
	ids := b.Model().Tokenizer.AppendIDs(nil, texts[1])
	all := b.Model().Tokenizer.Encode(texts[1]).IDs
	for _, input := range []any{ids, [][]int32{ids}, all, []any{ids, "another"}} {
		s.post("/v1/embeddings", map[string]any{"input": input}, &got)
		if !slices.Equal(floats(s, got.Data[0].Embedding), want[1]) {
			t.Errorf("input %v: another vector than that of the text", input)
		}
	}
	for body, message := range map[string]string{
		`{"input":[]}`:                             "the input is empty",
		`{}`:                                       "the input is missing",
		`{"input":{"text":"a"}}`:                   "must be a string, a list of strings",
		`{"input":["a",[1.5]]}`:                    "input 1 must be",
		`{"input":[1,99999999]}`:                   "token 1 has the id 99999999",
		`{"input":["a",null]}`:                     "item 1 of the input is null",
		`{"input":[7592,null]}`:                    "item 1 of the input is null",
		`{"input":["a",[7592,null]]}`:              "item 1 of the input is null at 1",
		`{"input":null}`:                           "the input is empty",
		`{"input":"a","encoding_format":"int8"}`:   `"int8" is not float or base64`,
		`{"input":"a","dimensions":-3}`:            "dimensions is -3",
		`{"input":"a","dimensions":100000}`:        "dimensions is 100000",
		`{"input":"a","input_type":"question"}`:    "is not query or document",
		`{"input":"a","model":"builtin:reranker"}`: "is a cross-encoder",
		`{"input":"a"`:                             "not JSON",
		`[]`:                                       "a JSON array: want an object",
		``:                                         "body is empty",
		`{"input":"a","model":7}`:                  "a JSON number does not fit",
	} {
		s.refused(s.send(http.MethodPost, "/v1/embeddings", body), http.StatusBadRequest, message)
	}
	s.refused(s.send(http.MethodPost, "/v1/embeddings", `{"input":"a","model":"builtin:retreiver"}`), http.StatusNotFound, `did you mean "builtin:retriever"?`)
	w := s.send(http.MethodPost, "/v1/embeddings", map[string]any{"input": strings.Repeat("word ", 600)})
	if n := w.Header().Get("X-Truncated-Tokens"); n == "" || n == "0" {
		t.Errorf("a cut text is not reported: %q", n)
	}
}

func TestModels(t *testing.T) {
	s := start(t, func(o *Options) {
		o.Aliases = map[string]string{"gte": builtin.Retriever}
		o.Also = []string{"../internal/parity/testdata/cross-three-labels"}
	})
	var list ModelList
	s.get("/v1/models", &list)
	var got []string
	for _, m := range list.Data {
		got = append(got, fmt.Sprint(m.ID, " ", m.Kind, " ", m.Precision, " ", m.Root))
	}
	s.equal("models", strings.Join(got, "\n"), strings.ReplaceAll("builtin:retriever bi-encoder P \nbuiltin:reranker cross-encoder P \n../internal/parity/testdata/cross-three-labels cross-encoder P \ngte bi-encoder P builtin:retriever", "P", s.inUse()))
	var one Model
	s.get("/v1/models/builtin:retriever", &one)
	if one.Dim == 0 || one.MaxTokens == 0 {
		t.Errorf("got %+v", one)
	}
	s.refused(s.send(http.MethodGet, "/v1/models/gpt", nil), http.StatusNotFound, `the model "gpt" is not served`)
}

// An alias of a cross-encoder is a name of it wherever one can be chosen.
func TestAliasesRerank(t *testing.T) {
	s := start(t, func(o *Options) { o.Aliases = map[string]string{"rerank-v3": builtin.Reranker} })
	s.fill()
	var byName, byAlias struct {
		Hits []struct {
			ID    string  `json:"id"`
			Score float64 `json:"score"`
		} `json:"hits"`
		Reranked int `json:"reranked"`
	}
	s.post("/v1/search", map[string]any{"query": "what is bread made of?", "rerank": builtin.Reranker}, &byName)
	s.post("/v1/search", map[string]any{"query": "what is bread made of?", "rerank": "rerank-v3@20"}, &byAlias)
	if byAlias.Reranked == 0 || !slices.Equal(byAlias.Hits, byName.Hits) {
		t.Errorf("got %+v, want %+v", byAlias, byName)
	}
	s.post("/v1/ask", map[string]any{"question": "what is bread made of?", "rerank": "rerank-v3"}, new(any))
	s.post("/v1/influence", map[string]any{"query": "what is bread made of?", "id": byName.Hits[0].ID, "reranker": "rerank-v3"}, new(any))
	s.refused(s.send(http.MethodPost, "/v1/search", `{"query":"bread","rerank":"rerank-v4"}`), http.StatusBadRequest, `did you mean "rerank-v3"?`)
	s.refused(s.send(http.MethodPost, "/v1/search", `{"query":"bread","rerank":"builtin:retriever@10"}`), http.StatusBadRequest, "is a bi-encoder")
	s.post("/v1/search", `{"query":"bread","mode":"hybrid","fusion":{"method":"rrf"}}`, new(any)) // the rest is the default
	w := s.send(http.MethodPut, "/v1/documents", `{}`)
	s.refused(w, http.StatusMethodNotAllowed, "/v1/documents does not take PUT, but GET or POST")
	s.equal("Allow", strings.Join(w.Header().Values("Allow"), " "), "GET POST")
}

func TestAnyModel(t *testing.T) {
	s := start(t, func(o *Options) { o.AnyModel = true })
	var got embeddings
	s.post("/v1/embeddings", map[string]any{"input": "a", "model": "text-embedding-3-small"}, &got)
	s.equal("model", got.Model, builtin.Retriever)
}

func TestRerankOfCohereAndJina(t *testing.T) {
	s := start(t)
	c, err := encoder.OpenCross(builtin.Reranker, encoder.AtPrecision(encoder.Int8))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const query = "How does a reranker read a document?"
	want, err := c.Rank(t.Context(), query, texts)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/rerank", "/v1/rerank", "/v2/rerank"} {
		var got RerankResponse
		s.post(path, map[string]any{"model": builtin.Reranker, "query": query, "documents": texts, "top_n": 3, "truncation": true}, &got)
		s.equal("number", len(got.Results), 3)
		for i, r := range got.Results {
			if r.Index != want[i].Index || r.Logit != want[i].Logit || r.Document != nil {
				t.Errorf("%s: place %d: got %+v, want %+v", path, i, r, want[i])
			}
			if p := 1 / (1 + math.Exp(-float64(r.Logit))); math.Abs(r.RelevanceScore-p) > 1e-9 {
				t.Errorf("logit %v has the relevance %v", r.Logit, r.RelevanceScore)
			}
		}
		s.equal("version", got.Meta.APIVersion.Version, map[bool]string{true: "2", false: "1"}[path == "/v2/rerank"])
		if got.Usage.TotalTokens < 50 || got.Meta.Tokens.InputTokens != got.Usage.TotalTokens || got.Meta.BilledUnits.SearchUnits != 1 || got.ID == "" {
			t.Errorf("usage %+v %+v", got.Usage, got.Meta)
		}
	}
	// Objects are read by their text, their fields named, or all their strings, and given back as they came.
	var got RerankResponse
	s.post("/v1/rerank", `{"query":"bread","documents":[{"text":"cats","n":1},{"title":"bread","body":"flour","n":1}],"return_documents":true,"rank_fields":null}`, &got)
	s.equal("best", got.Results[0].Index, 1)
	s.equal("document", string(got.Results[0].Document), `{"title":"bread","body":"flour","n":1}`)
	s.post("/v1/rerank", `{"query":"bread","documents":[{"a":"bread","b":"cats"},{"a":"cats","b":"bread"}],"rank_fields":["b"]}`, &got)
	s.equal("by its field b", got.Results[0].Index, 1)
	s.post("/v1/rerank", map[string]any{"query": "q", "documents": []string{"a"}, "return_documents": true}, &got)
	s.equal("a string given back", string(got.Results[0].Document), `{"text":"a"}`)
	s.post("/v1/rerank", map[string]any{"query": "q", "documents": []string{texts[2]}, "max_tokens_per_doc": 5}, &got)
	if got.Results[0].Truncated < 10 {
		t.Errorf("%d tokens were cut", got.Results[0].Truncated)
	}
	for body, message := range map[string]string{
		`{"query":"q"}`:                                               "documents are missing",
		`{"query":"q","documents":[]}`:                                "there are no documents",
		`{"query":" ","documents":["a"]}`:                             "the query is empty",
		`{"query":"q","documents":["a"],"top_n":0}`:                   "top_n is 0",
		`{"query":"q","documents":["a"],"max_tokens_per_doc":-1}`:     "max_tokens_per_doc is -1",
		`{"query":"q","documents":["a",null]}`:                        "document 1: want a string or an object",
		`{"query":"q","documents":[{"image":5}]}`:                     "the object has no text",
		`{"query":"q","documents":["a"],"texts":["a"]}`:               "both texts and documents",
		`{"query":"q","documents":"a"}`:                               "field documents: a JSON string does not fit",
		`{"query":"q","documents":["a"],"model":"builtin:retriever"}`: "is a bi-encoder",
	} {
		w := s.send(http.MethodPost, "/v2/rerank", body)
		s.refused(w, http.StatusBadRequest, message)
		if b := w.Body.String(); !strings.Contains(b, `"message":`) || !strings.Contains(b, `"detail":`) {
			t.Errorf("not the error of Cohere and Jina: %s", b)
		}
	}
}

func TestTextEmbeddingsInference(t *testing.T) {
	s := start(t)
	var vectors [][]float32
	want := alone(s, texts)
	s.post("/embed", map[string]any{"inputs": texts, "truncate": true}, &vectors)
	for i := range want {
		if !slices.Equal(vectors[i], want[i]) {
			t.Errorf("vector %d differs", i)
		}
	}
	s.post("/embed", map[string]any{"inputs": texts[0], "normalize": false, "truncate": nil}, &vectors)
	if n := encoder.Dot(vectors[0], vectors[0]); math.Abs(float64(n)-1) < 1e-3 {
		t.Errorf("the vector is normalised all the same: %v", n)
	}
	if c := encoder.Cosine(vectors[0], want[0]); c < 0.99999 {
		t.Errorf("not normalised it has another direction: %v", c)
	}
	var states [][][]float32
	s.post("/embed_all", map[string]any{"inputs": texts[:2]}, &states)
	s.refused(s.send(http.MethodPost, "/embed_all", map[string]any{"inputs": strings.Split(strings.Repeat("a,", mostStates/3+1), ",")}), http.StatusRequestEntityTooLarge, "send them in parts")
	var tokens [][]Token
	s.post("/tokenize", map[string]any{"inputs": texts[:2]}, &tokens)
	s.equal("states", fmt.Sprint(len(states[0]), len(states[1])), fmt.Sprint(len(tokens[0]), len(tokens[1])))
	s.post("/tokenize", map[string]any{"inputs": "Zoë sleeps", "add_special_tokens": false}, &tokens)
	last := tokens[0][len(tokens[0])-1]
	s.equal("characters, not bytes", fmt.Sprint(last.Text, *last.Start, *last.Stop), "sleeps4 10")
	var cosines []float32
	s.post("/similarity", map[string]any{"inputs": map[string]any{"source_sentence": texts[0], "sentences": texts}}, &cosines)
	for i := range texts {
		s.equal("similarity", cosines[i], encoder.Cosine(want[0], want[i]))
	}
	var ranked []Ranked
	s.post("/rerank", map[string]any{"query": "What is bread made of?", "texts": texts, "return_text": true, "raw_scores": true}, &ranked)
	if len(ranked) != len(texts) || ranked[0].Index != 2 || ranked[0].Text == nil || *ranked[0].Text != texts[2] || ranked[0].Score < 0 || ranked[3].Score > 0 {
		t.Errorf("got %+v", ranked)
	}
	ranked = nil
	s.post("/rerank", map[string]any{"query": "What is bread made of?", "texts": texts}, &ranked)
	if ranked[0].Index != 2 || ranked[0].Score > 1 || ranked[3].Score < 0 || ranked[0].Text != nil {
		t.Errorf("got %+v", ranked)
	}
	var info Info
	s.get("/info", &info)
	if info.ModelID != builtin.Retriever || info.MaxInputLength == 0 || info.ModelType["embedding"] == nil {
		t.Errorf("got %+v", info)
	}
	// What Hugging Face's clients send to the server's own address.
	s.post("/", map[string]any{"inputs": texts}, &vectors)
	s.equal("vectors", len(vectors), len(texts))
	s.post("/", map[string]any{"inputs": map[string]any{"source_sentence": "a", "sentences": []string{"b"}}}, &cosines)
	s.equal("cosines", len(cosines), 1)
	s.post("/", map[string]any{"query": "q", "texts": []string{"b"}}, &ranked)
	s.equal("ranked", len(ranked), 1)

	long := strings.Repeat("word ", 700) + "end"
	for body, message := range map[string]string{
		`{"inputs":"a","truncation_direction":"up"}`: `"up" is not left or right`,
		`{"inputs":"a","prompt_name":"nothing"}`:     `no prompt "nothing"`,
		`{"inputs":[]}`:                              "the input is empty",
		`{"inputs":5}`:                               "must be a string",
	} {
		w := s.send(http.MethodPost, "/embed", body)
		s.refused(w, http.StatusBadRequest, message)
		if !strings.Contains(w.Body.String(), `"error_type":"Validation"`) {
			t.Errorf("not the error of text-embeddings-inference: %s", w.Body)
		}
	}
	s.refused(s.send(http.MethodPost, "/embed", map[string]any{"inputs": long, "truncate": false}), http.StatusRequestEntityTooLarge, "has 703 tokens; the model takes")
	s.refused(s.send(http.MethodPost, "/rerank", map[string]any{"query": "q", "texts": []string{"a", long}, "truncate": false}), http.StatusRequestEntityTooLarge, "input 1 has")
	s.post("/embed", map[string]any{"inputs": long, "truncation_direction": "Left"}, &vectors)
	if slices.Equal(vectors[0], alone(s, []string{long})[0]) || !slices.Equal(vectors[0], alone(s, []string{long}, encoder.KeepEnd())[0]) {
		t.Error("the text was not cut at its beginning")
	}
}

func TestPredict(t *testing.T) {
	s := start(t, func(o *Options) { o.Models.Reranker = "../internal/parity/testdata/cross-three-labels" })
	var one []Prediction
	for _, inputs := range []any{"a text", []string{"a text"}, []string{"a", "pair"}} {
		s.post("/predict", map[string]any{"inputs": inputs}, &one)
		sum := 0.0
		for _, p := range one {
			sum += p.Score
		}
		if len(one) != 3 || math.Abs(sum-1) > 1e-6 || one[0].Score < one[1].Score || one[0].Label == one[1].Label {
			t.Errorf("%v: got %+v", inputs, one)
		}
	}
	var several [][]Prediction
	inputs := [][]string{{"a text"}, {"a", "pair"}}
	s.post("/predict", map[string]any{"inputs": inputs, "raw_scores": true}, &several)
	s.equal("inputs", len(several), 2)
	c, err := encoder.OpenCross(s.options.Models.Reranker, encoder.AtPrecision(s.options.Precision))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	long := strings.Repeat("word ", 2*c.MaxTokens()) + "the end"
	logits, err := c.Run(t.Context(), []encoder.Sequence{c.SequenceOf("a text"), c.Sequences("a", []string{"pair"})[0], c.SequenceOf(long, encoder.KeepDocumentEnd()), c.SequenceOf(long)})
	if err != nil {
		t.Fatal(err)
	}
	labels := c.Model().Config.Labels
	same := func(what string, got []Prediction, logits []float32) {
		t.Helper()
		for i, p := range got {
			if p.Score != float64(logits[slices.Index(labels, p.Label)]) || i > 0 && p.Score > got[i-1].Score {
				t.Errorf("%s: got %+v, want %v of %v, the greatest first", what, got, logits, labels)
			}
		}
	}
	for i := range inputs {
		same(fmt.Sprint(inputs[i]), several[i], logits[i])
	}
	for i, direction := range []string{"left", "right"} {
		s.post("/predict", map[string]any{"inputs": long, "raw_scores": true, "truncation_direction": direction}, &one)
		same(direction, one, logits[2+i])
	}
	if slices.Equal(logits[2], logits[3]) {
		t.Error("both ends of the text give the same")
	}
	s.refused(s.send(http.MethodPost, "/predict", `{"inputs":[["a",null]]}`), http.StatusBadRequest, "item 0 of the inputs is null at 1")
	s.refused(s.send(http.MethodPost, "/predict", map[string]any{"inputs": []string{"a", "b", "c"}}), http.StatusBadRequest, "input 0 has 3 texts")
	s.refused(s.send(http.MethodPost, "/predict", `{}`), http.StatusBadRequest, "the inputs are missing")
	s.refused(s.send(http.MethodPost, "/rerank", `{"query":"a","texts":["b"]}`), http.StatusBadRequest, "has 3 labels")
}

// A model of several labels is a classifier there, one of one label a reranker.
func TestInfoOfCrossEncoders(t *testing.T) {
	for model, kind := range map[string]string{"../internal/parity/testdata/cross-three-labels": "classifier", checkpoints.Reranker: "reranker"} {
		s := start(t, small, func(o *Options) { o.Models.Retriever, o.Models.Reranker = "", model })
		var info Info
		s.get("/info", &info)
		if len(info.ModelType) != 1 || info.ModelType[kind] == nil || info.ModelID != model {
			t.Errorf("%s: %+v", model, info)
		}
	}
}

// Whatever the calibration, the scores of text-embeddings-inference's shape are sigmoids, as those of /predict are.
func TestScoresOfRerankShapes(t *testing.T) {
	calibrated := start(t, small)
	x, err := calibrated.models.requestedCross("")
	if err != nil {
		t.Fatal(err)
	}
	fingerprint, err := x.Model().Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	m := calibration.Map{Method: calibration.Platt, A: 2, B: -1}
	s := start(t, small, func(o *Options) { o.Calibrations = map[string]calibration.Map{fingerprint: m} })
	var plain, raw []Ranked
	s.post("/rerank", map[string]any{"query": "bread", "texts": texts}, &plain)
	s.post("/rerank", map[string]any{"query": "bread", "texts": texts, "raw_scores": true}, &raw)
	var other RerankResponse
	s.post("/rerank", map[string]any{"query": "bread", "documents": texts}, &other)
	for i := range plain {
		logit := float32(raw[i].Score)
		if plain[i].Index != raw[i].Index || math.Abs(plain[i].Score-1/(1+math.Exp(-raw[i].Score))) > 1e-9 {
			t.Errorf("place %d: %+v, raw %+v", i, plain[i], raw[i])
		}
		if r := other.Results[i]; r.Index != raw[i].Index || r.Logit != logit || r.RelevanceScore != m.Probability(logit) {
			t.Errorf("place %d: %+v, raw %+v", i, r, raw[i])
		}
		var labels []Prediction
		s.post("/predict", map[string]any{"inputs": []string{"bread", texts[raw[i].Index]}}, &labels)
		if math.Abs(labels[0].Score-plain[i].Score) > 1e-9 {
			t.Errorf("/predict has %v, /rerank %v", labels[0].Score, plain[i].Score)
		}
	}
	// A query may be empty there, unless a text is, too.
	s.post("/rerank", `{"query":"","texts":["a"]}`, &plain)
	for body, message := range map[string]string{
		`{"query":"","texts":["a",""]}`:    "the query and text 1 are both empty",
		`{"query":"q","texts":["a",null]}`: "item 1 of the texts is null",
		`{"query":"q","texts":"a"}`:        "field texts: a JSON string does not fit",
		`{"query":5,"texts":["a"]}`:        "field query: a JSON number does not fit",
		`{"query":"q","texts":[]}`:         "there are 0 texts",
	} {
		w := s.send(http.MethodPost, "/rerank", body)
		s.refused(w, http.StatusBadRequest, message)
		if !strings.Contains(w.Body.String(), `"error_type":"Validation"`) {
			t.Errorf("not the error of text-embeddings-inference: %s", w.Body)
		}
	}
	s.refused(s.send(http.MethodPost, "/similarity", `{"inputs":{"source_sentence":"a","sentences":[null]}}`), http.StatusBadRequest, "item 0 of the texts is null")
	s.refused(s.send(http.MethodPost, "/embed", `{"inputs":["a",null]}`), http.StatusBadRequest, "item 1 of the input is null")
}

// An answer of tokens is bounded, by what is sent and by what it comes to.
func TestTokenizeIsBounded(t *testing.T) {
	s := start(t, small)
	s.refused(s.send(http.MethodPost, "/tokenize", map[string]any{"inputs": []string{strings.Repeat(" ", mostTokenizedBytes), "a"}}), http.StatusRequestEntityTooLarge, "1048577 bytes together; at most 1048576")
	s.refused(s.send(http.MethodPost, "/tokenize", map[string]any{"inputs": strings.Repeat("a ", mostTokenized)}), http.StatusRequestEntityTooLarge, "at most 131072: send them in parts")
	var tokens [][]Token
	s.post("/tokenize", map[string]any{"inputs": strings.Repeat(" ", mostTokenizedBytes-1) + "a", "add_special_tokens": false}, &tokens)
	s.equal("tokens", len(tokens[0]), 1)
}

// Many clients at once get, each, what they would get alone.
func TestConcurrentRequestsGetTheSameBits(t *testing.T) {
	s := start(t, small, func(o *Options) { o.BatchTokens = 96 })
	var list []string
	for i := range 24 {
		list = append(list, strings.Repeat(texts[i%len(texts)]+" ", 1+i%5)+fmt.Sprint(i))
	}
	want := alone(s, list)
	var wg sync.WaitGroup
	for i := range list {
		wg.Go(func() {
			n := 1 + i%4
			part := list[i:min(i+n, len(list))]
			var got [][]float32
			s.post("/embed", map[string]any{"inputs": part}, &got)
			for j := range part {
				if !slices.Equal(got[j], want[i+j]) {
					t.Errorf("text %d differs", i+j)
				}
			}
		})
	}
	wg.Wait()
}
