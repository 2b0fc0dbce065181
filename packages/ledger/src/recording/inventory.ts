import type { Commit, Tables } from "../database/transactions.ts";
import type { DatabaseSync } from "../sqlite.ts";
import { split } from "../tables/directories.ts";
import { Origins } from "../tables/origins.ts";
import type { OriginName } from "../wire/history.ts";
import type { StoredState } from "../wire/objects.ts";
import type { VolumeDescription } from "../wire/volumes.ts";
import { plausibleTime } from "./plausible-times.ts";

/**
 * Enters what lies on volumes, and what does not lie there any more, as it is reported without a job.
 */
export class Inventory {
  readonly #origins: Origins;
  readonly #tables: Pick<Tables, "directories" | "volumes" | "objects">;
  readonly #commit: Commit;

  constructor(db: DatabaseSync, tables: Tables, commit: Commit) {
    this.#origins = new Origins(db);
    this.#tables = tables;
    this.#commit = commit;
  }

  /** `at`: Unix milliseconds, in all methods. */
  noteVolumes(volumes: readonly VolumeDescription[], at: number): void {
    this.#commit(() => {
      for (const volume of volumes) this.#tables.volumes.note(volume, at);
    });
  }

  restore(of: OriginName, on: VolumeDescription, states: readonly StoredState[], at: number): void {
    this.#commit(() => this.#restore(of, on, states, at));
  }

  #restore(of: OriginName, on: VolumeDescription, states: readonly StoredState[], at: number): void {
    const { directories, volumes, objects } = this.#tables;
    const origin = this.#origins.number(of);
    const volume = volumes.note(on, at);
    for (const { key, storedAt, ...state } of states) {
      const [path, name] = split(key);
      const reported = { ...state, name, at: Math.floor(plausibleTime(storedAt * 1_000, at) / 1_000) };
      objects.store(directories.number(origin, path), reported, volume, at);
    }
  }

  /** Returns how many objects were known on the volume. */
  forget(of: OriginName, on: string, keys: readonly string[], at: number): number {
    return this.#commit(() => this.#forget(of, on, keys, at));
  }

  #forget(of: OriginName, on: string, keys: readonly string[], at: number): number {
    const { directories, volumes, objects } = this.#tables;
    const origin = this.#origins.find(of);
    const volume = volumes.find(on);
    if (origin === undefined || volume === undefined) return 0;
    let known = 0;
    for (const key of keys) {
      const [path, name] = split(key);
      const directory = directories.find(origin, path);
      if (directory !== undefined && objects.forget(directory, name, volume, at)) known++;
    }
    return known;
  }
}
