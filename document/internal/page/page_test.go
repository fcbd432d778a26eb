// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package page

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const article = `<!DOCTYPE html><html lang="en-GB"><head><title>A  page – Site</title><style>p{}</style></head><body>
<header><nav><a href=/>Home</a></nav></header><aside>Buy!</aside>
<main><h1>On <em>tea</em></h1><p>First   paragraph<br>with a break.</p>
<h2 id=x>Brewing</h2><ul><li>Water<ul><li>hot</li></ul></li><li><p>Leaves</p><p>more</p></li></ul><ol start=3><li>three</ol>
<pre>  code
    here</pre><blockquote>Quoted</blockquote>
<table><tr><th>Kind</th><th>Time</th></tr><tr><td>Green|ish</td><td>2 min</td></tr></table>
<p># not a heading</p><p hidden>secret</p><script>alert(1)</script><svg><title>t</title></svg><img alt="A cup">
</main><footer>© us</footer></body></html>`

func TestRead(t *testing.T) {
	p := Read([]byte(article))
	want := "# On tea\n\nFirst paragraph\nwith a break.\n\n## Brewing\n\n- Water\n  - hot\n- Leaves\n  more\n3. three\n\n```\n  code\n    here\n```\n\n" +
		"> Quoted\n\n| Kind | Time |\n| --- | --- |\n| Green\\|ish | 2 min |\n\n\\# not a heading\n\nA cup"
	if diff := cmp.Diff(want, p.Text); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
	if p.Title != "A page – Site" || p.Lang != "en-GB" {
		t.Errorf("title %q, language %q", p.Title, p.Lang)
	}
}

// What is hidden of a table is left out with all that is in it.
func TestHiddenRows(t *testing.T) {
	p := Read([]byte(`<table><caption hidden>C</caption><tr><th>a<th>b<tr hidden><td>x<td>y<tr><td>1<td hidden>2<td>3<tfoot hidden><tr><td>sum<td>z</tfoot></table>`))
	if diff := cmp.Diff("| a | b |\n| --- | --- |\n| 1 | 3 |", p.Text); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

func TestMainText(t *testing.T) {
	long := strings.Repeat("Some words of the text itself. ", 40)
	links := strings.Repeat("<a href=x>A link to another page of this site</a> ", 20)
	for what, html := range map[string]string{
		"densest":  "<body><div class=menu>" + links + "</div><div><div id=c><h2>Head</h2><p>" + long + "</div></div><div>small print</div>",
		"articles": "<body><div>" + links + "</div><article><h2>Head</h2><p>" + long + "</article>",
		"role":     "<body><p>" + long[:100] + "<div role=main><h2>Head</h2><p>" + long + "</div>",
		"form":     "<body><form><div><h2>Head</h2><p>" + long + "</div><button>Send</button></form>",
	} {
		p := Read([]byte(html))
		if !strings.HasPrefix(p.Text, "## Head\n\nSome words") || strings.Contains(p.Text, "A link") || p.Title != "Head" {
			t.Errorf("%s: title %q, text %.80q", what, p.Title, p.Text)
		}
	}
	for what, html := range map[string]string{"no body": "just text", "empty main": "<main></main><p>just text</p>", "all in nav": "<nav>x</nav>just text"} {
		if p := Read([]byte(html)); p.Text != "just text" {
			t.Errorf("%s: %q", what, p.Text)
		}
	}
}

func TestCharset(t *testing.T) {
	for what, html := range map[string]string{
		"utf-8": "<p>caf\xc3\xa9", "meta": "<meta charset=iso-8859-1><p>caf\xe9", "guess": "<p>caf\xe9", "late": strings.Repeat(" ", 2000) + "<p>caf\xc3\xa9", "utf-16": "\xff\xfe<\x00p\x00>\x00c\x00a\x00f\x00\xe9\x00",
	} {
		if p := Read([]byte(html)); p.Text != "café" {
			t.Errorf("%s: %q", what, p.Text)
		}
	}
}

func TestHostilePages(t *testing.T) {
	const n = 300_000
	for what, html := range map[string]string{
		"deep":       strings.Repeat("<div>", n) + "text" + strings.Repeat("</div>", n),
		"deep lists": strings.Repeat("<ul><li>", n/2) + "text",
		"tables":     strings.Repeat("<table><tr><td>", 160) + "text",
		"many tags":  strings.Repeat("<b>x</b>", n) + "<p>text",
		"attributes": "<p " + strings.Repeat("a=b ", n) + ">text",
		"names":      "<p " + strings.Repeat("a ", n) + ">text",
		"quoted":     "<p x='>' " + strings.Repeat("a=\">\" ", n) + ">text",
		"long value": "<p title='" + strings.Repeat("x", 4<<20) + "'>text",
		"open tag":   "text<p " + strings.Repeat("x", 4<<20),
		"headings":   "<h1>" + strings.Repeat("x ", n) + "</h1><p>text",
		"comment":    "text<!--" + strings.Repeat("-", n),
	} {
		if p := Read([]byte(html)); !strings.Contains(p.Text, "text") {
			t.Errorf("%s: %d bytes: %.60q", what, len(p.Text), p.Text)
		}
	}
}

func TestTagsGiveWhatTheTreeDoes(t *testing.T) {
	p := fromTags([]byte("<html lang=de><title>T</title><nav>no <nav>no</nav> no</nav><h2>Head</h2><p>one <b>two</b><br>three<script>x</script><div>four"))
	if p.Text != "## Head\n\none two\nthree\n\nfour" || p.Title != "T" || p.Lang != "de" {
		t.Errorf("%+v", p)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(article))
	f.Add([]byte("<table><tr><td><table><li><h1>x<p a=\"<\"><pre>```"))
	f.Add([]byte("\xfe\xff\x00<\x00p"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := Read(data)
		tags := fromTags(data)
		if len(p.Text) > 64*len(data)+64 || len(tags.Text) > 64*len(data)+64 {
			t.Fatalf("%d and %d bytes of %d", len(p.Text), len(tags.Text), len(data))
		}
	})
}

func BenchmarkRead(b *testing.B) {
	data := []byte(strings.Replace(article, "</main>", strings.Repeat("<p>A paragraph of <a href='x'>ordinary</a> text, with some <em>marks</em>.</p>\n", 2000)+"</main>", 1))
	b.SetBytes(int64(len(data)))
	sum := 0
	for b.Loop() {
		sum += len(Read(data).Text)
	}
	if sum == 0 {
		b.Fatal("no text")
	}
}
