import type { FilesMessage, NewObject, Source, StoredObject } from "@brigade/core";
import { classify, HostError } from "@brigade/core";
import { asListed } from "../object/store.ts";
import type { Batch, BatchParts } from "./batch.ts";
import { entryOf, type Listed } from "./listed.ts";

/** What already lies whole on a volume (after a crash, or a lost catalogue) is reported, not fetched. Returns the rest. */
export async function adoptExisting(
  { placement, hostFailed, source, log }: BatchParts,
  batch: Batch,
  open: readonly Listed[],
  isRepeated: boolean,
): Promise<readonly Listed[]> {
  const { message } = batch;
  let missing = open;
  const isDated = ({ file }: Listed) => file.modified !== undefined;
  for (const volume of placement.volumes) {
    if (missing.length === 0 || !(isRepeated || !volume.isFresh(message.job.source))) continue;
    const dated = missing.filter(isDated);
    let found: readonly (StoredObject | undefined)[];
    try {
      found = await volume.adopt(dated.map((one) => adoptable(source, message, one)));
    } catch (error) {
      if (classify(error).fault === "bug") throw error;
      log.debug({ volume: volume.label, reason: String(error) }, "a volume cannot say what lies there");
      if (error instanceof HostError) hostFailed(volume, error);
      continue;
    }
    const adopted = new Set(dated.filter((_, i) => found[i] !== undefined));
    dated.forEach((one, i) => {
      const stored = found[i];
      if (stored !== undefined) batch.stored(one, one.file, stored, volume.id);
    });
    missing = missing.filter((one) => !adopted.has(one));
  }
  return missing;
}

function adoptable(source: Source, { job }: FilesMessage, listed: Listed): NewObject {
  const entry = entryOf(listed);
  const object = asListed(job, entry);
  if (source.variant !== undefined) return { ...object, variant: source.variant };
  return { ...object, expectedSize: entry.size };
}
