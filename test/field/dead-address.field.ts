import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getuid } from "node:process";
import { type TestContext, test } from "node:test";
import { brigade, startBrigade, temporaryFolder } from "../e2e/brigade.ts";
import { freePort } from "../free-ports.ts";
import { names, siteWith } from "./bombs/site.ts";

/*
 * A host with two addresses: an IPv6 one that nothing comes back from, and a live IPv4 one.
 */

const unable =
  getuid?.() === 0 ? {} : { skip: "needs root, to give a name its addresses for one process only" };

/** An address looks dead when its queue of connections is full: Linux drops what comes then. */
const silentListener = `
import socket, sys
port = int(sys.argv[1])
listener = socket.socket(socket.AF_INET6)
listener.bind(("::1", port))
listener.listen(0)
first = socket.create_connection(("::1", port))
print("full", flush=True)
sys.stdin.read()
`;

async function fallSilent(t: TestContext, port: number): Promise<void> {
  const child = spawn("python3", ["-c", silentListener, String(port)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(() => child.kill());
  await once(child.stdout, "data");
}

/** Returns a command that starts a program for which `two.test` has these addresses. */
async function withHosts(t: TestContext, ...addresses: readonly string[]): Promise<string[]> {
  const hosts = join(await temporaryFolder(t), "hosts");
  await writeFile(hosts, addresses.map((address) => `${address} two.test\n`).join(""));
  return ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts];
}

test(
  "copy and get reach a host with a dead address by its other one, without a timeout",
  unable,
  async (t) => {
    const { port } = new URL(await siteWith(t, [], () => false));
    await fallSilent(t, Number(port));
    const through = await withHosts(t, "::1", "127.0.0.1");
    const folder = await temporaryFolder(t);
    const [volume, file] = [join(folder, "volume"), join(folder, "file")];
    const patient = { CONNECT_TIMEOUT_MS: "300000" };
    const began = performance.now();
    const site = `http://two.test:${port}`;
    const copied = await brigade(["copy", `${site}/`, volume], patient, undefined, through);
    assert.equal(copied.code, 0, copied.stderr + copied.stdout);
    assert.equal((await readdir(join(volume, `two-test-${port}`))).length, names.length);
    const got = await brigade(["get", `${site}/${names[0]}`, "-o", file], patient, undefined, through);
    assert.equal(got.code, 0, got.stderr);
    assert.equal((await readFile(file)).length, 1_000);
    assert.ok(performance.now() - began < 120_000, "no connection was waited for until its limit");
  },
);

test("if the only address is dead, the message names it and the time", unable, async (t) => {
  assert.match(await firstComplaint(t, "::1"), /no connection came about in time \(1 s, tried ::1\)/);
});

test("if one address is dead and another refuses, the message names both", unable, async (t) => {
  const told = await firstComplaint(t, "::1", "127.0.0.1");
  assert.match(told, /nothing listens on this port \(connection refused\)/);
  assert.match(told, /127\.0\.0\.1: connection refused/);
  assert.match(told, /::1: no answer in time/);
});

/**
 * Returns the output of a copy from a host with these addresses. No program listens there; `::1` is
 * silent.
 */
async function firstComplaint(t: TestContext, ...addresses: readonly string[]): Promise<string> {
  const port = await freePort();
  await fallSilent(t, port);
  const through = await withHosts(t, ...addresses);
  const { child, finished } = startBrigade(
    ["copy", `http://two.test:${port}/`, await temporaryFolder(t)],
    { CONNECT_TIMEOUT_MS: "1000" },
    undefined,
    through,
  );
  t.after(() => child.kill("SIGKILL"));
  const said = await new Promise<string>((resolve) => {
    let all = "";
    child.stderr?.on("data", (some: Buffer) => {
      all += some.toString();
      if (all.includes("the first listing did not come")) resolve(all);
    });
  });
  child.kill("SIGINT");
  assert.equal((await finished).code, 130);
  return said;
}
