// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package unpack

import (
	"io"
	"strings"
	"testing"
)

func TestWhatIsUnpackedIsBounded(t *testing.T) {
	bomb := &unpacking{r: strings.NewReader("abc"), left: 2}
	if _, err := io.ReadAll(bomb); err == nil || !strings.Contains(err.Error(), "when unpacked") {
		t.Errorf("more than the bound: %v", err)
	}
}
