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
import type { FailedObject } from "../retrying/failed-objects.ts";
import type { MissCursor } from "../tables/misses.ts";
import type { FailureFilter, Retried } from "../wire/failures.ts";
import type { JobRecord } from "../wire/jobs.ts";

export interface RetryParts {
  readonly catalogue: Pick<Catalogue, "jobs" | "retrying">;
  readonly broker: Pick<Broker, "publish">;
  /**
   * Nothing of the job is queued, and no service holds anything of it: what is not recorded will
   * not be.
   */
  readonly idle: boolean;
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
  const record = (await parts.catalogue.jobs.all()).find(({ id }) => id === job);
  if (record === undefined) throw new ConfigError([`there is no job ${job}`]);
  const directories =
    filter.class === undefined || filter.class === listingClass ? await retryHoles(parts, record, filter) : 0;
  if (filter.class === listingClass) return { objects: 0, directories };
  // After the holes: a directory that is listed again for them is not listed once more for its
  // objects.
  const failed = await retryObjects(parts, record, filter);
  return { objects: failed.objects, directories: directories + failed.directories };
}

async function retryHoles(
  { catalogue, broker, idle }: RetryParts,
  job: JobRecord,
  { class: kind, under }: FailureFilter,
): Promise<number> {
  const mode = idle && kind === undefined ? "idle" : "failed";
  let directories = 0;
  let after: number | undefined;
  do {
    const reopened = await catalogue.retrying.reopenHoles(
      job.id,
      under === undefined ? {} : { under },
      mode,
      after,
    );
    await publish(broker, directoryMessages(job, reopened.positions));
    directories += reopened.positions.length;
    after = reopened.next;
  } while (after !== undefined);
  return directories;
}

async function retryObjects(parts: RetryParts, job: JobRecord, filter: FailureFilter): Promise<Retried> {
  let [objects, directories] = [0, 0];
  let after: MissCursor | undefined;
  do {
    const reopened = await parts.catalogue.retrying.reopenFailed(job.id, filter, after);
    await publish(parts.broker, [
      ...filesMessages(job, reopened.objects, parts),
      ...directoryMessages(job, reopened.positions),
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

function directoryMessages(job: JobRecord, positions: readonly WalkPosition[]): DirectoryMessage[] {
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
    });
  }
  return messages;
}

function filesMessages(
  job: JobRecord,
  objects: readonly FailedObject[],
  { batchFiles, batchBytes }: RetryParts,
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
