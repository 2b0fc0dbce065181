import assert from "node:assert/strict";
import { chown, readdir, stat } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { type BrokerAdmin, connectBrokerAdmin, connectRabbitBroker } from "@brigade/broker";
import type { QueueKind } from "@brigade/core";
import { assertHoldsAll } from "../fleet/disks.ts";
import { silentLog } from "../logs.ts";
import { docker, engineAnswers, type Host } from "./host.ts";
import {
  brigade,
  damage,
  disksOf,
  inHand,
  keys,
  makeVolumes,
  passwords,
  Site,
  until,
  up,
  user,
} from "./set-up.ts";

const skip = !(await engineAnswers()) && "no Docker Engine answers";

describe("one host runs everything, in compose", { skip }, () => {
  let site: Site;
  let host: Host;
  before(async () => {
    site = await Site.create();
    host = await site.host({ ...passwords, COMPOSE_PROFILES: "head,download", DOWNLOADERS: "3" });
    await makeVolumes(host);
    await up(host);
  });
  after(() => site?.[Symbol.asyncDispose]());

  test("a killed replica's work is done by the others", async () => {
    const [bucket] = site.buckets;
    const finished = brigade(host, "start", "photos", "--wait");
    await until("a quarter fetched", () => bucket.counters.get > keys.length / 4);
    const [victim = ""] = (await host.compose("ps", "--quiet", "downloader")).split("\n");
    await docker("kill", victim);
    assert.ok(bucket.counters.get < keys.length, "killed before the end");
    await finished;
    assert.equal(await docker("inspect", victim, "--format", "{{.State.Running}}"), "false");
    await assertHoldsAll(disksOf(host), bucket, keys);
    assert.ok(bucket.counters.get <= keys.length + inHand, `${bucket.counters.get} fetches`);
  });

  test("`down` and `up` in mid-run resume the job", async () => {
    const [, bucket] = site.buckets;
    await brigade(host, "start", "docs");
    await until("a quarter fetched", () => bucket.counters.get > keys.length / 4);
    await host.compose("down");
    assert.ok(bucket.counters.get < keys.length, "stopped before the end");
    await up(host, "--scale", "downloader=4");
    await until("the job is complete", async () => (await stateOf("docs")) === "complete");
    await assertHoldsAll(disksOf(host), bucket, keys);
    assert.equal(bucket.counters.get, keys.length, "nothing is fetched again after an orderly stop");
  });

  test("status, where, failed and audit answer from the ledger, in compose", async () => {
    const told = await brigade(host, "status", "--json");
    const { sources } = JSON.parse(told) as { sources: { source: string; job?: { state: string } }[] };
    assert.deepEqual(sources.map(({ source, job }) => [source, job?.state]).sort(), [
      ["docs", "complete"],
      ["photos", "complete"],
    ]);
    const [key = ""] = keys;
    const lines = (await brigade(host, "where", key, "--source", "photos", "--json")).split("\n");
    assert.equal(JSON.parse(lines[0] ?? "").key, key);
    assert.equal(await brigade(host, "failed", "photos", "--json"), "");
    assert.match(await brigade(host, "audit", "photos"), /all stored as they are/);
  });

  test("verify reads and repairs the disks that `.env` names", async () => {
    const [bucket] = site.buckets;
    await damage(host, "photos", keys[0] ?? "");
    await assert.rejects(brigade(host, "verify", "--repair"), { code: 3 });
    await brigade(host, "start", "photos", "--wait");
    await assertHoldsAll(disksOf(host), bucket, keys);
    assert.match(await brigade(host, "verify"), /all as they were stored/);
  });

  test("stored files belong to the configured user", async () => {
    const [first, second] = disksOf(host);
    for (const disk of [first, second]) assert.equal((await stat(`${disk}/photos`)).uid, user);
  });

  test("a downloader's credentials read no directories or records, and declare nothing", async () => {
    const url = await downloaderUrl();
    for (const queue of ["directories", "records"] as const) {
      assert.match(
        String(await refusal(url, queue)),
        new RegExp(`refuses user "brigade-downloader".*${queue}`),
      );
    }
    await assert.rejects(
      asAdmin(url, (admin) => admin.declare("another")),
      { name: "FatalError", message: /refuses user "brigade-downloader"/ },
    );
  });

  test("a downloader's credentials open no other vhost, and wrong ones none", async () => {
    await host.compose("exec", "-T", "broker", "rabbitmqctl", "add_vhost", "other");
    const url = await downloaderUrl();
    await assert.rejects(
      asAdmin(`${url}/other`, (admin) => admin.depths("photos")),
      {
        name: "FatalError",
        message: /refuses vhost "other"/,
      },
    );
    const wrong = url.replace(passwords.BROKER_DOWNLOADER_PASSWORD, "wrong");
    await assert.rejects(
      asAdmin(wrong, (admin) => admin.depths("photos")),
      {
        name: "FatalError",
        message: /wrong user or password/,
      },
    );
  });

  test("the broker has no user called guest", async () => {
    const users = await host.compose("exec", "-T", "broker", "rabbitmqctl", "--silent", "list_users");
    assert.deepEqual(
      users
        .split("\n")
        .map((line) => line.split("\t")[0])
        .sort(),
      ["brigade-admin", "brigade-downloader", "brigade-ledger", "brigade-lister", "brigade-monitor"],
    );
  });

  test("a disk that is not there is an error, not a folder", async () => {
    const other = await site.host({ ...passwords, COMPOSE_PROFILES: "download", VOLUME_2: "./missing" });
    await assert.rejects(other.compose("up", "--no-build"), /missing/);
    await assert.rejects(stat(`${other.folder}/missing`), { code: "ENOENT" });
  });

  test("a disk that belongs to root is reported in one line, with the user who may not write there", async () => {
    const other = await site.host({ ...passwords, COMPOSE_PROFILES: "download" });
    const [disk] = disksOf(other);
    await chown(disk, 0, 0);
    const told = new RegExp(
      `\\n?brigade: configuration: /volumes/1 .*\\(user ${user}, group ${user}\\).*chown -R ${user}:${user}`,
    );
    await assert.rejects(makeVolumes(other), { code: 2, stderr: told });
    assert.deepEqual(await readdir(disk), []);
  });

  async function downloaderUrl(): Promise<string> {
    const password = passwords.BROKER_DOWNLOADER_PASSWORD;
    return `amqp://brigade-downloader:${password}@${await host.published("broker", 5672)}`;
  }

  async function stateOf(source: string): Promise<string | undefined> {
    const answer = await fetch(`http://${await host.published("ledger", 9100)}/api/jobs`, {
      headers: { authorization: `Bearer ${passwords.BROKER_ADMIN_PASSWORD}` },
    });
    const jobs = (await answer.json()) as { source: string; state: string }[];
    return jobs.find((job) => job.source === source)?.state;
  }
});

async function asAdmin<T>(url: string, act: (admin: BrokerAdmin) => Promise<T>): Promise<T> {
  await using admin = await connectBrokerAdmin({ url, connectionName: "test", log: silentLog });
  return await act(admin);
}

/** How consuming a queue of the source `photos` is refused. */
async function refusal(url: string, queue: QueueKind): Promise<unknown> {
  let error: unknown;
  const onError = (one: unknown) => {
    error = one;
  };
  await using broker = await connectRabbitBroker({ url, connectionName: "test", log: silentLog, onError });
  await broker.consume({ source: "photos", queue }, { prefetch: 1 }, async () => ({ kind: "release" }));
  await until(`${queue} refused`, () => error !== undefined);
  return error;
}
