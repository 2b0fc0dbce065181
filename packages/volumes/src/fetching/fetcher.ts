import type {
  DirectAnswer,
  DirectFault,
  DirectObjects,
  DirectServer,
  EncodedError,
  NewObject,
  StoredObject,
} from "@brigade/core";
import type { Completion } from "../commit/entry.ts";
import type { WholeBody } from "../new-files/incoming-file.ts";

/** Objects that the thread itself is to fetch, all for the same job. */
export interface FetchCommand {
  /** Names the command, also in what comes of it. */
  readonly id: number;
  readonly server: DirectServer;
  readonly of: Pick<NewObject, "source" | "fingerprint" | "job">;
  readonly objects: DirectObjects;
  /** Requests of this thread to the source at once, at most, from now on. */
  readonly places: number;
}

/**
 * What came of the object at this place of a command. Without anything else: no request was sent.
 */
export interface Came {
  readonly at: number;
  readonly stored?: StoredObject;
  readonly answer?: DirectAnswer;
  readonly fault?: DirectFault;
  /** Its connection is not served, while others are. */
  readonly isUnserved?: true;
  /** The object came, and could not be stored. */
  readonly failure?: EncodedError;
}

/** Of one source, in one thread. */
export interface FetchCounts {
  readonly source: string;
  /** Requests under way. */
  readonly running: number;
  /** Objects whose bytes came so far, and these bytes. */
  readonly arrived: number;
  readonly bytes: number;
  /** Objects whose bytes came and that are not stored yet. */
  readonly storing: number;
  /** The most connections over which answers came that were open at once. */
  readonly served: number;
}

/** What a fetcher needs of the volume in whose thread it is. */
export interface FetcherNeeds {
  /** Throws, or reports later to the completion. `free` is called when the bytes are needed no more. */
  readonly put: (
    object: NewObject,
    body: WholeBody,
    completion: Completion<StoredObject>,
    free: () => void,
  ) => void;
  /** One of these three is to be called once per object of a command. */
  readonly came: (id: number, came: Came) => void;
  readonly stored: (id: number, at: number, stored: StoredObject) => void;
  /** An object could not be stored. */
  readonly failed: (id: number, at: number, error: unknown, key: string) => void;
  /** Sends what came on to the main thread, without a delay. */
  readonly flush: () => void;
}

/** Fetches objects in the thread of a volume, and puts them there. */
export interface Fetcher {
  fetch(command: FetchCommand): void;
  /** Sends no more requests to this source, or to any. What is not sent comes at once. */
  stop(source?: string): void;
  /** Requests to this source at once, at most, from now on. */
  places(source: string, most: number): void;
  /** Of each source. */
  readonly counts: readonly FetchCounts[];
  /** There is work, and all that came is stored: the disk is idle. */
  readonly isWaitingForServer: boolean;
}
