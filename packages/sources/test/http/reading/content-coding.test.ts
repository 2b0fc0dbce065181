import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { cameInPlace } from "@brigade/core";
import { parseSource } from "../../../src/index.ts";
import { serve, signal } from "../../scenario.ts";

const packed = gzipSync("hello\n".repeat(1_000));

/** A site that calls everything packed in this way, as Apache does by AddEncoding. */
async function compressingSite(t: TestContext, encoding = "gzip", { chunked = false } = {}) {
  const { url } = await serve(t, ({ method, headers }, response) => {
    const isRange = headers.range !== undefined;
    const [, from = "0", to = `${packed.length - 1}`] = /(\d+)-(\d*)/.exec(headers.range ?? "") ?? [];
    const part = packed.subarray(Number(from), Number(to) + 1);
    response.writeHead(isRange ? 206 : 200, {
      "content-encoding": encoding,
      ...(!chunked && { "content-length": part.length }),
      ...(isRange && { "content-range": `bytes ${from}-${to}/${packed.length}` }),
    });
    response.end(method === "HEAD" ? "" : part);
  });
  const source = parseSource(`${url}/`, {}).create({}, "site");
  t.after(() => source[Symbol.asyncDispose]());
  const read = async (key: string, size?: number, range?: { from: number; to: number }) =>
    (await source.open({ key, size }, range, signal())).bytes();
  return { source, read };
}

test("a text that is packed on its way is refused, whatever its length", async (t) => {
  const { read } = await compressingSite(t);
  await assert.rejects(read("a.txt"), cameInPlace);
  await assert.rejects(read("a.txt", 6_000), cameInPlace);
  await assert.rejects(read("a.gz.txt"), cameInPlace);
  const br = await compressingSite(t, "br");
  await assert.rejects(br.read("a.gz"), cameInPlace, "packed once more");
  const chunked = await compressingSite(t, "x-gzip", { chunked: true });
  await assert.rejects(chunked.read("a.gz"), cameInPlace);
});

test("a compressed file comes as it is stored, also where the server announces its compression, and in pieces", async (t) => {
  for (const encoding of ["gzip", "x-gzip", "GZIP"]) {
    const { read, source } = await compressingSite(t, encoding);
    for (const key of ["a.tar.gz", "a.TGZ", "b.svgz"]) {
      assert.deepEqual(Buffer.from(await read(key)), packed);
      assert.deepEqual(Buffer.from(await read(key, packed.length)), packed);
      assert.deepEqual(
        Buffer.from(await read(key, packed.length, { from: 0, to: 9 })),
        packed.subarray(0, 10),
      );
      assert.equal((await source.stat(key, signal()))?.size, packed.length);
    }
  }
});

test("what comes in the size that was listed is stored so, whatever its name", async (t) => {
  const { read } = await compressingSite(t);
  assert.deepEqual(Buffer.from(await read("a", packed.length)), packed);
});

test("the length of a body that is compressed in transit is not reported as the file's size", async (t) => {
  const { source } = await compressingSite(t);
  assert.equal((await source.stat("a.txt", signal()))?.size, undefined);
});
