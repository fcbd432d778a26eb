// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Names of the architectures that winnow runs, as config.json spells them.
const (
	BertModel                     = "BertModel"
	BertForSequenceClassification = "BertForSequenceClassification"
)

var (
	architectures = []string{BertModel, BertForSequenceClassification}
	// Under a Pooling module the reference loads the encoder of these and ignores their heads.
	pooledArchitectures = []string{BertModel, BertForSequenceClassification, "BertForMaskedLM", "BertForPreTraining"}
	modelTypes          = []string{"bert"}
	hiddenActs          = []string{"gelu", "gelu_new", "gelu_pytorch_tanh", "relu"}
)

// Config is config.json: the shape of the network. Every number is within the limits stated here,
// whatever the file says, so that products of two of them fit into 64 bits.
type Config struct {
	Architecture string   // BertModel or BertForSequenceClassification; with Pooling also BertForMaskedLM, BertForPreTraining
	Hidden       int      // width of a token vector, 1 to 16384
	Layers       int      // 1 to 256
	Heads        int      // attention heads; divides Hidden
	Intermediate int      // width inside of the feed-forward part, 1 to 262144
	Vocab        int      // rows of the word embedding table, 1 to 10,000,000
	Positions    int      // rows of the position table: the longest input, 1 to 1,048,576
	Types        int      // rows of the segment table, 1 to 256
	Epsilon      float64  // added to the variance in layer norm, above 0 and at most 0.1
	HiddenAct    string   // gelu (by erf), gelu_new and gelu_pytorch_tanh (both the tanh form), relu
	Labels       []string // names of a classifier's outputs by index; nil for BertModel
}

// rawConfig holds the keys of config.json that matter here. Pointers tell absent from zero.
type rawConfig struct {
	Architectures     []string          `json:"architectures"`
	ModelType         string            `json:"model_type"`
	HiddenSize        *int              `json:"hidden_size"`
	NumHiddenLayers   *int              `json:"num_hidden_layers"`
	NumAttentionHeads *int              `json:"num_attention_heads"`
	IntermediateSize  *int              `json:"intermediate_size"`
	VocabSize         *int              `json:"vocab_size"`
	MaxPositions      *int              `json:"max_position_embeddings"`
	TypeVocabSize     *int              `json:"type_vocab_size"`
	LayerNormEps      *float64          `json:"layer_norm_eps"`
	HiddenAct         *string           `json:"hidden_act"`
	PositionType      *string           `json:"position_embedding_type"`
	IsDecoder         bool              `json:"is_decoder"`
	AddCrossAttention bool              `json:"add_cross_attention"`
	IsEncoderDecoder  bool              `json:"is_encoder_decoder"`
	Quantization      *quantization     `json:"quantization_config"`
	ID2Label          map[string]string `json:"id2label"`
	NumLabels         *int              `json:"num_labels"`
	OldActivation     *string           `json:"sbert_ce_default_activation_function"`
	SentenceTransf    map[string]any    `json:"sentence_transformers"`
}

// QuantMethod is the quant_method under quantization_config that marks winnow's own int8 files, so
// that other tools refuse them instead of taking the integers for weights.
const QuantMethod = "winnow-int8-rows"

type quantization struct {
	Method string `json:"quant_method"`
}

// parseConfig reads config.json. pooled tells whether a Pooling module follows the network. The
// error names the first field that is missing, out of range or not supported.
func parseConfig(data []byte, pooled bool) (Config, crossSettings, error) {
	var raw rawConfig
	if err := decodeJSON(data, &raw); err != nil {
		return Config{}, crossSettings{}, err
	}
	c, err := raw.config(pooled)
	if err != nil {
		return Config{}, crossSettings{}, err
	}
	cross := crossSettings{oldKey: raw.OldActivation, labels: len(c.Labels)}
	if v, ok := raw.SentenceTransf["activation_fn"]; ok {
		cross.hasNewKey = true
		switch s := v.(type) {
		case nil:
		case string:
			cross.newKey = &s
		default:
			return Config{}, crossSettings{}, errors.New("sentence_transformers.activation_fn is not a string")
		}
	}
	return c, cross, nil
}

func (raw *rawConfig) config(pooled bool) (Config, error) {
	var c Config
	if err := raw.checkKind(pooled); err != nil {
		return c, err
	}
	c.Architecture = raw.Architectures[0]
	fields := []struct {
		name  string
		value *int
		into  *int
		limit int
	}{
		{"hidden_size", raw.HiddenSize, &c.Hidden, 16384},
		{"num_hidden_layers", raw.NumHiddenLayers, &c.Layers, 256},
		{"num_attention_heads", raw.NumAttentionHeads, &c.Heads, 16384},
		{"intermediate_size", raw.IntermediateSize, &c.Intermediate, 1 << 18},
		{"vocab_size", raw.VocabSize, &c.Vocab, 10_000_000},
		{"max_position_embeddings", raw.MaxPositions, &c.Positions, 1 << 20},
		{"type_vocab_size", orDefault(raw.TypeVocabSize, 2), &c.Types, 256},
	}
	for _, f := range fields {
		if f.value == nil {
			return c, fmt.Errorf("%s is missing", f.name)
		}
		if *f.value < 1 || *f.value > f.limit {
			return c, fmt.Errorf("%s is %d, supported are 1 to %d", f.name, *f.value, f.limit)
		}
		*f.into = *f.value
	}
	if c.Hidden%c.Heads != 0 {
		return c, fmt.Errorf("hidden_size %d is not a multiple of num_attention_heads %d", c.Hidden, c.Heads)
	}
	c.Epsilon = *orDefault(raw.LayerNormEps, 1e-12)
	if !(c.Epsilon > 0 && c.Epsilon <= 0.1) {
		return c, fmt.Errorf("layer_norm_eps is %g, supported is above 0 and at most 0.1", c.Epsilon)
	}
	c.HiddenAct = *orDefault(raw.HiddenAct, "gelu")
	if !slices.Contains(hiddenActs, c.HiddenAct) {
		return c, unknownName("hidden_act", c.HiddenAct, hiddenActs)
	}
	if c.Architecture == BertForSequenceClassification {
		var err error
		if c.Labels, err = raw.labels(); err != nil {
			return c, err
		}
	}
	return c, nil
}

// checkKind refuses every network that is not a plain BERT encoder.
func (raw *rawConfig) checkKind(pooled bool) error {
	known := architectures
	if pooled {
		known = pooledArchitectures
	}
	if len(raw.Architectures) == 0 {
		return fmt.Errorf("architectures is missing, so what the weights are is not known (supported: %s)", strings.Join(known, ", "))
	}
	if a := raw.Architectures[0]; !slices.Contains(known, a) {
		return unknownName("architecture", a, known)
	}
	if !slices.Contains(modelTypes, raw.ModelType) {
		return unknownName("model_type", raw.ModelType, modelTypes)
	}
	if raw.PositionType != nil && *raw.PositionType != "absolute" {
		return unknownName("position_embedding_type", *raw.PositionType, []string{"absolute"})
	}
	switch {
	case raw.IsDecoder:
		return errors.New("is_decoder is true: decoders are not supported")
	case raw.AddCrossAttention:
		return errors.New("add_cross_attention is true: cross-attention is not supported")
	case raw.IsEncoderDecoder:
		return errors.New("is_encoder_decoder is true: encoder-decoder models are not supported")
	}
	if q := raw.Quantization; q != nil && q.Method != QuantMethod {
		return unknownName("quantization_config: quant_method", q.Method, []string{QuantMethod})
	}
	return nil
}

// maxLabels bounds the outputs of a classifier.
const maxLabels = 65536

// labels returns the names of the outputs. As in transformers, id2label decides, then num_labels,
// and two is the number where neither is given.
func (raw *rawConfig) labels() ([]string, error) {
	n := *orDefault(raw.NumLabels, 2)
	if raw.ID2Label != nil {
		n = len(raw.ID2Label)
	}
	if n < 1 || n > maxLabels {
		return nil, fmt.Errorf("the model has %d labels, supported are 1 to %d", n, maxLabels)
	}
	out := make([]string, n)
	for i := range out {
		out[i] = "LABEL_" + strconv.Itoa(i)
		if raw.ID2Label == nil {
			continue
		}
		name, ok := raw.ID2Label[strconv.Itoa(i)]
		if !ok {
			return nil, fmt.Errorf("id2label has %d entries but none for %d", n, i)
		}
		out[i] = name
	}
	return out, nil
}

func orDefault[T any](p *T, def T) *T {
	if p == nil {
		return &def
	}
	return p
}
