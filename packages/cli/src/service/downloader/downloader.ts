import type { Environment } from "@brigade/core";
import { createDownloader } from "@brigade/downloader";
import { createDirectFetch } from "@brigade/fetch-write";
import { createPlacement, volumeVariables } from "@brigade/volumes";
import { obeyLimits } from "../../control/limits/obey-limits.ts";
import { obeyHold } from "../../control/obey-hold.ts";
import { FetchingWatch } from "../../job/fetching.ts";
import { Load } from "../../job/load.ts";
import type { ExitCode } from "../../process/exit-code.ts";
import { downloaderOptions, instanceVariables } from "../../settings/settings.ts";
import { VolumeMemory } from "../../volumes/volume-memory.ts";
import { configureService } from "../configuration.ts";
import { runService } from "../run-service.ts";
import { logSource } from "../source-log.ts";
import { configuredSources } from "../sources.ts";
import { instanceOf } from "./instance.ts";
import { openServiceVolumes } from "./volumes.ts";

const variables = volumeVariables.extend({
  ...instanceVariables.shape,
  VOLUMES: volumeVariables.shape.VOLUMES.refine((roots) => roots.length > 0, "is not set"),
});

/** `brigade downloader`: fetches objects of the configured sources onto this host's volumes. */
export async function runDownloader(environment: Environment, stop: AbortSignal): Promise<ExitCode> {
  const configuration = configureService("downloader", environment, variables, configuredSources);
  const { common, own, others: configured } = configuration;
  const instance = await instanceOf(own.BRIGADE_INSTANCE);
  return await runService({ ...configuration, instance }, stop, async (service) => {
    const { log, host } = service;
    const sources = configured.map(({ name, source }) => ({ name, source: service.resources.use(source) }));
    const memory = new VolumeMemory(environment);
    const volumes = await openServiceVolumes(own, sources, memory, log, service.resources);
    const placement = createPlacement(volumes, log, {
      minFree: own.MIN_FREE,
      minFreeInodes: own.MIN_FREE_INODES,
      policy: own.PLACEMENT,
    });
    service.addVolumes(volumes);
    await service.listen();
    const broker = await service.connect();
    service.obey(sources.map(({ name }) => name));
    const download = async ({ name, source }: (typeof sources)[number]) => {
      const ofSource = log.child({ source: name });
      logSource(source, ofSource);
      const control = service.controls.of(name);
      service.resources.use(obeyHold(source, control));
      service.resources.use(obeyLimits(source, control, { role: "downloader", host }));
      await service.work(name, async (onGiveUp) => {
        const downloader = await createDownloader(
          {
            source,
            name,
            broker,
            placement,
            direct: createDirectFetch(source, volumes),
            host,
            log: ofSource,
            onGiveUp,
            control,
            monotonic: source.pacing.workingTime,
            onBan: () => source.pacing.banned(),
            onExhausted: () => {}, // it pauses and logs that; when there is room, it goes on
          },
          downloaderOptions(common, source),
        );
        const fetching = new FetchingWatch(
          source.pacing,
          downloader,
          new Load(volumes.flatMap(({ fetchers }) => fetchers)),
        );
        return {
          get fetching() {
            return fetching.now;
          },
          get pauses() {
            return [...downloader.pauses, ...volumes.flatMap((volume) => volume.pauses)];
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
