// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestOpenDirectory(t *testing.T) {
	dir := tinyBi(t).write(t, t.TempDir())
	m, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if m.Name != dir || m.Path != filepath.Clean(dir) || !m.HasModules || !m.Normalize || m.Dim() != 8 || m.Prompts["query"] != "q: " ||
		m.MaxLength != 12 || m.Activation != "" || m.Prefix != "" || m.Tokenizer.VocabSize() != 7 || m.Similarity != "cosine" {
		t.Errorf("got %+v", m)
	}
	if want := []string{"modules.json", "config_sentence_transformers.json", "config.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json", "1_Pooling/config.json"}; !slices.Equal(m.Companions(), want) {
		t.Errorf("companions %q, want %q", m.Companions(), want)
	}
}

func TestNetworkInSubdirectory(t *testing.T) {
	f := tinyBi(t)
	moved := f.with(map[string]string{"modules.json": "", "1_Pooling/config.json": "", "config_sentence_transformers.json": ""}).below("0_Transformer")
	moved["modules.json"] = []byte(modulesText("sentence_transformers.models.Transformer@0_Transformer", "sentence_transformers.models.Pooling@1_Pooling"))
	moved["1_Pooling/config.json"] = f["1_Pooling/config.json"]
	m := mustOpen(t, moved)
	if m.NetworkDir() != "0_Transformer" || m.Dim() != 8 {
		t.Errorf("got %q, %d dimensions", m.NetworkDir(), m.Dim())
	}
}

func TestIncomplete(t *testing.T) {
	full := tinyBi(t)
	cases := []struct {
		name    string
		remove  []string
		add     map[string]string
		missing []string
		text    []string
	}{
		{"no config", []string{"config.json"}, nil, []string{"config.json"}, []string{"vocab.txt", "model.safetensors"}},
		{"no tokenizer", []string{"vocab.txt"}, nil, []string{"tokenizer.json (or vocab.txt)"}, []string{"found config.json, model.safetensors"}},
		{"no weights", []string{"model.safetensors"}, nil, []string{"model.safetensors (or model.safetensors.index.json)"}, nil},
		{"pickle", []string{"model.safetensors"}, map[string]string{"pytorch_model.bin": "x"}, []string{"model.safetensors (or model.safetensors.index.json)"}, []string{"pytorch_model.bin", "can run code", "convert"}},
		{"nothing", []string{"config.json", "vocab.txt", "model.safetensors"}, nil, []string{"config.json", "tokenizer.json (or vocab.txt)", "model.safetensors (or model.safetensors.index.json)"}, []string{"found nothing"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := full.with(c.add)
			for _, r := range c.remove {
				delete(f, r)
			}
			_, err := Open(f.write(t, t.TempDir()))
			var inc *IncompleteError
			if !errors.As(err, &inc) || !slices.Equal(inc.Missing, c.missing) {
				t.Fatalf("got %v, want missing %q", err, c.missing)
			}
			for _, part := range c.text {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not contain %q", err, part)
				}
			}
		})
	}
	wantError(t, full.with(map[string]string{"1_Pooling/config.json": ""}), "Pooling", "1_Pooling/config.json")
}

func TestSettingsRefusals(t *testing.T) {
	f := tinyBi(t)
	const st = "config_sentence_transformers.json"
	cases := []struct {
		name, file, text string
		want             []string
	}{
		{"tokenizer of another model", "vocab.txt", tinyVocab + "c\n", []string{"8 token ids", "vocab_size 7"}},
		{"damaged tokenizer", "tokenizer.json", "{", []string{"tokenizer.json"}},
		{"damaged config", "config.json", "{", []string{"config.json", "JSON"}},
		{"damaged modules", "modules.json", "[", []string{"modules.json"}},
		{"damaged pooling", "1_Pooling/config.json", "[", []string{"1_Pooling/config.json"}},
		{"pooling of another width", "1_Pooling/config.json", `{"word_embedding_dimension":9,"pooling_mode":"cls"}`, []string{"width 9", "hidden_size 8"}},
		{"damaged prompts", st, `{"prompts":[]}`, []string{st, "prompts"}},
		{"default prompt unknown", st, `{"prompts":{"query":"q"},"default_prompt_name":"quary"}`, []string{"default_prompt_name", `nearest is "query"`}},
		{"similarity", st, `{"similarity_fn_name":"maxsim"}`, []string{`"maxsim"`, "cosine"}},
		{"model kind", st, `{"model_type":"SparseEncoder"}`, []string{`"SparseEncoder"`}},
		{"truncation", st, `{"truncate_dim":9}`, []string{"truncate_dim is 9", "8 dimensions"}},
		{"truncation 0", st, `{"truncate_dim":0}`, []string{"truncate_dim"}},
		{"max length 0", "sentence_bert_config.json", `{"max_seq_length":0}`, []string{"max_seq_length is 0"}},
		{"no room for text", "sentence_bert_config.json", `{"max_seq_length":2}`, []string{"no room for text"}},
		{"late interaction", "sentence_bert_config.json", `{"query_length":32}`, []string{"query_length"}},
		{"tokenizer arguments", "sentence_bert_config.json", `{"processing_kwargs":{"text":{}}}`, []string{"processing_kwargs"}},
		{"length not whole", "tokenizer_config.json", `{"model_max_length":12.5}`, []string{"model_max_length is 12.5"}},
		{"length negative", "tokenizer_config.json", `{"model_max_length":-1}`, []string{"model_max_length"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { wantError(t, f.with(map[string]string{c.file: c.text}), c.want...) })
	}
	cased := f.with(map[string]string{"tokenizer_config.json": `{"do_lower_case":false}`, "sentence_bert_config.json": `{"do_lower_case":true}`})
	wantError(t, cased, "do_lower_case", "lower case")
	mustOpen(t, f.with(map[string]string{"sentence_bert_config.json": `{"do_lower_case":true}`}))
}

func TestMaxLength(t *testing.T) {
	f := tinyBi(t) // 16 positions, model_max_length 12
	const module, tok = "sentence_bert_config.json", "tokenizer_config.json"
	cases := []struct {
		name    string
		changes map[string]string
		want    int
		source  string
	}{
		{"module first", map[string]string{module: `{"max_seq_length":14}`}, 14, module},
		{"module under an old name", map[string]string{"sentence_roberta_config.json": `{"max_seq_length":9}`}, 9, "sentence_roberta_config.json"},
		{"module above the positions", map[string]string{module: `{"max_seq_length":999}`}, 16, "max_position_embeddings"},
		{"module null", map[string]string{module: `{"max_seq_length":null}`}, 12, tok},
		{"module not read without modules.json", map[string]string{module: `{"max_seq_length":14}`, "modules.json": ""}, 12, tok},
		{"tokenizer", nil, 12, tok},
		{"tokenizer above the positions", map[string]string{tok: `{"model_max_length":99}`}, 16, "max_position_embeddings"},
		{"no limit", map[string]string{tok: `{"model_max_length":1000000000000000019884624838656}`}, 16, "max_position_embeddings"},
		{"nothing", map[string]string{tok: ""}, 16, "max_position_embeddings"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := mustOpen(t, f.with(c.changes))
			if m.MaxLength != c.want || !strings.Contains(m.MaxLengthSource, c.source) {
				t.Errorf("got %d from %q, want %d from %q", m.MaxLength, m.MaxLengthSource, c.want, c.source)
			}
		})
	}
}

func TestPrompts(t *testing.T) {
	m := mustOpen(t, tinyBi(t).with(map[string]string{
		"config_sentence_transformers.json": `{"prompts":{"query":"q: ","document":null},"default_prompt_name":"query","similarity_fn_name":"dot","truncate_dim":4}`,
	}))
	if p, ok := m.Prompts["document"]; !ok || p != "" || m.Prompts["query"] != "q: " || m.DefaultPrompt != "query" || m.Similarity != "dot" || m.TruncateDim != 4 {
		t.Errorf("got %q, default %q, %s, %d", m.Prompts, m.DefaultPrompt, m.Similarity, m.TruncateDim)
	}
}

func TestSpecialTokenForms(t *testing.T) {
	f := tinyBi(t).with(map[string]string{
		"vocab.txt":             strings.Replace(tinyVocab, "[UNK]", "<u>", 1),
		"tokenizer_config.json": `{"unk_token":{"content":"<u>","lstrip":false},"cls_token":"[CLS]"}`,
	})
	m := mustOpen(t, f)
	if ids := m.Tokenizer.AppendIDs(nil, "a zzz"); !slices.Equal(ids, []int32{5, 1}) {
		t.Errorf("ids %v", ids)
	}
	wantError(t, f.with(map[string]string{"tokenizer_config.json": `{"unk_token":3}`}), "tokenizer_config.json")
}

func TestRegister(t *testing.T) {
	f := tinyCross(t, 1)
	broken := errors.New("broken")
	Register("test:one", func() (Files, error) { return f, nil })
	Register("test:broken", func() (Files, error) { return nil, broken })
	t.Cleanup(func() {
		registryMu.Lock()
		defer registryMu.Unlock()
		delete(registry, "test:one")
		delete(registry, "test:broken")
	})
	m, err := Open("test:one")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if m.Path != builtinPath || m.HasModules || m.Prefix != "bert." {
		t.Errorf("got %+v", m)
	}
	if _, err := Open("test:broken"); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	var missing *NotFoundError
	if _, err := Open("test:on"); !errors.As(err, &missing) || missing.Nearest != "test:one" {
		t.Errorf("got %v", err)
	}
	emptyCache(t)
	list := List()
	if len(list) != 2 || list[0].Problem != "broken" || list[1].Name != "test:one" || list[1].Problem != "" || list[1].Size == 0 {
		t.Errorf("listed %+v", list)
	}
	for _, name := range []string{"no-colon", "test:one"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("registering %q did not panic", name)
				}
			}()
			Register(name, nil)
		}()
	}
}

func TestFilesStayInside(t *testing.T) {
	dir := tinyBi(t).write(t, t.TempDir())
	d, err := openDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(filepath.Dir(dir), "secret"), "x")
	for _, name := range []string{"../secret", "/etc/hostname", "a/../../secret", "", "..", `..\secret`, "x\x00"} {
		if data, err := d.ReadFile(name); err == nil {
			t.Errorf("%q gave %d bytes", name, len(data))
		}
	}
	if _, err := d.ReadFile("1_Pooling"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory as a file: %v", err)
	}
	if _, err := d.ReadFile("none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
}
