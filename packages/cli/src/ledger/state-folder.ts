import { existsSync, mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { ConfigError, HostError } from "@brigade/core";

/** The files in a state folder: the accounts, and work that is under way. */
export const catalogueFile = "catalogue.sqlite";
export const queuesFile = "queues.sqlite";

/** Where `copy` keeps them by default. */
export function stateFolderOf(volume: string): string {
  return join(volume, ".brigade", "state");
}

/**
 * The folder with a copy's accounts: the one given, or that of the volume given. With `create` it is made where there is
 * none; else throws ConfigError.
 */
export function stateFolder(given: string, create = false): string {
  const root = resolve(given);
  const isVolume = existsSync(join(root, ".brigade", "volume.json"));
  const folder = isVolume ? stateFolderOf(root) : root;
  if (create) makeStateFolder(folder);
  else if (!existsSync(join(folder, catalogueFile))) {
    throw new ConfigError([
      `${given} holds no catalogue: name the STATE_DIR of a \`brigade copy\`, or the first of its volumes`,
    ]);
  }
  return folder;
}

/** Makes the folder where there is none. Throws HostError when its disk is full or fails, ConfigError when no folder can be there. */
export function makeStateFolder(folder: string): void {
  try {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw unmade(folder, error);
  }
}

function unmade(folder: string, error: unknown): unknown {
  if (!(error instanceof Error && "code" in error)) return error;
  const cause = { cause: error };
  switch (error.code) {
    case "ENOSPC":
    case "EDQUOT":
      return new HostError(
        "full",
        `no room on the disk for the state folder ${folder}: free some space`,
        cause,
      );
    case "EIO":
      return new HostError("io", `the disk of the state folder ${folder} failed: see dmesg`, cause);
    default: {
      const remedy = "let this user write there, or name another place with --state-dir (STATE_DIR)";
      return new ConfigError([`the state folder ${folder} cannot be made (${error.code}): ${remedy}`], cause);
    }
  }
}
