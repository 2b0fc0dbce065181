import type { Job } from "../messages/job.ts";
import type { ObjectEntry } from "./source.ts";
import type { StoredObject, Volume } from "./volume.ts";

/**
 * A server from which the thread of a volume may fetch objects by itself. Plain data: it is sent to
 * the thread.
 */
export interface DirectServer {
  /** `https://host:port`. */
  readonly origin: string;
  /** Name, value, name, value… of each request. */
  readonly headers: readonly string[];
  /** Whose answers these are: it decides what an answer must be like. */
  readonly adapter: "upyun" | "web";
  /** Connections at most. */
  readonly connections: number;
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly silenceTimeoutMs: number;
  readonly allowPrivate: boolean;
  /** The texts (PEM) of authorities to be trusted beside the well-known ones. */
  readonly authorities: readonly string[];
}

/** Objects that the thread of a volume is to fetch, in columns: that travels at a third of the cost. */
export interface DirectObjects {
  readonly keys: readonly string[];
  /** Bytes. */
  readonly sizes: readonly number[];
  /** Unix seconds. */
  readonly modified: readonly number[];
  readonly etags: readonly (string | undefined)[];
}

/** An answer that is not simply the expected object. */
export interface DirectAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
}

/** Why no answer came. */
export interface DirectFault {
  readonly name: string;
  readonly code: string | undefined;
  readonly message: string;
}

/**
 * What came of an object that the thread of a volume was to fetch. `usual`: it is still to be
 * fetched, in the usual way; `error`: what happened when it was stored.
 */
export type DirectOutcome =
  | { readonly kind: "stored"; readonly stored: StoredObject }
  | { readonly kind: "usual"; readonly error?: Error };

/**
 * A short way for objects that come as they were listed: the thread of their volume fetches them
 * and stores them. Whatever is out of the ordinary is left to the usual way (decision 23).
 */
export interface DirectFetch {
  /** Whether objects may come in this way at this moment. */
  readonly isOpen: boolean;
  /** Whether most of the objects that are being brought have come, and are not stored yet. */
  readonly isWaitingForDisks: boolean;
  /** Whether this object may, while it is open. */
  accepts(entry: ObjectEntry): boolean;
  /**
   * `came` is called once for each object, by its place among the objects. Resolves after the last.
   */
  bring(
    work: {
      readonly job: Job;
      readonly volume: Volume;
      readonly objects: readonly ObjectEntry[];
      /** Whether the source is paused: nothing more is sent then. */
      readonly isPaused: () => boolean;
    },
    signal: AbortSignal,
    came: (at: number, outcome: DirectOutcome) => void,
  ): Promise<void>;
}
