// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// The ask view: a question, the answer as it is written, and the passages that it cites.

import * as api from "./api.js";
import { cited, passageId, sentencesIn } from "./cite.js";
import { count, duration, el, fill, percent, setField, shortName } from "./dom.js";
import * as notice from "./notice.js";
import * as state from "./state.js";
import { place } from "./text.js";

/** The ask view. An answer that is there is shown again, not asked for again, when one comes back to the view. */
export class AskView {
  constructor(root) {
    this.form = root.querySelector("form");
    this.cancel = root.querySelector(".cancel");
    this.status = root.querySelector("[role=status]");
    this.results = root.querySelector(".results");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      state.write(Object.fromEntries(new FormData(this.form)), { step: true });
      this.run();
    });
    this.cancel.addEventListener("click", () => {
      this.running?.abort();
      this.form.elements.q.focus();
    });
  }

  start() {
    const s = state.read();
    for (const name of ["q", "passages", "filter"]) setField(this.form.elements[name], s[name]);
    if (this.answered !== this.key(request(s))) this.run();
  }

  stop() {
    this.running?.abort();
  }

  key(request) {
    return JSON.stringify(request);
  }

  async run() {
    this.running?.abort();
    const running = (this.running = new AbortController());
    const asked = request(state.read());
    this.answered = "";
    if (!asked.question.trim()) {
      this.results.removeAttribute("aria-busy");
      this.cancel.hidden = true;
      fill(this.status);
      fill(this.results, el("section", { class: "empty" }, el("h2", {}, "Ask a question"),
        el("p", {}, "The answer names the passages that it is from, and says which of its sentences they do not seem to support. Without a language model it is made of their best sentences.")));
      return;
    }
    const text = el("div", { class: "answer", "aria-live": "polite", "aria-busy": "true" });
    const sources = el("div", { class: "sources" });
    fill(this.status, "looking for passages …");
    fill(this.results, text, sources);
    this.results.setAttribute("aria-busy", "true");
    this.cancel.hidden = false;
    const go = (number) => visit(sources, number);
    let written = "";
    let sent = new Set(); // numbers of passages, and ? for what is none
    try {
      await api.ask(asked, running.signal, (name, data) => {
        if (name === "passages") {
          fill(this.status, "reading " + count(data.passages.length, "passage") + " …");
          fill(sources, list(data.passages));
          sent = new Set(["?", ...data.passages.map((p) => String(p.number))]);
        } else if (name === "delta") {
          written += data.delta;
          fill(text, el("p", {}, cited(written, sent, go)));
        } else if (name === "done") {
          this.answered = this.key(asked);
          this.show(data.answer, text, sources, go);
        }
      });
    } catch (error) {
      if (error.name === "AbortError") {
        if (this.running === running) fill(this.status, written ? "Stopped: the answer is not whole and not checked." : "Stopped.");
      } else {
        if (!(error instanceof api.Failure)) throw error;
        fill(this.status, written && "The answer broke off: what is there is not checked.");
        const problem = el("div");
        notice.show(problem, error, () => this.run());
        if (written) text.before(problem);
        else fill(this.results, problem);
      }
    }
    if (this.running !== running) return;
    this.results.removeAttribute("aria-busy");
    text.removeAttribute("aria-busy");
    this.cancel.hidden = true;
  }

  /** Shows a whole answer: what it says, what of that is not supported, and its passages. */
  show(a, text, sources, go) {
    const doubtful = a.sentences.filter((s) => !s.supported && !s.unchecked);
    const unchecked = a.sentences.filter((s) => s.unchecked);
    const numbers = a.citations.map((c) => String(c.number));
    const known = new Set(a.invalid_citations?.length > 0 ? ["?", ...numbers] : numbers);
    fill(this.status, [a.extractive ? "extractive" : "written by " + a.model, count(a.passages.length, "passage") + ", " + numbers.length + " cited", duration(a.timing_ms.total)].join(" · "));
    fill(text,
      el("p", {}, sentencesIn(a.answer, a.sentences).map(({ start, end, sentence }) => {
        const nodes = cited(a.answer, known, go, start, end);
        if (!sentence || sentence.supported || sentence.unchecked) return nodes;
        return el("span", { class: "unsupported" }, nodes, el("small", { class: "doubt" }, a.extractive ? " may not answer this " : " not supported ", el("span", { class: "number" }, "(" + percent(sentence.support) + ")")));
      })),
      a.extractive && doubtful.length > 0 && el("p", { class: "warning" }, "The passages do not seem to answer this; the nearest " + (a.sentences.length > 1 ? "sentences are" : "sentence is") + " shown."),
      !a.extractive && doubtful.length > 0 && el("p", { class: "warning" }, count(doubtful.length, "sentence") + " of " + a.sentences.length + " that the passages do not seem to support: read them with care."),
      unchecked.length > 0 && el("p", { class: "warning" }, count(unchecked.length, "sentence") + " of " + a.sentences.length + " not compared with the passages: " + (a.checker.model ? "there was too much to compare." : "the server has no cross-encoder.")),
      a.invalid_citations?.length > 0 && el("p", { class: "warning" }, "Cited, but never sent: passage " + a.invalid_citations.join(", ") + ". Such citations are [?] above."),
      a.finish_reason === "length" && el("p", { class: "warning" }, "The language model was cut off: the answer has no end."),
      el("p", { class: "hint" }, a.extractive ? "Extractive: sentences of the passages, put together without a language model. " : "Written by a language model from the passages below. ",
        a.checker.model && "Percentages: " + shortName(a.checker.model) + (a.checker.calibrated ? ", calibrated on judged pairs" : ", not calibrated") + "; below " + percent(a.checker.threshold) + " is marked."));
    mark(sources, numbers);
    if (a.left_out?.length > 0) sources.append(el("p", { class: "hint" }, count(a.left_out.length, "further passage") + " found, but not sent: they say the same, or there was no room."));
  }
}

function request(s) {
  const r = { question: s.q, top_k: Number(s.passages) || undefined };
  for (const name of ["filter", "collection"]) if (s[name]) r[name] = s[name];
  return r;
}

/** The passages that were sent. */
function list(passages) {
  return [el("h3", {}, "Passages"), el("ol", { class: "passages" }, passages.map((p) => el("li", { id: passageId(p.number) },
    el("details", {},
      el("summary", {}, el("b", { class: "rank" }, p.number), " ", el("span", { class: "name" }, p.title?.replaceAll("`", "") || p.id), " ", el("small", {}, place(p.source) || (p.title ? p.id : ""))),
      el("p", { class: "full" }, p.text)))))];
}

/** Marks the passages that are cited, and opens them. The others stay as they are: one may be reading them. */
function mark(sources, numbers) {
  for (const number of numbers) {
    const passage = sources.querySelector(`#${passageId(number)} details`);
    passage.open = true;
    passage.className = "cited";
    passage.querySelector("small").append(" · cited");
  }
}

/** Goes to a passage, and opens it. */
function visit(sources, number) {
  const passage = sources.querySelector(`#${passageId(number)} details`);
  if (!passage) return;
  passage.open = true;
  passage.querySelector("summary").focus();
  passage.scrollIntoView({ block: "nearest" });
}
