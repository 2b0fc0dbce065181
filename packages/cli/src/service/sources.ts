import { ConfigError, type Environment, sourceNameSchema } from "@brigade/core";
import { type ConfiguredSource, parseSource } from "@brigade/sources";
import { Problems } from "../problems.ts";

/** The names that SOURCES configures. Throws ConfigError when there are none, or when one cannot be read. */
export function sourceNames(environment: Environment): string[] {
  const pairs = (environment.SOURCES ?? "").split(/\s+/).filter((pair) => pair !== "");
  if (pairs.length === 0) throw new ConfigError(["SOURCES: is not set"]);
  const problems = new Problems();
  const names = pairs.map((pair) => {
    const name = pair.slice(0, Math.max(0, pair.indexOf("=")));
    problems.try(() => {
      if (!sourceNameSchema.safeParse(name).success)
        throw new ConfigError([`SOURCES: "${pair}" is not name=url`]);
      parseSource(name, environment);
    });
    return name;
  });
  problems.throwAny();
  return names;
}

export interface NamedSource {
  readonly name: string;
  readonly source: ConfiguredSource;
}

/** Every source that SOURCES configures. Throws ConfigError with the problems of all. */
export function configuredSources(environment: Environment): NamedSource[] {
  const problems = new Problems();
  const sources = sourceNames(environment).flatMap((name) => {
    const source = problems.try(() => parseSource(name, environment).create(environment, name));
    return source === undefined ? [] : [{ name, source }];
  });
  problems.throwAny();
  return sources;
}
