// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// The evaluation view: judged queries, the measures of every way to search side by side, and what more reranking brings.

import * as api from "./api.js";
import { curves } from "./curve.js";
import { count, duration, el, fill, fixed, hasFiles, signed } from "./dom.js";
import { judged, Unreadable } from "./judged.js";
import * as notice from "./notice.js";
import * as state from "./state.js";

const measures = "nDCG@10 MRR@10 P@3 success@1 recall@100";
const candidates = 100;
const waysOf = { dense: "vectors", lexical: "words", hybrid: "both" };
const largest = 16 << 20; // bytes of files that are taken

/** The evaluation view. Judged queries are kept in the page alone: they are too long for an address. */
export class EvaluateView {
  constructor(root) {
    this.form = root.querySelector("form");
    this.field = this.form.elements.judged;
    this.cancel = root.querySelector(".cancel");
    this.status = root.querySelector("[role=status]");
    this.results = root.querySelector(".results");
    this.files = root.querySelector("input[type=file]");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const without = [...this.form.elements.mode].filter((box) => !box.checked).map((box) => box.value);
      state.write({ depths: this.form.elements.depths.value, without: without.join(",") }, { step: true });
      this.run();
    });
    this.cancel.addEventListener("click", () => {
      this.running?.abort();
      this.form.querySelector(".primary").focus(); // what has the focus is about to be hidden
    });
    this.files.addEventListener("change", () => {
      this.take([...this.files.files]);
      this.files.value = "";
    });
    this.field.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
    this.field.addEventListener("drop", (event) => {
      if (!hasFiles(event)) return; // text is dropped as text
      event.preventDefault();
      this.take([...event.dataTransfer.files]);
    });
    new ResizeObserver(() => this.draw?.()).observe(this.results);
  }

  start() {
    const s = state.read();
    this.form.elements.depths.value = s.depths;
    for (const box of this.form.elements.mode) box.checked = !s.without.split(",").includes(box.value);
    if (this.collection === s.collection) return;
    this.collection = s.collection;
    this.draw = null;
    fill(this.status);
    fill(this.results, el("section", { class: "empty" }, el("h2", {}, "Is it good, and does reranking pay?"),
      el("p", {}, "Give queries and which documents answer them. Every way to search is measured on them, without reranking and with more and more of it."),
      el("p", { class: "hint" }, "The ids of documents are those in the list of documents. Nothing is kept: queries and judgments stay in this page.")));
  }

  stop() {
    this.running?.abort();
  }

  /** Puts the text of files below what the field has. */
  async take(files) {
    const size = files.reduce((sum, file) => sum + file.size, 0);
    if (size > largest) {
      fill(this.status, "These files are too large to be measured in a page: use winnow eval.");
      return;
    }
    const texts = [];
    for (const file of files) {
      try {
        texts.push(await file.text());
      } catch {
        fill(this.status, "Nothing is taken: " + file.name + " cannot be read. Is it a folder?");
        return;
      }
    }
    this.field.value = [this.field.value.trimEnd(), ...texts].filter(Boolean).join("\n");
    fill(this.status, files.map((file) => file.name).join(", ") + " read: " + count(this.field.value.split("\n").filter((line) => line.trim()).length, "line") + " in all.");
  }

  async run() {
    this.running?.abort();
    const running = (this.running = new AbortController());
    const s = state.read();
    this.collection = s.collection;
    this.field.removeAttribute("aria-invalid");
    this.draw = null;
    try {
      const request = { ...this.asked(s), collection: s.collection || undefined };
      fill(this.status, "measuring " + count(request.queries.length, "query", "queries") + " in " + count(request.modes.length, "way") + ", each read by the cross-encoder up to " + Math.max(0, ...request.depths) + " passages deep …");
      this.results.setAttribute("aria-busy", "true");
      this.cancel.hidden = false;
      this.show(await api.evaluate(request, running.signal));
    } catch (error) {
      if (error.name === "AbortError") {
        if (this.running === running) fill(this.status, "Stopped.");
      } else {
        if (!(error instanceof api.Failure || error instanceof Unreadable)) throw error;
        fill(this.status);
        if (error instanceof Unreadable) this.field.setAttribute("aria-invalid", "true");
        notice.show(this.results, error instanceof Unreadable ? new api.Failure(400, error.message) : error, () => this.run());
      }
    }
    if (this.running !== running) return;
    this.results.removeAttribute("aria-busy");
    this.cancel.hidden = true;
  }

  /** The request that the form stands for. */
  asked(s) {
    const modes = Object.keys(waysOf).filter((mode) => !s.without.split(",").includes(mode));
    if (!modes.length) throw new Unreadable("nothing is to be measured: choose vectors, words or both");
    const depths = s.depths.split(/[\s,]+/).filter(Boolean).map(Number);
    if (depths.some((d) => !Number.isInteger(d) || d < 1 || d > candidates)) throw new Unreadable("the depths are not whole numbers from 1 to " + candidates + ", as in 10,20,50,100");
    return { ...judged(this.field.value), modes, rerank: depths.length ? ["off", "auto"] : ["off"], depths, candidates, measures };
  }

  show(c) {
    const runs = c.runs;
    fill(this.status, [count(c.queries, "query", "queries"), count(c.documents, "document"), "compared by " + c.main_measure].join(" · "));
    const lines = [...new Set(runs.map((r) => r.mode))].map((mode) => ({
      name: waysOf[mode] ?? mode, class: mode, points: runs.filter((r) => r.mode === mode).map((r) => [r.depth, r.measures[c.main_measure]]).sort((a, b) => a[0] - b[0]),
    }));
    const picture = el("div", { class: "picture" });
    fill(this.results,
      (c.verdicts ?? []).map((v) => verdict(v, runs.find((r) => r.name === v.run))),
      c.queries_without_relevant > 0 && el("p", { class: "warning" }, count(c.queries_without_relevant, "query", "queries") + " without a relevant document: counted as 0."),
      lines.some((l) => l.points.length > 1) && [el("h3", {}, c.main_measure + " by depth of reranking"), picture],
      el("h3", {}, "All measures"), table(c));
    this.draw = () => picture.isConnected && fill(picture, curves(lines, { width: Math.min(720, picture.clientWidth), measure: c.main_measure }));
    this.draw();
  }
}

/** Whether reranking pays, in a sentence, and the queries that it changes most. */
function verdict(v, run) {
  const c = v.comparison;
  const way = "Search by " + (waysOf[run?.mode] ?? run?.mode) + ": ";
  const said = v.too_few_queries ? "too few queries to tell. At depth " + v.depth + ": " : "reranking the best " + v.depth + " " + { pays: "pays: ", hurts: "hurts: ", unproven: "shows no proven gain: " }[v.outcome];
  const change = (q) => el("li", {}, q.text || q.query, " ", el("span", { class: "number" }, fixed(q.before, 2) + " → " + fixed(q.after, 2)));
  const moved = [["Gained most", v.gained], ["Lost most", v.lost]].filter(([, list]) => list?.length);
  return el("div", { class: "verdict " + v.outcome },
    el("p", {}, el("b", {}, way), said, v.measure + " " + fixed(c.mean_a, 3) + " → " + fixed(c.mean_b, 3) + " (" + signed(c.difference, 3) + ", 95 % interval " + signed(c.low, 3) + " to " + signed(c.high, 3) + ", p = " + fixed(c.p_holm.randomisation ?? Object.values(c.p_holm)[0], 3) + " after Holm), " +
      c.wins + " better, " + c.losses + " worse, " + c.ties + " equal. It takes " + duration(v.cost_ms) + " a query."),
    moved.length > 0 && el("details", {}, el("summary", {}, "Queries that change most"), moved.map(([name, list]) => [el("h4", {}, name), el("ul", {}, list.map(change))])));
}

/** All runs with all measures. The best of each measure is set off; ▲ and ▼ are differences from the first run that are more than chance. */
function table(c) {
  const names = measures.split(" ").filter((m) => c.runs.every((r) => m in r.measures));
  const best = Object.fromEntries(names.map((m) => [m, Math.max(...c.runs.map((r) => r.measures[m]))]));
  const timed = c.runs.some((r) => r.latency_ms?.total);
  const head = ["search by", "reranked", ...names, timed && "time a query"].filter(Boolean);
  return [
    el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Measures" }, el("table", { class: "measures" },
      el("caption", { class: "spoken" }, "Measures of each way to search"),
      el("thead", {}, el("tr", {}, head.map((h, i) => el("th", { scope: "col", class: i ? "number" : "" }, h)))),
      el("tbody", {}, c.runs.map((r) => el("tr", { class: r.depth ? "" : "first" },
        el("th", { scope: "row" }, waysOf[r.mode] ?? r.mode), el("td", { class: "number" }, r.depth || "none"),
        names.map((m) => el("td", { class: "number" + (r.measures[m] === best[m] ? " best" : "") }, m === c.main_measure && sign(r.versus), fixed(r.measures[m], 3))),
        timed && el("td", { class: "number" }, r.latency_ms?.total ? duration(r.latency_ms.total.mean) : "–")))))),
    el("p", { class: "hint" }, "Bold: the best of a column. ▲ ▼: better or worse than " + c.baseline + " by more than chance (randomisation test, p < 0.05 after Holm over all runs)."),
  ];
}

function sign(versus) {
  if (!versus || (versus.p_holm.randomisation ?? 1) >= 0.05) return null;
  return versus.difference > 0 ? el("span", { class: "up", title: "better" }, el("span", {}, "▲ ")) : el("span", { class: "down", title: "worse" }, el("span", {}, "▼ "));
}
