import assert from "node:assert/strict";
import { decodeMessage, MessageError } from "@brigade/core";
import fc from "fast-check";
import { type Family, reads } from "./family.ts";
import { foreignText, spoiled } from "./foreign.ts";

const count = fc.nat();
const name = fc.string({ minLength: 1, unit: "grapheme" });
const job = fc.record({ id: name, source: fc.constant("photos"), fingerprint: name });
const v = fc.constant(1);
const page = name;
const position = fc.record(
  { directory: fc.string(), walk: count, page: fc.integer({ min: 1 }), cursor: fc.string() },
  { requiredKeys: ["directory", "walk", "page"] },
);
const file = fc.record(
  { index: count, name, size: count, modified: fc.integer(), etag: fc.string() },
  { requiredKeys: ["index", "name"] },
);
const some = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: 1, maxLength: 3 });
const valid = fc.oneof(
  fc.record({
    ...{ v, type: fc.constant("directory"), job, filters: fc.constant({}) },
    ...{ positions: some(position), attempt: count },
  }),
  fc.record(
    {
      ...{ v, type: fc.constant("files"), job, attempt: count },
      slices: some(fc.record({ page, directory: fc.string(), files: some(file) })),
      witnesses: some(fc.record({ key: name, size: count }, { requiredKeys: ["key"] })),
    },
    { requiredKeys: ["v", "type", "job", "attempt", "slices"] },
  ),
  fc.record({
    ...{
      v,
      type: fc.constant("page"),
      job,
      directory: fc.string(),
      walk: count,
      page: fc.integer({ min: 1 }),
    },
    ...{
      id: page,
      end: fc.constant("last"),
      count,
      bytes: count,
      directories: fc.array(name, { maxLength: 3 }),
    },
  }),
);
const words = [
  ...[
    '{"v":1',
    '"type":"result"',
    '"pages":[',
    '"job":',
    "[[",
    "]]",
    "{}",
    ",",
    "0,0,0",
    '"__proto__":{"a":1}',
  ],
  ...['"v":2', "1e9", "-0", "[]", '"x"', '"objects":[{"index":0}]'],
];

export const family: Family = {
  name: "messages",
  properties: [
    reads("a message that was made is read as it was made", valid, (message) => {
      const text = JSON.stringify(message);
      assert.deepEqual(decodeMessage(text), JSON.parse(text));
    }),
    reads(
      "whatever else comes is a MessageError",
      fc.oneof(
        foreignText(words),
        spoiled(
          valid.map((one) => JSON.stringify(one)),
          words,
        ),
        fc.json({ maxDepth: 6 }),
        fc
          .tuple(fc.constantFrom("directory", "files", "page", "result"), fc.jsonValue())
          .map(([type, value]) =>
            JSON.stringify({
              v: 1,
              type,
              ...(Object(value) as object),
              pages: value,
              slices: value,
              positions: value,
            }),
          ),
      ),
      (text) => void decodeMessage(text),
      (error) => error instanceof MessageError,
    ),
  ],
};
