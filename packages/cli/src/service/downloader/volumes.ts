import { hostname } from "node:os";
import { ConfigError, type Log, type Source } from "@brigade/core";
import { type LocalVolume, tryVolumes, type VolumeSettings } from "@brigade/volumes";
import { filesKeptOpen } from "../../limits/connections.ts";
import { fetchThreads } from "../../limits/fetch-threads.ts";
import { initRemedy, judgeFolders } from "../../volumes/earlier-volumes.ts";
import { inspectVolume } from "../../volumes/inspection.ts";
import { namedFolder } from "../../volumes/named-folders.ts";
import type { VolumeMemory } from "../../volumes/volume-memory.ts";

/**
 * Opens this host's volumes. Throws ConfigError with the problems of all: folders that are no
 * volumes (unless VOLUME_AUTO_INIT is set), and volumes that hold other objects under a source's
 * name. A folder that is refused is not written to. A disk that is full, fails or hangs is left out
 * while there are others.
 */
export async function openServiceVolumes(
  { VOLUMES, VOLUME_AUTO_INIT, DURABILITY, MIN_FREE: minFree, FETCH_THREADS }: VolumeSettings,
  sources: readonly { readonly name: string; readonly source: Source }[],
  memory: VolumeMemory,
  log: Log,
  resources: AsyncDisposableStack,
): Promise<LocalVolume[]> {
  const roots = VOLUMES.map(namedFolder);
  const keptOpen = filesKeptOpen({ volumes: VOLUMES.length, service: true });
  const candidates = roots.map((root) => ({
    root,
    init: VOLUME_AUTO_INIT,
    instance: crypto.randomUUID().slice(0, 8),
    durability: DURABILITY,
    minFree,
    host: hostname(),
    keptOpen,
  }));
  await using tried = await tryVolumes(candidates, log, {
    leavesOut: ["full", "io", "silent"],
    fetching: fetchThreads(FETCH_THREADS, roots.length),
    judge: (found) =>
      judgeFolders(found, { inAccounts: {}, memory }, { newVolume: false, remedy: initRemedy }, log),
  });
  for (const root of tried.roots) await refuseOtherObjects(root, sources);
  const volumes = await tried.open();
  for (const volume of volumes) resources.use(volume);
  memory.keep(tried.found, volumes);
  // Otherwise a folder that is no volume is refused, whether it was one or not.
  if (VOLUME_AUTO_INIT) memory.warnOfTrouble(log);
  return volumes;
}

/**
 * Throws ConfigError. Writes nothing: a name is bound with the first object, when source and job
 * are known to agree.
 */
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
