// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/eval"
	"github.com/winnow-search/winnow/eval/significance"
	"github.com/winnow-search/winnow/server/api"
)

// OpenAPI is the description of the server's routes, made from the types and the table that serve them: docs/openapi.json.
func OpenAPI() ([]byte, error) {
	d := &describing{schemas: map[string]*jsonschema.Schema{}}
	paths := map[string]map[string]any{}
	for _, r := range (&Server{}).table() {
		operation, err := d.operation(&r)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.pattern(), err)
		}
		path := strings.NewReplacer("{$}", "", "...}", "}").Replace(r.path)
		if paths[path] == nil {
			paths[path] = map[string]any{}
		}
		paths[path][strings.ToLower(r.method)] = operation
	}
	data, err := json.MarshalIndent(map[string]any{
		"openapi": "3.1.0",
		"info": map[string]any{
			"title": "winnow", "version": "1", "license": map[string]string{"name": "Apache-2.0", "identifier": "Apache-2.0"},
			"description": "Search, embeddings and reranking. Routes of OpenAI, Cohere, Jina and text-embeddings-inference take requests with fields that are not known here; winnow's own refuse them.",
		},
		"paths": paths,
		"components": map[string]any{
			"schemas":         d.schemas,
			"securitySchemes": map[string]any{"key": map[string]string{"type": "http", "scheme": "bearer"}},
		},
	}, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(data, '\n'), nil
}

func (c *call) openAPI() error {
	data, err := c.document()
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "application/json")
	_, err = c.w.Write(data)
	return err
}

// describing collects schemas.
type describing struct{ schemas map[string]*jsonschema.Schema }

// pathParameter is one in a path, as in {id...}.
var pathParameter = regexp.MustCompile(`\{(\w+)(\.\.\.)?\}`)

func (d *describing) operation(r *route) (map[string]any, error) {
	failure := reflect.TypeFor[api.Failure]()
	switch r.dialect {
	case rerank:
		failure = reflect.TypeFor[rerankFailure]()
	case tei:
		failure = reflect.TypeFor[teiFailure]()
	}
	failures := []reflect.Type{failure}
	if r.dialect == rerank { // a request of text-embeddings-inference's shape gets its errors
		failures = append(failures, reflect.TypeFor[teiFailure]())
	}
	failed, err := d.content("application/json", failures, false)
	if err != nil {
		return nil, err
	}
	done := map[string]any{"description": "done"}
	media := r.media
	if media == "" {
		media = "application/json"
	}
	requests, responses := []reflect.Type{r.request}, []reflect.Type{r.response}
	for _, s := range r.also {
		requests, responses = append(requests, s.request), append(responses, s.response)
	}
	if r.response != nil {
		content, err := d.content(media, responses, false)
		if err != nil {
			return nil, err
		}
		if r.streams {
			content["text/event-stream"] = map[string]any{}
		}
		done["content"] = content
	} else if media != "application/json" {
		done["content"] = map[string]any{media: map[string]any{}}
	}
	out := map[string]any{
		"summary": r.summary, "tags": []string{r.tag}, "operationId": operationID(r),
		"responses": map[string]any{"200": done, "default": map[string]any{"description": "an error; with Retry-After where it is worth trying again", "content": failed}},
	}
	if r.request != nil {
		first, others := media, []string(nil)
		if r.takes != nil {
			first, others = r.takes[0], r.takes[1:]
		}
		content, err := d.content(first, requests, r.tag == tagOpenAI || r.tag == tagRerank || r.tag == tagTEI)
		if err != nil {
			return nil, err
		}
		for _, m := range others {
			content[m] = map[string]any{}
		}
		out["requestBody"] = map[string]any{"required": true, "content": content}
	}
	if r.scope != Open {
		out["security"] = []any{map[string]any{"key": []string{}}, map[string]any{}}
		out["description"] = fmt.Sprintf("Needs a key with the scope %s, where the server has keys.", r.scope)
	}
	var parameters []any
	for _, m := range pathParameter.FindAllStringSubmatch(r.path, -1) {
		parameters = append(parameters, map[string]any{"name": m[1], "in": "path", "required": true, "schema": map[string]string{"type": "string"}})
	}
	for _, p := range r.query {
		parameters = append(parameters, map[string]any{"name": p.name, "in": "query", "description": p.about, "schema": map[string]string{"type": p.kind}})
	}
	if parameters != nil {
		out["parameters"] = parameters
	}
	return out, nil
}

// rerankFailure is how Cohere and Jina speak of errors.
type rerankFailure struct {
	Message string `json:"message"`
	Detail  string `json:"detail"`
}

// teiFailure is how text-embeddings-inference does.
type teiFailure struct {
	Error string `json:"error"`
	Type  string `json:"error_type"`
}

// operationID is a name for functions of generated clients, as in post_v1_search.
func operationID(r *route) string {
	path := strings.Trim(pathParameter.ReplaceAllString(r.path, "by_$1"), "/")
	path = strings.NewReplacer("/", "_", "{$}", "root", ".", "_").Replace(path)
	return strings.ToLower(r.method) + "_" + path
}

// content is a body of one of the types; nil ones, and any, say nothing.
func (d *describing) content(media string, types []reflect.Type, tolerant bool) (map[string]any, error) {
	var refs []*jsonschema.Schema
	for _, t := range types {
		if t == nil || t.Kind() == reflect.Interface {
			continue
		}
		ref, err := d.reference(t, tolerant)
		if err != nil {
			return nil, err
		}
		for list := ref; list != nil && len(list.Types) > 0; list = list.Items { // bodies have no null in place of a list
			list.Type, list.Types = "array", nil
		}
		refs = append(refs, ref)
	}
	schema := &jsonschema.Schema{AnyOf: refs}
	switch len(refs) {
	case 0:
		schema = &jsonschema.Schema{}
	case 1:
		schema = refs[0]
	}
	return map[string]any{media: map[string]any{"schema": schema}}, nil
}

// reference is the schema of a type: by its name, if it has one.
func (d *describing) reference(t reflect.Type, tolerant bool) (*jsonschema.Schema, error) {
	name := strings.ToUpper(t.Name()[:min(1, len(t.Name()))]) + t.Name()[min(1, len(t.Name())):]
	if name != "" && d.schemas[name] != nil {
		return &jsonschema.Schema{Ref: "#/components/schemas/" + name}, nil
	}
	s, err := jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: schemasOf()})
	if err != nil {
		return nil, err
	}
	if tolerant {
		open(s)
	}
	if name == "" {
		return s, nil
	}
	d.schemas[name] = s
	return &jsonschema.Schema{Ref: "#/components/schemas/" + name}, nil
}

// open lets objects have fields that are not known.
func open(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	if a := s.AdditionalProperties; a != nil && a.Not != nil {
		s.AdditionalProperties = nil
	}
	for _, p := range s.Properties {
		open(p)
	}
	open(s.Items)
}

// schemasOf are those of types that write their JSON themselves.
func schemasOf() map[reflect.Type]*jsonschema.Schema {
	text := func() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }
	list := func(of *jsonschema.Schema) *jsonschema.Schema { return &jsonschema.Schema{Type: "array", Items: of} }
	number := func() *jsonschema.Schema { return &jsonschema.Schema{Type: "number"} }
	ids := func() *jsonschema.Schema { return list(&jsonschema.Schema{Type: "integer"}) }
	numbers := func() *jsonschema.Schema {
		return &jsonschema.Schema{Type: "object", AdditionalProperties: number()}
	}
	counts := &jsonschema.Schema{Type: "object", AdditionalProperties: &jsonschema.Schema{Type: "integer"}}
	var modes, formats []any
	for _, m := range winnow.Modes() {
		modes = append(modes, string(m))
	}
	for _, f := range []document.Format{document.Plain, document.Markdown, document.Code, document.Pages} {
		formats = append(formats, string(f))
	}
	duration := text()
	duration.Pattern = `^-?([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)`
	return map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[winnow.Duration]():               duration,
		reflect.TypeFor[winnow.Mode]():                   {Type: "string", Enum: modes},
		reflect.TypeFor[document.Format]():               {Type: "string", Enum: formats},
		reflect.TypeFor[api.Metadata]():                  {Types: []string{"object", "null"}},
		reflect.TypeFor[api.Content]():                   {Type: "string", ContentMediaType: "application/octet-stream"},
		reflect.TypeFor[Inputs]():                        {AnyOf: []*jsonschema.Schema{text(), list(text()), ids(), list(ids())}},
		reflect.TypeFor[Vector]():                        {AnyOf: []*jsonschema.Schema{list(number()), text()}},
		reflect.TypeFor[Classified]():                    {AnyOf: []*jsonschema.Schema{text(), list(text()), list(list(text()))}},
		reflect.TypeFor[json.RawMessage]():               {AnyOf: []*jsonschema.Schema{text(), {Type: "object"}}},
		reflect.TypeFor[eval.Measure]():                  text(),
		reflect.TypeFor[map[eval.Measure]float64]():      numbers(),
		reflect.TypeFor[map[eval.Measure]int]():          counts,
		reflect.TypeFor[map[significance.Test]float64](): numbers(),
	}
}
