import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getuid } from "node:process";
import type { TestContext } from "node:test";

/** A disk in memory, of a size that can be changed. */
export interface MemoryDisk {
  readonly root: string;
  resize(mib: number): void;
  /** No file on the disk may be open for writing then. */
  setReadOnly(isReadOnly: boolean): void;
}

/** Why there are no such disks here; `undefined` if there are. */
export const noMemoryDisks = getuid?.() === 0 ? undefined : "needs root, to mount a disk";

/** It is removed when the test ends. */
export function memoryDisk(t: TestContext, mib: number): MemoryDisk {
  const root = mkdtempSync(join(tmpdir(), "brigade-memory-"));
  const mount = (options: string) =>
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "none", root], { stdio: "pipe" });
  mount(`size=${mib}m`);
  t.after(() => {
    execFileSync("umount", ["--lazy", root]);
    rmSync(root, { recursive: true });
  });
  return {
    root,
    resize: (to) => mount(`remount,size=${to}m`),
    setReadOnly: (isReadOnly) => mount(`remount,${isReadOnly ? "ro" : "rw"}`),
  };
}
