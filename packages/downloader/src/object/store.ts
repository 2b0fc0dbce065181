import type {
  Job,
  NewObject,
  ObjectBody,
  ObjectEntry,
  Sink,
  Source,
  StoredObject,
  VolumeStoring,
} from "@brigade/core";
import { SourceError } from "@brigade/core";

/** Bodies up to this many bytes are collected in memory; larger ones go to the disk as they come. */
export const smallBody = 1024 * 1024;

/** Bytes that an object is taken to have where its listing does not tell. */
export const presumedSize = 256 * 1024;

/** An object of which it is known when it was modified. */
export type DatedEntry = ObjectEntry & { readonly modified: number };

/**
 * Brings one object from its source to a volume. Resolves when it is synced; `onRead` is called before, when a small
 * body needs no more memory. Throws SourceError, HostError, NameError.
 */
export async function store(
  object: NewObject,
  body: ObjectBody,
  volume: VolumeStoring,
  onRead: () => void,
): Promise<StoredObject> {
  const size = body.size ?? object.expectedSize ?? Number.POSITIVE_INFINITY;
  if (Math.max(object.listedSize, size) <= smallBody) {
    return await volume.put(object, await bytesOf(body, volume), onRead);
  }
  let sink: Sink;
  try {
    sink = await volume.open(object);
  } catch (error) {
    body.cancel();
    throw error;
  }
  try {
    for await (const chunk of body.chunks()) await sink.write(chunk);
  } catch (error) {
    await sink.abort();
    throw error;
  }
  return await sink.finish();
}

/** The body in memory lent by its volume, which gets it back when the body breaks. */
async function bytesOf(body: ObjectBody, volume: VolumeStoring): Promise<Uint8Array> {
  let lent: Uint8Array | undefined;
  try {
    return await body.bytes((size) => {
      lent = volume.lend(size);
      return lent;
    });
  } catch (error) {
    if (lent !== undefined) volume.giveBack(lent);
    throw error;
  }
}

/** What the body will be, as far as listing and headers tell. Cancels the body and throws when they disagree. */
export function expectation(source: Source, job: Job, entry: DatedEntry, body: ObjectBody): NewObject {
  const { size = body.size } = entry;
  if (!body.variant && body.size !== undefined && body.size !== size) {
    body.cancel();
    throw new SourceError("damaged", `${body.size} bytes come, where ${size} were listed`);
  }
  const object = asListed(job, entry);
  if (body.variant) return { ...object, variant: source.variant };
  return { ...object, expectedSize: size, expectedMd5: body.md5 };
}

/** What the listing alone says of an object that is to be stored; dated 1970 where it tells no date. */
export function asListed(job: Job, entry: ObjectEntry): NewObject {
  return {
    source: job.source,
    fingerprint: job.fingerprint,
    job: job.id,
    key: entry.key,
    listedSize: entry.size ?? 0,
    modified: entry.modified ?? 0,
    etag: entry.etag,
  };
}
