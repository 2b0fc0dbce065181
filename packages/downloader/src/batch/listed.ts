import {
  type FilesMessage,
  inShares,
  type Job,
  join,
  type ListedFile,
  type ObjectEntry,
  type Slice,
} from "@brigade/core";

/** A listed object, and the page by which the accounts know it. */
export interface Listed {
  readonly page: string;
  readonly directory: string;
  readonly file: ListedFile;
}

export function listedIn({ slices }: FilesMessage): Listed[] {
  return slices.flatMap(({ page, directory, files }) => files.map((file) => ({ page, directory, file })));
}

export function keyOf({ directory, file }: Listed): string {
  return join(directory, file.name);
}

export function entryOf(listed: Listed): ObjectEntry {
  const { size, modified, etag, unproven } = listed.file;
  return { key: keyOf(listed), size, modified, etag, unproven };
}

/** Names an object within this process. */
export function idOf({ id }: Job, { page, file }: Listed): string {
  return `${id} ${page} ${file.index}`;
}

/** Returns the same work for these objects only. */
export function messageFor(
  { job, witnesses }: FilesMessage,
  objects: readonly Listed[],
  attempt: number,
): FilesMessage {
  const slices = new Map<string, Slice>();
  for (const { page, directory, file } of objects) {
    const slice = slices.get(page);
    if (slice === undefined) slices.set(page, { page, directory, files: [file] });
    else slice.files.push(file);
  }
  return {
    v: 1,
    type: "files",
    job,
    slices: [...slices.values()],
    attempt,
    ...(witnesses !== undefined && { witnesses }),
  };
}

/** Returns the same work in this many messages, or in one per object if there are fewer. */
export function splitFiles(message: FilesMessage, shares: number): FilesMessage[] {
  return inShares(listedIn(message), shares).map((some) => messageFor(message, some, message.attempt));
}

export function countFiles({ slices }: FilesMessage): number {
  return slices.reduce((sum, { files }) => sum + files.length, 0);
}
