import type { Amount, VolumeContents } from "@brigade/ledger";
import { formatCount } from "../terminal/units.ts";

/** A volume with objects of the source whose disk is not here at the end of a run. */
export interface AbsentVolume extends Amount {
  readonly id: string;
  readonly label: string;
  /** The host on which it was seen last. Absent: this machine. */
  readonly host?: string;
  /** Why it was lost in this run. Absent: the run was started without it. */
  readonly lost?: string;
}

export interface Run {
  /** Unix milliseconds. */
  readonly startedAt: number;
  /** `volumes`: those that it stored on. */
  readonly progress: { readonly volumes: readonly { readonly volume: string }[] };
}

/** Returns those of the volumes that have objects of a source and are not here. */
export function absentVolumes(volumes: readonly VolumeContents[], source: string, run: Run): AbsentVolume[] {
  return volumes.flatMap((volume) => {
    const { volume: id, label = id, host, sources, gone } = volume;
    const amount = sources.find((one) => one.source === source);
    if (amount === undefined || gone === undefined) return [];
    const { objects, bytes } = amount;
    const lost = hasPart(volume, run) ? gone.lost : undefined;
    return [{ id, label, host, objects, bytes, ...(lost !== undefined && { lost }) }];
  });
}

/**
 * Returns whether a run stored on a volume, or a service reported it during the run. Other volumes
 * were not lost in the run.
 */
export function hasPart({ volume: id, seenAt }: VolumeContents, { startedAt, progress }: Run): boolean {
  return seenAt >= startedAt || progress.volumes.some(({ volume }) => volume === id);
}

/** Returns a line for people. */
export function describeAbsent({ objects, label, host, lost }: AbsentVolume): string {
  const where = host === undefined ? label : `${label} (${host})`;
  const what = `${formatCount(objects)} ${objects === 1 ? "object lies" : "objects lie"} on ${where}`;
  return lost === undefined ? `${what}, which is not here` : `${what}, which was lost in this run: ${lost}`;
}

export function hasLost(absent: readonly AbsentVolume[]): boolean {
  return absent.some(({ lost }) => lost !== undefined);
}
