import type {
  Job,
  NewObject,
  ObjectBody,
  ObjectEntry,
  Sink,
  Source,
  StoredObject,
  Volume,
} from "@brigade/core";
import { SourceError } from "@brigade/core";

/** Bodies up to this many bytes are collected in memory; larger ones go to the disk as they come. */
export const smallBody = 1024 * 1024;

/**
 * Brings one object from its source to a volume. Resolves when it is synced; `onRead` is called before, when a small
 * body needs no more memory. Throws SourceError, HostError, NameError.
 */
export async function store(
  object: NewObject,
  body: ObjectBody,
  volume: Volume,
  onRead: () => void,
): Promise<StoredObject> {
  if ((body.size ?? object.listedSize) <= smallBody && object.listedSize <= smallBody) {
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
async function bytesOf(body: ObjectBody, volume: Volume): Promise<Uint8Array> {
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
export function expectation(source: Source, job: Job, entry: ObjectEntry, body: ObjectBody): NewObject {
  if (!body.variant && body.size !== undefined && body.size !== entry.size) {
    body.cancel();
    throw new SourceError("damaged", `${body.size} bytes come, where ${entry.size} were listed`);
  }
  const object = asListed(job, entry);
  if (body.variant) return { ...object, variant: source.variant };
  return { ...object, expectedSize: entry.size, expectedMd5: body.md5 };
}

/** What the listing alone says of an object that is to be stored. */
export function asListed(job: Job, entry: ObjectEntry): NewObject {
  return {
    source: job.source,
    fingerprint: job.fingerprint,
    job: job.id,
    key: entry.key,
    listedSize: entry.size,
    modified: entry.modified,
    etag: entry.etag,
  };
}
