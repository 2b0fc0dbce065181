import { ConfigError, FatalError, isLastingRefusal, type Source, SourceError } from "@brigade/core";
import type { ConfiguredSource } from "@brigade/sources";

/** Milliseconds after which `onSilence` is called: timeouts are longer. */
const patience = 8_000;

/**
 * Lists one page before anything is opened, so that what can never work is found within seconds
 * instead of being retried. Throws FatalError if the source refuses for good, ConfigError if there
 * is no directory at the prefix. Returns the reason of what may pass (an outage, a broken page):
 * the run itself tries again. `onSilence`: no answer has come for some time.
 */
export async function preflight(
  source: Source & Pick<ConfiguredSource, "address">,
  prefix: string,
  signal: AbortSignal,
  onSilence: (reason: string) => void = () => {},
): Promise<string | undefined> {
  const { address = "the source" } = source;
  const silence = setTimeout(
    () =>
      onSilence(
        `${address} has not answered for ${patience / 1000} s: is it up, does a proxy or a firewall hold back what is sent?`,
      ),
    patience,
  );
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
    if (isLastingRefusal(error)) throw new FatalError(error.message, { cause: error });
    return error.message;
  } finally {
    clearTimeout(silence);
  }
}
