import type { ObjectKey } from "../keys.ts";
/** Opaque. Belongs to one directory, listing order and page size; send it back as it came. */
export type Cursor = string;

/** An object as a listing (or the store's own metadata) describes it. */
export interface ObjectEntry {
  readonly key: ObjectKey;
  /** Bytes of the original, never of a variant; absent where the listing lacks it. */
  readonly size?: number | undefined;
  /** Unix seconds, UTC; absent where the listing lacks it. */
  readonly modified?: number | undefined;
  /** Bare 32 lower-case hex digits are the object's MD5; anything else is opaque. */
  readonly etag?: string | undefined;
  /**
   * The size is that of a HEAD, which may be wrong, and of no listing: the bytes that come decide.
   */
  readonly unproven?: true | undefined;
}

/** An object to be fetched. */
export interface WantedObject extends ObjectEntry {
  /** What came before did not fit: no cache on the way may answer. */
  readonly fresh?: true | undefined;
}

/** A row of a listing: an object by its name within the listed directory. */
export type FileEntry = Omit<ObjectEntry, "key"> & {
  readonly name: string;
  /**
   * Why it can never be fetched, where the source knows: it fails without being tried, whatever
   * filters say.
   */
  readonly problem?: string;
  /** With a problem: it may be a directory, of which nobody lists then what lies below it. */
  readonly mayBeDirectory?: true;
};

/**
 * Names are as the source gave them: not checked, not to be trusted, maybe repeated on another
 * page.
 */
export interface Page {
  readonly files: readonly FileEntry[];
  /** Names of child directories, without slashes. */
  readonly directories: readonly string[];
  /** Absent: this was the last page. A short or an empty page is not the end. */
  readonly next: Cursor | undefined;
}

/** Inclusive byte positions, as in HTTP's Range. */
export interface ByteRange {
  readonly from: number;
  readonly to?: number;
}

/** Gives memory of exactly this many bytes, with any content. */
export type Allocate = (size: number) => Uint8Array;

/** Gives memory to be filled, of whatever size, with any content. */
export type NextSlab = () => Uint8Array;

/**
 * The bytes of an object, arriving. Take them once, by `bytes` or by `chunks`; otherwise `cancel`.
 * Both end without an error only when the body ended properly: at its length, or at its last chunk.
 * They throw SourceError when it did not.
 */
export interface ObjectBody {
  /** Bytes that will come, where the source says so. */
  readonly size: number | undefined;
  /** MD5 of the bytes that come, 32 lower-case hex digits, where the source gives one. */
  readonly md5: string | undefined;
  /** When the object that is sent was modified, Unix seconds, where the source says so. */
  readonly modified: number | undefined;
  /** True when these are the bytes of the configured variant, whose size no listing knows. */
  readonly variant: boolean;
  /**
   * Tells the state of the object that is sent from any other, strongly enough to put pieces of it
   * together; where the source says so.
   */
  readonly validator: string | undefined;
  /** Why this may be an old state that a cache kept: to be asked for once more, `fresh`. */
  readonly doubt: string | undefined;
  /** MD5 of the whole object, of which these may be a range; where the source gives one. */
  readonly objectMd5: string | undefined;
  /**
   * The whole body, in memory that `allocate` gives (called once at most, with the bytes needed) or
   * in fresh memory.
   */
  bytes(allocate?: Allocate): Promise<Uint8Array>;
  /**
   * As they come. A source may put them into memory that `nextSlab` gives, one slab after the
   * other: into one it puts nothing more, and so it may be used again, as soon as a chunk in a
   * later one or the end has come. Others have memory of their own.
   */
  chunks(nextSlab?: NextSlab): AsyncIterable<Uint8Array>;
  cancel(): void;
}

/**
 * Where objects come from. One page, one body, one object's metadata; everything may be asked
 * again.
 */
export interface Source {
  /** A hash of all that decides which bytes come back: bucket, domain, variant. */
  readonly fingerprint: string;
  /** The variant that `open` asks for; `undefined` for originals. */
  readonly variant: string | undefined;
  /**
   * Its objects come from many hosts: what concerns one of these (scope `origin`) does not concern
   * the source.
   */
  readonly manyOrigins: boolean;
  /**
   * One page of one directory (`""` is the root; no trailing slash), one level deep. Throws
   * SourceError; a reply that is not a whole, well-formed page is an error, never an empty page.
   */
  listPage(directory: string, cursor: Cursor | undefined, signal: AbortSignal): Promise<Page>;
  /**
   * Throws SourceError. A redirect, an error page or a listing in place of the object is an error.
   */
  open(object: WantedObject, range: ByteRange | undefined, signal: AbortSignal): Promise<ObjectBody>;
  /**
   * The store's own metadata of an object, not a cache's. `undefined` if it is a directory, or does not
   * exist, which only a GET of the whole object may say. Throws SourceError.
   */
  stat(key: ObjectKey, signal: AbortSignal): Promise<ObjectEntry | undefined>;
}
