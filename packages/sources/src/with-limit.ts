import { type Allocate, type NextSlab, type ObjectBody, type Source, SourceError } from "@brigade/core";
import { AdaptiveLimit, type LimitOptions } from "./adaptive-limit.ts";

export interface LimitedSource extends Source {
  readonly limit: AdaptiveLimit;
  /** Bytes of bodies that came so far: of small ones when they are whole. */
  readonly received: number;
}

interface Received {
  bytes: number;
}

/**
 * A source that has a limited number of bodies open, and adapts that number to what the other side can bear.
 * A place is held from `open` until the body has ended, broken or been cancelled.
 */
export function withLimit(source: Source, options: LimitOptions): LimitedSource {
  const limit = new AdaptiveLimit(options);
  const received: Received = { bytes: 0 };
  return {
    limit,
    get received() {
      return received.bytes;
    },
    fingerprint: source.fingerprint,
    ...(source.variant === undefined ? {} : { variant: source.variant }),
    capabilities: source.capabilities,
    listPage: (directory, cursor, signal) => source.listPage(directory, cursor, signal),
    stat: (key, signal) => source.stat(key, signal),
    async open(object, range, signal) {
      const waiting = limit.enter(signal);
      if (waiting !== undefined) await waiting;
      try {
        return new LimitedBody(await source.open(object, range, signal), limit, received);
      } catch (error) {
        judge(error, limit);
        limit.leave();
        throw error;
      }
    },
  };
}

/** An outage's 503 counts like a 429: the server may be unwell because of us. */
function judge(error: unknown, limit: AdaptiveLimit): void {
  if (!(error instanceof SourceError)) return;
  const isThrottled = error.kind === "throttled" && error.scope !== "object";
  if (isThrottled || error.status === 503) limit.slowDown(error.retryAfterMs);
}

class LimitedBody implements ObjectBody {
  readonly size: number | undefined;
  readonly md5: string | undefined;
  readonly modified: number | undefined;
  readonly variant: boolean;
  readonly validator: string | undefined;
  readonly objectMd5: string | undefined;
  readonly #body: ObjectBody;
  readonly #received: Received;
  #limit: AdaptiveLimit | undefined;

  constructor(body: ObjectBody, limit: AdaptiveLimit, received: Received) {
    this.#body = body;
    this.#received = received;
    this.#limit = limit;
    this.size = body.size;
    this.md5 = body.md5;
    this.modified = body.modified;
    this.variant = body.variant;
    this.validator = body.validator;
    this.objectMd5 = body.objectMd5;
  }

  async bytes(allocate?: Allocate): Promise<Uint8Array> {
    try {
      const bytes = await this.#body.bytes(allocate);
      this.#received.bytes += bytes.length;
      this.#limit?.succeeded();
      return bytes;
    } finally {
      this.#leave();
    }
  }

  async *chunks(nextSlab?: NextSlab): AsyncGenerator<Uint8Array, void, void> {
    let came = false;
    let broke = false;
    try {
      for await (const chunk of this.#body.chunks(nextSlab)) {
        came = true;
        this.#received.bytes += chunk.length;
        yield chunk;
      }
      came = true;
    } catch (error) {
      broke = true;
      throw error;
    } finally {
      // Who has all that it wanted may leave before the end.
      if (came && !broke) this.#limit?.succeeded();
      this.#leave();
    }
  }

  cancel(): void {
    this.#body.cancel();
    this.#leave();
  }

  #leave(): void {
    const limit = this.#limit;
    this.#limit = undefined;
    limit?.leave();
  }
}
