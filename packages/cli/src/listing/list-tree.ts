import {
  FatalError,
  type FileEntry,
  type Filters,
  type Places,
  type Source,
  SourceError,
  type WalkPosition,
} from "@brigade/core";
import type { ListedNames } from "@brigade/ledger";
import { createFilter, ListingPlaces, type WalkedPage, walkPage } from "@brigade/lister";

export interface ListTreeParts {
  /** With retries: an error that remains ends the listing. */
  readonly source: Source;
  readonly name: string;
  readonly filters: Filters;
  readonly names: ListedNames;
  readonly signal: AbortSignal;
}

export interface Visitor {
  /** Some files of a directory. No name comes twice. */
  files(directory: string, files: readonly FileEntry[]): Promise<void>;
  /** Entries of a directory that can neither be requested nor stored. */
  refused?(directory: string, refused: WalkedPage["refused"]): Promise<void>;
  /** Returns whether a child directory is to be listed. By default all are. */
  enters?(directory: string): boolean;
  /** The directory was listed to its end, or is gone. `names` still has its names. */
  done?(directory: string): Promise<void>;
}

/** Walks of one directory at most: it is walked again if the store no longer knows its cursor. */
const mostWalks = 5;

/**
 * Lists everything below `prefix` once, several directories at a time, for a command that fetches
 * nothing. Throws FatalError if a directory cannot be listed, and what the visitor throws.
 */
export async function listTree(
  parts: ListTreeParts,
  { prefix, concurrency }: { readonly prefix: string; readonly concurrency: Places },
  visitor: Visitor,
): Promise<void> {
  const { names } = parts;
  const places = new ListingPlaces(concurrency, () => performance.now());
  const ending = new AbortController();
  const signal = AbortSignal.any([parts.signal, ending.signal]);
  const active = new Set<Promise<void>>();
  names.addDirectories([prefix]);
  try {
    for (;;) {
      while (active.size < places.limit) {
        const directory = names.nextDirectory();
        if (directory === undefined) break;
        const listing = listDirectory({ ...parts, places, signal }, directory, visitor).finally(() =>
          active.delete(listing),
        );
        active.add(listing);
      }
      if (active.size === 0) break;
      await Promise.race(active);
    }
  } finally {
    ending.abort();
    await Promise.allSettled(active);
  }
}

interface Listing extends ListTreeParts {
  readonly places: ListingPlaces;
}

async function listDirectory(parts: Listing, directory: string, visitor: Visitor): Promise<void> {
  for (let walk = 0; ; walk++) {
    try {
      await listPages(parts, { directory, walk, page: 1 }, visitor);
      break;
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      if (error.kind === "missing") break; // gone since its parent was listed
      if (error.kind === "bad-cursor" && walk + 1 < mostWalks) continue;
      throw new FatalError(`"${directory}" could not be listed: ${error.message}`, { cause: error });
    }
  }
  await visitor.done?.(directory);
  parts.names.dropNames(directory);
}

async function listPages(parts: Listing, start: WalkPosition, visitor: Visitor): Promise<void> {
  for (let position: WalkPosition | undefined = start; position !== undefined; ) {
    parts.signal.throwIfAborted();
    let names: number | undefined;
    parts.places.begin();
    try {
      const record = await listPage(parts, position, visitor);
      names = record.count + record.directories.length;
      position = record.next;
    } finally {
      parts.places.end(names);
    }
  }
}

async function listPage(
  { source, name, filters, names, signal }: Listing,
  position: WalkPosition,
  visitor: Visitor,
): Promise<WalkedPage["record"]> {
  const filter = createFilter(filters);
  const job = { id: "listing", source: name, fingerprint: source.fingerprint };
  const { directory } = position;
  const unchanged = async (_: string, files: readonly FileEntry[]) => {
    const isNew = names.addNames(
      directory,
      files.map((file) => file.name),
    );
    await visitor.files(
      directory,
      files.filter((_, index) => isNew[index]),
    );
    return files.map(() => true); // nothing is fetched
  };
  const { record, refused } = await walkPage(job, position, source, filter, unchanged, signal);
  names.addDirectories(record.directories.filter((path) => visitor.enters?.(path) ?? true));
  const isNew = names.addNames(
    directory,
    refused.map((entry) => entry.name),
  );
  await visitor.refused?.(
    directory,
    refused.filter((_, index) => isNew[index]),
  );
  return record;
}
