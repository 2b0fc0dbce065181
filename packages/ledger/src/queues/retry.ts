import {
  type Broker,
  ConfigError,
  type DirectoryMessage,
  type FilesMessage,
  type Job,
  type Slice,
  type WalkPosition,
} from "@brigade/core";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { FailedObject, ReopenableObjects } from "../retrying/failed-objects.ts";
import type { RelistingMode } from "../retrying/relisting.ts";
import type { MissCursor } from "../tables/misses.ts";
import type { FailureFilter, Retried } from "../wire/failures.ts";
import type { JobRecord } from "../wire/jobs.ts";

export interface RetryParts extends PublishingParts {
  /**
   * Nothing of the job is queued, and no service holds anything of it: what is not recorded will
   * not be.
   */
  readonly idle: boolean;
}

interface PublishingParts {
  readonly catalogue: Pick<Catalogue, "jobs" | "retrying">;
  readonly broker: Pick<Broker, "publish">;
  /**
   * Objects per message, at most, and their listed bytes. A larger object has a message of its own.
   */
  readonly batchFiles: number;
  readonly batchBytes: number;
}

/** The class that chooses directories that were given up. No failed object is of this class. */
const listingClass = "listing";
/** Directories per message. */
const positionsPerMessage = 16;

/**
 * Puts back to work what failed of a job; a closed job is open again as soon as there is anything.
 * A class in the filter means objects of this class only, "listing" failed directories only;
 * without one it is both, and in an idle job also what was lost.
 *
 * Part by part: reopened back in the catalogue first (committed), then published. A crash in
 * between loses nothing that counts: objects are marked, and the next retry that the filter lets at
 * them publishes them. A failed position then is a hole of its directory, which the proof names; a
 * retry of the idle job without a class lists it. Until then the job is not settled; what closes a
 * job that stands still closes this one.
 *
 * Twice at the same time, or again while it works, publishes objects twice, which is harmless.
 * Rejects with ConfigError when the job is not known, was cancelled or pruned; with JobOpenError
 * while another of its source is open.
 */
export async function retryJob(parts: RetryParts, job: string, filter: FailureFilter = {}): Promise<Retried> {
  const record = await recordOf(parts, job);
  const mode = parts.idle && filter.class === undefined ? "idle" : "failed";
  const isOfHoles = filter.class === undefined || filter.class === listingClass;
  const directories = isOfHoles ? await retryHoles(parts, record, filter, mode) : 0;
  if (filter.class === listingClass) return { objects: 0, directories };
  // After the holes: a directory that is listed again for them is not listed once more for its
  // objects.
  const failed = await retryObjects(parts, record, filter, "failed");
  return { objects: failed.objects, directories: directories + failed.directories };
}

/**
 * Puts back to work what of a job was lost together with its messages: directories with objects
 * that have no outcome, the rest of those that were not listed to their end, and objects that were
 * put back to work before. What failed stays failed. To be called when nothing of the job is queued
 * and no service holds anything of it; again, or too early, some of it is published twice, which is
 * harmless. Rejects like `retryJob`.
 */
export async function goOnWithJob(parts: PublishingParts, job: string): Promise<Retried> {
  const record = await recordOf(parts, job);
  const directories = await retryHoles(parts, record, {}, "lost");
  const reopened = await retryObjects(parts, record, {}, "reopened");
  return { objects: reopened.objects, directories: directories + reopened.directories };
}

async function recordOf({ catalogue }: PublishingParts, job: string): Promise<JobRecord> {
  const record = (await catalogue.jobs.all()).find(({ id }) => id === job);
  if (record === undefined) throw new ConfigError([`there is no job ${job}`]);
  return record;
}

async function retryHoles(
  { catalogue, broker }: PublishingParts,
  job: JobRecord,
  { under }: FailureFilter,
  mode: RelistingMode,
): Promise<number> {
  const filter = under === undefined ? {} : { under };
  let directories = 0;
  let after: number | undefined;
  do {
    const reopened = await catalogue.retrying.reopenHoles(job.id, filter, mode, after);
    await publish(broker, directoryMessages(job, reopened.positions, mode === "lost"));
    directories += reopened.positions.length;
    after = reopened.next;
  } while (after !== undefined);
  return directories;
}

async function retryObjects(
  parts: PublishingParts,
  job: JobRecord,
  filter: FailureFilter,
  which: ReopenableObjects,
): Promise<Retried> {
  let [objects, directories] = [0, 0];
  let after: MissCursor | undefined;
  do {
    const reopened = await parts.catalogue.retrying.reopenFailed(job.id, filter, after, which);
    await publish(parts.broker, [
      ...filesMessages(job, reopened.objects, parts),
      ...directoryMessages(job, reopened.positions, which === "reopened"),
    ]);
    objects += reopened.objects.length;
    directories += reopened.positions.length;
    after = reopened.next;
  } while (after !== undefined);
  return { objects, directories };
}

async function publish(
  broker: Pick<Broker, "publish">,
  messages: readonly (FilesMessage | DirectoryMessage)[],
): Promise<void> {
  if (messages.length > 0) await broker.publish(messages);
}

/** Without `first`: some objects of the job may be stored. */
function jobOf({ id, source, fingerprint, prefix }: JobRecord): Job {
  return { id, source, fingerprint, prefix };
}

/** `again`: directories below them may be listed already, and need no message from there. */
function directoryMessages(
  job: JobRecord,
  positions: readonly WalkPosition[],
  again: boolean,
): DirectoryMessage[] {
  const messages: DirectoryMessage[] = [];
  for (let from = 0; from < positions.length; from += positionsPerMessage) {
    const some = positions.slice(from, from + positionsPerMessage);
    messages.push({
      v: 1,
      type: "directory",
      job: jobOf(job),
      filters: job.filters,
      positions: some,
      attempt: 0,
      ...(again && { again }),
    });
  }
  return messages;
}

function filesMessages(
  job: JobRecord,
  objects: readonly FailedObject[],
  { batchFiles, batchBytes }: PublishingParts,
): FilesMessage[] {
  const messages: FilesMessage[] = [];
  let slices: Slice[] = [];
  let [files, bytes] = [batchFiles, 0]; // as if one were full
  for (const { page, directory, file } of objects) {
    const { size = 0 } = file;
    if (files >= batchFiles || bytes + size > batchBytes) {
      slices = [];
      [files, bytes] = [0, 0];
      messages.push({ v: 1, type: "files", job: jobOf(job), slices, attempt: 0 });
    }
    const slice = slices.at(-1);
    if (slice?.page === page) slice.files.push(file);
    else slices.push({ page, directory, files: [file] });
    files++;
    bytes += size;
  }
  return messages;
}
