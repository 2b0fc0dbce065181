import { type Delayer, delay, type FatalError, type Fetching, type Log } from "@brigade/core";

/** What a service does for one source. */
export interface Worker {
  /** Why it pauses, for people; empty while it runs. */
  readonly pauses: readonly string[];
  /** Bytes of objects that came since it began; absent if it fetches none. */
  readonly received?: number;
  /** Absent if it fetches none. */
  readonly fetching?: Fetching;
  /** Absent if it lists nothing. */
  readonly listing?: Fetching;
  /** Takes no new work, lets what is in hand finish within `graceMs`, then gives it back. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Begins the work for a source. `onGiveUp` is to be called when the source can no longer be used.
 */
export type Begin = (onGiveUp: (error: FatalError) => void) => Promise<Worker>;

export interface WorkersParts {
  readonly log: Log;
  /** Aborted when the service leaves. */
  readonly signal: AbortSignal;
  /** No source can be used any more, or something else went wrong. */
  readonly onTrouble: (error: unknown) => void;
  readonly delay?: Delayer;
}

interface Post {
  readonly source: string;
  readonly begin: Begin;
  worker?: Worker;
  /** Why it rests, for people; `undefined` while it works. */
  trouble?: string | undefined;
  /** Resolves when what it had in hand is given back. */
  resting?: Promise<void> | undefined;
}

/** Milliseconds for which a source rests after it could not be used. */
const restMs = 600_000;

/**
 * The work of a service, by source. A source that cannot be used rests: its work waits in the
 * queues, and the work of the others goes on. It is tried again later. If all rest, the service has
 * a trouble.
 */
export class Workers {
  readonly #parts: WorkersParts;
  readonly #posts = new Map<string, Post>();

  constructor(parts: WorkersParts) {
    this.#parts = parts;
  }

  /** Why work pauses, by source, for people. */
  get pauses(): Readonly<Record<string, readonly string[]>> {
    const posts = [...this.#posts.values()].filter(({ worker }) => worker !== undefined);
    return Object.fromEntries(
      posts.map(({ source, trouble, worker }) => [
        source,
        trouble === undefined ? (worker?.pauses ?? []) : [`cannot be used: ${trouble}`],
      ]),
    );
  }

  /** Returns how much comes at once; `undefined` if the source's worker fetches nothing. */
  fetching(source: string): Fetching | undefined {
    return this.#posts.get(source)?.worker?.fetching;
  }

  /** Returns how much is listed at once; `undefined` if the source's worker lists nothing. */
  listing(source: string): Fetching | undefined {
    return this.#posts.get(source)?.worker?.listing;
  }

  /** Returns the bytes of the source's objects that came. */
  received(source: string): number {
    return this.#posts.get(source)?.worker?.received ?? 0;
  }

  async add(source: string, begin: Begin): Promise<void> {
    const post: Post = { source, begin };
    this.#posts.set(source, post);
    await this.#work(post);
  }

  async stop(graceMs: number): Promise<void> {
    const stopping = [...this.#posts.values()].map(({ resting, worker }) => resting ?? worker?.stop(graceMs));
    await Promise.all(stopping);
  }

  async #work(post: Post): Promise<void> {
    const { promise: trouble, resolve } = Promise.withResolvers<FatalError>();
    const worker = await post.begin(resolve);
    Object.assign(post, { worker, trouble: undefined, resting: undefined });
    trouble.then((error) => this.#rest(post, worker, error)).catch(this.#parts.onTrouble);
  }

  async #rest(post: Post, worker: Worker, error: FatalError): Promise<void> {
    const { log, signal, onTrouble, delay: wait = delay } = this.#parts;
    if (signal.aborted) return;
    post.trouble = error.message;
    if ([...this.#posts.values()].every(({ trouble }) => trouble !== undefined)) return onTrouble(error);
    log.error(
      { source: post.source, reason: error.message, restMs },
      "a source cannot be used: its work waits, and that of the others goes on",
    );
    post.resting = worker.stop(0);
    await post.resting;
    await wait(restMs, signal).catch(() => undefined); // the signal ends the rest
    if (signal.aborted) return;
    log.info({ source: post.source }, "a source that could not be used is tried again");
    await this.#work(post);
  }
}
