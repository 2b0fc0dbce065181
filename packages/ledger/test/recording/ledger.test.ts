import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HostError } from "@brigade/core";
import { type Catalogue, createLedger } from "../../src/index.ts";
import { allStored, entries, page } from "../messages.ts";
import { job, newCatalogue, silent } from "../set-up.ts";
import { syntheticJob } from "../synthetic-job.ts";
import { MemoryBroker } from "./memory-broker.ts";

const parts = { source: "photos", log: silent, delay: async () => {} };

/** The catalogue, but `record` fails as often as `failures` says. */
function failing(catalogue: Catalogue, failures: () => boolean): Catalogue {
  return {
    ...catalogue,
    recording: {
      ...catalogue.recording,
      record: async (messages) => {
        if (failures()) throw new HostError("full", "no space left");
        return await catalogue.recording.record(messages);
      },
    },
  };
}

describe("a ledger", () => {
  test("enters everything from the records of its source and settles", async () => {
    await using made = await newCatalogue();
    const broker = new MemoryBroker();
    const { messages, sums } = syntheticJob(11);
    await using ledger = await createLedger({ ...parts, ...made, broker }, { prefetch: 64 });
    const settled = ledger.settled(job.id);
    await broker.publish(messages);
    assert.equal((await settled).settled, true);
    await broker.idle();
    const progress = await made.catalogue.jobs.progress(job.id);
    assert.deepEqual(broker.consumed, { source: "photos", queue: "records" });
    assert.equal(broker.acked.length, messages.length);
    assert.deepEqual(progress.stored, sums.stored);
    assert.equal(ledger.inHand, 0);
    assert.equal((await made.catalogue.questions.proof(job.id)).complete, true);
    assert.deepEqual(await ledger.settled(job.id), progress);
  });

  test("acks nothing before it is committed", async () => {
    await using made = await newCatalogue();
    const broker = new MemoryBroker();
    const entered = Promise.withResolvers<void>();
    const commit = Promise.withResolvers<void>();
    const catalogue: Catalogue = {
      ...made.catalogue,
      recording: {
        ...made.catalogue.recording,
        record: async (messages) => {
          entered.resolve();
          await commit.promise;
          return await made.catalogue.recording.record(messages);
        },
      },
    };
    await using ledger = await createLedger({ ...parts, catalogue, broker }, { prefetch: 4 });
    await broker.publish([page({ directory: "" })]);
    await entered.promise;
    assert.deepEqual([broker.acked.length, ledger.inHand], [0, 1]);
    commit.resolve();
    await broker.idle();
    assert.deepEqual([broker.acked.length, ledger.inHand], [1, 0]);
  });

  test("sends foreign messages to the dead letters with a reason, and enters their neighbours", async () => {
    await using made = await newCatalogue();
    const broker = new MemoryBroker();
    await using _ = await createLedger({ ...parts, ...made, broker }, { prefetch: 8 });
    const told = page({ directory: "" });
    const work = { v: 1, type: "files", job, attempt: 0, slices: [] } as const;
    await broker.publish([{ ...told, job: { ...job, fingerprint: "f2" } }, { ...work, slices: [] }, told]);
    await broker.idle();
    assert.deepEqual(broker.rejected.map(({ message }) => message.type).toSorted(), ["files", "page"]);
    for (const { reason } of broker.rejected) assert.match(reason, /not of photos \(f2\)|among records/);
    assert.equal((await made.catalogue.jobs.progress(job.id)).pages, 1);
  });

  test("gives records back while the disk is full, and enters them when it is not", async () => {
    await using made = await newCatalogue();
    const broker = new MemoryBroker();
    let failures = 5;
    const catalogue = failing(made.catalogue, () => failures-- > 0);
    await using ledger = await createLedger({ ...parts, catalogue, broker }, { prefetch: 1 });
    const listed = entries(3);
    await broker.publish([page({ directory: "", entries: listed }), allStored("", listed)]);
    assert.equal((await ledger.settled(job.id)).stored.objects, 3);
    await broker.idle();
    assert.equal(broker.acked.length, 2);
  });

  test("tells each time that the disk takes nothing, and acks nothing", async () => {
    await using made = await newCatalogue();
    const broker = new MemoryBroker();
    const told = Promise.withResolvers<HostError>();
    await using _ = await createLedger(
      {
        ...parts,
        catalogue: failing(made.catalogue, () => true),
        broker,
        onTrouble: told.resolve,
        // a real turn of the event loop, so that a full disk cannot starve the test
        delay: async () => await new Promise((resolve) => setImmediate(resolve)),
      },
      { prefetch: 1 },
    );
    await broker.publish([page({ directory: "" })]);
    assert.match((await told.promise).message, /no space left/);
    assert.equal(broker.acked.length, 0);
  });

  test("stops waiting for a job when told so", async () => {
    await using made = await newCatalogue();
    await using ledger = await createLedger(
      { ...parts, ...made, broker: new MemoryBroker() },
      { prefetch: 1 },
    );
    const leaving = new AbortController();
    const settled = ledger.settled(job.id, leaving.signal);
    leaving.abort();
    await assert.rejects(settled, { name: "AbortError" });
  });
});
