import { isUtf8 } from "node:buffer";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { isAbsolute } from "node:path";
import { ConfigError } from "@brigade/core";
import { absolutePath } from "../process/working-folder.ts";
import { Problems } from "../settings/problems.ts";
import { namedFolder } from "./named-folder.ts";

/** Bytes of the file, and volumes in it, at most. */
const mostBytes = 256 * 1024;
const mostRoots = 1_000;

/**
 * Returns the volumes that a file names: one root per line, absolute. Blank lines, and lines that
 * begin with `#`, count for nothing. Throws ConfigError with all problems and their lines.
 */
export function readVolumesFile(path: string): string[] {
  const file = absolutePath(path);
  const problems = new Problems();
  const roots = new Map<string, number>();
  for (const [index, text] of linesOf(file).entries()) {
    const line = text.trim();
    if (line === "" || line.startsWith("#")) continue;
    const at = `VOLUMES_FILE ${file}, line ${index + 1}`;
    const root = problems.try(() => rootIn(line, at));
    if (root === undefined) continue;
    const before = roots.get(root);
    problems.try(() => {
      if (before !== undefined) throw new ConfigError([`${at}: ${root} is in line ${before} already`]);
    });
    roots.set(root, before ?? index + 1);
  }
  problems.throwAny();
  if (roots.size > mostRoots)
    throw new ConfigError([`VOLUMES_FILE ${file}: names ${roots.size} volumes; ${mostRoots} are the most`]);
  return [...roots.keys()];
}

function rootIn(line: string, at: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are refused
  if (/[\u0000-\u001f\u007f]/.test(line)) throw new ConfigError([`${at}: has a control character`]);
  try {
    const root = namedFolder(line);
    if (isAbsolute(line)) return root.length > 1 ? root.replace(/\/+$/, "") : root;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(
      error.problems.map((one) => `${at}: ${one}`),
      { cause: error },
    );
  }
  throw new ConfigError([`${at}: ${line} is not an absolute path`]);
}

function linesOf(file: string): string[] {
  const bytes = bytesOf(file);
  if (!isUtf8(bytes)) throw new ConfigError([`VOLUMES_FILE ${file}: is not UTF-8`]);
  return bytes
    .toString()
    .replace(/^\ufeff/, "")
    .split(/\r?\n/);
}

function bytesOf(file: string): Buffer {
  try {
    // To open a pipe would wait for its writer.
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(descriptor);
      if (!stats.isFile()) throw new ConfigError([`VOLUMES_FILE ${file}: is no file`]);
      if (stats.size > mostBytes)
        throw new ConfigError([`VOLUMES_FILE ${file}: has ${stats.size} bytes; ${mostBytes} are the most`]);
      const bytes = Buffer.alloc(stats.size);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, stats.size, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`VOLUMES_FILE ${file}: cannot be read: ${reason}`], { cause: error });
  }
}
