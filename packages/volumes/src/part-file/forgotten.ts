import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { tryLock } from "../lock.ts";
import { removeFile } from "../removal.ts";

/** Milliseconds that a part may lie there untouched. */
const longest = 7 * 24 * 3_600_000;

/**
 * Removes parts that nobody has touched for days, unless a process has them open: their objects were removed from the
 * bucket, or stored somewhere else. Under the volume's lock. `now`: Unix milliseconds.
 */
export function removeForgotten(
  folder: string,
  now: number,
  onWarning: (error: unknown, message: string) => void,
): void {
  const parts = Map.groupBy(readdirSync(folder), (name) => name.split(".", 1)[0] ?? "");
  for (const [part, names] of parts) {
    try {
      const touched = names.map(
        (name) => lstatSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
      );
      if (now - Math.max(...touched) < longest) continue;
      const lock = tryLock(join(folder, `${part}.part.lock`), 0);
      if (lock === undefined) continue;
      // The file of the lock is the last to go.
      for (const name of [...names, `${part}.part.lock`]) removeFile(join(folder, name));
      lock[Symbol.dispose]();
    } catch (error) {
      onWarning(error, "a forgotten part could not be removed");
    }
  }
}
