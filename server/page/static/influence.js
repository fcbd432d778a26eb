// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// What the words of a passage mean to the cross-encoder: each is left out in turn, and the change of the logit is shown.

import * as api from "./api.js";
import { count, el, fill, fixed, signed } from "./dom.js";
import * as notice from "./notice.js";
import * as state from "./state.js";
import { slicer } from "./text.js";

const listed = 8; // the parts with the largest changes are in the table

/** A button that asks for the influence of a hit's words, and where it is shown. It takes as many readings as there are words. */
export function influence(hit, query, model) {
  const place = el("div", { "aria-live": "polite" });
  const ask = async () => {
    fill(place, el("p", { class: "hint" }, "The cross-encoder reads the passage without each of its words …"));
    try {
      fill(place, shown(await api.influence({ query, id: hit.id, reranker: model, collection: state.read().collection || undefined })));
    } catch (error) {
      if (!(error instanceof api.Failure)) throw error;
      notice.show(place, error, ask);
    }
  };
  return [el("p", { class: "act" }, el("button", { onclick: ask }, "Leave out each word")), place];
}

function shown(answer) {
  const slice = slicer(answer.text);
  const most = Math.max(...answer.left_out.map((l) => Math.abs(l.change)), 1e-9);
  const nodes = [];
  let at = 0;
  for (const l of answer.left_out) {
    nodes.push(slice(at, l.span[0]), el("span", { class: l.change <= 0 ? "speaks" : "against", title: "without it: " + signed(l.change), style: { "--share": fixed(Math.abs(l.change) / most, 3) } }, l.text));
    at = l.span[1];
  }
  nodes.push(slice(at));
  const first = answer.left_out.toSorted((a, b) => Math.abs(b.change) - Math.abs(a.change)).slice(0, listed);
  return [
    el("p", { class: "full weighed" }, nodes),
    el("p", { class: "legend" }, el("span", {}, el("span", { class: "speaks", style: { "--share": "0.7" } }, "word"), " without it the logit falls"), el("span", {}, el("span", { class: "against", style: { "--share": "0.7" } }, "word"), " without it the logit rises")),
    first.length > 0 && el("table", { class: "changes" },
      el("caption", { class: "spoken" }, "The largest changes of the logit"),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "left out"), el("th", { scope: "col", class: "number" }, "logit without it"), el("th", { scope: "col", class: "number" }, "change"))),
      el("tbody", {}, first.map((l) => el("tr", {}, el("th", { scope: "row" }, l.text), el("td", { class: "number" }, signed(answer.logit + l.change)), el("td", { class: "number" }, signed(l.change)))))),
    el("p", { class: "hint" }, "Change of the logit (" + signed(answer.logit) + " for the whole passage) when " + (answer.words_each > 1 ? count(answer.words_each, "word") + " in a row are" : "this word is") +
      " left out; not an attribution of causes. Words work together, and one that says the same stands in for another."),
    answer.truncated_tokens > 0 && el("p", { class: "cut" }, "The end of the passage is not read: what is there changes nothing, or lets more of the rest be read."),
  ];
}
