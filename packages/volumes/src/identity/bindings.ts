import { lstatSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, HostError, NameError, sourceNameSchema } from "@brigade/core";
import { z } from "zod";
import { writeDurably } from "../own-files/durable-file.ts";
import { readOwnNote } from "../own-files/files.ts";
import { tryLock } from "../own-files/lock.ts";
import { type Layout, readJson } from "./identity.ts";

const bindingSchema = z.object({
  fingerprint: z.string().min(1),
  /** ISO 8601. */
  since: z.string(),
});

/**
 * Which bytes lie under a source's name: `.brigade/sources/<name>.json`. A volume never mixes two
 * meanings of a name.
 */
export class Bindings implements Disposable {
  readonly #layout: Layout;
  readonly #scratch: () => string;
  readonly #known = new Map<string, string>();
  readonly #claims: Disposable[] = [];

  /** `scratch` returns paths for temporary files. */
  constructor(layout: Layout, scratch: () => string) {
    this.#layout = layout;
    this.#scratch = scratch;
  }

  /**
   * Binds the name if it is not bound yet. Throws ConfigError if it is bound to another
   * fingerprint.
   */
  bind(source: string, fingerprint: string): void {
    const bound = this.#known.get(source) ?? this.#readOrWrite(source, fingerprint);
    if (bound === fingerprint) return;
    throw new ConfigError([
      `${this.#layout.root} holds other objects under the name "${source}" (another bucket, domain or variant: ` +
        `fingerprint ${bound}, not ${fingerprint}): use another volume or another name`,
    ]);
  }

  /**
   * Claims the name on this volume until this is disposed. Throws ConfigError if another process
   * has claimed it.
   */
  claim(source: string): void {
    const lock = tryLock(join(this.#layout.sources, `${source}.lock`), 0);
    if (lock !== undefined) this.#claims.push(lock);
    else
      throw new ConfigError([
        `another copy of "${source}" is at work on ${this.#layout.root}: wait for its end, or stop it`,
      ]);
  }

  [Symbol.dispose](): void {
    for (const claim of this.#claims) claim[Symbol.dispose]();
  }

  #readOrWrite(source: string, fingerprint: string): string {
    const name = sourceNameSchema.safeParse(source);
    if (!name.success)
      throw new NameError(`source ${JSON.stringify(source)}: ${z.prettifyError(name.error)}`);
    const path = join(this.#layout.sources, `${source}.json`);
    const lock = tryLock(this.#layout.lock, 30_000);
    if (lock === undefined) throw new HostError("io", `${this.#layout.lock} is held for too long`);
    try {
      const folder = lstatSync(join(this.#layout.root, source), { throwIfNoEntry: false });
      if (folder && !folder.isDirectory()) {
        throw new ConfigError([
          `${join(this.#layout.root, source)} is not a folder of its own (a link or a file)`,
        ]);
      }
      if (readOwnNote(path) === undefined) {
        const binding = { fingerprint, since: new Date().toISOString() };
        writeDurably(path, `${JSON.stringify(binding)}\n`, this.#scratch());
      }
      const bound = readJson(path, bindingSchema).fingerprint;
      this.#known.set(source, bound);
      return bound;
    } finally {
      lock[Symbol.dispose]();
    }
  }
}
