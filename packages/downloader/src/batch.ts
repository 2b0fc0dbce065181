import type {
  Broker,
  FilesMessage,
  NewObject,
  Placement,
  Slice,
  Source,
  StoredObject,
  Verdict,
  Volume,
} from "@brigade/core";
import { classify, delayOf, delays, HostError, join } from "@brigade/core";
import { findBegun } from "./begun.ts";
import type { Share } from "./byte-budget.ts";
import { bytesInMemory, type Fetched, type FetchParts, fetchObject } from "./fetch.ts";
import { type Listed, Report } from "./report.ts";
import { asListed, presumedSize } from "./store.ts";

export interface BatchParts extends FetchParts {
  readonly broker: Broker;
  readonly placement: Placement;
  readonly host: string;
  readonly maxAttempts: number;
  readonly onExhausted: (reason: string) => void;
}

/** Objects that were not settled, and when to try them again. */
interface Remainder {
  readonly listed: Listed;
  readonly counted: boolean;
  readonly waitMs: number;
}

/** Milliseconds until a batch that found no room is tried again. */
const noRoomWait = 10_000;

/** Fetches a batch, reports what came of it, and gives the verdict on what is left. */
export async function handleBatch(
  parts: BatchParts,
  message: FilesMessage,
  redelivered: boolean,
  signal: AbortSignal,
): Promise<Verdict> {
  const report = new Report(message.job, parts.host, parts.now());
  const listed = message.slices.flatMap(listedOf);
  const missing = await adoptExisting(parts, message, listed, redelivered, report);
  const bytes = missing.reduce((sum, { file }) => sum + (file.size ?? presumedSize), 0);
  const large = missing.map(entryOf).filter((entry) => parts.large.takes(entry));
  const begun = await findBegun(parts.placement.volumes, message.job, large, parts.log);
  const reservation =
    missing.length > 0 ? await parts.placement.reserve(bytes, missing.length, { begun, signal }) : undefined;
  if (missing.length > 0 && reservation === undefined)
    return await noRoom(parts, message, missing, report, signal);

  const remainders: Remainder[] = [];
  try {
    if (reservation !== undefined) {
      const { volume } = reservation;
      const fetch = async (one: Listed, share: Share) => {
        const fetched = await fetchObject(parts, message.job, entryOf(one), reservation, share, signal);
        settleObject(parts, message, one, fetched, volume, report, remainders);
      };
      const fetches: Promise<void>[] = [];
      for (const one of missing) {
        const share = parts.budget.take(bytesInMemory(one.file));
        fetches.push(fetch(one, share instanceof Promise ? await share : share));
      }
      await Promise.all(fetches);
    }
  } finally {
    reservation?.release();
  }
  const untouched = remainders.length === listed.length && remainders.every(({ counted }) => !counted);
  if (untouched && signal.aborted) return { kind: "release" };
  return await conclude(parts, message, report, remainders);
}

/** I1: the verdict comes after the results are safe. */
async function conclude(
  { broker }: BatchParts,
  message: FilesMessage,
  report: Report,
  remainders: readonly Remainder[],
): Promise<Verdict> {
  await publishResults(broker, report);
  if (remainders.length === 0) return { kind: "ack" };
  const again = (counted: boolean) => remainders.filter((one) => one.counted === counted);
  const remainder = [
    filesMessage(message, again(true), message.attempt + 1),
    filesMessage(message, again(false), message.attempt),
  ].filter((one) => one.slices.length > 0);
  return { kind: "retry", remainder, delay: delayOf(Math.max(...remainders.map(({ waitMs }) => waitMs))) };
}

async function publishResults(broker: Broker, report: Report): Promise<void> {
  const results = report.messages();
  if (results.length > 0) await broker.publish(results);
}

function settleObject(
  { maxAttempts, log }: BatchParts,
  { attempt }: FilesMessage,
  listed: Listed,
  fetched: Fetched,
  volume: Volume,
  report: Report,
  remainders: Remainder[],
): void {
  switch (fetched.kind) {
    case "stored":
      report.stored(listed, fetched.entry, fetched.stored, volume.id);
      return;
    case "vanished":
      report.vanished(listed);
      return;
    case "failed":
      log.warn({ key: keyOf(listed), attempt, reason: fetched.reason }, "an object failed");
      report.failed(listed, fetched.reason, fetched.class);
      return;
    case "again": {
      const { counted, reason, class: kind } = fetched;
      if (counted && attempt + 1 >= maxAttempts) {
        log.warn({ key: keyOf(listed), attempt, reason }, "an object failed, out of attempts");
        report.failed(listed, reason, kind);
        return;
      }
      const patience = counted ? (delays[Math.min(attempt, delays.length - 1)] ?? 0) : delays[0];
      log.debug({ key: keyOf(listed), attempt, counted, reason }, "an object is tried again later");
      remainders.push({ listed, counted, waitMs: Math.max(patience, fetched.waitMs) });
    }
  }
}

/** What already lies whole on a volume (after a crash, or a lost catalogue) is reported, not fetched. Gives the rest. */
async function adoptExisting(
  { placement, source, log }: BatchParts,
  message: FilesMessage,
  listed: readonly Listed[],
  redelivered: boolean,
  report: Report,
): Promise<readonly Listed[]> {
  let missing = listed;
  const isDated = ({ file }: Listed) => file.modified !== undefined;
  for (const volume of placement.volumes) {
    if (missing.length === 0 || !(redelivered || !volume.isFresh(message.job.source))) continue;
    const dated = missing.filter(isDated);
    let found: readonly (StoredObject | undefined)[];
    try {
      found = await volume.adopt(dated.map((one) => adoptable(source, message, one)));
    } catch (error) {
      if (classify(error).fault === "bug") throw error;
      log.debug({ volume: volume.label, reason: String(error) }, "a volume cannot say what lies there");
      if (error instanceof HostError) placement.failed(volume, error);
      continue;
    }
    const adopted = new Set(dated.filter((_, i) => found[i] !== undefined));
    dated.forEach((one, i) => {
      const stored = found[i];
      if (stored !== undefined) report.stored(one, one.file, stored, volume.id);
    });
    missing = missing.filter((one) => !adopted.has(one));
  }
  return missing;
}

/** A batch that fits nowhere is split; a single object that fits nowhere, while others would, has failed. */
async function noRoom(
  parts: BatchParts,
  message: FilesMessage,
  missing: readonly Listed[],
  report: Report,
  signal: AbortSignal,
): Promise<Verdict> {
  const later = (some: readonly Listed[]): Remainder[] =>
    some.map((listed) => ({ listed, counted: false, waitMs: noRoomWait }));
  if (signal.aborted) return await conclude(parts, message, report, later(missing));
  const exhausted = await parts.placement.exhausted();
  if (exhausted !== undefined) {
    parts.onExhausted(exhausted);
    return await conclude(parts, message, report, later(missing));
  }
  const [only] = missing;
  if (missing.length === 1 && only !== undefined) {
    report.failed(
      only,
      `no volume has room for its ${only.file.size ?? "unknown number of"} bytes`,
      "no-room",
    );
    return await conclude(parts, message, report, []);
  }
  await publishResults(parts.broker, report);
  const half = Math.ceil(missing.length / 2);
  const halves = [missing.slice(0, half), missing.slice(half)];
  return {
    kind: "retry",
    delay: delays[0],
    remainder: halves.map((some) => filesMessage(message, later(some), message.attempt)),
  };
}

function adoptable(source: Source, { job }: FilesMessage, listed: Listed): NewObject {
  const entry = entryOf(listed);
  const object = asListed(job, entry);
  if (source.variant !== undefined) return { ...object, variant: source.variant };
  return { ...object, expectedSize: entry.size };
}

function listedOf({ page, directory, files }: Slice): Listed[] {
  return files.map((file) => ({ page, directory, file }));
}

function keyOf({ directory, file }: Listed): string {
  return join(directory, file.name);
}

function entryOf({ directory, file }: Listed) {
  const { name, size, modified, etag } = file;
  return { key: join(directory, name), size, modified, etag };
}

/** The same work for fewer objects. */
function filesMessage(
  { job }: FilesMessage,
  remainders: readonly { readonly listed: Listed }[],
  attempt: number,
): FilesMessage {
  const slices = new Map<string, Slice>();
  for (const { listed } of remainders) {
    const slice = slices.get(listed.page);
    if (slice === undefined) slices.set(listed.page, { ...listed, files: [listed.file] });
    else slice.files.push(listed.file);
  }
  return {
    v: 1,
    type: "files",
    job,
    slices: [...slices.values()].map(({ page, directory, files }) => ({ page, directory, files })),
    attempt,
  };
}
