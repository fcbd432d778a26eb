// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package winnow

import (
	order "cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/winnow-search/winnow/document"
	"github.com/winnow-search/winnow/index"
	"github.com/winnow-search/winnow/internal/kernel"
	"github.com/winnow-search/winnow/model/builtin"
	"github.com/winnow-search/winnow/rank"
)

func openEngine(t *testing.T, dir string, opts ...Option) *Engine {
	t.Helper()
	e, err := Open(dir, Models(tinyBi, tinyCross), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A directory gives the same hits as memory, before and after it is closed.
func TestOpenIsNewThatLasts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "notes.winnow")
	docs := corpus(t)
	memory := newEngine(t, tinyBi, tinyCross)
	disk := openEngine(t, dir)
	if err := errors.Join(memory.Add(t.Context(), docs...), disk.Add(t.Context(), docs...)); err != nil {
		t.Fatal(err)
	}
	for _, mode := range Modes() {
		for _, rerank := range []string{Off, Auto} {
			want, got := search(t, memory, query, In(mode), Rerank(rerank)), search(t, disk, query, In(mode), Rerank(rerank))
			if d := cmp.Diff(want.Hits, got.Hits); d != "" {
				t.Errorf("%s, rerank %s: %s", mode, rerank, d)
			}
		}
	}
	want := search(t, disk, query).Hits
	if err := disk.Close(); err != nil {
		t.Fatal(err)
	}
	again := openEngine(t, dir, ReadOnly())
	if d := cmp.Diff(want, search(t, again, query).Hits); d != "" {
		t.Error(d)
	}
	if err := again.Add(t.Context(), Document{ID: "x", Text: "y"}); !errors.Is(err, index.ErrReadOnly) {
		t.Errorf("adding to a reader: %v", err)
	}
	if _, err := Open(dir, builtin.Models()); err == nil || !strings.Contains(err.Error(), "was made with the model") {
		t.Errorf("another model: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "nowhere"), Models(tinyBi, tinyCross), ReadOnly()); !errors.Is(err, index.ErrNoIndex) {
		t.Errorf("no index: %v", err)
	}
	words, err := Open(dir, Models("", tinyCross), ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	defer words.Close()
	if r := search(t, words, "keyword retrieval", Rerank(Off)); r.Mode != Lexical || len(r.Hits) == 0 || r.Hits[0].ScoreKind != rank.BM25 {
		t.Errorf("without a retriever: %+v", r)
	}
	if _, err := words.Search(t.Context(), "graph", In(Dense)); err == nil || !strings.Contains(err.Error(), "needs a retriever") {
		t.Errorf("vectors without a retriever: %v", err)
	}
}

func TestModesAndFilters(t *testing.T) {
	e := newEngine(t, tinyBi, tinyCross)
	for i, lang := range []string{"en", "de", "en", "fr", "en"} {
		d := Document{ID: fmt.Sprintf("d%d", i), Text: fmt.Sprintf("a text about apples number %d", i), Meta: Meta{"lang": lang, "year": 2018 + i, "tag": []any{"a", lang}}}
		if i == 4 {
			d.Text = "something else entirely"
		}
		if err := e.Add(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	ids := func(r *Result) string {
		list := r.Order()
		slices.Sort(list)
		return strings.Join(list, " ")
	}
	for _, c := range []struct {
		query string
		opts  []SearchOption
		want  string
	}{
		{"apples", []SearchOption{In(Lexical)}, "d0 d1 d2 d3"},
		{"apples", []SearchOption{In(Dense)}, "d0 d1 d2 d3 d4"},
		{"apples", []SearchOption{In(Hybrid)}, "d0 d1 d2 d3 d4"},
		{"apples -number", []SearchOption{In(Lexical)}, ""},
		{"+apples 3", []SearchOption{In(Lexical), TopK(1)}, "d3"},
		{`"apples number 2"`, []SearchOption{In(Lexical)}, "d2"},
		{"apples", []SearchOption{In(Dense), Filter(`lang = "en"`)}, "d0 d2 d4"},
		{"apples", []SearchOption{In(Lexical), Filter(`lang = "en" and year >= 2019`)}, "d2"},
		{"apples", []SearchOption{In(Hybrid), Filter(`not tag in ("en", "fr")`)}, "d1"},
		{"apples", []SearchOption{In(Hybrid), Filter(`id in ("d0", "d4")`)}, "d0 d4"},
		{"apples", []SearchOption{Filter("year > 3000")}, ""},
		{"the of and", []SearchOption{In(Lexical)}, ""},
		{"the of and", []SearchOption{In(Hybrid), TopK(2)}, ids(search(t, e, "the of and", TopK(2), Rerank(Off)))},
	} {
		r := search(t, e, c.query, append(c.opts, Rerank(Off))...)
		if got := ids(r); got != c.want || len(r.Warnings) > 0 {
			t.Errorf("%s: %q, want %q; %v", c.query, got, c.want, r.Warnings)
		}
	}
	if r := search(t, e, "apples", Filter(`langg = "en"`)); len(r.Hits) != 0 || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "lang") {
		t.Errorf("a misspelt field: %d hits, warnings %q", len(r.Hits), r.Warnings)
	}
	for _, opt := range []SearchOption{Filter("lang ="), In("sparse"), Diversity(2), Budget(-1), Fuse(Fusion{}), Width(-1, 0)} {
		if _, err := e.Search(t.Context(), "q", opt); err == nil {
			t.Error("no error for an option that makes no sense")
		}
	}
}

func TestExplain(t *testing.T) {
	e := newEngine(t, tinyBi, tinyCross)
	if err := e.Add(t.Context(), corpus(t)...); err != nil {
		t.Fatal(err)
	}
	r := search(t, e, "graph index", In(Hybrid), Explain(), Rerank(Off), Filter("exists id"))
	x := r.Explanation
	if x == nil || x.Filter == nil || x.Filter.Documents != len(corpus(t)) || len(x.Dense) != 1 || x.Lexical == nil || x.Fusion == nil {
		t.Fatalf("%+v", x)
	}
	for _, h := range r.Hits {
		sum := 0.0
		for _, c := range h.Explanation.Fusion {
			sum += c.Adds
		}
		if diff := sum - float64(h.Score); diff > 1e-6 || diff < -1e-6 {
			t.Errorf("%s: contributions of %v, score %v", h.ID, sum, h.Score)
		}
		if l := h.Retrieval.Lexical; (l != nil) != h.Explanation.BM25.Matches || l != nil && h.Explanation.BM25.Score != l.Score {
			t.Errorf("%s: %+v, explained %+v", h.ID, l, h.Explanation.BM25)
		}
	}
}

func TestBudget(t *testing.T) {
	e := newEngine(t, tinyBi, tinyCross)
	var docs []Document
	for i := range 60 {
		docs = append(docs, Document{ID: fmt.Sprintf("d%02d", i), Text: fmt.Sprintf("text number %d", i)})
	}
	if err := e.Add(t.Context(), docs...); err != nil {
		t.Fatal(err)
	}
	r := search(t, e, "number", TopK(60), Budget(time.Nanosecond))
	if r.Reranked != 0 || len(r.Hits) != 60 {
		t.Fatalf("%d reranked, %d hits", r.Reranked, len(r.Hits))
	}
	for i, h := range r.Hits {
		if h.Logit != nil || h.Rank != i+1 || h.RankBefore != i+1 {
			t.Errorf("place %d: %+v", i+1, h)
		}
	}
	if r := search(t, e, "number", Budget(time.Hour)); r.Reranked != 60 {
		t.Errorf("%d reranked within an hour", r.Reranked)
	}
	// Half the time of all is not enough for all, and enough for some.
	all := search(t, e, "number", TopK(60))
	if half := search(t, e, "number", TopK(60), Budget(time.Duration(all.Timing.Total/2*float64(time.Millisecond)))); half.Reranked == 0 && half.Timing.Encode+half.Timing.Retrieve < all.Timing.Total/2 {
		t.Errorf("half of %.1f ms: nothing reranked, timing %+v", all.Timing.Total, half.Timing)
	}
}

func TestDiversity(t *testing.T) {
	e, err := New(builtin.Models())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, d := range []Document{{ID: "a", Text: "water and paper"}, {ID: "b", Text: "water and paper"}, {ID: "c", Text: "north"}} {
		if err := e.Add(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if got := search(t, e, "water and paper", TopK(2), Rerank(Off)).Order(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("without diversity: %v", got)
	}
	if got := search(t, e, "water and paper", TopK(2), Rerank(Off), Diversity(0.3)).Order(); !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("with diversity: %v", got)
	}
	// A budget that leaves no time to rerank leaves the choice as it is.
	if r := search(t, e, "water and paper", TopK(2), Budget(1), Diversity(0.3)); r.Reranked != 0 || !slices.Equal(r.Order(), []string{"a", "c"}) {
		t.Errorf("with diversity and a budget of a nanosecond: %v of %d reranked", r.Order(), r.Reranked)
	}
}

// Logits and scores of retrieval are not weighed against each other: what was read comes first, whatever the diversity.
func TestDepthAndDiversity(t *testing.T) {
	e := newEngine(t, tinyBi, tinyCross)
	const rare = "alpha bravo charlie delta echo foxtrot golf hotel india juliet"
	for i := range 400 {
		text := fmt.Sprintf("filler %d", i)
		if i%10 == 0 {
			text += " " + rare + strings.Repeat(" pad", i/10)
		}
		if err := e.Add(t.Context(), Document{ID: fmt.Sprintf("d%03d", i), Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	const read = 15
	r := search(t, e, rare, In(Lexical), Cascade(Stage{tinyCross, read}), TopK(20), Candidates(40), Diversity(0.999999))
	if r.Reranked != read || len(r.Hits) != 20 {
		t.Fatalf("%d reranked, %d hits", r.Reranked, len(r.Hits))
	}
	for i, h := range r.Hits {
		if (h.Logit != nil) != (i < read) {
			t.Errorf("place %d: %s %v %v", i+1, h.ID, h.ScoreKind, h.Score)
		}
	}
}

func TestSimilarAndDuplicates(t *testing.T) {
	e := withCorpus(t)
	two := "# A\n\nWater boils at a hundred degrees.\n\n# B\n\nBM25 is a keyword-based sparse retrieval method.\n"
	if err := e.Add(t.Context(), Document{ID: "two", Text: two, Format: document.Markdown}); err != nil {
		t.Fatal(err)
	}
	r, err := e.Similar(t.Context(), "two", TopK(3))
	if err != nil || len(r.Hits) != 3 || r.Hits[0].ID != "d6" || slices.Contains(r.Order(), "two") || slices.Contains(r.Order(), "two#2") {
		t.Fatalf("%+v, %v", r, err)
	}
	one, err := e.Similar(t.Context(), "two#2", TopK(100))
	if err != nil || one.Hits[0].ID != "d6" || len(one.Hits) != len(corpus(t)) {
		t.Errorf("%+v, %v", one, err)
	}
	if _, err := e.Similar(t.Context(), "nobody"); !errors.Is(err, ErrUnknownID) {
		t.Errorf("%v", err)
	}
	for _, id := range []string{"two#9223372036854775807", "d6#9223372036854775807", "two#3"} {
		if _, err := e.Similar(t.Context(), id); !errors.Is(err, ErrUnknownID) {
			t.Errorf("%s: %v", id, err)
		}
	}
	if all, err := e.Similar(t.Context(), "two#2", TopK(math.MaxInt)); err != nil || !slices.Equal(all.Order(), one.Order()) {
		t.Errorf("%+v, %v", all, err)
	}
	if err := e.Add(t.Context(), Document{ID: "copy", Text: corpus(t)[0].Text}); err != nil {
		t.Fatal(err)
	}
	var pairs []string
	if err := e.Duplicates(t.Context(), 0.99, nil, func(d Duplicate) error {
		pairs = append(pairs, fmt.Sprintf("%s %s %.3f", d.A.ID, d.B.ID, d.Score))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{corpus(t)[0].ID + " copy 1.000"}, pairs); d != "" {
		t.Error(d)
	}
}

// TestSimilarToSeveralPassages compares with every pair of passages: a document like one passage only, with many passages of its own in the
// way, must not keep others from being found.
func TestSimilarToSeveralPassages(t *testing.T) {
	e, err := New(builtin.Models())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	var version strings.Builder
	for i := range 14 {
		fmt.Fprintf(&version, "# %d\n\nThe baker kneads dough for bread, take %d.\n\n", i, i)
	}
	add := func(id, text string) {
		t.Helper()
		if err := e.Add(t.Context(), Document{ID: id, Text: text, Format: document.Markdown}); err != nil {
			t.Fatal(err)
		}
	}
	add("asked", "# A\n\nThe baker kneads dough for bread, take 3.\n\n# B\n\nTides follow the moon.\n")
	add("version", version.String())
	for i, text := range []string{"A baker kneads bread dough.", "Dough is kneaded at the bakery.", "Bread is baked from dough."} {
		add(fmt.Sprintf("bread%d", i), text)
	}
	for i := range 12 {
		add(fmt.Sprintf("other%d", i), fmt.Sprintf("Invoice %d was paid by the customer.", i))
	}
	s, err := e.Index().Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Release()
	vectors := map[string][][]float32{}
	if err := s.Refs(func(r index.Ref) error {
		p, err := s.Passages(t.Context(), []index.Ref{r})
		if err != nil {
			return err
		}
		v, err := s.Vector(r)
		vectors[p[0].Document.ID] = append(vectors[p[0].Document.ID], v)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if n := len(vectors["version"]); n < 12 {
		t.Fatalf("%d passages: the test shows nothing", n)
	}
	score := func(id string) (best float32) {
		for _, a := range vectors["asked"] {
			for _, b := range vectors[id] {
				best = max(best, kernel.Dot(a, b))
			}
		}
		return best
	}
	want := slices.DeleteFunc(slices.Sorted(maps.Keys(vectors)), func(id string) bool { return id == "asked" })
	slices.SortStableFunc(want, func(a, b string) int { return order.Compare(score(b), score(a)) })
	for _, k := range []int{1, 4, 10, 100} {
		r, err := e.Similar(t.Context(), "asked", TopK(k))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, h := range r.Hits {
			got = append(got, h.Document)
		}
		if d := cmp.Diff(want[:min(k, len(want))], got); d != "" {
			t.Errorf("the nearest %d: %s", k, d)
		}
	}
}

func TestSnippets(t *testing.T) {
	e := withCorpus(t)
	text := strings.Repeat("The weather was fine and nobody had anything to complain about. ", 6) +
		"To reset your password, open the settings and click on the button. " + strings.Repeat("Then it rained for a week and all stayed at home. ", 6)
	if err := e.Add(t.Context(), Document{ID: "long", Text: text}); err != nil {
		t.Fatal(err)
	}
	r := search(t, e, "how do I reset a password?", Snippets(), TopK(1), Rerank(Off))
	h := r.Hits[0]
	if h.ID != "long" || h.Snippet == nil || h.Snippet.Sentence == nil {
		t.Fatalf("%+v", h)
	}
	shown := h.Text[h.Snippet.Start:h.Snippet.End]
	if !strings.Contains(shown, "To reset your password") || len(shown) > 2*snippetLength {
		t.Errorf("shown: %q", shown)
	}
	if s := h.Text[h.Snippet.Sentence[0]:h.Snippet.Sentence[1]]; !strings.HasPrefix(s, "To reset your password") {
		t.Errorf("nearest sentence: %q", s)
	}
	var words []string
	for _, span := range h.Snippet.Terms {
		words = append(words, h.Text[span[0]:span[1]])
	}
	if !slices.Equal(words, []string{"reset", "password"}) {
		t.Errorf("terms: %q", words)
	}
}

func TestSync(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, ".winnow")
	e := openEngine(t, dir)
	write(t, filepath.Join(root, "a.md"), "# A\n\nfirst text\n")
	write(t, filepath.Join(root, "sub", "b.txt"), "second text")
	write(t, filepath.Join(root, "rows.jsonl"), `{"id":"r1","text":"row one","lang":"en"}`+"\n"+`{"id":"r2","text":"row two"}`+"\n")
	write(t, filepath.Join(root, "skipped.log.txt"), "ignored")
	write(t, filepath.Join(root, ".winnowignore"), "*.log.txt\n")
	sync := func(want SyncReport) {
		t.Helper()
		got, err := e.Sync(t.Context(), []string{root}, SyncOptions{Problem: func(p document.Problem) { t.Log(p.Error()) }})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
	ids := func() string {
		s, err := e.Index().Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Release()
		var list []string
		if err := s.Documents(t.Context(), func(d *document.Document, _ []index.Passage) error {
			list = append(list, d.ID)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		slices.Sort(list)
		return strings.Join(list, " ")
	}
	sync(SyncReport{Files: 3, Added: 4, Passages: 4})
	if got := ids(); got != "a.md r1 r2 sub/b.txt" {
		t.Errorf("%q", got)
	}
	sync(SyncReport{Files: 3, Unchanged: 3})

	// A changed file, a changed row, a new file, a file renamed, a file gone.
	write(t, filepath.Join(root, "a.md"), "# A\n\nfirst text, changed\n")
	write(t, filepath.Join(root, "rows.jsonl"), `{"id":"r1","text":"row one","lang":"en"}`+"\n"+`{"id":"r3","text":"row three"}`+"\n")
	if err := os.Rename(filepath.Join(root, "sub", "b.txt"), filepath.Join(root, "sub", "c.txt")); err != nil {
		t.Fatal(err)
	}
	sync(SyncReport{Files: 3, Renamed: 1, Added: 1, Updated: 1, Same: 1, Removed: 1, Passages: 2})
	if got := ids(); got != "a.md r1 r3 sub/c.txt" {
		t.Errorf("%q", got)
	}
	if err := os.Remove(filepath.Join(root, "a.md")); err != nil {
		t.Fatal(err)
	}
	sync(SyncReport{Files: 2, Unchanged: 2, Removed: 1})
	if got := ids(); got != "r1 r3 sub/c.txt" {
		t.Errorf("%q", got)
	}
	// A row on top: the others stand a line further down, and are not encoded again.
	write(t, filepath.Join(root, "rows.jsonl"), `{"id":"r0","text":"row nought"}`+"\n"+`{"id":"r1","text":"row one","lang":"en"}`+"\n"+`{"id":"r3","text":"row three"}`+"\n")
	sync(SyncReport{Files: 2, Unchanged: 1, Added: 1, Same: 2, Passages: 1})
	if got := ids(); got != "r0 r1 r3 sub/c.txt" {
		t.Errorf("%q", got)
	}
	if h := search(t, e, "three", In(Lexical), Rerank(Off)).Hits[0]; h.ID != "r3" || h.Source.StartLine != 3 {
		t.Errorf("%s at line %d", h.ID, h.Source.StartLine)
	}
	// Touched, not changed: read again, not encoded again.
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(root, "sub", "c.txt"), later, later); err != nil {
		t.Fatal(err)
	}
	sync(SyncReport{Files: 2, Unchanged: 2})
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := index.Check(context.Background(), dir, index.Options{})
	if err != nil || len(r.Problems) > 0 || r.Documents != 4 {
		t.Errorf("%+v, %v", r, err)
	}
}

// Two documents with one id: the first is kept, the other named; the rest is indexed.
func TestSyncNamesWhatItLeavesOut(t *testing.T) {
	root := t.TempDir()
	e := openEngine(t, filepath.Join(root, "db"))
	write(t, filepath.Join(root, "x", "one.jsonl"), `{"id":"same","text":"first"}`+"\n"+`{"id":"same","text":"again"}`+"\n"+`{"id":"other","text":"fine"}`+"\n")
	write(t, filepath.Join(root, "x", "two.jsonl"), `{"id":"same","text":"third"}`+"\n"+`not json`+"\n"+`{"id":"last","text":"fine"}`+"\n")
	var problems []string
	r, err := e.Sync(t.Context(), []string{filepath.Join(root, "x"), filepath.Join(root, "missing.txt")}, SyncOptions{Problem: func(p document.Problem) { problems = append(problems, p.Error()) }})
	if err != nil || r.Added != 3 || r.Failures < 3 {
		t.Errorf("%+v, %v", r, err)
	}
	all := strings.Join(problems, "\n")
	for _, want := range []string{`"same"`, "two.jsonl", "missing.txt"} {
		if !strings.Contains(all, want) {
			t.Errorf("problems do not name %s:\n%s", want, all)
		}
	}
	if got := search(t, e, "first", In(Lexical), Rerank(Off)).Order(); !slices.Equal(got, []string{"same"}) {
		t.Errorf("%v", got)
	}
}

// What was acknowledged before an interruption stays, and the next run goes on.
func TestSyncGoesOn(t *testing.T) {
	root := t.TempDir()
	e := openEngine(t, filepath.Join(root, "db"))
	var rows strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&rows, `{"id":"r%04d","text":"row number %d"}`+"\n", i, i)
	}
	write(t, filepath.Join(root, "rows.jsonl"), rows.String())
	ctx, cancel := context.WithCancel(t.Context())
	r, err := e.Sync(ctx, []string{filepath.Join(root, "rows.jsonl")}, SyncOptions{Progress: func(p SyncProgress) {
		if p.Passages > 0 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || r.Passages == 0 || r.Passages == 3000 || e.Len() != r.Passages {
		t.Fatalf("%+v, %v; %d passages", r, err, e.Len())
	}
	first := r.Passages
	r, err = e.Sync(t.Context(), []string{filepath.Join(root, "rows.jsonl")}, SyncOptions{})
	if err != nil || r.Passages != 3000-first || r.Same != first || e.Len() != 3000 {
		t.Errorf("%+v, %v; %d passages", r, err, e.Len())
	}
}

// + and - hold for what vectors find, too, and the encoders do not read what must not be there.
func TestOperatorsInHybridMode(t *testing.T) {
	e := withCorpus(t)
	for query, want := range map[string]func(text string) bool{
		"fast search -bm25":             func(s string) bool { return !strings.Contains(s, "bm25") },
		"+encoders how do they work":    func(s string) bool { return strings.Contains(s, "encoder") },
		`+"vector search" -faiss speed`: func(s string) bool { return strings.Contains(s, "vector search") && !strings.Contains(s, "faiss") },
	} {
		r := search(t, e, query, In(Hybrid), TopK(8))
		if len(r.Hits) == 0 {
			t.Errorf("%q: no hits", query)
		}
		for _, h := range r.Hits {
			if !want(strings.ToLower(h.Text)) {
				t.Errorf("%q finds %q", query, h.Text)
			}
		}
	}
	for _, query := range []string{"+nosuchword encoder", "-encoder"} {
		if r := search(t, e, query, In(Hybrid)); len(r.Hits) > 0 {
			t.Errorf("%q: %v", query, r.Order())
		}
	}
	if n := len(search(t, e, "fast search -bm25", In(Hybrid), Filter(`id != "d1"`)).Hits); n == 0 || n > 6 {
		t.Errorf("%d hits with a filter and an operator", n)
	}
}
