import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, test } from "node:test";
import { silentLog } from "../../../../test/logs.ts";
import { below, randomOf } from "../../../../test/random.ts";
import { openCatalogue } from "../../src/index.ts";
import { folder, job, openJob } from "../set-up.ts";
import { syntheticJob } from "../synthetic-job.ts";

/**
 * A process that records the synthetic job, one message after the other, telling each that is
 * committed.
 */
function record(path: string, seed: number, from: number) {
  return fork(new URL("./record-child.ts", import.meta.url), [path, String(seed), String(from)]);
}

describe("a catalogue whose process is killed", () => {
  test("has all that it said was committed, and counts nothing twice when the rest comes again", async () => {
    const [seed, directories] = [21, 40];
    const { messages, sums } = syntheticJob(seed, directories);
    await using own = await folder();
    const path = join(own.path, "catalogue.db");
    const made = await openCatalogue({ path, log: silentLog });
    await openJob(made);
    await made[Symbol.asyncDispose]();

    const random = randomOf(seed);
    let committed = 0;
    for (let kill = 0; kill < 5 && committed < messages.length; kill++) {
      const child = record(path, seed, committed);
      const killAt = committed + 5 + below(random, messages.length / 10);
      child.on("message", (count: number) => {
        committed = count;
        if (count >= killAt) child.kill("SIGKILL");
      });
      const [code, signal] = await once(child, "exit");
      assert.equal(signal, "SIGKILL", `the process ended by itself with ${code}`);
      await using survivor = await openCatalogue({ path, log: silentLog });
      const [proof, progress] = [
        await survivor.questions.proof(job.id),
        await survivor.jobs.progress(job.id),
      ];
      assert.deepEqual(progress.stored, proof.stored);
      assert.ok(proof.pages > 0);
      // some of what was committed is redelivered as well
      committed = Math.max(0, committed - 20);
    }

    await using last = await openCatalogue({ path, log: silentLog });
    await last.recording.record(messages.slice(committed));
    const { complete, listed, stored, unchanged, vanished, failed } = await last.questions.proof(job.id);
    assert.equal(complete, true);
    assert.deepEqual({ listed, stored, unchanged, vanished, failed }, sums);
  });
});
