import {
  ConfigError,
  type Control,
  type ControlCarrier,
  type ControlWorkers,
  controlOf,
  noOrders,
  type Order,
  renewed,
  type Standing,
  withOrder,
} from "@brigade/core";
import type { KeptOrders } from "@brigade/ledger";

/** Milliseconds between two repetitions. */
const everyMs = 5_000;

export interface ControlDeskParts {
  readonly kept: KeptOrders;
  /** All that orders may be about. */
  readonly sources: readonly string[];
  /** Returns how many services work for a source now. */
  readonly workers: (source: string) => ControlWorkers;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** Takes orders of people, keeps them, and tells services what holds: at once, and again and again. */
export class ControlDesk implements Disposable {
  readonly #parts: ControlDeskParts;
  readonly #now: () => number;
  #standing: Standing;
  #carrier: Pick<ControlCarrier, "tell"> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The order before has been kept, or not. */
  #ordered: Promise<unknown> = Promise.resolve();

  /** Resolves when what held before is read. Rejects with HostError. */
  static async open(parts: ControlDeskParts): Promise<ControlDesk> {
    const { kept, now = Date.now } = parts;
    return new ControlDesk(parts, renewed((await kept.load()) ?? noOrders, now()));
  }

  private constructor(parts: ControlDeskParts, standing: Standing) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
    this.#standing = standing;
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** Tells services from now on. Its timer keeps no process alive. */
  begin(carrier: Pick<ControlCarrier, "tell">): void {
    this.#carrier = carrier;
    this.#timer ??= setInterval(() => this.tell(), everyMs).unref();
    this.tell();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#carrier = undefined;
  }

  /** One after the other. See `OrderDesk`. */
  order(order: Order): Promise<Standing> {
    const done = this.#ordered.then(() => this.#order(order));
    this.#ordered = done.catch(() => undefined); // its caller gets the error
    return done;
  }

  /** Tells what holds for these sources, by default for all. */
  tell(sources: readonly string[] = this.#parts.sources): void {
    for (const source of sources) this.#carrier?.tell(this.#controlOf(source));
  }

  #controlOf(source: string): Control {
    return controlOf(this.#standing, source, this.#parts.workers(source), this.#now());
  }

  async #order(order: Order): Promise<Standing> {
    const { sources, kept } = this.#parts;
    if ("source" in order && !sources.includes(order.source))
      throw new ConfigError([`"${order.source}" is no source here: there is ${sources.join(", ")}`]);
    const standing = withOrder(this.#standing, order, this.#now());
    await kept.save(standing);
    this.#standing = standing;
    this.tell();
    return standing;
  }
}
