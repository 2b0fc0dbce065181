/*
 * What the bench measures with --rabbitmq: a private RabbitMQ node, ledger, lister and one
 * downloader, each a process of its own with the command line's default sizes. From the start of
 * the job to the ledger's proof; the processes' own start is left out. Prints one line of JSON.
 *
 *   node test/bench/fleet-run.ts <listing url> <domain url> <target> <files in a batch>
 *
 * `--against` starts that of another checkout too: it stays where it is, and what it prints only
 * grows.
 */
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fleet, type Service } from "../fleet/fleet.ts";
import { startNode } from "../rabbitmq/index.ts";
import { until } from "../waiting.ts";
import { cpuSecondsOf, peakRssOf, type ThreadTime, ThreadWatch } from "./processes.ts";

/** What is printed. */
export interface FleetRun {
  readonly seconds: number;
  /** By process: broker, ledger, lister, downloader. */
  readonly cpuSeconds: Readonly<Record<string, number>>;
  /** Bytes, by process: the most that each had. An older checkout prints none. */
  readonly peakRss?: Readonly<Record<string, number>>;
  /** Of the services, by `<process>: <thread>`. An older checkout prints none. */
  readonly threads?: readonly ThreadTime[];
}

const [restUrl = "", domainUrl = "", target = "", batch = "64"] = process.argv.slice(2);
await using node = await startNode();
const folder = await mkdtemp(join(tmpdir(), "brigade-bench-"));
await mkdir(join(target, "volume"), { recursive: true });
await using fleet = await Fleet.create({
  amqpUrl: node.url,
  bucket: { operator: "operator", restUrl },
  folder,
  environment: {
    SOURCES: "bench=upyun://bench/",
    UPYUN_DOMAIN: domainUrl,
    BATCH_FILES: batch,
    LOG_LEVEL: "info",
    ...(process.env.SSL_CERT_FILE !== undefined && { SSL_CERT_FILE: process.env.SSL_CERT_FILE }),
  },
});
const services: Service[] = [
  await fleet.ledger({ LEDGER_PATH: join(target, "ledger.sqlite") }),
  await fleet.lister(),
  await fleet.downloader("volume", { VOLUMES: join(target, "volume") }),
];
for (const { url, role } of services)
  await until(`${role} is healthy`, () =>
    fetch(`${url}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );

if (node.pid === undefined) throw new Error("the broker runs where its CPU time cannot be seen");
const pids: [string, number][] = [
  ["broker", node.pid],
  ...services.map(({ role, pid }): [string, number] => [role, pid]),
];
const before = new Map(pids.map(([role, pid]) => [role, cpuSecondsOf(pid)]));
const threadsBefore = new Map(services.map(({ role, pid }) => [role, new ThreadWatch().look(pid)]));
// `start` waits for young queues; the job's own date is taken just before its first message is
// published.
const { state, startedAt } = await fleet.closed(await fleet.start("bench"), 600_000);
const seconds = (Date.now() - startedAt) / 1000;
if (state !== "complete") throw new Error(`the job ended ${state}`);
const cpuSeconds = Object.fromEntries(
  pids.map(([role, pid]) => [role, cpuSecondsOf(pid) - (before.get(role) ?? 0)]),
);
const threads = services.flatMap(({ role, pid }) =>
  new ThreadWatch(threadsBefore.get(role))
    .look(pid)
    .times()
    .map(({ name, ...time }): ThreadTime => ({ name: `${role}: ${name}`, ...time })),
);
const peakRss = Object.fromEntries(pids.map(([role, pid]) => [role, peakRssOf(pid) ?? 0]));
console.log(JSON.stringify({ seconds, cpuSeconds, peakRss, threads } satisfies FleetRun));
