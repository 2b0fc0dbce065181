import { ConfigError } from "@brigade/core";
import type { FoundFolder } from "../identity/found-folder.ts";
import { isInside } from "../identity/place.ts";

/**
 * Throws ConfigError where two of them are one folder or one volume, or one lies inside another.
 */
export function refuseOverlaps(found: readonly FoundFolder[]): void {
  const problems = found.flatMap((one, at) =>
    found.slice(0, at).flatMap((before) => overlap(before, one) ?? []),
  );
  if (problems.length > 0) throw new ConfigError(problems);
}

function overlap(one: FoundFolder, other: FoundFolder): string | undefined {
  if (one.root === other.root || (one.inode !== undefined && one.inode === other.inode))
    return `${one.given} and ${other.given} are the same folder`;
  if (one.volume !== undefined && one.volume.id === other.volume?.id)
    return `${one.given} and ${other.given} are the same volume (${one.volume.id}): is one a copy of the other?`;
  if (isInside(one.root, other.root)) return `${one.given} lies inside ${other.given}`;
  if (isInside(other.root, one.root)) return `${other.given} lies inside ${one.given}`;
  return undefined;
}
