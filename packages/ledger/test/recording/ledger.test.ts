import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HostError, type Verdict } from "@brigade/core";
import { silentLog } from "../../../../test/logs.ts";
import { RecordingBroker, turn } from "../../../../test/recording-broker.ts";
import { type Catalogue, createLedger } from "../../src/index.ts";
import { allStored, entries, page } from "../messages.ts";
import { job, newCatalogue } from "../set-up.ts";
import { syntheticJob } from "../synthetic-job.ts";

const parts = { source: "photos", log: silentLog, delay: async () => {} };

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
    const broker = new RecordingBroker();
    const { messages, sums } = syntheticJob(11);
    await using _ = await createLedger({ ...parts, ...made, broker }, { prefetch: 64 });
    const verdicts = await Promise.all(messages.map((message) => broker.deliver("records", message)));
    assert.deepEqual(broker.consumed, [{ source: "photos", queue: "records" }]);
    assert.deepEqual(new Set(verdicts.map(({ kind }) => kind)), new Set(["ack"]));
    const progress = await made.catalogue.jobs.progress(job.id);
    assert.equal(progress.settled, true);
    assert.deepEqual(progress.stored, sums.stored);
    assert.equal((await made.catalogue.questions.proof(job.id)).complete, true);
  });

  test("acks nothing before it is committed", async () => {
    await using made = await newCatalogue();
    const broker = new RecordingBroker();
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
    await using _ = await createLedger({ ...parts, catalogue, broker }, { prefetch: 4 });
    const given: Verdict[] = [];
    const delivered = broker.deliver("records", page({ directory: "" }));
    delivered.then((verdict) => given.push(verdict), assert.fail);
    await entered.promise;
    await turn();
    assert.deepEqual(given, []);
    commit.resolve();
    assert.deepEqual(await delivered, { kind: "ack" });
  });

  test("sends foreign messages to the dead letters with a reason, and enters their neighbours", async () => {
    await using made = await newCatalogue();
    const broker = new RecordingBroker();
    await using _ = await createLedger({ ...parts, ...made, broker }, { prefetch: 8 });
    const told = page({ directory: "" });
    const files = { v: 1 as const, type: "files" as const, job, attempt: 0, slices: [] };
    const [foreign, work, own] = await Promise.all(
      [{ ...told, job: { ...job, fingerprint: "f2" } }, files, told].map((message) =>
        broker.deliver("records", message),
      ),
    );
    assert.ok(foreign?.kind === "reject" && work?.kind === "reject");
    assert.match(foreign.reason, /not of photos \(f2\)/);
    assert.match(work.reason, /a files message among records/);
    assert.deepEqual(own, { kind: "ack" });
    assert.equal((await made.catalogue.jobs.progress(job.id)).pages, 1);
  });

  test("gives records back while the disk is full, and enters them when it is not", async () => {
    await using made = await newCatalogue();
    const broker = new RecordingBroker();
    let failures = 2;
    const catalogue = failing(made.catalogue, () => failures-- > 0);
    await using _ = await createLedger({ ...parts, catalogue, broker }, { prefetch: 1 });
    const listed = entries(3);
    const told = page({ directory: "", entries: listed });
    const kinds: string[] = [];
    for (const message of [told, told, told, allStored("", listed)])
      kinds.push((await broker.deliver("records", message)).kind);
    assert.deepEqual(kinds, ["release", "release", "ack", "ack"]);
    assert.equal((await made.catalogue.jobs.progress(job.id)).stored.objects, 3);
  });

  test("logs each time that the disk accepts no record, and acks nothing", async () => {
    await using made = await newCatalogue();
    const broker = new RecordingBroker();
    const told: string[] = [];
    await using _ = await createLedger(
      {
        ...parts,
        catalogue: failing(made.catalogue, () => true),
        broker,
        onTrouble: ({ message }) => told.push(message),
      },
      { prefetch: 1 },
    );
    for (let times = 1; times <= 3; times++) {
      assert.deepEqual(await broker.deliver("records", page({ directory: "" })), { kind: "release" });
      assert.deepEqual(told, Array(times).fill("no space left"));
    }
  });
});
