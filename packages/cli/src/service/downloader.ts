import type { Environment } from "@brigade/core";
import { createDownloader } from "@brigade/downloader";
import { createPlacement, volumeVariables } from "@brigade/volumes";
import type { ExitCode } from "../exit-code.ts";
import { downloaderOptions } from "../settings.ts";
import { configureService } from "./configuration.ts";
import { logPace } from "./pace-log.ts";
import { runService } from "./service.ts";
import { configuredSources } from "./sources.ts";
import { openServiceVolumes } from "./volumes.ts";

const variables = volumeVariables.extend({
  VOLUMES: volumeVariables.shape.VOLUMES.refine((roots) => roots.length > 0, "is not set"),
});

/** `brigade downloader`: fetches what the configured sources' jobs want onto this host's volumes. */
export async function runDownloader(environment: Environment, stop: AbortSignal): Promise<ExitCode> {
  const configuration = configureService("downloader", environment, variables, configuredSources);
  const { common, own, others: configured } = configuration;
  return await runService(configuration, stop, async (service) => {
    const { log, giveUp, host } = service;
    const sources = configured.map(({ name, source }) => ({ name, source: service.resources.use(source) }));
    const volumes = await openServiceVolumes(own, sources, log, service.resources);
    const placement = createPlacement(volumes, log, {
      minFree: own.MIN_FREE,
      minFreeInodes: own.MIN_FREE_INODES,
    });
    service.addVolumes(volumes);
    await service.listen();
    const broker = await service.connect();
    const download = async ({ name, source }: (typeof sources)[number]) => {
      logPace(source.pacing, log.child({ source: name }));
      const downloader = await createDownloader(
        {
          source,
          name,
          broker,
          placement,
          host,
          log: log.child({ source: name }),
          onGiveUp: giveUp,
          onExhausted: () => {}, // it pauses and says so; other hosts go on, and so does this one when there is room
        },
        downloaderOptions(common, source.concurrency),
      );
      service.add(name, {
        get pauses() {
          return downloader.pauses;
        },
        get received() {
          return source.pacing.received;
        },
        stop: (graceMs) => downloader.stop(graceMs),
      });
    };
    await Promise.all(sources.map(download));
    const names = sources.map(({ name }) => name);
    log.info({ sources: names, volumes: volumes.map(({ root }) => root) }, "at work");
  });
}
