import { ConfigError } from "@brigade/core";

/** Collects the problems that all readers of the configuration find, to report them together. */
export class Problems {
  readonly #found = new Set<string>();

  /** Returns the reader's value; `undefined` if it threw a ConfigError, whose problems are kept. */
  try<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const problem of error.problems) this.#found.add(problem);
      return undefined;
    }
  }

  /** Throws ConfigError if there were any problems. */
  throwAny(): void {
    if (this.#found.size > 0) throw new ConfigError([...this.#found]);
  }
}
