import { Worker } from "node:worker_threads";
import { decodeError, HostError } from "@brigade/core";
import { ThreadLink } from "../thread/thread-link.ts";
import type { Difference } from "../verify/difference.ts";
import type { Damage, MendingSettings, Repaired } from "./mending.ts";
import type { FromRepairThread, ToRepairThread } from "./repair-thread.ts";

export interface RepairOptions {
  /**
   * Removes from the ledger that these objects lie on this volume, so that they are stored anew.
   * Comes before anything is changed on the disk, and again for the same ones after a crash.
   */
  readonly reportToLedger: (damages: readonly Damage[]) => Promise<void>;
  /** As `verifyVolume` has it. */
  readonly quietMs?: number;
}

/** Puts objects that a verification found missing or damaged back to work. */
export interface Repair extends AsyncDisposable {
  /**
   * A chunk of differences, some thousand at most, one chunk after the other. Extra files are
   * passed over. Every file is looked at once more; one that is still bad is moved to
   * `.brigade/damaged/` and its manifest line voided. When it rejects (HostError, or what
   * `reportToLedger` said) the next verification finds the rest again.
   */
  repair(differences: readonly Difference[]): Promise<Repaired>;
}

/** Rejects with ConfigError when this is no volume. The caller's thread never touches the disk. */
export async function openRepair(
  root: string,
  { reportToLedger, quietMs = 2000 }: RepairOptions,
): Promise<Repair> {
  const link = startThread({ root, quietMs });
  try {
    await link.ask("open");
  } catch (error) {
    await link.end();
    throw error;
  }
  return {
    repair: async (differences) => {
      const damages = differences.filter(isDamage);
      if (damages.length === 0) return { lost: 0, mended: 0 };
      await reportToLedger(damages);
      return link.ask(damages);
    },
    [Symbol.asyncDispose]: async () => {
      try {
        await link.ask("close");
      } finally {
        await link.end();
      }
    },
  };
}

function isDamage(difference: Difference): difference is Damage {
  const { problem, key, expected, storedAt } = difference;
  return problem !== "extra" && key !== undefined && expected !== undefined && storedAt !== undefined;
}

type RepairLink = ThreadLink<ToRepairThread, FromRepairThread, Repaired>;

function startThread(workerData: MendingSettings): RepairLink {
  const worker = new Worker(new URL("./repair-thread.ts", import.meta.url), { name: "repair", workerData });
  return new ThreadLink(worker, {
    read: (answer) => {
      if ("failure" in answer) throw decodeError(answer.failure);
      return answer.repaired;
    },
    whenEnded: () => new HostError("io", "the repairing thread has ended"),
  });
}
