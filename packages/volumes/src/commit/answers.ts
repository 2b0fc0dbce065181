import { closeSync } from "node:fs";
import { diskError } from "../disk/disk-errors.ts";
import type { NewFile } from "../new-files/new-file.ts";
import type { Entry } from "./entry.ts";

export interface AnswersNeeds {
  /** Called after answers were given. */
  readonly onCompleted: () => void;
  readonly onWarning: (error: unknown, message: string) => void;
}

/** The end of an entry's way: its object is stored, or has failed. */
export class Answers {
  readonly #needs: AnswersNeeds;

  constructor(needs: AnswersNeeds) {
    this.#needs = needs;
  }

  complete(landed: readonly Entry[]): void {
    for (const { stored, completion } of landed) if (stored) completion.resolve(stored);
    this.given();
  }

  /** Nothing of new files remains. */
  fail(entries: readonly Entry[], error: unknown): void {
    for (const entry of entries) this.failOne(entry, error);
    this.given();
  }

  /** After the last one `given` is to be called. */
  failOne({ object, newFile, completion, descriptor }: Entry, error: unknown): void {
    if (descriptor !== undefined) closeSync(descriptor);
    if (newFile) this.remove(newFile);
    completion.reject(asDiskError(error, object.key));
  }

  /** These have their names already, and keep them. */
  lose(landed: readonly Entry[], error: unknown): void {
    for (const { completion } of landed) completion.reject(error);
    this.given();
  }

  /** Answers were given, and may be sent. */
  given(): void {
    this.#needs.onCompleted();
  }

  remove(file: NewFile): void {
    try {
      file.remove();
    } catch (error) {
      this.#needs.onWarning(error, "a temporary file stays until the volume is opened again");
    }
  }
}

/** A bug stays a bug, and is thrown at the caller. */
function asDiskError(error: unknown, doing: string): unknown {
  try {
    return diskError(error, doing);
  } catch (bug) {
    return bug;
  }
}
