import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Source } from "@brigade/core";
import { parseSource } from "../../../src/index.ts";
import { asUpyun, entry, serve, signal, sourceFor } from "../../scenario.ts";
import { settle, setup } from "../scene.ts";

/** Says no more than 503, as nginx's limits do, to all that is called `b`. */
const answer: RequestListener = ({ url = "" }, response) => {
  if (url.endsWith("b")) response.writeHead(503).end("<html>503</html>");
  else response.writeHead(200, { "content-length": 1 }).end("x");
};

const adapters: Readonly<Record<string, (t: TestContext) => Promise<Source>>> = {
  async "UpYun's store"(t) {
    const { url } = await serve(t, asUpyun(answer));
    return sourceFor(t, { UPYUN_ENDPOINT: url });
  },
  async "an UpYun domain"(t) {
    const store = await serve(t, asUpyun(answer));
    const { url } = await serve(t, answer);
    return sourceFor(t, { UPYUN_ENDPOINT: store.url, UPYUN_DOMAIN: url });
  },
  async "an index of files"(t) {
    const { url } = await serve(t, answer);
    const source = parseSource(`${url}/`, {}).create({}, "site");
    t.after(() => source[Symbol.asyncDispose]());
    return source;
  },
  async "a list"(t) {
    const { url } = await serve(t, answer);
    const folder = mkdtempSync(join(tmpdir(), "list-"));
    t.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "urls"), `a\t${url}/a\nb\t${url}/b\n`);
    const source = parseSource(`list:${join(folder, "urls")}`, {}).create(
      { STATE_DIR: folder, ALLOW_PRIVATE: "true" },
      "urls",
    );
    t.after(() => source[Symbol.asyncDispose]());
    const { files } = await source.listPage("", undefined, signal());
    assert.equal(files.length, 2);
    return source;
  },
};

for (const [name, open] of Object.entries(adapters))
  test(`a bare 503 counts as too many requests where many are refused and others are served: ${name}`, async (t) => {
    const source = await open(t);
    const kinds: string[] = [];
    for (let n = 0; n < 12; n++) {
      await (await source.open(entry("a", 1), undefined, signal())).bytes();
      await source.open(entry("b", 1), undefined, signal()).catch(({ kind }) => kinds.push(kind));
    }
    // As few as one object may be refused say nothing.
    assert.deepEqual(kinds, [...Array(8).fill("unavailable"), ...Array(4).fill("throttled")]);
  });

const findingOf = async (scene: ReturnType<typeof setup>, status: number) => {
  await scene.ask(1);
  const turn = scene.given.at(-1);
  scene.finish(turn, status);
  await settle();
  return turn?.finding;
};

test("503 is an outage from two seconds on in which nothing was served, whatever was learnt before", async () => {
  const scene = setup(64);
  for (let n = 0; n < 30; n++) await findingOf(scene, 200);
  for (let n = 0; n < 20; n++) {
    await findingOf(scene, 503);
    await scene.pass(60);
    await findingOf(scene, 200);
  }
  await scene.pass(1_000);
  assert.equal(await findingOf(scene, 503), "haste");
  await scene.pass(2_000);
  assert.equal(await findingOf(scene, 503), undefined);
});

test("503 from the first request on is an outage, however often it comes", async () => {
  const scene = setup(64);
  await scene.ask(40);
  for (const turn of scene.given) scene.finish(turn, 503);
  await settle();
  assert.deepEqual(new Set(scene.given.map(({ finding }) => finding)), new Set([undefined]));
});

test("a 503 beyond a limit of requests at once counts as too many requests once that limit is known", async () => {
  const scene = setup(64);
  await scene.serve(16);
  await scene.ask(31);
  scene.finish(scene.given[0]);
  const refused = scene.given.slice(10);
  for (const turn of refused) scene.finish(turn, 503);
  await settle();
  assert.equal(refused.at(-1)?.finding, "haste");
});
