import type { Environment, Source } from "@brigade/core";
import type { Notices } from "./notices.ts";
import type { Pacing } from "./pacing/pacing.ts";

export interface StoreClock {
  /** Unix milliseconds there; `undefined` where it tells none. Throws SourceError. */
  ask(signal: AbortSignal): Promise<number | undefined>;
}

/** A source that owns connections, to be disposed of. */
export interface ConfiguredSource extends Source, AsyncDisposable {
  /** The most bodies at once that the configuration asks for. */
  readonly concurrency: number;
  /** Which server lists it, `https://host`; absent where none does. */
  readonly address?: string;
  /** Where requests are signed with this machine's time; absent where none are. */
  readonly clock?: StoreClock;
  /** How fast its servers are asked. */
  readonly pacing: Pacing;
  /** Absent where there is nothing to be told. */
  readonly notices?: Notices;
}

/** What the text on the command line means. */
export interface SourceReference {
  /** Default name of the source: after its bucket or host, `[a-z0-9-]+`. */
  readonly name: string;
  /** The directory to begin with; `""` is the root. */
  readonly prefix: string;
  /** Throws ConfigError with all problems. `name` also prefixes variables of this source: `PHOTOS_UPYUN_OPERATOR`. */
  create(environment: Environment, name: string): ConfiguredSource;
}

/** Takes a URL of its scheme apart. Throws ConfigError. */
export type SourceParser = (url: string) => SourceReference;
