import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openCatalogue } from "@brigade/ledger";
import { RecordingLog } from "../../../../../test/logs.ts";
import { Settling } from "../../../src/service/ledger/settling.ts";
import { temporaryFolder } from "../../command.ts";
import { emptyRoot, job } from "../empty-root.ts";

describe("a ledger", () => {
  async function catalogueWithJob() {
    const folder = await temporaryFolder();
    const log = new RecordingLog();
    const catalogue = await openCatalogue({ path: join(folder.path, "catalogue.sqlite"), log });
    await catalogue.jobs.open({ ...job, prefix: "", filters: {}, startedAt: 1 });
    return {
      catalogue,
      log,
      state: async () => (await catalogue.jobs.all())[0]?.state,
      async [Symbol.asyncDispose]() {
        await catalogue[Symbol.asyncDispose]();
        await folder[Symbol.asyncDispose]();
      },
    };
  }
  const fails = (error: unknown) => assert.fail(String(error));

  test("closes a job when it is settled, once, with its sums in one line", async () => {
    await using own = await catalogueWithJob();
    {
      await using settling = new Settling(own.catalogue, own.log, fails);
      await settling.lookAtOpenJobs();
      assert.equal(await own.state(), "open");
      await own.catalogue.recording.record([emptyRoot]);
      await own.catalogue.recording.record([emptyRoot]);
    }
    assert.equal(await own.state(), "complete");
    assert.equal(own.log.told.length, 1);
    const [line] = own.log.told;
    assert.equal(line?.message, "a job is closed");
    assert.deepEqual([line?.fields.job, line?.fields.listed], ["j", { objects: 0, bytes: 0 }]);
  });

  test("closes a job that was settled before it began", async () => {
    await using own = await catalogueWithJob();
    await own.catalogue.recording.record([emptyRoot]);
    assert.equal(await own.state(), "open");
    {
      await using settling = new Settling(own.catalogue, own.log, fails);
      await settling.lookAtOpenJobs();
    }
    assert.equal(await own.state(), "complete");
  });

  test("closes a job as incomplete when a directory could not be listed", async () => {
    await using own = await catalogueWithJob();
    {
      await using _ = new Settling(own.catalogue, own.log, fails);
      await own.catalogue.recording.record([{ ...emptyRoot, end: "failed", reason: "forbidden" }]);
    }
    assert.equal(await own.state(), "incomplete");
  });

  test("leaves a cancelled job as it is", async () => {
    await using own = await catalogueWithJob();
    await own.catalogue.jobs.close("j", "cancelled");
    {
      await using _ = new Settling(own.catalogue, own.log, fails);
      await own.catalogue.recording.record([emptyRoot]);
    }
    assert.deepEqual([await own.state(), own.log.messages], ["cancelled", []]);
  });
});
