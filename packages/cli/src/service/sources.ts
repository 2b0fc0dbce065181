import { ConfigError, type Environment } from "@brigade/core";
import { type ConfiguredSource, parseSource, sourceNames } from "@brigade/sources";
import { Problems } from "../settings/problems.ts";

/**
 * Returns the names that SOURCES configures. Throws ConfigError if there are none, or with the
 * problems of all URLs.
 */
export function configuredNames(environment: Environment): string[] {
  const names = sourceNames(environment);
  if (names.length === 0) throw new ConfigError(["SOURCES: is not set"]);
  const problems = new Problems();
  for (const name of names) problems.try(() => parseSource(name, environment));
  problems.throwAny();
  return names;
}

export interface NamedSource {
  readonly name: string;
  readonly source: ConfiguredSource;
}

/** Returns every source that SOURCES configures. Throws ConfigError with the problems of all. */
export function configuredSources(environment: Environment): NamedSource[] {
  const problems = new Problems();
  const sources = configuredNames(environment).flatMap((name) => {
    const source = problems.try(() => parseSource(name, environment).create(environment, name));
    return source === undefined ? [] : [{ name, source }];
  });
  problems.throwAny();
  return sources;
}
