import { availableParallelism } from "node:os";
import type { LedgerClient } from "@brigade/ledger/http";
import {
  type BadLine,
  type Damage,
  type Difference,
  openRepair,
  type Repair,
  type VerifySummary,
  type VolumeInfo,
  verifyVolume,
} from "@brigade/volumes";
import type { VerifyView } from "./view.ts";

export interface VolumeToVerify {
  readonly root: string;
  readonly info: VolumeInfo;
}

export interface VerifyParts {
  readonly source?: string;
  /** Files that are read at once, all volumes together. */
  readonly threads?: number;
  readonly restart: boolean;
  /** Gets what is to be stored again; `undefined` if nothing is repaired. */
  readonly ledger: Pick<LedgerClient, "forget"> | undefined;
  readonly onDifference: (volume: VolumeToVerify, difference: Difference) => Promise<void>;
  readonly onBadLine: (volume: VolumeToVerify, bad: BadLine) => void;
  readonly view: VerifyView;
  readonly signal: AbortSignal;
}

export interface Verified {
  readonly volume: VolumeToVerify;
  readonly summary: VerifySummary;
  /** Absent if there was no repair. */
  readonly repaired?: { readonly lost: number; readonly mended: number };
}

/** Differences that are repaired together. */
const chunk = 1_000;

/**
 * Verifies volumes at the same time, since each is on a disk of its own. With a ledger, repairs
 * what is found. Rejects with the first failure.
 */
export async function verify(volumes: readonly VolumeToVerify[], parts: VerifyParts): Promise<Verified[]> {
  const ending = new AbortController();
  const signal = AbortSignal.any([parts.signal, ending.signal]);
  const threads = Math.max(1, Math.floor((parts.threads ?? availableParallelism()) / volumes.length));
  const running = volumes.map((volume) => verifyOne(volume, { ...parts, threads, signal }));
  try {
    return await Promise.all(running);
  } finally {
    ending.abort();
    await Promise.allSettled(running);
  }
}

async function verifyOne(
  volume: VolumeToVerify,
  { ledger, onDifference, onBadLine, view, ...parts }: VerifyParts & { readonly threads: number },
): Promise<Verified> {
  const { root } = volume;
  await using repairs =
    ledger && new Repairs(await openRepair(root, { reportToLedger: forgetter(volume, ledger) }));
  const summary = await verifyVolume(root, {
    ...parts,
    async onDifference(difference) {
      await onDifference(volume, difference);
      await repairs?.add(difference);
    },
    onBadLine: (bad) => onBadLine(volume, bad),
    onProgress: (progress) => view.show(root, progress),
  });
  await repairs?.finish();
  return { volume, summary, ...(repairs && { repaired: repairs.done }) };
}

/** Collects differences, and repairs 1,000 together. */
class Repairs implements AsyncDisposable {
  done = { lost: 0, mended: 0 };
  readonly #repair: Repair;
  #found: Difference[] = [];

  constructor(repair: Repair) {
    this.#repair = repair;
  }

  async add(difference: Difference): Promise<void> {
    this.#found.push(difference);
    if (this.#found.length >= chunk) await this.finish();
  }

  async finish(): Promise<void> {
    const found = this.#found;
    this.#found = [];
    const { lost, mended } = await this.#repair.repair(found);
    this.done = { lost: this.done.lost + lost, mended: this.done.mended + mended };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#repair[Symbol.asyncDispose]();
  }
}

function forgetter({ info }: VolumeToVerify, ledger: Pick<LedgerClient, "forget">) {
  const fingerprints = new Map(info.sources.map(({ name, fingerprint }) => [name, fingerprint]));
  return async (damages: readonly Damage[]): Promise<void> => {
    for (const [source, some] of Map.groupBy(damages, (one) => one.source)) {
      const keys = some.map(({ key }) => key);
      await ledger.forget({ source, fingerprint: fingerprints.get(source) ?? "" }, info.id, keys);
    }
  };
}
