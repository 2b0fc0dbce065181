import type {
  FailureClass,
  FilesMessage,
  ObjectEntry,
  ObjectResult,
  ResultMessage,
  StoredObject,
} from "@brigade/core";
import type { Listed } from "./listed.ts";

type PageResults = ResultMessage["pages"][number];

/** Collects the outcomes of a batch into one result message per volume. */
export class Report {
  readonly #batch: FilesMessage;
  readonly #host: string;
  readonly #at: number;
  /** By volume id ("" if nothing was stored), then by page. */
  readonly #volumes = new Map<
    string,
    Map<string, { page: string; directory: string; objects: ObjectResult[] }>
  >();

  /** `at`: Unix milliseconds, of the results. */
  constructor(batch: FilesMessage, host: string, at: number) {
    this.#batch = batch;
    this.#host = host;
    this.#at = at;
  }

  /** `entry`: the object as it was found to be, with its date. */
  stored(listed: Listed, entry: Omit<ObjectEntry, "key">, stored: StoredObject, volume: string): void {
    this.#add(volume, listed, {
      index: listed.file.index,
      name: listed.file.name,
      outcome: "stored",
      listedSize: entry.size ?? 0,
      modified: entry.modified,
      etag: entry.etag,
      size: stored.size,
      md5: stored.md5,
      verified: stored.verified,
      path: stored.path,
      at: Math.floor(stored.storedAt / 1000),
    });
  }

  vanished(listed: Listed): void {
    const { index, name, size: listedSize = 0, modified } = listed.file;
    this.#add("", listed, { index, name, outcome: "vanished", listedSize, modified });
  }

  failed(listed: Listed, reason: string, kind: FailureClass): void {
    const { index, name, size: listedSize = 0, modified, etag, unproven } = listed.file;
    this.#add("", listed, {
      index,
      name,
      outcome: "failed",
      listedSize,
      // Without a date, a retry lists the directory again: the accounts do not say that its size is
      // only what a HEAD had.
      modified: unproven ? undefined : modified,
      etag,
      reason,
      class: kind,
    });
  }

  messages(): ResultMessage[] {
    return [...this.#volumes].map(([volume, pages]) => ({
      v: 1,
      type: "result",
      job: this.#batch.job,
      host: this.#host,
      ...(volume !== "" && { volume }),
      at: this.#at,
      pages: [...pages.values()],
    }));
  }

  #add(volume: string, { page, directory }: Listed, result: ObjectResult): void {
    const pages = this.#volumes.get(volume) ?? new Map<string, PageResults>();
    this.#volumes.set(volume, pages);
    const slice = pages.get(page);
    if (slice === undefined) pages.set(page, { page, directory, objects: [result] });
    else slice.objects.push(result);
  }
}
