import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { syntheticTree } from "../bucket/index.ts";
import { filesBelow } from "../e2e/disk.ts";
import { startNginx } from "../get/nginx.ts";
import { requirePrograms } from "../programs.ts";
import { type RabbitNode, startNode } from "../rabbitmq/index.ts";
import { place } from "./set-up.ts";

const home = mkdtempSync(join(tmpdir(), "brigade-sources-"));
let node: RabbitNode;
before(async () => {
  requirePrograms("nginx");
  node = await startNode();
});
after(async () => {
  await node[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

const none = syntheticTree({ directories: 1, filesPerDirectory: 1, minSize: 1, maxSize: 2, seed: 1 });

test("a fleet empties a web server's index pages and a list of URLs, and can say where everything is", async (t) => {
  const root = join(home, "root");
  const names = Array.from({ length: 400 }, (_, n) => `pub/d${n % 8}/file ${n}.txt`);
  for (const name of names) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), `the text of ${name}`);
  }
  await using nginx = await startNginx(home, root, "autoindex on;");
  const list = join(home, "urls.txt");
  const urlOf = (name: string) => `${nginx.url}/${encodeURI(name)}`;
  writeFileSync(list, ["htp:/broken", ...names.map((name, n) => `of/list/${n}\t${urlOf(name)}`)].join("\n"));

  const { fleet } = await place(t, node, none, {
    SOURCES: `site=${nginx.url}/pub/ listed=list:${list}`,
    BATCH_FILES: "16",
    ALLOW_PRIVATE: "true",
  });
  await fleet.ledger();
  await fleet.lister();
  await fleet.downloader("a");
  await fleet.downloader("b");
  const site = await fleet.closed(await fleet.start("site"));
  assert.deepEqual([site.state, site.progress.stored.objects], ["complete", names.length]);
  const job = await fleet.start("listed");
  const listed = await fleet.closed(job);
  assert.equal(listed.progress.stored.objects, names.length);
  const failures = await fleet.failures(job);
  assert.deepEqual(
    failures.map(({ key }) => key),
    ["urls.txt:1"],
  );

  const onDisk = await Promise.all(["a", "b"].map((volume) => filesBelow(fleet.volume(volume))));
  const expected = [
    ...names.map((name) => `site/${name}`),
    ...names.map((_, n) => `listed/of/list/${n}`),
  ].sort();
  assert.deepEqual(onDisk.flat().sort(), expected);
  const where = await fleet.run("where", "of/list/7", "--json");
  assert.equal(where.code, 0, where.stderr);
  const { label, path } = JSON.parse(where.stdout.split("\n")[0] ?? "");
  const file = await readFile(join(fleet.volume(label), "listed", path));
  assert.equal(file.toString(), `the text of ${names[7]}`);
});
