import type { Environment } from "@brigade/core";
import { createLog, type LogOptions } from "../../logging/logging.ts";
import { useFileValues } from "../environment.ts";
import { settingsSchema } from "../settings.ts";
import { readSettingsFile } from "./settings-file.ts";

/**
 * Takes in the variables of the settings file. Logs which file that was, what it sets, and warnings
 * of what may be meant otherwise. `chosen`: as for `readSettingsFile`. The file cannot turn these
 * lines off: the LOG_LEVEL of the environment counts. Throws ConfigError.
 */
export function useSettingsFile(chosen: string | false | undefined, options: LogOptions): Environment {
  const file = readSettingsFile(chosen);
  if (file === undefined) return {};
  const level = settingsSchema.shape.LOG_LEVEL.safeParse(process.env.LOG_LEVEL?.trim() || undefined);
  const log = createLog(level.data ?? "info", options);
  if ("why" in file) {
    log.warn({ file: file.path, reason: file.why }, "a settings file is not read");
    return {};
  }
  const { path, values, warnings } = file;
  useFileValues(values);
  const sets = Object.keys(values).filter((name) => process.env[name] === undefined);
  const overruled = Object.keys(values).filter((name) => process.env[name] !== undefined);
  const told = { file: path, sets, ...(overruled.length > 0 && { overruled }) };
  log.info(told, "a settings file was read");
  for (const warning of warnings) log.warn({ file: path }, warning);
  return values;
}
