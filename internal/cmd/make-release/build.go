// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/winnow-search/winnow/internal/nearest"
)

// target is a system and a processor, as Go names them.
type target struct{ system, processor string }

func (t target) String() string { return t.system + "/" + t.processor }

// program is the name of the program's file.
func (t target) program() string {
	if t.system == "windows" {
		return "winnow.exe"
	}
	return "winnow"
}

// archive is the extension of archives that the system opens without further tools.
func (t target) archive() string {
	if t.system == "windows" {
		return ".zip"
	}
	return ".tar.gz"
}

func parseTargets(list string) ([]target, error) {
	known := strings.Split(targets, ",")
	var wanted []target
	for name := range strings.SplitSeq(list, ",") {
		if !slices.Contains(known, name) {
			hint := ""
			if n := nearest.Name(name, known); n != "" {
				hint = ": did you mean " + n + "?"
			}
			return nil, fmt.Errorf("no releases are made for %q%s (targets are %s)", name, hint, targets)
		}
		system, processor, _ := strings.Cut(name, "/")
		if t := (target{system, processor}); !slices.Contains(wanted, t) {
			wanted = append(wanted, t)
		}
	}
	return wanted, nil
}

// program is what was built, and what Go noted in it.
type program struct {
	path string
	info *debug.BuildInfo
	time time.Time // of all files in the archive: the commit's, or SOURCE_DATE_EPOCH
}

// places is where Go finds modules and keeps what it makes, as variables of the environment: `go env -w` may have put that into a file.
func places(ctx context.Context) ([]string, error) {
	listed, err := output(exec.CommandContext(ctx, "go", "env", "-json", "GOPATH", "GOMODCACHE", "GOCACHE", "GOTOOLCHAIN",
		"GOPROXY", "GOPRIVATE", "GONOPROXY", "GOSUMDB", "GONOSUMDB", "GOINSECURE", "GOAUTH", "GOVCS"))
	if err != nil {
		return nil, err
	}
	var values map[string]string
	if err := json.Unmarshal(listed, &values); err != nil {
		return nil, err
	}
	var variables []string
	for name, value := range values {
		variables = append(variables, name+"="+value)
	}
	return variables, nil
}

// build compiles the program into a directory below scratch. Nothing of the environment or of `go env -w` enters it but the version of
// Go. An empty variable alone would leave in force what the latter has set.
func build(ctx context.Context, t target, scratch string) (*program, error) {
	found, err := places(ctx)
	if err != nil {
		return nil, err
	}
	p := &program{path: filepath.Join(scratch, t.system+"-"+t.processor, t.program())}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=auto", "-ldflags=-s -w", "-o", p.path, "./cmd/winnow")
	cmd.Env = append(append(os.Environ(), found...), "GOENV=off", "CGO_ENABLED=0", "GOOS="+t.system, "GOARCH="+t.processor,
		"GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=", "GOEXPERIMENT=", "GOFIPS140=off", "GOWORK=off")
	if _, err := output(cmd); err != nil {
		return nil, err
	}
	if p.info, err = buildinfo.ReadFile(p.path); err != nil {
		return nil, err
	}
	epoch := os.Getenv("SOURCE_DATE_EPOCH")
	if v := &p.info.Main.Version; *v == "" || *v == "(devel)" {
		if epoch == "" {
			return nil, errors.New("the program has no version, since Go found no .git directory: make releases in a clone of the repository, " +
				"not in a further worktree, or set SOURCE_DATE_EPOCH to make one whose version is devel")
		}
		*v = "devel"
	}
	p.time, err = timeOf(p.info, epoch)
	return p, err
}

// setting is what Go noted under a key, such as GOARCH or vcs.time.
func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// timeOf is the time that files get: epoch, seconds since 1970, or that of the commit.
func timeOf(info *debug.BuildInfo, epoch string) (time.Time, error) {
	if epoch == "" {
		at, err := time.Parse(time.RFC3339, setting(info, "vcs.time"))
		if err != nil {
			return time.Time{}, fmt.Errorf("the time of the commit: %w", err)
		}
		return at.UTC(), nil
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	// The calendar of ZIP archives begins in 1980 and ends in 2107.
	at := time.Unix(seconds, 0).UTC()
	if err != nil || at.Year() < 1980 || at.Year() > 2107 {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH=%q: want seconds since 1970, from 1980 to 2107", epoch)
	}
	return at, nil
}

// commonFiles are the files that the archives of all targets hold. What the program says of itself is
// made by one that runs here.
func commonFiles(ctx context.Context, scratch string) ([]entry, error) {
	var entries []entry
	for _, name := range []string{"LICENSE", "NOTICE", "README.md", "CHANGELOG.md"} {
		entries = append(entries, entry{name: name, path: name})
	}
	p, err := build(ctx, target{runtime.GOOS, runtime.GOARCH}, scratch)
	if err != nil {
		return nil, err
	}
	for _, c := range []struct{ shell, name string }{
		{"bash", "winnow.bash"}, {"zsh", "_winnow"}, {"fish", "winnow.fish"}, {"powershell", "winnow.ps1"},
	} {
		script, err := output(exec.CommandContext(ctx, p.path, "completion", c.shell))
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{name: "completions/" + c.name, data: script})
	}
	manual := filepath.Join(scratch, "man1")
	if _, err := output(exec.CommandContext(ctx, p.path, "man", manual)); err != nil {
		return nil, err
	}
	pages, err := os.ReadDir(manual)
	if err != nil {
		return nil, err
	}
	for _, page := range pages {
		entries = append(entries, entry{name: "man/man1/" + page.Name(), path: filepath.Join(manual, page.Name())})
	}
	return entries, nil
}

// output runs a command and returns what it prints; an error has what it complained about.
func output(cmd *exec.Cmd) ([]byte, error) {
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, complaint.Bytes())
	}
	return out, nil
}
