/*
 * A downloader without queues, catalogue, syncing or retries: the least work that Node must do.
 * Fetches keys over an undici pool, hashes, writes each under a temporary name and renames it, all
 * in one thread.
 *
 *   node test/bench/copy/bare-undici.ts <url> <file of keys> <target> <connections>
 */
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Pool } from "undici";

const [url = "", keyFile = "", target = "", connections = "64"] = process.argv.slice(2);
const keys = readFileSync(keyFile, "utf8").split("\n").values();
const temporary = join(target, ".tmp");
mkdirSync(temporary);
const pool = new Pool(url, { connections: Number(connections) });
let written = 0;

async function fetchInTurn(): Promise<void> {
  for (const key of keys) {
    const { statusCode, headers, body } = await pool.request({ path: `/${key}`, method: "GET" });
    const bytes = new Uint8Array(await body.arrayBuffer());
    const md5 = createHash("md5").update(bytes).digest("hex");
    if (statusCode !== 200 || bytes.length !== Number(headers["content-length"]) || !key.includes(md5))
      throw new Error(`${key}: ${statusCode}, ${bytes.length} bytes of MD5 ${md5}`);
    const path = join(temporary, String(written++));
    const descriptor = openSync(path, "wx");
    writeSync(descriptor, bytes);
    closeSync(descriptor);
    renameSync(path, join(target, key));
  }
}

await Promise.all(Array.from({ length: Number(connections) }, fetchInTurn));
await pool.close();
