import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { getuid } from "node:process";
import type { TestContext } from "node:test";
import { run } from "./run.ts";

const mib = 1024 * 1024;

/** An ext4 file system in an image file on a memory disk, for tests that break it. Needs root. */
export interface LoopDisk {
  /** Where it is mounted. */
  readonly root: string;
  /**
   * Unmounts, resizes the memory disk to `backingMib` (so that the journal can be replayed), and
   * mounts again.
   */
  remount(backingMib: number): void;
  /** As the kernel does with a disk that fails. */
  goReadOnly(): void;
  /** Throws if files are open there. */
  unmount(): void;
  /** Takes it away while files are open there. */
  unmountLazily(): void;
  mount(): void;
  /** Makes every write to it wait, until `thaw`. */
  freeze(): void;
  thaw(): void;
}

/** Why there are no loop disks here; `undefined` if there are. */
export function noLoopDisks(): string | undefined {
  if (getuid?.() !== 0) return "needs root, to mount a loop device";
  try {
    for (const tool of ["losetup", "mkfs.ext4", "fallocate", "fsfreeze", "mount", "umount"])
      run("sh", "-c", `command -v ${tool}`);
    run("losetup", "--find");
    return undefined;
  } catch (error) {
    return `no loop devices: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/**
 * With `backingMib` less than `sizeMib`, accepted writes fail later, when they reach the device.
 */
export function loopDisk(test: TestContext, { sizeMib = 64, backingMib = 64 }): LoopDisk {
  const folder = mkdtempSync(join(tmpdir(), "brigade-loop-"));
  const undo: (() => void)[] = [() => rmSync(folder, { recursive: true })];
  test.after(() => {
    for (const step of undo.toReversed()) step();
  });
  const [memory, root] = [join(folder, "memory"), join(folder, "root")];
  mkdirSync(memory);
  mkdirSync(root);
  run("mount", "-t", "tmpfs", "-o", `size=${backingMib * mib}`, "none", memory);
  // Lazily: a test that failed may have left files open.
  undo.push(() => run("umount", "--lazy", memory));
  const image = join(memory, "image");
  run("truncate", "--size", String(sizeMib * mib), image);
  run("mkfs.ext4", "-q", "-F", "-E", "nodiscard,packed_meta_blocks=1", image);
  // Journal, bitmaps and inodes, all at the beginning, get their memory now. So only writes of data
  // fail later, and the journal lives on. Otherwise the disk would go read-only at the first error,
  // and the test would prove nothing.
  run("fallocate", "--length", String(16 * mib), image);
  const device = run("losetup", "--find", "--show", image).trim();
  undo.push(() => run("losetup", "--detach", device));
  run("mount", "-t", "ext4", device, root);
  undo.push(() => run("umount", "--lazy", root));
  return {
    root,
    goReadOnly: () => {
      run("mount", "-o", "remount,errors=remount-ro", root);
      writeFileSync(`/sys/fs/ext4/${basename(device)}/trigger_fs_error`, "a test");
    },
    unmount: () => run("umount", root),
    unmountLazily: () => run("umount", "--lazy", root),
    mount: () => run("mount", "-t", "ext4", device, root),
    freeze: () => run("fsfreeze", "--freeze", root),
    thaw: () => run("fsfreeze", "--unfreeze", root),
    remount: (grown) => {
      run("umount", root);
      run("mount", "-o", `remount,size=${grown * mib}`, memory);
      run("mount", "-t", "ext4", device, root);
    },
  };
}
