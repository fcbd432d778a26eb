// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package train

import (
	"strings"
	"testing"

	"github.com/winnow-search/winnow/train/loss"
)

// A card says how the loss was set, and nothing of what was not.
func TestCardsSayHowTheLossWasSet(t *testing.T) {
	c := Card{
		Name: "tuned", Start: "start", Kind: "bi", Loss: "mnr", Teacher: "large", Matryoshka: []int{256, 64}, Options: Defaults(), Result: &Result{Curve: []Mean{{1, 1, 0.5}}},
		Settings: loss.Settings{Scale: 15, Margin: 0.25, Mask: true, Temperature: 2, Prior: 10},
	}
	rows := []string{"| scale | 15 |\n", "| margin | 0.25 |\n", "| mask | ", "| temperature | 2 |\n", "| prior | 10 |\n", "| matryoshka | 256 64 |\n", "| teacher | large |\n"}
	text := string(c.Markdown())
	for _, row := range rows {
		if !strings.Contains(text, row) {
			t.Errorf("no %q in %s", row, text)
		}
	}
	c.Settings, c.Matryoshka, c.Teacher = loss.Settings{}, nil, ""
	text = string(c.Markdown())
	for _, name := range []string{"scale", "margin", "mask", "temperature", "prior", "matryoshka", "teacher"} {
		if strings.Contains(text, "| "+name+" |") {
			t.Errorf("%s, which was not set, is in %s", name, text)
		}
	}
}
