// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// CacheDir returns the directory of the Hugging Face cache as huggingface_hub finds it:
// HF_HUB_CACHE, else HF_HOME/hub, else XDG_CACHE_HOME/huggingface/hub, else
// ~/.cache/huggingface/hub. It is "" if none of these is set and there is no home directory.
func CacheDir() string {
	if d := os.Getenv("HF_HUB_CACHE"); d != "" {
		return expandHome(d)
	}
	if d := os.Getenv("HF_HOME"); d != "" {
		return filepath.Join(expandHome(d), "hub")
	}
	if d := os.Getenv("XDG_CACHE_HOME"); d != "" {
		return filepath.Join(expandHome(d), "huggingface", "hub")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".cache", "huggingface", "hub")
}

func expandHome(p string) string {
	if p != "~" && !strings.HasPrefix(p, "~/") {
		return p
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return p
	}
	return filepath.Join(home, p[1:])
}

// hubID is what the Hub allows: a name, or an owner and a name. "--" and ".." are excluded
// separately; the first would be ambiguous in the cache's directory names.
var hubID = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,95}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,95})?$`)

func isHubID(id string) bool {
	return hubID.MatchString(id) && !strings.Contains(id, "--") && !strings.Contains(id, "..")
}

// cachedRepo is the cache directory of one model.
type cachedRepo struct {
	id   string
	path string // …/models--owner--name
}

func repoInCache(cache, id string) cachedRepo {
	return cachedRepo{id: id, path: filepath.Join(cache, "models--"+strings.ReplaceAll(id, "/", "--"))}
}

// defaultRevision is the branch that is meant where none is stated.
const defaultRevision = "main"

// snapshot returns the directory that holds the files of a revision: a branch or tag, resolved by
// refs/<revision>, or a commit. The error says which revisions there are.
func (r cachedRepo) snapshot(revision string) (string, error) {
	if !fs.ValidPath(revision) || strings.ContainsAny(revision, "\\:\x00") || len(revision) > 256 {
		return "", fmt.Errorf("revision %s is not a branch, tag or commit", quoteShort(revision))
	}
	if st, err := os.Stat(r.path); err != nil || !st.IsDir() {
		return "", fmt.Errorf("%s does not exist", r.path)
	}
	ref := filepath.Join(r.path, "refs", filepath.FromSlash(revision))
	commit := revision
	if data, err := readSmall(ref); err == nil {
		commit = strings.TrimSpace(string(data))
	}
	if strings.ContainsAny(commit, "/\\:\x00") || !fs.ValidPath(commit) || commit == "." {
		if commit == revision {
			return "", r.noRevision(revision)
		}
		return "", fmt.Errorf("%s does not hold a commit", ref)
	}
	dir := filepath.Join(r.path, "snapshots", commit)
	if st, err := os.Stat(dir); err != nil || !st.IsDir() {
		return "", r.noRevision(revision)
	}
	return dir, nil
}

// noRevision explains which revisions could be asked for.
func (r cachedRepo) noRevision(revision string) error {
	var have []string
	if entries, err := os.ReadDir(filepath.Join(r.path, "snapshots")); err == nil {
		for _, e := range entries {
			have = append(have, r.id+"@"+e.Name())
		}
	}
	if len(have) == 0 {
		return fmt.Errorf("%s holds no files of revision %q, and no other", r.path, revision)
	}
	return fmt.Errorf("%s holds no files of revision %q, it has %s", r.path, revision, strings.Join(have, ", "))
}

// readSmall reads a file that holds no more than a name.
func readSmall(path string) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || st.Size() > 1024 {
		return nil, fmt.Errorf("%s is not a small file", path)
	}
	return os.ReadFile(path)
}

// cachedRepos returns the models in the cache, sorted by id.
func cachedRepos(cache string) []cachedRepo {
	entries, err := os.ReadDir(cache)
	if err != nil {
		return nil
	}
	var out []cachedRepo
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), "models--")
		if !ok {
			continue
		}
		id := strings.Replace(rest, "--", "/", 1)
		if isHubID(id) {
			out = append(out, repoInCache(cache, id))
		}
	}
	slices.SortFunc(out, func(a, b cachedRepo) int { return strings.Compare(a.id, b.id) })
	return out
}
