import { join } from "node:path";
import { listOwnFolder } from "../own-files/files.ts";
import { tryLock } from "../own-files/lock.ts";
import { enterFolder, lookAtFile } from "../own-files/own-path.ts";
import { removeFile } from "../own-files/removal.ts";

/** Milliseconds that a part may lie there untouched. */
const longest = 7 * 24 * 3_600_000;

/** What lies in a folder of parts; the rest is nothing of ours, and stays. */
const ours = /^[0-9a-f]{40}\.part(\.json|\.json\.new|\.lock)?$/;

/**
 * Removes parts that nobody has touched for days, unless a process has them open: their objects
 * were removed from the bucket, or stored somewhere else. Under the volume's lock. `now`: Unix
 * milliseconds. Throws ConfigError where what is called as a part is no file: whoever takes that
 * part up would find the same.
 */
export function removeForgotten(
  path: string,
  now: number,
  onWarning: (error: unknown, message: string) => void,
): void {
  using folder = enterFolder(path);
  const names = listOwnFolder(path).filter((name) => ours.test(name));
  const touched = names.map((name) => ({ name, at: lookAtFile(folder, name)?.mtimeMs ?? 0 }));
  for (const [part, files] of Map.groupBy(touched, ({ name }) => name.split(".", 1)[0] ?? "")) {
    try {
      if (now - Math.max(...files.map(({ at }) => at)) < longest) continue;
      const lock = tryLock(join(path, `${part}.part.lock`), 0);
      if (lock === undefined) continue;
      // The file of the lock is the last to go.
      for (const { name } of files) removeFile(folder.at(name));
      removeFile(folder.at(`${part}.part.lock`));
      lock[Symbol.dispose]();
    } catch (error) {
      onWarning(error, "an abandoned part could not be removed");
    }
  }
}
