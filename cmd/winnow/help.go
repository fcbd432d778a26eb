// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/winnow-search/winnow/cmd/winnow/internal/term"
)

// helpCommand is `winnow help [COMMAND]`.
func (a *app) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "explain a command",
		GroupID: groupOther,
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, c := range cmd.Root().Commands() {
				if c.IsAvailableCommand() {
					names = append(names, c.Name())
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			target := cmd.Root()
			for _, name := range args {
				next, _, err := target.Find([]string{name})
				if err != nil || next == target {
					return unknownCommand(target, name)
				}
				target = next
			}
			target.InitDefaultHelpFlag()
			return target.Help()
		},
	}
}

// help prints the help of a command.
func (a *app) help(cmd *cobra.Command) {
	o := a.stdout
	text := cmd.Long
	if text == "" {
		text = cmd.Short
	}
	paragraphs(o, text)
	o.Println("")
	o.Println(o.Paint(term.Bold, "Usage"))
	o.Println("  " + useLine(cmd))
	if cmd.Example != "" {
		o.Println("")
		o.Println(o.Paint(term.Bold, "Examples"))
		for _, line := range exampleLines(cmd) {
			o.Println("  " + line)
		}
	}
	subcommands(o, cmd)
	flags(o, cmd)
	if !cmd.HasParent() {
		o.Println("")
		paragraphs(o, "Run \"winnow COMMAND --help\" for the flags of a command. "+rootNotes)
	}
}

// rootNotes hold for all commands.
const rootNotes = "Each flag can be set in the environment, under the name in brackets; " +
	"the command line wins. " + simdVariable + "=scalar|avx2|avx512|amx|neon limits the vector instructions, NO_COLOR turns colours off.\n" +
	"Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 failed, 2 bad usage, 130 stopped with Ctrl-C."

// exampleLines are the lines of a command's examples, without the indentation that they have in the source.
func exampleLines(cmd *cobra.Command) []string {
	var lines []string
	for line := range strings.SplitSeq(strings.Trim(cmd.Example, "\n"), "\n") {
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}

// paragraphs prints running text, wrapped.
func paragraphs(o *term.Output, text string) {
	for _, line := range term.Wrap(text, o.Columns()) {
		o.Println(line)
	}
}

func useLine(cmd *cobra.Command) string {
	if !cmd.HasParent() {
		return "winnow COMMAND [flags]"
	}
	return cmd.Parent().CommandPath() + " " + cmd.Use
}

// subcommands prints the commands below cmd in their groups, those without a group first.
func subcommands(o *term.Output, cmd *cobra.Command) {
	width := 0
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			width = max(width, len(c.Name()))
		}
	}
	for _, g := range append([]*cobra.Group{{Title: "Commands"}}, cmd.Groups()...) {
		first := true
		for _, c := range cmd.Commands() {
			if c.GroupID != g.ID || !c.IsAvailableCommand() {
				continue
			}
			if first {
				o.Println("")
				o.Println(o.Paint(term.Bold, g.Title))
				first = false
			}
			hanging(o, c.Name(), c.Short, width)
		}
	}
}

// describedFlag is a flag as it is written, its value included, and its explanation, which ends with its variable.
type describedFlag struct{ head, text string }

// describeFlags describes the flags of cmd.
func describeFlags(cmd *cobra.Command) []describedFlag {
	var list []describedFlag
	cmd.InitDefaultHelpFlag()
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		head := "    --" + f.Name
		if f.Shorthand != "" {
			head = "-" + f.Shorthand + ", --" + f.Name
		}
		if value != "" {
			head += " " + value
		}
		if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "0s" && f.DefValue != "false" {
			usage += " (default " + f.DefValue + ")"
		}
		if hasTwin(f) {
			usage += " [" + variable(f.Name) + "]"
		}
		list = append(list, describedFlag{head, usage})
	})
	return list
}

// flags prints the flags of cmd.
func flags(o *term.Output, cmd *cobra.Command) {
	list := describeFlags(cmd)
	if len(list) == 0 {
		return
	}
	width := 0
	for _, e := range list {
		width = max(width, len(e.head))
	}
	o.Println("")
	o.Println(o.Paint(term.Bold, "Flags"))
	for _, e := range list {
		hanging(o, e.head, e.text, width)
	}
}

// hanging prints a name and its explanation, which goes on below itself.
func hanging(o *term.Output, head, text string, width int) {
	const indent, gap = 2, 3
	left := indent + width + gap
	for i, line := range term.Wrap(text, max(o.Columns()-left, 24)) {
		if i == 0 {
			o.Println(strings.Repeat(" ", indent) + o.Paint(term.Cyan, head) + strings.Repeat(" ", width-len(head)+gap) + line)
			continue
		}
		o.Println(strings.Repeat(" ", left) + line)
	}
}
