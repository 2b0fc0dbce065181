import type { FileEntry, PageHistory } from "@brigade/core";
import type { StoredPlace } from "../tables/objects.ts";
import type { Comparison, OriginName } from "../wire/history.ts";
import type { ThreadCall } from "./thread-call.ts";

/**
 * What a listing asks about the time before it. Answers come per file, in the order of the files.
 */
export interface History extends PageHistory {
  /** Like `unchanged`, and where the unchanged files lie. */
  stored(
    of: OriginName,
    directory: string,
    files: readonly FileEntry[],
  ): Promise<readonly (StoredPlace | undefined)[]>;
  /** How each file stands to its last stored state. */
  compare(of: OriginName, directory: string, files: readonly FileEntry[]): Promise<readonly Comparison[]>;
  /** Whether nothing is stored of this source as it is configured. */
  isEmpty(of: OriginName): Promise<boolean>;
}

export function history(thread: ThreadCall): History {
  return {
    recorded: (position) => thread.ask("pastListings", "recorded", position),
    unchanged: ({ source, fingerprint }, directory, files) =>
      thread.ask("pastListings", "unchanged", { source, fingerprint }, directory, files),
    stored: ({ source, fingerprint }, directory, files) =>
      thread.ask("pastListings", "stored", { source, fingerprint }, directory, files),
    compare: ({ source, fingerprint }, directory, files) =>
      thread.ask("pastListings", "compare", { source, fingerprint }, directory, files),
    isEmpty: ({ source, fingerprint }) => thread.ask("pastListings", "isEmpty", { source, fingerprint }),
  };
}
