// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package builtin

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/safetensors"
)

func open(t *testing.T, name string) *model.Model {
	t.Helper()
	m, err := model.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func TestRetriever(t *testing.T) {
	m := open(t, Retriever)
	if m.Config.Architecture != model.BertModel || m.Dim() != 384 || !slices.Equal(m.Pooling.Modes, []string{model.PoolMean}) ||
		!m.Normalize || m.Similarity != "cosine" || m.MaxLength != 256 || m.Config.Layers != 5 || m.Config.Intermediate != 608 || m.Tokenizer.VocabSize() != 30522 {
		t.Errorf("got %+v", m)
	}
	if src := m.Weights.Metadata()["winnow.source"]; !strings.Contains(src, "sentence-transformers/all-MiniLM-L6-v2") {
		t.Errorf("source %q", src)
	}
}

func TestReranker(t *testing.T) {
	m := open(t, Reranker)
	if m.Config.Architecture != model.BertForSequenceClassification || len(m.Config.Labels) != 1 || m.Activation != model.Identity ||
		m.MaxLength != 512 || m.Config.Layers != 6 || m.HasModules {
		t.Errorf("got %+v", m)
	}
}

// Both models read the same bytes of the same table, and these are int8 with factors.
func TestSharedEmbeddings(t *testing.T) {
	var tables []*safetensors.Tensor
	for _, name := range []string{Retriever, Reranker} {
		tensor, err := open(t, name).Weights.Tensor("bert.embeddings.word_embeddings.weight")
		if err != nil {
			t.Fatal(err)
		}
		tables = append(tables, tensor)
	}
	if &tables[0].Bytes()[0] != &tables[1].Bytes()[0] {
		t.Error("the word embeddings are there twice")
	}
	if tables[0].DType() != safetensors.I8 || len(tables[0].Scales()) != 30522 {
		t.Errorf("%s with %d factors", tables[0].DType(), len(tables[0].Scales()))
	}
}

func TestSize(t *testing.T) {
	if n := len(sharedWeights) + len(retrieverWeights) + len(rerankerWeights); n > 35_000_000 {
		t.Errorf("%d bytes of weights, at most 35 MB are wanted", n)
	}
}

// Every file of data is served; a forgotten embed pattern would leave one out.
func TestAllSettingsAreServed(t *testing.T) {
	n := 0
	err := fs.WalkDir(settings, "data", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil || n < 8 {
		t.Errorf("%d settings files, %v", n, err)
	}
	for _, name := range []string{"../retriever/config.json", "none.json", "/x", ""} {
		if _, err := (files{"data/reranker/", nil}).ReadFile(name); err == nil {
			t.Errorf("%q was served", name)
		}
	}
}

func TestListed(t *testing.T) {
	t.Setenv("HF_HUB_CACHE", t.TempDir())
	list := model.List()
	if len(list) != 2 || list[0].Name != Reranker || list[1].Name != Retriever {
		t.Fatalf("listed %+v", list)
	}
	for _, l := range list {
		if l.Problem != "" || l.Size < 15_000_000 || l.Path != "builtin" {
			t.Errorf("got %+v", l)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, name := range []string{Retriever, Reranker} {
		b.Run(strings.TrimPrefix(name, "builtin:"), func(b *testing.B) {
			for b.Loop() {
				m, err := model.Open(name)
				if err != nil {
					b.Fatal(err)
				}
				m.Close()
			}
		})
	}
}
