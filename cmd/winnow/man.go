// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// manCommand is for those who make packages. Cobra's own generator reads the texts as Markdown, which they
// are not, and leaves out the environment.
func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "write the manual pages",
		GroupID: groupOther,
		Hidden:  true,
		Long:    "Writes a manual page for each command into a directory, from what the help says: winnow.1, winnow-search.1, and so on.",
		Args:    exactly("DIR"),
		RunE:    func(cmd *cobra.Command, args []string) error { return writeManual(cmd.Root(), args[0]) },
	}
}

func writeManual(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	list := []*cobra.Command{root}
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() && c.Name() != "help" {
			list = append(list, c)
		}
	}
	for _, c := range list {
		if err := os.WriteFile(filepath.Join(dir, pageName(c)+".1"), []byte(manual(c)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// pageName is the name of a command's page.
func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// manual is the page of a command, in the macros of man(7).
func manual(cmd *cobra.Command) string {
	var b strings.Builder
	// The number alone: a page must not depend on the machine that it is made on.
	number, _, _ := strings.Cut(cmd.Root().Version, " ")
	fmt.Fprintf(&b, ".TH %s 1 \"\" %s \"winnow manual\"\n.nh\n.ad l\n.SH NAME\n%s \\- %s\n", roff(strings.ToUpper(pageName(cmd))), roff("winnow "+number), roff(pageName(cmd)), roff(cmd.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n.SH DESCRIPTION\n", roff(useLine(cmd)))
	text := cmd.Long
	if text == "" {
		text = cmd.Short
	}
	manParagraphs(&b, text)
	if len(cmd.Commands()) > 0 {
		b.WriteString(".SH COMMANDS\n")
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(c.Name()), roff(c.Short))
			}
		}
	}
	if list := describeFlags(cmd); len(list) > 0 {
		b.WriteString(".SH OPTIONS\n")
		for _, f := range list {
			fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(strings.TrimSpace(f.head)), roff(f.text))
		}
	}
	if cmd.Example != "" {
		b.WriteString(".SH EXAMPLES\n.nf\n")
		for _, line := range exampleLines(cmd) {
			b.WriteString(roff(line) + "\n")
		}
		b.WriteString(".fi\n")
	}
	b.WriteString(".SH NOTES\n")
	manParagraphs(&b, rootNotes)
	if cmd.HasParent() {
		fmt.Fprintf(&b, ".SH SEE ALSO\n.BR %s (1)\n", roff(pageName(cmd.Root())))
	}
	return b.String()
}

// manParagraphs writes running text; each line of it is a paragraph.
func manParagraphs(b *strings.Builder, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			fmt.Fprintf(b, ".PP\n%s\n", roff(line))
		}
	}
}

// roff escapes text: what would be a request at the beginning of a line, characters that are typeset as others
// though they are to be copied, and those that troff does not read as they are.
func roff(text string) string {
	text = troff.Replace(text)
	var b strings.Builder
	if strings.HasPrefix(text, ".") {
		b.WriteString(`\&`)
	}
	for _, r := range text {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\[u%04X]`, r)
		}
	}
	return b.String()
}

var troff = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", "\\`", "^", `\(ha`, "~", `\(ti`, `"`, `\(dq`)
