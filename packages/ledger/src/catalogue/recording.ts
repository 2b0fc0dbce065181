import type { RecordMessage } from "../recording/recorder.ts";
import type { OriginName } from "../wire/history.ts";
import type { StoredState } from "../wire/objects.ts";
import type { VolumeDescription } from "../wire/volumes.ts";
import type { CommitGroups } from "./commit-groups.ts";
import type { ThreadCall } from "./thread-call.ts";

/** Enters what is reported. Everything may be reported in any order, any number of times. */
export interface Recording {
  /**
   * Resolves when the messages are committed. Per message, in order: why it was refused (and not
   * entered), `undefined` if it was entered; `tooEarly` if it is to come again later.
   */
  record(messages: readonly RecordMessage[]): Promise<readonly (string | undefined)[]>;
  /**
   * `at`: Unix milliseconds; what was seen later stands. What is not given stays as it was before.
   */
  noteVolumes(volumes: readonly VolumeDescription[], at: number): Promise<void>;
  /** Enters what lies on a volume as if it had been reported, all or nothing. */
  restore(of: OriginName, on: VolumeDescription, states: readonly StoredState[]): Promise<void>;
  /**
   * These objects do not lie on the volume (its id) any more. If an object lies elsewhere too, that
   * state counts from now on; if not, nothing is stored of it, and it is among the lost. Resolves
   * with the number of objects that were known there.
   */
  forget(of: OriginName, on: string, keys: readonly string[]): Promise<number>;
}

export function recording(thread: ThreadCall, groups: CommitGroups, now: () => number): Recording {
  return {
    record: (messages) => groups.add(messages),
    noteVolumes: (volumes, at) => thread.ask("inventory", "noteVolumes", volumes, at),
    restore: ({ source, fingerprint }, on, states) =>
      thread.ask("inventory", "restore", { source, fingerprint }, on, states, now()),
    forget: ({ source, fingerprint }, on, keys) =>
      thread.ask("inventory", "forget", { source, fingerprint }, on, keys, now()),
  };
}
