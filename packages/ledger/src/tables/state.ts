import type { FileEntry, ObjectResult } from "@brigade/core";
import { isMd5 } from "@brigade/core/thread";

export type Value = number | string | Uint8Array | null;

/** A state of an object on a volume, as `objects` and `copies` have it. */
export type State = {
  volume: number;
  /** Listed. */
  size: number;
  modified: number;
  /** Stored; Unix seconds. */
  at: number;
  /** Bytes on disk; `null` if equal to `size`. */
  bytes: number | null;
  md5: Uint8Array | null;
  verified: number | null;
  /** Below `<volume>/<source>/`; `null` if it is the key. */
  path: string | null;
  /** 16 bytes if it is 32 lower-case hex digits. */
  etag: Value;
};

export const stateColumns = "volume, size, modified, at, bytes, md5, verified, path, etag";
export const statePlaces = "?, ?, ?, ?, ?, ?, ?, ?, ?";

/** What is reported of an object that was stored. */
export type ReportedObject = Omit<ObjectResult, "index" | "outcome" | "reason" | "class">;

/** `at`: Unix milliseconds, when it was reported. */
export function stateOf(reported: ReportedObject, volume: number, at: number): State {
  const storedAt = reported.at ?? Math.floor(at / 1000);
  return {
    volume,
    size: reported.listedSize,
    modified: reported.modified ?? storedAt,
    at: storedAt,
    bytes: reported.size === undefined || reported.size === reported.listedSize ? null : reported.size,
    md5: reported.md5 === undefined ? null : Buffer.from(reported.md5, "hex"),
    verified: reported.verified === undefined ? null : Number(reported.verified),
    path: reported.path ?? null,
    etag: packEtag(reported.etag),
  };
}

export function valuesOf(state: State): Value[] {
  const { volume, size, modified, at, bytes, md5, verified, path, etag } = state;
  return [volume, size, modified, at, bytes, md5, verified, path, etag];
}

/** By the second when it was stored; within one second, by the modification time of the object. */
export function isBefore(a: Pick<State, "at" | "modified">, b: Pick<State, "at" | "modified">): boolean {
  return a.at < b.at || (a.at === b.at && a.modified < b.modified);
}

/** Whether size, modification time and etag are the same, as far as both are known. */
export function isSame(
  state: Pick<State, "size" | "modified" | "etag" | "bytes" | "md5">,
  { size, modified, etag }: Pick<FileEntry, "size" | "modified" | "etag">,
): boolean {
  // Without a size in the listing, the size is known since the object was stored.
  const stored = state.size === 0 ? bytesOnDisk(state) : state.size;
  if (size !== undefined && size !== stored) return false;
  if (modified !== undefined && modified !== state.modified) return false;
  if (etag === undefined || state.etag === null) return true;
  // The listing has an MD5 now, and had another kind of etag before.
  return etag === (isMd5(etag) && typeof state.etag === "string" ? md5Of(state) : etagOf(state));
}

export function bytesOnDisk({ size, bytes }: Pick<State, "size" | "bytes">): number {
  return bytes ?? size;
}

export function md5Of({ md5 }: Pick<State, "md5">): string | undefined {
  return md5 === null ? undefined : Buffer.from(md5).toString("hex");
}

export function etagOf({ etag }: Pick<State, "etag">): string | undefined {
  if (etag === null) return undefined;
  return etag instanceof Uint8Array ? Buffer.from(etag).toString("hex") : String(etag);
}

function packEtag(etag: string | undefined): Value {
  if (etag === undefined) return null;
  return isMd5(etag) ? Buffer.from(etag, "hex") : etag;
}
