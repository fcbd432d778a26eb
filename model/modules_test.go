// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/model/safetensors"
)

func TestParsePooling(t *testing.T) {
	cases := []struct {
		name, json string
		want       []string // nil: an error is wanted, with the text of errs
		dim        int
		prompt     bool
		errs       string
	}{
		{"mean switch", `{"word_embedding_dimension":8,"pooling_mode_mean_tokens":true,"pooling_mode_cls_token":false}`, []string{PoolMean}, 8, true, ""},
		{"several switches", `{"word_embedding_dimension":8,"pooling_mode_lasttoken":true,"pooling_mode_mean_tokens":true,"pooling_mode_cls_token":true}`, []string{PoolCLS, PoolMean, PoolLastToken}, 8, true, ""},
		{
			"all switches", `{"word_embedding_dimension":8,"pooling_mode_cls_token":true,"pooling_mode_max_tokens":true,"pooling_mode_mean_tokens":true,"pooling_mode_mean_sqrt_len_tokens":true,"pooling_mode_weightedmean_tokens":true,"pooling_mode_lasttoken":true}`,
			[]string{PoolCLS, PoolMax, PoolMean, PoolMeanSqrtLen, PoolWeightedMean, PoolLastToken},
			8, true, "",
		},
		{"all off is mean", `{"word_embedding_dimension":8,"pooling_mode_cls_token":false}`, []string{PoolMean}, 8, true, ""},
		{"name", `{"embedding_dimension":4,"pooling_mode":"lasttoken","include_prompt":false}`, []string{PoolLastToken}, 4, false, ""},
		{"list keeps its order", `{"embedding_dimension":4,"pooling_mode":["mean","cls"]}`, []string{PoolMean, PoolCLS}, 4, true, ""},
		{"name wins over switches", `{"embedding_dimension":4,"pooling_mode":"cls","pooling_mode_mean_tokens":true}`, []string{PoolCLS}, 4, true, ""},
		{"unknown name", `{"embedding_dimension":4,"pooling_mode":"meen"}`, nil, 0, false, `nearest is "mean"`},
		{"unknown switch", `{"word_embedding_dimension":4,"pooling_mode_median_tokens":true}`, nil, 0, false, `"pooling_mode_median_tokens"`},
		{"empty list", `{"embedding_dimension":4,"pooling_mode":[]}`, nil, 0, false, "0 modes"},
		{"long list", `{"embedding_dimension":4,"pooling_mode":["cls","cls","cls","cls","cls","cls","cls"]}`, nil, 0, false, "7 modes"},
		{"not a name", `{"embedding_dimension":4,"pooling_mode":3}`, nil, 0, false, "pooling_mode"},
		{"switch not boolean", `{"embedding_dimension":4,"pooling_mode_cls_token":"yes"}`, nil, 0, false, "pooling_mode_cls_token"},
		{"width not a number", `{"embedding_dimension":"4","pooling_mode":"cls"}`, nil, 0, false, "embedding_dimension"},
		{"nothing", `{"embedding_dimension":4}`, nil, 0, false, "no pooling mode"},
		{"not an object", `[]`, nil, 0, false, "array"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, err := parsePooling([]byte(c.json))
			if c.want == nil {
				if err == nil || !strings.Contains(err.Error(), c.errs) {
					t.Fatalf("got %+v, error %v; want an error with %q", p, err, c.errs)
				}
				return
			}
			if err != nil || !slices.Equal(p.Modes, c.want) || p.Dim != c.dim || p.IncludePrompt != c.prompt || p.OutputDim() != len(c.want)*c.dim {
				t.Fatalf("got %+v, %v", p, err)
			}
		})
	}
}

func modulesText(types ...string) string {
	var parts []string
	for i, s := range types {
		class, path, _ := strings.Cut(s, "@")
		parts = append(parts, fmt.Sprintf(`{"idx":%d,"name":"%d","path":%q,"type":%q}`, i, i, path, class))
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func TestParseModules(t *testing.T) {
	const st = "sentence_transformers."
	const tr, po, no, de = st + "models.Transformer", st + "models.Pooling@p", st + "models.Normalize", st + "models.Dense@d"
	good := map[string]pipeline{
		modulesText(tr):                                  {},
		modulesText(tr, po):                              {hasPooling: true, pooling: "p"},
		modulesText(tr+"@0_Transformer", po, no):         {transformer: "0_Transformer", hasPooling: true, pooling: "p", normalize: true},
		modulesText(tr, po, de, de+"2", no):              {hasPooling: true, pooling: "p", dense: []string{"d", "d2"}, normalize: true},
		modulesText(tr, po, st+"models.Dropout", no, no): {hasPooling: true, pooling: "p", normalize: true},
		modulesText(st+"base.modules.transformer.Transformer", st+"sentence_transformer.modules.pooling.Pooling@p", st+"base.modules.normalize.Normalize"): {hasPooling: true, pooling: "p", normalize: true},
	}
	for text, want := range good {
		p, err := parseModules([]byte(text))
		if err != nil || p.transformer != want.transformer || p.pooling != want.pooling || p.hasPooling != want.hasPooling || p.normalize != want.normalize || !slices.Equal(p.dense, want.dense) {
			t.Errorf("%s: got %+v, %v", text, p, err)
		}
	}
	bad := map[string]string{
		`[]`:                        "0 modules",
		`{}`:                        "object",
		modulesText(po):             "first module",
		modulesText(tr, tr):         "first module",
		modulesText(tr, po, po):     "second Pooling",
		modulesText(tr, no):         "after Pooling",
		modulesText(tr, de, po):     "after Pooling",
		modulesText(tr, po, no, de): "before Normalize",
		modulesText(tr, st+"models.WeightedLayerPooling"):                                   `"sentence_transformers.models.WeightedLayerPooling"`,
		modulesText(tr, st+"models.Poolin@p"):                                               `nearest`,
		modulesText(tr, st+"sparse_encoder.modules.splade_pooling.SpladePooling"):           "SpladePooling",
		modulesText(tr, "custom_st.Pooling@p"):                                              "custom code",
		modulesText(tr, st+"models.Pooling@../p"):                                           "plain path",
		modulesText(tr, st+"models.Pooling@/etc"):                                           "plain path",
		modulesText(tr + "@a/../../b"):                                                      "plain path",
		`[{"path":"","type":"sentence_transformers.models.Transformer","kwargs":["task"]}]`: "kwargs",
		"[" + strings.Repeat(`{},`, 100) + "{}]":                                            "101 modules",
	}
	for text, want := range bad {
		if _, err := parseModules([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.150s: error %v, want one with %q", text, err, want)
		}
	}
}

func tinyDense(t *testing.T, in, out int, bias bool) []byte {
	t.Helper()
	e := []safetensors.Entry{{Name: "linear.weight", DType: safetensors.F16, Shape: []int{out, in}, Data: safetensors.Bytes(make([]byte, 2*in*out))}}
	if bias {
		e = append(e, safetensors.Entry{Name: "linear.bias", DType: safetensors.F32, Shape: []int{out}, Data: safetensors.Bytes(make([]byte, 4*out))})
	}
	return encodeWeights(t, e)
}

func TestDense(t *testing.T) {
	const st = "sentence_transformers.models."
	base := tinyBi(t).with(map[string]string{
		"modules.json":        modulesText(st+"Transformer", st+"Pooling@1_Pooling", st+"Dense@2_Dense", st+"Normalize"),
		"2_Dense/config.json": `{"in_features":8,"out_features":3,"bias":true,"activation_function":"torch.nn.modules.linear.Identity"}`,
	})
	base["2_Dense/model.safetensors"] = tinyDense(t, 8, 3, true)
	m := mustOpen(t, base)
	if len(m.Dense) != 1 || m.Dim() != 3 || m.Dense[0].Activation != Identity || m.Dense[0].Bias == nil || m.Dense[0].Weight.Len() != 24 {
		t.Errorf("got %+v", m.Dense)
	}
	noBias := base.with(map[string]string{"2_Dense/config.json": `{"in_features":8,"out_features":3,"bias":false}`})
	if m = mustOpen(t, noBias); m.Dense[0].Bias != nil || m.Dense[0].Activation != Tanh {
		t.Errorf("without bias and activation: %+v", m.Dense[0])
	}
	config := func(s string) fileMap { return base.with(map[string]string{"2_Dense/config.json": s}) }
	wantError(t, config(""), "2_Dense/config.json")
	wantError(t, config(`{"in_features":8}`), "out_features is missing")
	wantError(t, config(`{"in_features":0,"out_features":3}`), "in_features is 0")
	wantError(t, config(`{"in_features":7,"out_features":3}`), "linear.weight", "[3 8]")
	wantError(t, config(`{"in_features":8,"out_features":3,"activation_function":"torch.nn.modules.activation.Mish"}`), "Mish", "2_Dense")
	wantError(t, config(`{"in_features":8,"out_features":3,"use_residual":true}`), "use_residual")
	wantError(t, config(`{"in_features":8,"out_features":3,"module_input_name":"token_embeddings"}`), "module_input_name")
	wantError(t, base.with(map[string]string{"2_Dense/model.safetensors": "", "2_Dense/pytorch_model.bin": "x"}), "2_Dense/model.safetensors is missing", "pytorch_model.bin", "safetensors")
	wide := config(`{"in_features":16,"out_features":3}`)
	wide["2_Dense/model.safetensors"] = tinyDense(t, 16, 3, true)
	wantError(t, wide, "in_features is 16 but 8 values come in")
	missing := base.with(nil)
	missing["2_Dense/model.safetensors"] = tinyDense(t, 8, 3, false)
	wantError(t, missing, "linear.bias")
}
