// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"slices"
	"strings"
	"testing"
)

func TestParseConfig(t *testing.T) {
	c, _, err := parseConfig([]byte(tinyConfig), false)
	if err != nil {
		t.Fatal(err)
	}
	if c.Hidden != 8 || c.Layers != 1 || c.Heads != 2 || c.Intermediate != 12 || c.Vocab != 7 || c.Positions != 16 ||
		c.Types != 2 || c.Epsilon != 1e-12 || c.HiddenAct != "gelu" || c.Architecture != BertModel || c.Labels != nil {
		t.Errorf("got %+v", c)
	}
	bare := `{"architectures":["BertModel"],"model_type":"bert","hidden_size":8,"num_hidden_layers":1,
		"num_attention_heads":2,"intermediate_size":12,"vocab_size":7,"max_position_embeddings":16}`
	if c, _, err = parseConfig([]byte(bare), false); err != nil || c.Types != 2 || c.Epsilon != 1e-12 || c.HiddenAct != "gelu" {
		t.Errorf("defaults: %+v, %v", c, err)
	}
}

func TestConfigRefusals(t *testing.T) {
	cases := []struct {
		name   string
		fields map[string]any
		want   []string
	}{
		{"no architecture", map[string]any{"architectures": nil}, []string{"architectures is missing", "BertModel"}},
		{"near architecture", map[string]any{"architectures": []string{"BertModell"}}, []string{`"BertModell"`, `nearest is "BertModel"`, "BertForSequenceClassification"}},
		{"other architecture", map[string]any{"architectures": []string{"XLMRobertaModel"}}, []string{`"XLMRobertaModel"`, "supported"}},
		{"head without pooling", map[string]any{"architectures": []string{"BertForMaskedLM"}}, []string{`"BertForMaskedLM"`}},
		{"model type", map[string]any{"model_type": "roberta"}, []string{"model_type", `"roberta"`, "bert"}},
		{"no model type", map[string]any{"model_type": nil}, []string{"model_type"}},
		{"activation", map[string]any{"hidden_act": "gelu_mew"}, []string{`"gelu_mew"`, `nearest is "gelu_new"`, "relu"}},
		{"positions", map[string]any{"position_embedding_type": "relative_key"}, []string{"position_embedding_type", `"relative_key"`, "absolute"}},
		{"decoder", map[string]any{"is_decoder": true}, []string{"is_decoder"}},
		{"cross-attention", map[string]any{"add_cross_attention": true}, []string{"add_cross_attention"}},
		{"encoder-decoder", map[string]any{"is_encoder_decoder": true}, []string{"is_encoder_decoder"}},
		{"quantised elsewhere", map[string]any{"quantization_config": map[string]any{"quant_method": "gptq"}}, []string{"quantization_config", `"gptq"`}},
		{"no hidden size", map[string]any{"hidden_size": nil}, []string{"hidden_size is missing"}},
		{"hidden size 0", map[string]any{"hidden_size": 0}, []string{"hidden_size is 0"}},
		{"hidden size too large", map[string]any{"hidden_size": 16385}, []string{"hidden_size", "16384"}},
		{"hidden size text", map[string]any{"hidden_size": "8"}, []string{`"hidden_size"`, "string"}},
		{"hidden size fraction", map[string]any{"hidden_size": 8.5}, []string{`"hidden_size"`}},
		{"layers", map[string]any{"num_hidden_layers": 257}, []string{"num_hidden_layers", "256"}},
		{"negative layers", map[string]any{"num_hidden_layers": -1}, []string{"num_hidden_layers"}},
		{"heads do not divide", map[string]any{"num_attention_heads": 3}, []string{"hidden_size 8", "num_attention_heads 3"}},
		{"vocabulary", map[string]any{"vocab_size": 10_000_001}, []string{"vocab_size", "10000000"}},
		{"intermediate", map[string]any{"intermediate_size": 1 << 19}, []string{"intermediate_size"}},
		{"positions count", map[string]any{"max_position_embeddings": 1 << 21}, []string{"max_position_embeddings"}},
		{"types", map[string]any{"type_vocab_size": 0}, []string{"type_vocab_size"}},
		{"epsilon 0", map[string]any{"layer_norm_eps": 0}, []string{"layer_norm_eps"}},
		{"epsilon large", map[string]any{"layer_norm_eps": 1}, []string{"layer_norm_eps"}},
		{"labels with a gap", map[string]any{"architectures": []string{BertForSequenceClassification}, "id2label": map[string]string{"0": "a", "2": "b"}}, []string{"id2label", "none for 1"}},
		{"no labels", map[string]any{"architectures": []string{BertForSequenceClassification}, "id2label": map[string]string{}}, []string{"0 labels"}},
		{"too many labels", map[string]any{"architectures": []string{BertForSequenceClassification}, "num_labels": 1 << 20}, []string{"labels"}},
		{"activation not text", map[string]any{"sentence_transformers": map[string]any{"activation_fn": 3}}, []string{"activation_fn is not a string"}},
	}
	base := fileMap{"config.json": []byte(tinyConfig)}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			data := base.edit(t, "config.json", c.fields)["config.json"]
			_, _, err := parseConfig(data, false)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error %q does not contain %q", err, w)
				}
			}
		})
	}
	for _, text := range []string{"", "[]", "{", `{"hidden_size":1e400}`, strings.Repeat("[", 20000), "null"} {
		if _, _, err := parseConfig([]byte(text), false); err == nil {
			t.Errorf("%.20q was accepted", text)
		}
	}
	if _, _, err := parseConfig(make([]byte, maxSettings+1), false); err == nil || !strings.Contains(err.Error(), "limit") {
		t.Errorf("size limit: %v", err)
	}
}

func TestLabels(t *testing.T) {
	base := (fileMap{"config.json": []byte(tinyConfig)}).edit(t, "config.json", map[string]any{"architectures": []string{BertForSequenceClassification}})
	cases := []struct {
		name   string
		fields map[string]any
		want   []string
	}{
		{"two where nothing is stated", nil, []string{"LABEL_0", "LABEL_1"}},
		{"number", map[string]any{"num_labels": 1}, []string{"LABEL_0"}},
		{"names", map[string]any{"id2label": map[string]string{"1": "good", "0": "bad"}}, []string{"bad", "good"}},
		{"names win", map[string]any{"num_labels": 3, "id2label": map[string]string{"0": "x"}}, []string{"x"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := parseConfig(base.edit(t, "config.json", c.fields)["config.json"], false)
			if err != nil || !slices.Equal(got.Labels, c.want) {
				t.Errorf("got %q, %v; want %q", got.Labels, err, c.want)
			}
		})
	}
}

// Architectures with other heads are encoders where a Pooling module follows.
func TestPooledArchitectures(t *testing.T) {
	for _, a := range []string{"BertForMaskedLM", "BertForPreTraining", BertForSequenceClassification} {
		data := (fileMap{"c": []byte(tinyConfig)}).edit(t, "c", map[string]any{"architectures": []string{a}})["c"]
		if _, _, err := parseConfig(data, true); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
}
