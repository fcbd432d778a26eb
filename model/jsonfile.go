// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
)

// readJSON reads a settings file into v. It returns false if the file is not there.
func readJSON(f Files, name string, v any) (bool, error) {
	data, err := f.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w", name, err)
	}
	if err := decodeJSON(data, v); err != nil {
		return false, fmt.Errorf("%s: %w", name, err)
	}
	return true, nil
}

// decodeJSON is json.Unmarshal with a size limit and messages that name the field.
func decodeJSON(data []byte, v any) error {
	if len(data) > maxSettings {
		return fmt.Errorf("%d bytes are above the limit of %d MB for a settings file", len(data), maxSettings>>20)
	}
	err := json.Unmarshal(data, v)
	var wrong *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong) && wrong.Field != "":
		return fmt.Errorf("field %q: a %s does not fit (byte %d)", wrong.Field, wrong.Value, wrong.Offset)
	case errors.As(err, &wrong):
		return fmt.Errorf("a %s does not fit here (byte %d)", wrong.Value, wrong.Offset)
	case errors.As(err, &syntax):
		return fmt.Errorf("invalid JSON at byte %d: %w", syntax.Offset, err)
	}
	return fmt.Errorf("invalid JSON: %w", err)
}

// checkSubdirectory refuses a module path that is not a plain path below the model directory.
func checkSubdirectory(p string) error {
	if p == "" || p == "." {
		return nil
	}
	if !fs.ValidPath(p) || len(p) > 256 {
		return fmt.Errorf("path %s is not a plain path inside of the model directory", quoteShort(p))
	}
	return nil
}

// inDir joins a module path and a file name.
func inDir(dir, name string) string { return path.Join(dir, name) }
