// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// How one hit came to its score: what each word, each list and the cross-encoder gave. All figures are the server's.

import { count, el, fixed, percent, shortName, signed } from "./dom.js";
import { influence } from "./influence.js";
import { marked, meaning } from "./text.js";

/** The explanation of a hit of a result that was asked with explain. */
export function why(hit, result) {
  return [passage(hit), words(hit), vectors(hit), fusion(hit, result), reading(hit, result), sum(hit, result)];
}

const part = (title, ...children) => el("div", { class: "part" }, el("h4", {}, title), ...children);

function passage(hit) {
  const meta = Object.entries(hit.meta ?? {});
  return part("The passage",
    el("p", { class: "full" }, marked(hit.text, { terms: hit.snippet?.terms, sentence: hit.snippet?.sentence })),
    hit.snippet?.sentence && el("p", { class: "hint" }, meaning),
    el("p", { class: "hint" }, el("code", {}, hit.id), meta.map(([k, v]) => [" · ", k + " = " + (Array.isArray(v) ? v.join(", ") : v)])));
}

/** A bar of a share of the largest; a picture of a number that stands beside it. */
const meter = (share, cls) => el("span", { class: "meter " + cls, "aria-hidden": "true" }, el("span", { style: { width: 100 * Math.max(0, Math.min(1, share)) + "%" } }));

function words(hit) {
  const e = hit.explanation?.bm25;
  if (!e) {
    const score = hit.retrieval.lexical?.score;
    return score === undefined ? null : part("Words", el("p", {}, "BM25 ", el("b", {}, fixed(score)), ". Search by words or by both for what each word adds."));
  }
  if (!e.terms.some((t) => t.freq > 0)) return part("Words", el("p", {}, "None of the query's words is in this passage."));
  const most = Math.max(...e.terms.map((t) => t.contribution));
  return part("Words",
    el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "What each word adds" }, el("table", {},
      el("thead", {}, el("tr", {}, ["term", "here", "in title", "passages", "idf", "adds"].map((h, i) => el("th", { scope: "col", class: i ? "number" : "" }, h)))),
      el("tbody", {}, e.terms.map((t) => el("tr", { class: t.freq ? "" : "absent" },
        el("th", { scope: "row" }, t.text), el("td", { class: "number" }, t.freq), el("td", { class: "number" }, t.title_freq),
        el("td", { class: "number" }, t.doc_freq.toLocaleString("en")), el("td", { class: "number" }, fixed(t.idf)),
        el("td", { class: "number" }, meter(t.contribution / most, "lexical"), fixed(t.contribution))))),
      el("tfoot", {}, el("tr", {}, el("th", { scope: "row", colspan: 5 }, "BM25"), el("td", { class: "number" }, fixed(e.score)))))),
    el("p", { class: "hint" }, "The passage has " + fixed(e.length, 0) + " tokens; the average of " + e.rows.toLocaleString("en") + " is " + fixed(e.average_length, 0) + "."));
}

function vectors(hit) {
  const found = hit.retrieval.dense;
  if (!found) return null;
  return part("Vectors", el("p", {}, "Cosine with the query ", el("b", {}, fixed(found.score, 4)), found.rank ? ", rank " + found.rank + " by vectors." : ", computed for what words found."), meter(found.score, "dense"));
}

function fusion(hit, result) {
  const from = hit.explanation?.fusion;
  const f = result.explanation?.fusion;
  if (!from || !f) return null;
  const total = from.reduce((sum, c) => sum + c.adds, 0);
  const weight = { dense: f.dense_weight, lexical: f.lexical_weight };
  const method = { relative: "scores scaled to 0 … 1 within each list", rrf: "1 ÷ (" + f.k + " + rank)", zscore: "standardised scores", linear: "scores as they are" }[f.method] ?? f.method;
  return part("Fusion of the two lists",
    el("table", {},
      el("thead", {}, el("tr", {}, ["list", "rank", "score", "weight", "adds"].map((h, i) => el("th", { scope: "col", class: i ? "number" : "" }, h)))),
      el("tbody", {}, from.map((c) => el("tr", {}, el("th", { scope: "row" }, { dense: "vectors", lexical: "words" }[c.list]),
        el("td", { class: "number" }, c.rank || "–"), el("td", { class: "number" }, fixed(c.score)), el("td", { class: "number" }, weight[c.list]), el("td", { class: "number" }, fixed(c.adds, 3))))),
      el("tfoot", {}, el("tr", {}, el("th", { scope: "row", colspan: 4 }, "retrieval"), el("td", { class: "number" }, fixed(total, 3))))),
    el("p", { class: "hint" }, "Method " + f.method + ": " + method + "."));
}

function reading(hit, result) {
  if (hit.logit === undefined) return null;
  const stage = result.reading?.at(-1);
  return part("Cross-encoder",
    el("p", {}, shortName(stage?.model ?? result.reranker), " read query and passage together: logit ", el("b", {}, signed(hit.logit)), stage?.calibrated ? ". Calibrated on judged pairs, P(relevant) is " : ". Its activation makes of that ", el("b", {}, percent(hit.probability)),
      stage?.calibrated ? "." : ", which is not calibrated: it orders, but is no probability of being relevant."),
    meter(hit.probability, "cross"),
    hit.truncated_tokens > 0 && el("p", { class: "cut" }, "The passage is longer than the model reads: " + count(hit.truncated_tokens, "token") + " of it played no part."),
    stage && influence(hit, result.query, stage.model));
}

/** The arithmetic of the score that the order goes by. */
function sum(hit, result) {
  const rows = [];
  let note = "";
  const parts = hit.explanation?.rerank;
  if (parts) {
    const deviations = (x, of) => signed(x, 2) + " standard deviations from the mean " + of;
    rows.push(["retrieval: " + deviations(parts.retrieval, "score"), parts.retrieval]);
    if (parts.words) rows.push(["words: BM25 " + fixed(hit.retrieval.lexical.score) + " × " + fixed(parts.words / hit.retrieval.lexical.score), parts.words]);
    rows.push(["cross-encoder: " + deviations(parts.logit, "logit"), parts.logit]);
    note = "The means are those of the " + count(result.reranked, "passage") + " that the cross-encoder read, so this score compares hits of one search only.";
  } else {
    note = { logit: "The order goes by the logit.", cosine: "The order goes by the cosine.", bm25: "The order goes by BM25.", fused: "The order goes by the sum of what the lists add." }[hit.score_kind] ?? "The order goes by " + hit.score_kind + ".";
  }
  const moved = hit.rank_before && (hit.rank_before === hit.rank ? "Reranking left it at rank " + hit.rank + "." : "Reranking moved it from rank " + hit.rank_before + " to " + hit.rank + ".");
  return part("Score",
    el("table", { class: "sum" }, el("tbody", {}, rows.map(([what, x]) => el("tr", {}, el("th", { scope: "row" }, what), el("td", { class: "number" }, signed(x, 3))))),
      el("tfoot", {}, el("tr", {}, el("th", { scope: "row" }, hit.score_kind), el("td", { class: "number" }, fixed(hit.score, 3))))),
    el("p", { class: "hint" }, note, moved && " " + moved));
}
