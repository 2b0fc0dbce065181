import type { NewObject, StoredObject } from "@brigade/core";
import type { WholeFile } from "../new-files/incoming-file.ts";
import type { NewFile } from "../new-files/new-file.ts";

/** Where the answer goes. One of the two is called, once. */
export interface Completion<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** What is known of a file's bytes. */
export type FileFacts = Omit<WholeFile, "file">;
/** A file that lies somewhere, open. The descriptor may be read-only. */
export type LyingFile = FileFacts & { readonly descriptor: number };

/** Where a file has got its name. */
export interface Landed {
  /** Below the source's folder. */
  readonly path: string;
  /** Absolute; its names have changed. */
  readonly folder: string;
  /** Another folder in which a name is gone. Absolute. */
  readonly leftFolder?: string;
  /** The file's own modification time, Unix seconds, where it could not be given the object's. */
  readonly fileModified?: number | undefined;
}

/**
 * Gives a file its name, once its data is synced. Throws when the file cannot have it: then only
 * this file's object has failed.
 */
export type GiveName = () => Landed;

/** A file on its way. */
export interface Entry {
  readonly object: NewObject;
  readonly facts: FileFacts;
  /** The path, below the source's folder, of a file that has its name already. */
  readonly name: GiveName | string;
  /** A new file; it is removed when it cannot be stored. Other files stay. */
  readonly newFile?: NewFile;
  /** Kept open to be synced; only where the syncer needs that. */
  descriptor: number | undefined;
  readonly completion: Completion<StoredObject>;
  /** Unix milliseconds; when the sync of its data began. */
  storedAt?: number;
  /** Its manifest line, which holds if the file gets the path that is its key. */
  line?: string;
  stored?: Stored;
}

/** What the answer and the manifest line are made of. */
export type Stored = StoredObject & Pick<WholeFile, "fileModified">;
