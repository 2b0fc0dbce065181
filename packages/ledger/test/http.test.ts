import assert from "node:assert/strict";
import { test } from "node:test";
import { FatalError, HostError } from "@brigade/core";
import { type JobRecord, LedgerClient, ledgerApp } from "../src/index.ts";
import { serving } from "./http-server.ts";
import { allStored, entries, object, page, result } from "./messages.ts";
import { all, folder, newCatalogue, silent } from "./set-up.ts";

const photos = { source: "photos", fingerprint: "f1", prefix: "", filters: {}, startedAt: 1_000 };

/** A catalogue with the job of set-up.ts open, asked over a real socket. */
async function answering({ token, asToken = token }: { token?: string; asToken?: string } = {}) {
  const own = await newCatalogue();
  const server = await serving(ledgerApp(own.catalogue, { token, sources: ["photos"], log: silent }).fetch);
  return {
    ...own,
    url: server.url,
    client: new LedgerClient({ url: server.url, token: asToken }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await own[Symbol.asyncDispose]();
    },
  };
}

test("a job is opened once, told of, proven and closed", async () => {
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
  await catalogue.record([
    { ...page({ directory: "", entries: listed }), job },
    { ...allStored("", listed), job },
  ]);
  const standing = await client.job("second");
  assert.deepEqual(
    [standing.state, standing.progress.settled, standing.progress.stored.objects],
    ["open", true, 3],
  );
  assert.deepEqual(await client.proof("second"), await catalogue.proof("second"));
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
  const response = await fetch(`${ledger.url}/jobs`, {
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
  await catalogue.record([page({ directory: "", entries: listed }), allStored("", listed)]);
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
  await catalogue.record([
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
  await catalogue.record([
    page({ directory: "d", entries: listed }),
    result({ directory: "d", objects, volume: undefined }),
  ]);
  assert.deepEqual(await all(client.failures("job-1")), await all(catalogue.failures("job-1")));
  assert.equal((await all(client.vanished("job-1"))).length, 1_250);
  for await (const miss of client.failures("job-1")) {
    assert.match(miss.reason, /^no f/);
    break;
  }
});

test("what cannot be understood is refused as JSON that says why", async () => {
  await using ledger = await answering();
  const refused = async (path: string, body?: string) => {
    const response = await fetch(`${ledger.url}${path}`, body === undefined ? {} : { method: "POST", body });
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
    ["/nowhere", undefined, 404, /nowhere/],
  ] as const) {
    const [found, message] = await refused(path, body);
    assert.equal(found, status, path);
    assert.match(message, error);
  }
});

test("changes need the token, looking does not", async () => {
  await using ledger = await answering({ token: "a secret" });
  await ledger.client.closeJob("job-1", "cancelled");
  for (const wrong of [undefined, "a secreT", "a secret!", ""]) {
    const client = new LedgerClient({ url: ledger.url, token: wrong });
    await assert.rejects(client.openJob({ ...photos, id: "second" }), (error) => {
      assert.ok(error instanceof FatalError);
      assert.match(error.message, /LEDGER_TOKEN/);
      assert.doesNotMatch(error.message, /a secret/i);
      return true;
    });
    await assert.rejects(client.unchanged(photos, "", [{ name: "f", size: 1, modified: 1 }]), FatalError);
    assert.equal((await client.jobs()).length, 1);
  }
});

test("a ledger that is away, or is none, is told in one line with its address", async () => {
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

test("a list that breaks off is an error, not an end", async () => {
  await using broken = await serving(() => new Response('{"key":"a","reason":"r","at":1}\n{"key":"b"'));
  const client = new LedgerClient({ url: broken.url });
  await assert.rejects(all(client.failures("j")), HostError);
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
  const failing = { jobs: () => Promise.reject(new HostError("full", `no room in ${own.path}`)) };
  await using server = await serving(ledgerApp(failing as never, { log: silent }).fetch);
  await assert.rejects(new LedgerClient({ url: server.url }).jobs(), HostError);
});
