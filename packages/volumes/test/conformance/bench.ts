import { test } from "node:test";
import type { ObjectKey, Volume } from "@brigade/core";
import { SourceError } from "@brigade/core";

/** What a test needs of an implementation: an empty volume, and a look at what lies there. */
export interface VolumeBench extends AsyncDisposable {
  readonly volume: Volume;
  /** Closes the volume, and opens it as the next process does. */
  reopen(): Promise<Volume>;
  /**
   * Returns the text under the object's name, of the source `photos`; `undefined` if nothing is
   * there.
   */
  read(key: ObjectKey): Promise<string | undefined>;
}

export type Conformance = (title: string, body: (bench: VolumeBench) => Promise<void>) => void;

/** Titles begin with the implementation's name. What hangs, fails. */
export function conformance(name: string, open: () => Promise<VolumeBench>): Conformance {
  return (title, body) => {
    test(`${name}: ${title}`, { timeout: 60_000 }, async () => {
      await using bench = await open();
      await body(bench);
    });
  };
}

/** For `assert.rejects`: the bytes were not the expected ones. */
export function isDamaged(error: unknown): boolean {
  return error instanceof SourceError && error.kind === "damaged";
}
