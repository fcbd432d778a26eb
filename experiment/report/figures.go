// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"html/template"

	"github.com/winnow-search/winnow/experiment"
)

// figure is a picture with words that say how to read it.
type figure struct {
	Name, Title, Text string
	SVG               template.HTML
}

type caption struct{ title, text string }

var captions = map[string]caption{
	"quality": {
		"What does quality cost?",
		"Each line is a way to search; each point a depth, named by the number of documents that are reranked (0: none). Up is better, left is faster; times are on a scale of equal factors. A line that rises pays for its time, one that falls does not. Bars are 95 % intervals over queries: where they overlap widely, trust the table of differences.",
	},
	"precision": {
		"What does the time of reranking buy?",
		"The same points over the time of reranking alone. The first point of a line is the search without reranking. Where a line turns flat, more reading brings nothing.",
	},
	"shift": {
		"What happens to one query?",
		"Left the order of retrieval, right that after reranking; each line is a document, darker and thicker the more relevant it is. Good reranking draws dark lines up. What is below the dashed line is out of sight of most readers.",
	},
	"scores": {
		"Does retrieval tell relevant documents apart?",
		"How scores of the first stage are distributed, for relevant documents and for others. The less the two overlap, the less is left for a reranker to do.",
	},
	"logits": {
		"Does the reranker tell them apart?",
		"The same for the reranker’s logits. If these overlap less than the scores above, the reranker sees something that retrieval does not. Documents that nobody judged count among the others.",
	},
	"queries": {
		"Who wins, who loses?",
		"One bar a query, from the greatest gain to the greatest loss. Much area above zero with little below is a change to trust; a few high bars beside many low ones is luck.",
	},
}

// newFigures draws pictures. The charts escape their labels and have neither scripts nor references.
func newFigures(pictures []experiment.Picture) (out []figure, err error) {
	for _, p := range pictures {
		if p.Picture == nil {
			return nil, fmt.Errorf("picture %q is empty", p.Name)
		}
		svg, err := p.SVG()
		if err != nil {
			return nil, fmt.Errorf("picture %s: %w", p.Name, err)
		}
		text := captions[p.Name]
		if text.title == "" {
			text.title = line(p.Name, nameLength)
		}
		out = append(out, figure{line(p.Name, nameLength), text.title, text.text, template.HTML(svg)}) //nolint:gosec // made by internal/chart
	}
	return out, nil
}
