// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// Package answer is the last step of the pipeline: from passages found to an answer with citations. It packs passages into
// a budget of tokens without saying anything twice ([Pack]), makes the messages for a language model, in which passages are
// data that cannot pass for instructions ([Prompt]), and reads what the model writes as it comes: every citation is
// checked against the passages that were sent ([Reader]). Without a language model, [Extract] cuts passages into the
// sentences that an answer can be put together from.
//
// Searching and scoring are the caller's, and so is the language model, behind [Chat]; package answer/chat speaks to
// endpoints that follow the chat-completions protocol.
package answer

import "context"

// Message is a part of a conversation.
type Message struct {
	Role    Role
	Content string
}

// Role is who says a message.
type Role string

// The roles that are used.
const (
	System Role = "system" // what the model is to do: nothing retrieved is ever in it
	User   Role = "user"
)

// Chat is a language model.
type Chat interface {
	// Complete writes the next message of a conversation, and hands it to piece as it is written. An error of piece ends
	// it, and is returned.
	Complete(ctx context.Context, messages []Message, piece func(string) error) (Completion, error)
}

// Completion says how a message came about.
type Completion struct {
	Model  string // as the endpoint names it
	Finish string // why it ended: "stop", or "length" where it was cut, or what else the endpoint says
	Usage  Usage
}

// Usage is the tokens of a message, as the endpoint counts them; zero if it does not say.
type Usage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
}
