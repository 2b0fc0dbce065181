import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { writeTree } from "../bucket/index.ts";
import { assertHoldsAll } from "../fleet/disks.ts";
import { docker, engineAnswers, type Host } from "./host.ts";
import {
  brigade,
  damage,
  disksOf,
  keys,
  makeVolumes,
  passwords,
  Site,
  tree,
  until,
  up,
  user,
} from "./set-up.ts";

const run = promisify(execFile);
const skip = !(await engineAnswers()) && "no Docker Engine answers";
const names = ["second-1", "second-2", "second-3"];

interface Told {
  readonly services: { service: string; instance: string; host: string }[];
  readonly volumes: { volume: string; host: string }[];
}

describe("commands about disks run on a download host, in compose", { skip }, () => {
  let site: Site;
  let head: Host;
  let second: Host;
  before(async () => {
    site = await Site.create();
    const reachable = { AMQP_BIND: site.address, LEDGER_BIND: site.address };
    head = await site.host({ ...passwords, ...reachable, COMPOSE_PROFILES: "head" });
    await up(head);
    second = await site.host({
      COMPOSE_PROFILES: "download",
      BROKER: await head.published("broker", 5672),
      BROKER_DOWNLOADER_PASSWORD: passwords.BROKER_DOWNLOADER_PASSWORD,
      BRIGADE_HOST: "second",
      DOWNLOADERS: "3",
      LEDGER_TOKEN: "",
    });
    await makeVolumes(second);
    await up(second);
  });
  after(() => site?.[Symbol.asyncDispose]());

  test("a host's downloaders have the same names after every `up`, and its volumes belong to the host", async () => {
    await heard(names);
    await second.compose("down");
    await heard([]);
    await up(second);
    await heard(names);
    const { services, volumes } = await told();
    for (const { host } of [...downloaders(services), ...volumes]) assert.equal(host, "second");
    assert.equal(volumes.length, 2);
  });

  test("a downloader is named after its container's number", async () => {
    const [container = ""] = (await second.compose("ps", "--format", "{{.Name}}", "downloader"))
      .split("\n")
      .filter((name) => name.endsWith("-downloader-2"));
    await docker("stop", container);
    await heard(["second-1", "second-3"]);
    await docker("start", container);
    await heard(names);
  });

  test("`verify --repair` puts damaged files back to work", async () => {
    await brigade(head, "start", "photos", "--wait");
    await damage(second, "photos", keys[0] ?? "");
    const onlyReads = onDisks("verify");
    await assert.rejects(onlyReads, { code: 3 });
    await assert.rejects(onDisks("verify", "--repair", "/volumes/1", "/volumes/2"), { code: 3 });
    await brigade(head, "start", "photos", "--wait");
    await assertHoldsAll(disksOf(second), site.buckets[0], keys);
    await onDisks("verify");
  });

  test("`adopt` enters a tree that lies on a volume in compose", async () => {
    const [disk] = disksOf(second);
    const [, docs] = site.buckets;
    const folder = join(disk, "left-by-a-tool");
    writeTree(tree, folder);
    await run("chown", ["-R", `${user}:${user}`, folder]);
    const summary = await onDisks("adopt", "docs", "/volumes/1/left-by-a-tool", "--json");
    assert.equal(JSON.parse(summary).adopted, keys.length);
    await brigade(head, "start", "docs", "--wait");
    assert.equal(docs.counters.get, 0, "nothing is fetched");
    await assertHoldsAll([disk], docs, keys);
  });

  test("`ledger rebuild` enters the files of a disk into an empty catalogue", async () => {
    await head.compose("rm", "--stop", "--force", "ledger");
    const volumes = (await docker("volume", "ls", "--quiet")).split("\n");
    const project = await projectOf(head);
    const ledger = volumes.find((name) => name === `${project}_ledger`) ?? assert.fail(String(volumes));
    await docker("volume", "rm", ledger);
    await up(head);
    await onDisks("ledger", "rebuild", "/volumes/1", "/volumes/2");
    const where = await brigade(head, "where", keys[0] ?? "", "--source", "docs", "--json");
    assert.equal(JSON.parse(where.split("\n")[0] ?? "").host, "second");
    assert.match(await brigade(head, "audit", "photos"), /all stored as they are/);
  });

  test("a command that reaches no ledger names the variables to set", async () => {
    const lost = second.compose("run", "--rm", "-T", "brigade", "verify", "--repair");
    await assert.rejects(lost, { stderr: /LEDGER_URL/ });
  });

  /** A command on the download host that needs the ledger. */
  async function onDisks(...args: string[]): Promise<string> {
    const token = `LEDGER_TOKEN=${passwords.BROKER_ADMIN_PASSWORD}`;
    const given = ["-e", `LEDGER_URL=${await ledgerUrl()}`, "-e", token];
    return await second.compose("run", "--rm", "-T", ...given, "brigade", ...args);
  }

  /** The port changes when the container is made anew. */
  async function ledgerUrl(): Promise<string> {
    return `http://${await head.published("ledger", 9100)}`;
  }

  async function told(): Promise<Told> {
    const answer = await fetch(`${await ledgerUrl()}/api/status`, {
      headers: { authorization: `Bearer ${passwords.BROKER_ADMIN_PASSWORD}` },
    });
    return (await answer.json()) as Told;
  }

  function downloaders(services: Told["services"]) {
    return services.filter(({ service }) => service === "downloader");
  }

  async function heard(instances: readonly string[]): Promise<void> {
    await until(`the downloaders are ${instances}`, async () => {
      const { services } = await told();
      return String(downloaders(services).map(({ instance }) => instance)) === String(instances);
    });
  }
});

async function projectOf({ folder }: Host): Promise<string> {
  const text = await readFile(join(folder, ".env"), "utf8");
  return /^COMPOSE_PROJECT_NAME='(.*)'$/m.exec(text)?.[1] ?? "";
}
