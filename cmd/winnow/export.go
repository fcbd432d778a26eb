// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/index"
)

type exportFlags struct {
	db       string
	passages bool
}

func (a *app) exportCommand() *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:     "export [--db DIR]",
		Short:   "print the documents of an index as JSON lines",
		GroupID: groupIndex,
		Long: "Prints a JSON object a line: {\"id\", \"title\", \"text\", \"format\", \"metadata\"}, in the order of adding; without a format it is plain text. `winnow index` reads the same, so an export can be indexed elsewhere, with another model too; lines that are too long for it are named. " +
			"With --passages it is an object a passage, with its place in the document.",
		Example: "winnow export > documents.jsonl\nwinnow export --passages --db corpus.winnow | head -1 | jq .",
		Args:    exactly(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.export(cmd, &f) },
	}
	dbFlag(cmd, &f.db)
	cmd.Flags().BoolVar(&f.passages, "passages", false, "print passages instead of documents")
	return cmd
}

// exportedDocument is a line of the export.
type exportedDocument struct {
	ID       string          `json:"id"`
	Title    string          `json:"title,omitempty"`
	Text     string          `json:"text"`
	Format   document.Format `json:"format,omitempty"` // not of plain text
	Metadata map[string]any  `json:"metadata,omitempty"`
}

// exportedPassage is a line of the export of passages.
type exportedPassage struct {
	ID        string   `json:"id"`
	Document  string   `json:"document"`
	Heading   []string `json:"heading,omitempty"`
	Text      string   `json:"text"`
	Path      string   `json:"path,omitempty"`
	StartLine int      `json:"start_line"`
	EndLine   int      `json:"end_line"`
	Page      int      `json:"page,omitempty"`
	Start     int      `json:"start"` // bytes of the document's text
	End       int      `json:"end"`
	Tokens    int      `json:"tokens"`
}

// counter counts the bytes written through it.
type counter struct {
	io.Writer
	n int
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n += n
	return n, err
}

func (a *app) export(cmd *cobra.Command, f *exportFlags) error {
	dir, db, err := openIndex(cmd, f.db, index.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	s, err := db.Snapshot()
	if err != nil {
		return err
	}
	defer s.Release()
	all, err := s.Docs()
	if err != nil {
		return explainDB(dir, err)
	}
	written := &counter{Writer: a.stdout}
	out := json.NewEncoder(written)
	out.SetEscapeHTML(false)
	bar, done := a.newIndexBar(), 0
	bar.begin("exporting")
	defer bar.clear()
	return explainDB(dir, s.Documents(cmd.Context(), func(d *document.Document, passages []index.Passage) error {
		if done++; !a.stdout.Terminal { // whoever sees the lines needs no bar between them
			bar.draw(bar.what, done, all, "document", "documents")
		}
		if !f.passages {
			format := d.Format
			if format == document.Plain {
				format = ""
			}
			written.n = 0
			err := out.Encode(exportedDocument{d.ID, d.Title, d.Text, format, d.Meta})
			if n := written.n - len("\n"); n > document.DefaultMaxLine {
				bar.clear()
				a.warn(fmt.Sprintf("document %q is a line of %s, longer than winnow index reads (%s): index its file instead", d.ID, term.Bytes(int64(n)), term.Bytes(document.DefaultMaxLine)))
			}
			return err
		}
		for _, p := range passages {
			c := p.Chunk
			if err := out.Encode(exportedPassage{p.ID, d.ID, c.Heading, c.Text, d.Source.Path, c.StartLine, c.EndLine, c.Page, c.Start, c.End, c.Tokens}); err != nil {
				return err
			}
		}
		return nil
	}))
}
