import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, mkdir, readdir, stat } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { describe, test } from "node:test";
import { LedgerClient } from "@brigade/ledger/http";
import { brigade, environment, startService, temporaryFolder } from "../command.ts";

const job = { id: "j", source: "photos", fingerprint: "f", prefix: "", filters: {}, startedAt: 1 };

describe("every service", () => {
  test("reports all problems of its configuration together, with exit code 2", async () => {
    for (const [service, variables] of [
      ["lister", ["AMQP_URL", "SOURCES", "LEDGER_URL", "HTTP_PORT", "MAX_ATTEMPTS"]],
      ["downloader", ["AMQP_URL", "SOURCES", "VOLUMES", "HTTP_PORT", "MAX_ATTEMPTS"]],
      ["ledger", ["AMQP_URL", "SOURCES", "LEDGER_PATH", "HTTP_PORT", "MAX_ATTEMPTS"]],
    ] as const) {
      const wrong = { AMQP_URL: "http://x", LEDGER_URL: "x", HTTP_PORT: "70000", MAX_ATTEMPTS: "0" };
      const { code, stderr } = await brigade([service], wrong);
      assert.equal(code, 2, stderr);
      for (const name of variables) assert.match(stderr, new RegExp(`- ${name}: `), service);
    }
  });

  test("answers for its health and figures while the broker is away, and leaves on SIGTERM with 0", async () => {
    await using folder = await temporaryFolder();
    const volume = join(folder.path, "volume");
    await mkdir(volume);
    const own = {
      lister: {},
      ledger: { LEDGER_PATH: join(folder.path, "catalogue.sqlite") },
      downloader: { VOLUMES: volume, VOLUME_AUTO_INIT: "true" },
    };
    for (const [name, variables] of Object.entries(own)) {
      await using service = await startService(name, { ...environment, ...variables });
      const health = await fetch(`${service.url}/healthz`);
      assert.equal(health.status, 200);
      const standing = { service: name, broker: "connecting", pauses: {}, fetching: {}, listing: {} };
      assert.deepEqual(await health.json(), standing);
      const metrics = await (await fetch(`${service.url}/metrics`)).text();
      assert.match(metrics, /^brigade_broker_state\{state="connecting"\} 1$/m);
      assert.match(metrics, /^process_cpu_seconds_total/m);
      service.kill("SIGTERM");
      assert.equal(await service.ended, 0, JSON.stringify(service.log));
      assert.deepEqual(
        service.log
          .filter(({ level }) => Number(level) > 30)
          .map(({ msg }) => String(msg).match(/broker/)?.[0]),
        ["broker"],
        "one line about the broker",
      );
      assert.doesNotMatch(JSON.stringify(service.log), /password/);
    }
  });

  test("says in one line when its port is taken", async () => {
    await using folder = await temporaryFolder();
    const path = (name: string) => ({ LEDGER_PATH: join(folder.path, name) });
    await using first = await startService("ledger", { ...environment, ...path("a") });
    const { port } = new URL(first.url);
    const { code, stderr } = await brigade(["ledger"], { ...environment, ...path("b"), HTTP_PORT: port });
    assert.equal(code, 2);
    assert.match(stderr, /^brigade: configuration: HTTP_HOST, HTTP_PORT: .*EADDRINUSE.*\n$/);
  });
});

describe("a downloader", () => {
  test("refuses folders that are no volumes, all together, and writes nothing below them", async () => {
    await using folder = await temporaryFolder();
    const empty = join(folder.path, "empty");
    await mkdir(empty);
    const missing = join(folder.path, "missing");
    const { code, stderr } = await brigade(["downloader"], {
      ...environment,
      VOLUMES: `${empty}:${missing}`,
      LOG_LEVEL: "error",
    });
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`- ${empty} is not a volume`));
    assert.match(stderr, new RegExp(`- ${missing} is not a folder`));
    assert.deepEqual(await readdir(empty), []);
  });

  test("refuses a disk that it is given under two paths", async () => {
    await using folder = await temporaryFolder();
    const root = join(folder.path, "volume");
    await mkdir(root);
    const { code, stderr } = await brigade(["downloader"], {
      ...environment,
      VOLUMES: `${root}:${root}/../volume`,
      VOLUME_AUTO_INIT: "true",
      LOG_LEVEL: "error",
    });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /the same folder/);
  });
});

describe("a ledger", () => {
  test("is alone with its catalogue: another one says so in one line, with exit code 4", async () => {
    await using folder = await temporaryFolder();
    const own = { ...environment, LEDGER_PATH: join(folder.path, "catalogue.sqlite") };
    await using _ = await startService("ledger", own);
    const { code, stderr } = await brigade(["ledger"], own);
    assert.equal(code, 4, stderr);
    assert.match(JSON.parse(stderr).msg, /in use by another process/);
  });

  test("opens jobs of its sources only, for requests with the token, and keeps them over a restart", async () => {
    await using folder = await temporaryFolder();
    const own = {
      ...environment,
      LEDGER_PATH: join(folder.path, "catalogue.sqlite"),
      LEDGER_TOKEN: "a token",
    };
    {
      await using service = await startService("ledger", own);
      const client = new LedgerClient({ url: service.url, token: "a token" });
      await assert.rejects(new LedgerClient({ url: service.url }).openJob(job), /LEDGER_TOKEN/);
      await assert.rejects(client.openJob({ ...job, source: "music" }), /SOURCES .* "music"/);
      assert.deepEqual(await client.openJob(job), { first: true });
      service.kill("SIGKILL");
      await service.ended;
    }
    await using again = await startService("ledger", own);
    const client = new LedgerClient({ url: again.url, token: "a token" });
    await assert.rejects(
      new LedgerClient({ url: again.url }).jobs(),
      /LEDGER_TOKEN/,
      "reading needs it, too",
    );
    assert.equal((await client.openJobOf("photos"))?.id, "j");
    assert.equal((await client.job("j")).progress.directories.known, 1);
  });

  test("keeps its catalogue and backups for its owner alone, also those of a version before", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "catalogue.sqlite");
    const own = { ...environment, LEDGER_PATH: path };
    const backUp = async () => {
      await using service = await startService("ledger", own);
      await new LedgerClient({ url: service.url }).backup();
      const names = await readdir(folder.path);
      for (const name of names) assert.equal((await stat(join(folder.path, name))).mode & 0o077, 0, name);
      assert.ok(names.includes("catalogue.sqlite.backup"), names.join());
    };
    await backUp();
    for (const file of [path, `${path}.backup`]) await chmod(file, 0o644);
    await backUp();
  });

  test("does not start without a token where others than this machine reach it, and says so", async () => {
    await using folder = await temporaryFolder();
    const own = { ...environment, LEDGER_PATH: join(folder.path, "catalogue.sqlite") };
    for (const HTTP_HOST of ["0.0.0.0", "::", "192.0.2.7", "127.0.0.1.example", "127.example"]) {
      const { code, stderr } = await brigade(["ledger"], { ...own, HTTP_HOST });
      assert.equal(code, 2, stderr);
      assert.match(stderr, /LEDGER_TOKEN is not set, and HTTP_HOST=/);
    }
    const tokens = { LEDGER_TOKEN: "one", LEDGER_SERVICE_TOKEN: "one" };
    assert.match((await brigade(["ledger"], { ...own, ...tokens })).stderr, /the same as LEDGER_TOKEN/);
    await using _ = await startService("ledger", { ...own, HTTP_HOST: "0.0.0.0", LEDGER_TOKEN: "a token" });
  });

  test("answers by the addresses of this machine and by the names of LEDGER_HOSTS", async () => {
    await using folder = await temporaryFolder();
    await using service = await startService("ledger", {
      ...environment,
      LEDGER_PATH: join(folder.path, "catalogue.sqlite"),
      LEDGER_HOSTS: "Ledger, head.example [2001:db8::1]",
    });
    const wrong = await brigade(["ledger"], {
      ...environment,
      LEDGER_PATH: "/x",
      LEDGER_HOSTS: "a.example:9100",
    });
    assert.match(wrong.stderr, /LEDGER_HOSTS[^\n]* without scheme and port/);
    const { port } = new URL(service.url);
    for (const [host, status] of [
      [`127.0.0.1:${port}`, 200],
      [`ledger:${port}`, 200],
      ["head.example", 200],
      ["[2001:db8::1]:9100", 200],
      ["rebound.example", 421],
    ] as const) {
      const asking = request(`${service.url}/api/jobs`, { headers: { host } }).end();
      const [answer] = await once(asking, "response");
      assert.equal(answer.statusCode, status, host);
      answer.resume();
    }
  });
});
