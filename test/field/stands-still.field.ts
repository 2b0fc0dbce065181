import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { brigade, temporaryFolder } from "../e2e/brigade.ts";
import { limitedSite } from "./servers/limited-site.ts";

const files = 400;
/**
 * Requests for files at which nothing is answered for a while; connections are opened with the
 * first of them.
 */
const moments = [5, 30, 200];
const pauseMs = 5_000;

/** Blocks this process, and so the server too. */
function standStill(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
}

test(`a server that stands still for ${pauseMs / 1000} s, ${moments.length} times, gets no request twice`, async (t) => {
  const asked = new Map<string, number>();
  let bodies = 0;
  const site = await limitedSite(t, {
    directories: 1,
    filesPerDirectory: files,
    gate: (_, { method, url = "" }) => {
      if (method !== "GET" || !url.endsWith(".txt")) return "served";
      asked.set(url, (asked.get(url) ?? 0) + 1);
      bodies++;
      if (moments.includes(bodies)) standStill();
      return "served";
    },
  });
  const volume = join(await temporaryFolder(t), "volume");
  mkdirSync(volume);
  const { code, stderr } = await brigade(["copy", `${site.url}/`, volume], { LOG_LEVEL: "info" });
  assert.equal(code, 0, stderr);
  assert.equal(asked.size, files);
  assert.equal(bodies - files, 0, "requests in vain");
});
