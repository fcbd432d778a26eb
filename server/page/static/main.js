// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// The page: which view is shown, the keys that work everywhere, and what all views need to know of the server.

import * as api from "./api.js";
import { AskView } from "./ask.js";
import { CompareView } from "./compare.js";
import { DocumentsView } from "./documents.js";
import { el, fill } from "./dom.js";
import { EvaluateView } from "./evaluate.js";
import { MatrixView } from "./matrix.js";
import * as notice from "./notice.js";
import { SearchView } from "./search.js";
import * as state from "./state.js";

const $ = (selector) => document.querySelector(selector);
const names = ["search", "ask", "compare", "matrix", "evaluate", "documents"];
const titled = { documents: "Documents", matrix: "Matrix", evaluate: "Evaluate" }; // views that are about more than one query
let views = null;
let shown = null;

const viewOf = (s) => (names.includes(s.view) ? s.view : "search");

/** Names what a state shows in the title, and takes it into the links to the views. */
function name(s) {
  document.title = [titled[viewOf(s)] ?? s.q, "winnow"].filter(Boolean).join(" · ");
  for (const a of document.querySelectorAll("nav a")) a.href = state.address({ view: a.dataset.view, offset: "0" });
}

/** Shows the view that the address names. */
function show() {
  const s = state.read();
  const view = viewOf(s);
  shown?.stop();
  for (const n of names) $("#" + n).hidden = n !== view;
  for (const a of document.querySelectorAll("nav a")) {
    if (a.dataset.view === view) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  }
  $("select[name=collection]").value = s.collection || "default";
  name(s);
  shown = views[view];
  shown.start();
}

/** Goes to a view, as a step that Back undoes. */
function go(view) {
  state.write({ view, offset: "0" }, { step: true });
  show();
  ($("#" + view + " :is(input[name=q], textarea)") ?? $("#main")).focus();
}

/** Asks what is served, and starts. Without a key this fails, and the notice has a field for one. */
async function begin() {
  fill($("#problem"));
  try {
    const [models, collections] = await Promise.all([api.models(), api.collections()]);
    offer(collections.collections);
    views ??= {
      search: new SearchView($("#search"), models.data),
      ask: new AskView($("#ask")),
      compare: new CompareView($("#compare")),
      matrix: new MatrixView($("#matrix")),
      evaluate: new EvaluateView($("#evaluate")),
      documents: new DocumentsView($("#documents"), $("#sure")),
    };
    show();
    if (shown === views.search) $("#search input[name=q]").focus();
  } catch (error) {
    if (!(error instanceof api.Failure)) throw error;
    notice.show($("#problem"), error, begin);
  }
}

/** Offers a choice of collections where there are several. */
function offer(collections) {
  const select = $("select[name=collection]");
  fill(select, collections.map((c) => el("option", { value: c.name }, c.name)));
  select.parentElement.hidden = collections.length < 2;
}

$("select[name=collection]").addEventListener("change", (event) => {
  state.write({ collection: event.target.value === "default" ? "" : event.target.value, offset: "0" }, { step: true });
  show();
});
document.querySelector("nav").addEventListener("click", (event) => {
  const view = event.target.dataset.view;
  if (!view || !views || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(view);
});
$("#show-keys").addEventListener("click", () => $("#keys").showModal());
window.addEventListener("popstate", () => views && show());
state.watch(() => name(state.read()));

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || $("dialog[open]")) return;
  const typing = event.target.matches("input, select, textarea");
  if (typing) {
    if (event.key === "Escape" && event.target.type !== "search") event.target.blur();
    if (event.key === "ArrowDown" && event.target.name === "q" && shown?.first) {
      event.preventDefault();
      shown.first();
    }
    return;
  }
  if (event.key === "/") $("main > section:not([hidden]) :is(input[name=q], textarea)")?.focus();
  else if (event.key === "?") $("#keys").showModal();
  else if (names[event.key - 1] && views) go(names[event.key - 1]);
  else return;
  event.preventDefault();
});

begin();
