// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package page

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, name string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	if !Serve(w, r, name) {
		w.Code = http.StatusNotFound
	}
	return w
}

// Every file has a type and the policy, and names only files that are there; nothing is loaded from elsewhere, and nothing is inline.
func TestFiles(t *testing.T) {
	files, err := fs.ReadDir(static, "static")
	if err != nil {
		t.Fatal(err)
	}
	reference := regexp.MustCompile(`(?:(?:src|href)="/page/|from "\./)([^"]+)"`)
	elsewhere := regexp.MustCompile(`https?://[^"\s]+|url\(|@import|<style|<script>| style="| on[a-z]+="`)
	for _, f := range files {
		w := get(t, f.Name())
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") == "" || w.Header().Get("Content-Security-Policy") != policy {
			t.Errorf("%s: status %d, %v", f.Name(), w.Code, w.Header())
		}
		text := w.Body.String()
		for _, m := range reference.FindAllStringSubmatch(text, -1) {
			if _, err := fs.Stat(static, path.Join("static", m[1])); err != nil {
				t.Errorf("%s names %s: %v", f.Name(), m[1], err)
			}
		}
		for _, found := range elsewhere.FindAllString(text, -1) {
			if found != "http://www.w3.org/2000/svg" { // a name, not an address
				t.Errorf("%s has %q", f.Name(), found)
			}
		}
		if !strings.Contains(text, "SPDX-License-Identifier") {
			t.Errorf("%s has no line about its licence", f.Name())
		}
	}
}

func TestServe(t *testing.T) {
	for _, name := range []string{"", ".", "..", "../page.go", "/index.html", "nothing.js", "static/index.html", "a\\b"} {
		if w := get(t, name); w.Code != http.StatusNotFound {
			t.Errorf("%q: status %d", name, w.Code)
		}
	}
	tag := get(t, Start).Header().Get("ETag")
	if w := get(t, Start, "If-None-Match", tag); tag == "" || w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("asked with its tag %q: status %d, %d bytes", tag, w.Code, w.Body.Len())
	}
}

// The nearest sentence is underlined wherever it stands, not in the panel alone, and where it is shown the page says so.
func TestSentenceIsUnderlined(t *testing.T) {
	rule := regexp.MustCompile(`(?m)^\.sentence \{[^}]*text-decoration: underline;`)
	if style := get(t, "style.css").Body.String(); !rule.MatchString(style) {
		t.Error("style.css has no rule for .sentence that underlines it")
	}
	for _, name := range []string{"search.js", "why.js"} {
		if text := get(t, name).Body.String(); !regexp.MustCompile(`snippet\?\.sentence\)? && el\([^)]*, meaning\)`).MatchString(text) {
			t.Errorf("%s does not say what the line means", name)
		}
	}
}
