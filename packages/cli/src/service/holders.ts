import type { Presence } from "@brigade/core";

interface Word {
  /** By `performance.now()`. */
  readonly heardAt: number;
  readonly everyMs: number;
  readonly sources: ReadonlyMap<string, Presence["sources"][number]>;
  readonly hasLeft: boolean;
}

/** Silent after so many times the interval that a service speaks in. */
const silentIntervals = 3;
/** More services than this are nobody's fleet. */
const mostServices = 1_000;

/** What services have said that they hold. It keeps a job open for as long as they are heard and show progress. */
export class Holders {
  readonly #words = new Map<string, Word>();

  note({ instance, everyMs, sources, leaving }: Presence): void {
    // The longest silent goes first.
    this.#words.delete(instance);
    if (this.#words.size >= mostServices) this.#words.delete(this.#words.keys().next().value ?? "");
    this.#words.set(instance, {
      heardAt: performance.now(),
      everyMs,
      sources: new Map(sources.map((source) => [source.name, source])),
      hasLeft: leaving === true,
    });
  }

  /**
   * Milliseconds since a service that holds messages of the source has shown progress; undefined while no service that is
   * heard says that it holds any.
   */
  quietMs(source: string): number | undefined {
    const now = performance.now();
    const quiet = this.#heard(now).flatMap(({ heardAt, sources }) => {
      const holding = sources.get(source)?.holding;
      return holding === undefined || holding.deliveries === 0 ? [] : [now - heardAt + holding.quietMs];
    });
    return quiet.length === 0 ? undefined : Math.min(...quiet);
  }

  /** Messages that services have put into a wait queue and nobody has received from there, as far as they were heard. */
  waiting(source: string, job: string): number {
    let messages = 0;
    for (const { sources } of this.#words.values()) {
      const waiting = sources.get(source)?.waiting;
      if (waiting?.job === job) messages += waiting.messages;
    }
    return messages;
  }

  #heard(now: number): Word[] {
    return [...this.#words.values()].filter(
      ({ heardAt, everyMs, hasLeft }) => !hasLeft && now - heardAt <= silentIntervals * everyMs,
    );
  }
}
