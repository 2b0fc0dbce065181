import assert from "node:assert/strict";
import { test } from "node:test";
import { FatalError, SourceError } from "@brigade/core";
import { silentLog } from "../../../test/logs.ts";
import { fetchWhole } from "../src/index.ts";
import { body, broken, bytesOf, length, MemoryFile, wholly } from "./segment-server.ts";

const range = { from: 0, to: length - 1 };

/** Each try plays the next part; the last one again and again. */
function run(tries: readonly (() => AsyncGenerator<Uint8Array, void, void>)[], retries = 3) {
  const file = new MemoryFile(length);
  let asked = 0;
  const transfer = fetchWhole(
    {
      open: async () => {
        const play = tries[Math.min(asked++, tries.length - 1)];
        assert.ok(play !== undefined);
        return body(range, play());
      },
      file,
      log: silentLog,
      delay: async () => {},
    },
    { retries },
    new AbortController().signal,
  );
  return { transfer, file, asked: () => asked };
}

async function* breaking(): AsyncGenerator<Uint8Array, void, void> {
  yield bytesOf(0, 700).fill(255);
  throw broken();
}

test("a body that cannot be had in parts begins again when it breaks, and no byte of the first try stays", async () => {
  const { transfer, file, asked } = run([breaking, () => wholly(range)]);
  assert.equal(await transfer, length);
  assert.deepEqual(file.bytes, bytesOf(0, length));
  assert.equal(asked(), 2);
});

test("every try counts, since nothing of it is kept", async () => {
  const { transfer, asked } = run([breaking], 2);
  await assert.rejects(
    transfer,
    (error) => error instanceof FatalError && /tried 3 times/.test(error.message),
  );
  assert.equal(asked(), 3);
});

test("what trying again will not mend is not tried again", async () => {
  const { transfer, asked } = run([
    // biome-ignore lint/correctness/useYield: it fails before the first byte
    async function* () {
      throw new SourceError("missing", "404");
    },
  ]);
  await assert.rejects(transfer, { kind: "missing" });
  assert.equal(asked(), 1);
});

test("a malformed answer is tried three times only, since it comes again as it is", async () => {
  const { transfer, asked } = run(
    [
      // biome-ignore lint/correctness/useYield: it fails before the first byte
      async function* () {
        throw new SourceError("damaged", "malformed", { isMalformed: true });
      },
    ],
    10,
  );
  await assert.rejects(transfer, { message: "malformed (tried 3 times)" });
  assert.equal(asked(), 3);
});
