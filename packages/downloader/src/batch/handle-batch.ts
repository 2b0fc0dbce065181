import { type Delivery, type FilesMessage, mayBeDone, type Reservation, type Verdict } from "@brigade/core";
import type { Share } from "../memory/byte-budget.ts";
import { bytesInMemory, fetchObject } from "../object/object-fetch.ts";
import { presumedSize } from "../object/store.ts";
import { adoptExisting } from "./adopt.ts";
import { Batch, type BatchParts } from "./batch.ts";
import { findBegun } from "./begun.ts";
import { groupByHolder, type HolderGroup } from "./holders.ts";
import { entryOf, idOf, keyOf, type Listed } from "./listed.ts";

/** Milliseconds until a batch that found no room is tried again. */
const noRoomWait = 10_000;

/** Fetches a batch, reports what came of it, and gives the verdict on what is left. */
export async function handleBatch(
  parts: BatchParts,
  message: FilesMessage,
  delivery: Pick<Delivery, "isRepeated" | "standAside" | "onOverdue">,
  signal: AbortSignal,
): Promise<Verdict> {
  using batch = new Batch(parts, message, delivery);
  const open = message.inHand ? await afterOthers(parts, batch, delivery, signal) : batch.listed;
  const missing = await adoptExisting(parts, batch, open, mayBeDone(message, delivery.isRepeated));
  if (missing.length === 0) return await batch.conclude();
  const { placement, log } = parts;
  const groups = await groupByHolder(placement.volumes, message.job.source, missing, log);
  if (groups.length > 1) return await batch.split(groups.map(({ listed }) => listed));
  const reservation = await reserve(parts, message, { listed: missing, ...groups[0] }, signal);
  if (reservation !== undefined) {
    batch.hold(reservation);
    await fetchAll(parts, batch, missing, reservation, signal);
  } else if (signal.aborted) for (const one of missing) batch.again(one, { counted: false, waitMs: 0 });
  else return await noRoom(parts, batch, missing);
  if (batch.isUntouched && (signal.aborted || parts.health.isPaused)) return { kind: "release" };
  return await batch.conclude();
}

/** Waits for other batches of this process that still have some of these objects in hand. Returns what has no outcome. */
async function afterOthers(
  { inHand }: BatchParts,
  batch: Batch,
  { standAside }: Pick<Delivery, "standAside">,
  signal: AbortSignal,
): Promise<readonly Listed[]> {
  const open: Listed[] = [];
  const aborted = new Promise<boolean>((resolve) => signal.addEventListener("abort", () => resolve(false)));
  for (const one of batch.listed) {
    const told = inHand.find(idOf(batch.message.job, one));
    if (told !== undefined) standAside();
    if (told !== undefined && (await Promise.race([told, aborted]))) batch.told(one);
    else open.push(one);
  }
  return open;
}

async function reserve(
  { placement, large, log }: BatchParts,
  { job }: FilesMessage,
  { listed: missing, volume: holder }: HolderGroup,
  signal: AbortSignal,
): Promise<Reservation | undefined> {
  const bytes = missing.reduce((sum, { file }) => sum + (file.size ?? presumedSize), 0);
  const entries = missing.map(entryOf).filter((entry) => large.takes(entry));
  const begun = await findBegun(placement.volumes, job, entries, log);
  const preferred = begun ?? (holder && { volume: holder, bytes: 0 });
  return await placement.reserve(bytes, missing.length, { begun: preferred, signal });
}

async function fetchAll(
  parts: BatchParts,
  batch: Batch,
  missing: readonly Listed[],
  reservation: Reservation,
  signal: AbortSignal,
): Promise<void> {
  const { job } = batch.message;
  const { volume } = reservation;
  const fetch = async (one: Listed, share: Share) =>
    batch.fetched(one, await fetchObject(parts, job, entryOf(one), reservation, share, signal), volume.id);
  const fetches: Promise<void>[] = [];
  for (const one of missing) {
    const share = parts.memory.take(volume, bytesInMemory(one.file));
    fetches.push(fetch(one, share instanceof Promise ? await share : share));
  }
  await Promise.all(fetches);
}

/** A batch that fits nowhere is split; a single object that fits nowhere, while others would, has failed. */
async function noRoom(parts: BatchParts, batch: Batch, missing: readonly Listed[]): Promise<Verdict> {
  const exhausted = await parts.placement.exhausted();
  if (exhausted !== undefined) {
    parts.onExhausted(exhausted);
    for (const one of missing) batch.again(one, { counted: false, waitMs: noRoomWait });
    return await batch.conclude();
  }
  const [only] = missing;
  if (missing.length > 1 || only === undefined) return await batch.halve(missing);
  const bytes = only.file.size ?? "unknown number of";
  const reason = `no volume has room for its ${bytes} bytes`;
  parts.log.warn({ key: keyOf(only), attempt: batch.message.attempt, reason }, "an object failed");
  batch.failed(only, reason, "no-room");
  return await batch.conclude();
}
