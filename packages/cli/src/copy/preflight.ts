import { ConfigError, FatalError, isLastingRefusal, type Source, SourceError } from "@brigade/core";
import type { ConfiguredSource } from "@brigade/sources";

/** Milliseconds after which it is told that no answer has come yet: timeouts are longer. */
const patience = 8_000;

/**
 * One listing before anything is opened: what can never work is told within seconds instead of being retried.
 * Throws FatalError when the source refuses us, ConfigError when there is nothing at the prefix. Anything that may pass
 * (an outage, a broken page) is left to the run itself: its reason is returned. `onSilence`: no answer has come for some time.
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
