import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
} from "node:fs";
import { dirname } from "node:path";
import { errorCode, isLimit, isPlaceFault } from "../disk/disk-errors.ts";
import { descriptors, pathIn } from "../disk/held-path.ts";

/**
 * Linux's: the descriptor names the folder only, which need not be readable. Node has no name for
 * it.
 */
const O_PATH = 0o10000000;
const hasDescriptors = process.platform === "linux" && existsSync(descriptors);

/**
 * A folder that was entered by its real path. On Linux a descriptor holds it: what is done at
 * `at(name)` is done in this very folder, even when its path leads elsewhere by then. On other
 * systems the path was compared once, when it was entered.
 */
export class EnteredFolder implements Disposable {
  readonly path: string;
  #descriptor: number | undefined;
  /** The descriptor, also after it was closed. */
  readonly #held: number | undefined;

  constructor(path: string, descriptor: number | undefined) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#held = descriptor;
  }

  /** The path for a system call on what is called so in this folder. */
  at(name: string): string {
    return this.#held === undefined ? `${this.path}/${name}` : pathIn(this.#held, name);
  }

  /** May be called twice: the number may be another file's by then. */
  [Symbol.dispose](): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** `path`: absolute. Throws the system's error; ENOTDIR also where a link is on the way. */
export function enter(path: string): EnteredFolder {
  const descriptor = hold(path);
  const entered = new EnteredFolder(path, descriptor);
  try {
    const real =
      descriptor === undefined ? realpathSync.native(path) : readlinkSync(`${descriptors}/${descriptor}`);
    if (real !== path && !isReal(path, descriptor)) throw linkOnTheWay(path);
    return entered;
  } catch (error) {
    entered[Symbol.dispose]();
    throw error;
  }
}

/**
 * Returns `undefined` if no folder is at this path, or a link is on the way. Throws the system's
 * other errors.
 */
export function enterIfReal(path: string): EnteredFolder | undefined {
  try {
    return enter(path);
  } catch (error) {
    if (isPlaceFault(error)) return undefined;
    throw error;
  }
}

/** Returns `undefined` where folders cannot be held, or if this process lacks descriptors. */
function hold(path: string): number | undefined {
  if (!hasDescriptors) return undefined;
  try {
    return openSync(path, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if (isLimit(error)) return undefined;
    throw error;
  }
}

/**
 * For disks that call a folder otherwise than its path does: those that do not distinguish cases.
 */
function isReal(path: string, descriptor: number | undefined): boolean {
  for (let one = path; one !== dirname(one); one = dirname(one))
    if (lstatSync(one).isSymbolicLink()) return false;
  if (descriptor === undefined) return true;
  const [named, held] = [lstatSync(path), fstatSync(descriptor)];
  return named.ino === held.ino && named.dev === held.dev;
}

function linkOnTheWay(path: string): Error {
  const code = "ENOTDIR";
  return Object.assign(new Error(`${code}: a link is on the way, '${path}'`), { code, path });
}

/** Runs a system call at such a path; its error names the folder as people know it. */
export function withShownPath<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replaceAll(/\/proc\/self\/fd\/\d+/g, pathOf);
    throw error;
  }
}

/**
 * Runs a system call at such a path; `undefined` where nothing is there, as another process cleans
 * up, too.
 */
export function ifThere<T>(call: () => T): T | undefined {
  try {
    return withShownPath(call);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function pathOf(descriptor: string): string {
  try {
    return readlinkSync(descriptor);
  } catch {
    return descriptor; // it was closed: the error names the rest
  }
}
