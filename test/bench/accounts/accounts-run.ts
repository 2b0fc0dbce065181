/*
 * The process that the accounts bench measures: the product's lister, embedded queues, guarded
 * consumer and ledger in the sizes of `brigade copy`, without network and bodies. Pages come from
 * memory, and a batch is answered by its results at once. From the first message until every object
 * has its outcome and nothing is queued; prints one line of JSON.
 *
 *   node test/bench/accounts/accounts-run.ts <folder of the databases> <objects>
 */
import { hostname } from "node:os";
import { join } from "node:path";
import { createEmbeddedBroker } from "@brigade/broker";
import { GuardedConsumer, type Job } from "@brigade/core";
import { createLedger, openCatalogue } from "@brigade/ledger";
import { createLister, rootMessage } from "@brigade/lister";
import { warningsOnStderr as log } from "../../logs.ts";
import { type ThreadTime, ThreadWatch } from "../processes.ts";
import { memorySource, resultOf } from "./stand-ins.ts";

/** What is printed. */
export interface AccountsRun {
  readonly objects: number;
  readonly seconds: number;
  readonly threads: readonly ThreadTime[];
}

/** The defaults of `copy`. */
const [batchFiles, batchBytes, batchesAtOnce, recordsAtOnce] = [64, 64 * 2 ** 20, 32, 512];
const lookEveryMs = 10;

const [folder = "", announced = "0"] = process.argv.slice(2);

function fail(error: unknown): void {
  throw error;
}

const source = memorySource(Number(announced));
const job: Job = { id: "bench", source: "bench", fingerprint: source.fingerprint, prefix: "" };
await using resources = new AsyncDisposableStack();
const broker = resources.use(
  await createEmbeddedBroker({ path: join(folder, "queues.sqlite"), log, onError: fail }),
);
const catalogue = resources.use(await openCatalogue({ path: join(folder, "catalogue.sqlite"), log }));
await catalogue.recording.noteVolumes(
  [{ id: "volume", label: "volume", host: hostname(), gone: null }],
  Date.now(),
);
await catalogue.jobs.open({ ...job, prefix: "", filters: {}, startedAt: Date.now() });

const before = new ThreadWatch().look(process.pid);
const began = performance.now();
const parts = { name: job.source, source, broker, host: hostname(), log, onGiveUp: fail, onBan: () => {} };
resources.use(
  await createLedger(
    { catalogue, broker, source: job.source, log, onTrouble: fail },
    { prefetch: recordsAtOnce },
  ),
);
const consumer = resources.use(
  new GuardedConsumer<"files">(parts, { activity: "fetching", refusing: "source unwell" }),
);
await consumer.start({
  type: "files",
  queues: [
    { queue: "files", prefetch: batchesAtOnce },
    { queue: "retry", prefetch: batchesAtOnce },
  ],
  comesBackBy: "retry",
  count: ({ slices }) => slices.reduce((sum, { files }) => sum + files.length, 0),
  split: (message) => [message],
  async run(message) {
    await broker.publish([resultOf(message, { host: hostname(), at: Date.now() })]);
    return { kind: "ack" };
  },
  fail: async (_message, reason) => fail(new Error(reason)),
});
await broker.publish([rootMessage(job, "", {})]);
resources.use(
  await createLister(
    { ...parts, history: catalogue.history },
    {
      concurrency: { most: 64, isSought: true },
      batchFiles,
      batchBytes,
      highWater: 2_000,
      maxAttempts: 5,
      outageLimit: 10_000,
    },
  ),
);
await settled();
const seconds = (performance.now() - began) / 1000;
const threads = new ThreadWatch(before).look(process.pid).times();
const proof = await catalogue.questions.proof(job.id);
if (!proof.complete) throw new Error("the proof says that something is missing");
console.log(JSON.stringify({ objects: proof.stored.objects, seconds, threads } satisfies AccountsRun));

/** Resolves when every listed object has an outcome and no message is left. */
async function settled(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const forget = catalogue.jobs.onCommit((all) => {
    if (all.some((progress) => progress.settled)) resolve();
  });
  await promise;
  forget();
  for (;;) {
    const { ready, delayed, unacked } = await broker.busy(job.source);
    if (ready + delayed + unacked === 0) return;
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
