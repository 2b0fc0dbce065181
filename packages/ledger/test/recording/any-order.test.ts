import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { below, grouped, randomOf, shuffled } from "../../../../test/random.ts";
import type { Catalogue, Progress, Proof, Sums } from "../../src/index.ts";
import { entries, page, pageId } from "../messages.ts";
import { all, job, newCatalogue } from "../set-up.ts";
import { syntheticJob } from "../synthetic-job.ts";

function sumsOf({ listed, stored, unchanged, vanished, failed }: Progress | Proof): Sums {
  return { listed, stored, unchanged, vanished, failed };
}

/** All that can be asked of a job, in an order that does not depend on arrival. */
async function everything(catalogue: Catalogue) {
  const [proof, progress] = [await catalogue.questions.proof(job.id), await catalogue.jobs.progress(job.id)];
  const directories = await all(catalogue.questions.directories(job.id));
  const files = entries(20).map(({ name, size }) => ({ name, size, modified: 1_000 + size }));
  const places = [];
  for (const { directory } of directories) places.push(await catalogue.history.stored(job, directory, files));
  return {
    proof,
    progress: { ...progress, volumes: progress.volumes.toSorted((a, b) => (a.volume < b.volume ? -1 : 1)) },
    failures: (await all(catalogue.questions.failures(job.id))).toSorted(byText),
    vanished: (await all(catalogue.questions.vanished(job.id))).toSorted(byText),
    directories,
    places,
  };
}

/** Counters are what the proof finds. */
async function assertCounted(catalogue: Catalogue): Promise<void> {
  const [proof, progress] = [await catalogue.questions.proof(job.id), await catalogue.jobs.progress(job.id)];
  assert.deepEqual(sumsOf(progress), sumsOf(proof));
  assert.equal(progress.pages, proof.pages);
  assert.equal(progress.directories.known, proof.directories);
  assert.equal(progress.directories.failed, proof.holes.failedDirectories.total);
  if (proof.complete) assert.equal(progress.settled, true);
  const perVolume = progress.volumes.reduce((sum, { objects }) => sum + objects, 0);
  assert.equal(perVolume, progress.stored.objects);
}

function byText(a: object, b: object): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

describe("records", () => {
  test("in order give the sums that were listed and reported", async () => {
    for (const seed of [1, 2, 3]) {
      const synthetic = syntheticJob(seed);
      await using made = await newCatalogue();
      await made.catalogue.recording.record(synthetic.messages);
      const { proof, progress } = await everything(made.catalogue);
      assert.deepEqual(sumsOf(proof), synthetic.sums);
      assert.deepEqual(sumsOf(progress), synthetic.sums);
      assert.equal(proof.directories, synthetic.directories);
      assert.equal(proof.pages, synthetic.pages);
      assert.equal(proof.complete, true);
      assert.equal(progress.settled, true);
      const volumes = progress.volumes.map(({ volume, objects, bytes }) => [volume, { objects, bytes }]);
      assert.deepEqual(Object.fromEntries(volumes), synthetic.volumes);
    }
  });

  test("in any order, repeated and in any groups, give the same accounts", async () => {
    for (const seed of [1, 2, 3]) {
      const { messages } = syntheticJob(seed);
      await using inOrder = await newCatalogue();
      await inOrder.catalogue.recording.record(messages);
      const expected = await everything(inOrder.catalogue);
      for (const order of [10, 20]) {
        const random = randomOf(seed + order);
        const repeats = messages.filter(() => random() < 0.5);
        await using other = await newCatalogue();
        for (const group of grouped(shuffled([...messages, ...repeats], random), 40, random)) {
          const refusals = await other.catalogue.recording.record(group);
          assert.deepEqual(new Set(refusals), new Set([undefined]));
        }
        assert.deepEqual(await everything(other.catalogue), expected, `seed ${seed}, order ${order}`);
      }
    }
  });

  test("give the same accounts when what failed is put back to work in between, and all is reported after", async () => {
    for (const seed of [1, 2]) {
      const { messages } = syntheticJob(seed);
      await using inOrder = await newCatalogue();
      await inOrder.catalogue.recording.record(messages);
      const random = randomOf(seed + 30);
      await using other = await newCatalogue();
      for (const group of grouped(shuffled(messages, random), 40, random)) {
        await other.catalogue.recording.record(group);
        await other.catalogue.retrying.reopenFailed(job.id, random() < 0.5 ? {} : { under: "d1" });
        await other.catalogue.retrying.reopenHoles(job.id, {}, random() < 0.5 ? "failed" : "idle");
        await assertCounted(other.catalogue);
      }
      await other.catalogue.recording.record(shuffled(messages, random));
      assert.deepEqual(
        await everything(other.catalogue),
        await everything(inOrder.catalogue),
        `seed ${seed}`,
      );
    }
  });

  test("are counted as the proof counts them, after every commit", async () => {
    for (const seed of [5, 6]) {
      const random = randomOf(seed);
      await using made = await newCatalogue();
      for (const group of grouped(shuffled(syntheticJob(seed).messages, random), 15, random)) {
        await made.catalogue.recording.record(group);
        await assertCounted(made.catalogue);
      }
    }
  });

  test("of walks of any shape are counted as the proof counts them", async () => {
    const random = randomOf(8);
    await using made = await newCatalogue();
    for (let step = 0; step < 300; step++) {
      const directory = `d${below(random, 12)}`;
      const [walk, number] = [below(random, 3), 1 + below(random, 3)];
      const end = (["more", "last", "failed"] as const)[below(random, 3)] ?? "more";
      const listed = end === "failed" ? [] : entries(1 + walk + number);
      const id = `${pageId(directory, walk, number)}:${step}`;
      await made.catalogue.recording.record([
        page({ directory, walk, page: number, id, end, entries: listed }),
      ]);
      if (random() < 0.2) await made.catalogue.retrying.reopenHoles(job.id, { under: directory }, "failed");
      const [proof, progress] = [
        await made.catalogue.questions.proof(job.id),
        await made.catalogue.jobs.progress(job.id),
      ];
      assert.deepEqual(sumsOf(progress), sumsOf(proof), `step ${step}`);
      const { known, done, failed } = progress.directories;
      const names = [...proof.holes.directories.examples, ...proof.holes.failedDirectories.examples];
      assert.equal(done, known - new Set(names.map((hole) => hole.directory)).size, `step ${step}`);
      assert.equal(failed, proof.holes.failedDirectories.total, `step ${step}`);
    }
  });

  test("that arrive at once share commits, and each gets its own answer", async () => {
    await using made = await newCatalogue();
    let commits = 0;
    made.catalogue.jobs.onCommit(() => commits++);
    const { messages } = syntheticJob(7);
    const foreign = { ...job, id: "job-of-yesterday" };
    const one = below(randomOf(7), messages.length);
    const answers = await Promise.all(
      messages.map((message, i) =>
        made.catalogue.recording.record([i === one ? { ...message, job: foreign } : message]),
      ),
    );
    assert.deepEqual(
      answers.flatMap(([refusal], i) => (refusal === undefined ? [] : [i])),
      [one],
    );
    assert.ok(commits < messages.length / 10, `${commits} commits of ${messages.length} messages`);
  });
});
