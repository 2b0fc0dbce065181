import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type FetchCommand, Slots } from "@brigade/volumes/thread";
import { Item, type ItemOwner } from "../src/thread/item.ts";
import { SourceRequests } from "../src/thread/source-requests.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const objects = 200;
const command: Omit<FetchCommand, "server"> = {
  id: 1,
  of: { source: "site", fingerprint: "f".repeat(64), job: "job" },
  objects: {
    keys: Array.from({ length: objects }, (_, at) => `object-${at}`),
    sizes: Array<number>(objects).fill(4),
    modified: Array<number>(objects).fill(1_700_000_000),
    etags: Array<undefined>(objects).fill(undefined),
  },
  places: 1,
};

test("an object that came is not kept in memory while others of its source wait", async (t) => {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-length": "4" }).end("body");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });

  const slots = new Slots(8);
  const made: WeakRef<Item>[] = [];
  let came = 0;
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  const owner: ItemOwner = {
    acceptanceOf: () => ({ md5: undefined, mayBePage: false }),
    addressOf: () => undefined,
    write: () => {},
    whole: (item) => {
      if (item.slot !== undefined) slots.giveBack(item.slot);
      if (++came === objects / 2) {
        requests.setPlaces(0);
        resolve();
      }
      requests.ended(item);
    },
    answered: assert.fail,
    failed: assert.fail,
    freed: () => {},
    stored: () => {},
    notStored: assert.fail,
  };
  const requests = new SourceRequests("site", slots, (of, at) => {
    const wanted = { key: of.objects.keys[at] ?? "", size: 4, modified: 0, etag: undefined };
    const item = new Item(of, at, wanted, owner);
    made.push(new WeakRef(item));
    return item;
  });
  requests.add({
    ...command,
    server: {
      origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      headers: [],
      adapter: "web",
      connections: 1,
      connectTimeoutMs: 5_000,
      headersTimeoutMs: 5_000,
      silenceTimeoutMs: 5_000,
      allowPrivate: true,
      authorities: [],
    },
  });
  await enough;
  await turn();
  collectGarbage();

  assert.equal(requests.hasWork, true, "objects wait");
  const kept = made.filter((item) => item.deref() !== undefined).length;
  assert.ok(kept <= 2, `${kept} of ${made.length} objects that came are still in memory`);
  assert.equal(requests.stop().length, objects / 2, "what was not asked for is given back");
  requests.retire();
});
