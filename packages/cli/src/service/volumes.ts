import { hostname } from "node:os";
import { ConfigError, type Log, type Source } from "@brigade/core";
import { type LocalVolume, openVolume, type VolumeSettings } from "@brigade/volumes";
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
  const opened = await Promise.allSettled(
    VOLUMES.map(async (root) => {
      await refuseOtherObjects(root, sources);
      const instance = crypto.randomUUID().slice(0, 8);
      return resources.use(
        await openVolume(root, {
          init: VOLUME_AUTO_INIT,
          instance,
          durability: DURABILITY,
          log,
          host: hostname(),
        }),
      );
    }),
  );
  const problems: string[] = [];
  const volumes: LocalVolume[] = [];
  for (const one of opened) {
    if (one.status === "fulfilled") volumes.push(one.value);
    else if (one.reason instanceof ConfigError) problems.push(...one.reason.problems);
    else throw one.reason;
  }
  const twice = volumes.filter(({ id }, index) => volumes.findIndex((other) => other.id === id) !== index);
  problems.push(
    ...twice.map(({ root }) => `VOLUMES: ${root} is a volume that is named under another path too`),
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
