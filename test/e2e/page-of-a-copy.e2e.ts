import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { until } from "../waiting.ts";
import { brigade, onTerminal, startBrigade, temporaryFolder } from "./brigade.ts";

/** A list of one object, whose body waits until it is released. */
async function slowList(t: TestContext) {
  const waiting: ServerResponse[] = [];
  let isReleased = false;
  const server = createServer((_request, response) => {
    if (isReleased) response.end("body");
    else waiting.push(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const folder = await temporaryFolder(t);
  const volume = join(folder, "volume");
  mkdirSync(volume);
  const list = join(folder, "urls.txt");
  writeFileSync(list, `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.jpg\n`);
  const release = () => {
    isReleased = true;
    for (const response of waiting) response.end("body");
  };
  return { args: ["copy", `list:${list}`, volume, "--allow-private", "--http", "0"], volume, release };
}

test("the page of a copy has a token of its own: in a file for this user only, never in the log, gone with the copy", async (t) => {
  const { args, volume, release } = await slowList(t);
  const { child, finished } = startBrigade(args, { LEDGER_TOKEN: "of-the-fleet" });
  let log = "";
  child.stderr?.on("data", (text) => {
    log += text;
  });
  const file = join(volume, ".brigade", "state", "page-address");
  await until("the log names the file", () => log.includes(file));
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const address = new URL((await readFile(file, "utf8")).trim());
  const token = /^#token=([\w-]{32})$/.exec(address.hash)?.[1] ?? "";
  assert.notEqual(token, "", address.href);
  const jobs = `${address.origin}/api/jobs`;
  const statusWith = async (headers: Record<string, string>) => (await fetch(jobs, { headers })).status;
  assert.equal(await statusWith({}), 401);
  assert.equal(await statusWith({ authorization: "Bearer of-the-fleet" }), 401);
  const headers = { authorization: `Bearer ${token}` };
  assert.equal(await statusWith(headers), 200);
  const exchanged = await fetch(`${address.origin}/api/session`, { method: "POST", headers });
  const [cookie = ""] = (exchanged.headers.get("set-cookie") ?? "").split(";");
  assert.equal(await statusWith({ cookie }), 200);
  assert.equal(
    (await fetch(`${address.origin}/api/session`, { method: "DELETE", headers: { cookie } })).status,
    204,
  );
  assert.equal(await statusWith({ cookie }), 401, "logged out");
  release();
  const { code, stderr } = await finished;
  assert.equal(code, 0, stderr);
  assert.ok(!stderr.includes(token), "the token is in the log");
  await assert.rejects(stat(file), { code: "ENOENT" });
});

test("LOG_LEVEL does not hide where the address stands, nor the address on a terminal", async (t) => {
  for (const LOG_LEVEL of ["warn", "silent"]) {
    const { args, volume, release } = await slowList(t);
    release();
    const file = join(volume, ".brigade", "state", "page-address");
    const { code, stderr } = await brigade(args, { LOG_LEVEL });
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      stderr
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).file),
      [file],
    );
    assert.match((await onTerminal(args, { LOG_LEVEL })).text, /#token=[\w-]{32}/);
  }
});

test("on a terminal the page's address is printed with its token", async (t) => {
  const { args, release } = await slowList(t);
  release();
  const { code, text } = await onTerminal(args, {});
  assert.equal(code, 0, text);
  assert.match(text, /http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{32}/);
});
