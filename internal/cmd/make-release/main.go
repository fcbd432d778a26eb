// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Command make-release builds what is released: for each target an archive with the program and what
// belongs to it, a bill of materials, and a file of checksums for all. The same commit and the same
// version of Go give the same bytes, on any machine and in any directory.
//
//	go run ./internal/cmd/make-release --out dist
//
// The version is the one that Go stamps into the program: the tag of the commit, or a name made of its
// time and hash. So it needs a clone of the repository; with changes that are not committed the version ends in +dirty.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
)

// targets are the systems and processors that releases are made for.
const targets = "darwin/amd64,darwin/arm64,linux/amd64,linux/arm64,windows/amd64,windows/arm64"

func main() {
	out := flag.String("out", "dist", "directory to write; what is there is replaced")
	list := flag.String("targets", targets, "systems and processors, as Go names them")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "usage: make-release [--out DIR] [--targets SYSTEM/PROCESSOR,...]")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *out, *list)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "make-release:", err)
		os.Exit(1)
	}
}

// run makes the release in a new directory, which takes the place of out when it is whole. All programs are built before it is begun:
// a file in the clone that git does not know makes versions end in +dirty.
func run(ctx context.Context, out, list string) (err error) {
	wanted, err := parseTargets(list)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "winnow-release-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	common, err := commonFiles(ctx, scratch)
	if err != nil {
		return err
	}
	programs := make([]*program, len(wanted))
	for i, t := range wanted {
		if programs[i], err = build(ctx, t, scratch); err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
	}
	fresh := out + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := os.MkdirAll(fresh, 0o755); err != nil {
		return err
	}
	for i, t := range wanted {
		if err := release(ctx, t, programs[i], common, fresh); err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
	}
	if err := writeSums(fresh); err != nil {
		return err
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	return os.Rename(fresh, out)
}

// release writes the archive and the bill of materials of the program for one target into dir.
func release(ctx context.Context, t target, p *program, common []entry, dir string) error {
	terms, err := licences(ctx, p.info)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("winnow_%s_%s_%s", strings.TrimPrefix(p.info.Main.Version, "v"), t.system, t.processor)
	entries := append(slices.Clone(common), entry{name: t.program(), path: p.path, executable: true}, entry{name: "THIRD-PARTY.txt", data: terms})
	if t.system == "linux" {
		entries = append(entries, entry{name: "systemd/winnow.service", path: "packaging/winnow.service"})
	}
	archive := filepath.Join(dir, name+t.archive())
	if err := writeArchive(archive, name, entries, p.time); err != nil {
		return err
	}
	bill, err := billOfMaterials(p)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, name+".cdx.json"), bill, 0o644); err != nil {
		return err
	}
	size, err := os.Stat(archive)
	if err != nil {
		return err
	}
	fmt.Printf("%10d  %s\n", size.Size(), filepath.Base(archive))
	return nil
}
