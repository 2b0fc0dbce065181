/**
 * `npm run demo`: a sample bucket on loopback, the real `brigade copy` onto two volumes, and the
 * proof.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type Bucket, objectsOf, sampleTree, startBucket } from "../bucket/index.ts";
import { filesBelow } from "../e2e/disk.ts";
import { ownState } from "../programs.ts";

const command = fileURLToPath(new URL("../../packages/cli/bin/brigade.js", import.meta.url));

async function copy(bucket: Bucket, volumes: readonly string[]): Promise<void> {
  const args = ["copy", `upyun://${bucket.name}/`, ...volumes];
  say(`$ brigade ${args.join(" ")}`);
  const child = spawn(process.execPath, [command, ...args], {
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...process.env,
      ...ownState,
      UPYUN_OPERATOR: bucket.operator,
      UPYUN_PASSWORD: "password",
      UPYUN_ENDPOINT: bucket.restUrl,
      UPYUN_DOMAIN: bucket.domainUrl,
    },
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`brigade copy ended with ${code}`);
}

/** Reads every file back and compares it with the bucket. */
async function prove(bucket: Bucket, volumes: readonly string[]): Promise<void> {
  const expected = new Map([...objectsOf(bucket.tree)].map((object) => [object.key, object]));
  for (const volume of volumes) {
    const root = join(volume, bucket.name);
    const paths = await filesBelow(root);
    for (const path of paths) {
      const bytes = await buffer(createReadStream(join(root, path)));
      if (!bytes.equals(bucket.bodyOf(path))) throw new Error(`${path} differs`);
      expected.delete(path);
    }
    say(`${volume}: ${paths.length} files, such as`);
    for (const path of [paths[0], paths.at(-1)]) say(`    ${bucket.name}/${path}`);
  }
  if (expected.size > 0) throw new Error(`${expected.size} objects are missing`);
  say("Every object of the bucket was read back from the disks, byte for byte.");
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const folder = await mkdtemp(join(tmpdir(), "brigade-demo-"));
await using bucket = await startBucket({ name: "sample", tree: sampleTree() });
try {
  const volumes = [join(folder, "disk1"), join(folder, "disk2")];
  say(`A sample bucket (${[...objectsOf(bucket.tree)].length} pictures) speaks UpYun at ${bucket.restUrl}\n`);
  await copy(bucket, volumes);
  say("");
  await prove(bucket, volumes);
  const fetched = bucket.counters.domain + bucket.counters.get;
  say("\nThe same command again has nothing to fetch:\n");
  await copy(bucket, volumes);
  say(`\n${bucket.counters.domain + bucket.counters.get - fetched} bodies were fetched this time.`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
