import { createWriteStream } from "node:fs";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ConfigError, type Log } from "@brigade/core";
import type { Miss } from "@brigade/ledger";
import { createPrivateFile, makePrivateFolder, removeOwnFile } from "@brigade/volumes";
import { printableJson } from "../terminal/printable.ts";

/**
 * Writes one JSON line for each failed object, with the reason. Returns the path; `undefined` if
 * nothing failed, or if the file could not be written. In the second case a warning is logged, the
 * run ends as it would otherwise, and the file lacks objects.
 */
export async function writeFailures(
  path: string,
  failures: AsyncIterable<Miss>,
  log: Log,
): Promise<string | undefined> {
  const rows = failures[Symbol.asyncIterator]();
  const first = await rows.next();
  if (first.done === true) return undefined;
  async function* lines() {
    for (let row = first; row.done !== true; row = await rows.next()) {
      const { key, reason, at } = row.value;
      yield `${printableJson(JSON.stringify({ key, reason, at: new Date(at).toISOString() }))}\n`;
    }
  }
  try {
    makePrivateFolder(dirname(path), /\.ndjson$/);
    removeOwnFile(path);
    await pipeline(Readable.from(lines()), createWriteStream("", { fd: createPrivateFile(path) }));
    return path;
  } catch (error) {
    const isDisks = error instanceof ConfigError || (error instanceof Error && "syscall" in error);
    if (!isDisks) throw error;
    const remedy = "the accounts have them all: `brigade failed --state-dir …` lists them";
    log.warn({ reason: error.message, remedy }, "the list of failed objects could not be written");
    return undefined;
  }
}
