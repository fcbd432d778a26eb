// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package lint

import (
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers lists every package of the module, lowest first. A package may import packages of lower layers and packages
// below its own directory; nothing of its own layer and nothing above. An entry covers the packages below it, unless
// they have an entry of their own. docs/ARCHITECTURE.md says what each is for.
var layers = [][]string{
	{"internal/lint", "internal/nearest", "internal/bitset", "internal/vfs", "internal/chart", "internal/atomicfile", "internal/jsondiff", "internal/chattest", "internal/proctest"},
	{"internal/kernel", "internal/strictjson", "eval/significance", "eval/calibration"},
	{"internal/transformer", "tokenizer", "rank"},
	{"model"},
	{"internal/pooling", "internal/checkpoint"},
	{"encoder"},
	{"index/segment"},
	{"index/vector", "index/lexical", "index/filter", "document"},
	{"internal/unpack", "internal/backprop", "answer"},
	{"index"},
	{"eval"},
	{"internal/parity", "internal/notebook"},
	{"internal/speed"},
	{"."},
	{"config", "experiment", "server/mcp"},
	{"experiment/tune", "experiment/report", "train", "server/internal/batch", "server/api", "server/page"},
	{"server", "client"},
	{"cmd", "internal/cmd", "bench"},
}

// apart are pairs that the order alone would allow.
var apart = []struct{ importer, imported, reason string }{
	{"model", "internal/transformer", "package encoder joins weights and forward pass"},
}

func TestImportsPointDownwards(t *testing.T) {
	for _, s := range sources(t) {
		if !s.is(".go") || strings.HasSuffix(s.path, "_test.go") || inOwnModule(s.path) {
			continue
		}
		report(t, checkImports(s))
	}
}

// inOwnModule reports whether the file is below a directory that the go tool ignores, such as a generator.
func inOwnModule(name string) bool {
	return slices.ContainsFunc(strings.Split(path.Dir(name), "/"), func(dir string) bool { return strings.HasPrefix(dir, "_") }) ||
		strings.HasPrefix(name, "tools/")
}

func checkImports(s source) (complaints []string) {
	file, err := parser.ParseFile(token.NewFileSet(), s.path, s.text, parser.ImportsOnly)
	if err != nil {
		return []string{err.Error()}
	}
	dir := path.Dir(s.path)
	own, entry, known := layerOf(dir)
	if !known {
		return []string{fmt.Sprintf("%s: package %s has no layer: add it to internal/lint/layers_test.go and docs/ARCHITECTURE.md", s.path, dir)}
	}
	for _, spec := range file.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return append(complaints, err.Error())
		}
		target, ours := strings.CutPrefix(name+"/", modulePath+"/")
		if !ours {
			continue
		}
		target = path.Clean(target)
		if below(target, dir) {
			continue
		}
		layer, other, known := layerOf(target)
		switch {
		case !known:
			complaints = append(complaints, fmt.Sprintf("%s: imports %s, which has no layer", s.path, target))
		case layer >= own && other != entry: // packages of one entry, as model/builtin and model, are among themselves
			complaints = append(complaints, fmt.Sprintf("%s: %s may not import %s: imports point downwards (docs/ARCHITECTURE.md)", s.path, dir, target))
		}
		for _, a := range apart {
			if below(dir, a.importer) && below(target, a.imported) {
				complaints = append(complaints, fmt.Sprintf("%s: %s may not import %s: %s", s.path, dir, target, a.reason))
			}
		}
	}
	return complaints
}

// layerOf returns the layer of the longest entry that covers the package, and that entry.
func layerOf(dir string) (layer int, entry string, known bool) {
	longest := -1
	for i, packages := range layers {
		for _, p := range packages {
			covers := dir == p || (p != "." && below(dir, p))
			if covers && len(p) > longest {
				layer, entry, known, longest = i, p, true, len(p)
			}
		}
	}
	return layer, entry, known
}

// below reports whether dir is top or inside it.
func below(dir, top string) bool { return dir == top || strings.HasPrefix(dir, top+"/") }

func TestArchitectureNamesEveryPackage(t *testing.T) {
	report(t, checkNamed(sources(t)))
}

// checkNamed looks for directories of packages that docs/ARCHITECTURE.md does not name.
func checkNamed(all []source) (complaints []string) {
	const page = "docs/ARCHITECTURE.md"
	text := ""
	dirs := map[string]bool{}
	for _, s := range all {
		if s.path == page {
			text = s.text
		}
		if s.is(".go") && !strings.HasSuffix(s.path, "_test.go") && !inOwnModule(s.path) {
			dirs[path.Dir(s.path)] = true
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		if !strings.Contains(text, "`"+dir+"`") {
			complaints = append(complaints, fmt.Sprintf("%s does not name %#q: say what it is, what it is useful for and what not", page, dir))
		}
	}
	return complaints
}

func TestPageRuleFindsWhatItLooksFor(t *testing.T) {
	all := []source{
		{path: "docs/ARCHITECTURE.md", text: "### `.`\n### `rank`\nSee internal/vfs and `model/builtin`."},
		{path: "doc.go"},
		{path: "rank/fuse.go"},
		{path: "rank/more/more_test.go"},
		{path: "internal/vfs/vfs.go"},
		{path: "model/model.go"},
		{path: "internal/kernel/_gen/main.go"},
	}
	if c := checkNamed(all); len(c) != 2 || !strings.Contains(c[0], "`internal/vfs`") || !strings.Contains(c[1], "`model`") {
		t.Errorf("%q", c)
	}
}

func TestLayerRuleFindsWhatItLooksFor(t *testing.T) {
	file := func(dir string, imports ...string) source {
		var text strings.Builder
		text.WriteString("package p\n")
		for _, i := range imports {
			text.WriteString("import _ " + strconv.Quote(i) + "\n")
		}
		return source{path: path.Join(dir, "p.go"), text: text.String()}
	}
	for _, s := range []source{
		file("encoder", "fmt", modulePath+"/model", modulePath+"/tokenizer", modulePath+"/internal/kernel"),
		file("model/builtin", modulePath+"/model"),
		file("model", modulePath+"/model/safetensors"),
		file("cmd/winnow", modulePath, modulePath+"/rank", modulePath+"/model/builtin"),
		file(".", modulePath+"/encoder"),
	} {
		if c := checkImports(s); len(c) != 0 {
			t.Errorf("allowed imports of %s rejected: %q", s.path, c)
		}
	}
	for _, s := range []source{
		file("internal/kernel", modulePath+"/internal/transformer"),
		file("tokenizer", modulePath+"/internal/transformer"),
		file("model", modulePath+"/internal/transformer"),
		file("model/builtin", modulePath+"/encoder"),
		file("encoder", modulePath),
		file("rank", modulePath+"/eval"),
		file("index/vector", modulePath+"/document"),
		file("invented", "fmt"),
	} {
		if len(checkImports(s)) == 0 {
			t.Errorf("%s passes:\n%s", s.path, s.text)
		}
	}
}
