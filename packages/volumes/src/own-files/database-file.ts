import { closeSync, fstatSync, lstatSync, readSync, type Stats, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { ConfigError, isSameFile } from "@brigade/core";
import { errorCode } from "../disk/disk-errors.ts";
import { createFile, openOwnFile } from "./files.ts";
import { assertFile, enterFolder, isOwn, NotOurs } from "./own-path.ts";
import { asFarAsPossible, narrow, privateFile } from "./private.ts";

/** What SQLite puts beside a database. */
const besides = ["-wal", "-shm", "-journal"];
/** What it goes on with. A journal that a killed process has left it removes, and makes another. */
const lasting: ReadonlySet<string> = new Set(["", "-wal"]);

/**
 * A file that SQLite opens by its path, and by the paths beside it: compared with what they were
 * before.
 */
export class DatabaseFile {
  readonly #path: string;
  readonly #look: (path: string) => Stats | undefined;
  /** By the end of the name. */
  readonly #before = new Map<string, Stats>();

  /**
   * `followsLinks`: where people have put them. Throws ConfigError where SQLite would open what is
   * no file, or another's.
   */
  constructor(path: string, { followsLinks = false } = {}) {
    const options = { throwIfNoEntry: false } as const;
    this.#path = path;
    this.#look = followsLinks ? (one) => statSync(one, options) : (one) => lstatSync(one, options);
    using _ = enterFolder(dirname(path));
    for (const end of ["", ...besides]) {
      const stats = this.#fileAt(path + end);
      if (stats !== undefined) this.#before.set(end, stats);
    }
    refuseJournalOfSeveral(`${path}-journal`);
  }

  /**
   * After it was opened: whether the same files lie there, also where one was made or removed.
   * Throws ConfigError as before.
   */
  get isSame(): boolean {
    return ["", ...besides].every((end) => {
      const [before, now] = [this.#before.get(end), this.#fileAt(this.#path + end)];
      return !lasting.has(end) || before === undefined || now === undefined || isSameFile(before, now);
    });
  }

  /** Throws ConfigError where it is not the same. */
  confirm(): void {
    if (this.isSame) return;
    throw new ConfigError([`${this.#path} became another file while it was opened: run the command again`]);
  }

  #fileAt(path: string): Stats | undefined {
    const stats = this.#look(path);
    if (stats !== undefined) assertFile(path, stats);
    return stats;
  }
}

/**
 * Sees to it that a database is for its owner alone: makes an empty file where there is none, and
 * takes away the rights of others that one from before has. To be called before it is opened:
 * SQLite makes what lies beside it with the same rights.
 */
export function keepPrivate(path: string): void {
  const followsLinks = !isOwn(path);
  asFarAsPossible(() => {
    using folder = enterFolder(dirname(path));
    const name = basename(path);
    try {
      closeSync(createFile(folder.at(name), privateFile));
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
      for (const end of ["", ...besides, ".backup"]) narrow(folder.at(name + end), { followsLinks });
    }
  });
}

/**
 * Opens a database that is for its owner alone, or a process that has one, at such a path. All that
 * SQLite opens for longer passes here or by `DatabaseFile`. Where the path cannot be looked at,
 * `open` fails, too, with words of its own.
 */
export async function withDatabaseFile<T extends AsyncDisposable>(
  path: string,
  open: (path: string) => Promise<T>,
): Promise<T> {
  const look = () => new DatabaseFile(path, { followsLinks: !isOwn(path) });
  const file = asFarAsPossible(() => {
    look();
    keepPrivate(path);
    return look(); // there is a file now
  });
  const opened = await open(path);
  try {
    (file ?? look()).confirm();
    return opened;
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * The end of a journal that names a file for several databases,
 * https://sqlite.org/fileformat2.html#the_rollback_journal
 */
const namesAnother = Buffer.from("d9d505f920a163d7", "hex");

/**
 * SQLite would read the file that it names, and remove it. Ours name none: each database is alone.
 */
function refuseJournalOfSeveral(path: string): void {
  const descriptor = openOwnFile(path);
  if (descriptor === undefined) return;
  try {
    const { size } = fstatSync(descriptor);
    const end = Buffer.alloc(namesAnother.length);
    readSync(descriptor, end, 0, end.length, Math.max(0, size - end.length));
    if (end.equals(namesAnother)) throw new NotOurs([`${path} names another file: remove it`]);
  } finally {
    closeSync(descriptor);
  }
}
