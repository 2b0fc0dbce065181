/**
 * What went wrong at a source, in the words of this program. Adapters translate what they saw
 * (status, code, broken connection) into one of these and add `cause`; nobody else looks at
 * statuses.
 *
 * - `missing`        no such object (a cache may say so wrongly; ask `stat`)
 * - `forbidden`      this object is refused to us
 * - `damaged`        bytes that are not the object: wrong length or digest, an error page, a listing, a compressed body
 * - `unauthorized`   our credentials or account are refused
 * - `banned`         the store has banned us for a while
 * - `throttled`      too fast
 * - `unavailable`    the store is unwell: 5xx, an unreadable answer
 * - `transport`      connection refused, reset or silent
 * - `bad-listing`    an answer that is not a whole page of a listing
 * - `bad-cursor`     the store does not accept this cursor (any more)
 * - `misconfigured`  it can never work as configured: no such bucket, no such image version
 */
export type SourceErrorKind =
  | "missing"
  | "forbidden"
  | "damaged"
  | "unauthorized"
  | "banned"
  | "throttled"
  | "unavailable"
  | "transport"
  | "bad-listing"
  | "bad-cursor"
  | "misconfigured";

/**
 * Which requests share the fault: only those for this object (or directory); all to the host that
 * was asked; or all to the source as it is configured. Adapters say what they saw; only `classify`
 * decides what follows.
 */
export type FaultScope = "object" | "origin" | "source";

const usualScope: Readonly<Record<SourceErrorKind, FaultScope>> = {
  missing: "object",
  forbidden: "object",
  damaged: "object",
  unauthorized: "source",
  banned: "source",
  throttled: "source",
  unavailable: "object",
  transport: "object",
  "bad-listing": "object",
  "bad-cursor": "object",
  misconfigured: "source",
};

export interface SourceErrorOptions {
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  /** By default what is usual for the kind. */
  readonly scope?: FaultScope | undefined;
  readonly isGuess?: boolean | undefined;
  readonly isMalformed?: boolean | undefined;
  readonly cause?: unknown;
}

export class SourceError extends Error {
  override readonly name = "SourceError";
  readonly kind: SourceErrorKind;
  /** HTTP status, where there was one. */
  readonly status: number | undefined;
  /** The source asked to wait this long. */
  readonly retryAfterMs: number | undefined;
  /** `throttled` with `object`: too many requests at once for this object; others are served. */
  readonly scope: FaultScope;
  /** The source did not say so: it looks like it, by what became of other requests. */
  readonly isGuess: boolean;
  /** What came is no proper HTTP, and most likely comes again as it is. */
  readonly isMalformed: boolean;

  constructor(kind: SourceErrorKind, message: string, options: SourceErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.kind = kind;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
    this.scope = options.scope ?? usualScope[kind];
    this.isGuess = options.isGuess ?? false;
    this.isMalformed = options.isMalformed ?? false;
  }
}

/** Whether we are refused, or what we ask for can never work: the same request is refused again. */
export function isLastingRefusal({ kind }: SourceError): boolean {
  return kind === "forbidden" || kind === "unauthorized" || kind === "misconfigured";
}

/** Tries after which a malformed answer is known to stay so. */
const triesOfMalformed = 3;

/** How often a failed request is sent again, of at most `retries` times. */
export function retriesAfter({ isMalformed }: SourceError, retries: number): number {
  return isMalformed ? Math.min(retries, triesOfMalformed - 1) : retries;
}

/**
 * Whether something else came with the status of success in the object's place: a page, say, or
 * packed bytes. It is a refusal in other words, or what a cache kept.
 */
export function cameInPlace(error: unknown): boolean {
  return error instanceof SourceError && error.kind === "forbidden" && error.status === 200;
}

/** A request that was not sent, because its source is paused. What asked for it is given back. */
export class SourcePaused extends Error {
  override readonly name = "SourcePaused";

  constructor() {
    super("the source is paused: nothing was asked of it");
  }
}

/**
 * This machine's fault:
 *
 * - `full`       the disk has no bytes or inodes left, or the user's quota is used up
 * - `io`         the disk failed, or may not be written by this user
 * - `read-only`  the disk's file system is mounted read-only
 * - `gone`       the disk is not there any more: unmounted, unplugged, lost by its file server
 * - `silent`     the disk has not answered for some time; it may answer again
 * - `limits`     this process has no more descriptors or memory; the disk is well
 */
export type HostErrorKind = "full" | "io" | "read-only" | "gone" | "silent" | "limits";

export class HostError extends Error {
  override readonly name = "HostError";
  readonly kind: HostErrorKind;

  constructor(kind: HostErrorKind, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}

/**
 * An object that a disk cannot hold, while others go on: for its name, its size, or what lies in
 * its place; or whose name cannot be requested.
 */
export class NameError extends Error {
  override readonly name = "NameError";
}

/** A message that cannot be read; `message` says which field and why. */
export class MessageError extends Error {
  override readonly name = "MessageError";
}

/** Wrong or missing configuration: one line per problem. Exit code 2. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: { cause: unknown }) {
    super(problems.join("\n"), options);
    this.problems = problems;
  }
}

/** The job cannot go on, and waiting will not help. Exit code 4. */
export class FatalError extends Error {
  override readonly name = "FatalError";
}

/**
 * Whose fault a failure is, and so what to do about it:
 * - `object`  `final`: trying again will not help. Otherwise again, counting attempts
 * - `source` again, not counting attempts. `stop`: it refuses us, and waiting a little will not
 *   help; `slowDown`: it
 *             refuses our haste; otherwise it cannot be reached
 * - `host`    somewhere else, or later
 * - `message` dead letter
 * - `cancelled` nothing was done, since we are leaving or the source is paused; nothing is recorded
 * - `bug`     ours; ends the process
 *
 * An object's fault is first a suspicion: it is the source's if nothing else comes either
 * (`health/`).
 */
export type Failure =
  | { readonly fault: "object"; readonly final: boolean }
  | { readonly fault: "source"; readonly stop: boolean; readonly slowDown: boolean }
  | { readonly fault: "host" }
  | { readonly fault: "message" }
  | { readonly fault: "cancelled" }
  | { readonly fault: "bug" };

/** `manyOrigins`: the source has objects of many hosts, of which one is not the source. */
export function classify(error: unknown, { manyOrigins = false } = {}): Failure {
  if (error instanceof SourceError) return classifySource(error, manyOrigins);
  if (error instanceof HostError) return { fault: "host" };
  if (error instanceof NameError) return { fault: "object", final: true };
  if (error instanceof MessageError) return { fault: "message" };
  if (error instanceof SourcePaused) return { fault: "cancelled" };
  if (error instanceof Error && error.name === "AbortError") return { fault: "cancelled" };
  return { fault: "bug" };
}

/**
 * What failed objects are chosen by when they are tried again: a SourceErrorKind, `name` (no disk
 * here can hold it), `no-room` (fits on no volume), `disk`, `deadly` (its process died of it).
 */
export type FailureClass = SourceErrorKind | "name" | "no-room" | "disk" | "deadly" | "other";

export function failureClass(error: unknown): FailureClass {
  if (error instanceof SourceError) return error.kind;
  if (error instanceof NameError) return "name";
  return error instanceof HostError ? "disk" : "other";
}

function classifySource({ kind, scope }: SourceError, manyOrigins: boolean): Failure {
  const isObjects = scope === "object" || (scope === "origin" && manyOrigins);
  switch (kind) {
    case "missing":
    case "forbidden":
      return { fault: "object", final: true };
    case "damaged":
    case "bad-cursor":
      return { fault: "object", final: false };
    case "banned":
      return isObjects ? { fault: "object", final: false } : { fault: "source", stop: true, slowDown: false };
    case "unauthorized":
    case "misconfigured":
      return isObjects ? { fault: "object", final: true } : { fault: "source", stop: true, slowDown: false };
    case "throttled":
      return isObjects ? { fault: "object", final: false } : { fault: "source", stop: false, slowDown: true };
    case "unavailable":
    case "transport":
    case "bad-listing":
      return isObjects
        ? { fault: "object", final: false }
        : { fault: "source", stop: false, slowDown: false };
  }
}
