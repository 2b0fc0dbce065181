import { ConfigError } from "@brigade/core";

/** Collects what is wrong with the configuration from all its readers, to tell it together. */
export class Problems {
  readonly #found = new Set<string>();

  /** The reader's value; nothing when it threw a ConfigError, whose problems are kept. */
  try<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const problem of error.problems) this.#found.add(problem);
      return undefined;
    }
  }

  /** Throws ConfigError when there were any. */
  throwAny(): void {
    if (this.#found.size > 0) throw new ConfigError([...this.#found]);
  }
}
