import { accessSync, constants, readFileSync } from "node:fs";
import { requirePrograms } from "../programs.ts";

/** Throws with what is missing on this machine: without it the test could prove nothing. */
export function requireDisks(): void {
  if (process.getuid?.() !== 0) throw new Error("the power-cut test needs root: it mounts disks");
  try {
    accessSync("/dev/fuse", constants.R_OK | constants.W_OK);
  } catch (error) {
    throw new Error("the power-cut test needs /dev/fuse (modprobe fuse; in a container --device /dev/fuse)", {
      cause: error,
    });
  }
  requirePrograms("mkfs.xfs");
  const known = readFileSync("/proc/filesystems", "utf8");
  for (const name of ["ext4", "xfs"])
    if (!known.includes(`\t${name}\n`))
      throw new Error(`the power-cut test needs a kernel with ${name} (modprobe ${name})`);
}
