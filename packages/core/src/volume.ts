import type { ObjectKey } from "./source.ts";

/** What is about to be stored, and what the finished bytes must be. */
export interface NewObject {
  readonly source: string;
  /** The source's fingerprint: a volume refuses another under the same source name. */
  readonly fingerprint: string;
  readonly variant?: string | undefined;
  readonly job: string;
  readonly key: ObjectKey;
  /** Bytes of the original, as listed; 0 where the listing does not tell. */
  readonly listedSize: number;
  /** Unix seconds; becomes the file's modification time. */
  readonly modified: number;
  readonly etag?: string | undefined;
  /** The stored bytes must be this many; absent where nobody knows beforehand (a variant). */
  readonly expectedSize?: number | undefined;
  /** The stored bytes must have this MD5 (32 lower-case hex digits); absent where the source gives none. */
  readonly expectedMd5?: string | undefined;
}

/** What lies on the disk now, synced. */
export interface StoredObject {
  /** Bytes. */
  readonly size: number;
  readonly md5: string;
  /** An MD5 was expected, and it was this. */
  readonly verified: boolean;
  /** Path below `<volume>/<source>/`, where it is not the key itself. */
  readonly path?: string;
  /** Unix milliseconds; as in the manifest. */
  readonly storedAt: number;
}

/** Takes the bytes of one object piece by piece. */
export interface Sink {
  /** Resolves when more may be written. The chunk must not be changed afterwards. */
  write(chunk: Uint8Array): Promise<void>;
  /** Resolves, like `put`, when the object is whole, in place and synced. */
  finish(): Promise<StoredObject>;
  /** Forgets what was written. */
  abort(): Promise<void>;
}

/** Free bytes and inodes, less what is reserved. */
export interface Room {
  readonly bytes: number;
  readonly inodes: number;
}

/**
 * One local disk's folder. Nothing is ever visible under a final name but whole, checked files; a promise of a
 * StoredObject resolves only when bytes, name and manifest line are synced (as far as the durability mode goes).
 *
 * Errors of `put`, `Sink` and `adopt`: HostError (disk full, failed); NameError (no such name on this disk);
 * SourceError `damaged` (the bytes are not of the expected size or MD5; nothing remains of them).
 */
export interface Volume extends AsyncDisposable {
  readonly id: string;
  readonly label: string;
  readonly root: string;
  /** Memory for a body that will be `put` here, cheaper than memory of one's own. To be put, or given back. */
  lend(size: number): Uint8Array;
  /** Lent memory that will not be put after all. */
  giveBack(bytes: Uint8Array): void;
  /**
   * Stores a small object. The memory, lent or not, is taken away: the caller may not use it afterwards. `onRead` is
   * called once when it is needed no more, which is long before the object is synced.
   */
  put(object: NewObject, bytes: Uint8Array, onRead?: () => void): Promise<StoredObject>;
  /** Stores a large object, streamed. */
  open(object: NewObject): Promise<Sink>;
  /**
   * Looks whether objects lie here already, whole (after a crash, or a lost catalogue): same modification time,
   * expected size. Those are hashed (and checked against `expectedMd5`), entered in the manifest and given
   * back, in order; the others come back as nothing.
   */
  adopt(objects: readonly NewObject[]): Promise<readonly (StoredObject | undefined)[]>;
  /** Whether files of these sizes lie under these paths (as StoredObject has them); in order. Reads no bytes. */
  present(source: string, files: readonly { path: string; size: number }[]): Promise<readonly boolean[]>;
  /** True when the source's folder was empty when this process opened the volume: nothing to `adopt`. */
  isFresh(source: string): boolean;
  room(): Promise<Room>;
}

/** A place for a batch: its bytes and inodes are kept until `release`. */
export interface Reservation {
  readonly volume: Volume;
  release(): void;
}

/** Chooses among volumes. */
export interface Placement {
  readonly volumes: readonly Volume[];
  /** Room for a batch on one volume, or nothing when it fits on none. */
  reserve(bytes: number, files: number): Promise<Reservation | undefined>;
  /** The disk said full or failed: no more reservations there until `room` shows otherwise (`full`) or for good (`io`). */
  retire(volume: Volume, kind: "full" | "io"): void;
  /** True while no volume can take anything: all retired or at their floor. */
  exhausted(): Promise<boolean>;
}
