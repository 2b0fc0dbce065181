import type { Account, HeldBody } from "../turns/account.ts";
import { Alarm, type Clock } from "../turns/clock.ts";

/** Bytes that a body pays for at once. */
const portion = 64 * 1024;
/** Milliseconds' worth of bytes that may come at once after a pause. */
const burst = 100;
/** A body changes the expected size by this part of the difference. */
const partOfNew = 1 / 8;
/**
 * While bodies are held, another one begins only beside fewer than these, or when none has begun for
 * this number of milliseconds. More would bring nothing sooner, and what lies in the buffers of
 * their connections comes beyond the limit.
 */
const enough = 4;
const patience = 1_000;
const never = Number.POSITIVE_INFINITY;

/**
 * Bytes per second, over all bodies of a source. A request pays for a portion of its body before it
 * starts, and for the next one when that has come. While nothing is left, no request starts, and a
 * body is not read: TCP then makes the server wait. What was paid for and did not come is given
 * back.
 */
export class Bandwidth {
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  readonly #onPaid: () => void;
  #bytesPerMs = never;
  /** Bytes that may come; negative: a debt. */
  #balance = 0;
  #at = 0;
  #expected = portion;
  /** Bodies under way, and when the latest began. */
  #bodies = 0;
  #beganAt = Number.NEGATIVE_INFINITY;
  readonly #held = new Map<Account, HeldBody>();
  /** A request was told to wait since the last start. */
  #hasStarts = false;
  /** Held bodies and waiting requests alternate. */
  #areStartsNext = false;
  #isOpen = false;

  /** `onPaid`: starts the requests that wait, as far as `wait` allows it. */
  constructor(clock: Clock, onPaid: () => void) {
    this.#clock = clock;
    this.#onPaid = onPaid;
    this.#alarm = new Alarm(clock, () => this.#release());
  }

  get isOn(): boolean {
    return this.#bytesPerMs !== never;
  }

  /** Whether bodies or requests wait at this moment. */
  get isShort(): boolean {
    return this.isOn && (this.#held.size > 0 || this.#hasStarts || this.#untilPaid > 0);
  }

  /** Bytes per second; `undefined`: as fast as they come. */
  limit(bytesPerSecond: number | undefined): void {
    const wasOn = this.isOn;
    this.#refill();
    this.#bytesPerMs = bytesPerSecond === undefined ? never : bytesPerSecond / 1000;
    if (!wasOn) this.#balance = 0;
    this.#release();
  }

  /** Returns the milliseconds until a request may start; infinite: `onPaid` is called then. */
  wait(isBody: boolean): number {
    if (this.#bytesPerMs === never) return 0;
    const mustWait = this.#held.size > 0 && (!this.#isOpen || (isBody && this.#areEnough));
    const wait = mustWait ? never : this.#untilPaid;
    this.#hasStarts ||= wait > 0;
    return wait;
  }

  get #areEnough(): boolean {
    return this.#bodies >= enough && this.#clock.now() - this.#beganAt < patience;
  }

  /** A request starts. */
  begin(account: Account, isBody: boolean): void {
    if (isBody) this.#bodies++;
    if (this.#bytesPerMs === never) return;
    if (isBody) this.#beganAt = this.#clock.now();
    account.paid = this.#expected;
    this.#balance -= account.paid;
  }

  /** Returns whether all came that was paid for: the body is to be held, if there is more of it. */
  came(account: Account, bytes: number): boolean {
    account.came += bytes;
    if (this.#bytesPerMs === never) return false;
    account.paid -= bytes;
    if (account.paid > 0) return false;
    // What came beyond is owed from now on, not only when the body comes on.
    this.#balance += account.paid;
    account.paid = 0;
    return true;
  }

  /** Pays for what comes next. Returns false if nothing is left: `body` is released later. */
  hold(account: Account, body: HeldBody): boolean {
    if (this.#held.size === 0 && this.#untilPaid === 0) {
      this.#pay(account);
      return false;
    }
    this.#held.set(account, body);
    this.#setAlarm();
    return true;
  }

  /** Nothing more comes. `isBody`: it says something about the size of bodies. */
  ended(account: Account, isBody: boolean): void {
    if (isBody) {
      this.#bodies--;
      const size = Math.min(account.came, portion);
      this.#expected += (size - this.#expected) * partOfNew;
    }
    if (this.#bytesPerMs === never) return;
    this.#held.delete(account);
    this.#balance += account.paid;
    account.paid = 0;
  }

  #pay(account: Account): void {
    account.paid = portion;
    this.#balance -= portion;
  }

  #refill(): void {
    const now = this.#clock.now();
    if (this.#bytesPerMs !== never) {
      const most = Math.max(this.#balance, this.#bytesPerMs * burst);
      this.#balance = Math.min(most, this.#balance + (now - this.#at) * this.#bytesPerMs);
    }
    this.#at = now;
  }

  /** Milliseconds until something is left. */
  get #untilPaid(): number {
    this.#refill();
    return this.#balance > 0 ? 0 : Math.max(1, -this.#balance / this.#bytesPerMs);
  }

  #release(): void {
    while (!this.isOn || this.#untilPaid === 0) {
      if (this.#areStartsNext && this.#hasStarts) this.#openForStarts();
      else if (!this.#releaseOne()) break;
    }
    if (this.#held.size > 0 || this.#hasStarts) this.#setAlarm();
  }

  #openForStarts(): void {
    this.#areStartsNext = false;
    this.#hasStarts = false;
    this.#isOpen = true;
    this.#onPaid();
    this.#isOpen = false;
  }

  /** Returns false if no body is held. */
  #releaseOne(): boolean {
    const next = this.#held.entries().next().value;
    if (next === undefined) {
      if (this.#hasStarts) this.#openForStarts();
      return false;
    }
    const [account, body] = next;
    this.#held.delete(account);
    this.#pay(account);
    this.#areStartsNext = true;
    body.release();
    return true;
  }

  #setAlarm(): void {
    this.#alarm.set(this.#untilPaid);
  }
}
