import type { Filters, Log } from "@brigade/core";
import type { ProgressView } from "../job/progress.ts";
import type { CopyConfiguration } from "./configuration.ts";
import type { PageRequest } from "./page.ts";
import type { VolumeRequest } from "./volumes.ts";

/** What one run of `copy` is asked for. */
export interface CopyRequest {
  readonly configuration: CopyConfiguration;
  readonly volumes: VolumeRequest;
  readonly filters: Filters;
  /** An unfinished job is dropped. */
  readonly restart: boolean;
  /** Bytes per second, by the command line. */
  readonly bandwidth?: number | undefined;
  readonly page?: PageRequest | undefined;
  readonly log: Log;
  readonly view: ProgressView;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
}
