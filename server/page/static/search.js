// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// The search view: a query and its settings, live results, and how long each stage took.

import * as api from "./api.js";
import { count, duration, el, fill, fixed, percent, setField, shortName, signed } from "./dom.js";
import * as notice from "./notice.js";
import * as state from "./state.js";
import { meaning, nameOf, place, snippet } from "./text.js";
import { why } from "./why.js";

const pause = 160; // milliseconds without a key before a search begins

/** The search view. start fills it for the state in the address, stop ends what runs. */
export class SearchView {
  constructor(root, models) {
    this.form = root.querySelector("form");
    this.status = root.querySelector("[role=status]");
    this.timing = root.querySelector(".timing");
    this.results = root.querySelector(".results");
    for (const m of models.filter((m) => m.kind === "cross-encoder")) this.form.elements.rerank.append(el("option", { value: m.id }, m.id));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.changed({ step: true });
    });
    this.form.addEventListener("input", () => {
      this.allow();
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.changed(), pause);
    });
    this.results.addEventListener("keydown", (event) => this.move(event));
  }

  start() {
    const s = state.read();
    for (const name of ["q", "mode", "rerank", "depth", "budget", "filter"]) setField(this.form.elements[name], s[name]);
    this.run();
  }

  /** Depth and budget are about reranking. */
  allow() {
    const off = this.form.elements.rerank.value === "off";
    for (const name of ["depth", "budget"]) this.form.elements[name].disabled = off;
  }

  stop() {
    clearTimeout(this.waiting);
    this.running?.abort();
  }

  /** The form has changed: so does the address, and what is searched for. */
  changed({ step = false } = {}) {
    clearTimeout(this.waiting);
    state.write(Object.fromEntries(new FormData(this.form)), { step });
    this.run();
  }

  /** Searches: first without reranking, which is there at once, then with it. A newer search ends an older one. */
  async run() {
    this.running?.abort();
    const running = (this.running = new AbortController());
    const s = state.read();
    this.allow();
    this.faulty(false);
    if (!s.q.trim()) {
      this.results.removeAttribute("aria-busy");
      fill(this.status);
      fill(this.timing);
      fill(this.results, welcome());
      return;
    }
    this.results.setAttribute("aria-busy", "true");
    try {
      const wanted = request(s);
      if (wanted.rerank !== "off") {
        this.show(await api.search({ ...wanted, rerank: "off", budget: undefined }, running.signal), { more: true });
      }
      this.show(await api.search(wanted, running.signal));
    } catch (error) {
      if (error.name === "AbortError") return;
      fill(this.status);
      fill(this.timing);
      if (!(error instanceof api.Failure)) throw error;
      this.faulty(error.message.startsWith("field filter"));
      notice.show(this.results, error, () => this.run());
    }
    if (this.running === running) this.results.removeAttribute("aria-busy");
  }

  /** Marks the filter as wrong, or as right again. What is wrong and where is in the notice. */
  faulty(wrong) {
    const field = this.form.elements.filter;
    for (const [name, value] of [["aria-invalid", "true"], ["aria-describedby", "notice"]]) {
      if (wrong) field.setAttribute(name, value);
      else field.removeAttribute(name);
    }
  }

  /** Shows a result. more says that reranking is still to come. */
  show(result, { more = false } = {}) {
    const open = new Set([...this.results.querySelectorAll("[aria-expanded=true]")].map((b) => b.dataset.id));
    const focused = document.activeElement?.dataset?.id;
    fill(this.status, summary(result, more));
    fill(this.timing, more ? [] : timing(result.timing_ms));
    if (result.hits.length === 0) {
      fill(this.results, nothing(result));
      return;
    }
    fill(this.results,
      (result.warnings ?? []).map((w) => el("p", { class: "warning" }, w)),
      result.hits.some((h) => h.snippet?.sentence) && el("p", { class: "hint meaning" }, meaning),
      el("ol", { class: "hits" }, result.hits.map((h) => hit(h, result, open.has(h.id)))));
    if (focused) [...this.results.querySelectorAll("button[data-id]")].find((b) => b.dataset.id === focused)?.focus();
  }

  /** Arrows, j and k go from hit to hit. */
  move(event) {
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey || !event.target.matches("button[data-id]")) return;
    const hits = [...this.results.querySelectorAll("button[data-id]")];
    const next = hits[hits.indexOf(event.target) + step];
    if (next) next.focus();
    else if (step < 0) this.form.elements.q.focus();
    event.preventDefault();
  }

  /** Goes to the first hit, from the field of the query. */
  first() {
    this.results.querySelector("button[data-id]")?.focus();
  }
}

/** What the server is asked. What the state leaves open is left to the server. */
export function request(s) {
  const r = { query: s.q, explain: true, snippets: true };
  for (const name of ["mode", "filter", "collection"]) if (s[name]) r[name] = s[name];
  if (s.rerank) r.rerank = s.rerank;
  if (s.depth && s.rerank !== "off") r.rerank = (s.rerank || "auto") + "@" + s.depth;
  if (s.budget && s.rerank !== "off") r.budget = s.budget;
  return r;
}

function summary(r, more) {
  const parts = [count(r.hits.length, "hit") + " by " + { dense: "vectors", lexical: "words", hybrid: "vectors and words" }[r.mode]];
  if (more) parts.push("reranking …");
  for (const stage of r.reading ?? []) parts.push(shortName(stage.model) + " read " + stage.read + " passages");
  if (!more) parts.push(duration(r.timing_ms.total));
  if (r.query_truncated_tokens) parts.push("the query is too long: " + count(r.query_truncated_tokens, "token") + " left out");
  return parts.join(" · ");
}

/** The bar of a search's time: encoding the query, retrieving, reranking, and the rest (snippets and explanations). */
function timing(t) {
  const stages = [["encode", t.encode], ["retrieve", t.retrieve], ["rerank", t.rerank]];
  stages.push(["snippets", Math.max(0, t.total - t.encode - t.retrieve - t.rerank)]);
  const words = stages.map(([name, ms]) => name + " " + duration(ms));
  return [
    el("div", { class: "bar", role: "img", "aria-label": "Time by stage: " + words.join(", ") },
      stages.map(([name, ms]) => el("span", { class: name, style: { width: (100 * ms) / t.total + "%" } }))),
    el("ul", { class: "legend", "aria-hidden": "true" }, stages.map(([name], i) => el("li", {}, el("i", { class: name }), words[i]))),
  ];
}

function hit(h, result, open) {
  const panel = "why-" + h.rank;
  const explanation = el("section", { class: "why", id: panel, "aria-label": "Why this hit", hidden: !open });
  const toggle = (event) => {
    const show = explanation.hidden;
    if (show) fill(explanation, why(h, result));
    explanation.hidden = !show;
    event.currentTarget.setAttribute("aria-expanded", show);
  };
  if (open) fill(explanation, why(h, result));
  return el("li", { class: "hit", "data-hit": h.id },
    el("h3", {}, el("span", { class: "rank", "aria-hidden": "true" }, h.rank),
      el("button", { "data-id": h.id, "aria-expanded": String(open), "aria-controls": panel, onclick: toggle }, nameOf(h), el("span", { class: "more", "aria-hidden": "true" }, "why"))),
    place(h.source) && el("p", { class: "place" }, place(h.source)),
    el("p", { class: "snippet" }, snippet(h)),
    scores(h, result.reading?.at(-1)?.calibrated),
    explanation);
}

/** The scores of a hit, each with its kind, and how reranking moved it. A probability is called one if it is calibrated. */
function scores(h, calibrated) {
  const list = [];
  const add = (kind, value, note, cls = "") => list.push(el("li", { class: cls }, el("b", {}, kind), " ", value, note && el("small", {}, " ", note)));
  const { dense, lexical } = h.retrieval;
  if (h.score_kind === "fused") add("fused", fixed(h.score), "", "main");
  if (dense) add("cosine", fixed(dense.score), dense.rank ? "#" + dense.rank : "", h.score_kind === "cosine" ? "main" : "");
  if (lexical) add("BM25", fixed(lexical.score), lexical.rank ? "#" + lexical.rank : "", h.score_kind === "bm25" ? "main" : "");
  if (h.logit !== undefined) add("logit", signed(h.logit), "", h.score_kind === "logit" ? "main" : "");
  if (h.probability !== undefined) add(calibrated ? "P(relevant)" : "sigmoid", percent(h.probability));
  if (h.rank_before) list.push(shift(h.rank_before, h.rank));
  if (h.truncated_tokens) list.push(el("li", { class: "cut" }, count(h.truncated_tokens, "token") + " not read"));
  return el("ul", { class: "scores", "aria-label": "Scores" }, list);
}

/** Rank before and after reranking. */
function shift(before, after) {
  const won = before - after;
  const [cls, sign, word] = won > 0 ? ["up", "▲", "up"] : won < 0 ? ["down", "▼", "down"] : ["same", "=", "unmoved"];
  return el("li", { class: "shift " + cls, "aria-label": "rank " + before + " before reranking, now " + after },
    el("b", {}, "rank"), " " + before + " → " + after + " ", el("span", { title: word }, sign + (won ? Math.abs(won) : "")));
}

const nothing = (r) => el("section", { class: "empty" }, el("h2", {}, "No passage found"),
  el("p", {}, r.mode === "lexical" ? "No passage has a word of the query. Vectors find passages that say it in other words." : "The filter may let nothing through, or the index is empty."));

const welcome = () => el("section", { class: "empty" }, el("h2", {}, "Ask for anything in the index"),
  el("p", {}, "Passages are found by their meaning, by their words or by both, and read again by a cross-encoder. Every score is named, and every hit says why it is there."),
  el("p", { class: "hint" }, "Words in \"quotes\" stand together; +word must be there, -word must not. ", el("kbd", {}, "/"), " to type, ", el("kbd", {}, "↓"), " to the hits, ", el("kbd", {}, "Enter"), " for why, ", el("kbd", {}, "?"), " for all keys."));
