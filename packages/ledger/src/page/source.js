// @ts-check
import { Charts } from "./chart.js";
import { bar, element, terms } from "./element.js";
import { Failures } from "./failures.js";
import {
  counted,
  formatAgo,
  formatBytes,
  formatCount,
  formatDuration,
  formatRate,
  formatShare,
  formatTime,
} from "./figures.js";

/** @import { JobStatus, Queues, ServiceStatus, SourceStatus } from "../wire/status.ts" */

/** Nothing for so long, milliseconds, is worth a word. */
const idleMs = 10_000;

/** What is known of one source and its latest job. */
export class SourceCard {
  #badge = element("span", { class: "badge" });
  #about = element("p", { class: "about" });
  #progress = element("div", { class: "progress" });
  #notes = element("ul", { class: "notes" });
  #figures = element("div", {});
  #queues = element("div", { class: "queues" });
  #working = element("ul", { class: "working" });
  #workingSection = element("section", {}, element("h3", {}, "Directories in work"), this.#working);
  #charts = new Charts();
  #failures = new Failures();
  #body = element(
    "div",
    { class: "columns" },
    element("div", {}, this.#figures, this.#queues, this.#workingSection),
    this.#charts.root,
  );

  /** @param {string} source */
  constructor(source) {
    const title = element("div", { class: "line" }, element("h2", {}, source), this.#badge);
    this.root = element(
      "article",
      { class: "card", "data-source": source },
      title,
      this.#about,
      this.#progress,
      this.#notes,
      this.#body,
      this.#failures.root,
    );
  }

  /**
   * @param {SourceStatus} status
   * @param {readonly ServiceStatus[]} services
   * @param {number} now
   */
  update(status, services, now) {
    const { job, unreadable, queues } = status;
    const isIdle = job?.idle !== undefined && now - job.idle.since >= idleMs;
    const known = isIdle && job.state === "open" ? "idle" : job?.state;
    const state = unreadable === undefined ? (known ?? "no job yet") : "unreadable";
    this.#badge.textContent = state === "open" && job?.progress.listingFinished === false ? "listing" : state;
    this.#badge.dataset.state = state;
    this.#notes.replaceChildren(...notesOf(status, isIdle, services, now));
    this.#queues.replaceChildren(...(queues === undefined ? [] : [queueTerms(queues)]));
    this.#queues.hidden = queues === undefined;
    this.#body.hidden = job === undefined;
    if (job === undefined) return;
    this.#about.textContent = aboutOf(job);
    this.#progress.replaceChildren(...progressOf(job));
    this.#figures.replaceChildren(figuresOf(job));
    this.#workingSection.hidden = job.working.length === 0;
    this.#working.replaceChildren(
      ...job.working.map(({ directory, at }) =>
        element(
          "li",
          {},
          element("code", {}, directory === "" ? "/" : directory),
          element("small", {}, formatAgo(at, now)),
        ),
      ),
    );
    this.#charts.update(job, now);
    const stands = isIdle || (job.state !== "open" && job.state !== "cancelled");
    this.#failures.update(job, stands && !job.progress.settled);
  }

  /** After a time without the ledger. */
  refetch() {
    return this.#charts.refetch();
  }
}

/** @param {JobStatus} job */
function aboutOf({ id, prefix, startedAt, closedAt }) {
  const where = prefix === "" ? "" : ` below ${prefix}`;
  const until = closedAt === undefined ? "" : `, closed ${formatTime(closedAt)}`;
  return `job ${id}${where}, begun ${formatTime(startedAt)}${until}`;
}

/** @param {JobStatus["progress"]} progress */
function accountedOf({ stored, unchanged, vanished, failed }) {
  return stored.objects + unchanged.objects + vanished.objects + failed.objects;
}

/** @param {JobStatus} job */
function progressOf({ state, progress, rate, etaSeconds }) {
  const { listed, stored, unchanged, vanished, failed, listingFinished } = progress;
  const accounted = accountedOf(progress);
  const share = formatShare(accounted, listed.objects);
  const parts = [
    { kind: "stored", amount: stored.objects },
    { kind: "unchanged", amount: unchanged.objects },
    { kind: "vanished", amount: vanished.objects },
    { kind: "failed", amount: failed.objects },
  ];
  const isGrowing = state === "open" && !listingFinished;
  const line = element(
    "p",
    { class: "line" },
    listingFinished ? element("strong", {}, share) : undefined,
    element(
      "span",
      {},
      `${formatCount(accounted)} of ${counted(listed.objects, "object", "objects")}${isGrowing ? " listed so far" : ""}`,
    ),
  );
  if (state === "open") {
    line.append(element("span", {}, `${formatRate(rate.objects)} files/s, ${formatBytes(rate.bytes)}/s`));
    if (etaSeconds !== undefined) {
      line.append(element("span", { class: "eta" }, `${formatDuration(etaSeconds)} to go`));
    }
  }
  // while more is being listed, nobody knows of how many: the bar is never full
  const shown = bar(parts, isGrowing ? listed.objects / 0.9 : listed.objects);
  shown.removeAttribute("aria-hidden");
  for (const [name, value] of Object.entries({
    role: "progressbar",
    "aria-label": "objects with an outcome",
    "aria-valuetext": listingFinished ? share : "not all is listed",
    "aria-valuemin": "0",
    "aria-valuemax": String(listed.objects),
    "aria-valuenow": String(accounted),
  })) {
    shown.setAttribute(name, value);
  }
  shown.classList.toggle("growing", isGrowing);
  return [shown, line];
}

/** @param {JobStatus} job */
function figuresOf({ progress: { listed, stored, unchanged, vanished, failed, directories } }) {
  /** @param {{ objects: number, bytes: number }} amount */
  const said = ({ objects, bytes }) =>
    objects === 0 ? "0" : `${formatCount(objects)} · ${formatBytes(bytes)}`;
  const listing = `${formatCount(directories.done)} of ${formatCount(directories.known)}`;
  return terms([
    ["listed", said(listed)],
    ["stored", said(stored), "stored"],
    ["unchanged", said(unchanged), "unchanged"],
    ["vanished", said(vanished), "vanished"],
    ["failed", said(failed), "failed"],
    [
      "directories listed",
      directories.failed === 0 ? listing : `${listing}, ${formatCount(directories.failed)} failed`,
    ],
  ]);
}

/** @param {Queues} queues */
function queueTerms({ directories, files, retry, wait, records, dead }) {
  const all = { directories, files, retry, waiting: wait, records, dead };
  const list = terms(
    Object.entries(all).map(([name, depth]) => [
      name,
      formatCount(depth),
      name === "dead" && depth > 0 ? "alarm" : "queue",
    ]),
  );
  return element("section", {}, element("h3", {}, "Queued messages"), list);
}

/**
 * What somebody may have to do something about.
 *
 * @param {SourceStatus} status
 * @param {boolean} isIdle
 * @param {readonly ServiceStatus[]} services
 * @param {number} now
 */
function notesOf({ source, job, unreadable }, isIdle, services, now) {
  const notes = services.flatMap(({ service, host, sources }) =>
    sources
      .filter(({ name }) => name === source)
      .flatMap(({ pauses }) => pauses.map((reason) => `${service} on ${host} pauses: ${reason}`)),
  );
  if (unreadable !== undefined)
    notes.push(`the job ${unreadable.job} cannot be read and is set apart: ${unreadable.reason}`);
  if (job !== undefined && (isIdle || job.state === "incomplete") && !job.progress.settled) {
    const { listed, directories } = job.progress;
    const open = listed.objects - accountedOf(job.progress);
    const unlisted = directories.known - directories.done - directories.failed;
    const missing = [
      ...(open > 0 ? [`${counted(open, "listed object has", "listed objects have")} no outcome`] : []),
      ...(unlisted > 0
        ? [`${counted(unlisted, "directory is", "directories are")} not listed to the end`]
        : []),
    ].join(", ");
    const since =
      isIdle && job.idle !== undefined
        ? `nothing is queued and nothing has come for ${formatDuration((now - job.idle.since) / 1_000)}: `
        : "";
    notes.push(`${since}${missing}`);
  }
  return notes.map((note) => element("li", {}, note));
}
