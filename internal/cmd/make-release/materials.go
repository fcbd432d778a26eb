// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"regexp"
	"runtime/debug"
	"strings"
	"time"
)

// The bill of materials is a CycloneDX 1.6 document in JSON (https://cyclonedx.org/docs/1.6/json). It says
// what Go linked, not what go.mod allows: modules differ between targets.
type bom struct {
	Schema       string       `json:"$schema"`
	Format       string       `json:"bomFormat"`
	SpecVersion  string       `json:"specVersion"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Timestamp  string     `json:"timestamp"`
	Component  component  `json:"component"`
	Properties []property `json:"properties"`
}

type component struct {
	Ref      string    `json:"bom-ref"`
	Type     string    `json:"type"`
	Name     string    `json:"name"`
	Version  string    `json:"version"`
	PURL     string    `json:"purl"`
	Hashes   []hash    `json:"hashes,omitempty"`
	Licences []licence `json:"licenses,omitempty"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type licence struct {
	Expression string `json:"expression"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref string   `json:"ref"`
	On  []string `json:"dependsOn,omitempty"`
}

// linked are the modules in the program besides its own, replacements in place of what they replace.
func linked(info *debug.BuildInfo) []*debug.Module {
	var list []*debug.Module
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		list = append(list, m)
	}
	return list
}

// billOfMaterials is the program's, as bytes of JSON.
func billOfMaterials(p *program) ([]byte, error) {
	sum, err := sumOf(p.path)
	if err != nil {
		return nil, err
	}
	own := module(&p.info.Main)
	own.Type, own.Hashes, own.Licences = "application", []hash{{"SHA-256", sum}}, []licence{{"Apache-2.0"}}
	b := bom{
		Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", Format: "CycloneDX", SpecVersion: "1.6", Version: 1,
		Metadata: metadata{Timestamp: p.time.Format(time.RFC3339), Component: own},
	}
	// How it was built, in the order in which Go notes it.
	for _, s := range p.info.Settings {
		b.Metadata.Properties = append(b.Metadata.Properties, property{"go:" + s.Key, s.Value})
	}
	std := module(&debug.Module{Path: "std", Version: strings.TrimPrefix(p.info.GoVersion, "go")})
	std.Licences = []licence{{"BSD-3-Clause"}}
	b.Components = append(b.Components, std)
	for _, m := range linked(p.info) {
		c := module(m)
		if c.Hashes, err = moduleHash(m.Sum); err != nil {
			return nil, fmt.Errorf("%s: %w", m.Path, err)
		}
		b.Components = append(b.Components, c)
	}
	top := dependency{Ref: own.Ref}
	for _, c := range b.Components {
		top.On = append(top.On, c.Ref)
	}
	b.Dependencies = []dependency{top}
	text, err := json.MarshalIndent(&b, "", "  ")
	return append(text, '\n'), err
}

// module is a module as a component. Its package URL is its identity.
func module(m *debug.Module) component {
	purl := "pkg:golang/" + m.Path + "@" + strings.ReplaceAll(m.Version, "+", "%2B")
	return component{Ref: purl, Type: "library", Name: m.Path, Version: m.Version, PURL: purl}
}

// moduleHash is a sum as in go.sum: SHA-256 of the list of the module's files and their hashes.
func moduleHash(sum string) ([]hash, error) {
	encoded, ok := strings.CutPrefix(sum, "h1:")
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil {
		return nil, fmt.Errorf("the sum %q is not one of go.sum", sum)
	}
	return []hash{{"SHA-256", fmt.Sprintf("%x", raw)}}, nil
}

// legal are names of files that hold terms: licences, and notices that must go with copies.
var legal = regexp.MustCompile(`(?i)^(LICEN[CS]E|COPYING|NOTICE|PATENTS)([-._].*)?$`)

// licences are the terms of all that is in the program but winnow's own, in full: most ask for that.
func licences(ctx context.Context, info *debug.BuildInfo) ([]byte, error) {
	var out bytes.Buffer
	fmt.Fprintf(&out, "What this program is made of besides winnow, and its terms. Of some modules parts are named that are not in the program.\n")
	root, err := output(exec.CommandContext(ctx, "go", "env", "GOROOT"))
	if err != nil {
		return nil, err
	}
	if err := addTerms(&out, "Go "+strings.TrimPrefix(info.GoVersion, "go"), strings.TrimSpace(string(root))); err != nil {
		return nil, err
	}
	for _, own := range []struct{ title, dir string }{
		{"Stop-word lists", "index/lexical/analysis/stop"},
		{"What the built-in models are derived from", "model/builtin"},
	} {
		if err := addTerms(&out, own.title, own.dir); err != nil {
			return nil, err
		}
	}
	args := []string{"mod", "download", "-json"}
	for _, m := range linked(info) {
		args = append(args, m.Path+"@"+m.Version)
	}
	listed, err := output(exec.CommandContext(ctx, "go", args...)) // all are in the module cache: they were built
	if err != nil {
		return nil, err
	}
	for d := json.NewDecoder(bytes.NewReader(listed)); ; {
		var m struct{ Path, Version, Dir string }
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			return out.Bytes(), nil
		} else if err != nil {
			return nil, err
		}
		if err := addTerms(&out, m.Path+" "+m.Version, m.Dir); err != nil {
			return nil, err
		}
	}
}

// addTerms adds the terms in a directory and all below it: modules hold code of others, too, whose terms stand beside it or, as in gonum,
// together in a directory of their own.
func addTerms(out *bytes.Buffer, title, dir string) error {
	fsys, found := os.DirFS(dir), false
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || name == "src/cmd"): // the latter are Go's own commands
			return fs.SkipDir
		case !d.Type().IsRegular() || !legal.MatchString(d.Name()) && path.Base(path.Dir(name)) != "THIRD_PARTY_LICENSES":
			return nil
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		found = true
		fmt.Fprintf(out, "\n%s\n%s: %s\n%s\n\n%s\n", strings.Repeat("=", 80), title, name, strings.Repeat("=", 80), bytes.TrimSpace(text))
		return nil
	})
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", title, err)
	case !found:
		return fmt.Errorf("%s has no file with its terms in %s: find out whether it may be passed on", title, dir)
	}
	return nil
}
