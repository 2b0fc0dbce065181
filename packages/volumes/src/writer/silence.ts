import type { Op } from "./protocol.ts";

/**
 * Milliseconds without a sign of life after which a disk counts as silent; longer where it once
 * took longer.
 */
const usualLimit = 30_000;
/** Milliseconds after which a log line reports that the disk is waited for: it may only be busy. */
const usualNotice = 10_000;
/** Between two looks. Milliseconds. */
const lookEvery = 1_000;

/**
 * Commands of one sort prove something of each other. A disk that still answers questions may take
 * no more bytes.
 */
type Sort = "question" | "change";

function sortOf(op: Op): Sort {
  switch (op) {
    case "look":
    case "try":
    case "room":
    case "present":
    case "holds":
    case "begun":
      return "question";
    default:
      return "change";
  }
}

/** Commands of one sort that wait, and when the thread was last heard of. */
interface Waiting {
  count: number;
  heardAt: number;
}

/**
 * Finds out when a disk hangs: commands wait, and for too long none of their sort is answered, nor any
 * progress shown. A disk that was only slow is given twice that time from then on.
 */
export class Silence {
  readonly #onNotice: (ms: number) => void;
  readonly #onSilent: (ms: number) => void;
  readonly #now: () => number;
  readonly #waiting: Readonly<Record<Sort, Waiting>>;
  #limit = usualLimit;
  #notice = usualNotice;
  /** The sort of commands about which `onNotice` was called, while it is quiet. */
  #noticed: Sort | undefined;
  /** The sort of commands about which `onSilent` was called, while it is silent. */
  #silent: Sort | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `onNotice`: the disk is waited for. `onSilent`: it is no longer waited for. */
  constructor(
    { onNotice, onSilent }: { onNotice: (ms: number) => void; onSilent: (ms: number) => void },
    now = () => performance.now(),
  ) {
    this.#onNotice = onNotice;
    this.#onSilent = onSilent;
    this.#now = now;
    const none = () => ({ count: 0, heardAt: 0 });
    this.#waiting = { question: none(), change: none() };
  }

  get isSilent(): boolean {
    return this.#silent !== undefined;
  }

  /** Whether `onNotice` was called, and no answer has come since. */
  get isNoticed(): boolean {
    return this.#noticed !== undefined;
  }

  asked(op: Op): void {
    const waiting = this.#waiting[sortOf(op)];
    if (waiting.count === 0) waiting.heardAt = this.#now();
    waiting.count += 1;
    this.#timer ??= setInterval(() => this.look(), lookEvery).unref();
  }

  answered(op: Op): void {
    const sort = sortOf(op);
    this.#waiting[sort].count -= 1;
    this.#heard(sort);
  }

  /** The thread is at work on something long. */
  progressed(): void {
    this.#heard("change");
  }

  /** Looks whether the disk hangs. */
  look(): void {
    let isIdle = true;
    for (const sort of ["question", "change"] as const) {
      const { count, heardAt } = this.#waiting[sort];
      if (count === 0) continue;
      isIdle = false;
      const quiet = this.#now() - heardAt;
      if (this.#noticed === undefined && quiet >= this.#notice) {
        this.#noticed = sort;
        this.#onNotice(quiet);
      }
      if (this.#silent !== undefined || quiet < this.#limit) continue;
      this.#silent = sort;
      this.#onSilent(quiet);
    }
    if (isIdle) this.end();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #heard(sort: Sort): void {
    const waiting = this.#waiting[sort];
    const now = this.#now();
    if (this.#noticed === sort) {
      this.#noticed = undefined;
      this.#notice = Math.max(this.#notice, 2 * (now - waiting.heardAt));
    }
    if (this.#silent === sort) {
      this.#silent = undefined;
      this.#limit = Math.max(this.#limit, 2 * (now - waiting.heardAt));
    }
    waiting.heardAt = now;
  }
}
