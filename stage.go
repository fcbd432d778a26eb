// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Stage is one reading of candidates by a cross-encoder.
type Stage struct {
	Model string // [Auto] or a cross-encoder
	Depth int    // how many candidates it reads, the best of the order before; 0: all
}

// String is the form that [ParseStages] reads: MODEL, or MODEL@DEPTH.
func (s Stage) String() string {
	if s.Depth == 0 {
		return s.Model
	}
	return s.Model + "@" + strconv.Itoa(s.Depth)
}

// Automatic tells whether the stage is that of the engine's own reranker ([Auto]), which may be fused with the score before.
func (s Stage) Automatic() bool { return s.Model == Auto }

// mostStages bounds a cascade: each stage is a model in memory.
const mostStages = 8

// ParseStages reads how candidates are reranked: [Off], or one or more stages MODEL or MODEL@DEPTH separated by commas, as in
// "auto@50" or "small-model@100,large-model@10". Depths must not grow: a later stage reads what an earlier one put first.
func ParseStages(s string) ([]Stage, error) {
	if s == Off {
		return nil, nil
	}
	var stages []Stage
	for part := range strings.SplitSeq(s, ",") {
		stage := Stage{Model: strings.TrimSpace(part)}
		if at := strings.LastIndexByte(stage.Model, '@'); at >= 0 {
			n, err := strconv.Atoi(stage.Model[at+1:])
			if err != nil || n < 1 {
				return nil, fmt.Errorf("reranking %q: the depth %q after @ is not a whole number of at least 1", s, stage.Model[at+1:])
			}
			stage.Model, stage.Depth = stage.Model[:at], n
		}
		stages = append(stages, stage)
	}
	if err := checkStages(stages); err != nil {
		return nil, fmt.Errorf("reranking %q: %w", s, err)
	}
	return stages, nil
}

// FormatStages is the inverse of [ParseStages].
func FormatStages(stages []Stage) string {
	if len(stages) == 0 {
		return Off
	}
	parts := make([]string, len(stages))
	for i, s := range stages {
		parts[i] = s.String()
	}
	return strings.Join(parts, ",")
}

func checkStages(stages []Stage) error {
	if len(stages) > mostStages {
		return fmt.Errorf("%d stages; at most %d", len(stages), mostStages)
	}
	before := 0
	for i, s := range stages {
		switch {
		case s.Model == "":
			return errors.New("the reranker's name is empty; use auto, off or a model")
		case s.Model == Off && s.Depth != 0:
			return fmt.Errorf("off reads nothing and has no depth: write off, or auto@%d", s.Depth)
		case s.Model == Off && len(stages) > 1:
			return errors.New("off cannot be one of several stages")
		case s.Depth < 0:
			return fmt.Errorf("the depth of %s is %d; it must not be negative", s.Model, s.Depth)
		case i > 0 && (s.Depth == 0 || before > 0 && s.Depth > before):
			return fmt.Errorf("stage %d, %s, reads more than the one before: give it a smaller depth, as in %s@10", i+1, s.Model, s.Model)
		}
		before = s.Depth
	}
	return nil
}
