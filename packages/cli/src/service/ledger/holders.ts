import { type ControlWorkers, mostServices, type Presence, silentIntervals } from "@brigade/core";

interface Word {
  /** By `performance.now()`. */
  readonly heardAt: number;
  readonly everyMs: number;
  readonly service: Presence["service"];
  readonly host: string;
  readonly sources: ReadonlyMap<string, Presence["sources"][number]>;
  readonly hasLeft: boolean;
}

/** What services have reported to hold. It keeps a job open while they report and show progress. */
export class Holders {
  readonly #words = new Map<string, Word>();

  note({ service, host, instance, began, everyMs, sources, leaving }: Presence): void {
    // What a process has put into wait queues counts also when another process has its name.
    const speaker = `${began ?? ""} ${instance}`;
    // The service that has been silent for longest is dropped first.
    this.#words.delete(speaker);
    if (this.#words.size >= mostServices) this.#words.delete(this.#words.keys().next().value ?? "");
    this.#words.set(speaker, {
      heardAt: performance.now(),
      everyMs,
      service,
      host,
      sources: new Map(sources.map((source) => [source.name, source])),
      hasLeft: leaving === true,
    });
  }

  /**
   * Returns the milliseconds since a service that holds messages of the source has shown progress;
   * `undefined` if no service that is heard holds any.
   */
  quietMs(source: string): number | undefined {
    const now = performance.now();
    const quiet = this.#heard(now).flatMap(({ heardAt, sources }) => {
      const holding = sources.get(source)?.holding;
      return holding === undefined || holding.deliveries === 0 ? [] : [now - heardAt + holding.quietMs];
    });
    return quiet.length === 0 ? undefined : Math.min(...quiet);
  }

  /**
   * Returns how many messages services have put into a wait queue and not received from there, as
   * far as they have reported.
   */
  waiting(source: string, job: string): number {
    let messages = 0;
    for (const { sources } of this.#words.values()) {
      const waiting = sources.get(source)?.waiting;
      if (waiting?.job === job) messages += waiting.messages;
    }
    return messages;
  }

  /** Returns how many services work for the source, as they have reported. */
  workers(source: string): ControlWorkers {
    const at = this.#heard(performance.now()).filter(({ sources }) => sources.has(source));
    const hosts = [...new Set(at.map(({ host }) => host))].map((host) => ({
      host,
      downloaders: at.filter((one) => one.host === host && one.service === "downloader").length,
      listers: at.filter((one) => one.host === host && one.service === "lister").length,
    }));
    const sum = (of: "downloaders" | "listers") => hosts.reduce((all, one) => all + one[of], 0);
    return { downloaders: sum("downloaders"), listers: sum("listers"), hosts };
  }

  #heard(now: number): Word[] {
    return [...this.#words.values()].filter(
      ({ heardAt, everyMs, hasLeft }) => !hasLeft && now - heardAt <= silentIntervals * everyMs,
    );
  }
}
