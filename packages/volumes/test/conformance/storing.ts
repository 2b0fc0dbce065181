import assert from "node:assert/strict";
import { bytesOf, md5Of, newObject } from "../scratch.ts";
import { type Conformance, isDamaged } from "./bench.ts";

export function storing(check: Conformance): void {
  check("what is stored lies under its name, with its size and MD5", async ({ volume, read }) => {
    const { storedAt, ...stored } = await volume.put(newObject("a/b"), bytesOf("hello"));
    assert.deepEqual(stored, { size: 5, md5: md5Of("hello"), verified: false });
    assert.ok(storedAt > 0);
    assert.equal(await read("a/b"), "hello");
  });

  check("bytes that have the MD5 of the source are stored as verified", async ({ volume }) => {
    const object = newObject("a", { expectedSize: 5, expectedMd5: md5Of("hello") });
    assert.equal((await volume.put(object, bytesOf("hello"))).verified, true);
  });

  check("of bytes with another size or MD5 than the expected nothing remains", async ({ volume, read }) => {
    await assert.rejects(volume.put(newObject("a", { expectedSize: 6 }), bytesOf("hello")), isDamaged);
    const other = newObject("b", { expectedMd5: md5Of("other") });
    await assert.rejects(volume.put(other, bytesOf("hello")), isDamaged);
    assert.deepEqual([await read("a"), await read("b")], [undefined, undefined]);
  });

  check("an object that is stored again has the new bytes", async ({ volume, read }) => {
    await volume.put(newObject("a"), bytesOf("old"));
    await volume.put(newObject("a"), bytesOf("newer"));
    assert.equal(await read("a"), "newer");
  });

  check(
    "lent memory is of the size that was asked for, and is put like any other",
    async ({ volume, read }) => {
      const lent = volume.lend(5);
      assert.equal(lent.byteLength, 5);
      lent.set(bytesOf("hello"));
      await volume.put(newObject("a"), lent);
      assert.equal(await read("a"), "hello");
      volume.giveBack(volume.lend(5));
    },
  );

  check(
    "a callback comes once when the memory of a body is needed no more, stored or not",
    async ({ volume }) => {
      let told = 0;
      const tell = () => {
        told += 1;
      };
      await volume.put(newObject("a"), bytesOf("hello"), tell);
      assert.equal(told, 1);
      await assert.rejects(
        volume.put(newObject("b", { expectedSize: 6 }), bytesOf("hello"), tell),
        isDamaged,
      );
      assert.equal(told, 2);
    },
  );

  check("a stream has its name when it is finished, not before", async ({ volume, read }) => {
    const sink = await volume.open(newObject("a", { expectedSize: 10 }));
    await sink.write(bytesOf("01234"));
    await sink.write(bytesOf("56789"));
    assert.equal(await read("a"), undefined);
    const { size, md5 } = await sink.finish();
    assert.deepEqual([size, md5, await read("a")], [10, md5Of("0123456789"), "0123456789"]);
  });

  check("of a stream that is aborted or too short nothing remains", async ({ volume, read }) => {
    const aborted = await volume.open(newObject("a"));
    await aborted.write(bytesOf("01234"));
    await aborted.abort();
    const short = await volume.open(newObject("b", { expectedSize: 6 }));
    await short.write(bytesOf("01234"));
    await assert.rejects(short.finish(), isDamaged);
    assert.deepEqual([await read("a"), await read("b")], [undefined, undefined]);
  });

  check("what lies there whole is adopted, in order; what does not is not", async ({ volume, reopen }) => {
    await volume.put(newObject("a"), bytesOf("hello"));
    await volume.put(newObject("b"), bytesOf("other"));
    const next = await reopen();
    const adopted = await next.adopt([
      newObject("absent"),
      newObject("a", { expectedSize: 5, expectedMd5: md5Of("hello") }),
      newObject("a", { expectedSize: 6 }),
      newObject("b", { expectedMd5: md5Of("hello") }),
    ]);
    assert.deepEqual(
      adopted.map((one) => one?.md5),
      [undefined, md5Of("hello"), undefined, undefined],
    );
  });
}
