import { existsSync, opendirSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError } from "@brigade/core";
import { isInside } from "../adoption/trees.ts";
import type { FoundFolder } from "../trial/found-folder.ts";

/** The folder that this program was checked out to. */
const program = realpathSync(fileURLToPath(new URL("../../../..", import.meta.url)));
/** File systems that the kernel makes up. */
const kernels = ["/proc", "/sys", "/dev"];

/** Throws ConfigError where no volume may be. `root`: without links; it may be missing. */
export function refusePlace(root: string): void {
  const why = whyNoPlace(root);
  if (why !== undefined) throw new ConfigError([`${root} cannot be a volume: ${why}`]);
}

function whyNoPlace(root: string): string | undefined {
  if (isSame(root, "/")) return "it is the root of this machine's file system";
  if (isSame(root, program)) return "it is the folder of this program";
  const kernel = kernels.find((top) => isInside(root, top));
  if (kernel !== undefined) return `what is below ${kernel} is made up by the kernel, not on a disk`;
  for (let above = dirname(root); ; above = dirname(above)) {
    if (isVolume(above)) return `it lies inside the volume ${above}`;
    if (above === dirname(above)) break;
  }
  const inner = isVolume(root) ? undefined : volumeIn(root);
  return inner === undefined ? undefined : `the volume ${inner} lies inside it`;
}

/** Throws ConfigError where two of them are one folder or one volume, or one lies inside another. */
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

function isVolume(root: string): boolean {
  return existsSync(join(root, ".brigade", "volume.json"));
}

/** Looked at in a folder that is to become a volume; one with more is full of something else. */
const mostEntries = 10_000;

function volumeIn(root: string): string | undefined {
  if (!existsSync(root)) return undefined;
  using folder = opendirSync(root);
  for (let n = 0; n < mostEntries; n++) {
    const entry = folder.readSync();
    if (entry === null) break;
    if (entry.isDirectory() && isVolume(join(root, entry.name))) return join(root, entry.name);
  }
  return undefined;
}

function isSame(one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [statSync(one, { throwIfNoEntry: false }), statSync(other, { throwIfNoEntry: false })];
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}
