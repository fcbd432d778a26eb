// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build browser

package server

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/answer/chat"
	"github.com/winnow-search/winnow/experiment"
	"github.com/winnow-search/winnow/internal/chattest"
	"github.com/winnow-search/winnow/server/api"
)

// figure writes a figure as the page does.
func figure(v float64, digits int, sign bool) string {
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if sign && !strings.HasPrefix(s, "-") {
		s = "+" + s
	}
	return strings.ReplaceAll(s, "-", "\u2212")
}

func testInfluence(t *testing.T, c *chrome, s *tester, address string) {
	b := c.open(t, address, "/?q="+strings.ReplaceAll("what do cats do all day", " ", "+"), wide)
	b.done()
	b.click(".hit:first-child h3 button")
	b.has(".why", "CROSS-ENCODER")
	b.click(".why .act button")
	b.has(".why", "not an attribution of causes")
	var in winnow.Influence
	s.post("/v1/influence", api.Influence{Query: "what do cats do all day", ID: "cats.txt"}, &in)
	b.equal("words", len(b.texts(".weighed span")), len(in.Left))
	b.equal("text", value[string](b, `document.querySelector(".weighed").textContent`), in.Text)
	most := slices.MaxFunc(in.Left, func(a, b winnow.LeftOut) int { return int(1e6 * (abs(a.Change) - abs(b.Change))) })
	b.equal("first", b.texts(".changes tbody tr:first-child > *"), []string{most.Text, figure(float64(in.Logit+most.Change), 2, true), figure(float64(most.Change), 2, true)})
	b.labelled()
	b.fits()
	b.shot("influence")
}

func abs(v float32) float32 { return max(v, -v) }

func testAsk(t *testing.T, c *chrome, s *tester, address string) {
	b := c.open(t, address, "/?view=ask", wide, "status of 400", "status of 404")
	b.has("#ask .results", "Ask a question")
	b.do(chromedp.Focus(chromedp.CSS("#ask input[name=q]")))
	b.press(question + kb.Enter)
	b.has("#ask .results", "Extractive")
	b.done()
	b.equal("address", value[string](b, "location.search"), "?view=ask&q=what+is+bread+made+of%3F")
	b.equal("title", value[string](b, "document.title"), question+" · winnow")
	b.equal("link", value[string](b, `document.querySelector("nav a[data-view=compare]").getAttribute("href")`), "/?view=compare&q=what+is+bread+made+of%3F")
	var a winnow.Answer
	s.post("/v1/ask", api.Ask{Question: question, TopK: 10}, &a)
	b.equal("answer", value[string](b, `document.querySelector(".answer > p").textContent`), a.Text)
	b.equal("passages", len(b.texts("#ask .passages li")), len(a.Passages))
	b.equal("open", len(b.texts("#ask .passages details[open]")), len(a.Citations))
	b.equal("stop", value[bool](b, `document.querySelector("#ask .cancel").hidden`), true)
	number := a.Citations[0].Number
	b.click(fmt.Sprintf(".cite[href='#passage-%d']", number))
	b.until(fmt.Sprintf(`document.activeElement.matches("#passage-%d summary") && !location.hash`, number))
	b.labelled()
	b.fits()
	b.shot("ask")

	// One that is there is not asked for again; one that nothing answers is said to be.
	b.equal("marked", value[bool](b, `(document.querySelector(".answer").dataset.mine = "1", true)`), true)
	b.click("nav a[data-view=compare]")
	b.do(chromedp.NavigateBack())
	b.until(`!document.querySelector("#ask").hidden && document.querySelector(".answer").dataset.mine`)
	b.overwrite("#ask input[name=q]", "who was the first emperor of Rome?"+kb.Enter)
	b.has(".answer", "do not seem to answer this")
	b.has(".answer .unsupported .doubt", "may not answer this")
	b.shot("ask-unanswered")
	b.overwrite("#ask input[name=filter]", "lang = ="+kb.Enter)
	b.has("#ask .notice pre", "^")
	b.overwrite("#ask input[name=filter]", `lang = "fr"`+kb.Enter)
	b.has("#ask .notice", "no passage was found")
	b.until(`document.querySelector("#ask .cancel").hidden`)
	b.visit("/?view=ask&passages=7") // which the field does not offer
	b.has("#ask .results", "Ask a question")
	b.equal("passages", value[string](b, `document.querySelector("#ask select").value`), "7")
}

// A language model that writes what no passage says, then one that takes its time, then none.
func testAskModel(t *testing.T, c *chrome) {
	goOn := make(chan struct{})
	var slow atomic.Bool
	llm := &chattest.Server{Models: []string{"tiny"}, Pieces: 8, Answer: func(chattest.Request) string {
		if slow.Load() {
			<-goOn
		}
		return "Bread is made of flour, water, salt and yeast [1].\nPenguins on Mars invented `tins[1]` in 1812 [1][99]."
	}}
	web := httptest.NewServer(llm)
	t.Cleanup(web.Close)
	model, err := chat.New(chat.Options{URL: web.URL + "/v1", Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	s, address, _ := serve(t, func(o *Options) { o.Chat = model })
	s.post("/v1/documents", api.Documents{Documents: shelf}, &api.Applied{})
	b := c.open(t, address, "/?view=ask&q=what+is+bread+made+of%3F", wide)
	b.has("#ask .results", "Written by a language model")
	b.has("#ask .summary", "written by tiny")
	if marked := b.texts(".answer .unsupported"); len(marked) != 1 || !strings.HasPrefix(marked[0], "Penguins on Mars") || !strings.Contains(marked[0], "not supported") {
		t.Errorf("marked as not supported: %q", marked)
	}
	b.has(".answer", "never sent: passage 99")
	b.equal("citations of the sentence", b.texts(".answer .unsupported .cite"), "[[1] [?]]")
	b.labelled()
	b.fits()
	b.shot("ask-model")
	slow.Store(true)
	// A passage that one has opened stays open when the answer is whole.
	b.overwrite("#ask input[name=q]", "is it?"+kb.Enter)
	b.has("#ask .summary", "reading")
	b.click("#ask .passages li:last-child summary")
	goOn <- struct{}{}
	b.has("#ask .summary", "written by tiny")
	b.equal("open", value[bool](b, `document.querySelector("#ask .passages li:last-child details:not(.cited)").open && document.querySelector("#ask .passages .cited").open`), true)
	// No question ends the one that is asked.
	b.overwrite("#ask input[name=q]", "is it so?"+kb.Enter)
	b.has("#ask .summary", "reading")
	b.overwrite("#ask input[name=q]", kb.Backspace+kb.Enter)
	b.has("#ask .results", "Ask a question")
	b.until(`document.querySelector("#ask .cancel").hidden && !document.querySelector("#ask [aria-busy]")`)
	b.overwrite("#ask input[name=q]", "is it true?"+kb.Enter)
	b.has("#ask .summary", "reading")
	b.until(`!document.querySelector("#ask .cancel").hidden`)
	b.click("#ask .cancel")
	b.has("#ask .summary", "Stopped")
	b.until(`document.querySelector("#ask .cancel").hidden && document.activeElement.name === "q"`)
	close(goOn)
	slow.Store(false)
	web.Close()
	b.press(kb.Enter)
	b.has("#ask .notice", "the language model at")
	b.has("#ask .notice button", "Try again")
	b.shot("ask-broken")
}

func testMatrix(t *testing.T, c *chrome, s *tester, address string) {
	b := c.open(t, address, "/?view=matrix", wide, "status of 400")
	b.has("#matrix .results", "Every query against every text")
	b.labelled()
	b.do(chromedp.Focus(chromedp.CSS("#matrix textarea[name=queries]")))
	queries := []string{question, "what do cats do all day?", "how do engines work?"}
	b.press(strings.Join(queries, "\r"))
	b.click("#matrix button.primary")
	b.has("#matrix .summary", "3 queries")
	b.done()
	var m api.Relevance
	s.post("/v1/matrix", api.Matrix{Queries: queries, TopK: 5}, &m)
	b.equal("rows", len(b.texts(".heat tbody tr")), len(m.Passages))
	var want []string
	for _, row := range m.Bi.Scores {
		want = append(want, figure(float64(row[1]), 2, false))
	}
	for _, row := range m.Cross.Scores {
		want = append(want, figure(float64(row[1]), 1, true))
	}
	b.equal("second row", value[[]string](b, `[...document.querySelectorAll(".heat tbody tr:nth-child(2) td button")].map(n => n.firstChild.data)`), want)
	b.equal("best", len(b.texts(".heat .best")), 2*len(queries))
	b.equal("in the order of Tab", value[int](b, `document.querySelectorAll(".heat button[tabindex='0']").length`), 1)
	// By keyboard from cell to cell; what is chosen is told below.
	b.do(chromedp.Focus(chromedp.CSS(".heat button[tabindex='0']")))
	b.press(kb.ArrowRight + kb.ArrowDown)
	b.has("#matrix .detail h3", "Q2: "+queries[1])
	b.has("#matrix .detail .full", m.Passages[1].Text[:40])
	b.has("#matrix .detail", figure(float64(m.Cross.Scores[1][1]), 2, true))
	b.labelled()
	b.fits()
	b.shot("matrix")
	b.do(chromedp.Reload())
	b.has("#matrix .summary", "3 queries")
	// Texts of one's own, which stay in the page.
	b.visit("/?view=matrix&queries=flour&against=texts")
	b.has("#matrix .results", "Every query against every text")
	b.overwrite("#matrix textarea[name=texts]", "Flour is ground.\r<b>Cats</b> sleep.")
	b.click("#matrix button.primary")
	b.has("#matrix .summary", "1 query · 2 texts")
	b.equal("address", value[string](b, "location.search"), "?view=matrix&queries=flour&against=texts")
	b.has(".heat tbody tr:last-child th", "<b>Cats</b> sleep.")
	b.equal("hits", value[bool](b, `document.querySelector("#matrix select[name=top]").closest("label").hidden`), true)
	b.shot("matrix-texts")
	b.visit("/?view=matrix&queries=flour&filter=lang+%3D")
	b.has("#matrix .notice pre", "^")
}

// judgedLines are queries with judgments, in two of the forms that the page takes.
const judgedLines = `{"_id": "q1", "text": "what is bread made of?", "judgments": {"bread.md": 2, "brot.txt": 1}}
{"_id": "q2", "text": "how do cats spend the day?"}
{"_id": "q3", "text": "how is a pawn promoted?"}
query-id	corpus-id	score
q2	cats.txt	1
q3	chess.txt	1
`

// evaluate puts judged queries into the field and waits for the report.
func (b *tab) evaluate(lines string) {
	b.Helper()
	b.until(`!document.querySelector("#evaluate").hidden`)
	b.equal("judged", value[string](b, fmt.Sprintf(`document.querySelector("textarea[name=judged]").value = %s`, quoted(lines))), lines)
	b.click("#evaluate button.primary")
	b.has("#evaluate .summary", "compared by nDCG@10")
	b.until(`document.querySelector(".curves")`)
}

func testEvaluate(t *testing.T, c *chrome, s *tester, address string) {
	b := c.open(t, address, "/?view=evaluate", wide)
	b.has("#evaluate .results", "does reranking pay?")
	b.labelled()
	// Files, as collections have them.
	dir := t.TempDir()
	for name, text := range map[string]string{
		"queries.jsonl": `{"_id": "q1", "text": "what is bread made of?"}` + "\n" + `{"_id": "q2", "text": "how do cats spend the day?"}` + "\n",
		"test.tsv":      "query-id\tcorpus-id\tscore\nq1\tbread.md\t1\nq2\tcats.txt\t1\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#judged-files"), []string{filepath.Join(dir, "queries.jsonl"), filepath.Join(dir, "test.tsv")}))
	b.has("#evaluate .summary", "queries.jsonl, test.tsv read: 5 lines")
	b.click("#evaluate button.primary")
	b.has("#evaluate .summary", "2 queries · 11 documents")

	b.evaluate(judgedLines)
	var want experiment.Collection
	s.post("/v1/eval", api.Eval{
		Queries:   []api.Query{{ID: "q1", Text: "what is bread made of?"}, {ID: "q2", Text: "how do cats spend the day?"}, {ID: "q3", Text: "how is a pawn promoted?"}},
		Judgments: map[string]map[string]int{"q1": {"bread.md": 2, "brot.txt": 1}, "q2": {"cats.txt": 1}, "q3": {"chess.txt": 1}},
		Depths:    []int{10, 20, 50, 100}, Measures: "nDCG@10",
	}, &want)
	var figures []string
	points := map[string]int{}
	for _, mode := range []winnow.Mode{winnow.Dense, winnow.Lexical, winnow.Hybrid} {
		for _, r := range want.Runs {
			if r.Mode == string(mode) {
				figures = append(figures, figure(r.Measures[want.Main], 3, false))
				points[r.Mode]++
			}
		}
	}
	b.equal("nDCG@10", b.texts(".measures tbody td:nth-child(3)"), figures)
	for mode, n := range points {
		b.equal("points of "+mode, value[int](b, fmt.Sprintf(`document.querySelectorAll(".curves .%s .point").length`, mode)), n)
	}
	b.has("#evaluate .verdict", "nDCG@10")
	if label := value[string](b, `document.querySelector(".curves").getAttribute("aria-label")`); !strings.Contains(label, "vectors: "+figures[0]+" at 0") {
		t.Errorf("the picture says %q", label)
	}
	b.labelled()
	b.fits()
	b.shot("evaluate")
	b.evaluate(`{"queries": [{"_id": "q1", "text": "what is bread made of?"}, {"id": "q2", "text": "how do cats spend the day?"}],
		"judgments": {"q1": {"bread.md": 1}, "q2": {"cats.txt": 1}}}`)
	b.has("#evaluate .summary", "2 queries")
	// What cannot be read is said with its line, and sends nothing.
	for lines, message := range map[string]string{
		"":                           "there are no queries",
		`{"_id": "q1", "text": "a"}`: "no query has judgments",
		`{"_id": "q1"}`:              "line 1: a query has",
		`{"queries": {"q1": "a"}, "judgments": {"q1": {"b": 1}}}`: "queries are not a list",
		`{"queries": [{"_id": "q1"}], "judgments": {}}`:           "query 1: a query has",
		"\n{\"_id\": ": "line 2 begins with {",
		`{"_id": "q1", "text": "a"}` + "\nq1 bread.md":         "line 2: want JSON",
		`{"_id": "q1", "text": "a"}` + "\nq1\tbread.md\thigh1": "line 2: the grade",
	} {
		b.equal("judged", value[string](b, fmt.Sprintf(`document.querySelector("textarea[name=judged]").value = %s`, quoted(lines))), lines)
		b.click("#evaluate button.primary")
		b.has("#evaluate .notice", message)
		b.until(`document.querySelector("textarea[name=judged]").matches("[aria-invalid=true]")`)
	}
	b.shot("evaluate-unreadable")
}

func testHealth(t *testing.T, c *chrome, s *tester, address string) {
	// One of six: with more than a quarter deleted, a merge would take the segment while the page opens. 5.88 % is rounded by Go and
	// JavaScript alike, which one of five, 6.25 %, is not.
	documents := []api.Document{{ID: "gone.txt", Text: "This goes again."}}
	var stays []string
	for i := range 5 {
		stays = append(stays, fmt.Sprintf("stays-%d.txt", i))
		documents = append(documents, api.Document{ID: stays[i], Text: "This goes later."})
	}
	s.post("/v1/documents", api.Documents{Documents: documents}, &api.Applied{})
	s.post("/v1/documents/delete", api.Delete{IDs: []string{"gone.txt"}}, &api.Applied{})
	var want api.Collection
	s.get("/v1/collections/default", &want)
	s.equal("deleted", want.Deleted, 1)
	b := c.open(t, address, "/?view=documents", wide)
	b.done()
	b.has("#documents .health", fmt.Sprintf("in %d segment", want.Segments))
	b.has("#documents .health", figure(100*float64(want.Deleted)/float64(want.Deleted+want.Passages), 1, false)+" %")
	b.click("#documents .health button")
	b.has("#documents .health", "1.000 of exact search")
	b.equal("focus", value[string](b, "document.activeElement.innerText"), "Measure")
	b.labelled()
	b.shot("health")
	s.post("/v1/documents/delete", api.Delete{IDs: stays}, &api.Applied{})
}

// holdNotes keeps lists of the collection notes back until release is called. A request that the page gives up sets ended.
const holdNotes = `(real => {
	window.held = 0;
	window.fetch = (path, options) => !path.startsWith("/v1/documents?collection=notes") ? real(path, options) : new Promise((go, no) => {
		window.held++;
		window.release = () => { window.fetch = real; go(real(path, options)); };
		options.signal.addEventListener("abort", () => { window.ended = true; no(options.signal.reason); });
	});
	return true;
})(window.fetch)`

// Two collections: what one sees is what is deleted, and a measure is of the collection that is chosen.
func testCollections(t *testing.T, c *chrome) {
	s, address, _ := serve(t, small, func(o *Options) { o.Collections = t.TempDir() })
	s.post("/v1/documents", api.Documents{Documents: shelf}, &api.Applied{})
	s.post("/v1/collections", api.NewCollection{Name: "notes", Model: "none"}, &api.Collection{})
	notes := []api.Document{{ID: "cats.txt", Text: "A note on cats."}}
	for i := range 120 {
		notes = append(notes, api.Document{ID: fmt.Sprintf("note-%03d", i), Text: "A note."})
	}
	s.post("/v1/documents", api.Documents{Collection: "notes", Documents: notes}, &api.Applied{})
	b := c.open(t, address, "/?view=documents", wide)
	b.done()
	choose := func(name string) {
		t.Helper()
		b.equal("collection", value[string](b, fmt.Sprintf(`(f => { f.value = %q; f.dispatchEvent(new Event("change", { bubbles: true })); return f.value; })(document.querySelector("select[name=collection]"))`, name)), name)
	}
	remove := func(id string) {
		t.Helper()
		b.click(fmt.Sprintf(`.list tr[data-id=%q] button`, id))
		b.until(`document.querySelector("#sure").open`)
		b.click("#sure button.danger")
		b.until(`document.querySelector("#documents .summary").innerText.startsWith("Deleted")`)
	}

	// As long as the other list is on its way, the one that is shown holds.
	b.equal("held", value[bool](b, holdNotes), true)
	choose("notes")
	b.until("window.held === 1")
	remove("cats.txt")
	b.until("window.ended && window.held === 2")
	s.refused(s.send(http.MethodGet, "/v1/documents/cats.txt", nil), http.StatusNotFound, "there is no document")
	s.get("/v1/documents/cats.txt?collection=notes", &api.Stored{})
	b.equal("released", value[bool](b, "(window.release(), true)"), true)
	b.has("#documents .pages", "1–50 of 121")
	b.until(`document.querySelector(".list tr[data-id='cats.txt']")`)

	// The focus stays where one turns pages, and goes to the next row from one that is deleted.
	b.do(chromedp.Focus(chromedp.CSS(".pages [data-key=next]")))
	b.press(kb.Enter)
	b.has("#documents .pages", "51–100 of 121")
	b.equal("focus", value[string](b, "document.activeElement.innerText"), "Next")
	b.press(kb.Enter)
	b.has("#documents .pages", "101–121 of 121")
	b.equal("focus", value[string](b, "document.activeElement.innerText"), "Before")
	rows := value[[]string](b, `[...document.querySelectorAll(".list tbody tr")].map(n => n.dataset.id)`)
	remove(rows[0])
	b.has("#documents .pages", "101–120 of 120")
	b.equal("focus", value[string](b, "document.activeElement.dataset.key"), rows[1])

	// An offset beyond the end is the last page, without a step in the history.
	before := value[int](b, "history.length")
	b.visit("/?view=documents&collection=notes&offset=100000")
	b.has("#documents .pages", "101–120 of 120")
	b.equal("address", value[string](b, "location.search"), "?view=documents&collection=notes&offset=100")
	b.equal("steps", value[int](b, "history.length"), before+1)

	// Ids are any text, those too that JavaScript's objects have.
	b.visit("/?view=evaluate")
	b.evaluate(`{"_id": "__proto__", "text": "what is bread made of?", "judgments": {"bread.md": 1}}
{"_id": "constructor", "text": "how is a pawn promoted?"}
constructor	chess.txt	1
`)
	b.has("#evaluate .summary", "2 queries · 10 documents")
	b.equal("without judgments", len(b.texts("#evaluate .warning")), 0)
	choose("notes")
	b.has("#evaluate .results", "does reranking pay?")
	b.equal("measures", len(b.texts("#evaluate .measures")), 0)
}
