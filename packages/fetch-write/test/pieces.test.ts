import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { makeCertificate } from "../../../test/field/servers/ports.ts";
import { entry, modified, sceneOf } from "./scene.ts";

/** Bytes: the shortest and longest bodies, and around the end of a slot with a head in front. */
const lengths = [0, 1, 64, 4_000, 16_384, 20_000, 33_333, 64_800, 65_000, 65_300, 65_408];
/** Bytes of the pieces that a body is sent in; with `0`, its first piece comes with the head. */
const pieces = [1_000_000, 1, 700, 16_000, 0];

/** No two places of all bodies have the same bytes around them. */
function bodyOf(key: string, length: number): Buffer {
  const block = (n: number) => createHash("sha256").update(`${key} ${n}`).digest();
  return Buffer.concat(Array.from({ length: Math.ceil(length / 32) }, (_, n) => block(n))).subarray(
    0,
    length,
  );
}

async function send(response: ServerResponse, body: Buffer, piece: number): Promise<void> {
  response.writeHead(200, {
    "content-length": `${body.length}`,
    "last-modified": new Date(modified * 1000).toUTCString(),
    "content-md5": createHash("md5").update(body).digest("base64"),
  });
  if (piece > 0) response.flushHeaders();
  const step = piece === 1 && body.length > 100 ? Math.ceil(body.length / 50) : piece || 9_000;
  for (let at = 0; at < body.length; at += step) {
    response.write(body.subarray(at, at + step));
    await turn();
  }
  response.end();
}

for (const scheme of ["http", "https"] as const) {
  test(`bodies of all lengths that come in pieces of any size by ${scheme} are stored byte for byte`, async (t) => {
    const objects = lengths.flatMap((length) =>
      pieces.flatMap((piece) => [1, 2].map((time) => ({ key: `${length}-${piece}-${time}`, length, piece }))),
    );
    const answers = Object.fromEntries(
      objects.map(({ key, length, piece }) => [
        `/${key}`,
        (response: ServerResponse) => void send(response, bodyOf(key, length), piece),
      ]),
    );
    const certificate = scheme === "https" ? makeCertificate(t) : undefined;
    const environment = certificate === undefined ? {} : { SSL_CERT_FILE: certificate.file };
    // Few connections, so that each has many answers.
    const { bring, root } = await sceneOf(
      t,
      answers,
      { FETCH_CONCURRENCY: "4", ...environment },
      1,
      certificate,
    );
    const outcomes = await bring(objects.map(({ key, length }) => entry(key, { size: length })));
    for (const { key, length } of objects) {
      assert.equal(outcomes.get(key)?.kind, "stored", key);
      assert.ok(readFileSync(join(root, "site", key)).equals(bodyOf(key, length)), key);
    }
  });
}
