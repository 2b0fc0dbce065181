import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { findPrograms } from "../../programs.ts";
import { benchCopies } from "../copy/copy-bench.ts";
import { parseOptions } from "../options.ts";

const checkout = resolve(import.meta.dirname, "../../..");
const withoutInstalling = { install: false, say: () => {} };
const isReady =
  process.platform === "linux" && findPrograms(new Set(["nginx", "curl"]), withoutInstalling).size === 2;

test("every contender copies the whole tree by HTTPS, with the certificate of the run", {
  skip: isReady ? false : "this needs Linux, nginx and curl",
}, async (t) => {
  const home = mkdtempSync(join(tmpdir(), "copy-bench-"));
  t.after(() => rmSync(home, { recursive: true }));
  const flags = ["--tls", "--files", "30", "--rounds", "1", "--bed", "disk", "--no-install"];
  const options = parseOptions([...flags, "--only", "brigade,brigade-index,undici,curl"], checkout);
  const place = { home, checkout, signal: new AbortController().signal, say: () => {} };
  const results = await benchCopies(options, place);
  assert.deepEqual(
    results.map(({ name, failures, runs }) => [name, failures, runs.map(({ files }) => files)]),
    ["brigade", "brigade-index", "undici", "curl"].map((name) => [name, [], [30]]),
  );
  const [brigade] = results;
  const names = brigade?.runs[0]?.threads.map(({ name }) => name) ?? [];
  for (const name of ["MainThread", "volume", "queues", "catalogue"])
    assert.ok(names.includes(name), `${names}`);
});
