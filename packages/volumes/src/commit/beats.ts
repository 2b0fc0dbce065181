import { setImmediate as turn } from "node:timers/promises";
import { HostError } from "@brigade/core";
import { diskError, isLost } from "../disk/disk-errors.ts";

/** What a beat does to groups of finished files. */
export interface BeatSteps<T> {
  /** Makes the data of `written` and the names and manifest lines of `landed` durable. */
  sync(written: readonly T[], landed: readonly T[]): Promise<void>;
  /**
   * Gives the files their names and enters them in the manifest. Fails single entries itself and
   * returns the others. Throws when all have failed.
   */
  land(group: readonly T[]): readonly T[];
  complete(landed: readonly T[]): void;
  fail(entries: readonly T[], error: HostError): void;
}

/**
 * The commit, in beats of one sync each. Two groups are on their way:
 *
 *     written --sync--> safe data --rename, manifest--> landed --sync--> complete
 *
 * The sync that makes one group's data durable does the same for the names of the group before it.
 * A name is never given before its data is synced, a promise never kept before the name is. While
 * there is work the next beat starts at once. After a failed sync no file counts as stored any more: a
 * later one may succeed without the lost data.
 */
export class Beats<T> {
  readonly #steps: BeatSteps<T>;
  #written: T[] = [];
  #landed: readonly T[] = [];
  #running: Promise<void> | undefined;
  #dead: HostError | undefined;

  constructor(steps: BeatSteps<T>) {
    this.#steps = steps;
  }

  /** Why no entry is accepted any more; `undefined` while entries are accepted. */
  get dead(): HostError | undefined {
    return this.#dead;
  }

  /** Takes a whole file, written but not synced. */
  add(entry: T): void {
    if (this.#dead) {
      this.#steps.fail([entry], this.#dead);
      return;
    }
    this.#written.push(entry);
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Fails everything, now and from now on. */
  die(error: HostError, inHand: readonly T[] = []): void {
    this.#dead ??= error;
    const entries = [...inHand, ...this.#landed, ...this.#written];
    this.#landed = [];
    this.#written = [];
    this.#steps.fail(entries, this.#dead);
  }

  async #run(): Promise<void> {
    // The rest of a message joins the first beat.
    await turn();
    while (this.#written.length + this.#landed.length > 0) await this.#beat();
    this.#running = undefined;
  }

  async #beat(): Promise<void> {
    const group = this.#written;
    const before = this.#landed;
    this.#written = [];
    this.#landed = [];
    try {
      await this.#steps.sync(group, before);
    } catch (error) {
      this.die(lost(error), [...before, ...group]);
      return;
    }
    if (this.#dead) {
      this.die(this.#dead, [...before, ...group]);
      return;
    }
    this.#steps.complete(before);
    try {
      this.#landed = this.#steps.land(group);
    } catch (error) {
      this.die(lost(error), group);
    }
  }
}

/**
 * Whatever the disk said (even `full`: the data was accepted before): this volume is lost until it
 * is opened again.
 */
function lost(error: unknown): HostError {
  const known = diskError(error, "syncing failed, nothing more is believed of this volume");
  if (known instanceof HostError && isLost(known)) return known;
  return new HostError("io", known.message, { cause: error });
}
