import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { cameInPlace } from "@brigade/core";
import { parseSource } from "../../../src/index.ts";
import { asUpyun, entry, serve, signal, sourceFor } from "../../scenario.ts";

const login = "<!DOCTYPE html><html><body>Please log in</body></html>";
const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0x00, 0x10, 0x4a, 0x46]);

interface Sent {
  readonly type?: string | undefined;
  readonly body: string | Uint8Array;
}

/** A site that sends this for every path. */
async function siteThatSends(t: TestContext, { type, body }: Sent) {
  const scenario = await serve(t, (_request, response) => {
    if (type !== undefined) response.setHeader("content-type", type);
    response.setHeader("content-length", Buffer.byteLength(body));
    response.end(body);
  });
  const source = parseSource(`${scenario.url}/`, {}).create({}, "site");
  t.after(() => source[Symbol.asyncDispose]());
  return { source, ...scenario };
}

const ways = ["bytes", "chunks"] as const;

/** Whether a page in its place is seen, in whatever way the file is read. */
async function isRefused(t: TestContext, key: string, sent: Sent): Promise<boolean> {
  const { source } = await siteThatSends(t, sent);
  const answers = await Promise.all(
    ways.map(async (way) => {
      try {
        const body = await source.open({ key }, undefined, signal());
        const read =
          way === "bytes" ? await body.bytes() : Buffer.concat(await Array.fromAsync(body.chunks()));
        assert.deepEqual(Buffer.from(read), Buffer.from(sent.body));
        return false;
      } catch (error) {
        assert.ok(cameInPlace(error), String(error));
        return true;
      }
    }),
  );
  assert.equal(answers[0], answers[1], "bytes and chunks differ");
  return answers[0] ?? false;
}

const html = "text/html; charset=utf-8";

for (const [what, key, sent] of [
  ["a page for a picture", "a.jpg", { type: html, body: login }],
  ["a page for an archive", "d/a.tar.gz", { type: html, body: login }],
  ["a page for a text", "a.txt", { type: "Text/HTML", body: login }],
  ["a page for a file of a type that nobody knows", "a.parquet7", { type: html, body: login }],
  ["XHTML", "a.png", { type: "application/xhtml+xml", body: `<?xml version="1.0"?>\n${login}` }],
  ["text without markup that is called HTML", "a.jpg", { type: html, body: "Please log in" }],
  ["a page that is called a picture", "a.jpg", { type: "image/jpeg", body: login }],
  ["a page of no type", "a.zip", { body: `\ufeff\n  ${login.toLowerCase()}` }],
  ["a long page", "a.mp4", { body: `<html>${"x".repeat(2_000_000)}` }],
] as const)
  test(`${what} with the status of success is refused`, async (t) => {
    assert.equal(await isRefused(t, key, sent), true);
  });

for (const [what, key, sent] of [
  ["a page", "a.html", { type: html, body: login }],
  ["what a program writes", "dl.php", { type: html, body: login }],
  ["a page without an extension", "page", { type: html, body: login }],
  ["a page that is called by its version", "page-1.2", { type: html, body: login }],
  ["a picture that is called HTML", "a.jpg", { type: html, body: jpeg }],
  ["a PDF that is called HTML", "a.pdf", { type: html, body: "%PDF-1.4\n%\xe2\xe3" }],
  ["an empty file that is called HTML", "a.jpg", { type: html, body: "" }],
  ["a text that holds markup, and is called text", "a.txt", { type: "text/plain", body: login }],
  ["a table that is HTML, and is not called so", "a.xls", { type: "application/vnd.ms-excel", body: login }],
  ["a vector graphic", "a.svg", { type: "image/svg+xml", body: "<svg/>" }],
  ["a text in the place of a picture", "a.jpg", { type: "image/jpeg", body: "<3 pictures" }],
] as const)
  test(`${what} is stored as it is`, async (t) => {
    assert.equal(await isRefused(t, key, sent), false);
  });

test("a page whose MD5 is in the list is accepted", async (t) => {
  const { url } = await siteThatSends(t, { type: html, body: login });
  const folder = mkdtempSync(join(tmpdir(), "list-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "urls");
  writeFileSync(
    file,
    `a.jpg\t${url}/x\t${login.length}\t${"0".repeat(32)}\nb.jpg\t${url}/x\t${login.length}\n`,
  );
  const source = parseSource(`list:${file}`, {}).create({ STATE_DIR: folder, ALLOW_PRIVATE: "true" }, "urls");
  t.after(() => source[Symbol.asyncDispose]());
  const read = async (key: string) => (await source.open({ key }, undefined, signal())).bytes();
  assert.equal((await read("a.jpg")).byteLength, login.length);
  await assert.rejects(read("b.jpg"), cameInPlace, "the key tells the type, not the URL");
});

test("size and date of a page in the place of a file are not used for the file", async (t) => {
  const { source } = await siteThatSends(t, { type: html, body: login });
  assert.deepEqual(await source.stat("a.jpg", signal()), { key: "a.jpg" });
});

test("a page that a domain sends without a digest is refused, and the store is asked past the domain", async (t) => {
  const domain = await serve(t, (_request, response) => {
    response.writeHead(200, { "content-type": html, "content-length": login.length }).end(login);
  });
  const store = await serve(
    t,
    asUpyun((_request, response) => response.end(jpeg)),
  );
  const source = sourceFor(t, { UPYUN_ENDPOINT: store.url, UPYUN_DOMAIN: domain.url });
  const object = { ...entry("a.jpg", login.length), modified: 0 };
  const opened = await source.open(object, undefined, signal());
  await assert.rejects(opened.bytes(), cameInPlace);
  const second = await source.open({ ...object, size: jpeg.length, fresh: true }, undefined, signal());
  assert.deepEqual(Buffer.from(await second.bytes()), jpeg);
  assert.deepEqual([domain.asked.length, store.asked], [1, ["GET /bucket/a.jpg"]]);
});
