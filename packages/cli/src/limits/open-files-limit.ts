import { readFileSync } from "node:fs";

/** Files and sockets that this process may have open (`ulimit -n`); `undefined` if it is not known or not limited. */
export function openFilesLimit(path = "/proc/self/limits"): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    // No Linux: nothing is known.
    return undefined;
  }
  const soft = /^Max open files\s+(\d+)/m.exec(text)?.[1];
  return soft === undefined ? undefined : Number(soft);
}
