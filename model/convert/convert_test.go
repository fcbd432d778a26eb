// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package convert

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow/model"
	"github.com/winnow-search/winnow/model/safetensors"
)

// reference is a directory with small random models, kept for parity tests.
const reference = "../../internal/parity/testdata/"

func open(t *testing.T, path string) *model.Model {
	t.Helper()
	m, err := model.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func values(t *testing.T, m *model.Model, name string) []float32 {
	t.Helper()
	tensor, err := m.Weights.Tensor(name)
	if err != nil {
		t.Fatal(err)
	}
	out, err := read(tensor)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// treeSum hashes all files of a directory with their names.
func treeSum(t *testing.T, dir string) string {
	t.Helper()
	h := sha256.New()
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(p)
		fmt.Fprintf(h, "%s %d\n", filepath.ToSlash(rel), len(data))
		h.Write(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

func TestConvert(t *testing.T) {
	for _, name := range []string{"bi-dense", "bi-cls", "cross-three-labels", "cross-old-key"} {
		src := open(t, reference+name)
		for _, dtype := range []safetensors.DType{safetensors.F32, safetensors.F16, safetensors.BF16, safetensors.I8} {
			t.Run(name+"/"+string(dtype), func(t *testing.T) {
				dst := filepath.Join(t.TempDir(), "out", "model")
				report, err := Convert(src, dst, Options{DType: dtype, Source: "owner/name"})
				if err != nil {
					t.Fatal(err)
				}
				m := open(t, dst)
				checkSameModel(t, src, m)
				for _, name := range src.TensorNames() {
					checkClose(t, name, values(t, src, name), m, dtype)
				}
				meta := m.Weights.Metadata()
				want, err := src.Fingerprint()
				if err != nil || meta["winnow.source_fingerprint"] != want || meta["winnow.source"] != "owner/name" || meta["winnow.dtype"] != string(dtype) || meta["format"] != "pt" {
					t.Errorf("metadata %v, %v", meta, err)
				}
				for _, f := range report.Files {
					st, err := os.Stat(filepath.Join(dst, f.Name))
					if err != nil || st.Size() != f.Size {
						t.Errorf("%s: reported %d bytes, %v %v", f.Name, f.Size, st, err)
					}
				}
				again := filepath.Join(t.TempDir(), "again")
				if _, err := Convert(src, again, Options{DType: dtype, Source: "owner/name"}); err != nil {
					t.Fatal(err)
				}
				if treeSum(t, dst) != treeSum(t, again) {
					t.Error("a second run gives other bytes")
				}
			})
		}
	}
}

// checkSameModel compares everything but the weights.
func checkSameModel(t *testing.T, a, b *model.Model) {
	t.Helper()
	type settings struct {
		Config                      model.Config
		Pooling                     model.Pooling
		Normalize                   bool
		Dim, MaxLength              int
		Prompts                     map[string]string
		Default, Similarity, Prefix string
		Activation                  model.Activation
	}
	of := func(m *model.Model) string {
		data, err := json.Marshal(settings{m.Config, m.Pooling, m.Normalize, m.Dim(), m.MaxLength, m.Prompts, m.DefaultPrompt, m.Similarity, m.Prefix, m.Activation})
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if of(a) != of(b) {
		t.Errorf("settings differ:\n%s\n%s", of(a), of(b))
	}
	const text = "Query of the deep, small words"
	if !slices.Equal(a.Tokenizer.AppendIDs(nil, text), b.Tokenizer.AppendIDs(nil, text)) {
		t.Error("tokenizers differ")
	}
}

// checkClose compares a converted tensor with the original, within the rounding of its type.
func checkClose(t *testing.T, name string, want []float32, m *model.Model, dtype safetensors.DType) {
	t.Helper()
	tensor, err := m.Weights.Tensor(name)
	if err != nil {
		t.Fatal(err)
	}
	got := values(t, m, name)
	int8Matrix := dtype == safetensors.I8 && len(tensor.Shape()) == 2 && (strings.Contains(name, ".layer.") || strings.Contains(name, "word_embeddings"))
	stored := dtype
	if dtype == safetensors.I8 && !int8Matrix {
		stored = safetensors.F32
	}
	if tensor.DType() != stored {
		t.Fatalf("%s is stored as %s, want %s", name, tensor.DType(), stored)
	}
	relative := map[safetensors.DType]float64{safetensors.F32: 0, safetensors.F16: 0x1p-11, safetensors.BF16: 0x1p-8}[stored]
	scales := tensor.Scales()
	var sum, norm float64
	for i, w := range want {
		d := math.Abs(float64(got[i]) - float64(w))
		if int8Matrix {
			sum, norm = sum+d*d, norm+float64(w)*float64(w)
			if q := int8(tensor.Bytes()[i]); q > -127 && q < 127 && d > 0.5001*float64(scales[i/tensor.Shape()[1]]) {
				t.Fatalf("%s[%d]: %g became %g, factor %g", name, i, w, got[i], scales[i/tensor.Shape()[1]])
			}
		} else if d > relative*math.Abs(float64(w)) && (stored != safetensors.F16 || d > 0x1p-25) { // half of a subnormal step
			t.Fatalf("%s[%d]: %g became %g", name, i, w, got[i])
		}
	}
	if int8Matrix && sum > 1e-4*norm {
		t.Errorf("%s: relative squared error %g", name, sum/norm)
	}
}

func TestQuantizeSmallType(t *testing.T) {
	src := open(t, reference+"cross-identity")
	dst := filepath.Join(t.TempDir(), "q")
	if _, err := Quantize(src, dst, Options{Small: safetensors.F16}); err != nil {
		t.Fatal(err)
	}
	m := open(t, dst)
	count := map[safetensors.DType]int{}
	for _, name := range m.Weights.Names() {
		tensor, err := m.Weights.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		count[tensor.DType()]++
	}
	if layers := m.Config.Layers; count[safetensors.I8] != 6*layers+1 || count[safetensors.F32] != count[safetensors.I8] || count[safetensors.F16] == 0 || len(count) != 3 {
		t.Errorf("types %v", count)
	}
	data, err := os.ReadFile(filepath.Join(dst, "config.json"))
	if err != nil || !strings.Contains(string(data), model.QuantMethod) {
		t.Errorf("config.json has no note: %s, %v", data, err)
	}
	// Back to float: the note goes away.
	back := filepath.Join(t.TempDir(), "f")
	if _, err := Convert(m, back, Options{DType: safetensors.F32}); err != nil {
		t.Fatal(err)
	}
	if data, err = os.ReadFile(filepath.Join(back, "config.json")); err != nil || strings.Contains(string(data), "quantization_config") {
		t.Errorf("config.json: %s, %v", data, err)
	}
	for _, name := range m.TensorNames() {
		if !slices.Equal(values(t, m, name), values(t, open(t, back), name)) {
			t.Errorf("%s changed", name)
		}
	}
}

func TestConvertRefusals(t *testing.T) {
	src := open(t, reference+"bi-max")
	dir := t.TempDir()
	for want, o := range map[string]Options{
		`type "F8"`:                  {DType: "F8"},
		`type ""`:                    {},
		`type of small tensors "I8"`: {DType: safetensors.I8, Small: safetensors.I8},
	} {
		if _, err := Convert(src, filepath.Join(dir, "x"), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want one with %q", o, err, want)
		}
	}
	o := Options{DType: safetensors.F16}
	if err := os.WriteFile(filepath.Join(dir, "mine"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Convert(src, dir, o); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a directory in use: %v", err)
	}
	if _, err := Convert(src, filepath.Join(dir, "mine"), o); err == nil {
		t.Error("a file in the way was replaced")
	}
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Convert(src, empty, o); err != nil {
		t.Errorf("an empty directory: %v", err)
	}
	// Nothing is left behind when it fails half way.
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Convert(src, filepath.Join(dir, "late"), o); err == nil {
		t.Error("a closed model was converted")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestTooLargeForF16(t *testing.T) {
	if _, err := encode([]float32{1, 70000}, safetensors.F16); err == nil || !strings.Contains(err.Error(), "element 1") {
		t.Errorf("error %v", err)
	}
	if _, err := encode([]float32{float32(math.Inf(1)), float32(math.NaN())}, safetensors.F16); err != nil {
		t.Errorf("an infinite weight stays infinite: %v", err)
	}
}

func TestLayersAreKept(t *testing.T) {
	src := open(t, filepath.Join("..", "..", "internal", "parity", "testdata", "bi-mean"))
	dst := filepath.Join(t.TempDir(), "small")
	if _, err := Convert(src, dst, Options{DType: safetensors.F32, Layers: []int{2, 0}}); err != nil {
		t.Fatal(err)
	}
	got := open(t, dst)
	if got.Config.Layers != 2 {
		t.Fatalf("%d layers", got.Config.Layers)
	}
	for to, from := range []int{2, 0} {
		name := "encoder.layer.%d.output.dense.weight"
		if !slices.Equal(values(t, got, fmt.Sprintf(name, to)), values(t, src, fmt.Sprintf(name, from))) {
			t.Errorf("layer %d is not the source's %d", to, from)
		}
	}
	for want, layers := range map[string][]int{"no layer 3": {3}, "named twice": {1, 1}, "no layer of": {}} {
		if _, err := Convert(src, filepath.Join(t.TempDir(), "x"), Options{DType: safetensors.F32, Layers: layers}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", layers, err, want)
		}
	}
}

func TestInnerFeaturesAreKept(t *testing.T) {
	src := open(t, filepath.Join("..", "..", "internal", "parity", "testdata", "bi-mean"))
	dst := filepath.Join(t.TempDir(), "small")
	n, hidden := src.Config.Intermediate, src.Config.Hidden
	keep := n / 2
	if _, err := Convert(src, dst, Options{DType: safetensors.F32, Intermediate: keep}); err != nil {
		t.Fatal(err)
	}
	got := open(t, dst)
	if got.Config.Intermediate != keep {
		t.Fatalf("%d inner features", got.Config.Intermediate)
	}
	const layer = "encoder.layer.1"
	up, bias, down := values(t, src, layer+upWeight), values(t, src, layer+upBias), values(t, src, layer+downWeight)
	newUp, newBias, newDown := values(t, got, layer+upWeight), values(t, got, layer+upBias), values(t, got, layer+downWeight)
	strength := func(up, down []float32, n, f int) (s float64) {
		var a, b float64
		for k := range hidden {
			a += float64(up[f*hidden+k]) * float64(up[f*hidden+k])
			b += float64(down[k*n+f]) * float64(down[k*n+f])
		}
		return a * b
	}
	at, weakest := 0, math.Inf(1)
	for f := range keep { // each is one of the source's, in its order
		row := newUp[f*hidden:][:hidden]
		for at < n && !slices.Equal(row, up[at*hidden:][:hidden]) {
			at++
		}
		if at == n {
			t.Fatalf("feature %d is none of the source's", f)
		}
		if newBias[f] != bias[at] || newDown[3*keep+f] != down[3*n+at] {
			t.Errorf("feature %d has other weights than the source's %d", f, at)
		}
		weakest = min(weakest, strength(newUp, newDown, keep, f))
		at++
	}
	stronger := 0
	for f := range n {
		if strength(up, down, n, f) >= weakest {
			stronger++
		}
	}
	if stronger != keep {
		t.Errorf("%d features are as strong as the weakest of the %d that are kept", stronger, keep)
	}
	if attention := "encoder.layer.1.attention.output.dense.weight"; !slices.Equal(values(t, got, attention), values(t, src, attention)) {
		t.Error("attention has changed")
	}
	if _, err := Convert(src, filepath.Join(t.TempDir(), "x"), Options{DType: safetensors.F32, Intermediate: n + 1}); err == nil || !strings.Contains(err.Error(), "inner features") {
		t.Errorf("more features than there are: %v", err)
	}
}

func TestHeadMakesACrossEncoder(t *testing.T) {
	src := open(t, filepath.Join("..", "..", "internal", "parity", "testdata", "bi-mean"))
	dst := filepath.Join(t.TempDir(), "cross")
	if _, err := Convert(src, dst, Options{DType: safetensors.F32, Head: true, Layers: []int{1}}); err != nil {
		t.Fatal(err)
	}
	got := open(t, dst)
	if got.Config.Architecture != model.BertForSequenceClassification || len(got.Config.Labels) != 1 || got.Activation != model.Identity {
		t.Fatalf("%s with %d labels and activation %s", got.Config.Architecture, len(got.Config.Labels), got.Activation)
	}
	if name := "encoder.layer.%d.output.dense.weight"; !slices.Equal(values(t, got, "bert."+fmt.Sprintf(name, 0)), values(t, src, fmt.Sprintf(name, 1))) {
		t.Error("the layer is not the source's")
	}
	var square float64
	weights := values(t, got, "bert.pooler.dense.weight")
	for _, x := range weights {
		square += float64(x) * float64(x)
	}
	if deviation := math.Sqrt(square / float64(len(weights))); math.Abs(deviation-0.02) > 0.002 {
		t.Errorf("the pooler's weights have deviation %v", deviation)
	}
	if _, err := os.Stat(filepath.Join(dst, "modules.json")); err == nil {
		t.Error("modules.json is there: the model would be taken for a bi-encoder")
	}
	if _, err := Convert(got, filepath.Join(t.TempDir(), "x"), Options{DType: safetensors.F32, Head: true}); err == nil || !strings.Contains(err.Error(), "has a head") {
		t.Errorf("a second head: %v", err)
	}
}
