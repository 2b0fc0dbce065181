import { closeSync, constants, fsyncSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { createFile, createOwnFile, renameOwnFile } from "./files.ts";
import { enterFolder } from "./own-path.ts";
import { removeOwnFile } from "./removal.ts";

/**
 * Writes a small file of brigade's own so that it exists whole or not at all, even after a power
 * cut. `temporary`: at hand, not there, on the same disk.
 */
export function writeDurably(path: string, text: string, temporary: string): void {
  writeNew(createFile(temporary), [Buffer.from(text)]);
  renameOwnFile(temporary, path);
  syncFolder(dirname(path));
}

/** `temporary`: in the same folder; of nobody else. `mode`: what its owner and others may do. */
interface Replacing {
  readonly temporary?: string;
  readonly mode?: number;
}

/** Replaces a file of brigade's own, as `writeDurably` does. */
export function replaceOwnFile(
  path: string,
  pieces: readonly Uint8Array[],
  { temporary = `${path}.new`, mode }: Replacing = {},
): void {
  removeOwnFile(temporary);
  writeNew(createOwnFile(temporary, mode), pieces);
  renameOwnFile(temporary, path);
  syncFolder(dirname(path));
}

/** Fills a new file, makes it safe and closes it. */
export function writeNew(descriptor: number, pieces: readonly Uint8Array[]): void {
  try {
    for (const piece of pieces) writeAll(descriptor, piece);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

export function syncFolder(path: string): void {
  using folder = enterFolder(path);
  const descriptor = openSync(folder.at("."), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** write(2) may take less than it is given. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) {
    written += writeSync(descriptor, bytes, written, bytes.length - written, null);
  }
}
