import { hostname } from "node:os";
import { ConfigError, type Log, type Source } from "@brigade/core";
import { type LocalVolume, tryVolumes, type VolumeSettings } from "@brigade/volumes";
import { filesKeptOpen } from "../limits/connections.ts";
import { inspectVolume } from "../volumes/inspection.ts";

/**
 * Opens this host's volumes. Throws ConfigError with the problems of all: folders that are no volumes (unless they may
 * become some), and volumes that hold other objects under a source's name. Nothing is written on a folder that is refused.
 */
export async function openServiceVolumes(
  { VOLUMES, VOLUME_AUTO_INIT, DURABILITY }: VolumeSettings,
  sources: readonly { readonly name: string; readonly source: Source }[],
  log: Log,
  resources: AsyncDisposableStack,
): Promise<LocalVolume[]> {
  const candidates = VOLUMES.map((root) => ({
    root,
    init: VOLUME_AUTO_INIT,
    instance: crypto.randomUUID().slice(0, 8),
    durability: DURABILITY,
    host: hostname(),
    keptOpen: filesKeptOpen({ volumes: VOLUMES.length, service: true }),
  }));
  await using tried = await tryVolumes(candidates, log);
  for (const root of VOLUMES) await refuseOtherObjects(root, sources);
  const volumes = await tried.open();
  for (const volume of volumes) resources.use(volume);
  const twice = volumes.filter(({ id }, index) => volumes.findIndex((other) => other.id === id) !== index);
  const problems = twice.map(
    ({ root }) => `VOLUMES: ${root} is a volume that is named under another path too`,
  );
  if (problems.length > 0) throw new ConfigError(problems);
  return volumes;
}

/** Only looks: a name is bound with the first object, when it is known that source and job agree. */
async function refuseOtherObjects(
  root: string,
  sources: readonly { readonly name: string; readonly source: Source }[],
): Promise<void> {
  const bound = (await inspectVolume(root))?.sources ?? [];
  const problems = sources.flatMap(({ name, source }) =>
    bound
      .filter((one) => one.name === name && one.fingerprint !== source.fingerprint)
      .map(
        () =>
          `${root} holds other objects under the name "${name}" (another bucket, domain or version): use another volume or another name`,
      ),
  );
  if (problems.length > 0) throw new ConfigError(problems);
}
