import assert from "node:assert/strict";
import { once } from "node:events";
import { hostname } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { openCatalogue } from "@brigade/ledger";
import { createStatus, ledgerApp } from "@brigade/ledger/http";
import { Hono } from "hono";
import { silentLog } from "../../../../test/logs.ts";
import { listen } from "../../src/service/listening/listen.ts";
import { brigade, spawnBrigade, temporaryFolder } from "../command.ts";
import { until } from "../fakes.ts";

const job = { id: "photos-1", source: "photos", fingerprint: "f" };
const volume = { id: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", label: "blue disk", host: hostname() };

/** The accounts of a job with one object that was stored and one that failed. */
async function accounts(state: string) {
  const catalogue = await openCatalogue({ path: join(state, "catalogue.sqlite"), log: silentLog });
  await catalogue.jobs.open({ ...job, prefix: "", filters: {}, startedAt: 1_000 });
  await catalogue.recording.noteVolumes([{ ...volume, gone: null }], 2_000);
  const listed = { listedSize: 100, modified: 1 };
  await catalogue.recording.record([
    {
      v: 1,
      type: "page",
      job,
      directory: "",
      walk: 0,
      page: 1,
      id: "p",
      end: "last",
      count: 2,
      bytes: 200,
      directories: [],
    },
    {
      v: 1,
      type: "result",
      job,
      host: volume.host,
      volume: volume.id,
      at: 2_000,
      pages: [
        {
          page: "p",
          directory: "",
          objects: [
            { index: 0, name: "a", outcome: "stored", ...listed, size: 100 },
            { index: 1, name: "b", outcome: "failed", ...listed, reason: "403", class: "forbidden" },
          ],
        },
      ],
    },
  ]);
  return catalogue;
}

/** The same accounts, closed, behind a ledger over HTTP. */
async function ledger(state: string, { closed = true } = {}) {
  await using opening = new AsyncDisposableStack();
  const catalogue = opening.use(await accounts(state));
  if (closed) await catalogue.jobs.close(job.id, "complete");
  const status = opening.use(await createStatus({ catalogue, log: silentLog }));
  const app = ledgerApp(catalogue, { status, log: silentLog });
  const paths: string[] = [];
  const noting = new Hono().all("*", ({ req, env }) => {
    paths.push(req.path);
    return app.fetch(req.raw, env);
  });
  const { url } = opening.use(await listen(noting, { host: "127.0.0.1", port: 0 }));
  const resources = opening.move();
  return { url, paths, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

describe("status --wait", () => {
  test("of a fleet's job that has ended names its disks, and what its operator can do", async () => {
    await using folder = await temporaryFolder();
    await using served = await ledger(folder.path);
    const { code, stdout, stderr } = await brigade(["status", "photos", "--wait"], {
      LEDGER_URL: served.url,
    });
    assert.equal(code, 3, stderr);
    assert.match(stdout, /^photos: finished, but some objects failed\. .*`brigade retry photos`/);
    assert.match(stdout, new RegExp(`blue disk +1 +100 B +${hostname()}\n`));
    assert.doesNotMatch(stdout, /same command|brigade copy/);
  });

  test("of a copy's accounts advises to run the same copy again", async () => {
    await using folder = await temporaryFolder();
    const catalogue = await accounts(folder.path);
    await catalogue.jobs.close(job.id, "complete");
    await catalogue[Symbol.asyncDispose]();
    const { code, stdout, stderr } = await brigade(["status", "--wait", "--state-dir", folder.path]);
    assert.equal(code, 3, stderr);
    assert.match(stdout, /^photos: finished, but some objects failed\. Run the same `brigade copy` again/);
  });

  test("has in JSON a volume's id, label and host, and no folder if none was reported", async () => {
    await using folder = await temporaryFolder();
    await using served = await ledger(folder.path);
    const { stdout } = await brigade(["status", "photos", "--wait", "--json"], { LEDGER_URL: served.url });
    const { volumes, failed, ...report } = JSON.parse(stdout);
    assert.deepEqual(volumes, [{ ...volume, objects: 1, bytes: 100 }]);
    assert.deepEqual(failed, [{ key: "b", reason: "403" }]);
    assert.deepEqual(
      [report.job, report.source, report.complete, report.exitCode],
      [job.id, "photos", true, 3],
    );
    assert.equal("resumed" in report, false);
  });

  test("ends with 130 when it is interrupted, and prints that the job goes on", async () => {
    await using folder = await temporaryFolder();
    await using served = await ledger(folder.path, { closed: false });
    const waiting = spawnBrigade(["status", "photos", "--wait"], { LEDGER_URL: served.url });
    const [stderr, ended] = [text(waiting.stderr), once(waiting, "close")];
    await until("it looks at the job", () => served.paths.filter((path) => path.endsWith(job.id)).length > 1);
    waiting.kill("SIGINT");
    assert.deepEqual(await ended, [130, null]);
    assert.match(await stderr, /no longer waiting; this does not end the job photos-1\n$/);
  });
});
