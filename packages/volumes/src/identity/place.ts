import { existsSync, opendirSync, realpathSync, statSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError } from "@brigade/core";

/** The folder that this program was checked out to. */
const program = realpathSync(fileURLToPath(new URL("../../../..", import.meta.url)));
/** File systems that the kernel makes up. */
const kernels = ["/proc", "/sys", "/dev"];

/** Throws ConfigError if no volume may be here. `root`: without links; it may be missing. */
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

function isVolume(root: string): boolean {
  return existsSync(join(root, ".brigade", "volume.json"));
}

/** Entries that are looked at in a folder that is to become a volume. */
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

/** Whether the path is the folder, or below it. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}
