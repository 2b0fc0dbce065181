import type { Sink, StoredObject } from "@brigade/core";
import type { WriterLink } from "./writer-link.ts";

/** Bytes of one object on their way to the thread; more wait. */
const inFlightMost = 1024 * 1024;

/** Sends an object's pieces to the writer thread, not faster than the disk takes them. */
export class ThreadSink implements Sink {
  readonly #link: WriterLink;
  readonly #id: number;
  #inFlight = 0;
  #failed: Error | undefined;
  #wake: (() => void) | undefined;

  /** `id`: of the command that opened it. */
  constructor(link: WriterLink, id: number) {
    this.#link = link;
    this.#id = id;
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#failed) throw this.#failed;
    const copy = new Uint8Array(chunk);
    const bytes = copy.length;
    this.#inFlight += bytes;
    void this.#link.call({ op: "write", sink: this.#id, chunk: copy }, copy.buffer).then(
      () => this.#written(bytes),
      (error: Error) => this.#written(bytes, error),
    );
    while (this.#inFlight > inFlightMost && !this.#failed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failed) throw this.#failed;
  }

  async finish(): Promise<StoredObject> {
    if (this.#failed) {
      await this.abort();
      throw this.#failed;
    }
    return this.#link.call({ op: "finish", sink: this.#id });
  }

  async abort(): Promise<void> {
    await this.#link.call({ op: "abort", sink: this.#id });
  }

  #written(bytes: number, error?: Error): void {
    this.#inFlight -= bytes;
    this.#failed ??= error;
    this.#wake?.();
    this.#wake = undefined;
  }
}
