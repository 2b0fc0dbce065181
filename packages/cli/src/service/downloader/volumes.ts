import { hostname } from "node:os";
import { ConfigError, HostError, type Log, type Source } from "@brigade/core";
import {
  type FetchThreads,
  type FoundFolder,
  type LocalPlacement,
  type LocalVolume,
  refuseOverlaps,
  type TriedVolumes,
  tryVolumes,
  type VolumeSettings,
} from "@brigade/volumes";
import { filesKeptOpen } from "../../limits/connections.ts";
import { fetchThreads } from "../../limits/fetch-threads.ts";
import { initRemedy, judgeFolders } from "../../volumes/earlier-volumes.ts";
import { inspectVolume } from "../../volumes/inspection.ts";
import type { VolumeMemory } from "../../volumes/volume-memory.ts";

export interface ServiceVolumesNeeds {
  readonly settings: VolumeSettings;
  readonly sources: readonly { readonly name: string; readonly source: Source }[];
  readonly memory: VolumeMemory;
  readonly log: Log;
  readonly resources: AsyncDisposableStack;
}

/** This host's volumes: those of the start, and those that join. */
export class ServiceVolumes {
  readonly #needs: ServiceVolumesNeeds;
  readonly #fetching: FetchThreads | undefined;
  /** Roots as they were given, of the volumes that are open. */
  readonly #given = new Set<string>();

  /** `roots`: how many there are at the start. */
  constructor(needs: ServiceVolumesNeeds, roots: number) {
    this.#needs = needs;
    this.#fetching = fetchThreads(needs.settings.FETCH_THREADS, roots);
  }

  /**
   * Opens the volumes of the start. Throws ConfigError with the problems of all: folders that are no
   * volumes (unless VOLUME_AUTO_INIT is set), and volumes that hold other objects under a source's
   * name. A folder that is refused is not written to. A disk that is full, fails or hangs is left out
   * while there are others.
   */
  async open(roots: readonly string[]): Promise<LocalVolume[]> {
    const { settings, memory, log } = this.#needs;
    const volumes = await this.#openAll(roots, [], ["full", "io", "read-only", "gone", "silent"]);
    // Otherwise a folder that is no volume is refused, whether it was one or not.
    if (settings.VOLUME_AUTO_INIT) memory.warnOfTrouble(log);
    return volumes;
  }

  /**
   * Opens those of the roots that are not open, and lets batches be placed there. Where one cannot be
   * opened, none joins. Never rejects for a fault of a root: it is logged.
   */
  async join(roots: readonly string[], placement: LocalPlacement): Promise<void> {
    const { log } = this.#needs;
    const missing = [...this.#given].filter((root) => !roots.includes(root));
    if (missing.length > 0)
      log.warn(
        { volumes: missing },
        "volumes that are not named any more are used until the service ends: `brigade volume drain` keeps new objects from them",
      );
    const fresh = roots.filter((root) => !this.#given.has(root));
    if (fresh.length === 0) return;
    try {
      const joined = await this.#openAll(fresh, await foldersOf(placement), []);
      for (const volume of joined) placement.add(volume);
      log.info({ volumes: joined.map(({ root }) => root) }, "volumes have joined");
    } catch (error) {
      if (!(error instanceof ConfigError || error instanceof HostError)) throw error;
      log.error({ reason: error.message }, "no volume joins: nothing has changed");
    }
  }

  async #openAll(
    roots: readonly string[],
    others: readonly FoundFolder[],
    leavesOut: readonly HostError["kind"][],
  ): Promise<LocalVolume[]> {
    const { settings, memory, log, resources, sources } = this.#needs;
    const { VOLUME_AUTO_INIT: init, DURABILITY: durability, MIN_FREE: minFree } = settings;
    const keptOpen = filesKeptOpen({ volumes: this.#given.size + roots.length, service: true });
    const instance = () => crypto.randomUUID().slice(0, 8);
    const candidates = roots.map((root) => ({
      ...{ root, init, instance: instance(), durability, minFree, host: hostname(), keptOpen },
    }));
    await using tried = await tryVolumes(candidates, log, {
      leavesOut,
      fetching: this.#fetching,
      judge: (found) => {
        refuseOverlaps([...others, ...found]);
        judgeFolders(found, { inAccounts: {}, memory }, { newVolume: false, remedy: initRemedy }, log);
      },
    });
    for (const root of tried.roots) await refuseOtherObjects(root, sources);
    const volumes = await tried.open();
    for (const volume of volumes) resources.use(volume);
    memory.keep(tried.found, volumes);
    this.#note(tried, volumes);
    return volumes;
  }

  #note({ found }: TriedVolumes, volumes: readonly LocalVolume[]): void {
    const opened = new Set(volumes.map(({ root }) => root));
    for (const { given, root } of found) if (opened.has(root)) this.#given.add(given);
  }
}

/** As far as the disks of the open volumes answer. */
async function foldersOf({ all }: LocalPlacement): Promise<FoundFolder[]> {
  const looked = await Promise.allSettled(all.map(({ volume }) => volume.look()));
  return looked.flatMap((one, at) => {
    const volume = all[at]?.volume;
    if (one.status === "fulfilled") return [one.value];
    if (volume === undefined) return [];
    const { id, label, root, fileSystem } = volume;
    return [{ given: root, root, volume: { id, label }, fileSystem, isMountPoint: false }];
  });
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
