import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../disks/run.ts";

export type FileSystem = "ext4" | "xfs";

const server = fileURLToPath(new URL("logging-server.ts", import.meta.url));
const mib = 1024 * 1024;
/** The smallest size that mkfs.xfs accepts. */
const diskBytes = 300 * mib;

/**
 * A disk whose writes and flushes are logged: a loop device on a file that a program of ours
 * serves.
 */
export interface LoggedDisk extends Disposable {
  /** Where it is mounted. */
  readonly root: string;
  /** Its log so far; the length is the moment. */
  readonly log: string;
  /** The content before the log began. */
  readonly before: string;
}

/** `folder`: on a memory disk. Disposing unmounts and ends the program; log and image stay. */
export function loggedDisk(folder: string, fileSystem: FileSystem): LoggedDisk {
  const at = (name: string) => join(folder, name);
  const [image, before, log, served, root] = [at("image"), at("before"), at("log"), at("served"), at("root")];
  using undo = new DisposableStack();
  makeFileSystem(image, fileSystem);
  run("cp", "--sparse=always", image, before);
  writeFileSync(log, "");
  writeFileSync(served, "");
  mkdirSync(root);
  const child = serve(image, log, served);
  undo.defer(() => child.kill("SIGKILL"));
  undo.defer(() => run("umount", "--lazy", served));
  const device = run("losetup", "--find", "--show", served).trim();
  undo.defer(() => run("losetup", "--detach", device));
  run("mount", "-t", fileSystem, device, root);
  undo.defer(() => run("umount", "--lazy", root));
  const mounted = undo.move();
  return { root, log, before, [Symbol.dispose]: () => mounted.dispose() };
}

/**
 * A disk's image as an ordinary file, mounted at `root` until disposed. The file system replays its
 * journal.
 */
export function mountedImage(image: string, fileSystem: FileSystem, root: string): Disposable {
  using undo = new DisposableStack();
  const device = run("losetup", "--find", "--show", image).trim();
  undo.defer(() => run("losetup", "--detach", device));
  run("mount", "-t", fileSystem, device, root);
  undo.defer(() => run("umount", root));
  return undo.move();
}

/** A memory disk for all this: a log and some images of a disk. */
export function memoryDisk(folder: string): Disposable {
  run("mount", "-t", "tmpfs", "-o", `size=${4096 * mib}`, "none", folder);
  return { [Symbol.dispose]: () => void run("umount", "--lazy", folder) };
}

/** Unmounts and detaches everything below a folder, in any state, when a test is stopped. */
export function releaseBelow(folder: string): void {
  const below = (path: string) => path === folder || path.startsWith(`${folder}/`);
  // Looked up first: the path of its file changes when that is unmounted.
  const devices = run("losetup", "--list", "--noheadings", "--output", "NAME,BACK-FILE")
    .split("\n")
    .map((line) => line.split(/\s+/))
    .filter(([, file = ""]) => below(file));
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter(below);
  for (const path of mounts.toReversed()) spawnSync("umount", ["--lazy", path]);
  for (const [device = ""] of devices) spawnSync("losetup", ["--detach", device]);
  rmSync(folder, { recursive: true, force: true });
}

export function positionOf(log: string): number {
  return statSync(log).size;
}

function makeFileSystem(image: string, fileSystem: FileSystem): void {
  writeFileSync(image, "");
  truncateSync(image, diskBytes);
  if (fileSystem === "xfs") run("mkfs.xfs", "-q", image);
  else run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image);
}

/** Mounts a file on a file: FUSE's root may be one. */
function serve(image: string, log: string, served: string): ChildProcess {
  const channel = openSync("/dev/fuse", "r+");
  try {
    const child = spawn(process.execPath, [server, image, log], {
      stdio: ["ignore", "ignore", "inherit", channel],
    });
    const options = "fd=3,rootmode=100000,user_id=0,group_id=0";
    // `-i`: without the library's own helper, which would start a server.
    execFileSync("mount", ["-i", "-t", "fuse", "-o", options, "powercut", served], {
      stdio: ["ignore", "pipe", "inherit", channel],
    });
    return child;
  } finally {
    closeSync(channel);
  }
}
