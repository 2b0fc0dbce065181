import {
  type Job,
  type NewObject,
  type ObjectBody,
  type ObjectEntry,
  type Source,
  SourceError,
} from "@brigade/core";

/** An object of which it is known when it was modified. */
export type DatedEntry = ObjectEntry & { readonly modified: number };

/**
 * What the body will be, as far as listing and headers show. Cancels the body and throws when they
 * disagree.
 */
export function expectation(source: Source, job: Job, entry: DatedEntry, body: ObjectBody): NewObject {
  const { size = body.size } = entry;
  if (!body.variant && body.size !== undefined && body.size !== size) {
    body.cancel();
    throw new SourceError("damaged", `${body.size} bytes come, where ${size} were listed`);
  }
  const object = asListed(job, entry);
  if (body.variant) return { ...object, variant: source.variant };
  return { ...object, expectedSize: size, expectedMd5: body.md5 };
}

/**
 * What the listing alone has of an object that is to be stored; dated 1970 where it has no date.
 */
export function asListed(job: Job, entry: ObjectEntry): NewObject {
  return {
    source: job.source,
    fingerprint: job.fingerprint,
    job: job.id,
    key: entry.key,
    listedSize: entry.size ?? 0,
    modified: entry.modified ?? 0,
    etag: entry.etag,
  };
}
