import { chmodSync, lstatSync, readdirSync, statSync } from "node:fs";
import { replaceOwnFile } from "./durable-file.ts";
import { createOwnFile } from "./files.ts";
import { makeFolder } from "./make-folder.ts";
import { enterFolder, isOwn } from "./own-path.ts";

/*
 * Accounts and queues name every object, and lists may have passwords in them: these files are for
 * their owner alone. What explains a disk (`volume.json`, the manifest) is not: another user of
 * another machine must be able to read it.
 */
export const privateFile = 0o600;
const privateFolder = 0o700;

/** Makes a file that is not there, as `createOwnFile` does. */
export function createPrivateFile(path: string): number {
  return createOwnFile(path, privateFile);
}

/** Replaces a small file, as `replaceOwnFile` does. */
export function replacePrivateFile(path: string, text: string, temporary?: string): void {
  replaceOwnFile(path, [Buffer.from(text)], {
    mode: privateFile,
    ...(temporary !== undefined && { temporary }),
  });
}

/**
 * Makes a folder, as `makeFolder` does. One that is there is made private where it is brigade's
 * own, or holds nothing but what `ours` names: in a folder that people named there may be other
 * things.
 */
export function makePrivateFolder(path: string, ours: RegExp): void {
  makeFolder(path, privateFolder);
  asFarAsPossible(() => {
    using folder = enterFolder(path);
    if (isOwn(path) || readdirSync(folder.at(".")).every((name) => ours.test(name)))
      narrow(folder.at("."), { followsLinks: false });
  });
}

/** Takes away what others than the owner may do, if something lies there. `path`: at hand. */
export function narrow(path: string, { followsLinks }: { readonly followsLinks: boolean }): void {
  const options = { throwIfNoEntry: false } as const;
  const stats = followsLinks ? statSync(path, options) : lstatSync(path, options);
  if (stats === undefined || stats.isSymbolicLink() || (stats.mode & 0o077) === 0) return;
  chmodSync(path, stats.mode & 0o700);
}

/**
 * What is another's, or lies on a disk without modes, stays as it is. What else is wrong is reported
 * when it is used.
 */
export function asFarAsPossible<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    return undefined;
  }
}
