import { setImmediate as turn } from "node:timers/promises";
import { delay } from "@brigade/core";
import { readLandings } from "../commit/landing.ts";
import type { Layout } from "../identity/identity.ts";
import { mountGuard } from "../identity/mount-guard.ts";
import { keyAt } from "../names/object-path.ts";
import type { FileMark, Finding } from "./check-file.ts";
import type { Checkers } from "./checkers.ts";
import type { Problem } from "./difference.ts";
import { isNamed, type Stray, strayFile, straysOf } from "./extra-files.ts";
import { differenceOf, type IndexedObject } from "./indexed-object.ts";
import { ManifestTail } from "./manifest-tail.ts";
import type { Amount, ObjectIndex } from "./object-index.ts";
import type { Range } from "./ranges.ts";
import { Reports, type VerifyReport } from "./reports.ts";

export interface VerifySummary {
  /** All objects of the manifest, each looked at. */
  readonly files: number;
  readonly bytes: number;
  /** Differences, as they were reported. */
  readonly problems: Readonly<Record<Problem, number>>;
  /** Lines of the manifest that cannot be read. */
  readonly badLines: number;
}

export interface VerificationNeeds {
  readonly layout: Layout;
  readonly index: ObjectIndex;
  readonly checkers: Pick<Checkers, "check">;
  readonly threads: number;
  /** Whose folders are searched for extra files. */
  readonly sources: readonly string[];
  /** Only this one's objects are looked at. */
  readonly source: string | undefined;
  readonly quietMs: number;
  readonly send: (report: VerifyReport) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Files and bytes that a thread checks at a time, at most. Two such batches per thread are on their
 * way.
 */
const batchFiles = 256;
const batchBytes = 64 * 2 ** 20;
/**
 * What was done is made safe so often; those that seem damaged are looked at again so often.
 * Milliseconds.
 */
const commitMs = 1000;
const suspectMs = 500;
/** More do not wait to be looked at again. */
const mostSuspects = 10_000;

/**
 * Compares a disk with its manifest. Somebody may be storing objects meanwhile: a file is named in
 * the manifest only a moment after it has got its place. So whatever seems wrong is looked at
 * twice: the second time when what was changed a moment ago has been left alone for a while, and
 * with all lines that have come until then.
 */
export class Verification {
  readonly #needs: VerificationNeeds;
  readonly #tail: ManifestTail;
  readonly #reports: Reports;
  readonly #guard: () => void;
  #committedAt = performance.now();
  #suspects: { readonly n: number; readonly dueAt: number }[] = [];
  #recheckedAt = Number.NEGATIVE_INFINITY;
  #rechecking: Promise<void> | undefined;
  #failed = false;

  constructor(needs: VerificationNeeds) {
    this.#needs = needs;
    const { index, layout, source, send } = needs;
    this.#guard = mountGuard(layout);
    this.#reports = new Reports(send, () => amountsOf(index.looked, index.live));
    this.#tail = new ManifestTail({
      folder: layout.manifest,
      index,
      source,
      onBadLine: (bad) => this.#reports.addBadLine(bad),
      pause: () => this.#breathe(),
    });
  }

  async run(): Promise<VerifySummary> {
    const { index } = this.#needs;
    await this.#reportAgain();
    await this.#tail.catchUp();
    await this.#lookAtAll();
    this.#tail.enterTorn();
    await this.#searchStrays();
    this.#tail.reportTorn();
    await this.#lookAtAll();
    await this.#reports.flush();
    return { ...index.live, problems: this.#reports.counts, badLines: this.#reports.badLineCount };
  }

  /** What an earlier run has found: its caller got it, ours did not. */
  async #reportAgain(): Promise<void> {
    const { index } = this.#needs;
    for (let lines = index.badLinesAfter(0, 1000); lines.length > 0; ) {
      for (const { bad } of lines) this.#reports.addBadLine(bad);
      await this.#breathe();
      lines = index.badLinesAfter(lines.at(-1)?.n ?? 0, 1000);
    }
    for (let numbers = index.problemsAfter(0, 1000); numbers.length > 0; ) {
      this.#suspects.push(...numbers.map((n) => ({ n, dueAt: 0 })));
      await this.#pause();
      numbers = index.problemsAfter(numbers.at(-1) ?? 0, 1000);
    }
  }

  async #lookAtAll(): Promise<void> {
    do {
      await this.#allOf(Array.from({ length: 2 * this.#needs.threads }, () => this.#lookAtSome()));
      while (this.#suspects.length > 0) await this.#recheckNext();
    } while (this.#needs.index.hasNext);
  }

  async #lookAtSome(): Promise<void> {
    const { index, checkers } = this.#needs;
    while (!this.#failed) {
      await this.#pause();
      const batch = index.next(batchFiles, batchBytes);
      if (batch === undefined) return;
      this.#complete(batch, await checkers.check(batch.objects));
    }
  }

  #complete(
    { objects, range: [first, last] }: { objects: readonly IndexedObject[]; range: Range },
    findings: readonly (Finding | undefined)[],
  ): void {
    const { index } = this.#needs;
    const checked = objects.slice(0, findings.length);
    for (const [at, finding] of findings.entries()) {
      const n = checked[at]?.n;
      if (finding === undefined || n === undefined) continue;
      index.addProblem(n);
      this.#suspects.push({ n, dueAt: this.#quietAt(finding.file) });
    }
    const whole = checked.length === objects.length;
    index.pass(checked, [first, whole ? last : (checked.at(-1)?.n ?? first - 1)]);
  }

  /**
   * Returns when this file has certainly been left alone for `quietMs`, in milliseconds of
   * `performance.now()`.
   */
  #quietAt(file: Pick<FileMark, "changedAt"> | undefined): number {
    if (file === undefined) return performance.now();
    const age = Math.max(0, Date.now() - file.changedAt);
    return performance.now() + Math.max(0, this.#needs.quietMs - age);
  }

  /** Waits until the next suspects are due, and looks at them again. */
  async #recheckNext(): Promise<void> {
    const dueAt = this.#suspects.reduce((first, suspect) => Math.min(first, suspect.dueAt), Infinity);
    const wait = dueAt - performance.now();
    if (wait > 0) await delay(wait, this.#needs.signal);
    await this.#recheck();
  }

  /** Looks again at the suspects that are due. One at a time. */
  #recheck(): Promise<void> {
    this.#rechecking ??= this.#lookAgain().finally(() => {
      this.#rechecking = undefined;
      this.#recheckedAt = performance.now();
    });
    return this.#rechecking;
  }

  async #lookAgain(): Promise<void> {
    const { index, checkers, signal } = this.#needs;
    const now = performance.now();
    const due = this.#suspects.filter(({ dueAt }) => dueAt <= now);
    if (due.length === 0) return;
    this.#suspects = this.#suspects.filter(({ dueAt }) => dueAt > now);
    this.#guard();
    await this.#tail.catchUp();
    for (let first = 0; first < due.length; first += batchFiles) {
      const objects = due.slice(first, first + batchFiles).flatMap(({ n }) => index.get(n) ?? []);
      const findings = await checkers.check(objects);
      signal.throwIfAborted();
      this.#guard();
      for (const [at, object] of objects.entries()) {
        const finding = findings[at];
        if (finding) this.#reports.addDifference(differenceOf(object, finding, Date.now()));
        else index.removeProblem(object.n);
      }
      await this.#breathe();
    }
  }

  async #searchStrays(): Promise<void> {
    const { layout, sources, index } = this.#needs;
    let strays: Stray[] = [];
    for (const stray of straysOf(layout.root, sources, index)) {
      if (stray === undefined) {
        await turn();
        await this.#breathe();
      } else if (stray.known !== undefined) {
        const { source, path, known } = stray;
        this.#reports.addDifference({ source, path, ...known, at: Date.now() });
      } else {
        strays.push(stray);
      }
      if (strays.length < mostSuspects) continue;
      await this.#reportStrays(strays);
      strays = [];
    }
    await this.#reportStrays(strays);
  }

  async #reportStrays(strays: readonly Stray[]): Promise<void> {
    if (strays.length === 0) return;
    const { layout, index, signal } = this.#needs;
    const files = strays.map((stray) => strayFile(layout.root, stray));
    const wait = Math.max(...files.map((file) => (file ? this.#quietAt(file) : 0))) - performance.now();
    if (wait > 0) await delay(wait, signal);
    await this.#tail.catchUp();
    this.#tail.enterTorn();
    this.#guard();
    // A process that died had given them their places, but not their lines: they are looked at like
    // all others.
    const landed = new Map(readLandings(layout.tmp).map((line) => [`${line.source}/${line.key}`, line]));
    for (const stray of strays) {
      const file = strayFile(layout.root, stray);
      const { source, path } = stray;
      if (file === undefined || isNamed(source, path, index)) continue;
      const line = landed.get(`${source}/${keyAt(path) ?? path}`);
      if (line !== undefined && index.enter({ ...line, path }) === undefined) continue;
      const { size, reason } = file;
      this.#reports.addDifference({
        source,
        path,
        problem: "extra",
        found: { size },
        ...(reason !== undefined && { reason }),
        at: Date.now(),
      });
      await this.#breathe();
    }
  }

  /** Between two pieces of work of a lane. */
  async #pause(): Promise<void> {
    await this.#breathe();
    while (this.#suspects.length > mostSuspects) await this.#recheckNext();
    const due = this.#suspects[0];
    if (due && due.dueAt <= performance.now() && performance.now() - this.#recheckedAt >= suspectMs)
      await this.#recheck();
  }

  /** Between two pieces of work: makes safe, reports, and stops. */
  async #breathe(): Promise<void> {
    this.#needs.signal.throwIfAborted();
    const now = performance.now();
    if (now - this.#committedAt >= commitMs) {
      this.#needs.index.commit();
      this.#committedAt = now;
    }
    await this.#reports.breathe();
  }

  /** Waits for all, so that nothing runs on; throws the first error. */
  async #allOf(lanes: readonly Promise<void>[]): Promise<void> {
    const watched = lanes.map((lane) =>
      lane.catch((error: unknown) => {
        this.#failed = true;
        throw error;
      }),
    );
    for (const one of await Promise.allSettled(watched)) {
      if (one.status === "rejected") throw one.reason;
    }
  }
}

function amountsOf(looked: Amount, live: Amount) {
  return { files: looked.files, bytes: looked.bytes, ofFiles: live.files, ofBytes: live.bytes };
}
