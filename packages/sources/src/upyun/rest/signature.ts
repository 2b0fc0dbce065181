import { createHash, createHmac, createSecretKey, type KeyObject } from "node:crypto";

/** Unix milliseconds; an argument, so that tests can turn it. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** The `UPYUN` scheme: HMAC-SHA1, keyed with the password's MD5 as hexadecimal text. */
export class Signer {
  readonly #operator: string;
  readonly #key: KeyObject;

  constructor(operator: string, password: string) {
    this.#operator = operator;
    const digest = createHash("md5").update(password).digest("hex");
    this.#key = createSecretKey(Buffer.from(digest, "utf8"));
  }

  /** `uri` exactly as on the wire; `date` exactly as in the Date header. */
  authorization(method: string, uri: string, date: string): string {
    return `UPYUN ${this.#operator}:${this.signature(`${method}&${uri}&${date}`)}`;
  }

  signature(message: string): string {
    return createHmac("sha1", this.#key).update(message).digest("base64");
  }
}

export function basicAuthorization(operator: string, password: string): string {
  return `Basic ${Buffer.from(`${operator}:${password}`, "utf8").toString("base64")}`;
}

/** The time at the store: our clock, with a correction from a refused request. */
export class StoreTime {
  readonly #clock: Clock;
  /** To be added to our clock, milliseconds. */
  #offsetMs = 0;
  #second = Number.NaN;
  #text = "";

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Unix milliseconds. */
  now(): number {
    return this.#clock.now() + this.#offsetMs;
  }

  /** RFC 1123; the same text serves a whole second of requests. */
  date(): string {
    const second = Math.floor(this.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = new Date(second * 1000).toUTCString();
    }
    return this.#text;
  }

  /**
   * Takes the time from a response's Date header. Returns false if it is within a minute of the
   * expected time.
   */
  learn(date: string | undefined): boolean {
    const theirs = date === undefined ? Number.NaN : Date.parse(date);
    if (Number.isNaN(theirs) || Math.abs(theirs - this.now()) < 60_000) return false;
    this.#offsetMs = theirs - this.#clock.now();
    return true;
  }
}
