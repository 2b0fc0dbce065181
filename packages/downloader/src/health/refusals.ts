import type { Delayer, ObjectEntry, SourceError, SourceHealth } from "@brigade/core";

/** Messages in the queues that more objects come from. */
export interface WorkAhead {
  readonly files: number;
  readonly directories: number;
}

export interface RefusalsParts {
  readonly health: SourceHealth<ObjectEntry>;
  readonly ahead: () => Promise<WorkAhead>;
  /** Called when `objects` different objects were refused and none came. */
  readonly onAllRefused: (error: SourceError, objects: number) => void;
  readonly signal: AbortSignal;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly delay: Delayer;
}

/** If this many different objects are refused and none is given, the source refuses everything. */
const allRefused = 200;
/** Milliseconds between two looks at what came meanwhile. */
const lookEvery = 250;
/**
 * Milliseconds without a new object until it is clear: all places are taken and others wait in the
 * queues; no object is left;
 */
const handsAreFull = 1_000;
const noneAreLeft = 2_000;
/** or none will come soon, whatever waits. */
const noneCome = 10_000;

/** `ask`: something came that may be asked for again. */
type Answer = "own" | "shared" | "ask";

/**
 * Objects that were refused while nothing is known to work, as in a first run. Only more tries show
 * whether each is refused by itself or all are. Until then it is open whose fault that is. If such
 * objects take all places, they are given back, and are not asked for again when they return.
 */
export class Refusals {
  readonly #parts: RefusalsParts;
  /** All that were refused in this process, until something comes. */
  readonly #refused = new Set<string>();
  readonly #givenBack = new Map<string, SourceError>();
  readonly #open = new Set<(answer: Answer) => void>();
  #hasArrivals = false;
  #isReportedOf = false;
  #newestAt = Number.NEGATIVE_INFINITY;

  constructor(parts: RefusalsParts) {
    this.#parts = parts;
  }

  /** Called when something came, which may be stored soon. */
  arrived(): void {
    this.#hasArrivals = true;
  }

  /**
   * Returns what the object was refused with, if it was given back before it was known whose fault
   * that was.
   */
  refusalOf({ key }: ObjectEntry): SourceError | undefined {
    if (this.#givenBack.size === 0) return undefined;
    if (this.#maySomethingCome) this.#givenBack.clear();
    return this.#givenBack.get(key);
  }

  /** Resolves with whether it was the object's own fault, as soon as that is known. */
  async isOwn(object: ObjectEntry, error: SourceError, begunAt: number): Promise<boolean> {
    const answer = await this.#answerFor(object, error);
    if (answer !== "ask") return answer === "own";
    this.#refused.clear();
    return (await this.#parts.health.judge(object, error, begunAt)) !== "shared";
  }

  async #answerFor({ key }: ObjectEntry, error: SourceError): Promise<Answer> {
    if (!this.#refused.has(key)) {
      this.#refused.add(key);
      this.#newestAt = this.#parts.now();
      if (this.#refused.size >= allRefused && !this.#hasArrivals && !this.#isReportedOf) {
        this.#isReportedOf = true;
        this.#parts.onAllRefused(error, allRefused);
      }
    }
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#open.add(resolve);
    if (this.#open.size === 1) void this.#look();
    const answer = await promise;
    if (answer === "shared" && !this.#parts.health.isPaused) this.#givenBack.set(key, error);
    else this.#givenBack.delete(key);
    return answer;
  }

  /** Whether there is something to ask for besides the objects of the manifests. */
  get #maySomethingCome(): boolean {
    const { hasWitness, witnesses } = this.#parts.health;
    return hasWitness || witnesses.hasUnchanged;
  }

  /** Looks until all have their answer. Rejects only for bugs. */
  async #look(): Promise<void> {
    const { delay, signal } = this.#parts;
    while (this.#open.size > 0) {
      const answer = await this.#answer();
      if (answer === undefined) {
        await delay(lookEvery, signal).catch(() => {});
        continue;
      }
      for (const resolve of this.#open) resolve(answer);
      this.#open.clear();
    }
  }

  async #answer(): Promise<Answer | undefined> {
    const { health, ahead, signal, now } = this.#parts;
    if (signal.aborted || health.isPaused) return "shared";
    if (this.#maySomethingCome) return "ask";
    const quiet = now() - this.#newestAt;
    if (quiet >= noneCome) return "own";
    if (quiet < handsAreFull) return undefined;
    const { files, directories } = await ahead();
    if (files > 0) return "shared";
    return directories === 0 && quiet >= noneAreLeft ? "own" : undefined;
  }
}
