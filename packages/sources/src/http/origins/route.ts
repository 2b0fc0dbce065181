import { type FaultScope, SourceError, type SourceErrorKind } from "@brigade/core";
import type { ProxyServer } from "../proxies/proxy-server.ts";
import { outOfReach, type PrivateAddress, type Reach, reachFault } from "./reach.ts";

/** The remedies for a fault, in the words of the command that made the request. */
export interface Remedies {
  /** The setting that has the address: `UPYUN_ENDPOINT`, `the URL`. */
  readonly address: string;
  /** Other ways to make a certificate acceptable, beside trusting its signer. */
  readonly certificate?: string;
  /** Where a user and a password are set, for a 401. */
  readonly unauthorized?: string;
  /** Remedies for a 403. */
  readonly forbidden?: string;
}

export interface RouteOptions {
  readonly proxy: ProxyServer | undefined;
  /** Which addresses it may lead to. */
  readonly reach: Reach;
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

/** The greatest number of names of one origin's machines that are kept. */
const mostNames = 64;

/**
 * The way to one origin, and whether it has worked in this process. It makes the errors of all
 * failures on it: a fault that waiting cannot mend is `misconfigured` while nothing has worked yet,
 * and an outage (`transport`) afterwards.
 */
export class Route {
  /** `https://host:port`. */
  readonly name: string;
  readonly proxy: ProxyServer | undefined;
  readonly reach: Reach;
  readonly scope: FaultScope;
  readonly remedies: Remedies;
  /** Through a proxy, which alone looks up the addresses of names. */
  readonly #outOfReach: PrivateAddress | undefined;
  #hasWorked = false;
  /** The origin's own `Server` names ("" for none) in answers that no proxy can have made up. */
  readonly #ownNames = new Set<string>();

  constructor(name: string, { proxy, reach, scope, remedies }: RouteOptions) {
    this.name = name;
    this.proxy = proxy;
    this.reach = reach;
    this.scope = scope;
    this.remedies = remedies;
    this.#outOfReach = proxy === undefined ? undefined : outOfReach(reach, new URL(name).hostname);
  }

  /** Returns why no request can be sent to it at all; `undefined` if one can. */
  unreachable(): SourceError | undefined {
    if (this.#outOfReach !== undefined) return reachFault(this.#outOfReach, this);
    // The system would report that nothing listens there, as if something could.
    if (!this.name.endsWith(":0")) return undefined;
    return this.lasting(`port 0 cannot be asked: check ${this.remedies.address}`);
  }

  /** It has given something other than a refusal. */
  get hasWorked(): boolean {
    return this.#hasWorked;
  }

  answered(status: number): void {
    if (status < 400) this.#hasWorked = true;
  }

  /**
   * An answer brought something that only the origin has: an object, a listing. `server`: the
   * header of that name.
   */
  cameFromOrigin(server: string | undefined): void {
    if (this.isReadByProxy && this.#ownNames.size < mostNames) this.#ownNames.add(server ?? "");
  }

  /**
   * Returns whether an answer with this `server` may be a proxy's own: the origin has not answered
   * yet, or has another name.
   */
  mayBeProxys(server: string | undefined): boolean {
    return this.isReadByProxy && !this.#ownNames.has(server ?? "");
  }

  /** A proxy reads http:// itself; it cannot answer requests in a tunnel. */
  get isReadByProxy(): boolean {
    return this.proxy !== undefined && this.proxy.url.protocol !== "socks5:" && this.name.startsWith("http:");
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
