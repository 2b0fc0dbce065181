import {
  type HealthParts,
  type Job,
  type PageMessage,
  type Source,
  type SourceError,
  SourceHealth,
  type Subject,
} from "@brigade/core";

export interface DirectoryHealthParts extends Omit<HealthParts<Subject>, "ask" | "list" | "ofEarlierRuns"> {
  /** Without waits: probes are sent to it directly. */
  readonly source: Source;
}

/** Entries of a page that may be asked for again as a probe. */
const smallPage = 200;

/**
 * Whether a source gives its listings, and whose fault it is if one does not come. Known to work
 * are directories that were listed in this run, and the one that the job begins with.
 */
export class DirectoryHealth {
  readonly #health: SourceHealth<Subject>;
  #prefix: string | undefined;

  /** `limitMs`: milliseconds that an outage may last. */
  constructor(parts: DirectoryHealthParts, limitMs: number) {
    const { source } = parts;
    const list = async (directory: string, signal: AbortSignal) => {
      await source.listPage(directory, undefined, signal);
    };
    this.#health = new SourceHealth<Subject>(
      {
        ...parts,
        ask: ({ key }, signal) => list(key, signal),
        list: ({ key }, signal) => list(this.#prefix ?? key, signal),
        ofEarlierRuns: async () => (this.#prefix === undefined ? [] : [{ key: this.#prefix }]),
      },
      { limitMs, manyOrigins: source.manyOrigins },
    );
  }

  /** Returns when a request is begun, for `listed` and `isOwn`. */
  begin(): number {
    return this.#health.begin();
  }

  listed(begunAt: number, { directory: key, page, next, count }: PageMessage): void {
    const isWhole = page === 1 && next === undefined && count <= smallPage;
    this.#health.succeeded(begunAt, { key }, isWhole || (page === 1 && !this.#health.hasWorked));
  }

  /** Whether it is the directory's own fault that it was not listed. */
  async isOwn({ prefix }: Job, directory: string, error: SourceError, begunAt: number): Promise<boolean> {
    if (error.kind === "bad-cursor") return true;
    this.#prefix = prefix;
    const judgement = await this.#health.judge({ key: directory }, error, begunAt);
    if (judgement === "shared" || !isAway(error) || directory !== prefix || this.#health.hasWorked)
      return judgement !== "shared";
    // Nothing was ever listed, and the directory that all others are below does not answer.
    this.#health.pause({ reason: error.message, isBan: false });
    return false;
  }
}

/**
 * Whether it does not answer, or says that it cannot. An answer that cannot be read is no sign of
 * an outage.
 */
function isAway({ kind, status }: SourceError): boolean {
  return kind === "transport" || (kind === "unavailable" && status !== undefined);
}
