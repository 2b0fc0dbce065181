/*
 * The process that the listing bench measures: the real source, lister and broker, in the command
 * line's default sizes, and a consumer that drops everything, as fast as it can or with a pause of
 * some milliseconds per batch. Ends when the announced number of objects was consumed and nothing
 * is queued; prints one line of JSON.
 *
 *   node test/bench/listing/listing-run.ts <endpoint> <database file, or amqp://…> <objects> <pause>
 *     <LIST_CONCURRENCY>
 */
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { connectBrokerAdmin, connectRabbitBroker, createEmbeddedBroker, warmUpMs } from "@brigade/broker";
import { type Broker, listingBounds, parsePlaces, type Verdict } from "@brigade/core";
import { createLister, rootMessage } from "@brigade/lister";
import { parseSource, withRetry } from "@brigade/sources";
import { warningsOnStderr as log } from "../../logs.ts";

const [endpoint = "", place = "", announced = "0", pause = "0", atOnce = "auto"] = process.argv.slice(2);
const concurrency = parsePlaces(atOnce, listingBounds);
if (concurrency === undefined) throw new Error(`${atOnce} is no LIST_CONCURRENCY`);
const objects = Number(announced);
const name = "bench";
const ack: Verdict = { kind: "ack" };

function fail(error: unknown): void {
  throw error;
}

const source = parseSource(`upyun://${name}/`, {}).create(
  { UPYUN_ENDPOINT: endpoint, UPYUN_OPERATOR: "operator", UPYUN_PASSWORD: "password" },
  name,
);
const broker = await openBroker();

async function openBroker(): Promise<Broker> {
  if (!place.startsWith("amqp:")) return await createEmbeddedBroker({ path: place, log, onError: fail });
  const address = { url: place, connectionName: "bench", log };
  await using admin = await connectBrokerAdmin(address);
  if ((await admin.declare(name)) === "made") await sleep(warmUpMs);
  return await connectRabbitBroker({ ...address, onError: fail });
}

/** Ready messages of all queues together. */
async function queued(): Promise<number> {
  const queues = ["directories", "files", "retry", "wait", "records"] as const;
  const depths = await Promise.all(queues.map((queue) => broker.depth({ source: name, queue })));
  return depths.reduce((sum, depth) => sum + depth, 0);
}

const job = { id: "bench", source: name, fingerprint: source.fingerprint };
const seen = { objects: 0, batches: 0, pages: 0, mostQueued: 0 };
const began = performance.now();

for (const queue of ["files", "records"] as const) {
  await broker.consume({ source: name, queue }, { prefetch: 32 }, async ({ message }) => {
    if (message.type === "files") {
      seen.batches++;
      if (pause !== "0") await sleep(Number(pause));
      for (const slice of message.slices) seen.objects += slice.files.length;
    } else if (message.type === "page") {
      seen.pages++;
      if (message.end === "failed") throw new Error(`${message.directory}: ${message.reason}`);
    }
    return ack;
  });
}
await broker.publish([rootMessage(job, "", {})]);
const lister = await createLister(
  {
    source: withRetry(source),
    name,
    broker,
    history: {
      recorded: async () => undefined,
      unchanged: async (_job, _directory, files) => files.map(() => false),
    },
    host: hostname(),
    log,
    onGiveUp: fail,
    onBan: () => {},
  },
  {
    concurrency,
    batchFiles: 64,
    batchBytes: 64 * 2 ** 20,
    highWater: 2_000,
    maxAttempts: 5,
    outageLimit: 10_000,
  },
);
for (;;) {
  await sleep(20);
  const waiting = await queued();
  seen.mostQueued = Math.max(seen.mostQueued, waiting);
  if (seen.objects >= objects && waiting === 0) break;
}
const seconds = (performance.now() - began) / 1000;
await lister[Symbol.asyncDispose]();
await broker[Symbol.asyncDispose]();
await source[Symbol.asyncDispose]();
console.log(JSON.stringify({ ...seen, seconds }));
