import type { NewObject, ObjectBody, Sink, StoredObject, VolumeStoring } from "@brigade/core";
import { smallBody } from "../memory/body-size.ts";

/**
 * Brings one object from its source to a volume. Resolves when it is synced; `onRead` is called
 * before, when a small body needs no more memory. Throws SourceError, HostError, NameError.
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
