import { hostname } from "node:os";
import { ConfigError, type Log } from "@brigade/core";
import {
  type LocalVolume,
  type Names,
  type TriedVolumes,
  tryVolumes,
  type VolumeSettings,
} from "@brigade/volumes";
import { makeStateFolder } from "../ledger/state-folder.ts";
import { filesKeptOpen } from "../limits/connections.ts";
import { fetchThreads } from "../limits/fetch-threads.ts";
import { judgeFolders } from "../volumes/earlier-volumes.ts";
import type { VolumeMemory } from "../volumes/volume-memory.ts";
import { readKnownVolumes, writeKnownVolumes } from "./known-volumes.ts";

export interface VolumeRequest {
  /** In the order of the command line. */
  readonly roots: readonly string[];
  /** The folder of queues and catalogue. */
  readonly state: string;
  readonly memory: VolumeMemory;
  /** A folder may become a new volume where another one was. */
  readonly newVolume: boolean;
  /** How names are on volumes that are made; other volumes must have the same. */
  readonly names: Names | undefined;
}

/**
 * Tries the folders that the command line names, then makes the state folder. No volume is made
 * yet. A full disk keeps its objects, and is left out while there are others. A disk that fails
 * ends the run, since what lies on it may be lost.
 */
export async function tryRoots(
  request: VolumeRequest,
  {
    DURABILITY: durability,
    MIN_FREE: minFree,
    FETCH_THREADS,
  }: Pick<VolumeSettings, "DURABILITY" | "MIN_FREE" | "FETCH_THREADS">,
  log: Log,
): Promise<TriedVolumes> {
  const { roots, state, memory, newVolume, names } = request;
  const keptOpen = filesKeptOpen({ volumes: roots.length, service: false });
  const candidates = roots.map((root) => ({
    root,
    make: true,
    init: true,
    names,
    instance: crypto.randomUUID().slice(0, 8),
    durability,
    minFree,
    host: hostname(),
    keptOpen,
  }));
  const tried = await tryVolumes(candidates, log, {
    leavesOut: ["full"],
    fetching: fetchThreads(FETCH_THREADS, roots.length),
    judge: (found) =>
      judgeFolders(
        found,
        { inAccounts: readKnownVolumes(state), memory },
        { newVolume, remedy: "--new-volume goes on without it" },
        log,
      ),
  });
  try {
    makeStateFolder(state);
    // Other faults of the state folder are reported when queues and catalogue are opened.
    await tried.tryLocks(state).catch((error: unknown) => {
      if (error instanceof ConfigError) throw error;
    });
    return tried;
  } catch (error) {
    await tried[Symbol.asyncDispose]();
    throw error;
  }
}

/** Opens the volumes, makes those that are none yet, and notes them. */
export async function openRoots(
  tried: TriedVolumes,
  { source, state, memory }: VolumeRequest & { readonly source: string },
  resources: AsyncDisposableStack,
  log: Log,
): Promise<LocalVolume[]> {
  const volumes = await tried.open();
  for (const volume of volumes) resources.use(volume);
  // In one order for all runs: if two need the same volumes, one of them gets all.
  for (const volume of volumes.toSorted((one, other) => (one.id < other.id ? -1 : 1)))
    await volume.claim(source);
  const ids = Object.fromEntries(volumes.map(({ root, id }) => [root, id]));
  writeKnownVolumes(state, { ...readKnownVolumes(state), ...ids });
  memory.keep(tried.found, volumes);
  memory.warnOfTrouble(log);
  return volumes;
}
