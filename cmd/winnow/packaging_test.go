// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What the container image and the service of systemd set and start is what the program knows.
func TestPackagingNamesWhatIsThere(t *testing.T) {
	a, _ := testApp(t)
	root := a.root()
	for _, name := range []string{"Dockerfile", "packaging/winnow.service"} {
		data, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		serve, _, err := root.Find([]string{"serve"})
		if err != nil {
			t.Fatal(err)
		}
		variables := regexp.MustCompile(`\b(`+prefix+`[A-Z_]+)=(\S+)`).FindAllStringSubmatch(text, -1)
		if len(variables) < 4 {
			t.Errorf("%s sets only %q", name, variables)
		}
		for _, v := range variables {
			flag := serve.Flags().Lookup(strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(v[1], prefix)), "_", "-"))
			if flag == nil {
				t.Errorf("%s: %s belongs to no flag of serve", name, v[1])
			} else if err := flag.Value.Set(v[2]); err != nil {
				t.Errorf("%s: %s: %v", name, v[0], err)
			}
		}
		commands := regexp.MustCompile(`(?m)/usr/local/bin/winnow"?(?:, "| )([a-z]+)"?|^CMD \["([a-z]+)"`).FindAllStringSubmatch(text, -1)
		if len(commands) == 0 {
			t.Errorf("%s starts nothing", name)
		}
		for _, c := range commands {
			if _, _, err := root.Find([]string{c[1] + c[2]}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		// serve's variable for its requests is also that of health.
		for _, health := range regexp.MustCompile(`"health"(.*)\]`).FindAllStringSubmatch(text, -1) {
			if !strings.HasPrefix(health[1], `, "--timeout", "`) {
				t.Errorf("%s: health waits as long as WINNOW_TIMEOUT lets requests take", name)
			}
		}
	}
}
