import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { brigade, temporaryFolder } from "../e2e/brigade.ts";
import { until } from "../fleet/fleet.ts";
import { freePort } from "../free-ports.ts";
import { requirePrograms } from "../programs.ts";
import { limitedSite } from "./servers/limited-site.ts";

/** haproxy before a server; `lines` go into its frontend. Gives its URL. */
async function balancer(t: TestContext, folder: string, server: string, lines: string): Promise<string> {
  requirePrograms("haproxy");
  const port = await freePort();
  const file = join(folder, "haproxy.cfg");
  const timeouts = ["connect", "client", "server"].map((what) => `  timeout ${what} 60s\n`).join("");
  const frontend = `frontend f\n  bind 127.0.0.1:${port}\n  ${lines}\n  default_backend b\n`;
  writeFileSync(
    file,
    `defaults\n  mode http\n${timeouts}${frontend}backend b\n  server s ${new URL(server).host}\n`,
  );
  const haproxy = spawn("haproxy", ["-db", "-f", file], { stdio: "ignore" });
  t.after(() => haproxy.kill());
  await until("haproxy listens", async () => {
    const socket = connect(port, "127.0.0.1");
    return await once(socket, "connect").then(
      () => socket.destroy() !== undefined,
      () => false,
    );
  });
  return `http://127.0.0.1:${port}/`;
}

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
  const url = await balancer(t, folder, site.url, "maxconn 3");
  const began = performance.now();
  const { code, stderr } = await brigade(["copy", url, volume], { LOG_LEVEL: "info" });
  const seconds = (performance.now() - began) / 1000;
  assert.equal(code, 0, stderr);
  assert.ok(seconds < 25, `${seconds.toFixed(1)} s`);
  assert.match(stderr, /"limit":3.*the server serves fewer connections than were opened/);
});
