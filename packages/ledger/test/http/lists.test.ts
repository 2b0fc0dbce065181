import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { HostError } from "@brigade/core";
import { silentLog } from "../../../../test/logs.ts";
import { LedgerClient, ledgerApp } from "../../src/http.ts";
import type { Catalogue } from "../../src/index.ts";
import { all } from "../set-up.ts";
import { serving } from "./server.ts";

const job = {
  id: "j",
  source: "photos",
  fingerprint: "f1",
  prefix: "",
  filters: {},
  startedAt: 1,
  state: "open",
};

/** A ledger whose list of vanished objects is this. */
function listing(vanished: () => AsyncIterable<unknown>) {
  const catalogue = { jobs: { all: async () => [job] }, questions: { vanished } } as unknown as Catalogue;
  return ledgerApp(catalogue, { log: silentLog }).fetch;
}

async function* rowsUntil(error: Error | undefined, n: number) {
  for (let i = 0; i < n; i++) yield { key: `k${i}`, reason: "r", at: 1 };
  if (error !== undefined) throw error;
}

for (const n of [1, 3, 10_000]) {
  test(`a list of which ${n} rows came before the disk failed is an error for its reader`, async () => {
    const app = listing(() => rowsUntil(new HostError("io", "the disk failed"), n));
    await using server = await serving(app);
    const read: unknown[] = [];
    const reading = async (client: LedgerClient) => {
      for await (const row of client.vanished("j")) read.push(row);
    };
    await assert.rejects(reading(new LedgerClient({ url: server.url })), HostError);
    assert.ok(read.length <= n);
    await assert.rejects(reading(new LedgerClient({ url: server.url, fetch: app })), HostError);
    const byHand = await fetch(`${server.url}/api/jobs/j/vanished`)
      .then((answer) => answer.text())
      .catch(() => "");
    assert.doesNotMatch(byHand, /"end"/);
  });
}

test("a list that fails before its first row is refused with the reason", async () => {
  await using server = await serving(listing(() => rowsUntil(new HostError("full", "no room"), 0)));
  const response = await fetch(`${server.url}/api/jobs/j/vanished`);
  assert.deepEqual([response.status, await response.json()], [503, { error: "no room" }]);
});

test("an empty list is one", async () => {
  await using server = await serving(listing(() => rowsUntil(undefined, 0)));
  assert.deepEqual(await all(new LedgerClient({ url: server.url }).vanished("j")), []);
});

test("a list whose sender dies between two rows, or within one, is an error", async () => {
  for (const sent of ['{"key":"a","reason":"r","at":1}\n', '{"key":"a","reason":"r","at":1}\n{"key":"b"']) {
    const server = createServer((_, outgoing) => {
      outgoing.writeHead(200, { "content-type": "application/x-ndjson" });
      outgoing.write(sent, () => outgoing.destroy());
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await assert.rejects(all(new LedgerClient({ url: `http://127.0.0.1:${port}` }).vanished("j")), HostError);
    server.close();
  }
});

test("a list ends with a line that marks its end", async () => {
  await using server = await serving(listing(() => rowsUntil(undefined, 2)));
  const answer = await fetch(`${server.url}/api/jobs/j/vanished`);
  assert.equal(answer.headers.get("content-type"), "application/x-ndjson");
  assert.deepEqual((await answer.text()).split("\n"), [
    '{"key":"k0","reason":"r","at":1}',
    '{"key":"k1","reason":"r","at":1}',
    '{"end":true}',
    "",
  ]);
});

test("a list that ends within a row, between two or before the first is an error, not an end", async () => {
  for (const text of [
    '{"key":"a","reason":"r","at":1}\n{"key":"b"',
    '{"key":"a","reason":"r","at":1}\n',
    "",
  ]) {
    await using broken = await serving(() => new Response(text));
    await assert.rejects(all(new LedgerClient({ url: broken.url }).vanished("j")), HostError);
  }
});

test("a reader that stops early ends the list where it is", async () => {
  const ended = Promise.withResolvers<void>();
  let given = 0;
  async function* endless() {
    try {
      for (;;) yield { key: `k${given++}`, reason: "r", at: 1 };
    } finally {
      ended.resolve();
    }
  }
  await using server = await serving(listing(endless));
  for await (const { key } of new LedgerClient({ url: server.url }).vanished("j")) if (key === "k10") break;
  await ended.promise;
  const then = given;
  await new Promise(setImmediate);
  assert.equal(given, then);
});

test("a list ends with the signal, also without a socket", async () => {
  const leaving = new AbortController();
  const fetch = listing(() => rowsUntil(undefined, 1_000));
  const client = new LedgerClient({ url: "http://localhost", fetch, signal: leaving.signal });
  let read = 0;
  await assert.rejects(
    async () => {
      for await (const _ of client.vanished("j")) if (++read === 3) leaving.abort();
    },
    { name: "AbortError" },
  );
  assert.equal(read, 3);
});
