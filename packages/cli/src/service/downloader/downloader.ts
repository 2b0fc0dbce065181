import { ConfigError, type Environment } from "@brigade/core";
import { createDownloader, noRoom } from "@brigade/downloader";
import { createDirectFetch } from "@brigade/fetch-write";
import { LedgerClient } from "@brigade/ledger/http";
import { createPlacement, volumeVariables } from "@brigade/volumes";
import { obeyLimits } from "../../control/limits/obey-limits.ts";
import { obeyHold } from "../../control/obey-hold.ts";
import { FetchingWatch } from "../../job/fetching.ts";
import { Load } from "../../job/load.ts";
import type { ExitCode } from "../../process/exit-code.ts";
import { downloaderOptions, instanceVariables, serviceTokenOf } from "../../settings/settings.ts";
import { configuredFolders } from "../../volumes/named-folders.ts";
import { VolumeMemory } from "../../volumes/volume-memory.ts";
import { obeyVolumeOrders } from "../../volumes/volume-orders.ts";
import { watchPlacement } from "../../volumes/watched-placement.ts";
import { configureService } from "../configuration.ts";
import { runService } from "../run-service.ts";
import type { ServiceConfiguration } from "../service.ts";
import { logSource } from "../source-log.ts";
import { configuredSources } from "../sources.ts";
import { instanceOf } from "./instance.ts";
import { joinAtReload } from "./joining.ts";
import { MissingRoom } from "./missing-room.ts";
import { ServiceVolumes } from "./volumes.ts";

const variables = volumeVariables.extend(instanceVariables.shape);
/** Without a file of volumes. */
const ofVolumesOnly = variables.extend({
  VOLUMES: volumeVariables.shape.VOLUMES.refine((roots) => roots.length > 0, "is not set"),
});

/** `brigade downloader`: fetches objects of the configured sources onto this host's volumes. */
export async function runDownloader(environment: Environment, stop: AbortSignal): Promise<ExitCode> {
  const own = environment.VOLUMES_FILE === undefined ? ofVolumesOnly : variables;
  const configuration = configureService("downloader", environment, own, configuredSources);
  const { common, own: settings, others: configured } = configuration;
  const roots = configuredFolders(settings);
  if (roots.length === 0) throw new ConfigError([`VOLUMES_FILE ${settings.VOLUMES_FILE}: names no volume`]);
  const instance = await instanceOf(settings.BRIGADE_INSTANCE);
  return await runService({ ...configuration, instance }, stop, async (service) => {
    const { log, host } = service;
    const sources = configured.map(({ name, source }) => ({ name, source: service.resources.use(source) }));
    const memory = new VolumeMemory(environment);
    const { resources } = service;
    const own = new ServiceVolumes({ settings, sources, memory, log, resources }, roots.length);
    const volumes = await own.open(roots);
    const placement = createPlacement(volumes, log, {
      minFree: settings.MIN_FREE,
      minFreeInodes: settings.MIN_FREE_INODES,
      policy: settings.PLACEMENT,
    });
    service.showVolumes(placement, settings.MIN_FREE);
    resources.use(watchPlacement(placement, service.giveUp));
    const controls = sources.map(({ name }) => service.controls.of(name));
    resources.use(obeyVolumeOrders(placement, controls));
    resources.use(joinAtReload(own, placement, settings, service));
    const ledger = ledgerOf(configuration.ledger, service.signal);
    await service.listen();
    const broker = await service.connect();
    service.obey(sources.map(({ name }) => name));
    const download = async ({ name, source }: (typeof sources)[number]) => {
      const ofSource = log.child({ source: name });
      logSource(source, ofSource);
      const control = service.controls.of(name);
      service.resources.use(obeyHold(source, control));
      service.resources.use(obeyLimits(source, control, { role: "downloader", host }));
      const missing = new MissingRoom(ledger, placement, name, ofSource);
      await service.work(name, async (onGiveUp) => {
        const downloader = await createDownloader(
          {
            source,
            name,
            broker,
            placement,
            direct: createDirectFetch(source, placement),
            host,
            log: ofSource,
            onGiveUp,
            control,
            monotonic: source.pacing.workingTime,
            onBan: () => source.pacing.banned(),
            // It pauses and logs that; when there is room, it goes on.
            onExhausted: () => void missing.ask().catch(service.giveUp),
          },
          downloaderOptions(common, source),
        );
        const fetching = new FetchingWatch(
          source.pacing,
          downloader,
          new Load(() => placement.volumes.flatMap(({ fetchers }) => fetchers)),
        );
        return {
          get fetching() {
            return fetching.now;
          },
          get pauses() {
            const own = downloader.pauses;
            return [
              ...own,
              ...(own.includes(noRoom) ? missing.pauses : []),
              ...placement.volumes.flatMap((volume) => volume.pauses),
            ];
          },
          get received() {
            return source.pacing.received;
          },
          stop: (graceMs) => downloader.stop(graceMs),
        };
      });
    };
    await Promise.all(sources.map(download));
    const names = sources.map(({ name }) => name);
    log.info({ sources: names, volumes: volumes.map(({ root }) => root) }, "at work");
  });
}

/** Asks only while no volume has room: a slow ledger holds up nothing. */
function ledgerOf(address: ServiceConfiguration["ledger"], signal: AbortSignal): LedgerClient | undefined {
  if (address === undefined) return undefined;
  const token = serviceTokenOf(address);
  return new LedgerClient({ url: address.LEDGER_URL, token, signal, timeoutMs: 5_000 });
}
