import type { DirectoryMessage, Filters, Source } from "@brigade/core";
import type { NewJob } from "@brigade/ledger";
import { rootMessage } from "@brigade/lister";

/** What a job is to bring. */
export interface JobRequest {
  /** The source's. */
  readonly name: string;
  readonly source: Pick<Source, "fingerprint">;
  readonly prefix: string;
  readonly filters: Filters;
}

/** Returns a job that begins now, with an id that no other has. */
export function newJob({ name, source, prefix, filters }: JobRequest): NewJob {
  const startedAt = Date.now();
  const stamp = new Date(startedAt).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const id = `${name}-${stamp}-${crypto.randomUUID().slice(0, 8)}`;
  return { id, source: name, fingerprint: source.fingerprint, prefix, filters, startedAt };
}

/** Returns the message that a job begins with. `first`: nothing of the source was stored before. */
export function firstMessage(
  { id, source, fingerprint, prefix, filters }: NewJob,
  first = false,
): DirectoryMessage {
  return rootMessage({ id, source, fingerprint, prefix, ...(first && { first }) }, prefix, filters);
}
