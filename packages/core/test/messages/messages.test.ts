import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeMessage, type Message, MessageError, NewerMessageError } from "../../src/index.ts";

const job = { id: "j1", source: "photos", fingerprint: "f1" };
const file = { index: 0, name: "a.jpg", size: 3, modified: 1_700_000_000 };

const samples: readonly Message[] = [
  {
    v: 1,
    type: "directory",
    job,
    filters: { include: ["*.jpg"], maxSize: 10 },
    positions: [{ directory: "a", walk: 1, page: 3, cursor: "c3", landmark: "c2" }],
    attempt: 2,
  },
  { v: 1, type: "files", job, slices: [{ page: "p", directory: "", files: [file] }], attempt: 0 },
  {
    v: 1,
    type: "page",
    job,
    directory: "a",
    walk: 0,
    page: 1,
    id: "p",
    end: "more",
    next: { directory: "a", walk: 0, page: 2, cursor: "c" },
    count: 9,
    bytes: 27,
    unchanged: "AQE=",
    unchangedBytes: 6,
    directories: ["a/b"],
  },
  {
    v: 1,
    type: "result",
    job,
    host: "h",
    volume: "v1",
    at: 1,
    pages: [
      {
        page: "p",
        directory: "",
        objects: [
          {
            index: 0,
            name: "a.jpg",
            outcome: "stored",
            listedSize: 3,
            modified: 1,
            size: 3,
            md5: "0".repeat(32),
            verified: true,
          },
        ],
      },
    ],
  },
];

describe("decodeMessage", () => {
  for (const sample of samples) {
    test(`gives a ${sample.type} message back as it was sent`, () => {
      assert.deepEqual(decodeMessage(JSON.stringify(sample)), sample);
    });
  }

  const files = samples[1] as Message & { type: "files" };
  test("gives the witnesses of a batch, which may have more fields from a newer program, and leaves these out", () => {
    const newer = { witnesses: [{ key: "b.jpg", size: 3, colour: "red" }, { key: "c.jpg" }], spare: 1 };
    assert.deepEqual(decodeMessage(JSON.stringify({ ...files, ...newer })), {
      ...files,
      witnesses: [{ key: "b.jpg", size: 3 }, { key: "c.jpg" }],
    });
  });

  const bad: readonly (readonly [what: string, message: unknown, field: RegExp])[] = [
    ["a negative size", withFile({ size: -1 }), /slices\[0\]\.files\[0\]\.size/],
    ["a size that is a text", withFile({ size: "3" }), /slices\[0\]\.files\[0\]\.size/],
    ["a fractional modification time", withFile({ modified: 1.5 }), /slices\[0\]\.files\[0\]\.modified/],
    ["an empty name", withFile({ name: "" }), /slices\[0\]\.files\[0\]\.name/],
    ["a witness without a key", { ...files, witnesses: [{ size: 1 }] }, /witnesses\[0\]\.key/],
    ["a thousand witnesses", { ...files, witnesses: Array(1_000).fill({ key: "a" }) }, /at witnesses/],
    ["no slices", { ...files, slices: [] }, /at slices/],
    ["no job", { ...files, job: undefined }, /at job/],
    ["a source name that is no folder name", { ...files, job: { ...job, source: "../x" } }, /job\.source/],
    ["another version", { ...files, v: 2 }, /at v\b/],
    ["an unknown type", { ...files, type: "letter" }, /at type/],
    ["page number 0", { ...samples[2], page: 0 }, /at page\b/],
    ["an unknown outcome", result({ outcome: "lost" }), /pages\[0\]\.objects\[0\]\.outcome/],
    ["an array", [], /type|expected object/],
    ["null", null, /type|expected object/],
  ];
  for (const [what, message, field] of bad) {
    test(`rejects ${what}, naming the field`, () => {
      assert.throws(
        () => decodeMessage(JSON.stringify(message)),
        (error) => error instanceof MessageError && field.test(error.message) && error.cause !== undefined,
      );
    });
  }

  test("distinguishes messages of a newer version or of another type from unreadable ones", () => {
    const needs = (message: object) => {
      try {
        decodeMessage(JSON.stringify(message));
      } catch (error) {
        return error instanceof NewerMessageError ? error.needs : "nobody can read it";
      }
      return assert.fail("it was read");
    };
    assert.equal(needs({ ...files, v: 2, slices: "another form" }), "message version 2");
    assert.equal(needs({ ...files, type: "letter" }), 'messages of type "letter"');
    for (const broken of [
      { ...files, v: 0 },
      { ...files, v: "2" },
      { type: "letter" },
      { ...files, slices: 3 },
    ])
      assert.equal(needs(broken), "nobody can read it");
  });

  test("rejects what is not JSON, showing no more than its beginning", () => {
    assert.throws(
      () => decodeMessage(`<html>${"x".repeat(10_000)}`),
      (error) =>
        error instanceof MessageError &&
        /^not JSON: <html>x+$/.test(error.message) &&
        error.message.length < 200,
    );
  });

  function withFile(changed: object) {
    return { ...files, slices: [{ page: "p", directory: "", files: [{ ...file, ...changed }] }] };
  }

  function result(changed: object) {
    const object = { index: 0, name: "a", outcome: "failed", listedSize: 0, modified: 0, ...changed };
    return { ...samples[3], pages: [{ page: "p", directory: "", objects: [object] }] };
  }
});
