import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, HostError } from "@brigade/core";
import { readLanding } from "./landing.ts";
import { tryLock } from "./lock.ts";
import type { ManifestLine } from "./manifest-line.ts";
import { removeTree } from "./removal.ts";

/** The place of an instance's unfinished files. */
export interface Temporary extends Disposable {
  readonly folder: string;
  /** A path nobody uses. */
  next(): string;
  /** What dead instances were giving its place. */
  readonly landed: readonly ManifestLine[];
}

const lockName = "lock";

/**
 * Takes `<tmp>/<instance>` for this process and empties it, with all others whose process is gone. Must run under
 * the volume's own lock: a folder without a held lock is otherwise taken for a dead one's. `mend` is called with each dead
 * instance while its folder still tells of it.
 */
export function claimTemporary(tmp: string, instance: string, mend: (dead: string) => void): Temporary {
  const folder = join(tmp, instance);
  const known = existsSync(folder);
  const lock = claimFolder(folder);
  if (lock === undefined) {
    throw new ConfigError([`${folder} is in use: another process "${instance}" works on this volume`]);
  }
  if (known) mend(instance);
  const landed = readLanding(folder);
  for (const name of readdirSync(folder)) if (name !== lockName) removeTree(join(folder, name));
  for (const other of readdirSync(tmp))
    if (other !== instance) landed.push(...cleanDead(join(tmp, other), () => mend(other)));
  let last = 0;
  return {
    folder,
    landed,
    next: () => {
      last += 1;
      return `${folder}/${last.toString(36)}`;
    },
    [Symbol.dispose]: () => {
      // The folder goes while it is locked; whoever opened the lock meanwhile sees that its path is gone.
      try {
        removeTree(folder);
      } finally {
        lock[Symbol.dispose]();
      }
    },
  };
}

/**
 * Locks a folder, making it; nothing when another process has it. One that is just being given up is gone a moment
 * later, and made anew: whoever has it may remove it.
 */
export function claimFolder(folder: string): Disposable | undefined {
  const path = join(folder, lockName);
  for (let attempt = 0; attempt < 10; attempt += 1) {
    mkdirSync(folder, { recursive: true });
    const lock = tryLock(path, 500);
    if (lock === undefined) return undefined;
    if (existsSync(path)) return lock;
    lock[Symbol.dispose]();
  }
  throw new HostError("io", `${folder} vanishes again and again`);
}

/** Gives what it had been landing. */
function cleanDead(folder: string, mend: () => void): ManifestLine[] {
  const path = join(folder, lockName);
  // Opening a lock would make it: one that vanished belongs to somebody who is just leaving.
  if (!existsSync(path)) {
    mend();
    removeTree(folder);
    return [];
  }
  const lock = tryLock(path, 0);
  if (lock === undefined) return [];
  try {
    mend();
    const landed = readLanding(folder);
    removeTree(folder);
    return landed;
  } finally {
    lock[Symbol.dispose]();
  }
}
