// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"context"
	"fmt"
	"slices"

	"github.com/winnow-search/winnow/model"
)

// TokenEmbeddings are the vectors of a number of texts, and of their tokens.
type TokenEmbeddings struct {
	Embeddings
	Hidden int         // floats of a token's vector
	States [][]float32 // of each text Hidden floats for each of its tokens, special ones included
}

// EncodeTokens is [BiEncoder.Encode] that keeps the tokens' vectors, too: the last hidden states, before pooling.
// A model that pools the first token alone computes no others, and is refused.
func (b *BiEncoder) EncodeTokens(ctx context.Context, texts []string, opts ...EncodeOption) (*TokenEmbeddings, error) {
	if slices.Equal(b.model.Pooling.Modes, []string{model.PoolCLS}) {
		return nil, fmt.Errorf("model %s makes a text's vector of its first token, and computes none of the others", b.model.Name)
	}
	t := &TokenEmbeddings{Hidden: b.model.Config.Hidden, States: make([][]float32, len(texts))}
	e, err := b.encode(ctx, texts, opts, func(i int, rows []float32, stride int) {
		states := make([]float32, 0, len(rows)/stride*t.Hidden)
		for row := range slices.Chunk(rows, stride) {
			states = append(states, row[:t.Hidden]...)
		}
		t.States[i] = states
	})
	if err != nil {
		return nil, err
	}
	t.Embeddings = *e
	return t, nil
}
