// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package convert

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/safetensors"
)

// headPrefix stands before the names of a cross-encoder's own tensors.
const headPrefix = "bert."

// headSeed is what a new head is drawn with: equal input gives equal bytes.
const headSeed = 1

// checkHead refuses models that have a head.
func (o *Options) checkHead(m *model.Model) error {
	if o.Head && m.Config.Architecture != model.BertModel {
		return fmt.Errorf("convert: %s is a %s and has a head; one is made for a %s", m.Name, m.Config.Architecture, model.BertModel)
	}
	return nil
}

// headed gives a tensor's name in the model with a head.
func (o *Options) headed(m *model.Model, name string) string {
	if !o.Head {
		return name
	}
	return headPrefix + strings.TrimPrefix(name, m.Prefix)
}

// head is pooler and classifier of a new cross-encoder of one label: normal with deviation 0.02, as BERT's layers begin, and biases of 0.
func (o *Options) head(m *model.Model) (list []safetensors.Entry) {
	if !o.Head {
		return nil
	}
	random := rand.New(rand.NewPCG(headSeed, 0x4ead))
	add := func(name string, shape ...int) {
		n := 1
		for _, d := range shape {
			n *= d
		}
		values := make([]float32, n)
		if len(shape) > 1 {
			for i := range values {
				values[i] = float32(0.02 * random.NormFloat64())
			}
		}
		dtype := o.targetType(name, shape)
		list = append(list, safetensors.Entry{Name: name, DType: dtype, Shape: shape, Data: func() ([]byte, error) { return encode(values, dtype) }})
	}
	hidden := m.Config.Hidden
	add(headPrefix+"pooler.dense.weight", hidden, hidden)
	add(headPrefix+"pooler.dense.bias", hidden)
	add("classifier.weight", 1, hidden)
	add("classifier.bias", 1)
	return list
}

// headFile says whether a file of the source belongs to a bi-encoder alone.
func (o *Options) headFile(name string) bool {
	base := name[strings.LastIndexByte(name, '/')+1:]
	return o.Head && (base == "modules.json" || base == "config_sentence_transformers.json" || base == "sentence_bert_config.json" || base == "config.json" && strings.Contains(name, "/"))
}

// noteHead makes the fields of config.json those of a cross-encoder whose scores are logits.
func noteHead(fields map[string]json.RawMessage) {
	fields["architectures"] = json.RawMessage(fmt.Sprintf("[%q]", model.BertForSequenceClassification))
	fields["id2label"] = json.RawMessage(`{"0":"LABEL_0"}`)
	fields["label2id"] = json.RawMessage(`{"LABEL_0":0}`)
	fields["sentence_transformers"] = json.RawMessage(`{"activation_fn":"torch.nn.modules.linear.Identity"}`)
}
