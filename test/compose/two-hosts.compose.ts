import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { connectBrokerAdmin } from "@brigade/broker";
import { assertHoldsAll } from "../fleet/disks.ts";
import { silentLog } from "../logs.ts";
import { until } from "../waiting.ts";
import { engineAnswers, type Host } from "./host.ts";
import { brigade, disksOf, keys, makeVolumes, passwords, Site, up } from "./set-up.ts";

const tls = { COMPOSE_FILE: "docker-compose.yml:deploy/tls.yml" };
const passwordOfThird = crypto.randomUUID();
const skip = !(await engineAnswers()) && "no Docker Engine answers";

describe("a head host and a download host share a job, with AMQPS between them", { skip }, () => {
  let site: Site;
  let head: Host;
  let broker: string;
  before(async () => {
    site = await Site.create();
    head = await site.host({
      ...tls,
      ...passwords,
      COMPOSE_PROFILES: "head",
      AMQP_BIND: site.address,
      BROKER_DOWNLOADERS: `third=${passwordOfThird}`,
    });
    await promisify(execFile)(join(head.folder, "deploy/certificates.sh"), [site.address]);
    await up(head);
    broker = await head.published("broker", 5671);
  });
  after(() => site?.[Symbol.asyncDispose]());

  test("a download host needs only the downloader's password and the CA", async () => {
    const download = await site.host({
      ...tls,
      COMPOSE_PROFILES: "download",
      BROKER: broker,
      BROKER_DOWNLOADER_PASSWORD: passwords.BROKER_DOWNLOADER_PASSWORD,
      BRIGADE_HOST: "second",
      FETCH_CONCURRENCY: "64",
      LEDGER_TOKEN: "",
    });
    await cp(authority(head), authority(download));
    await makeVolumes(download);
    await up(download);
    const answer = JSON.parse(await brigade(head, "start", "photos", "--wait", "--json"));
    await assertHoldsAll(disksOf(download), site.buckets[0], keys);
    assert.match(JSON.stringify(answer), /"second"/);
  });

  test("a download host with a user of its own connects as that user", async () => {
    const download = await site.host({
      ...tls,
      COMPOSE_PROFILES: "download",
      BROKER: broker,
      BROKER_DOWNLOADER: "brigade-downloader-third",
      BROKER_DOWNLOADER_PASSWORD: passwordOfThird,
      BRIGADE_HOST: "third",
      LEDGER_TOKEN: "",
    });
    await cp(authority(head), authority(download));
    await makeVolumes(download);
    await up(download);
    await until("the ledger hears the host", async () => /\bthird-1\b/.test(await brigade(head, "status")));
  });

  test("a broker whose certificate is of an unknown CA is refused", async () => {
    const url = `amqps://brigade-admin:${passwords.BROKER_ADMIN_PASSWORD}@${broker}`;
    await assert.rejects(connectBrokerAdmin({ url, connectionName: "test", log: silentLog }), {
      name: "FatalError",
      message: /certificate/,
    });
    const ca = await readFile(authority(head), "utf8");
    await using admin = await connectBrokerAdmin({ url, ca, connectionName: "test", log: silentLog });
    assert.notEqual(await admin.depths("photos"), undefined);
  });
});

function authority({ folder }: Host): string {
  return join(folder, "deploy/certificates/ca.pem");
}
