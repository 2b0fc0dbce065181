import type { Broker, HostError } from "@brigade/core";
import { type Catalogue, createLedger, type NewJob } from "@brigade/ledger";
import { ledgerPrefetch } from "../../settings/settings.ts";
import { withHandlers } from "../broker/wrapped-broker.ts";
import type { Service } from "../service.ts";
import { OtherLedger } from "./other-ledger.ts";

/**
 * Enters the records of one source into the catalogue, as soon as that has a job of it. A ledger
 * that was started by mistake, with a catalogue of its own, thus takes no records from another one.
 */
export class Records {
  readonly source: string;
  readonly #catalogue: Catalogue;
  readonly #service: Service;
  readonly #broker: Broker;
  readonly #other: OtherLedger;
  readonly #diskTrouble: () => HostError | undefined;
  #received = 0;
  #inHand = 0;
  #ledger: Promise<AsyncDisposable> | undefined;

  /** `diskTrouble`: why the catalogue cannot be written now; `undefined` while it can. */
  constructor(
    source: string,
    catalogue: Catalogue,
    broker: Broker,
    service: Service,
    diskTrouble: () => HostError | undefined,
  ) {
    this.source = source;
    this.#diskTrouble = diskTrouble;
    this.#catalogue = catalogue;
    this.#service = service;
    this.#broker = withHandlers(broker, (handle) => async (delivery) => {
      this.#received++;
      this.#inHand++;
      try {
        return await handle(delivery);
      } finally {
        this.#inHand--;
      }
    });
    const { log, signal } = service;
    this.#other = new OtherLedger({
      source,
      broker,
      received: () => this.#received,
      inHand: () => this.#inHand,
      mayHaveWork: async () => {
        if (diskTrouble() !== undefined) return true;
        const latest = (await catalogue.jobs.all()).findLast((job) => job.source === source);
        return latest?.state === "open" || latest?.state === "cancelled";
      },
      log,
      signal,
    });
  }

  /** Begins if the catalogue has jobs of the source, and watches for another ledger. */
  async open(): Promise<void> {
    if ((await this.#catalogue.jobs.all()).some(({ source }) => source === this.source)) this.enter();
    await this.#service.work(this.source, async () => this);
    this.#other.watch().catch(this.#service.giveUp);
  }

  /** Begins to enter records. To repeat it changes nothing. */
  enter(): void {
    if (this.#ledger !== undefined) return;
    const { log, giveUp, signal } = this.#service;
    this.#ledger = createLedger(
      {
        catalogue: this.#catalogue,
        broker: this.#broker,
        source: this.source,
        log: log.child({ source: this.source }),
      },
      { prefetch: ledgerPrefetch },
    );
    this.#ledger.catch((error) => {
      if (!signal.aborted) giveUp(error);
    });
  }

  get pauses(): readonly string[] {
    return [
      ...(this.#other.isAtWork ? ["another ledger is at work"] : []),
      ...(this.#diskTrouble() === undefined ? [] : ["the catalogue cannot be written"]),
    ];
  }

  async stop(): Promise<void> {
    const ledger = await this.#ledger;
    await ledger?.[Symbol.asyncDispose]();
  }
}

/** Returns the same catalogue. `opened` is called with each job that is opened. */
export function notifyingOfJobs(catalogue: Catalogue, opened: (job: NewJob) => void): Catalogue {
  return {
    ...catalogue,
    jobs: {
      ...catalogue.jobs,
      async open(job) {
        await catalogue.jobs.open(job);
        opened(job);
      },
    },
  };
}
