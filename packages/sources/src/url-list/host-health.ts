import { type FaultScope, pausesOfProbes, SourceError, type SourceErrorKind } from "@brigade/core";
import { remember } from "../http/origins/remember.ts";

/** Milliseconds for which another host's answer counts. */
const recently = 60_000;
/**
 * A host counts as down after this number of failures in a row, each of which may be one request's
 * own.
 */
const enough = 3;
/**
 * The number of hosts that must fail, while none answers, before the fault counts as that of our
 * connection.
 */
const manyHosts = 3;
/** Number of hosts that are kept. */
const most = 10_000;

/** Kinds of errors that are about a host's own state. */
const ofHost = new Set<SourceErrorKind>(["throttled", "banned", "unavailable"]);
const unreachable = new Set<SourceErrorKind>(["transport", "misconfigured"]);

interface Failing {
  readonly error: SourceError;
  readonly inRow: number;
  readonly isDown: boolean;
  readonly pauseMs: number;
  /** Milliseconds of the injected clock. */
  readonly askAgainAt: number;
}

/**
 * Decides whose fault it is when one host of many fails, and when it is asked again. While other
 * hosts answer it is that host's own fault. A host that is down gets one request per pause, not one
 * per object: its other objects fail with the last error.
 */
export class HostHealth {
  readonly #now: () => number;
  /** By origin, the latest last; milliseconds. */
  readonly #answered = new Map<string, number>();
  readonly #failing = new Map<string, Failing>();
  #hosts = manyHosts;

  /** `now`: milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Number of hosts in the list; counting stops at three. */
  set hosts(hosts: number) {
    this.#hosts = Math.min(hosts, manyHosts);
  }

  /** Throws the last error of a host that must not be asked now. */
  admit(origin: string): void {
    const failing = this.#failing.get(origin);
    // In a list of one host the whole source is paused.
    if (failing === undefined || !failing.isDown || this.#hosts <= 1) return;
    const now = this.#now();
    if (now < failing.askAgainAt) throw rescoped(failing.error, this.#scopeOf(origin, failing.error));
    this.#failing.set(origin, { ...failing, askAgainAt: now + failing.pauseMs });
  }

  /** The host has answered, with any status. */
  answered(origin: string): void {
    this.#failing.delete(origin);
    remember(this.#answered, origin, this.#now(), most);
  }

  /** The host has not answered. Returns the error with its own scope. */
  failed(origin: string, error: SourceError): SourceError {
    if (!unreachable.has(error.kind)) return error;
    const before = this.#failing.get(origin);
    const inRow = (before?.inRow ?? 0) + 1;
    const isDown = error.scope !== "object" || inRow >= enough;
    const pauseMs =
      before?.isDown === true ? Math.min(before.pauseMs * 2, pausesOfProbes.most) : pausesOfProbes.first;
    const askAgainAt = this.#now() + pauseMs;
    remember(this.#failing, origin, { error, inRow, isDown, pauseMs, askAgainAt }, most);
    return isDown ? rescoped(error, this.#scopeOf(origin, error)) : error;
  }

  /** The error of an answer. */
  judge(origin: string, error: SourceError): SourceError {
    return ofHost.has(error.kind) && this.#othersAnswer(origin) ? rescoped(error, "origin") : error;
  }

  /** Of a host that is down. A fault of scope `source` is a proxy's. */
  #scopeOf(origin: string, { scope, kind }: SourceError): FaultScope {
    if (this.#othersAnswer(origin)) return "origin";
    if (scope === "source" || this.#hosts <= 1) return "source";
    // A name or a certificate that is wrong is one host's.
    if (kind === "misconfigured") return "origin";
    const down = [...this.#failing.values()].filter(({ isDown }) => isDown).length;
    return down >= this.#hosts ? "source" : "origin";
  }

  #othersAnswer(origin: string): boolean {
    const since = this.#now() - recently;
    for (const [other, at] of this.#answered) if (other !== origin && at >= since) return true;
    return false;
  }
}

/**
 * A wait that one host asks for does not delay the run: its objects are tried again a counted
 * number of times.
 */
function rescoped(error: SourceError, scope: FaultScope): SourceError {
  if (error.scope === scope) return error;
  const { kind, message, status } = error;
  const retryAfterMs = scope === "source" ? error.retryAfterMs : undefined;
  return new SourceError(kind, message, { status, retryAfterMs, scope, cause: error });
}
