// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"winnow": main}) }

// Each script is a story of what people type and what they see.
func TestScripts(t *testing.T) { runScripts(t, "testdata/script") }

// runScripts runs the scripts of a directory. They see MODELS, the directory of random checkpoints,
// PDFS, that of PDF files, an empty Hugging Face cache, and the commands below.
func runScripts(t *testing.T, dir string, environment ...string) {
	models, err := filepath.Abs("../../internal/parity/testdata")
	if err != nil {
		t.Fatal(err)
	}
	pdfs, err := filepath.Abs("../../document/internal/pdf/testdata")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("MODELS", models)
			env.Setenv("PDFS", pdfs)
			env.Setenv("HF_HUB_CACHE", filepath.Join(env.WorkDir, "cache"))
			for _, e := range environment {
				name, value, _ := strings.Cut(e, "=")
				env.Setenv(name, value)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status, "shape": shape, "copydir": copydir, "cut": cutFile, "bytes": writeBytes,
			"waitfor": waitFor, "flip": flipBit, "zipbomb": zipBomb, "llm": languageModel, "fetch": fetch, "setenv": setenv,
		},
	})
}

// status CODE COMMAND… runs a command, which must end with the exit code.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// shape FILE COUNT NAME:TYPE… checks a file of JSON objects: one, an array of them, or one a line.
// There must be COUNT, each with exactly these fields; a name with ? may be absent.
func shape(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: shape FILE COUNT NAME:TYPE…")
	}
	objects, err := readObjects(ts.ReadFile(args[0]))
	ts.Check(err)
	if got := strconv.Itoa(len(objects)); got != args[1] {
		ts.Fatalf("%s objects, want %s", got, args[1])
	}
	for i, o := range objects {
		var names []string
		for _, field := range args[2:] {
			name, kind, _ := strings.Cut(field, ":")
			name, optional := strings.CutSuffix(name, "?")
			names = append(names, name)
			value, ok := o[name]
			if got := jsonType(value); ok && got != kind || !ok && !optional {
				ts.Fatalf("object %d: field %q is %s, want %s", i, name, got, kind)
			}
		}
		for name := range o {
			if !slices.Contains(names, name) {
				ts.Fatalf("object %d has the field %q", i, name)
			}
		}
	}
}

func readObjects(text string) ([]map[string]any, error) {
	if strings.HasPrefix(text, "[") {
		var list []map[string]any
		err := json.Unmarshal([]byte(text), &list)
		return list, err
	}
	var list []map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	for {
		var o map[string]any
		if err := d.Decode(&o); errors.Is(err, io.EOF) {
			return list, nil
		} else if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
}

func jsonType(v any) string {
	switch v := v.(type) {
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "bool"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	default:
		return fmt.Sprintf("%T", v)
	}
}

// copydir FROM TO copies a directory.
func copydir(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: copydir FROM TO")
	}
	ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[1])), 0o755))
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), os.DirFS(ts.MkAbs(args[0]))))
}

// cut FILE N makes a file N bytes long: what is beyond is cut, what is missing is zero.
func cutFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cut FILE N")
	}
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

// bytes FILE TEXT writes a Go string literal without its quotes into a file; "%N%TEXT" writes TEXT
// N times.
func writeBytes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: bytes FILE TEXT")
	}
	text, times := args[1], 1
	if rest, ok := strings.CutPrefix(text, "%"); ok {
		number, after, _ := strings.Cut(rest, "%")
		n, err := strconv.Atoi(number)
		ts.Check(err)
		text, times = after, n
	}
	value, err := strconv.Unquote(`"` + text + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Repeat([]byte(value), times), 0o644))
}
