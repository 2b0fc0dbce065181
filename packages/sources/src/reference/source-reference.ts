import type { Environment, Source } from "@brigade/core";
import type { DirectSource } from "../direct/direct-source.ts";
import type { Pacing } from "../pacing/pacing.ts";
import type { Notices } from "./notices.ts";

export interface StoreClock {
  /**
   * Returns the server's time in Unix milliseconds; `undefined` if the answer has none. Throws
   * SourceError.
   */
  ask(signal: AbortSignal): Promise<number | undefined>;
}

/** A source that owns connections, to be disposed of. */
export interface ConfiguredSource extends Source, AsyncDisposable {
  /** The most bodies at once by the configuration. */
  readonly concurrency: number;
  /** The server that lists it, `https://host`; absent if there is none. */
  readonly address?: string;
  /** Asks the server's clock; absent if requests are not signed with this machine's time. */
  readonly clock?: StoreClock;
  /** How fast its servers are asked. */
  readonly pacing: Pacing;
  /** Absent if all objects come in the usual way. */
  readonly direct?: DirectSource | undefined;
  /** Absent if there are none. */
  readonly notices?: Notices;
}

/** The meaning of the text on the command line. */
export interface SourceReference {
  /** Default name of the source: after its bucket or host, `[a-z0-9-]+`. */
  readonly name: string;
  /** The directory to begin with; `""` is the root. */
  readonly prefix: string;
  /**
   * Throws ConfigError with all problems. `name` also prefixes variables of this source:
   * `PHOTOS_UPYUN_OPERATOR`.
   */
  create(environment: Environment, name: string): ConfiguredSource;
}

/** Takes a URL of its scheme apart. Throws ConfigError. */
export type SourceParser = (url: string) => SourceReference;

/** A source's default name, after its bucket, host or file: `[a-z0-9-]+`. */
export function sourceName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 63)
    .replace(/^-|-$/g, "");
}
