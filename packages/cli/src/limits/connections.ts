import { openFilesLimit } from "./open-files-limit.ts";

/** Connections that a command may have open at once. */
export interface Connections {
  readonly fetch: number;
  readonly list: number;
}

/**
 * Open files of `copy` besides volumes and connections: Node's, and those of the threads, the
 * queues and the catalogue.
 */
const ownOfCopy = 35;
/**
 * Open files of a service: Node's, its connections to broker and ledger, and those of clients that
 * ask for its health.
 */
const ownOfService = 32;
/** Open files of each volume: its thread, lock, manifest and unfinished file. */
const eachVolume = 11;
/**
 * Files that are opened for a moment, or kept until they are synced: this number, or two thirds of
 * what is left if that is less.
 */
const momentary = 14;
/** For connections and files that are opened for a moment: the least number. */
const least = 6;
/** Open files of `brigade get`, which has neither volumes nor queues. */
export const ownOfGet = 40;

export interface Needs {
  readonly volumes: number;
  readonly service: boolean;
}

/** Returns the least number of open files that is enough. */
export function leastOpenFiles(needs: Needs): number {
  return ownOf(needs) + least;
}

/**
 * Returns how many connections a limit leaves: at least one for fetching and one for listing. A
 * quarter lists.
 */
export function connectionsWithin(openFiles: number, needs: Needs): Connections {
  const left = openFiles - ownOf(needs);
  const connections = left - Math.min(momentary, Math.ceil((left * 2) / 3));
  const list = Math.max(1, Math.floor(connections / 4));
  return { list, fetch: Math.max(1, connections - list) };
}

/**
 * Returns how many files of each volume may wait open to be synced one by one; `undefined` if the
 * usual number may.
 */
export function filesKeptOpen(needs: Needs, openFiles = openFilesLimit()): number | undefined {
  const left = (openFiles ?? Number.POSITIVE_INFINITY) - ownOf(needs);
  // Of 1,024 open files, as many systems allow, one volume may have its usual 512.
  return left >= 900 * needs.volumes ? undefined : Math.max(1, Math.floor(left / (6 * needs.volumes)));
}

function ownOf({ volumes, service }: Needs): number {
  return (service ? ownOfService : ownOfCopy) + volumes * eachVolume;
}
