import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { run } from "../../disks/run.ts";

/** A fresh ext4 disk, with the `lost+found` that only root may read. */
export interface FailingDisk {
  readonly root: string;
  /** From now on every call fails with EIO, as when its cable is pulled. */
  fail(): void;
  /** Mounts it again. Nothing may have a file of it open. */
  comeBack(): void;
  /** Also while files of it are open. */
  unmount(): void;
  mount(): void;
  /** In place of it, an empty one. */
  replace(): void;
}

/** EXT4_IOC_SHUTDOWN without a last flush of the journal. */
const shutDown =
  "import fcntl,os,struct,sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))";

/** `owner`: the user and group who may write to it. Needs root. */
export function failingDisk(t: TestContext, options: { mib: number; owner: number }): FailingDisk {
  const folder = mkdtempSync(join(tmpdir(), "brigade-disk-"));
  const undo: (() => void)[] = [() => rmSync(folder, { recursive: true })];
  t.after(() => {
    for (const step of undo.toReversed()) step();
  });
  run("chmod", "755", folder);
  const [image, root] = [join(folder, "image"), join(folder, "root")];
  mkdirSync(root);
  run("truncate", "--size", `${options.mib}M`, image);
  const format = (where: string) => run("mkfs.ext4", "-q", "-F", where);
  format(image);
  const device = run("losetup", "--find", "--show", image).trim();
  undo.push(() => run("losetup", "--detach", device));
  const mount = (): void => void run("mount", "-t", "ext4", device, root);
  mount();
  undo.push(() => run("umount", "--lazy", root));
  chownSync(root, options.owner, options.owner);
  return {
    root,
    fail: () => void run("python3", "-c", shutDown, root),
    comeBack: () => {
      run("umount", root);
      mount();
    },
    unmount: () => void run("umount", "--lazy", root),
    mount,
    replace: () => {
      run("umount", root);
      format(device);
      mount();
    },
  };
}

/** A memory disk of this many MiB. */
export function smallDisk(t: TestContext, options: { mib: number; owner: number }): string {
  const root = mkdtempSync(join(tmpdir(), "brigade-state-"));
  run("mount", "-t", "tmpfs", "-o", `size=${options.mib}m`, "none", root);
  t.after(() => {
    run("umount", "--lazy", root);
    rmSync(root, { recursive: true });
  });
  chownSync(root, options.owner, options.owner);
  return root;
}

/** Uses up a disk of 64 MiB. Returns a function that frees it again. */
export function fill(root: string): () => void {
  const filler = join(root, "filler");
  try {
    writeFileSync(filler, Buffer.alloc(64 * 1024 * 1024));
  } catch {
    // The disk is full now, as intended.
  }
  return () => rmSync(filler);
}

/**
 * Mounts the folder where every user can reach it, independent of the folders above it. Read-only.
 */
export function readableByAll(t: TestContext, folder: string): string {
  const root = mkdtempSync(join(tmpdir(), "brigade-checkout-"));
  run("chmod", "755", root);
  run("mount", "--bind", "-o", "ro", folder, root);
  t.after(() => {
    run("umount", "--lazy", root);
    rmSync(root, { recursive: true });
  });
  return root;
}
