// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/model/safetensors"
)

// fileMap is a model in memory.
type fileMap map[string][]byte

// ReadFile implements Files.
func (f fileMap) ReadFile(name string) ([]byte, error) {
	data, ok := f[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return data, nil
}

// write lays the files out in a directory and returns it.
func (f fileMap) write(t *testing.T, dir string) string {
	t.Helper()
	for name, data := range f {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// with returns a copy with some files replaced; a nil removes the file.
func (f fileMap) with(changes map[string]string) fileMap {
	out := maps.Clone(f)
	for name, s := range changes {
		out[name] = []byte(s)
		if s == "" {
			delete(out, name)
		}
	}
	return out
}

// edit returns a copy with fields of a JSON file replaced; nil removes a field.
func (f fileMap) edit(t *testing.T, name string, fields map[string]any) fileMap {
	t.Helper()
	all := map[string]any{}
	if data, ok := f[name]; ok {
		if err := json.Unmarshal(data, &all); err != nil {
			t.Fatal(err)
		}
	}
	for k, v := range fields {
		all[k] = v
		if v == nil {
			delete(all, k)
		}
	}
	data, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return f.with(map[string]string{name: string(data)})
}

const tinyConfig = `{"architectures":["BertModel"],"model_type":"bert","hidden_size":8,"num_hidden_layers":1,
"num_attention_heads":2,"intermediate_size":12,"vocab_size":7,"max_position_embeddings":16,"type_vocab_size":2,
"hidden_act":"gelu","layer_norm_eps":1e-12,"position_embedding_type":"absolute"}`

const tinyModules = `[{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},
{"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"},
{"idx":2,"name":"2","path":"2_Normalize","type":"sentence_transformers.models.Normalize"}]`

const tinyVocab = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n"

// tinyEntries makes the tensors that a configuration needs, each filled with its own numbers.
func tinyEntries(t *testing.T, config, prefix string) []safetensors.Entry {
	t.Helper()
	c, _, err := parseConfig([]byte(config), true)
	if err != nil {
		t.Fatal(err)
	}
	var out []safetensors.Entry
	for i, r := range requirements(c, prefix) {
		n := 4
		for _, d := range r.shape {
			n *= d
		}
		data := make([]byte, n)
		for k := range data {
			data[k] = byte(i + k/4)
		}
		out = append(out, safetensors.Entry{Name: r.name, DType: safetensors.F32, Shape: r.shape, Data: safetensors.Bytes(data)})
	}
	return out
}

func encodeWeights(t *testing.T, entries []safetensors.Entry) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := safetensors.Write(&out, entries, map[string]string{"format": "pt"}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// tinyBi is a complete bi-encoder.
func tinyBi(t *testing.T) fileMap {
	t.Helper()
	return fileMap{
		"config.json":                       []byte(tinyConfig),
		"model.safetensors":                 encodeWeights(t, tinyEntries(t, tinyConfig, "")),
		"vocab.txt":                         []byte(tinyVocab),
		"modules.json":                      []byte(tinyModules),
		"1_Pooling/config.json":             []byte(`{"word_embedding_dimension":8,"pooling_mode_mean_tokens":true}`),
		"tokenizer_config.json":             []byte(`{"model_max_length":12}`),
		"special_tokens_map.json":           []byte(`{}`),
		"config_sentence_transformers.json": []byte(`{"prompts":{"query":"q: "}}`),
	}
}

// tinyCross is a complete cross-encoder with n labels.
func tinyCross(t *testing.T, n int) fileMap {
	t.Helper()
	labels := map[string]string{}
	for i := range n {
		labels[string(rune('0'+i))] = "label " + string(rune('a'+i))
	}
	f := fileMap{"config.json": []byte(tinyConfig), "vocab.txt": []byte(tinyVocab)}
	f = f.edit(t, "config.json", map[string]any{"architectures": []string{BertForSequenceClassification}, "id2label": labels})
	f["model.safetensors"] = encodeWeights(t, tinyEntries(t, string(f["config.json"]), "bert."))
	return f
}

func mustOpen(t *testing.T, f Files) *Model {
	t.Helper()
	m, err := openFiles("test", "memory", f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// wantError opens the files and checks that the error holds all parts.
func wantError(t *testing.T, f Files, parts ...string) {
	t.Helper()
	m, err := openFiles("test", "memory", f)
	if err == nil {
		m.Close()
		t.Fatalf("opened, want an error with %q", parts)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q does not contain %q", err, p)
		}
	}
}

// below moves every file into a subdirectory.
func (f fileMap) below(dir string) fileMap {
	out := fileMap{}
	for name, data := range f {
		out[path.Join(dir, name)] = data
	}
	return out
}
