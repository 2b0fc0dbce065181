import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { bodiesOf, decodeMessage, type Message, mostBodyBytes } from "../../src/index.ts";
import { bombs } from "./bombs.ts";

const bombed = fileURLToPath(new URL("./bombed.ts", import.meta.url));

async function taken(bomb: string, how: "make" | "decode") {
  const { stdout } = await promisify(execFile)(process.execPath, [bombed, bomb, how]);
  return JSON.parse(stdout) as { refused: string; ms: number; peak: number };
}

describe("a message that is a bomb is refused, and its process needs at most 150 MiB more for it", () => {
  for (const bomb of Object.keys(bombs)) {
    test(bomb, async () => {
      const [without, withIt] = [await taken(bomb, "make"), await taken(bomb, "decode")];
      assert.notEqual(withIt.refused, "");
      assert.ok(withIt.refused.length < 1_000, withIt.refused.slice(0, 200));
      assert.ok(withIt.peak - without.peak <= 150, `${withIt.peak} MiB against ${without.peak} MiB`);
      assert.ok(withIt.ms < 10_000, `${withIt.ms} ms`);
    });
  }
});

const job = { id: "j1", source: "photos", fingerprint: "f1" };
const long = (n: number, length = 200) => Array.from({ length: n }, (_, i) => `${i}`.padEnd(length, "x"));

/** Larger than any one message may be. */
const large: readonly Message[] = [
  {
    v: 1,
    type: "page",
    job,
    directory: "d",
    walk: 0,
    page: 1,
    id: "p",
    end: "last",
    count: 5,
    bytes: 5,
    directories: long(60_000),
  },
  {
    v: 1,
    type: "files",
    job,
    attempt: 1,
    inHand: true,
    slices: [
      { page: "p", directory: "d", files: long(50_000).map((name, index) => ({ index, name })) },
      { page: "q", directory: "e", files: [{ index: 0, name: "last", size: 3 }] },
    ],
  },
  {
    v: 1,
    type: "result",
    job,
    host: "h",
    at: 1,
    pages: [
      {
        page: "p",
        directory: "d",
        objects: long(50_000).map((name, index) => ({
          index,
          name,
          outcome: "failed" as const,
          listedSize: 1,
        })),
      },
    ],
  },
  {
    v: 1,
    type: "directory",
    job,
    filters: {},
    attempt: 0,
    positions: long(50_000).map((directory) => ({ directory, walk: 0, page: 1 })),
  },
];

/** What a message names, in order. */
function namesIn(message: Message): string[] {
  switch (message.type) {
    case "directory":
      return message.positions.map(({ directory }) => directory);
    case "files":
      return message.slices.flatMap(({ page, files }) =>
        files.map(({ index, name }) => `${page} ${index} ${name}`),
      );
    case "result":
      return message.pages.flatMap(({ page, objects }) =>
        objects.map(({ index, name }) => `${page} ${index} ${name}`),
      );
    case "page":
      return [...message.directories];
    case "page-part":
      return [...message.record.directories];
  }
}

describe("a message that is too large", () => {
  for (const message of large) {
    test(`of type ${message.type} is sent as several that say the same, each far below the bound`, () => {
      assert.ok(JSON.stringify(message).length > mostBodyBytes);
      const bodies = bodiesOf(message);
      for (const body of bodies) assert.ok(Buffer.byteLength(body) <= mostBodyBytes / 4);
      const read = bodies.map((body) => decodeMessage(Buffer.from(body)));
      assert.deepEqual(read.flatMap(namesIn), namesIn(message));
      for (const part of read) assert.deepEqual(part.job, message.job);
    });
  }

  test("that is a page's record comes in parts that are numbered and have the record's own id", () => {
    const [record] = large;
    const parts = bodiesOf(record as Message).map((body) => decodeMessage(body));
    const numbers = parts.map((part) => part.type === "page-part" && [part.number, part.of, part.record.id]);
    assert.deepEqual(
      numbers,
      numbers.map((_, i) => [i + 1, parts.length, "p"]),
    );
  });
});
