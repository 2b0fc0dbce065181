import { type Dir, opendirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, type Floor, HostError } from "@brigade/core";
import { eachSyncer, noSyncer, type Syncer, wholeSyncer } from "../commit/syncer.ts";
import { errorCode, isFull, isPlaceFault, volumeError } from "../disk/disk-errors.ts";
import { loadNameless } from "../disk/nameless.ts";
import type { OpenDescriptors } from "../disk/open-descriptors.ts";
import { loadSyncfs } from "../disk/syncfs.ts";
import { cannotBeUsed } from "../identity/folder-trial.ts";
import { noteHost } from "../identity/host-note.ts";
import {
  type Identity,
  identify,
  identityOf,
  type Layout,
  type Names,
  prepareLayout,
} from "../identity/identity.ts";
import { dropTornLines } from "../manifest/torn-lines.ts";
import { writeNew } from "../own-files/durable-file.ts";
import { createFile } from "../own-files/files.ts";
import { tryLock } from "../own-files/lock.ts";
import { makeFolder } from "../own-files/make-folder.ts";
import { removeFile } from "../own-files/removal.ts";
import { removeForgotten } from "../parts/forgotten.ts";
import { type Assembly, assemble } from "./assembly.ts";
import { claimTemporary, type Temporary } from "./temporary.ts";

/**
 * `group`: one sync for many files. `file`: each synced by itself. `none`: a power cut may cost
 * anything.
 */
export type Durability = "group" | "file" | "none";

export interface OpeningOptions {
  readonly root: string;
  /** Makes an existing folder a volume. */
  readonly init: boolean;
  /** This process's name on the volume. Two processes cannot have the same name at once. */
  readonly instance: string;
  readonly durability: Durability;
  /** For a new volume; the folder's name by default. */
  readonly label?: string;
  /** For a new volume: plain by default. Another volume must have the same. */
  readonly names?: Names | undefined;
  /** This machine's name, noted on the volume. */
  readonly host?: string;
  /**
   * Files that wait open for their fsync at most, where each is synced by itself; `undefined`: as
   * many as usual.
   */
  readonly keptOpen?: number | undefined;
  /** What objects of unknown size leave free of its disk; 1 % by default. */
  readonly minFree?: Floor;
  /** Makes the folder if it does not exist. */
  readonly make?: boolean;
  /**
   * The id of the volume, if it is opened again: nothing is written unless it is still there, and its
   * disk must take a file.
   */
  readonly reopens?: string;
}

export interface OpeningHooks {
  readonly onCompleted: () => void;
  readonly onWarning: (error: unknown, message: string) => void;
  /** Where files are noted that Node has not opened. */
  readonly openDescriptors?: OpenDescriptors;
  /** For tests: used instead of the durability's own. */
  readonly syncer?: Syncer;
}

export interface OpenedVolume extends Assembly {
  readonly root: string;
  /** The system's number of the file system. */
  readonly fileSystem: string;
  readonly identity: Identity;
  /** Source folders that were not empty. */
  readonly occupied: readonly string[];
}

/**
 * How long an opening waits for other processes that are opening the volume: they may be cleaning
 * up after a crash. Milliseconds.
 */
const openingPatience = 60_000;

/**
 * Opens a volume for this process. Throws ConfigError. Blocks like everything that touches a disk.
 */
export async function openForWriting(options: OpeningOptions, hooks: OpeningHooks): Promise<OpenedVolume> {
  try {
    return await open(options, hooks);
  } catch (error) {
    // Of a volume that was open, the fault of the disk is wanted.
    if (options.reopens !== undefined && (error instanceof HostError || errorCode(error) !== ""))
      throw volumeError(error, options.root);
    throw cannotBeUsed(options.root, error);
  }
}

async function open(options: OpeningOptions, hooks: OpeningHooks): Promise<OpenedVolume> {
  if (!/^[\w-][\w.-]{0,99}$/.test(options.instance)) {
    throw new ConfigError([`"${options.instance}" cannot name an instance: letters, digits, _ - and . only`]);
  }
  if (options.reopens !== undefined) refuseOther(options.root, options.reopens);
  if (options.make === true) makeFolder(options.root);
  const layout = prepareLayout(options.root, options.init);
  const lock = tryLock(layout.lock, openingPatience);
  if (lock === undefined) throw new HostError("io", `${layout.lock} is held by another process for too long`);
  try {
    const temporary = claimTemporary(layout.tmp, options.instance, (dead) =>
      dropTornLines(layout.manifest, dead),
    );
    try {
      return await openWith(temporary, layout, options, hooks);
    } catch (error) {
      temporary[Symbol.dispose]();
      throw error;
    }
  } finally {
    lock[Symbol.dispose]();
  }
}

async function openWith(
  temporary: Temporary,
  layout: Layout,
  options: OpeningOptions,
  hooks: OpeningHooks,
): Promise<OpenedVolume> {
  const { init, label, names, host, reopens, durability, instance, keptOpen } = options;
  const { minFree = { share: 0.01 } } = options;
  const identity = identify(layout, temporary.next(), init, { label, names });
  if (reopens !== undefined) tryWriting(temporary.next());
  if (host !== undefined) tryNoteHost(layout, host, temporary.next(), hooks);
  removeForgotten(layout.parts, Date.now(), hooks.onWarning);
  const syncer = hooks.syncer ?? (await syncerFor(durability, layout, hooks));
  // A file that is synced by itself is closed by that, so it needs a name.
  const nameless = syncer.each ? undefined : await loadNameless(hooks.openDescriptors);
  const { onCompleted, onWarning } = hooks;
  const assembly = assemble({
    ...{
      layout,
      identity,
      temporary,
      syncer,
      nameless,
      instance,
      keptOpen,
      minFree,
      onCompleted,
      onWarning,
    },
  });
  const { root } = layout;
  const fileSystem = String(statSync(root).dev);
  return { ...assembly, root, fileSystem, identity, occupied: occupiedFolders(root) };
}

/** Throws HostError unless this volume is at the root. */
function refuseOther(root: string, id: string): void {
  if (identityOf(root)?.id === id) return;
  throw new HostError("gone", `${root} is no longer the volume ${id}: was its disk unmounted?`);
}

/** Writes a small file, makes it safe and removes it. A disk without room may be used again, too. */
function tryWriting(path: string): void {
  try {
    writeNew(createFile(path), [new Uint8Array(4096)]);
  } catch (error) {
    if (!isFull(error)) throw error;
  } finally {
    removeFile(path);
  }
}

/** An error is only logged: a full disk, for example, can still be opened. */
function tryNoteHost(layout: Layout, host: string, scratch: string, { onWarning }: OpeningHooks): void {
  try {
    noteHost(layout, host, scratch);
  } catch (error) {
    onWarning(error, "the host's name could not be noted on the volume");
  }
}

async function syncerFor(durability: Durability, layout: Layout, hooks: OpeningHooks): Promise<Syncer> {
  if (durability === "none") return noSyncer;
  if (durability === "file") return eachSyncer();
  const syncfs = await loadSyncfs();
  if (typeof syncfs !== "string") return wholeSyncer(syncfs, layout.manifest);
  hooks.onWarning(syncfs, "every file is synced by itself, which is slower");
  return eachSyncer();
}

function occupiedFolders(root: string): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== ".brigade" && !isEmpty(join(root, entry.name)))
    .map((entry) => entry.name);
}

/** A folder that cannot be read (`lost+found` is root's alone) counts as not empty. */
function isEmpty(folder: string): boolean {
  let entries: Dir;
  try {
    entries = opendirSync(folder);
  } catch (error) {
    if (isPlaceFault(error)) return false;
    throw error;
  }
  try {
    return entries.readSync() === null;
  } finally {
    entries.closeSync();
  }
}
