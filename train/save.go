// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"github.com/winnow-search/winnow/model/convert"
	"github.com/winnow-search/winnow/model/safetensors"
)

// Save writes the model as it is now into a directory, which must not exist or be empty, in the Hugging Face
// layout, with files such as a model card beside it.
func (t *Task) Save(dir string, files map[string][]byte) error {
	values := map[string][]float32{}
	for _, p := range t.network.parameters() {
		values[p.Name] = p.Value
	}
	_, err := convert.Convert(t.network.model, dir, convert.Options{DType: safetensors.F32, Replace: values, Files: files})
	return err
}
