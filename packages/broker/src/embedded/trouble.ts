import type { Trouble } from "./protocol.ts";

/** SQLite's primary result codes, https://www.sqlite.org/rescode.html */
const busy = 5;
const full = 13;
const disk: readonly number[] = [
  8 /* READONLY */, 10 /* IOERR */, 11 /* CORRUPT */, 14 /* CANTOPEN */, 26 /* NOTADB */,
];

export function troubleOf(error: unknown): Trouble {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: "trouble", trouble: kindOf(error), message };
}

function kindOf(error: unknown): Trouble["trouble"] {
  if (!(error instanceof Error)) return "other";
  if ("errcode" in error && typeof error.errcode === "number") {
    const primary = error.errcode & 0xff;
    if (primary === busy) return "in-use";
    if (primary === full) return "full";
    return disk.includes(primary) ? "io" : "other";
  }
  // From node:fs, while the folder is made.
  if ("code" in error && error.code === "ENOSPC") return "full";
  return "syscall" in error ? "io" : "other";
}
