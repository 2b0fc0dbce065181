import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { Worker } from "node:worker_threads";
import { ThreadWatch } from "../processes.ts";

const onLinux = { skip: process.platform !== "linux" };

/** A thread that says "done" whenever it has used 100 ms of CPU time more. */
async function busyThread(t: TestContext, name?: string): Promise<Worker> {
  const program = `
    const { parentPort } = require("node:worker_threads");
    parentPort.on("message", () => {
      const { user } = process.threadCpuUsage();
      while (process.threadCpuUsage().user < user + 100_000);
      parentPort.postMessage("done");
    });`;
  const worker = new Worker(program, { eval: true, ...(name !== undefined && { name }) });
  t.after(() => worker.terminate());
  await workOnce(worker);
  return worker;
}

async function workOnce(worker: Worker): Promise<void> {
  worker.postMessage("work");
  await once(worker, "message");
}

function secondsOf(watch: ThreadWatch, name: string): number | undefined {
  return watch.times().find((one) => one.name === name)?.cpuSeconds;
}

test("the times of threads of one name are added up", onLinux, async (t) => {
  for (const name of ["hash (a) b", "hash (a) b"]) await busyThread(t, name);
  const found = new ThreadWatch()
    .look(process.pid)
    .times()
    .find(({ name }) => name === "hash (a) b");
  assert.equal(found?.threads, 2);
  assert.ok(found.cpuSeconds >= 0.16, `${found.cpuSeconds} s`);
});

test("threads without a name are numbered in the order of their start", onLinux, async (t) => {
  for (const name of [undefined, "named", undefined]) await busyThread(t, name);
  const watch = new ThreadWatch().look(process.pid);
  const names = watch.times().map(({ name }) => name);
  const ours = names.filter((name) => /^(MainThread|named|WorkerThread)/.test(name));
  assert.deepEqual(ours, ["MainThread", "WorkerThread 1", "named", "WorkerThread 2"]);
});

test("a thread that has ended keeps the time that it had when it was last looked at", onLinux, async (t) => {
  const worker = await busyThread(t, "short-lived");
  const watch = new ThreadWatch().look(process.pid);
  await worker.terminate();
  const seconds = secondsOf(watch.look(process.pid), "short-lived") ?? 0;
  assert.ok(seconds >= 0.07, `${seconds} s`);
});

test(
  "threads of one name that run one after the other are shown as one thread at a time",
  onLinux,
  async (t) => {
    const watch = new ThreadWatch();
    for (let turn = 0; turn < 2; turn++) {
      const worker = await busyThread(t, "in turn");
      watch.look(process.pid);
      await worker.terminate();
    }
    const found = watch.times().find(({ name }) => name === "in turn");
    assert.equal(found?.threads, 1);
    assert.ok(found.cpuSeconds >= 0.16, `${found.cpuSeconds} s`);
  },
);

test("what a thread had used before is not counted", onLinux, async (t) => {
  const worker = await busyThread(t, "long-lived");
  await workOnce(worker);
  const before = new ThreadWatch().look(process.pid);
  const used = secondsOf(before, "long-lived") ?? 0;
  await workOnce(worker);
  const all = secondsOf(new ThreadWatch().look(process.pid), "long-lived") ?? 0;
  const since = secondsOf(new ThreadWatch(before).look(process.pid), "long-lived") ?? 0;
  assert.ok(used >= 0.16 && since >= 0.07, `${used} s, then ${since} s`);
  assert.ok(Math.abs(all - used - since) <= 0.03, `${used} s and ${since} s are ${all} s`);
});
