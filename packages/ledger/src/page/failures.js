// @ts-check
import { byId, element } from "./element.js";
import { counted, formatBytes, formatCount, formatTime } from "./figures.js";
import { ask, firstRows, post } from "./ledger.js";

/** @import { FailureCount, Miss } from "../account.ts" */
/** @import { JobStatus } from "../http/status-wire.ts" */

/** Failed objects shown of a class. */
const mostShown = 20;
/** Not asked more often, milliseconds: it may be a long list. */
const askEveryMs = 3_000;
/** The class of directories that could not be listed. */
const listing = "listing";

/** What failed of a source's job, by class, and what to do about it. */
export class Failures {
  #job = "";
  /** What the shown counts were asked for. */
  #asked = "";
  #askedAt = 0;
  /** Whose first objects are shown. @type {string | undefined} */
  #opened;
  #rows = element("tbody", {});
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
    if (wanted === this.#asked || performance.now() - this.#askedAt < askEveryMs) return;
    this.#asked = wanted;
    this.#askedAt = performance.now();
    this.#count(job).catch((error) => this.#tell(error));
  }

  /** @param {JobStatus} job */
  async #count({ id, state, progress: { failed, directories } }) {
    /** @type {FailureCount[]} */
    const counts =
      failed.objects === 0 ? [] : await (await ask(`${pathOf(id)}/failures/counts?by=class`)).json();
    if (id !== this.#job) return;
    const rows = counts.map(({ name, objects, bytes }) =>
      this.#row(state, name, formatCount(objects), formatBytes(bytes)),
    );
    if (directories.failed > 0) {
      const what = counted(directories.failed, "directory", "directories");
      rows.push(this.#row(state, listing, what, ""));
    }
    this.#rows.replaceChildren(...rows);
    if (this.#opened !== undefined) await this.#show(this.#opened);
  }

  /** @param {string} state @param {string} name @param {string} objects @param {string} bytes */
  #row(state, name, objects, bytes) {
    const look = element("button", { type: "button", class: "quiet" }, "look");
    look.addEventListener("click", () => {
      const opened = this.#opened === name ? undefined : name;
      this.#opened = opened;
      this.#close();
      if (opened !== undefined) this.#show(opened).catch((error) => this.#tell(error));
    });
    return element(
      "tr",
      { "data-class": name },
      element("th", { scope: "row" }, name),
      element("td", { class: "figure" }, objects),
      element("td", { class: "figure" }, bytes),
      element(
        "td",
        { class: "actions" },
        name === listing ? undefined : look,
        state === "cancelled" ? undefined : this.#retryButton("retry", name),
      ),
    );
  }

  /** The first objects of a class, below its row. @param {string} name */
  async #show(name) {
    const path = `${pathOf(this.#job)}/failures?class=${encodeURIComponent(name)}`;
    /** @type {Miss[]} */
    const misses = await firstRows(path, mostShown);
    if (this.#opened !== name) return;
    this.#close();
    const list = element("ul", { class: "misses" });
    for (const { key, reason, at } of misses) {
      const why = element("small", {}, `${reason} · ${formatTime(at)}`);
      list.append(element("li", {}, element("code", {}, key), why));
    }
    const below = element("tr", { class: "opened" }, element("td", { colspan: "4" }, list));
    for (const row of this.#rows.querySelectorAll("tr")) if (row.dataset.class === name) row.after(below);
  }

  #close() {
    for (const row of this.#rows.querySelectorAll("tr.opened")) row.remove();
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
