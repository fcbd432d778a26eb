// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/winnow-search/winnow/server"
)

func (a *app) keyCommand() *cobra.Command {
	var scope, file string
	var names []string
	for _, s := range server.Scopes() {
		names = append(names, string(s))
	}
	cmd := &cobra.Command{
		Use:     "key NAME --keys FILE [--scope read|write|admin]",
		Short:   "make an API key for serve",
		GroupID: groupOther,
		Long: "Makes an API key, prints it, and adds its name, its scope and its SHA-256 to a file for `winnow serve --keys`. The key itself is kept nowhere: whoever loses it gets another.\n\n" +
			"read lets search, embed and rerank; write lets change documents, too; admin lets make and remove collections, too, and see profiles. To take a key back, remove its line; a running server notices.",
		Example: `winnow key shop --keys keys.txt
			winnow key importer --keys keys.txt --scope write`,
		Args: exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := required(cmd, "keys", "the file that the key is added to"); err != nil {
				return err
			}
			return a.key(args[0], server.Scope(scope), file)
		},
	}
	cmd.Flags().StringVar(&file, "keys", "", "add the key to `FILE`, required")
	choice(cmd.Flags(), &scope, "scope", string(server.Read), names, "what the key allows")
	return cmd
}

func (a *app) key(name string, scope server.Scope, path string) (err error) {
	secret, line, err := server.NewKey(name, scope)
	if err != nil {
		return err
	}
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if len(before) > 0 && !strings.HasSuffix(string(before), "\n") {
		line = "\n" + line
	}
	if err := server.CheckKeys(append(before, line...)); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line + "\n")
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	a.stdout.Println(secret)
	a.note(fmt.Sprintf("this is the only time that the key is shown; %s has its SHA-256", path))
	return nil
}
