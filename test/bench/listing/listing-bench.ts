import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startNode } from "../../rabbitmq/index.ts";
import { startDelayedLine } from "../copy/delayed-line.ts";
import { runMeasured } from "../measured-run.ts";
import type { Options } from "../options.ts";
import { peakRssOf } from "../processes.ts";
import { table } from "../table.ts";

export interface ListingResult {
  readonly shape: string;
  /** LIST_CONCURRENCY. */
  readonly concurrency: string;
  readonly objects: number;
  readonly directories: number;
  readonly pages: number;
  /** Of listing; the process's own start is left out. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Bytes. */
  readonly peakRss: number;
  /** Ready messages of all queues. */
  readonly mostQueued: number;
  /** Bytes: of RabbitMQ, if it has the queues. */
  readonly brokerPeakRss: number | undefined;
}

interface Shape {
  readonly directories: number;
  readonly filesPerDirectory: number;
}

const filesPerDirectory = 10_000;

interface Place {
  readonly home: string;
  readonly checkout: string;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/**
 * Lists synthetic buckets of the asked shapes, one after the other, each in a process of its own,
 * with each asked LIST_CONCURRENCY.
 */
export async function benchListing(options: Options, place: Place): Promise<readonly ListingResult[]> {
  const results: ListingResult[] = [];
  for (const text of options.entries)
    for (const concurrency of options.concurrency ?? ["auto"])
      results.push(await listOnce(options, place, text, concurrency));
  return results;
}

async function listOnce(
  options: Options,
  { home, checkout, signal, say }: Place,
  text: string,
  concurrency: string,
): Promise<ListingResult> {
  const { directories, filesPerDirectory } = shapeOf(text);
  const objects = directories * filesPerDirectory;
  say(`listing ${directories} directories of ${filesPerDirectory} files`);
  await using bucket = await startBucket(checkout, { directories, filesPerDirectory });
  await using line = options.delayMs > 0 ? await startDelayedLine(bucket.url, options.delayMs) : undefined;
  const queues = join(home, "queues");
  mkdirSync(queues);
  await using node = options.rabbitmq
    ? await startNode({ config: "raft.wal_max_size_bytes = 67108864" })
    : undefined;
  const { stdout, cpuSeconds, peakRss } = await runMeasured(
    {
      program: process.execPath,
      args: [
        // As `brigade lister` starts itself (packages/cli/bin/brigade.js).
        "--max-semi-space-size=2",
        join(checkout, "test/bench/listing/listing-run.ts"),
        line?.url ?? bucket.url,
        node?.url ?? join(queues, "queue.sqlite"),
        String(objects),
        String(options.pauseMs),
        concurrency,
      ],
    },
    { cwd: home, timeoutMs: 60_000 + objects, signal },
  );
  rmSync(queues, { recursive: true });
  const told: { objects: number; pages: number; seconds: number; mostQueued: number } = JSON.parse(stdout);
  if (told.objects !== objects) throw new Error(`${told.objects} objects were listed in place of ${objects}`);
  const brokerPeakRss = node?.pid === undefined ? undefined : peakRssOf(node.pid);
  say(`${Math.round(objects / told.seconds)} keys/s, ${Math.round(peakRss / 1e6)} MB`);
  return { shape: text, concurrency, directories, cpuSeconds, peakRss, brokerPeakRss, ...told };
}

/** `1000000` files in folders of 10,000, or `1000000x3`: directories and files in each. */
function shapeOf(text: string): Shape {
  const [, first = "", second] = /^(\d+)(?:x(\d+))?$/.exec(text) ?? [];
  const number = Number(first);
  if (!(number > 0)) throw new Error(`--entries: ${text} is neither <files> nor <directories>x<files each>`);
  if (second !== undefined) return { directories: number, filesPerDirectory: Number(second) };
  if (number <= filesPerDirectory) return { directories: 1, filesPerDirectory: number };
  return { directories: Math.round(number / filesPerDirectory), filesPerDirectory };
}

/**
 * The bucket server of the tests, as a process of its own; many directories stand in two levels.
 */
async function startBucket(
  checkout: string,
  shape: Shape,
): Promise<AsyncDisposable & { readonly url: string }> {
  const flags = {
    directories: shape.directories,
    files: shape.filesPerDirectory,
    depth: shape.directories > 10_000 ? 2 : 1,
    bucket: "bench",
    operator: "operator",
    password: "password",
  };
  const child = spawn(
    process.execPath,
    [
      join(checkout, "test/bucket/main.ts"),
      "--listing-only",
      ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const [line] = await once(createInterface(child.stdout), "line");
  const { restUrl }: { restUrl: string } = JSON.parse(String(line));
  return {
    url: restUrl,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

export function listingTable(results: readonly ListingResult[]): string {
  const head = [
    "objects",
    "directories",
    "at once",
    "pages",
    "keys/s",
    "pages/s",
    "CPU µs/key",
    "peak RSS MB",
    "most queued",
    "broker RSS MB",
  ];
  const rows = results.map(
    ({
      objects,
      directories,
      concurrency,
      pages,
      seconds,
      cpuSeconds,
      peakRss,
      mostQueued,
      brokerPeakRss,
    }) => [
      String(objects),
      String(directories),
      concurrency,
      String(pages),
      (objects / seconds).toFixed(0),
      (pages / seconds).toFixed(0),
      ((cpuSeconds * 1e6) / objects).toFixed(1),
      (peakRss / 1e6).toFixed(0),
      String(mostQueued),
      brokerPeakRss === undefined ? "–" : (brokerPeakRss / 1e6).toFixed(0),
    ],
  );
  return table([head, ...rows]);
}
