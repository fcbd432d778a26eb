// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package ignore

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestIgnored(t *testing.T) {
	tests := []struct {
		patterns string
		path     string
		dir      bool
		want     bool
	}{
		{"*.log", "a/b.log", false, true},
		{"/*.log", "a/b.log", false, false},
		{"*.log\n!keep.log", "a/keep.log", false, false},
		{"build/", "build", false, false},
		{"build/", "x/build", true, true},
		{"doc/frotz", "a/doc/frotz", false, false},
		{"**/foo", "foo", false, true},
		{"**/foo/bar", "x/y/foo/bar", false, true},
		{"abc/**", "abc/x/y", false, true},
		{"abc/**", "abc", true, false},
		{"a/**/b", "a/b", false, true},
		{"a/**/b", "a/x/y/b", false, true},
		{"a/**/b", "ab", false, false},
		{"a/x**b", "a/x/b", false, false},
		{`\#x`, "#x", false, true},
		{`\!x`, "!x", false, true},
		{"#x", "#x", false, false},
		{"x  ", "x", false, true},
		{`x\ `, "x ", false, true},
		{"x\r\n", "x", false, true},
		{"[!a]", "b", false, true},
		{"[]-]", "]", false, true},
		{"[a-c]x", "bx", false, true},
		{"[[:digit:]]", "7", false, true},
		{"[", "[", false, false},
		{`x\`, "x", false, false},
		{"", "x", false, false},
		{"/", "x", true, false},
	}
	for _, tt := range tests {
		var r *Rules
		if got := r.Add("", Parse(tt.patterns)).Ignored(tt.path, tt.dir); got != tt.want {
			t.Errorf("%q on %q (folder %v): %v, want %v", tt.patterns, tt.path, tt.dir, got, tt.want)
		}
	}
}

func TestInnerListHasTheLastWord(t *testing.T) {
	var top *Rules
	top = top.Add("", Parse("*.txt\nb/secret"))
	inner := top.Add("b", Parse("!c.txt\n/only"))
	for path, want := range map[string]bool{
		"a.txt": true, "b/c.txt": false, "b/d.txt": true, "b/only": true, "b/x/only": false, "only": false, "b/secret": true,
	} {
		if got := inner.Ignored(path, false); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	if top.Add("x", Parse("# nothing\n")) != top {
		t.Error("an empty list adds a layer")
	}
}

// TestAsGit compares random patterns and paths with git check-ignore. Git is needed to have this repository at all.
func TestAsGit(t *testing.T) {
	dir := t.TempDir()
	git := func(in string, args ...string) string {
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "core.excludesFile=", "-c", "core.ignoreCase=false"}, args...)...)
		cmd.Stdin = strings.NewReader(in)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_DIR="+filepath.Join(dir, ".git"), "GIT_WORK_TREE="+dir)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil && (cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 1) { // 1: no path is ignored
			t.Fatalf("git %v: %v\n%s", args, err, errs.String())
		}
		return string(out)
	}
	git("", "init", "-q")
	rng := rand.New(rand.NewPCG(1, 2))
	pieces := []string{
		"a", "b", "c", "ab", "*", "**", "/", "/", "?", "[ab]", "[!a]", "[^b-]", "[a-c]", "[]a]", "[", "]", "\\", "\\*", " ", "-", "!", "#", "[[:alpha:]]", "[[:x:]]",
		"**/", "/**", "/**/", "***", "[\\]]", "[[:alpha", "[a-", "[b\\-a]", "\\/",
	}
	var paths []string
	for _, a := range []string{"a", "b", "c", "ab", "ba", "*", "[", "]", "-", "#a", "!b", "\\", "a ", "é"} {
		paths = append(paths, a)
		for _, b := range []string{"a", "b", "ab", "c", "-"} {
			paths = append(paths, a+"/"+b, a+"/b/"+b, "c/"+a+"/a/"+b)
		}
	}
	input := strings.Join(paths, "\x00") + "\x00"
	for range 40 {
		var text strings.Builder
		lists := make([]string, 0, 25)
		for range 25 {
			var p strings.Builder
			for range 1 + rng.IntN(5) {
				p.WriteString(pieces[rng.IntN(len(pieces))])
			}
			lists = append(lists, p.String())
		}
		fmt.Fprint(&text, strings.Join(lists, "\n"))
		if err := os.WriteFile(filepath.Join(dir, ".gitignore"), []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		said := map[string]bool{}
		for p := range strings.SplitSeq(git(input, "check-ignore", "--no-index", "-z", "--stdin"), "\x00") {
			said[p] = true
		}
		rules := (*Rules)(nil).Add("", Parse(text.String()))
		for _, p := range paths {
			// None of the paths exists, so git takes the last element for a file and those before it for folders.
			if got := ignoredWithParents(rules, p); got != said[p] {
				t.Fatalf("path %q: %v, git says %v; patterns:\n%s\nalone: %q", p, got, said[p], text.String(), guilty(lists, p, said[p]))
			}
		}
	}
}

func guilty(lists []string, p string, want bool) (out []string) {
	for _, l := range lists {
		if !want && ignoredWithParents((*Rules)(nil).Add("", Parse(l)), p) {
			out = append(out, l)
		}
	}
	return out
}

// ignoredWithParents asks as a walk does: from the top, and not into what is left out.
func ignoredWithParents(r *Rules, path string) bool {
	for i := range len(path) {
		if path[i] == '/' && r.Ignored(path[:i], true) {
			return true
		}
	}
	return r.Ignored(path, false)
}

func TestMatchIsLinear(t *testing.T) {
	// Backtracking would need more than 10^20 steps here.
	r := (*Rules)(nil).Add("", Parse(strings.Repeat("a*", 200)+"b/x"))
	if r.Ignored(strings.Repeat("a", 4000)+"/x", false) {
		t.Error("matched")
	}
}

func FuzzIgnore(f *testing.F) {
	f.Add("a/**/b\n!x[a-c]*\n", "a/q/b", true)
	f.Add("[[:alpha:]-\\]]\n***/", "x", false)
	f.Fuzz(func(t *testing.T, patterns, path string, dir bool) {
		if len(patterns)+len(path) > 4096 {
			return
		}
		l := Parse(patterns)
		r := (*Rules)(nil).Add("", l).Add("a", l)
		first := r.Ignored(path, dir)
		if first != r.Ignored(path, dir) {
			t.Fatal("two answers")
		}
		if l.Empty() && first {
			t.Fatal("ignored without a pattern")
		}
	})
}

func BenchmarkIgnored(b *testing.B) {
	r := (*Rules)(nil).Add("", Parse("node_modules/\n*.o\n*.py[cod]\n/build/\n**/tmp/*.log\n!important.o\n"))
	hits := 0
	for b.Loop() {
		if r.Ignored("internal/kernel/gemm_test.go", false) {
			hits++
		}
	}
	if hits != 0 {
		b.Fatal(hits)
	}
}
