import type { ObjectResult, Outcome, ResultMessage, WalkPosition } from "@brigade/core";
import type { RecordingBroker } from "../../../../test/recording-broker.ts";
import { result } from "../messages.ts";

/** Where listing is asked for, in order. */
export function positionsIn(broker: RecordingBroker): WalkPosition[] {
  return broker.publishedOf("directory").flatMap(({ positions }) => positions);
}

export function slicesIn(broker: RecordingBroker) {
  return broker.publishedOf("files").flatMap(({ slices }) => slices);
}

/** Keys of the objects asked for, in order. */
export function keysIn(broker: RecordingBroker): string[] {
  return slicesIn(broker).flatMap(({ directory, files }) => files.map(({ name }) => `${directory}/${name}`));
}

/** What a downloader reports of all objects that were asked for. */
export function resultsOf(
  broker: RecordingBroker,
  outcome: Outcome,
  more: Partial<ObjectResult> = {},
): ResultMessage[] {
  return slicesIn(broker).map(({ page, directory, files }) =>
    result({
      directory,
      id: page,
      at: 1_800_000_000_000,
      volume: outcome === "stored" ? "vol-a" : undefined,
      objects: files.map(({ index, name, size, modified }) => ({
        index,
        name,
        outcome,
        listedSize: size ?? 0,
        modified,
        ...more,
      })),
    }),
  );
}
