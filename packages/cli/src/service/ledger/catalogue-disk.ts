import {
  ConfigError,
  FatalError,
  HostError,
  type Log,
  pausesOfCatalogue,
  type RetryPolicy,
  tryAgain,
} from "@brigade/core";
import { type Catalogue, openCatalogue } from "@brigade/ledger";
import { withDatabaseFile } from "@brigade/volumes";
import { memoryPlan } from "../../limits/memory-plan.ts";

/** For work that needs the catalogue's disk, and can wait until that works again. */
export const whileDiskFails: RetryPolicy = {
  retries: Infinity,
  pauses: pausesOfCatalogue,
  mayPass: (error) => error instanceof HostError,
};

/**
 * Keeps a service running while the disk of its catalogue fails. It is logged once, and once when
 * the disk works again.
 */
export class CatalogueDisk {
  readonly #log: Log;
  #trouble: HostError | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Why the catalogue cannot be written now; `undefined` while it can. */
  get trouble(): HostError | undefined {
    return this.#trouble;
  }

  /**
   * Opens the catalogue; waits while its disk fails. Throws FatalError if this ledger is not the
   * one that is to run; an AbortError.
   */
  async open(path: string, signal: AbortSignal): Promise<Catalogue> {
    const policy: RetryPolicy = {
      ...whileDiskFails,
      onRetry: (error) => {
        if (this.#trouble === undefined && error instanceof HostError) this.#watch(error);
      },
    };
    const catalogue = await tryAgain(() => this.#open(path), policy, signal);
    if (this.#trouble !== undefined) this.#watch(undefined);
    return catalogue;
  }

  async #open(path: string): Promise<Catalogue> {
    const parts = { cacheBytes: memoryPlan().databaseCache, log: this.#log };
    const onDisk = (one: HostError | undefined) => this.#watch(one);
    try {
      return await withDatabaseFile(path, (at) => openCatalogue({ ...parts, path: at, onDisk }));
    } catch (error) {
      if (error instanceof ConfigError) throw new FatalError(error.message, { cause: error });
      throw error;
    }
  }

  #watch(trouble: HostError | undefined): void {
    this.#trouble = trouble;
    if (trouble === undefined) this.#log.warn({}, "the catalogue is written again");
    else this.#log.error({ reason: trouble.message }, "the catalogue cannot be written: records wait");
  }
}
