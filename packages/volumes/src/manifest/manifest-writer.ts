import { closeSync, fsyncSync } from "node:fs";
import { join } from "node:path";
import { syncFolder, writeAll } from "../own-files/durable-file.ts";
import { createOwnFile, listOwnFolder } from "../own-files/files.ts";

export interface ManifestWriterOptions {
  readonly folder: string;
  readonly instance: string;
  /** Whether closed segments and new names must be synced one by one. */
  readonly syncEach: boolean;
  /** Bytes after which a new segment begins. */
  readonly segmentBytes?: number;
}

/**
 * Appends to `<instance>-<n>.ndjson`. A segment is written by one opening of the volume only, and
 * never after a failed write, so that nothing can come after a torn line.
 */
export class ManifestWriter {
  readonly #options: ManifestWriterOptions;
  readonly #limit: number;
  #next: number;
  #descriptor: number | undefined;
  #bytes = 0;

  constructor(options: ManifestWriterOptions) {
    this.#options = options;
    this.#limit = options.segmentBytes ?? 64 * 1024 * 1024;
    this.#next = lastSegment(options.folder, options.instance) + 1;
  }

  /** The open segment. */
  get descriptor(): number | undefined {
    return this.#descriptor;
  }

  /** Throws the system's error; then some of the lines may be there, the last one torn. */
  append(lines: string): void {
    const bytes = Buffer.from(lines);
    if (this.#bytes > 0 && this.#bytes + bytes.length > this.#limit) this.close();
    const descriptor = this.#descriptor ?? this.#begin();
    try {
      writeAll(descriptor, bytes);
      this.#bytes += bytes.length;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    if (this.#descriptor === undefined) return;
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    this.#bytes = 0;
    try {
      if (this.#options.syncEach) fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  #begin(): number {
    const { folder, instance, syncEach } = this.#options;
    this.#descriptor = createOwnFile(join(folder, `${instance}-${this.#next}.ndjson`));
    this.#next += 1;
    if (syncEach) syncFolder(folder);
    return this.#descriptor;
  }
}

function lastSegment(folder: string, instance: string): number {
  const numbers = listOwnFolder(folder)
    .filter((name) => name.startsWith(`${instance}-`) && name.endsWith(".ndjson"))
    .map((name) => Number(name.slice(instance.length + 1, -".ndjson".length)))
    .filter(Number.isSafeInteger);
  return Math.max(0, ...numbers);
}
