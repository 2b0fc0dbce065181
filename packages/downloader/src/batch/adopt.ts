import {
  classify,
  HostError,
  type Job,
  type NewObject,
  type Source,
  type StoredObject,
  type Volume,
} from "@brigade/core";
import { asListed } from "../object/new-object.ts";
import type { FetchParts } from "../object/object-fetch.ts";
import { entryOf, type Listed } from "./listed.ts";

/**
 * Resolves with those of the objects that lie whole on a volume already: after a crash, or if the
 * catalogue was lost. With none if the volume cannot answer.
 */
export async function adoptedBy(
  volume: Volume,
  job: Job,
  listed: readonly Listed[],
  { source, hostFailed, log }: Pick<FetchParts, "source" | "hostFailed" | "log">,
): Promise<ReadonlyMap<Listed, StoredObject>> {
  const adopted = new Map<Listed, StoredObject>();
  const dated = listed.filter(({ file }) => file.modified !== undefined);
  try {
    const found = await volume.adopt(dated.map((one) => adoptable(source, job, one)));
    dated.forEach((one, i) => {
      const stored = found[i];
      if (stored !== undefined) adopted.set(one, stored);
    });
  } catch (error) {
    if (classify(error).fault === "bug") throw error;
    log.debug({ volume: volume.label, reason: String(error) }, "a volume cannot say what lies there");
    if (error instanceof HostError) hostFailed(volume, error);
  }
  return adopted;
}

function adoptable(source: Source, job: Job, listed: Listed): NewObject {
  const entry = entryOf(listed);
  const object = asListed(job, entry);
  if (source.variant !== undefined) return { ...object, variant: source.variant };
  return { ...object, expectedSize: entry.size };
}
