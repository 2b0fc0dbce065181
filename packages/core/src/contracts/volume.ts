import type { HostError } from "../failures.ts";
import type { ObjectKey } from "../keys.ts";
import type { ObjectEntry } from "./source.ts";

/** What is about to be stored, and what the finished bytes must be. */
export interface NewObject {
  readonly source: string;
  /** The source's fingerprint: a volume refuses another under the same source name. */
  readonly fingerprint: string;
  readonly variant?: string | undefined;
  readonly job: string;
  readonly key: ObjectKey;
  /** Bytes of the original, as listed; 0 where the listing lacks it. */
  readonly listedSize: number;
  /** Unix seconds; becomes the file's modification time. */
  readonly modified: number;
  readonly etag?: string | undefined;
  /** The stored bytes must be this many; absent where that is not known beforehand (a variant). */
  readonly expectedSize?: number | undefined;
  /**
   * The stored bytes must have this MD5 (32 lower-case hex digits); absent where the source gives
   * none.
   */
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

/** Bytes from `from` to before `to`. */
export interface Piece {
  readonly from: number;
  readonly to: number;
}

/**
 * The bytes of one large object, brought in pieces. What is synced stays, for the next try in this
 * process or another, until the object is stored or the part is discarded; one that nobody touches
 * for days is removed.
 */
export interface Part extends AsyncDisposable {
  /** Synced, in order, no two touching. At the beginning: what an earlier try left. */
  readonly finished: readonly Piece[];
  /** Bytes of the disk that opening it reserved. */
  readonly reserved: number;
  /** Why bytes that were there are not used. */
  readonly startedOver: string | undefined;
  /**
   * Several may run at once, never on the same bytes. The chunks must not be changed until it
   * resolves.
   */
  write(offset: number, chunks: readonly Uint8Array[]): Promise<void>;
  /** What was written before the call is safe after it, and among the finished. One at a time. */
  sync(): Promise<void>;
  /**
   * With all bytes synced: resolves, like `put`, when the object is checked, in place and synced. A
   * signal ends the checking, and the part stays.
   */
  finish(signal: AbortSignal): Promise<StoredObject>;
  /** Forgets what was written. */
  discard(): Promise<void>;
}

/** Free bytes and inodes, less what is reserved. */
export interface Room {
  readonly bytes: number;
  readonly inodes: number;
}

/**
 * Stores objects. Nothing is ever visible under a final name but whole, checked files. A promise of
 * a StoredObject resolves only when bytes, name and manifest line are synced (as far as the
 * durability mode goes).
 *
 * Errors, also of `Sink` and `Part`: HostError (disk full, failed); NameError (this disk cannot
 * hold this object); SourceError `damaged` (the bytes are not of the expected size or MD5; nothing
 * remains of them).
 */
export interface VolumeStoring {
  /**
   * Memory for a body that will be `put` here, cheaper than memory of one's own. To be put, or
   * given back.
   */
  lend(size: number): Uint8Array;
  /** Lent memory that will not be put after all. */
  giveBack(bytes: Uint8Array): void;
  /**
   * Stores a small object. The memory, lent or not, is taken away: the caller may not use it
   * afterwards. `onRead` is called once when it is needed no more, which is long before the object
   * is synced.
   */
  put(object: NewObject, bytes: Uint8Array, onRead?: () => void): Promise<StoredObject>;
  /** Stores a large object, streamed. */
  open(object: NewObject): Promise<Sink>;
  /**
   * Stores objects that lie here already, whole (after a crash, or a lost catalogue): those of the
   * same modification time and expected size are hashed (and checked against `expectedMd5`) and
   * entered in the manifest. Resolves in order, with `undefined` for the others.
   */
  adopt(objects: readonly NewObject[]): Promise<readonly (StoredObject | undefined)[]>;
}

/** Stores large objects in parts, which outlive their process. */
export interface VolumeParts {
  /**
   * Stores a large object of a known size (`expectedSize`) in pieces, going on with what an earlier
   * try left of the same state (`validator`; absent: nothing can be gone on with). Resolves with
   * `undefined` if another process has the part.
   */
  part(object: NewObject, validator: string | undefined): Promise<Part | undefined>;
  /** Resolves with the bytes of the disk that a part of this object takes already. */
  begun(object: NewObject): Promise<number>;
}

/** Tells what lies on a volume. Changes nothing, and reads no file's bytes. */
export interface VolumeLooking {
  /** Whether files of these sizes lie under these paths (as StoredObject has them); in order. */
  present(source: string, files: readonly { path: string; size: number }[]): Promise<readonly boolean[]>;
  /**
   * Whether a file lies in the place of each of these objects, whatever it is, or was moved aside
   * from there as damaged; in order.
   */
  holds(source: string, keys: readonly ObjectKey[]): Promise<readonly boolean[]>;
  /**
   * Some objects of a source that were stored here, `most` at most: the latest one first, then
   * others from all times.
   */
  sample(source: string, most: number): Promise<readonly ObjectEntry[]>;
  /**
   * True if the source's folder was empty when this process opened the volume: nothing to `adopt`.
   */
  isFresh(source: string): boolean;
  room(): Promise<Room>;
}

/** One local disk's folder. Whoever needs only a part of it asks for that part. */
export interface Volume extends VolumeStoring, VolumeParts, VolumeLooking, AsyncDisposable {
  readonly id: string;
  readonly label: string;
  readonly root: string;
}

/** A place for a batch: its bytes and inodes are kept until `release`. */
export interface Reservation {
  readonly volume: Volume;
  /** This many of its bytes are taken from the disk now: they are kept no longer. */
  spend(bytes: number): void;
  release(): void;
}

/** A volume that holds parts of a batch's objects, and the bytes of its disk that they take. */
export interface Begun {
  readonly volume: Volume;
  readonly bytes: number;
}

/** Chooses among volumes, and is the only one who knows which of them can be used. */
export interface Placement {
  readonly volumes: readonly Volume[];
  /**
   * Room for a batch on one volume. Waits while the room that it needs is promised to others, who
   * may not use it. `undefined` when the batch fits on no volume, or when the signal is aborted.
   * `begun`: where some of its bytes are already, to be preferred.
   */
  reserve(
    bytes: number,
    files: number,
    options?: { readonly begun?: Begun | undefined; readonly signal?: AbortSignal },
  ): Promise<Reservation | undefined>;
  /**
   * Called with the error of a volume that could not store an object; `bytes`: the object's, where
   * they are known. `full`: nothing is placed there until it has more room, or nothing so large;
   * `silent`: nothing until it answers again; `io`: for good. Logged once.
   */
  failed(volume: Volume, error: HostError, bytes?: number): void;
  /**
   * Why no volume can accept anything (an object of so many bytes), now or when the reserved room is
   * used or given back; `undefined` while one can.
   */
  exhausted(bytes?: number): Promise<string | undefined>;
  /**
   * What is to become of an object of so many bytes for which no volume has room now: `never`: not
   * even an empty volume would have it; `later`: other objects are being placed; `wait`: until there
   * is more room.
   */
  outlook(bytes: number): "never" | "later" | "wait";
}
