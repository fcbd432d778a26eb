// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/winnow-search/winnow/internal/nearest"
)

// errSilence is the cause of a context that ended for want of a word.
var errSilence = errors.New("no word from it")

// Error says what went wrong between winnow and an endpoint, and what to do.
type Error struct {
	URL    string
	Status int  // of HTTP; 0 if there was no answer
	Broken bool // the answer broke off
	Keyed  bool // a key was sent
	Retry  string
	Err    error // what the endpoint or the network says; nil if that is nothing
}

// Unwrap returns what the endpoint or the network says.
func (e *Error) Unwrap() error { return e.Err }

func (e *Error) Error() string {
	at := "the language model at " + e.URL
	says := ""
	if e.Err != nil {
		says = ": " + e.Err.Error()
	}
	switch {
	case e.Broken:
		return at + " broke off in the middle of its answer" + says + "; ask again"
	case e.Status == http.StatusUnauthorized && !e.Keyed:
		return at + " wants an API key (401)" + says
	case e.Status == http.StatusUnauthorized:
		return at + " does not take the API key (401)" + says
	case e.Status == http.StatusForbidden:
		return at + " does not allow this with the API key given (403)" + says
	case e.Status == http.StatusTooManyRequests && e.Retry != "":
		return fmt.Sprintf("%s has too many requests, or none are left for the key (429)%s; it says to come back after %s", at, says, seconds(e.Retry))
	case e.Status == http.StatusTooManyRequests:
		return at + " has too many requests, or none are left for the key (429)" + says + "; ask again later"
	case e.Status == http.StatusRequestEntityTooLarge, e.Status == http.StatusBadRequest && strings.Contains(says, "context"):
		return fmt.Sprintf("%s does not take as much text (%d)%s; give it fewer tokens of passages", at, e.Status, says)
	case e.Status >= http.StatusInternalServerError:
		return fmt.Sprintf("%s failed (%d %s)%s; ask again, or look into its log", at, e.Status, http.StatusText(e.Status), says)
	case e.Status != 0 && e.Status != http.StatusNotFound:
		return fmt.Sprintf("%s refuses the request (%d %s)%s", at, e.Status, http.StatusText(e.Status), says)
	case errors.Is(e.Err, errSilence):
		return at + " is not heard" + says + "; allow it more time, or see what keeps it busy"
	case refusedConnection(e.Err):
		return at + " is not there: the connection was refused; start it, or see that host and port are right"
	}
	return at + " cannot be used" + says
}

// seconds writes Retry-After, a number of seconds or a date.
func seconds(after string) string {
	if strings.Trim(after, "0123456789") == "" {
		return after + " s"
	}
	return clip(after, 64)
}

// refused is the error for a response that is none of the good ones.
func (c *Client) refused(s *seen) error {
	e := &Error{URL: c.o.URL, Status: s.status, Keyed: c.o.Key != "", Retry: s.retry}
	if why := reason(s.body); why != "" {
		e.Err = errors.New(why)
	}
	return e
}

// notFound finds out whether it is the model that is not there, or the endpoint.
func (c *Client) notFound(ctx context.Context, model string, s *seen) error {
	e := &Error{URL: c.o.URL, Status: s.status}
	names, err := c.Models(ctx)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil || len(names) == 0:
		e.Err = errors.New("it has no chat completions there: see that the URL is right; it mostly ends in /v1")
		if why := reason(s.body); why != "" {
			e.Err = fmt.Errorf("%s; if that is not the model's name, see that the URL is right; it mostly ends in /v1", why)
		}
	case slices.Contains(names, model):
		e.Err = fmt.Errorf("it lists the model %q and cannot find it (404): %s", model, reason(s.body))
	default:
		hint := ""
		if n := nearest.Name(model, names); n != "" {
			hint = fmt.Sprintf("; did you mean %q?", n)
		}
		e.Err = fmt.Errorf("it has no model %q%s; it has %s", model, hint, list(names))
	}
	return e
}

// list names some models.
func list(names []string) string {
	const most = 12
	shown := make([]string, 0, most)
	for _, n := range names[:min(len(names), most)] {
		shown = append(shown, clip(n, 80))
	}
	out := strings.Join(shown, ", ")
	if len(names) > most {
		out += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return out
}

// reason is what the body of an error says, on one line and not too long; "" if that is nothing for people.
func reason(body []byte) string {
	var e struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
		Detail  json.RawMessage `json:"detail"`
	}
	text := ""
	if json.Unmarshal(body, &e) == nil {
		var inner struct {
			Message string `json:"message"`
		}
		switch {
		case json.Unmarshal(e.Error, &text) == nil && text != "":
		case json.Unmarshal(e.Error, &inner) == nil && inner.Message != "":
			text = inner.Message
		case e.Message != "":
			text = e.Message
		default:
			_ = json.Unmarshal(e.Detail, &text) // a list of objects says nothing in short
		}
	} else if body := strings.TrimSpace(string(body)); !strings.HasPrefix(body, "<") && utf8.ValidString(body) {
		text = body
	}
	return clip(strings.Join(strings.Fields(text), " "), 300)
}

// clip cuts a text of somebody else's to so many bytes.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + "…"
}
