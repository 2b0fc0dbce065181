import { ConfigError } from "@brigade/core";
import type { LocalPlacement, VolumeSettings } from "@brigade/volumes";
import { reloading } from "../../process/reloading.ts";
import { configuredFolders } from "../../volumes/named-folders.ts";
import type { Service } from "../service.ts";
import type { ServiceVolumes } from "./volumes.ts";

/**
 * Lets new volumes of VOLUMES_FILE join at each SIGHUP, until it is disposed of. One reading after
 * the other. A file with an error changes nothing.
 */
export function joinAtReload(
  volumes: Pick<ServiceVolumes, "join">,
  placement: LocalPlacement,
  settings: Pick<VolumeSettings, "VOLUMES" | "VOLUMES_FILE">,
  { log, giveUp }: Pick<Service, "log" | "giveUp">,
): Disposable {
  let reading = Promise.resolve();
  const read = async () => {
    try {
      await volumes.join(configuredFolders(settings), placement);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      log.error({ reason: error.message }, "no volume joins: nothing has changed");
    }
  };
  const onReload = () => {
    reading = reading.then(read).catch(giveUp);
  };
  reloading.addEventListener("reload", onReload);
  return { [Symbol.dispose]: () => reloading.removeEventListener("reload", onReload) };
}
