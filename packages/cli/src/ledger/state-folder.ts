import { existsSync } from "node:fs";
import { join } from "node:path";
import { getuid } from "node:process";
import { ConfigError, HostError } from "@brigade/core";
import { makePrivateFolder } from "@brigade/volumes";
import { namedFolder } from "../volumes/named-folder.ts";

/** The files in a state folder: the accounts, and the work that is under way. */
export const catalogueFile = "catalogue.sqlite";
export const queuesFile = "queues.sqlite";

/** The names of all that lies in a state folder. */
const ours = /^((catalogue|queues)\.sqlite.*|volumes\.json|failed|lists|page-address)$/;

/** Returns where `copy` keeps its state by default. */
export function stateFolderOf(volume: string): string {
  return join(volume, ".brigade", "state");
}

/**
 * Returns the folder that `--state-dir` and STATE_DIR mean, for every command: a folder of
 * accounts, or that of the volume that has them. `volumes`: folders that become volumes in this
 * run. Throws ConfigError.
 */
export function stateFolderAt(given: string, volumes: readonly string[] = []): string {
  const folder = namedFolder(given);
  const inVolume = stateFolderOf(folder);
  const isVolume = volumes.includes(folder) || existsSync(join(folder, ".brigade", "volume.json"));
  const hasAccounts = (one: string) => existsSync(join(one, catalogueFile));
  return isVolume && (hasAccounts(inVolume) || !hasAccounts(folder)) ? inVolume : folder;
}

/**
 * Returns the folder with a copy's accounts. With `create`, it is made if there is none; else
 * throws ConfigError.
 */
export function stateFolder(given: string, create = false): string {
  const folder = stateFolderAt(given);
  if (create) makeStateFolder(folder);
  else if (!existsSync(join(folder, catalogueFile))) {
    throw new ConfigError([
      `${given} holds no catalogue: name the STATE_DIR of a \`brigade copy\`, or the first of its volumes`,
    ]);
  }
  return folder;
}

/**
 * Makes the folder if there is none, for its owner alone. Throws HostError if its disk is full or
 * fails, ConfigError if no folder can be there.
 */
export function makeStateFolder(folder: string): void {
  try {
    makePrivateFolder(folder, ours);
  } catch (error) {
    throw unmade(folder, error);
  }
}

function unmade(folder: string, error: unknown): unknown {
  if (error instanceof ConfigError) return error;
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
      const user = getuid === undefined ? "this user" : `this user (${getuid()})`;
      const remedy = `let ${user} write there, or name another place with --state-dir (STATE_DIR)`;
      return new ConfigError([`the state folder ${folder} cannot be made (${error.code}): ${remedy}`], cause);
    }
  }
}
