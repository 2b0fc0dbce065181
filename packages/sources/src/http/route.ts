import { type FaultScope, SourceError, type SourceErrorKind } from "@brigade/core";
import type { ProxyServer } from "./proxies.ts";

/** What the user may do about a fault, in the words of whoever configured the request. */
export interface Remedies {
  /** What names the address that was asked: `UPYUN_ENDPOINT`, `the URL`. */
  readonly address: string;
  /** Beside trusting its signer: what else makes a certificate acceptable. */
  readonly certificate?: string;
  /** Where a user and a password are set, for a 401. */
  readonly unauthorized?: string;
  /** What helps against a 403. */
  readonly forbidden?: string;
}

export interface RouteOptions {
  readonly proxy: ProxyServer | undefined;
  /** Which requests share a fault of the whole origin. */
  readonly scope: FaultScope;
  readonly remedies: Remedies;
}

interface Seen {
  readonly cause?: unknown;
  /** HTTP status, where there was one. */
  readonly status?: number;
  /** By default the route's: which requests share the fault. */
  readonly scope?: FaultScope;
}

/**
 * The way to one origin, and whether it has worked in this process. It makes the errors of all that fails on it: what no
 * waiting can mend is `misconfigured` while nothing has worked yet, and an outage (`transport`) afterwards.
 */
export class Route {
  /** `https://host:port`. */
  readonly name: string;
  readonly proxy: ProxyServer | undefined;
  readonly scope: FaultScope;
  readonly remedies: Remedies;
  #hasWorked = false;

  constructor(name: string, { proxy, scope, remedies }: RouteOptions) {
    this.name = name;
    this.proxy = proxy;
    this.scope = scope;
    this.remedies = remedies;
  }

  /** It has given something other than a refusal. */
  get hasWorked(): boolean {
    return this.#hasWorked;
  }

  answered(status: number): void {
    if (status < 400) this.#hasWorked = true;
  }

  /** A fault of the whole origin that stays until somebody mends it. */
  lasting(what: string, seen: Seen = {}): SourceError {
    return this.#fault(this.#hasWorked ? "transport" : "misconfigured", what, seen);
  }

  /** A fault of the whole origin that may be over in a while. */
  passing(what: string, seen: Seen = {}): SourceError {
    return this.#fault("transport", what, seen);
  }

  /** A fault of one request. */
  broken(what: string, seen: Seen = {}): SourceError {
    return this.#fault("transport", what, { ...seen, scope: "object" });
  }

  #fault(kind: SourceErrorKind, what: string, seen: Seen): SourceError {
    return new SourceError(kind, `${this.name}: ${what}`, { scope: this.scope, ...seen });
  }

  /** For messages: `the proxy http://host:3128 (HTTPS_PROXY)`. Only where there is one. */
  get proxyName(): string {
    if (this.proxy === undefined) throw new Error("there is no proxy on this route");
    const { url, setBy } = this.proxy;
    return `the proxy ${url.protocol}//${url.host} (${setBy})`;
  }
}
