import { argv, stdout } from "node:process";
import { silentLog } from "../../../../test/logs.ts";
import { type Durability, openVolume } from "../../src/index.ts";
import { modified, newObject } from "../scratch.ts";

/*
 * A process for tests: stores objects on a volume until it is killed, or `count` of them, and
 * prints a line for each that is stored: its key and MD5. Arguments: root, instance, durability,
 * count.
 */

const [root = "", instance = "", durability = "group", count = "Infinity"] = argv.slice(2);

/** What lies under a key is known from the key. */
function contentOf(key: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(3000 + (key.length % 7) * 5000);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = key.charCodeAt(at % key.length);
  return bytes;
}

const volume = await openVolume(root, {
  init: true,
  instance,
  durability: durability as Durability,
  log: silentLog,
});

let next = 0;

async function putMany(): Promise<void> {
  while (next < Number(count)) {
    next += 1;
    const key = `${next % 50}/${instance}-${next}.jpg`;
    const bytes = contentOf(key);
    const { md5 } =
      next % 10 === 0
        ? await stream(key, bytes)
        : await volume.put(newObject(key, { expectedSize: bytes.length, modified }), bytes);
    stdout.write(`${key} ${md5}\n`);
  }
}

async function stream(key: string, bytes: Uint8Array) {
  const sink = await volume.open(newObject(key, { expectedSize: bytes.length, modified }));
  await sink.write(bytes.subarray(0, 2000));
  await sink.write(bytes.subarray(2000));
  return sink.finish();
}

await Promise.all(Array.from({ length: 64 }, putMany));
await volume[Symbol.asyncDispose]();
