import type { NewObject, StoredObject } from "@brigade/core";
import type { Bindings } from "../identity/bindings.ts";
import type { Imported, TreeObject } from "../local-volume.ts";
import { type AdoptionNeeds, adopt } from "./adopting.ts";
import { importAll } from "./importing.ts";
import { Trees } from "./trees.ts";

/**
 * Stores files that lie on the disk already, without copying them. Blocks, but for turns between
 * large files.
 */
export class Adoption {
  readonly #root: string;
  readonly #bindings: Bindings;
  readonly #needs: AdoptionNeeds;

  /** `root`: of the volume, without links. */
  constructor(root: string, bindings: Bindings, needs: AdoptionNeeds) {
    this.#root = root;
    this.#bindings = bindings;
    this.#needs = needs;
  }

  /** As `Volume` has it. */
  async adopt(objects: readonly NewObject[]): Promise<(StoredObject | undefined)[]> {
    this.#bind(objects);
    return adopt(objects, this.#needs);
  }

  /** As `LocalVolume` has it. */
  async import(objects: readonly TreeObject[]): Promise<Imported[]> {
    const { dead } = this.#needs.commit;
    if (dead) throw dead;
    this.#bind(objects);
    return importAll(objects, { ...this.#needs, trees: new Trees(this.#root) });
  }

  #bind(objects: readonly NewObject[]): void {
    for (const { source, fingerprint } of objects) this.#bindings.bind(source, fingerprint);
  }
}
