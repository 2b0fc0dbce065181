/*
 * One large file from a private nginx by brigade, curl and aria2c, in rotated order: medians, and
 * brigade's share of the speed of the faster of the others. Every contender starts as a process of
 * its own.
 *
 *   node test/bench/get-bench.ts [--size 1GB] [--rounds 5] [--rate 20m] [--dir <folder>]
 *
 * `--rate`: what nginx gives to one connection (its limit_rate); without it the line is open.
 */
import { spawn } from "node:child_process";
import { createHash, randomFillSync } from "node:crypto";
import { once } from "node:events";
import { closeSync, createReadStream, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { byteSize } from "@brigade/core";
import { startNginx } from "../get/nginx.ts";
import { spread } from "./statistics.ts";
import { table } from "./table.ts";

const { values } = parseArgs({
  options: {
    size: { type: "string", default: "1GB" },
    rounds: { type: "string", default: "5" },
    rate: { type: "string" },
    dir: { type: "string", default: tmpdir() },
  },
});

const brigade = resolve(import.meta.dirname, "../../packages/cli/bin/brigade.js");

const contenders = {
  brigade: (url: string, folder: string) => [process.execPath, brigade, "get", "--quiet", url, "-d", folder],
  curl: (url: string, folder: string) => ["curl", "-s", "-o", join(folder, "file.zip"), url],
  aria2c: (url: string, folder: string) => ["aria2c", "-q", "-x8", "-s8", "-k1M", "-d", folder, url],
};
type Contender = keyof typeof contenders;
const names = Object.keys(contenders) as Contender[];

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk);
  return hash.digest("hex");
}

function writeRandom(path: string, size: number): void {
  const descriptor = openSync(path, "w");
  const block = Buffer.alloc(16 * 1024 * 1024);
  for (let left = size; left > 0; left -= block.length)
    writeSync(descriptor, randomFillSync(block), 0, Math.min(left, block.length));
  closeSync(descriptor);
}

/** Seconds. */
async function run([program = "", ...args]: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
  return (performance.now() - startedAt) / 1000;
}

async function main(): Promise<void> {
  const home = mkdtempSync(join(resolve(values.dir), "get-bench-"));
  try {
    const [root, folder] = [join(home, "root"), join(home, "got")];
    mkdirSync(root);
    const size = byteSize.parse(values.size);
    writeRandom(join(root, "file.zip"), size);
    const digest = await sha256(join(root, "file.zip"));
    await using nginx = await startNginx(
      home,
      root,
      values.rate === undefined ? "" : `limit_rate ${values.rate};`,
    );
    const seconds: Record<Contender, number[]> = { brigade: [], curl: [], aria2c: [] };
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const turn of names.keys()) {
        const name = names[(round + turn) % names.length] ?? "brigade";
        mkdirSync(folder);
        seconds[name].push(await run(contenders[name](`${nginx.url}/file.zip`, folder)));
        if ((await sha256(join(folder, "file.zip"))) !== digest)
          throw new Error(`${name} brought other bytes`);
        rmSync(folder, { recursive: true });
      }
    }
    const median = (name: Contender) => spread(seconds[name]).median;
    const rows = names.map((name) => {
      const { median, least, most } = spread(seconds[name]);
      return [
        name,
        ...[median, least, most].map((one) => one.toFixed(2)),
        `${(size / median / 1e6).toFixed(0)} MB/s`,
      ];
    });
    const share = Math.min(median("curl"), median("aria2c")) / median("brigade");
    console.log(`${values.size} on ${cpus().length} cores, ${values.rate ?? "no"} limit a connection\n`);
    console.log(table([["", "median s", "least", "most", "speed"], ...rows]));
    console.log(`\nbrigade: ${share.toFixed(2)} of the speed of the faster of the others`);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

await main();
