// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import "testing"

// FuzzConfig: whatever the settings files hold, opening gives an error or a model whose numbers are
// within the documented limits and fit together.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(tinyConfig), []byte(tinyModules), []byte(`{"word_embedding_dimension":8,"pooling_mode_mean_tokens":true}`), []byte(`{"prompts":{"query":"q: "}}`))
	f.Add([]byte(tinyConfig), []byte(`[{"path":"a/..","type":"sentence_transformers.models.Transformer"}]`), []byte(`{"embedding_dimension":8,"pooling_mode":["cls","max"]}`), []byte(`{"default_prompt_name":"x"}`))
	f.Add([]byte(`{"architectures":["BertForSequenceClassification"],"id2label":{"0":"a"},"sentence_transformers":{"activation_fn":null}}`), []byte(`[]`), []byte(`{"in_features":2,"out_features":3}`), []byte(`{"weight_map":{"a":"../b.safetensors"}}`))
	f.Fuzz(func(t *testing.T, config, modules, part, settings []byte) {
		for _, pooled := range []bool{false, true} {
			c, cross, err := parseConfig(config, pooled)
			if err != nil {
				continue
			}
			if c.Hidden < 1 || c.Hidden > 16384 || c.Layers < 1 || c.Layers > 256 || c.Heads < 1 || c.Hidden%c.Heads != 0 ||
				c.Vocab < 1 || c.Vocab > 10_000_000 || c.Positions < 1 || c.Types < 1 || c.Intermediate < 1 || !(c.Epsilon > 0) || len(c.Labels) > maxLabels {
				t.Fatalf("out of limits: %+v", c)
			}
			if c.Architecture == BertForSequenceClassification {
				if len(c.Labels) == 0 {
					t.Fatal("a classifier without labels")
				}
				if a, _, err := cross.resolve(); err == nil {
					a.Apply([]float32{1})
				}
			}
		}
		if p, err := parseModules(modules); err == nil {
			for _, dir := range append([]string{p.transformer, p.pooling}, p.dense...) {
				if checkSubdirectory(dir) != nil {
					t.Fatalf("path %q", dir)
				}
			}
		}
		if p, err := parsePooling(part); err == nil && (len(p.Modes) < 1 || len(p.Modes) > len(poolingModes)) {
			t.Fatalf("%d pooling modes", len(p.Modes))
		}
		if d, _, err := parseDense(part); err == nil && (d.In < 1 || d.Out < 1 || d.Activation == "") {
			t.Fatalf("dense %+v", d)
		}
		if _, shards, err := parseIndex(settings); err == nil && len(shards) == 0 {
			t.Fatal("an index without files")
		}
		var s sentenceSettings
		if decodeJSON(settings, &s) == nil && s.check() == nil {
			s.prompts()
		}
		var tok tokenizerSettings
		if decodeJSON(settings, &tok) == nil {
			if n, err := tok.stated(); err == nil && (n < 0 || n >= noLimit) {
				t.Fatalf("length %d", n)
			}
		}
		// And all together, with weights that fit the tiny model only.
		files := fileMap{"config.json": config, "modules.json": modules, "1_Pooling/config.json": part, "config_sentence_transformers.json": settings, "tokenizer_config.json": settings, "vocab.txt": []byte(tinyVocab), "model.safetensors": tinyWeightsOnce(t)}
		if m, err := openFiles("fuzz", "memory", files); err == nil {
			if m.MaxLength < 3 || m.MaxLength > m.Config.Positions {
				t.Fatalf("max length %d", m.MaxLength)
			}
			if _, err := m.Fingerprint(); err != nil {
				t.Fatal(err)
			}
			m.Close()
		}
	})
}

var tinyWeightsCache []byte

func tinyWeightsOnce(t *testing.T) []byte {
	if tinyWeightsCache == nil {
		tinyWeightsCache = encodeWeights(t, tinyEntries(t, tinyConfig, ""))
	}
	return tinyWeightsCache
}
