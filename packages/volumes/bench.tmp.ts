import { mkdirSync, rmSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { openVolume } from "./src/index.ts";

const root = process.argv[2]!,
  durability = process.argv[3] as "group",
  N = Number(process.argv[4] ?? 10000),
  inflightMax = Number(process.argv[5] ?? 512);
mkdirSync(root, { recursive: true });
const log: any = { debug() {}, info() {}, warn: console.error, error: console.error, child: () => log };
const v = await openVolume(root, { init: true, instance: "bench", durability, log });
const src = Buffer.alloc(20000, 7);
let inflight = 0,
  sent = 0,
  done = 0;
const t = performance.now(),
  c0 = process.cpuUsage(),
  m0 = (process as any).threadCpuUsage();
const { promise, resolve } = Promise.withResolvers<void>();
let lat = 0,
  idle = false;
function pump(): void {
  let burst = 0;
  while (inflight < inflightMax && sent < N && burst < 4) {
    const i = sent++;
    inflight++;
    burst++;
    const b = new Uint8Array(20000);
    b.set(src);
    b[0] = i;
    b[1] = i >> 8;
    b[2] = i >> 16;
    const s = performance.now();
    v.put(
      {
        source: "photos",
        fingerprint: "f",
        job: "job-1",
        key: `2024/${i >> 6}/picture-${i}.jpg`,
        listedSize: 20000,
        modified: 1700000000,
        expectedSize: 20000,
      },
      b,
    ).then(
      () => {
        inflight--;
        if (idle && sent < N) {
          idle = false;
          setImmediate(pump);
        }
        lat += performance.now() - s;
        if (++done === N) resolve();
      },
      (e) => {
        console.error(e);
        process.exit(1);
      },
    );
  }
  if (sent < N && inflight < inflightMax) setImmediate(pump);
  else idle = true;
}
pump();
await promise;
const wall = performance.now() - t,
  c = process.cpuUsage(c0),
  m = (process as any).threadCpuUsage(m0);
const main = (m.user + m.system) / N,
  all = (c.user + c.system) / N;
console.log(
  durability,
  "files/s",
  Math.round((N / wall) * 1000),
  "cpu us/file: all",
  all.toFixed(1),
  "main",
  main.toFixed(1),
  "rest",
  (all - main).toFixed(1),
  "latency ms",
  (lat / N).toFixed(1),
  "rss MB",
  Math.round(process.memoryUsage.rss() / 1e6),
);
await v[Symbol.asyncDispose]();
