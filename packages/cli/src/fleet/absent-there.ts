import { setTimeout as sleep } from "node:timers/promises";
import type { LedgerClient, Status } from "@brigade/ledger";
import { type AbsentVolume, absentVolumes, hasPart, type Run } from "../absent/absent-volumes.ts";

/** Milliseconds after a job's end in which every service has spoken, or has been silent for so long that it counts as gone. */
const surelySaidMs = 40_000;
const lookEveryMs = 500;

interface Ended extends Run {
  readonly source: string;
  /** Unix milliseconds. */
  readonly closedAt?: number;
}

/** Volumes with objects of a job's source that are on no host, once their hosts have looked after the job's end. */
export async function absentThere(
  ledger: Pick<LedgerClient, "status">,
  job: Ended,
  signal: AbortSignal,
): Promise<AbsentVolume[]> {
  for (;;) {
    const status = await ledger.status();
    if (isTold(status, job)) return absentVolumes(status.volumes, job.source, job);
    await sleep(lookEveryMs, undefined, { signal });
  }
}

function isTold({ at, services, sources, volumes }: Status, job: Ended): boolean {
  const { source, closedAt = 0 } = job;
  const isFleet = services.length > 0 || sources.some(({ queues }) => queues !== undefined);
  if (!isFleet || at > closedAt + surelySaidMs) return true;
  return volumes
    .filter((volume) => hasPart(volume, job) && volume.sources.some((lying) => lying.source === source))
    .every(({ gone, lookedAt = 0 }) => gone !== undefined || lookedAt > closedAt);
}
