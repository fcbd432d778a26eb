// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build browser

package server

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/model/builtin"
	"github.com/winnow-search/winnow/server/api"
)

// shelf are documents for the page: some about one thing in different words, and some with letters of more than a byte.
var shelf = []api.Document{
	{ID: "bread.md", Title: "Bread", Format: "markdown", Text: "Bread is made of flour, water, salt and yeast. The dough rests for an hour.\n\nA crust forms when the loaf meets the heat of the oven.", Metadata: api.Metadata{"lang": "en", "year": 2021}},
	{ID: "pâtisserie.txt", Title: "Pâtisserie", Text: "Crème brûlée 🍮 is custard under a crust of burnt sugar. A croissant is made of flour and much butter, folded and folded again.", Metadata: api.Metadata{"lang": "en", "year": 2019}},
	{ID: "sourdough.md", Title: "Sourdough", Text: "A leaven of wild yeast raises the loaf slowly; the baker feeds it with flour every day.", Metadata: api.Metadata{"lang": "en", "year": 2023}},
	{ID: "mill.txt", Title: "The mill", Text: "The miller winnows the grain: wind carries the chaff away and the kernels fall.", Metadata: api.Metadata{"lang": "en", "year": 2018}},
	{ID: "cats.txt", Title: "Cats", Text: "Cats sleep for most of the day and hunt at dawn.", Metadata: api.Metadata{"lang": "en", "year": 2020}},
	{ID: "brot.txt", Title: "Brot", Text: "Brot besteht aus Mehl, Wasser und Salz.", Metadata: api.Metadata{"lang": "de", "year": 2022}},
	{ID: "engine.txt", Title: "Engines", Text: "An engine turns heat into motion. Four strokes: intake, compression, combustion, exhaust.", Metadata: api.Metadata{"lang": "en", "year": 2020}},
	{ID: "tea.txt", Title: "Tea", Text: "Green tea is steeped at eighty degrees, black tea with boiling water.", Metadata: api.Metadata{"lang": "en", "year": 2020}},
	{ID: "tides.txt", Title: "Tides", Text: "The moon pulls the sea; twice a day the water rises and falls.", Metadata: api.Metadata{"lang": "en", "year": 2017}},
	{ID: "chess.txt", Title: "Chess", Text: "The knight jumps over other pieces. A pawn that reaches the last rank becomes a queen.", Metadata: api.Metadata{"lang": "en", "year": 2016}},
	{ID: "markup.txt", Title: "<img src=x onerror=alert(1)>", Text: "The flour <script>alert(2)</script> is text here, not markup.", Metadata: api.Metadata{"lang": "en", "year": 2024}},
}

const question = "what is bread made of?"

func TestPage(t *testing.T) {
	c := chromium(t)
	s, address, _ := serve(t, func(o *Options) {
		var err error
		if o.Calibrations, err = builtin.Calibrations(); err != nil {
			t.Fatal(err)
		}
	})
	var a api.Applied
	s.post("/v1/documents", api.Documents{Documents: shelf}, &a)
	s.equal("added", a.Added, len(shelf))
	// In this order: what changes documents comes last.
	for _, test := range []struct {
		name string
		run  func(*testing.T, *chrome, *tester, string)
	}{
		{"search", testSearch},
		{"keyboard", testKeyboard},
		{"why", testWhy},
		{"settings", testSettings},
		{"filter", testFilter},
		{"influence", testInfluence},
		{"ask", testAsk},
		{"compare", testCompare},
		{"matrix", testMatrix},
		{"evaluate", testEvaluate},
		{"health", testHealth},
		{"narrow", testNarrow},
		{"dark", testDark},
		{"upload", testUpload},
		{"delete", testDelete},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, c, &tester{t, s.Server}, address) })
	}
	t.Run("ask-model", func(t *testing.T) { testAskModel(t, c) })
	t.Run("collections", func(t *testing.T) { testCollections(t, c) })
	t.Run("keys", func(t *testing.T) { testKeys(t, c) })
	t.Run("busy", func(t *testing.T) { testBusy(t, c) })
	t.Run("gone", func(t *testing.T) { testGone(t, c) })
	t.Run("empty", func(t *testing.T) { testEmpty(t, c) })
}

func testSearch(t *testing.T, c *chrome, s *tester, address string) {
	b := c.open(t, address, "/", wide)
	b.has("#search .results", "Ask for anything")
	b.labelled()
	b.shot("start")
	b.press(question) // the field has the focus
	b.has("#search .summary", "reranker read")
	b.done()
	var r winnow.Result
	s.post("/v1/search", api.Search{Request: winnow.Request{Query: question}}, &r)
	var want []string
	for _, h := range r.Hits {
		want = append(want, h.ID)
	}
	b.equal("address", value[string](b, "location.search"), "?q=what+is+bread+made+of%3F")
	b.equal("title", value[string](b, "document.title"), question+" · winnow")
	b.has(".hit[data-hit='bread.md'] .scores", "P(relevant)")
	b.has(".hit[data-hit='bread.md'] .scores", "logit")
	marks := b.texts(".hit[data-hit='pâtisserie.txt'] .snippet mark")
	if !slices.Equal(marks, []string{"made"}) { // after letters of two and four bytes
		t.Errorf("marked %q", marks)
	}
	b.sentences(s, false)
	if label := value[string](b, `document.querySelector(".bar").getAttribute("aria-label")`); !strings.Contains(label, "encode") || !strings.Contains(label, "rerank") {
		t.Errorf("the bar says %q", label)
	}
	b.has(".results", "<img src=x onerror=alert(1)>")
	b.equal("elements made by documents", value[int](b, `document.querySelectorAll("main script, .hit img").length`), 0)
	b.labelled()
	b.fits()
	b.shot("search")

	// Reloaded, the address gives the same; Back goes to what was before.
	b.do(chromedp.Reload())
	b.done()
	b.equal("field", value[string](b, `document.querySelector("#search input[name=q]").value`), question)
	b.click("nav a[data-view=documents]")
	b.has("#documents .results", "Sourdough")
	b.do(chromedp.NavigateBack())
	b.until(`!document.querySelector("#search").hidden && document.querySelector(".hit")`)
	b.visit("/?q=what+is+bread+made+of%3F&budget=") // without a bound, which a busy machine would reach
	b.done()
	b.equal("hits", value[[]string](b, `[...document.querySelectorAll(".hit")].map(n => n.dataset.hit)`), want)
}

// sentences checks that hits with a nearest sentence show it underlined, whatever the words in it look like, and that the page says what that means.
func (b *tab) sentences(s *tester, dark bool) {
	b.Helper()
	var r winnow.Result
	s.post("/v1/search", api.Search{Request: winnow.Request{Query: question, Snippets: true}}, &r)
	var shown int
	for _, h := range r.Hits {
		at := fmt.Sprintf(".hit[data-hit=%q] > .snippet ", h.ID)
		var want []string
		if n := h.Snippet.Sentence; n != nil {
			want = append(want, h.Text[n[0]:n[1]])
			shown++
			style := value[[]string](b, fmt.Sprintf(`(s => [s.textDecorationLine, s.textDecorationStyle, s.textDecorationColor])(getComputedStyle(document.querySelector(%s)))`, quoted(at+".sentence")))
			color := "rgb(0, 105, 75)"
			if dark {
				color = "rgb(76, 201, 160)"
			}
			b.equal("the line under a sentence", style, []string{"underline", "solid", color})
		}
		b.equal("the nearest sentence of "+h.ID, b.texts(at+".sentence"), want)
	}
	if shown < 2 {
		b.Errorf("%d hits have a nearest sentence", shown)
	}
	b.equal("words in sentences", len(b.texts(".hit > .snippet .sentence mark")) > 0, true)
	b.equal("what the line means", b.texts("#search .meaning"), []string{"Tinted: words of the query. Underlined: the sentence nearest to it by vectors."})
}

func testKeyboard(t *testing.T, c *chrome, _ *tester, address string) {
	b := c.open(t, address, "/?q=flour", wide)
	b.done()
	b.click("#show-keys")
	b.until(`document.querySelector("#keys").open`)
	b.shot("keys")
	b.press(kb.Escape)
	b.until(`!document.querySelector("#keys").open`)
	b.shortcut("/")
	b.equal("focus", value[string](b, "document.activeElement.name"), "q")
	b.press(kb.ArrowDown)
	first := value[string](b, "document.activeElement.dataset.id")
	b.shortcut("j")
	if second := value[string](b, "document.activeElement.dataset.id"); second == first || second == "" {
		t.Errorf("j went from %q to %q", first, second)
	}
	b.shortcut("k")
	b.equal("focus", value[string](b, "document.activeElement.dataset.id"), first)
	b.press(kb.Enter)
	b.until(`document.activeElement.getAttribute("aria-expanded") === "true" && document.querySelector(".why:not([hidden]) h4")`)
	b.press(kb.ArrowUp)
	b.equal("focus", value[string](b, "document.activeElement.name"), "q")
	b.press(kb.Tab)
	b.shortcut("3") // on a button: not typing
	b.until(`!document.querySelector("#compare").hidden && document.activeElement.name === "q"`)
	b.shortcut("6") // into the field
	b.equal("field", value[string](b, "document.activeElement.value"), "flour6")
}

func testWhy(t *testing.T, c *chrome, s *tester, address string) {
	b := c.open(t, address, "/?q=flour+yeast&mode=hybrid", wide)
	b.done()
	var r winnow.Result
	s.post("/v1/search", `{"query":"flour yeast","mode":"hybrid","explain":true}`, &r)
	hit := r.Hits[0]
	b.click(".hit:first-child h3 button")
	why := ".hit:first-child .why"
	for _, text := range []string{"Cosine with the query", "FUSION OF THE TWO LISTS", "Calibrated on judged pairs", fmt.Sprintf("%.2f", hit.Explanation.BM25.Score)} {
		b.has(why, text)
	}
	b.equal("terms", b.texts(why+" .wide tbody th"), []string{hit.Explanation.BM25.Terms[0].Text, hit.Explanation.BM25.Terms[1].Text})
	b.labelled()
	b.shot("why")
	parts := hit.Explanation.Rerank
	b.has(why, fmt.Sprintf("cross-encoder: %+.2f standard deviations from the mean logit", parts.Logit))
	b.visit("/?q=flour+yeast&mode=dense")
	b.done()
	b.click(".hit:first-child h3 button")
	b.has(why, "words: BM25")
}

func testSettings(t *testing.T, c *chrome, _ *tester, address string) {
	b := c.open(t, address, "/?q=yeast", wide, "status of 400")
	b.done()
	choose := func(name, option string) {
		t.Helper()
		b.equal(name, value[string](b, fmt.Sprintf(`(f => { f.value = %q; f.dispatchEvent(new Event("input", { bubbles: true })); return f.value; })(document.querySelector("#search select[name=%s]"))`, option, name)), option)
	}
	choose("mode", "lexical")
	b.has(".summary", "by words")
	choose("rerank", "off")
	b.until(`location.search === "?q=yeast&mode=lexical&rerank=off"`)
	b.done()
	b.equal("kinds", b.texts(".hit:first-child .scores .main b"), "[BM25]")
	b.equal("sentences without vectors", len(b.texts(".sentence, .meaning")), 0)
	b.until(`document.querySelector("select[name=depth]").disabled`)
	choose("rerank", "builtin:reranker")
	choose("mode", "hybrid")
	choose("depth", "5")
	b.has(".summary", "reranker read 5 passages")
	b.equal("kinds", b.texts(".hit:first-child .scores .main b"), "[logit]")
	b.visit("/?q=zzzz&mode=lexical&rerank=off")
	b.has(".results", "No passage found")
	b.visit("/?q=yeast&mode=telepathy")
	b.until(`document.querySelector(".notice")?.innerText.includes("telepathy")`)
}

func testFilter(t *testing.T, c *chrome, _ *tester, address string) {
	b := c.open(t, address, "/?q=flour&filter=lang+%3D+%22de%22", wide, "status of 400")
	b.done()
	b.equal("hits", value[[]string](b, `[...document.querySelectorAll(".hit")].map(n => n.dataset.hit)`), "[brot.txt]")
	b.overwrite("#search input[name=filter]", `lang = = 3`)
	b.has(".notice pre", "^")
	b.equal("marked", value[bool](b, `document.querySelector("#search input[name=filter]").matches("[aria-invalid=true][aria-describedby=notice]")`), true)
	b.equal("place", value[string](b, `document.querySelector(".notice pre").textContent`), "  lang = = 3\n         ^")
	b.press("4") // nothing was selected
	b.equal("field", value[string](b, "document.activeElement.value"), "lang = = 34")
	b.labelled()
	b.shot("filter")
	b.overwrite("#search input[name=filter]", `year > 2022`)
	b.until(`document.querySelectorAll(".hit").length === 2 && !document.querySelector("[aria-invalid]")`)
}

func testCompare(t *testing.T, c *chrome, s *tester, address string) {
	b := c.open(t, address, "/?q=what+is+bread+made+of%3F&view=compare", wide)
	b.done()
	b.has("#compare .summary", "Kendall")
	var r winnow.Comparison
	s.post("/v1/compare", api.Search{Request: winnow.Request{Query: question}}, &r)
	var want []string
	for _, row := range r.Rows {
		want = append(want, row.ID)
	}
	lane := func(n int) []string {
		return value[[]string](b, fmt.Sprintf(`[...document.querySelectorAll(".lane")][%d].querySelectorAll("button").values().map(n => n.dataset.id).toArray()`, n))
	}
	b.equal("cross-encoder", lane(2), want)
	slices.SortFunc(r.Rows, func(a, b winnow.ComparedPassage) int { return a.Bi.Rank - b.Bi.Rank })
	for i, row := range r.Rows {
		want[i] = row.ID
	}
	b.equal("bi-encoder", lane(1), want)
	b.equal("lines", value[int](b, `document.querySelectorAll(".lines path").length`), 2*len(want))
	b.equal("lines that win", value[int](b, `document.querySelectorAll(".lines:last-of-type path.up").length`) > 0, true)
	b.do(chromedp.Focus(chromedp.CSS(".lane:last-child li:nth-child(2) button")))
	b.until(`document.querySelector(".detail h3").innerText === document.activeElement.title && document.querySelectorAll(".lines .chosen").length === 2`)
	b.labelled()
	b.fits()
	b.shot("compare")
}

func testNarrow(t *testing.T, c *chrome, _ *tester, address string) {
	phone := look{360, 740, false}
	for _, l := range []look{phone, {360, 740, true}} {
		b := c.open(t, address, "/?q=what+is+bread+made+of%3F&mode=hybrid", l)
		b.done()
		b.fits()
		b.click(".hit:first-child h3 button")
		b.has(".why", "Cosine")
		b.fits()
		b.shot(fmt.Sprintf("narrow-search-dark-%t", l.dark))
		b.visit("/?q=what+is+bread+made+of%3F&view=compare")
		b.done()
		b.fits()
		b.shot(fmt.Sprintf("narrow-compare-dark-%t", l.dark))
		for _, view := range []string{"ask", "matrix", "documents"} {
			b.visit("/?view=" + view + "&q=what+is+bread+made+of%3F&queries=what+is+bread+made+of%3F%0Awhat+do+cats+do%3F")
			b.done()
			b.fits()
			b.shot(fmt.Sprintf("narrow-%s-dark-%t", view, l.dark))
		}
		b.visit("/?view=evaluate")
		b.evaluate(judgedLines)
		b.fits()
		b.shot(fmt.Sprintf("narrow-evaluate-dark-%t", l.dark))
	}
}

func testDark(t *testing.T, c *chrome, s *tester, address string) {
	b := c.open(t, address, "/?q=what+is+bread+made+of%3F&mode=hybrid", look{1100, 900, true})
	b.done()
	if paper := value[string](b, "getComputedStyle(document.body).backgroundColor"); paper == "rgb(251, 251, 249)" {
		t.Errorf("the paper is light: %s", paper)
	}
	b.sentences(s, true)
	b.click(".hit:first-child h3 button")
	b.shot("dark-why")
	b.visit("/?q=what+is+bread+made+of%3F&view=compare")
	b.done()
	b.shot("dark-compare")
	for _, view := range []string{"ask", "matrix", "documents"} {
		b.visit("/?view=" + view + "&q=what+is+bread+made+of%3F&queries=what+is+bread+made+of%3F%0Awhat+do+cats+do%3F")
		b.done()
		b.shot("dark-" + view)
	}
	b.visit("/?view=evaluate")
	b.evaluate(judgedLines)
	b.shot("dark-evaluate")
}

func testUpload(t *testing.T, c *chrome, s *tester, address string) {
	dir := t.TempDir()
	var files []string
	for name, text := range map[string]string{
		"oats.md":    "# Oats\n\nPorridge is oats in milk.",
		"lines.json": `{"a": "json is text"}`,
		"many.jsonl": `{"id":"j1","text":"Rye is dark."}` + "\n" + `{"id":"j2","txt":"wrong"}` + "\n",
		"blob.dat":   "\xff\xfe\x00",
		"broken.pdf": "%PDF-1.7",
		"paper.pdf":  string(fixture(t, "plain.pdf")),
		"empty.txt":  " \n",
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	folder := filepath.Join(dir, "folder")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	files = append(files, folder)
	slices.Sort(files)
	b := c.open(t, address, "/?view=documents", wide)
	b.done()
	b.has("#documents .health", "builtin:retriever")
	b.labelled()
	// Files from outside are dragged over the field and dropped.
	middle := value[[]float64](b, `(r => [r.x + r.width / 2, r.y + 30])(document.querySelector(".drop").getBoundingClientRect())`)
	data := &input.DragData{Items: []*input.DragDataItem{}, Files: files, DragOperationsMask: 1}
	drag := func(kind input.DispatchDragEventType) chromedp.Action[chromedp.Void] {
		return command(input.DispatchDragEvent, input.DispatchDragEventParams{Type: kind, X: middle[0], Y: middle[1], Data: data})
	}
	b.do(drag(input.DispatchDragEventTypeDragEnter), drag(input.DispatchDragEventTypeDragOver))
	b.until(`document.querySelector(".drop.over")`)
	b.do(drag(input.DispatchDragEventTypeDrop))
	b.has("#documents .summary", "3 of 8 files added, 1 in part.")
	results := strings.Join(b.texts(".uploads li"), "\n")
	for _, want := range []string{"oats.md added · 1 passage", "lines.json added · 1 passage", `many.jsonl added · 1 passage; 1 row refused: line 2: field "text" is missing`, `blob.dat files of type ".dat" are not read`, "broken.pdf damaged file", "paper.pdf added · ", "empty.txt there is no text in it", "folder this is a folder"} {
		if !strings.Contains(results, want) {
			t.Errorf("%q is not in\n%s", want, results)
		}
	}
	b.has("#documents .list", "oats.md")
	b.equal("in part", len(b.texts(".uploads .partly")), 1)
	b.shot("upload")
	var d api.Stored
	s.get("/v1/documents/oats.md", &d)
	b.equal("stored", string(d.Format)+" "+d.Text, "markdown # Oats\n\nPorridge is oats in milk.")
	// The field takes files, too; one that is there is replaced.
	if err := os.WriteFile(filepath.Join(dir, "oats.md"), []byte("# Oats\n\nHorses like oats."), 0o600); err != nil {
		t.Fatal(err)
	}
	release := s.hold()
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#files"), []string{filepath.Join(dir, "oats.md")}))
	b.until(`document.querySelector("#documents progress:indeterminate:not([hidden])")`)
	release()
	b.has(".uploads", "replaced · 1 passage")
	b.visit("/?q=what+do+horses+eat%3F")
	b.has(".hit:first-child", "Horses like oats")
}

func testDelete(t *testing.T, c *chrome, s *tester, address string) {
	b := c.open(t, address, "/?view=documents", wide)
	b.done()
	before := len(b.texts(".list tbody tr"))
	row := `.list tr[data-id="cats.txt"] button`
	b.click(row)
	b.until(`document.querySelector("#sure").open`)
	b.has("#sure", "Cats with 1 passage")
	b.press(kb.Escape)
	b.until(`!document.querySelector("#sure").open`)
	b.equal("kept", len(b.texts(".list tbody tr")), before)
	b.click(row)
	b.until(`document.querySelector("#sure").open`)
	b.click("#sure button.danger")
	b.has("#documents .summary", "Deleted Cats")
	b.until(fmt.Sprintf(`document.querySelectorAll(".list tbody tr").length === %d`, before-1))
	s.refused(s.send(http.MethodGet, "/v1/documents/cats.txt", nil), http.StatusNotFound, "there is no document")
}

func testKeys(t *testing.T, c *chrome) {
	read, line, err := NewKey("reader", Read)
	if err != nil {
		t.Fatal(err)
	}
	write, other, err := NewKey("writer", Write)
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(keys, []byte(line+"\n"+other+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, address, _ := serve(t, small, func(o *Options) { o.Keys = keys })
	s.ok(s.send(http.MethodPost, "/v1/documents", api.Documents{Documents: shelf}, "X-Api-Key", write), &api.Applied{})
	b := c.open(t, address, "/?q=flour&view=search", wide, "status of 401", "status of 403")
	b.has(".notice", "API key")
	b.heard("status of 401")
	b.labelled()
	b.shot("key")
	b.do(chromedp.Focus(chromedp.CSS("#key")))
	b.press("wrong\r")
	b.has(".notice", "does not take this key")
	b.do(chromedp.Focus(chromedp.CSS("#key")))
	b.press(read + "\r")
	b.until(`document.querySelector(".hit") && !document.querySelector(".notice")`)
	b.equal("kept in the tab", value[bool](b, "localStorage.length === 0 && sessionStorage.length === 1 && !document.cookie"), true)
	b.do(chromedp.Reload())
	b.done()
	b.visit("/?view=documents")
	b.done()
	b.click(`.list tr[data-id="cats.txt"] button`)
	b.click("#sure button.danger")
	b.has(".notice", "the scope read; this needs write")
}

func testBusy(t *testing.T, c *chrome) {
	s, address, _ := serve(t, small, func(o *Options) { o.Rate, o.Burst = 0.5, 4 })
	s.post("/v1/documents", api.Documents{Documents: shelf}, &api.Applied{}) // the page has 3 left: models, collections, a first search
	b := c.open(t, address, "/?q=flour", wide, "status of 429")
	b.has(".notice", "more than 0.5 requests a second")
	b.has(".notice button", "Try again")
	b.labelled()
	b.shot("busy")
	b.until(`!document.querySelector(".notice button").disabled`)
}

func testGone(t *testing.T, c *chrome) {
	s, address, stop := serve(t, small)
	s.post("/v1/documents", api.Documents{Documents: shelf}, &api.Applied{})
	b := c.open(t, address, "/?q=flour", wide, "ERR_CONNECTION_REFUSED")
	b.done()
	stop()
	b.do(chromedp.Focus(chromedp.CSS("#search input[name=q]")))
	b.press(" yeast")
	b.has(".notice", "does not answer")
	b.shot("gone")
	// Something else answers: a proxy's page, for one.
	b.equal("proxy", value[bool](b, `(window.fetch = async () => new Response("<p>Welcome</p>"), true)`), true)
	b.press(" salt")
	b.has(".notice", "no JSON")
}

func testEmpty(t *testing.T, c *chrome) {
	_, address, _ := serve(t, small)
	file, err := filepath.Abs("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	b := c.open(t, address, "/?q=flour", wide, "status of 404")
	b.has(".notice", "has no documents yet")
	b.click("nav a[data-view=documents]")
	b.has("#documents .results", "The index is empty")
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#files"), []string{file}))
	b.has("#documents .summary", "1 file added")
	b.has("#documents .health", "documents")
}
