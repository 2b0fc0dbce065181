import {
  type Delivery,
  type DirectFetch,
  type FilesMessage,
  mayBeDone,
  type ObjectEntry,
  type Reservation,
  type Verdict,
  type Volume,
} from "@brigade/core";
import { bytesInMemory, presumedSize } from "../memory/body-size.ts";
import type { Share } from "../memory/byte-budget.ts";
import { ObjectFetch, type Purpose } from "../object/object-fetch.ts";
import { adoptedBy } from "./adopt.ts";
import { Batch, type BatchParts } from "./batch.ts";
import { findBegun } from "./begun.ts";
import { groupByHolder } from "./holders.ts";
import { entryOf, idOf, keyOf, type Listed } from "./listed.ts";

/** Milliseconds until a batch that found no room is tried again. */
const noRoomWait = 10_000;

type BatchDelivery = Pick<Delivery, "isRepeated" | "standAside" | "onOverdue">;

/** Fetches a batch, reports what came of it, and gives the verdict on what is left. */
export async function handleBatch(
  parts: BatchParts,
  message: FilesMessage,
  delivery: BatchDelivery,
  signal: AbortSignal,
): Promise<Verdict> {
  using batch = new Batch(parts, message, delivery);
  return await new BatchHandling(parts, batch, delivery, signal).run();
}

/**
 * The way of one batch: what others have in hand, what lies on disks already, room, and the rest is
 * fetched.
 */
class BatchHandling {
  readonly #parts: BatchParts;
  readonly #batch: Batch;
  readonly #delivery: BatchDelivery;
  readonly #signal: AbortSignal;

  constructor(parts: BatchParts, batch: Batch, delivery: BatchDelivery, signal: AbortSignal) {
    this.#parts = parts;
    this.#batch = batch;
    this.#delivery = delivery;
    this.#signal = signal;
  }

  async run(): Promise<Verdict> {
    const batch = this.#batch;
    const { message } = batch;
    const { placement, health, log } = this.#parts;
    const open = message.inHand ? await this.#afterOthers() : batch.listed;
    const missing = await this.#adoptExisting(open);
    if (missing.length === 0) return await batch.conclude();
    const groups = await groupByHolder(placement.volumes, message.job.source, missing, log);
    if (groups.length > 1) return await batch.split(groups.map(({ listed }) => listed));
    const reservation = await this.#reserve(missing, groups[0]?.volume);
    if (reservation !== undefined) {
      batch.hold(reservation);
      await this.#fetchAll(missing, reservation);
    } else if (this.#signal.aborted)
      for (const one of missing) batch.again(one, { counted: false, waitMs: 0 });
    else return await this.#noRoom(missing);
    if (batch.isUntouched && (this.#signal.aborted || health.isPaused)) return { kind: "release" };
    return await batch.conclude();
  }

  /**
   * Waits for other batches of this process that have some of these objects in hand. Resolves with
   * what is left to do.
   */
  async #afterOthers(): Promise<readonly Listed[]> {
    const { inHand } = this.#parts;
    const batch = this.#batch;
    const signal = this.#signal;
    const open: Listed[] = [];
    const aborted = new Promise<boolean>((resolve) => signal.addEventListener("abort", () => resolve(false)));
    for (const one of batch.listed) {
      const reported = inHand.find(idOf(batch.message.job, one));
      if (reported !== undefined) this.#delivery.standAside();
      if (reported !== undefined && (await Promise.race([reported, aborted]))) batch.reportedByOther(one);
      else open.push(one);
    }
    return open;
  }

  /** What lies whole on a volume already is reported, not fetched. Resolves with the rest. */
  async #adoptExisting(open: readonly Listed[]): Promise<readonly Listed[]> {
    const { job } = this.#batch.message;
    const isRepeated = mayBeDone(this.#batch.message, this.#delivery.isRepeated);
    let missing = open;
    for (const volume of this.#parts.placement.volumes) {
      if (missing.length === 0 || !(isRepeated || !volume.isFresh(job.source))) continue;
      const adopted = await adoptedBy(volume, job, missing, this.#parts);
      for (const [one, stored] of adopted) this.#batch.stored(one, one.file, stored, volume.id);
      missing = missing.filter((one) => !adopted.has(one));
    }
    return missing;
  }

  /** `holder`: the volume that has another state of these objects. */
  async #reserve(missing: readonly Listed[], holder: Volume | undefined): Promise<Reservation | undefined> {
    const { placement, large, log } = this.#parts;
    const bytes = missing.reduce((sum, { file }) => sum + (file.size ?? presumedSize), 0);
    const entries = missing.map(entryOf).filter((entry) => large.isLarge(entry));
    const begun = await findBegun(placement.volumes, this.#batch.message.job, entries, log);
    const preferred = begun ?? (holder && { volume: holder, bytes: 0 });
    return await placement.reserve(bytes, missing.length, { begun: preferred, signal: this.#signal });
  }

  async #fetchAll(missing: readonly Listed[], reservation: Reservation): Promise<void> {
    const { memory, direct, health } = this.#parts;
    const { volume } = reservation;
    const purpose: Purpose = { job: this.#batch.message.job, reservation, signal: this.#signal };
    const isOpen = direct?.isOpen === true && !health.isPaused;
    const fetches: Promise<void>[] = [];
    const short: Listed[] = [];
    const entries: ObjectEntry[] = [];
    for (const one of missing) {
      const entry = isOpen ? entryOf(one) : undefined;
      if (entry !== undefined && direct?.accepts(entry)) {
        short.push(one);
        entries.push(entry);
        continue;
      }
      const share = memory.acquire(volume, bytesInMemory(one.file));
      fetches.push(this.#fetch(one, share instanceof Promise ? await share : share, purpose));
    }
    if (isOpen && short.length > 0) fetches.push(this.#bring(direct, short, entries, purpose));
    await Promise.all(fetches);
  }

  async #fetch(one: Listed, share: Share, purpose: Purpose, firstError?: Error): Promise<void> {
    const fetched = await new ObjectFetch(this.#parts, purpose, entryOf(one), share, firstError).run();
    this.#batch.fetched(one, fetched, purpose.reservation.volume.id);
  }

  /** In the short way; what it leaves, in the usual one. */
  async #bring(
    direct: DirectFetch,
    listed: readonly Listed[],
    objects: readonly ObjectEntry[],
    purpose: Purpose,
  ): Promise<void> {
    const { memory, health } = this.#parts;
    const { job, reservation, signal } = purpose;
    const { volume } = reservation;
    const begunAt = health.begin();
    const left: Promise<void>[] = [];
    const fetchLeft = async (one: Listed, error: Error | undefined) => {
      const share = await memory.acquire(volume, bytesInMemory(one.file));
      await this.#fetch(one, share, purpose, error);
    };
    const work = { job, volume, objects, isPaused: () => health.isPaused };
    await direct.bring(work, signal, (at, outcome) => {
      const [one, entry] = [listed[at], objects[at]];
      if (one === undefined || entry === undefined) return;
      if (outcome.kind === "stored") {
        health.arrived(entry);
        health.answered(begunAt, entry);
        this.#batch.fetched(one, { kind: "stored", entry, stored: outcome.stored }, volume.id);
      } else {
        const fetching = fetchLeft(one, outcome.error);
        fetching.catch(() => undefined); // it is waited for below, and rejects there
        left.push(fetching);
      }
    });
    await Promise.all(left);
  }

  async #later(missing: readonly Listed[]): Promise<Verdict> {
    for (const one of missing) this.#batch.again(one, { counted: false, waitMs: noRoomWait });
    return await this.#batch.conclude();
  }

  /**
   * A batch that fits nowhere is split. A single object waits for room, while others that are smaller
   * go on. It has failed if not even an empty volume would have room for it.
   */
  async #noRoom(missing: readonly Listed[]): Promise<Verdict> {
    const { placement, onExhausted, log } = this.#parts;
    const batch = this.#batch;
    const exhausted = await placement.exhausted();
    if (exhausted !== undefined) {
      onExhausted(exhausted, 0);
      return await this.#later(missing);
    }
    const [only] = missing;
    if (missing.length > 1 || only === undefined) return await batch.halve(missing);
    const { size } = only.file;
    const outlook = size === undefined ? "never" : placement.outlook(size);
    if (outlook === "wait" && size !== undefined) {
      const reason = await placement.exhausted(size);
      if (reason !== undefined) onExhausted(reason, size);
    }
    if (outlook !== "never") return await this.#later(missing);
    const bytes = only.file.size ?? "unknown number of";
    const reason = `no volume has room for its ${bytes} bytes`;
    log.warn({ key: keyOf(only), attempt: batch.message.attempt, reason }, "an object failed");
    batch.failed(only, reason, "no-room");
    return await batch.conclude();
  }
}
