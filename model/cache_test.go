// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	commitA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	commitB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

// emptyCache points all variables that name the cache to a fresh place and returns the cache.
func emptyCache(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("HF_HUB_CACHE", dir)
	t.Setenv("HF_HOME", filepath.Join(dir, "unused"))
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "unused"))
	return dir
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// cached lays a model out as huggingface_hub does: blobs, and snapshots made of relative links.
func cached(t *testing.T, cache, id, commit string, f fileMap) string {
	t.Helper()
	repo := repoInCache(cache, id).path
	for name, data := range f {
		blob := strings.ReplaceAll(commit[:4]+name, "/", "-")
		put(t, filepath.Join(repo, "blobs", blob), string(data))
		link := filepath.Join(repo, "snapshots", commit, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			t.Fatal(err)
		}
		target, err := filepath.Rel(filepath.Dir(link), filepath.Join(repo, "blobs", blob))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	return repo
}

func TestCacheDir(t *testing.T) {
	home := t.TempDir()
	cases := []struct{ name, hub, hfHome, xdg, want string }{
		{"HF_HUB_CACHE", "/a", "/b", "/c", "/a"},
		{"HF_HOME", "", "/b", "/c", "/b/hub"},
		{"XDG_CACHE_HOME", "", "", "/c", "/c/huggingface/hub"},
		{"home", "", "", "", home + "/.cache/huggingface/hub"},
		{"tilde", "~/models", "", "", home + "/models"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("HOME", home)
			t.Setenv("USERPROFILE", home)
			t.Setenv("HF_HUB_CACHE", c.hub)
			t.Setenv("HF_HOME", c.hfHome)
			t.Setenv("XDG_CACHE_HOME", c.xdg)
			if got := filepath.ToSlash(CacheDir()); got != filepath.ToSlash(c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestOpenFromCache(t *testing.T) {
	cache := emptyCache(t)
	repo := cached(t, cache, "some-org/tiny.model", commitA, tinyBi(t))
	cached(t, cache, "some-org/tiny.model", commitB, tinyBi(t).edit(t, "config_sentence_transformers.json", map[string]any{"similarity_fn_name": "dot"}))
	put(t, filepath.Join(repo, "refs", "main"), commitA+"\n")
	put(t, filepath.Join(repo, "refs", "refs", "pr", "1"), commitB)
	cases := []struct{ name, similarity string }{
		{"some-org/tiny.model", "cosine"},
		{"some-org/tiny.model@main", "cosine"},
		{"some-org/tiny.model@" + commitA, "cosine"},
		{"some-org/tiny.model@" + commitB, "dot"},
		{"some-org/tiny.model@refs/pr/1", "dot"},
	}
	for _, c := range cases {
		m, err := Open(c.name)
		if err != nil {
			t.Fatal(err)
		}
		if m.Similarity != c.similarity || m.Name != c.name || !strings.HasPrefix(m.Path, filepath.Join(repo, "snapshots")) {
			t.Errorf("%s: %s at %s", c.name, m.Similarity, m.Path)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{
		"some-org/tiny.model@v2", "some-org/tiny.model@../../x", "some-org/tiny.model@/etc", "some-org/tiny.model@.", "some-org/tiny.model@..",
		"../some-org/tiny.model", "some-org/../tiny.model", "some-org--tiny.model", "a/b/c", "", "@main", "x\x00y", strings.Repeat("x", 100000),
	} {
		_, err := Open(name)
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%.40q: %v, want ErrNotFound", name, err)
		}
		if err != nil && len(err.Error()) > 2000 {
			t.Errorf("%.40q: error of %d bytes", name, len(err.Error()))
		}
	}
	put(t, filepath.Join(repo, "refs", "evil"), "../../../somewhere")
	if _, err := Open("some-org/tiny.model@evil"); err == nil || !strings.Contains(err.Error(), "does not hold a commit") {
		t.Errorf("ref that leads elsewhere: %v", err)
	}
	if err := os.Remove(filepath.Join(repo, "refs", "main")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open("some-org/tiny.model"); err == nil || !strings.Contains(err.Error(), "some-org/tiny.model@"+commitA) {
		t.Errorf("without refs/main the revisions at hand should be named: %v", err)
	}
}

// A cache that shares blobs between repositories has a second step of links.
func TestSharedBlobs(t *testing.T) {
	cache := emptyCache(t)
	f := tinyBi(t)
	repo := cached(t, cache, "o/m", commitA, f)
	put(t, filepath.Join(repo, "refs", "main"), commitA)
	blob := filepath.Join(repo, "blobs", "aaaamodel.safetensors")
	shared := filepath.Join(cache, "blobs", "ab", "abcdef")
	put(t, shared, string(f["model.safetensors"]))
	if err := os.Remove(blob); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../blobs/ab/abcdef", blob); err != nil {
		t.Fatal(err)
	}
	m, err := Open("o/m")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	// A link out of the cache is refused.
	outside := filepath.Join(t.TempDir(), "x")
	put(t, outside, string(f["model.safetensors"]))
	if err := os.Remove(blob); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, blob); err != nil {
		t.Fatal(err)
	}
	if _, err := Open("o/m"); err == nil || !strings.Contains(err.Error(), "outside of the model directory") {
		t.Errorf("link out of the cache: %v", err)
	}
}

func TestNotFound(t *testing.T) {
	cache := emptyCache(t)
	cached(t, cache, "some-org/tiny.model", commitA, tinyBi(t))
	_, err := Open("some-org/tiny.modell")
	var missing *NotFoundError
	if !errors.As(err, &missing) || len(missing.Looked) != 3 || missing.Nearest != "some-org/tiny.model" {
		t.Fatalf("got %v", err)
	}
	for _, part := range []string{"some-org/tiny.modell", "registered", "directory", cache, "pass a directory", "config.json", "nearest"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not contain %q", err, part)
		}
	}
	file := filepath.Join(t.TempDir(), "model.safetensors")
	put(t, file, "x")
	if _, err := Open(file); err == nil || !strings.Contains(err.Error(), "is a file") {
		t.Errorf("a file: %v", err)
	}
}

func TestList(t *testing.T) {
	cache := emptyCache(t)
	f := tinyBi(t)
	for id, files := range map[string]fileMap{
		"b/good": f, "a/other": f.edit(t, "config.json", map[string]any{"architectures": []string{"T5Model"}}),
		"c/part": f.with(map[string]string{"model.safetensors": "", "pytorch_model.bin": "x"}),
	} {
		put(t, filepath.Join(cached(t, cache, id, commitA, files), "refs", "main"), commitA)
	}
	cached(t, cache, "d/no-ref", commitA, f)
	put(t, filepath.Join(cache, "datasets--x--y", "refs", "main"), commitA)
	put(t, filepath.Join(cache, "models--..--y", "refs", "main"), commitA)
	got := map[string]Listed{}
	var order []string
	for _, l := range List() {
		if l.Path != builtinPath {
			got[l.Name] = l
			order = append(order, l.Name)
		}
	}
	if want := "a/other b/good c/part d/no-ref"; strings.Join(order, " ") != want {
		t.Fatalf("listed %q, want %q", order, want)
	}
	if l := got["b/good"]; l.Problem != "" || l.Architecture != BertModel || l.Size != int64(len(f["model.safetensors"])) {
		t.Errorf("good: %+v", l)
	}
	if l := got["a/other"]; l.Architecture != "T5Model" || !strings.Contains(l.Problem, "T5Model") {
		t.Errorf("other: %+v", l)
	}
	if l := got["c/part"]; !strings.Contains(l.Problem, "missing model.safetensors") || !strings.Contains(l.Problem, "pickle") {
		t.Errorf("part: %+v", l)
	}
	if l := got["d/no-ref"]; !strings.Contains(l.Problem, commitA) {
		t.Errorf("no ref: %+v", l)
	}
}
