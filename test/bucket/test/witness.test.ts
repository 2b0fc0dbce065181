import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import upyun from "upyun";
import { type Bucket, endOfListing, explicitTree, oddObjects, startBucket, syntheticTree } from "../index.ts";

function sdk({ name, operator, restUrl }: Bucket, password = "password") {
  const service = new upyun.Service(name, operator, password);
  // Without `proxy: false` it would send requests for the loopback to a proxy of the environment.
  return new upyun.Client(service, { domain: new URL(restUrl).host, protocol: "http", proxy: false });
}

async function read(client: InstanceType<typeof upyun.Client>, key: string): Promise<Buffer> {
  const target = new PassThrough();
  const [bytes, answer] = await Promise.all([
    buffer(target),
    client.getFile(key, target).then((found) => {
      if (found === false) target.end();
      return found;
    }),
  ]);
  assert.notEqual(answer, false, key);
  return bytes;
}

test("the official SDK lists every page of every directory and reads each object byte for byte", async () => {
  const tree = syntheticTree({
    directories: 4,
    depth: 2,
    filesPerDirectory: 12,
    minSize: 0,
    maxSize: 70_000,
  });
  await using bucket = await startBucket({ tree });
  const client = sdk(bucket);
  const keys: string[] = [];
  const pending = ["/"];
  let pages = 0;
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    let iter: string | undefined;
    do {
      const page = await client.listDir(directory, { limit: 5, ...(iter === undefined ? {} : { iter }) });
      assert.ok(page && page.next !== undefined);
      pages++;
      for (const { name, type, size, time } of page.files) {
        const key: string = `${directory}${name}`;
        if (type === "F") {
          pending.push(`${key}/`);
        } else {
          keys.push(key);
          assert.deepEqual(
            [size, time],
            [tree.bodyOf(key.slice(1)).length, tree.object(key.slice(1))?.modified],
          );
        }
      }
      iter = page.next;
    } while (iter !== endOfListing);
  }
  assert.equal(keys.length, tree.count);
  assert.equal(pages, 3 + 4 * 3);
  for (const key of keys) assert.ok((await read(client, key)).equals(tree.bodyOf(key.slice(1))), key);
  assert.equal(bucket.counters.refused, 0);
});

test("the official SDK reads metadata of files and directories", async () => {
  const bytes = Buffer.from("some bytes");
  await using bucket = await startBucket({
    tree: explicitTree([["dir/a.txt", { bytes, modified: 1_600_000_000 }]]),
  });
  const client = sdk(bucket);
  assert.deepEqual(await client.headFile("/dir/a.txt"), {
    type: "file",
    size: bytes.length,
    date: 1_600_000_000,
    "Content-Md5": createHash("md5").update(bytes).digest("hex"),
  });
  const directory = await client.headFile("/dir");
  assert.equal(directory ? directory.type : undefined, "folder");
  assert.equal(await client.headFile("/none"), false);
  assert.equal(await client.getFile("/none"), false);
  assert.equal(await client.listDir("/none/"), false);
  assert.equal(await client.getFile("/dir/a.txt"), "some bytes");
});

test("the official SDK finds an empty directory empty, without a row of no name", async () => {
  await using bucket = await startBucket({ tree: explicitTree([], ["empty"]) });
  assert.deepEqual(await sdk(bucket).listDir("/empty/"), { files: [], next: endOfListing });
});

test("the official SDK reads odd names but those that it cannot send", async () => {
  const objects = oddObjects();
  await using bucket = await startBucket({ tree: explicitTree(objects) });
  const client = sdk(bucket);
  const listed = await client.listDir("/", { limit: 1000 });
  assert.ok(listed);
  const files = listed.files.filter(({ type }) => type === "N").map(({ name }) => name);
  assert.deepEqual(files.sort(), [...objects.keys()].filter((key) => !key.includes("/")).sort());
  for (const [key, bytes] of objects) {
    // It cuts the fragment and the query off the path, and axios turns a backslash into a slash.
    if (/[#?\\]/.test(key)) continue;
    assert.ok((await read(client, `/${key}`)).equals(Buffer.from(bytes)), key);
  }
  await assert.rejects(client.getFile("/hash#tag.jpg"), { code: 40100005 });
});

test("the official SDK is refused with a wrong password, and gets the code of a fault", async () => {
  await using bucket = await startBucket({ tree: explicitTree([["a.txt", Buffer.from("a")]]) });
  await assert.rejects(sdk(bucket, "wrong").listDir("/"), { code: 40100005 });
  bucket.setFaults([{ kind: "429", on: "list" }]);
  await assert.rejects(sdk(bucket).listDir("/"), { code: 42900001 });
});
