import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { accountsTable, benchAccounts } from "../accounts/accounts-bench.ts";
import { parseOptions } from "../options.ts";

const checkout = resolve(import.meta.dirname, "../../..");

test("the accounts bench enters every object, and reports the time of each thread", {
  skip: process.platform !== "linux",
}, async (t) => {
  const home = mkdtempSync(join(tmpdir(), "accounts-bench-"));
  t.after(() => rmSync(home, { recursive: true }));
  const options = parseOptions(["--accounts", "--objects", "20000", "--rounds", "1"], checkout);
  const place = { home, checkout, signal: new AbortController().signal, say: () => {} };
  const [round] = await benchAccounts(options, place);
  assert.equal(round?.objects, 20_000);
  const names = round.threads.map(({ name }) => name);
  for (const name of ["MainThread", "queues", "catalogue"]) assert.ok(names.includes(name), `${names}`);
});

test("the time of main thread and databases is without what V8 does beside", () => {
  const threads = ["MainThread", "V8Worker", "queues", "catalogue"].map((name, n) => ({
    name,
    threads: 1,
    cpuSeconds: 10 ** n,
  }));
  const text = accountsTable([{ objects: 1_000_000, seconds: 20, threads, peakRss: 1 }]);
  assert.match(text, /^files\/s +50000$/m);
  assert.match(text, /^CPU µs\/file: main thread and databases +1101\.0$/m);
});
