// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package jsondiff

import (
	"math"
	"slices"
	"testing"
)

func TestFields(t *testing.T) {
	type settings struct {
		Rows int     `json:"rows"`
		Loss string  `json:"loss"`
		Rate float64 `json:"learning rate"`
		More *int    `json:"more,omitempty"`
	}
	one := 1
	list, err := Fields(settings{10, "mnr", 0.1, nil}, settings{11, "mnr", 0.2, &one})
	if want := []string{"learning rate: 0.1, now 0.2", "more: null, now 1", "rows: 10, now 11"}; err != nil || !slices.Equal(list, want) {
		t.Errorf("%q, %v", list, err)
	}
	if list, err := Fields(settings{More: &one}, settings{More: &one}); err != nil || list != nil {
		t.Errorf("the same: %q, %v", list, err)
	}
	if _, err := Fields(settings{}, settings{Rate: math.NaN()}); err == nil {
		t.Error("what JSON cannot say is no error")
	}
}
