import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SourceError } from "@brigade/core";
import { readManifest } from "@brigade/volumes";
import { makeCertificate } from "../../../test/field/servers/ports.ts";
import { asListed, entry, headersOf, modified, sceneOf, text } from "./scene.ts";

const never = new AbortController().signal;

test("objects that come as listed are stored with one request each, whole, dated and in the manifest", async (t) => {
  const { bring, root, requests, source } = await sceneOf(t);
  const keys = Array.from({ length: 300 }, (_, n) => `d${n % 7}/${n} é.jpg`);
  const outcomes = await bring(keys.map((key) => entry(key)));
  assert.deepEqual(new Set([...outcomes.values()].map(({ kind }) => kind)), new Set(["stored"]));
  assert.equal(outcomes.size, 300);
  for (const key of keys) assert.equal(readFileSync(join(root, "site", key), "utf8"), text);
  assert.equal(new Set(requests).size, 300);
  assert.equal(requests.length, 300);
  const entered = new Set<string>();
  for await (const line of readManifest(root, () => {}))
    if (!("lost" in line)) {
      entered.add(line.key);
      assert.deepEqual([line.verified, line.modified, line.size], [true, modified, text.length]);
    }
  assert.deepEqual(entered, new Set(keys));
  assert.equal(source.pacing.received, 300 * text.length);
});

test("three threads of one volume store what comes to each, also a file and a folder of the same name", async (t) => {
  const { bring, root, requests } = await sceneOf(t, {}, {}, 3);
  const keys = Array.from({ length: 100 }, (_, n) => [`x${n}`, `x${n}/below`]).flat();
  const outcomes = await Promise.all(
    Array.from({ length: 6 }, (_, n) => bring(keys.filter((_, at) => at % 6 === n).map((key) => entry(key)))),
  );
  assert.equal(requests.length, keys.length);
  assert.equal(
    outcomes.reduce((sum, some) => sum + some.size, 0),
    keys.length,
  );
  const paths = new Map<string, string>();
  for await (const line of readManifest(root, () => {}))
    if (!("lost" in line)) paths.set(line.key, line.path ?? line.key);
  assert.equal(paths.size, keys.length);
  assert.equal(new Set(paths.values()).size, keys.length, "no two keys share a path");
  for (const path of paths.values()) assert.equal(readFileSync(join(root, "site", path), "utf8"), text);
  assert.ok(readdirSync(join(root, ".brigade", "manifest")).length >= 3, "a manifest segment per thread");
});

test("an empty object and bodies of all lengths around a block of MD5 are stored", async (t) => {
  const lengths = [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 65_000, 65_408];
  const bodyOf = (length: number) => "x".repeat(length);
  const answers = Object.fromEntries(
    lengths.map((length) => [
      `/${length}`,
      (response: Parameters<typeof asListed>[0]) => {
        response.writeHead(200, headersOf(bodyOf(length))).end(bodyOf(length));
      },
    ]),
  );
  const { bring, root } = await sceneOf(t, answers);
  const outcomes = await bring(lengths.map((size) => entry(`${size}`, { size })));
  for (const length of lengths) {
    assert.equal(outcomes.get(`${length}`)?.kind, "stored", `${length} bytes`);
    assert.equal(readFileSync(join(root, "site", `${length}`), "utf8"), bodyOf(length));
  }
});

for (const [name, answer, usual] of [
  ["a 404", (response) => response.writeHead(404).end("no"), /there is no such file/],
  ["a 503", (response) => response.writeHead(503).end("no"), /503/],
  ["a 403", (response) => response.writeHead(403).end("no"), /refuses us/],
  ["compressed bytes", (response) => asListed(response, undefined, { "content-encoding": "gzip" }), /came/],
  [
    "an HTML page in place of a picture",
    (response) =>
      response
        .writeHead(200, { ...headersOf("<html><body>no</body>"), "content-type": "text/html" })
        .end("<html><body>no</body>"),
    /HTML page|came/,
  ],
  ["a redirect to nowhere", (response) => response.writeHead(302).end(), /redirect to nowhere/],
] as const satisfies readonly (readonly [
  string,
  NonNullable<Parameters<typeof sceneOf>[1]>[string],
  RegExp,
])[]) {
  test(`${name} is left to the usual way, which judges that answer and sends no second request`, async (t) => {
    const { bring, source, requests, root } = await sceneOf(t, { "/a.jpg": answer });
    const outcomes = await bring([entry("a.jpg")]);
    assert.deepEqual(outcomes.get("a.jpg"), { kind: "usual" });
    assert.deepEqual(readdirSync(root).includes("site"), false, "nothing is stored");
    const opening = (async () => {
      const body = await source.open(entry("a.jpg"), undefined, never);
      await body.bytes();
      throw new SourceError("damaged", "it came");
    })();
    await assert.rejects(opening, (error) => error instanceof SourceError && usual.test(error.message));
    assert.deepEqual(requests, ["/a.jpg"]);
  });
}

test("an object that was changed after it was listed is left to the usual way, with its bytes", async (t) => {
  const newer = "the bytes of a newer state";
  const { bring, source, requests } = await sceneOf(t, {
    "/a": (response) =>
      response
        .writeHead(200, {
          ...headersOf(newer),
          "last-modified": new Date((modified + 60) * 1000).toUTCString(),
        })
        .end(newer),
  });
  const outcomes = await bring([entry("a")]);
  assert.deepEqual(outcomes.get("a"), { kind: "usual" });
  const body = await source.open(entry("a"), undefined, never);
  assert.deepEqual([body.size, body.modified], [newer.length, modified + 60]);
  assert.equal(Buffer.from(await body.bytes()).toString(), newer);
  assert.deepEqual(requests, ["/a"]);
  const again = await source.open(entry("a"), undefined, never);
  again.cancel();
  assert.deepEqual(requests, ["/a", "/a"], "the next request is sent");
});

test("a body that breaks off leaves no file, and is a broken connection for the usual way", async (t) => {
  const { bring, source, requests, root } = await sceneOf(t, {
    "/a": (response) => {
      response.writeHead(200, headersOf(text)).write(text.slice(0, 5));
      response.destroy();
    },
  });
  assert.deepEqual((await bring([entry("a")])).get("a"), { kind: "usual" });
  assert.equal(existsSync(join(root, "site", "a")), false);
  await assert.rejects(source.open(entry("a"), undefined, never), (error) => error instanceof SourceError);
  assert.deepEqual(requests, ["/a"]);
});

test("bytes of another MD5 than announced are not stored, and the error names the MD5", async (t) => {
  const { bring, root } = await sceneOf(t, {
    "/a": (response) => asListed(response, undefined, { "content-md5": "AAAAAAAAAAAAAAAAAAAAAA==" }),
  });
  const outcome = (await bring([entry("a")])).get("a");
  assert.ok(outcome?.kind === "usual" && outcome.error instanceof SourceError);
  assert.match(outcome.error.message, /MD5/);
  assert.equal(existsSync(join(root, "site", "a")), false);
});

test("after a refusal nothing more is sent, and the short way is closed until the usual way has judged", async (t) => {
  const { bring, direct, requests } = await sceneOf(
    t,
    { "/0": (response) => response.writeHead(503).end() },
    { FETCH_CONCURRENCY: "1" },
  );
  assert.equal(direct.isOpen, true);
  const outcomes = await bring(Array.from({ length: 50 }, (_, n) => entry(`${n}`)));
  assert.equal(outcomes.size, 50);
  assert.deepEqual(new Set([...outcomes.values()].map(({ kind }) => kind)), new Set(["usual"]));
  assert.deepEqual(requests, ["/0"]);
  assert.equal(direct.isOpen, false);
});

test("an aborted batch sends nothing more and waits for nothing, and each object comes once", async (t) => {
  const stop = new AbortController();
  const { bring, requests } = await sceneOf(t, { "/0": () => stop.abort() }, { FETCH_CONCURRENCY: "1" });
  const objects = Array.from({ length: 20 }, (_, n) => entry(`${n}`));
  const outcomes = await bring(objects, stop.signal);
  assert.equal(outcomes.size, 20);
  assert.deepEqual(new Set([...outcomes.values()].map(({ kind }) => kind)), new Set(["usual"]));
  assert.deepEqual(requests, ["/0"]);
});

test("an object that has become long is left to the usual way, which requests it again; others still come", async (t) => {
  const long = "x".repeat(200_000);
  const { bring, source, direct, requests } = await sceneOf(t, {
    "/long": (response) => response.writeHead(200, headersOf(long)).end(long),
  });
  const keys = ["long", ...Array.from({ length: 40 }, (_, n) => `${n}`)];
  const outcomes = await bring(keys.map((key) => entry(key)));
  assert.deepEqual(outcomes.get("long"), { kind: "usual" });
  assert.equal([...outcomes.values()].filter(({ kind }) => kind === "stored").length, 40);
  assert.equal(direct.isOpen, true);
  const body = await source.open(entry("long"), undefined, never);
  assert.equal(body.size, 200_000);
  body.cancel();
  assert.equal(requests.filter((path) => path === "/long").length, 2);
});

test("with one place for three threads, each thread gets its turn", async (t) => {
  const { bring } = await sceneOf(t, {}, { FETCH_CONCURRENCY: "1" }, 3);
  const parts = [0, 1, 2].map((part) => Array.from({ length: 30 }, (_, n) => entry(`${part}-${n}`)));
  const outcomes = await Promise.all(parts.map((part) => bring(part)));
  for (const some of outcomes)
    assert.equal([...some.values()].filter(({ kind }) => kind === "stored").length, 30);
});

for (const threads of [1, 3])
  test(`no more requests are under way at once than there are places, with ${threads} threads`, async (t) => {
    let running = 0;
    let most = 0;
    const slow = (response: Parameters<typeof asListed>[0]) => {
      most = Math.max(most, ++running);
      setTimeout(() => {
        running--;
        asListed(response);
      }, 5);
    };
    const keys = Array.from({ length: 60 }, (_, n) => `${n}`);
    const answers = Object.fromEntries(keys.map((key) => [`/${key}`, slow]));
    const { bring } = await sceneOf(t, answers, { FETCH_CONCURRENCY: "5" }, threads);
    const parts = [keys.slice(0, 20), keys.slice(20, 40), keys.slice(40)];
    const outcomes = await Promise.all(parts.map((part) => bring(part.map((key) => entry(key)))));
    assert.equal(
      outcomes.flatMap((some) => [...some.values()]).filter(({ kind }) => kind === "stored").length,
      60,
    );
    assert.ok(most >= 2 && most <= 5, `${most} at once`);
  });

test("objects come over TLS by an authority whose file is gone since the source was made", async (t) => {
  const certificate = makeCertificate(t);
  const { bring } = await sceneOf(t, {}, { SSL_CERT_FILE: certificate.file }, 1, certificate);
  rmSync(certificate.file);
  const outcomes = await bring([entry("a"), entry("b")]);
  assert.deepEqual([outcomes.get("a")?.kind, outcomes.get("b")?.kind], ["stored", "stored"]);
});

test("objects of unknown size or date, large ones and those whose keys no request can name are not accepted", async (t) => {
  const { direct } = await sceneOf(t);
  assert.equal(direct.accepts(entry("a")), true);
  for (const refused of [
    entry("a", { size: undefined }),
    entry("a", { modified: undefined }),
    entry("a", { size: 2 ** 20 }),
    entry("a", { unproven: true }),
    entry("a/../b"),
  ])
    assert.equal(direct.accepts(refused), false, JSON.stringify(refused));
});
