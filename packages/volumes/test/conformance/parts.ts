import assert from "node:assert/strict";
import type { Volume } from "@brigade/core";
import { bytesOf, md5Of, newObject } from "../scratch.ts";
import { type Conformance, isDamaged } from "./bench.ts";

const text = "0123456789";
const film = newObject("films/a.mp4", { listedSize: 10, expectedSize: 10, expectedMd5: md5Of(text) });
const never = new AbortController().signal;

/** Writes and saves the first bytes, and closes the part. */
async function begin(volume: Volume, bytes: string, validator: string | undefined): Promise<void> {
  await using part = await volume.part(film, validator);
  await part?.write(0, [bytesOf(bytes)]);
  await part?.sync();
}

export function parts(check: Conformance): void {
  check(
    "the next process goes on with what was saved of a large object",
    async ({ volume, reopen, read }) => {
      await begin(volume, "01234", "one");
      const next = await reopen();
      assert.ok((await next.begun(film)) > 0);
      await using part = await next.part(film, "one");
      assert.deepEqual([part?.finished, part?.startedOver], [[{ from: 0, to: 5 }], undefined]);
      await part?.write(5, [bytesOf("56"), bytesOf("789")]);
      await part?.sync();
      assert.deepEqual(part?.finished, [{ from: 0, to: 10 }]);
      assert.equal(await read("films/a.mp4"), undefined);
      const stored = await part?.finish(never);
      assert.deepEqual([stored?.size, stored?.md5, stored?.verified], [10, md5Of(text), true]);
      assert.equal(await read("films/a.mp4"), text);
      assert.equal(await next.begun(film), 0);
    },
  );

  check(
    "bytes of another state of the object are not gone on with, and it is said why",
    async ({ volume }) => {
      await begin(volume, "01234", "one");
      await using part = await volume.part(film, "two");
      assert.deepEqual(part?.finished, []);
      assert.ok(part?.startedOver);
    },
  );

  check("an object whose state is not known is begun anew every time", async ({ volume }) => {
    await begin(volume, "01234", undefined);
    await using part = await volume.part(film, undefined);
    assert.deepEqual(part?.finished, []);
  });

  check("of a part with another MD5 than the source's nothing remains", async ({ volume, read }) => {
    await begin(volume, "012345678x", "one");
    await using part = await volume.part(film, "one");
    assert.ok(part);
    await assert.rejects(part.finish(never), isDamaged);
    assert.deepEqual([await read("films/a.mp4"), await volume.begun(film)], [undefined, 0]);
  });

  check("a part stays as it is when its finish is stopped", async ({ volume }) => {
    await begin(volume, text, "one");
    {
      await using part = await volume.part(film, "one");
      assert.ok(part);
      await assert.rejects(part.finish(AbortSignal.abort()));
    }
    await using again = await volume.part(film, "one");
    assert.deepEqual(again?.finished, [{ from: 0, to: 10 }]);
  });

  check("a discarded part leaves nothing", async ({ volume }) => {
    await begin(volume, "01234", "one");
    {
      await using part = await volume.part(film, "one");
      await part?.discard();
    }
    assert.equal(await volume.begun(film), 0);
    await using part = await volume.part(film, "one");
    assert.deepEqual(part?.finished, []);
  });
}
