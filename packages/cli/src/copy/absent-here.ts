import type { Log } from "@brigade/core";
import type { Catalogue } from "@brigade/ledger";
import { type GivenVolume, whyGone } from "@brigade/volumes";
import { type AbsentVolume, absentVolumes } from "../job/absent-volumes.ts";

/**
 * Looks which volumes of the accounts are here, and enters that. Returns those with objects of the
 * source that are not here. `given`: the volumes of this run.
 */
export async function absentHere(
  { questions, recording }: Catalogue,
  source: string,
  given: readonly GivenVolume[],
  log: Log,
): Promise<AbsentVolume[]> {
  const looked = given.map(async (volume) => [volume.id, await whyGone(volume, log)] as const);
  const lost = new Map(await Promise.all(looked));
  const at = Date.now();
  for (const { volume: id, host, seenAt, gone } of await questions.volumes()) {
    const why = lost.get(id);
    const now = why === undefined ? null : { lost: why };
    if (lost.has(id)) await recording.noteVolumes([{ id, host, gone: now }], at);
    else if (gone === undefined) await recording.noteVolumes([{ id, host, gone: {} }], seenAt);
  }
  const now = { startedAt: at, progress: { volumes: [] } };
  return absentVolumes(await questions.volumes(), source, now).map(({ host: _here, ...one }) => one);
}
