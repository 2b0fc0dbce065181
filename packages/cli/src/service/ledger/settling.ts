import { setTimeout as sleep } from "node:timers/promises";
import { classify, type Log, tryAgain } from "@brigade/core";
import type { Catalogue, Progress } from "@brigade/ledger";
import { whileDiskFails } from "./catalogue-disk.ts";

/** Milliseconds between two parts of what is pruned: records come first. */
const pruneEvery = 50;

/**
 * Closes each job that is settled as "complete" or "incomplete", by its proof, also after it was
 * opened again. Drops what is superfluous then. While the catalogue's disk fails, it tries again.
 * It works until it is disposed.
 */
export class Settling implements AsyncDisposable {
  readonly #catalogue: Catalogue;
  readonly #log: Log;
  readonly #onError: (error: unknown) => void;
  readonly #leaving = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #forget: () => void;

  constructor(catalogue: Catalogue, log: Log, onError: (error: unknown) => void) {
    this.#catalogue = catalogue;
    this.#log = log;
    this.#onError = onError;
    this.#forget = catalogue.jobs.onCommit((all) => {
      for (const progress of all) this.#look(progress);
    });
  }

  /**
   * For jobs that were settled before this process began, and for what an earlier process left to
   * be dropped.
   */
  async lookAtOpenJobs(): Promise<void> {
    for (const { id, source, state, unreadable } of await this.#catalogue.jobs.all()) {
      if (unreadable !== undefined) {
        const remedy = state === "open" ? `brigade cancel ${source}` : undefined;
        this.#log.error(
          { job: id, source, reason: unreadable, remedy },
          "a job cannot be read: it is set apart",
        );
      } else if (state === "open") this.#look(await this.#catalogue.jobs.progress(id));
    }
    this.#run(() => this.#prune());
  }

  /** Waits for jobs that are being closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#forget();
    this.#leaving.abort();
    await Promise.all(this.#running);
  }

  #look({ job, settled }: Progress): void {
    if (settled) this.#run(() => this.#close(job));
  }

  #run(work: () => Promise<void>): void {
    const running = this.#patiently(work)
      .catch(this.#onError)
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /**
   * Tries until the work succeeds, or until the signal. A disk that fails is logged by the
   * catalogue's `onDisk`.
   */
  async #patiently(work: () => Promise<void>): Promise<void> {
    const { signal } = this.#leaving;
    if (signal.aborted) return;
    try {
      await tryAgain(work, whileDiskFails, signal);
    } catch (error) {
      if (classify(error).fault !== "cancelled") throw error;
    }
  }

  async #close(id: string): Promise<void> {
    const proof = await this.#catalogue.jobs.closeByProof(id);
    if (proof === undefined) return;
    const job = (await this.#catalogue.jobs.all()).find((one) => one.id === id);
    const { listed, stored, unchanged, vanished, failed } = proof;
    const seconds = job && Math.round((Date.now() - job.startedAt) / 1000);
    this.#log.info(
      {
        job: id,
        source: job?.source,
        state: proof.complete ? "complete" : "incomplete",
        listed,
        stored,
        unchanged,
        vanished,
        failed,
        seconds,
        ...(failed.objects > 0 && { see: `brigade failed ${job?.source}` }),
      },
      "a job is closed",
    );
    await this.#prune();
  }

  async #prune(): Promise<void> {
    const { signal } = this.#leaving;
    while (!signal.aborted && (await this.#catalogue.prune())) {
      await sleep(pruneEvery, undefined, { signal }).catch(() => undefined); // the signal ends the loop
    }
  }
}
