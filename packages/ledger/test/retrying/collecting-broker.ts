import type { Broker, Message, ObjectResult, Outcome, ResultMessage, WalkPosition } from "@brigade/core";
import { result } from "../messages.ts";

/** Keeps what is published; what a downloader and a lister would make of it is told by hand. */
export class CollectingBroker implements Pick<Broker, "publish"> {
  published: Message[] = [];

  async publish(messages: readonly Message[]): Promise<void> {
    this.published.push(...messages);
  }

  get positions(): WalkPosition[] {
    return this.published.flatMap((message) => (message.type === "directory" ? message.positions : []));
  }

  get slices() {
    return this.published.flatMap((message) => (message.type === "files" ? message.slices : []));
  }

  /** Keys of the objects asked for, in order. */
  get keys(): string[] {
    return this.slices.flatMap(({ directory, files }) => files.map(({ name }) => `${directory}/${name}`));
  }

  /** What a downloader reports of all that was published. */
  results(outcome: Outcome, more: Partial<ObjectResult> = {}): ResultMessage[] {
    return this.slices.map(({ page, directory, files }) =>
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
}
