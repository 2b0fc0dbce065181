import assert from "node:assert/strict";
import { test } from "node:test";
import { probing, RequestGate, withGate } from "@brigade/core";
import { parseSource } from "../../src/index.ts";
import { serve, signal } from "../scenario.ts";

test("a probe waits neither for places that are taken nor for requests that are held until it is answered", async (t) => {
  const { url } = await serve(t, ({ url: path }, response) => {
    if (path !== "/never") response.writeHead(200, { "content-length": 1 }).end("x");
  });
  const source = parseSource(`${url}/`, {}).create({ FETCH_CONCURRENCY: "1" }, "site");
  t.after(() => source[Symbol.asyncDispose]());
  const gate = new RequestGate();
  const gated = withGate(source, gate);
  const leaving = new AbortController();
  const entry = (key: string) => ({ key, size: 1, modified: 0 });
  const pending = ["never", "a", "b"].map((key) => gated.open(entry(key), undefined, leaving.signal));
  gate.hold();
  pending.push(gated.open(entry("c"), undefined, leaving.signal));
  const body = await source.open(entry("d"), undefined, probing(signal()));
  assert.equal((await body.bytes()).byteLength, 1);
  leaving.abort();
  gate.close();
  assert.ok((await Promise.allSettled(pending)).every(({ status }) => status === "rejected"));
});
