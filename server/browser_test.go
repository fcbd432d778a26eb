// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

//go:build browser

package server

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// patience is how long a step in the browser may take: far more than it does on a busy machine.
const patience = time.Minute

// chrome is a browser.
type chrome struct{ ctx context.Context }

// chromium starts a browser without a window, once for all tests that share it. Its profile is empty, and it looks nothing up.
func chromium(t *testing.T) *chrome {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Fatal("there is no chromium on the PATH: bash scripts/install-chromium.sh installs it")
	}
	// As root, which CI is, Chromium's sandbox does not start; the pages are our own.
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.UserDataDir(t.TempDir()),
	}
	for _, flag := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage", "hide-scrollbars"} {
		options = append(options, chromedp.Flag(flag, true))
	}
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("%s does not start: %v", path, err)
	}
	return &chrome{ctx}
}

// serve runs a server on a port of this machine. stop ends it, as the test's end does.
func serve(t *testing.T, change ...func(*Options)) (s *tester, address string, stop func()) {
	t.Helper()
	s = start(t, append(change, func(o *Options) { o.Addr = "127.0.0.1:0" })...)
	l, err := s.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Server.Run(ctx, l) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return s, "http://" + l.Addr().String(), stop
}

// tab is a page in the browser.
type tab struct {
	*testing.T
	ctx     context.Context
	address string
	mu      sync.Mutex
	console []string // errors and warnings
}

// look is how a page is looked at.
type look struct {
	width, height int64
	dark          bool
}

var wide = look{1100, 900, false}

// open loads the page of a server in a new tab. When the test ends, its console must hold nothing but what allow says.
func (c *chrome) open(t *testing.T, address, path string, l look, allow ...string) *tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(c.ctx, chromedp.WithNewBrowserContext())
	b := &tab{T: t, ctx: ctx, address: address}
	messages, listening := chromedp.Console(ctx), make(chan struct{})
	go func() {
		defer close(listening)
		for m, err := range messages {
			if err != nil {
				return // the tab is closed
			}
			b.mu.Lock()
			b.console = append(b.console, m.String())
			b.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		closeTab()
		<-listening
		for _, line := range b.console {
			if !slices.ContainsFunc(allow, func(a string) bool { return strings.Contains(line, a) }) {
				t.Errorf("the browser's console: %s", line)
			}
		}
	})
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	b.do(chromedp.EmulateViewport(l.width, l.height), command(emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}))
	b.visit(path)
	return b
}

// command is one of the browser's protocol without an answer.
func command[P any](c cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, c, params)
		return err
	})
}

// do runs actions, which must succeed.
func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.shot("failed-" + strings.ReplaceAll(b.Name(), "/", "-"))
		b.Fatal(err)
	}
}

func (b *tab) visit(path string) {
	b.Helper()
	b.do(chromedp.Navigate(b.address + path))
}

// value is what an expression gives.
func value[T any](b *tab, expression string) T {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits for an expression to be true.
func (b *tab) until(expression string) {
	b.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if value[bool](b, "Boolean("+expression+")") {
			return
		}
		if time.Now().After(end) {
			b.shot("failed-" + strings.ReplaceAll(b.Name(), "/", "-"))
			b.Fatalf("after %s still not: %s\nthe page: %s", patience, expression, value[string](b, "document.body.innerText"))
		}
	}
}

// quoted is a text as JavaScript writes it.
func quoted(text string) string {
	data, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// has waits for an element to hold a text.
func (b *tab) has(selector, text string) {
	b.Helper()
	b.until(fmt.Sprintf("document.querySelector(%s)?.innerText.includes(%s)", quoted(selector), quoted(text)))
}

// done waits for a search to be complete.
func (b *tab) done() {
	b.Helper()
	b.until(`document.querySelector("main > section:not([hidden]) .results:not([aria-busy])")?.childElementCount`)
}

// heard says that the console has had a line with a text: what is listened for there can be heard.
func (b *tab) heard(text string) {
	b.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		b.mu.Lock()
		found := slices.ContainsFunc(b.console, func(line string) bool { return strings.Contains(line, text) })
		b.mu.Unlock()
		if found {
			return
		}
	}
	b.Errorf("the console never said %q", text)
}

func (b *tab) equal(what string, got, want any) {
	b.Helper()
	(&tester{T: b.T}).equal(what, got, want)
}

// texts are those of all elements that a selector finds.
func (b *tab) texts(selector string) []string {
	b.Helper()
	return value[[]string](b, fmt.Sprintf("[...document.querySelectorAll(%s)].map(n => n.innerText.trim())", quoted(selector)))
}

// press sends keys to what has the focus.
func (b *tab) press(keys string) {
	b.Helper()
	b.do(chromedp.KeyEvent(keys))
}

// shortcut is a key that a page may take for itself: then it is not typed.
func (b *tab) shortcut(key string) {
	b.Helper()
	b.do(command(input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: key, Text: key}),
		command(input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Key: key}))
}

func (b *tab) click(selector string) {
	b.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

// overwrite types a text in the place of what a field has.
func (b *tab) overwrite(selector, text string) {
	b.Helper()
	b.do(chromedp.Focus(chromedp.CSS(selector)))
	b.equal("selected", value[bool](b, "(document.activeElement.select(), true)"), true)
	b.press(text)
}

// fits checks that nothing makes the page wider than the window.
func (b *tab) fits() {
	b.Helper()
	if over := value[int](b, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); over > 0 {
		b.Errorf("the page is %d pixels wider than the window: %s", over, value[string](b,
			`[...document.querySelectorAll("body *")].filter(n => n.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map(n => n.tagName + "." + n.className).join(" ")`))
	}
}

// labelled checks that everything that can be used has a name for who does not see it.
func (b *tab) labelled() {
	b.Helper()
	if without := value[[]string](b, `[...document.querySelectorAll("button, input, select, textarea, summary, a, [role=img], [role=region]")]
		.filter(n => n.checkVisibility() && !(n.getAttribute("aria-label") || n.labels?.length || n.innerText?.trim()))
		.map(n => n.outerHTML.slice(0, 120))`); len(without) > 0 {
		b.Errorf("without a name: %q", without)
	}
	if twice := value[[]string](b, `[...document.querySelectorAll("[id]")].map(n => n.id).filter((id, i, all) => all.indexOf(id) !== i)`); len(twice) > 0 {
		b.Errorf("ids that are there twice: %q", twice)
	}
}

// shot keeps a picture of the whole page, if WINNOW_SCREENSHOTS names a directory.
func (b *tab) shot(name string) {
	dir := os.Getenv("WINNOW_SCREENSHOTS")
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	beyond := true
	picture, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &beyond})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), picture.Data, 0o600)
	}
	if err != nil {
		b.Errorf("picture %s: %v", name, err)
	}
}
