// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds of a form.
const (
	mostFiles = 1000
	maxName   = 255 // bytes of a file's name
)

// upload is a file that a request has.
type upload struct {
	name string
	data []byte
	err  error // what is wrong with it, so that it is not read
}

// uploads are the files of a request: those of a form, or one that is the body.
func (c *call) uploads() ([]upload, error) {
	header := c.r.Header.Get("Content-Type")
	kind, params, err := mime.ParseMediaType(header)
	if err != nil && header != "" {
		return nil, bad("", "the Content-Type %.80q cannot be read: %w", header, err)
	}
	name := c.r.URL.Query().Get("name")
	switch {
	case kind == "multipart/form-data" && name != "":
		return nil, bad("name", "name is for a file that is the body; the files of a form have names of their own")
	case kind == "multipart/form-data" && params["boundary"] == "":
		return nil, bad("", "the Content-Type %.80q names no boundary: let your client write it", header)
	case kind == "multipart/form-data":
		data, err := c.received()
		if err != nil {
			return nil, err
		}
		return readForm(data, params["boundary"])
	case strings.HasPrefix(kind, "multipart/"), name == "" && kind != "" && kind != "application/octet-stream":
		return nil, &problem{status: http.StatusUnsupportedMediaType, err: fmt.Errorf("the body is %.80q: send files as multipart/form-data (curl -F file=@a.pdf), or a file as it is with ?name=a.pdf", kind)}
	}
	if err := checkFileName(name); err != nil {
		return nil, bad("name", "%w", err)
	}
	data, err := c.received()
	return []upload{{name: name, data: data}}, err
}

// readForm takes the files out of a form. Files with names that cannot be are among them, with an error; what is no form is one.
func readForm(data []byte, boundary string) ([]upload, error) {
	var files []upload
	seen := map[string]bool{}
	for r := multipart.NewReader(bytes.NewReader(data), boundary); ; {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) && errors.Unwrap(err) == nil { // inside another error it is an end before the form's
			break
		}
		if err != nil {
			return nil, bad("", "the form cannot be read after %d files: %w", len(files), err)
		}
		if len(files) == mostFiles {
			return nil, bad("", "the form has more than %d files: send them in several requests", mostFiles)
		}
		// Part.FileName would cut directories off, and two files could become one.
		_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		name, isFile := params["filename"]
		if err != nil || !isFile {
			return nil, bad("", "part %d of the form, %.80q, is not a file: send files (curl -F file=@a.pdf); the collection is named by ?collection=", len(files)+1, part.FormName())
		}
		f := upload{name: name, err: checkFileName(name)}
		if f.data, err = io.ReadAll(part); err != nil {
			return nil, bad("", "the form ends inside the file %.80q: %w", name, err)
		}
		switch {
		case f.err != nil:
			f.name = strings.ToValidUTF8(name[:min(len(name), maxName)], "\uFFFD")
		case seen[name]:
			f.err = errors.New("a file before has the same name")
		}
		seen[name] = true
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, bad("", "the form has no files: send some (curl -F file=@a.pdf)")
	}
	return files, nil
}

// checkFileName refuses what is not the name of a file: it is an id, and nothing on disk.
func checkFileName(name string) error {
	switch {
	case name == "":
		return errors.New("the file has no name: its ending says what it is, and its name is the id of its document")
	case len(name) > maxName:
		return fmt.Errorf("the file's name has %d bytes; at most %d", len(name), maxName)
	case !utf8.ValidString(name):
		return fmt.Errorf("the file's name %.80q is not UTF-8", name)
	case strings.ContainsAny(name, `/\`):
		return fmt.Errorf("the file's name %.80q has directories: want a name alone, as in a.pdf", name)
	case name == ".", name == "..", strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("%.80q is not the name of a file", name)
	}
	return nil
}
