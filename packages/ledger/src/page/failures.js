// @ts-check
import { byId, element } from "./element.js";
import { counted, formatBytes, formatCount, formatTime } from "./figures.js";
import { ask, firstRows, post } from "./ledger.js";

/** @import { FailureCount, Miss } from "../wire/failures.ts" */
/** @import { JobStatus } from "../wire/status.ts" */

/** Failed objects shown of a class. */
const mostShown = 20;
/** Counts are not asked for more often, milliseconds, nor for more than this part of the time: the list may be long. */
const askEveryMs = 3_000;
const askingPart = 0.05;
/** The class of directories that could not be listed. */
const listing = "listing";

/** What failed of a source's job, by class, and what to do about it. */
export class Failures {
  #job = "";
  /** What the shown counts were asked for. */
  #asked = "";
  #askAgainAt = 0;
  /** Whose first objects are shown. @type {string | undefined} */
  #opened;
  #rows = element("tbody", {});
  /** @type {Map<string, { root: HTMLElement, objects: HTMLElement, bytes: HTMLElement, retry: HTMLButtonElement }>} */
  #byClass = new Map();
  #misses = element("ul", { class: "misses" });
  /** Below the row of the class that is looked at. */
  #below = element("tr", { class: "opened" }, element("td", { colspan: "4" }, this.#misses));
  #said = element("p", { role: "status", class: "said" });
  #all = this.#retryButton("retry all", undefined);
  #table = element("table", {}, element("thead", {}, headings("class", "failed", "bytes", "")), this.#rows);

  constructor() {
    this.root = element(
      "section",
      { class: "failures" },
      element("div", { class: "line" }, element("h3", {}, "Failed"), this.#all),
      this.#table,
      this.#said,
    );
    this.root.hidden = true;
  }

  /**
   * @param {JobStatus} job
   * @param {boolean} hasHoles it stands still with objects or directories that have no outcome
   */
  update(job, hasHoles) {
    const { failed, directories } = job.progress;
    if (this.#job !== job.id) {
      this.#job = job.id;
      this.#said.textContent = "";
      this.#opened = undefined;
      this.#rows.replaceChildren();
    }
    const any = failed.objects + directories.failed > 0;
    this.root.hidden = !any && !hasHoles && this.#said.textContent === "";
    this.#table.hidden = !any;
    this.#all.textContent = any ? "retry all" : "list again what is missing";
    this.#all.hidden = (!any && !hasHoles) || job.state === "cancelled";
    const wanted = `${job.id} ${job.state} ${failed.objects} ${failed.bytes} ${directories.failed}`;
    if (wanted === this.#asked || performance.now() < this.#askAgainAt) return;
    this.#asked = wanted;
    void this.#recount(job);
  }

  /** @param {JobStatus} job */
  async #recount(job) {
    const began = performance.now();
    this.#askAgainAt = Infinity;
    try {
      await this.#count(job);
    } catch (error) {
      this.#tell(error);
      this.#asked = "";
    }
    const took = performance.now() - began;
    this.#askAgainAt = began + Math.max(askEveryMs, took / askingPart);
  }

  /** @param {JobStatus} job */
  async #count({ id, state, progress: { failed, directories } }) {
    /** @type {FailureCount[]} */
    const counts =
      failed.objects === 0 ? [] : await (await ask(`${pathOf(id)}/failures/counts?by=class`)).json();
    if (id !== this.#job) return;
    const rows = counts.map(({ name, objects, bytes }) =>
      this.#row(name, state, formatCount(objects), formatBytes(bytes)),
    );
    if (directories.failed > 0) {
      const what = counted(directories.failed, "directory", "directories");
      rows.push(this.#row(listing, state, what, ""));
    }
    const shown = [...this.#rows.children].filter((row) => row !== this.#below);
    // rows stay where they are if they can: somebody may be about to press a button
    if (shown.length !== rows.length || shown.some((row, i) => row !== rows[i])) {
      this.#rows.replaceChildren(...rows);
      this.#placeBelow();
    }
    if (this.#opened !== undefined) await this.#show(this.#opened);
  }

  /** The row of a class, with these figures. @param {string} name @param {string} state @param {string} objects @param {string} bytes */
  #row(name, state, objects, bytes) {
    const row = this.#byClass.get(name) ?? this.#newRow(name);
    this.#byClass.set(name, row);
    row.objects.textContent = objects;
    row.bytes.textContent = bytes;
    row.retry.hidden = state === "cancelled";
    return row.root;
  }

  /** @param {string} name */
  #newRow(name) {
    const look = element("button", { type: "button", class: "quiet" }, "look");
    look.hidden = name === listing;
    look.addEventListener("click", () => {
      this.#opened = this.#opened === name ? undefined : name;
      this.#below.remove();
      if (this.#opened !== undefined) this.#show(name).catch((error) => this.#tell(error));
    });
    const retry = this.#retryButton("retry", name);
    const objects = element("td", {});
    const bytes = element("td", {});
    const actions = element("td", { class: "actions" }, look, retry);
    const title = element("th", { scope: "row" }, name);
    return {
      root: element("tr", { "data-class": name }, title, objects, bytes, actions),
      objects,
      bytes,
      retry,
    };
  }

  /** The first objects of a class, below its row. @param {string} name */
  async #show(name) {
    const path = `${pathOf(this.#job)}/failures?class=${encodeURIComponent(name)}`;
    /** @type {Miss[]} */
    const misses = await firstRows(path, mostShown);
    if (this.#opened !== name) return;
    this.#misses.replaceChildren(
      ...misses.map(({ key, reason, at }) =>
        element("li", {}, element("code", {}, key), element("small", {}, `${reason} · ${formatTime(at)}`)),
      ),
    );
    this.#placeBelow();
  }

  #placeBelow() {
    const row = this.#opened === undefined ? undefined : this.#byClass.get(this.#opened)?.root;
    if (row?.isConnected !== true) this.#below.remove();
    else if (row.nextElementSibling !== this.#below) row.after(this.#below);
  }

  /** @param {string} text @param {string | undefined} name of a class; absent: all */
  #retryButton(text, name) {
    const button = element("button", { type: "button" }, text);
    button.addEventListener("click", async () => {
      const what = name === undefined ? "all that failed or is missing" : `all that failed as "${name}"`;
      if (!(await confirmed(`Put ${what} back to work?`))) return;
      button.disabled = true;
      this.#said.textContent = "putting back to work …";
      try {
        const answer = await post(`${pathOf(this.#job)}/retry`, name === undefined ? {} : { class: name });
        const { objects, directories } = await answer.json();
        this.#said.textContent =
          objects + directories === 0
            ? "There was nothing to put back to work."
            : `${counted(objects, "object", "objects")} and ${counted(directories, "directory", "directories")} are back at work.`;
      } catch (error) {
        this.#tell(error);
      } finally {
        button.disabled = false;
      }
    });
    return button;
  }

  /** @param {unknown} error */
  #tell(error) {
    this.#said.textContent = error instanceof Error ? error.message : String(error);
  }
}

/** @param {string} job */
function pathOf(job) {
  return `jobs/${encodeURIComponent(job)}`;
}

/** @param {...string} names */
function headings(...names) {
  return element("tr", {}, ...names.map((name) => element("th", { scope: "col" }, name)));
}

/** @param {string} question @returns {Promise<boolean>} */
function confirmed(question) {
  const dialog = byId("confirm", HTMLDialogElement);
  byId("question", HTMLParagraphElement).textContent = question;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
