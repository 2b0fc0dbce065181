import { type FileEntry, type FilesMessage, type Job, join, type Witness } from "@brigade/core";

/** Witnesses that a lister keeps, and those of one page among them. */
const most = 32;
const perPage = 8;
/** Witnesses per message. */
const perMessage = 2;
/** Characters of a key: what is longer would make messages long. */
const longestKey = 300;

/**
 * Returns a few of a page's unchanged files: from each eighth of the page the smallest one. Empty
 * files are left out: a source may answer for them in another way than for the others.
 */
export function witnessesOf(
  directory: string,
  files: readonly FileEntry[],
  unchanged: readonly boolean[],
): readonly Witness[] {
  const smallest: (FileEntry | undefined)[] = Array.from({ length: perPage });
  for (const [i, file] of files.entries()) {
    if (file.size === 0 || unchanged[i] !== true) continue;
    const part = Math.floor((i * perPage) / files.length);
    const found = smallest[part];
    if (found === undefined || sizeOf(file) < sizeOf(found)) smallest[part] = file;
  }
  return smallest.flatMap((file) => (file === undefined ? [] : witnessOf(directory, file)));
}

function sizeOf({ size = Number.POSITIVE_INFINITY }: FileEntry): number {
  return size;
}

function witnessOf(directory: string, { name, size, unproven }: FileEntry): Witness[] {
  const key = join(directory, name);
  if (key.length > longestKey) return [];
  const isSized = size !== undefined && !unproven;
  return [isSized ? { key, size } : { key }];
}

/**
 * The latest witnesses that a lister has met, for the messages of its job. They are spread over
 * several pages: objects of one directory are often refused together.
 */
export class LatestWitnesses {
  readonly #onMet: (witnesses: readonly Witness[]) => void;
  #job: string | undefined;
  readonly #latest: Witness[] = [];
  #next = 0;

  /** `onMet` is called with those that are added. */
  constructor(onMet: (witnesses: readonly Witness[]) => void = () => undefined) {
    this.#onMet = onMet;
  }

  /** Those of an earlier job are dropped. */
  add({ id }: Job, witnesses: readonly Witness[]): void {
    if (id !== this.#job) this.#latest.length = 0;
    this.#job = id;
    this.#latest.unshift(...witnesses);
    this.#latest.length = Math.min(this.#latest.length, most);
    if (witnesses.length > 0) this.#onMet(witnesses);
  }

  /** Returns the messages, each with the next of the witnesses in turn. */
  spreadOver(messages: readonly FilesMessage[]): readonly FilesMessage[] {
    if (this.#latest.length === 0) return messages;
    return messages.map((message) => ({ ...message, witnesses: this.#inTurn() }));
  }

  #inTurn(): Witness[] {
    return Array.from({ length: Math.min(perMessage, this.#latest.length) }, () => {
      this.#next = (this.#next + 1) % this.#latest.length;
      return this.#latest[this.#next];
    }).filter((witness) => witness !== undefined);
  }
}
