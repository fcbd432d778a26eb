// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/winnow-search/winnow/internal/kernel"
)

// version says what was built, from what, and what it runs on.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return describeBuild(info)
}

func describeBuild(info *debug.BuildInfo) string {
	number := info.Main.Version
	if number == "" {
		number = "(devel)"
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	parts := []string{number}
	if commit := settings["vcs.revision"]; commit != "" {
		commit = "commit " + commit[:min(12, len(commit))]
		if settings["vcs.modified"] == "true" {
			commit += " with changes"
		}
		if day, _, ok := strings.Cut(settings["vcs.time"], "T"); ok {
			commit += ", " + day
		}
		parts = append(parts, "("+commit+")")
	}
	tier, _ := kernel.Active() // a wrong WINNOW_SIMD is reported where it matters
	return strings.Join(append(parts, runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH, string(tier)), " ")
}
