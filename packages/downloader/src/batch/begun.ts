import {
  type Begun,
  classify,
  type Job,
  type Log,
  type ObjectEntry,
  type Volume,
  type VolumeParts,
} from "@brigade/core";
import { asListed } from "../object/new-object.ts";

/**
 * Resolves with the volume that holds most of these large objects' bytes already; `undefined` if
 * none does.
 */
export async function findBegun(
  volumes: readonly Volume[],
  job: Job,
  entries: readonly ObjectEntry[],
  log: Log,
): Promise<Begun | undefined> {
  if (entries.length === 0) return undefined;
  const found = await Promise.all(
    volumes.map(async (volume) => ({ volume, bytes: await bytesOn(volume, job, entries, log) })),
  );
  const [best] = found.sort((one, other) => other.bytes - one.bytes);
  return best !== undefined && best.bytes > 0 ? best : undefined;
}

async function bytesOn(
  volume: VolumeParts & Pick<Volume, "label">,
  job: Job,
  entries: readonly ObjectEntry[],
  log: Log,
): Promise<number> {
  try {
    const bytes = await Promise.all(entries.map((entry) => volume.begun(asListed(job, entry))));
    return bytes.reduce((sum, one) => sum + one, 0);
  } catch (error) {
    if (classify(error).fault === "bug") throw error;
    log.debug({ volume: volume.label, reason: String(error) }, "a volume cannot say what it began");
    return 0;
  }
}
