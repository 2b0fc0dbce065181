import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, HostError } from "@brigade/core";
import { silentLog } from "../../../../test/logs.ts";
import { LedgerClient, ledgerApp } from "../../src/http.ts";
import type { JobRecord } from "../../src/index.ts";
import { allStored, entries, object, page, result } from "../messages.ts";
import { all, folder, newCatalogue } from "../set-up.ts";
import { answering, photos } from "./answering.ts";
import { serving } from "./server.ts";

test("a job is opened once, shown, proven and closed", async () => {
  await using ledger = await answering();
  const { client, catalogue } = ledger;
  await assert.rejects(client.openJob({ ...photos, id: "second" }), {
    name: "JobOpenError",
    message: /job-1/,
  });
  await client.closeJob("job-1", "cancelled");
  assert.equal(await client.openJobOf("photos"), undefined);
  assert.deepEqual(await client.openJob({ ...photos, id: "second", filters: { include: ["*.jpg"] } }), {
    first: true,
  });
  assert.deepEqual((await client.openJobOf("photos"))?.filters, { include: ["*.jpg"] });

  const job = { id: "second", source: "photos", fingerprint: "f1" };
  const listed = entries(3);
  await catalogue.recording.record([
    { ...page({ directory: "", entries: listed }), job },
    { ...allStored("", listed), job },
  ]);
  const standing = await client.job("second");
  assert.deepEqual(
    [standing.state, standing.progress.settled, standing.progress.stored.objects],
    ["open", true, 3],
  );
  assert.deepEqual(await client.proof("second"), await catalogue.questions.proof("second"));
  assert.equal((await client.closeJob("second", "complete")).state, "complete");
  assert.equal((await client.closeJob("second", "cancelled")).state, "complete", "closed once");
  assert.deepEqual(
    (await client.jobs()).map(({ id, state }) => [id, state]),
    [
      ["job-1", "cancelled"],
      ["second", "complete"],
    ],
  );
});

test("the refusal of a second job names the one that is open", async () => {
  await using ledger = await answering();
  const response = await fetch(`${ledger.url}/api/jobs`, {
    method: "POST",
    body: JSON.stringify({ ...photos, id: "second" }),
  });
  assert.equal(response.status, 409);
  const { open, error } = (await response.json()) as { open: JobRecord; error: string };
  assert.equal(open.id, "job-1");
  assert.match(error, /job-1/);
});

test("a job is a first one until anything of its source and fingerprint was stored", async () => {
  await using ledger = await answering();
  const { client, catalogue } = ledger;
  const listed = entries(1);
  await catalogue.recording.record([page({ directory: "", entries: listed }), allStored("", listed)]);
  await client.closeJob("job-1", "complete");
  assert.deepEqual(await client.openJob({ ...photos, id: "again" }), { first: false });
  await client.closeJob("again", "cancelled");
  assert.deepEqual(await client.openJob({ ...photos, id: "other", fingerprint: "f2" }), { first: true });
});

test("the history is answered as the catalogue does", async () => {
  await using ledger = await answering();
  const { client, catalogue } = ledger;
  const listed = entries(2);
  const next = { directory: "a", walk: 0, page: 2, cursor: "c" };
  await catalogue.recording.record([
    page({ directory: "a", entries: listed, end: "more", next }),
    result({ directory: "a", objects: [object(0, listed[0] ?? { name: "", size: 0 }, "stored")] }),
  ]);
  const position = { job: "job-1", directory: "a", walk: 0 };
  assert.deepEqual(await client.recorded({ ...position, page: 1 }), { id: "a:0:1", end: "more", next });
  assert.equal(await client.recorded({ ...position, page: 2 }), undefined);
  const files = listed.map(({ name, size }) => ({ name, size, modified: 1_000 + size }));
  assert.deepEqual(await client.unchanged(photos, "a", files), [true, false]);
  assert.deepEqual(await client.unchanged(photos, "a", []), []);
});

test("failed and vanished objects come one by one, however many", async () => {
  await using ledger = await answering();
  const { client, catalogue } = ledger;
  const listed = entries(2_500);
  const objects = listed.map((entry, i) => object(i, entry, i % 2 === 0 ? "failed" : "vanished"));
  await catalogue.recording.record([
    page({ directory: "d", entries: listed }),
    result({ directory: "d", objects, volume: undefined }),
  ]);
  assert.deepEqual(await all(client.failures("job-1")), await all(catalogue.questions.failures("job-1")));
  assert.equal((await all(client.vanished("job-1"))).length, 1_250);
  for await (const miss of client.failures("job-1")) {
    assert.match(miss.reason, /^no f/);
    break;
  }
});

test("a request that cannot be read is refused with JSON that has the reason", async () => {
  await using ledger = await answering();
  const refused = async (path: string, body?: string) => {
    const response = await fetch(
      `${ledger.url}/api${path}`,
      body === undefined ? {} : { method: "POST", body },
    );
    const { error } = (await response.json()) as { error: string };
    return [response.status, error] as const;
  };
  for (const [path, body, status, error] of [
    ["/jobs", "{", 400, /not JSON/],
    ["/jobs", "{}", 400, /fingerprint/],
    ["/jobs", JSON.stringify({ ...photos, id: "x", source: "docs" }), 400, /SOURCES .*"docs"/],
    ["/jobs/job-1/close", '{"state":"open"}', 400, /state/],
    ["/history/recorded", '{"job":"job-1","directory":"","walk":0,"page":0}', 400, /page/],
    ["/jobs/nobody", undefined, 404, /nobody/],
    ["/jobs/nobody/proof", undefined, 404, /nobody/],
    ["/jobs/nobody/failures", undefined, 404, /nobody/],
    ["/jobs/job-1/failures?clas=missing", undefined, 400, /clas/],
    ["/jobs/job-1/failures/counts?by=colour", undefined, 400, /by/],
    ["/jobs/job-1/retry", "{}", 501, /no broker/],
    ["/status", undefined, 501, /no live status/],
    ["/events", undefined, 501, /no live status/],
    ["/rates?job=job-1", undefined, 501, /no live status/],
    ["/objects", undefined, 400, /either key or prefix/],
    ["/objects?key=a&prefix=a", undefined, 400, /either key or prefix/],
    ["/objects/names?source=photos&directory=", undefined, 400, /fingerprint/],
    ["/objects/forget", '{"source":"photos","fingerprint":"f1","volume":"v"}', 400, /keys/],
    ["/history/compare", '{"directory":""}', 400, /files/],
    ["/nowhere", undefined, 404, /nowhere/],
  ] as const) {
    const [found, message] = await refused(path, body);
    assert.equal(found, status, path);
    assert.match(message, error);
  }
});

test("a ledger that is away, or is none, is reported in one line with its address", async () => {
  const gone = await serving(() => new Response());
  await gone[Symbol.asyncDispose]();
  await using none = await serving(
    () => new Response("<html>", { headers: { "content-type": "text/html" } }),
  );
  await using ill = await serving(() => new Response("bad gateway", { status: 502 }));
  await using silentOne = await serving(() => new Promise<Response>(() => {}));
  for (const { url } of [gone, none, ill, silentOne]) {
    const client = new LedgerClient({ url, timeoutMs: 200 });
    await assert.rejects(client.recorded({ job: "j", directory: "", walk: 0, page: 1 }), (error) => {
      assert.ok(error instanceof HostError, String(error));
      assert.match(error.message, new RegExp(`^the ledger at ${url} does not answer: [^\\n]+$`));
      return true;
    });
  }
});

test("what is being asked ends with the signal", async () => {
  await using silentOne = await serving(() => new Promise<Response>(() => {}));
  const leaving = new AbortController();
  const client = new LedgerClient({ url: silentOne.url, signal: leaving.signal });
  const asked = client.jobs();
  leaving.abort();
  await assert.rejects(asked, { name: "AbortError" });
});

test("a full disk of the ledger is its trouble, not the job's", async () => {
  await using own = await folder();
  const failing = { jobs: { all: () => Promise.reject(new HostError("full", `no room in ${own.path}`)) } };
  await using server = await serving(ledgerApp(failing as never, { log: silentLog }).fetch);
  await assert.rejects(new LedgerClient({ url: server.url }).jobs(), HostError);
});

test("a mistake of the user is reported as such", async () => {
  const failing = { jobs: { all: () => Promise.reject(new ConfigError(["start again", "or do not"])) } };
  await using server = await serving(ledgerApp(failing as never, { log: silentLog }).fetch);
  await assert.rejects(new LedgerClient({ url: server.url }).jobs(), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.deepEqual(error.problems, ["start again", "or do not"]);
    return true;
  });
});

test("a question that is too long is refused before it is read whole", async () => {
  await using ledger = await answering();
  const response = await fetch(`${ledger.url}/api/history/unchanged`, {
    method: "POST",
    body: new Uint8Array(33 * 2 ** 20),
  });
  assert.equal(response.status, 413);
  assert.match(await response.text(), /"error":"no question is longer than \d+ bytes"/);
});

test("a question that is a bomb is refused with its first problem, and the ledger's process hardly grows", async () => {
  await using ledger = await answering();
  const before = process.memoryUsage.rss();
  const job = '"job":{"source":"photos","fingerprint":"f"},"directory":""';
  for (const pattern of ["0,", "{},", "[],", '{"":0},']) {
    for (const bytes of [7e6, 900_000]) {
      const filling = Buffer.alloc(bytes - (bytes % pattern.length), pattern);
      const body = `{${job},"files":[${filling}0]}`;
      const response = await fetch(`${ledger.url}/api/history/unchanged`, { method: "POST", body });
      assert.equal(response.status, 400);
      const text = await response.text();
      assert.ok(text.length < 1_000, text.slice(0, 100));
    }
  }
  const grown = (process.memoryUsage.rss() - before) / 2 ** 20;
  assert.ok(grown <= 150, `${grown} MiB`);
});

test("a question about more files than one body holds is sent in several", async () => {
  await using ledger = await answering();
  const files = Array.from({ length: 3_000 }, (_, i) => ({ name: `${i}`.padEnd(4_000, "x"), size: 1 }));
  const client = new LedgerClient({ url: ledger.url });
  assert.equal((await client.unchanged(origin, "", files)).length, 3_000);
  assert.deepEqual(
    await client.compare(origin, "", files),
    files.map(() => "new"),
  );
  assert.equal(
    await client.forget(
      origin,
      "vol-a",
      files.map(({ name }) => name),
    ),
    0,
  );
});

const origin = { source: "photos", fingerprint: "f1" };

test("a command reads the catalogue of its own process without a socket", async () => {
  await using own = await newCatalogue();
  const app = ledgerApp(own.catalogue, { log: silentLog });
  const ledger = new LedgerClient({ url: "http://localhost", fetch: (request) => app.fetch(request) });
  assert.deepEqual(
    (await ledger.jobs()).map(({ id }) => id),
    ["job-1"],
  );
  assert.deepEqual(await all(ledger.vanished("job-1")), []);
  await assert.rejects(ledger.proof("nobody"), /nobody/);
});
