import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { brigade, temporaryFolder } from "../e2e/brigade.ts";
import { startHaproxy } from "./servers/gateways.ts";
import { limitedSite } from "./servers/limited-site.ts";

test("a balancer that serves three connections only costs a moment, not its idle times", async (t) => {
  const site = await limitedSite(t, {
    directories: 1,
    filesPerDirectory: 96,
    gate: () => "served",
    latency: [20, 20],
  });
  const folder = await temporaryFolder(t);
  const volume = join(folder, "volume");
  mkdirSync(volume);
  await using balancer = await startHaproxy(folder, site.url, "maxconn 3");
  const { code, stderr } = await brigade(["copy", `${balancer.url}/`, volume], { LOG_LEVEL: "info" });
  assert.equal(code, 0, stderr);
  assert.ok(site.seconds.length < 25, `${site.seconds.length} s from the first request to the last`);
  assert.match(stderr, /"limit":3.*the server serves fewer connections than were opened/);
});
