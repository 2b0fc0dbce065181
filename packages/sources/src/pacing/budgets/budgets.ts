import type { Account } from "../turns/account.ts";
import type { Clock } from "../turns/clock.ts";
import type { Purpose } from "../turns/turn.ts";
import { Bandwidth } from "./bandwidth.ts";
import { RequestBudget } from "./request-budget.ts";

/** What the operator allows, per second. Absent: no limit. */
export interface Limits {
  /** Bytes of all answers. */
  readonly bandwidth?: number | undefined;
  /** Requests for objects and for what is known of them. */
  readonly requests?: number | undefined;
  /** Requests for pages of listings. */
  readonly listing?: number | undefined;
}

/** The budgets of one source: all its requests and all their bytes pass here. */
export class Budgets {
  readonly bytes: Bandwidth;
  readonly #requests: RequestBudget;
  readonly #listing: RequestBudget;
  #isOn = false;

  /** `onPaid`: starts requests that wait, as far as `wait` allows it. */
  constructor(clock: Clock, onPaid: () => void) {
    this.bytes = new Bandwidth(clock, onPaid);
    this.#requests = new RequestBudget(clock.now);
    this.#listing = new RequestBudget(clock.now);
  }

  /** Whether there is any limit. Otherwise nothing needs to be asked. */
  get isOn(): boolean {
    return this.#isOn;
  }

  limit({ bandwidth, requests, listing }: Limits): void {
    this.#isOn = bandwidth !== undefined || requests !== undefined || listing !== undefined;
    this.#requests.limit(requests);
    this.#listing.limit(listing);
    this.bytes.limit(bandwidth);
  }

  /** Returns the milliseconds until a request may start; infinite: it is woken. */
  wait(purpose: Purpose): number {
    if (!this.#isOn) return 0;
    const wait = this.#of(purpose).wait;
    return wait > 0 ? wait : this.bytes.wait(purpose === "body");
  }

  /** A request starts. */
  begin(purpose: Purpose, account: Account): void {
    this.bytes.begin(account, purpose === "body");
    if (this.#isOn) this.#of(purpose).begin();
  }

  /** Returns whether bodies and requests for them wait because of a limit. */
  get limitsBodies(): boolean {
    return this.#requests.isOn || this.bytes.isOn;
  }

  /** Whether a request of this kind, or a body, waits because of a limit, or would wait now. */
  isShort(purpose: Purpose): boolean {
    return this.#isOn && (this.#of(purpose).wait > 0 || this.bytes.isShort);
  }

  #of(purpose: Purpose): RequestBudget {
    return purpose === "page" ? this.#listing : this.#requests;
  }
}
