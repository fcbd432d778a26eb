// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

// The documents view: how the index is, what is in it, adding files and deleting documents.

import * as api from "./api.js";
import { count, el, fill, hasFiles, size } from "./dom.js";
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
    for (const type of ["dragover", "drop"]) document.addEventListener(type, (event) => hasFiles(event) && event.preventDefault());
    this.drop.addEventListener("dragover", (event) => this.drop.classList.toggle("over", hasFiles(event)));
    this.drop.addEventListener("dragleave", () => this.drop.classList.remove("over"));
    this.drop.addEventListener("drop", (event) => {
      this.drop.classList.remove("over");
      const items = [...event.dataTransfer.items].filter((item) => item.kind === "file");
      this.upload([...event.dataTransfer.files], items.map((item) => item.webkitGetAsEntry()?.isDirectory));
    });
  }

  start() {
    this.load();
  }

  stop() {
    this.loading?.abort();
  }

  /** Reads the list and the state of the index anew. */
  async load() {
    this.loading?.abort();
    const { signal } = (this.loading = new AbortController());
    const s = state.read();
    const offset = Number(s.offset) || 0;
    try {
      const all = await api.collections(signal);
      const index = all.collections.find((c) => c.name === (s.collection || "default"));
      fill(this.health, index?.exists ? health(index) : []);
      if (index && !index.exists) {
        this.put(el("section", { class: "empty" }, el("h2", {}, "The index is empty"), el("p", {}, "The first document that is added makes it.")));
        return;
      }
      this.show(await api.documents(s.collection, pageSize, offset, signal), s.collection, offset);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof api.Failure)) throw error;
      notice.show(this.results, error, () => this.load());
    }
  }

  show(list, collection, offset) {
    const lastPage = pageSize * Math.floor(Math.max(0, list.total - 1) / pageSize);
    if (list.documents.length === 0 && offset > lastPage) {
      this.turn(lastPage, { step: false });
      return;
    }
    if (list.total === 0) {
      this.put(el("section", { class: "empty" }, el("h2", {}, "The index is empty"), el("p", {}, "Drop files above to fill it.")));
      return;
    }
    const last = offset + list.documents.length;
    this.put(
      el("table", { class: "list" },
        el("caption", { class: "spoken" }, "Documents"),
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "document"), el("th", { scope: "col", class: "number" }, "passages"), el("th", { scope: "col", class: "number" }, "size"), el("th", { scope: "col" }, el("span", { class: "spoken" }, "delete")))),
        el("tbody", {}, list.documents.map((d) => this.row(d, collection)))),
      list.total > pageSize && el("nav", { class: "pages", "aria-label": "Pages" },
        el("button", { "data-key": "before", disabled: offset === 0, onclick: () => this.turn(Math.max(0, offset - pageSize)) }, "Before"),
        el("span", {}, offset + 1 + "–" + last + " of " + list.total.toLocaleString("en")),
        el("button", { "data-key": "next", disabled: last >= list.total, onclick: () => this.turn(offset + pageSize) }, "Next")));
  }

  /** Puts nodes in the place of the results. What has the focus there keeps it; if it is gone, its neighbour gets it. */
  put(...nodes) {
    const kind = [".list button", ".pages button:enabled"].find((selector) => document.activeElement?.matches(selector));
    const buttons = () => [...this.results.querySelectorAll(kind)];
    const at = kind ? buttons().indexOf(document.activeElement) : -1;
    const key = document.activeElement?.dataset.key;
    fill(this.results, nodes);
    if (at < 0) return;
    const now = buttons();
    (now.find((button) => button.dataset.key === key) ?? now[at] ?? now.at(-1) ?? this.files).focus();
  }

  turn(offset, { step = true } = {}) {
    state.write({ offset: String(offset) }, { step });
    this.load();
  }

  row(d, collection) {
    return el("tr", { "data-id": d.id },
      el("th", { scope: "row" }, el("span", { class: "title" }, d.title || d.id), d.title && d.title !== d.id && el("small", {}, d.id)),
      el("td", { class: "number" }, d.passages.toLocaleString("en")), el("td", { class: "number" }, size(d.bytes)),
      el("td", { class: "number" }, el("button", { class: "quiet", "data-key": d.id, "aria-label": "Delete " + (d.title || d.id), title: "Delete", onclick: () => this.remove(d, collection) }, "✕")));
  }

  /** Deletes a document from the collection that it was listed in, if that is meant. */
  async remove(d, collection) {
    fill(this.sure.querySelector(".what"), el("b", {}, d.title || d.id), " with ", count(d.passages, "passage"), ". A file that it was read from stays.");
    this.sure.returnValue = "";
    this.sure.showModal();
    await new Promise((closed) => this.sure.addEventListener("close", closed, { once: true }));
    if (this.sure.returnValue !== "delete") return;
    try {
      const done = await api.deleteDocument(collection, d.id);
      fill(this.status, done.deleted ? "Deleted " + (d.title || d.id) + "." : (d.title || d.id) + " was gone already.");
      this.load();
    } catch (error) {
      if (!(error instanceof api.Failure)) throw error;
      fill(this.status);
      notice.show(this.results, error, () => this.load());
    }
  }

  /** Adds files, one after another; those of a second drop follow those of the first. folders says which of them are none. */
  upload(files, folders = []) {
    if (files.length === 0) return;
    const collection = state.read().collection;
    const items = files.map((file, i) => ({ file, folder: folders[i], node: el("li", {}, el("b", {}, file.name), " ", el("span", {}, "waiting")) }));
    this.queue = this.queue.then(() => this.uploadAll(collection, items));
    this.uploads.prepend(...items.map((item) => item.node));
  }

  async uploadAll(collection, items) {
    const total = items.reduce((sum, { file }) => sum + file.size, 0);
    let done = 0;
    let whole = 0;
    let partly = 0;
    this.progress.hidden = false;
    this.progress.max = Math.max(1, total);
    for (const [i, { file, folder, node }] of items.entries()) {
      if (done) this.progress.value = done;
      else this.progress.removeAttribute("value"); // how far the first file is, nobody says
      fill(this.status, "Adding file " + (i + 1) + " of " + items.length + ": " + file.name);
      node.className = "running";
      node.lastChild.textContent = "reading and indexing " + size(file.size) + " …";
      try {
        if (folder) throw new Error("this is a folder: choose the files in it");
        const added = await add(collection, file);
        node.lastChild.textContent = added.text;
        node.className = added.whole ? "done" : "partly";
        if (added.whole) whole++;
        else partly++;
      } catch (error) {
        node.className = "failed";
        node.lastChild.textContent = error.message;
      }
      done += file.size;
    }
    this.progress.hidden = true;
    fill(this.status, whole === items.length ? count(whole, "file") + " added." : whole + " of " + count(items.length, "file") + " added" + (partly ? ", " + partly + " in part." : "."));
    this.load();
  }
}

/** Adds one file, and gives what became of it, and whether all of it is stored. That nothing is stored is an error that says why. */
async function add(collection, file) {
  await file.slice(0, 1).arrayBuffer().catch(() => {
    throw new Error("this file cannot be read");
  });
  const r = await api.addFile(collection, file);
  const wrong = [r.error, r.problems && (r.status === "stored" ? count(r.problems.length, "row") + " refused: " : "") + r.problems[0]].filter(Boolean);
  if (!r.documents) throw new Error(wrong.join(": "));
  const text = (r.replaced ? "replaced" : "added") + " · " + (r.documents > 1 ? count(r.documents, "document") + ", " : "") + count(r.passages, "passage");
  return { text: [text, ...wrong].join("; "), whole: wrong.length === 0 };
}
