import { ConfigError, FatalError, type Source, SourceError } from "@brigade/core";

/**
 * One listing before anything is opened: what can never work is told within seconds instead of being retried.
 * Throws FatalError when the source refuses us, ConfigError when there is nothing at the prefix. Anything that may pass
 * (an outage, a broken page) is left to the run itself: its reason is returned.
 */
export async function preflight(
  source: Source,
  prefix: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await source.listPage(prefix, undefined, signal);
    return undefined;
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    if (error.kind === "missing") {
      const object = prefix === "" ? undefined : await source.stat(prefix, signal).catch(() => undefined);
      const problem =
        object === undefined
          ? `there is ${prefix === "" ? "nothing to list" : `no directory "${prefix}"`}: ${error.message}`
          : `"${prefix}" is an object, not a directory: name the directory that holds it`;
      throw new ConfigError([problem], { cause: error });
    }
    const hopeless = ["unauthorized", "misconfigured", "forbidden"].includes(error.kind);
    if (hopeless) throw new FatalError(error.message, { cause: error });
    return error.message;
  }
}
