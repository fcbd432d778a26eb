// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"

	"github.com/winnow-search/winnow/document/internal/mdtext"
)

// maxTags is the number of tags from which on no tree is built: a node takes about two hundred bytes.
const maxTags = 400_000

// maxAttributes is the number of attributes of one tag from which on a page is hostile, and read without any.
const maxAttributes = 10_000

// Page is the text of an HTML page.
type Page struct {
	Title string // of the title element, else of the first heading
	Lang  string // of the html element, as in "en-GB"
	Text  string // Markdown; may hold invalid UTF-8 where the page did
}

// Read takes any bytes. The encoding is the one that a byte order mark or the page states, UTF-8 where the bytes are
// valid, and Windows-1252 otherwise, as browsers do.
func Read(data []byte) Page {
	data = bytes.TrimPrefix(decode(data), []byte("\uFEFF"))
	tags, attributes := survey(data)
	if attributes > maxAttributes {
		data = dropAttributes(data)
	}
	if tags <= maxTags {
		if root, err := html.Parse(bytes.NewReader(data)); err == nil {
			return fromTree(root)
		}
	}
	return fromTags(data)
}

// decode turns the page into UTF-8.
func decode(data []byte) []byte {
	e, name, _ := charset.DetermineEncoding(data[:min(len(data), 1024)], "text/html")
	if name == "utf-8" {
		return data
	}
	if name == "windows-1252" && utf8.Valid(data) {
		return data // a guess, and the first kilobyte did not show better
	}
	out, err := e.NewDecoder().Bytes(data)
	if err != nil {
		return data
	}
	return out
}

func fromTree(root *html.Node) Page {
	p := Page{}
	body := root
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.DataAtom {
		case atom.Html:
			p.Lang = attr(n, "lang")
		case atom.Title:
			if p.Title == "" && (n.Parent == nil || n.Parent.DataAtom != atom.Svg) {
				p.Title = mdtext.Line(plain(n))
			}
		case atom.Body:
			body = n
		}
	}
	c := converter{}
	for _, n := range mainParts(body) {
		c.block(n)
		c.flush()
	}
	if strings.TrimSpace(c.w.String()) == "" {
		c = converter{}
		c.block(body)
		c.flush()
	}
	p.Text = c.w.String()
	if p.Title == "" {
		p.Title = c.heading
	}
	return p
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key && a.Namespace == "" {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}

// plain is all text below a node.
func plain(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// dropped reports whether an element and all below it hold nothing of the main text. inside is true within the main part,
// where a header belongs to the article and not to the page.
func dropped(n *html.Node, inside bool) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Svg, atom.Math, atom.Iframe, atom.Object, atom.Embed, atom.Canvas,
		atom.Audio, atom.Video, atom.Nav, atom.Aside, atom.Footer, atom.Head, atom.Form, atom.Button, atom.Select, atom.Input, atom.Textarea,
		atom.Dialog, atom.Noframes:
		return n.DataAtom != atom.Form || plainLength(n) < formText
	case atom.Header:
		if !inside {
			return true
		}
	}
	for _, a := range n.Attr {
		switch a.Key {
		case "hidden":
			return a.Val != "until-found"
		case "aria-hidden":
			if a.Val == "true" {
				return true
			}
		case "role":
			switch a.Val {
			case "navigation", "banner", "contentinfo", "complementary", "search", "menu", "menubar", "dialog", "alert":
				return true
			}
		}
	}
	return false
}

// formText is the length from which on a form is taken for the frame of a page: some servers put everything into one.
const formText = 1000

func plainLength(n *html.Node) (length int) {
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			length += len(strings.TrimSpace(d.Data))
		}
	}
	return length
}

// mainParts chooses the elements that hold the main text.
func mainParts(body *html.Node) []*html.Node {
	var articles []*html.Node
	for n := range body.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.DataAtom == atom.Main || attr(n, "role") == "main" {
			return []*html.Node{n}
		}
		if n.DataAtom == atom.Article && !under(n, atom.Article, body) && !under(n, atom.Aside, body) {
			articles = append(articles, n)
		}
	}
	weights := map[*html.Node]int{}
	all := weigh(body, weights, false)
	in := 0
	for _, a := range articles {
		in += weights[a]
	}
	if in*2 >= all && in > 0 {
		return articles
	}
	// Descend while one child has nearly all of the text.
	n := body
	for {
		var heavy *html.Node
		for c := range n.ChildNodes() {
			if weights[c]*10 >= weights[n]*8 && weights[c] > 0 {
				heavy = c
			}
		}
		if heavy == nil || !isContainer(heavy) {
			return []*html.Node{n}
		}
		n = heavy
	}
}

// isContainer reports whether an element is one that pages are laid out with. What has a meaning of its own stays whole.
func isContainer(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Div, atom.Section, atom.Article, atom.Main, atom.Center, atom.Form, atom.Body, atom.Span:
		return true
	}
	return n.DataAtom == 0 // elements of a page's own making
}

func under(n *html.Node, a atom.Atom, top *html.Node) bool {
	for p := n.Parent; p != nil && p != top; p = p.Parent {
		if p.DataAtom == a {
			return true
		}
	}
	return false
}

// weigh returns the length of the text below a node outside links and what is dropped, and notes it for every element. The
// parser bounds the depth of the tree, and so that of this recursion.
func weigh(n *html.Node, weights map[*html.Node]int, link bool) int {
	switch n.Type {
	case html.TextNode:
		if link {
			return 0
		}
		return len(strings.TrimSpace(n.Data))
	case html.ElementNode:
		if dropped(n, false) {
			return 0
		}
	}
	link = link || n.DataAtom == atom.A
	sum := 0
	for c := range n.ChildNodes() {
		sum += weigh(c, weights, link)
	}
	if sum > 0 && n.Type == html.ElementNode {
		weights[n] = sum
	}
	return sum
}
