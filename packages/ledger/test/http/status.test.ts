import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../../../test/logs.ts";
import { createStatus, LedgerClient, ledgerApp } from "../../src/http.ts";
import { type Status, statusSchema } from "../../src/wire/status.ts";
import { allStored, entries, page } from "../messages.ts";
import { newCatalogue } from "../set-up.ts";
import { disk, following, presence } from "../status/following.ts";
import { answering } from "./answering.ts";

/** A ledger with a status whose time passes as told. */
async function live() {
  const own = await following({
    depths: async () => ({ directories: 1, files: 2, retry: 0, wait: 0, records: 0, dead: 0 }),
  });
  const app = ledgerApp(own.scripted.asCatalogue, { log: silentLog, status: own.status });
  const ask = async (path: string) => await app.fetch(new Request(`http://localhost/api/${path}`));
  return { ...own, ask, client: new LedgerClient({ url: "http://localhost", fetch: app.fetch }) };
}

/** What the events of a page say, until they end. */
async function* statusesIn(response: Response): AsyncGenerator<Status> {
  let rest = "";
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const events = (rest + text).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) {
      const data = event.split("\n").find((line) => line.startsWith("data: "));
      if (data !== undefined) yield statusSchema.parse(JSON.parse(data.slice("data: ".length)));
    }
  }
}

test("the status that is asked for is the one that is kept", async () => {
  using own = await live();
  const { ask, client, clock, scripted, status } = own;
  status.notePresence(presence({ volumes: [disk()] }));
  scripted.commit({ listed: 10, stored: 5, failed: 1 });
  await clock.pass(3);
  assert.deepEqual(await client.status(), status.current());
  assert.deepEqual(await (await ask("rates?job=job-1")).json(), status.rates("job-1"));
  const refused = await ask("rates?job=nobody");
  assert.deepEqual([refused.status, /nobody is not the latest job/.test(await refused.text())], [404, true]);
});

test("an event comes within a second of a change, and after five without one", async () => {
  using own = await live();
  const { ask, clock, scripted, status } = own;
  const seen: { at: number; stored: number | undefined }[] = [];
  const reading = (async () => {
    for await (const { at, sources } of statusesIn(await ask("events"))) {
      seen.push({ at, stored: sources[0]?.job?.progress.stored.objects });
    }
  })();
  await clock.pass(70);
  scripted.commit({ listed: 10, stored: 1 });
  const changedAt = clock.now();
  await clock.pass(70);
  const gaps = seen.slice(1).map(({ at }, i) => at - (seen[i]?.at ?? 0));
  assert.ok(
    gaps.every((gap) => gap >= 1_000 && gap <= 5_000),
    gaps.join(),
  );
  assert.deepEqual(new Set(gaps.slice(-5)), new Set([5_000]), "nothing changes any more");
  const told = seen.find(({ stored }) => stored === 1)?.at ?? 0;
  assert.ok(told - changedAt <= 1_000);
  status[Symbol.dispose]();
  await reading;
});

test("events end with the session that reads them", async () => {
  using own = await following({});
  const app = ledgerApp(own.scripted.asCatalogue, { log: silentLog, status: own.status, token: "secret" });
  const ask = async (path: string, init: RequestInit) =>
    await app.fetch(new Request(`http://localhost/api/${path}`, init));
  const begun = await ask("session", { method: "POST", headers: { authorization: "Bearer secret" } });
  const [cookie = ""] = (begun.headers.get("set-cookie") ?? "").split(";");
  const reading = (await ask("events", { headers: { cookie } })).text();
  await own.clock.pass(3);
  await ask("session", { method: "DELETE", headers: { cookie } });
  await own.clock.pass(3);
  assert.match(await reading, /^event: status/);
});

test("events end with the status, which does not wait for a reader that left", async () => {
  const own = await live();
  const reading = Array.fromAsync(statusesIn(await own.ask("events")));
  const left = statusesIn(await own.ask("events"));
  await left.next();
  await left.return(undefined);
  await own.clock.pass(6);
  assert.equal(own.clock.sleeping, 2, "the status itself and one reader");
  own.status[Symbol.dispose]();
  assert.ok((await reading).length >= 1);
  assert.equal(own.clock.sleeping, 0);
});

test("events come over a socket, and end when their reader leaves", async () => {
  await using own = await newCatalogue();
  using status = await createStatus({ catalogue: own.catalogue, log: silentLog });
  await using ledger = await answering({ status });
  const response = await fetch(`${ledger.url}/api/events`);
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  await response.body?.cancel();
  const listed = entries(2);
  for await (const { sources } of statusesIn(await fetch(`${ledger.url}/api/events`))) {
    if (sources[0]?.job?.progress.stored.objects === 2) break;
    await status.catalogue.recording.record([
      page({ directory: "", entries: listed }),
      allStored("", listed),
    ]);
  }
});
