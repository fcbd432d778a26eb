// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build weights

package main

import (
	"testing"

	"github.com/winnow-search/winnow/model"
)

// Scripts that need the published weights, which scripts/fetch-models.py puts into the cache.
func TestScriptsWithPublishedWeights(t *testing.T) {
	runScripts(t, "testdata/weights", "HF_HUB_CACHE="+model.CacheDir())
}
