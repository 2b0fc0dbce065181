import { closeSync, fstatSync, lstatSync, readSync, type Stats, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { ConfigError } from "@brigade/core";
import { errorCode } from "../disk-errors.ts";
import { createFile, openOwnFile } from "./files.ts";
import { assertFile, enterFolder, isOwn, NotOurs } from "./own-path.ts";
import { asFarAsPossible, narrow, privateFile } from "./private.ts";

/** What SQLite puts beside a database. */
const besides = ["-wal", "-shm", "-journal"];

/** A file that SQLite opens by its path, and by the paths beside it: compared with what it was before. */
export class DatabaseFile {
  readonly #path: string;
  readonly #look: (path: string) => Stats | undefined;
  readonly #before: Stats | undefined;

  /** `followsLinks`: where people have put them. Throws ConfigError where SQLite would open what is no file, or another's. */
  constructor(path: string, { followsLinks = false } = {}) {
    const options = { throwIfNoEntry: false } as const;
    this.#path = path;
    this.#look = followsLinks ? (one) => statSync(one, options) : (one) => lstatSync(one, options);
    using _ = enterFolder(dirname(path));
    for (const end of besides) this.#fileAt(path + end);
    this.#before = this.#fileAt(path);
    refuseJournalOfSeveral(`${path}-journal`);
  }

  /** After it was opened: whether the same file lies there; also where it was removed. Throws ConfigError as before. */
  get isSame(): boolean {
    for (const end of besides) this.#fileAt(this.#path + end);
    const now = this.#fileAt(this.#path);
    const before = this.#before ?? now;
    return now === undefined || (now.ino === before?.ino && now.dev === before.dev);
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
 * Sees to it that a database is for its owner alone: makes an empty file where there is none, and takes away the rights of others that one
 * from before has. To be called before it is opened: SQLite makes what lies beside it with the same rights.
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

/** Opens a database that is for its owner alone, or a process that has one, at such a path. */
export async function withDatabaseFile<T extends AsyncDisposable>(
  path: string,
  open: (path: string) => Promise<T>,
): Promise<T> {
  const file = new DatabaseFile(path, { followsLinks: !isOwn(path) });
  keepPrivate(path);
  const opened = await open(path);
  try {
    file.confirm();
    return opened;
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}

/** The end of a journal that names a file for several databases, https://sqlite.org/fileformat2.html#the_rollback_journal */
const namesAnother = Buffer.from("d9d505f920a163d7", "hex");

/** SQLite would read the file that it names, and remove it. Ours name none: each database is alone. */
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
