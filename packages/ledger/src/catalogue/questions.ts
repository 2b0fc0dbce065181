import { rowsOf } from "../questions/chunks.ts";
import { countFailures } from "../questions/failure-counts.ts";
import type { LocationCursor } from "../questions/locations.ts";
import type { MissCursor } from "../tables/misses.ts";
import type { FailureCount, FailureFilter, Miss } from "../wire/failures.ts";
import type { OriginName } from "../wire/history.ts";
import type { DirectorySums } from "../wire/jobs.ts";
import type { Location, LocationQuery, StoredName } from "../wire/objects.ts";
import type { Proof } from "../wire/proof.ts";
import type { VolumeContents } from "../wire/volumes.ts";
import type { ThreadCall } from "./thread-call.ts";

/** Holes of each kind that a proof names, by default. */
export const exampleCount = 20;

/**
 * What people ask: about one job, and where objects lie. Questions about a job reject if it is not
 * in the catalogue, and with ConfigError if it was pruned.
 */
export interface Questions {
  /** Goes through all pages of the job. `examples`: of each kind of hole, at most. */
  proof(job: string, options?: { readonly examples?: number }): Promise<Proof>;
  failures(job: string, filter?: FailureFilter): AsyncIterable<Miss>;
  /**
   * Most objects first; at most 1,000. If there are very many directories, some that have few
   * failures may be missing or counted low.
   */
  failureCounts(
    job: string,
    by: "class" | "directory",
    filter?: FailureFilter,
  ): Promise<readonly FailureCount[]>;
  vanished(job: string): AsyncIterable<Miss>;
  /** By path. */
  directories(job: string): AsyncIterable<DirectorySums>;
  /** By directory and name; the last stored state of an object comes before its others. */
  where(query: LocationQuery): AsyncIterable<Location>;
  /** What is stored of one directory, by name. */
  storedNames(of: OriginName, directory: string): AsyncIterable<StoredName>;
  /** Paths of directories at or below `top` in which something is stored, in order. */
  storedDirectories(of: OriginName, top: string): AsyncIterable<string>;
  volumes(): Promise<readonly VolumeContents[]>;
}

export function questions(thread: ThreadCall): Questions {
  return {
    proof: (job, { examples = exampleCount } = {}) => thread.ask("proofs", "proof", job, examples),
    failures: (job, filter = {}) =>
      rowsOf((after?: MissCursor) => thread.ask("failures", "failures", job, filter, after)),
    failureCounts: (job, by, filter = {}) =>
      countFailures((after) => thread.ask("failures", "failureCounts", job, by, filter, after)),
    vanished: (job) => rowsOf((after?: MissCursor) => thread.ask("failures", "vanished", job, after)),
    directories: (job) => rowsOf((after?: string) => thread.ask("jobDirectories", "directories", job, after)),
    where: (query) => rowsOf((after?: LocationCursor) => thread.ask("locations", "where", query, after)),
    storedNames: ({ source, fingerprint }, directory) =>
      rowsOf((after?: string) =>
        thread.ask("storedObjects", "storedNames", { source, fingerprint }, directory, after),
      ),
    storedDirectories: ({ source, fingerprint }, top) =>
      rowsOf((after?: string) =>
        thread.ask("storedObjects", "storedDirectories", { source, fingerprint }, top, after),
      ),
    volumes: () => thread.ask("storedObjects", "volumes"),
  };
}
