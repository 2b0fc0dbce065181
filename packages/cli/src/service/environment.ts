import type { Environment } from "@brigade/core";
import { withinLimits } from "../limits/within-limits.ts";
import { createLog } from "../logging/logging.ts";
import { readEnvironment } from "../settings/environment.ts";

/** Returns the variables of a service, within the limits of this process. Logs what was limited. */
export function serviceEnvironment(): Environment {
  const environment = readEnvironment({}, process.env);
  const volumes = (environment.VOLUMES ?? "").split(":").filter((root) => root.trim() !== "").length;
  const log = createLog("info", { readable: false });
  return withinLimits(environment, { volumes, service: true }, (line) => log.warn({}, line));
}
