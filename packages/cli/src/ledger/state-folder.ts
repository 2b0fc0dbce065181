import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { ConfigError } from "@brigade/core";

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
  if (create) mkdirSync(folder, { recursive: true });
  else if (!existsSync(join(folder, catalogueFile))) {
    throw new ConfigError([
      `${given} holds no catalogue: name the STATE_DIR of a \`brigade copy\`, or the first of its volumes`,
    ]);
  }
  return folder;
}
