import { hostname } from "node:os";
import { ConfigError, type Log } from "@brigade/core";
import { type Durability, type LocalVolume, type TriedVolumes, tryVolumes } from "@brigade/volumes";
import { makeStateFolder } from "../ledger/state-folder.ts";
import { filesKeptOpen } from "../limits/connections.ts";
import { readKnownVolumes, writeKnownVolumes } from "./known-volumes.ts";

/**
 * Tries the folders named on the command line, then makes the one of the state; no volume is made yet. A folder that was a volume in
 * an earlier run and is none now is an unmounted disk: refused, so that nothing fills the disk below it.
 */
export async function tryRoots(
  roots: readonly string[],
  state: string,
  durability: Durability,
  log: Log,
): Promise<TriedVolumes> {
  const known = readKnownVolumes(state);
  const candidates = roots.map((root) => ({
    root,
    make: true,
    init: true,
    instance: crypto.randomUUID().slice(0, 8),
    durability,
    host: hostname(),
    keptOpen: filesKeptOpen({ volumes: roots.length, service: false }),
    wasVolume: root in known,
  }));
  const tried = await tryVolumes(candidates, log);
  try {
    makeStateFolder(state);
    // What else is wrong with it is told by the queues and the catalogue, which have words of their own.
    await tried.tryLocks(state).catch((error: unknown) => {
      if (error instanceof ConfigError) throw error;
    });
    return tried;
  } catch (error) {
    await tried[Symbol.asyncDispose]();
    throw error;
  }
}

/** Opens them, making them volumes where they are not. */
export async function openRoots(
  tried: TriedVolumes,
  state: string,
  resources: AsyncDisposableStack,
): Promise<LocalVolume[]> {
  const volumes = await tried.open();
  for (const volume of volumes) resources.use(volume);
  const ids = Object.fromEntries(volumes.map(({ root, id }) => [root, id]));
  writeKnownVolumes(state, { ...readKnownVolumes(state), ...ids });
  return volumes;
}

/** Throws ConfigError when a root is named twice. */
export function checkRoots(roots: readonly string[]): void {
  if (new Set(roots).size !== roots.length) throw new ConfigError(["a volume is named twice"]);
}
