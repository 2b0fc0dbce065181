import { openFilesLimit } from "./open-files-limit.ts";

/** Connections that a command may have open at once. */
export interface Connections {
  readonly fetch: number;
  readonly list: number;
}

/** Open files of `copy` without volumes and connections: Node's, and the threads and files of its queues and catalogue. */
const ownOfCopy = 35;
/** Of a service: Node's, and the connections to broker and ledger, and those of whoever asks for its health. */
const ownOfService = 32;
/** Of each volume: its thread, lock, manifest and unfinished file. */
const eachVolume = 11;
/** Opened for a moment, or kept until they are synced: as many as this, or two thirds of what is left. */
const momentary = 14;
/** For connections and what is opened for a moment, at the least. */
const least = 6;
/** Of `brigade get`, which has neither volumes nor queues. */
export const ownOfGet = 40;

export interface Needs {
  readonly volumes: number;
  readonly service: boolean;
}

/** Open files that are needed at the least. */
export function leastOpenFiles(needs: Needs): number {
  return ownOf(needs) + least;
}

/** What a limit leaves for connections: a quarter lists. At least one of each. */
export function connectionsWithin(openFiles: number, needs: Needs): Connections {
  const left = openFiles - ownOf(needs);
  const connections = left - Math.min(momentary, Math.ceil((left * 2) / 3));
  const list = Math.max(1, Math.floor(connections / 4));
  return { list, fetch: Math.max(1, connections - list) };
}

/** Files of each volume that may wait open to be synced one by one; `undefined`: as many as usual. */
export function filesKeptOpen(needs: Needs, openFiles = openFilesLimit()): number | undefined {
  const left = (openFiles ?? Number.POSITIVE_INFINITY) - ownOf(needs);
  // Of 1,024 open files, which many systems give, one volume may have its usual 512.
  return left >= 900 * needs.volumes ? undefined : Math.max(1, Math.floor(left / (6 * needs.volumes)));
}

function ownOf({ volumes, service }: Needs): number {
  return (service ? ownOfService : ownOfCopy) + volumes * eachVolume;
}
