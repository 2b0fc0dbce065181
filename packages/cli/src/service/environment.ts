import { ConfigError, type Environment } from "@brigade/core";
import { withinLimits } from "../limits/within-limits.ts";
import { createLog } from "../logging/logging.ts";
import { readEnvironment } from "../settings/environment.ts";
import { readVolumesFile } from "../volumes/volumes-file.ts";

/** Returns the variables of a service, within the limits of this process. Logs what was limited. */
export function serviceEnvironment(): Environment {
  const environment = readEnvironment({}, process.env);
  const named = (environment.VOLUMES ?? "").split(":").filter((root) => root.trim() !== "").length;
  const volumes = named + listedIn(environment.VOLUMES_FILE);
  const log = createLog("info", { readable: false });
  return withinLimits(environment, { volumes, service: true }, (line) => log.warn({}, line));
}

/** Returns how many volumes the file names; 0 if it cannot be read, which is reported later. */
function listedIn(file: string | undefined): number {
  try {
    return file === undefined ? 0 : readVolumesFile(file).length;
  } catch (error) {
    if (error instanceof ConfigError) return 0;
    throw error;
  }
}
