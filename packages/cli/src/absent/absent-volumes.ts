import type { Amount, VolumeContents } from "@brigade/ledger";
import { formatCount } from "../terminal/units.ts";

/** A volume with objects of the source, whose disk is not here at the end of a run. */
export interface AbsentVolume extends Amount {
  readonly id: string;
  readonly label: string;
  /** Where it was seen last; absent: on this machine. */
  readonly host?: string;
  /** It was lost in this run: why. Otherwise the run did without it. */
  readonly lost?: string;
}

export interface Run {
  /** Unix milliseconds. */
  readonly startedAt: number;
  /** `volumes`: what it stored on. */
  readonly progress: { readonly volumes: readonly { readonly volume: string }[] };
}

/** Of volumes as the accounts have them. */
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

/** Whether a run stored on a volume, or somebody spoke of it meanwhile. What has no part in a run was not lost in it. */
export function hasPart({ volume: id, seenAt }: VolumeContents, { startedAt, progress }: Run): boolean {
  return seenAt >= startedAt || progress.volumes.some(({ volume }) => volume === id);
}

/** As a line, for people. */
export function describeAbsent({ objects, label, host, lost }: AbsentVolume): string {
  const where = host === undefined ? label : `${label} (${host})`;
  const what = `${formatCount(objects)} ${objects === 1 ? "object lies" : "objects lie"} on ${where}`;
  return lost === undefined ? `${what}, which is not here` : `${what}, which was lost in this run: ${lost}`;
}

export function hasLost(absent: readonly AbsentVolume[]): boolean {
  return absent.some(({ lost }) => lost !== undefined);
}
