// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/winnow-search/winnow"
	"github.com/winnow-search/winnow/server/api"
)

// fixture is a PDF file of package document's tests.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "document", "internal", "pdf", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// word is a DOCX file with a body.
func word(t testing.TB, body string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("word/document.xml")
	if err == nil {
		_, err = io.WriteString(w, `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>`+body+`</w:body></w:document>`)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// form is one with files: names and what they hold in turn.
func form(t testing.TB, files ...string) (body, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for pair := range slices.Chunk(files, 2) {
		p, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="` + pair[0] + `"`}})
		if err == nil {
			_, err = io.WriteString(p, pair[1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

// results are the lines of an answer.
func results(t testing.TB, w *httptest.ResponseRecorder) []api.FileResult {
	t.Helper()
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/x-ndjson" {
		t.Fatalf("status %d, %s: %s", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	var all []api.FileResult
	for line := range strings.Lines(w.Body.String()) {
		var r api.FileResult
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, r)
	}
	return all
}

// upload sends files in a form and describes what became of each.
func (t *tester) upload(query string, files ...string) string {
	t.Helper()
	body, kind := form(t, files...)
	var all []string
	for _, r := range results(t, t.send(http.MethodPost, "/v1/documents/files"+query, body, "Content-Type", kind)) {
		all = append(all, fmt.Sprintf("%s %s %d replaced %d deleted %d %s%q", r.File, r.Status, r.Documents, r.Replaced, r.Deleted, r.Error, r.Problems))
		if (r.Passages > 0) != (r.Documents > 0) {
			t.Errorf("%s: %d passages of %d documents", r.File, r.Passages, r.Documents)
		}
	}
	return strings.Join(all, "\n")
}

func (t *tester) stored(id string) (d api.Stored) {
	t.Helper()
	t.get("/v1/documents/"+url.PathEscape(id), &d)
	return d
}

func TestFilesOfEachKindAreStored(t *testing.T) {
	s := start(t, small)
	got := s.upload("",
		"paper.pdf", string(fixture(t, "packed.pdf")),
		"über uns.docx", string(word(t, `<w:p><w:r><w:t>Words of the office.</w:t></w:r></w:p>`)),
		"page.html", "<html lang=fr><head><title>Titre</title></head><body><nav>menu</nav><main><h1>Pain</h1><p>De la farine.</p></main></body></html>",
		"closed.pdf", string(fixture(t, "aes-256-closed.pdf")),
		"broken.docx", "PK\x03\x04",
		"settings.yaml", "a: 1\n",
		"picture.png", "\x89PNG",
		"table.csv", "id,text,year\nr1,rye is dark,1999\nr2,wheat is light,2001\nr1,again,1\nbad\n",
		"empty.txt", " \n",
		"bytes.txt", "a\x00b",
	)
	for _, want := range []string{
		"paper.pdf stored 1 replaced 0 deleted 0 []\n",
		"über uns.docx stored 1 replaced 0 deleted 0 []\n",
		"page.html stored 1 replaced 0 deleted 0 []\n",
		"closed.pdf error 0 replaced 0 deleted 0 encrypted: it needs a password",
		"broken.docx error 0 replaced 0 deleted 0 damaged file",
		"settings.yaml stored 1 replaced 0 deleted 0 []\n",
		`picture.png error 0 replaced 0 deleted 0 files of type ".png" are not read: give Markdown`,
		"table.csv stored 2 replaced 0 deleted 0 [\"line 4: the id \\\"r1\\\" is taken by another document of the file: the first is kept\" \"line 5: 1 fields where the header has 3\"]\n",
		"empty.txt error 0 replaced 0 deleted 0 there is no text in it[]\n",
		"bytes.txt error 0 replaced 0 deleted 0 binary data, not text[]",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	d := s.stored("page.html")
	s.equal("HTML", fmt.Sprint(d.Title, " ", d.Format, " ", d.Metadata, " ", d.Source.Path, " ", strings.Contains(d.Text, "menu")), "Titre markdown map[ext:html lang:fr] page.html false")
	s.equal("PDF", s.stored("paper.pdf").Format, "pages")
	s.equal("DOCX", s.stored("über uns.docx").Text, "Words of the office.")
	s.equal("row", fmt.Sprint(s.stored("r2").Metadata, s.stored("r2").Source.StartLine), "map[ext:csv year:2001] 3")
	var r winnow.Result
	s.post("/v1/search", `{"query":"farine","mode":"lexical","filter":"ext = \"html\""}`, &r)
	if len(r.Hits) != 1 || r.Hits[0].ID != "page.html" {
		t.Errorf("found %+v", r.Hits)
	}
}

// A file takes the place of one of its name, documents that it does not give any more go, and those of others stay.
func TestFilesReplaceThoseOfTheirNames(t *testing.T) {
	s := start(t, small, func(o *Options) { o.Collections = t.TempDir() })
	s.post("/v1/documents", `{"documents":[{"id":"added","text":"by hand"},{"id":"1","text":"by hand"}]}`, &api.Applied{})
	s.equal("new", s.upload("", "a.jsonl", `{"id":"1","text":"one"}`+"\n"+`{"id":"2","text":"two"}`+"\n"+`{"text":"three"}`), "a.jsonl stored 3 replaced 1 deleted 0 []")
	s.equal("without ids", s.stored("a.jsonl#3").Text, "three")
	s.equal("again", s.upload("", "a.jsonl", `{"id":"2","text":"zwei"}`+"\n"), "a.jsonl stored 1 replaced 1 deleted 2 []")
	s.equal("of another file", s.upload("", "b.jsonl", `{"id":"2","text":"b"}`+"\n"+`{"id":"3","text":"c"}`), `b.jsonl stored 1 replaced 0 deleted 0 ["line 1: the id \"2\" is taken by a document of the file \"a.jsonl\": delete that one first"]`)
	s.equal("kept", s.stored("2").Text, "zwei")
	// What cannot be read leaves alone what there is.
	for content, want := range map[string]string{
		"not JSON\n": `no row of it can be stored["line 1: not a JSON object`,
		"\n":         "there is no text in it[]",
		"\x00":       "binary data, not text",
	} {
		if got := s.upload("", "a.jsonl", content); !strings.HasPrefix(got, "a.jsonl error 0 replaced 0 deleted 0 "+want) {
			t.Errorf("got %s, want %s", got, want)
		}
		s.equal("kept", s.stored("2").Text, "zwei")
	}
	s.equal("by hand", s.stored("added").Text, "by hand")
	// Several parts are committed, and former documents go with the last.
	s.equal("many", s.upload("", "a.jsonl", strings.Repeat(`{"text":"row"}`+"\n", 2*bulkLines+1)), fmt.Sprintf("a.jsonl stored %d replaced 0 deleted 1 []", 2*bulkLines+1))
	// The body of a request is a file, too.
	for range 2 {
		all := results(t, s.send(http.MethodPost, "/v1/documents/files?name=raw+%231.md", "# Raw\n\ntext", "Content-Type", "application/x-www-form-urlencoded"))
		s.equal("raw", fmt.Sprint(len(all), all[0].File, all[0].Status), "1raw #1.mdstored")
	}
	s.equal("title", s.stored("raw #1.md").Title, "Raw")

	s.post("/v1/collections", `{"name":"notes"}`, &api.Collection{})
	s.equal("in a collection", s.upload("?collection=notes", "n.txt", "note"), "n.txt stored 1 replaced 0 deleted 0 []")
	s.refused(s.send(http.MethodGet, "/v1/documents/n.txt", nil), http.StatusNotFound, "there is no document")
	body, kind := form(t, "n.txt", "note")
	s.refused(s.send(http.MethodPost, "/v1/documents/files?collection=note", body, "Content-Type", kind), http.StatusNotFound, `did you mean "notes"?`)
}

// winnow index and uploads see one another: the same name is the same file.
func TestFilesAndIndexedFilesAreOne(t *testing.T) {
	dir := t.TempDir()
	db, path := filepath.Join(dir, "db"), filepath.Join(dir, "a.md")
	sync := func() winnow.SyncReport {
		t.Helper()
		e, err := winnow.Open(db, checkpoints)
		if err != nil {
			t.Fatal(err)
		}
		report, err := e.Sync(t.Context(), []string{dir}, winnow.SyncOptions{})
		if err := errors.Join(err, e.Close()); err != nil {
			t.Fatal(err)
		}
		return report
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("on disk")
	s := start(t, small, func(o *Options) { o.DB, o.release = db, 1 })
	let := func() { // the server gives the lock back, and sees what the other wrote
		t.Helper()
		for _, c := range s.collections.all() {
			if _, err := c.refresh(); err != nil {
				t.Fatal(err)
			}
		}
	}
	sync()
	let()
	s.equal("upload", s.upload("", "a.md", "sent", "only.md", "sent"), "a.md stored 1 replaced 1 deleted 0 []\nonly.md stored 1 replaced 0 deleted 0 []")
	let()
	if r := sync(); r.Updated != 1 || r.Removed != 0 {
		t.Errorf("got %+v", r)
	}
	let()
	s.equal("on disk", s.stored("a.md").Text, "on disk")
	s.equal("not on disk, and kept", s.stored("only.md").Text, "sent")
}

func TestFormsAreChecked(t *testing.T) {
	s := start(t, small, func(o *Options) { o.MaxBody, o.MaxInFlight = 20_000, 30_000 })
	const path, kind = "/v1/documents/files", "multipart/form-data; boundary=x"
	part := func(disposition, content string) string {
		return "--x\r\nContent-Disposition: " + disposition + "\r\n\r\n" + content + "\r\n"
	}
	file := part(`form-data; name="file"; filename="a.md"`, "text")
	for _, c := range []struct {
		name, kind, body string
		status           int
		message          string
	}{
		{"", kind, "", 400, "the form cannot be read after 0 files"},
		{"", kind, "--x--\r\n", 400, "the form has no files"},
		{"", kind, file, 400, `the form ends inside the file "a.md"`},
		{"", kind, file + "--y--\r\n", 400, "the form"},
		{"", kind, file + "--x", 400, "the form cannot be read after 1 files"},
		{"", kind, "--x\r\nno header\r\n\r\ntext\r\n--x--\r\n", 400, "the form cannot be read after 0 files"},
		{"", kind, file + "--x\r\n" + strings.Repeat("a: b\r\n", 3000) + "\r\n--x--\r\n", 400, "part 2 of the form"},
		{"", kind, part(`form-data; name="collection"`, "notes") + file + "--x--\r\n", 400, `"collection", is not a file`},
		{"", kind, part(`form-data; filename`, "text") + "--x--\r\n", 400, "is not a file"},
		{"", kind, "\r\n\r\n" + strings.Repeat(part(`form-data; filename=""`, ""), 300) + "--x--\r\n", 200, ""},
		{"", "multipart/form-data", file, 400, "names no boundary"},
		{"", "multipart/form-data; boundary", file, 400, "cannot be read"},
		{"", "multipart/mixed; boundary=x", file, 415, "multipart/form-data"},
		{"a.md", "multipart/mixed; boundary=x", file, 415, "multipart/form-data"},
		{"a.md", kind, file + "--x--\r\n", 400, "have names of their own"},
		{"", "application/json", "{}", 415, "curl -F file=@a.pdf"},
		{"", "application/x-www-form-urlencoded", "a=b", 415, "?name=a.pdf"},
		{"", "", "text", 400, "the file has no name"},
		{"", "application/octet-stream", "text", 400, "the file has no name"},
		{"../a.md", "text/plain", "text", 400, "has directories"},
		{"a\x00.md", "text/plain", "text", 400, "is not the name of a file"},
		{"..", "text/plain", "text", 400, "is not the name of a file"},
		{strings.Repeat("a", 256), "text/plain", "text", 400, "256 bytes"},
		{"a.md", "text/plain", strings.Repeat("a", 20_001), 413, "more than 20000 bytes"},
		{"", kind, part(`form-data; filename="a.md"`, strings.Repeat("a", 20_000)), 413, "--max-body"},
	} {
		query := ""
		if c.name != "" {
			query = "?name=" + url.QueryEscape(c.name)
		}
		w := s.send(http.MethodPost, path+query, c.body, "Content-Type", c.kind)
		if c.status == http.StatusOK {
			s.equal(c.body[:10], w.Code, c.status)
			continue
		}
		s.refused(w, c.status, c.message)
	}
	s.equal("memory", s.inFlight.Load(), 0)
	var list api.DocumentList
	s.get("/v1/documents", &list)
	s.equal("stored", list.Total, 0)

	// Names that are none, and files that say they are smaller than they are, do not touch the others.
	bomb := word(t, "<w:p><w:r><w:t>"+strings.Repeat("a ", 1<<20)+"</w:t></w:r></w:p>")
	got := s.upload("", "../a.md", "text", `C:\\b.md`, "text", "c.md", "text", "c.md", "text", "\xff.md", "text", "bomb.docx", string(bomb))
	for _, want := range []string{
		`../a.md error 0 replaced 0 deleted 0 the file's name "../a.md" has directories: want a name alone, as in a.pdf[]`, `b.md error 0`, "c.md stored 1", "c.md error 0 replaced 0 deleted 0 a file before has the same name", "\uFFFD.md error 0",
		"bomb.docx error 0 replaced 0 deleted 0 the file has more than 20000 bytes, or more is in it",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	s.refused(start(t, small, func(o *Options) { o.ReadOnly = true }).send(http.MethodPost, path+"?name=a.md", "text", "Content-Type", "text/plain"), http.StatusForbidden, "--read-only")
}

// Whatever a form holds, it is files or an error of the client's.
func FuzzForm(f *testing.F) {
	body, kind := form(f, "a.md", "text", "b.pdf", "%PDF")
	_, boundary, _ := strings.Cut(kind, "boundary=")
	f.Add(boundary, []byte(body))
	f.Add("x", []byte("--x\r\nContent-Disposition: form-data; filename*=UTF-8''%e2%82%ac.md\r\n\r\ntext\r\n--x--"))
	f.Add("x", []byte("--x\r\nContent-Disposition: form-data; filename=\"../a\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=3D\r\n--x--"))
	f.Fuzz(func(t *testing.T, boundary string, body []byte) {
		files, err := readForm(body, boundary)
		if err != nil {
			if p := classify(t.Context(), err); p.status != http.StatusBadRequest || len(files) > 0 {
				t.Fatalf("status %d: %v", p.status, err)
			}
			return
		}
		if len(files) == 0 {
			t.Fatal("no files, and no error")
		}
		names := map[string]bool{}
		for _, u := range files {
			if u.err == nil && (names[u.name] || checkFileName(u.name) != nil) {
				t.Fatalf("%q", u.name)
			}
			names[u.name] = true
		}
	})
}

// The body of an upload counts against the memory of all.
func TestFilesCountAgainstMemory(t *testing.T) {
	var log bytes.Buffer
	s := start(t, small, func(o *Options) {
		o.MaxBody, o.MaxInFlight, o.Log = 1000, 1500, slog.New(slog.NewTextHandler(&log, nil))
	})
	release := s.hold()
	body, kind := form(t, "secret.md", strings.Repeat("a ", 300))
	done := make(chan int, 1)
	go func() { done <- s.send(http.MethodPost, "/v1/documents/files", body, "Content-Type", kind).Code }()
	until(t, "the first is in memory", func() bool { return s.inFlight.Load() == int64(len(body)) })
	s.refused(s.send(http.MethodPost, "/v1/documents/files", body, "Content-Type", kind), http.StatusTooManyRequests, "too many bytes")
	release()
	s.equal("the first", <-done, http.StatusOK)
	s.equal("memory", s.inFlight.Load(), 0)
	if strings.Contains(log.String(), "secret") {
		t.Error(log.String())
	}
}
