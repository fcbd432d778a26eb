// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/winnow-search/winnow/internal/nearest"
)

// arguments are the names that each tool takes.
type arguments map[string][]string

// addTool adds a tool whose schemas are those of its types, with the words of their jsonschema tags.
func addTool[In, Out any](server *sdk.Server, known arguments, name, title, description string, call func(context.Context, In) (*sdk.CallToolResult, Out, error)) {
	in, err := jsonschema.For[In](nil)
	if err != nil {
		panic(fmt.Sprintf("tool %s: %v", name, err)) // of the types in this package, which tests go through
	}
	bound(in)
	known[name] = slices.Sorted(maps.Keys(in.Properties))
	no := false
	sdk.AddTool(server, &sdk.Tool{
		Name: name, Title: title, Description: description, InputSchema: in,
		Annotations: &sdk.ToolAnnotations{Title: title, ReadOnlyHint: true, IdempotentHint: true, OpenWorldHint: &no},
	}, func(ctx context.Context, _ *sdk.CallToolRequest, in In) (*sdk.CallToolResult, Out, error) {
		return call(ctx, in)
	})
}

// The bounds of arguments.
const (
	maxText       = 8 << 10 // bytes of a query or question
	maxLimit      = 100
	maxCandidates = 1000
	maxTexts      = 1000
	maxTokens     = 100_000
)

// bound writes into a schema what types cannot say.
func bound(s *jsonschema.Schema) {
	number := func(name string, least, most float64) {
		if p := s.Properties[name]; p != nil {
			p.Minimum, p.Maximum = &least, &most
			if p.Types != nil { // of a pointer: null stands for nothing there
				p.Type, p.Types = "integer", nil
			}
		}
	}
	length := func(name string, least, most int) {
		if p := s.Properties[name]; p != nil {
			p.MinLength, p.MaxLength = &least, &most
		}
	}
	number("limit", 1, maxLimit)
	number("candidates", 1, maxCandidates)
	number("budget_ms", 1, 600_000)
	number("context_tokens", 64, maxTokens)
	number("max_chars", 100, maxPage)
	length("query", 1, maxText)
	length("question", 1, maxText)
	length("id", 1, maxText)
	length("filter", 0, maxText)
	length("cursor", 0, maxText)
	if p := s.Properties["mode"]; p != nil {
		p.Enum = []any{"dense", "lexical", "hybrid"}
	}
	if p := s.Properties["texts"]; p != nil {
		least, most := 1, maxTexts
		p.MinItems, p.MaxItems = &least, &most
		p.Type, p.Types = "array", nil
	}
}

// check refuses calls of unknown tools and with unknown arguments, naming the nearest that are known.
func (a arguments) check(next sdk.MethodHandler) sdk.MethodHandler {
	return func(ctx context.Context, method string, req sdk.Request) (sdk.Result, error) {
		call, ok := req.(*sdk.CallToolRequest)
		if !ok || call.Params == nil {
			return next(ctx, method, req)
		}
		if err := a.known(call.Params.Name, call.Params.Arguments); err != nil {
			var r sdk.CallToolResult
			r.SetError(err)
			return &r, nil
		}
		return next(ctx, method, req)
	}
}

func (a arguments) known(tool string, raw json.RawMessage) error {
	takes, ok := a[tool]
	if !ok {
		return fmt.Errorf("there is no tool %q%s; there are %s", tool, hint(tool, slices.Sorted(maps.Keys(a))), strings.Join(slices.Sorted(maps.Keys(a)), ", "))
	}
	var given map[string]json.RawMessage
	if len(raw) > 0 && json.Unmarshal(raw, &given) != nil {
		return fmt.Errorf("the arguments of %s are no JSON object", tool)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		switch {
		case slices.Contains(takes, name):
		case len(takes) == 0:
			return fmt.Errorf("%s takes no arguments; %q is one", tool, name)
		default:
			return fmt.Errorf("%s takes no argument %q%s; it takes %s", tool, name, hint(name, takes), strings.Join(takes, ", "))
		}
	}
	return nil
}

// hint names the nearest known name.
func hint(name string, known []string) string {
	if n := nearest.Name(name, known); n != "" {
		return fmt.Sprintf("; did you mean %q?", n)
	}
	return ""
}
