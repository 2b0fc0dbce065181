import type { ObjectEntry, Source } from "@brigade/core";
import { SourceError } from "@brigade/core";
import { smallBody } from "./store.ts";

/**
 * Asks for an object's bytes to learn whether the source is well: one that came whole before, else the latest that
 * was tried. Headers alone would not do: a source may answer and then break off every body.
 */
export class Probe {
  readonly #source: Source;
  #good: ObjectEntry | undefined;
  #tried: ObjectEntry | undefined;

  constructor(source: Source) {
    this.#source = source;
  }

  tried(object: ObjectEntry): void {
    this.#tried = object;
  }

  good(object: ObjectEntry): void {
    if ((object.size ?? 0) <= smallBody || this.#good === undefined) this.#good = object;
  }

  /** Throws while the source is unwell. That an object is gone, when the store says so too, is an answer. */
  async ask(signal: AbortSignal): Promise<void> {
    const object = this.#good ?? this.#tried;
    if (object === undefined) return;
    try {
      const body = await this.#source.open(object, undefined, signal);
      if ((body.size ?? object.size ?? Number.POSITIVE_INFINITY) <= smallBody) await body.bytes();
      else for await (const _ of body.chunks()) break;
    } catch (error) {
      const missing = error instanceof SourceError && error.kind === "missing";
      if (!missing || (await this.#source.stat(object.key, signal)) !== undefined) throw error;
    }
  }
}
