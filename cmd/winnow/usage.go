// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/winnow-search/winnow/internal/nearest"
)

// usageError is a command line that makes no sense. The exit code is 2.
type usageError struct {
	command string // whose help explains
	message string
}

func (e *usageError) Error() string { return e.message }

// misuse returns a usageError about a command.
func misuse(cmd *cobra.Command, format string, args ...any) error {
	return &usageError{cmd.CommandPath(), fmt.Sprintf(format, args...)}
}

// unknownCommand names the nearest command there is.
func unknownCommand(parent *cobra.Command, name string) error {
	var known []string
	for _, c := range parent.Commands() {
		if c.IsAvailableCommand() || c.Name() == "help" {
			known = append(known, c.Name())
		}
	}
	return misuse(parent, "unknown command %q%s", name, didYouMean(name, known, "%q"))
}

// didYouMean ends a message with the nearest known name, or with nothing.
func didYouMean(name string, known []string, format string) string {
	n := nearest.Name(name, known)
	if n == "" {
		return ""
	}
	return "; did you mean " + fmt.Sprintf(format, n) + "?"
}

// flagError turns the flag parser's errors into ours.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var noValue *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		name, typed := unknown.GetSpecifiedName(), "--"+unknown.GetSpecifiedName()
		if short := unknown.GetSpecifiedShortnames(); short != "" {
			// -json is read as the short flags -j -s -o -n; --json is what was meant.
			name, typed = short, "-"+short
		}
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				known = append(known, f.Name)
			}
		})
		hint := didYouMean(name, known, "--%s")
		if hint == "" && (strings.Contains(cmd.Use, " QUERY") || strings.Contains(cmd.Use, " QUESTION")) && !strings.HasPrefix(typed, "--") {
			hint = "; words with a dash in front come after --"
		}
		return misuse(cmd, "%q has no flag %s%s", cmd.CommandPath(), typed, hint)
	case errors.As(err, &noValue):
		return misuse(cmd, "flag %s needs a value", flagNames(noValue.GetFlag()))
	case errors.As(err, &invalid):
		return misuse(cmd, "%s %q: %v", flagNames(invalid.GetFlag()), invalid.GetValue(), plainCause(invalid.GetFlag(), invalid.Unwrap()))
	}
	return misuse(cmd, "%v", err)
}

// flagNames is how a flag is written: "-m, --model".
func flagNames(f *pflag.Flag) string {
	if f.Shorthand != "" {
		return "-" + f.Shorthand + ", --" + f.Name
	}
	return "--" + f.Name
}

// plainCause replaces the words of packages strconv and time.
func plainCause(f *pflag.Flag, err error) string {
	switch f.Value.Type() {
	case "bool":
		return "want true or false"
	case "duration":
		return "want a time with its unit, as in 50ms or 1.5s"
	case "float64":
		return "want a number"
	}
	return err.Error()
}

// exactly is the check of a command that takes the arguments named.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return misuse(cmd, "%s is missing: %s", names[len(args)], strings.Join(append([]string{cmd.CommandPath()}, names...), " "))
		case len(args) > len(names) && len(names) == 0:
			return misuse(cmd, "%q takes no arguments; %q is one", cmd.CommandPath(), args[0])
		case len(args) > len(names):
			return misuse(cmd, "%q is one argument too many: %s", args[len(names)], strings.Join(append([]string{cmd.CommandPath()}, names...), " "))
		}
		return nil
	}
}

// required is an error for a flag that is not set and has to be.
func required(cmd *cobra.Command, name, what string) error {
	if cmd.Flags().Changed(name) {
		return nil
	}
	return misuse(cmd, "--%s is missing: %s (or set %s)", name, what, variable(name))
}
