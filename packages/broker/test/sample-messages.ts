import type { Message } from "@brigade/core";

const job = (source: string) => ({ id: "job-1", source, fingerprint: "f0" });

/** A directory, numbered by its walk. */
export function directoryMessage(source: string, number = 0): Message {
  return {
    v: 1,
    type: "directory",
    job: job(source),
    filters: {},
    positions: [{ directory: "图片/a b", walk: number, page: 1 }],
    attempt: 0,
  };
}

/** A batch of one file, numbered by its attempt. */
export function filesMessage(source: string, number = 0, name = "猫 \u0000 \ud83d\ude00.jpg"): Message {
  return {
    v: 1,
    type: "files",
    job: job(source),
    slices: [{ page: "p1", directory: "d", files: [{ index: 0, name, size: 5, modified: 1_700_000_000 }] }],
    attempt: number,
  };
}

export function pageMessage(source: string): Message {
  return {
    v: 1,
    type: "page",
    job: job(source),
    directory: "d",
    walk: 0,
    page: 1,
    id: "p1",
    end: "last",
    count: 1,
    bytes: 5,
    directories: ["d/e"],
  };
}

export function resultMessage(source: string): Message {
  const objects = [{ index: 0, name: "n", outcome: "vanished" as const, listedSize: 5, modified: 1 }];
  return {
    v: 1,
    type: "result",
    job: job(source),
    host: "h",
    at: 1,
    pages: [{ page: "p1", directory: "d", objects }],
  };
}

/** The number that `directoryMessage` and `filesMessage` were given. */
export function numberOf(message: Message): number {
  if (message.type === "files") return message.attempt;
  if (message.type === "directory") return message.positions[0]?.walk ?? -1;
  throw new Error(`a ${message.type} message has no number`);
}
