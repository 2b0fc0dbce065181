import { classify, type Log, type Volume, type VolumeLooking } from "@brigade/core";
import { keyOf, type Listed } from "./listed.ts";

/** Objects of a batch that belong on the same volume. */
export interface HolderGroup {
  /** The volume that has another state of them, maybe a damaged one; absent: any volume will do. */
  readonly volume?: Volume;
  readonly listed: readonly Listed[];
}

/**
 * Groups objects by the volume that has a file in their place. The file is replaced there, so that
 * nothing damaged or outdated stays. Objects without a file anywhere go with the largest group.
 */
export async function groupByHolder(
  volumes: readonly Volume[],
  source: string,
  listed: readonly Listed[],
  log: Log,
): Promise<readonly HolderGroup[]> {
  const candidates = volumes.filter((volume) => !volume.isFresh(source));
  if (volumes.length < 2 || candidates.length === 0) return [{ listed }];
  const held = await Promise.all(candidates.map((volume) => heldOn(volume, source, listed, log)));
  const holders = listed.map((_, at) => candidates[held.findIndex((one) => one[at] === true)]);
  const sizes = [...Map.groupBy(holders, (holder) => holder)].filter(([holder]) => holder !== undefined);
  const bySize = sizes.sort(([, one], [, other]) => other.length - one.length).map(([holder]) => holder);
  if (bySize.length === 0) return [{ listed }];
  const groups = Map.groupBy(listed, (_, at) => holders[at] ?? bySize[0]);
  return bySize.map((volume) => ({
    ...(volume !== undefined && { volume }),
    listed: groups.get(volume) ?? [],
  }));
}

async function heldOn(
  volume: VolumeLooking & Pick<Volume, "label">,
  source: string,
  listed: readonly Listed[],
  log: Log,
): Promise<readonly boolean[]> {
  try {
    return await volume.holds(source, listed.map(keyOf));
  } catch (error) {
    if (classify(error).fault === "bug") throw error;
    log.debug({ volume: volume.label, reason: String(error) }, "a volume cannot say what it holds");
    return [];
  }
}
