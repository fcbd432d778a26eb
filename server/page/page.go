// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package page is the page of a server: files that a browser runs as they are, embedded into the binary. It knows the server's API by
// its paths alone.
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"time"
)

//go:embed static
var static embed.FS

// policy lets the page load what it came with and ask its own server, and nothing else. Styles that scripts set by the CSSOM are
// not inline styles.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// kinds are the media types by extension. The system's table would depend on the machine.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// Start is the name of the file that the others belong to.
const Start = "index.html"

// Serve answers with a file; false if there is none of that name. A browser asks each time whether it has changed: a new binary has a
// new page.
func Serve(w http.ResponseWriter, r *http.Request, name string) bool {
	if !fs.ValidPath(name) {
		return false
	}
	data, err := static.ReadFile(path.Join("static", name))
	if err != nil {
		return false
	}
	sum := sha256.Sum256(data)
	h := w.Header()
	h.Set("Content-Type", kinds[path.Ext(name)])
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
	return true
}
