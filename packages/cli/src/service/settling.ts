import type { Log } from "@brigade/core";
import type { Catalogue, Progress } from "@brigade/ledger";

/** Closes jobs that are settled, by their proof: "complete" or "incomplete". Until it is disposed. */
export class Settling implements AsyncDisposable {
  readonly #catalogue: Catalogue;
  readonly #log: Log;
  readonly #onError: (error: unknown) => void;
  /** Jobs that were looked at: a job is closed once. */
  readonly #seen = new Set<string>();
  readonly #closing = new Set<Promise<void>>();
  readonly #forget: () => void;

  constructor(catalogue: Catalogue, log: Log, onError: (error: unknown) => void) {
    this.#catalogue = catalogue;
    this.#log = log;
    this.#onError = onError;
    this.#forget = catalogue.onCommit((all) => {
      for (const progress of all) this.#look(progress);
    });
  }

  /** For jobs that were settled before this process began. */
  async lookAtOpenJobs(): Promise<void> {
    for (const { id, state } of await this.#catalogue.jobs()) {
      if (state === "open") this.#look(await this.#catalogue.progress(id));
    }
  }

  /** Waits for those that are being closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#forget();
    await Promise.all(this.#closing);
  }

  #look({ job, settled }: Progress): void {
    if (!settled || this.#seen.has(job)) return;
    this.#seen.add(job);
    const closing = this.#close(job)
      .catch(this.#onError)
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  async #close(id: string): Promise<void> {
    const job = (await this.#catalogue.jobs()).find((one) => one.id === id);
    if (job?.state !== "open") return;
    const proof = await this.#catalogue.proof(id);
    const state = proof.complete ? "complete" : "incomplete";
    await this.#catalogue.closeJob(id, state);
    const { listed, stored, unchanged, vanished, failed } = proof;
    const seconds = Math.round((Date.now() - job.startedAt) / 1000);
    this.#log.info(
      { job: id, source: job.source, state, listed, stored, unchanged, vanished, failed, seconds },
      "a job is closed",
    );
  }
}
