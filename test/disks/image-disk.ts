import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getuid } from "node:process";
import type { TestContext } from "node:test";
import { run } from "./run.ts";

/** How a file system is made in an image file, and mounted. `image`, `device`, `root` are paths. */
interface Recipe {
  readonly tools: readonly string[];
  /** Whether it mounts the image itself, in place of a loop device. */
  readonly takesImage: boolean;
  readonly sizeMib: number;
  make(image: string): void;
  mount(from: string, root: string): void;
}

const recipes = {
  ext4: {
    tools: ["mkfs.ext4", "losetup"],
    takesImage: false,
    sizeMib: 64,
    make: (image) => run("mkfs.ext4", "-q", "-F", image),
    mount: (device, root) => run("mount", "-t", "ext4", device, root),
  },
  xfs: {
    tools: ["mkfs.xfs", "losetup"],
    takesImage: false,
    sizeMib: 320,
    make: (image) => run("mkfs.xfs", "-q", "-f", image),
    mount: (device, root) => run("mount", "-t", "xfs", device, root),
  },
  exfat: {
    tools: ["mkfs.exfat", "mount.exfat-fuse"],
    takesImage: false,
    sizeMib: 64,
    make: (image) => run("mkfs.exfat", image),
    mount: (device, root) => run("mount.exfat-fuse", device, root),
  },
  ntfs: {
    tools: ["mkfs.ntfs", "ntfs-3g"],
    takesImage: true,
    sizeMib: 64,
    make: (image) => run("mkfs.ntfs", "-F", "-Q", "-q", image),
    mount: (image, root) => run("ntfs-3g", "-o", "windows_names", image, root),
  },
  fat: {
    tools: ["mkfs.vfat", "fusefat"],
    takesImage: true,
    sizeMib: 64,
    make: (image) => run("mkfs.vfat", "-F", "32", "-s", "1", image),
    mount: (image, root) => run("fusefat", "-o", "rw+", image, root),
  },
} as const satisfies Record<string, Recipe>;

export type FileSystem = keyof typeof recipes;

/** Why there is no such file system here; `undefined` if there is. */
export function noFileSystem(kind: FileSystem): string | undefined {
  if (getuid?.() !== 0) return "needs root, to mount";
  try {
    for (const tool of recipes[kind].tools) run("sh", "-c", `command -v ${tool}`);
    return undefined;
  } catch {
    return `not installed: ${recipes[kind].tools.join(", ")}`;
  }
}

/** Makes an empty file system of this kind, mounted until the test ends. Returns its root. */
export function imageDisk(test: TestContext, kind: FileSystem): string {
  const { takesImage, sizeMib, make, mount } = recipes[kind];
  const folder = mkdtempSync(join(tmpdir(), `brigade-${kind}-`));
  const undo: (() => void)[] = [() => rmSync(folder, { recursive: true })];
  test.after(() => {
    for (const step of undo.toReversed()) step();
  });
  const [image, root] = [join(folder, "image"), join(folder, kind)];
  mkdirSync(root);
  run("truncate", "--size", `${sizeMib}M`, image);
  make(image);
  let from = image;
  if (!takesImage) {
    const device = run("losetup", "--find", "--show", image).trim();
    undo.push(() => run("losetup", "--detach", device));
    from = device;
  }
  mount(from, root);
  undo.push(() => run("umount", root));
  return root;
}
