import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { parseFileUrl } from "../../../src/get.ts";
import { parseSource } from "../../../src/index.ts";
import { filesOf } from "../../http-file/scene.ts";
import { serveRaw } from "../../raw-server.ts";
import { signal, sourceFor } from "../../scenario.ts";

const content = "the right bytes";

/** Sends `/go` to a name in bytes, which is answered under its true name only. */
async function redirecting(t: TestContext, location: Buffer, right: string) {
  const answer = (socket: Socket, head: string) => {
    const path = head.split(" ")[1] ?? "";
    if (path === "/go")
      socket.write(
        Buffer.concat([
          Buffer.from("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "),
          location,
          Buffer.from("\r\n\r\n"),
        ]),
      );
    else if (path === right)
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n\r\n${content}`);
    else socket.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  };
  return await serveRaw(t, answer);
}

const object = { key: "go", size: content.length };
const textOf = async (body: { bytes(): Promise<Uint8Array> }) => Buffer.from(await body.bytes()).toString();

for (const [what, location, right] of [
  ["UTF-8", Buffer.from("/文 件.zip"), "/%E6%96%87%20%E4%BB%B6.zip"],
  ["GBK", Buffer.from([0x2f, 0xce, 0xc4, 0xbc, 0xfe]), "/%CE%C4%BC%FE"],
  ["bytes that look like blanks", Buffer.from([0x2f, 0xc3, 0xa0]), "/%C3%A0"],
  ["escapes", Buffer.from("/%e6%96%87"), "/%e6%96%87"],
] as const) {
  test(`an index page's file: a redirect whose Location holds ${what} is asked for by these bytes`, async (t) => {
    const { url } = await redirecting(t, location, right);
    await using source = parseSource(`${url}/`, {}).create({}, "site");
    assert.equal(await textOf(await source.open(object, undefined, signal())), content);
  });

  test(`a list's URL: a redirect whose Location holds ${what} is asked for by these bytes`, async (t) => {
    const { url } = await redirecting(t, location, right);
    const folder = await mkdtemp(join(tmpdir(), "list-"));
    t.after(() => rm(folder, { recursive: true }));
    writeFileSync(join(folder, "urls.txt"), `go\t${url}/go\n`);
    const reference = parseSource(`list:${join(folder, "urls.txt")}`, {});
    await using source = reference.create({ STATE_DIR: folder, ALLOW_PRIVATE: "true" }, "list");
    assert.equal(await textOf(await source.open(object, undefined, signal())), content);
  });

  test(`a single file: a redirect whose Location holds ${what} is asked for by these bytes`, async (t) => {
    const { url } = await redirecting(t, location, right);
    const file = await filesOf(t).find(parseFileUrl(`${url}/go`), signal());
    assert.equal(await textOf(await file.stream(signal(), { allowUndelimited: false })), content);
  });
}

test("a bucket's domain: a redirect to the same object, named by raw bytes, is followed", async (t) => {
  const cdn = await serveRaw(t, (socket, head) => {
    const host = /host: (\S+)/i.exec(head)?.[1] ?? "";
    const isDispatched = head.startsWith(`GET /${host}/`);
    const answer = isDispatched
      ? `HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n\r\n${content}`
      : `HTTP/1.1 302 Found\r\nLocation: http://${host}/${host}/文.zip\r\nContent-Length: 0\r\n\r\n`;
    socket.write(answer);
  });
  const source = sourceFor(t, { UPYUN_DOMAIN: cdn.url, UPYUN_ENDPOINT: cdn.url });
  const body = await source.open({ key: "文.zip", size: content.length, modified: 0 }, undefined, signal());
  assert.equal(await textOf(body), content);
});
