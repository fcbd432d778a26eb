// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/internal/kernel"
	_ "github.com/winnow-search/winnow/model/builtin" // registers builtin:retriever and builtin:reranker
)

// The groups of commands in the help, in this order.
const (
	groupSearch = "search"
	groupIndex  = "index"
	groupScores = "scores"
	groupModels = "models"
	groupOther  = "other"
)

// commands lists every command, in the order in which the help shows them. A command is a file with
// one function; its GroupID is one of the groups above.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.searchCommand(), a.askCommand(), a.compareCommand(), a.similarCommand(), a.dedupCommand(), a.demoCommand(), a.matrixCommand(), a.serveCommand(), a.mcpCommand(),
		a.indexCommand(), a.deleteCommand(), a.statsCommand(), a.exportCommand(), a.checkCommand(), a.repairCommand(),
		a.embedCommand(), a.rerankCommand(), a.evalCommand(), a.tuneCommand(), a.calibrateCommand(), a.validateCommand(),
		a.modelsCommand(), a.infoCommand(), a.verifyCommand(), a.convertCommand(), a.trainCommand(), a.mineCommand(), a.benchCommand(),
		a.keyCommand(), a.healthCommand(), a.manCommand(),
	}
}

// root builds the command tree.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "winnow",
		Short: "find and rank text on this machine",
		Long: "winnow finds and ranks text on ordinary processors: a bi-encoder retrieves, a cross-encoder reranks. " +
			"Two models are built in; everything runs on this machine and nothing is downloaded.",
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		// Runs before every command; a command must not have one of its own, which would replace it.
		PersistentPreRunE: a.prepare,
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetVersionTemplate("winnow {{.Version}}\n")
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { a.help(cmd) })
	root.SetFlagErrorFunc(flagError)
	root.AddGroup(
		&cobra.Group{ID: groupSearch, Title: "Search"},
		&cobra.Group{ID: groupIndex, Title: "Index"},
		&cobra.Group{ID: groupScores, Title: "Vectors and scores"},
		&cobra.Group{ID: groupModels, Title: "Models"},
		&cobra.Group{ID: groupOther, Title: "Other"},
	)
	cobra.EnableCommandSorting = false // the help keeps the order of the list
	root.AddCommand(a.commands()...)
	root.SetHelpCommand(a.helpCommand())
	root.SetCompletionCommandGroupID(groupOther)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.Flags().Bool("version", false, "print the version and what this program was built from")
	describeDefaults(root)
	completeAll(root)
	return root
}

// describeDefaults words what the command line library adds by itself as everything else is worded.
func describeDefaults(cmd *cobra.Command) {
	if cmd.Name() == "completion" {
		cmd.Short = "print a script that completes commands in a shell"
	}
	if cmd.Flags().Lookup("help") == nil {
		cmd.Flags().BoolP("help", "h", false, "print this help")
	}
	for _, c := range cmd.Commands() {
		describeDefaults(c)
	}
}

// execute runs a command line.
func (a *app) execute(ctx context.Context, args []string) error {
	root := a.root()
	root.SetArgs(args)
	if err := knownCommand(root, args); err != nil {
		return err
	}
	return root.ExecuteContext(ctx)
}

// knownCommand refuses an unknown command before anything else is looked at: its flags are unknown,
// too, and would hide the cause.
func knownCommand(root *cobra.Command, args []string) error {
	if len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd) {
		return nil
	}
	cmd, rest, err := root.Find(args)
	if err == nil {
		return nil
	}
	name := ""
	for _, r := range rest {
		if !strings.HasPrefix(r, "-") {
			name = r
			break
		}
	}
	return unknownCommand(cmd, name)
}

// prepare runs before a command: flags that the command line leaves out are taken from the
// environment, and settings that would be ignored are pointed out.
func (a *app) prepare(cmd *cobra.Command, _ []string) error {
	if err := fromEnvironment(cmd, os.LookupEnv); err != nil {
		return err
	}
	for _, w := range strayVariables(cmd.Root(), os.Environ()) {
		a.warn(w)
	}
	if tier, err := kernel.Active(); err != nil {
		a.warn(fmt.Sprintf("%v; %s is used", err, tier))
	}
	return nil
}
