// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// The documents view: how the index is, what is in it, adding files and deleting documents.

import * as api from "./api.js";
import { count, el, fill, size } from "./dom.js";
import { health } from "./health.js";
import * as notice from "./notice.js";
import * as state from "./state.js";

const pageSize = 50;

/** The documents view. */
export class DocumentsView {
  constructor(root, sure) {
    this.root = root;
    this.sure = sure;
    this.health = root.querySelector(".health");
    this.drop = root.querySelector(".drop");
    this.files = root.querySelector("input[type=file]");
    this.progress = root.querySelector("progress");
    this.uploads = root.querySelector(".uploads");
    this.status = root.querySelector("[role=status]");
    this.results = root.querySelector(".results");
    this.queue = Promise.resolve();
    this.files.addEventListener("change", () => {
      this.upload([...this.files.files]);
      this.files.value = ""; // the same file can be chosen again
    });
    // Files that miss the field must not replace the page.
    for (const type of ["dragover", "drop"]) document.addEventListener(type, (event) => event.preventDefault());
    this.drop.addEventListener("dragover", () => this.drop.classList.add("over"));
    this.drop.addEventListener("dragleave", () => this.drop.classList.remove("over"));
    this.drop.addEventListener("drop", (event) => {
      this.drop.classList.remove("over");
      this.upload([...event.dataTransfer.files]);
    });
  }

  start() {
    this.load();
  }

  stop() {}

  /** Reads the list and the state of the index anew. */
  async load() {
    const s = state.read();
    const offset = Number(s.offset) || 0;
    try {
      const all = await api.collections();
      const index = all.collections.find((c) => c.name === (s.collection || "default"));
      fill(this.health, index?.exists ? health(index) : []);
      if (index && !index.exists) {
        fill(this.results, el("section", { class: "empty" }, el("h2", {}, "The index is empty"), el("p", {}, "The first document that is added makes it.")));
        return;
      }
      this.show(await api.documents(s.collection, pageSize, offset), offset);
    } catch (error) {
      if (!(error instanceof api.Failure)) throw error;
      notice.show(this.results, error, () => this.load());
    }
  }

  show(list, offset) {
    if (list.documents.length === 0 && offset > 0) {
      this.turn(Math.max(0, offset - pageSize));
      return;
    }
    if (list.total === 0) {
      fill(this.results, el("section", { class: "empty" }, el("h2", {}, "The index is empty"), el("p", {}, "Drop files above to fill it.")));
      return;
    }
    const last = offset + list.documents.length;
    fill(this.results,
      el("table", { class: "list" },
        el("caption", { class: "spoken" }, "Documents"),
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "document"), el("th", { scope: "col", class: "number" }, "passages"), el("th", { scope: "col", class: "number" }, "size"), el("th", { scope: "col" }, el("span", { class: "spoken" }, "delete")))),
        el("tbody", {}, list.documents.map((d) => this.row(d)))),
      list.total > pageSize && el("nav", { class: "pages", "aria-label": "Pages" },
        el("button", { disabled: offset === 0, onclick: () => this.turn(Math.max(0, offset - pageSize)) }, "Before"),
        el("span", {}, offset + 1 + "–" + last + " of " + list.total.toLocaleString("en")),
        el("button", { disabled: last >= list.total, onclick: () => this.turn(offset + pageSize) }, "Next")));
  }

  turn(offset) {
    state.write({ offset: String(offset) }, { step: true });
    this.load();
  }

  row(d) {
    return el("tr", { "data-id": d.id },
      el("th", { scope: "row" }, el("span", { class: "title" }, d.title || d.id), d.title && d.title !== d.id && el("small", {}, d.id)),
      el("td", { class: "number" }, d.passages.toLocaleString("en")), el("td", { class: "number" }, size(d.bytes)),
      el("td", { class: "number" }, el("button", { class: "quiet", "aria-label": "Delete " + (d.title || d.id), title: "Delete", onclick: () => this.remove(d) }, "✕")));
  }

  /** Deletes a document, if that is meant. */
  async remove(d) {
    fill(this.sure.querySelector(".what"), el("b", {}, d.title || d.id), " with ", count(d.passages, "passage"), ". A file that it was read from stays.");
    this.sure.returnValue = "";
    this.sure.showModal();
    await new Promise((closed) => this.sure.addEventListener("close", closed, { once: true }));
    if (this.sure.returnValue !== "delete") return;
    try {
      const done = await api.deleteDocument(state.read().collection, d.id);
      fill(this.status, done.deleted ? "Deleted " + (d.title || d.id) + "." : (d.title || d.id) + " was gone already.");
      this.load();
    } catch (error) {
      if (!(error instanceof api.Failure)) throw error;
      fill(this.status);
      notice.show(this.results, error, () => this.load());
    }
  }

  /** Adds files, one after another; those of a second drop follow those of the first. */
  upload(files) {
    if (files.length === 0) return;
    const collection = state.read().collection;
    const items = files.map((file) => ({ file, node: el("li", {}, el("b", {}, file.name), " ", el("span", {}, "waiting")) }));
    this.queue = this.queue.then(() => this.uploadAll(collection, items));
    this.uploads.prepend(...items.map((item) => item.node));
  }

  async uploadAll(collection, items) {
    const total = items.reduce((sum, { file }) => sum + file.size, 0);
    let done = 0;
    let stored = 0;
    this.progress.hidden = false;
    this.progress.max = Math.max(1, total);
    for (const [i, { file, node }] of items.entries()) {
      this.progress.value = done;
      fill(this.status, "Adding file " + (i + 1) + " of " + items.length + ": " + file.name);
      node.className = "running";
      node.lastChild.textContent = "reading and indexing " + size(file.size) + " …";
      try {
        node.lastChild.textContent = await add(collection, file);
        node.className = "done";
        stored++;
      } catch (error) {
        node.className = "failed";
        node.lastChild.textContent = error.message;
        if (error.status === 401) notice.show(this.results, error, () => this.load());
      }
      done += file.size;
    }
    this.progress.hidden = true;
    fill(this.status, stored === items.length ? count(stored, "file") + " added." : stored + " of " + count(items.length, "file") + " added.");
    if (stored > 0) this.load();
  }
}

/** Adds one file, and says what became of it. What is not stored, or not all of it, is an error that says why. */
async function add(collection, file) {
  const r = await api.addFile(collection, file);
  if (r.status !== "stored") throw new Error(r.error + (r.problems ? ": " + r.problems[0] : ""));
  const stored = (r.replaced ? "replaced" : "added") + " · " + (r.documents > 1 ? count(r.documents, "document") + ", " : "") + count(r.passages, "passage");
  if (!r.problems) return stored;
  throw new Error(stored + "; " + count(r.problems.length, "row") + " refused: " + r.problems[0]);
}
