import { join } from "node:path";
import { ConfigError, HostError } from "@brigade/core";
import { readOwnBytes, replacePrivateFile } from "@brigade/volumes";
import { z } from "zod";

const schema = z.record(z.string(), z.string());

/** Roots that were volumes in earlier runs, with their ids. Kept in the state folder. */
export type KnownVolumes = Readonly<z.infer<typeof schema>>;

/** Enough for some thousand volumes. */
const mostBytes = 1024 * 1024;

function fileIn(state: string): string {
  return join(state, "volumes.json");
}

/** Throws ConfigError if the file cannot be read or is damaged. */
export function readKnownVolumes(state: string): KnownVolumes {
  const path = fileIn(state);
  try {
    const text = readOwnBytes(path, mostBytes)?.toString();
    return text === undefined ? {} : schema.parse(JSON.parse(text));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    // If no folder can be there, there was no run. The trial of the folder reports what is wrong.
    if (error instanceof Error && "code" in error && ["ENOTDIR", "ELOOP"].includes(String(error.code)))
      return {};
    const reason = error instanceof Error && "syscall" in error ? error.message : "it is damaged";
    throw new ConfigError(
      [`${path} cannot be read (${reason}): see that all volumes are mounted, then remove it`],
      { cause: error },
    );
  }
}

/** Writes the file whole, or leaves it as it was. Throws HostError. */
export function writeKnownVolumes(state: string, known: KnownVolumes): void {
  const path = fileIn(state);
  try {
    replacePrivateFile(path, `${JSON.stringify(known, undefined, 2)}\n`);
  } catch (error) {
    throw unwritten(path, error);
  }
}

function unwritten(path: string, error: unknown): unknown {
  if (!(error instanceof Error && "syscall" in error)) return error;
  const isFull = "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
  const message = `the list of volumes ${path} cannot be written: ${error.message}`;
  return new HostError(isFull ? "full" : "io", message, { cause: error });
}
