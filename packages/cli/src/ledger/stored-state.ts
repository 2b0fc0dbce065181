import type { StoredState } from "@brigade/ledger";

/** What a volume says of an object that lies on it; `storedAt` in Unix milliseconds. */
type OnVolume = Omit<StoredState, "path" | "etag"> & {
  readonly path?: string | undefined;
  readonly etag?: string | undefined;
};

/** As the ledger takes it: times to the second. */
export function storedState(object: OnVolume): StoredState {
  const { key, listedSize, size, modified, storedAt, md5, verified, path, etag } = object;
  return {
    key,
    listedSize,
    size,
    modified,
    storedAt: Math.floor(storedAt / 1000),
    ...(md5 !== undefined && { md5 }),
    ...(verified !== undefined && { verified }),
    ...(path !== undefined && { path }),
    ...(etag !== undefined && { etag }),
  };
}
