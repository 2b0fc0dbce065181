import type { Environment } from "@brigade/core";
import { type ConfiguredSource, parseSource } from "@brigade/sources";
import { type VolumeSettings, volumeVariables } from "@brigade/volumes";
import { readVariables } from "../settings/environment.ts";
import { Problems } from "../settings/problems.ts";
import { type Settings, settingsSchema } from "../settings/settings.ts";

export interface CopyConfiguration {
  readonly settings: Settings;
  readonly volumeSettings: VolumeSettings;
  readonly name: string;
  readonly prefix: string;
  readonly source: ConfiguredSource;
}

/** Reads all that a run needs. Throws ConfigError with all problems together. */
export function configure(sourceArgument: string, environment: Environment): CopyConfiguration {
  const problems = new Problems();
  const settings = problems.try(() => readVariables(settingsSchema, environment));
  const volumeSettings = problems.try(() => readVariables(volumeVariables, environment));
  const reference = problems.try(() => parseSource(sourceArgument, environment));
  const source = reference && problems.try(() => reference.create(environment, reference.name));
  problems.throwAny();
  if (!settings || !volumeSettings || !reference || !source)
    throw new Error("a configuration problem was not reported");
  return {
    settings,
    volumeSettings,
    name: reference.name,
    prefix: reference.prefix,
    source,
  };
}
