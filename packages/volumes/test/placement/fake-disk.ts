import { setImmediate as turn } from "node:timers/promises";
import type { Delayer, HostError, LocalRoom } from "@brigade/core";
import type { LocalVolume } from "../../src/index.ts";

export const mib = 1024 * 1024;
export const noFloor = { minFree: { amount: 0 }, minFreeInodes: { amount: 0 } } as const;

export class FakeDisk {
  asked = 0;
  room: LocalRoom;
  hangs = false;
  /** Why it cannot be opened again. */
  fault: HostError | undefined;
  readonly volume: LocalVolume;
  #answered = Promise.withResolvers<void>();

  constructor(label: string, freeMib: number, inodes = 1_000_000, fileSystem = label) {
    this.room = { bytes: freeMib * mib, inodes, totalBytes: 1000 * mib, totalInodes: 1_000_000 };
    const unused = (): never => {
      throw new Error("placement asks for room only");
    };
    this.volume = {
      id: label,
      label,
      root: `/${label}`,
      pauses: [],
      fileSystem,
      fetchers: [],
      isOpen: true,
      close: async () => this.#setOpen(false),
      reopen: async () => {
        if (this.fault !== undefined) throw this.fault;
        this.#setOpen(true);
      },
      room: async () => {
        this.asked += 1;
        if (this.hangs) await this.#answered.promise;
        return this.room;
      },
      lend: unused,
      giveBack: unused,
      put: unused,
      part: unused,
      begun: unused,
      open: unused,
      adopt: unused,
      holds: unused,
      look: unused,
      sample: unused,
      import: unused,
      present: unused,
      isFresh: unused,
      claim: unused,
      bind: unused,
      [Symbol.asyncDispose]: async () => {},
    };
  }

  #setOpen(isOpen: boolean): void {
    Object.assign(this.volume, { isOpen });
  }

  /** All questions that are open; later ones hang again. */
  answer(): void {
    this.#answered.resolve();
    this.#answered = Promise.withResolvers();
  }
}

/** Milliseconds that pass while somebody waits. Other work has its turn meanwhile. */
export class Clock {
  now = 0;
  readonly delay: Delayer = async (ms, signal) => {
    await turn();
    signal.throwIfAborted();
    this.now += ms;
  };
  readonly options = { ...noFloor, now: () => this.now, delay: this.delay };
}
